"""The runs table: a run's item, one item for each of its segments, and lists of ids.

The partition is the run; ``part`` tells what an item is. A segment's item is written by its worker
alone, each time on the condition that it is as the worker knows it, so of two workers on one
segment only one can count; nothing else of a run changes while it sends.
"""

from __future__ import annotations

import random
import time
import uuid
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from yellowring.aws import encode
from yellowring.sender.run.items import (
    REMNANTS,
    RETENTION,
    RUN,
    chunk_part,
    counts_item,
    key,
    read_run,
    read_segment,
    run_item,
    segment_item,
    segment_part,
)
from yellowring.sender.run.run import Segment
from yellowring.subscribers import is_conflict

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import datetime

    from mypy_boto3_dynamodb.client import DynamoDBClient

    from yellowring.sender.delivery.outcomes import Counts
    from yellowring.sender.run.run import Ending, Run, Status

CHUNK = 500
"""Ids in one item of a list: with the longest ids 130 KB, of DynamoDB's 400."""

_BATCH = 25
"""Items in one batch write, the most that DynamoDB takes."""


class RunConflict(ValueError):
    """A run of that id exists, with another campaign."""


class RunNotFound(LookupError):
    """There is no run of that id."""


class VersionConflict(RuntimeError):
    """Another worker has moved this segment on, or the run is in another attempt."""


