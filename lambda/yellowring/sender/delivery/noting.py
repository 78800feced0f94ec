"""Noting what became of events in the customers' own records, so that they can be told why.

Best effort, in the background, a few at a time: nothing waits long for a note, or fails for one.
"""

from __future__ import annotations

import asyncio
from collections import deque
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from yellowring.observability import count, logger
from yellowring.sender.delivery.outcomes import HEARD, Outcome

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from yellowring.subscribers import Subscribers

AT_ONCE = 4
"""Notes that are written at once."""
MOST_NOTES = 500
"""Notes that may wait to be written; what is more waits for room."""
PATIENCE = 5.0
"""Seconds that an invocation waits in all for room, and once more at its end for what is not
written yet; what is more is not noted."""


class Noting:
    """Notes outcomes in customers' records.

    Parameters
    ----------
    subscribers
        Where the records are.
    accepted
        Whether to note what customers have heard as well, and not only problems and skips.
    call
        Calls the store without holding up what is under way.
    """

    def __init__(
        self,
        subscribers: Subscribers,
        *,
        accepted: bool = False,
        call: Callable[..., Awaitable[Any]] = asyncio.to_thread,
    ) -> None:
        self._subscribers = subscribers
        self._accepted = accepted
        self._call = call
        self._notes: deque[tuple[str, str, str, int]] = deque()
        self._writing: dict[asyncio.Task[None], None] = {}
        self._lost = 0
        self._taken = asyncio.Event()
        self._patience = PATIENCE

    def wants(self, outcome: Outcome) -> bool:
        """Check whether an outcome is noted: a problem or a skip is."""
        return self._accepted or outcome not in HEARD

    async def note(self, user_id: str, reference_id: str, outcome: Outcome, at: int) -> None:
        """Have an outcome noted, of whatever kind; ``at`` is in milliseconds since the epoch.

        Who has heard it already has it: a ``duplicate`` is noted as ``accepted``.
        """
        if not await self._has_room():
            self._lost += 1
            return
        word = Outcome.ACCEPTED if outcome in HEARD else outcome
        self._notes.append((user_id, reference_id, word.value, at))
        if len(self._writing) < AT_ONCE:
            task = asyncio.create_task(self._write())
            self._writing[task] = None
            task.add_done_callback(lambda done: self._writing.pop(done, None))

    async def close(self) -> None:
        """Wait until all is noted, for `PATIENCE` at most; count what is not."""
        if writing := list(self._writing):
            await asyncio.wait(writing, timeout=PATIENCE)
            self._lost += len(self._notes) + len(self._writing)
            self._notes.clear()
            for task in writing:
                task.cancel()
            await asyncio.gather(*writing, return_exceptions=True)
        if self._lost:
            count("OutcomesNotNoted", self._lost)
            self._lost = 0

    async def _has_room(self) -> bool:
        """Wait until one more note may wait; return whether it may, before patience is over."""
        clock = asyncio.get_running_loop().time
        begun = clock()
        with suppress(TimeoutError):
            async with asyncio.timeout(self._patience):
                while len(self._notes) >= MOST_NOTES:
                    self._taken.clear()
                    await self._taken.wait()
        self._patience -= clock() - begun
        return len(self._notes) < MOST_NOTES

    async def _write(self) -> None:
        while self._notes:
            note = self._notes.popleft()
            self._taken.set()
            try:
                await self._call(self._subscribers.note_outcome, *note)
            except Exception as error:
                self._lost += 1
                logger.warning("an outcome was not noted", extra={"error": type(error).__name__})
