"""A worker: does one piece of a run's work, and keeps the run's item true while it does."""

from __future__ import annotations

import asyncio
import uuid
from datetime import timedelta
from typing import TYPE_CHECKING

from yellowring.alexa import InvalidCredentials
from yellowring.observability import count, logger
from yellowring.sender import work
from yellowring.sender.delivery import Delivered, Delivery, now_utc
from yellowring.sender.outcomes import HALT_AFTER, Counts, Outcome
from yellowring.sender.personal import EventSourceFailed
from yellowring.sender.runs import Segment, StaleWorker, Step
from yellowring.sender.work import RetryWork, SegmentWork
from yellowring.subscribers import InvalidCursor, Page

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import datetime

    from yellowring.sender.campaign import Campaign
    from yellowring.sender.runs import Run, Runs
    from yellowring.sender.work import WorkQueue
    from yellowring.subscribers import Audience, Customer, Subscribers

USERS_PER_SEGMENT = 100
"""Customers in one segment of an audience of users, as many as one look-up takes."""
ATTEMPTS = 4
"""How often the queue gives out a retry before its customers have failed."""
SECONDS_PER_PAGE = 10
"""How much sending at full pace a page holds, and so how much a crash repeats."""
CAUSES: Mapping[type[Exception], str] = {
    InvalidCredentials: "credentials",
    InvalidCursor: "cursor",
    EventSourceFailed: "event source",
}
"""What halts a run besides refusals: errors that no repeating would mend."""
SMALLEST_PAGE, LARGEST_PAGE = 25, 1000
LONGEST_STEP = timedelta(minutes=15)
"""More than the time between a retry's message and its entry in the run: Lambda's longest."""
SLICE, LAST_SEND = 0.5, 0.85
"""The parts of its time after which a worker hands a segment on, and begins no more sends."""


class MulticastUnanswered(RuntimeError):
    """A multicast's outcome is not known; the invocation fails so that it is repeated."""


