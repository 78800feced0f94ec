"""The pace of sending: evenly spaced, slower when Alexa says so, faster again with time."""

from __future__ import annotations

import asyncio
import random
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

SLOWEST = 0.5
"""Events per second below which even a throttled worker does not go."""
RECOVERY = 0.05
"""The part of its share by which a worker speeds up in each second without a 429."""


class Pace:
    """Gives turns at most ``per_second`` apart, evenly, without bursts after a pause.

    Parameters
    ----------
    per_second
        The most that this worker may send, in events per second.
    clock, sleep
        Seconds that only go up, and how to wait for some of them.
    """

    def __init__(
        self,
        per_second: float,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._limit = per_second
        self._rate = per_second
        self._clock = clock
        self._sleep = sleep
        self._next = clock()
        self._changed_at = clock()

    @property
    def rate(self) -> float:
        """The present rate, in events per second."""
        return self._rate

    async def turn(self) -> None:
        """Wait for the next turn."""
        now = self._clock()
        self._speed_up(now)
        self._next = max(self._next, now)
        wait = self._next - now
        self._next += 1 / self._rate
        if wait > 0:
            await self._sleep(wait)

    def share(self, per_second: float) -> None:
        """Change the most that this worker may send, as workers come and go."""
        self._limit = per_second
        self._rate = min(self._rate, per_second)

    def throttled(self, retry_after: float | None) -> None:
        """Halve the rate, at most once a second; hold all turns for ``retry_after`` seconds."""
        now = self._clock()
        if now - self._changed_at >= 1 or self._rate == self._limit:
            self._rate = max(SLOWEST, self._rate / 2)
            self._changed_at = now
        if retry_after:
            self._next = max(self._next, now + retry_after)

    def _speed_up(self, now: float) -> None:
        elapsed = now - self._changed_at
        if self._rate < self._limit and elapsed >= 1:
            self._rate = min(self._limit, self._rate + self._limit * RECOVERY * elapsed)
            self._changed_at = now


def back_off(attempt: int, *, base: float = 0.2, longest: float = 5.0) -> float:
    """Give the seconds to wait before a repeat: full jitter over a doubling bound.

    Source: "Exponential Backoff And Jitter", AWS Architecture Blog.
    """
    return random.uniform(0, min(longest, base * 2**attempt))  # noqa: S311
