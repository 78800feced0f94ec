"""The whole stack, brought up once for all tests of the deployed functions."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest
from rich.console import Console
from yellowring_tools.local_stack.demo import planned_firing, tell
from yellowring_tools.local_stack.progress import Progress
from yellowring_tools.local_stack.stack import local_stack

from tests.e2e.support import (
    API,
    NOTIFIER,
    USER_ID,
    eventually,
    executions,
    history,
    messages,
    queues,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from yellowring_tools.local_stack.report import Report
    from yellowring_tools.local_stack.stack import LocalStack, Schedule


@pytest.fixture(scope="session")
def firing() -> Schedule:
    """What the stack's schedule was deployed with."""
    return planned_firing(datetime.now(UTC))


@pytest.fixture(scope="session")
def told(firing: Schedule) -> Iterator[tuple[LocalStack, Report]]:
    """A stack on which the story of the demonstration was told, before any test made customers.

    After the last test nothing of any of them is in its queues, and nobody's id in its logs and
    histories.
    """
    with local_stack("e2e", firing, Progress(Console(quiet=True))) as running:
        report = tell(running, firing, Progress(Console(quiet=True)))
        running.alexa.set_faults({})
        yield running, report
        for url in queues(running):
            eventually(lambda url=url: messages(running, url) == 0, f"something is left on {url}")  # type: ignore[misc]
        _check_logs(running)
        _check_histories(running)


@pytest.fixture(scope="session")
def stack(told: tuple[LocalStack, Report]) -> LocalStack:
    """The deployed stack, which all tests share."""
    return told[0]


@pytest.fixture(scope="session")
def story(told: tuple[LocalStack, Report]) -> Report:
    """The story of the demonstration, as it went."""
    return told[1]


def _check_logs(stack: LocalStack) -> None:
    skill, sender = stack.outputs.SkillFunctionName, stack.outputs.SenderFunctionName
    for function in (skill, sender, NOTIFIER, API):
        told = [line for line in stack.log_lines(function) if USER_ID in line]
        assert told == [], f"{function} logs user ids"
        assert stack.skill.client_secret not in "".join(stack.log_lines(function))


def _check_histories(stack: LocalStack) -> None:
    """Find nobody in what Step Functions keeps for 90 days."""
    for execution in executions(stack):
        kept = json.dumps(
            [
                stack.aws.states.describe_execution(executionArn=execution),
                history(stack, execution),
            ],
            default=str,
        )
        assert USER_ID not in kept, execution


@pytest.fixture(scope="session")
def announcements(stack: LocalStack) -> str:
    """Subscribe a queue to the stack's event bus, as another system would; return its URL."""
    url = stack.aws.sqs.create_queue(QueueName="announcements")["QueueUrl"]
    attributes = stack.aws.sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])
    bus = stack.outputs.EventBusName
    stack.aws.events.put_rule(
        Name="announcements",
        EventBusName=bus,
        EventPattern=json.dumps({"source": ["yellowring"]}),
    )
    stack.aws.events.put_targets(
        Rule="announcements",
        EventBusName=bus,
        Targets=[{"Id": "queue", "Arn": attributes["Attributes"]["QueueArn"]}],
    )
    return url
