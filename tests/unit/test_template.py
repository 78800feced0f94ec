from __future__ import annotations

import copy
import dataclasses
import json
import re
import tomllib
from functools import cache
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest
from botocore import xform_name
from botocore.session import Session
from samtranslator.translator.transform import transform  # type: ignore[import-untyped]
from samtranslator.yaml_helper import yaml_parse  # type: ignore[import-untyped]
from yellowring.sender.campaign import parse_campaign
from yellowring.settings import SenderSettings, SkillSettings, is_secure
from yellowring.subscribers.items import CUSTOMERS
from yellowring_tools.local_stack.deployment import Outputs

if TYPE_CHECKING:
    from collections.abc import Callable

PROJECT = Path(__file__).resolve().parents[2]
TEMPLATE: dict[str, Any] = yaml_parse((PROJECT / "template.yaml").read_text(encoding="utf-8"))
PARAMETERS: dict[str, dict[str, Any]] = TEMPLATE["Parameters"]
RESOURCES: dict[str, dict[str, Any]] = TEMPLATE["Resources"]
FUNCTIONS = ("SkillFunction", "SenderFunction", "NotifierFunction")
ROLES = (
    "SkillRole",
    "SenderRole",
    "NotifierRole",
    "ApiRole",
    "ScheduleRole",
    "CensusRole",
    "RunMachineRole",
)
QUEUES = ("NotificationsQueue", "NotificationsDeadLetterQueue", "DeadLetterQueue")
MACHINE = (
    "arn:${AWS::Partition}:states:${AWS::Region}:${AWS::AccountId}"
    ":stateMachine:${AWS::StackName}-run"
)

ABSENT = object()
EXECUTIONS = f"{MACHINE.replace(':stateMachine:', ':execution:')}:*"


def without_a_key(value: Any) -> Any:
    """Resolve what depends on a key of one's own (test_template_encryption.py) as without one.

    So is what is there only with tracing (test_template_roles.py).
    """
    match value:
        case {"Fn::If": ["HasTracing", _, {"Ref": "AWS::NoValue"}]}:
            return ABSENT
        case {"Fn::If": ["HasKmsKey", _, otherwise]}:
            return ABSENT if otherwise == {"Ref": "AWS::NoValue"} else without_a_key(otherwise)
        case dict():
            found = {name: without_a_key(each) for name, each in value.items()}
            return {name: each for name, each in found.items() if each is not ABSENT}
        case list():
            return [each for each in map(without_a_key, value) if each is not ABSENT]
    return value


def properties(resource: str) -> dict[str, Any]:
    found: dict[str, Any] = without_a_key(RESOURCES[resource]["Properties"])
    return found


def environment(function: str) -> dict[str, Any]:
    everywhere: dict[str, Any] = TEMPLATE["Globals"]["Function"]["Environment"]["Variables"]
    own: dict[str, Any] = properties(function)["Environment"]["Variables"]
    return everywhere | own


def statements(role: str) -> list[dict[str, Any]]:
    managed = [properties(each["Ref"]) for each in properties(role).get("ManagedPolicyArns", [])]
    return [
        statement
        for policy in (*properties(role)["Policies"], *managed)
        for statement in policy["PolicyDocument"]["Statement"]
    ]


def allowed(role: str) -> dict[str, set[str]]:
    """Actions by the logical id of what they are allowed on."""
    found: dict[str, set[str]] = {}
    for statement in statements(role):
        actions = statement["Action"]
        resources = statement["Resource"]
        for resource in resources if isinstance(resources, list) else [resources]:
            match resource:
                case {"Fn::GetAtt": [target, "Arn"]}:
                    name = target
                case {"Fn::Sub": "${SubscribersTable.Arn}/index/customers"}:
                    name = "index of SubscribersTable"
                case {"Fn::Sub": str(text)} if "secretsmanager" in text:
                    name = "CredentialsSecret"
                case {"Fn::Sub": str(text)} if text == MACHINE:
                    name = "RunMachine"
                case {"Fn::Sub": str(text)} if text == EXECUTIONS:
                    name = "executions of RunMachine"
                case {"Fn::Sub": str(text)} if text.endswith(":execution:${AWS::StackName}-run/*"):
                    name = "children of RunMachine"
                case "*":
                    name = "*"
                case _:
                    pytest.fail(f"{role} allows {actions} on {resource}")
            found.setdefault(name, set()).update([actions] if isinstance(actions, str) else actions)
    return found


