"""What the skill function makes of events well and badly formed."""

from __future__ import annotations

import json
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError, ConnectTimeoutError
from yellowring.settings import InvalidSettings
from yellowring.skill import skill_events
from yellowring.skill.envelope import WrongSkill, milliseconds

from tests.envelopes import (
    EU,
    NA,
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
from tests.unit.skill.conftest import NOW

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.unit.skill.kit import Envelope, Handle, Record

ACKNOWLEDGED = {"version": "1.0", "response": {}}
SPORTS = "AMAZON.SportsEvent.Updated"
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
    assert item["subscriptions"]["at"] == MOMENT


def test_whole_seconds_are_read_as_text_and_as_numbers() -> None:
    assert milliseconds("2026-11-20T09:00:00Z") == milliseconds(1795165200) == 1795165200000


@pytest.mark.parametrize("field", ["timeStamp", "eventCreationTime", "eventPublishingTime"])
def test_older_names_of_the_timestamp_are_read(handle: Handle, record: Record, field: str) -> None:
    event = subscribed(WEATHER)
    event["request"][field] = event["request"].pop("timestamp")
    handle(event)
    item = record(USER)
    assert item is not None
    assert item["subscriptions"]["value"] == [WEATHER]


@pytest.mark.parametrize(
    "body", [None, [], {}, {"subscriptions": None}, {"subscriptions": []}], ids=json.dumps
)
def test_all_subscriptions_off_is_told_with_no_body_or_an_empty_one(
    handle: Handle, record: Record, body: object
) -> None:
    handle(subscribed(WEATHER, at=1))
    off = envelope("AlexaSkillEvent.ProactiveSubscriptionChanged", at=2, body=body)
    handle(off)
    item = record(USER)
    assert item is not None
    assert "value" not in item["subscriptions"]


@pytest.mark.parametrize(
    "endpoint",
    [
        "https://API.eu.AmazonAlexa.com",
        f"{EU}:443",
        f"{EU}/",
        "HTTPS://api.eu.amazonalexa.com:443/",
    ],
)
def test_a_host_is_stored_in_one_spelling(handle: Handle, record: Record, endpoint: str) -> None:
    handle(subscribed(WEATHER, endpoint=endpoint))
    item = record(USER)
    assert item is not None
    assert item["host"]["value"] == EU


FOREIGN = {
    "another": "https://evil.example/",
    "one that only begins like Alexa's": "https://api.amazonalexa.com.evil.example",
    "one without TLS": "http://api.amazonalexa.com",
    "one with a user in it": "https://api.amazonalexa.com@evil.example",
    "one with a user before it": "https://evil@api.amazonalexa.com",
    "one with another port": "https://api.amazonalexa.com:8443",
    "one with a path": "https://api.amazonalexa.com/v1",
    "no port at all": "https://api.amazonalexa.com:x",
    "no address": "https://[",
    "a number": 7,
    "nothing": None,
}


@pytest.mark.parametrize("case", FOREIGN)
@pytest.mark.parametrize("events", [(), (WEATHER,)], ids=["off", "on"])
def test_a_subscription_change_from_an_unknown_host_is_stored_and_the_host_is_not(
    handle: Handle, record: Record, case: str, events: tuple[str, ...]
) -> None:
    handle(subscribed(WEATHER, SPORTS, at=1))
    handle(subscribed(*events, at=2, endpoint=FOREIGN[case]))  # type: ignore[arg-type]
    item = record(USER)
    assert item is not None
    assert item["subscriptions"].get("value", []) == list(events)
    assert item["host"] == {
        "at": milliseconds(time(1)),
        "by": item["host"]["by"],
        "value": NA,
    }


@pytest.mark.parametrize("later", [enabled, disabled, account])
def test_any_event_that_has_a_newer_host_tells_where_the_customer_is(
    handle: Handle, record: Record, later: Callable[..., Envelope]
) -> None:
    handle(subscribed(WEATHER, at=1))
    made = {
        enabled: lambda: enabled(at=2),
        disabled: lambda: disabled("PERSISTED", at=2),
        account: lambda: account(linked=True, at=2),
    }[later]()
    made["context"]["System"]["apiEndpoint"] = EU
    handle(made)
    item = record(USER)
    assert item is not None
    assert item["host"]["value"] == EU


@pytest.mark.parametrize(
    "body",
    [
        None,
        [],
        ["x"],
        "x",
        7,
        {},
        {"userInformationPersistenceStatus": "MAYBE"},
        {"userInformationPersistenceStatus": 7},
    ],
    ids=json.dumps,
)
def test_a_disable_is_a_disable_whatever_it_says_of_the_data(
    handle: Handle, record: Record, body: object
) -> None:
    handle(subscribed(WEATHER, at=1))
    handle(envelope("AlexaSkillEvent.SkillDisabled", at=2, body=body))
    item = record(USER)
    assert item is not None
    assert item["disabledAt"] == milliseconds(time(2)) + 999
    assert item["subscriptions"]["value"] == [WEATHER]


@pytest.mark.parametrize("request_id", ["", None, 7, "é", "Atza|test"])
def test_an_event_without_a_request_id_is_stored(
    handle: Handle, record: Record, request_id: object
) -> None:
    handle(subscribed(WEATHER, at=1))
    handle(_with(subscribed(at=2), request_id, "request", "requestId"))
    item = record(USER)
    assert item is not None
    assert item["subscriptions"] == {"at": milliseconds(time(2)), "by": ""}


def test_entries_that_cannot_be_read_are_skipped(handle: Handle, record: Record) -> None:
    entries = ["x", {}, {"eventName": 7}, {"eventName": WEATHER}, None]
    handle(_with(subscribed(), {"subscriptions": entries}, "request", "body"))
    item = record(USER)
    assert item is not None
    assert item["subscriptions"]["value"] == [WEATHER]


UNUSABLE = {
    "none": None,
    "a date": "2026-11-20",
    "a word": "yesterday",
    "one before 1970": "0001-01-01T00:00:00+23:59",
    "one after 9999": "9999-12-31T23:59:59-12:00",
    "true": True,
    "infinity": float("inf"),
    "one beyond all years": 10**20,
    "the year 2999": "2999-01-01T00:00:00Z",
    "eleven minutes ahead": (NOW + timedelta(minutes=11)).isoformat(),
}
OPT_OUTS: dict[str, Callable[[], Envelope]] = {
    "subscriptions": subscribed,
    "permissions": permitted,
    "disabledAt": lambda: disabled("PERSISTED"),
    "erasedAt": disabled,
}


@pytest.mark.parametrize("case", UNUSABLE)
@pytest.mark.parametrize("name", OPT_OUTS)
def test_an_opt_out_without_a_usable_time_happened_now(
    handle: Handle, record: Record, case: str, name: str, logs_without_personal_data: list[str]
) -> None:
    handle(_with(OPT_OUTS[name](), UNUSABLE[case], "request", "timestamp"))
    item = record(USER)
    assert item is not None
    at = item[name]["at"] if isinstance(item[name], dict) else item[name]
    assert at // 1000 == NOW.timestamp()
    assert '"UnusableTimes":1' in "".join(logs_without_personal_data)


@pytest.mark.parametrize("case", UNUSABLE)
def test_anything_else_without_a_usable_time_is_older_than_all(
    handle: Handle, record: Record, case: str, logs_without_personal_data: list[str]
) -> None:
    handle(_with(subscribed(WEATHER), UNUSABLE[case], "request", "timestamp"))
    item = record(USER)
    assert item is not None
    assert item["subscriptions"]["at"] == 0
    assert '"UnusableTimes":1' in "".join(logs_without_personal_data)


def test_a_time_ten_minutes_ahead_is_taken(handle: Handle, record: Record) -> None:
    ahead = NOW + timedelta(minutes=10)
    handle(subscribed(WEATHER, at=ahead.isoformat()))
    item = record(USER)
    assert item is not None
    assert item["subscriptions"]["at"] == ahead.timestamp() * 1000


def test_of_the_times_of_an_event_the_first_usable_one_counts(
    handle: Handle, record: Record, logs_without_personal_data: list[str]
) -> None:
    event = subscribed(WEATHER, at="2999-01-01T00:00:00Z")
    event["request"] |= {"eventCreationTime": time(1), "eventPublishingTime": time(2)}
    handle(event)
    item = record(USER)
    assert item is not None
    assert item["subscriptions"]["at"] == milliseconds(time(1))
    assert "UnusableTimes" not in "".join(logs_without_personal_data)


def test_a_linked_accounts_token_is_not_stored(handle: Handle, record: Record) -> None:
    handle(account(linked=True))
    item = record(USER)
    assert item is not None
    assert item["account"]["value"] is True
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
    "subscriptions that are not objects": (
        lambda: _with(subscribed(WEATHER), {"subscriptions": ["x"]}, "request", "body"),
        "request.body.subscriptions",
    ),
    "a subscription without a name": (
        lambda: _with(subscribed(WEATHER), {"subscriptions": [{}]}, "request", "body"),
        "request.body.subscriptions",
    ),
    "endless subscriptions": (
        lambda: subscribed(*[f"AMAZON.Event{i}" for i in range(101)]),
        "request.body.subscriptions",
    ),
    **{
        f"{odd!r} for subscriptions": (
            partial(_with, subscribed(), {"subscriptions": odd}, "request", "body"),
            "request.body.subscriptions",
        )
        for odd in ({}, 0, False, "", {"eventName": WEATHER}, [None], [{"eventName": 7}])
    },
    "a list of something for a body": (
        lambda: _with(subscribed(), ["x"], "request", "body"),
        "request.body",
    ),
    "zero for a body": (lambda: _with(subscribed(), 0, "request", "body"), "request.body"),
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
    assert '"UnknownRequests":1' in text


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
    assert item["disabledAt"] == milliseconds(time(7)) + 999
