"""A campaign's filter as DynamoDB takes it."""

from __future__ import annotations

from functools import reduce
from typing import TYPE_CHECKING, Any

import pytest
from yellowring.sender.campaign.where import LONGEST_EXPRESSION, MOST_OPERATORS, parse_where
from yellowring.subscribers import AttributesChange, Audience, Record, RegisterChange
from yellowring.subscribers.items import dump
from yellowring.subscribers.record import join

from tests.envelopes import EU, WEATHER

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.client import DynamoDBClient
    from yellowring.catalog import Problem
    from yellowring.subscribers.changes import Change

CHANGES: tuple[Change, ...] = (
    RegisterChange("subscriptions", 5, "id", frozenset({WEATHER})),
    RegisterChange("host", 5, "id", EU),
    RegisterChange("locale", 5, "id", "de-DE"),
    AttributesChange(5, "id", {"at": 3, "value": "gold", "town": None}),
)


@pytest.mark.parametrize(
    ("where", "is_for"),
    [
        ({"apiEndpoint": EU}, True),
        ({"apiEndpoint": "HTTPS://api.EU.amazonalexa.com:443/"}, True),
        ({"apiEndpoint": ["https://api.amazonalexa.com/", f"{EU}/"]}, True),
        ({"apiEndpoint": {"not": f"{EU}/"}}, False),
        ({"apiEndpoint": {"beginsWith": "https://API.eu"}}, True),
        ({"apiEndpoint": "https://api.amazonalexa.com"}, False),
        ({"locale": ["de-AT", "de-DE"]}, True),
        ({"locale": "de-AT"}, False),
        ({"attributes.at": {"atLeast": 3}}, True),
        ({"attributes.at": {"above": 3}}, False),
        ({"attributes.value": "gold", "attributes.at": 3, "locale": "de-DE"}, True),
        ({"attributes.town": {"exists": False}}, True),
        ({"attributes.town": {"exists": True}}, False),
        ({"attributes.value": {"exists": True}}, True),
    ],
)
def test_a_filter_finds_whom_it_means(
    aws: DynamoDBClient, where: dict[str, Any], is_for: bool
) -> None:
    aws.put_item(TableName="subscribers", Item=dump("ada", reduce(join, CHANGES, Record())))
    problems: list[Problem] = []
    parsed = parse_where(where, problems)
    assert parsed, problems
    found = Audience(aws, "subscribers", where=parsed.filter()).scan(WEATHER).customers
    assert bool(found) is is_for


def values(number: int) -> dict[str, Any]:
    """Ask for one of many, in as few conditions as may be."""
    return {
        f"attributes.k{start}": [f"v{each}" for each in range(start, min(start + 100, number))]
        for start in range(0, number, 100)
    }


def test_a_filter_is_taken_up_to_what_dynamodb_takes_and_refused_beyond() -> None:
    most = max(number for number in range(1, 400) if parse_where(values(number), []))
    taken = parse_where(values(most), [])
    assert taken
    assert 200 < most < MOST_OPERATORS
    assert len(taken.filter().with_deliverability().encode()) <= LONGEST_EXPRESSION
    problems: list[Problem] = []
    assert parse_where(values(most + 1), problems) is None
    [problem] = problems
    assert problem.path == "$.where"
    assert "use fewer" in problem.message


def test_many_comparisons_are_refused_for_the_length_of_their_expression() -> None:
    comparisons = dict.fromkeys(("equals", "not", "above", "atLeast", "below", "atMost"), 1)
    texts = dict.fromkeys(("beginsWith", "contains"), "x")
    where = {f"attributes.k{number}": comparisons | texts for number in range(20)}
    assert parse_where(where, []) is None
