"""The subscribers table: one true record per customer, however its changes arrive.

A record is a set of registers. A *value register* (subscriptions, permissions, account, …) keeps
the value of the newest change by (``at``, ``by``): the change's own time in milliseconds since the
epoch, then its request id. A *moment* (enabled, disabled, erased, rejected) keeps the latest time.
Both are joins of what was seen, so every order and repetition of the same changes ends in the same
item. A disable after which Alexa keeps no data *erases*: whatever is not newer than it goes, and a
tombstone stays until ``expiresAt`` so that no late change can bring the customer back.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from boto3.dynamodb.types import TypeDeserializer, TypeSerializer
from botocore.exceptions import ClientError

from yellowring.subscribers.changes import (
    REGISTERS,
    TOMBSTONE_SECONDS,
    ConcurrentChange,
    Disabled,
    Enabled,
    RegisterChange,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from mypy_boto3_dynamodb.client import DynamoDBClient

    from yellowring.subscribers.changes import Applied, Change

_MOMENTS = ("enabledAt", "rejectedAt")
_STAMPS = (*(f"{name}At" for name in REGISTERS), *_MOMENTS)


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
            An erasure lost two races in a row. Nothing is half-written; deliver it again.
        botocore.exceptions.ClientError, botocore.exceptions.BotoCoreError
            The table could not be written.
        """
        match change:
            case RegisterChange():
                return self._write(user_id, _set_register(change))
            case Enabled(at):
                return self._write(user_id, _set_moment("enabledAt", at))
            case Disabled(at, persists=True):
                return self._write(user_id, _set_moment("disabledAt", at))
            case Disabled(at):
                return self._erase(user_id, at)

    def mark_rejected(self, user_id: str, at: int) -> Applied:
        """Note that Alexa refused this customer at ``at`` (ms); a newer subscription lifts it."""
        update = _set_moment("rejectedAt", at)
        return self._write(user_id, update.only_if("attribute_exists(userId)"))

    def get(self, user_id: str) -> dict[str, object] | None:
        """Read one record, consistently; sets and numbers as Python's own."""
        answer = self._client.get_item(
            TableName=self._table, Key={"userId": {"S": user_id}}, ConsistentRead=True
        )
        item = answer.get("Item")
        if item is None:
            return None
        deserialize = TypeDeserializer().deserialize
        return {name: deserialize(value) for name, value in item.items()}

    def _erase(self, user_id: str, at: int) -> Applied:
        """Leave a tombstone; where newer changes are in its way, keep those and only those."""
        erased = _not_newer("erasedAt", "<")
        update = _erasure(at, older=_STAMPS, was_disabled_later=False)
        stamps = [*_STAMPS, "disabledAt"]
        old = self._try(user_id, update.only_if(erased, *(_not_newer(name) for name in stamps)))
        if old is None:
            return "applied"
        if old.get("erasedAt", -1) >= at:
            return "stale"
        newer = {name for name in stamps if old.get(name, -1) > at}
        older = [name for name in _STAMPS if name not in newer]
        update = _erasure(at, older=older, was_disabled_later="disabledAt" in newer)
        kept = [f"{name} > :at" for name in sorted(newer)]
        still = [_not_newer(name) for name in stamps if name not in newer]
        old = self._try(user_id, update.only_if(erased, *kept, *still))
        if old is None:
            return "applied"
        if old.get("erasedAt", -1) >= at:
            return "stale"
        raise ConcurrentChange(
            "a customer's record changed twice while it was being erased; "
            "nothing was written, deliver the event again"
        )

    def _write(self, user_id: str, update: _Update) -> Applied:
        return "applied" if self._try(user_id, update) is None else "stale"

    def _try(self, user_id: str, update: _Update) -> dict[str, int] | None:
        """Write; ``None`` when the condition held, else the times that the old item holds."""
        try:
            self._client.update_item(
                TableName=self._table,
                Key={"userId": {"S": user_id}},
                UpdateExpression=update.expression(),
                ConditionExpression=" AND ".join(update.conditions),
                ExpressionAttributeNames={f"#{name}": name for name in update.names()},
                ExpressionAttributeValues={
                    f":{name}": TypeSerializer().serialize(value)
                    for name, value in update.values.items()
                },
                ReturnValuesOnConditionCheckFailure="ALL_OLD",
            )
        except ClientError as error:
            if error.response["Error"]["Code"] != "ConditionalCheckFailedException":
                raise
            item: Mapping[str, Mapping[str, str]] = error.response.get("Item", {})  # type: ignore[assignment]
            return {name: int(value["N"]) for name, value in item.items() if name.endswith("At")}
        return None


@dataclass(frozen=True, slots=True)
class _Update:
    """One conditional write, in parts; its values always hold ``at``, the change's own time."""

    sets: Mapping[str, str]
    values: Mapping[str, object]
    removes: Sequence[str] = ()
    conditions: Sequence[str] = ()

    def only_if(self, *conditions: str) -> _Update:
        return _Update(self.sets, self.values, self.removes, (*self.conditions, *conditions))

    def names(self) -> Iterable[str]:
        return (*self.sets, *self.removes)

    def expression(self) -> str:
        sets = ", ".join(f"#{name} = :{value}" for name, value in self.sets.items())
        removes = ", ".join(f"#{name}" for name in self.removes)
        return f"SET {sets}" + (f" REMOVE {removes}" if removes else "")


def _not_newer(stamp: str, than: Literal["<", "<="] = "<=") -> str:
    return f"(attribute_not_exists({stamp}) OR {stamp} {than} :at)"


def _set_register(change: RegisterChange) -> _Update:
    at, by = f"{change.register}At", f"{change.register}By"
    present = {name: value for name, value in change.values.items() if value not in (None, set())}
    removes = [name for name in REGISTERS[change.register] if name not in present]
    if change.register == "subscriptions":
        removes.append("expiresAt")  # newer than the erasure, so no longer a tombstone
    return _Update(
        sets={at: "at", by: "by", **{name: name for name in present}},
        values={"at": change.at, "by": change.by, **present},
        removes=removes,
        conditions=(
            f"(attribute_not_exists({at}) OR {at} < :at OR ({at} = :at AND {by} < :by))",
            _not_newer("erasedAt", "<"),
        ),
    )


def _set_moment(moment: str, at: int) -> _Update:
    return _Update(
        sets={moment: "at"},
        values={"at": at},
        conditions=(_not_newer(moment, "<"), _not_newer("erasedAt", "<")),
    )


def _erasure(at: int, *, older: Sequence[str], was_disabled_later: bool) -> _Update:
    """Remove the registers and moments named by their stamps in ``older``; the rest is newer."""
    sets = {"erasedAt": "at"}
    values = {"at": at}
    if not was_disabled_later:
        sets["disabledAt"] = "at"
    if "subscriptionsAt" in older:
        sets["expiresAt"] = "expiresAt"
        values["expiresAt"] = at // 1000 + TOMBSTONE_SECONDS
    removes = [moment for moment in _MOMENTS if moment in older]
    for register, attributes in REGISTERS.items():
        if f"{register}At" in older:
            removes += [f"{register}At", f"{register}By", *attributes]
    return _Update(sets, values, removes)