def test_the_skill_function_may_keep_records_and_leave_notifications_and_nothing_else() -> None:
    assert allowed("SkillRole") == {
        "SkillLogGroup": {"logs:CreateLogStream", "logs:PutLogEvents"},
        "SubscribersTable": {"dynamodb:GetItem", "dynamodb:PutItem"},
        "NotificationsQueue": {"sqs:SendMessage"},
    }


def test_a_skill_function_of_their_own_may_keep_records_and_leave_notifications() -> None:
    (records, notifications) = properties("SkillPolicy")["PolicyDocument"]["Statement"]
    assert records["Action"] == ["dynamodb:GetItem", "dynamodb:PutItem"]
    assert records["Resource"] == {"Fn::GetAtt": ["SubscribersTable", "Arn"]}
    assert notifications["Action"] == "sqs:SendMessage"
    assert notifications["Resource"] == {"Fn::GetAtt": ["NotificationsQueue", "Arn"]}
    assert "Condition" not in RESOURCES["SkillPolicy"]


def test_nothing_of_the_policy_that_others_import_can_replace_it() -> None:
    # Its other properties are create-only, and a resource whose export is in use is not replaced.
    assert set(properties("SkillPolicy")) == {"PolicyDocument"}


def test_an_update_with_the_event_source_of_before_is_refused_with_what_to_do() -> None:
    assert PARAMETERS["EventSource"]["Default"] == ""
    (assertion,) = TEMPLATE["Rules"]["EventSourceIsRegistered"]["Assertions"]
    assert assertion["Assert"] == {"Fn::Equals": [{"Ref": "EventSource"}, ""]}
    assert "EventSources" in assertion["AssertDescription"]
    assert '"content"' in assertion["AssertDescription"]


def test_without_our_skill_function_nothing_of_it_is_deployed_and_all_else_is() -> None:
    assert PARAMETERS["WithSkillFunction"]["Default"] == "true"
    assert TEMPLATE["Conditions"]["HasSkillFunction"] == {
        "Fn::Equals": [{"Ref": "WithSkillFunction"}, "true"]
    }
    everything = {**RESOURCES, **TEMPLATE["Outputs"]}
    assert {n for n, each in everything.items() if each.get("Condition") == "HasSkillFunction"} == {
        "SkillFunction",
        "SkillFunctionAlexaPermission",
        "SkillLogGroup",
        "SkillRole",
        "SkillErrorsAlarm",
        "SkillRecursionAlarm",
        "SkillSlowAlarm",
        "SkillThrottlesAlarm",
        "SkillFunctionArn",
        "SkillFunctionName",
        "SkillFunctionAlias",
    }


def test_another_stack_finds_by_this_ones_name_what_its_functions_need() -> None:
    exported = {
        name: output["Export"]["Name"]["Fn::Sub"]
        for name, output in TEMPLATE["Outputs"].items()
        if "Export" in output
    }
    assert exported == {
        name: f"${{AWS::StackName}}-{name}"
        for name in (
            "SkillPolicyArn",
            "SenderRoleName",
            "SenderRoleArn",
            "SubscribersTableName",
            "NotificationsQueueUrl",
        )
    }


def test_the_sender_may_visit_and_mark_customers_and_keep_runs_and_nothing_else() -> None:
    assert allowed("SenderRole") == {
        "SenderLogGroup": {"logs:CreateLogStream", "logs:PutLogEvents"},
        "SubscribersTable": {
            "dynamodb:DescribeTable",
            "dynamodb:Scan",
            "dynamodb:BatchGetItem",
            "dynamodb:GetItem",
            "dynamodb:PutItem",
        },
        "index of SubscribersTable": {"dynamodb:Query"},
        "RunsTable": {
            "dynamodb:GetItem",
            "dynamodb:PutItem",
            "dynamodb:UpdateItem",
            "dynamodb:Query",
            "dynamodb:BatchWriteItem",
        },
        "RunMachine": {"states:StartExecution"},
        "executions of RunMachine": {"states:DescribeExecution"},
        "EventBus": {"events:PutEvents"},
        "CredentialsSecret": {"secretsmanager:GetSecretValue"},
        "DeadLetterQueue": {"sqs:SendMessage"},
    }


