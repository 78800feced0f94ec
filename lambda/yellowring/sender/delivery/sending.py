"""Sending: one request for one customer, to the right region, when it is its turn."""

from __future__ import annotations

from collections import Counter
from http import HTTPStatus
from typing import TYPE_CHECKING

from yellowring.alexa import UnknownEndpoint, region_of
from yellowring.observability import count, measure

if TYPE_CHECKING:
    from yellowring.alexa import Region
    from yellowring.alexa.proactive_events import Answer, ProactiveEvents
    from yellowring.sender.delivery.concurrency import Concurrency
    from yellowring.sender.delivery.rate_limiter import RateLimiter
    from yellowring.subscribers import Customer

READY = 64
"""Customers whose request is made or waits for its turn, besides those under way."""


class Sending:
    """Sends requests at the pace of the stack, as many at once as the latency asks for.

    Parameters
    ----------
    events
        The client to send with.
    limiter
        When the next request may go.
    concurrency
        How many may be under way.
    home
        The region of a customer whose endpoint is not known.
    refused
        Why nothing can be sent, where that is known beforehand.
    """

    def __init__(
        self,
        events: ProactiveEvents,
        limiter: RateLimiter,
        concurrency: Concurrency,
        home: Region,
        refused: Exception | None = None,
    ) -> None:
        self._events = events
        self._limiter = limiter
        self._concurrency = concurrency
        self._home = home
        self._refused = refused
        self._slowed: Counter[str] = Counter()

    @property
    def places(self) -> int:
        """How many customers may be under way: sent to, or ready for their turn."""
        return self._concurrency.limit + READY

    def region(self, customer: Customer) -> Region:
        """Return where a customer is; an endpoint that is none of Alexa's counts as not known."""
        if customer.api_endpoint:
            try:
                return region_of(customer.api_endpoint)
            except UnknownEndpoint:
                pass
        return self._home

    async def ready(self) -> None:
        """Have a token to send with.

        Raises
        ------
        InvalidCredentials, TokenUnavailable
            There is none.
        Exception
            What ``refused`` was.
        """
        if self._refused:
            raise self._refused
        await self._events.ready()

    async def acquire(self) -> None:
        """Wait until one more request may go, and be under way until `release`."""
        await self._limiter.acquire()
        await self._concurrency.acquire()

    def release(self) -> None:
        """Note that a request has come to its end."""
        self._concurrency.release()

    async def acquire_urgent(self, most: int) -> int:
        """Wait until notifications may go, before any campaign's requests; return how many."""
        many = min(most, self._limiter.per_second or 1)
        await self._limiter.acquire_urgent(many)
        return many

    async def send(self, region: Region, body: bytes) -> Answer:
        """Send one request; raises only where there is no token to send with."""
        return await self._events.send(region, body)

    def slow_down(self, answer: Answer) -> str:
        """Lower the pace for all, for an answer that asks for it; return what to say of it."""
        self._limiter.slow_down()
        if answer.status is None:
            self._slowed["no answer"] += 1
            return "Alexa does not answer"
        self._slowed[str(answer.status)] += 1
        if answer.status == HTTPStatus.TOO_MANY_REQUESTS:
            pace = self._limiter.per_second
            return f"429: pace {pace}/s" if pace else "429"
        return f"Alexa answers {answer.status}"

    def tell_pace(self) -> None:
        """Count the requests that were slowed since it was told last, and tell the limit in force.

        Once for each checkpoint or batch, not for each request: a line in the log has its price.
        """
        if self._limiter.per_second is not None:
            measure("Pace", self._limiter.per_second, "Count/Second")
        slowed, self._slowed = self._slowed, Counter()
        for why, requests in slowed.items():
            count("SlowedRequests", requests, why=why)
