"""Taking a stack down: first what runs ends, then the stack goes, then its data, if it is to."""

from __future__ import annotations

import time
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from yellowring_tools.cli.aws import stacks
from yellowring_tools.cli.aws.schedules import Schedules
from yellowring_tools.cli.aws.stack_runs import lifecycle_of
from yellowring_tools.cli.terminal.output import failure

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from yellowring_tools.cli.aws.stacks import Choice, Stack

SETTLED = 90.0
"""Seconds that executions of runs which were cancelled may take to count what they sent."""
GONE = 1800.0
"""Seconds that CloudFormation, or DynamoDB, may take to delete."""
TABLES = ("SubscribersTableName", "RunsTableName")
"""The outputs that name them: a table's name in the template, and ``Name``."""
_GONE = ("ResourceNotFoundException", "StateMachineDoesNotExist", "ExecutionDoesNotExist")


@dataclass(slots=True)
class Done:
    """What a tear-down did, and what it left."""

    schedules: list[str] = field(default_factory=list)
    cancelled: list[str] = field(default_factory=list)
    stopped: int = 0
    tables_kept: list[str] = field(default_factory=list)
    tables_deleted: list[str] = field(default_factory=list)
    backups: list[str] = field(default_factory=list)

    def document(self) -> dict[str, object]:
        """Return it as JSON."""
        return {
            "schedulesPaused": self.schedules,
            "runsCancelled": self.cancelled,
            "executionsStopped": self.stopped,
            "tablesKept": self.tables_kept,
            "tablesDeleted": self.tables_deleted,
            "backupsLeft": self.backups,
        }


@dataclass(frozen=True, slots=True)
class TearDown:
    """Takes a stack down; each step may be done again after an interruption.

    Parameters
    ----------
    stack, name
        The stack, or `left_behind` by it, and what CloudFormation calls it.
    keep
        Whether the two tables stay.
    tell
        Is told each step, in a line.
    sleep, clock
        Seconds, for what takes its time.
    """

    stack: Stack
    name: str
    keep: bool
    tell: Callable[[str], None]
    sleep: Callable[[float], None]
    clock: Callable[[], float] = time.monotonic

    def check(self) -> None:
        """End the command where the stack cannot go, or not leave the data as it was asked for."""
        if self._is_gone:
            return
        described = self._described()
        parameters = _parameters(described)
        if self.keep and parameters.get("DataDeletionPolicy") == "Delete":
            raise failure(
                f"{self.stack.where} was deployed with DataDeletionPolicy=Delete: its tables go "
                "with it; deploy it once more with DataDeletionPolicy=Retain, then take it down"
            )
        self._check_free(described)

    def _check_free(self, described: Mapping[str, Any]) -> None:
        """End the command where CloudFormation would refuse to delete the stack."""
        if described.get("EnableTerminationProtection"):
            raise failure(
                f"{self.stack.where} is protected from termination: lift that with aws "
                "cloudformation update-termination-protection --no-enable-termination-protection"
            )
        exports = [
            each["ExportName"] for each in described.get("Outputs", []) if "ExportName" in each
        ]
        for export in exports:
            try:
                imports = self.stack.cloudformation.list_imports(ExportName=export)["Imports"]
            except ClientError as error:
                if "is not imported" not in error.response["Error"].get("Message", ""):
                    raise
                continue
            if imports:
                raise failure(
                    f"{', '.join(imports)} imports {export} of {self.stack.where}: take that down "
                    "first, or have it import no more"
                )

    def run(self) -> Done:
        """Do it all, and return what was done; the command ends where something will not go."""
        self.check()
        done = Done()
        if self._is_gone:
            self.tell(f"CloudFormation has deleted {self.name} before")
        else:
            self._pause_schedules(done)
            self._end_runs(done)
            self._delete_stack()
        self._settle_data(done)
        return done

    @property
    def tables(self) -> list[str]:
        """Return the names of the tables that there are, or were."""
        return [self.stack.outputs[each] for each in TABLES if each in self.stack.outputs]

    @property
    def _is_gone(self) -> bool:
        return self.stack.outputs.keys() <= {*TABLES}

    def _described(self) -> Mapping[str, Any]:
        [described] = self.stack.cloudformation.describe_stacks(StackName=self.name)["Stacks"]
        return described

    def _pause_schedules(self, done: Done) -> None:
        schedules = Schedules(self.stack)
        with _unless_gone():
            for each in schedules.list():
                if each.enabled:
                    schedules.enable(each.name, enabled=False)
                    done.schedules.append(each.name)
        self.tell(f"schedules paused: {', '.join(done.schedules) or 'none was enabled'}")

    def _end_runs(self, done: Done) -> None:
        lifecycle = lifecycle_of(self.stack)
        with _unless_gone():
            for run in lifecycle.runs.list():
                if run.status == "running":
                    with _unless_gone():  # its end is noted before its execution is looked at
                        lifecycle.cancel(run.run_id)
                    done.cancelled.append(run.run_id)
        deadline = self.clock() + SETTLED
        while (running := self._running()) and self.clock() < deadline:
            self.sleep(2.0)
        for execution in running:
            with _unless_gone():
                self.stack.workflows.stop_execution(
                    executionArn=execution, cause="the stack is taken down"
                )
        done.stopped = len(running)
        self.tell(f"runs cancelled: {', '.join(done.cancelled) or 'none was running'}")

    def _running(self) -> list[str]:
        with _unless_gone():
            pages = self.stack.workflows.get_paginator("list_executions").paginate(
                stateMachineArn=self.stack.outputs["RunMachineArn"], statusFilter="RUNNING"
            )
            return [each["executionArn"] for page in pages for each in page["executions"]]
        return []

    def _delete_stack(self) -> None:
        stack_id = self._described()["StackId"]
        self.stack.cloudformation.delete_stack(StackName=stack_id)
        self.tell(f"CloudFormation deletes {self.name}")
        deadline = self.clock() + GONE
        pause = 0.5
        while (status := self._status(stack_id)) != "DELETE_COMPLETE":
            if status == "DELETE_FAILED":
                raise failure(
                    f"{self.name} cannot be deleted as a whole: {self._reasons(stack_id)}; mend "
                    "that, and run the same command again"
                )
            if self.clock() >= deadline:
                raise failure(
                    f"{self.name} is still {status} after {GONE / 60:.0f} minutes: look at its "
                    "events in CloudFormation, and run the same command again"
                )
            self.sleep(pause)
            pause = min(2 * pause, 10.0)

    def _status(self, stack_id: str) -> str:
        try:
            [told] = self.stack.cloudformation.describe_stacks(StackName=stack_id)["Stacks"]
        except ClientError as error:
            if "does not exist" not in error.response["Error"].get("Message", ""):
                raise
            return "DELETE_COMPLETE"
        return told["StackStatus"]

    def _reasons(self, stack_id: str) -> str:
        events = self.stack.cloudformation.describe_stack_events(StackName=stack_id)["StackEvents"]
        told = [
            f"{each['LogicalResourceId']}: {each['ResourceStatusReason']}"
            for each in events
            if each["ResourceStatus"] == "DELETE_FAILED" and each.get("ResourceStatusReason")
        ]
        return "; ".join(dict.fromkeys(told)) or "its events tell no reason"

    def _settle_data(self, done: Done) -> None:
        for table in self.tables:
            done.backups += self._backups(table)
            if self.keep:
                done.tables_kept.append(table)
            else:
                self._delete_table(table)
                done.tables_deleted.append(table)

    def _backups(self, table: str) -> Iterator[str]:
        pages = self.stack.dynamodb.get_paginator("list_backups").paginate(TableName=table)
        return (each["BackupName"] for page in pages for each in page["BackupSummaries"])

    def _delete_table(self, table: str) -> None:
        """Delete a table, protected or not; one that went with the stack is gone already."""
        dynamodb = self.stack.dynamodb
        deadline = self.clock() + GONE
        try:
            if dynamodb.describe_table(TableName=table)["Table"].get("DeletionProtectionEnabled"):
                dynamodb.update_table(TableName=table, DeletionProtectionEnabled=False)
                self.tell(f"deletion protection of {table} lifted")
            while dynamodb.describe_table(TableName=table)["Table"]["TableStatus"] != "DELETING":
                self._ask_to_delete(table, deadline)
            while self.clock() < deadline:
                dynamodb.describe_table(TableName=table)
                self.sleep(1.0)
        except dynamodb.exceptions.ResourceNotFoundException:
            self.tell(f"table {table} is gone")
            return
        raise failure(f"table {table} is not gone after {GONE / 60:.0f} minutes: look at DynamoDB")

    def _ask_to_delete(self, table: str, deadline: float) -> None:
        """Have a table deleted, once it is not being changed any more."""
        try:
            self.stack.dynamodb.delete_table(TableName=table)
        except self.stack.dynamodb.exceptions.ResourceInUseException:
            if self.clock() >= deadline:
                raise
            self.sleep(1.0)


