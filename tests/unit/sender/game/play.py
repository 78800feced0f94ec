"""A game: the whole protocol of a run on virtual time, with workers that die anywhere.

Slice, ledger, refusals, lifecycle, visiting, content, and the workflow's definition are the real
ones. The tables, Step Functions, Alexa and Login with Amazon are in memory and fail at random.
"""

from __future__ import annotations

import asyncio
import json
import random as global_random
from collections import Counter
from contextvars import Context
from dataclasses import replace
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING, Any, cast
from unittest import mock

from botocore.exceptions import ClientError, ReadTimeoutError
from yellowring.alexa.proactive_events import CreateProactiveEventRequest
from yellowring.sender.campaign import by_page, parse_campaign
from yellowring.sender.campaign.calls import EventSourceCalls
from yellowring.sender.campaign.content import content_of
from yellowring.sender.delivery import noting
from yellowring.sender.delivery.concurrency import Concurrency
from yellowring.sender.delivery.noting import Noting
from yellowring.sender.delivery.sending import Sending
from yellowring.sender.run import audience, lifecycle, store
from yellowring.sender.run import slice as slices
from yellowring.sender.run.announcing import Announcer
from yellowring.sender.run.audience import visiting
from yellowring.sender.run.lifecycle import CannotResume, Lifecycle
from yellowring.sender.run.machine import Machine
from yellowring.sender.run.request import parse_run_request
from yellowring.sender.run.slice import Slice, Tools
from yellowring.subscribers import MOST_ACCOUNTS

