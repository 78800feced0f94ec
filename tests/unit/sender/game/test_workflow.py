"""What the workflow's definition and the lifecycle promise to each other, death by death."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from random import Random
from typing import TYPE_CHECKING, Any, cast

from botocore.exceptions import ClientError
from yellowring.sender.run.announcing import Announcer
from yellowring.sender.run.lifecycle import Lifecycle
from yellowring.sender.run.machine import Machine
from yellowring.sender.run.run import Segment, Waiting

from tests.unit.sender.game import states
from tests.unit.sender.game.memory import MemoryRuns
from tests.unit.sender.game.plan import Plan
from tests.unit.sender.game.play import DEFINITION, RUN_ID, Game
from tests.unit.sender.game.virtual_time import VirtualLoop, run
from tests.unit.sender.game.workers import BEGINNING

if TYPE_CHECKING:
    from yellowring.sender.run.run import Run

_ARN = "arn:aws:states:us-east-1:000000000000:stateMachine:yellow-ring-run"
DAY = 86_400


class _Client:
    """Step Functions, where every execution can be started, and runs."""

    def __init__(self) -> None:
        self.started: list[str] = []

    def start_execution(self, *, name: str, **_: object) -> None:
        self.started.append(name)

    def describe_execution(self, *, executionArn: str) -> dict[str, str]:  # noqa: N803
        if executionArn.rpartition(":")[2] not in self.started:
            raise ClientError({"Error": {"Code": "ExecutionDoesNotExist"}}, "DescribeExecution")
        return {"status": "RUNNING"}


def _lifecycle(runs: MemoryRuns, client: _Client | None = None) -> Lifecycle:
    machine = Machine(cast("Any", client or _Client()), _ARN)
    announcer = Announcer(cast("Any", None), "")
    return Lifecycle(cast("Any", runs), machine, announcer, lambda: BEGINNING)


def test_an_execution_that_was_noted_and_nobody_lived_to_start_is_started_by_the_next() -> None:
    runs, client = MemoryRuns(), _Client()
    lifecycle = _lifecycle(runs, client)
    started = lifecycle.start(Game(Plan()).request, 1)
    runs.executed(started, lifecycle.machine.arn(started))  # and its starter died
    lifecycle.start(Game(Plan()).request, 1)
    first = RUN_ID.replace("~", "-") + "_1"
    assert client.started == [first, f"{first}_1"]
    assert runs.load(RUN_ID).executions == 2


def test_an_execution_of_an_earlier_time_changes_nothing() -> None:
    runs = MemoryRuns()
    lifecycle = _lifecycle(runs)
    started = lifecycle.start(Game(Plan()).request, 1)
    lifecycle.finish(RUN_ID, 1, f"{started.execution_arn}_7")
    assert runs.load(RUN_ID) == started


def test_a_run_that_is_resumed_in_the_moment_of_its_end_keeps_what_it_knows() -> None:
    class Resumed(MemoryRuns):
        def finish(self, run: Run, *args: Any, **kwargs: Any) -> bool:
            super().finish(run, *args, **kwargs)
            return self.resume(run, BEGINNING, BEGINNING + timedelta(hours=1))

    runs = Resumed()
    lifecycle = _lifecycle(runs)
    started = lifecycle.start(Game(Plan()).request, 1)
    waiting = (Waiting("amzn1.ask.account.GAME", 0, 1),)
    closed = Segment(0, visited=True, waiting=waiting, done=True)
    runs.checkpoint(started, Segment(0), closed)
    lifecycle.finish(RUN_ID, 1, str(started.execution_arn))
    assert runs.segment(RUN_ID, 0).waiting == waiting
    assert not runs.load(RUN_ID).announced


def test_a_day_of_throttled_invocations_fits_the_history_of_a_child() -> None:
    class Throttled:
        async def invoke(self, payload: dict[str, Any], patience: float) -> dict[str, Any]:
            raise states.TaskFailed("Lambda.TooManyRequestsException")

        def execution_ended(self, execution: states.Execution) -> None:
            raise AssertionError

    async def main(loop: VirtualLoop) -> states.Execution:
        machine = states.Machine(DEFINITION, loop, Throttled(), Random(1))  # noqa: S311
        document = '{"runId": "snow", "attempt": 1, "segments": [0], "settleSeconds": 0}'
        machine.start_execution(stateMachineArn=_ARN, name="snow-1", input=document)
        await asyncio.sleep(DAY)
        return machine.executions["snow-1"]

    (child,) = run(main).children
    assert child.status == "RUNNING"
    assert child.events < 0.95 * states.LONGEST_HISTORY
