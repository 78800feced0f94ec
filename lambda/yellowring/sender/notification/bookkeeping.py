"""What became of notifications: in logs and metrics, in their status, in the customers' records.

Best effort but for the logs: a status or a record that cannot be written holds up no notification.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from yellowring.observability import count, hash_user_id, logger
from yellowring.sender.delivery.outcomes import Outcome

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, Sequence
    from datetime import datetime

    from yellowring.sender.delivery.noting import Noting
    from yellowring.sender.notification.notification import Notification
    from yellowring.sender.notification.opening import Ended
    from yellowring.sender.notification.status import Status, Statuses


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of a notification beforehand.

    Attributes
    ----------
    status_id
        What its status is kept by, where it has one; also where that could not be read.
    settled
        Hashes of the accounts that have an outcome.
    done
        Whether all have.
    tried
        What is to be said of those without one that were tried, by their hash.
    is_read
        Whether it is what the status says; else that could not be read.
    """

    status_id: str | None
    settled: Collection[str] = ()
    done: bool = False
    tried: Mapping[str, str] = field(default_factory=dict)
    is_read: bool = True


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

    async def known(self, notification: Notification, receives: int) -> Known:
        """Read what is known of a notification that was received so often."""
        ids = [notification.reference_id]
        if receives > 1 and notification.customer_id is not None:
            ids.append(self._own_id(notification))
        try:
            for each in ids:
                if status := await asyncio.to_thread(self._statuses.get, each):
                    return _known(each, status)
        except Exception as error:
            _note_failure(error)
            return Known(notification.reference_id, is_read=False)
        return Known(None)

    async def settle(
        self,
        notification: Notification,
        known: Known,
        ended: Sequence[Ended],
        tried: Mapping[str, str],
        *,
        done: bool,
    ) -> bool:
        """Keep how accounts ended; ``done`` says that no other is without an outcome.

        Where nobody asks for it, that is kept only while others of a household have none, so that
        whoever has theirs is not sent to at each try of the others.

        Parameters
        ----------
        notification, known
            The notification, and what was known of it before.
        ended, tried
            Who ended how, and what is to be said of those who were tried without an outcome.
        done
            Whether no other account is without one.

        Returns
        -------
        bool
            Whether it is kept; ``False`` only where its status can be read but was not written.
        """
        now, reference_id = self._now(), notification.reference_id
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
        tried = {each: told for each, told in tried.items() if known.tried.get(each) != told}
        if known.status_id is not None:
            return await self._write(known.status_id, ended, tried, done=done) or not known.is_read
        if ended and not done:
            own_id, until = self._own_id(notification), notification.expiry_time
            await self._write(own_id, ended, tried, done=False, until=until)
        return True

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

    async def given_up(self, reference_id: str | None, recipient: str, error: str) -> None:
        """Keep that nobody tries a message any more, as `refused` does; ``error`` is its name."""
        if reference_id is None:
            return
        account = hash_user_id(recipient, self._skill_id)
        reason = f"its handling failed until it expired ({error}): it is on the dead-letter queue"
        try:
            await asyncio.to_thread(self._statuses.give_up, reference_id, account, reason)
        except Exception as failure:
            _note_failure(failure)

    async def close(self) -> None:
        """Wait a little for what is not written yet."""
        await self._noting.close()

    def _own_id(self, notification: Notification) -> str:
        """Return what is no reference id, for others may be told something under the same."""
        return f"{notification.reference_id}#{hash_user_id(notification.id, self._skill_id)}"

    async def _write(
        self,
        status_id: str,
        ended: Sequence[Ended],
        tried: Mapping[str, str],
        *,
        done: bool,
        until: datetime | None = None,
    ) -> bool:
        """Write outcomes into a status; one that expires ``until`` then is put first.

        Returns whether that succeeded.
        """
        now = self._now()

        def write() -> None:
            if until is not None:
                self._statuses.put(status_id, "", now, until)
            for number, each in enumerate(ended, 1):
                self._statuses.settle(
                    status_id,
                    each.account,
                    each.outcome.value,
                    now,
                    each.reason,
                    done=done and number == len(ended),
                )
            if tried:
                self._statuses.note_tries(status_id, tried)
            if done and not ended:
                self._statuses.finish(status_id, now)

        try:
            await asyncio.to_thread(write)
        except Exception as error:
            _note_failure(error)
            return False
        return True


def _known(status_id: str, status: Status) -> Known:
    """Return what is known; what was given up and comes again was redriven: it is tried."""
    settled = [each for each, outcome in status.outcomes.items() if outcome != Outcome.FAILED]
    done = status.done and len(settled) == len(status.outcomes)
    return Known(status_id, settled, done, status.tried)


def _note_failure(error: Exception) -> None:
    name = type(error).__name__
    count("StatusFailures", error=name)
    logger.warning("a status was not read or written", extra={"error": name})
