"""Customers speak to the skill, answer what it asks, and listen to what waits."""

from __future__ import annotations

import json
import threading
from typing import TYPE_CHECKING, Any

import pytest
from yellowring_tools.simulator.facts import NOTIFICATIONS_SCOPE
from yellowring_tools.simulator.schemas import EVENT_NAMES
from yellowring_tools.simulator.skill.lambda_invoker import NotAcknowledged
from yellowring_tools.simulator.voice.turns import BadReply, read_reply

from tests.unit.simulator.support import Client, request_body, simulated

if TYPE_CHECKING:
    from tests.unit.simulator.support import Json

SCOPE = {"permissionScope": NOTIFICATIONS_SCOPE, "consentLevel": "ACCOUNT"}
INPUT = {
    "@type": "AskForPermissionsConsentRequest",
    "@version": "2",
    "permissionScopes": [SCOPE],
}
ASK = {
    "type": "Connections.StartConnection",
    "uri": "connection://AMAZON.AskForPermissionsConsent/2",
    "input": INPUT,
    "token": "turn-on",
    "onCompletion": "RESUME_SESSION",
}
CARD = {"type": "AskForPermissionsConsent", "permissions": [NOTIFICATIONS_SCOPE]}


def speech(text: str, **more: Json) -> Json:
    return {"outputSpeech": {"type": "SSML", "ssml": f"<speak>{text}</speak>"}, **more}


class Skill:
    """Gives the responses it was given, one per voice request, and remembers the requests."""

    def __init__(self, *responses: Json, attributes: Json = None) -> None:
        self.responses = list(responses)
        self.attributes = attributes
        self.asked: list[Json] = []
        self.told: list[str] = []

    def __call__(self, envelope: bytes) -> bytes:
        document = json.loads(envelope)
        if "session" not in document:
            self.told.append(document["request"]["type"])
            return b'{"version": "1.0", "response": {}}'
        self.asked.append(document)
        answer = {"version": "1.0", "response": self.responses.pop(0)}
        if self.attributes is not None:
            answer["sessionAttributes"] = self.attributes
        return json.dumps(answer).encode()


class Talk:
    """One customer in front of one skill."""

    def __init__(self, skill: Any, **config: Json) -> None:
        self.client = Client(simulated(invoke=skill, **config))
        self.user_id: str = self.client.sim("POST", "/customers", {"locale": "en-CA"})["userId"]

    def do(self, name: str, body: Json = None) -> Json:
        return self.client.sim("POST", f"/customers/{self.user_id}/{name}", body)

    def refused(self, name: str, body: Json = None) -> tuple[int, str]:
        answer = self.client.call("POST", f"/_sim/customers/{self.user_id}/{name}", body)
        return answer.status, answer.document["error"]

    def customer(self) -> Json:
        return self.client.sim("GET", f"/customers/{self.user_id}")


def test_opening_the_skill_gives_what_alexa_says_and_starts_a_session() -> None:
    skill = Skill(
        speech(
            "Hello <break time='1s'/> you &amp; me",
            reprompt={"outputSpeech": {"type": "PlainText", "text": "Well?"}},
            shouldEndSession=False,
        )
    )
    talk = Talk(skill)
    answer = talk.do("say", {"intent": "LaunchRequest"})
    session = answer.pop("session")
    assert answer == {
        "speech": "Hello you & me",
        "reprompt": "Well?",
        "card": None,
        "directives": [],
        "shouldEndSession": False,
    }
    (asked,) = skill.asked
    assert asked["request"]["type"] == "LaunchRequest"
    assert asked["request"]["locale"] == "en-CA"
    assert asked["request"]["timestamp"] == "2026-11-20T12:00:00Z"
    assert asked["session"]["new"] is True
    assert asked["session"]["sessionId"] == session["sessionId"]
    assert asked["session"]["user"] == asked["context"]["System"]["user"]
    assert asked["context"]["System"]["device"]["deviceId"].startswith("amzn1.ask.device.")
    assert talk.customer()["state"] == "enabled"


def test_attributes_and_session_go_on_until_it_ends() -> None:
    skill = Skill(
        speech("a", shouldEndSession=False),
        speech("b", shouldEndSession=True),
        speech("c", shouldEndSession=False),
        attributes={"step": 1},
    )
    talk = Talk(skill)
    talk.do("say")
    end = talk.do("say", {"intent": "AnyIntent", "slots": {"day": "today"}, "locale": "de-DE"})
    assert end["session"] is None
    talk.do("say", {"intent": "AMAZON.HelpIntent"})
    first, second, third = (asked["session"] for asked in skill.asked)
    assert (first["attributes"], second["attributes"], third["attributes"]) == ({}, {"step": 1}, {})
    assert (first["new"], second["new"], third["new"]) == (True, False, True)
    assert first["sessionId"] == second["sessionId"] != third["sessionId"]
    intent = skill.asked[1]["request"]["intent"]
    assert intent["name"] == "AnyIntent"
    assert intent["slots"]["day"]["value"] == "today"


