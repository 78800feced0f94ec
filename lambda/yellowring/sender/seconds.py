"""Where all workers of a stack share the present second of sending: one item of the runs table."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from boto3.dynamodb.types import TypeDeserializer, TypeSerializer
from botocore.exceptions import ClientError

from yellowring.sender.pace import Second

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from mypy_boto3_dynamodb.client import DynamoDBClient

KEY = "#pace"
"""Key of the item; no run can have it, for run ids have no ``#``."""

EVERYBODY = 1_000_000
"""More turns than others can have taken in the meantime."""


class SharedSeconds:
    """Keeps the present second; see `yellowring.sender.pace` for what it means."""

    def __init__(self, client: DynamoDBClient, table: str) -> None:
        self._client = client
        self._table = table

    async def read(self) -> Second | None:
        """Give the latest second, if there ever was one."""
        answer = await asyncio.to_thread(
            self._client.get_item,
            TableName=self._table,
            Key={"runId": {"S": KEY}},
            ConsistentRead=True,
        )
        return _second(answer["Item"]) if "Item" in answer else None

    async def begin(self, latest: Second | None, new: Second) -> bool:
        """Put a new second in the place of the latest; tell whether that was still the latest."""
        changed = await self._update(
            "SET #number = :number, #limit = :limit, #taken = :taken, #workers = :none, "
            "#before = :before, #lowered = :no",
            "#number = :latest" if latest else "attribute_not_exists(runId)",
            {
                ":number": new.number,
                ":limit": new.limit,
                ":taken": new.taken,
                ":none": 0,
                ":before": new.workers_before,
                ":no": False,
            }
            | ({":latest": latest.number} if latest else {}),
        )
        return changed is not None

    async def take(self, known: Second, turns: int, workers: int) -> Second | None:
        """Add turns and workers to a second, where its limit is as known and leaves room."""
        return await self._update(
            "SET #taken = #taken + :turns, #workers = #workers + :workers",
            "#number = :number AND #limit = :limit AND #taken <= :room",
            {
                ":number": known.number,
                ":limit": known.limit,
                ":room": known.limit - turns if turns else known.taken + EVERYBODY,
                ":turns": turns,
                ":workers": workers,
            },
        )

    async def lower(self, known: Second, lowered: Second) -> None:
        """Lower the limit of a second, where it is still as known."""
        await self._update(
            "SET #limit = :lower, #lowered = :yes",
            "#number = :number AND #limit = :limit",
            {
                ":lower": lowered.limit,
                ":yes": True,
                ":number": known.number,
                ":limit": known.limit,
            },
        )

    async def _update(
        self, change: str, condition: str, values: Mapping[str, object]
    ) -> Second | None:
        """Write, and give the second as it is then; ``None`` when the condition did not hold."""
        serialize = TypeSerializer().serialize
        expressions = f"{change} {condition}"
        names = {f"#{name}": name for name in _NAMES if f"#{name}" in expressions}
        try:
            answer = await asyncio.to_thread(
                self._client.update_item,
                TableName=self._table,
                Key={"runId": {"S": KEY}},
                UpdateExpression=change,
                ConditionExpression=condition,
                ExpressionAttributeNames=names,
                ExpressionAttributeValues={k: serialize(v) for k, v in values.items()},
                ReturnValues="ALL_NEW",
            )
        except ClientError as error:
            if error.response["Error"]["Code"] != "ConditionalCheckFailedException":
                raise
            return None
        return _second(answer["Attributes"])


_NAMES = ("number", "limit", "taken", "workers", "before", "lowered")


def _second(item: Mapping[str, Any]) -> Second:
    deserialize = TypeDeserializer().deserialize
    plain = {name: deserialize(value) for name, value in item.items()}
    return Second(
        int(plain["number"]),
        int(plain["limit"]),
        int(plain["taken"]),
        int(plain["workers"]),
        int(plain["before"]),
        bool(plain["lowered"]),
    )
