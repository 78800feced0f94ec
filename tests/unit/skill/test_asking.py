"""Notifications are asked for from a handler of any skill, and what comes of it is told."""

from __future__ import annotations

import doctest
from typing import TYPE_CHECKING, Any

import pytest
import yellowring
import yellowring.skill.asking
import yellowring.skill.texts
from ask_sdk_core.response_helper import ResponseFactory
from yellowring.settings import InvalidSettings
from yellowring.skill.assembly import skill_for
from yellowring.skill.speech import LANGUAGES, speech
from yellowring.skill.texts import KEYS, replies_of

from tests.envelopes import NOTIFICATIONS, USER, consent, disabled, granted, spoken
from tests.unit.skill.answers import check_answer
from tests.unit.skill.their_skill import TheirSkill, words_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from mypy_boto3_dynamodb.client import DynamoDBClient
    from yellowring import ConsentOutcome

    from tests.unit.skill.kit import Envelope, Record

CARD = {"type": "AskForPermissionsConsent", "permissions": [NOTIFICATIONS]}


@pytest.fixture(autouse=True)
def fresh(aws: DynamoDBClient) -> Iterator[None]:
    skill_for.cache_clear()
    yield
    skill_for.cache_clear()


def order(**made: Any) -> Envelope:
    return spoken("IntentRequest", "OrderIntent", **made)


def answer_to(event: Envelope, asked: dict[str, Any] | None = None, **options: Any) -> Any:
    """Have a skill of theirs, wrapped, answer a request."""
    their = TheirSkill(asked or {})
    answer = yellowring.wrap(their.handler(), **options)(event, None)
    assert their.caught == []
    return answer


def test_a_card_asks_in_the_customers_language() -> None:
    answer = answer_to(order(locale="de-DE"))
    check_answer(answer)
    assert answer["response"]["card"] == CARD
    assert words_of(answer) == speech("de-DE")["consent_card_sent"]


def test_alexa_asks_by_voice_and_resumes_the_session() -> None:
    response = answer_to(order(), {"by": "voice"})["response"]
    [directive] = response["directives"]
    assert directive["type"] == "Connections.StartConnection"
    assert directive["onCompletion"] == "RESUME_SESSION"
    assert directive["input"]["permissionScopes"][0]["permissionScope"] == NOTIFICATIONS
    assert "shouldEndSession" not in response
    assert "card" not in response


def test_the_environment_says_how_it_is_asked_unless_the_handler_does(
    environment: pytest.MonkeyPatch,
) -> None:
    environment.setenv("VOICE_CONSENT", "voice")
    assert "directives" in answer_to(order())["response"]
    assert "card" in answer_to(order(), {"by": "card"})["response"]


def test_who_has_granted_it_accepts_and_hears_so(record: Record) -> None:
    answer = answer_to(granted(order(at=5)))
    assert words_of(answer) == speech("en-US")["consent_accepted"]
    stored = record(USER)
    assert stored is not None
    assert stored["acceptedAt"]


def test_who_has_granted_it_but_is_off_by_the_record_gets_a_card(record: Record) -> None:
    answer_to(disabled("PERSISTED", at=9))
    assert answer_to(granted(order(at=5)))["response"]["card"] == CARD


ANOTHER = {"applicationId": "amzn1.ask.skill.another"}


@pytest.mark.parametrize("lacking", ["table", "user", "skill"])
def test_what_cannot_be_stored_leaves_what_the_skill_says_and_a_card(
    environment: pytest.MonkeyPatch,
    record: Record,
    logs_without_personal_data: list[str],
    lacking: str,
) -> None:
    event = granted(order(at=5))
    match lacking:
        case "table":
            environment.setenv("SUBSCRIBERS_TABLE", "a-table-that-is-not-there")
        case "user":
            del event["context"]["System"]["user"]["userId"]
        case _:
            event["context"]["System"]["application"] = ANOTHER
            event["session"]["application"] = ANOTHER
    answer = answer_to(event, {"speech": "Your box is ordered."})
    assert words_of(answer).startswith("Your box is ordered. ")
    assert answer["response"]["card"] == CARD
    assert '"VoiceFailures":1' in "".join(logs_without_personal_data)
    assert "acceptedAt" not in (record(USER) or {})


def test_what_is_not_set_is_named(environment: pytest.MonkeyPatch) -> None:
    environment.delenv("SUBSCRIBERS_TABLE")
    with pytest.raises(InvalidSettings, match="SUBSCRIBERS_TABLE"):
        yellowring.ask_for_notifications(granted(order()))


