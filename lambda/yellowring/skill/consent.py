"""Asking a customer for the permission to notify them: by voice, or with a card in the Alexa app.

Sources: "Set Up Voice Permissions for Reminders" for the directive, its answers and their status
codes; "Request Customer Permissions in the Response" for the card (Alexa Skills Kit).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ask_sdk_model.interfaces.connections import SendRequestDirective
from ask_sdk_model.ui import AskForPermissionsConsentCard

from yellowring.observability import count, logger
from yellowring.subscribers import NOTIFICATIONS_SCOPE

if TYPE_CHECKING:
    from ask_sdk_model.interfaces.connections import ConnectionsResponse

    from yellowring.skill.turn import Turn

NAME = "AskFor"
TOKEN = "notifications"  # noqa: S105 - marks the answer as one to our question

_NOT_IN_MANIFEST = "400"


def ask_for_consent(turn: Turn) -> None:
    """Have Alexa ask the customer whether the skill may send notifications."""
    permission = {"permissionScope": NOTIFICATIONS_SCOPE, "consentLevel": "ACCOUNT"}
    payload = {
        "@type": "AskForPermissionsConsentRequest",
        "@version": "2",
        "permissionScopes": [permission],
    }
    directive = SendRequestDirective(name=NAME, payload=payload, token=TOKEN)
    turn.hand_over("consent_ask", directive)


def answer_consent(turn: Turn, response: ConnectionsResponse) -> None:
    """Answer what came of the question; where it could not be asked, a card asks instead."""
    code = str(response.status.code) if response.status else "none"
    payload = response.payload if isinstance(response.payload, dict) else {}
    status = payload.get("status") if code == "200" else None
    shown = status if status in ("ACCEPTED", "DENIED", "NOT_ANSWERED") else "ERROR"
    count("Consents", status=str(shown))
    match shown:
        case "ACCEPTED":
            turn.say("consent_accepted")
        case "DENIED":
            turn.say("consent_denied")
        case "NOT_ANSWERED" if payload.get("isCardThrown") is True:
            turn.say("consent_card_sent")
        case "NOT_ANSWERED":
            turn.say("consent_not_answered")
        case _:
            _could_not_ask(turn, code)


def _could_not_ask(turn: Turn, code: str) -> None:
    logger.error("voice consent failed", extra={"code": code[:20]})
    if code == _NOT_IN_MANIFEST:  # a card would ask for what the manifest does not allow either
        turn.say("consent_error")
        return
    turn.say("consent_card_sent")
    turn.show(AskForPermissionsConsentCard(permissions=[NOTIFICATIONS_SCOPE]))