from tests.unit.sender.game import states
from tests.unit.sender.game.alexa import Alexa, People, Person
from tests.unit.sender.game.plan import SHORTEST_LIFE
from tests.unit.sender.game.virtual_time import CALLER, VirtualLoop, run
from tests.unit.sender.game.workers import (
    BEGINNING,
    Death,
    Events,
    Pace,
    Through,
    TimedRuns,
    Worker,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime

    from yellowring.alexa import Region
    from yellowring.sender.campaign.content import Content
    from yellowring.sender.run.run import Run
    from yellowring.subscribers import Customer

    from tests.unit.sender.game.plan import Plan

RUN_ID = "snow~20261120T090000Z"
DEFINITION = json.loads((Path(__file__).parents[4] / "infrastructure" / "run.asl.json").read_text())
INVOCATION, DRAIN = 300, 25
"""Seconds after which Lambda ends a worker, and that a slice leaves of them."""
MINUTE, HOUR = 60.0, 3600.0
TRIES = 100
_SILENT = mock.Mock(spec_set=("info", "warning", "error"))
_ARN = "arn:aws:states:us-east-1:000000000000:stateMachine:yellow-ring-run"


class Game:
    """One game: `play` it, then look at what is left."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.random = Random(plan.seed)  # noqa: S311
        self.deaths = 0
        self.most_waiting = self.checkpoints = 0
        self.begun: list[float] = []
        self.problems: set[str | None] = set()
        self.announced: list[dict[str, Any]] = []
        self.changed: set[str] = set()
        self.moved: dict[str, float] = {}
        self.loop: VirtualLoop
        self.runs = TimedRuns(self)
        self.people = People(self._population(), plan.page)
        self.at_the_start = set(self.people.table)
        self.customer_ids = self._customer_ids()
        self.linked = Counter(each.customer_id for each in self.people.table.values())
        self.alexa = Alexa(self.people, plan.weather, self.random, self.now)
        self.paced = 0.0
        self._contents: dict[int, Content] = {}
        self.request = parse_run_request(
            {"campaign": self._campaign(), "scheduledTime": BEGINNING.isoformat()}
        )

    def now(self) -> float:
        """Return the seconds since the game began."""
        return self.loop.time()

    def play(self) -> Game:
        """Play the game to its end."""
        global_random.seed(self.plan.seed)
        chunk = self.plan.chunk
        with (
            mock.patch.object(store, "CHUNK", chunk),
            mock.patch.object(audience, "LOOKED_UP", self.plan.page),
            mock.patch.object(slices, "count", _SILENT.info),
            mock.patch.object(slices, "logger", _SILENT),
            mock.patch.object(noting, "count", _SILENT.info),
            mock.patch.object(noting, "logger", _SILENT),
            mock.patch.object(lifecycle, "count", _SILENT.info),
            mock.patch.object(lifecycle, "logger", _SILENT),
        ):
            run(self._main)
        return self

    @property
    def run(self) -> Run:
        """The run as it is stored."""
        return self.runs.load(RUN_ID)

    @property
    def counts(self) -> dict[str, int]:
        """The run's counts but for those that are 0."""
        return {name: n for name, n in self.run.counts.document().items() if n}

    # ---- what happens ----

    async def _main(self, loop: VirtualLoop) -> None:
        self.loop = loop
        self.machine = states.Machine(DEFINITION, loop, self, self.random)
        plan = self.plan
        happens: list[tuple[float, Callable[[], Any]]] = [
            *((at, self._fire) for at in plan.firings),
            *((at, self._cancel) for at in plan.cancels),
            *((at, self._resume) for at in plan.resumes),
            *((at, self._abort) for at in plan.aborts),
            *((at, lambda kind=kind: self._change(kind)) for at, kind in plan.changes),
        ]
        for at, what in happens:
            loop.call_at(at, what)
        self.people.lagging.update(self.at_the_start if plan.lag else ())
        loop.call_at(plan.lag, self.people.lagging.clear)
        latest = max(at for at, _ in happens)
        await asyncio.sleep(
            latest + 2 * HOUR + max(plan.life * MINUTE, SHORTEST_LIFE) + 20 * MINUTE
        )

    def _fire(self) -> None:
        self.loop.spawn(self._insist(lambda runs: runs.start(self.request, self.plan.segments)))

    def _cancel(self) -> None:
        self.loop.spawn(self._insist(lambda runs: runs.cancel(RUN_ID)))

    def _resume(self) -> None:
        known = self.runs.runs.get(RUN_ID)
        if known is not None and known.status != "running":  # whoever resumes mended it first
            mended = replace(self.alexa.weather, wrong_stage=(), wrong_event=(), unauthorized=())
            self.alexa.weather = mended
        self.loop.spawn(self._insist(lambda runs: runs.resume(RUN_ID)))

    def _abort(self) -> None:
        for execution in self.machine.open[:1]:
            self.machine.abort(execution, with_children=self.random.random() < 0.5)

    def execution_ended(self, execution: states.Execution) -> None:
        """Have the rule's event delivered: late, and sometimes twice."""
        for _ in range(self.random.choice((1, 1, 2))):
            self.loop.spawn(self._tell_of(execution, self.random.choice((1.0, MINUTE, HOUR))))

    async def _tell_of(self, execution: states.Execution, delay: float) -> None:
        await asyncio.sleep(self.random.uniform(0, delay))
        of = execution.input
        await self._insist(lambda runs: runs.finish(of["runId"], of["attempt"], execution.arn))

    def _change(self, kind: str) -> None:
        now = int((BEGINNING.timestamp() + self.loop.time()) * 1000)
        table = self.people.table
        if kind == "join":
            person = self._person(len(self.at_the_start | self.changed))
            person.subscribed_at = now
        elif not table:
            return
        else:
            person = self.random.choice(list(table.values()))
        self.changed.add(person.user_id)
        person.left = person.left or (kind != "join" and self.alexa.has_told(person.user_id))
        match kind:
            case "join":
                table[person.user_id] = person
            case "leave":
                person.subscribed = False
            case "delete":
                del table[person.user_id]
            case "unlink" | "relink":
                person.customer_id = None if kind == "unlink" else "somebody-else"
                self.moved.setdefault(person.user_id, self.loop.time())
            case "return":
                person.subscribed, person.is_stale, person.subscribed_at = True, False, now

    # ---- Lambda ----

    async def invoke(self, payload: dict[str, Any], patience: float) -> dict[str, Any]:
        """Have the sender do a task; it may fail, or be done by two, or go on unheard."""
        if self.random.random() < self.plan.throttles:
            raise states.TaskFailed("Lambda.TooManyRequestsException")
        begin = self._begin_slice if payload["task"] == "slice" else self._begin_finish
        ended = begin(payload)
        if self.random.random() < self.plan.overlaps:
            self.loop.call_later(self.random.choice((0, 1, 30, 100)), begin, payload)
        if self.random.random() < self.plan.deaf:
            patience = self.random.choice((0.5, 5.0, 60.0, patience))
        done, _ = await asyncio.wait({ended}, timeout=patience)
        if not done:
            raise states.TaskFailed("States.Timeout")
        error, result = ended.result()
        if error is not None:
            raise states.TaskFailed(error)
        return cast("dict[str, Any]", result)

    def _begin_finish(self, task: dict[str, Any]) -> asyncio.Future[Any]:
        return self._operate(
            lambda runs: runs.document(
                runs.finish(task["runId"], task["attempt"], task["executionArn"])
            )
        )

    def _begin_slice(self, task: dict[str, Any]) -> asyncio.Future[Any]:
        worker, context = Worker(self), Context()
        context.run(CALLER.set, worker)
        self.loop.create_task(self._work(worker, task), context=context)
        self.loop.call_later(INVOCATION, worker.kill)
        return worker.ended

    async def _work(self, worker: Worker, task: dict[str, Any]) -> None:
        try:
            result = await self._slice(worker, task)
        except Death:
            return
        except (ClientError, ReadTimeoutError):
            worker.end("SliceFailed")
        except Exception as error:
            self.loop.errors.append(error)
            worker.end("SliceFailed")
        else:
            worker.end(None, result)

    async def _slice(self, worker: Worker, task: dict[str, Any]) -> dict[str, Any]:
        """Do what the function does around a slice."""
        until = self.loop.time() + INVOCATION - DRAIN
        run: Run = await asyncio.to_thread(self.runs.load, task["runId"])
        segment = await asyncio.to_thread(self.runs.segment, run.run_id, task["segment"])
        kept = {name: task[name] for name in ("task", "runId", "attempt", "segment")}
        if run.attempt != task["attempt"] or (segment.done and segment.attempt == run.attempt):
            return kept | {"done": True, "waitSeconds": 0}
        people: Any = self.people
        tools = Tools(
            runs=cast("Any", self.runs),
            subscribers=people,
            visiting=visiting(
                run,
                segment.number,
                cast("Any", self.runs),
                people,
                now=worker.now,
                sleep=worker.sleep,
            ),
            noting=Noting(people),
            content=self._content(run),
            sending=Sending(
                cast("Any", Events(self, worker)),
                cast("Any", Pace(self, worker)),
                Concurrency(clock=self.loop.time),
                "na",
            ),
            until=until,
            now=worker.now,
            clock=self.loop.time,
            sleep=worker.sleep,
        )
        turn = await Slice(run, segment, tools, task.get("failure")).work()
        self.problems.add(self.runs.segment(run.run_id, segment.number).problem)
        return kept | {"done": turn.done, "waitSeconds": turn.wait_seconds}

    def _content(self, run: Run) -> Content:
        if run.attempt not in self._contents or self.plan.content == "pages":
            event: Any = run.campaign["event"]
            request = CreateProactiveEventRequest(
                run.event_time, run.run_id, run.expiry_time, event["name"], event["payload"]
            )
            sources = {"source": self._source, "pages": self._page}
            asked = sources.get(self.plan.content)
            source = EventSourceCalls(cast("Any", asked)) if asked else None
            campaign = parse_campaign(run.campaign)
            self._contents[run.attempt] = content_of(campaign, request, source)
        return self._contents[run.attempt]

    async def _source(self, customer: Customer, campaign: object, now: datetime) -> Any:
        seconds = self.random.choice((0.0, 0.0, 0.1, 0.6, 4.9, HOUR))
        await asyncio.sleep(seconds)
        if customer.user_id.endswith("7"):
            raise LookupError
        return None if customer.user_id.endswith("3") else {"payload": PAYLOAD}

    @by_page(7)
    async def _page(self, customers: Sequence[Customer], *_: object) -> Any:
        await asyncio.sleep(self.random.choice((0.0, 0.0, 0.1, 0.6, 19.9, HOUR)))
        made: dict[str, Any] = {"3": None, "7": {"payload": {}}}
        return [made.get(each.user_id[-1], {"payload": PAYLOAD}) for each in customers]

    def _operate(self, work: Callable[[Lifecycle], Any]) -> asyncio.Future[Any]:
        """Have a worker do something with a lifecycle; others go on between its calls."""
        worker = Worker(self)

        def through(target: object) -> Any:
            return Through(target, worker, self.loop)

        made = Lifecycle(
            through(self.runs),
            Machine(through(self.machine), _ARN),
            Announcer(through(self), "bus"),
            worker.now,
        )

        def do() -> None:
            try:
                worker.end(None, work(made))
            except Death:
                pass
            except Exception as error:
                worker.end(type(error).__name__, error)

        self.loop.call_soon(do, context=Context())
        return worker.ended

    async def _insist(self, work: Callable[[Lifecycle], Any]) -> None:
        """Do something until it is done, as a retry policy does, or somebody at a keyboard."""
        for _ in range(TRIES):
            error, result = await self._operate(work)
            if error is None or isinstance(result, CannotResume):
                return
            expected = (ClientError, ReadTimeoutError, LookupError, RuntimeError)
            if result is not None and not isinstance(result, expected):
                self.loop.errors.append(result)
            await asyncio.sleep(self.random.uniform(1, MINUTE))

    def put_events(self, *, Entries: list[dict[str, Any]]) -> dict[str, int]:  # noqa: N803
        """Be the bus that is told of a run's end."""
        if self.random.random() < self.plan.throttles:
            return {"FailedEntryCount": 1}
        self.announced += [json.loads(each["Detail"]) for each in Entries]
        return {"FailedEntryCount": 0}

    # ---- who there is ----

    def _population(self) -> dict[str, Person]:
        people = {each.user_id: each for each in map(self._person, range(self.plan.customers))}
        if self.plan.audience != "customers":
            return people
        household = 0
        for number, person in enumerate(people.values()):
            household += self.random.random() < 1 / self.plan.household or not number
            person.customer_id = f"home-{household}"
        for crowd in range(self.plan.crowds):
            for _ in range(self.random.choice((MOST_ACCOUNTS, MOST_ACCOUNTS + 1, 40))):
                person = self._person(len(people))
                person.customer_id = f"crowd-{crowd}"
                people[person.user_id] = person
        return people

    def _customer_ids(self) -> list[str]:
        linked = {each.customer_id for each in self.people.table.values() if each.customer_id}
        ids = [*sorted(linked), *(f"stranger-{each}" for each in range(self.plan.strangers))]
        self.random.shuffle(ids)
        return ids or ["stranger"]

    def _person(self, number: int) -> Person:
        draw, plan = self.random.random, self.plan
        kind = draw()
        region: Region = self.random.choice(("na", "na", "na", "eu"))
        return Person(
            f"amzn1.ask.account.GAME{number:04}",
            region,
            int(BEGINNING.timestamp() * 1000) - int(self.random.choice((1e3, 1e5, 1e9)) * draw()),
            is_stale=kind < plan.stale,
            is_bad=plan.stale <= kind < plan.stale + plan.bad,
            is_limited=draw() < plan.limited,
            attributes={} if draw() < plan.lacking else {"city": "Ulm"},
        )

    def _campaign(self) -> dict[str, Any]:
        alert = PAYLOAD["weatherAlert"]
        if self.plan.content == "placeholder" and self.plan.audience != "multicast":
            alert = {**alert, "source": "{city}"}
        audience: dict[str, Any] = {"type": self.plan.audience}
        if audience["type"] == "users":
            unknown = ["amzn1.ask.account.NOBODY"] if not self.people.table else []
            audience["userIds"] = [*self.people.table, *unknown]
        elif audience["type"] == "customers":
            audience["customerIds"] = self.customer_ids
        return {
            "name": "snow",
            "event": {
                "name": "AMAZON.WeatherAlert.Activated",
                "payload": {"weatherAlert": alert},
            },
            "expiresIn": f"PT{self.plan.life}M",
            "audience": audience,
        }


PAYLOAD = {"weatherAlert": {"source": "Weather Desk", "alertType": "SNOW_STORM"}}