def test_the_notifier_may_look_customers_up_and_take_notifications_and_nothing_else() -> None:
    assert allowed("NotifierRole") == {
        "NotifierLogGroup": {"logs:CreateLogStream", "logs:PutLogEvents"},
        "SubscribersTable": {"dynamodb:BatchGetItem", "dynamodb:GetItem", "dynamodb:PutItem"},
        "index of SubscribersTable": {"dynamodb:Query"},
        "RunsTable": {"dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:UpdateItem"},
        "CredentialsSecret": {"secretsmanager:GetSecretValue"},
        "NotificationsQueue": {
            "sqs:ReceiveMessage",
            "sqs:DeleteMessage",
            "sqs:ChangeMessageVisibility",
            "sqs:GetQueueAttributes",
        },
        "NotificationsDeadLetterQueue": {"sqs:SendMessage"},
    }


def test_the_workflow_may_call_the_sender_run_its_children_and_log_and_nothing_else() -> None:
    found = allowed("RunMachineRole")
    assert all(action.startswith("logs:") for action in found.pop("*"))
    assert found == {
        "SenderFunction": {"lambda:InvokeFunction"},
        "RunMachine": {"states:StartExecution"},
        "children of RunMachine": {"states:DescribeExecution", "states:StopExecution"},
    }


RUNS = {
    "run/store.py": {"RunsTable"},
    "delivery/window.py": {"RunsTable"},
    "run/machine.py": {"RunMachine", "executions of RunMachine"},
    "run/announcing.py": {"EventBus"},
    "app.py": {"CredentialsSecret"},
}
NOTIFICATIONS = {
    "delivery/window.py": {"RunsTable"},
    "notification/evidence.py": {"RunsTable"},
    "notification/queue.py": {"NotificationsQueue", "NotificationsDeadLetterQueue"},
    "notification/status.py": {"RunsTable"},
    "app.py": {"CredentialsSecret"},
}
"""Where a sender's role is for calling AWS, and what is called there."""
RECORDS = {"SubscribersTable", "index of SubscribersTable"}
"""What is called in `yellowring.subscribers`."""
OPERATORS = {"run/store.py": {"dynamodb:Scan"}}
"""What only the commands call of a sender's module, with rights of their own."""


BY_LAMBDA_ITSELF = {
    "sqs:ReceiveMessage",
    "sqs:DeleteMessage",
    "sqs:GetQueueAttributes",
    "logs:CreateLogStream",
    "logs:PutLogEvents",
}


@cache
def operations() -> dict[str, str]:
    """Actions by the names of the calls that need them."""
    session = Session()
    return {
        xform_name(name): f"{service}:{name}"
        for service, client in (
            ("dynamodb", "dynamodb"),
            ("states", "stepfunctions"),
            ("events", "events"),
            ("secretsmanager", "secretsmanager"),
            ("sqs", "sqs"),
        )
        for name in session.get_service_model(client).operation_names
    }


@pytest.mark.parametrize(
    ("role", "modules", "elsewhere"),
    [
        # An invocation that failed for good is put on the dead-letter queue by Lambda itself.
        ("SenderRole", RUNS, {*RECORDS, "DeadLetterQueue"}),
        ("NotifierRole", NOTIFICATIONS, RECORDS),
    ],
)
def test_a_role_may_call_what_its_code_calls_and_its_code_calls_what_it_may(
    role: str, modules: dict[str, set[str]], elsewhere: set[str]
) -> None:
    may = {target: each - BY_LAMBDA_ITSELF for target, each in allowed(role).items()}
    called: dict[str, set[str]] = {}
    for module, targets in modules.items():
        text = (PROJECT / "lambda/yellowring/sender" / module).read_text(encoding="utf-8")
        patterns = (r"(?:_client|_queue|secrets)\.(\w+)", r"get_paginator\(.(\w+)")
        names = {name for pattern in patterns for name in re.findall(pattern, text)}
        calls = {operations()[name] for name in names if name in operations()}
        calls -= OPERATORS.get(module, set())
        assert calls, f"{module} calls nothing"
        for call in calls:
            permitted = {target for target in targets if call in may[target]}
            assert permitted, f"{module} may not {call}"
            for target in permitted:
                called.setdefault(target, set()).add(call)
    assert called == {t: each for t, each in may.items() if each and t not in elsewhere}


