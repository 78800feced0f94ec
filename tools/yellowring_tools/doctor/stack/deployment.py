"""A deployed stack as the checks read it: each part once, and nothing is changed."""

from __future__ import annotations

from functools import cache, cached_property
from typing import TYPE_CHECKING, Any, NamedTuple

from botocore.exceptions import ClientError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from yellowring_tools.cli.aws.stacks import Stack

_MISSING = ("ResourceNotFound", "NotFoundException", "NonExistentQueue", "DoesNotExist")


class Resource(NamedTuple):
    """What CloudFormation says of one of the stack's resources."""

    name: str
    kind: str
    physical_id: str


class Deployment:
    """What AWS says of a stack and of what is in it.

    Every read raises ``botocore.exceptions.ClientError`` or ``BotoCoreError`` where AWS refuses it.
    """

    def __init__(self, stack: Stack) -> None:
        self.stack = stack
        self.outputs = stack.outputs
        self.configuration = cache(self._configuration)

    @property
    def name(self) -> str:
        """The stack's name: the group of its schedules has the same."""
        return self.outputs["ScheduleGroupName"]

    @property
    def region(self) -> str:
        """The stack's AWS region."""
        return self.outputs["SenderFunctionArn"].split(":")[3]

    @property
    def skill_function(self) -> str | None:
        """The skill function's name; ``None`` where the skill has a function of its own."""
        return self.outputs.get("SkillFunctionName") or None

    @property
    def functions(self) -> dict[str, str]:
        """The functions' names by what the template calls them."""
        named = {
            "sender": self.outputs["SenderFunctionName"],
            "notifier": f"{self.name}-notifier",
            "api": f"{self.name}-api",
        }
        return {"skill": self.skill_function, **named} if self.skill_function else named

    @cached_property
    def description(self) -> Mapping[str, Any]:
        """What CloudFormation says of the stack as a whole."""
        [found] = self.stack.cloudformation.describe_stacks(StackName=self.name)["Stacks"]
        return found

    @cached_property
    def parameters(self) -> dict[str, str]:
        """The values that the stack was deployed with, by the parameters' names."""
        told = self.description.get("Parameters", [])
        return {each["ParameterKey"]: each["ParameterValue"] for each in told}

    @cached_property
    def resources(self) -> tuple[Resource, ...]:
        """The stack's resources."""
        pages = self.stack.cloudformation.get_paginator("list_stack_resources").paginate(
            StackName=self.name
        )
        return tuple(
            Resource(
                each["LogicalResourceId"], each["ResourceType"], each.get("PhysicalResourceId", "")
            )
            for page in pages
            for each in page["StackResourceSummaries"]
        )

    @cached_property
    def variables(self) -> Mapping[str, str]:
        """What the sender is told by its environment; empty where there is no sender."""
        return variables_of(self.configuration(self.functions["sender"]))

    def _configuration(self, function: str) -> Mapping[str, Any] | None:
        """Read a function's configuration; of the skill's the version that Alexa calls."""
        functions = self.stack.functions
        called = self.outputs.get("SkillFunctionArn") if function == self.skill_function else None
        return found(lambda: functions.get_function_configuration(FunctionName=called or function))


def variables_of(configuration: Mapping[str, Any] | None) -> Mapping[str, str]:
    """Return what a function is told by its environment."""
    told: Mapping[str, str] = (configuration or {}).get("Environment", {}).get("Variables", {})
    return told


def found[T](read: Callable[[], T]) -> T | None:
    """Return what a call reads, and ``None`` where AWS says that it is not there."""
    try:
        return read()
    except ClientError as error:
        code = error.response["Error"].get("Code", "")
        if any(word in code for word in _MISSING):
            return None
        raise
