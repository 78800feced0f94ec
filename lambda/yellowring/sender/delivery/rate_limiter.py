"""The rate limiter: one limit for the whole stack, shared by all workers, lower when Alexa is busy.

The present window, a second, is one small item of the runs table. It says how many requests were
taken of it, by how many workers, and the limit: at most ``MAX_EVENTS_PER_SECOND``. A worker takes
its share of a window at once and spaces it evenly by its own clock, so that no burst passes from
one window to the next. Workers tell with their next share how many requests were slowed (429, 5xx,
no answer); the limit then falls by that part of what it was when they were met, and each second
raises it a little (multiplicative decrease, additive increase). So it settles just above what Alexa
takes, and a few refusals that have nothing to do with the rate do not bring a run to a halt.

Clocks differ. A window ahead of one's own clock is taken for the present one: from then on this
worker counts its seconds from it, so nobody waits for a clock, and time goes on if its owner dies.
"""

from __future__ import annotations

import asyncio
import math
import random
import time
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Protocol

from botocore.exceptions import BotoCoreError, ClientError

from yellowring.observability import logger
from yellowring.sender.delivery.window import Window

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

CAUGHT_UP = 0.98
"""What must be left of a window for a whole share to fit, a fiftieth closer than even."""
LATEST = 0.02
"""Seconds by which requests may be late: more of them would be a burst, so those are lost."""
FURTHEST_AHEAD = 60
"""Seconds by which a worker's clock may be ahead of the others'."""
AHEAD = 0.025
"""Seconds by which requests may be early: they go in small groups, for a wake-up costs CPU."""
TRIES = 4
"""How often the table is asked, before a worker goes on for a second without it."""
FAILURES = (ClientError, BotoCoreError, TimeoutError, OSError)
"""What a call of the table fails with."""


class Windows(Protocol):
    """Where the present window is kept; every method is one call of a database."""

    async def read(self) -> Window | None:
        """Return the latest window, if there ever was one."""

    async def begin(self, latest: Window | None, new: Window) -> bool:
        """Put a new window in the place of the latest; return whether that was still the latest."""

    async def take(self, known: Window, share: int, workers: int, slowed: int) -> Window | None:
        """Add a campaign's requests, a worker and what was slowed, where there is room."""

    async def take_urgent(self, known: Window, requests: int, slowed: int) -> Window | None:
        """Add notifications' requests and what was slowed, where there is room for them."""


