"""Requests that public projects keep among their tests: what is unusual in each, made again.

Every line of ``public_requests.txt`` is one kind of request, *type | facts | in which projects*,
with the number of requests of a project that are of this kind (*unnamed*: the search did not name
the project). None of their files is here: the facts are laid upon an envelope of our own. What
makes no request unusual has no fact: tokens, session attributes, filled slots, a locale or a host
that exists, an idle player.
"""

from __future__ import annotations

from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.conftest import SKILL_ID
from tests.envelopes import NA, envelope, spoken

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from tests.unit.skill.kit import Envelope

TABLE = Path(__file__).with_suffix(".txt")
UNNAMED = "no skill id in the session"
"""Stands beside a fact that leaves none in the context: the request names no skill at all."""

OUT_OF_SESSION = (
    "AlexaHouseholdListEvent.",
    "AlexaSkillEvent.",
    "AudioPlayer.",
    "Messaging.",
    "PlaybackController.",
    "System.",
)

_WORD = "placeholder"
_SECONDS, _MILLISECONDS = 1_479_632_400, 1_479_632_400_000


def _resolved(code: str, *values: str) -> dict[str, Any]:
    found = [{"value": {"name": value, "id": value}} for value in values]
    status = {"status": {"code": code}, "authority": "a", "values": found}
    return {"topic": {"name": "topic", "resolutions": {"resolutionsPerAuthority": [status]}}}


def _cause(code: object, result: object = None, kind: str = "ConnectionCompleted") -> object:
    status = {"code": code, "message": "m"}
    return {"type": kind, "token": "another", "status": status, "result": result}


BODIES: Mapping[str, dict[str, Any]] = {
    "Alexa.Presentation.APL.LoadIndexListData": {"listId": "l", "startIndex": 1, "count": 2},
    "Alexa.Presentation.APL.LoadTokenListData": {"listId": "l", "pageToken": "p"},
    "Alexa.Presentation.APL.RuntimeError": {"errors": [{"type": "LIST_ERROR", "message": "m"}]},
    "Alexa.Presentation.APL.UserEvent": {"arguments": [{"k": 1}], "source": {"type": "Frame"}},
    "AlexaHouseholdListEvent.ItemsCreated": {"body": {"listId": "l", "listItemIds": ["i"]}},
    "AlexaHouseholdListEvent.ItemsUpdated": {"body": {"listId": "l", "listItemIds": ["i"]}},
    "AlexaHouseholdListEvent.ItemsDeleted": {"body": {"listId": "l", "listItemIds": ["i"]}},
    "AlexaSkillEvent.ProactiveSubscriptionChanged": {
        "body": {"subscriptions": [{"eventName": _WORD}]}
    },
    "AlexaSkillEvent.SkillAccountLinked": {"body": {"accessToken": "t"}},
    "AlexaSkillEvent.SkillPermissionAccepted": {"body": {"acceptedPermissions": [{"scope": "s"}]}},
    "AlexaSkillEvent.SkillPermissionChanged": {"body": {"acceptedPermissions": [{"scope": "s"}]}},
    "AudioPlayer.PlaybackFailed": {"currentPlaybackState": {"playerActivity": "PLAYING"}},
    "Connections.Response": {"status": {"code": "200", "message": "OK"}, "token": "another"},
    "CustomInterfaceController.EventsReceived": {"events": [{"payload": {"k": "v"}}]},
    "CustomInterfaceController.Expired": {"expirationPayload": {"k": True}},
    "Display.ElementSelected": {"token": "t"},
    "GameEngine.InputHandlerEvent": {"events": [{"name": "e", "inputEvents": [{"action": "up"}]}]},
    "Messaging.MessageReceived": {"message": {"greeting": "hello"}},
    "SessionResumedRequest": {"cause": _cause("200")},
    "System.ExceptionEncountered": {"cause": {"requestId": "r"}, "error": {"type": "INTERNAL"}},
}
"""What the requests of a type have besides what all have."""


def _put(path: str, value: object) -> Callable[[Envelope], None]:
    *way, last = path.split("/")

    def edit(made: Envelope) -> None:
        for name in way:
            made = made[name]
        made[last] = value

    return edit


def _drop(path: str) -> Callable[[Envelope], None]:
    *way, last = path.split("/")

    def edit(made: Envelope) -> None:
        for name in way:
            made = made.get(name, {})
        made.pop(last, None)

    return edit


_SYSTEM, _USER = "context/System", "context/System/user"
_VIEWPORTS = "context/Viewports"

