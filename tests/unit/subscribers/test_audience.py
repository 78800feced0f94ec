"""How customers are found: what is read of them, by segment and by name."""

from __future__ import annotations

from dataclasses import replace
from functools import reduce
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from yellowring.subscribers import (
    ATTRIBUTE_KEY,
    MOST_ACCOUNTS,
    AttributesChange,
    Audience,
    Customer,
    Disabled,
    Enabled,
    Erased,
    Filter,
    Record,
    RegisterChange,
    Rejected,
)
from yellowring.subscribers.audience import PATIENCE
from yellowring.subscribers.items import dump
from yellowring.subscribers.record import join

from tests.unit.subscribers.oracle import EU, WEATHER

if TYPE_CHECKING:
    from collections.abc import Collection

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


@pytest.mark.parametrize("attributes", [(), ("town",), None])
@pytest.mark.parametrize(
    ("told", "erased"),
    [
        ([], False),
        ([Disabled(6)], False),
        ([Erased(6)], True),
        ([Erased(6), Rejected(7)], True),
        ([Erased(6), AttributesChange(7, "id", {"town": "Ulm"})], True),
        ([Erased(6), RegisterChange("locale", 7, "id", "de-DE")], True),
        ([Erased(6), RegisterChange("customer", 7, "id", "4711")], False),
        ([Erased(6), Enabled(7)], False),
        ([Erased(6), RegisterChange("subscriptions", 7, "id", frozenset({WEATHER}))], False),
    ],
)
def test_the_named_tell_who_was_erased_and_has_not_come_back(
    aws: DynamoDBClient, told: list[Change], erased: bool, attributes: tuple[str, ...] | None
) -> None:
    know(aws, "ada", *told)
    (ada,) = Audience(aws, "subscribers", attributes=attributes).named(["ada"], WEATHER)
    assert ada.erased is erased


class Throttled:
    """BatchGetItem that reads one item of each call, or none where it is stuck."""

    def __init__(self, *, stuck: bool = False) -> None:
        self.calls: list[Any] = []
        self.stuck = stuck

    def batch_get_item(self, *, RequestItems: Any) -> Any:  # noqa: N803
        """Read the first, and leave the others."""
        [(table, wanted)] = RequestItems.items()
        self.calls.append({**wanted, "Keys": list(wanted["Keys"])})
        if self.stuck:
            return {"Responses": {}, "UnprocessedKeys": RequestItems}
        first, *others = wanted["Keys"]
        item = dump(first["userId"]["S"], join(Record(), SUBSCRIBED))
        return {
            "Responses": {table: [item]},
            "UnprocessedKeys": {table: {"Keys": others}} if others else {},
        }


def test_the_business_id_is_read_along_with_attributes_while_it_counts(
    aws: DynamoDBClient,
) -> None:
    linked = RegisterChange("customer", 5, "id", "4711")
    know(aws, "ada", linked)
    know(aws, "ben", linked, Disabled(5), RegisterChange("subscriptions", 6, "id", {WEATHER}))
    cases: list[tuple[Any, str | None]] = [((), None), (("town",), "4711"), (None, "4711")]
    for wanted, told in cases:
        audience = Audience(aws, "subscribers", attributes=wanted)
        scanned = {each.user_id: each.customer_id for each in audience.scan(WEATHER).customers}
        named = {e.user_id: e.customer_id for e in audience.named(["ada", "ben"], WEATHER)}
        assert scanned == {"ada": told, "ben": None}
        assert named == {"ada": "4711", "ben": None}  # who is named is few, and asked for by it


def linked(aws: DynamoDBClient, user_id: str, customer_id: str, *told: Change) -> None:
    know(aws, user_id, RegisterChange("customer", 5, "id", customer_id), *told)


def test_the_accounts_of_a_customer_are_those_whose_id_counts_in_order(
    aws: DynamoDBClient,
) -> None:
    linked(aws, "dov", "4711")
    linked(aws, "ada", "4711")
    linked(aws, "ben", "0815")
    linked(aws, "cem", "4711", Disabled(5))
    linked(aws, "eva", "4711", Erased(5))
    linked(aws, "fay", "4711", RegisterChange("customer", 6, "id"))
    linked(aws, "gil", "4711", RegisterChange("customer", 6, "id", "0815"))
    audience = Audience(aws, "subscribers", attributes=["town"])
    assert audience.accounts("4711") == ("ada", "dov")
    assert audience.accounts("4711", past_disables=True) == ("ada", "cem", "dov")
    assert audience.accounts("0815") == ("ben", "gil")
    assert audience.accounts("nobody") == ()


def test_a_household_is_too_large_only_by_accounts_in_force(aws: DynamoDBClient) -> None:
    audience = Audience(aws, "subscribers")
    for number in range(26):
        linked(aws, f"left-{number:02}", "4711", Disabled(5))
    linked(aws, "zoe", "4711")
    household = audience.household("4711")
    assert household is not None
    assert (len(household), household[-1]) == (27, "zoe")
    for number in range(24):
        linked(aws, f"zoe-{number:02}", "4711")
    assert len(audience.household("4711") or ()) == 25 + 26
    linked(aws, "zoe-24", "4711")
    assert audience.household("4711") is None
    assert audience.household("nobody") == ()


