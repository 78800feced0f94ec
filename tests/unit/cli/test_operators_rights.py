"""infrastructure/operators.yaml: each command's calls are allowed by its policy, and no others."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import typer
from botocore import xform_name
from botocore.session import Session
from samtranslator.yaml_helper import yaml_parse  # type: ignore[import-untyped]
from yellowring_tools.cli.main import COMMANDS, build

PROJECT = Path(__file__).resolve().parents[3]
TOOLS = PROJECT / "tools" / "yellowring_tools"
PAGE = (PROJECT / "docs" / "operators.md").read_text(encoding="utf-8")
POLICIES: dict[str, dict[str, Any]] = yaml_parse(
    (PROJECT / "infrastructure" / "operators.yaml").read_text(encoding="utf-8")
)["Resources"]
TEMPLATE: dict[str, Any] = yaml_parse((PROJECT / "template.yaml").read_text(encoding="utf-8"))
GOES_WITH = {
    "Reader": ["Reader"],
    "Sender": ["Reader", "Sender"],
    "Administrator": ["Reader", "Sender", "Administrator"],
}

FIND = {"cloudformation:DescribeStacks stack"}
RECORD = {"dynamodb:GetItem SubscribersTable"}
CUSTOMERS = RECORD | {
    f"dynamodb:{each} SubscribersTable" for each in ("Scan", "BatchGetItem", "DescribeTable")
}
INDEX = {"dynamodb:Query SubscribersTable"}
RUNS = {f"dynamodb:{each} RunsTable" for each in ("Scan", "GetItem", "Query")}
EXECUTION = {"states:DescribeExecution execution"}
SCHEDULES = {"scheduler:ListSchedules *", "scheduler:GetSchedule schedule"}
SECRET = {"lambda:GetFunctionConfiguration function", "secretsmanager:GetSecretValue secret"}

CALLS: dict[str, tuple[str, set[str]]] = {
    "send --dry-run": ("Reader", FIND | CUSTOMERS | INDEX),
    "runs list": ("Reader", FIND | RUNS | EXECUTION),
    "runs show": ("Reader", FIND | RUNS | EXECUTION),
    "runs watch": ("Reader", FIND | RUNS | EXECUTION | CUSTOMERS),
    "subscribers count": ("Reader", FIND | CUSTOMERS),
    "subscribers show": ("Reader", FIND | RECORD),
    "subscribers export": ("Reader", FIND | CUSTOMERS),
    "customer show": ("Reader", FIND | CUSTOMERS | INDEX),
    "customer export": ("Reader", FIND | CUSTOMERS | INDEX | RUNS),
    "schedule list": ("Reader", FIND | SCHEDULES),
    "doctor": (
        "Reader",
        FIND
        | CUSTOMERS
        | INDEX
        | RUNS
        | SCHEDULES
        | {
            "cloudformation:ListStackResources stack",
            "cloudwatch:DescribeAlarms *",
            "cloudwatch:GetMetricStatistics *",
            "dynamodb:DescribeContinuousBackups RunsTable",
            "dynamodb:DescribeTimeToLive SubscribersTable",
            "events:DescribeEventBus event-bus",
            "events:DescribeRule rule",
            "events:ListTargetsByRule rule",
            "lambda:GetFunctionConcurrency function",
            "lambda:GetFunctionConfiguration function",
            "lambda:GetPolicy function",
            "lambda:ListEventSourceMappings *",
            "sqs:GetQueueAttributes DeadLetterQueue",
            "sqs:GetQueueAttributes NotificationsDeadLetterQueue",
            "sqs:GetQueueAttributes NotificationsQueue",
            "states:DescribeStateMachine stateMachine",
        },
    ),
    "send": (
        "Sender",
        FIND
        | RUNS
        | {
            "dynamodb:BatchWriteItem RunsTable",
            "lambda:InvokeFunction function",
            "sqs:SendMessage NotificationsQueue",
        },
    ),
    "runs cancel": (
        "Sender",
        FIND | RUNS | {"dynamodb:UpdateItem RunsTable", "lambda:InvokeFunction function"},
    ),
    "runs resume": (
        "Sender",
        FIND
        | RUNS
        | {
            "dynamodb:UpdateItem RunsTable",
            "lambda:InvokeFunction function",
            "states:StartExecution stateMachine",
        },
    ),
    "schedule put": (
        "Sender",
        FIND
        | {
            "scheduler:CreateSchedule schedule",
            "scheduler:UpdateSchedule schedule",
            "iam:PassRole role",
        },
    ),
    "schedule pause": ("Sender", FIND | SCHEDULES | {"scheduler:UpdateSchedule schedule"}),
    "schedule resume": ("Sender", FIND | SCHEDULES | {"scheduler:UpdateSchedule schedule"}),
    "schedule delete": ("Sender", FIND | {"scheduler:DeleteSchedule schedule"}),
    "token": ("Administrator", FIND | SECRET),
    "message": ("Administrator", FIND | SECRET | RECORD),
    "customer forget": (
        "Administrator",
        FIND | CUSTOMERS | INDEX | {"dynamodb:PutItem SubscribersTable"},
    ),
    "subscribers import": (
        "Administrator",
        FIND
        | RECORD
        | INDEX
        | {"dynamodb:DescribeTable SubscribersTable", "dynamodb:PutItem SubscribersTable"},
    ),
    "restore": (
        "Administrator",
        FIND
        | RECORD
        | INDEX
        | {
            "dynamodb:DescribeTable *table",
            "dynamodb:ListTagsOfResource *table",
            "dynamodb:Scan *table",
            "dynamodb:PutItem SubscribersTable",
        },
    ),
}
"""What each command calls: the policy that allows it, and each action with its kind of resource."""
NO_AWS = {"catalog", "new", "schema", "skill-package check", "validate", "preview"}
DEPLOYERS = {"setup", "teardown"}
BY_DEPLOYERS = ("setup/", "cli/aws/teardown.py", "cli/commands/teardown.py")
BY_HAND = {
    "secretsmanager:PutSecretValue",
    "sqs:CancelMessageMoveTask",
    "sqs:DeleteMessage",
    "sqs:ListMessageMoveTasks",
    "sqs:ReceiveMessage",
    "sqs:StartMessageMoveTask",
}
"""What the pages have administrators do with the AWS CLI."""
BY_OTHER_NAMES = {"lambda:Invoke": "lambda:InvokeFunction"}
"""Operations whose right is called otherwise."""


def statements(policy: str) -> list[dict[str, Any]]:
    found = POLICIES[policy]["Properties"]["PolicyDocument"]["Statement"]
    return [each for each in found if "Fn::If" not in each]


def listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def kind(resource: Any) -> str:
    """Name a resource by what tells it from others."""
    text: str = resource["Fn::Sub"] if isinstance(resource, dict) else resource
    if text == "*":
        return "*"
    assert "${StackName}" in text, f"{text} is of no stack"
    if named := re.search(r"\$\{StackName\}-(\w+(?:Table|Queue))-\*$", text):
        return named[1]
    if text.endswith(":table/${StackName}-*"):
        return "*table"
    return re.sub(r"\$\{AWS::\w+\}", "", text).split(":")[5].partition("/")[0]


def allowed(policy: str) -> set[str]:
    return {
        f"{action} {kind(resource)}"
        for statement in statements(policy)
        for action in listed(statement["Action"])
        for resource in listed(statement["Resource"])
    }


def leaves(group: Any, before: str = "") -> set[str]:
    if not hasattr(group, "commands"):
        return {before}
    return {
        leaf
        for name, each in group.commands.items()
        for leaf in leaves(each, f"{before} {name}".strip())
    }


def every_command() -> set[str]:
    """All that can be called, with the names of its groups."""
    return {
        leaf
        for name in COMMANDS
        for leaf in leaves(typer.main.get_group(build(name)))
        if leaf.split()[0] == name
    }


@cache
def operations() -> dict[str, set[str]]:
    """Actions by the names of the calls that need them."""
    session, found = Session(), dict[str, set[str]]()
    for prefix, client in (
        ("cloudformation", "cloudformation"),
        ("cloudwatch", "cloudwatch"),
        ("dynamodb", "dynamodb"),
        ("events", "events"),
        ("lambda", "lambda"),
        ("scheduler", "scheduler"),
        ("secretsmanager", "secretsmanager"),
        ("sqs", "sqs"),
        ("states", "stepfunctions"),
    ):
        for name in session.get_service_model(client).operation_names:
            action = BY_OTHER_NAMES.get(f"{prefix}:{name}", f"{prefix}:{name}")
            found.setdefault(xform_name(name), set()).add(action)
    return found


@pytest.mark.parametrize("command", sorted(CALLS))
def test_a_commands_policy_allows_all_that_it_calls(command: str) -> None:
    policy, needs = CALLS[command]
    may = set().union(*(allowed(each) for each in GOES_WITH[policy]))
    assert needs <= may, needs - may


@pytest.mark.parametrize("command", sorted(CALLS))
def test_a_command_needs_the_policy_that_it_is_said_to_need_and_no_lower_one(command: str) -> None:
    policy, needs = CALLS[command]
    for lower in GOES_WITH[policy][:-1]:
        may = set().union(*(allowed(each) for each in GOES_WITH[lower]))
        assert not needs <= may, f"{lower} is enough"


def test_every_command_has_its_rights_and_a_row_on_the_page() -> None:
    commands = every_command()
    assert commands >= {"send", "runs list", "customer show", "schedule put"}
    assert commands <= CALLS.keys() | NO_AWS | DEPLOYERS
    rows = set(re.findall(r"`([a-z- ]+)`", PAGE.partition("| command | needs |")[2]))
    assert commands <= rows, commands - rows


def test_the_page_names_the_policy_that_a_command_needs() -> None:
    for command, (policy, _) in CALLS.items():
        name = command.removesuffix(" --dry-run")
        rows = [row for row in PAGE.splitlines() if f"`{name}`" in row and row.startswith("|")]
        row = next(row for row in rows if ("--dry-run" in row) == ("--dry-run" in command))
        assert row.split("|")[2].split()[0].strip(";,") == policy, row


def test_the_commands_code_calls_nothing_that_no_policy_allows() -> None:
    may = {each.split()[0] for policy in POLICIES for each in allowed(policy)}
    for path in sorted([*(TOOLS / "cli").rglob("*.py"), *(TOOLS / "doctor").rglob("*.py")]):
        if str(path.relative_to(TOOLS)).startswith(BY_DEPLOYERS):
            continue
        text = path.read_text(encoding="utf-8")
        for name in set(re.findall(r"(?:\.|get_paginator\(.)(\w+)", text)) & operations().keys():
            assert operations()[name] & may, f"{path} calls {name}, which no policy allows"


def test_no_policy_allows_what_no_command_calls_but_what_operators_do_by_hand() -> None:
    called = {(policy, need) for policy, needs in CALLS.values() for need in needs}
    looks = {need.split()[0] for policy, need in called if policy == "Reader"}
    for policy in POLICIES:
        for allowance in allowed(policy):
            if policy == "Reader":  # which resources a look is at differs in nothing
                assert allowance.split()[0] in looks, f"Reader allows {allowance}"
            elif allowance.split()[0] not in BY_HAND:
                assert (policy, allowance) in called, f"{policy} allows {allowance}"


def test_a_reader_changes_and_calls_nothing_and_reads_no_secret() -> None:
    for action in {each.split()[0].partition(":")[2] for each in allowed("Reader")}:
        assert action.startswith(("Describe", "Get", "List", "Query", "Scan", "BatchGet")), action
    assert not [each for each in allowed("Reader") | allowed("Sender") if "secret" in each.lower()]
    assert not [each for each in allowed("Sender") if "SubscribersTable" in each]


@pytest.mark.parametrize("policy", sorted(POLICIES))
def test_no_policy_has_a_wildcard_action_and_only_lists_are_allowed_on_everything(
    policy: str,
) -> None:
    for statement in statements(policy):
        assert statement["Effect"] == "Allow"
        assert not [each for each in listed(statement["Action"]) if "*" in each]
        if statement["Resource"] == "*":
            assert statement["Sid"] == "ListWhatTakesNoName"


def test_a_role_is_passed_to_the_scheduler_alone() -> None:
    (statement,) = [s for s in statements("Sender") if s["Action"] == "iam:PassRole"]
    assert statement["Condition"] == {
        "StringEquals": {"iam:PassedToService": "scheduler.amazonaws.com"}
    }


@pytest.mark.parametrize("policy", sorted(POLICIES))
def test_the_key_is_used_through_one_service_and_only_where_there_is_one(policy: str) -> None:
    found = POLICIES[policy]["Properties"]["PolicyDocument"]["Statement"]
    (conditional,) = [each["Fn::If"] for each in found if "Fn::If" in each]
    condition, statement, otherwise = conditional
    assert condition == "HasKmsKey"
    assert otherwise == {"Ref": "AWS::NoValue"}
    assert set(listed(statement["Action"])) <= {"kms:Decrypt", "kms:GenerateDataKey"}
    assert statement["Resource"] == {"Ref": "KmsKeyArn"}
    assert list(statement["Condition"]["StringEquals"]) == ["kms:ViaService"]


def test_what_the_policies_name_is_what_the_template_makes() -> None:
    resources = TEMPLATE["Resources"]
    assert {"SubscribersTable", "RunsTable", "NotificationsQueue", "DeadLetterQueue"} <= set(
        resources
    )
    assert "ScheduleRole" in resources
    named = str(TEMPLATE)
    for name in ("-sender", "-run", "/credentials"):
        assert f"${{AWS::StackName}}{name}" in named
    assert resources["ScheduleGroup"]["Properties"]["Name"] == {"Ref": "AWS::StackName"}
    assert resources["EventBus"]["Properties"]["Name"] == {"Ref": "AWS::StackName"}
    # Named by CloudFormation, after the stack and themselves.
    for table in ("SubscribersTable", "RunsTable"):
        assert "TableName" not in resources[table]["Properties"]
