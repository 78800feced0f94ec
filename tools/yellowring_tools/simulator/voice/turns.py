"""The envelopes of a conversation, and what a device makes of the skill's replies.

Sources: "Request and Response JSON Reference" and "Voice-Forward Consent API Reference" (Alexa
Skills Kit).
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal
from uuid import uuid4
from xml.etree import ElementTree

from yellowring_tools.simulator.skill.events import spell, system

if TYPE_CHECKING:
    from datetime import datetime

    from yellowring_tools.simulator.skill.events import Sender

ConsentStatus = Literal["ACCEPTED", "DENIED", "NOT_ANSWERED", "ERROR"]

LONGEST_SPEECH = 8000
CONSENT_URI = "connection://AMAZON.AskForPermissionsConsent/2"
_WHOLE_REQUESTS = ("LaunchRequest", "SessionEndedRequest")
_SSML_START = '<speak xmlns:amazon="amazon" xmlns:alexa="alexa"'


class BadReply(Exception):
    """The skill answered with something that no device can play; the text says what is wrong."""


@dataclass(frozen=True, slots=True)
class Utterance:
    """What a customer says: an intent, or ``LaunchRequest`` to open the skill.

    ``slots`` are as a request has them, by name.
    """

    intent: str
    locale: str
    slots: dict[str, dict[str, Any]] = field(default_factory=dict)

    def request(self) -> dict[str, Any]:
        """Give the request that Alexa makes of it."""
        if self.intent == "SessionEndedRequest":
            return {"type": self.intent, "reason": "USER_INITIATED"}
        if self.intent in _WHOLE_REQUESTS:
            return {"type": self.intent}
        intent = {"name": self.intent, "confirmationStatus": "NONE", "slots": self.slots}
        return {"type": "IntentRequest", "intent": intent, "dialogState": "COMPLETED"}


@dataclass(slots=True)
class Session:
    """One conversation; ``attributes`` come back to the skill with each request."""

    locale: str
    session_id: str = field(default_factory=lambda: f"amzn1.echo-api.session.{uuid4()}")
    attributes: dict[str, Any] = field(default_factory=dict)
    new: bool = True


_ERRORS = {400: "Bad request", 500: "Internal error"}


@dataclass(frozen=True, slots=True)
class Answer:
    """What became of a question for permissions.

    ``card`` tells that Alexa, without an answer, left a card in the app; ``code`` is that of an
    ``ERROR``, of a question that could not be asked.
    """

    status: ConsentStatus
    card: bool = False
    code: int = 500


@dataclass(frozen=True, slots=True)
class Consent:
    """A question for permissions that Alexa asks for the skill.

    ``asked`` are the scopes with their levels, as the skill named them.
    """

    scopes: tuple[str, ...]
    asked: list[dict[str, Any]]
    token: str | None

    def request(self, answer: Answer) -> dict[str, Any]:
        """Give the request that brings the customer's answer."""
        cause: dict[str, Any] = {"type": "ConnectionCompleted"}
        if self.token is not None:
            cause["token"] = self.token
        if answer.status == "ERROR":
            cause["status"] = {"code": str(answer.code), "message": _ERRORS[answer.code]}
            return {"type": "SessionResumedRequest", "cause": cause}
        cause["status"] = {"code": "200", "message": "OK"}
        scopes = [each | {"status": answer.status} for each in self.asked]
        cause["result"] = {"permissionScopes": scopes, "isCardThrown": answer.card}
        return {"type": "SessionResumedRequest", "cause": cause}


@dataclass(frozen=True, slots=True)
class Reply:
    """What the skill answered, read as a device does.

    ``card_scopes`` are those that a permissions card asks for; ``ends`` says whether the device
    stops listening.
    """

    speech: str | None
    reprompt: str | None
    card: dict[str, Any] | None
    directives: list[dict[str, Any]]
    ends: bool
    attributes: dict[str, Any]
    card_scopes: tuple[str, ...] | None
    consent: Consent | None

    def document(self) -> dict[str, object]:
        """The reply as its control shows it."""
        return {
            "speech": self.speech,
            "reprompt": self.reprompt,
            "card": self.card,
            "directives": self.directives,
            "shouldEndSession": self.ends,
        }


def session_envelope(
    sender: Sender, device_id: str, session: Session, request: dict[str, Any], now: datetime
) -> bytes:
    """Compose the envelope of one request of a session."""
    context = system(sender)
    context["device"] = {"deviceId": device_id, "supportedInterfaces": {}}
    document = {
        "version": "1.0",
        "session": {
            "new": session.new,
            "sessionId": session.session_id,
            "application": context["application"],
            "attributes": session.attributes,
            "user": context["user"],
        },
        "context": {"System": context},
        "request": {
            "requestId": f"amzn1.echo-api.request.{uuid4()}",
            "timestamp": spell(now, "iso"),
            "locale": session.locale,
            **request,
        },
    }
    return json.dumps(document).encode()