@pytest.mark.parametrize(
    "ssml",
    [
        '<amazon:effect name="whispered">Hi</amazon:effect>',
        '<alexa:name type="first" personId="x"/>',
        "{name}, {",
    ],
)
def test_what_alexa_can_say_is_said_as_it_is(ssml: str) -> None:
    own = {"en": dict.fromkeys(KEYS, ssml)}
    assert words_of(answer_to(order(), {"speech": ssml}, texts=own)) == f"{ssml} {ssml}"
    for event in (consent("ACCEPTED"), consent("DENIED")):
        assert words_of(answer_to(event, texts=own)) == ssml


def test_something_may_be_said_before() -> None:
    answer = answer_to(order(), {"speech": "Your box comes on <emphasis>Friday</emphasis>."})
    sent = speech("en-US")["consent_card_sent"]
    assert words_of(answer) == f"Your box comes on <emphasis>Friday</emphasis>. {sent}"


def test_session_attributes_of_theirs_stay() -> None:
    assert answer_to(order(attributes={"basket": [1]}))["sessionAttributes"] == {"basket": [1]}


@pytest.mark.parametrize(
    ("asked", "problem"),
    [
        ({"by": "mail"}, "by is 'mail': it must be 'card' or 'voice'"),
        ({"speech": "Bob & Sons"}, "speech is not what may stand in <speak>"),
    ],
)
def test_an_argument_that_cannot_be_right_is_named(asked: dict[str, Any], problem: str) -> None:
    with pytest.raises(ValueError, match=problem):
        yellowring.ask_for_notifications(order(), **asked)


def test_it_works_with_the_raw_envelope_and_without_any_environment(
    environment: pytest.MonkeyPatch,
) -> None:
    for name in ("SKILL_ID", "SUBSCRIBERS_TABLE", "AWS_DEFAULT_REGION"):
        environment.delenv(name)
    response = yellowring.ask_for_notifications(order(locale="fr-FR"))
    assert response["card"] == CARD
    assert speech("fr-FR")["consent_card_sent"] in response["outputSpeech"]["ssml"]


def test_what_was_built_before_stays_but_for_what_is_said() -> None:
    class Input:
        request_envelope = None
        response_builder = ResponseFactory()

    Input.response_builder.ask("And now?").response.directives = ["theirs"]
    response: Any = yellowring.ask_for_notifications(Input(), by="voice")
    assert response is Input.response_builder.response
    assert response.directives[0] == "theirs"
    assert len(response.directives) == 2
    assert response.reprompt is None
    assert response.should_end_session is None


OUTCOMES = {
    "accepted": consent("ACCEPTED", attributes={"basket": [1]}),
    "denied": consent("DENIED", attributes={"basket": [1]}),
    "unanswered": consent("NOT_ANSWERED", attributes={"basket": [1]}),
    "error": consent(None, code="500", attributes={"basket": [1]}),
}
SAID = {
    "accepted": "consent_accepted",
    "denied": "consent_denied",
    "unanswered": "consent_card_sent",
    "error": "consent_card_sent",
}


@pytest.mark.parametrize("status", OUTCOMES)
def test_what_comes_of_it_is_told_and_answered(status: str) -> None:
    told: list[ConsentOutcome] = []
    answer = answer_to(OUTCOMES[status], on_consent=told.append)
    check_answer(answer)
    [outcome] = told
    assert outcome.status == status
    assert outcome.deliverable is (status == "accepted")
    assert outcome.locale == "en-US"
    assert outcome.session_attributes == {"basket": [1]} == answer["sessionAttributes"]
    assert words_of(answer) == speech("en-US")[SAID[status]]
    assert ("card" in answer["response"]) is (SAID[status] == "consent_card_sent")


def test_an_acceptance_is_stored_before_it_is_told(record: Record) -> None:
    told: list[object] = []
    answer_to(consent("ACCEPTED", at=3), on_consent=lambda _: told.append(record(USER)))
    assert told == [record(USER)]
    assert told[0] is not None


def test_an_acceptance_that_an_opt_out_outweighs_is_not_deliverable() -> None:
    told: list[ConsentOutcome] = []
    answer_to(disabled("PERSISTED", at=9))
    answer_to(consent("ACCEPTED", at=3), on_consent=told.append)
    assert [(each.status, each.deliverable) for each in told] == [("accepted", False)]


