"""A census: every customer in exactly one state, and of a large table only a part is read."""

from __future__ import annotations

from functools import reduce
from typing import TYPE_CHECKING, Any, cast

import pytest
from yellowring.subscribers import (
    NOTIFICATIONS_SCOPE,
    Accepted,
    Disabled,
    Enabled,
    Erased,
    Record,
    RegisterChange,
    Rejected,
)
from yellowring.subscribers.census import SAMPLE, Census, state_of
from yellowring.subscribers.items import dump
from yellowring.subscribers.record import join

from tests.unit.subscribers.oracle import WEATHER

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.client import DynamoDBClient
    from yellowring.subscribers.changes import Change

SUBSCRIBED = RegisterChange("subscriptions", 5, "id", frozenset({WEATHER}))
NOT_PERMITTED = RegisterChange("permissions", 9, "id", frozenset())
PERMITTED = RegisterChange("permissions", 9, "id", frozenset({NOTIFICATIONS_SCOPE}))
NOBODY = dict.fromkeys(
    ("deliverable", "rejected", "no permission", "disabled", "not subscribed", "erased"), 0
)


def record(*told: Change) -> Record:
    return reduce(join, told, Record())


@pytest.mark.parametrize(
    ("told", "state"),
    [
        ((SUBSCRIBED,), "deliverable"),
        ((SUBSCRIBED, PERMITTED), "deliverable"),
        ((Accepted(5),), "deliverable"),
        ((SUBSCRIBED, Rejected(9)), "rejected"),
        ((SUBSCRIBED, NOT_PERMITTED), "no permission"),
        ((SUBSCRIBED, Disabled(9)), "disabled"),
        ((SUBSCRIBED, Disabled(9), Enabled(10)), "not subscribed"),
        ((Enabled(5),), "not subscribed"),
        ((SUBSCRIBED, Erased(9)), "erased"),
        ((Erased(9), Enabled(10)), "not subscribed"),
    ],
)
def test_a_customer_is_in_the_state_that_says_most(told: tuple[Change, ...], state: str) -> None:
    assert state_of(record(*told)) == state


def test_a_census_counts_everybody_once_and_names_states_that_nobody_is_in(
    aws: DynamoDBClient,
) -> None:
    told: list[tuple[Change, ...]] = [
        (SUBSCRIBED,),
        (SUBSCRIBED,),
        (SUBSCRIBED, Disabled(9)),
        (RegisterChange("locale", 5, "id", "de-DE"),),
        (Erased(9),),
    ]
    for number, each in enumerate(told):
        item = dump(f"amzn1.ask.account.U{number}", record(*each))
        aws.put_item(TableName="subscribers", Item=item)
    assert Census(aws, "subscribers").take() == NOBODY | {
        "deliverable": 2,
        "disabled": 1,
        "not subscribed": 1,
        "erased": 1,
    }


class Large:
    """A table of many pages, and of more customers than are looked at."""

    def __init__(self, customers: int) -> None:
        self.customers = customers
        self.asked: list[dict[str, Any]] = []

    def describe_table(self, **_: object) -> dict[str, Any]:
        return {"Table": {"ItemCount": self.customers}}

    def scan(self, **request: Any) -> dict[str, Any]:
        self.asked.append(dict(request))
        item = {"userId": {"S": "U"}}
        if "ExclusiveStartKey" in request:
            return {"Items": [item]}
        return {"Items": [item, item], "LastEvaluatedKey": {"userId": {"S": "U1"}}}


def test_of_a_large_table_a_part_stands_for_the_whole() -> None:
    large = Large(3 * SAMPLE - 5)
    states = Census(cast("Any", large), "subscribers").take()
    assert {(each["Segment"], each["TotalSegments"]) for each in large.asked} == {(0, 3)}
    assert states["not subscribed"] == 3 * 3
    assert len(large.asked) == 2, "a page is followed by the next"


@pytest.mark.parametrize("customers", [0, 1, SAMPLE])
def test_a_small_table_is_read_whole(customers: int) -> None:
    large = Large(customers)
    Census(cast("Any", large), "subscribers").take()
    assert large.asked[0]["TotalSegments"] == 1
