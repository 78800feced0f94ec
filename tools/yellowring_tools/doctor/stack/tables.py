"""The tables: whether each is there, with its index, its expiry and its backups."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from yellowring.subscribers.items import CUSTOMERS

from yellowring_tools.doctor.finding import fault, warning
from yellowring_tools.doctor.stack.deployment import found
from yellowring_tools.doctor.stack.template import DEPLOY

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from yellowring_tools.doctor.finding import Finding
    from yellowring_tools.doctor.stack.deployment import Deployment

EXPIRY = "expiresAt"


def check_tables(deployment: Deployment) -> Iterator[Finding]:
    """Check both tables; what lies on this machine neither expires nor is backed up."""
    dynamodb = deployment.stack.dynamodb
    kept = ".amazonaws.com" in dynamodb.meta.endpoint_url
    for output, indexes in (("SubscribersTableName", (CUSTOMERS,)), ("RunsTableName", ())):
        name = deployment.outputs[output]
        told = found(lambda name=name: dynamodb.describe_table(TableName=name))  # type: ignore[misc]
        if told is None:
            remedy = "restore it from its backups (docs/recovery.md), or deploy an empty one"
            yield fault("tables", f"table {name}", "is not there", remedy)
            continue
        yield from of_table(told["Table"], indexes, name)
        if not kept:
            continue
        expiry = dynamodb.describe_time_to_live(TableName=name)
        yield from of_expiry(expiry.get("TimeToLiveDescription", {}), name)
        backups = dynamodb.describe_continuous_backups(TableName=name)
        yield from of_backups(backups.get("ContinuousBackupsDescription", {}), name)


def of_table(table: Mapping[str, Any], indexes: tuple[str, ...], name: str) -> Iterator[Finding]:
    """Check that a table and its indexes can be read and written."""
    where = f"table {name}"
    if (status := table.get("TableStatus")) not in {"ACTIVE", "UPDATING"}:
        yield fault("tables", where, f"is {status}", "wait, or restore it (docs/recovery.md)")
    there = {each["IndexName"]: each for each in table.get("GlobalSecondaryIndexes", [])}
    for index in indexes:
        if index not in there:
            what = f"has no index {index}, so that nobody is found by your own ids"
            yield fault("tables", where, what, DEPLOY)
        elif (status := there[index].get("IndexStatus", "ACTIVE")) not in {"ACTIVE", "UPDATING"}:
            yield warning(
                "tables", where, f"its index {index} is {status}", "wait until it is made"
            )


def of_expiry(told: Mapping[str, Any], name: str) -> Iterator[Finding]:
    """Check that DynamoDB removes what has expired."""
    where = f"table {name}"
    on = told.get("TimeToLiveStatus") in {"ENABLED", "ENABLING"}
    if not on:
        what = "keeps what has expired, personal data too: its time to live is off"
        yield fault("tables", where, what, DEPLOY)
    elif told.get("AttributeName", EXPIRY) != EXPIRY:
        what = f"goes by {told['AttributeName']!r} for expiry, and not by {EXPIRY!r}"
        yield fault("tables", where, what, DEPLOY)


def of_backups(told: Mapping[str, Any], name: str) -> Iterator[Finding]:
    """Check that a table can be restored."""
    status = told.get("PointInTimeRecoveryDescription", {}).get("PointInTimeRecoveryStatus")
    if status != "ENABLED":
        what = "cannot be restored: point-in-time recovery is off"
        yield warning("tables", f"table {name}", what, DEPLOY)
