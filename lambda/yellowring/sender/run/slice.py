"""A slice: some minutes of work on one segment of a run, within one invocation.

It goes on where the segment's checkpoint says, sends to whoever comes next, tries those again whose
outcome is not known, and writes a checkpoint every few seconds. Whatever is under way is in the
checkpoint as not known, so a worker may die anywhere: the next slice tries those again under the
same reference id, and Alexa answers 409 to whom it already told.
"""

from __future__ import annotations

import asyncio
import time
from contextlib import suppress
from dataclasses import dataclass, replace
from http import HTTPStatus
from math import ceil
from typing import TYPE_CHECKING, Any

from yellowring.alexa import InvalidCredentials, TokenUnavailable
from yellowring.observability import count, logger
from yellowring.sender.campaign import InvalidCampaign
from yellowring.sender.campaign.event_source import (
    ContentLate,
    EventSourceFailed,
    InvalidContent,
)
from yellowring.sender.delivery.outcomes import Outcome, outcome_of, overloads
from yellowring.sender.run.audience import EVERYBODY
from yellowring.sender.run.ledger import Ledger
from yellowring.sender.run.run import Ending, Waiting, link_of
from yellowring.sender.run.store import VersionConflict
from yellowring.subscribers import InvalidCursor

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence
    from datetime import datetime

    from yellowring.alexa.proactive_events import Answer
    from yellowring.sender.campaign.content import Content
    from yellowring.sender.delivery.noting import Noting
    from yellowring.sender.delivery.sending import Sending
    from yellowring.sender.run.audience import Visiting
    from yellowring.sender.run.refusals import Held
    from yellowring.sender.run.run import Run, Segment
    from yellowring.sender.run.store import Runs
    from yellowring.subscribers import Customer, Subscribers

CHECKPOINT_SECONDS = 10
"""Seconds between checkpoints: what is done twice after a crash."""
STATUS_SECONDS = 1
"""Seconds between two looks at whether the run is to end."""
PATIENCE = 20
"""Seconds that a worker waits for the next try by itself, before it leaves that to the workflow."""
LONGEST_WAIT, SHORTEST_TURN = 60, 45
"""Seconds: a cancel is never far, and 24 hours of turns fit one execution's history."""
AGAIN = 100
"""Customers read again at once, as many as one look-up takes."""
MARK_MARGIN = 120_000
"""Milliseconds that a mark is dated before its request: a fresh subscription always lifts it."""


@dataclass(frozen=True, slots=True)
class Turn:
    """What a slice tells the workflow: whether its segment is done, or how long (s) to wait."""

    done: bool
    wait_seconds: int = 0


@dataclass(frozen=True, slots=True)
class Tools:
    """What a slice works with.

    Attributes
    ----------
    runs, subscribers
        The stores.
    visiting
        The segment's part of the audience.
    noting
        Notes in the customers' records what became of the event.
    content
        Makes each customer's request.
    sending
        Sends it, at the pace of the stack.
    until
        When to begin nothing more, in seconds of ``clock``.
    now, clock, sleep
        The present moment; seconds that only go forward; how to wait.
    call
        Calls a store without holding up what is under way.
    """

    runs: Runs
    subscribers: Subscribers
    visiting: Visiting
    noting: Noting
    content: Content
    sending: Sending
    until: float
    now: Callable[[], datetime]
    clock: Callable[[], float] = time.monotonic
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
    call: Callable[..., Awaitable[Any]] = asyncio.to_thread


