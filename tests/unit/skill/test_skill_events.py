"""What the skill function makes of events well and badly formed."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError, ConnectTimeoutError
from yellowring.settings import InvalidSettings
from yellowring.skill import skill_events
from yellowring.skill.envelope import WrongSkill, milliseconds

from tests.envelopes import (
    EU,
    NOTIFICATIONS,
    USER,
    WEATHER,
    account,
    disabled,
    enabled,
    envelope,
    permitted,
    subscribed,
    time,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.unit.skill.kit import Envelope, Handle, Record

ACKNOWLEDGED = {"version": "1.0", "response": {}}
MOMENT = 1795165200123
SPELLINGS = {
    "with milliseconds": "2026-11-20T09:00:00.123Z",
    "with nanoseconds": "2026-11-20T09:00:00.123456789Z",
    "with an offset": "2026-11-20T10:00:00.123+01:00",
    "without an offset": "2026-11-20T09:00:00.123",
    "as epoch milliseconds": 1795165200123,
    "as epoch milliseconds in a string": "1795165200123",
    "as epoch seconds": 1795165200.123,
}


@pytest.mark.parametrize("timestamp", SPELLINGS.values(), ids=SPELLINGS.keys())
def test_a_timestamp_is_read_in_every_spelling(
    handle: Handle, record: Record, timestamp: object
) -> None:
    handle(subscribed(WEATHER, at=timestamp))
    item = record(USER)
    assert item is not None
    assert item["subscriptionsAt"] == str(MOMENT)


def test_whole_seconds_are_read_as_text_and_as_numbers() -> None:
    assert milliseconds("2026-11-20T09:00:00Z") == milliseconds(1795165200) == 1795165200000


@pytest.mark.parametrize("field", ["timeStamp", "eventCreationTime", "eventPublishingTime"])
def test_older_names_of_the_timestamp_are_read(handle: Handle, record: Record, field: str) -> None:
    event = subscribed(WEATHER)
    event["request"][field] = event["request"].pop("timestamp")
    handle(event)
    item = record(USER)
    assert item is not None
    assert item["subscriptions"] == [WEATHER]


@pytest.mark.parametrize("body", [None, {}, {"subscriptions": None}, {"subscriptions": []}])
def test_all_subscriptions_off_is_told_with_no_body_or_an_empty_one(
    handle: Handle, record: Record, body: object
) -> None:
    handle(subscribed(WEATHER, at=1))
    off = envelope("AlexaSkillEvent.ProactiveSubscriptionChanged", at=2, body=body)
    handle(off)
    item = record(USER)
    assert item is not None
    assert "subscriptions" not in item


def test_the_subscription_in_force_says_where_to_send(handle: Handle, record: Record) -> None:
    handle(subscribed(WEATHER, at=1))
    handle(subscribed(WEATHER, at=2, endpoint=EU))
    item = record(USER)
    assert item is not None
    assert item["apiEndpoint"] == EU


def test_a_linked_accounts_token_is_not_stored(handle: Handle, record: Record) -> None:
    handle(account(linked=True))
    item = record(USER)
    assert item is not None
    assert item["accountLinked"] is True
    assert "Atza" not in json.dumps(item)


def _without(event: Envelope, *path: str) -> Envelope:
    holder = event
    for name in path[:-1]:
        holder = holder[name]
    del holder[path[-1]]
    return event


def _with(event: Envelope, value: object, *path: str) -> Envelope:
    holder = event
    for name in path[:-1]:
        holder = holder[name]
    holder[path[-1]] = value
    return event


SYSTEM = ("context", "System")
MALFORMED: dict[str, tuple[Callable[[], Any], str]] = {
    "no user": (lambda: _without(subscribed(WEATHER), *SYSTEM, "user"), "context.System.user"),
    "no user id": (
        lambda: _without(subscribed(WEATHER), *SYSTEM, "user", "userId"),
        "context.System.user.userId",
    ),
    "a user id that is a number": (
        lambda: _with(subscribed(WEATHER), 7, *SYSTEM, "user", "userId"),
        "context.System.user.userId",
    ),
    "no timestamp": (
        lambda: _without(subscribed(WEATHER), "request", "timestamp"),
        "request.timestamp",
    ),
    "a date for a timestamp": (lambda: subscribed(WEATHER, at="2026-11-20"), "request.timestamp"),
    "a word for a timestamp": (lambda: subscribed(WEATHER, at="yesterday"), "request.timestamp"),
    "a timestamp before 1970": (
        lambda: subscribed(WEATHER, at="0001-01-01T00:00:00+23:59"),
        "request.timestamp",
    ),
    "a timestamp after 9999": (
        lambda: subscribed(WEATHER, at="9999-12-31T23:59:59-12:00"),
        "request.timestamp",
    ),
    "true for a timestamp": (
        lambda: _with(enabled(), True, "request", "timestamp"),
        "request.timestamp",
    ),
    "infinity for a timestamp": (
        lambda: _with(enabled(), float("inf"), "request", "timestamp"),
        "request.timestamp",
    ),
    "a timestamp beyond all years": (
        lambda: _with(enabled(), 10**20, "request", "timestamp"),
        "request.timestamp",
    ),
    "no request id": (lambda: _without(enabled(), "request", "requestId"), "request.requestId"),
    "a foreign apiEndpoint": (
        lambda: subscribed(WEATHER, endpoint="https://evil.example/"),
        "apiEndpoint",
    ),
    "an apiEndpoint that only begins like Alexa's": (
        lambda: subscribed(WEATHER, endpoint="https://api.amazonalexa.com.evil.example"),
        "apiEndpoint",
    ),
    "an apiEndpoint without TLS": (
        lambda: subscribed(WEATHER, endpoint="http://api.amazonalexa.com"),
        "apiEndpoint",
    ),
    "an apiEndpoint with a user in it": (
        lambda: subscribed(WEATHER, endpoint="https://api.amazonalexa.com@evil.example"),
        "apiEndpoint",
    ),
    "subscriptions that are not objects": (
        lambda: _with(subscribed(WEATHER), {"subscriptions": ["x"]}, "request", "body"),
        "request.body.subscriptions[0]",
    ),
    "a subscription without a name": (
        lambda: _with(subscribed(WEATHER), {"subscriptions": [{}]}, "request", "body"),
        "request.body.subscriptions[0].eventName",
    ),
    "endless subscriptions": (
        lambda: subscribed(*[f"AMAZON.Event{i}" for i in range(101)]),
        "request.body.subscriptions",
    ),
    "an unknown persistence": (lambda: disabled("MAYBE"), "userInformationPersistenceStatus"),
    "no request": (lambda: {"context": {}}, "request"),
    "no type": (lambda: _without(enabled(), "request", "type"), "request.type"),
    "a list": (list, "the request envelope"),
    "a word": (lambda: "hello", "the request envelope"),
}


@pytest.mark.parametrize("case", MALFORMED)
def test_what_can_never_be_stored_is_acknowledged_with_an_error_that_names_the_field(
    handle: Handle,
    aws: Any,
    case: str,
    logs_without_personal_data: list[str],
) -> None:
    make, path = MALFORMED[case]
    assert handle(make()) == ACKNOWLEDGED
    assert aws.scan(TableName="subscribers")["Items"] == []
    (line,) = [text for text in logs_without_personal_data if "invalid request" in text]
    assert path in json.loads(line)["problem"]


@pytest.mark.parametrize("skill_id", [None, "", "amzn1.ask.skill.somebody-elses"])
def test_a_request_for_another_skill_is_refused(handle: Handle, aws: Any, skill_id: object) -> None:
    event = _with(subscribed(WEATHER), skill_id, *SYSTEM, "application", "applicationId")
    with pytest.raises(WrongSkill, match="SKILL_ID"):
        handle(event)
    assert aws.scan(TableName="subscribers")["Items"] == []


def test_an_unknown_type_is_acknowledged_logged_and_counted(
    handle: Handle, aws: Any, logs_without_personal_data: list[str]
) -> None:
    assert handle(envelope("AlexaSkillEvent.SkillTeleported")) == ACKNOWLEDGED
    assert aws.scan(TableName="subscribers")["Items"] == []
    text = "".join(logs_without_personal_data)
    assert "unknown request acknowledged" in text
    assert '"UnknownRequests":[1.0]' in text


def test_a_storage_fault_fails_the_invocation(
    handle: Handle, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise ConnectTimeoutError(endpoint_url="https://dynamodb.example")

    monkeypatch.setattr("botocore.client.BaseClient._make_api_call", fail)
    with pytest.raises(ConnectTimeoutError):
        handle(subscribed(WEATHER))


def test_a_missing_table_fails_the_invocation(
    handle: Handle, environment: pytest.MonkeyPatch
) -> None:
    environment.setenv("SUBSCRIBERS_TABLE", "no-such-table")
    with pytest.raises(ClientError, match="ResourceNotFound"):
        handle(subscribed(WEATHER))


@pytest.mark.parametrize("name", ["SKILL_ID", "SUBSCRIBERS_TABLE"])
def test_a_missing_variable_is_named(
    handle: Handle, environment: pytest.MonkeyPatch, name: str
) -> None:
    environment.delenv(name)
    with pytest.raises(InvalidSettings, match=name):
        handle(enabled())


def test_an_applied_and_a_stale_event_are_told_apart_in_log_and_metric(
    handle: Handle, logs_without_personal_data: list[str]
) -> None:
    handle(subscribed(WEATHER, at=2))
    handle(subscribed(at=1))
    lines = [json.loads(line) for line in logs_without_personal_data]
    assert [line["outcome"] for line in lines if line.get("message") == "skill event"] == [
        "applied",
        "stale",
    ]
    assert [line["outcome"] for line in lines if "SkillEvents" in line] == ["applied", "stale"]


def test_the_answer_to_a_skill_event_has_no_speech(handle: Handle) -> None:
    assert "outputSpeech" not in json.dumps(handle(permitted(NOTIFICATIONS)))


def test_handlers_are_there_for_all_seven_types(handle: Handle, record: Record) -> None:
    for event in (
        enabled(at=1),
        permitted(NOTIFICATIONS, at=2),
        permitted(NOTIFICATIONS, at=3, kind="Changed"),
        subscribed(WEATHER, at=4),
        account(linked=True, at=5),
        account(linked=False, at=6),
        disabled("PERSISTED", at=7),
    ):
        assert event["request"]["type"] in skill_events.CHANGES
        handle(event)
    item = record(USER)
    assert item is not None
    assert item["disabledAt"] == str(milliseconds(time(7)))
