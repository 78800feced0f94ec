"""What became of notifications: in logs and metrics, in their status, in the customers' records.

Best effort but for the logs: a status or a record that cannot be written holds up no notification.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING

from yellowring.observability import count, hash_user_id, logger
from yellowring.sender.delivery.outcomes import Outcome

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Sequence
    from datetime import datetime

    from yellowring.sender.delivery.noting import Noting
    from yellowring.sender.notification.opening import Ended
    from yellowring.sender.notification.status import Statuses


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of a notification beforehand.

    Attributes
    ----------
    has_status
        Whether somebody asks for what becomes of it; also where that could not be read.
    settled
        Hashes of the accounts that have an outcome.
    done
        Whether all have.
    """

    has_status: bool
    settled: Collection[str] = ()
    done: bool = False


class Bookkeeping:
    """Keeps outcomes.

    Parameters
    ----------
    statuses, noting
        Where they are kept for whoever asked, and for the customer.
    skill_id
        Names accounts by their hash.
    now
        The clock.
    """

    def __init__(
        self, statuses: Statuses, noting: Noting, skill_id: str, now: Callable[[], datetime]
    ) -> None:
        self._statuses = statuses
        self._noting = noting
        self._skill_id = skill_id
        self._now = now

    async def known(self, reference_id: str) -> Known:
        """Read what is known of a notification."""
        try:
            status = await asyncio.to_thread(self._statuses.get, reference_id)
        except Exception as error:
            _note_failure(error)
            return Known(has_status=True)
        return Known(True, status.outcomes, status.done) if status else Known(has_status=False)

    async def settle(
        self, reference_id: str, known: Known, ended: Sequence[Ended], *, done: bool
    ) -> None:
        """Keep how accounts ended; ``done`` says that no other is without an outcome."""
        now = self._now()
        for each in ended:
            count("Notifications", outcome=each.outcome.value)
            logger.info(
                "notification",
                extra={
                    "outcome": each.outcome.value,
                    "reference": reference_id,
                    "customer": each.account,
                },
            )
            if each.user_id is not None and self._noting.wants(each.outcome):
                at = int(now.timestamp() * 1000)
                self._noting.note(each.user_id, reference_id, each.outcome, at)
        if known.has_status and (ended or done):
            await self._write(reference_id, ended, done=done)

    async def refused(self, reference_id: str | None, recipient: str, shape: str) -> None:
        """Keep that a message is no notification, where it tells whose status that is.

        Parameters
        ----------
        reference_id, recipient
            What of it can be read.
        shape
            What is wrong with it, and never what it holds.
        """
        if reference_id is None:
            return
        account = hash_user_id(recipient, self._skill_id)
        try:
            await asyncio.to_thread(
                self._statuses.settle,
                reference_id,
                account,
                Outcome.INVALID.value,
                self._now(),
                shape,
                done=True,
            )
        except Exception as error:
            _note_failure(error)

    async def close(self) -> None:
        """Wait a little for what is not written yet."""
        await self._noting.close()

    async def _write(self, reference_id: str, ended: Sequence[Ended], *, done: bool) -> None:
        now = self._now()

        def write() -> None:
            for number, each in enumerate(ended, 1):
                self._statuses.settle(
                    reference_id,
                    each.account,
                    each.outcome.value,
                    now,
                    each.reason,
                    done=done and number == len(ended),
                )
            if done and not ended:
                self._statuses.finish(reference_id, now)

        try:
            await asyncio.to_thread(write)
        except Exception as error:
            _note_failure(error)


def _note_failure(error: Exception) -> None:
    name = type(error).__name__
    count("StatusFailures", error=name)
    logger.warning("a status was not read or written", extra={"error": name})