def read_reply(raw: bytes | None) -> Reply:
    """Read what the skill's function answered.

    Raises
    ------
    BadReply
        Saying where it is not a response that Alexa takes.
    """
    try:
        document = json.loads(raw or b"null")
    except ValueError:
        raise BadReply("the skill's answer is not JSON") from None
    document = _object(document, "the skill's answer")
    response = _object(document.get("response"), "response")
    reprompt = _object(response.get("reprompt") or {}, "response.reprompt")
    directives = response.get("directives", [])
    if not isinstance(directives, list):
        raise BadReply("response.directives must be a list")
    directives = [
        _object(each, f"response.directives[{index}]") for index, each in enumerate(directives)
    ]
    card = response.get("card")
    ends = response.get("shouldEndSession")
    consent = _consent(directives, ends=ends is True)
    return Reply(
        speech=_speech(response.get("outputSpeech"), "response.outputSpeech"),
        reprompt=_speech(reprompt.get("outputSpeech"), "response.reprompt.outputSpeech"),
        card=None if card is None else _object(card, "response.card"),
        directives=directives,
        # Left out, it is true on a device without a screen; Alexa's own question keeps it open.
        ends=consent is None if ends is None else bool(ends),
        attributes=_object(document.get("sessionAttributes") or {}, "sessionAttributes"),
        card_scopes=_card_scopes(card),
        consent=consent,
    )


def _object(value: object, path: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise BadReply(f"{path} must be an object, not {json.dumps(value)[:60]}")
    return value


def _speech(speech: object, path: str) -> str | None:
    if speech is None:
        return None
    spoken = _object(speech, path)
    name = {"PlainText": "text", "SSML": "ssml"}.get(str(spoken.get("type")))
    if name is None:
        raise BadReply(f"{path}.type must be PlainText or SSML")
    text = spoken.get(name)
    if not isinstance(text, str) or not text or len(text) > LONGEST_SPEECH:
        raise BadReply(f"{path}.{name} must be 1 to {LONGEST_SPEECH} characters")
    return text if name == "text" else _without_markup(text, f"{path}.ssml")


def _without_markup(ssml: str, path: str) -> str:
    try:
        # It comes from the project's own function, which needs no defence against.
        spoken = ElementTree.fromstring(ssml.strip().replace("<speak", _SSML_START, 1))  # noqa: S314
    except ElementTree.ParseError as error:
        raise BadReply(f"{path} is not well-formed: {error}") from None
    if spoken.tag != "speak":
        raise BadReply(f"{path} must be one <speak> element")
    return " ".join("".join(spoken.itertext()).split())


def _card_scopes(card: object) -> tuple[str, ...] | None:
    if not isinstance(card, dict) or card.get("type") != "AskForPermissionsConsent":
        return None
    return _scopes(card.get("permissions"), "response.card.permissions")


def _consent(directives: list[dict[str, Any]], *, ends: bool) -> Consent | None:
    for index, directive in enumerate(directives):
        if directive.get("type") == "Connections.StartConnection":
            if ends:
                raise BadReply("response.shouldEndSession must not be true: the session resumes")
            return _connection(directive, f"response.directives[{index}]")
    return None


def _connection(directive: dict[str, Any], path: str) -> Consent:
    if directive.get("uri") != CONSENT_URI:
        raise BadReply(f"{path}.uri must be {CONSENT_URI}; no other connection is played here")
    if directive.get("onCompletion", "RESUME_SESSION") != "RESUME_SESSION":
        raise BadReply(f"{path}.onCompletion must be RESUME_SESSION, for the skill to hear more")
    token = directive.get("token")
    if not isinstance(token, str | None):
        raise BadReply(f"{path}.token must be a string")
    wanted = _object(directive.get("input"), f"{path}.input")
    for name, value in (("@type", "AskForPermissionsConsentRequest"), ("@version", "2")):
        if wanted.get(name) != value:
            raise BadReply(f'{path}.input.{name} must be "{value}"')
    path = f"{path}.input.permissionScopes"
    entries = wanted.get("permissionScopes")
    if not isinstance(entries, list):
        raise BadReply(f"{path} must be a list")
    asked = [_object(entry, path) for entry in entries]
    if any(entry.get("consentLevel") not in ("ACCOUNT", "PERSON") for entry in asked):
        raise BadReply(f"{path} must each have consentLevel ACCOUNT or PERSON")
    return Consent(_scopes([entry.get("permissionScope") for entry in asked], path), asked, token)


def _scopes(names: object, path: str) -> tuple[str, ...]:
    if not isinstance(names, list) or not names or not all(isinstance(each, str) for each in names):
        raise BadReply(f"{path} must name at least one permission scope")
    return tuple(names)