def test_a_session_can_be_ended_once() -> None:
    talk = Talk(Skill(speech("a", shouldEndSession=False), {}))
    talk.do("say")
    assert talk.do("say", {"intent": "SessionEndedRequest"})["session"] is None
    assert talk.refused("say", {"intent": "SessionEndedRequest"})[0] == 409


def test_without_an_end_of_its_own_a_reply_ends_the_session() -> None:
    assert Talk(Skill(speech("a"))).do("say")["shouldEndSession"] is True


def test_an_accepted_question_switches_notifications_on() -> None:
    skill = Skill(speech("May I?", directives=[ASK]), speech("Thanks."))
    talk = Talk(skill)
    assert talk.do("say", {"intent": "TurnOnNotificationsIntent"})["session"] is not None
    assert talk.customer()["voice"]["consent"] == [NOTIFICATIONS_SCOPE]
    assert talk.refused("say", {"intent": "AMAZON.YesIntent"})[0] == 409
    assert talk.do("consent", {"status": "ACCEPTED"})["speech"] == "Thanks."
    customer = talk.customer()
    assert customer["permissions"] == [NOTIFICATIONS_SCOPE]
    assert customer["subscriptions"] == list(EVENT_NAMES)
    asked, answer = skill.asked
    assert answer["request"]["type"] == "SessionResumedRequest"
    assert answer["request"]["cause"] == {
        "type": "ConnectionCompleted",
        "token": "turn-on",
        "status": {"code": "200", "message": "OK"},
        "result": {"permissionScopes": [SCOPE | {"status": "ACCEPTED"}], "isCardThrown": False},
    }
    assert answer["session"]["sessionId"] == asked["session"]["sessionId"]
    assert "permissions" in answer["context"]["System"]["user"]
    assert kinds(talk) == [
        "SkillEnabled",
        "SkillPermissionAccepted",
        "ProactiveSubscriptionChanged",
    ]


@pytest.mark.parametrize("way", ["consent", "card"])
def test_of_a_permission_that_was_granted_already_no_event_tells(way: str) -> None:
    asked = {"card": CARD} if way == "card" else {"directives": [ASK]}
    talk = Talk(Skill(speech("May I?", **asked), speech("Thanks.")))
    talk.do("grant")
    talk.do("say")
    before = kinds(talk)
    talk.do(way, {"accept": True} if way == "card" else {"status": "ACCEPTED"})
    assert kinds(talk) == before
    assert talk.customer()["subscriptions"] == []


def kinds(talk: Talk) -> list[str]:
    return [event["type"] for event in talk.client.sim("GET", "/events")["events"]]


@pytest.mark.parametrize("status", ["DENIED", "NOT_ANSWERED", "ERROR"])
def test_any_other_answer_leaves_notifications_off(status: str) -> None:
    skill = Skill(speech("May I?", directives=[ASK]), speech("All right."))
    talk = Talk(skill)
    talk.do("say")
    talk.do("consent", {"status": status})
    assert talk.customer()["permissions"] == []
    cause = skill.asked[1]["request"]["cause"]
    result = cause.get("result", {"permissionScopes": [{}]})
    expected = ("500", None) if status == "ERROR" else ("200", status)
    assert (cause["status"]["code"], result["permissionScopes"][0].get("status")) == expected
    assert talk.refused("consent", {"status": status})[0] == 409


def test_without_an_answer_alexa_may_leave_a_card() -> None:
    skill = Skill(speech("May I?", directives=[ASK]), speech("See the app."))
    talk = Talk(skill)
    talk.do("say")
    assert talk.refused("consent", {"status": "DENIED", "card": True})[0] == 400
    talk.do("consent", {"status": "NOT_ANSWERED", "card": True})
    assert skill.asked[1]["request"]["cause"]["result"]["isCardThrown"] is True
    assert talk.do("card", {"accept": True})["permissions"] == [NOTIFICATIONS_SCOPE]


def test_a_question_outside_the_manifest_is_a_bad_request() -> None:
    skill = Skill(speech("May I?", directives=[ASK]), speech("Sorry."))
    talk = Talk(skill)
    talk.do("say")
    talk.do("consent", {"status": "ERROR", "code": 400})
    assert skill.asked[1]["request"]["cause"]["status"]["code"] == "400"


def test_a_card_can_be_put_away_or_accepted_once() -> None:
    talk = Talk(Skill(speech("See the app.", card=CARD), speech("Again.", card=CARD)))
    assert talk.refused("card", {"accept": True})[0] == 409
    talk.do("say")
    assert talk.do("card", {"accept": False})["permissions"] == []
    talk.do("say")
    assert talk.customer()["voice"]["card"] == [NOTIFICATIONS_SCOPE]
    accepted = talk.do("card", {"accept": True, "events": [EVENT_NAMES[0]]})
    assert accepted["subscriptions"] == [EVENT_NAMES[0]]
    assert accepted["voice"]["card"] is None
    assert talk.refused("card", {"accept": True})[0] == 409


