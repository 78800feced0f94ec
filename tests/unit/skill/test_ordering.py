"""Whatever order the events come in, and however often: the same record."""

from __future__ import annotations

import itertools
import json
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from yellowring.skill.assembly import skill_for
from yellowring.subscribers import ATTRIBUTE_KEY, Subscribers

from tests.envelopes import (
    EU,
    NA,
    NOTIFICATIONS,
    START,
    USER,
    WEATHER,
    account,
    command,
    disabled,
    enabled,
    message,
    permitted,
    subscribed,
)
from tests.unit.skill.kit import Envelope, Handle, Record, expected_record

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mypy_boto3_dynamodb.client import DynamoDBClient

SPORTS = "AMAZON.SportsEvent.Updated"
FEW = settings(
    max_examples=12,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)

TOMBSTONE = {"userId", "erasedAt", "expiresAt"}
START_SECONDS = int(START.timestamp())

times = st.one_of(st.integers(0, 4), st.sampled_from([1.001, 1.002]))
"""So few that equal times are common."""
keys = st.one_of(
    st.sampled_from(["plan", "at", "by", "value"]), st.from_regex(ATTRIBUTE_KEY, fullmatch=True)
)


@st.composite
def attributes(draw: st.DrawFn) -> Envelope:
    """Set some keys and remove others, with one message."""
    values = draw(st.dictionaries(keys, st.sampled_from(["gold", "tin", True]), max_size=2))
    removed = sorted(draw(st.sets(keys.filter(lambda key: key not in values), max_size=2)))
    if not values and not removed:
        removed = ["plan"]
    return message(command("attributes", set=values, remove=removed), at=draw(times))


messages = st.one_of(
    attributes(),
    attributes(),
    st.builds(
        lambda at, endpoint, locale: message(
            command("refresh"), at=at, endpoint=endpoint, locale=locale
        ),
        times,
        st.sampled_from([NA, EU]),
        st.sampled_from(["en-US", "de-DE"]),
    ),
    st.builds(lambda at: message(command("forget"), at=at), times),
    st.builds(
        lambda at, known: message(command("customer", id=known), at=at),
        times,
        st.sampled_from(["4711", "0815", None]),
    ),
)
events = st.one_of(
    st.builds(
        lambda at, names, endpoint: subscribed(*names, at=at, endpoint=endpoint),
        times,
        st.sets(st.sampled_from([WEATHER, SPORTS])),
        st.sampled_from([NA, EU]),
    ),
    st.builds(lambda at, how: disabled(how, at=at), times, st.sampled_from(["PERSISTED"])),
    st.builds(lambda at: disabled(at=at), times),
    st.builds(enabled, times),
    st.builds(
        lambda at, scopes, kind: permitted(*scopes, at=at, kind=kind),
        times,
        st.sets(st.sampled_from([NOTIFICATIONS, "alexa::profile:email:read"])),
        st.sampled_from(["Accepted", "Changed"]),
    ),
    st.builds(lambda at, linked: account(linked=linked, at=at), times, st.booleans()),
    messages,
)


def after(handle: Handle, record: Record, history: Sequence[Envelope]) -> dict[str, Any] | None:
    """Deliver a history to an empty table and give the item that results."""
    boto3.client("dynamodb").delete_item(TableName="subscribers", Key={"userId": {"S": USER}})
    for each in history:
        handle(each)
    return record(USER)


@FEW
@given(history=st.lists(events, min_size=1, max_size=4), repeats=st.data())
def test_every_order_and_any_repetition_of_a_history_ends_in_the_same_item(
    handle: Handle, record: Record, history: list[Envelope], repeats: st.DataObject
) -> None:
    expected = expected_record(history)
    for order in itertools.permutations(history):
        again = repeats.draw(st.lists(st.sampled_from(history), max_size=3))
        assert after(handle, record, [*order, *again]) == expected


@FEW
@given(
    shuffled=st.lists(events, min_size=1, max_size=12).flatmap(
        lambda history: st.tuples(st.just(history), st.permutations(history * 2))
    )
)
def test_a_long_history_doubled_and_shuffled_ends_in_what_it_means(
    handle: Handle, record: Record, shuffled: tuple[list[Envelope], list[Envelope]]
) -> None:
    history, delivered = shuffled
    assert after(handle, record, delivered) == expected_record(history)


def test_a_business_id_told_with_a_disable_can_be_found_for_an_erasure(
    handle: Handle, record: Record
) -> None:
    history = [disabled("PERSISTED", at=0), message(command("customer", id="4711"), at=0)]
    item = after(handle, record, history)
    assert item == expected_record(history)
    assert item is not None
    assert item["customerId"] == "4711"


