"""What a customer's item says: its stamps for those who write, its record for those who read."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from yellowring.subscribers.changes import NOTIFICATIONS_SCOPE
from yellowring.subscribers.updates import ATTRIBUTES, STAMPS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mypy_boto3_dynamodb.type_defs import AttributeValueTypeDef

    from yellowring.subscribers.updates import Register, Stamp

type Item = Mapping[str, AttributeValueTypeDef]
"""A customer as DynamoDB gives them."""
type Record = dict[str, object]
"""A customer as Python has them: sets and numbers its own, the attributes by key in one mapping."""

NEVER: Stamp = (-1, "")
_TIMES = (*STAMPS, "disabledAt", "erasedAt")


def times(item: Item) -> dict[str, int]:
    """Give the times (ms) that an item holds, but for those of the customer's attributes."""
    return {name: int(item[name]["N"]) for name in _TIMES if name in item}


def stamp(item: Item, register: Register) -> Stamp:
    """Tell when and by which request a register was set."""
    if register.at not in item:
        return NEVER
    return int(item[register.at]["N"]), item[register.by]["S"]


def attribute_times(item: Item) -> dict[str, int]:
    """Give the time (ms) of each of the customer's attributes, removed ones included."""
    return {
        name.removeprefix(ATTRIBUTES).removesuffix(".at"): int(value["N"])
        for name, value in item.items()
        if name.startswith(ATTRIBUTES) and name.endswith(".at")
    }


def read_record(item: Item) -> Record:
    """Read an item; attributes that an erasure has not taken along yet are gone already."""
    from boto3.dynamodb.types import TypeDeserializer  # noqa: PLC0415 - not for checking a campaign

    deserialize = TypeDeserializer().deserialize
    values = {name: _plain(deserialize(value)) for name, value in item.items()}
    erased_at = times(item).get("erasedAt", -1)
    known = {key: at for key, at in attribute_times(item).items() if at > erased_at}
    attributes = {
        key: values[ATTRIBUTES + key] for key in sorted(known) if ATTRIBUTES + key in values
    }
    record = {name: value for name, value in values.items() if not name.startswith(ATTRIBUTES)}
    return record | {"attributes": attributes} if attributes else record


def subscribed_events(record: Mapping[str, object] | None) -> frozenset[str]:
    """Tell for which events a customer is deliverable, as the audience's scan decides it."""
    subscriptions = (record or {}).get("subscriptions")
    if not record or not isinstance(subscriptions, set):
        return frozenset()
    since = _time(record, "subscriptionsAt")
    stopped = max(_time(record, "disabledAt"), _time(record, "rejectedAt")) >= since
    revoked = _time(record, "permissionsAt") > since and not _has_permission(record)
    return frozenset() if stopped or revoked else frozenset(map(str, subscriptions))


def subscription_is_due(record: Mapping[str, object]) -> bool:
    """Tell whether notifications are allowed, but the subscription that goes with it is not here.

    Alexa sends the two on their own ways, so one may come up to an hour after the other.
    """
    allowed_at = _time(record, "permissionsAt")
    told_at = max(_time(record, "subscriptionsAt"), _time(record, "disabledAt"))
    return _has_permission(record) and allowed_at > told_at


def _has_permission(record: Mapping[str, object]) -> bool:
    scopes = record.get("permissions")
    return isinstance(scopes, set) and NOTIFICATIONS_SCOPE in scopes


def _time(record: Mapping[str, object], name: str) -> int:
    value = record.get(name)
    return value if isinstance(value, int) else -1


def _plain(value: object) -> object:
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    return value
