"""`teardown`: what runs ends first, then the stack goes, and its data stays or goes as said."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest
import typer
from botocore.exceptions import ClientError
from yellowring.sender.campaign import parse_campaign
from yellowring_tools.cli.aws import stacks, teardown
from yellowring_tools.cli.aws.schedules import Schedules
from yellowring_tools.cli.aws.teardown import TearDown
from yellowring_tools.cli.terminal.output import failure

from tests.unit.cli.kit import campaign, started
from tests.unit.cli.running import yellowring

if TYPE_CHECKING:
    from collections.abc import Callable

    from yellowring.sender.run.store import Runs
    from yellowring_tools.cli.aws.stacks import Stack

STACK_ID = "arn:aws:cloudformation:us-east-1:123456789012:stack/yellow-ring/1"
OLDER_ID = f"{STACK_ID[:-1]}0"
LEFT = {"SubscribersTable": "subscribers", "RunsTable": "runs"}


class Pages:
    """A paginator that gives a page to each element, so that whoever reads one page misses some."""

    def __init__(self, key: str, found: Callable[..., list[Any]]) -> None:
        self._key, self._found = key, found

    def paginate(self, **request: Any) -> list[Any]:
        return [{self._key: [each]} for each in self._found(**request)]


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
        self.stuck = False
        self.refuses: tuple[str, str] | None = None

    def describe_stacks(self, *, StackName: str) -> Any:  # noqa: N803
        assert StackName in ("yellow-ring", STACK_ID)
        if self.refuses and self.status == "DELETE_IN_PROGRESS":
            code, message = self.refuses
            raise ClientError({"Error": {"Code": code, "Message": message}}, "DescribeStacks")
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
        if self.status == "DELETE_IN_PROGRESS" and not self.stuck:
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

    def get_paginator(self, operation: str) -> Pages:
        if operation == "list_stacks":
            return Pages("StackSummaries", self._deleted)
        assert operation == "list_stack_resources"
        return Pages("StackResourceSummaries", self._resources)

    def _deleted(self, *, StackStatusFilter: list[str]) -> list[Any]:  # noqa: N803
        assert StackStatusFilter == ["DELETE_COMPLETE"]
        named = [("other", "else"), ("yellow-ring", STACK_ID), ("yellow-ring", OLDER_ID)]
        return [
            {
                "StackName": name,
                "StackId": stack_id,
                "CreationTime": datetime(2026, 11, day, tzinfo=UTC),
            }
            for day, (name, stack_id) in zip((9, 8, 7), named, strict=True)
        ]

    def _resources(self, *, StackName: str) -> list[Any]:  # noqa: N803
        assert StackName == STACK_ID, "the newest of that name"
        made = {"Bus": "bus", "Never": None} | LEFT
        return [
            {"LogicalResourceId": logical} | ({"PhysicalResourceId": name} if name else {})
            for logical, name in made.items()
        ]


@pytest.fixture
def cloudformation(stack: Stack, monkeypatch: pytest.MonkeyPatch) -> CloudFormation:
    made = CloudFormation()
    stack.__dict__["cloudformation"] = made
    monkeypatch.setattr("yellowring_tools.cli.commands.teardown.time.sleep", lambda _: None)
    monkeypatch.setattr(teardown, "SETTLED", 0.0)
    monkeypatch.setattr(stacks, "reached", lambda _: _reached(stack, made))
    return made


def _reached(stack: Stack, cloudformation: CloudFormation) -> Stack:
    made = replace(stack, outputs={})
    made.__dict__["cloudformation"] = cloudformation
    return made


class Time:
    """A clock on which sleeping is all that passes the time."""

    def __init__(self) -> None:
        self.now = 0.0

    def sleep(self, seconds: float) -> None:
        self.now += seconds
        assert self.now < 2 * teardown.GONE, "it would wait for ever"

    def tear_down(self, stack: Stack, *, keep: bool = False) -> TearDown:
        return TearDown(stack, "yellow-ring", keep, lambda _: None, self.sleep, lambda: self.now)


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


def test_both_fates_at_once_are_refused() -> None:
    said = yellowring("teardown", "--keep-data", "--delete-data", "--yes")
    assert said.status == 1
    assert "say what becomes of the customers' records" in said.err


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


def test_it_goes_on_where_an_earlier_try_has_taken_half_of_the_stack(
    stack: Stack, cloudformation: CloudFormation, runs: Runs
) -> None:
    started(runs)
    cloudformation.status = "DELETE_FAILED"
    stack.workflows.delete_state_machine(stateMachineArn=stack.outputs["RunMachineArn"])
    stack.scheduler.delete_schedule_group(Name=stack.outputs["ScheduleGroupName"])
    said = yellowring("teardown", "--delete-data", "--yes", "--json")
    assert said.status == 0, said.err
    assert said.document["runsCancelled"] == ["snow~1"]
    assert cloudformation.status == "GONE"
    assert tables(stack) == []


def test_it_goes_on_where_the_tables_went_before_the_stack(
    stack: Stack, cloudformation: CloudFormation
) -> None:
    cloudformation.policy = "Delete"
    cloudformation.status = "DELETE_FAILED"
    stack.dynamodb.delete_table(TableName="runs")
    assert yellowring("teardown", "--delete-data", "--yes").status == 0
    assert tables(stack) == []


def test_another_refusal_than_that_something_is_gone_ends_it(
    stack: Stack, cloudformation: CloudFormation, monkeypatch: pytest.MonkeyPatch
) -> None:
    def denied(_: str) -> Any:
        raise ClientError({"Error": {"Code": "AccessDenied", "Message": "no"}}, "StopExecution")

    monkeypatch.setattr(stack.workflows, "get_paginator", denied)
    said = yellowring("teardown", "--delete-data", "--yes")
    assert said.status == 1
    assert "AccessDenied" in said.err
    assert cloudformation.status == "CREATE_COMPLETE"


def test_what_a_stack_left_that_is_gone_is_taken_away_by_the_same_command(
    stack: Stack, cloudformation: CloudFormation
) -> None:
    cloudformation.status = "GONE"
    stack.dynamodb.update_table(TableName="runs", DeletionProtectionEnabled=True)
    asked = yellowring("teardown", "--delete-data")
    assert asked.status == 1
    assert "the tables subscribers and runs are deleted for good; give --yes" in asked.err
    said = yellowring("teardown", "--delete-data", "--yes", "--json")
    assert said.status == 0, said.err
    assert said.document["tablesDeleted"] == ["subscribers", "runs"]
    assert tables(stack) == []


def test_of_what_a_gone_stack_left_only_what_is_there_still_is_taken_away(
    stack: Stack, cloudformation: CloudFormation
) -> None:
    cloudformation.status = "GONE"
    stack.dynamodb.delete_table(TableName="subscribers")
    said = yellowring("teardown", "--delete-data", "--yes", "--json")
    assert said.document["tablesDeleted"] == ["runs"]


def test_what_a_gone_stack_left_may_be_kept(stack: Stack, cloudformation: CloudFormation) -> None:
    cloudformation.status = "GONE"
    said = yellowring("teardown", "--keep-data", "--yes", "--json")
    assert said.document["tablesKept"] == ["subscribers", "runs"]
    assert tables(stack) == ["runs", "subscribers"]


def test_a_stack_that_left_nothing_is_one_that_there_is_not(
    stack: Stack, cloudformation: CloudFormation, monkeypatch: pytest.MonkeyPatch
) -> None:
    cloudformation.status = "GONE"
    for table in tables(stack):
        stack.dynamodb.delete_table(TableName=table)
    monkeypatch.setattr(stacks, "deployed", stacks_that_are_there)
    said = yellowring("teardown", "--delete-data", "--yes")
    assert said.status == 1
    assert "there is no stack" in said.err


def stacks_that_are_there(_: object) -> Stack:
    raise failure("there is no stack")


@pytest.mark.parametrize(
    "refuses", [("Throttling", "Rate exceeded"), ("AccessDenied", "not authorized")]
)
def test_only_a_stack_that_does_not_exist_is_gone(
    stack: Stack, cloudformation: CloudFormation, refuses: tuple[str, str]
) -> None:
    cloudformation.refuses = refuses
    said = yellowring("teardown", "--delete-data", "--yes")
    assert said.status == 1
    assert refuses[1] in said.err
    assert tables(stack) == ["runs", "subscribers"]


def test_a_stack_that_does_not_go_is_waited_for_half_an_hour(
    stack: Stack, cloudformation: CloudFormation, capsys: pytest.CaptureFixture[str]
) -> None:
    cloudformation.stuck = True
    time = Time()
    with pytest.raises(typer.Exit):
        time.tear_down(stack).run()
    assert "still DELETE_IN_PROGRESS after 30 minutes" in capsys.readouterr().err
    assert time.now == pytest.approx(teardown.GONE, abs=10)
    assert tables(stack) == ["runs", "subscribers"]


def in_use(stack: Stack, times: int) -> Callable[..., Any]:
    delete, left = stack.dynamodb.delete_table, [times]

    def answer(**request: Any) -> Any:
        if left[0]:
            left[0] -= 1
            told: Any = {"Error": {"Code": "ResourceInUseException", "Message": "being updated"}}
            raise stack.dynamodb.exceptions.ResourceInUseException(told, "DeleteTable")
        return delete(**request)

    return answer


def test_a_table_that_is_being_changed_is_asked_for_again(
    stack: Stack, cloudformation: CloudFormation, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stack.dynamodb, "delete_table", in_use(stack, 3))
    time = Time()
    assert time.tear_down(stack).run().tables_deleted == ["subscribers", "runs"]
    assert tables(stack) == []


def test_a_table_that_is_being_changed_for_half_an_hour_is_told(
    stack: Stack, cloudformation: CloudFormation, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stack.dynamodb, "delete_table", in_use(stack, 100_000))
    time = Time()
    with pytest.raises(ClientError, match="being updated"):
        time.tear_down(stack).run()
    assert time.now == pytest.approx(teardown.GONE, abs=20)


def test_every_backup_is_told_however_many_pages_there_are(
    stack: Stack, cloudformation: CloudFormation, monkeypatch: pytest.MonkeyPatch
) -> None:
    def backups(*, TableName: str) -> list[Any]:  # noqa: N803
        return [{"BackupName": f"{TableName}-{number}"} for number in range(2)]

    monkeypatch.setattr(
        stack.dynamodb, "get_paginator", paginator(stack, Pages("BackupSummaries", backups))
    )
    said = yellowring("teardown", "--keep-data", "--yes", "--json")
    assert said.document["backupsLeft"] == ["subscribers-0", "subscribers-1", "runs-0", "runs-1"]


def paginator(stack: Stack, backups: Pages) -> Callable[[str], Any]:
    real: Any = stack.dynamodb.get_paginator
    return lambda operation: backups if operation == "list_backups" else real(operation)
