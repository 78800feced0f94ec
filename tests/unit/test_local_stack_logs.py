from __future__ import annotations

import time
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from moto import mock_aws
from yellowring_tools.local_stack.stack import LAST_LINES, LocalStack

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mypy_boto3_logs.client import CloudWatchLogsClient

FUNCTION = "their-skill-HelloFunction"
PENDING = {"pending": 2, "delivered": 0, "failed": 0, "attempts": 9}


@pytest.fixture
def logs() -> Iterator[CloudWatchLogsClient]:
    with mock_aws():
        yield boto3.client("logs", "us-east-1")


def running(logs: CloudWatchLogsClient) -> LocalStack:
    """A stack of which only the logs are there, and an Alexa whose events are never taken."""
    parts: Any = SimpleNamespace(
        logs=logs, events=lambda: PENDING, SkillFunctionName=FUNCTION, skill=None
    )
    return LocalStack(parts, parts, parts, parts, parts, ())


def write(logs: CloudWatchLogsClient, many: int) -> None:
    group = f"/aws/lambda/{FUNCTION}"
    logs.create_log_group(logGroupName=group)
    logs.create_log_stream(logGroupName=group, logStreamName="1")
    now = int(time.time() * 1000)  # older ones are refused
    events: Any = [{"timestamp": now + n, "message": f"line {n:03}\n"} for n in range(many)]
    logs.put_log_events(logGroupName=group, logStreamName="1", logEvents=events)


def test_events_that_nobody_takes_are_told_with_what_the_skill_function_logged(
    logs: CloudWatchLogsClient,
) -> None:
    write(logs, 3)
    with pytest.raises(TimeoutError) as failed:
        running(logs).wait_for_events(0)
    assert "skill events still pending after 0 s: {'pending': 2," in str(failed.value)
    assert str(failed.value).endswith(
        f"\n{FUNCTION} logged last:\n  | line 000\n  | line 001\n  | line 002"
    )


def test_the_last_lines_are_the_newest(logs: CloudWatchLogsClient) -> None:
    write(logs, LAST_LINES + 5)
    told = running(logs).last_lines(FUNCTION).splitlines()
    assert told[1:] == [f"  | line {n:03}" for n in range(5, LAST_LINES + 5)]


def test_a_function_without_a_log_has_logged_nothing(logs: CloudWatchLogsClient) -> None:
    assert running(logs).last_lines(FUNCTION) == f"{FUNCTION} logged last:\n  | (nothing)"
