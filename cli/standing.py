"""Why a customer is or is not notified of an event, from their record alone."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping
    from typing import Any

NOTIFICATIONS_SCOPE = "alexa::devices:all:notifications:write"

type Standing = Literal["deliverable", "not subscribed", "disabled", "no permission", "rejected"]

STANDINGS: tuple[Standing, ...] = (
    "deliverable",
    "not subscribed",
    "disabled",
    "no permission",
    "rejected",
)
REASONS: Mapping[Standing, str] = {
    "deliverable": "is notified",
    "not subscribed": "has not subscribed to it",
    "disabled": "disabled the skill after subscribing",
    "no permission": "took the permission for notifications back after subscribing",
    "rejected": "was refused by Alexa (403) since; the next subscription event lifts that",
}


def standing(record: Mapping[str, Any], event_name: str) -> Standing:
    """Tell how a customer stands towards an event, as the sender's own filter would.

    Parameters
    ----------
    record
        The customer's item, with sets and numbers as Python's own; times in ms since the epoch.
    event_name
        For example ``AMAZON.WeatherAlert.Activated``.
    """
    subscriptions: Collection[str] = record.get("subscriptions", ())
    if event_name not in subscriptions:
        return "not subscribed"
    at = record.get("subscriptionsAt", -1)
    if "disabledAt" in record and record["disabledAt"] >= at:
        return "disabled"
    allowed = NOTIFICATIONS_SCOPE in record.get("permissions", ())
    if "permissionsAt" in record and record["permissionsAt"] > at and not allowed:
        return "no permission"
    if "rejectedAt" in record and record["rejectedAt"] >= at:
        return "rejected"
    return "deliverable"


def masked(user_id: str) -> str:
    """Show a user id so that its owner's operator knows it again and nobody else has it."""
    head, dot, tail = user_id.rpartition(".")
    return f"{head}{dot}…{tail[-6:]}" if len(tail) > 2 * 6 else f"{head}{dot}…"
