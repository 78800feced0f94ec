"""Who is to be notified: visits the subscribers table for those deliverable for an event."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from mypy_boto3_dynamodb.client import DynamoDBClient
    from mypy_boto3_dynamodb.type_defs import ScanInputTypeDef

NOTIFICATIONS_SCOPE = "alexa::devices:all:notifications:write"

DELIVERABLE = (
    "contains(subscriptions, :event)"
    " AND (attribute_not_exists(disabledAt) OR disabledAt < subscriptionsAt)"
    " AND (attribute_not_exists(permissionsAt) OR permissionsAt <= subscriptionsAt"
    " OR contains(#permissions, :scope))"
    " AND (attribute_not_exists(rejectedAt) OR rejectedAt < subscriptionsAt)"
)
"""Subscribed to the event, and since then not disabled, nor without permission, nor rejected."""


@dataclass(frozen=True, slots=True)
class Customer:
    """What a send needs to know of a customer."""

    user_id: str
    api_endpoint: str | None


@dataclass(frozen=True, slots=True)
class Page:
    """Some deliverable customers, and the user id to go on after (``None``: that was all)."""

    customers: tuple[Customer, ...]
    cursor: str | None


class Audience:
    """The only place that knows how customers are found in DynamoDB."""

    def __init__(self, client: DynamoDBClient, table: str) -> None:
        self._client = client
        self._table = table

    def scan(
        self,
        event_name: str,
        *,
        segment: int = 0,
        total_segments: int = 1,
        cursor: str | None = None,
        limit: int = 1000,
    ) -> Page:
        """Visit the next items of a segment and give those deliverable for an event.

        Parameters
        ----------
        event_name
            The event, for example ``AMAZON.WeatherAlert.Activated``.
        segment, total_segments
            Which part of the table, of how many.
        cursor
            The user id to go on after.
        limit
            How many items to visit at most, deliverable or not.
        """
        request: ScanInputTypeDef = {
            "TableName": self._table,
            "Segment": segment,
            "TotalSegments": total_segments,
            "Limit": limit,
            "FilterExpression": DELIVERABLE,
            "ExpressionAttributeValues": {
                ":event": {"S": event_name},
                ":scope": {"S": NOTIFICATIONS_SCOPE},
            },
            "ExpressionAttributeNames": {"#permissions": "permissions"},
            "ProjectionExpression": "userId, apiEndpoint",
        }
        if cursor is not None:
            request["ExclusiveStartKey"] = {"userId": {"S": cursor}}
        answer = self._client.scan(**request)
        last = answer.get("LastEvaluatedKey")
        return Page(
            tuple(_customer(item) for item in answer["Items"]),
            last["userId"]["S"] if last else None,
        )

    def named(self, user_ids: Sequence[str]) -> tuple[Customer, ...]:
        """Look customers up by id, at most 100; one we have no record of has no endpoint."""
        found: dict[str, Customer] = {}
        keys = [{"userId": {"S": user_id}} for user_id in user_ids]
        while keys:
            answer = self._client.batch_get_item(
                RequestItems={
                    self._table: {"Keys": keys, "ProjectionExpression": "userId, apiEndpoint"}
                }
            )
            for item in answer["Responses"].get(self._table, []):
                customer = _customer(item)
                found[customer.user_id] = customer
            left = answer["UnprocessedKeys"].get(self._table)
            keys = [{"userId": {"S": key["userId"]["S"]}} for key in left["Keys"]] if left else []
        return tuple(found.get(user_id, Customer(user_id, None)) for user_id in user_ids)

    def approximate_count(self) -> int:
        """How many items the table holds, as DynamoDB last counted (about every six hours)."""
        return self._client.describe_table(TableName=self._table)["Table"].get("ItemCount", 0)


def _customer(item: Mapping[str, Mapping[str, object]]) -> Customer:
    endpoint = item.get("apiEndpoint")
    return Customer(str(item["userId"]["S"]), str(endpoint["S"]) if endpoint else None)
