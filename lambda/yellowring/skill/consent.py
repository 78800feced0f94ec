"""Asking a customer for the permission to notify them: with a card in the Alexa app, or by voice.

Sources: "Request Customer Permissions in the Response" for the card; "Voice-Forward Consent API
Reference" for the question by voice and what comes of it (Alexa Skills Kit). Nobody documents that
Alexa takes the notifications permission by voice, and where she refuses the directive nothing can
follow it, so the card is the default.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Literal, NamedTuple

from yellowring.observability import count, logger
from yellowring.skill.voice_request import Object, VoiceRequest, member, string
from yellowring.subscribers import NOTIFICATIONS_SCOPE, is_deliverable

if TYPE_CHECKING:
    from collections.abc import Mapping

    from yellowring.skill.turn import Turn
    from yellowring.subscribers import Record

TOKEN = "yellowring.notifications"  # noqa: S105 - marks the answer as one to our question

CARD: Mapping[str, object] = MappingProxyType(
    {"type": "AskForPermissionsConsent", "permissions": [NOTIFICATIONS_SCOPE]}
)
DIRECTIVE: Mapping[str, object] = MappingProxyType(
    {
        "type": "Connections.StartConnection",
        "uri": "connection://AMAZON.AskForPermissionsConsent/2",
        "input": {
            "@type": "AskForPermissionsConsentRequest",
            "@version": "2",
            "permissionScopes": [
                {"permissionScope": NOTIFICATIONS_SCOPE, "consentLevel": "ACCOUNT"}
            ],
        },
        "token": TOKEN,
        "onCompletion": "RESUME_SESSION",
    }
)


type ConsentStatus = Literal["accepted", "denied", "unanswered", "error"]


class Settled(NamedTuple):
    """What came of a question, and whether the customer is to be notified by their record."""

    status: ConsentStatus
    deliverable: bool


def ask_for_consent(turn: Turn) -> None:
    """Ask the customer whether the skill may send notifications; who has granted it accepts."""
    if turn.request.granted:
        answer_acceptance(turn, turn.accept_consent())
    elif turn.consent_by_voice:
        turn.hand_over("consent_ask", dict(DIRECTIVE))
    else:
        leave_card(turn)


def answer_acceptance(turn: Turn, record: Record) -> None:
    """Say that notifications are on where the record has it so; else a card asks for the rest."""
    if is_deliverable(record):
        turn.say("consent_accepted")
    else:
        leave_card(turn)


def is_consent_answer(request: VoiceRequest) -> bool:
    """Check whether a session was resumed with what came of our question."""
    cause = member(request.fields, "cause")
    return cause.get("type") == "ConnectionCompleted" and cause.get("token") == TOKEN


def answer_consent(turn: Turn) -> Settled:
    """Answer what came of the question by voice; where it came to nothing, a card asks instead."""
    outcome = _outcome(member(turn.request.fields, "cause"))
    count("Consents", status=outcome)
    if outcome == "DENIED":
        turn.say("consent_denied")
        return Settled("denied", deliverable=False)
    if outcome == "ACCEPTED" or turn.request.granted:
        record = turn.accept_consent()
        answer_acceptance(turn, record)
        return Settled("accepted", is_deliverable(record))
    logger.warning("voice consent came to nothing", extra={"outcome": outcome})
    leave_card(turn)
    return Settled("unanswered" if outcome == "NOT_ANSWERED" else "error", deliverable=False)


def _outcome(cause: Object) -> str:
    """Return ``ACCEPTED``, ``DENIED`` or ``NOT_ANSWERED``, or else ``ERROR``."""
    if str(member(cause, "status").get("code")) != "200":
        return "ERROR"
    result = member(cause, "result")
    scopes = result.get("permissionScopes")
    own = [
        each.get("status")
        for each in (scopes if isinstance(scopes, list) else ())
        if isinstance(each, dict) and each.get("permissionScope") == NOTIFICATIONS_SCOPE
    ]
    status = string(own[0] if own else result.get("status"))
    return status if status in ("ACCEPTED", "DENIED", "NOT_ANSWERED") else "ERROR"


def leave_card(turn: Turn) -> None:
    """Leave a card in the Alexa app that asks."""
    turn.say("consent_card_sent")
    turn.show(dict(CARD))
