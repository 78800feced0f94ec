"""What the skill answers when it is spoken to."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.conftest import SKILL_ID
from tests.envelopes import USER

if TYPE_CHECKING:
    from tests.unit.skill.kit import Envelope, Handle


def spoken(kind: str, intent: str | None = None) -> Envelope:
    """Give a voice request within a session."""
    request: dict[str, Any] = {
        "type": kind,
        "requestId": "amzn1.echo-api.request.1",
        "timestamp": "2026-11-20T09:00:00Z",
        "locale": "en-US",
    }
    if intent:
        request["intent"] = {"name": intent, "confirmationStatus": "NONE"}
    if kind == "SessionEndedRequest":
        request["reason"] = "USER_INITIATED"
    user = {"userId": USER}
    application = {"applicationId": SKILL_ID}
    return {
        "version": "1.0",
        "session": {"new": True, "sessionId": "s", "application": application, "user": user},
        "context": {
            "System": {
                "application": application,
                "user": user,
                "device": {"deviceId": "d", "supportedInterfaces": {}},
                "apiEndpoint": "https://api.amazonalexa.com",
                "apiAccessToken": "Atza|test",
            }
        },
        "request": request,
    }


def said(answer: dict[str, Any]) -> str:
    text: str = answer["response"]["outputSpeech"]["ssml"]
    return text


@pytest.mark.parametrize(
    ("intent", "words", "ends"),
    [
        (None, "notifications", False),
        ("AMAZON.HelpIntent", "notifications", False),
        ("AMAZON.FallbackIntent", "help", False),
        ("SomethingUnheardOfIntent", "help", False),
        ("AMAZON.StopIntent", "Goodbye", True),
        ("AMAZON.CancelIntent", "Goodbye", True),
    ],
)
def test_an_intent_is_answered(handle: Handle, intent: str | None, words: str, ends: bool) -> None:
    answer = handle(spoken("IntentRequest" if intent else "LaunchRequest", intent))
    assert words in said(answer)
    assert answer["response"]["shouldEndSession"] is ends


def test_the_end_of_a_session_is_answered_with_nothing(handle: Handle) -> None:
    assert "outputSpeech" not in handle(spoken("SessionEndedRequest"))["response"]


def test_a_fault_of_ours_is_an_apology(handle: Handle, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise RuntimeError("broken")

    monkeypatch.setattr("yellowring.skill.voice.VoiceHandler.handle", fail)
    answer = handle(spoken("LaunchRequest"))
    assert "Sorry" in said(answer)
    assert answer["response"]["shouldEndSession"] is True


def test_a_voice_request_that_is_not_one_is_acknowledged(handle: Handle) -> None:
    broken = spoken("IntentRequest")
    broken["request"]["timestamp"] = ["?"]
    assert handle(broken) == {"version": "1.0", "response": {}}
