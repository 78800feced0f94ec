"""The stack's customers, visited for a command: those a campaign is for, or all there are."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cli.progress import shown

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from typing import Any

    from mypy_boto3_dynamodb.type_defs import ScanInputPaginateTypeDef, ScanOutputTypeDef
    from yellowring.sender.campaign import Campaign
    from yellowring.subscribers import Customer, Subscribers

    from cli.stacks import Stack

PAGE = 1000
"""Items visited by one call."""


def deliverable(stack: Stack, campaign: Campaign) -> Iterator[tuple[Customer, ...]]:
    """Visit those whom the sender would notify now, page by page."""
    from yellowring.subscribers import Audience  # noqa: PLC0415 - loads boto3

    audience = Audience(stack.dynamodb, stack.outputs["SubscribersTableName"])

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
) -> Iterator[dict[str, Any]]:
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
    from boto3.dynamodb.types import TypeDeserializer  # noqa: PLC0415

    table = stack.outputs["SubscribersTableName"]
    request: ScanInputPaginateTypeDef = {"TableName": table, "ConsistentRead": consistent}
    if attributes:
        names = {f"#{number}": name for number, name in enumerate(attributes)}
        request["ExpressionAttributeNames"] = names
        request["ProjectionExpression"] = ", ".join(names)
    deserialize = TypeDeserializer().deserialize
    total = stack.dynamodb.describe_table(TableName=table)["Table"].get("ItemCount", 0)
    pages: Iterable[ScanOutputTypeDef] = stack.dynamodb.get_paginator("scan").paginate(**request)
    if not quiet:
        pages = shown(pages, "customers visited", total, lambda page: len(page["Items"]))
    for page in pages:
        for item in page["Items"]:
            yield {name: deserialize(value) for name, value in item.items()}


def subscribers_of(stack: Stack) -> Subscribers:
    """Reach the records of a stack's customers."""
    from yellowring.subscribers import Subscribers  # noqa: PLC0415 - loads boto3

    return Subscribers(stack.dynamodb, stack.outputs["SubscribersTableName"])


def plain(record: Mapping[str, Any]) -> dict[str, Any]:
    """Give a record as JSON: sets as sorted lists, whole numbers as such."""
    return {name: _plain(value) for name, value in sorted(record.items())}


def _plain(value: Any) -> Any:  # noqa: ANN401 - whatever DynamoDB holds
    if isinstance(value, set | frozenset):
        return sorted(_plain(each) for each in value)
    if isinstance(value, dict):
        return {name: _plain(each) for name, each in value.items()}
    if isinstance(value, list):
        return [_plain(each) for each in value]
    if isinstance(value, bytes | bytearray) or hasattr(value, "value"):
        return str(value)
    if hasattr(value, "to_integral_value"):  # a Decimal, as which DynamoDB's numbers come
        return int(value) if value == value.to_integral_value() else float(value)
    return value