def test_no_function_is_fed_by_a_queue_that_it_may_send_to() -> None:
    for function in FUNCTIONS:
        role = properties(function)["Role"]["Fn::GetAtt"][0]
        for event in properties(function).get("Events", {}).values():
            if event["Type"] == "SQS":
                queue = event["Properties"]["Queue"]["Fn::GetAtt"][0]
                assert "sqs:SendMessage" not in allowed(role)[queue]
        assert "lambda:InvokeFunction" not in {a for each in allowed(role).values() for a in each}


def test_the_machines_name_is_the_one_that_everybody_calls_it_by() -> None:
    assert properties("RunMachine")["Name"] == {"Fn::Sub": "${AWS::StackName}-run"}
    rule = properties("SenderFunction")["Events"]["ExecutionEnded"]["Properties"]["Pattern"]
    assert rule["detail"]["stateMachineArn"] == [{"Fn::Sub": MACHINE}]
    assert rule["detail"]["status"] == ["FAILED", "TIMED_OUT", "ABORTED"]
    assert environment("SenderFunction")["RUN_MACHINE_ARN"] == {"Fn::Sub": MACHINE}


def test_the_schedule_may_start_the_sender_and_nothing_else() -> None:
    assert allowed("ScheduleRole") == {
        "SenderFunction": {"lambda:InvokeFunction"},
        "DeadLetterQueue": {"sqs:SendMessage"},
    }


def test_the_census_may_start_the_sender_and_nothing_else() -> None:
    assert allowed("CensusRole") == {"SenderFunction": {"lambda:InvokeFunction"}}


@pytest.mark.parametrize("role", ROLES)
def test_no_role_takes_anybody_elses_policy_or_a_wildcard_action(role: str) -> None:
    ours = [{"Ref": "SkillPolicy"}] if role == "SkillRole" else []
    assert properties(role).get("ManagedPolicyArns", []) == ours
    assert "*" not in "".join(str(statement["Action"]) for statement in statements(role))


@pytest.mark.parametrize("function", FUNCTIONS)
def test_no_function_lets_sam_make_up_its_role(function: str) -> None:
    assert "Role" in properties(function)
    assert "Policies" not in properties(function)


def test_the_environment_holds_every_variable_that_the_settings_read() -> None:
    chosen = {
        "SKILL_STAGE": "live",
        "VOICE_CONSENT": "voice",
        "EVENT_SOURCES": "a=b:c",
        "USERINFO_URL": "https://id.example/userinfo",
        "NOTE_ACCEPTED": "true",
    }
    text = dict.fromkeys(environment("SenderFunction"), "1") | chosen
    assert SkillSettings.from_environ(text)
    assert SenderSettings.from_environ(text)
    assert {
        "SKILL_ID",
        "SKILL_STAGE",
        "SUBSCRIBERS_TABLE",
        "RUNS_TABLE",
        "NOTIFICATIONS_QUEUE_URL",
        "DEAD_LETTER_QUEUE_URL",
        "RUN_MACHINE_ARN",
        "EVENT_BUS_NAME",
        "CREDENTIALS_SECRET_ID",
        "MAX_EVENTS_PER_SECOND",
        "USERINFO_URL",
        "USERINFO_CLAIM",
        "NOTE_ACCEPTED",
        "ALEXA_BASE_URL",
        "LWA_BASE_URL",
    } <= set(text)


