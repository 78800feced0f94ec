"""The subscribers table: one true record per customer, however its changes arrive.

A record is a set of registers. A *value register* (subscriptions, permissions, locale, each of the
customer's attributes, …) keeps the value of the newest change by (``at``, ``by``): the change's own
time in milliseconds since the epoch, then its request id. A *moment* (enabled, disabled, erased,
rejected) keeps the latest time. Both are joins of what was seen, so every order and repetition of
the same changes ends in the same item. An *erasure* removes whatever is not newer than it, and a
tombstone stays until ``expiresAt`` so that no late change can bring the customer back.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Literal

from botocore.exceptions import ClientError

from yellowring.subscribers.changes import (
    MOST_ATTRIBUTES,
    Accepted,
    AttributesChange,
    ConcurrentChange,
    Disabled,
    Enabled,
    Erased,
    Refreshed,
    RegisterChange,
)
from yellowring.subscribers.reading import attribute_times, read_record, stamp, times
from yellowring.subscribers.updates import (
    STAMPS,
    Condition,
    erase,
    newer,
    not_newer,
    registers,
    set_moment,
    set_registers,
    sweep,
)

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.client import DynamoDBClient

    from yellowring.subscribers.changes import Applied, Change
    from yellowring.subscribers.reading import Item, Record
    from yellowring.subscribers.updates import Update

type _Returned = Literal["NONE", "ALL_OLD", "ALL_NEW"]


class Subscribers:
    """The only place that knows how customers lie in DynamoDB."""

    def __init__(self, client: DynamoDBClient, table: str) -> None:
        self._client = client
        self._table = table

    def apply(self, user_id: str, change: Change) -> Applied:
        """Join one change into the customer's record, without reading first.

        Returns
        -------
        str
            ``applied``, or ``stale`` when what the record holds is as new or newer.

        Raises
        ------
        ConcurrentChange
            The change lost two races in a row; deliver it again.
        botocore.exceptions.ClientError, botocore.exceptions.BotoCoreError
            The table could not be written.
        """
        match change:
            case RegisterChange() | AttributesChange() | Refreshed():
                return self._join(user_id, change, "NONE").applied
            case Enabled(at):
                return self._write(user_id, set_moment("enabledAt", at)).applied
            case Disabled(at):
                return self._write(user_id, set_moment("disabledAt", at)).applied
            case Accepted(at):
                return self._write(user_id, set_moment("acceptedAt", at)).applied
            case Erased(at):
                return self._erase(user_id, at)

    def apply_and_read(self, user_id: str, change: RegisterChange | Refreshed) -> Record:
        """Join one change and give the record as it is then, all in the one write."""
        return read_record(self._join(user_id, change, "ALL_NEW").item)

    def mark_rejected(self, user_id: str, at: int) -> Applied:
        """Note that Alexa refused this customer at ``at`` (ms); a newer subscription lifts it."""
        update = set_moment("rejectedAt", at)
        known = Condition("attribute_exists({0})", ("userId",))
        return self._write(user_id, update.only_if(known)).applied

    def get(self, user_id: str) -> Record | None:
        """Read one record, consistently."""
        answer = self._client.get_item(
            TableName=self._table, Key={"userId": {"S": user_id}}, ConsistentRead=True
        )
        item = answer.get("Item")
        return None if item is None else read_record(item)

    def _join(
        self,
        user_id: str,
        change: RegisterChange | AttributesChange | Refreshed,
        returned: _Returned,
    ) -> _Written:
        """Set what is newer than the record; the rest of the change is stale."""
        targets = registers(change)
        written = self._write(user_id, set_registers(targets, change.at, change.by), returned)
        if not written.lost_to_others_than_an_erasure(change.at):
            return written
        mine = (change.at, change.by)
        left = [register for register in targets if stamp(written.item, register) < mine]
        if not left:
            return written
        written = self._write(user_id, set_registers(left, change.at, change.by), returned)
        if written.lost_to_others_than_an_erasure(change.at):
            raise _concurrent("written")
        return written

    def _erase(self, user_id: str, at: int) -> Applied:
        """Leave a tombstone; where newer changes are in its way, keep those and only those."""
        dated = [*STAMPS, "disabledAt"]
        update = erase(at, older=STAMPS, was_disabled_later=False)
        guards = [not_newer(name) for name in dated]
        written = self._write(user_id, update.only_if(*guards), "ALL_OLD")
        if written.lost_to_others_than_an_erasure(at):
            found = times(written.item)
            late = {name for name in dated if found.get(name, -1) > at}
            older = [name for name in STAMPS if name not in late]
            update = erase(at, older=older, was_disabled_later="disabledAt" in late)
            guards = [newer(name) if name in late else not_newer(name) for name in dated]
            written = self._write(user_id, update.only_if(*guards), "ALL_OLD")
            if written.lost_to_others_than_an_erasure(at):
                raise _concurrent("erased")
        self._sweep(user_id, written.item, at)
        return written.applied

    def _sweep(self, user_id: str, item: Item, at: int) -> None:
        """Remove the attributes that this erasure, or a newer one that was cut off, left behind."""
        erased_at = max(at, times(item).get("erasedAt", -1))
        keys = sorted(key for key, set_at in attribute_times(item).items() if set_at <= erased_at)
        for start in range(0, len(keys), MOST_ATTRIBUTES):
            update = sweep(keys[start : start + MOST_ATTRIBUTES], erased_at)
            if self._write(user_id, update).applied == "stale":
                raise _concurrent("rid of its attributes")

    def _write(self, user_id: str, update: Update, returned: _Returned = "NONE") -> _Written:
        from boto3.dynamodb.types import TypeSerializer  # noqa: PLC0415 - as in reading

        alias = {name: f"#n{index}" for index, name in enumerate(update.names())}
        serialize = TypeSerializer().serialize
        try:
            answer = self._client.update_item(
                TableName=self._table,
                Key={"userId": {"S": user_id}},
                UpdateExpression=update.expression(alias),
                ConditionExpression=update.condition(alias),
                ExpressionAttributeNames={short: name for name, short in alias.items()},
                ExpressionAttributeValues={
                    f":{name}": serialize(
                        Decimal(str(value)) if isinstance(value, float) else value
                    )
                    for name, value in update.values.items()
                },
                ReturnValues=returned,
                ReturnValuesOnConditionCheckFailure="ALL_OLD",
            )
        except ClientError as error:
            if error.response["Error"]["Code"] != "ConditionalCheckFailedException":
                raise
            old: Item = error.response.get("Item", {})  # type: ignore[assignment]
            return _Written("stale", old)
        return _Written("applied", answer.get("Attributes", {}))


@dataclass(frozen=True, slots=True)
class _Written:
    """How a write went, and the item it told of: of a stale one what is in its way."""

    applied: Applied
    item: Item

    def lost_to_others_than_an_erasure(self, at: int) -> bool:
        """Whether something newer than ``at`` (ms) stood in the way that does not settle it."""
        return self.applied == "stale" and times(self.item).get("erasedAt", -1) < at


def _concurrent(what: str) -> ConcurrentChange:
    return ConcurrentChange(
        f"a customer's record changed again while it was being {what}; deliver the event again"
    )