class Worker:
    """Does a run's work within one invocation.

    Parameters
    ----------
    runs, subscribers, audience, queue
        The stores.
    campaign
        The run's campaign.
    delivery
        Sends the run's event.
    personal
        Whether the content depends on the customer.
    per_second
        This worker's share of the pace, in events per second.
    time_left
        How long the invocation may still take.
    now
        The clock.
    """

    def __init__(
        self,
        runs: Runs,
        subscribers: Subscribers,
        audience: Audience,
        queue: WorkQueue,
        *,
        campaign: Campaign,
        delivery: Delivery,
        personal: bool,
        per_second: float,
        time_left: timedelta,
        now: Callable[[], datetime] = now_utc,
    ) -> None:
        self._runs = runs
        self._subscribers = subscribers
        self._audience = audience
        self._queue = queue
        self._campaign = campaign
        self._delivery = delivery
        self._personal = personal
        self._page_size = int(min(LARGEST_PAGE, max(SMALLEST_PAGE, per_second * SECONDS_PER_PAGE)))
        self._hand_on_at = now() + time_left * SLICE
        self._last_send = now() + time_left * LAST_SEND
        self._now = now
        self._name = uuid.uuid4().hex[:8]
        self._refused: list[tuple[str, int]] = []

    async def segment(self, run: Run, number: int) -> Run:
        """Visit a segment from where it is, to its end or until the time is short.

        Returns
        -------
        Run
            The run after the last page.
        """
        at = run.segments.get(number)
        if run.status != "running":
            return run
        try:
            if at is None:
                return await self._left_open(run.run_id)
            if self._campaign.audience.type == "multicast":
                return await self._multicast(run, number, at)
            return await self._visit(run, number, at)
        except StaleWorker as stale:
            logger.info("stale worker", extra={"run": run.run_id, "problem": str(stale)})
            return await self._left_open(run.run_id)
        except (InvalidCredentials, InvalidCursor, EventSourceFailed) as error:
            return await self._halt(run, f"{CAUSES[type(error)]}: {error}", Step(Counts()))

    async def retry(self, run: Run, retry: RetryWork) -> Run:
        """Send again to customers whose outcome stayed unknown."""
        if run.status != "running":
            return run
        if retry.key not in run.retries:
            return await self._without_entry(run, retry)
        try:
            customers = await self._again(retry.customers)
            delivered = await self._delivery.deliver(customers, self._last_send)
            if self._delivery.must_halt(delivered):
                return await self._halt_refused(run, delivered)
            tried = self._now() < self._last_send  # or else it was only our time that was short
            step = await self._step(run.run_id, retry.key, retry.attempt + tried, delivered)
            run = await asyncio.to_thread(self._runs.settle, run.run_id, retry.key, step)
            return await self._after(run, delivered, self._now())
        except StaleWorker:
            return await self._left_open(run.run_id)
        except (InvalidCredentials, InvalidCursor, EventSourceFailed) as error:
            return await self._halt(run, f"{CAUSES[type(error)]}: {error}", Step(Counts()))

    async def _left_open(self, run_id: str) -> Run:
        """Give a run that others moved on, ended where the last of them died before ending it."""
        return await self._end_if_done(await asyncio.to_thread(self._runs.load, run_id))

    async def _again(self, customers: Sequence[Customer]) -> Sequence[Customer]:
        """Give the customers of a retry, with their attributes where the content needs them."""
        if not self._personal:
            return customers
        user_ids = [customer.user_id for customer in customers]
        return await asyncio.to_thread(self._audience.named, user_ids, self._campaign.event_name)

    async def _visit(self, run: Run, number: int, at: Segment) -> Run:
        page = await self._load(run, number, at.cursor)
        while True:
            upcoming = asyncio.create_task(self._load_next(run, number, page))
            try:
                run, at = await self._deliver_page(run, number, at, page)
                if run.status != "running" or page.cursor is None:
                    return run
                if self._now() >= self._hand_on_at:
                    self._queue.put(SegmentWork(run.run_id, number))
                    return run
                following = await upcoming
                assert following is not None  # noqa: S101 - there is a cursor, so there is a page
                page = following
            finally:
                upcoming.cancel()
                await asyncio.gather(upcoming, return_exceptions=True)

    async def _multicast(self, run: Run, number: int, at: Segment) -> Run:
        outcome = await self._delivery.multicast(self._last_send)
        if outcome is None:
            raise MulticastUnanswered(
                f"Alexa gave no final answer to the multicast of run {run.run_id}; "
                "repeating it is safe"
            )
        delivered = Delivered(Counts({outcome: 1}))
        step = Step(delivered.counts)
        run = await asyncio.to_thread(self._runs.advance, run.run_id, number, at, None, step)
        return await self._after(run, delivered, self._now())

    async def _deliver_page(
        self, run: Run, number: int, at: Segment, page: Page
    ) -> tuple[Run, Segment]:
        sent_at = self._now()
        self._delivery.before = run.counts
        delivered = await self._delivery.deliver(page.customers, self._last_send)
        if self._delivery.must_halt(delivered):
            return await self._halt_refused(run, delivered), at
        step = await self._step(run.run_id, f"{number}/{at.page}", 1, delivered)
        to = Segment(at.page + 1, page.cursor, self._name) if page.cursor else None
        run = await asyncio.to_thread(self._runs.advance, run.run_id, number, at, to, step)
        return await self._after(run, delivered, sent_at), to or at

    async def _load_next(self, run: Run, number: int, page: Page) -> Page | None:
        return await self._load(run, number, page.cursor) if page.cursor else None

    async def _load(self, run: Run, number: int, cursor: str | None) -> Page:
        audience = self._campaign.audience
        if audience.type == "users":
            start = number * USERS_PER_SEGMENT
            user_ids = audience.user_ids[start : start + USERS_PER_SEGMENT]
            event = self._campaign.event_name
            return Page(await asyncio.to_thread(self._audience.named, user_ids, event), None)
        return await asyncio.to_thread(
            self._audience.scan,
            self._campaign.event_name,
            segment=number,
            total_segments=run.total_segments,
            cursor=cursor,
            limit=self._page_size,
        )

    async def _step(self, run_id: str, parent: str, attempt: int, delivered: Delivered) -> Step:
        """Queue who is left, or give them up after the last attempt."""
        left = work.retries(run_id, attempt, parent, delivered.left)
        entries = {each.key: len(each.customers) for each in left}
        if attempt <= ATTEMPTS:
            for each in left:
                await asyncio.to_thread(self._queue.put, each, 15 * 2**attempt)
            return Step(delivered.counts, retries=entries)
        for each in left:
            await asyncio.to_thread(self._queue.give_up, each)
            delivered.counts.add(Outcome.FAILED, len(each.customers))
        return Step(delivered.counts, dead=entries)

    async def _without_entry(self, run: Run, retry: RetryWork) -> Run:
        """Look at a retry later when the step that left it is still to be written; else drop it."""
        if not run.awaits(retry.parent):
            return await self._left_open(run.run_id)
        if self._now() < run.expiry_time + LONGEST_STEP:
            await asyncio.to_thread(self._queue.put, retry, 60)
        return run

    async def _after(self, run: Run, delivered: Delivered, sent_at: datetime) -> Run:
        """Count, end or halt the run where it is time, and mark whom Alexa refused."""
        for outcome, customers in delivered.counts.by_outcome.items():
            count("Customers", customers, outcome=outcome.value)
        self._refused += [(user, int(sent_at.timestamp() * 1000)) for user in delivered.refused]
        if run.counts.must_halt:  # what no worker saw alone, all have seen together
            return await self._halt(run, run.counts.cause(), Step(Counts()))
        run = await self._end_if_done(run)
        if run.counts.answered >= HALT_AFTER or run.status == "completed":
            marks, self._refused = self._refused, []
            await self._mark(marks)
        return run

    async def _mark(self, refused: Sequence[tuple[str, int]]) -> None:
        for user_id, at in refused:
            await asyncio.to_thread(self._subscribers.mark_rejected, user_id, at)

    async def _end_if_done(self, run: Run) -> Run:
        if run.status != "running" or not run.is_done:
            return run
        return await asyncio.to_thread(self._complete, run)

    def _complete(self, run: Run) -> Run:
        completed = self._runs.complete(run.run_id, self._now())
        if completed is None:
            return run
        count("RunsCompleted")
        logger.info("run completed", extra={"run": run.run_id, **completed.counts.document()})
        return completed

    async def _halt_refused(self, run: Run, delivered: Delivered) -> Run:
        cause = (run.counts + delivered.counts).cause()
        return await self._halt(run, cause, Step(delivered.counts))

    async def _halt(self, run: Run, cause: str, step: Step) -> Run:
        halted = await asyncio.to_thread(self._runs.halt, run.run_id, self._now(), cause, step)
        if halted is None:
            return await asyncio.to_thread(self._runs.load, run.run_id)
        count("RunsHalted", cause=cause.partition(":")[0])
        logger.error("run halted", extra={"run": run.run_id, "cause": cause})
        return halted
