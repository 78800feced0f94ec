"""The whole of Yellow Ring on this machine: emulator, simulated Alexa, deployed template."""

from __future__ import annotations

import json
import os
import secrets
import time
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from yellowring_tools.local_stack.alexa import (
    Alexa,
    AnotherAlexa,
    Skill,
    accounts,
    another_alexa,
    start_simulator,
)
from yellowring_tools.local_stack.beside.deployment import stand_in
from yellowring_tools.local_stack.beside.records import check_taken
from yellowring_tools.local_stack.beside.skill import STACK_PARAMETER
from yellowring_tools.local_stack.deployment import Build, Outputs, deploy, host_architecture
from yellowring_tools.local_stack.emulator import Aws, start_emulator, wait_for_emulator
from yellowring_tools.local_stack.environments import credentials, new_keys
from yellowring_tools.local_stack.processes import free_port, quiet_port
from yellowring_tools.local_stack.workspace import PROJECT, workspace

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from yellowring_tools.local_stack.beside.skill import TheirSkill
    from yellowring_tools.local_stack.processes import Child
    from yellowring_tools.local_stack.progress import Progress
    from yellowring_tools.local_stack.workspace import Workspace

STACK_NAME = "yellow-ring"
SKILL_FUNCTION = f"{STACK_NAME}-skill"
SKILL_ID = "amzn1.ask.skill.00000000-0000-4000-8000-000000000000"
ALARM_TOPIC = f"{STACK_NAME}-alarms"
SIMULATOR_SECONDS = 60.0
LAST_LINES = 20


@dataclass(frozen=True, slots=True)
class Schedule:
    """What the stack's schedule sends, and when.

    Attributes
    ----------
    expression
        As EventBridge Scheduler writes it, in UTC.
    campaign
        The campaign's document.
    scheduled_time
        ISO 8601 time of every firing. The emulator leaves EventBridge's own placeholder as it is,
        which the sender takes for the current minute.
    enabled
        Whether it fires from the start.
    """

    expression: str
    campaign: Mapping[str, object]
    scheduled_time: str = "<aws.scheduler.scheduled-time>"
    enabled: bool = False

    def parameters(self) -> dict[str, str]:
        """Return the template's parameters for this schedule."""
        return {
            "ScheduleExpression": self.expression,
            "ScheduleTimeZone": "UTC",
            "ScheduleState": "ENABLED" if self.enabled else "DISABLED",
            "Campaign": json.dumps(self.campaign),
            "ScheduledTime": self.scheduled_time,
        }


@dataclass(frozen=True, slots=True)
class LocalStack:
    """A running stack, and what reaches it."""

    skill: Skill
    outputs: Outputs
    aws: Aws
    alexa: Alexa
    workspace: Workspace
    children: tuple[Child, ...]
    elsewhere: AnotherAlexa | None = None
    theirs: TheirSkill | None = None

    def check(self) -> None:
        """Raise ProcessFailed when a part of the stack has ended."""
        for child in self.children:
            child.check()

    def record(self, user_id: str) -> dict[str, Any] | None:
        """Return the item of a customer in the subscribers table, as DynamoDB spells it."""
        answer = self.aws.dynamodb.get_item(
            TableName=self.outputs.SubscribersTableName,
            Key={"userId": {"S": user_id}},
            ConsistentRead=True,
        )
        return answer.get("Item")

    def run(self, run_id: str) -> dict[str, Any] | None:
        """Return the item of a run in the runs table, as DynamoDB spells it."""
        answer = self.aws.dynamodb.get_item(
            TableName=self.outputs.RunsTableName,
            Key={"runId": {"S": run_id}, "part": {"S": "run"}},
            ConsistentRead=True,
        )
        return answer.get("Item")

    def send(self, document: Mapping[str, object]) -> dict[str, Any]:
        """Invoke the sender and return its answer; raises FunctionFailed when it raised."""
        return self.aws.invoke(self.outputs.SenderFunctionName, document)

    def log_lines(self, function: str) -> list[str]:
        """Return what ``function`` logged so far, oldest first."""
        pages = self.aws.logs.get_paginator("filter_log_events").paginate(
            logGroupName=f"/aws/lambda/{function}"
        )
        events = [event for page in pages for event in page["events"]]
        return [event.get("message", "") for event in sorted(events, key=_log_time)]

    def last_lines(self, function: str) -> str:
        """Return what ``function`` logged last, for whoever wants to know what went wrong."""
        try:
            lines = self.log_lines(function)[-LAST_LINES:]
        except self.aws.logs.exceptions.ResourceNotFoundException:  # of theirs, or never called
            lines = []
        told = "\n".join(f"  | {line.rstrip()}" for line in lines) or "  | (nothing)"
        return f"{function} logged last:\n{told}"

    def wait_for_events(self, timeout: float) -> dict[str, int]:
        """Wait until no skill event is pending; returns the simulator's summary.

        Raises
        ------
        KeepsNoRecords
            When their function takes none.
        TimeoutError
            When some still are after ``timeout`` seconds; shows what the skill function logged.
        """
        deadline = time.monotonic() + timeout
        while (summary := self.alexa.events())["pending"]:
            if self.theirs:
                check_taken(self, summary)
            if time.monotonic() > deadline:
                raise TimeoutError(
                    f"skill events still pending after {timeout:.0f} s: {summary}.\n"
                    f"{self.last_lines(self.outputs.SkillFunctionName)}"
                )
            self.check()
            time.sleep(0.1)
        return summary


