"""A voice request is answered whatever Alexa adds to it, leaves out, or spells otherwise."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any

import pytest
from yellowring.skill.envelope import WrongSkill

from tests.conftest import SKILL_ID
from tests.envelopes import EU, USER, spoken, time
from tests.unit.skill.answers import check_answer, is_spoken

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.unit.skill.kit import Envelope, Handle, Record


def help_wanted(**made: Any) -> Envelope:
    return spoken("IntentRequest", "AMAZON.HelpIntent", **made)


def put(path: str, value: Any) -> Callable[[Envelope], None]:
    """Set a member, and the objects that lead to it."""

    def change(envelope: Envelope) -> None:
        holder: Any = envelope
        *way, last = path.split("/")
        for name in way:
            holder = holder.setdefault(name, {})
        holder[last] = value

    return change


def drop(path: str) -> Callable[[Envelope], None]:
    """Take a member away."""

    def change(envelope: Envelope) -> None:
        holder: Any = envelope
        *way, last = path.split("/")
        for name in way:
            holder = holder[name]
        del holder[last]

    return change


SCOPE = "alexa::devices:all:notifications:write"
ODD_SHAPES = {
    # What Alexa may add without notice.
    "viewport shape": put("context/Viewport", {"shape": "OVAL", "pixelWidth": 1, "dpi": "x"}),
    "viewports": put("context/Viewports", [{"type": "HOLOGRAM", "shape": "SPHERE"}]),
    "permission status": put(f"context/System/user/permissions/scopes/{SCOPE}", {"status": "ASK"}),
    "permissions of another form": put("context/System/user/permissions", ["everything"]),
    "dialog state": put("request/dialogState", "PAUSED"),
    "confirmation status": put("request/intent/confirmationStatus", "MAYBE"),
    "slot type": put("request/intent/slots", {"a": {"name": "a", "slotValue": {"type": "Tree"}}}),
    "slot status": put("request/intent/slots", {"a": {"name": "a", "source": "GUESS"}}),
    "slot resolution": put(
        "request/intent/slots",
        {"a": {"name": "a", "resolutions": {"resolutionsPerAuthority": [{"status": {}}]}}},
    ),
    "slots of null": put("request/intent/slots", None),
    "an error in an intent": put("request/error", {"type": "INTERNAL_ERROR"}),
    "placeholder version": put("version", "string"),
    "placeholder application": put("context/System/application", {}),
    "placeholder user": put("context/System/user", {"userId": "string", "accessToken": None}),
    "slots as a list": put("request/intent/slots", []),
    "a new object": put("context/Ambient", {"light": {"lux": [1, 2]}}),
    "a new field": put("request/mood", "cheerful"),
    "a person": put("context/System/person", {"personId": 7, "accessLevel": "NEW"}),
    "a unit": put("context/System/unit", {"unitId": None}),
    "launch reason": put("request/metadata", {"referrer": 5}),
    "a new API": put(
        "context/Alexa.Presentation.APL", {"token": 1, "componentsVisibleOnScreen": 2}
    ),
    "extensions": put("context/Extensions", {"available": {"x": []}}),
    "interfaces": put("context/System/device/supportedInterfaces", {"Teleporter": {"v": "2"}}),
    "version": put("version", 2),
    # How the fixtures and simulators of public projects spell requests.
    "epoch in ms": put("request/timestamp", 1795165200123),
    "epoch in s": put("request/timestamp", 1795165200),
    "epoch as a string": put("request/timestamp", "1795165200123"),
    "placeholder timestamp": put("request/timestamp", "string"),
    "blank timestamp": put("request/timestamp", ""),
    "a day that is none": put("request/timestamp", "2016-12-38T00:00"),
    "null timestamp": put("request/timestamp", None),
    "a list for a timestamp": put("request/timestamp", ["?"]),
    "no timestamp": drop("request/timestamp"),
    "far future": put("request/timestamp", "2999-01-01T00:00:00Z"),
    "placeholder activity": put("context/AudioPlayer", {"playerActivity": "string"}),
    "no activity": put("context/AudioPlayer", {"playerActivity": None, "offsetInMilliseconds": ""}),
    "placeholder session": put("session/attributes", "string"),
    "attributes of null": put("session/attributes", None),
    "an asked that is none": put("session/attributes", {"asked": {"consent": True}}),
    "new as text": put("session/new", "true"),
    "no session": drop("session"),
    "empty session": put("session", {}),
    "null session": put("session", None),
    "no context": drop("context"),
    "null context": put("context", None),
    "no System": drop("context/System"),
    "no device": drop("context/System/device"),
    "device without interfaces": put("context/System/device", {"deviceId": "d"}),
    "null device": put("context/System/device", None),
    "no user": drop("context/System/user"),
    "null user": put("context/System/user", None),
    "no user id": put("context/System/user", {}),
    "a number for a user": put("context/System/user/userId", 17),
    "long user id": put("context/System/user/userId", "x" * 300),
    "no request id": drop("request/requestId"),
    "odd request id": put("request/requestId", "é" * 300),
    "no locale": drop("request/locale"),
    "locale as language": put("request/locale", "en"),
    "locale with underscore": put("request/locale", "en_US"),
    "null locale": put("request/locale", None),
    "unknown host": put("context/System/apiEndpoint", "https://alexa.example"),
    "no host": drop("context/System/apiEndpoint"),
    "host of null": put("context/System/apiEndpoint", None),
    "intent of null": put("request/intent", None),
    "no intent": drop("request/intent"),
    "intent as text": put("request/intent", "AMAZON.HelpIntent"),
    "intent name of null": put("request/intent/name", None),
    "in dialog": put("request/inDialog", {"a": 1}),
}


@pytest.mark.parametrize("shape", ODD_SHAPES)
def test_an_odd_request_is_answered_with_speech(handle: Handle, shape: str) -> None:
    for kind, intent in (
        ("LaunchRequest", None),
        ("IntentRequest", "AMAZON.HelpIntent"),
        ("IntentRequest", "SubscriptionStatusIntent"),
    ):
        envelope = spoken(kind, intent)
        envelope["request"].setdefault("intent", {})
        ODD_SHAPES[shape](envelope)
        answer = handle(envelope)
        check_answer(answer)
        assert is_spoken(answer)


WAITED_FOR = [
    *("LaunchRequest", "IntentRequest", "SessionResumedRequest", "Connections.Response"),
    *("Display.ElementSelected", "Alexa.Presentation.APL.UserEvent"),
    *("Alexa.Presentation.APLT.UserEvent", "Alexa.Presentation.HTML.Message"),
]
NOT_WAITED_FOR = [
    *("SessionEndedRequest", "System.ExceptionEncountered", "AudioPlayer.PlaybackStarted"),
    *("AudioPlayer.PlaybackFailed", "PlaybackController.NextCommandIssued"),
    *("Alexa.Presentation.APL.RuntimeError", "Alexa.Presentation.APL.LoadIndexListData"),
    *("Alexa.DataStore.Error", "Alexa.Authorization.Grant", "AlexaSkillEvent.SomethingNew"),
    *("AlexaHouseholdListEvent.ItemsCreated", "Reminders.ReminderStarted"),
]


@pytest.mark.parametrize("kind", WAITED_FOR)
def test_who_waits_for_an_answer_hears_one_even_without_a_session(
    handle: Handle, kind: str
) -> None:
    for envelope in (spoken(kind), {**spoken(kind), "session": None}):
        answer = handle(envelope)
        check_answer(answer)
        assert is_spoken(answer)


@pytest.mark.parametrize(
    "kind", ["GameEngine.InputHandlerEvent", "Dialog.InputRequest", "New.Kind"]
)
def test_an_unknown_kind_is_answered_with_speech_where_there_is_a_session(
    handle: Handle, kind: str
) -> None:
    answer = handle(spoken(kind))
    check_answer(answer)
    assert is_spoken(answer)
    alone = spoken(kind)
    del alone["session"]
    assert handle(alone) == {"version": "1.0", "response": {}}


@pytest.mark.parametrize("kind", NOT_WAITED_FOR)
def test_a_request_that_takes_no_speech_gets_an_empty_response(handle: Handle, kind: str) -> None:
    for envelope in (spoken(kind), {**spoken(kind), "session": None}):
        assert handle(envelope) == {"version": "1.0", "response": {}}


@pytest.mark.parametrize("kind", [None, 7, "", [], "\ud800"])
def test_a_session_without_a_readable_kind_is_answered(handle: Handle, kind: Any) -> None:
    envelope = help_wanted()
    envelope["request"]["type"] = kind
    assert is_spoken(handle(envelope))
    del envelope["request"]
    assert is_spoken(handle(envelope))


def test_alexa_hears_that_the_skill_is_not_for_proposing(handle: Handle) -> None:
    answer = handle(spoken("CanFulfillIntentRequest", "TurnOnNotificationsIntent"))
    check_answer(answer)
    assert answer["response"] == {"canFulfillIntent": {"canFulfill": "NO"}}


def test_a_request_of_before_there_was_a_context_is_answered_and_stored(
    handle: Handle, record: Record
) -> None:
    envelope = spoken("LaunchRequest", locale="de-DE")
    del envelope["context"]
    assert is_spoken(handle(envelope))
    assert (record(USER) or {})["locale"]["value"] == "de-DE"


@pytest.mark.parametrize("holder", ["context/System", "session"])
def test_another_skills_request_is_refused_wherever_it_names_that(
    handle: Handle, holder: str
) -> None:
    envelope = help_wanted()
    put(f"{holder}/application", {"applicationId": f"{SKILL_ID}x"})(envelope)
    with pytest.raises(WrongSkill):
        handle(envelope)


def test_a_request_that_names_no_skill_is_refused(handle: Handle) -> None:
    envelope = copy.deepcopy(help_wanted())
    drop("context/System/application")(envelope)
    drop("session/application")(envelope)
    with pytest.raises(WrongSkill):
        handle(envelope)


def test_the_locale_and_the_host_are_stored_and_odd_ones_are_not(
    handle: Handle, record: Record
) -> None:
    envelope = spoken("LaunchRequest", locale="fr-CA", at=1)
    envelope["context"]["System"]["apiEndpoint"] = EU
    handle(envelope)
    put("request/timestamp", time(2))(envelope)
    put("request/locale", "fr_CA")(envelope)
    put("context/System/apiEndpoint", "https://evil.example")(envelope)
    handle(envelope)
    item = record(USER) or {}
    assert item["locale"]["value"] == "fr-CA"
    assert item["host"]["value"] == EU


@pytest.mark.parametrize("ahead", [0, 600, 601])
def test_a_time_more_than_ten_minutes_ahead_is_no_time(
    handle: Handle, record: Record, ahead: int
) -> None:
    handle(spoken("LaunchRequest", locale="de-DE", at=1))
    handle(spoken("LaunchRequest", locale="en-GB", at=3600 + ahead))
    assert (record(USER) or {})["locale"]["value"] == ("de-DE" if ahead > 600 else "en-GB")


def test_forgetting_without_a_time_is_dated_by_its_arrival(handle: Handle, record: Record) -> None:
    handle(spoken("LaunchRequest", at=3599))
    yes = spoken("IntentRequest", "AMAZON.YesIntent", attributes={"asked": "forget"}, at="?")
    assert is_spoken(handle(yes))
    assert "locale" not in (record(USER) or {})


def test_an_exception_is_logged_with_its_cause_and_nothing_that_was_said(
    handle: Handle, logs_without_personal_data: list[str]
) -> None:
    cause = "amzn1.echo-api.request.0a1b-2c3d"
    handle(
        spoken(
            "System.ExceptionEncountered",
            error={"type": "INVALID_RESPONSE", "message": "appointment for Jane Doe"},
            cause={"requestId": cause},
        )
    )
    logged = "".join(logs_without_personal_data)
    assert "INVALID_RESPONSE" in logged
    assert cause in logged
    assert "Jane Doe" not in logged


@pytest.mark.parametrize("odd", ["Jane Doe", {"a": "Jane Doe"}, ["Jane Doe"], 7, None])
def test_what_could_be_anything_is_not_logged(
    handle: Handle, logs_without_personal_data: list[str], odd: Any
) -> None:
    for kind in ("System.ExceptionEncountered", "SessionEndedRequest"):
        error = {"type": odd, "message": odd}
        handle(spoken(kind, reason=odd, error=error, cause={"requestId": odd}))
    unknown = spoken("IntentRequest", "Jane Doe")
    handle(unknown)
    unknown["request"]["type"] = "Jane Doe"
    del unknown["session"]
    handle(unknown)
    assert "Jane" not in "".join(logs_without_personal_data)
