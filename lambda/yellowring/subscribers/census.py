"""A census: how many customers are in each state, for whoever watches the stack."""

from __future__ import annotations

from collections import Counter
from math import ceil
from typing import TYPE_CHECKING, Literal, get_args

from yellowring.subscribers.deliverability import deliverability, is_deliverable
from yellowring.subscribers.items import load

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mypy_boto3_dynamodb.client import DynamoDBClient
    from mypy_boto3_dynamodb.type_defs import ScanInputTypeDef

    from yellowring.subscribers.record import Record

SAMPLE = 100_000
"""Customers that are looked at; of a larger table a part of about so many stands for the whole."""

type State = Literal[
    "deliverable", "rejected", "no permission", "disabled", "not subscribed", "erased"
]

STATES: tuple[State, ...] = get_args(State.__value__)
_READ = (
    "subscriptions",
    "permissions",
    "account",
    "locale",
    "host",
    "customer",
    "enabledAt",
    "disabledAt",
    "acceptedAt",
    "rejectedAt",
    "erasedAt",
)


def state_of(record: Record) -> State:
    """Return a customer's state: deliverable for any event, or the nearest they come to it."""
    if record.is_erased:
        return "erased"
    if is_deliverable(record):
        return "deliverable"
    events = [*record.list("subscriptions"), ""]
    why = {deliverability(record, each) for each in events}
    return next((each for each in STATES if each in why), "not subscribed")


class Census:
    """Counts the customers of a subscribers table."""

    def __init__(self, client: DynamoDBClient, table: str) -> None:
        self._client = client
        self._table = table

    def take(self) -> Mapping[State, int]:
        """Return how many customers are in each state, all of them named.

        What it costs is bounded by `SAMPLE`, whatever the table holds: user ids are hashed, so any
        segment is as good as another, and of 100 000 the error is below one percent.
        """
        described = self._client.describe_table(TableName=self._table)["Table"]
        segments = max(1, ceil(described.get("ItemCount", 0) / SAMPLE))
        request: ScanInputTypeDef = {
            "TableName": self._table,
            "Segment": 0,
            "TotalSegments": segments,
            "ProjectionExpression": ", ".join(f"#{name}" for name in _READ),
            "ExpressionAttributeNames": {f"#{name}": name for name in _READ},
        }
        found: Counter[State] = Counter()
        while True:
            answer = self._client.scan(**request)
            found.update(state_of(load(item)) for item in answer["Items"])
            if "LastEvaluatedKey" not in answer:
                return {state: segments * found[state] for state in STATES}
            request["ExclusiveStartKey"] = answer["LastEvaluatedKey"]