def _log_time(event: Mapping[str, Any]) -> tuple[int, int]:
    return event.get("timestamp", 0), event.get("ingestionTime", 0)


@contextmanager
def local_stack(
    label: str, schedule: Schedule, progress: Progress, theirs: TheirSkill | None = None
) -> Iterator[LocalStack]:
    """Bring the whole stack up, and take it down again.

    Parameters
    ----------
    label
        Begins the name of the directory that holds the logs.
    schedule
        What the template's schedule is deployed with.
    progress
        Shows the steps.
    theirs
        A skill with a function of its own, which then stands in for ours.

    Raises
    ------
    ProcessFailed
        When a part does not come up; shows the end of its log, or why it cannot be deployed.
    UnusableSkill
        When something is wrong with their skill.
    """
    elsewhere = another_alexa(os.environ)
    skill = Skill(
        skill_id=theirs.skill_id(SKILL_ID) if theirs else SKILL_ID,
        client_id="amzn1.application-oa2-client.local",
        client_secret=secrets.token_hex(16),
    )
    package = theirs.skill_package if theirs else PROJECT / "skill-package"
    with ExitStack() as parts:
        space = parts.enter_context(workspace(label))
        endpoint, keys = f"http://127.0.0.1:{free_port()}", new_keys()
        build = Build(host_architecture())
        simulator: Child | None = None
        with build.reserved():
            if building := build.start(space.logs):
                parts.enter_context(building)
            emulator = parts.enter_context(start_emulator(endpoint, keys, space))
            if theirs is None:
                simulator = parts.enter_context(
                    start_simulator(
                        skill, SKILL_FUNCTION, endpoint, keys, space, skill_package=package
                    )
                )
            with progress.step("Start the embedded AWS and the simulated Alexa"):
                wait_for_emulator(emulator, endpoint)
                # Their function gets its name when it is deployed: till then there is no more of
                # the Alexa that will call it than its address.
                alexa = Alexa(_url(simulator) if simulator else f"http://127.0.0.1:{quiet_port()}")
                aws = Aws(endpoint, keys)
            with progress.step(f"Build the functions for {build.architecture}"):
                build.finish(building)
            with progress.step("Deploy template.yaml"):
                own = _parameters(skill, alexa, elsewhere, with_skill_function=theirs is None)
                own["AlarmTopicArn"] = aws.sns.create_topic(Name=ALARM_TOPIC)["TopicArn"]
                outputs = deploy(build, STACK_NAME, own | schedule.parameters(), aws, space)
        _fill_secret(aws, outputs, elsewhere or skill)
        if theirs:
            with progress.step(f"Build and deploy {theirs.template.path.name} beside it"):
                known = {**own, STACK_PARAMETER: STACK_NAME}
                found = stand_in(theirs, theirs.complete(skill.skill_id, known), aws, space)
                outputs = replace(outputs, SkillFunctionArn=found.arn, SkillFunctionName=found.name)
        if simulator is None:
            function, port = outputs.SkillFunctionName, urlsplit(alexa.url).port or 0
            simulator = parts.enter_context(
                start_simulator(
                    skill, function, endpoint, keys, space, port=port, skill_package=package
                )
            )
            _url(simulator)
        parts_of_it = (emulator, simulator)
        stack = LocalStack(skill, outputs, aws, alexa, space, parts_of_it, elsewhere, theirs)
        _describe(stack)
        yield stack
        with progress.step("Stop everything"):
            parts.close()


def _parameters(
    skill: Skill, alexa: Alexa, elsewhere: AnotherAlexa | None, *, with_skill_function: bool
) -> dict[str, str]:
    """Return what our template is deployed with here, whatever the schedule sends."""
    return {
        "SkillId": skill.skill_id,
        "WithSkillFunction": str(with_skill_function).lower(),
        "DataDeletionPolicy": "Delete",
        "MaxEventsPerSecond": "200",
        "ExpectedRunHours": "26",
        "MaxWorkers": "2",  # the fewest that Lambda takes, enough for a laptop
        "AlexaBaseUrl": elsewhere.alexa_base_url if elsewhere else f"{alexa.url}/{{region}}",
        "LwaBaseUrl": elsewhere.lwa_base_url if elsewhere else alexa.url,
        **accounts(alexa.url),
    }


def _url(simulator: Child) -> str:
    url: str = simulator.announcement(SIMULATOR_SECONDS)["url"]
    return url


def _fill_secret(aws: Aws, outputs: Outputs, known: Skill | AnotherAlexa) -> None:
    credentials = {"clientId": known.client_id, "clientSecret": known.client_secret}
    aws.secrets.put_secret_value(
        SecretId=outputs.CredentialsSecretId, SecretString=json.dumps(credentials)
    )


def _describe(stack: LocalStack) -> None:
    """Leave a note of where the stack is, for other commands on this machine."""
    note = {
        "endpoint": stack.aws.endpoint,
        "console": stack.alexa.url,
        "credentials": credentials(stack.aws.keys),
        "outputs": asdict(stack.outputs),
    }
    (stack.workspace.path / "stack.json").write_text(json.dumps(note, indent=2))