def test_the_functions_differ_in_nothing_but_their_service_name_and_dead_letters() -> None:
    skill, sender, notifier = (environment(function) for function in FUNCTIONS)
    assert {name for name in skill if skill[name] != sender[name]} == {"POWERTOOLS_SERVICE_NAME"}
    differing = {name for name in notifier if sender[name] != notifier[name]}
    assert differing == {"POWERTOOLS_SERVICE_NAME", "DEAD_LETTER_QUEUE_URL"}
    # A wrong event source stops campaigns, and nothing else.
    assert sender.keys() - skill.keys() == sender.keys() - notifier.keys() == {"EVENT_SOURCES"}
    assert notifier["DEAD_LETTER_QUEUE_URL"] == {"Ref": "NotificationsDeadLetterQueue"}


@pytest.mark.parametrize("function", FUNCTIONS)
def test_the_functions_are_arm64_python_unless_told_otherwise(function: str) -> None:
    shared = TEMPLATE["Globals"]["Function"]
    assert shared["Runtime"] == "python3.13"
    assert shared["Architectures"] == [{"Ref": "Architecture"}]
    assert PARAMETERS["Architecture"]["Default"] == "arm64"
    package, name = properties(function)["Handler"].rsplit(".", 1)
    assert (PROJECT / "lambda" / f"{package.replace('.', '/')}.py").exists()
    assert name == "lambda_handler"


def test_only_the_one_skill_may_invoke_the_skill_function() -> None:
    assert "Events" not in properties("SkillFunction")
    (permission,) = (
        each
        for each in RESOURCES.values()
        if each["Type"] == "AWS::Lambda::Permission" and "Skill" in str(each["Properties"])
    )
    assert permission["Properties"]["Principal"] == "alexa-appkit.amazon.com"
    assert permission["Properties"]["EventSourceToken"] == {"Ref": "SkillId"}
    assert "Default" not in PARAMETERS["SkillId"]


def test_alexa_calls_the_alias_and_every_setting_of_the_skill_publishes_a_version() -> None:
    skill = properties("SkillFunction")
    assert skill["AutoPublishAlias"] == "live"
    assert skill["AutoPublishAliasAllProperties"] is True
    assert TEMPLATE["Outputs"]["SkillFunctionArn"]["Value"] == {"Ref": "SkillFunctionAliaslive"}
    # SAM sees a change of the template, not of a parameter's value: that is the description's.
    read = re.findall(r"'Ref': '(\w+)'", str({**skill, "shared": TEMPLATE["Globals"]["Function"]}))
    of_the_sender = {"MaxEventsPerSecond", "MaxWorkers", "NoteAccepted"}
    of_the_code_itself = {"Architecture"}
    how_it_is_published = {"SkillDeployment"}
    settings = set(read) & PARAMETERS.keys() - of_the_sender - of_the_code_itself
    settings -= how_it_is_published
    description = skill["VersionDescription"]["Fn::Sub"]
    assert set(re.findall(r"\$\{(\w+)\}", description)) == settings


def test_the_description_of_a_version_has_room_for_what_a_stack_at_amazon_needs() -> None:
    parts = re.findall(r"\$\{(\w+)\}", properties("SkillFunction")["VersionDescription"]["Fn::Sub"])
    longest = {
        name: max(
            len(str(PARAMETERS[name].get("Default", ""))),
            PARAMETERS[name].get("MaxLength", 0),
            *map(len, PARAMETERS[name].get("AllowedValues", [""])),
        )
        for name in parts
    } | {"SkillId": len("amzn1.ask.skill.01234567-89ab-cdef-0123-456789abcdef")}
    assert sum(longest.values()) + len(parts) - 1 <= 256


@pytest.fixture
def expanded(monkeypatch: pytest.MonkeyPatch) -> Callable[..., dict[str, Any]]:
    """What gives the resources that SAM makes of the template with some parameters."""
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")

    def expand(**parameters: str) -> dict[str, Any]:
        document = copy.deepcopy(TEMPLATE)
        document["Globals"]["Function"]["CodeUri"] = "s3://bucket/code"
        document["Resources"]["RunMachine"]["Properties"]["DefinitionUri"] = "s3://bucket/machine"
        policies = SimpleNamespace(load=dict)
        made = transform(document, {"SkillId": "amzn1.ask.skill.theirs", **parameters}, policies)
        resources: dict[str, Any] = made["Resources"]
        return resources

    return expand