class Slice:
    """Works on one segment until it is done, the time is up, or the run is to end.

    Parameters
    ----------
    run, segment
        As they are stored.
    tools
        What to work with.
    failure
        How the worker before this one ended, where it failed.
    """

    def __init__(
        self, run: Run, segment: Segment, tools: Tools, failure: str | None = None
    ) -> None:
        self._run = run
        self._stored = segment
        self._tools = tools
        notes_heard = tools.noting.wants(Outcome.ACCEPTED)
        self._ledger = Ledger(segment, run.attempt, notes_heard=notes_heard)
        self._began_at = self._written_at = tools.clock()
        self._until = min(tools.until, self._began_at + self._seconds_to_last_send())
        self._tasks: dict[asyncio.Task[None], None] = {}  # in the order of their beginning
        self._queued: dict[asyncio.Task[None], None] = {}
        self._marking: set[asyncio.Task[None]] = set()
        self._changed = asyncio.Event()
        self._together = 0
        self._stopping = False
        self._failure = failure
        self._halt: str | None = None
        self._problem = segment.problem if segment.waiting else None
        self._overtaken: VersionConflict | None = None

    async def work(self) -> Turn:
        """Do the slice's work.

        Raises
        ------
        botocore.exceptions.ClientError, botocore.exceptions.BotoCoreError
            The runs table cannot be reached; the last checkpoint holds.
        """
        try:
            if self._failure:  # whoever looks at the run now is told
                self._problem = f"the worker failed ({self._failure})"
                await self._checkpoint()
            if not await self._is_ending():
                self._ledger.go_on()
                await self._send()
            if self._overtaken:
                raise self._overtaken
            if self._halt:
                await self._end(self._halt)
            return await (self._close() if await self._is_ending() else self._pause())
        except VersionConflict as conflict:
            logger.info("slice overtaken", extra={"run": self._run.run_id, "why": str(conflict)})
            return Turn(done=False, wait_seconds=SHORTEST_TURN)
        finally:
            await asyncio.gather(*self._marking, return_exceptions=True)
            await self._tools.noting.close()

    # ---- sending ----

    async def _send(self) -> None:
        """Send until there is nobody left, or no time; whatever fails, what was sent counts."""
        looking = asyncio.create_task(self._look_at_status())
        try:
            await self._tools.sending.ready()
            await self._feed()
        except Exception as error:
            self._fail(error)
        finally:
            self._stop()
            looking.cancel()
            await asyncio.gather(*self._tasks, looking, return_exceptions=True)

    async def _feed(self) -> None:
        """Begin requests, one after the other, as long as there is somebody, room and time."""
        ledger = self._ledger
        page: Sequence[tuple[Customer | Outcome, str]] = ()
        position, after = 0, ledger.cursor
        while not self._stopping and self._tools.clock() < self._until:
            if self._tools.clock() - self._written_at >= self._between_checkpoints():
                await self._checkpoint()
            if ledger.waiting and (due := ledger.due(self._epoch(), AGAIN)):
                await self._again(due)
            elif position < len(page) and ledger.has_room():
                visited, ledger.cursor = page[position]
                position += 1
                if position == len(page):
                    ledger.go_behind(after)
                await self._visit(visited)
            elif position == len(page) and not ledger.visited and ledger.has_room():
                visits = await self._tools.visiting.page(ledger.cursor)
                page, position, after = visits.customers, 0, visits.cursor
                if not page:
                    ledger.go_behind(after)
            elif not await self._wait():
                return

    async def _visit(self, visited: Customer | Outcome) -> None:
        """Begin with whoever comes next."""
        if isinstance(visited, Outcome):
            self._ledger.counts.add(visited)
            return
        link = link_of(visited.customer_id)
        # Whom another customer id led to just now, before their link moved, is the same one.
        if self._ledger.is_open(visited.user_id):
            self._ledger.relink(visited.user_id, link)
        elif self._tools.visiting.rules_out(visited):
            self._ledger.settle(visited.user_id, Outcome.SKIPPED, self._epoch())
        else:
            entry = Waiting(visited.user_id, 0, 0, visited.deliverable is True, link)
            await self._begin(visited, entry)

    async def _again(self, due: Sequence[Waiting]) -> None:
        """Try customers again, as their records are now."""
        found = await self._tools.visiting.again(due)
        for each in due:
            if self._stopping:
                return
            customer = found.get(each.user_id)
            lost = each.deliverable and customer is not None and not customer.deliverable
            if customer is None or lost or self._tools.visiting.rules_out(customer):
                self._ledger.settle(each.user_id, Outcome.SKIPPED, self._epoch())
            else:
                await self._begin(customer, each)

    async def _begin(self, customer: Customer, entry: Waiting) -> None:
        """Put a customer under way at once, and begin their request when there is a place."""
        ledger, sending = self._ledger, self._tools.sending
        region = sending.region(customer)
        while not self._stopping and (not self._has_place() or not ledger.has_room_in(region)):
            self._changed.clear()
            await self._changed.wait()
        self._together -= 1
        ledger.begin(entry, region)
        task = asyncio.create_task(self._one(customer))
        self._tasks[task] = None
        self._queued[task] = None
        task.add_done_callback(lambda task: self._done(task, customer.user_id))

    def _has_place(self) -> bool:
        """Check whether one more may be under way; those of a page of content begin together."""
        if not self._together and len(self._ledger.under_way) < self._tools.sending.places:
            self._together = self._tools.content.page
        return self._together > 0

    def _done(self, task: asyncio.Task[None], user_id: str) -> None:
        self._tasks.pop(task, None)
        self._queued.pop(task, None)
        self._ledger.put_back(user_id)  # where it came to no outcome
        self._changed.set()
        if not task.cancelled() and (error := task.exception()) is not None:
            self._fail(error)

    async def _one(self, customer: Customer) -> None:
        """Make one customer's request, and send it when it is its turn."""
        user_id = customer.user_id
        body = await self._body(customer)
        if body is None:
            return
        sending = self._tools.sending
        await sending.acquire()
        try:
            if (task := asyncio.current_task()) is not None:
                self._queued.pop(task, None)
            if self._stopping:
                return
            begun, sent_at = self._ledger.sent(user_id), self._epoch()
            answer = await sending.send(sending.region(customer), body)
        finally:
            sending.release()
        outcome = outcome_of(answer)
        if outcome is None:
            self._unknown(answer)
            self._ledger.delay(user_id, self._epoch(), answer.retry_after)
        else:
            known = customer.api_endpoint is not None
            self._ledger.answered(user_id, outcome, begun, sent_at, host_known=known)
        self._halt = self._halt or self._ledger.refusals.cause(self._epoch())
        if self._halt:
            self._stop()

    async def _body(self, customer: Customer) -> bytes | None:
        """Make a customer's request; ``None`` where there is none to send now."""
        user_id = customer.user_id
        try:
            body = await self._tools.content.body(customer, self._tools.now())
        except InvalidContent as error:
            logger.warning("content refused", extra={"problem": error.shape})
            if self._ledger.was_sent(user_id):  # so they may have heard
                self._problem = "the event source fails"
                self._ledger.delay(user_id, self._epoch(), None)
            else:
                self._ledger.settle(user_id, Outcome.INVALID, self._epoch())
        except ContentLate as late:
            self._problem = str(late)
            self._ledger.delay(user_id, self._epoch(), None)
        else:
            if body is None:
                self._ledger.settle(user_id, Outcome.SKIPPED, self._epoch(), is_noted=False)
            return body
        return None

    def _unknown(self, answer: Answer) -> None:
        if answer.status == HTTPStatus.UNAUTHORIZED:
            self._ledger.refusals.refused_token(self._epoch())
            self._problem = "Alexa refuses the token (401)"
        elif overloads(answer):
            self._problem = self._tools.sending.slow_down(answer)

    async def _wait(self) -> bool:
        """Wait until something changes; return whether that is worth a worker's time."""
        ledger = self._ledger
        left = self._until - self._tools.clock()
        next_due = ledger.next_due()
        if next_due is not None:
            left = min(left, max(0.0, next_due - self._epoch()))
        if not ledger.under_way and (next_due is None or left > PATIENCE):
            return False
        self._changed.clear()
        changed = asyncio.ensure_future(self._changed.wait())
        time_is_up = asyncio.ensure_future(
            self._tools.sleep(max(0.01, min(left, CHECKPOINT_SECONDS)))
        )
        await asyncio.wait({changed, time_is_up}, return_when=asyncio.FIRST_COMPLETED)
        changed.cancel()
        time_is_up.cancel()
        return True

    # ---- stopping ----

    def _stop(self) -> None:
        """Begin nothing more; what is under way comes to its end."""
        self._stopping = True
        self._changed.set()
        for task in self._queued:
            task.cancel()

    def _fail(self, error: BaseException) -> None:
        """Stop for an error that concerns everybody; only what no repeating mends halts the run."""
        match error:
            case InvalidCredentials():
                self._halt = f"credentials: {error}"
            case InvalidCampaign():
                self._halt = "campaign: " + "; ".join(map(str, error.problems))
            case EventSourceFailed():
                self._halt = f"event source: {error}"
            case InvalidCursor():
                self._halt = f"cursor: {error}"
            case TokenUnavailable():
                self._problem = "LWA gives no token"
            case VersionConflict():
                self._overtaken = error
            case _:
                logger.error("a slice stops", exc_info=error)
                self._problem = f"the worker failed ({type(error).__name__})"
        self._stop()

    async def _look_at_status(self) -> None:
        while not self._stopping:
            left = max(0.0, self._until - self._tools.clock())
            await self._tools.sleep(min(STATUS_SECONDS, left))
            with suppress(Exception):  # the next look will do; the checkpoints guard the rest
                if self._tools.clock() >= self._until or await self._asked_to_end():
                    self._stop()

    async def _asked_to_end(self) -> bool:
        runs, run = self._tools.runs, self._run
        return bool(await self._tools.call(runs.ending, run.run_id, run.attempt))

    async def _is_ending(self) -> bool:
        return self._seconds_to_last_send() <= 0 or await self._asked_to_end()

    async def _end(self, cause: str) -> None:
        """Halt the run: have all its workers stop."""
        await self._write(self._snapshot())
        ending = Ending("halted", cause, self._tools.now())
        if await self._tools.call(self._tools.runs.end, self._run, ending):
            logger.error("run halts", extra={"run": self._run.run_id, "cause": cause})

    async def _close(self) -> Turn:
        """Count whom nothing is sent to any more, and close the segment."""
        ledger = self._ledger
        done = ledger.visited
        while not done and self._tools.clock() < self._tools.until:
            try:
                more, cursor = await self._tools.visiting.rest(ledger.rest_cursor or ledger.cursor)
            except InvalidCursor:  # nobody can say how many come after it, at no time
                more, cursor = 0, None
            ledger.rest, ledger.rest_cursor = ledger.rest + more, cursor
            done = cursor is None
            if not done:  # each page may be the last that can be read
                await self._checkpoint()
        await self._write(self._snapshot(done=done))
        return Turn(done=done, wait_seconds=0 if done else self._whole(0))

    async def _pause(self) -> Turn:
        """Write the last checkpoint, and tell the workflow when to come again."""
        done = self._ledger.is_done
        await self._write(self._snapshot(done=done))
        if done:
            return Turn(done=True)
        next_due = self._ledger.next_due() if self._ledger.visited else None
        return Turn(
            done=False, wait_seconds=self._whole(next_due - self._epoch() if next_due else 0)
        )

    def _whole(self, wait: float) -> int:
        """Return a wait in whole seconds, so that the turn is not too short for the history."""
        turn = SHORTEST_TURN - (self._tools.clock() - self._began_at)
        return min(LONGEST_WAIT, max(0, ceil(wait), ceil(turn)))

    # ---- checkpoints ----

    def _between_checkpoints(self) -> float:
        """Return the seconds between checkpoints: an item is charged by its size, and all segments
        of a run share a partition, so one that is long, for an outage, is written less often."""
        return CHECKPOINT_SECONDS + len(self._ledger.waiting) / 12

    async def _checkpoint(self) -> None:
        segment = self._snapshot()
        if not self._ledger.waiting:  # or else that is what they wait for
            self._problem = None
        await self._write(segment)

    def _snapshot(self, *, done: bool = False) -> Segment:
        problem = None if done else self._problem
        return self._ledger.snapshot(self._stored.version, done=done, problem=problem)

    async def _write(self, segment: Segment) -> None:
        self._written_at = self._tools.clock()
        if segment == self._stored:
            return
        if segment.done:
            self._ledger.ended += self._ledger.left(self._epoch())
        believed, self._ledger.believed = self._ledger.believed, []
        ended, self._ledger.ended = self._ledger.ended, []
        before = self._stored.counts
        stored = await self._tools.call(
            self._tools.runs.checkpoint, self._run, self._stored, segment
        )
        self._stored = replace(segment, version=stored.version)
        self._tools.sending.tell_pace()
        if segment.problem:
            count("SegmentsWaiting", why=segment.problem.partition(":")[0])
        for outcome, customers in segment.counts.by_outcome.items():
            if customers > before[outcome]:
                count("Customers", customers - before[outcome], outcome=outcome.value)
        for held in believed:
            marking = asyncio.create_task(self._mark(held))
            self._marking.add(marking)
            marking.add_done_callback(self._marking.discard)
        for each in ended:
            if each.user_id != EVERYBODY:
                await self._tools.noting.note(each.user_id, self._run.run_id, each.outcome, each.at)

    async def _mark(self, held: Held) -> None:
        try:
            await self._tools.call(
                self._tools.subscribers.mark_rejected, held.user_id, held.sent_at - MARK_MARGIN
            )
        except Exception as error:  # whoever sends next finds the same
            logger.warning("a mark was not written", extra={"error": type(error).__name__})

    def _epoch(self) -> float:
        return self._tools.now().timestamp()

    def _seconds_to_last_send(self) -> float:
        return (self._run.last_send - self._tools.now()).total_seconds()
