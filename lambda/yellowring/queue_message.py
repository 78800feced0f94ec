"""The message that asks for a notification, as whoever asks puts it on the sender's queue."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from mypy_boto3_sqs.type_defs import MessageAttributeValueTypeDef

CORRELATION_ID = "correlationId"
"""Attribute of a message that tells what its notification goes back to."""

SHORTEST_LIFE = timedelta(minutes=6, seconds=30)
"""An event lives at least so long: Alexa takes none with less than five minutes left, the sender
begins no request in the half minute before that, and a minute is left to send it in."""


def expiry_of(asked_at: datetime, life: timedelta) -> datetime:
    """Return when a notification expires that was asked for at an aware time, to live so long."""
    return asked_at.replace(microsecond=0) + max(life, SHORTEST_LIFE)


def queue_message(
    event: object,
    localized_attributes: Sequence[object],
    *,
    to: Mapping[str, str],
    reference_id: str,
    expiry_time: datetime,
) -> dict[str, object]:
    """Return what goes on the queue, as plain JSON: the same for whoever asks for the same twice.

    Parameters
    ----------
    event
        ``{"name": …, "payload": {…}}``.
    localized_attributes
        The texts of each locale, in their wire shape; none where the payload refers to none.
    to
        ``{"userId": …}`` or ``{"customerId": …}``.
    reference_id
        1 to 64 of A-Z, a-z, 0-9 and ``~``: Alexa tells a customer once for each.
    expiry_time
        An aware time, of which only the whole seconds count.
    """
    return {
        "event": event,
        "localizedAttributes": list(localized_attributes),
        "to": dict(to),
        "referenceId": reference_id,
        "expiryTime": expiry_time.replace(microsecond=0).isoformat(),
    }


def message_attributes(correlation_id: str | None) -> dict[str, MessageAttributeValueTypeDef]:
    """Return what a message says beside its body: what it goes back to, where it does."""
    if correlation_id is None:
        return {}
    return {CORRELATION_ID: {"DataType": "String", "StringValue": correlation_id}}


def correlation_of(record: Mapping[str, Any]) -> object:
    """Return what the message of a record of Lambda's event goes back to; ``None`` untold."""
    attribute = record.get("messageAttributes", {}).get(CORRELATION_ID, {})
    return attribute.get("stringValue")
