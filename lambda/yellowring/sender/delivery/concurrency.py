"""How many requests may be under way at once: it follows Alexa's latency.

What is under way at a rate is the rate times the latency (Little's law). More room than that costs
nothing while all is well, and many unknown outcomes once it is not; less makes requests wait that
the rate limiter let go.
"""

from __future__ import annotations

import asyncio
import math
import time
from collections import deque
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

LEAST, MOST = 4, 256
"""Requests under way at once in one worker."""
MARGIN = 2.0
"""The room kept, as a multiple of what is under way on average."""
GROWTH = 1.5
"""By how much the room grows where requests had to wait for it."""
DECAY = 0.75
"""The part of the room that stays at least, where less is needed."""
INTERVAL = 0.5
"""Seconds between two looks at what is needed."""


class Concurrency:
    """Bounds the requests under way at once in one worker.

    Acquire it when a request may go, after the rate limiter's own ``acquire``: whoever waits here
    is slower than allowed, and that makes it grow.

    Parameters
    ----------
    least, most
        Its bounds; it begins with the least.
    clock
        Seconds of any clock that never goes back.
    """

    def __init__(
        self, least: int = LEAST, most: int = MOST, *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._least = least
        self._most = most
        self._clock = clock
        self._room = float(least)
        self._under_way = 0
        self._busy = 0.0  # seconds of all requests under way since the last look, added up
        self._seen = self._looked = clock()
        self._has_waited = False
        self._waiting: deque[asyncio.Future[None]] = deque()

    @property
    def limit(self) -> int:
        """How many requests may be under way now."""
        return math.ceil(self._room)

    @property
    def under_way(self) -> int:
        """How many requests are under way now."""
        return self._under_way

    async def acquire(self) -> None:
        """Wait until one more request may be under way."""
        self._look()
        if self._under_way < self.limit:
            self._under_way += 1
            return
        self._has_waited = True
        free = asyncio.get_running_loop().create_future()
        self._waiting.append(free)
        try:
            await free
        except asyncio.CancelledError:
            if not free.cancelled():  # the place had been given already
                self.release()
            raise

    def release(self) -> None:
        """Note that a request has ended, whatever came of it."""
        self._look()
        self._under_way -= 1
        self._admit()

    def _look(self) -> None:
        """Add up what was under way, and now and then make room for what is needed."""
        now = self._clock()
        self._busy += self._under_way * (now - self._seen)
        self._seen = now
        elapsed = now - self._looked
        if elapsed < INTERVAL:
            return
        needed = MARGIN * self._busy / elapsed
        least = self._room * (GROWTH if self._has_waited else DECAY)
        self._room = min(max(needed, least, self._least), self._most)
        self._busy, self._looked, self._has_waited = 0.0, now, bool(self._waiting)
        self._admit()

    def _admit(self) -> None:
        while self._waiting and self._under_way < self.limit:
            free = self._waiting.popleft()
            if not free.done():
                self._under_way += 1
                free.set_result(None)
