"""The runs table: one item per run, which every worker of the run writes and none owns.

A run's audience is cut into *segments*. An item holds, for each segment that is not done, the
cursor to go on after and the number of the page that comes next; a worker may only move a segment
on from the page that it found there, so of two workers on one segment the slower one learns that it
is stale. Customers whose outcome stayed unknown are in *retries*, messages on the work queue, and
each has its entry too. Counts and entries change in the same conditional update; a run is complete
when it has no entry left. Those given up have an entry among the *dead*, so that each dead letter
can be taken back once.
"""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from boto3.dynamodb.types import TypeDeserializer, TypeSerializer
from botocore.exceptions import ClientError

from yellowring.sender.outcomes import Counts, Outcome
from yellowring.sender.run import Run, Segment, Status, Step

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mypy_boto3_dynamodb.client import DynamoDBClient

RETENTION = timedelta(days=90)

__all__ = [
    "Run",
    "RunConflict",
    "RunNotFound",
    "Runs",
    "Segment",
    "StaleWorker",
    "Status",
    "Step",
]


class RunConflict(ValueError):
    """A run of that id exists, with another campaign."""


class RunNotFound(LookupError):
    """There is no run of that id."""


class StaleWorker(RuntimeError):
    """Another worker has moved this segment or retry on, or the run is over."""


class Runs:
    """The only place that knows how runs lie in DynamoDB."""

    def __init__(self, client: DynamoDBClient, table: str) -> None:
        self._client = client
        self._table = table

    def start(self, run: Run) -> Run:
        """Put a new run, or give the one that was started under the same id before.

        Raises
        ------
        RunConflict
            The one before has another campaign.
        """
        try:
            self._client.put_item(
                TableName=self._table,
                Item=_item(run),
                ConditionExpression="attribute_not_exists(runId)",
            )
        except ClientError as error:
            if not _is_condition(error):
                raise
        else:
            return run
        known = self.load(run.run_id)
        if known.campaign != run.campaign:
            raise RunConflict(
                f"run {run.run_id} exists with another campaign: "
                "give the changed campaign another name, or this run another runId"
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
            TableName=self._table, Key={"runId": {"S": run_id}}, ConsistentRead=True
        )
        if "Item" not in answer:
            raise RunNotFound(f"there is no run {run_id}: it was never started, or is 90 days old")
        return _run(answer["Item"])

    def advance(self, run_id: str, number: int, at: Segment, to: Segment | None, step: Step) -> Run:
        """Move a segment from one page to the next, or (``None``) to its end.

        Raises
        ------
        StaleWorker
            The segment is not at ``at`` any more, or the run is over.
        """
        update = _Update(run_id, step)
        segment = f"{update.name('segments')}.{update.name(str(number))}"
        update.conditions.append(f"{segment}.{update.name('page')} = {update.value(at.page)}")
        if to is None:
            update.removes.append(segment)
        else:
            update.sets.append(f"{segment} = {update.value(_segment(to))}")
        try:
            return self._update(update)
        except StaleWorker:
            run = self.load(run_id)
            if to is None or run.segments.get(number) != to:
                raise
            return run

    def settle(self, run_id: str, retry: str, step: Step) -> Run:
        """Take a retry off a run.

        Raises
        ------
        StaleWorker
            The retry was settled before, or the run is over.
        """
        update = _Update(run_id, step)
        entry = f"{update.name('retries')}.{update.name(retry)}"
        update.conditions.append(f"attribute_exists({entry})")
        update.removes.append(entry)
        return self._update(update)

    def reopen(self, run_id: str, dead: str, retry: str, customers: int) -> None:
        """Take customers who were given up back into a run, as a retry.

        Raises
        ------
        StaleWorker
            They are back already, or were never given up, or the run was halted or cancelled.
        """
        update = _Update(run_id, Step(Counts({Outcome.FAILED: -customers}), {retry: customers}))
        status, entry = update.name("status"), f"{update.name('dead')}.{update.name(dead)}"
        running, completed = update.value("running"), update.value("completed")
        update.conditions = [
            f"({update.conditions[0]} OR {status} = {completed})",
            f"attribute_exists({entry})",
        ]
        update.sets.append(f"{status} = {running}")
        update.removes += [entry, update.name("endedAt")]
        self._update(update)

    def complete(self, run_id: str, now: datetime) -> Run | None:
        """End a run that has nothing left to do; ``None`` when it was ended before, or has."""
        update = _Update(run_id)
        none = update.value(0)
        for entries in ("segments", "retries"):
            update.conditions.append(f"size({update.name(entries)}) = {none}")
        return self._end(update, "completed", now)

    def halt(self, run_id: str, now: datetime, cause: str, step: Step) -> Run | None:
        """Stop a run for a cause; ``None`` when it had ended before."""
        update = _Update(run_id, step)
        update.sets.append(f"{update.name('cause')} = {update.value(cause)}")
        return self._end(update, "halted", now)

    def cancel(self, run_id: str, now: datetime) -> Run | None:
        """Stop a run because somebody wants it; ``None`` when it had ended before."""
        return self._end(_Update(run_id), "cancelled", now)

    def list(self) -> list[Run]:
        """Give all runs that are still kept, the newest first."""
        pages = self._client.get_paginator("scan").paginate(
            TableName=self._table, FilterExpression="attribute_exists(campaign)"
        )
        runs = [_run(item) for page in pages for item in page["Items"]]
        return sorted(runs, key=lambda run: (run.started_at, run.run_id), reverse=True)

    def _end(self, update: _Update, status: Status, now: datetime) -> Run | None:
        update.sets.append(f"{update.name('endedAt')} = {update.value(now.isoformat())}")
        update.sets.append(f"{update.name('status')} = {update.value(status)}")
        try:
            return self._update(update)
        except StaleWorker:
            return None

    def _update(self, update: _Update) -> Run:
        serialize = TypeSerializer().serialize
        try:
            answer = self._client.update_item(
                TableName=self._table,
                Key={"runId": {"S": update.run_id}},
                UpdateExpression=update.expression(),
                ConditionExpression=" AND ".join(update.conditions),
                ExpressionAttributeNames={alias: name for name, alias in update.names.items()},
                ExpressionAttributeValues={k: serialize(v) for k, v in update.values.items()},
                ReturnValues="ALL_NEW",
            )
        except ClientError as error:
            if not _is_condition(error):
                raise
            raise StaleWorker(f"run {update.run_id} was moved on by another worker") from None
        return _run(answer["Attributes"])


