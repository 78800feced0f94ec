"""A stack with which nothing is wrong, and its skill: what the memory has not, as AWS tells it."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from email.utils import format_datetime
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import boto3
from botocore.exceptions import ClientError
from yellowring.sender.run.request import PLACEHOLDER
from yellowring_tools.cli.aws.stacks import Stack
from yellowring_tools.local_stack.workspace import PROJECT
from yellowring_tools.smapi import Smapi

from tests.conftest import CLIENT_ID, CLIENT_SECRET
from tests.unit.cli.conftest import outputs
from tests.unit.doctor.smapi import OneSkill, built
from tests.unit.test_template import PARAMETERS, RESOURCES, TEMPLATE, environment

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

OURS = "arn:aws:lambda:us-east-1:123456789012:function:yellow-ring"
THEIRS = "arn:aws:lambda:us-east-1:123456789012:function:theirs"
FUNCTIONS = {
    each: f"{each.capitalize()}Function" for each in ("skill", "sender", "notifier", "api")
}


def parameters(**changed: str) -> dict[str, str]:
    """Return the template's defaults, and what is said otherwise."""
    defaults = {name: str(each.get("Default", "")) for name, each in PARAMETERS.items()}
    return {**defaults, "SkillId": "amzn1.ask.skill.theirs", **changed}


class Functions:
    """Lambda, with the functions of a stack that was deployed with ``told``."""

    def __init__(self, told: Mapping[str, str], named: Mapping[str, str]) -> None:
        self._told, self._named = told, named
        self._services = set(FUNCTIONS) - (
            {"skill"} if told["WithSkillFunction"] != "true" else set()
        )

    def get_function_configuration(self, FunctionName: str) -> dict[str, Any]:  # noqa: N803
        name = FunctionName.removesuffix(":live").rpartition(":")[2]
        if name == "theirs":
            return {}
        service = name.removeprefix("yellow-ring-")
        if service not in self._services:
            missing = {"Error": {"Code": "ResourceNotFoundException", "Message": name}}
            raise ClientError(missing, "GetFunctionConfiguration")  # type: ignore[arg-type]
        variables = environment(FUNCTIONS[service]).items()
        return {
            "State": "Active",
            "Timeout": 60,
            "Architectures": [self._told["Architecture"]],
            "Environment": {"Variables": {key: self._value(key, each) for key, each in variables}},
        }

    def get_function_concurrency(self, FunctionName: str) -> dict[str, int]:  # noqa: N803
        reserved = int(self._told["ApiConcurrency"])
        is_api = FunctionName.endswith("-api")
        return {"ReservedConcurrentExecutions": reserved} if is_api and reserved else {}

    def get_policy(self, **_: str) -> dict[str, str]:
        alexa = {
            "Effect": "Allow",
            "Principal": {"Service": "alexa-appkit.amazon.com"},
            "Condition": {"StringEquals": {"lambda:EventSourceToken": self._told["SkillId"]}},
        }
        return {"Policy": json.dumps({"Statement": [alexa]})}

    def list_event_source_mappings(self, **_: object) -> dict[str, Any]:
        mapping = {
            "EventSourceArn": "arn:aws:sqs:us-east-1:123456789012:notifications",
            "FunctionResponseTypes": ["ReportBatchItemFailures"],
        }
        date = format_datetime(datetime.now(UTC), usegmt=True)
        return {
            "EventSourceMappings": [mapping],
            "ResponseMetadata": {"HTTPHeaders": {"date": date}},
        }

    def _value(self, variable: str, written: object) -> str:
        """Resolve a variable as CloudFormation does."""
        if variable == "RUN_MACHINE_ARN":  # by name, for it and the sender name each other
            return self._named["RunMachineArn"]
        if isinstance(written, dict) and (parameter := written.get("Ref")) in self._told:
            return self._told[str(parameter)]
        alike = (name for name, each in TEMPLATE["Outputs"].items() if each["Value"] == written)
        return self._named.get(next(alike, ""), str(written))


def sound(memory: Stack, told: Mapping[str, str], campaign: dict[str, Any]) -> Stack:
    """Return a stack as it is after a deployment with ``told``, and ``campaign`` for its own."""
    named = {
        **outputs(),
        **dict.fromkeys(("SkillPolicyArn", "SenderRoleName", "SenderRoleArn", "ApiUrl"), "x"),
        "CredentialsSecretId": "credentials",
        "RunMachineArn": _machine(),
        "NotificationsDeadLetterQueueUrl": memory.sqs.create_queue(QueueName="up")["QueueUrl"],
    }
    if told["WithSkillFunction"] == "true":
        named |= {
            "SkillFunctionArn": f"{OURS}-skill:live",
            "SkillFunctionName": "yellow-ring-skill",
        }
    stack = Stack("yellow-ring in us-east-1", named, memory.session)
    functions = Functions(told, named)
    own = {"functions": functions, "cloudformation": _Cloud(told, tuple(_watched(stack)))}
    stack.__dict__.update(own, functions_in=lambda _: functions)
    _keep(stack)
    stack.scheduler.create_schedule(
        Name="yellow-ring-campaign",
        GroupName="yellow-ring",
        State="ENABLED" if told["ScheduleState"] == "ENABLED" else "DISABLED",
        ScheduleExpression=told["ScheduleExpression"],
        ScheduleExpressionTimezone=told["ScheduleTimeZone"],
        FlexibleTimeWindow={"Mode": "OFF"},
        Target={
            "Arn": named["SenderFunctionArn"],
            "RoleArn": named["ScheduleRoleArn"],
            "Input": json.dumps({"campaign": campaign, "scheduledTime": PLACEHOLDER}),
        },
    )
    return stack


