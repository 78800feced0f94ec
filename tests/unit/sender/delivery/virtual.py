"""A clock that goes on only when everybody waits, and a window that no database keeps."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

    from yellowring.sender.delivery.window import Window


class Time:
    """A clock that goes on only when everybody waits."""

    def __init__(self) -> None:
        self.now = 1_795_165_200.25
        self._sleepers: list[tuple[float, asyncio.Future[None]]] = []

    def clock(self) -> float:
        return self.now

    def skewed(self, seconds: float) -> Callable[[], float]:
        """Return a clock that is ahead by so much."""
        return lambda: self.now + seconds

    async def sleep(self, seconds: float) -> None:
        woken = asyncio.get_running_loop().create_future()
        self._sleepers.append((self.now + seconds, woken))
        await woken

    async def stall(self, seconds: float) -> None:
        """Let time pass without waking anybody: the machine has something else to do."""
        self.now += seconds
        await settle()

    async def run(self, seconds: float) -> None:
        """Let time pass, waking whoever's time has come."""
        end = self.now + seconds
        while True:
            await settle()
            self._sleepers = [each for each in self._sleepers if not each[1].done()]
            self._sleepers.sort(key=lambda sleeper: sleeper[0])
            if not self._sleepers or self._sleepers[0][0] > end:
                self.now = end
                return
            due, woken = self._sleepers.pop(0)
            self.now = max(self.now, due)
            woken.set_result(None)


async def settle() -> None:
    """Let everything that can go on go on."""
    for _ in range(20):
        await asyncio.sleep(0)


def play(scenario: Callable[[Time], Coroutine[None, None, None]]) -> None:
    """Run a scenario, and end what it left running."""

    async def whole() -> None:
        await scenario(Time())
        tasks = asyncio.all_tasks() - {asyncio.current_task()}
        for task in tasks:
            task.cancel()
        ended = await asyncio.gather(*tasks, return_exceptions=True)
        raised = [each for each in ended if isinstance(each, Exception)]
        assert not raised, raised

    asyncio.run(whole())


class InMemory:
    """The window without a database; each call takes the seconds it is told to, or fails."""

    def __init__(self, call: Callable[[], Coroutine[None, None, None]] | None = None) -> None:
        self.window: Window | None = None
        self._call = call

    async def read(self) -> Window | None:
        await self._pass()
        return self.window

    async def begin(self, latest: Window | None, new: Window) -> bool:
        await self._pass()
        if (self.window and self.window.number) != (latest and latest.number):
            return False
        self.window = new
        return True

    async def take(self, known: Window, share: int, workers: int, slowed: int) -> Window | None:
        await self._pass()
        now = self.window
        if now is None or now.number != known.number:
            return None
        if share and now.taken > known.limit - known.owed - share:
            return None
        self.window = replace(
            now, taken=now.taken + share, workers=now.workers + workers, slowed=now.slowed + slowed
        )
        return self.window

    async def take_urgent(self, known: Window, requests: int, slowed: int) -> Window | None:
        await self._pass()
        now = self.window
        if now is None or now.number != known.number or now.urgent > known.limit - requests:
            return None
        self.window = replace(now, urgent=now.urgent + requests, slowed=now.slowed + slowed)
        return self.window

    async def _pass(self) -> None:
        if self._call:
            await self._call()
