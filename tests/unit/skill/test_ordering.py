"""Whatever order the events come in, and however often: the same record."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from yellowring.skill import app
from yellowring.skill.envelope import SkillEvent
from yellowring.skill.skill_events import CHANGES
from yellowring.subscribers import ConcurrentChange, Erased, Subscribers

from tests.envelopes import (
    EU,
    NA,
    NOTIFICATIONS,
    USER,
    WEATHER,
    account,
    disabled,
    enabled,
    permitted,
    subscribed,
)
from tests.unit.skill.kit import Envelope, Handle, Record, expected_record

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mypy_boto3_dynamodb.client import DynamoDBClient

SPORTS = "AMAZON.SportsEvent.Updated"
FEW = settings(
    max_examples=40,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)

times = st.integers(0, 4)
"""So few that equal times are common."""
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
            event = SkillEvent(self._interference)
            Subscribers(self._client, "subscribers").apply(USER, CHANGES[event.object_type](event))
        self._turn -= 1
        return self._client.update_item(**request)


@FEW
@given(before=st.lists(events, max_size=4), interference=events, at=times, turn=st.integers(0, 1))
def test_an_erasure_that_others_write_into_still_converges(
    handle: Handle,
    record: Record,
    before: list[Envelope],
    interference: Envelope,
    at: int,
    turn: int,
) -> None:
    after(handle, record, before)
    erasure = disabled(at=at)
    client = Interfering(boto3.client("dynamodb"), turn, interference)
    change = CHANGES["AlexaSkillEvent.SkillDisabled"](SkillEvent(erasure))
    assert isinstance(change, Erased)
    try:
        Subscribers(client, "subscribers").apply(USER, change)  # type: ignore[arg-type]
    except ConcurrentChange:
        handle(erasure)  # Alexa delivers again
    history = [*before, erasure, *([interference] if client.interfered else [])]
    assert record(USER) == expected_record(history)


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
    ],
    ids=lambda event: event["request"]["type"].removeprefix("AlexaSkillEvent."),
)
def test_a_skill_event_is_one_call_of_dynamodb_new_or_repeated(
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
