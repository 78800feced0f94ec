from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING, Any

import pytest
from yellowring.subscribers import NOTIFICATIONS_SCOPE, Audience
from yellowring.subscribers.reading import read_record

from cli import standing as module
from cli.standing import masked, standing
from tests.envelopes import WEATHER

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.client import DynamoDBClient

SUBSCRIBED = {"subscriptions": {"SS": [WEATHER]}, "subscriptionsAt": {"N": "10"}}
WITHOUT: list[dict[str, Any]] = [{}]


def at(name: str, *moments: int) -> list[dict[str, Any]]:
    return [{name: {"N": str(moment)}} for moment in moments]


def items() -> list[dict[str, Any]]:
    """Every way in which the registers of a record can stand to each other in time."""
    subscriptions = [{}, SUBSCRIBED, {"subscriptionsAt": {"N": "10"}}]
    disabled = WITHOUT + at("disabledAt", 9, 10, 11)
    rejected = WITHOUT + at("rejectedAt", 9, 10, 11)
    permissions = WITHOUT + [
        moment | scopes
        for moment in at("permissionsAt", 9, 10, 11)
        for scopes in ({}, {"permissions": {"SS": [NOTIFICATIONS_SCOPE]}})
    ]
    parts = product(subscriptions, disabled, rejected, permissions)
    return [
        {"userId": {"S": f"customer-{number}"}} | {k: v for part in each for k, v in part.items()}
        for number, each in enumerate(parts)
    ]


def test_a_customer_stands_as_the_senders_own_filter_says(aws: DynamoDBClient) -> None:
    every = items()
    for item in every:
        aws.put_item(TableName="subscribers", Item=item)
    page = Audience(aws, "subscribers").scan(WEATHER)
    visited = {customer.user_id for customer in page.customers}
    deliverable = {
        item["userId"]["S"]
        for item in every
        if standing(read_record(item), WEATHER) == "deliverable"
    }
    assert page.cursor is None
    assert visited == deliverable
    assert 0 < len(deliverable) < len(every)


def test_the_scope_is_the_one_that_the_sender_asks_for() -> None:
    assert module.NOTIFICATIONS_SCOPE == NOTIFICATIONS_SCOPE


@pytest.mark.parametrize(
    ("user_id", "shown"),
    [
        ("amzn1.ask.account.ABCDEFGHIJKLMNOPQRSTUVWXYZ", "amzn1.ask.account.…UVWXYZ"),
        ("amzn1.ask.account.SHORT", "amzn1.ask.account.…"),
    ],
)
def test_a_masked_user_id_shows_its_end_and_never_all_of_it(user_id: str, shown: str) -> None:
    assert masked(user_id) == shown