def sdk_response() -> Any:
    return ResponseFactory().speak("Theirs.").ask("More?").response


@pytest.mark.parametrize(
    "returned",
    [
        lambda: {"outputSpeech": {"type": "SSML", "ssml": "<speak>Theirs.</speak>"}},
        sdk_response,
    ],
)
def test_the_skill_may_answer_itself(returned: Callable[[], Any]) -> None:
    def on_consent(outcome: ConsentOutcome) -> Any:
        outcome.session_attributes["asked"] = True
        return returned()

    answer = answer_to(consent("DENIED", attributes={"basket": 1}), on_consent=on_consent)
    assert words_of(answer) == "Theirs."
    assert answer["sessionAttributes"] == {"basket": 1, "asked": True}


def test_the_skill_may_answer_nothing() -> None:
    assert answer_to(consent("DENIED"), on_consent=lambda _: {})["response"] == {}


def test_where_there_were_no_attributes_none_are_told() -> None:
    event = consent("DENIED")
    del event["session"]["attributes"]
    assert "sessionAttributes" not in answer_to(event)


FAILS = ["raises", "returns what is no response", "returns a whole answer"]


@pytest.mark.parametrize("how", FAILS)
def test_a_callback_that_fails_leaves_an_apology(
    how: str, logs_without_personal_data: list[str]
) -> None:
    def on_consent(outcome: ConsentOutcome) -> Any:
        outcome.session_attributes.clear()
        if how == "raises":
            raise LookupError("no account for jane@example.com")
        return {"response": {}} if how == FAILS[2] else "Great!"

    answer = answer_to(consent("ACCEPTED", attributes={"basket": 1}), on_consent=on_consent)
    check_answer(answer)
    assert words_of(answer) == speech("en-US")["error_apology"]
    assert answer["sessionAttributes"] == {"basket": 1}
    logged = "".join(logs_without_personal_data)
    assert '"VoiceFailures":1' in logged
    assert "jane" not in logged
    assert ("on_consent returned" in logged) is (how != "raises")
    assert "test_asking.py" in logged or how != "raises"


def test_an_acceptance_that_could_not_be_stored_is_an_apology_and_not_told(
    environment: pytest.MonkeyPatch,
) -> None:
    environment.setenv("SUBSCRIBERS_TABLE", "a-table-that-is-not-there")
    told: list[object] = []
    answer = answer_to(consent("ACCEPTED", locale="it-IT"), on_consent=told.append)
    assert words_of(answer) == speech("it-IT")["error_apology"]
    assert told == []


OWN = {
    "en": {"consent_card_sent": "Look into the app, box fan."},
    "de": {"consent_denied": "Na gut."},
    "de-AT": {"consent_denied": "Passt."},
}


def test_their_words_replace_ours_where_there_are_some() -> None:
    assert words_of(answer_to(order(), texts=OWN)) == OWN["en"]["consent_card_sent"]
    german = answer_to(order(locale="de-DE"), texts=OWN)
    assert words_of(german) == speech("de-DE")["consent_card_sent"]
    for locale, said in {"de-DE": "Na gut.", "de-AT": "Passt."}.items():
        assert words_of(answer_to(consent("DENIED", locale=locale), texts=OWN)) == said


def test_their_words_are_those_of_the_skill_that_is_served() -> None:
    assert words_of(answer_to(order(), texts=OWN)) == OWN["en"]["consent_card_sent"]
    assert words_of(answer_to(order())) == speech("en-US")["consent_card_sent"]


def test_a_language_of_their_own_has_all_texts() -> None:
    dutch = {key: f"{key}, in het Nederlands" for key in KEYS}
    replies = replies_of({"nl": dutch, "nl-BE": {"consent_ask": "Mag ik?"}})
    assert replies("nl-NL")["consent_ask"] == dutch["consent_ask"]
    assert replies("nl-BE")["consent_ask"] == "Mag ik?"
    with pytest.raises(ValueError, match="needs all of"):
        replies_of({"nl": {"consent_ask": "Mag ik?"}})


def test_no_reply_of_the_librarys_names_our_skill_or_a_phrase_of_it() -> None:
    for language in LANGUAGES:
        replies = speech(language)
        assert not [key for key in KEYS if "Yellow Ring" in replies[key] or ":" in replies[key]]


def test_the_examples_in_the_documentation_hold() -> None:
    for module in (yellowring.skill.asking, yellowring.skill.texts):
        assert doctest.testmod(module).failed == 0