@pytest.mark.parametrize(
    "event",
    [
        subscribed(WEATHER),
        subscribed(),
        enabled(),
        disabled(),
        disabled("PERSISTED"),
        permitted(NOTIFICATIONS),
        permitted(kind="Changed"),
        account(linked=True),
        account(linked=False),
        message(command("attributes", set={"plan": "gold", "seats": 4}, remove=["trial"])),
        message(command("customer", id="4711")),
        message(command("refresh")),
        message(command("forget")),
    ],
    ids=lambda event: (event["request"].get("message") or event["request"]).get("command", "event"),
)
def test_an_event_or_message_is_a_read_and_a_write_and_repeated_a_read(
    handle: Handle, event: Envelope, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls: list[str] = []
    make_request = boto3.client("dynamodb").__class__._make_api_call  # type: ignore[attr-defined]

    def counted(self: Any, operation: str, request: Any) -> Any:
        calls.append(operation)
        return make_request(self, operation, request)

    skill_for.cache_clear()
    monkeypatch.setattr("botocore.client.BaseClient._make_api_call", counted)
    handle(event)
    handle(event)
    assert calls == ["GetItem", "PutItem", "GetItem"]


@pytest.mark.parametrize(
    "newer",
    [
        subscribed(WEATHER, at=6),
        permitted(NOTIFICATIONS, at=6),
        account(linked=True, at=6),
        message(command("attributes", set={"plan": "gold"}), at=6),
    ],
    ids=["subscription", "permission", "account", "attribute"],
)
def test_whatever_is_newer_than_the_disable_lifts_the_tombstones_expiry(
    handle: Handle, record: Record, newer: Envelope
) -> None:
    tombstone = after(handle, record, [disabled(at=5)])
    item = after(handle, record, [disabled(at=5), newer])
    assert tombstone
    assert item
    year, days = 365 * 86_400 + START_SECONDS + 6, 40 * 86_400 + START_SECONDS + 5
    assert tombstone["expiresAt"] == days
    assert item.get("expiresAt", year) == year


def test_a_late_subscription_does_not_lift_the_tombstones_expiry(
    handle: Handle, record: Record
) -> None:
    item = after(handle, record, [disabled(at=5), subscribed(WEATHER, at=4)])
    assert item is not None
    assert item.keys() == TOMBSTONE


def test_a_disable_without_persistence_leaves_only_a_tombstone(
    handle: Handle, record: Record
) -> None:
    history = [enabled(0), permitted(NOTIFICATIONS, at=1), subscribed(WEATHER, at=2)]
    item = after(handle, record, [*history, account(linked=True, at=2), disabled(at=3)])
    assert item is not None
    assert item.keys() == TOMBSTONE


def test_an_erasure_takes_all_attributes_along_however_many(handle: Handle, record: Record) -> None:
    many = [
        message(command("attributes", set={f"key{i}_{j}": "x" for i in range(20)}), at=j)
        for j in range(3)
    ]
    item = after(handle, record, [*many, message(command("forget"), at=5)])
    assert item is not None
    assert item.keys() == TOMBSTONE


def test_an_item_stays_small_however_many_attributes_come(
    handle: Handle, aws: DynamoDBClient
) -> None:
    for number in range(20):
        values = {f"key{number}_{each}": "x" * 600 for each in range(9)}
        handle(message(command("attributes", set=values), at=number))
    item = aws.get_item(TableName="subscribers", Key={"userId": {"S": USER}})["Item"]
    assert len(item["attributes"]["M"]) == 50
    assert len(json.dumps(item)) < 50_000


def test_a_message_that_is_partly_stale_sets_only_its_newer_keys(
    handle: Handle, record: Record
) -> None:
    newer = message(command("attributes", set={"plan": "gold"}), at=3)
    older = message(command("attributes", set={"plan": "tin", "seats": 2}), at=2)
    item = after(handle, record, [newer, older])
    assert item is not None
    values = {key: each["value"] for key, each in item["attributes"].items()}
    assert values == {"plan": "gold", "seats": 2}


def test_readers_get_the_attributes_as_they_were_set(handle: Handle, aws: DynamoDBClient) -> None:
    values = {"plan": "gold", "seats": 4, "share": 0.25, "beta": True, "teams": ["red", "blue"]}
    handle(message(command("attributes", set=values), at=1))
    handle(message(command("attributes", remove=["plan"]), at=2))
    found = Subscribers(aws, "subscribers").get(USER)
    assert found is not None
    assert {k: each.value for k, each in found.attributes.items()} == values | {"plan": None}