def test_codedeploy_moves_the_alias_only_where_that_was_asked_for(
    expanded: Callable[..., dict[str, Any]],
) -> None:
    assert PARAMETERS["SkillDeployment"]["Default"] == "AllAtOnce"
    at_once = expanded()
    assert not [each for each in at_once.values() if "CodeDeploy" in each["Type"]]
    assert "UpdatePolicy" not in at_once["SkillFunctionAliaslive"]
    for kind in PARAMETERS["SkillDeployment"]["AllowedValues"]:
        if kind == "AllAtOnce":
            continue
        gradual = expanded(SkillDeployment=kind)
        group = gradual["SkillFunctionDeploymentGroup"]
        assert group["Condition"] == "HasSkillFunction"
        assert kind in str(group["Properties"]["DeploymentConfigName"])
        watched = {"Enabled": True, "Alarms": [{"Name": {"Ref": "DeploymentErrorsAlarm"}}]}
        told = group["Properties"]["AlarmConfiguration"]
        assert told == {"Fn::If": ["IsGradual", watched, {}]}
        assert "DEPLOYMENT_STOP_ON_ALARM" in str(group["Properties"]["AutoRollbackConfiguration"])
        assert "CodeDeployLambdaAliasUpdate" in gradual["SkillFunctionAliaslive"]["UpdatePolicy"]


def test_only_the_alias_may_be_invoked_by_alexa(
    expanded: Callable[..., dict[str, Any]],
) -> None:
    permission = expanded()["SkillFunctionAlexaPermission"]["Properties"]
    assert permission["FunctionName"] == {"Ref": "SkillFunctionAliaslive"}
    assert permission["EventSourceToken"] == {"Ref": "SkillId"}


def test_a_deployment_deletes_no_version_that_one_could_go_back_to(
    expanded: Callable[..., dict[str, Any]],
) -> None:
    (version,) = (each for each in expanded().values() if each["Type"] == "AWS::Lambda::Version")
    # A parameter changes the description, which replaces the version: the logical id stays.
    assert version["UpdateReplacePolicy"] == "Retain"
    assert version["DeletionPolicy"] == "Retain", "code gives it another logical id"


def test_a_skill_that_was_another_before_lets_that_one_no_longer_in(
    expanded: Callable[..., dict[str, Any]],
) -> None:
    permission = expanded()["SkillFunctionAlexaPermission"]
    assert permission["Condition"] == "HasSkillFunction"
    assert "UpdateReplacePolicy" not in permission


def test_tables_that_are_to_be_kept_are_protected_and_others_can_go_with_the_stack() -> None:
    assert PARAMETERS["DeletionProtection"]["Default"] == "true"
    assert TEMPLATE["Conditions"]["IsProtected"] == {
        "Fn::And": [
            {"Fn::Equals": [{"Ref": "DeletionProtection"}, "true"]},
            {"Fn::Equals": [{"Ref": "DataDeletionPolicy"}, "Retain"]},
        ]
    }
    for table in ("SubscribersTable", "RunsTable"):
        protected = properties(table)["DeletionProtectionEnabled"]
        assert protected == {"Fn::If": ["IsProtected", True, False]}


@pytest.mark.parametrize(
    ("table", "keys"),
    [("SubscribersTable", {"userId": "HASH"}), ("RunsTable", {"runId": "HASH", "part": "RANGE"})],
)
def test_the_tables_are_kept_safe_and_forget_in_time(table: str, keys: dict[str, str]) -> None:
    schema = properties(table)["KeySchema"]
    assert {each["AttributeName"]: each["KeyType"] for each in schema} == keys
    assert properties(table)["BillingMode"] == "PAY_PER_REQUEST"
    assert properties(table)["TimeToLiveSpecification"] == {
        "AttributeName": "expiresAt",
        "Enabled": True,
    }
    assert properties(table)["PointInTimeRecoverySpecification"]["PointInTimeRecoveryEnabled"]
    assert properties(table)["SSESpecification"]["SSEEnabled"]
    assert RESOURCES[table]["DeletionPolicy"] == {"Ref": "DataDeletionPolicy"}
    assert RESOURCES[table]["UpdateReplacePolicy"] == {"Ref": "DataDeletionPolicy"}
    assert PARAMETERS["DataDeletionPolicy"]["Default"] == "Retain"


