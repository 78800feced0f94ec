"""How customers are found: what is read of them, by segment and by name."""

from __future__ import annotations

from dataclasses import replace
from functools import reduce
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from yellowring.subscribers import (
    ATTRIBUTE_KEY,
    AttributesChange,
    Audience,
    Customer,
    Disabled,
    Filter,
    Record,
    RegisterChange,
)
from yellowring.subscribers.items import dump
from yellowring.subscribers.record import join

from tests.unit.subscribers.oracle import EU, WEATHER

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.client import DynamoDBClient
    from yellowring.subscribers.changes import Change

SUBSCRIBED = RegisterChange("subscriptions", 5, "id", frozenset({WEATHER}))
GERMAN = RegisterChange("locale", 5, "id", "de-DE")


def know(aws: DynamoDBClient, user_id: str, *told: Change) -> None:
    item = dump(user_id, reduce(join, (SUBSCRIBED, *told), Record()))
    aws.put_item(TableName="subscribers", Item=item)


@settings(
    max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    attributes=st.dictionaries(
        st.one_of(
            st.sampled_from(["at", "by", "value", "attributes", "userId"]),
            st.from_regex(ATTRIBUTE_KEY, fullmatch=True),
        ),
        st.one_of(st.integers(-5, 5), st.text(max_size=5), st.booleans()),
        min_size=1,
        max_size=5,
    )
)
def test_attributes_of_any_name_are_read_along_and_meet_no_other_meaning(
    aws: DynamoDBClient, attributes: dict[str, Any]
) -> None:
    know(aws, "ada", GERMAN, AttributesChange(5, "id", attributes))
    for wanted in (list(attributes), None):
        audience = Audience(aws, "subscribers", attributes=wanted)
        [scanned] = audience.scan(WEATHER).customers
        [named] = audience.named(["ada"], WEATHER)
        assert replace(named, deliverability=None) == scanned
        assert scanned == Customer("ada", None, "de-DE", attributes, deliverable=True)


def test_without_attributes_neither_they_nor_the_locale_are_read(aws: DynamoDBClient) -> None:
    know(aws, "ada", GERMAN, AttributesChange(5, "id", {"town": "Ulm"}))
    [customer] = Audience(aws, "subscribers").scan(WEATHER).customers
    assert customer == Customer("ada", None, deliverable=True)


@pytest.mark.parametrize(
    ("host", "endpoint"),
    [
        (EU, EU),
        ("HTTPS://API.EU.AmazonAlexa.com:443/", EU),
        ("https://api.fe.amazon.com", "https://api.fe.amazonalexa.com"),
        ("https://api.eu.amazonalexa.com:99999", None),
        ("https://api.eu.amazonalexa.com:x", None),
        ("https://[", None),
        ("https://evil.example", None),
        ("http://api.eu.amazonalexa.com", None),
        ("", None),
        (None, None),
    ],
)
def test_a_host_that_is_not_alexas_harms_nobody(
    aws: DynamoDBClient, host: str | None, endpoint: str | None
) -> None:
    know(aws, "ada", RegisterChange("host", 5, "id", host))
    [customer] = Audience(aws, "subscribers").scan(WEATHER).customers
    assert customer.api_endpoint == endpoint


def test_the_named_come_in_the_order_of_their_ids_and_tell_who_is_unknown(
    aws: DynamoDBClient,
) -> None:
    for number in range(0, 250, 2):
        know(aws, f"c{number}", *([Disabled(6)] if number % 4 else []))
    ids = [f"c{number}" for number in range(250)] + ["c0"]
    named = Audience(aws, "subscribers").named(ids, WEATHER)
    assert [customer.user_id for customer in named] == ids
    told = [customer.deliverable for customer in named]
    assert told[:4] == [True, None, False, None]
    assert told.count(None) == 125


@pytest.mark.parametrize("attributes", [(), ("town",), None])
def test_the_named_tell_why_they_are_not_notified_and_whose_account_they_are(
    aws: DynamoDBClient, attributes: tuple[str, ...] | None
) -> None:
    know(aws, "ada", RegisterChange("customer", 5, "id", "4711"))
    know(aws, "ben", Disabled(6), RegisterChange("customer", 5, "id", "4711"))
    audience = Audience(aws, "subscribers", attributes=attributes)
    ada, ben, eva = audience.named(["ada", "ben", "eva"], WEATHER)
    assert (ada.deliverability, ada.customer_id) == ("deliverable", "4711")
    assert (ben.deliverability, ben.customer_id) == ("disabled", None)
    assert (eva.deliverability, eva.customer_id) == (None, None)


class Throttled:
    """BatchGetItem that reads one item of each call."""

    def __init__(self) -> None:
        self.calls: list[Any] = []

    def batch_get_item(self, *, RequestItems: Any) -> Any:  # noqa: N803
        """Read the first, and leave the others."""
        [(table, wanted)] = RequestItems.items()
        self.calls.append({**wanted, "Keys": list(wanted["Keys"])})
        first, *others = wanted["Keys"]
        item = dump(first["userId"]["S"], join(Record(), SUBSCRIBED))
        return {
            "Responses": {table: [item]},
            "UnprocessedKeys": {table: {"Keys": others}} if others else {},
        }


def test_what_dynamodb_left_unread_is_asked_for_again_after_a_growing_pause() -> None:
    client: Any = Throttled()
    pauses: list[float] = []
    ids = [f"c{number}" for number in range(40)]
    named = Audience(client, "t", sleep=pauses.append).named(ids, WEATHER)
    assert all(customer.deliverable for customer in named)
    assert len(client.calls) == 40
    assert all(call["ConsistentRead"] and call["ProjectionExpression"] for call in client.calls)
    assert len(pauses) == 39
    assert 0.05 < max(pauses) <= 2


def test_counting_finds_whom_the_scan_finds_in_any_pages(aws: DynamoDBClient) -> None:
    for number in range(30):
        know(aws, f"c{number}", *([Disabled(6)] if number % 3 else []))
    audience = Audience(aws, "subscribers")
    counted, cursor = audience.count(WEATHER, limit=7)
    while cursor is not None:
        more, cursor = audience.count(WEATHER, limit=7, cursor=cursor)
        counted += more
    assert counted == len(audience.scan(WEATHER).customers) == 10


def test_a_filter_narrows_scan_and_count_alike(aws: DynamoDBClient) -> None:
    know(aws, "ada", GERMAN)
    know(aws, "ben")
    where = Filter("#w0.#w1 = :w0", {"#w0": "locale", "#w1": "value"}, {":w0": {"S": "de-DE"}})
    audience = Audience(aws, "subscribers").of((), where)
    assert [customer.user_id for customer in audience.scan(WEATHER).customers] == ["ada"]
    assert audience.count(WEATHER) == (1, None)
