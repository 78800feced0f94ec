"""What a slice costs, measured on this machine, with the code that is deployed.

Alexa and DynamoDB are servers in processes of their own, on loopback: Alexa over TLS, which accepts
everything after 20 to 60 ms, DynamoDB without, which answers at once with what it is told to. What
is measured is our CPU and nothing else.
"""

from __future__ import annotations

import asyncio
import contextlib
import io
import os
import ssl
import tempfile
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import _cpu
import _loopback
import _world
import boto3
from yellowring.alexa.connections import Connections
from yellowring.alexa.lwa import PROACTIVE_EVENTS, AccessTokens, Credentials, Token
from yellowring.alexa.proactive_events import ProactiveEvents
from yellowring.observability import logger
from yellowring.sender.campaign.content import SameForAll
from yellowring.sender.delivery.concurrency import Concurrency
from yellowring.sender.delivery.noting import Noting
from yellowring.sender.delivery.rate_limiter import RateLimiter
from yellowring.sender.delivery.sending import Sending
from yellowring.sender.delivery.window import SharedWindow
from yellowring.sender.run.audience import Visits
from yellowring.sender.run.event_request import request_of
from yellowring.sender.run.lifecycle import now_utc
from yellowring.sender.run.run import Segment
from yellowring.sender.run.slice import Slice, Tools
from yellowring.sender.run.store import Runs
from yellowring.subscribers import Customer, Subscribers

from tests.unit.sender.delivery.virtual import InMemory, Time, play

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator, Sequence

    from yellowring.sender.run.run import Waiting

PER_SECOND = 200
ROUNDS = 3
FEW = 10
"""Customers of a page that match, where one in a hundred does."""
TABLE_SECONDS = 0.006
"""How long the window's table is taken to need, where the limiter is played on a virtual clock."""


@dataclass(frozen=True)
class Sent:
    """What a slice cost: CPU of an event in ms, its wall-clock rate, and calls per 1 000 events."""

    event_ms: float
    per_second: float
    calls: dict[str, float]


@dataclass(frozen=True)
class Limited:
    """What the rate limiter needs of its window, and how much of the limit it reaches.

    Attributes
    ----------
    reads, writes
        Of the window's item, for each worker and second.
    reached
        The part of the limit that was sent.
    """

    reads: float
    writes: float
    reached: float


class _Stamping:
    """Visits customers made up beforehand; notes CPU and time whenever it is asked for a page."""

    def __init__(self, page: int, pages: int, warm: int, calls: Counter[str]) -> None:
        self._customers = [
            (Customer(_world.user_id(n), _world.HOST, deliverable=True), _world.user_id(n))
            for n in range(page)
        ]
        self._left, self._measured, self._calls = pages + warm, pages, calls
        self.began = self.ended = (0.0, 0.0)

    async def page(self, cursor: str | None) -> Visits:  # noqa: ARG002
        """Return the next page, and after the last an empty end."""
        self._left -= 1
        if self._left == self._measured - 1:
            self._calls.clear()
            self.began = time.process_time(), time.monotonic()
        if self._left < 0:
            self.ended = time.process_time(), time.monotonic()
            return Visits([], None)
        return Visits(self._customers, "more")

    def rules_out(self, customer: Customer) -> bool:  # noqa: ARG002
        """Ask Alexa about everybody."""
        return False

    async def again(self, waiting: Sequence[Waiting]) -> dict[str, Customer]:
        """Return customers for another try."""
        ids = [each.user_id for each in waiting]
        return {each: Customer(each, _world.HOST, deliverable=True) for each in ids}

    async def rest(self, cursor: str | None) -> tuple[int, str | None]:  # noqa: ARG002
        """Count nobody."""
        return 0, None


