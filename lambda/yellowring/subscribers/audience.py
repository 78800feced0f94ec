"""Who is to be notified: visits the subscribers table for those deliverable for an event."""

from __future__ import annotations

import random
import time
from dataclasses import dataclass, field, replace
from itertools import batched
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from yellowring.alexa.endpoints import normalised
from yellowring.subscribers.deliverability import EXPRESSION, NAMES, deliverability, values
from yellowring.subscribers.ids import MOST_ACCOUNTS, customer_id_of, is_customer_id
from yellowring.subscribers.items import CUSTOMERS, decode, load, path_of

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, Sequence

    from mypy_boto3_dynamodb.client import DynamoDBClient
    from mypy_boto3_dynamodb.type_defs import (
        AttributeValueTypeDef,
        KeysAndAttributesTypeDef,
        QueryInputTypeDef,
        ScanInputTypeDef,
        ScanOutputTypeDef,
    )

    from yellowring.subscribers.deliverability import Deliverability
    from yellowring.subscribers.items import Item

BATCH = 100
"""Customers that one BatchGetItem takes."""
PATIENCE = 10.0
"""Seconds of pauses in which DynamoDB must have read what it left unread at first."""
_SHORTEST_PAUSE, _LONGEST_PAUSE = 0.05, 2.0
_OF_THE_RULE = [
    (name,)
    for name in (
        "subscriptions",
        "permissions",
        "enabledAt",
        "disabledAt",
        "acceptedAt",
        "rejectedAt",
    )
]
_OF_THE_ID = [(name,) for name in ("customer", "disabledAt", "erasedAt")]
_OF_THE_ERASURE = [*_OF_THE_RULE, *_OF_THE_ID, ("enabledAt",)]


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
        Alexa's host for the customer, where it is known and one of Alexa's.
    locale, attributes
        Only when attributes were asked for.
    customer_id
        The business' id, while it counts; when attributes were asked for, or they were named.
    deliverable
        Whether they are to be notified of the event; ``None`` when there is no record of them.
    deliverability
        Why they are or are not, where they were named.
    erased
        Whether their data was erased, and no opt-in, opt-out or id came since, where they were
        named. Attributes, locale and host are none: by them nobody asked to hear anything.
        `Record.is_erased` is another question, whether anything at all is known since.
    """

    user_id: str
    api_endpoint: str | None
    locale: str | None = None
    attributes: Mapping[str, object] = field(default_factory=dict, hash=False)
    deliverable: bool | None = None
    customer_id: str | None = None
    deliverability: Deliverability | None = None
    erased: bool = False


@dataclass(frozen=True, slots=True)
class Filter:
    """A condition on customers besides being deliverable, as DynamoDB evaluates it.

    ``expression`` uses ``names`` (alias to attribute) and ``values`` (alias to value); aliases
    begin with ``#w`` and ``:w``.
    """

    expression: str
    names: Mapping[str, str]
    values: Mapping[str, AttributeValueTypeDef]

    def with_deliverability(self) -> str:
        """Return the whole of what a scan is filtered by."""
        return f"{EXPRESSION} AND {self.expression}" if self.expression else EXPRESSION


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
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._client = client
        self._table = table
        self._where = where or Filter("", {}, {})
        self._sleep = sleep
        self._paths = _paths(attributes)

    def of(self, attributes: Collection[str] | None, where: Filter | None) -> Audience:
        """Return the same audience, read with other attributes and through another filter."""
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
        """Visit the next ``limit`` items of a segment and return those deliverable for an event.

        ``cursor`` is the user id to go on after, as the page before told it.

        Raises
        ------
        InvalidCursor
            The cursor is not one of this segment's.
        """
        request = self._request(event_name, segment, total_segments, limit)
        if self._paths:
            names, request["ProjectionExpression"] = _projection(self._paths)
            request["ExpressionAttributeNames"] = {**request["ExpressionAttributeNames"], **names}
        answer, last = self._visit(request, cursor)
        return Page(tuple(_customer(item, deliverable=True) for item in answer["Items"]), last)

    def count(
        self,
        event_name: str,
        *,
        segment: int = 0,
        total_segments: int = 1,
        cursor: str | None = None,
        limit: int = 1000,
    ) -> tuple[int, str | None]:
        """Count those whom `scan` would return, and return the cursor as well."""
        request = self._request(event_name, segment, total_segments, limit)
        answer, last = self._visit(request | {"Select": "COUNT"}, cursor)
        return answer["Count"], last

    def named(self, user_ids: Sequence[str], event_name: str) -> tuple[Customer, ...]:
        """Look customers up by id, consistently; return them in the order of the ids."""
        found: dict[str, Customer] = {}
        for ids in batched(dict.fromkeys(user_ids), BATCH):
            paths = self._paths and [*self._paths, *_OF_THE_ERASURE]
            for item in self._looked_up(ids, paths):
                record = load(_part(item, _OF_THE_ERASURE))
                why = deliverability(record, event_name)
                customer = _customer(item, deliverable=why == "deliverable")
                found[customer.user_id] = replace(
                    customer, deliverability=why, erased=record.is_erased
                )
        return tuple(found.get(user_id, Customer(user_id, None)) for user_id in user_ids)

    def accounts(
        self, customer_id: str, *, past_disables: bool = False, behind: str = ""
    ) -> tuple[str, ...]:
        """Return the user ids that are linked to the business' id, in order, ``behind`` another.

        The index lags by a moment and may tell too many or too few, so each candidate is read
        consistently. Who was linked just now may not be found yet. With ``past_disables`` those who
        have disabled the skill since are there as well: nothing is sent to them.

        Returns
        -------
        tuple of str
            At most one more than `MOST_ACCOUNTS`: so many are too many. None for what is no id.
        """
        found: set[str] = set()
        request: QueryInputTypeDef = {
            "TableName": self._table,
            "IndexName": CUSTOMERS,
            "KeyConditionExpression": "customerId = :id",
            "ExpressionAttributeValues": {":id": {"S": customer_id}},
            "Limit": BATCH,
        }
        more = is_customer_id(customer_id)
        while more and len(found) <= MOST_ACCOUNTS:
            answer = self._client.query(**request)
            told = (item["userId"]["S"] for item in answer["Items"])
            if candidates := [each for each in told if each > behind]:
                items = self._looked_up(candidates, [("userId",), *_OF_THE_ID])
                found |= {
                    item["userId"]["S"]
                    for item in items
                    if customer_id_of(load(item), past_disables=past_disables) == customer_id
                }
            if more := "LastEvaluatedKey" in answer:
                request["ExclusiveStartKey"] = answer["LastEvaluatedKey"]
        return tuple(sorted(found)[: MOST_ACCOUNTS + 1])

    def household(self, customer_id: str) -> tuple[str, ...] | None:
        """Return the user ids that belong to the business' id; ``None``: too many are linked.

        Only those in force count for that. Of those who have disabled the skill since there are at
        most one more than `MOST_ACCOUNTS`.
        """
        known = self.accounts(customer_id, past_disables=True)
        if len(known) <= MOST_ACCOUNTS:
            return known
        in_force = self.accounts(customer_id)
        return tuple(sorted({*in_force, *known})) if len(in_force) <= MOST_ACCOUNTS else None

    def approximate_count(self) -> int:
        """Return how many items the table holds, as DynamoDB last counted (every six hours)."""
        return self._client.describe_table(TableName=self._table)["Table"].get("ItemCount", 0)

    def _request(
        self, event_name: str, segment: int, total_segments: int, limit: int
    ) -> ScanInputTypeDef:
        return {
            "TableName": self._table,
            "Segment": segment,
            "TotalSegments": total_segments,
            "Limit": limit,
            "FilterExpression": self._where.with_deliverability(),
            "ExpressionAttributeNames": {**NAMES, **self._where.names},
            "ExpressionAttributeValues": {**values(event_name), **self._where.values},
        }

    def _visit(
        self, request: ScanInputTypeDef, cursor: str | None
    ) -> tuple[ScanOutputTypeDef, str | None]:
        if cursor is not None:
            request["ExclusiveStartKey"] = {"userId": {"S": cursor}}
        try:
            answer = self._client.scan(**request)
        except ClientError as error:
            told = error.response["Error"]
            blamed = "start" in told.get("Message", "").lower()  # it has several wordings
            if cursor is None or told["Code"] != "ValidationException" or not blamed:
                raise
            raise InvalidCursor(
                f"the cursor of segment {request['Segment']} of {request['TotalSegments']} is not "
                "in that segment: the run's item was changed by hand, or is another table's"
            ) from None
        last = answer.get("LastEvaluatedKey")
        return answer, last["userId"]["S"] if last else None

    def _looked_up(self, user_ids: Sequence[str], paths: Sequence[tuple[str, ...]]) -> list[Item]:
        """Return the items there are of at most `BATCH` ids, however often DynamoDB is asked.

        Raises
        ------
        botocore.exceptions.ClientError
            It leaves some unread for longer than `PATIENCE`: the same error as where it reads none.
        """
        items: list[Item] = []
        keys: Sequence[Mapping[str, Any]] = [{"userId": {"S": each}} for each in user_ids]
        wanted: KeysAndAttributesTypeDef = {"Keys": keys, "ConsistentRead": True}
        if paths:
            names, projection = _projection(paths)
            wanted |= {"ProjectionExpression": projection, "ExpressionAttributeNames": names}
        pause, waited = _SHORTEST_PAUSE, 0.0
        while True:
            answer = self._client.batch_get_item(RequestItems={self._table: wanted})
            items += answer["Responses"].get(self._table, [])
            if self._table not in answer["UnprocessedKeys"]:
                return items
            if waited >= PATIENCE:
                told = f"{len(items)} of {len(keys)} were read after {waited:.0f} s: try again"
                code = "ProvisionedThroughputExceededException"
                raise ClientError({"Error": {"Code": code, "Message": told}}, "BatchGetItem")
            wanted["Keys"] = answer["UnprocessedKeys"][self._table]["Keys"]
            jittered = random.SystemRandom().uniform(0, pause)
            self._sleep(jittered)
            waited += jittered
            pause = min(2 * pause, _LONGEST_PAUSE)


def _paths(attributes: Collection[str] | None) -> list[tuple[str, ...]]:
    """Return where what is read of an item lies; nothing at all: the whole item."""
    if attributes is None:
        return []
    paths: list[tuple[str, ...]] = [("userId",), path_of("apiEndpoint")]
    if attributes:
        paths += [path_of("locale"), *_OF_THE_ID]
        paths += [path_of(f"attributes.{key}") for key in attributes]
    return paths


def _projection(paths: Sequence[tuple[str, ...]]) -> tuple[dict[str, str], str]:
    """Return the aliases of a projection's names, and the projection, each path in it once."""
    aliases: dict[str, str] = {}
    paths = list(dict.fromkeys(paths))
    for path in paths:
        for name in path:
            aliases.setdefault(name, f"#r{len(aliases)}")
    projection = ", ".join(".".join(aliases[name] for name in path) for path in paths)
    return {alias: name for name, alias in aliases.items()}, projection


def _customer(item: Item, *, deliverable: bool) -> Customer:
    attributes = item.get("attributes", {}).get("M", {})
    locale = _value(item.get("locale", {}))
    return Customer(
        item["userId"]["S"],
        normalised(_value(item.get("host", {}))),
        locale if isinstance(locale, str) else None,
        {k: v for k, each in sorted(attributes.items()) if (v := _value(each)) is not None},
        deliverable,
        customer_id_of(load(_part(item, _OF_THE_ID))) if "customer" in item else None,
    )


def _part(item: Item, paths: Sequence[tuple[str]]) -> Item:
    return {name: item[name] for (name,) in paths if name in item}


def _value(register: AttributeValueTypeDef) -> Any:  # noqa: ANN401 - as Python has it
    """Return the value of a register, of which only that may have been read."""
    held = register.get("M", {}).get("value")
    return None if held is None else decode(held)
