"""DynamoDB as far as a record's writer uses it: one item, and all that can go wrong between."""

from __future__ import annotations

import copy
from typing import Any

from botocore.exceptions import ClientError, ReadTimeoutError


class Table:
    """GetItem and PutItem of one table; counts its calls."""

    def __init__(self) -> None:
        self.items: dict[str, dict[str, Any]] = {}
        self.calls: list[str] = []

    def get_item(self, *, Key: Any, ConsistentRead: bool, **_: Any) -> dict[str, Any]:  # noqa: N803
        """Read an item."""
        self.calls.append("GetItem")
        assert ConsistentRead
        item = self.items.get(Key["userId"]["S"])
        return {} if item is None else {"Item": copy.deepcopy(item)}

    def put_item(self, **request: Any) -> dict[str, Any]:
        """Put an item on the one condition that there is: its version."""
        self.calls.append("PutItem")
        assert request["ReturnValuesOnConditionCheckFailure"] == "ALL_OLD"
        user_id = request["Item"]["userId"]["S"]
        there = self.items.get(user_id)
        version = (there or {}).get("version")
        absent = version is None and "attribute_not_exists(#v)" in request["ConditionExpression"]
        if not absent and version != request["ExpressionAttributeValues"][":v"]:
            error: dict[str, Any] = {"Error": {"Code": "ConditionalCheckFailedException"}}
            raise ClientError(error | ({"Item": copy.deepcopy(there)} if there else {}), "PutItem")  # type: ignore[arg-type]
        self.items[user_id] = copy.deepcopy(request["Item"])
        return {}


class Faulty:
    """A table for one call of which something goes wrong, and before which others come in."""

    def __init__(self, table: Table, faults: dict[int, str], others: dict[int, Any]) -> None:
        self._table = table
        self._faults = faults
        self._others = others
        self._call = 0

    def __getattr__(self, name: str) -> Any:
        call = getattr(self._table, name)

        def faulty(**request: Any) -> Any:
            number, self._call = self._call, self._call + 1
            if number in self._others:
                self._others.pop(number)()
            fault = self._faults.get(number)
            if fault != "crash":
                answer = call(**request)
            if fault:
                raise ReadTimeoutError(endpoint_url="https://dynamodb.example")
            return answer

        return faulty
