"""An event loop on virtual time: it jumps to the next timer as soon as nothing else is to be done.

Hours pass in milliseconds, and the same seed gives the same game: tasks are hashed by their number,
so that even the order of a set of them is always the same.
"""

from __future__ import annotations

import asyncio
import heapq
import itertools
from contextvars import Context, ContextVar
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections import deque
    from collections.abc import Callable, Coroutine


class Stuck(AssertionError):
    """Everybody waits for something that nobody will do."""


class Caller(Protocol):
    """Whoever calls stores from a thread: the loop asks it how that goes."""

    def latency(self) -> float:
        """Return the seconds that one way of a call takes."""

    def through(self, call: Callable[[], Any]) -> Any:
        """Make a call, or fail."""


CALLER: ContextVar[Caller] = ContextVar("caller")


class NumberedTask(asyncio.Task[Any]):
    """A task whose place in a set does not depend on where it lies in memory."""

    numbers = itertools.count()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self._number = next(self.numbers)
        super().__init__(*args, **kwargs)

    def __hash__(self) -> int:
        return self._number

    def __eq__(self, other: object) -> bool:
        return self is other


class VirtualLoop(asyncio.BaseEventLoop):
    """The loop; `errors` keeps what callbacks and forgotten tasks raised."""

    _ready: deque[asyncio.Handle]
    _scheduled: list[asyncio.TimerHandle]

    def __init__(self) -> None:
        super().__init__()
        self._now = 0.0
        self.errors: list[BaseException] = []
        self.set_task_factory(self._task)
        self.set_exception_handler(self._note)

    def time(self) -> float:
        """Return the virtual seconds since the loop began."""
        return self._now

    def spawn(self, coroutine: Coroutine[Any, Any, Any]) -> asyncio.Task[Any]:
        """Begin a task that inherits nothing from whoever begins it."""
        return self.create_task(coroutine, context=Context())

    def pause(self, seconds: float) -> None:
        """Let the others go on for so long; for plain callbacks only, not for tasks."""
        until = self._now + seconds
        while self._next_at() <= until:
            self._run_once()
        self._now = max(self._now, until)

    def run_in_executor(  # type: ignore[override]
        self, executor: Any, func: Callable[..., Any], *args: Any
    ) -> Any:
        """Make a call after its latency, as its caller lives and dies; answer after it again."""
        caller = CALLER.get()
        answered = self.create_future()

        def answer(result: Any, error: BaseException | None) -> None:
            if answered.done():
                return
            if error is None:
                answered.set_result(result)
            else:
                answered.set_exception(error)

        def make() -> None:
            result, failed = None, None
            try:
                result = caller.through(lambda: func(*args))
            except BaseException as error:
                failed = error
            self.call_later(caller.latency(), answer, result, failed)

        self.call_later(caller.latency(), make)
        return answered

    def _run_once(self) -> None:
        if not self._ready:
            at = self._next_at()
            if at == float("inf"):
                raise Stuck
            self._now = max(self._now, at)
            while self._scheduled and self._scheduled[0].when() <= self._now:
                timer = heapq.heappop(self._scheduled)
                timer._scheduled = False  # type: ignore[attr-defined]
                self._ready.append(timer)
        handle = self._ready.popleft()
        if not handle.cancelled():
            handle._run()

    def _next_at(self) -> float:
        if self._ready:
            return self._now
        while self._scheduled and self._scheduled[0].cancelled():
            heapq.heappop(self._scheduled)._scheduled = False  # type: ignore[attr-defined]
        return self._scheduled[0].when() if self._scheduled else float("inf")

    def _write_to_self(self) -> None:
        """There is no other thread to be woken for."""

    @staticmethod
    def _task(loop: Any, coroutine: Any, **options: Any) -> NumberedTask:
        return NumberedTask(coroutine, loop=loop, **options)

    def _note(self, loop: Any, context: dict[str, Any]) -> None:
        error = context.get("exception")
        if isinstance(error, Exception):
            self.errors.append(error)


def run[T](main: Callable[[VirtualLoop], Coroutine[Any, Any, T]]) -> T:
    """Run a coroutine on virtual time, and end whatever it left behind."""
    loop = VirtualLoop()
    try:
        result = loop.run_until_complete(main(loop))
        left = asyncio.all_tasks(loop)
        for task in sorted(left, key=hash):
            task.cancel()
        loop.run_until_complete(_all(left))
    finally:
        loop.close()
    if loop.errors:
        raise loop.errors[0]
    return result


async def _all(tasks: set[asyncio.Task[Any]]) -> None:
    await asyncio.gather(*tasks, return_exceptions=True)