def test_the_index_of_customers_is_sparse_of_keys_alone_and_named_as_the_code_names_it() -> None:
    (index,) = properties("SubscribersTable")["GlobalSecondaryIndexes"]
    assert index["IndexName"] == CUSTOMERS
    assert index["KeySchema"] == [{"AttributeName": "customerId", "KeyType": "HASH"}]
    assert index["Projection"] == {"ProjectionType": "KEYS_ONLY"}


@pytest.mark.parametrize(
    ("url", "allowed"),
    [
        ("", True),
        ("https://id.example/userinfo", True),
        ("http://127.0.0.1:4000/oidc/userinfo", True),
        ("http://localhost/userinfo", True),
        ("http://id.example/userinfo", False),
        ("http://localhost.example/userinfo", False),
        ("id.example", False),
    ],
)
def test_a_userinfo_url_that_the_function_would_refuse_is_refused_at_once(
    url: str, allowed: bool
) -> None:
    pattern = PARAMETERS["UserinfoUrl"]["AllowedPattern"]
    assert bool(re.fullmatch(pattern, url)) is allowed
    assert (not url or is_secure(url)) is allowed


def test_a_message_stays_hidden_longer_than_the_notifier_can_run() -> None:
    hidden = properties("NotificationsQueue")["VisibilityTimeout"]
    assert hidden > properties("NotifierFunction")["Timeout"]


def test_a_notification_stays_on_the_queue_longer_than_it_lives() -> None:
    queue = properties("NotificationsQueue")
    assert queue["MessageRetentionPeriod"] > 24 * 3600
    assert queue["RedrivePolicy"]["maxReceiveCount"] == 1000


def test_what_cannot_be_done_ends_in_the_dead_letter_queue_whichever_way_it_came() -> None:
    dead = {"Fn::GetAtt": ["DeadLetterQueue", "Arn"]}
    sender = properties("SenderFunction")
    schedule = sender["Events"]["Schedule"]["Properties"]
    ended = sender["Events"]["ExecutionEnded"]["Properties"]
    on_failure = sender["EventInvokeConfig"]["DestinationConfig"]["OnFailure"]
    assert schedule["DeadLetterConfig"]["Arn"] == dead
    assert ended["DeadLetterConfig"]["Arn"] == dead
    assert on_failure == {"Type": "SQS", "Destination": dead}


def test_notifications_have_dead_letters_of_their_own_so_that_a_redrive_moves_nothing_else() -> (
    None
):
    dead = {"Fn::GetAtt": ["NotificationsDeadLetterQueue", "Arn"]}
    assert properties("NotificationsQueue")["RedrivePolicy"]["deadLetterTargetArn"] == dead
    assert str(RESOURCES).count("'NotificationsDeadLetterQueue', 'Arn'") == 2  # and its own role


def test_eventbridge_may_leave_this_accounts_events_with_the_dead_letters() -> None:
    policy = properties("DeadLetterQueuePolicy")
    assert policy["Queues"] == [{"Ref": "DeadLetterQueue"}]
    (statement,) = policy["PolicyDocument"]["Statement"]
    assert statement == {
        "Effect": "Allow",
        "Principal": {"Service": "events.amazonaws.com"},
        "Action": "sqs:SendMessage",
        "Resource": {"Fn::GetAtt": ["DeadLetterQueue", "Arn"]},
        "Condition": {"StringEquals": {"aws:SourceAccount": {"Ref": "AWS::AccountId"}}},
    }


def test_the_rule_is_named_by_cloudformation_so_that_a_long_stack_name_breaks_nothing() -> None:
    assert "RuleName" not in properties("SenderFunction")["Events"]["ExecutionEnded"]["Properties"]


def test_the_notifications_queue_reports_single_failures_and_bounds_the_workers() -> None:
    work = properties("NotifierFunction")["Events"]["Notifications"]["Properties"]
    assert work["FunctionResponseTypes"] == ["ReportBatchItemFailures"]
    assert work["ScalingConfig"]["MaximumConcurrency"] >= 2


@pytest.mark.parametrize("queue", QUEUES)
def test_the_queues_are_encrypted_for_they_hold_user_ids(queue: str) -> None:
    assert properties(queue)["SqsManagedSseEnabled"] is True


