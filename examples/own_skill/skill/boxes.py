"""The customers' boxes: one item of the boxes table for each Alexa user."""

from __future__ import annotations

import functools
import os
from typing import Any

import boto3


@functools.cache
def boxes() -> Boxes:
    """Return the boxes of the table that ``BOXES_TABLE`` names."""
    return Boxes(boto3.resource("dynamodb").Table(os.environ["BOXES_TABLE"]))


class Boxes:
    """Loads and saves boxes: ``{"content": {"carrots": 2}, "day": "friday", "order": 417}``.

    The content is in kilos; the order is the number of the box that is under way, or None.
    """

    def __init__(self, table: Any) -> None:  # noqa: ANN401 - boto3 makes its class at run time
        self._table = table

    def load(self, user_id: str) -> dict[str, Any]:
        """Return a customer's box; who has none yet gets an empty one."""
        item = self._table.get_item(Key={"userId": user_id}).get("Item", {})
        order = item.get("order")
        return {
            "content": {name: int(kilos) for name, kilos in item.get("content", {}).items()},
            "day": item.get("day", "friday"),
            "order": None if order is None else int(order),
        }

    def save(self, user_id: str, box: dict[str, Any]) -> None:
        """Keep a customer's box."""
        self._table.put_item(Item={"userId": user_id, **box})

    def next_order(self) -> int:
        """Return a number that no other order has."""
        answer = self._table.update_item(
            Key={"userId": "#orders"},
            UpdateExpression="ADD #order :one",
            ExpressionAttributeNames={"#order": "order"},
            ExpressionAttributeValues={":one": 1},
            ReturnValues="UPDATED_NEW",
        )
        return int(answer["Attributes"]["order"])
