"""The erasure of a customer by either id: the API and the command do it alike.

What the customer says to the skill is one change to one record, and ends in the same tombstone.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from yellowring.subscribers.changes import Erased

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from yellowring.subscribers.audience import Audience
    from yellowring.subscribers.store import Subscribers

_LOOK_AGAIN, _LOOKS_AGAIN = 1.0, 10
"""Seconds between two looks at the index of an erasure, and how many follow the first: the ten
seconds that everything here allows the index to lag, well within the 29 that the API has."""


def erase_account(subscribers: Subscribers, user_id: str, now: Callable[[], datetime]) -> None:
    """Erase one account, known here or not; ``now`` is the clock (aware).

    The tombstone of one that is not known keeps out what an older copy of the table may know.

    Raises
    ------
    ConcurrentChange
        Others kept changing the record: erase again.
    botocore.exceptions.ClientError, botocore.exceptions.BotoCoreError
        The table could not be read or written: erase again.
    """
    subscribers.apply_as_newest(user_id, Erased(_milliseconds(now())))


def erase_customer(
    subscribers: Subscribers,
    audience: Audience,
    customer_id: str,
    *,
    now: Callable[[], datetime],
    sleep: Callable[[float], None],
) -> int:
    """Erase all accounts that are linked to a customer id, and return how many there were.

    However many are linked: the limit guards sending. The index lags behind a link, so it is
    looked at each second for ten seconds.

    Parameters
    ----------
    subscribers, audience
        The records, and who is linked.
    customer_id
        The business' own id of the customer.
    now, sleep
        The clock (aware), and how to wait (seconds).

    Raises
    ------
    ConcurrentChange
        Others kept changing a record: erase again.
    botocore.exceptions.ClientError, botocore.exceptions.BotoCoreError
        A table could not be read or written: erase again.
    """
    erased: set[str] = set()
    for pause in (0.0, *[_LOOK_AGAIN] * _LOOKS_AGAIN):
        sleep(pause)
        at = _milliseconds(now())
        # Who is linked anew after it stays: that is news.
        while user_ids := {*audience.accounts(customer_id, past_disables=True)} - erased:
            for user_id in user_ids:
                subscribers.apply_as_newest(user_id, Erased(at))
            erased |= user_ids
    return len(erased)


def _milliseconds(moment: datetime) -> int:
    return int(moment.timestamp() * 1000)
