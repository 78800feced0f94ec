"""Which stack a command works on: one in an AWS account, or the one that runs on this machine."""

from __future__ import annotations

import functools
import inspect
import json
import os
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Annotated, Any

import typer

from yellowring_tools.cli.aws.aws_errors import explained
from yellowring_tools.cli.terminal.output import complain, failure

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from boto3.session import Session
    from mypy_boto3_cloudformation.client import CloudFormationClient
    from mypy_boto3_dynamodb.client import DynamoDBClient
    from mypy_boto3_events.client import EventBridgeClient
    from mypy_boto3_lambda.client import LambdaClient
    from mypy_boto3_scheduler.client import EventBridgeSchedulerClient
    from mypy_boto3_secretsmanager.client import SecretsManagerClient
    from mypy_boto3_sqs.client import SQSClient
    from mypy_boto3_stepfunctions.client import SFNClient

DEFAULT_NAME = "yellow-ring"
NEEDED = (
    "SkillId",
    "SenderFunctionArn",
    "SenderFunctionName",
    "SubscribersTableName",
    "RunsTableName",
    "RunMachineArn",
    "EventBusName",
    "NotificationsQueueUrl",
    "DeadLetterQueueUrl",
    "ScheduleGroupName",
    "ScheduleName",
    "ScheduleRoleArn",
)
"""Outputs of the template that commands go by."""
LONGEST_ANSWER = 60
"""Seconds to wait for an answer of AWS; starting a run takes the sender a few."""


@dataclass(frozen=True)
class Stack:
    """A deployed stack, and clients that reach it.

    Attributes
    ----------
    where
        How a person would call it: its name and region, or its address on this machine.
    outputs
        What the template says of itself, by the outputs' names.
    """

    where: str
    outputs: Mapping[str, str]
    session: Session = field(repr=False)
    endpoint: str | None = None

    @functools.cached_property
    def cloudformation(self) -> CloudFormationClient:
        """Reach the stack itself."""
        return self.session.client("cloudformation", **_options(self.endpoint))

    @functools.cached_property
    def dynamodb(self) -> DynamoDBClient:
        """Reach the tables."""
        return self.session.client("dynamodb", **_options(self.endpoint))

    @functools.cached_property
    def events(self) -> EventBridgeClient:
        """Reach the bus that is told of a run's end."""
        return self.session.client("events", **_options(self.endpoint))

    @functools.cached_property
    def functions(self) -> LambdaClient:
        """Reach the functions."""
        return self.session.client("lambda", **_options(self.endpoint))

    def functions_in(self, region: str) -> LambdaClient:
        """Reach the functions of another region of the account."""
        return self.session.client("lambda", region_name=region, **_options(self.endpoint))

    @functools.cached_property
    def scheduler(self) -> EventBridgeSchedulerClient:
        """Reach the schedules."""
        return self.session.client("scheduler", **_options(self.endpoint))

    @functools.cached_property
    def secrets(self) -> SecretsManagerClient:
        """Reach the secret with the skill's credentials."""
        return self.session.client("secretsmanager", **_options(self.endpoint))

    @functools.cached_property
    def sqs(self) -> SQSClient:
        """Reach the queues."""
        return self.session.client("sqs", **_options(self.endpoint))

    @functools.cached_property
    def workflows(self) -> SFNClient:
        """Reach the executions of runs."""
        return self.session.client("stepfunctions", **_options(self.endpoint))

    @functools.cached_property
    def alarms(self) -> Any:  # noqa: ANN401 - CloudWatch's client, which has no stubs here
        """Reach the alarms and the metrics."""
        return self.session.client("cloudwatch", **_options(self.endpoint))


@dataclass(frozen=True, slots=True)
class Choice:
    """What the command line says about the stack; all of it empty means that nothing was said."""

    stack_name: str | None = None
    region: str | None = None
    profile: str | None = None
    local: bool = False

    def stack(self, *, gone: Callable[[Choice], Stack | None] = lambda _: None) -> Stack:
        """Connect to the stack that was chosen, or end the command.

        Parameters
        ----------
        gone
            Is asked first what there is of a deployed stack that may be gone.
        """
        said = [option for option, value in self._deployed() if value]
        if self.local and said:
            complain(f"error: --local is a stack of its own; leave out {' and '.join(said)}")
            raise typer.Exit(2)
        note = None if said or os.environ.get("AWS_ENDPOINT_URL") else running_note()
        if self.local and note is None:
            raise failure("no local stack runs here: start one with make run in another terminal")
        if note is None:
            return gone(self) or deployed(self)
        if not self.local:
            complain(f"on the local stack at {note['endpoint']}; --stack NAME takes a deployed one")
        return noted(note)

    def _deployed(self) -> tuple[tuple[str, str | None], ...]:
        return ("--stack", self.stack_name), ("--region", self.region), ("--profile", self.profile)


