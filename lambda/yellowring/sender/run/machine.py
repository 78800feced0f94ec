"""The workflow of a run: one execution of the stack's state machine for each attempt."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Literal

from botocore.exceptions import ClientError

if TYPE_CHECKING:
    from mypy_boto3_stepfunctions.client import SFNClient

    from yellowring.sender.run.run import Run

type ExecutionState = Literal["running", "ended", "missing"]

LONGEST_NAME = 80
"""Characters of an execution's name; of our run ids only ``~`` is not allowed in one."""
SETTLE_SECONDS = 20
"""For how long the workers of an execution that ended before its time may still be at work: they
look at the run's status each second, and what is under way then has ten seconds to be answered."""


class Machine:
    """The only place that knows Step Functions."""

    def __init__(self, client: SFNClient, arn: str) -> None:
        self._client = client
        self._arn = arn

    def arn(self, run: Run) -> str:
        """Return the ARN that the next execution of a run's attempt will have."""
        return f"{self._arn.replace(':stateMachine:', ':execution:')}:{execution_name(run)}"

    def start(self, run: Run) -> None:
        """Start the execution whose ARN a run has noted.

        Starting it again is safe: a name is taken for 90 days, whatever becomes of the execution.
        """
        document = {
            "runId": run.run_id,
            "attempt": run.attempt,
            "segments": list(range(run.segments)),
            "settleSeconds": SETTLE_SECONDS if run.executions > 1 else 0,
        }
        try:
            self._client.start_execution(
                stateMachineArn=self._arn,
                name=str(run.execution_arn).rpartition(":")[2],
                input=json.dumps(document),
            )
        except ClientError as error:
            if error.response["Error"]["Code"] != "ExecutionAlreadyExists":
                raise

    def state(self, execution_arn: str) -> ExecutionState:
        """Return whether an execution is running, has ended, or was never started."""
        try:
            answer = self._client.describe_execution(executionArn=execution_arn)
        except ClientError as error:
            if error.response["Error"]["Code"] != "ExecutionDoesNotExist":
                raise
            return "missing"
        return "running" if answer["status"] in ("RUNNING", "PENDING_REDRIVE") else "ended"


def execution_name(run: Run) -> str:
    """Return the name of the next execution of a run's attempt.

    Examples
    --------
    A run id has no ``-`` and no ``_``, so no two runs meet in one name: ``snow~1`` in its second
    attempt is ``snow-1_2``, and ``snow-1_2_1`` where that execution ended before its time.
    """
    again = f"_{run.executions}" if run.executions else ""
    return f"{run.run_id.replace('~', '-')}_{run.attempt}{again}"
