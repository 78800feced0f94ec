"""Delivery: sends one event to some customers at once, and tells how each of them ended."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from typing import TYPE_CHECKING

from yellowring.alexa import region_of
from yellowring.observability import logger
from yellowring.sender.delivery.rate_limiter import back_off
from yellowring.sender.outcomes import HALT_AFTER, Counts, Outcome, outcome_of
from yellowring.sender.personal import InvalidContent

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Iterable, Iterator

    from yellowring.alexa import Region
    from yellowring.alexa.proactive_events import CreateProactiveEventRequest, ProactiveEvents
    from yellowring.sender.content import Content
    from yellowring.sender.delivery.rate_limiter import RateLimiter
    from yellowring.subscribers import Customer

CONCURRENCY = 64
"""Requests under way at once in one worker."""
TRIES = 4
"""How often one worker sends to one customer before it leaves them for later."""
LAST_MINUTES = timedelta(minutes=5)
"""An event that expires sooner than this is refused by Alexa."""


def now_utc() -> datetime:
    """Give the present moment."""
    return datetime.now(UTC)


@dataclass(slots=True)
class Delivered:
    """What came of a delivery.

    Attributes
    ----------
    counts
        Those who ended, by outcome.
    refused
        The user ids among them whom Alexa does not know as subscribed (403).
    left
        Those who are to be tried again later: the outcome is not known.
    """

    counts: Counts = field(default_factory=Counts)
    refused: list[str] = field(default_factory=list)
    left: list[Customer] = field(default_factory=list)


class Delivery:
    """Sends one run's event, at one worker's pace.

    Parameters
    ----------
    events
        The client to send with.
    request
        What to send to everybody at once, and when it expires.
    content
        What to send to each customer.
    limiter
        When the next request may go.
    home
        The region of a customer whose endpoint is not known.
    before
        What the run counted already; decides with the new outcomes whether it must halt.
    now
        The clock.
    """

    def __init__(
        self,
        events: ProactiveEvents,
        request: CreateProactiveEventRequest,
        content: Content,
        limiter: RateLimiter,
        *,
        home: Region,
        before: Counts,
        now: Callable[[], datetime] = now_utc,
    ) -> None:
        self._events = events
        self._content = content
        self._multicast = request.multicast()
        self._limiter = limiter
        self._home = home
        self._last_call = request.expiry_time - LAST_MINUTES
        self.before = before
        self._now = now

    async def deliver(self, customers: Iterable[Customer], until: datetime) -> Delivered:
        """Send to each customer once; stop early when the run must halt.

        As long as it is not known whether it must, only a few requests are under way at once.

        Parameters
        ----------
        customers
            Whom to send to.
        until
            When to stop beginning new sends; the rest is left for later.

        Raises
        ------
        EventSourceFailed
            Nobody's content can be made.
        InvalidCredentials, TokenUnavailable
            There is no token to send with; who was sent to before answers 409 the next time.
        """
        await self._events.ready()  # or turns would pile up while the first of them fetches a token
        delivered = Delivered()
        waiting = iter(customers)
        known = asyncio.Event()  # whether Alexa takes the event at all

        async def send(number: int) -> None:
            if number >= HALT_AFTER:
                await known.wait()
            await self._send_each(waiting, delivered, until, known)
            known.set()

        await _all(send(number) for number in range(CONCURRENCY))
        return delivered

    async def multicast(self, until: datetime) -> Outcome | None:
        """Send to everybody who is subscribed in the home region, with one request.

        Alexa does not say how many it told; ``None`` when it gave no final answer.
        """
        return await self._send(self._home, self._multicast, Delivered(), until)

    def must_halt(self, delivered: Delivered) -> bool:
        """Tell whether what was counted before and now says that the fault is ours."""
        return (self.before + delivered.counts).must_halt

    async def _send_each(
        self,
        waiting: Iterator[Customer],
        delivered: Delivered,
        until: datetime,
        known: asyncio.Event,
    ) -> None:
        for customer in waiting:
            if not known.is_set() and (self.before + delivered.counts).answered >= HALT_AFTER:
                known.set()
            try:
                body = await self._content.body(customer, self._now())
            except InvalidContent as error:
                logger.warning("content refused", extra={"problem": str(error)})
                delivered.counts.add(Outcome.INVALID)
                continue
            if body is None:
                continue
            region = region_of(customer.api_endpoint) if customer.api_endpoint else self._home
            outcome = await self._send(region, body, delivered, until)
            if outcome is None:
                delivered.left.append(customer)
                continue
            delivered.counts.add(outcome)
            if outcome is Outcome.REJECTED:
                delivered.refused.append(customer.user_id)

    async def _send(
        self, region: Region, body: bytes, delivered: Delivered, until: datetime
    ) -> Outcome | None:
        """Send one request until its outcome is known, or give up for now (``None``)."""
        for attempt in range(TRIES):
            has_turn = await self._turn(until)
            if self._now() >= self._last_call:
                return Outcome.EXPIRED
            if not has_turn or self._now() >= until or self.must_halt(delivered):
                return None
            answer = await self._events.send(region, body)
            outcome = outcome_of(answer)
            if outcome is not None:
                return outcome
            if answer.status == HTTPStatus.TOO_MANY_REQUESTS:
                self._limiter.slow_down()
            wait = max(answer.retry_after or 0, back_off(attempt))
            if self._now() + timedelta(seconds=wait) >= until:
                return None
            await asyncio.sleep(wait)
        return None

    async def _turn(self, until: datetime) -> bool:
        """Wait for a turn, but not beyond the time: at a low pace there is a queue for them."""
        left = (min(until, self._last_call) - self._now()).total_seconds()
        if left <= 0:
            return False
        try:
            async with asyncio.timeout(left):
                await self._limiter.acquire()
        except TimeoutError:
            return False
        return True


async def _all(work: Iterable[Coroutine[None, None, None]]) -> None:
    """Run to the end, or to the first error, which is raised as itself."""
    try:
        async with asyncio.TaskGroup() as group:
            for each in work:
                group.create_task(each)
    except ExceptionGroup as several:
        raise several.exceptions[0] from None
