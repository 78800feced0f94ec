"""Reading what a customer says to the skill, so that no request can surprise it.

Alexa adds objects, fields and values of enums without notice, and the ASK SDK's deserialiser raises
on them. So only what an answer needs is read, and whatever is missing or odd counts as not told.
Source: "Request and Response JSON Reference" (Alexa Skills Kit).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from yellowring.alexa.endpoints import normalised
from yellowring.skill.envelope import TIME_FIELDS, InvalidSkillEvent, locale_of, text, usable_time
from yellowring.subscribers import NOTIFICATIONS_SCOPE

type Object = Mapping[str, object]

_NOTHING: Object = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class VoiceRequest:
    """A voice request, as far as an answer needs it.

    Attributes
    ----------
    kind
        ``request.type``; empty when there is none.
    intent
        The intent's name; empty when there is none.
    locale
        The language that is spoken, for example ``en-GB``, when it is told in that form.
    user_id
        The customer; personal data.
    request_id
        Empty when there is none.
    received
        When it came, in milliseconds since the epoch.
    at
        When it was said, in milliseconds since the epoch, where the request tells it.
    host
        ``apiEndpoint``, when it is one of Alexa's.
    granted, denied
        Whether the customer has granted the notifications permission, by Alexa's word; neither
        where she does not tell.
    in_session
        Whether there is a session, so that somebody waits for an answer.
    attributes
        What the last answer left in the session.
    fields
        The ``request`` object as it came.
    """

    kind: str
    intent: str
    locale: str | None
    user_id: str | None
    request_id: str
    received: int
    at: int | None
    host: str | None
    granted: bool
    denied: bool
    in_session: bool
    attributes: Object
    fields: Object

    @property
    def asked(self) -> str | None:
        """What the last answer asked, so that a yes can be understood."""
        return string(self.attributes.get("asked")) or None


def read_voice_request(envelope: Object, now: int) -> VoiceRequest:
    """Read a request envelope that came ``now`` (ms since the epoch); never raises."""
    request = member(envelope, "request")
    session = member(envelope, "session")
    system = member(member(envelope, "context"), "System")
    user = member(system, "user") or member(session, "user")  # before 2016 there was no context
    scopes = member(member(user, "permissions"), "scopes")
    status = string(member(scopes, NOTIFICATIONS_SCOPE).get("status"))
    return VoiceRequest(
        kind=string(request.get("type")),
        intent=string(member(request, "intent").get("name")),
        locale=locale_of(request.get("locale")),
        user_id=_plain(user.get("userId")),
        request_id=_plain(request.get("requestId")) or "",
        received=now,
        at=usable_time((request.get(name) for name in TIME_FIELDS), now),
        host=normalised(system.get("apiEndpoint")),
        granted=status == "GRANTED",
        denied=status not in ("", "GRANTED"),
        in_session=isinstance(envelope.get("session"), Mapping),
        attributes=member(session, "attributes"),
        fields=request,
    )


def member(holder: Object, name: str) -> Object:
    """Return a member that is an object; an empty one where it is not."""
    value = holder.get(name)
    return value if isinstance(value, Mapping) else _NOTHING


def string(value: object) -> str:
    """Return a value that is a string; an empty one where it is not."""
    return value if isinstance(value, str) else ""


def _plain(value: object) -> str | None:
    try:
        return text(value, "")
    except InvalidSkillEvent:
        return None
