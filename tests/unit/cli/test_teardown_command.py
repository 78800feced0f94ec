"""`teardown`: what runs ends first, then the stack goes, and its data stays or goes as said."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError
from yellowring.sender.campaign import parse_campaign
from yellowring_tools.cli.aws import teardown
from yellowring_tools.cli.aws.schedules import Schedules

from tests.unit.cli.kit import campaign, started
from tests.unit.cli.running import yellowring

if TYPE_CHECKING:
    from collections.abc import Callable

    from yellowring.sender.run.store import Runs
    from yellowring_tools.cli.aws.stacks import Stack

STACK_ID = "arn:aws:cloudformation:us-east-1:123456789012:stack/yellow-ring/1"

EXPORT = "yellow-ring-SenderRoleName"


class CloudFormation:
    """A stack that goes when it is asked to, unless something holds it."""

    def __init__(self) -> None:
        self.policy = "Retain"
        self.held = ""
        self.status = "CREATE_COMPLETE"
        self.protected = False
        self.importers: list[str] = []
        self.before_it_goes: Callable[[], None] = lambda: None

    def describe_stacks(self, *, StackName: str) -> Any:  # noqa: N803
        assert StackName in ("yellow-ring", STACK_ID)
        if self.status == "GONE":
            missing = f"Stack {StackName} does not exist"
            raise ClientError(
                {"Error": {"Code": "ValidationError", "Message": missing}}, "DescribeStacks"
            )
        parameter = {"ParameterKey": "DataDeletionPolicy", "ParameterValue": self.policy}
        told = {
            "StackId": STACK_ID,
            "StackStatus": self.status,
            "Parameters": [parameter],
            "EnableTerminationProtection": self.protected,
            "Outputs": [{"OutputKey": "SkillId"}, {"OutputKey": "Role", "ExportName": EXPORT}],
        }
        if self.status == "DELETE_IN_PROGRESS":
            self.status = "DELETE_FAILED" if self.held else "GONE"
        return {"Stacks": [told]}

    def list_imports(self, *, ExportName: str) -> Any:  # noqa: N803
        assert ExportName == EXPORT
        if not self.importers:
            nobody = f"Export '{EXPORT}' is not imported by any stack."
            raise ClientError(
                {"Error": {"Code": "ValidationError", "Message": nobody}}, "ListImports"
            )
        return {"Imports": self.importers}

    def delete_stack(self, *, StackName: str) -> None:  # noqa: N803
        assert StackName == STACK_ID, "by its name nothing is found any more once it is gone"
        self.before_it_goes()
        self.status = "DELETE_IN_PROGRESS"

    def describe_stack_events(self, *, StackName: str) -> Any:  # noqa: N803
        failed = {
            "LogicalResourceId": "SkillPolicy",
            "ResourceStatus": "DELETE_FAILED",
            "ResourceStatusReason": self.held,
        }
        return {"StackEvents": [failed, failed]}


@pytest.fixture
def cloudformation(stack: Stack, monkeypatch: pytest.MonkeyPatch) -> CloudFormation:
    made = CloudFormation()
    stack.__dict__["cloudformation"] = made
    monkeypatch.setattr("yellowring_tools.cli.commands.teardown.time.sleep", lambda _: None)
    monkeypatch.setattr(teardown, "SETTLED", 0.0)
    return made


def tables(stack: Stack) -> list[str]:
    return sorted(stack.dynamodb.list_tables()["TableNames"])


def test_it_is_said_what_becomes_of_the_data_before_anything_is_done(
    stack: Stack, cloudformation: CloudFormation
) -> None:
    said = yellowring("teardown", "--yes")
    assert said.status == 1
    assert "--keep-data" in said.err
    assert "--delete-data" in said.err
    assert cloudformation.status == "CREATE_COMPLETE"


def test_nothing_is_done_without_yes_and_what_would_be_is_told(
    stack: Stack, cloudformation: CloudFormation
) -> None:
    said = yellowring("teardown", "--delete-data")
    assert said.status == 1
    assert "subscribers and runs are deleted for good; give --yes" in said.err
    assert cloudformation.status == "CREATE_COMPLETE"
    assert tables(stack) == ["runs", "subscribers"]


def test_what_runs_ends_before_the_stack_goes_and_the_data_stays(
    stack: Stack, cloudformation: CloudFormation, runs: Runs
) -> None:
    started(runs)
    schedules = Schedules(stack)
    sends = parse_campaign(campaign())
    schedules.put("hourly", sends, "rate(1 hours)", "UTC", enabled=True)
    schedules.put("paused", sends, "rate(1 hours)", "UTC", enabled=False)
    seen: list[object] = []

    def look() -> None:
        running = stack.workflows.list_executions(
            stateMachineArn=stack.outputs["RunMachineArn"], statusFilter="RUNNING"
        )["executions"]
        seen.extend([running, [each.enabled for each in schedules.list()]])

    cloudformation.before_it_goes = look
    said = yellowring("teardown", "--keep-data", "--yes", "--json")
    assert said.status == 0, said.err
    assert said.document == {
        "schedulesPaused": ["hourly"],
        "runsCancelled": ["snow~1"],
        "executionsStopped": 1,
        "tablesKept": ["subscribers", "runs"],
        "tablesDeleted": [],
        "backupsLeft": [],
    }
    assert seen == [[], [False, False]]
    assert runs.load("snow~1").ending
    assert cloudformation.status == "GONE"
    assert tables(stack) == ["runs", "subscribers"]


def test_protected_tables_go_where_that_was_asked_for_and_backups_are_told(
    stack: Stack, cloudformation: CloudFormation
) -> None:
    for table in tables(stack):
        stack.dynamodb.update_table(TableName=table, DeletionProtectionEnabled=True)
    stack.dynamodb.create_backup(TableName="subscribers", BackupName="monday")
    said = yellowring("teardown", "--delete-data", "--yes")
    assert said.status == 0, said.err
    assert tables(stack) == []
    assert "deleted: table subscribers; AWS keeps a backup of its last moment for 35 days" in (
        said.out
    )
    assert "left: 1 backup that somebody made" in said.out


def test_tables_that_went_with_their_stack_are_no_error(
    stack: Stack, cloudformation: CloudFormation
) -> None:
    cloudformation.policy = "Delete"

    def go() -> None:
        for table in tables(stack):
            stack.dynamodb.delete_table(TableName=table)

    cloudformation.before_it_goes = go
    assert yellowring("teardown", "--delete-data", "--yes").status == 0


def test_data_that_would_go_with_the_stack_is_not_promised_to_be_kept(
    stack: Stack, cloudformation: CloudFormation
) -> None:
    cloudformation.policy = "Delete"
    said = yellowring("teardown", "--keep-data", "--yes")
    assert said.status == 1
    assert "DataDeletionPolicy=Retain" in said.err
    assert cloudformation.status == "CREATE_COMPLETE"


def test_what_holds_the_stack_is_told_once_and_the_tables_stay(
    stack: Stack, cloudformation: CloudFormation
) -> None:
    cloudformation.held = "Export yellow-ring-SkillPolicyArn cannot be deleted as it is in use"
    said = yellowring("teardown", "--delete-data", "--yes")
    assert said.status == 1
    assert said.err.count("is in use") == 1
    assert "run the same command again" in said.err
    assert tables(stack) == ["runs", "subscribers"]


@pytest.mark.parametrize(
    ("protected", "importers", "hint"),
    [(True, [], "update-termination-protection"), (False, ["shop"], f"shop imports {EXPORT}")],
)
def test_a_stack_that_cannot_go_is_left_as_it_is(
    stack: Stack,
    cloudformation: CloudFormation,
    runs: Runs,
    protected: bool,
    importers: list[str],
    hint: str,
) -> None:
    cloudformation.protected, cloudformation.importers = protected, importers
    started(runs)
    schedules = Schedules(stack)
    schedules.put("hourly", parse_campaign(campaign()), "rate(1 hours)", "UTC", enabled=True)
    said = yellowring("teardown", "--keep-data", "--yes")
    assert said.status == 1
    assert hint in said.err
    assert [each.enabled for each in schedules.list()] == [True]
    assert not runs.load("snow~1").ending
    assert cloudformation.status == "CREATE_COMPLETE"
