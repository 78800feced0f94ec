"""What the runs table knows of one customer: statuses of notifications, and runs that name them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

    from yellowring_tools.cli.aws.stacks import Stack

NOTIFICATION = "#notification~"
"""Begins the partition of a notification's status."""
_OF_IDS = r"A-Za-z0-9_~@|+=\-"
"""What ids are made of (`yellowring.subscribers.ids`), but for dots and colons."""


@dataclass(frozen=True, slots=True)
class Traces:
    """What is kept of a customer beside their record, until it expires.

    Attributes
    ----------
    notifications
        Statuses that name an account by its hash: how it ended for the account, and why.
    runs
        Ids of runs that hold one of the ids: in a list, or because its outcome is not known or not
        believed yet.
    """

    notifications: tuple[Mapping[str, object], ...]
    runs: tuple[str, ...]


def traces_of(stack: Stack, ids: Collection[str], hashes: Collection[str]) -> Traces:
    """Look through the runs table for a customer.

    Parameters
    ----------
    stack
        The stack.
    ids
        The customer's user ids and customer id, as lists and segments hold them.
    hashes
        The same as statuses hold them (`yellowring.observability.hash_user_id`).
    """
    from boto3.dynamodb.types import TypeDeserializer  # noqa: PLC0415

    deserialize = TypeDeserializer().deserialize
    notifications, runs = [], set()
    named = _whole(ids)
    pages = stack.dynamodb.get_paginator("scan").paginate(TableName=stack.outputs["RunsTableName"])
    for page in pages:
        for raw in page["Items"]:
            item = {name: deserialize(value) for name, value in raw.items()}
            run_id = str(item["runId"])
            if run_id.startswith(NOTIFICATION):
                if told := _status(item, hashes):
                    notifications.append(
                        {
                            "notification": run_id.removeprefix(NOTIFICATION),
                            "createdAt": item.get("createdAt"),
                            "accounts": told,
                        }
                    )
            elif any(named.search(text) for text in texts(item)):
                runs.add(run_id)
    notifications.sort(key=lambda each: str(each["createdAt"]))
    return Traces(tuple(notifications), tuple(sorted(runs)))


def _whole(ids: Collection[str]) -> re.Pattern[str]:
    """Return what finds any of some ids in a text, but not as a part of another id.

    A campaign is kept as one text; in its prose an id may end a sentence.
    """
    any_of = "|".join(re.escape(each) for each in sorted(ids))
    return re.compile(rf"(?<![{_OF_IDS}.:])(?:{any_of})(?![.:]*[{_OF_IDS}])")


def _status(item: Mapping[str, Any], hashes: Collection[str]) -> dict[str, object]:
    """Return what a status says of some accounts, by their hashes."""
    outcomes, tried = item.get("outcomes", {}), item.get("tried", {})
    given_up = item.get("givenUp", {})
    told: dict[str, object] = {each: outcomes[each] for each in hashes if each in outcomes}
    told |= {each: {"tried": tried[each]} for each in hashes if each in tried and each not in told}
    if given_up.get("account") in set(hashes) - told.keys():
        told[given_up["account"]] = {"outcome": "failed", "reason": given_up.get("reason")}
    return told


def texts(value: object) -> Iterator[str]:
    """Yield every text in a value, the names of its members among them."""
    pending = [value]
    while pending:
        each = pending.pop()
        if isinstance(each, str):
            yield each
        elif isinstance(each, dict):
            pending += [*each, *each.values()]
        elif isinstance(each, list | set | tuple):
            pending += each
