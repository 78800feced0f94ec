"""Who is to be notified of what: the one rule, in Python and as DynamoDB evaluates it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from yellowring.subscribers.changes import NOTIFICATIONS_SCOPE
from yellowring.subscribers.record import NEVER

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mypy_boto3_dynamodb.type_defs import AttributeValueTypeDef

    from yellowring.subscribers.record import Record

TOMBSTONE_DAYS = 40
"""How long a record without content stays: longer than backups live."""
RETENTION_DAYS = 365
"""How long a record stays whose customer is not deliverable."""

type Deliverability = Literal[
    "deliverable", "not subscribed", "disabled", "no permission", "rejected"
]

_SINCE = (
    " AND (attribute_not_exists(disabledAt) OR disabledAt < {since})"
    " AND (attribute_not_exists(#p.#at) OR #p.#at <= {since} OR contains(#p.#value, :scope))"
    " AND (attribute_not_exists(rejectedAt) OR rejectedAt < {since})"
)
_LISTED = "contains(#s.#value, :event)" + _SINCE.format(since="#s.#at")
_ACCEPTED = (
    "attribute_exists(acceptedAt) AND (attribute_not_exists(#s.#at) OR #s.#at <= disabledAt)"
    + _SINCE.format(since="acceptedAt")
)
EXPRESSION = f"(({_LISTED}) OR ({_ACCEPTED}))"
"""True of the items that `deliverability` calls deliverable."""
NAMES: Mapping[str, str] = {
    "#s": "subscriptions",
    "#p": "permissions",
    "#at": "at",
    "#value": "value",
}


def values(event_name: str) -> dict[str, AttributeValueTypeDef]:
    """Return the values that `EXPRESSION` uses."""
    return {":event": {"S": event_name}, ":scope": {"S": NOTIFICATIONS_SCOPE}}


def deliverability(record: Record, event_name: str, *, marks: bool = True) -> Deliverability:
    """Return whether a customer is to be notified of an event, or else why not.

    The newest list says what the customer subscribed to. While no list is newer than the last
    disable, consent that the skill itself was given stands for a subscription to every event.
    With ``marks`` off, Alexa's refusals say nothing.
    """
    listed, disabled, accepted = map(record.time, ("subscriptions", "disabledAt", "acceptedAt"))
    by_consent = accepted > NEVER and (listed == NEVER or listed <= disabled)
    since = accepted if by_consent else listed
    if not by_consent and event_name not in record.list("subscriptions"):
        return "not subscribed"
    if disabled >= since:
        return "disabled"
    if record.time("permissions") > since and not _is_permitted(record):
        return "no permission"
    return "rejected" if marks and record.time("rejectedAt") >= since else "deliverable"


def subscribed_events(record: Record | None) -> frozenset[str]:
    """Return the events of the customer's list that they are deliverable for."""
    listed = record.list("subscriptions") if record else ()
    return frozenset(
        name for name in listed if record and deliverability(record, name) == "deliverable"
    )


def subscription_is_due(record: Record) -> bool:
    """Check whether notifications are allowed, but the subscription to go with it is not here.

    Alexa sends the two on their own ways, so one may come up to an hour after the other.
    """
    allowed = record.time("permissions") if _is_permitted(record) else NEVER
    told = max(record.time("subscriptions"), record.time("disabledAt"))
    return max(allowed, record.time("acceptedAt")) > told


def expires_at(record: Record, retention_days: int = RETENTION_DAYS) -> int | None:
    """Return when DynamoDB may delete a record, in seconds since the epoch; ``None``: never.

    By then it says nothing that its absence would not say.
    """
    events = [*record.list("subscriptions"), ""]  # the one without a name is for consent alone
    if any(deliverability(record, each, marks=False) == "deliverable" for each in events):
        return None
    entries = (*record.registers.values(), *record.attributes.values())
    latest = max((*(entry.at for entry in entries), *record.moments.values()), default=0)
    return latest // 1000 + (retention_days if entries else TOMBSTONE_DAYS) * 86_400


def _is_permitted(record: Record) -> bool:
    return NOTIFICATIONS_SCOPE in record.list("permissions")
