"""One line around a skill that is not ours takes what is ours, and leaves the rest as it is."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any

import pytest
import yellowring
from botocore.exceptions import ClientError
from yellowring.settings import InvalidSettings
from yellowring.skill.account_linking import LinkingUnavailable
from yellowring.skill.assembly import skill_for
from yellowring.skill.envelope import WrongSkill
from yellowring.skill.skill_events import CHANGES

from tests.envelopes import (
    NOTIFICATIONS,
    USER,
    WEATHER,
    account,
    command,
    consent,
    disabled,
    enabled,
    envelope,
    message,
    permitted,
    spoken,
    subscribed,
)
from tests.unit.skill.provider import provider
from tests.unit.skill.their_skill import TheirSkill

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mypy_boto3_dynamodb.client import DynamoDBClient

    from tests.unit.skill.kit import Envelope, Record

ACKNOWLEDGED = {"version": "1.0", "response": {}}
EVENTS = [
    subscribed(WEATHER),
    enabled(),
    disabled(),
    permitted(NOTIFICATIONS),
    permitted(NOTIFICATIONS, kind="Changed"),
    account(linked=True),
    account(linked=False),
]


@pytest.fixture(autouse=True)
def fresh(aws: DynamoDBClient) -> Iterator[None]:
    skill_for.cache_clear()
    yield
    skill_for.cache_clear()


@pytest.fixture
def their() -> TheirSkill:
    return TheirSkill()


def no_table(environment: pytest.MonkeyPatch) -> None:
    environment.setenv("SUBSCRIBERS_TABLE", "a-table-that-is-not-there")


@pytest.mark.parametrize("event", EVENTS, ids=lambda each: each["request"]["type"])
def test_a_skill_event_is_stored_before_their_sdk_sees_it(
    their: TheirSkill, record: Record, event: Envelope
) -> None:
    assert yellowring.wrap(their.handler())(event, None) == ACKNOWLEDGED
    assert record(USER) is not None
    assert their.intercepted == their.seen == []


def test_every_skill_event_is_among_those_tried() -> None:
    assert {each["request"]["type"] for each in EVENTS} == set(CHANGES)


def test_a_numeric_time_is_read_though_their_sdk_would_raise(
    their: TheirSkill, record: Record
) -> None:
    event = enabled(at=1_795_165_200_123)
    assert yellowring.wrap(their.handler())(event, None) == ACKNOWLEDGED
    stored = record(USER)
    assert stored is not None
    assert stored["enabledAt"] == 1_795_165_200_123


def test_what_could_not_be_stored_raises_past_their_handler_that_catches_all(
    their: TheirSkill, environment: pytest.MonkeyPatch
) -> None:
    no_table(environment)
    handle = yellowring.wrap(their.handler())
    for each in (*EVENTS, message(command("refresh"))):
        with pytest.raises(ClientError):
            handle(each, None)
    assert their.caught == []


def test_a_request_for_another_skill_raises(their: TheirSkill, aws: DynamoDBClient) -> None:
    for made in (enabled(), message(command("forget")), consent("ACCEPTED")):
        made["context"]["System"]["application"]["applicationId"] = "amzn1.ask.skill.another"
        with pytest.raises(WrongSkill):
            yellowring.wrap(their.handler())(made, None)
    assert aws.scan(TableName="subscribers")["Items"] == []


def test_an_event_that_can_never_be_stored_is_acknowledged(their: TheirSkill) -> None:
    event = enabled()
    event["context"]["System"]["user"] = {}
    assert yellowring.wrap(their.handler())(event, None) == ACKNOWLEDGED
    assert their.seen == []


class Theirs:
    """A handler that notes what it got, and answers with an object of its own."""

    def __init__(self) -> None:
        self.got: list[tuple[object, object]] = []
        self.answer = object()

    def __call__(self, event: object, context: object) -> object:
        self.got.append((event, context))
        return self.answer


def passes(event: Any, **options: Any) -> bool:
    """Check that an event goes to their handler untouched, and its answer comes back."""
    theirs, context, before = Theirs(), object(), copy.deepcopy(event)
    answer = yellowring.wrap(theirs, **options)(event, context)
    if not theirs.got:
        return False
    [(got, got_context)] = theirs.got
    assert got is event
    assert got_context is context
    assert event == before
    assert answer is theirs.answer
    return True


@pytest.mark.parametrize(
    "event",
    [
        spoken("LaunchRequest"),
        spoken("IntentRequest", "OrderIntent", attributes={"basket": [1, 2]}),
        spoken("SessionEndedRequest"),
        spoken("CanFulfillIntentRequest", "OrderIntent"),
        consent("ACCEPTED", token="theirs"),
        consent("ACCEPTED", token=None),
        consent("ACCEPTED", cause="ConnectionInterrupted"),
        spoken("LaunchRequest", cause=consent("ACCEPTED")["request"]["cause"]),
        message({"greeting": "hello"}),
        message({"version": 2, "command": "refresh"}),
        message({"version": True, "command": "refresh"}),
        message({"version": 1, "command": "refreshBasket"}),
        message({"version": 1, "command": ["refresh"]}),
        message(None),
        envelope("AlexaSkillEvent.SkillTeleported"),
        envelope("AlexaHouseholdListEvent.ItemsCreated"),
        envelope("Alexa.Unheard.Of", at="string"),
        *({}, [], None, "text", {"request": None}, {"request": {"type": 7}}),
    ],
    ids=repr,
)
def test_all_else_passes_untouched(event: Any) -> None:
    assert passes(event)


@pytest.mark.parametrize("version", [1, "1"])
def test_a_message_with_one_of_our_commands_is_taken(record: Record, version: object) -> None:
    assert not passes(message({"version": version, "command": "refresh"}))
    assert record(USER) is not None


def test_each_part_can_be_left_out(aws: DynamoDBClient) -> None:
    assert passes(enabled(), skill_events=False)
    assert passes(message(command("refresh")), messages=False)
    assert passes(consent("ACCEPTED"), consent=False, voice=False)
    assert passes(spoken("LaunchRequest"), voice=False)
    assert aws.scan(TableName="subscribers")["Items"] == []


def test_their_handler_may_see_skill_events_as_well_once_they_are_stored(record: Record) -> None:
    def theirs(event: Envelope, context: object) -> object:
        return record(USER)

    stored: Any = yellowring.wrap(theirs, skill_events="also")(enabled(), None)
    assert stored["enabledAt"]


def test_their_handler_does_not_see_a_skill_event_that_could_not_be_stored(
    environment: pytest.MonkeyPatch,
) -> None:
    no_table(environment)
    theirs = Theirs()
    with pytest.raises(ClientError):
        yellowring.wrap(theirs, skill_events="also")(enabled(), None)
    assert theirs.got == []


def test_their_handler_sees_a_link_whose_customer_could_not_be_told(
    environment: pytest.MonkeyPatch, record: Record
) -> None:
    theirs = Theirs()
    with provider() as userinfo:
        environment.setenv("USERINFO_URL", userinfo.url)
        userinfo.answers(503)
        with pytest.raises(LinkingUnavailable):
            yellowring.wrap(theirs, skill_events="also")(account(linked=True), None)
        with pytest.raises(LinkingUnavailable):
            yellowring.wrap(theirs)(account(linked=True), None)
    assert len(theirs.got) == 1
    assert record(USER) is not None


def test_their_handler_does_not_see_our_messages_as_well() -> None:
    theirs = Theirs()
    yellowring.wrap(theirs, skill_events="also")(message(command("refresh")), None)
    assert theirs.got == []


def test_what_is_no_request_passes_whatever_the_environment_lacks(
    environment: pytest.MonkeyPatch,
) -> None:
    environment.delenv("SUBSCRIBERS_TABLE")
    events: tuple[Any, ...] = ({"source": "serverless-plugin-warmup"}, {}, [], None, "ping")
    for event in events:
        assert passes(event)


def test_a_handler_that_is_an_object_keeps_its_own_attributes_to_itself() -> None:
    theirs = Theirs()
    assert "got" not in vars(yellowring.wrap(theirs))


def test_what_their_handler_raises_is_raised() -> None:
    def theirs(event: Envelope, context: object) -> object:
        raise LookupError("theirs")

    for event in (spoken("LaunchRequest"), envelope("AlexaSkillEvent.SkillTeleported")):
        with pytest.raises(LookupError, match="theirs"):
            yellowring.wrap(theirs)(event, None)


def test_their_skill_answers_as_without_us(their: TheirSkill) -> None:
    bare, wrapped = TheirSkill().handler(), yellowring.wrap(their.handler())
    for event in (
        spoken("LaunchRequest", attributes={"launches": 2, "basket": {"a": [1]}}),
        spoken("IntentRequest", "BrokenIntent", attributes={"basket": 1}),
        spoken("IntentRequest", "AMAZON.HelpIntent"),
    ):
        assert wrapped(copy.deepcopy(event), None) == bare(copy.deepcopy(event), None)
    assert their.caught == ["RuntimeError"]


@pytest.mark.parametrize("name", ["SKILL_ID", "SUBSCRIBERS_TABLE"])
def test_a_variable_that_is_missing_is_named_with_where_it_comes_from(
    environment: pytest.MonkeyPatch, name: str
) -> None:
    environment.delenv(name)
    handle = yellowring.wrap(Theirs())
    told = {"SKILL_ID": "the skill's id", "SUBSCRIBERS_TABLE": "SubscribersTableName"}
    with pytest.raises(InvalidSettings, match=f"{name} is not set.*{told[name]}"):
        handle(spoken("LaunchRequest"), None)


async def awaited(envelope: object) -> None:
    """Return nothing before somebody awaits it."""


class Awaited:
    """A callable object that is to be awaited."""

    async def __call__(self, outcome: object) -> None:
        """Return nothing before somebody awaits it."""


@pytest.mark.parametrize(
    ("options", "problem"),
    [
        ({"skill_events": "too"}, "skill_events is 'too': it must be True, False or 'also'"),
        ({"customer_id": "4711"}, "customer_id must be callable"),
        ({"on_consent": 1}, "on_consent must be callable"),
        ({"customer_id": awaited}, "customer_id must not be async"),
        ({"on_consent": Awaited()}, "on_consent must not be async"),
        ({"customer_id": lambda _: None, "voice": False}, "needs voice=True"),
        ({"texts": {"en": {"greeting": "Hi"}}}, "the keys are consent_ask, consent_card_sent"),
        ({"texts": {"xx": {"consent_ask": "?"}}}, "de, en, es, fr, hi, it, ja, pt; another"),
        ({"texts": {"en_us": {"consent_ask": "?"}}}, "spelled as in de-AT"),
        ({"texts": {"en": {"consent_ask": "Bob & Sons"}}}, "&amp;"),
        ({"texts": {"en": {"consent_ask": "<speak>Hi</speak>"}}}, "must not have <speak>"),
        ({"texts": {"en": {"consent_ask": " "}}}, "must be a text"),
    ],
)
def test_an_argument_that_cannot_be_right_is_refused_at_once(
    options: dict[str, Any], problem: str
) -> None:
    with pytest.raises((TypeError, ValueError)) as raised:
        yellowring.wrap(Theirs(), **options)
    assert problem in str(raised.value)


def test_a_skill_builder_is_no_handler(their: TheirSkill) -> None:
    with pytest.raises(TypeError, match="handler must be callable"):
        yellowring.wrap(object())  # type: ignore[arg-type]


def test_in_lambda_the_parts_are_made_at_the_start(environment: pytest.MonkeyPatch) -> None:
    environment.setenv("AWS_LAMBDA_FUNCTION_NAME", "their-skill")
    yellowring.wrap(Theirs())
    assert skill_for.cache_info().currsize == 1
    environment.delenv("SUBSCRIBERS_TABLE")
    with pytest.raises(InvalidSettings, match="SUBSCRIBERS_TABLE"):
        yellowring.wrap(Theirs())


def test_elsewhere_a_skill_is_imported_without_any_environment(
    environment: pytest.MonkeyPatch,
) -> None:
    for name in ("SKILL_ID", "SUBSCRIBERS_TABLE", "AWS_DEFAULT_REGION"):
        environment.delenv(name)
    yellowring.wrap(Theirs())
    assert skill_for.cache_info().currsize == 0
