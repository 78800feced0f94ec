"""Why a customer is or is not notified of an event, in words."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from yellowring.subscribers.deliverability import Deliverability

REASONS: Mapping[Deliverability, str] = {
    "deliverable": "is notified",
    "not subscribed": "has not subscribed to it (since they came back, if they had gone)",
    "disabled": "disabled the skill after subscribing, and has not enabled it again",
    "no permission": "took the permission for notifications back after subscribing",
    "rejected": "was refused by Alexa (403) since; the next subscription event lifts that",
}
STANDINGS = tuple(REASONS)


def masked(user_id: str) -> str:
    """Show a user id so that its owner's operator knows it again and nobody else has it."""
    head, dot, tail = user_id.rpartition(".")
    return f"{head}{dot}…{tail[-6:]}" if len(tail) > 2 * 6 else f"{head}{dot}…"
