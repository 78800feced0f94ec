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
EXECUTION = "arn:aws:states:us-east-1:123456789012:execution:yellow-ring-run:snow_1"
FORBIDDEN = re.compile(r"[\s<>{}\[\]?*\"#%\\^|~`$&,;:/\x00-\x1f\x7f-\x9f]")
"""What Step Functions takes in no name."""


class Client:
    """Step Functions; it answers with an error where it is told to."""

    def __init__(self, code: str | None = None, status: str = "RUNNING") -> None:
        self.code = code
        self.status = status
        self.started: list[dict[str, str]] = []

    def start_execution(self, **request: str) -> None:
        self.started.append(request)
        self._fail("StartExecution")

    def describe_execution(self, executionArn: str) -> dict[str, str]:  # noqa: N803
        assert executionArn == EXECUTION
        self._fail("DescribeExecution")
        return {"status": self.status}

    def _fail(self, operation: str) -> None:
        if self.code:
            raise ClientError({"Error": {"Code": self.code}}, operation)


def machine(client: Client) -> Machine:
    return Machine(cast("Any", client), ARN)


def start(client: Client, **changes: Any) -> dict[str, str]:
    noted: dict[str, Any] = {"execution_arn": EXECUTION, "executions": 1}
    machine(client).start(run(**noted | changes))
    (request,) = client.started
    return request


# ---- starting ----


def test_the_arn_of_the_next_execution_is_known_before_it_is_started() -> None:
    known = machine(Client())
    assert known.arn(run()) == EXECUTION
    assert known.arn(run(executions=1)) == f"{EXECUTION}_1"


def test_the_execution_that_was_noted_is_the_one_that_is_started() -> None:
    request = start(Client(), execution_arn=f"{EXECUTION}_7", executions=3)
    assert (request["stateMachineArn"], request["name"]) == (ARN, "snow_1_7")


def test_the_execution_is_told_the_run_the_attempt_and_its_segments_and_nobody() -> None:
    request = start(Client(), run_id="snow~1", attempt=3, segments=4)
    assert json.loads(request["input"]) == {
        "runId": "snow~1",
        "attempt": 3,
        "segments": [0, 1, 2, 3],
        "settleSeconds": 0,
    }


def test_a_further_execution_lets_the_workers_of_the_one_before_end_first() -> None:
    request = start(Client(), executions=2)
    assert json.loads(request["input"])["settleSeconds"] == SETTLE_SECONDS > 10


def test_an_execution_that_exists_is_the_one_that_was_to_be_started() -> None:
    assert start(Client("ExecutionAlreadyExists"))


def test_any_other_error_of_a_start_is_raised() -> None:
    with pytest.raises(ClientError):
        start(Client("ThrottlingException"))


# ---- looking ----


@pytest.mark.parametrize(
    ("status", "state"),
    [
        ("RUNNING", "running"),
        ("PENDING_REDRIVE", "running"),
        ("SUCCEEDED", "ended"),
        ("FAILED", "ended"),
        ("TIMED_OUT", "ended"),
        ("ABORTED", "ended"),
    ],
)
def test_an_execution_is_running_or_has_ended(status: str, state: str) -> None:
    assert machine(Client(status=status)).state(EXECUTION) == state


def test_an_execution_that_was_never_started_is_missing() -> None:
    assert machine(Client("ExecutionDoesNotExist")).state(EXECUTION) == "missing"


def test_any_other_error_of_a_look_is_raised_and_is_no_missing_execution() -> None:
    with pytest.raises(ClientError):
        machine(Client("ThrottlingException")).state(EXECUTION)


# ---- names ----


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
