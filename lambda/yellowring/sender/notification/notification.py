"""A notification as it lies on the queue: everything that one customer's event needs."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from yellowring.catalog import check_event
from yellowring.queue_message import SHORTEST_LIFE
from yellowring.sender.campaign import DEFAULT_EXPIRY
from yellowring.sender.campaign.parsing import MOST_PLACEHOLDERS, parse_duration
from yellowring.sender.campaign.placeholders import attributes_named
from yellowring.sender.run.request import RUN_ID_PATTERN
from yellowring.sender.run.run import LAST_MINUTES
from yellowring.subscribers import is_customer_id, is_user_id

if TYPE_CHECKING:
    from typing import TypeGuard

LONGEST_LIFE = timedelta(hours=24)
"""Alexa takes no expiry further ahead."""
CLOCKS_APART = timedelta(minutes=10)
"""How far the clock that an expiry was made by may be ahead of the queue's."""

_KEYS = ("event", "localizedAttributes", "expiresIn", "expiryTime", "to", "referenceId")
_REFERENCE_ID = re.compile(RUN_ID_PATTERN)


class InvalidNotification(ValueError):
    """A message on the queue that is no notification; says where, and never what it holds."""


@dataclass(frozen=True, slots=True)
class Notification:
    """One event for one customer.

    Attributes
    ----------
    user_id, customer_id
        The customer, by exactly one of Alexa's id and the business' own; personal data.
    reference_id
        Alexa tells a customer once for each.
    event_name, payload, localized_attributes
        The event, checked.
    created_at, expiry_time
        Aware times; the event's ``timestamp`` and ``expiryTime``.
    """

    user_id: str | None = field(repr=False)
    customer_id: str | None = field(repr=False)
    reference_id: str
    event_name: str
    payload: dict[str, Any] = field(repr=False)
    localized_attributes: list[dict[str, str]] = field(repr=False)
    created_at: datetime
    expiry_time: datetime

    @property
    def id(self) -> str:
        """The id that it is for, whichever it is."""
        return self.user_id or self.customer_id or ""

    @property
    def last_send(self) -> datetime:
        """When the last request may be begun."""
        return self.expiry_time - LAST_MINUTES


def parse_notification(body: str, sent_at: datetime) -> Notification:
    """Read a message of the queue.

    Parameters
    ----------
    body
        ``{"event": {"name", "payload"}, "to": {"userId"} or {"customerId"}, "referenceId",
        "localizedAttributes"?, "expiryTime"?, "expiresIn"?}``. The expiry is a time, or else a
        duration from ``sent_at``.
    sent_at
        When it was put on the queue, aware.

    Raises
    ------
    InvalidNotification
        Names the part that is wrong.
    """
    document = _document(body)
    unknown = sum(key not in _KEYS for key in document)
    if unknown:
        raise InvalidNotification(f"{unknown} members are not known: use {', '.join(_KEYS)}")
    event = document.get("event")
    if not isinstance(event, dict) or event.keys() != {"name", "payload"}:
        raise InvalidNotification("$.event must have a name and a payload, and nothing else")
    checked = check_event(event["name"], event["payload"], document.get("localizedAttributes", []))
    if checked.problems:
        raise InvalidNotification("; ".join(checked.shapes()[:5]))
    named = attributes_named(checked.payload, checked.localized_attributes)
    if len(named) > MOST_PLACEHOLDERS:
        raise InvalidNotification(f"the event names more than {MOST_PLACEHOLDERS} attributes")
    user_id, customer_id = _to(document.get("to"))
    reference_id = document.get("referenceId")
    if not _is_reference_id(reference_id):
        raise InvalidNotification("$.referenceId must be 1 to 64 of A-Z, a-z, 0-9 and ~")
    created_at, expiry_time = _times(document, sent_at)
    return Notification(
        user_id,
        customer_id,
        reference_id,
        checked.name,
        checked.payload,
        checked.localized_attributes,
        created_at,
        expiry_time,
    )


def ids_of(body: str) -> tuple[str | None, str]:
    """Return the reference id of a message that is no notification, and whom it is for.

    Both as far as they can be read: no reference id is ``None``, nobody an empty text.
    """
    try:
        document = _document(body)
    except InvalidNotification:
        return None, ""
    reference_id, to = document.get("referenceId"), document.get("to")
    ids = (to.get("userId"), to.get("customerId")) if isinstance(to, dict) else ()
    readable = (each for each in ids if isinstance(each, str))
    return reference_id if _is_reference_id(reference_id) else None, next(readable, "")


def _document(body: str) -> dict[str, Any]:
    try:
        document = json.loads(body)
    except (ValueError, RecursionError):
        raise InvalidNotification("the message is not JSON") from None
    if not isinstance(document, dict):
        raise InvalidNotification("the message is not an object")
    return document


def _is_reference_id(value: object) -> TypeGuard[str]:
    return isinstance(value, str) and _REFERENCE_ID.fullmatch(value) is not None


def _to(to: object) -> tuple[str | None, str | None]:
    """Return the user id and the customer id that a notification is for, one of them."""
    if not isinstance(to, dict) or to.keys() not in ({"userId"}, {"customerId"}):
        raise InvalidNotification("$.to must have a userId or a customerId, and nothing else")
    user_id, customer_id = to.get("userId"), to.get("customerId")
    if "userId" in to and not is_user_id(user_id):
        raise InvalidNotification("$.to.userId must be amzn1.ask.account. and more")
    if "customerId" in to and not is_customer_id(customer_id):
        raise InvalidNotification(
            "$.to.customerId must be 1 to 255 of A-Z, a-z, 0-9 and . _ ~ : @ | + = -"
        )
    return user_id, customer_id


def _times(document: dict[str, Any], sent_at: datetime) -> tuple[datetime, datetime]:
    """Return the event's timestamp and expiry, as far apart as Alexa takes."""
    if "expiryTime" in document:
        try:
            expiry_time = datetime.fromisoformat(str(document["expiryTime"]))
            expiry_time = expiry_time.replace(tzinfo=expiry_time.tzinfo or UTC)
            # A redriven message was sent again, later than what its event's life counts from.
            created_at = min(sent_at, expiry_time - SHORTEST_LIFE)
        except (ValueError, OverflowError):
            raise InvalidNotification("$.expiryTime must be an ISO 8601 time") from None
        if expiry_time - sent_at > LONGEST_LIFE + CLOCKS_APART:
            raise InvalidNotification("$.expiryTime must be at most 24 hours ahead")
        return created_at, min(expiry_time, sent_at + LONGEST_LIFE)
    duration = parse_duration(document["expiresIn"]) if "expiresIn" in document else DEFAULT_EXPIRY
    if duration is None or not timedelta(minutes=5) <= duration <= LONGEST_LIFE:
        raise InvalidNotification("$.expiresIn must be a duration from PT5M to PT24H")
    return sent_at, sent_at + max(duration, SHORTEST_LIFE)


def with_expiry(body: str, sent_at: datetime) -> str:
    """Return a message with its expiry as a time, so that no redrive has it live anew.

    What cannot be read is returned as it is.
    """
    try:
        document = json.loads(body)
        notification = parse_notification(body, sent_at)
    except (ValueError, RecursionError):
        return body
    document.pop("expiresIn", None)
    return json.dumps(document | {"expiryTime": notification.expiry_time.isoformat()})
