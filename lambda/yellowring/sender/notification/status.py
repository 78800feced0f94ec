"""What became of a notification, for whoever asked for it: an item of the runs table for each.

Only a notification that is put here first has one: the API's, and that of a household of whom some
have no outcome yet, under an id of the notifier's own. It names accounts by their hash.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from yellowring.aws import decode, encode
from yellowring.sender.delivery.outcomes import Outcome
from yellowring.sender.run.items import key
from yellowring.subscribers import is_conflict

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mypy_boto3_dynamodb.client import DynamoDBClient

KEPT = timedelta(days=1)
"""How long after the notification's expiry its status can be asked for."""

OVER = "it has expired, and how it ended for every account was not noted"
"""Why nothing more is to be heard of a notification, where it was not done before."""

_PART = "notification"
_DONE = "doneAt = if_not_exists(doneAt, :now)"


@dataclass(frozen=True, slots=True)
class Status:
    """What is known of a notification.

    Attributes
    ----------
    notification_id
        Also its event's reference id.
    body_hash
        What was asked for, as a hash: the same id with another body is another notification.
    created_at, expires_at
        Aware times: when it was put first, and when it expires.
    outcomes
        How each account ended, by the account's hash (`yellowring.observability.hash_user_id`);
        where it was told nobody, how it ended for the id that it was for, by that id's hash.
    reasons
        Why, by the same hash, where there is something to say.
    tried
        What is to be said of accounts without an outcome that were tried, by the same hash.
    reason
        Why, in all: what it was finished with, or else the accounts' reasons.
    done
        Whether every account has an outcome, or it was given up: then somebody has ``failed``.
    """

    notification_id: str
    body_hash: str
    created_at: datetime
    expires_at: datetime
    outcomes: Mapping[str, str] = field(default_factory=dict)
    reasons: Mapping[str, str] = field(default_factory=dict)
    tried: Mapping[str, str] = field(default_factory=dict)
    reason: str = ""
    done: bool = False

    def as_of(self, now: datetime) -> Status:
        """Return what it is at an aware time: what has expired is done, noted or not."""
        over = not self.done and now >= self.expires_at
        return replace(self, done=True, reason=OVER) if over else self


