"""The pace of sending: one rate for the whole stack, shared by all workers, lowered by 429s.

Each worker takes turns for one second at a time from a small item in the runs table. The item holds
how many turns of the present second are taken, by how many workers, and the present limit: at most
``MAX_EVENTS_PER_SECOND``. Workers tell with their next turns how many 429s the last ones met; the
limit then falls by that share of what it was when they were met, and each second raises it a little
(multiplicative decrease, additive increase). So it settles just above what Alexa takes, and a few
429s that have nothing to do with the rate slow a run down, but do not bring it to a halt. Within
its second a worker spaces its turns evenly, so that no burst passes from one second to the next.
"""

from __future__ import annotations

import asyncio
import math
import random
import time
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

INCREASE = 0.02
"""The part of the most that each second gives back."""
CAUGHT_UP = 0.98
"""What must be left of a second for all its turns to fit, a fiftieth closer than even."""
LATEST = 0.02
"""Seconds by which turns may be late: more of them would be a burst, so those are lost instead."""
SHORTEST_WAIT = 0.002
"""Seconds that are not worth a wait, which would take longer."""
SLOWEST = 1
"""Events per second below which the limit never goes."""


@dataclass(frozen=True, slots=True)
class Second:
    """The shared state: one second of sending.

    Attributes
    ----------
    number
        Which second, since the epoch.
    limit
        The most that may be sent in it.
    taken
        How many turns of it workers have taken.
    workers
        How many workers took any in it.
    throttled
        How many 429s were met since the second before began, as far as workers have told.
    before
        The second before, if anything was sent in it; its own ``before`` is not kept.
    """

    number: int
    limit: int
    taken: int = 0
    workers: int = 0
    throttled: int = 0
    before: Second | None = None

    def next(self, number: int, most: int) -> Second:
        """Give a later second, fresh: lower by the share of 429s, and up a little for the time."""
        elapsed = number - self.number
        limit = min(self.limit, self._taken_well()) + max(1, math.floor(most * INCREASE)) * elapsed
        before = replace(self, before=None) if elapsed == 1 else None
        return Second(number, max(SLOWEST, min(most, limit)), before=before)

    def _taken_well(self) -> int:
        """Give what Alexa would have taken of the limit that was in force when it said 429.

        That was in the second before: what is told in this one was met in that one.
        """
        met = self.before if self.before and self.before.taken else self
        share = min(1.0, self.throttled / max(1, met.taken))
        return math.floor(met.limit * (1 - share)) if self.throttled else self.limit

    def share(self, expected: int) -> int:
        """Give how many turns one worker should take; ``expected`` is the least of workers."""
        before = self.before.workers if self.before else 0
        workers = max(before, self.workers, expected, 1)
        return max(0, min(max(1, self.limit // workers), self.limit - self.taken))


class Seconds(Protocol):
    """Where the shared second is kept; every method is one call of a database."""

    async def read(self) -> Second | None:
        """Give the latest second, if there ever was one."""

    async def begin(self, latest: Second | None, new: Second) -> bool:
        """Put a new second in the place of the latest; tell whether that was still the latest."""

    async def take(self, known: Second, turns: int, workers: int, throttled: int) -> Second | None:
        """Add turns, workers and 429s to a second, where it leaves room for the turns.

        Without turns there is always room: that only tells that one more worker is about.
        """


class Pace:
    """Gives one worker its turns.

    Parameters
    ----------
    seconds
        Where the shared second is kept.
    most
        ``MAX_EVENTS_PER_SECOND``.
    expected
        How many workers there are at least, as long as nobody has counted them.
    clock, sleep
        Seconds since the epoch, and how to wait for some of them.
    """

    def __init__(
        self,
        seconds: Seconds,
        most: int,
        expected: int = 1,
        *,
        clock: Callable[[], float] = time.time,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._seconds = seconds
        self._most = most
        self._expected = expected
        self._clock = clock
        self._sleep = sleep
        self._known: Second | None = None
        self._turns = 0
        self._throttled = 0
        self._spacing = 0.0
        self._next = 0.0
        self._one_at_a_time = asyncio.Lock()

    async def turn(self) -> None:
        """Wait for the next turn."""
        async with self._one_at_a_time:
            while not self._holds_turn():
                await self._take()
            now = self._clock()
            self._next = max(self._next, now - LATEST)
            if self._next - now > SHORTEST_WAIT:
                await self._sleep(self._next - now)
            self._turns -= 1
            self._next += self._spacing

    def throttled(self) -> None:
        """Note that Alexa said 429; everybody is told with the next turns."""
        self._throttled += 1

    def _holds_turn(self) -> bool:
        return (
            self._turns > 0
            and self._known is not None
            and max(self._next, self._clock()) < self._known.number + 1
        )

    async def _take(self) -> None:
        """Take a share of the present second; where none is left, wait for the next."""
        number = math.floor(self._clock())
        latest = await self._enter(number)
        first = self._known is None or self._known.number != latest.number
        share, spacing = _evenly(latest.share(self._expected), latest.number + 1 - self._clock())
        throttled = self._throttled
        taken = await self._seconds.take(latest, share, int(first), throttled)
        if taken is None:  # another worker has taken the room: look again
            self._turns = 0
            return
        self._throttled -= throttled
        self._known = taken
        self._expected = 1
        self._turns = share
        self._spacing = spacing
        self._next = self._clock()
        if share == 0:
            left = max(0.0, taken.number + 1 - self._clock())
            await self._sleep(left + random.uniform(0, 0.01))  # noqa: S311

    async def _enter(self, number: int) -> Second:
        """Read the present second, beginning it where nobody has yet."""
        while True:
            latest = await self._seconds.read()
            if latest is not None and latest.number >= number:
                return latest
            new = latest.next(number, self._most) if latest else Second(number, self._most)
            if latest is None or latest.number < number - 1:  # nobody was sending: no head start
                new = replace(new, taken=math.floor(new.limit * (self._clock() - number)))
            if await self._seconds.begin(latest, new):
                return new


def _evenly(share: int, left: float) -> tuple[int, float]:
    """Fit a share of a whole second into what is left of it: how many turns, how far apart.

    A second entered a little late is caught up with; one entered later gets fewer turns instead,
    for closer ones would be a burst.
    """
    if share == 0 or left <= 0:
        return 0, 0.0
    if left >= CAUGHT_UP:
        return share, left / share
    return math.floor(share * left), 1 / share


def back_off(attempt: int, *, base: float = 0.2, longest: float = 5.0) -> float:
    """Give the seconds to wait before a repeat: full jitter over a doubling bound.

    Source: "Exponential Backoff And Jitter", AWS Architecture Blog.
    """
    return random.uniform(0, min(longest, base * 2**attempt))  # noqa: S311
