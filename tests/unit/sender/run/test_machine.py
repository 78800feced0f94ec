"""The executions of a run's workflow: named so that AWS takes the name, and no other run has it."""

from __future__ import annotations

import itertools
import json
import re
from typing import Any, cast

import pytest
from botocore.exceptions import ClientError
from hypothesis import given
from hypothesis import strategies as st
from yellowring.sender.run.machine import LONGEST_NAME, SETTLE_SECONDS, Machine, execution_name
from yellowring.sender.run.request import RUN_ID_PATTERN

from tests.unit.sender.run.kit import run

ARN = "arn:aws:states:us-east-1:123456789012:stateMachine:yellow-ring-run"
FORBIDDEN = re.compile(r"[\s<>{}\[\]?*\"#%\\^|~`$&,;:/\x00-\x1f\x7f-\x9f]")
"""What Step Functions takes in no name."""


class Client:
    """Step Functions as far as a start goes; it answers with an error where it is told to."""

    def __init__(self, code: str | None = None) -> None:
        self.code = code
        self.started: list[dict[str, str]] = []

    def start_execution(self, **request: str) -> dict[str, str]:
        self.started.append(request)
        if self.code:
            raise ClientError({"Error": {"Code": self.code}}, "StartExecution")
        return {"executionArn": f"answered:{request['name']}"}


def started(client: Client, **changes: Any) -> str:
    return Machine(cast("Any", client), ARN).start(run(**changes))


def test_the_execution_is_told_the_run_and_the_attempt_and_nobody() -> None:
    client = Client()
    assert started(client, run_id="snow~1", attempt=3, segments=4) == "answered:snow-1_3"
    (request,) = client.started
    assert request["stateMachineArn"] == ARN
    assert json.loads(request["input"]) == {
        "runId": "snow~1",
        "attempt": 3,
        "lastSegment": 3,
        "settleSeconds": 0,
    }


def test_a_further_execution_lets_the_workers_of_the_one_before_end_first() -> None:
    client = Client()
    started(client, executions=1)
    (request,) = client.started
    assert json.loads(request["input"])["settleSeconds"] == SETTLE_SECONDS > 10


def test_an_execution_that_exists_is_the_one_that_was_started() -> None:
    arn = started(Client("ExecutionAlreadyExists"))
    assert arn == "arn:aws:states:us-east-1:123456789012:execution:yellow-ring-run:snow_1"


def test_any_other_error_is_raised() -> None:
    with pytest.raises(ClientError):
        started(Client("ThrottlingException"))


def test_a_further_execution_of_an_attempt_has_a_name_of_its_own() -> None:
    assert execution_name(run()) == "snow_1"
    assert execution_name(run(executions=1)) == "snow_1_1"


@given(
    run_id=st.from_regex(RUN_ID_PATTERN, fullmatch=True),
    attempt=st.integers(1, 99_999),
    executions=st.integers(0, 99),
)
def test_every_name_is_one_that_aws_takes(run_id: str, attempt: int, executions: int) -> None:
    name = execution_name(run(run_id=run_id, attempt=attempt, executions=executions))
    assert len(name) <= LONGEST_NAME == 80
    assert FORBIDDEN.search(name) is None


def test_no_two_runs_attempts_or_executions_meet_in_one_name() -> None:
    ids = ["a", "a~1", "a~1~1", "a~1~2", "a~2", "a1"]
    every = itertools.product(ids, (1, 2, 11), (0, 1, 2))
    names = [execution_name(run(run_id=i, attempt=a, executions=e)) for i, a, e in every]
    assert len(set(names)) == len(names)
