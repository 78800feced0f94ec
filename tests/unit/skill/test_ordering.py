"""Whatever order the events come in, and however often: the same record."""

from __future__ import annotations

import itertools
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from botocore.exceptions import ConnectTimeoutError
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from yellowring.skill import app
from yellowring.skill.commands import Notify, parse_command
from yellowring.skill.envelope import SkillEvent
from yellowring.skill.messages import change_of
from yellowring.skill.skill_events import CHANGES
from yellowring.subscribers import Audience, ConcurrentChange, Subscribers, subscribed_events

from tests.envelopes import (
    EU,
    NA,
    NOTIFICATIONS,
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
    from yellowring.subscribers import Change

SPORTS = "AMAZON.SportsEvent.Updated"
FEW = settings(
    max_examples=40,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)

times = st.integers(0, 4)
"""So few that equal times are common."""
keys = st.sampled_from(["plan", "lastSeenAt", "seats"])


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


def change_in(envelope: Envelope) -> Change:
    """Tell what an event or a message changes."""
    event = SkillEvent(envelope)
    if event.object_type in CHANGES:
        return CHANGES[event.object_type](event)
    parsed = parse_command(event.fields["message"])
    assert not isinstance(parsed, Notify)
    return change_of(parsed, event)


class Interfering:
    """A DynamoDB client before whose n-th update somebody else's update comes in."""

    def __init__(self, client: DynamoDBClient, turn: int, interference: Envelope) -> None:
        self._client = client
        self._turn = turn
        self._interference = interference
        self.interfered = False

    def update_item(self, **request: Any) -> Any:
        if self._turn == 0:
            self.interfered = True
            Subscribers(self._client, "subscribers").apply(USER, change_in(self._interference))
        self._turn -= 1
        return self._client.update_item(**request)


@FEW
@given(
    before=st.lists(events, max_size=4),
    interference=events,
    interrupted=st.one_of(st.builds(lambda at: disabled(at=at), times), messages),
    turn=st.integers(0, 2),
)
def test_a_change_that_others_write_into_still_converges(
    handle: Handle,
    record: Record,
    before: list[Envelope],
    interference: Envelope,
    interrupted: Envelope,
    turn: int,
) -> None:
    after(handle, record, before)
    client = Interfering(boto3.client("dynamodb"), turn, interference)
    try:
        Subscribers(client, "subscribers").apply(USER, change_in(interrupted))  # type: ignore[arg-type]
    except ConcurrentChange:
        handle(interrupted)  # Alexa delivers again
    history = [*before, interrupted, *([interference] if client.interfered else [])]
    assert record(USER) == expected_record(history)


class Crashing:
    """A DynamoDB client whose n-th update is never made."""

    def __init__(self, client: DynamoDBClient, turn: int) -> None:
        self._client = client
        self._turn = turn

    def update_item(self, **request: Any) -> Any:
        if self._turn == 0:
            raise ConnectTimeoutError(endpoint_url="https://dynamodb.example")
        self._turn -= 1
        return self._client.update_item(**request)


@FEW
@given(before=st.lists(events, max_size=5), erasure=times, turn=st.integers(0, 2))
def test_an_erasure_cut_off_between_its_writes_is_healed_by_the_next_delivery(
    handle: Handle, record: Record, before: list[Envelope], erasure: int, turn: int
) -> None:
    after(handle, record, before)
    forget = message(command("forget"), at=erasure)
    client = Crashing(boto3.client("dynamodb"), turn)
    with suppress(ConnectTimeoutError):
        Subscribers(client, "subscribers").apply(USER, change_in(forget))  # type: ignore[arg-type]
    handle(forget)
    assert record(USER) == expected_record([*before, forget])


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
        message(command("refresh")),
        message(command("forget")),
    ],
    ids=lambda event: (event["request"].get("message") or event["request"]).get("command", "event"),
)
def test_an_event_or_message_is_one_call_of_dynamodb_new_or_repeated(
    handle: Handle, event: Envelope, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls: list[str] = []
    make_request = boto3.client("dynamodb").__class__._make_api_call  # type: ignore[attr-defined]

    def counted(self: Any, operation: str, request: Any) -> Any:
        calls.append(operation)
        return make_request(self, operation, request)

    app._skill.cache_clear()
    monkeypatch.setattr("botocore.client.BaseClient._make_api_call", counted)
    handle(event)
    handle(event)
    assert calls == ["UpdateItem", "UpdateItem"]


def test_a_subscription_newer_than_the_disable_lifts_the_tombstones_expiry(
    handle: Handle, record: Record
) -> None:
    item = after(handle, record, [disabled(at=5), subscribed(WEATHER, at=6)])
    assert item is not None
    assert "expiresAt" not in item


def test_a_late_subscription_does_not_lift_the_tombstones_expiry(
    handle: Handle, record: Record
) -> None:
    item = after(handle, record, [disabled(at=5), subscribed(WEATHER, at=4)])
    assert item is not None
    assert "expiresAt" in item
    assert "subscriptions" not in item


def test_a_disable_without_persistence_leaves_only_a_tombstone(
    handle: Handle, record: Record
) -> None:
    history = [enabled(0), permitted(NOTIFICATIONS, at=1), subscribed(WEATHER, at=2)]
    item = after(handle, record, [*history, account(linked=True, at=2), disabled(at=3)])
    assert item is not None
    assert item.keys() == {"userId", "disabledAt", "erasedAt", "expiresAt"}


def test_an_erasure_takes_all_attributes_along_however_many(handle: Handle, record: Record) -> None:
    many = [
        message(command("attributes", set={f"key{i}_{j}": "x" for i in range(20)}), at=j)
        for j in range(3)
    ]
    item = after(handle, record, [*many, message(command("forget"), at=5)])
    assert item is not None
    assert item.keys() == {"userId", "disabledAt", "erasedAt", "expiresAt"}


def test_a_message_that_is_partly_stale_sets_only_its_newer_keys(
    handle: Handle, record: Record
) -> None:
    newer = message(command("attributes", set={"plan": "gold"}), at=3)
    older = message(command("attributes", set={"plan": "tin", "seats": 2}), at=2)
    item = after(handle, record, [newer, older])
    assert item is not None
    assert (item["attributes.plan"], item["attributes.seats"]) == ("gold", "2")


def test_readers_get_the_attributes_as_one_mapping(handle: Handle, aws: DynamoDBClient) -> None:
    values = {"plan": "gold", "seats": 4, "share": 0.25, "beta": True, "teams": ["red", "blue"]}
    handle(message(command("attributes", set=values), at=1))
    handle(message(command("attributes", remove=["plan"]), at=2))
    found = Subscribers(aws, "subscribers").get(USER)
    assert found is not None
    assert found["attributes"] == {key: values[key] for key in values if key != "plan"}
    assert not [name for name in found if name.startswith("attributes.")]


@FEW
@given(history=st.lists(events, max_size=6))
def test_the_record_says_of_each_event_what_the_scan_of_the_audience_says(
    handle: Handle, record: Record, history: list[Envelope]
) -> None:
    after(handle, record, history)
    client = boto3.client("dynamodb")
    found = subscribed_events(Subscribers(client, "subscribers").get(USER))
    scanned = {
        name for name in (WEATHER, SPORTS) if Audience(client, "subscribers").scan(name).customers
    }
    assert found == scanned
