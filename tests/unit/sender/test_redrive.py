"""Dead letters, sent again."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest
from yellowring.sender.redrive import redrive
from yellowring.sender.runs import RunNotFound, Runs
from yellowring.sender.work import WorkQueue

from tests.unit.sender.kit import NONE_OF_ANY, RUN_ID

if TYPE_CHECKING:
    from tests.unit.sender.kit import World


@pytest.fixture
def failed(world: World, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Three customers who failed in every try of a run that is completed."""
    monkeypatch.setattr("yellowring.sender.delivery.delivering.back_off", lambda _: 0)
    monkeypatch.setattr("yellowring.sender.work.LONGEST_DELAY", 0)
    users = world.customers(3)
    world.faults(api={"error5xx": 1})
    world.send()
    world.work()
    assert world.send()["counts"] == NONE_OF_ANY | {"failed": 3}
    world.faults()
    return users


def again(world: World, run_id: str = RUN_ID) -> int:
    queue = WorkQueue(world.sqs, os.environ["WORK_QUEUE_URL"], os.environ["DEAD_LETTER_QUEUE_URL"])
    return redrive(Runs(world.dynamodb, "runs"), queue, run_id)


def test_failed_customers_are_sent_to_again_and_counted_anew(
    world: World, failed: list[str]
) -> None:
    assert again(world) == 3
    assert world.send()["status"] == "running"
    world.work()
    run = world.send()
    assert (run["status"], run["counts"]) == ("completed", NONE_OF_ANY | {"accepted": 3})
    assert world.all_heard(failed)
    assert world.waiting("DEAD") == 0
    assert again(world) == 0


def test_another_runs_dead_letters_stay(world: World, failed: list[str]) -> None:
    world.send(runId="another")
    assert again(world, "another") == 0
    assert world.send()["counts"]["failed"] == 3


def test_a_run_that_is_not_there_is_named(world: World) -> None:
    with pytest.raises(RunNotFound, match="no-such-run"):
        again(world, "no-such-run")