def test_who_disables_the_skill_ends_what_was_open() -> None:
    talk = Talk(Skill(speech("a", shouldEndSession=False, card=CARD)))
    talk.do("say")
    assert talk.do("disable")["voice"] == {"session": None, "card": None, "consent": None}
    status, error = talk.refused("say")
    assert status == 409
    assert "enable it first" in error


def test_a_skill_that_fails_is_a_bad_gateway_and_ends_the_session() -> None:
    def skill(envelope: bytes) -> bytes:
        raise NotAcknowledged("Unhandled: KeyError")

    talk = Talk(skill)
    assert talk.refused("say") == (502, "the skill failed: Unhandled: KeyError")
    assert talk.customer()["voice"]["session"] is None


def test_a_skill_that_is_too_slow_is_not_waited_for() -> None:
    late = threading.Event()

    def skill(envelope: bytes) -> bytes:
        if b'"session"' in envelope:
            late.wait(10)
        return b"{}"

    talk = Talk(skill, voice_deadline_seconds=0.05)
    try:
        assert talk.refused("say") == (504, "the skill did not answer within 0.05 s")
    finally:
        late.set()


def test_without_a_function_nobody_answers() -> None:
    assert Talk(None).refused("say")[0] == 409


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({"intent": ""}, "intent"),
        ({"intent": "x", "locale": "xx-XX"}, "locale"),
        ({"slots": {"a": 1}}, "slots"),
        ({"intend": "x"}, "allowed"),
    ],
)
def test_a_wrong_say_is_refused(body: Json, expected: str) -> None:
    status, error = Talk(Skill()).refused("say", body)
    assert status == 400
    assert expected in error


@pytest.mark.parametrize(
    ("response", "expected"),
    [
        (None, "response must be an object"),
        (speech("a & b"), "not well-formed"),
        (speech("<b>unclosed"), "not well-formed"),
        ({"outputSpeech": {"type": "SSML", "ssml": "<say>hi</say>"}}, "<speak>"),
        ({"outputSpeech": {"type": "Text", "text": "hi"}}, "PlainText or SSML"),
        ({"outputSpeech": {"type": "PlainText", "text": ""}}, "1 to 8000"),
        ({"outputSpeech": {"type": "PlainText", "text": "x" * 8001}}, "1 to 8000"),
        ({"card": {"type": "AskForPermissionsConsent"}}, "permission scope"),
        ({"directives": {}}, "list"),
        ({"directives": [{**ASK, "uri": "connection://AMAZON.PrintPDF/1"}]}, "uri"),
        ({"directives": [{**ASK, "uri": None}]}, "uri"),
        ({"directives": [{**ASK, "onCompletion": "SEND_ERRORS_ONLY"}]}, "onCompletion"),
        ({"directives": [{**ASK, "token": 7}]}, "token"),
        ({"directives": [{**ASK, "input": None}]}, "input must be an object"),
        ({"directives": [{**ASK, "input": INPUT | {"@type": "x"}}]}, "@type"),
        ({"directives": [{**ASK, "input": INPUT | {"@version": "1"}}]}, "@version"),
        ({"directives": [{**ASK, "input": INPUT | {"permissionScopes": {}}}]}, "list"),
        ({"directives": [{**ASK, "input": INPUT | {"permissionScopes": []}}]}, "permission scope"),
        (
            {"directives": [{**ASK, "input": INPUT | {"permissionScopes": [{"a": 1}]}}]},
            "consentLevel",
        ),
        ({"directives": [ASK], "shouldEndSession": True}, "shouldEndSession"),
    ],
)
def test_a_reply_that_no_device_plays_is_told(response: Json, expected: str) -> None:
    with pytest.raises(BadReply, match=expected):
        read_reply(json.dumps({"version": "1.0", "response": response}).encode())
    talk = Talk(Skill(response))
    status, error = talk.refused("say")
    assert status == 502
    assert expected in error


def test_listening_reads_out_what_waits_and_puts_the_ring_out() -> None:
    client = Client(simulated())
    user_id = client.customer()
    for number in range(2):
        assert client.event(request_body(user_id=user_id, referenceId=f"r~{number}")).status == 202
    heard = client.sim("POST", f"/customers/{user_id}/listen")
    assert len(heard["sentences"]) == 2
    assert all("the weather desk" in sentence for sentence in heard["sentences"])
    assert all(each["heardAt"] is not None for each in heard["notifications"])
    customer = client.sim("GET", f"/customers/{user_id}")
    assert (customer["notifications"], customer["waiting"]) == (2, 0)
    assert client.sim("POST", f"/customers/{user_id}/listen")["sentences"] == []