FACTS: Mapping[str, Callable[[Envelope], None]] = {
    "no version": _drop("version"),
    "placeholder version": _put("version", _WORD),
    "extra members": _put("unheardOf", {"value": 1}),
    "no session": _drop("session"),
    "a session": _put("session", {"application": {"applicationId": SKILL_ID}, "new": False}),
    "empty session": _put("session", {}),
    "no user in the session": _drop("session/user"),
    UNNAMED: _drop("session/application"),
    "no context": _drop("context"),
    "null context": _put("context", None),
    "no System": _drop(_SYSTEM),
    "no application": _drop(f"{_SYSTEM}/application"),
    "no skill id": _drop(f"{_SYSTEM}/application/applicationId"),
    "null skill id": _put(f"{_SYSTEM}/application/applicationId", None),
    "no user": _drop(_USER),
    "no user id": _drop(f"{_USER}/userId"),
    "null user id": _put(f"{_USER}/userId", None),
    "placeholder user id": _put(f"{_USER}/userId", _WORD),
    "old user id": _put(f"{_USER}/userId", "amzn1.account.OLDCUSTOMER"),
    "null permissions": _put(f"{_USER}/permissions", None),
    "granted scope": _put(f"{_USER}/permissions", {"scopes": {"s": {"status": "GRANTED"}}}),
    "permissions beside the user": _put(f"{_SYSTEM}/permissions", {"consentToken": "t"}),
    "person": _put(f"{_SYSTEM}/person", {"personId": "p", "authenticationConfidenceLevel": {}}),
    "unit": _put(f"{_SYSTEM}/unit", {"unitId": "u", "persistentUnitId": "p"}),
    "no host": _drop(f"{_SYSTEM}/apiEndpoint"),
    "null host": _put(f"{_SYSTEM}/apiEndpoint", None),
    "placeholder host": _put(f"{_SYSTEM}/apiEndpoint", _WORD),
    "host with a slash": _put(f"{_SYSTEM}/apiEndpoint", f"{NA}/"),
    "no interfaces": _drop(f"{_SYSTEM}/device/supportedInterfaces"),
    "null interfaces": _put(f"{_SYSTEM}/device/supportedInterfaces", None),
    "interface as a list": _put(f"{_SYSTEM}/device/supportedInterfaces", {"AudioPlayer": []}),
    "null AudioPlayer": _put("context/AudioPlayer", None),
    "empty AudioPlayer": _put("context/AudioPlayer", {}),
    "player token null": _put("context/AudioPlayer", {"playerActivity": "IDLE", "token": None}),
    "placeholder playerActivity": _put("context/AudioPlayer", {"playerActivity": _WORD}),
    "null Display": _put("context/Display", None),
    "null Geolocation": _put("context/Geolocation", None),
    "geolocation": _put("context/Geolocation", {"coordinate": {"latitudeInDegrees": 1.5}}),
    "viewport": _put("context/Viewport", {"shape": "RECTANGLE", "video": {"codecs": ["H_264_42"]}}),
    "viewports": _put(_VIEWPORTS, [{"type": "APLT", "format": "SEVEN_SEGMENT", "id": "main"}]),
    "sparse viewports": _put(_VIEWPORTS, [{"shape": "ROUND", "dpi": 1}]),
    "screen state": _put("context/Alexa.Presentation.APL", {"componentsVisibleOnScreen": [{}]}),
    "Advertising": _put("context/Advertising", {"limitAdTracking": False}),
    "Automotive": _put("context/Automotive", {}),
    "Extensions": _put("context/Extensions", {"available": {"aplext:backstack:10": {}}}),
    "no request id": _drop("request/requestId"),
    "null request id": _put("request/requestId", None),
    "empty request id": _put("request/requestId", ""),
    "no timestamp": _drop("request/timestamp"),
    "timestamp null": _put("request/timestamp", None),
    "timestamp empty": _put("request/timestamp", ""),
    "timestamp a word": _put("request/timestamp", "now"),
    "timestamp in ms": _put("request/timestamp", _MILLISECONDS),
    "timestamp in s as text": _put("request/timestamp", str(_SECONDS)),
    "timestamp with fraction": _put("request/timestamp", "2016-11-20T09:00:00.123Z"),
    "timestamp without zone": _put("request/timestamp", "2016-11-20T09:00:00"),
    "timestamp with offset": _put("request/timestamp", "2016-11-20T09:00:00.123456+00:00"),
    "timeStamp a word": _put("request/timeStamp", "now"),
    "publishing times": lambda made: made["request"].update(
        eventCreationTime="2016-11-20T09:00:00Z", eventPublishingTime="2016-11-20T09:00:01Z"
    ),
    "publishing times a word": lambda made: made["request"].update(
        eventCreationTime="now", eventPublishingTime="now"
    ),
    "no locale": _drop("request/locale"),
    "null locale": _put("request/locale", None),
    "placeholder locale": _put("request/locale", _WORD),
    "locale in small letters": _put("request/locale", "en-us"),
    "context in the request": _put("request/context", {"user": {"userId": _WORD}}),
    "user id in the request": _put("request/userId", _WORD),
    "a task": _put("request/task", {"name": "AMAZON.PrintPDF", "version": "1", "input": {"k": 1}}),
    "no intent": _drop("request/intent"),
    "intent with entities": _put("request/intent/name", "AMAZON.AddAction<object@Book>"),
    "intent without a name": _put("request/intent/name", ""),
    "null confirmationStatus": _put("request/intent/confirmationStatus", None),
    "placeholder confirmationStatus": _put("request/intent/confirmationStatus", _WORD),
    "null dialogState": _put("request/dialogState", None),
    "unknown dialogState": _put("request/dialogState", "BEGINNING"),
    "slots as a list": _put("request/intent/slots", []),
    "slot as text": _put("request/intent/slots", {"topic": "text"}),
    "slot of nulls": _put(
        "request/intent/slots", {"topic": {"name": "topic", "resolutions": None}}
    ),
    "slot of values": _put(
        "request/intent/slots", {"topic": {"slotValue": {"type": "Simple", "value": "text"}}}
    ),
    "resolved slot": _put("request/intent/slots", _resolved("ER_SUCCESS_MATCH", "one", "two")),
    "unresolved slot": _put("request/intent/slots", _resolved("ER_SUCCESS_NO_MATCH")),
    "placeholder slot": _put("request/intent/slots", _resolved(_WORD, _WORD)),
    "no reason": _drop("request/reason"),
    "null reason": _put("request/reason", None),
    "unknown reason": _put("request/reason", _WORD),
    "an error": _put("request/error", {"type": "INVALID_RESPONSE", "message": "m"}),
    "unknown error": _put("request/error", {"type": _WORD, "message": "m"}),
    "answer to AskFor": lambda made: made["request"].update(
        name="AskFor", payload={"permissionScope": "s", "status": "DENIED"}
    ),
    "answer to Buy": _put("request/name", "Buy"),
    "answer to Cancel": _put("request/name", "Cancel"),
    "answer to Upsell": lambda made: made["request"].update(
        name="Upsell", payload={"purchaseResult": "ACCEPTED", "productId": "p"}
    ),
    "placeholder code": _put("request/status/code", _WORD),
    "status code as a number": _put("request/status/code", 200),
    "no status": _drop("request/status"),
    "no message": _drop("request/message"),
    "no result": _put("request/cause", _cause("200")),
    "code as a number": _put("request/cause", _cause(200)),
    "PIN not confirmed": _put("request/cause", _cause("200", {"status": "NOT_ACHIEVED"})),
    "PIN confirmed": _put("request/cause", _cause("200", {"status": "ACHIEVED"})),
    "empty result": _put("request/cause", _cause("200", {"status": ""})),
    "result missing": _drop("request/cause/result"),
    "connection failed": _put("request/cause", _cause("500", kind="ConnectionError")),
    "persisted": _put("request/body", {"userInformationPersistenceStatus": "PERSISTED"}),
    "not persisted": _put("request/body", {"userInformationPersistenceStatus": "NOT_PERSISTED"}),
    "no body": _drop("request/body"),
    "no scopes": _put("request/body/acceptedPermissions", []),
    "no items": _put("request/body/listItemIds", []),
    "index as text": _put("request/startIndex", "1"),
    "unknown playback state": _put("request/currentPlaybackState/playerActivity", _WORD),
}
"""What can be unusual in a request, and how to make an envelope so; *intent X* names the intent."""


