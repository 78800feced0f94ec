"""Request envelopes as Alexa sends them."""

from __future__ import annotations

import itertools
from datetime import UTC, datetime, timedelta
from typing import Any

from tests.conftest import SKILL_ID

USER = "amzn1.ask.account.TESTCUSTOMER"
NA = "https://api.amazonalexa.com"
EU = "https://api.eu.amazonalexa.com"
FE = "https://api.fe.amazonalexa.com"
NOTIFICATIONS = "alexa::devices:all:notifications:write"
WEATHER = "AMAZON.WeatherAlert.Activated"
LATEST = 1_000_000
"""Seconds after the start; a greater number is a timestamp in itself."""
START = datetime(2026, 11, 20, 9, tzinfo=UTC)

_ids = itertools.count(1)


def time(seconds: float) -> str:
    """Give a request's timestamp, seconds after the start of all tests."""
    moment = START + timedelta(seconds=seconds)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def envelope(kind: str, *, at: Any = 0, user: str = USER, **request: Any) -> dict[str, Any]:
    """Give an envelope; ``at`` is seconds after the start, or a timestamp as it is to be sent."""
    return {
        "version": "1.0",
        "context": {
            "System": {
                "application": {"applicationId": SKILL_ID},
                "user": {"userId": user},
                "apiEndpoint": NA,
                "apiAccessToken": "Atza|test",
            }
        },
        "request": {
            "type": kind,
            "requestId": f"amzn1.echo-external.request.{next(_ids):08}",
            "timestamp": time(at) if isinstance(at, int | float) and at < LATEST else at,
        }
        | request,
    }


def subscribed(
    *events: str, at: Any = 0, endpoint: str | None = NA, user: str = USER
) -> dict[str, Any]:
    """Give a ProactiveSubscriptionChanged with the events that are on; none at all: no body."""
    body = {"body": {"subscriptions": [{"eventName": name} for name in events]}} if events else {}
    made = envelope("AlexaSkillEvent.ProactiveSubscriptionChanged", at=at, user=user, **body)
    made["context"]["System"]["apiEndpoint"] = endpoint
    return made


def enabled(at: Any = 0, user: str = USER) -> dict[str, Any]:
    """Give a SkillEnabled."""
    return envelope("AlexaSkillEvent.SkillEnabled", at=at, user=user)


def disabled(persistence: str = "NOT_PERSISTED", at: Any = 0, user: str = USER) -> dict[str, Any]:
    """Give a SkillDisabled."""
    body = {"userInformationPersistenceStatus": persistence}
    return envelope("AlexaSkillEvent.SkillDisabled", at=at, user=user, body=body)


def permitted(
    *scopes: str, at: Any = 0, kind: str = "Accepted", user: str = USER
) -> dict[str, Any]:
    """Give a SkillPermissionAccepted or SkillPermissionChanged."""
    body = {"acceptedPermissions": [{"scope": scope} for scope in scopes]}
    return envelope(f"AlexaSkillEvent.SkillPermission{kind}", at=at, user=user, body=body)


def account(*, linked: bool, at: Any = 0, user: str = USER) -> dict[str, Any]:
    """Give a SkillAccountLinked or SkillAccountUnlinked."""
    kind = "AlexaSkillEvent.SkillAccount" + ("Linked" if linked else "Unlinked")
    body = {"body": {"accessToken": "Atza|linked"}} if linked else {}
    return envelope(kind, at=at, user=user, **body)


def message(
    data: Any,
    *,
    at: Any = 0,
    user: str = USER,
    endpoint: str | None = NA,
    locale: str | None = "en-US",
) -> dict[str, Any]:
    """Give a Messaging.MessageReceived with what the business sent its skill."""
    told = {"message": data} | ({"locale": locale} if locale else {})
    made = envelope("Messaging.MessageReceived", at=at, user=user, **told)
    if endpoint:
        made["context"]["System"]["apiEndpoint"] = endpoint
    else:
        del made["context"]["System"]["apiEndpoint"]
    return made


def command(name: str, **members: Any) -> dict[str, Any]:
    """Give the data of a skill message."""
    return {"version": 1, "command": name} | members


def spoken(
    kind: str,
    intent: str | None = None,
    *,
    at: Any = 0,
    locale: str | None = "en-US",
    attributes: dict[str, Any] | None = None,
    user: str = USER,
    **request: Any,
) -> dict[str, Any]:
    """Give a voice request within a session that has these attributes."""
    made = envelope(kind, at=at, user=user, **request)
    system = made["context"]["System"]
    system["device"] = {"deviceId": "d", "supportedInterfaces": {}}
    if locale:
        made["request"]["locale"] = locale
    if intent:
        made["request"]["intent"] = {"name": intent, "confirmationStatus": "NONE"}
    if kind == "SessionEndedRequest":
        made["request"].setdefault("reason", "USER_INITIATED")
    session = {"new": True, "sessionId": "s", "attributes": attributes or {}}
    return made | {"session": session | {key: system[key] for key in ("application", "user")}}


def granted(made: dict[str, Any], status: str = "GRANTED") -> dict[str, Any]:
    """Have Alexa say in a request that the customer has granted the notifications permission."""
    user = made["context"]["System"]["user"]
    user["permissions"] = {"scopes": {NOTIFICATIONS: {"status": status}}}
    return made


def consent(status: str | None, *, code: Any = "200", **made: Any) -> dict[str, Any]:
    """Give what came of asking for consent by voice."""
    scope = {"permissionScope": NOTIFICATIONS, "consentLevel": "ACCOUNT", "status": status}
    cause = {
        "type": made.pop("cause", "ConnectionCompleted"),
        "token": made.pop("token", "yellowring.notifications"),
        "status": {"code": code, "message": "OK"},
        "result": {"permissionScopes": [scope], "isCardThrown": made.pop("card", False)},
    }
    return spoken("SessionResumedRequest", cause=cause, **made)