def test_a_candidate_who_is_linked_to_another_id_by_now_is_no_account(aws: DynamoDBClient) -> None:
    linked(aws, "ada", "4712")
    stale: Any = SimpleNamespace(
        query=lambda **_: {"Items": [{"userId": {"S": "ada"}}]}, batch_get_item=aws.batch_get_item
    )
    assert Audience(stale, "subscribers").accounts("4711") == ()
    assert Audience(stale, "subscribers").accounts("4712") == ("ada",)


def test_ids_that_are_equal_but_for_case_are_two(aws: DynamoDBClient) -> None:
    linked(aws, "ada", "Kunde-a")
    linked(aws, "ben", "Kunde-A")
    assert Audience(aws, "subscribers").accounts("Kunde-A") == ("ben",)


@pytest.mark.parametrize("customer_id", ["", "4711 ", "Atza|4711", "x" * 256])
def test_for_what_is_no_id_nobody_is_asked(customer_id: str) -> None:
    nobody: Any = object()
    assert Audience(nobody, "subscribers").accounts(customer_id) == ()


class Lagging:
    """An index that still has whom the table has let go, a page of candidates at a time."""

    def __init__(self, candidates: int, live: Collection[int]) -> None:
        self.read: list[Any] = []
        self.asked: list[Any] = []
        self._ids = [f"c{number:03}" for number in range(candidates)]
        self._live = {self._ids[number] for number in live}

    def query(self, **request: Any) -> Any:
        """Give the next page; the first is empty, as pages may be."""
        self.asked.append(request)
        start = request.get("ExclusiveStartKey", {"at": None})["at"]
        first = 0 if start is None else start
        page = [] if start is None else self._ids[first : first + request["Limit"]]
        end = first + len(page)
        last = {"LastEvaluatedKey": {"at": end}} if end < len(self._ids) else {}
        return {"Items": [{"userId": {"S": each}} for each in page], **last}

    def batch_get_item(self, *, RequestItems: Any) -> Any:  # noqa: N803
        """Read what the projection asks for."""
        [(table, wanted)] = RequestItems.items()
        self.read.append(wanted)
        items = []
        for key in wanted["Keys"]:
            user_id = key["userId"]["S"]
            gone = [] if user_id in self._live else [Disabled(6)]
            told: list[Change] = [RegisterChange("customer", 5, "id", "4711"), *gone]
            items.append(dump(user_id, reduce(join, told, Record())))
        return {"Responses": {table: items}, "UnprocessedKeys": {}}


def test_stale_candidates_of_any_number_do_not_hide_the_live_ones() -> None:
    client: Any = Lagging(230, live=[3, 150, 229])
    assert Audience(client, "t").accounts("4711") == ("c003", "c150", "c229")
    assert all(wanted["ConsistentRead"] for wanted in client.read)
    assert all(len(wanted["Keys"]) <= 100 for wanted in client.read)
    assert {request["IndexName"] for request in client.asked} == {"customers"}


def test_of_too_many_accounts_one_more_than_allowed_is_returned() -> None:
    client: Any = Lagging(500, live=range(500))
    assert len(Audience(client, "t").accounts("4711")) == MOST_ACCOUNTS + 1
    assert len(client.asked) == 2  # enough is enough
    client = Lagging(500, live=range(MOST_ACCOUNTS))
    assert len(Audience(client, "t").accounts("4711")) == MOST_ACCOUNTS


def test_the_bound_on_accounts_is_of_those_behind_a_cursor() -> None:
    client: Any = Lagging(500, live=range(500))
    ids = [f"c{number:03}" for number in range(500)]
    assert Audience(client, "t").accounts("4711", behind="c489") == tuple(ids[490:])


def test_what_dynamodb_left_unread_is_asked_for_again_after_a_growing_pause() -> None:
    client: Any = Throttled()
    pauses: list[float] = []
    ids = [f"c{number}" for number in range(10)]
    named = Audience(client, "t", sleep=pauses.append).named(ids, WEATHER)
    assert all(customer.deliverable for customer in named)
    assert len(client.calls) == 10
    assert all(call["ConsistentRead"] and call["ProjectionExpression"] for call in client.calls)
    assert len(pauses) == 9
    assert 0.05 < max(pauses) <= 2


@pytest.mark.parametrize("by_customer_id", [False, True])
def test_what_dynamodb_leaves_unread_for_ten_seconds_is_an_error_to_try_again_after(
    by_customer_id: bool,
) -> None:
    client: Any = Throttled(stuck=True)
    client.query = lambda **_: {"Items": [{"userId": {"S": "c1"}}]}
    pauses: list[float] = []
    audience = Audience(client, "t", sleep=pauses.append)
    with pytest.raises(ClientError) as raised:
        audience.accounts("4711") if by_customer_id else audience.named(["c1"], WEATHER)
    assert raised.value.response["Error"]["Code"] == "ProvisionedThroughputExceededException"
    assert "c1" not in str(raised.value)
    assert PATIENCE == 10
    assert PATIENCE <= sum(pauses) < PATIENCE + 2


def test_no_two_paths_of_a_projection_overlap() -> None:
    client: Any = Throttled()
    Audience(client, "t", attributes=["town", "customer"]).named(["c1"], WEATHER)
    names = client.calls[0]["ExpressionAttributeNames"]
    paths = client.calls[0]["ProjectionExpression"].split(", ")
    read = [tuple(names[alias] for alias in path.split(".")) for path in paths]
    assert ("customer",) in read
    assert not any(a == b[: len(a)] for a in read for b in read if a is not b)


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
