"""An event loop whose time goes on by itself as soon as everybody waits."""

from __future__ import annotations

import asyncio
import selectors
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Coroutine

GRACE = 0.002
"""Real seconds that a thread is given to be heard of, before the loop's time jumps."""


class _Jumping(selectors.DefaultSelector):
    def __init__(self) -> None:
        super().__init__()
        self.now = 0.0
        self.grace = 0.0

    def select(self, timeout: float | None = None) -> Any:
        if timeout is None:
            return super().select(10)
        ready = super().select(min(timeout, self.grace) if timeout else 0)
        if not ready:
            self.now += timeout
        return ready


class VirtualLoop(asyncio.SelectorEventLoop):
    """Jumps to the next timer instead of waiting for it."""

    def __init__(self, *, threads: bool) -> None:
        self._jumping = _Jumping()
        super().__init__(self._jumping)
        self._jumping.grace = GRACE if threads else 0.0

    def time(self) -> float:
        return self._jumping.now


def play[T](scenario: Coroutine[Any, Any, T], *, threads: bool = False) -> T:
    """Run a scenario on virtual time; with ``threads``, what they say comes before time goes on."""
    return asyncio.run(scenario, loop_factory=lambda: VirtualLoop(threads=threads))