def skill(endpoint: str, stages: tuple[str, ...]) -> Smapi:
    """Return SMAPI of a skill that is at these stages, made of our own package."""
    package = PROJECT / "skill-package"
    document = json.loads((package / "skill.json").read_text(encoding="utf-8"))
    filled = _filled(document, endpoint)
    published = filled["manifest"]["publishingInformation"]
    published["locales"] = {"en-US": published["locales"]["en-US"]}  # the template's campaign's
    model = json.loads((package / "interactionModels/custom/en-US.json").read_text("utf-8"))
    held = {"clientId": CLIENT_ID, "clientSecret": CLIENT_SECRET}
    return Smapi(
        OneSkill(
            {
                **{f"get-skill-manifest {stage}": filled for stage in stages},
                "get-interaction-model": model,
                "get-skill-status": built("SUCCEEDED", en_US="SUCCEEDED"),
                "get-skill-credentials": {"skillMessagingCredentials": held},
                "get-skill-enablement-status": {},
            }
        )
    )


def _filled(value: Any, endpoint: str) -> Any:
    """Fill every placeholder of a manifest."""
    match value:
        case dict():
            return {name: _filled(each, endpoint) for name, each in value.items()}
        case list():
            return [_filled(each, endpoint) for each in value]
        case str() if "${" in value:
            return endpoint
    return value


class _Cloud:
    """CloudFormation, with one stack."""

    def __init__(self, told: Mapping[str, str], made: tuple[dict[str, str], ...]) -> None:
        self._told, self._made = told, made

    def describe_stacks(self, **_: str) -> dict[str, Any]:
        told = [{"ParameterKey": key, "ParameterValue": each} for key, each in self._told.items()]
        return {"Stacks": [{"StackStatus": "UPDATE_COMPLETE", "Parameters": told}]}

    def get_paginator(self, _: str) -> Any:
        page = {"StackResourceSummaries": list(self._made)}
        return SimpleNamespace(paginate=lambda **_: [page])


def _machine() -> str:
    """Make a workflow that works with the sender."""
    sender = {"FunctionName": f"{OURS}-sender"}
    resource = "arn:aws:states:::lambda:invoke"
    work = {"Type": "Task", "Resource": resource, "Parameters": sender, "End": True}
    machine = boto3.client("stepfunctions").create_state_machine(
        name="sound",
        definition=json.dumps({"StartAt": "Work", "States": {"Work": work}}),
        roleArn="arn:aws:iam::123456789012:role/run",
    )
    return machine["stateMachineArn"]


def _watched(stack: Stack) -> Iterator[dict[str, str]]:
    """Make the alarms and the rule, and yield them as CloudFormation lists them."""
    for name, each in RESOURCES.items():
        if each["Type"] == "AWS::CloudWatch::Alarm" and "Condition" not in each:
            stack.alarms.put_metric_alarm(
                AlarmName=f"yellow-ring-{name}",
                Namespace="YellowRing",
                MetricName=name,
                Statistic="Sum",
                Period=300,
                EvaluationPeriods=1,
                Threshold=0,
                ComparisonOperator="GreaterThanThreshold",
            )
            yield _listed(name, "AWS::CloudWatch::Alarm", f"yellow-ring-{name}")
    stack.events.create_event_bus(Name="yellow-ring")
    on: Any = {"EventBusName": "yellow-ring"}
    stack.events.put_rule(Name="requested", EventPattern='{"source": ["x"]}', **on)
    queue = {"Id": "queue", "Arn": "arn:aws:sqs:us-east-1:123456789012:notifications"}
    stack.events.put_targets(Rule="requested", Targets=[queue], **on)  # type: ignore[list-item]
    yield _listed("NotificationRequested", "AWS::Events::Rule", "yellow-ring|requested")


def _listed(name: str, kind: str, physical_id: str) -> dict[str, str]:
    return {"LogicalResourceId": name, "ResourceType": kind, "PhysicalResourceId": physical_id}


def _keep(stack: Stack) -> None:
    """Switch on what the template does for tables and queues."""
    for name in ("subscribers", "runs"):
        stack.dynamodb.update_time_to_live(
            TableName=name,
            TimeToLiveSpecification={"Enabled": True, "AttributeName": "expiresAt"},
        )
        stack.dynamodb.update_continuous_backups(
            TableName=name,
            PointInTimeRecoverySpecification={"PointInTimeRecoveryEnabled": True},
        )
    redrive = {"deadLetterTargetArn": "arn:aws:sqs:us-east-1:123456789012:up", "maxReceiveCount": 5}
    stack.sqs.set_queue_attributes(
        QueueUrl=stack.outputs["NotificationsQueueUrl"],
        Attributes={"VisibilityTimeout": "90", "RedrivePolicy": json.dumps(redrive)},
    )
