"""The stack's customers, visited for a command: those a campaign is for, or all there are."""

from __future__ import annotations

from typing import TYPE_CHECKING

from yellowring_tools.cli.files import attribute_values
from yellowring_tools.cli.terminal.progress import shown

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator

    from mypy_boto3_dynamodb.type_defs import ScanOutputTypeDef
    from yellowring.sender.campaign import Campaign
    from yellowring.subscribers import Audience, Customer, Filter, Record, Subscribers

    from yellowring_tools.cli.aws.stacks import Stack

PAGE = 1000
"""Items visited by one call."""


def audience_of(
    stack: Stack, campaign: Campaign, attributes: Collection[str] | None = ()
) -> Audience:
    """Reach a campaign's customers as the sender would, through its filter."""
    from yellowring.subscribers import Audience  # noqa: PLC0415 - loads boto3

    where = campaign.where.filter() if campaign.where else None
    table = stack.outputs["SubscribersTableName"]
    return Audience(stack.dynamodb, table, attributes=attributes, where=where)


def deliverable(audience: Audience, campaign: Campaign) -> Iterator[tuple[Customer, ...]]:
    """Visit those whom the sender would notify now, page by page."""

    def pages() -> Iterator[tuple[Customer, ...]]:
        cursor: str | None = None
        while True:
            page = audience.scan(campaign.event_name, cursor=cursor, limit=PAGE)
            yield page.customers
            cursor = page.cursor
            if cursor is None:
                return

    total = audience.approximate_count()
    return shown(pages(), "customers visited", total, lambda _: PAGE)


def records(
    stack: Stack, *, consistent: bool = False, quiet: bool = False
) -> Iterator[tuple[str, Record]]:
    """Visit every record of the table, tombstones too, with its user id.

    Parameters
    ----------
    stack
        The stack.
    consistent
        Whether the latest writes must be seen, at twice the price.
    quiet
        Whether to show no progress.
    """
    from yellowring.subscribers.items import load  # noqa: PLC0415 - loads boto3

    table = stack.outputs["SubscribersTableName"]
    total = stack.dynamodb.describe_table(TableName=table)["Table"].get("ItemCount", 0)
    pages: Iterable[ScanOutputTypeDef] = stack.dynamodb.get_paginator("scan").paginate(
        TableName=table, ConsistentRead=consistent
    )
    if not quiet:
        pages = shown(pages, "customers visited", total, lambda page: len(page["Items"]))
    for page in pages:
        for item in page["Items"]:
            yield item["userId"]["S"], load(item)


def subscribers_of(stack: Stack) -> Subscribers:
    """Reach the records of a stack's customers."""
    from yellowring.subscribers import Subscribers  # noqa: PLC0415 - loads boto3

    return Subscribers(stack.dynamodb, stack.outputs["SubscribersTableName"])


def item_of(stack: Stack, user_id: str) -> dict[str, object]:
    """Return all that lies under a user id, as DynamoDB spells it, in JSON; empty when gone."""
    answer = stack.dynamodb.get_item(
        TableName=stack.outputs["SubscribersTableName"],
        Key={"userId": {"S": user_id}},
        ConsistentRead=True,
    )
    item: dict[str, object] = attribute_values.plain(answer.get("Item", {}))
    return item


def accounts_of(stack: Stack, customer_id: str) -> dict[str, Record] | None:
    """Read the records that are linked to the business' id of a customer, by user id.

    Those who have disabled the skill since are there too. ``None``: too many are linked.
    """
    from yellowring.subscribers import Audience  # noqa: PLC0415 - loads boto3

    audience = Audience(stack.dynamodb, stack.outputs["SubscribersTableName"])
    user_ids = audience.household(customer_id)
    if user_ids is None:
        return None
    found = {each: subscribers_of(stack).get(each) for each in user_ids}
    return {user_id: record for user_id, record in found.items() if record is not None}


def passes(stack: Stack, where: Filter, user_id: str) -> bool:
    """Check whether a campaign's filter lets a customer through, as DynamoDB evaluates it."""
    answer = stack.dynamodb.query(
        TableName=stack.outputs["SubscribersTableName"],
        KeyConditionExpression="userId = :user",
        FilterExpression=where.expression,
        ExpressionAttributeNames=dict(where.names),
        ExpressionAttributeValues={":user": {"S": user_id}, **where.values},
        ConsistentRead=True,
    )
    return answer["Count"] > 0


def outcomes_of(record: Record) -> list[dict[str, object]]:
    """Return what became of a customer's newest events as JSON, the newest first."""
    entries = sorted(record.outcomes.items(), key=lambda each: (each[1].at, each[0]), reverse=True)
    return [
        {"referenceId": reference_id, "outcome": entry.value, "at": entry.at}
        for reference_id, entry in entries
    ]


def attributes_of(record: Record) -> dict[str, object]:
    """Return a customer's own attributes as JSON, without those that were removed."""
    own = {key: entry.value for key, entry in sorted(record.attributes.items())}
    return {key: value for key, value in own.items() if value is not None}


def plain(record: Record) -> dict[str, object]:
    """Return a record as JSON: of each register its value and its time, lists sorted.

    ``customerId`` is the business' id while it counts, ``customer`` what the register holds.
    """
    from yellowring.subscribers import customer_id_of, expires_at  # noqa: PLC0415 - loads boto3

    values = {name: entry.value for name, entry in record.registers.items()}
    times = {f"{name}At": entry.at for name, entry in record.registers.items()}
    told: dict[str, object] = {**values, **times, **record.moments}
    told["expiresAt"] = expires_at(record)
    told["customerId"] = customer_id_of(record)
    told["attributes"] = attributes_of(record) or None
    told["outcomes"] = outcomes_of(record) or None
    return {
        name: sorted(value) if isinstance(value, frozenset) else value
        for name, value in sorted(told.items())
        if value is not None
    }
