"""What Alexa's regions have answered to notifications, shared by all workers: runs table items.

A refused notification is believed once its region has accepted another since: a wrong stage refuses
everybody.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from yellowring.observability import hash_user_id

if TYPE_CHECKING:
    from datetime import datetime

    from mypy_boto3_dynamodb.client import DynamoDBClient

    from yellowring.alexa import Region

KEY = "#notifications"
"""Partition of the items; no run can have it, for run ids have no ``#``."""
FRESH = 5
"""Seconds for which an acceptance need not be written again."""


class Evidence:
    """When each region accepted a notification last, and when each refusal came first."""

    def __init__(self, client: DynamoDBClient, table: str, skill_id: str) -> None:
        self._client = client
        self._table = table
        self._skill_id = skill_id
        self._written: dict[Region, float] = {}

    def accepted(self, region: Region, begun_at: datetime) -> None:
        """Note an acceptance whose request was begun at a time."""
        at = begun_at.timestamp()
        if at - self._written.get(region, 0) < FRESH:
            return
        self._client.update_item(
            TableName=self._table,
            Key={"runId": {"S": KEY}, "part": {"S": f"accepted#{region}"}},
            UpdateExpression="SET acceptedAt = :at",
            ExpressionAttributeValues={":at": {"N": str(int(at * 1000))}},
        )
        self._written[region] = at

    def believes(
        self, region: Region, reference_id: str, user_id: str, now: datetime, until: datetime
    ) -> bool:
        """Check whether a refusal is about the customer; remember the first until ``until``."""
        customer = hash_user_id(user_id, self._skill_id)
        refused = self._client.update_item(
            TableName=self._table,
            Key={"runId": {"S": KEY}, "part": {"S": f"refused#{reference_id}#{customer}"}},
            UpdateExpression="SET refusedAt = if_not_exists(refusedAt, :now), expiresAt = :until",
            ExpressionAttributeValues={
                ":now": {"N": str(int(now.timestamp() * 1000))},
                ":until": {"N": str(int(until.timestamp()))},
            },
            ReturnValues="ALL_NEW",
        )
        accepted = self._client.get_item(
            TableName=self._table,
            Key={"runId": {"S": KEY}, "part": {"S": f"accepted#{region}"}},
            ConsistentRead=True,
        )
        accepted_at = int(accepted.get("Item", {}).get("acceptedAt", {"N": "0"})["N"])
        return accepted_at > int(refused["Attributes"]["refusedAt"]["N"])