class Statuses:
    """The only place that knows how statuses lie in DynamoDB; every method is one call."""

    def __init__(self, client: DynamoDBClient, table: str) -> None:
        self._client = client
        self._table = table

    def put(
        self, notification_id: str, body_hash: str, now: datetime, expires_at: datetime
    ) -> Status | None:
        """Store a new notification's status.

        Parameters
        ----------
        notification_id
            1 to 64 of A-Z, a-z, 0-9 and ``~``.
        body_hash
            Of what was asked for.
        now, expires_at
            Aware times: the present, and the notification's expiry.

        Returns
        -------
        Status or None
            ``None`` when it is stored; else what lies there and is stored already.
        """
        item = {
            "bodyHash": body_hash,
            "createdAt": now.isoformat(),
            "expiryTime": expires_at.isoformat(),
            "outcomes": {},
            "tried": {},
            "expiresAt": int((expires_at + KEPT).timestamp()),
        }
        try:
            self._client.put_item(
                TableName=self._table,
                Item=_key(notification_id) | {name: encode(v) for name, v in item.items()},
                # What has expired says nothing any more, though DynamoDB takes its time.
                ConditionExpression="attribute_not_exists(runId) OR expiresAt < :now",
                ExpressionAttributeValues={":now": {"N": str(int(now.timestamp()))}},
                ReturnValuesOnConditionCheckFailure="ALL_OLD",
            )
        except ClientError as error:
            if not is_conflict(error):
                raise
            there: Mapping[str, Any] = error.response.get("Item", {})  # type: ignore[assignment]
            return _status(notification_id, there)
        return None

    def get(self, notification_id: str) -> Status | None:
        """Read a notification's status, consistently; ``None`` when it has none."""
        answer = self._client.get_item(
            TableName=self._table, Key=_key(notification_id), ConsistentRead=True
        )
        return _status(notification_id, answer["Item"]) if "Item" in answer else None

    def settle(
        self,
        notification_id: str,
        account: str,
        outcome: str,
        now: datetime,
        reason: str = "",
        *,
        done: bool = False,
    ) -> None:
        """Note how an account ended; its first outcome stands. Without a status nothing is noted.

        So a ``duplicate``, which a repeat of ours meets, never replaces the ``accepted`` before it.

        Parameters
        ----------
        notification_id
            Which notification.
        account
            The account's hash.
        outcome, reason
            How it ended, and why.
        now
            The present, aware.
        done
            Whether it was the last without an outcome.
        """
        entry = {"outcome": outcome, **({"reason": reason} if reason else {})}
        change = "outcomes.#account = if_not_exists(outcomes.#account, :entry)"
        values: dict[str, object] = {":entry": entry}
        if done:
            change += f", {_DONE}"
            values[":now"] = now.isoformat()
        self._update(notification_id, change, values, {"#account": account})

    def note_tries(self, notification_id: str, tried: Mapping[str, str]) -> None:
        """Note that accounts were tried, of which no outcome is known: by hash, what to say so."""
        names = {f"#a{number}": account for number, account in enumerate(tried)}
        values = {f":a{number}": told for number, told in enumerate(tried.values())}
        change = ", ".join(f"tried.#a{number} = :a{number}" for number in range(len(tried)))
        self._update(notification_id, change, values, names)

    def finish(self, notification_id: str, now: datetime, reason: str = "") -> None:
        """Note that every account has its outcome (``now`` is aware); the first reason stands."""
        change, values = _DONE, {":now": now.isoformat()}
        if reason:
            change += ", reason = if_not_exists(reason, :reason)"
            values[":reason"] = reason
        self._update(notification_id, change, values)

    def give_up(self, notification_id: str, account: str, reason: str) -> None:
        """Note that nobody tries it any more, until it is redriven: then its outcomes count.

        Parameters
        ----------
        notification_id
            Which notification.
        account
            The hash of the id that it was for.
        reason
            Why.
        """
        entry = {"account": account, "reason": reason}
        self._update(notification_id, "givenUp = :entry", {":entry": entry})

    def _update(
        self,
        notification_id: str,
        change: str,
        values: Mapping[str, object],
        names: Mapping[str, str] | None = None,
    ) -> None:
        """Change an item that is there; make none."""
        aliases: Any = {"ExpressionAttributeNames": names} if names else {}
        try:
            self._client.update_item(
                TableName=self._table,
                Key=_key(notification_id),
                UpdateExpression=f"SET {change}",
                ConditionExpression="attribute_exists(runId)",
                ExpressionAttributeValues={name: encode(v) for name, v in values.items()},
                **aliases,
            )
        except ClientError as error:
            if not is_conflict(error):
                raise


def _key(notification_id: str) -> dict[str, Any]:
    """Return an item's key: a partition of its own, which no run has, for run ids have no ``#``."""
    return key(f"#notification~{notification_id}", _PART)


def _status(notification_id: str, item: Mapping[str, Any]) -> Status:
    plain: Any = {name: decode(value) for name, value in item.items()}
    entries, done = plain["outcomes"], "doneAt" in plain
    if not done and (given_up := plain.get("givenUp")):
        done = True
        entries.setdefault(
            given_up["account"], {"outcome": Outcome.FAILED.value, "reason": given_up["reason"]}
        )
    reasons = {account: each["reason"] for account, each in entries.items() if "reason" in each}
    return Status(
        notification_id,
        plain["bodyHash"],
        datetime.fromisoformat(plain["createdAt"]),
        datetime.fromisoformat(plain["expiryTime"]),
        {account: each["outcome"] for account, each in entries.items()},
        reasons,
        plain.get("tried", {}),
        plain.get("reason") or "; ".join(sorted(set(reasons.values()))),
        done,
    )
