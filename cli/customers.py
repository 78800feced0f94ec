"""The stack's customers, visited for a command: those a campaign is for, or all there are."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cli.progress import shown

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

    from mypy_boto3_dynamodb.type_defs import ScanInputPaginateTypeDef, ScanOutputTypeDef
    from yellowring.sender.campaign import Campaign
    from yellowring.subscribers import Audience, Customer, Subscribers

    from cli.stacks import Stack

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
    stack: Stack, attributes: Sequence[str] = (), *, consistent: bool = False, quiet: bool = False
) -> Iterator[dict[str, object]]:
    """Visit every item of the table, tombstones too; sets and numbers as Python's own.

    Parameters
    ----------
    stack
        The stack.
    attributes
        Which attributes to read; none: all of them.
    consistent
        Whether the latest writes must be seen, at twice the price.
    quiet
        Whether to show no progress.
    """
    from yellowring.subscribers.reading import read_record  # noqa: PLC0415 - loads boto3

    table = stack.outputs["SubscribersTableName"]
    request: ScanInputPaginateTypeDef = {"TableName": table, "ConsistentRead": consistent}
    if attributes:
        names = {f"#{number}": name for number, name in enumerate(attributes)}
        request["ExpressionAttributeNames"] = names
        request["ProjectionExpression"] = ", ".join(names)
    total = stack.dynamodb.describe_table(TableName=table)["Table"].get("ItemCount", 0)
    pages: Iterable[ScanOutputTypeDef] = stack.dynamodb.get_paginator("scan").paginate(**request)
    if not quiet:
        pages = shown(pages, "customers visited", total, lambda page: len(page["Items"]))
    for page in pages:
        for item in page["Items"]:
            yield read_record(item)


def subscribers_of(stack: Stack) -> Subscribers:
    """Reach the records of a stack's customers."""
    from yellowring.subscribers import Subscribers  # noqa: PLC0415 - loads boto3

    return Subscribers(stack.dynamodb, stack.outputs["SubscribersTableName"])


def plain(record: Mapping[str, object]) -> dict[str, object]:
    """Give a record as JSON: sets as sorted lists."""
    return {
        name: sorted(map(str, value)) if isinstance(value, set) else value
        for name, value in sorted(record.items())
    }