def left_behind(choice: Choice) -> Stack | None:
    """Return the tables that a deleted stack left, as a stack of nothing else.

    CloudFormation remembers deleted stacks for 90 days. Of several of that name the newest counts.

    Returns
    -------
    Stack or None
        ``None``: the stack is there, or nothing of it is.
    """
    name = choice.stack_name or stacks.DEFAULT_NAME
    reached = stacks.reached(choice)
    if stacks.is_there(reached.cloudformation, name):
        return None
    pages = reached.cloudformation.get_paginator("list_stacks").paginate(
        StackStatusFilter=["DELETE_COMPLETE"]
    )
    deleted = [
        each for page in pages for each in page["StackSummaries"] if each["StackName"] == name
    ]
    if not deleted:
        return None
    newest = max(deleted, key=lambda each: each["CreationTime"])["StackId"]
    outputs = {
        f"{each['LogicalResourceId']}Name": each["PhysicalResourceId"]
        for page in reached.cloudformation.get_paginator("list_stack_resources").paginate(
            StackName=newest
        )
        for each in page["StackResourceSummaries"]
        if each.get("PhysicalResourceId")
    }
    left = {each: outputs[each] for each in TABLES if _has_table(reached, outputs.get(each))}
    return replace(reached, outputs=left) if left else None


def _has_table(stack: Stack, table: str | None) -> bool:
    if table is None:
        return False
    with _unless_gone():
        stack.dynamodb.describe_table(TableName=table)
        return True
    return False


@contextmanager
def _unless_gone() -> Iterator[None]:
    """Leave off where what is to end has gone already, with an earlier try."""
    try:
        yield
    except ClientError as error:
        if error.response["Error"]["Code"] not in _GONE:
            raise


def _parameters(described: Mapping[str, Any]) -> dict[str, str]:
    return {
        each["ParameterKey"]: each.get("ParameterValue", "")
        for each in described.get("Parameters", [])
    }
