"""The subscribers table: one record per customer, written by read, join and put."""

from __future__ import annotations

import random
import time
from dataclasses import replace
from functools import reduce
from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError

from yellowring.subscribers.changes import ConcurrentChange, OutcomeChange, Rejected
from yellowring.subscribers.deliverability import RETENTION_DAYS
from yellowring.subscribers.items import dump, load, number
from yellowring.subscribers.record import join

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Literal

    from mypy_boto3_dynamodb.client import DynamoDBClient

    from yellowring.subscribers.changes import Applied, AttributesChange, Change, Erased
    from yellowring.subscribers.items import Item
    from yellowring.subscribers.record import Record

PATIENCE = 2.0
"""Seconds from the first call in which a change is tried again while others change its record."""
_SHORTEST_PAUSE, _LONGEST_PAUSE = 0.01, 0.2
_RANDOM = random.SystemRandom()
"""The system's own: functions that were restored from one snapshot would draw the same numbers."""


class NotWritten(RuntimeError):
    """A change could not be stored; ``record`` is what the record is with it."""

    def __init__(self, record: Record) -> None:
        super().__init__("the record was read, but the change to it could not be stored")
        self.record = record


class Subscribers:
    """The only place that writes customers into DynamoDB.

    Who is not deliverable is kept for ``retention_days``; clock and sleep are in seconds.
    """

    def __init__(
        self,
        client: DynamoDBClient,
        table: str,
        *,
        retention_days: int = RETENTION_DAYS,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._client = client
        self._table = table
        self._retention_days = retention_days
        self._clock = clock
        self._sleep = sleep

    def apply(self, user_id: str, *changes: Change) -> Applied:
        """Join changes into the customer's record: one read, and one write if there is news.

        Returns
        -------
        str
            ``applied``, or ``stale`` when the record tells all that already.

        Raises
        ------
        ConcurrentChange
            Others kept changing the record for `PATIENCE` seconds; deliver the changes again.
        botocore.exceptions.ClientError, botocore.exceptions.BotoCoreError
            The table could not be read or written.
        """
        deadline = self._clock() + PATIENCE
        return self._write(user_id, self._read(user_id), _joining(changes), deadline)[0]

    def apply_and_read(self, user_id: str, *changes: Change) -> Record:
        """Join changes into the customer's record and return it as it is then.

        Nothing is written that would begin later than `PATIENCE` after the read began: somebody
        waits for the answer.

        Raises
        ------
        NotWritten
            The record was read, but others kept changing it, it could not be written, or reading
            took the time for it.
        botocore.exceptions.ClientError, botocore.exceptions.BotoCoreError
            The table could not be read.
        """
        deadline = self._clock() + PATIENCE
        item = self._read(user_id)
        try:
            if self._clock() < deadline:
                return self._write(user_id, item, _joining(changes), deadline)[1]
            raise TimeoutError("reading took the time for writing")  # noqa: TRY301 - as the others
        except (BotoCoreError, ClientError, ConcurrentChange, TimeoutError) as error:
            raise NotWritten(reduce(join, changes, load(item))) from error

    def apply_as_newest(self, user_id: str, change: AttributesChange | Erased) -> Applied:
        """Join a change that somebody asks for who knows what there is: nothing outlives it.

        Times are the events' own and may be ahead of our clock (`yellowring.skill.envelope` takes
        ten minutes), so the change is dated no earlier than a millisecond after the newest that its
        record holds when it is written.

        Returns, and raises, as `apply` does.
        """

        def newest(record: Record) -> Record:
            return join(record, replace(change, at=max(change.at, record.newest + 1)))

        deadline = self._clock() + PATIENCE
        return self._write(user_id, self._read(user_id), newest, deadline)[0]

    def mark_rejected(self, user_id: str, at: int) -> Applied:
        """Note that Alexa refused this customer at ``at`` (ms); a newer subscription lifts it."""
        return self.apply(user_id, Rejected(at))

    def note_outcome(
        self, user_id: str, reference_id: str, outcome: str, at_ms: int
    ) -> Applied | Literal["unknown"]:
        """Note what became of an event for a customer, so that they can be told why.

        Parameters
        ----------
        user_id
            The customer.
        reference_id
            The event's.
        outcome
            In a word, such as ``limited``.
        at_ms
            When, in milliseconds since the epoch.

        Returns
        -------
        str
            ``unknown``, and nothing was written, where there is no record or a tombstone; else as
            of `apply`, which raises the same.
        """
        change = OutcomeChange(at_ms, reference_id, outcome)

        def noted(record: Record) -> Record:
            return record if record.is_tombstone else join(record, change)

        deadline = self._clock() + PATIENCE
        applied, record = self._write(user_id, self._read(user_id), noted, deadline)
        return "unknown" if record.is_tombstone else applied

    def get(self, user_id: str) -> Record | None:
        """Return one record, read consistently."""
        item = self._read(user_id)
        return load(item) if item else None

    def _read(self, user_id: str) -> Item:
        answer = self._client.get_item(
            TableName=self._table, Key={"userId": {"S": user_id}}, ConsistentRead=True
        )
        return answer.get("Item", {})

    def _write(
        self, user_id: str, item: Item, change: Callable[[Record], Record], deadline: float
    ) -> tuple[Applied, Record]:
        """Put the changed record, again from the item that stood in the way until the deadline."""
        pause = _SHORTEST_PAUSE
        while True:
            known = load(item)
            joined = change(known)
            if dump(user_id, joined) == dump(user_id, known):
                return "stale", joined
            conflict = self._put(user_id, item, joined)
            if conflict is None:
                return "applied", joined
            self._sleep(_RANDOM.uniform(0, pause))
            if self._clock() >= deadline:
                raise ConcurrentChange("the record kept changing; deliver the event again")
            pause = min(2 * pause, _LONGEST_PAUSE)
            item = conflict

    def _put(self, user_id: str, item: Item, joined: Record) -> Item | None:
        """Put a record in place of the item it was made from; return another that lies there."""
        # A new item's version is random, so that it is not taken for one that has expired.
        old = item.get("version")
        known = number(old)
        version = _RANDOM.getrandbits(32) if known is None else known + 1
        try:
            self._client.put_item(
                TableName=self._table,
                Item=dump(user_id, joined, version, self._retention_days),
                ConditionExpression=f"{'' if old else 'attribute_not_exists(#v) OR '}#v = :v",
                ExpressionAttributeNames={"#v": "version"},
                ExpressionAttributeValues={":v": old or {"N": "-1"}},
                ReturnValuesOnConditionCheckFailure="ALL_OLD",
            )
        except ClientError as error:
            if not is_conflict(error):
                raise
            conflict: Item = error.response.get("Item", {})  # type: ignore[assignment]
            return conflict
        return None


def is_conflict(error: ClientError) -> bool:
    """Check whether a write was refused because its condition does not hold."""
    return error.response["Error"]["Code"] == "ConditionalCheckFailedException"


def _joining(changes: tuple[Change, ...]) -> Callable[[Record], Record]:
    return lambda record: reduce(join, changes, record)