def test_the_schedules_input_is_a_campaign_and_the_time_that_eventbridge_fills_in() -> None:
    template = properties("SenderFunction")["Events"]["Schedule"]["Properties"]["Input"]["Fn::Sub"]
    filled = re.sub(r"\$\{(\w+)\}", lambda match: PARAMETERS[match[1]]["Default"], template)
    document = json.loads(filled)
    assert set(document) == {"campaign", "scheduledTime"}
    assert document["scheduledTime"] == "<aws.scheduler.scheduled-time>"
    assert parse_campaign(document["campaign"]).name == "weather-alert"


def test_a_new_stack_sends_nothing_by_itself() -> None:
    assert PARAMETERS["ScheduleState"]["Default"] == "DISABLED"


def test_the_secret_of_a_new_stack_holds_no_credentials() -> None:
    placeholder = json.loads(properties("CredentialsSecret")["SecretString"])
    assert placeholder == {"clientId": "REPLACE_ME", "clientSecret": "REPLACE_ME"}


def test_every_parameter_says_what_it_is_for() -> None:
    assert [
        name for name, each in PARAMETERS.items() if len(each.get("Description", "")) < 20
    ] == []


def test_the_log_groups_have_a_retention() -> None:
    for group in ("SkillLogGroup", "SenderLogGroup", "NotifierLogGroup", "RunMachineLogGroup"):
        assert properties(group)["RetentionInDays"] == {"Ref": "LogRetentionDays"}


def test_the_outputs_are_those_that_the_local_stack_reads() -> None:
    assert set(TEMPLATE["Outputs"]) == {each.name for each in dataclasses.fields(Outputs)}


def test_the_functions_and_the_workflow_are_traced_where_a_parameter_says_so() -> None:
    assert PARAMETERS["Tracing"]["Default"] == "Disabled"
    assert TEMPLATE["Conditions"]["HasTracing"] == {"Fn::Equals": [{"Ref": "Tracing"}, "Active"]}
    everywhere = TEMPLATE["Globals"]["Function"]
    assert everywhere["Tracing"] == {"Fn::If": ["HasTracing", "Active", "PassThrough"]}
    assert everywhere["Environment"]["Variables"]["TRACING"] == {"Ref": "Tracing"}
    traced = {"Enabled": {"Fn::If": ["HasTracing", True, False]}}
    assert properties("RunMachine")["Tracing"] == traced


@pytest.mark.parametrize("name", ["skill", "sender", "notifier", "api"])
def test_each_function_names_itself_in_its_logs(name: str) -> None:
    told = environment(f"{name.capitalize()}Function")["POWERTOOLS_SERVICE_NAME"]
    assert told == name


def test_a_census_is_taken_each_day_and_is_no_schedule_of_campaigns() -> None:
    census = properties("SenderFunction")["Events"]["Census"]["Properties"]
    assert json.loads(census["Input"]) == {"task": "census"}
    assert census["ScheduleExpression"] == "rate(1 day)"
    assert census.get("State", "ENABLED") == "ENABLED", "or nobody is ever counted"
    assert "GroupName" not in census


def test_the_functions_requirements_are_the_locked_versions_of_the_projects_dependencies() -> None:
    requirements = (PROJECT / "lambda" / "requirements.txt").read_text(encoding="utf-8")
    required = dict(re.findall(r"^([\w.-]+)==([^\s;]+)", requirements, re.MULTILINE))
    packages = tomllib.loads((PROJECT / "uv.lock").read_text(encoding="utf-8"))["package"]
    locked = {package["name"]: package for package in packages}
    needed: dict[str, str] = {}
    ours = locked["yellowring"]
    extras = [*ours["optional-dependencies"]["sender"], *ours["optional-dependencies"]["tracing"]]
    wanted = [each["name"] for each in (*ours["dependencies"], *extras)]
    while wanted:
        name = wanted.pop()
        if name not in needed:
            needed[name] = locked[name]["version"]
            wanted += [each["name"] for each in locked[name].get("dependencies", [])]
    assert required == needed, "lambda/requirements.txt is out of date: run `make lock`"