@dataclass(frozen=True, slots=True)
class PublicRequest:
    """A kind of request that public projects test with.

    Attributes
    ----------
    type
        The request's type.
    facts
        What is unusual in it: names in ``FACTS``, in the order in which they are laid on.
    found
        How many requests of this kind each project has.
    """

    type: str
    facts: tuple[str, ...]
    found: Mapping[str, int]

    def __str__(self) -> str:
        """Return the row's words, which name the test."""
        return " | ".join((self.type, *self.facts))

    def envelope(self) -> Envelope:
        """Return such an envelope; its context names our skill if nothing else would."""
        made = self.as_found()
        if UNNAMED in self.facts:
            system = made.setdefault("context", {}).setdefault("System", {})
            system["application"] = {"applicationId": SKILL_ID}
        return made

    def as_found(self) -> Envelope:
        """Return such an envelope, which names no skill if the public one names none."""
        made = self._usual()
        for fact in self.facts:
            if fact.startswith("intent AMAZON."):
                made["request"]["intent"]["name"] = fact.removeprefix("intent ")
            else:
                FACTS[fact](made)
        return made

    def _usual(self) -> Envelope:
        if self.type.startswith(OUT_OF_SESSION):
            made = envelope(self.type, locale="en-US")
            made["context"]["System"]["device"] = {"deviceId": "d", "supportedInterfaces": {}}
        else:
            intent = "PlanATripIntent" if self.type.endswith("IntentRequest") else None
            made = spoken(self.type, intent)
        made["request"] |= deepcopy(BODIES.get(self.type, {}))
        return made


def public_requests() -> Iterator[PublicRequest]:
    """Read the table."""
    for line in TABLE.read_text(encoding="utf-8").splitlines():
        kind, facts, found = (part.strip() for part in line.split("|"))
        counts = (each.partition(" ") for each in found.split(", "))
        yield PublicRequest(
            kind,
            tuple(filter(None, facts.split(", "))),
            {project: int(number) for number, _, project in counts},
        )
