"""The two ids that a customer goes by: Alexa's, and the business' own."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from yellowring.tokens import holds_token

if TYPE_CHECKING:
    from typing import TypeGuard

    from yellowring.subscribers.record import Record

USER_ID_PATTERN = r"amzn1\.ask\.account\.[!-~]+"
"""Alexa's id of a customer ("Request and Response JSON Reference", Alexa Skills Kit)."""
LONGEST_USER_ID = 255
"""Characters of a user id."""
CUSTOMER_ID_PATTERN = r"[A-Za-z0-9._~:@|+=-]{1,255}"
"""The business' id of a customer: what the subjects of identity providers are made of."""
MOST_ACCOUNTS = 25
"""User ids that may be linked to one customer id; more is no household but a mistake."""

_USER_ID = re.compile(USER_ID_PATTERN)
_CUSTOMER_ID = re.compile(CUSTOMER_ID_PATTERN)


def is_user_id(value: object) -> TypeGuard[str]:
    """Check whether a value has the form of a user id."""
    return (
        isinstance(value, str)
        and len(value) <= LONGEST_USER_ID
        and _USER_ID.fullmatch(value) is not None
    )


def is_customer_id(value: object) -> TypeGuard[str]:
    """Check whether a value can be the business' id of a customer: no token can."""
    return (
        isinstance(value, str)
        and _CUSTOMER_ID.fullmatch(value) is not None
        and not holds_token(value)
    )


def customer_id_of(record: Record, *, past_disables: bool = False) -> str | None:
    """Return the business' id of a customer, while it counts.

    It counts while it is newer than the last disable and the erasure; a tie ends it. Past a
    disable it still tells whose data the record is, for whoever asks for that or erases it.
    """
    entry = record.registers.get("customer")
    ended = record.time("erasedAt")
    if not past_disables:
        ended = max(ended, record.time("disabledAt"))
    if entry is None or entry.at <= ended or not is_customer_id(entry.value):
        return None
    return entry.value