class Bench:
    """One Alexa, one DynamoDB, and what is measured of the sender between them."""

    def __init__(self, alexa: str, trusted: Path, endpoint: str) -> None:
        self._alexa = alexa
        self._context = ssl.create_default_context(cafile=str(trusted))
        os.environ |= {"AWS_ACCESS_KEY_ID": "none", "AWS_SECRET_ACCESS_KEY": "none"}
        self.client = boto3.client("dynamodb", endpoint_url=endpoint, region_name="us-east-1")
        self.calls: Counter[str] = Counter()
        self.client.meta.events.register("before-call.dynamodb", self._count)

    def _count(self, model: Any, params: Any, **_: object) -> None:  # noqa: ANN401 - botocore's own
        about = "#pace" if b"#pace" in params["body"] else ""
        self.calls[model.name + about] += 1

    @contextlib.asynccontextmanager
    async def sending(self, per_second: int) -> AsyncIterator[Sending]:
        """Send over connections of its own, as an invocation does."""
        token = {PROACTIVE_EVENTS: Token("Atc|" + "x" * 350, time.monotonic() + 3600)}
        async with Connections(context=self._context) as connections:
            tokens = AccessTokens(
                connections, Credentials("id", "secret"), PROACTIVE_EVENTS, known=token
            )
            events = ProactiveEvents(connections, tokens, stage="live", base_url=self._alexa)
            limiter = RateLimiter(_world.Alone(SharedWindow(self.client, "runs")), per_second)
            yield Sending(events, limiter, Concurrency(), "na")

    def slice(self, per_second: int, page: int, pages: int, warm: int) -> Sent:
        """Work on a segment of so many pages; measure all but the first."""
        visiting = _Stamping(page, pages, warm, self.calls)
        asyncio.run(self._slice(visiting, per_second))
        cpu, seconds = (b - a for a, b in zip(visiting.began, visiting.ended, strict=True))
        calls = {name: many / pages / page * 1000 for name, many in self.calls.items()}
        return Sent(cpu / pages / page * 1000, pages * page / seconds, calls)

    async def _slice(self, visiting: _Stamping, per_second: int) -> None:
        run = _world.run()
        async with self.sending(per_second) as sending:
            tools = Tools(
                runs=Runs(self.client, "runs"),
                subscribers=Subscribers(self.client, "subscribers"),
                visiting=visiting,
                noting=Noting(Subscribers(self.client, "subscribers")),
                content=SameForAll(request_of(run).unicast()),
                sending=sending,
                until=time.monotonic() + 600,
                now=now_utc,
            )
            turn = await Slice(run, Segment(0), tools).work()
        assert turn.done, turn  # noqa: S101


def limited(workers: int, per_second: int, seconds: int = 8) -> Limited:
    """Play the rate limiter of so many workers on a virtual clock."""
    calls: Counter[str] = Counter()

    async def scenario(virtual: Time) -> None:
        class Window(InMemory):
            async def read(self) -> Any:  # noqa: ANN401 - all three as they are there
                calls["read"] += 1
                return await super().read()

            async def begin(self, *given: Any) -> bool:  # noqa: ANN401
                calls["write"] += 1
                return await super().begin(*given)

            async def take(self, *given: Any) -> Any:  # noqa: ANN401
                calls["write"] += 1
                return await super().take(*given)

        window = Window(lambda: virtual.sleep(TABLE_SECONDS))

        async def worker() -> None:
            limiter = RateLimiter(
                window, per_second, workers, clock=virtual.clock, sleep=virtual.sleep
            )
            while True:
                await limiter.acquire()
                calls["sent"] += 1

        workers_at_work = [asyncio.create_task(worker()) for _ in range(workers)]
        await virtual.run(2)
        calls.clear()
        await virtual.run(seconds)
        del workers_at_work

    play(scenario)
    each = workers * seconds
    return Limited(
        calls["read"] / each, calls["write"] / each, calls["sent"] / per_second / seconds
    )


@contextlib.contextmanager
def bench() -> Iterator[Bench]:
    """Start both servers, and silence metrics and logs."""
    running = {"status": {"S": "running"}, "attempt": {"N": "1"}}
    answers = {
        "#pace": {"Item": _world.WINDOW, "Attributes": _world.WINDOW},
        "everybody": _world.scanned(_world.PAGE),
        "a-few": _world.scanned(FEW),
        "subscribers": {
            "Item": _world.customer(0),
            "Responses": {"subscribers": [_world.customer(0)]},
            "UnprocessedKeys": {},
        },
        "runs": {"Item": running},
    }
    silence = io.StringIO()
    for handler in logger._logger.handlers:
        handler.stream = silence  # type: ignore[attr-defined]
    with (
        tempfile.TemporaryDirectory() as folder,
        _cpu.alexa(Path(folder)) as (url, trusted),
        _loopback.dynamodb(answers) as endpoint,
        contextlib.redirect_stdout(silence),
    ):
        yield Bench(url, trusted, endpoint)


def slices(of: Bench) -> tuple[Sent, Sent]:
    """Return a slice as fast as can be, and one at an even pace; the medians by CPU."""
    fast = [of.slice(1_000_000, 1000, 10, 12) for _ in range(ROUNDS)]
    even = [of.slice(PER_SECOND, 200, 5, 2) for _ in range(ROUNDS)]
    return tuple(sorted(each, key=lambda sent: sent.event_ms)[ROUNDS // 2] for each in (fast, even))  # type: ignore[return-value]