class Runs:
    """The only place that knows how runs lie in DynamoDB."""

    def __init__(self, client: DynamoDBClient, table: str) -> None:
        self._client = client
        self._table = table

    def put(self, run: Run) -> None:
        """Store a new run, unless one is stored under the same id."""
        try:
            self._client.put_item(
                TableName=self._table,
                Item=run_item(run),
                ConditionExpression="attribute_not_exists(runId)",
            )
        except ClientError as error:
            if not is_conflict(error):
                raise

    def known(self, run: Run) -> Run | None:
        """Return the run that is stored under a run's id, if there is one.

        Raises
        ------
        RunConflict
            It has another campaign.
        """
        try:
            known = self.load(run.run_id)
        except RunNotFound:
            return None
        if known.campaign != run.campaign:
            raise RunConflict(
                f"run {run.run_id} exists with another campaign: give the changed campaign another "
                "name, or this run an id of its own (--run-id)"
            )
        return known

    def load(self, run_id: str) -> Run:
        """Read a run, consistently.

        Raises
        ------
        RunNotFound
            There is none of that id.
        """
        answer = self._client.get_item(
            TableName=self._table, Key=key(run_id, RUN), ConsistentRead=True
        )
        if "Item" not in answer:
            raise RunNotFound(f"there is no run {run_id}: it was never started, or is 90 days old")
        return read_run(answer["Item"])

    def ending(self, run_id: str, attempt: int) -> bool:
        """Check whether an attempt of a run is to send nothing more; this is asked often."""
        answer = self._client.get_item(
            TableName=self._table,
            Key=key(run_id, RUN),
            ProjectionExpression="#status, attempt, ending",
            ExpressionAttributeNames={"#status": "status"},
            ConsistentRead=True,
        )
        item = answer.get("Item", {})
        return (
            item.get("status") != {"S": "running"}
            or item.get("attempt") != {"N": str(attempt)}
            or "ending" in item
        )

    def executed(self, run: Run, execution_arn: str) -> None:
        """Note which execution works on a run's attempt."""
        self._update(
            run.run_id,
            {"executions": run.executions + 1, "executionArn": execution_arn},
            "attempt = :known AND executions = :before",
            {":known": run.attempt, ":before": run.executions},
        )

    def end(self, run: Run, ending: Ending) -> bool:
        """Have a running run send nothing more; return whether it was not ending before."""
        told = {"status": ending.status, "cause": ending.cause, "at": ending.at.isoformat()}
        return self._update(
            run.run_id,
            {"ending": told},
            "attempt = :known AND #status = :running AND attribute_not_exists(ending)",
            {":known": run.attempt, ":running": "running"},
        )

    def finish(
        self,
        run: Run,
        status: Status,
        counts: Counts,
        *,
        cause: str | None,
        resumable: int,
        now: datetime,
    ) -> bool:
        """Set a run's final status and counts; return whether it was still running."""
        return self._update(
            run.run_id,
            {
                "status": status,
                "counts": counts_item(counts),
                "cause": cause,
                "resumable": resumable,
                "endedAt": now.isoformat(),
                "announced": False,
            },
            "attempt = :known AND #status = :running",
            {":known": run.attempt, ":running": "running"},
        )

    def announced(self, run: Run) -> None:
        """Note that the world was told of a run's end."""
        self._update(run.run_id, {"announced": True}, "attempt = :known", {":known": run.attempt})

    def resume(self, run: Run, now: datetime, expiry_time: datetime) -> bool:
        """Begin a run's next attempt; return ``False`` when somebody else did, or it runs."""
        return self._update(
            run.run_id,
            {
                "status": "running",
                "attempt": run.attempt + 1,
                "executions": 0,
                "eventTime": now.isoformat(),
                "expiryTime": expiry_time.isoformat(),
                "expiresAt": int((now + RETENTION).timestamp()),
            },
            "attempt = :known AND #status <> :running",
            {":known": run.attempt, ":running": "running"},
            removed=("ending", "endedAt", "cause", "resumable", "announced", "executionArn"),
        )

    def segment(self, run_id: str, number: int) -> Segment:
        """Read a segment, consistently; one without an item is fresh."""
        answer = self._client.get_item(
            TableName=self._table, Key=key(run_id, segment_part(number)), ConsistentRead=True
        )
        return read_segment(answer["Item"]) if "Item" in answer else Segment(number)

    def segments(self, run: Run) -> list[Segment]:
        """Read all segments of a run that have an item."""
        pages = self._client.get_paginator("query").paginate(
            TableName=self._table,
            KeyConditionExpression="runId = :run AND begins_with(part, :segments)",
            ExpressionAttributeValues={":run": {"S": run.run_id}, ":segments": {"S": "segment#"}},
            ConsistentRead=True,
        )
        return [read_segment(item) for page in pages for item in page["Items"]]

    def checkpoint(self, run: Run, known: Segment, new: Segment) -> Segment:
        """Write a segment that is still as it is known; return it with its new version.

        Raises
        ------
        VersionConflict
            It is not: another worker has moved it on.
        """
        by = uuid.uuid4().hex[:12]
        item = segment_item(run, new, known.version + 1, by)
        condition: dict[str, Any] = {"ConditionExpression": "attribute_not_exists(runId)"}
        if known.version:
            condition = {
                "ConditionExpression": "version = :known",
                "ExpressionAttributeValues": {":known": {"N": str(known.version)}},
            }
        try:
            self._client.put_item(
                TableName=self._table,
                Item=item,
                ReturnValuesOnConditionCheckFailure="ALL_OLD",
                **condition,
            )
        except ClientError as error:
            if not is_conflict(error):
                raise
            found: Mapping[str, Any] = error.response.get("Item", {})  # type: ignore[assignment]
            if found.get("by") != {"S": by}:  # or else only the answer to this very write was lost
                raise VersionConflict(
                    f"segment {known.number} of run {run.run_id} was moved on by another worker"
                ) from None
        return read_segment(item)

    def put_list(self, run_id: str, digest: str, ids: Iterable[str], until: datetime) -> int:
        """Store a list of user or customer ids in chunks; return how many chunks there are.

        Writing the same list again changes nothing; another list has another digest.
        """
        expires = {"N": str(int((until + REMNANTS).timestamp()))}
        chunk: list[str] = []
        items: list[dict[str, Any]] = []
        number = 0

        def item() -> dict[str, Any]:
            return {
                **key(run_id, chunk_part(digest, number)),
                "ids": {"L": [{"S": each} for each in chunk]},
                "expiresAt": expires,
            }

        for each in ids:
            chunk.append(each)
            if len(chunk) == CHUNK:
                items.append(item())
                number, chunk = number + 1, []
                if len(items) == _BATCH:
                    self._write([{"PutRequest": {"Item": each}} for each in items])
                    items = []
        if chunk:
            items.append(item())
            number += 1
        if items:
            self._write([{"PutRequest": {"Item": each}} for each in items])
        return number

    def chunk(self, run_id: str, digest: str, number: int) -> list[str]:
        """Read one chunk of a list; one that is not there is empty."""
        answer = self._client.get_item(
            TableName=self._table,
            Key=key(run_id, chunk_part(digest, number)),
            ConsistentRead=True,
        )
        ids = answer.get("Item", {}).get("ids", {}).get("L", [])
        return [each["S"] for each in ids]

    def keep_list(self, run_id: str, digest: str, count: int, until: datetime) -> None:
        """Keep a list of so many ids longer."""
        for number in range(chunks_of(count)):
            self._client.update_item(
                TableName=self._table,
                Key=key(run_id, chunk_part(digest, number)),
                UpdateExpression="SET expiresAt = :until",
                ConditionExpression="attribute_exists(runId)",
                ExpressionAttributeValues={
                    ":until": {"N": str(int((until + REMNANTS).timestamp()))}
                },
            )

    def forget_customers(self, run: Run) -> None:
        """Remove everything of a run that names a customer: what segments hold, and lists.

        A blank is left of each segment, of no version that a late worker knows: it finds no room to
        write what it held.
        """
        blanks = [Segment(n, attempt=run.attempt, done=True) for n in range(run.segments)]
        requests: list[Any] = [
            {"PutRequest": {"Item": segment_item(run, each, version=0, by="")}} for each in blanks
        ]
        if listed := run.listed:
            chunks = range(chunks_of(listed.count))
            keys = [key(run.run_id, chunk_part(listed.digest, number)) for number in chunks]
            requests += [{"DeleteRequest": {"Key": each}} for each in keys]
        for start in range(0, len(requests), _BATCH):
            self._write(requests[start : start + _BATCH])

    def list(self) -> list[Run]:
        """Return all runs that are still kept, the newest first."""
        pages = self._client.get_paginator("scan").paginate(
            TableName=self._table,
            FilterExpression="part = :run",
            ExpressionAttributeValues={":run": {"S": RUN}},
        )
        runs = [read_run(item) for page in pages for item in page["Items"]]
        return sorted(runs, key=lambda run: (run.started_at, run.run_id), reverse=True)

    def _write(self, requests: Sequence[Any]) -> None:
        left: Any = {self._table: list(requests)}
        longest = 0.05
        while left := self._client.batch_write_item(RequestItems=left).get("UnprocessedItems"):
            time.sleep(random.uniform(longest / 2, longest))  # noqa: S311
            longest = min(2 * longest, 5.0)

    def _update(
        self,
        run_id: str,
        values: Mapping[str, object],
        condition: str,
        known: Mapping[str, object],
        removed: Sequence[str] = (),
    ) -> bool:
        """Set attributes of a run's item, ``None`` removes one; return whether it was as known."""
        sets = {name: value for name, value in values.items() if value is not None}
        gone = [*removed, *(name for name, value in values.items() if value is None)]
        names = {f"#{name}": name for name in (*sets, *gone)}
        if "#status" in condition:
            names["#status"] = "status"
        change = "SET " + ", ".join(f"#{name} = :{name}" for name in sets)
        if gone:
            change += " REMOVE " + ", ".join(f"#{name}" for name in gone)
        new = {f":{name}": value for name, value in sets.items()}
        try:
            self._client.update_item(
                TableName=self._table,
                Key=key(run_id, RUN),
                UpdateExpression=change,
                ConditionExpression=condition,
                ExpressionAttributeNames=names,
                ExpressionAttributeValues={
                    name: encode(value) for name, value in {**new, **known}.items()
                },
            )
        except ClientError as error:
            if not is_conflict(error):
                raise
            return False
        return True


def chunks_of(count: int) -> int:
    """Return how many chunks a list of so many ids has."""
    return -(-count // CHUNK)