class _Update:
    """One conditional update of a running run, gathered in parts."""

    def __init__(self, run_id: str, step: Step | None = None) -> None:
        self.run_id = run_id
        self.names: dict[str, str] = {}
        self.values: dict[str, object] = {}
        self.sets: list[str] = []
        self.removes: list[str] = []
        self.conditions = [f"{self.name('status')} = {self.value('running')}"]
        if step is not None:
            self._count(step)

    def name(self, attribute: str) -> str:
        return self.names.setdefault(attribute, f"#{len(self.names)}")

    def value(self, value: object) -> str:
        alias = f":{len(self.values)}"
        self.values[alias] = value
        return alias

    def expression(self) -> str:
        sets, removes = ", ".join(self.sets), ", ".join(self.removes)
        return (f"SET {sets} " if sets else "") + (f"REMOVE {removes}" if removes else "")

    def _count(self, step: Step) -> None:
        for outcome, customers in step.counts.by_outcome.items():
            entry = f"{self.name('counts')}.{self.name(outcome.value)}"
            self.sets.append(f"{entry} = {entry} + {self.value(customers)}")
        for entries, new in (("retries", step.retries), ("dead", step.dead)):
            for key, customers in new.items():
                entry = f"{self.name(entries)}.{self.name(key)}"
                self.sets.append(f"{entry} = {self.value(customers)}")


def _segment(segment: Segment) -> dict[str, object]:
    return {"page": segment.page, "cursor": segment.cursor, "by": segment.by}


def _is_condition(error: ClientError) -> bool:
    return error.response["Error"]["Code"] == "ConditionalCheckFailedException"


def _item(run: Run) -> dict[str, Any]:
    item = {
        "runId": run.run_id,
        "campaign": json.dumps(run.campaign, sort_keys=True),
        "status": run.status,
        "startedAt": run.started_at.isoformat(),
        "expiryTime": run.expiry_time.isoformat(),
        "totalSegments": run.total_segments,
        "segments": {str(number): _segment(at) for number, at in run.segments.items()},
        "retries": dict(run.retries),
        "dead": {},
        "counts": run.counts.document(),
        "expiresAt": int((run.started_at + RETENTION).timestamp()),
    }
    return {name: TypeSerializer().serialize(value) for name, value in item.items()}


def _run(item: Mapping[str, Any]) -> Run:
    deserialize = TypeDeserializer().deserialize
    plain = {name: deserialize(value) for name, value in item.items()}
    return Run(
        run_id=plain["runId"],
        campaign=json.loads(plain["campaign"]),
        status=plain["status"],
        started_at=datetime.fromisoformat(plain["startedAt"]),
        expiry_time=datetime.fromisoformat(plain["expiryTime"]),
        total_segments=int(plain["totalSegments"]),
        segments={
            int(number): Segment(int(segment["page"]), segment["cursor"], segment["by"])
            for number, segment in plain["segments"].items()
        },
        retries={key: int(customers) for key, customers in plain["retries"].items()},
        counts=Counts({o: int(plain["counts"][o.value]) for o in Outcome}),
        ended_at=datetime.fromisoformat(plain["endedAt"]) if "endedAt" in plain else None,
        cause=plain.get("cause"),
    )