def on_stack(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command the options that choose a stack, and the stack as its first argument.

    What AWS answers instead of doing what was asked ends the command with one line and status 1.
    """
    return _with_options(command, Choice.stack)


def on_choice(command: Callable[..., None]) -> Callable[..., None]:
    """Do as `on_stack`, but give the choice, for a command that can do without a stack."""
    return _with_options(command, lambda choice: choice)


def _with_options(
    command: Callable[..., None], chosen: Callable[[Choice], object]
) -> Callable[..., None]:
    @functools.wraps(command)
    def on_chosen_stack(**given: Any) -> None:  # noqa: ANN401 - whatever the command takes
        choice = Choice(**{name: given.pop(name) for name in _OPTIONS})
        with explained():
            command(chosen(choice), **given)

    own = list(inspect.signature(command, eval_str=True).parameters.values())[1:]
    options = [
        inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=default, annotation=hint)
        for name, (hint, default) in _OPTIONS.items()
    ]
    every = [*own, *options]
    on_chosen_stack.__signature__ = inspect.Signature(every)  # type: ignore[attr-defined]
    on_chosen_stack.__annotations__ = {each.name: each.annotation for each in every}
    return on_chosen_stack


_OPTIONS: dict[str, tuple[Any, Any]] = {
    "stack_name": (
        Annotated[
            str | None,
            typer.Option(
                "--stack", envvar="YELLOWRING_STACK", help=f"The deployed stack. [{DEFAULT_NAME}]"
            ),
        ],
        None,
    ),
    "region": (Annotated[str | None, typer.Option(help="Its AWS region.")], None),
    "profile": (Annotated[str | None, typer.Option(help="The AWS profile to use.")], None),
    "local": (
        Annotated[bool, typer.Option("--local", help="The stack that make run keeps up here.")],
        False,
    ),
}


def deployed(choice: Choice) -> Stack:
    """Find a stack in an AWS account by what CloudFormation knows of it, or end the command."""
    stack = reached(choice)
    name = choice.stack_name or DEFAULT_NAME
    return replace(stack, outputs=described(stack.cloudformation, name))


def reached(choice: Choice) -> Stack:
    """Connect to where a stack in an AWS account is to be, with nothing known of it."""
    from boto3.session import Session  # noqa: PLC0415 - a third of a second that most save

    session = Session(profile_name=choice.profile, region_name=choice.region)
    stack = Stack("", {}, session)
    region = stack.cloudformation.meta.region_name
    return replace(stack, where=f"{choice.stack_name or DEFAULT_NAME} in {region}")


def is_there(client: CloudFormationClient, name: str) -> bool:
    """Check whether CloudFormation knows a stack of a name that is not deleted."""
    from botocore.exceptions import ClientError  # noqa: PLC0415

    try:
        client.describe_stacks(StackName=name)
    except ClientError as error:
        if "does not exist" not in error.response["Error"].get("Message", ""):
            raise
        return False
    return True


def described(client: CloudFormationClient, name: str) -> dict[str, str]:
    """Read the outputs of a stack, or end the command when they are not all there."""
    from botocore.exceptions import ClientError  # noqa: PLC0415

    region = client.meta.region_name
    try:
        [stack] = client.describe_stacks(StackName=name)["Stacks"]
    except ClientError as error:
        if "does not exist" not in error.response["Error"].get("Message", ""):
            raise
        raise failure(
            f"there is no stack {name} in {region}: deploy it with sam deploy, or name another "
            "with --stack, --region or --profile"
        ) from None
    outputs = {each["OutputKey"]: each["OutputValue"] for each in stack.get("Outputs", [])}
    if missing := [output for output in NEEDED if output not in outputs]:
        raise failure(
            f"the stack {name} in {region} ({stack['StackStatus']}) has no output "
            f"{', '.join(missing)}: it is not one of this project, or of another version; "
            "deploy this one"
        )
    return outputs


def running_note(root: Path | None = None, label: str = "run-") -> dict[str, Any] | None:
    """Give what the newest local stack wrote about itself; ``None`` when none is running."""
    from yellowring_tools.local_stack.workspace import LOCAL, running_stacks  # noqa: PLC0415

    for path in reversed(running_stacks(root or LOCAL)):
        note = path / "stack.json"
        if path.name.startswith(label) and note.exists():
            found: dict[str, Any] = json.loads(note.read_text(encoding="utf-8"))
            return found
    return None


def noted(note: dict[str, Any]) -> Stack:
    """Reach the local stack that wrote a note."""
    from boto3.session import Session  # noqa: PLC0415

    own = note["credentials"]
    session = Session(
        aws_access_key_id=own["accessKeyId"],
        aws_secret_access_key=own["secretAccessKey"],
        region_name=own["region"],
    )
    endpoint = note["endpoint"]
    return Stack(f"the local stack at {endpoint}", note["outputs"], session, endpoint)


def _options(endpoint: str | None) -> dict[str, Any]:
    from botocore.config import Config  # noqa: PLC0415

    config = Config(
        connect_timeout=5,
        read_timeout=LONGEST_ANSWER,
        retries={"mode": "standard", "max_attempts": 3},
        tcp_keepalive=True,
    )
    if endpoint is None:
        return {"config": config}
    return {"config": config.merge(Config(proxies={})), "endpoint_url": endpoint}
