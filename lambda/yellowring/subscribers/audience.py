"""Who is to be notified: visits the subscribers table for those deliverable for an event."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from yellowring.subscribers.changes import NOTIFICATIONS_SCOPE
from yellowring.subscribers.reading import read_record
from yellowring.subscribers.updates import ATTRIBUTES

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from mypy_boto3_dynamodb.client import DynamoDBClient
    from mypy_boto3_dynamodb.type_defs import (
        AttributeValueTypeDef,
        KeysAndAttributesTypeDef,
        ScanInputTypeDef,
    )

DELIVERABLE = (
    "contains(subscriptions, :event)"
    " AND (attribute_not_exists(disabledAt) OR disabledAt < subscriptionsAt)"
    " AND (attribute_not_exists(permissionsAt) OR permissionsAt <= subscriptionsAt"
    " OR contains(#permissions, :scope))"
    " AND (attribute_not_exists(rejectedAt) OR rejectedAt < subscriptionsAt)"
)
"""Subscribed to the event, and since then not disabled, nor without permission, nor rejected."""


class InvalidCursor(ValueError):
    """A cursor that does not lie in the segment it is to go on in."""


@dataclass(frozen=True, slots=True)
class Customer:
    """What a send needs to know of a customer.

    Attributes
    ----------
    user_id
        Alexa's id; personal data.
    api_endpoint
        Alexa's host for the customer, where it is known.
    locale, attributes
        Only when they were asked for.
    deliverable
        Whether they are to be notified of the event; ``None`` when that was not looked up.
    """

    user_id: str
    api_endpoint: str | None
    locale: str | None = None
    attributes: Mapping[str, object] = field(default_factory=dict, hash=False)
    deliverable: bool | None = None


@dataclass(frozen=True, slots=True)
class Filter:
    """A condition on customers besides being deliverable, as DynamoDB evaluates it.

    ``expression`` uses ``names`` (alias to attribute) and ``values`` (alias to value); aliases
    begin with ``#w`` and ``:w``.
    """

    expression: str
    names: Mapping[str, str]
    values: Mapping[str, AttributeValueTypeDef]


@dataclass(frozen=True, slots=True)
class Page:
    """Some deliverable customers, and the user id to go on after (``None``: that was all)."""

    customers: tuple[Customer, ...]
    cursor: str | None


class Audience:
    """The only place that knows how customers are found in DynamoDB.

    Parameters
    ----------
    client, table
        Where the customers are.
    attributes
        Which of the customers' own attributes to read along, with the locale; ``None``: all.
    where
        Whom of the deliverable ones to visit.
    """

    def __init__(
        self,
        client: DynamoDBClient,
        table: str,
        *,
        attributes: Collection[str] | None = (),
        where: Filter | None = None,
    ) -> None:
        self._client = client
        self._table = table
        self._where = where
        self._projected = _projected(attributes)

    def of(self, attributes: Collection[str] | None, where: Filter | None) -> Audience:
        """Give the same audience, read with other attributes and through another filter."""
        return Audience(self._client, self._table, attributes=attributes, where=where)

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

        Raises
        ------
        InvalidCursor
            The cursor is not one of this segment's.
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
            "ExpressionAttributeNames": {"#permissions": "permissions", **self._projected},
        }
        if self._projected:
            request["ProjectionExpression"] = ", ".join(self._projected)
        if self._where is not None:
            request["FilterExpression"] = f"{DELIVERABLE} AND {self._where.expression}"
            request["ExpressionAttributeNames"] |= self._where.names  # type: ignore[operator]
            request["ExpressionAttributeValues"] |= self._where.values  # type: ignore[operator]
        if cursor is not None:
            request["ExclusiveStartKey"] = {"userId": {"S": cursor}}
        try:
            answer = self._client.scan(**request)
        except ClientError as error:
            if cursor is not None and _blames_the_cursor(error):
                raise InvalidCursor(
                    f"the cursor of segment {segment} of {total_segments} is not in that segment: "
                    "the run's item was changed by hand, or belongs to another table"
                ) from None
            raise
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
            wanted: KeysAndAttributesTypeDef = {"Keys": keys}
            if self._projected:
                wanted["ProjectionExpression"] = ", ".join(self._projected)
                wanted["ExpressionAttributeNames"] = self._projected
            answer = self._client.batch_get_item(RequestItems={self._table: wanted})
            for item in answer["Responses"].get(self._table, []):
                customer = _customer(item)
                found[customer.user_id] = customer
            left = answer["UnprocessedKeys"].get(self._table)
            keys = [{"userId": {"S": key["userId"]["S"]}} for key in left["Keys"]] if left else []
        return tuple(found.get(user_id, Customer(user_id, None)) for user_id in user_ids)

    def approximate_count(self) -> int:
        """How many items the table holds, as DynamoDB last counted (about every six hours)."""
        return self._client.describe_table(TableName=self._table)["Table"].get("ItemCount", 0)


def _blames_the_cursor(error: ClientError) -> bool:
    """Tell whether a scan was refused for where it was to start; DynamoDB has several wordings."""
    told = error.response["Error"]
    return told["Code"] == "ValidationException" and "start" in told.get("Message", "").lower()


def _projected(attributes: Collection[str] | None) -> dict[str, str]:
    """Give the attributes to read by their aliases; none at all: the whole item."""
    if attributes is None:
        return {}
    names = ["userId", "apiEndpoint", "subscriptionsAt", "refreshedEndpoint", "endpointAt"]
    if attributes:
        names += ["locale", "erasedAt"]
        for key in attributes:
            names += [f"{ATTRIBUTES}{key}", f"{ATTRIBUTES}{key}.at"]
    return {f"#p{i}": name for i, name in enumerate(names)}


def _customer(item: Mapping[str, AttributeValueTypeDef]) -> Customer:
    record = read_record(item)
    attributes, locale = record.get("attributes"), record.get("locale")
    return Customer(
        str(record["userId"]),
        _endpoint(record),
        str(locale) if locale else None,
        attributes if isinstance(attributes, dict) else {},
    )


def _endpoint(record: Mapping[str, object]) -> str | None:
    """Give where to send: the subscription in force says it, or a newer refresh."""
    of_subscription, refreshed = record.get("apiEndpoint"), record.get("refreshedEndpoint")
    times = record.get("subscriptionsAt"), record.get("endpointAt")
    subscribed_at, refreshed_at = (time if isinstance(time, int) else -1 for time in times)
    newer = refreshed if refreshed and refreshed_at > subscribed_at else of_subscription
    return str(newer) if newer else None
