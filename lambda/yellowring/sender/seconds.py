"""Where all workers of a stack share the present second of sending: one item of the runs table."""

from __future__ import annotations

import asyncio
from dataclasses import replace
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
        values = {f":{name}": value for name, value in _attributes(new).items()}
        changed = await self._update(
            "SET " + ", ".join(f"#{name} = :{name}" for name in _attributes(new)),
            "#number = :latest" if latest else "attribute_not_exists(runId)",
            values | ({":latest": latest.number} if latest else {}),
        )
        return changed is not None

    async def take(self, known: Second, turns: int, workers: int, throttled: int) -> Second | None:
        """Add turns, workers and 429s to a second, where it leaves room for the turns."""
        return await self._update(
            "SET #taken = #taken + :turns, #workers = #workers + :workers, "
            "#throttled = #throttled + :throttled",
            "#number = :number" + (" AND #taken <= :room" if turns else ""),
            {
                ":number": known.number,
                ":turns": turns,
                ":workers": workers,
                ":throttled": throttled,
            }
            | ({":room": known.limit - turns} if turns else {}),
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


_COUNTS = ("number", "limit", "taken", "workers", "throttled")
_BEFORE = {name: f"{name}Before" for name in _COUNTS}
_NAMES = (*_BEFORE.values(), *_COUNTS)


def _attributes(second: Second) -> dict[str, int]:
    """Give a second as the item has it; where nothing was sent before, the second before is 0."""
    before = second.before
    present = {name: getattr(second, name) for name in _COUNTS}
    return present | {
        alias: getattr(before, name) if before else 0 for name, alias in _BEFORE.items()
    }


def _second(item: Mapping[str, Any]) -> Second:
    deserialize = TypeDeserializer().deserialize
    plain = {name: int(deserialize(item[name])) for name in _NAMES}
    present, before = (
        Second(*(plain[name] for name in names))  # type: ignore[arg-type]  # mypy counts no items
        for names in (_COUNTS, _BEFORE.values())
    )
    return replace(present, before=before if before.limit else None)
