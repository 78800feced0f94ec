"""Why a ring stays dark, in sentences a business can act on."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

NOT_LINKED = "not linked"

OUTCOMES: Mapping[str, str] = {
    "accepted": "",
    "duplicate": "",
    "rejected": "Alexa refused the customer: the skill is disabled, or its notifications are off",
    "limited": "the customer has had all notifications that Alexa lets them have for now",
    "invalid": "Alexa refused the event, or its content could not be made",
    "skipped": "the customer does not take this event, or nobody is linked",
    "expired": "it expired before Alexa said that it took it",
    "failed": "Alexa gave no answer that tells whether it rang",
}
"""By outcome, for what has no reason of its own."""


def why(outcome: str) -> str:
    """Return why a customer with this outcome heard nothing; empty when they heard."""
    return OUTCOMES.get(outcome, outcome)


DETAILS: Mapping[str, str] = {
    "not subscribed": (
        "no account has subscribed to an event: the customer turns notifications on in the Alexa "
        "app, or by answering the skill's question"
    ),
    "disabled": "the customer disabled the skill after subscribing",
    "no permission": "the customer took the permission for notifications back",
    "rejected": "Alexa refused the customer since; their next subscription lifts that",
}
"""By `yellowring.subscribers.deliverability`'s reason."""


def detail_of(reason: str, stack: str, region: str) -> str:
    """Return the sentence that goes with a reason; empty without one."""
    if reason == NOT_LINKED:
        return (
            f"no account is linked to this customer id in the stack {stack} in {region}; stacks of "
            "other regions have their own customers, and a link of the last seconds may not be "
            "seen yet"
        )
    return DETAILS.get(reason, "")
