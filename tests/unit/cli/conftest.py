"""A stack in memory for the commands that work on one."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import boto3
import pytest
from yellowring.sender.run.store import Runs
from yellowring.subscribers import Subscribers
from yellowring_tools.cli.aws import stacks
from yellowring_tools.cli.aws.stacks import Stack

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.client import DynamoDBClient

SENDER = "arn:aws:lambda:us-east-1:123456789012:function:yellow-ring-sender"


def outputs() -> dict[str, str]:
    """What the stack's template would say of the resources in memory."""
    return {
        "SkillId": "amzn1.ask.skill.theirs",
        "SenderFunctionArn": SENDER,
        "SenderFunctionName": "yellow-ring-sender",
        "SubscribersTableName": "subscribers",
        "RunsTableName": "runs",
        "RunMachineArn": os.environ["RUN_MACHINE_ARN"],
        "EventBusName": "yellow-ring",
        "NotificationsQueueUrl": os.environ["NOTIFICATIONS_QUEUE_URL"],
        "DeadLetterQueueUrl": os.environ["DEAD_LETTER_QUEUE_URL"],
        "ScheduleGroupName": "yellow-ring",
        "ScheduleName": "yellow-ring-campaign",
        "ScheduleRoleArn": "arn:aws:iam::123456789012:role/schedules",
    }


@pytest.fixture
def stack(aws: DynamoDBClient, monkeypatch: pytest.MonkeyPatch) -> Stack:
    """The stack that every command finds."""
    made = Stack("yellow-ring in us-east-1", outputs(), boto3.session.Session())
    made.scheduler.create_schedule_group(Name="yellow-ring")
    monkeypatch.setattr(stacks, "deployed", lambda _: made)
    monkeypatch.setattr(stacks, "running_note", lambda: None)
    return made


@pytest.fixture
def runs(stack: Stack) -> Runs:
    return Runs(stack.dynamodb, "runs")


@pytest.fixture
def subscribers(stack: Stack) -> Subscribers:
    return Subscribers(stack.dynamodb, "subscribers")
