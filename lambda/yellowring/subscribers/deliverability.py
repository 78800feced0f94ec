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
_LATEST_EVENT = 3_600_000
"""How late (ms) Alexa may deliver an event."""

type Deliverability = Literal[
    "deliverable", "not subscribed", "disabled", "no permission", "rejected"
]

_NOT_DISABLED = "(attribute_not_exists(disabledAt) OR disabledAt < {since})"
_PERMITTED = (
    "(attribute_not_exists(#p.#at) OR contains(#p.#value, :scope) OR #p.#at < acceptedAt{or_list})"
)
_LISTED = " AND ".join(
    (
        "contains(#s.#value, :event)",
        _NOT_DISABLED.format(since="#s.#at"),
        _PERMITTED.format(or_list=" OR #p.#at < #s.#at"),
        "(attribute_not_exists(rejectedAt) OR rejectedAt < #s.#at OR rejectedAt < acceptedAt)",
    )
)
_ACCEPTED = " AND ".join(
    (
        "attribute_exists(acceptedAt)",
        "(attribute_not_exists(#s.#at) OR #s.#at <= disabledAt)",
        _NOT_DISABLED.format(since="acceptedAt"),
        _PERMITTED.format(or_list=""),
    )
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
    disable, consent that the skill itself was given stands for a subscription to every event; a
    mark then says nothing, for a refusal of one event would silence all.
    Consent is newer knowledge of the permission than a list or a mark that came before it.
    Who has enabled the skill again since a disable is missing a subscription and nothing else.
    With ``marks`` off, Alexa's refusals say nothing.
    """
    listed, disabled, accepted = map(record.time, ("subscriptions", "disabledAt", "acceptedAt"))
    by_consent = accepted > NEVER and (listed == NEVER or listed <= disabled)
    if not by_consent and event_name not in record.list("subscriptions"):
        return "not subscribed"
    if disabled >= (accepted if by_consent else listed):
        return "not subscribed" if record.time("enabledAt") > disabled else "disabled"
    since = max(accepted, listed)
    if record.time("permissions") >= since and not _is_permitted(record):
        return "no permission"
    marked = marks and not by_consent and record.time("rejectedAt") >= since
    return "rejected" if marked else "deliverable"


def is_deliverable(record: Record, *, marks: bool = True) -> bool:
    """Check whether a customer is to be notified of anything at all."""
    events = [*record.list("subscriptions"), ""]  # the one without a name is for consent alone
    return any(deliverability(record, each, marks=marks) == "deliverable" for each in events)


def subscribed_events(record: Record | None) -> frozenset[str]:
    """Return the events of the customer's list that they are deliverable for."""
    listed = record.list("subscriptions") if record else ()
    return frozenset(
        name for name in listed if record and deliverability(record, name) == "deliverable"
    )


def subscription_is_due(record: Record, now: int) -> bool:
    """Check whether notifications are allowed, but the subscription to go with it is not here.

    Alexa sends the two on their own ways, so one may come up to an hour after the other; ``now``
    (ms) tells when that hour is over.
    """
    allowed = record.time("permissions") if _is_permitted(record) else NEVER
    told = max(record.time("subscriptions"), record.time("disabledAt"))
    latest = max(allowed, record.time("acceptedAt"))
    return latest > told and now - latest <= _LATEST_EVENT


def expires_at(record: Record, retention_days: int = RETENTION_DAYS) -> int | None:
    """Return when DynamoDB may delete a record, in seconds since the epoch; ``None``: never.

    By then it says nothing that its absence would not say.
    """
    if is_deliverable(record, marks=False):
        return None
    entries = (*record.registers.values(), *record.attributes.values())
    latest = max((*(entry.at for entry in entries), *record.moments.values()), default=0)
    return latest // 1000 + (retention_days if entries else TOMBSTONE_DAYS) * 86_400


def _is_permitted(record: Record) -> bool:
    return NOTIFICATIONS_SCOPE in record.list("permissions")
