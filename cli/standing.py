"""Why a customer is or is not notified of an event, from their record alone."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Mapping

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


def standing(record: Mapping[str, object], event_name: str) -> Standing:
    """Tell how a customer stands towards an event, as the sender's own filter would.

    Parameters
    ----------
    record
        The customer's item, with sets and numbers as Python's own; times in ms since the epoch.
    event_name
        For example ``AMAZON.WeatherAlert.Activated``.
    """
    if event_name not in _words(record, "subscriptions"):
        return "not subscribed"
    at = _time(record, "subscriptionsAt")
    if _time(record, "disabledAt") >= at:
        return "disabled"
    if _time(record, "permissionsAt") > at and (
        NOTIFICATIONS_SCOPE not in _words(record, "permissions")
    ):
        return "no permission"
    return "rejected" if _time(record, "rejectedAt") >= at else "deliverable"


def _words(record: Mapping[str, object], name: str) -> set[object]:
    value = record.get(name)
    return value if isinstance(value, set) else set()


def _time(record: Mapping[str, object], name: str) -> int:
    value = record.get(name)
    return value if isinstance(value, int) else -1


def masked(user_id: str) -> str:
    """Show a user id so that its owner's operator knows it again and nobody else has it."""
    head, dot, tail = user_id.rpartition(".")
    return f"{head}{dot}…{tail[-6:]}" if len(tail) > 2 * 6 else f"{head}{dot}…"