class RateLimiter:
    """Says when one worker may send.

    Parameters
    ----------
    windows
        Where the present window is kept.
    most
        ``MAX_EVENTS_PER_SECOND``.
    expected_workers
        How many workers there are at least, as long as nobody has counted them.
    clock, sleep
        Seconds since the epoch, and how to wait for some of them.
    """

    def __init__(
        self,
        windows: Windows,
        most: int,
        expected_workers: int = 1,
        *,
        clock: Callable[[], float] = time.time,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._windows = windows
        self._most = most
        self._workers = expected_workers
        self._clock = clock
        self._sleep = sleep
        self._ahead = 0.0  # seconds by which the workers' time is ahead of one's own clock
        self._known: Window | None = None
        self._joined: int | None = None  # the window that counts this worker
        self._held = 0
        self._spacing = 0.0
        self._next = 0.0
        self._end = 0.0
        self._slowed = 0
        self._one_at_a_time = asyncio.Lock()

    @property
    def per_second(self) -> int | None:
        """The limit in force for all workers together; ``None`` before any window is known."""
        return self._known.limit if self._known else None

    async def acquire(self) -> None:
        """Wait until a campaign may send one request; never raises for what the table does."""
        async with self._one_at_a_time:
            while not self._holds_any():
                if await self._patiently(self._take_share) is None:
                    self._go_alone()
            now = self._now()
            self._next = max(self._next, now - LATEST)
            if self._next - now > AHEAD:
                await self._sleep(self._next - now)
            self._held -= 1
            self._next += self._spacing

    async def acquire_urgent(self, requests: int = 1) -> None:
        """Wait until notifications may send so many requests; campaigns do not delay them.

        Notifications have each window's whole limit for themselves, whatever campaigns took of it;
        campaigns pay it back in the next window. Never raises for what the table does.
        """
        while requests > 0:
            taken = await self._patiently(partial(self._take_urgent, requests))
            requests -= 1 if taken is None else taken

    def slow_down(self) -> None:
        """Note a 429, a 5xx or no answer; all workers are told with the next share."""
        self._slowed += 1

    def _now(self) -> float:
        return self._clock() + self._ahead

    def _holds_any(self) -> bool:
        return self._held > 0 and max(self._next, self._now()) < self._end

    async def _take_share(self) -> bool:
        """Take a share of the present window; where none is left, wait for the next."""
        present = await self._enter()
        is_new = self._joined != present.number
        workers = present.workers + is_new
        if self._joined is None or present.before is None:
            workers = max(workers, self._workers)
        end = present.number + 1.0
        start = min(max(self._next, self._now()), end)
        share, spacing = _evenly(present.share(workers), end - start)
        slowed = self._slowed
        if share or is_new or slowed:
            taken = await self._windows.take(present, share, int(is_new), slowed)
            if taken is None:  # another worker has taken the room: look again
                return False
            self._told(taken, slowed)
            self._joined = taken.number
            before = taken.before
            self._workers = before.workers if before else max(self._workers, taken.workers)
        if share == 0:
            await self._sleep_until(end)
            return True
        self._held, self._spacing = share, spacing
        self._next, self._end = max(start, self._now()), end
        return True

    async def _take_urgent(self, requests: int) -> int:
        """Take as many requests as the present window has for notifications."""
        present = await self._enter()
        fits = min(requests, present.urgent_room)
        if fits == 0:
            await self._sleep_until(present.number + 1.0)
            return 0
        slowed = self._slowed
        taken = await self._windows.take_urgent(present, fits, slowed)
        if taken is None:
            return 0
        self._told(taken, slowed)
        return fits

    def _told(self, taken: Window, slowed: int) -> None:
        self._known = taken
        self._slowed = max(0, self._slowed - slowed)

    async def _sleep_until(self, end: float) -> None:
        left = max(0.0, end - self._now())
        await self._sleep(left + random.uniform(0, 0.01))  # noqa: S311

    async def _enter(self) -> Window:
        """Read the present window, beginning it where nobody has yet."""
        while True:
            latest = await self._windows.read()
            now = self._now()
            if latest is not None and latest.number > math.floor(now):
                self._ahead += latest.number - now
                return latest
            number = math.floor(now)
            if latest is not None and latest.number == number:
                return latest
            new = latest.next(number, self._most) if latest else Window(number, self._most)
            if latest is None or latest.number < number - 1:  # nobody was sending: no head start
                new = replace(new, taken=math.floor(new.limit * (now - number)))
                if latest and self._known is None and number - latest.number <= FURTHEST_AHEAD:
                    # or this clock is ahead, and what was taken last was taken just now
                    new = replace(new, taken=0, owed=min(new.limit, latest.rate))
            if await self._windows.begin(latest, new):
                return new

    async def _patiently[T](self, call: Callable[[], Awaitable[T]]) -> T | None:
        """Return what a call of the table gives; ``None`` if it failed again and again."""
        for attempt in range(TRIES):
            try:
                return await call()
            except FAILURES as error:
                name = type(error).__name__
                logger.warning("the rate limiter's table failed", extra={"error": name})
                await self._sleep(back_off(attempt))
        return None

    def _go_alone(self) -> None:
        """Go on for a second at one worker's share of the limit last known."""
        limit = self.per_second or self._most
        self._held = max(1, limit // self._workers)
        self._spacing = self._workers / limit
        self._next = max(self._next, self._now()) + self._spacing
        self._end = self._next + self._held * self._spacing


def _evenly(share: int, left: float) -> tuple[int, float]:
    """Fit a share of a whole window into what is left of it: how many requests, how far apart.

    A window entered a little late is caught up with; one entered later gets fewer requests
    instead, for closer ones would be a burst. A single one fits in half a window.
    """
    if share == 0 or left <= 0:
        return 0, 0.0
    if left >= CAUGHT_UP:
        return share, left / share
    return math.floor(share * left + (0.5 if share == 1 else 0)), 1 / share


def back_off(attempt: int, *, base: float = 0.2, longest: float = 5.0) -> float:
    """Return the seconds to wait before a repeat: full jitter over a doubling bound.

    Source: "Exponential Backoff And Jitter", AWS Architecture Blog.
    """
    return random.uniform(0, min(longest, base * 2**attempt))  # noqa: S311
