"""What the skill answers when it is spoken to."""

from __future__ import annotations

import itertools
import json
import socket
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree

import boto3
import pytest
from botocore.exceptions import ConnectTimeoutError
from yellowring.settings import InvalidSettings
from yellowring.skill import app
from yellowring.skill.assembly import AWS, skill_for
from yellowring.skill.envelope import milliseconds
from yellowring.skill.speech import speech
from yellowring.skill.voice import INTENTS, VoiceHandler
from yellowring.skill.voice_request import read_voice_request
from yellowring.subscribers import Subscribers
from yellowring.subscribers.deliverability import deliverability
from yellowring.subscribers.store import PATIENCE

from tests.envelopes import (
    EU,
    NOTIFICATIONS,
    USER,
    WEATHER,
    command,
    consent,
    disabled,
    granted,
    message,
    permitted,
    spoken,
    subscribed,
    time,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mypy_boto3_dynamodb.client import DynamoDBClient

    from tests.unit.skill.kit import Envelope, Handle, Record

PACKAGE = Path(__file__).parents[3] / "skill-package"
MODELS = sorted((PACKAGE / "interactionModels/custom").glob("*.json"))
LOCALES = [path.stem for path in MODELS]
OWN = [
    "TurnOnNotificationsIntent",
    "SubscriptionStatusIntent",
    "StopNotificationsIntent",
    "ForgetMeIntent",
]
STATEMENTS = {
    "goodbye",
    "consent_accepted",
    "consent_denied",
    "status_unknown",
    "stop_notifying",
    "forget_done",
    "forget_cancelled",
    "nothing_to_cancel",
    "error_apology",
    "consent_card_sent",
}


CARD = {"type": "AskForPermissionsConsent", "permissions": [NOTIFICATIONS]}


def moment(record: Record, name: str) -> int | None:
    """Read a moment of the customer's record, in milliseconds since the epoch."""
    found = (record(USER) or {}).get(name)
    return None if found is None else int(found)


def ms(seconds: float) -> int:
    return milliseconds(time(seconds))


def said(answer: dict[str, Any]) -> str:
    """Give the words of an answer."""
    ssml: str = answer["response"]["outputSpeech"]["ssml"]
    return "".join(ElementTree.fromstring(ssml).itertext())  # noqa: S314 - our own


def key_of(answer: dict[str, Any], locale: str = "en-US") -> str:
    """Find the reply that was said; one that has something filled in is known by how it begins."""
    words, replies = said(answer), speech(locale)
    found = [key for key, reply in replies.items() if reply.partition("{")[0] == words]
    found += [
        key
        for key, reply in replies.items()
        if "{" in reply and words not in found and words.startswith(reply.partition("{")[0])
    ]
    assert found, words
    return found[0]


def intent(name: str, **made: Any) -> Envelope:
    return spoken("IntentRequest", name, **made)


def launch(**made: Any) -> Envelope:
    return spoken("LaunchRequest", **made)


def attributes_of(answer: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = answer.get("sessionAttributes") or {}
    return found


@pytest.mark.parametrize(
    ("name", "key", "ends"),
    [
        ("AMAZON.HelpIntent", "help", False),
        ("AMAZON.FallbackIntent", "fallback", False),
        ("SomethingUnheardOfIntent", "fallback", False),
        ("AMAZON.StopIntent", "goodbye", True),
        ("AMAZON.CancelIntent", "goodbye", True),
        ("AMAZON.NavigateHomeIntent", "goodbye", True),
        ("AMAZON.YesIntent", "fallback", False),
        ("AMAZON.NoIntent", "nothing_to_cancel", True),
        ("StopNotificationsIntent", "stop_notifying", True),
        ("ForgetMeIntent", "forget_confirm", False),
        ("SubscriptionStatusIntent", "status_not_subscribed", False),
    ],
)
def test_an_intent_is_answered(handle: Handle, name: str, key: str, ends: bool) -> None:
    answer = handle(intent(name))
    assert key_of(answer) == key
    assert answer["response"]["shouldEndSession"] is ends


@pytest.mark.parametrize("locale", LOCALES)
def test_every_intent_of_the_model_has_an_answer_of_its_own(locale: str) -> None:
    model = json.loads((MODELS[0].parent / f"{locale}.json").read_text(encoding="utf-8"))
    intents = model["interactionModel"]["languageModel"]["intents"]
    assert {each["name"] for each in intents} == set(INTENTS)


def test_launch_offers_notifications_to_those_without_and_greets_those_with(
    handle: Handle,
) -> None:
    assert key_of(handle(launch(at=1))) == "launch_not_subscribed"
    handle(subscribed(WEATHER, at=2))
    assert key_of(handle(launch(at=3))) == "launch_subscribed"
    handle(disabled("PERSISTED", at=4))
    assert key_of(handle(launch(at=5))) == "launch_not_subscribed"


@pytest.mark.parametrize("request_", [launch(), intent("SubscriptionStatusIntent")])
def test_yes_to_the_offer_leaves_a_card_in_the_app(handle: Handle, request_: Envelope) -> None:
    offer = handle(request_)
    answer = handle(intent("AMAZON.YesIntent", attributes=attributes_of(offer)))
    assert key_of(answer) == "consent_card_sent"
    assert answer["response"]["card"] == CARD
    assert "directives" not in answer["response"]
    assert answer["response"]["shouldEndSession"] is True


def test_where_the_stack_says_so_consent_is_asked_by_voice(
    handle: Handle, environment: pytest.MonkeyPatch
) -> None:
    environment.setenv("VOICE_CONSENT", "voice")
    answer = handle(intent("TurnOnNotificationsIntent"))
    assert key_of(answer) == "consent_ask"
    (directive,) = answer["response"]["directives"]
    assert directive == {
        "type": "Connections.StartConnection",
        "uri": "connection://AMAZON.AskForPermissionsConsent/2",
        "input": {
            "@type": "AskForPermissionsConsentRequest",
            "@version": "2",
            "permissionScopes": [{"permissionScope": NOTIFICATIONS, "consentLevel": "ACCOUNT"}],
        },
        "token": "yellowring.notifications",
        "onCompletion": "RESUME_SESSION",
    }
    assert "card" not in answer["response"]
    assert "shouldEndSession" not in answer["response"]


def test_another_way_of_asking_for_consent_is_refused_by_name(
    environment: pytest.MonkeyPatch,
) -> None:
    environment.setenv("VOICE_CONSENT", "post")
    with pytest.raises(InvalidSettings, match="VOICE_CONSENT is 'post'"):
        app.lambda_handler(launch(), object())


@pytest.mark.parametrize("way", ["card", "voice"])
def test_who_has_granted_it_already_is_not_asked_but_on(
    handle: Handle, record: Record, environment: pytest.MonkeyPatch, way: str
) -> None:
    environment.setenv("VOICE_CONSENT", way)
    answer = handle(granted(intent("TurnOnNotificationsIntent", at=3)))
    assert key_of(answer) == "consent_accepted"
    assert answer["response"].keys() == {"outputSpeech", "shouldEndSession"}
    assert moment(record, "acceptedAt") == ms(3)


def test_who_accepted_is_on_and_deliverable_though_alexa_sends_no_event(
    handle: Handle, aws: DynamoDBClient
) -> None:
    handle(consent("ACCEPTED", at=1))
    assert key_of(handle(launch(at=2))) == "launch_subscribed"
    kept = Subscribers(aws, "subscribers").get(USER)
    assert kept is not None
    assert deliverability(kept, WEATHER) == "deliverable"


def test_a_permission_that_is_not_granted_any_more_is_asked_for(handle: Handle) -> None:
    answer = handle(granted(intent("TurnOnNotificationsIntent"), "DENIED"))
    assert key_of(answer) == "consent_card_sent"


@pytest.mark.parametrize(
    "accept", [granted(intent("TurnOnNotificationsIntent", at=3)), consent("ACCEPTED", at=3)]
)
def test_who_accepts_what_the_record_does_not_bear_out_is_sent_the_card(
    handle: Handle, record: Record, accept: Envelope
) -> None:
    handle(subscribed(at=1))
    answer = handle(accept)
    assert key_of(answer) == "consent_card_sent"
    assert answer["response"]["card"] == CARD
    assert moment(record, "acceptedAt") == ms(3)


def test_who_has_granted_it_is_on_again_after_a_mark_and_a_permission_that_was_taken(
    handle: Handle, aws: DynamoDBClient
) -> None:
    handle(subscribed(WEATHER, at=1))
    handle(permitted(at=2))
    Subscribers(aws, "subscribers").mark_rejected(USER, ms(2))
    assert key_of(handle(launch(at=3))) == "launch_not_subscribed"
    assert key_of(handle(granted(intent("TurnOnNotificationsIntent", at=4)))) == "status_subscribed"
    kept = Subscribers(aws, "subscribers").get(USER)
    assert kept is not None
    assert deliverability(kept, WEATHER) == "deliverable"


def test_a_permission_that_alexa_denies_overrides_the_record(handle: Handle) -> None:
    handle(subscribed(WEATHER, at=1))
    assert key_of(handle(granted(launch(at=2), "DENIED"))) == "launch_not_subscribed"
    status, turn_on = intent("SubscriptionStatusIntent", at=2), "TurnOnNotificationsIntent"
    assert key_of(handle(granted(status, "DENIED"))) == "status_not_subscribed"
    assert handle(granted(intent(turn_on, at=2), "DENIED"))["response"]["card"] == CARD


def test_who_is_denied_by_alexa_and_of_whom_nothing_is_known_is_offered_notifications(
    handle: Handle,
) -> None:
    nobody = granted(launch(locale=None, user=""), "DENIED")
    assert key_of(handle(nobody)) == "launch_not_subscribed"


@pytest.mark.parametrize(
    "accept",
    [
        granted(intent("TurnOnNotificationsIntent", locale="de-DE")),
        consent("ACCEPTED", locale="de-DE"),
    ],
)
def test_an_acceptance_brings_the_locale_and_the_host_along(
    handle: Handle, record: Record, accept: Envelope
) -> None:
    accept["context"]["System"]["apiEndpoint"] = EU
    handle(accept)
    item = record(USER) or {}
    assert (item["locale"]["value"], item["host"]["value"]) == ("de-DE", EU)


def test_an_acceptance_without_a_time_is_dated_by_its_arrival(
    handle: Handle, record: Record
) -> None:
    handle(granted(intent("TurnOnNotificationsIntent", at="?")))
    assert moment(record, "acceptedAt") == ms(3600)


def test_an_allowed_customer_whose_subscription_does_not_come_is_offered_it_after_an_hour(
    handle: Handle,
) -> None:
    handle(permitted(NOTIFICATIONS, at=-1))
    assert key_of(handle(launch(at=3600))) == "launch_not_subscribed"
    status = granted(intent("SubscriptionStatusIntent", at=3600))
    assert key_of(handle(status)) == "status_not_subscribed"


def test_no_to_the_offer_leaves_notifications_off(handle: Handle) -> None:
    offer = handle(launch())
    answer = handle(intent("AMAZON.NoIntent", attributes=attributes_of(offer)))
    assert key_of(answer) == "consent_denied"


def test_turning_on_what_is_on_says_what_will_be_told(handle: Handle) -> None:
    handle(subscribed(WEATHER, at=1))
    answer = handle(intent("TurnOnNotificationsIntent", at=2))
    assert key_of(answer) == "status_subscribed"
    assert "severe weather" in said(answer)


@pytest.mark.parametrize(
    ("response", "key"),
    [
        (consent("ACCEPTED"), "consent_accepted"),
        (consent("ACCEPTED", code=200), "consent_accepted"),
        (granted(consent(None, code="500")), "consent_accepted"),
        (consent("DENIED"), "consent_denied"),
        (granted(consent("DENIED")), "consent_denied"),
        (consent("NOT_ANSWERED"), "consent_card_sent"),
        (consent("NOT_ANSWERED", card=True), "consent_card_sent"),
        (consent(None, code="400"), "consent_card_sent"),
        (consent(None, code="500"), "consent_card_sent"),
        (consent("ACCEPTED", code="500"), "consent_card_sent"),
        (consent("ACCEPTED", code=None), "consent_card_sent"),
        (consent("PERHAPS"), "consent_card_sent"),
        (consent(None), "consent_card_sent"),
    ],
)
def test_what_came_of_the_consent_is_answered_and_only_an_acceptance_is_stored(
    handle: Handle, record: Record, response: Envelope, key: str
) -> None:
    answer = handle(response)
    assert key_of(answer) == key
    assert answer["response"]["shouldEndSession"] is True
    assert answer["response"].get("card") == (CARD if key == "consent_card_sent" else None)
    assert (record(USER) is not None) is (key == "consent_accepted")


def test_consent_is_read_from_our_own_scope_or_from_the_result_as_a_whole(handle: Handle) -> None:
    response = consent("DENIED")
    result = response["request"]["cause"]["result"]
    other = {"permissionScope": "alexa::profile:email:read", "status": "ACCEPTED"}
    result["permissionScopes"].insert(0, other)
    assert key_of(handle(response)) == "consent_denied"
    response["request"]["cause"]["result"] = {"status": "ACCEPTED"}
    assert key_of(handle(response)) == "consent_accepted"


def test_consent_is_dated_by_its_request(handle: Handle, record: Record) -> None:
    handle(consent("ACCEPTED", at=7))
    handle(consent("ACCEPTED", at=5))
    assert moment(record, "acceptedAt") == ms(7)


@pytest.mark.parametrize(
    "response",
    [
        consent("ACCEPTED", token="another"),
        consent("ACCEPTED", token=None),
        consent("ACCEPTED", cause="ConnectionInterrupted"),
        spoken("SessionResumedRequest"),
        spoken("Connections.Response", name="AskFor", payload={"status": "ACCEPTED"}),
    ],
)
def test_another_connections_answer_is_not_ours(
    handle: Handle, record: Record, response: Envelope
) -> None:
    assert key_of(handle(response)) == "launch_not_subscribed"
    assert moment(record, "acceptedAt") is None


def test_the_status_is_read_from_the_record(handle: Handle) -> None:
    handle(subscribed(WEATHER, "AMAZON.OrderStatus.Updated", at=1))
    answer = handle(intent("SubscriptionStatusIntent", at=2))
    assert said(answer).endswith("severe weather and your orders.")
    handle(permitted(NOTIFICATIONS, at=3))
    handle(subscribed(at=4))
    assert key_of(handle(intent("SubscriptionStatusIntent", at=5))) == "status_not_subscribed"


@pytest.mark.parametrize(
    "event", [permitted(NOTIFICATIONS), subscribed("AMAZON.Unheard.Of")], ids=["allowed", "unheard"]
)
def test_a_status_that_cannot_be_told_is_said_to_be_unknown(
    handle: Handle, event: Envelope
) -> None:
    handle(event)
    assert key_of(handle(intent("SubscriptionStatusIntent", at=1))) == "status_unknown"


def test_what_alexa_says_is_granted_counts_where_the_record_says_nothing(handle: Handle) -> None:
    nobody = {"locale": None, "user": ""}
    assert key_of(handle(launch(**nobody))) == "help"
    assert key_of(handle(granted(launch(**nobody)))) == "launch_subscribed"
    status = intent("SubscriptionStatusIntent", **nobody)
    assert key_of(handle(status)) == "status_unknown"
    assert key_of(handle(granted(status))) == "consent_accepted"


def test_who_allowed_notifications_is_greeted_so_before_the_subscription_comes(
    handle: Handle,
) -> None:
    handle(permitted(NOTIFICATIONS))
    assert key_of(handle(launch(at=1))) == "launch_subscribed"


def test_forget_me_erases_only_after_a_yes(handle: Handle, record: Record) -> None:
    handle(subscribed(WEATHER, at=1))
    question = handle(intent("ForgetMeIntent", at=2))
    item = record(USER)
    assert item is not None
    assert "subscriptions" in item
    asked = attributes_of(question)
    assert key_of(handle(intent("AMAZON.YesIntent", at=3, attributes=asked))) == "forget_done"
    item = record(USER)
    assert item is not None
    assert item.keys() == {"userId", "erasedAt", "expiresAt"}


def test_forget_me_takes_along_what_came_before_it_within_its_second(
    handle: Handle, record: Record
) -> None:
    handle(subscribed(WEATHER, at=1.8))
    handle(intent("AMAZON.YesIntent", at="2026-11-20T09:00:01Z", attributes={"asked": "forget"}))
    item = record(USER)
    assert item is not None
    assert "subscriptions" not in item
    handle(subscribed(WEATHER, at=2))
    item = record(USER)
    assert item is not None
    assert "subscriptions" in item


@pytest.mark.parametrize("name", ["AMAZON.NoIntent", "AMAZON.CancelIntent"])
def test_forget_me_is_called_off_by_no_and_cancel(
    handle: Handle, record: Record, name: str
) -> None:
    handle(subscribed(WEATHER, at=1))
    asked = attributes_of(handle(intent("ForgetMeIntent", at=2)))
    assert key_of(handle(intent(name, at=3, attributes=asked))) == "forget_cancelled"
    item = record(USER)
    assert item is not None
    assert "subscriptions" in item


def test_a_yes_after_something_else_erases_nothing(handle: Handle, record: Record) -> None:
    handle(subscribed(WEATHER, at=1))
    asked = attributes_of(handle(intent("ForgetMeIntent", at=2)))
    helped = attributes_of(handle(intent("AMAZON.HelpIntent", at=3, attributes=asked)))
    handle(intent("AMAZON.YesIntent", at=4, attributes=helped))
    item = record(USER)
    assert item is not None
    assert "subscriptions" in item


def test_the_locale_is_stored_by_its_own_time(handle: Handle, record: Record) -> None:
    handle(launch(at=2, locale="de-DE"))
    handle(launch(at=1, locale="en-GB"))
    handle(message(command("refresh"), at=0, locale="it-IT", endpoint=EU))
    item = record(USER)
    assert item is not None
    assert item["locale"]["value"] == "de-DE"


def test_a_late_launch_still_finds_the_record(handle: Handle) -> None:
    handle(launch(at=5))
    handle(subscribed(WEATHER, at=2))
    assert key_of(handle(launch(at=4))) == "launch_subscribed"


@pytest.mark.parametrize("locale", [None, "english", "en", "../../en", "xx-XX"])
def test_a_locale_that_we_do_not_speak_is_answered_in_english(
    handle: Handle, locale: str | None
) -> None:
    assert key_of(handle(launch(locale=locale))) == "launch_not_subscribed"


@pytest.mark.parametrize("told", ["de_DE", "de-de", "DE-DE"])
def test_a_locale_in_another_spelling_is_the_same_locale(
    handle: Handle, record: Record, told: str
) -> None:
    assert key_of(handle(launch(locale=told)), "de-DE") == "launch_not_subscribed"
    assert (record(USER) or {})["locale"]["value"] == "de-DE"


def test_without_a_locale_the_customer_is_answered_in_the_records(handle: Handle) -> None:
    handle(launch(at=1, locale="de-DE"))
    answer = handle(launch(at=2, locale=None))
    assert key_of(answer, "de-DE") == "launch_not_subscribed"
    assert '<lang xml:lang="en-US">' in answer["response"]["outputSpeech"]["ssml"]
    accept = granted(intent("TurnOnNotificationsIntent", at=3, locale=None))
    assert key_of(handle(accept), "de-DE") == "consent_accepted"


READ_AND_WRITE = [
    launch(at=1),
    granted(intent("TurnOnNotificationsIntent", at=2)),
    intent("TurnOnNotificationsIntent", at=3),
    intent("SubscriptionStatusIntent", at=4),
    consent("ACCEPTED", at=5),
    granted(intent("AMAZON.YesIntent", attributes={"asked": "consent"}, at=6)),
    intent("AMAZON.YesIntent", attributes={"asked": "forget"}, at=7),
]
NO_CALL = [
    *[intent(name) for name in INTENTS if name not in (*OWN[:2],)],
    intent("AMAZON.YesIntent", attributes={"asked": "consent"}),
    consent("DENIED"),
    spoken("SessionEndedRequest"),
]


def test_a_voice_request_makes_one_read_and_one_write_of_dynamodb_or_no_call(
    handle: Handle, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls: list[str] = []
    make_request = boto3.client("dynamodb").__class__._make_api_call  # type: ignore[attr-defined]

    def counted(self: Any, operation: str, request: Any) -> Any:
        calls.append(operation)
        return make_request(self, operation, request)

    skill_for.cache_clear()
    monkeypatch.setattr("botocore.client.BaseClient._make_api_call", counted)
    for request in READ_AND_WRITE:
        calls.clear()
        handle(request)
        assert calls == ["GetItem", "PutItem"]
    calls.clear()
    for request in NO_CALL:
        handle(request)
    assert calls == []


def test_a_locale_that_cannot_be_stored_keeps_nobody_from_an_answer(
    handle: Handle, monkeypatch: pytest.MonkeyPatch, logs_without_personal_data: list[str]
) -> None:
    handle(subscribed(WEATHER, at=1))
    make_request = boto3.client("dynamodb").__class__._make_api_call  # type: ignore[attr-defined]

    def failing(self: Any, operation: str, request: Any) -> Any:
        if operation == "PutItem":
            raise ConnectTimeoutError(endpoint_url="https://dynamodb.example")
        return make_request(self, operation, request)

    monkeypatch.setattr("botocore.client.BaseClient._make_api_call", failing)
    assert key_of(handle(launch(at=2))) == "launch_subscribed"
    assert '"LocalesNotStored":1' in "".join(logs_without_personal_data)


@pytest.mark.parametrize("locale", LOCALES)
def test_a_whole_conversation_goes_in_the_customers_own_language(
    handle: Handle, record: Record, locale: str
) -> None:
    def tell(request: Envelope) -> str:
        answer = handle(request)
        asked.clear()
        asked.update(attributes_of(answer))
        key = key_of(answer, locale)
        assert answer["response"]["shouldEndSession"] is (key in {*STATEMENTS, "status_subscribed"})
        return key

    asked: dict[str, Any] = {}
    here: dict[str, Any] = {"locale": locale, "attributes": asked}
    assert tell(launch(at=0, **here)) == "launch_not_subscribed"
    assert tell(intent("AMAZON.YesIntent", at=1, **here)) == "consent_card_sent"
    assert tell(consent("ACCEPTED", at=2, **here)) == "consent_accepted"
    handle(permitted(NOTIFICATIONS, at=3))
    handle(subscribed(WEATHER, at=3))
    assert tell(launch(at=4, **here)) == "launch_subscribed"
    assert tell(intent("SubscriptionStatusIntent", at=5, **here)) == "status_subscribed"
    assert tell(intent("StopNotificationsIntent", at=6, **here)) == "stop_notifying"
    handle(disabled("PERSISTED", at=7))
    assert tell(intent("SubscriptionStatusIntent", at=8, **here)) == ("status_not_subscribed")
    assert tell(intent("ForgetMeIntent", at=9, **here)) == "forget_confirm"
    assert tell(intent("AMAZON.YesIntent", at=10, **here)) == "forget_done"
    item = record(USER)
    assert item is not None
    assert item.keys() == {"userId", "erasedAt", "expiresAt"}


def test_the_end_of_a_session_is_answered_with_nothing(
    handle: Handle, logs_without_personal_data: list[str]
) -> None:
    assert "outputSpeech" not in handle(spoken("SessionEndedRequest"))["response"]
    error = {"type": "INVALID_RESPONSE", "message": f"for {USER}"}
    handle(spoken("SessionEndedRequest", reason="ERROR", error=error))
    assert "INVALID_RESPONSE" in "".join(logs_without_personal_data)


def fail(*_: object) -> None:
    raise ConnectTimeoutError(endpoint_url="https://dynamodb.example")


@pytest.mark.parametrize("locale", LOCALES)
def test_a_fault_of_ours_is_an_apology_in_the_customers_language(
    handle: Handle, monkeypatch: pytest.MonkeyPatch, locale: str
) -> None:
    monkeypatch.setattr("botocore.client.BaseClient._make_api_call", fail)
    yes = intent("AMAZON.YesIntent", locale=locale, attributes={"asked": "forget"})
    for request in (yes, consent("ACCEPTED", locale=locale)):
        answer = handle(request)
        assert key_of(answer, locale) == "error_apology"
        assert answer["response"].keys() == {"outputSpeech", "shouldEndSession"}
        assert answer["response"]["shouldEndSession"] is True
        assert "Error" not in json.dumps(answer)


def test_of_a_fault_its_type_and_place_are_logged_and_not_what_it_says(
    handle: Handle, monkeypatch: pytest.MonkeyPatch, logs_without_personal_data: list[str]
) -> None:
    monkeypatch.setattr("botocore.client.BaseClient._make_api_call", fail)
    handle(consent("ACCEPTED"))
    logged = "".join(logs_without_personal_data)
    assert "ConnectTimeoutError" in logged
    assert "consent.py" in logged
    assert "dynamodb.example" not in logged


def test_without_the_record_a_customer_is_answered_all_the_same(
    handle: Handle, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("botocore.client.BaseClient._make_api_call", fail)
    assert key_of(handle(launch())) == "help"
    assert key_of(handle(granted(launch()))) == "launch_subscribed"
    assert key_of(handle(intent("SubscriptionStatusIntent"))) == "status_unknown"
    assert key_of(handle(intent("TurnOnNotificationsIntent"))) == "consent_card_sent"


@pytest.fixture(params=["nobody listens", "somebody listens and never answers"])
def dead_port(request: pytest.FixtureRequest) -> Iterator[int]:
    """A port at which DynamoDB is down, in one of the two ways in which it can be."""
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        if request.param != "nobody listens":
            server.listen(8)
        yield server.getsockname()[1]


def test_with_dynamodb_down_voice_answers_within_the_eight_seconds(
    environment: pytest.MonkeyPatch, dead_port: int
) -> None:
    environment.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{dead_port}")
    skill_for.cache_clear()
    started = monotonic()
    answer = app.lambda_handler(launch(), object())
    took = monotonic() - started
    assert key_of(answer) == "help"
    assert took < 7
    skill_for.cache_clear()


def test_the_calls_of_a_voice_request_are_bounded_to_less_than_seven_seconds() -> None:
    limits: Any = AWS
    tries = limits.retries["total_max_attempts"]
    between = sum(min(2**retry, 20) for retry in range(tries - 1))  # botocore's standard mode
    call = tries * (limits.connect_timeout + limits.read_timeout) + between
    assert limits.retries["mode"] == "standard"
    assert PATIENCE + call < 7


@pytest.mark.parametrize(
    "request_",
    [
        launch(),
        granted(intent("TurnOnNotificationsIntent")),
        consent("ACCEPTED"),
        intent("AMAZON.YesIntent", attributes={"asked": "forget"}),
    ],
)
def test_a_voice_request_writes_nothing_when_reading_took_the_time_for_it(
    aws: DynamoDBClient, request_: Envelope
) -> None:
    ticks = itertools.chain([0.0], itertools.repeat(PATIENCE))
    slow = Subscribers(aws, "subscribers", clock=lambda: next(ticks))
    voice = VoiceHandler(slow, consent_by_voice=False)
    assert voice.handle(read_voice_request(request_, ms(3600)))["response"]
    assert aws.scan(TableName="subscribers")["Items"] == []


def test_a_voice_request_without_a_user_changes_nothing(handle: Handle, aws: Any) -> None:
    for request in (launch(), intent("AMAZON.YesIntent", attributes={"asked": "forget"})):
        del request["context"]["System"]["user"]["userId"]
        del request["session"]["user"]
        assert key_of(handle(request)) in {"help", "error_apology"}
    assert aws.scan(TableName="subscribers")["Items"] == []


def test_what_else_a_session_holds_stays_in_it(handle: Handle) -> None:
    held = {"basket": [1], "asked": "forget"}
    assert attributes_of(handle(intent("AMAZON.HelpIntent", attributes=held))) == {"basket": [1]}
    asked = handle(intent("ForgetMeIntent", attributes={"basket": [1]}))
    assert attributes_of(asked) == {"basket": [1], "asked": "forget"}
