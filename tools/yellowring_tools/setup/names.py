"""How long a stack's name may be: what is named after it has bounds of its own.

Facts: the API references of Lambda (function), EventBridge Scheduler (schedule, group), Step
Functions (state machine), Secrets Manager (secret), CloudWatch (alarm, dashboard), CloudWatch Logs
(log group), EventBridge (bus, rule), SQS (queue), IAM (role, managed policy), API Gateway v2 (API),
SNS (topic), DynamoDB (table) and CloudFormation (stack).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from yellowring_tools.setup.problems import SetupStopped

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

STACK = "${AWS::StackName}"
LONGEST_STACK = 128
_STACK_NAME = re.compile(r"[A-Za-z][A-Za-z0-9-]*", re.ASCII)
_OTHER = re.compile(r"\$\{(?!AWS::StackName\})([^}]*)\}")

LONGEST: Mapping[tuple[str, str], int] = {
    ("AWS::ApiGatewayV2::Api", "Name"): 128,
    ("AWS::CloudWatch::Alarm", "AlarmName"): 255,
    ("AWS::CloudWatch::CompositeAlarm", "AlarmName"): 255,
    ("AWS::CloudWatch::Dashboard", "DashboardName"): 255,
    ("AWS::DynamoDB::Table", "TableName"): 255,
    ("AWS::Events::EventBus", "Name"): 256,
    ("AWS::Events::Rule", "Name"): 64,
    ("AWS::IAM::ManagedPolicy", "ManagedPolicyName"): 128,
    ("AWS::IAM::Role", "RoleName"): 64,
    ("AWS::Lambda::Function", "FunctionName"): 64,
    ("AWS::Logs::LogGroup", "LogGroupName"): 512,
    ("AWS::SNS::Topic", "TopicName"): 256,
    ("AWS::SQS::Queue", "QueueName"): 80,
    ("AWS::Scheduler::Schedule", "Name"): 64,
    ("AWS::Scheduler::ScheduleGroup", "Name"): 64,
    ("AWS::SecretsManager::Secret", "Name"): 512,
    ("AWS::Serverless::Function", "FunctionName"): 64,
    ("AWS::Serverless::StateMachine", "Name"): 80,
    ("AWS::StepFunctions::StateMachine", "StateMachineName"): 80,
}
"""The most characters that a resource's name may have, by its type and property."""

EVENTS: Mapping[tuple[str, str], int] = {("ScheduleV2", "Name"): 64, ("Schedule", "Name"): 64}
"""The same of what SAM makes of a function's event."""


@dataclass(frozen=True, slots=True)
class Bound:
    """How long a stack's name may be, and what sets that.

    Attributes
    ----------
    characters
        The most that the name may have.
    name
        What is named after the stack, as the template writes it.
    kind
        The type of that resource.
    longest
        The most characters that such a name may have.
    """

    characters: int
    name: str
    kind: str
    longest: int


def bound(template: Mapping[str, Any]) -> Bound:
    """Return the tightest bound that a template sets to the name of its stack.

    Parameters
    ----------
    template
        The template, with intrinsic functions spelled as in JSON.
    """
    found = [Bound(LONGEST_STACK, STACK, "AWS::CloudFormation::Stack", LONGEST_STACK)]
    for name, kind, longest in _named(template):
        # Of a reference to something else nobody knows how long it will be: it counts as nothing.
        rest = len(_OTHER.sub("", name)) - len(STACK) * name.count(STACK)
        found.append(Bound((longest - rest) // name.count(STACK), name, kind, longest))
    return min(found, key=lambda each: each.characters)


def check_stack_name(stack: str, template: Mapping[str, Any]) -> None:
    """Check that a stack may have a name.

    Raises
    ------
    SetupStopped
        Says which name would get too long, and how long the stack's may be.
    """
    if not _STACK_NAME.fullmatch(stack):
        raise SetupStopped(
            f"the stack's name is {stack!r}; right are letters, digits and '-', a letter first"
        )
    limit = bound(template)
    if len(stack) > limit.characters:
        longest = limit.name.replace(STACK, stack)
        raise SetupStopped(
            f"the stack's name {stack!r} has {len(stack)} characters; it may have "
            f"{limit.characters}, for {longest!r} ({limit.kind}) may have {limit.longest}"
        )


def _named(template: Mapping[str, Any]) -> Iterator[tuple[str, str, int]]:
    """Yield each name that holds the stack's, its resource's type, and its own bound."""
    for resource in template.get("Resources", {}).values():
        kind, properties = resource.get("Type", ""), resource.get("Properties") or {}
        for (of, name), longest in LONGEST.items():
            if of == kind and (text := _substituted(properties.get(name))):
                yield text, kind, longest
        for event in (properties.get("Events") or {}).values():
            of = event.get("Type", "")
            for (each, name), longest in EVENTS.items():
                value = (event.get("Properties") or {}).get(name)
                if each == of and (text := _substituted(value)):
                    yield text, f"{kind} event {of}", longest


def _substituted(value: object) -> str:
    """Return the text of a ``Fn::Sub`` that holds the stack's name; empty for anything else."""
    if isinstance(value, dict):
        if value == {"Ref": "AWS::StackName"}:
            return STACK
        value = value.get("Fn::Sub")
        value = value[0] if isinstance(value, list) else value
        if isinstance(value, str) and STACK in value:
            return value
    return ""
