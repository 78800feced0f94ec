from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from yellowring.sender.outcomes import Counts, Outcome
from yellowring.sender.runs import Run, Runs, Segment, Step
from yellowring.sender.work import RetryWork, WorkQueue
from yellowring.subscribers import Customer

from cli.watching import Watch
from tests.unit.cli.running import yellowring

if TYPE_CHECKING:
    from cli.advance import Advance
    from cli.stacks import Stack

START = datetime.now(UTC).replace(microsecond=0) - timedelta(minutes=5)


def started(runs: Runs, name: str, minutes_ago: int = 5) -> Run:
    start = START + timedelta(minutes=5 - minutes_ago)
    return runs.start(
        Run(
            run_id=f"{name}~1",
            campaign={"name": name, "audience": {"type": "users", "userIds": ["a", "b", "c"]}},
            status="running",
            started_at=start,
            expiry_time=start + timedelta(hours=1),
            total_segments=1,
            segments={0: Segment()},
        )
    )


def finished(runs: Runs, name: str, accepted: int = 3, minutes_ago: int = 5) -> None:
    run = started(runs, name, minutes_ago)
    step = Step(Counts({Outcome.ACCEPTED: accepted, Outcome.REJECTED: 1}))
    runs.advance(run.run_id, 0, Segment(), None, step)
    runs.complete(run.run_id, run.started_at + timedelta(seconds=75))


def test_list_gives_the_newest_run_first(runs: Runs) -> None:
    finished(runs, "older", minutes_ago=50)
    started(runs, "newer")
    said = yellowring("runs", "list")
    assert said.status == 0
    _, newer, older = said.out.splitlines()
    assert newer.split()[:2] == ["newer~1", "running"]
    assert older.split()[:2] == ["older~1", "completed"]
    assert "0:01:15" in older
    assert "rejected 1" in older


def test_list_keeps_to_a_status_and_a_limit(runs: Runs) -> None:
    finished(runs, "a", minutes_ago=50)
    finished(runs, "b", minutes_ago=40)
    started(runs, "c")
    listed = yellowring("runs", "list", "--status", "completed", "--limit", "1", "--json")
    assert [run["runId"] for run in listed.document] == ["b~1"]
    assert "1 older" in yellowring("runs", "list", "--limit", "2").err


def test_list_of_nothing_says_so_and_json_is_an_empty_list(runs: Runs) -> None:
    assert yellowring("runs", "list").out == "no runs in yellow-ring in us-east-1\n"
    assert yellowring("runs", "list", "--json").document == []


def test_an_unknown_status_is_a_mistake_of_usage(runs: Runs) -> None:
    said = yellowring("runs", "list", "--status", "done")
    assert said.status == 2
    assert "running, completed, halted, cancelled" in said.err


def test_show_tells_counts_and_the_cause_of_a_halt(runs: Runs) -> None:
    run = started(runs, "wrong")
    runs.halt(run.run_id, START + timedelta(minutes=1), "stage: wrong", Step(Counts()))
    said = yellowring("runs", "show", "wrong~1")
    lines = dict(line.split(maxsplit=1) for line in said.out.splitlines())
    assert lines["status"] == "halted"
    assert lines["cause"] == "stage: wrong"
    assert lines["accepted"] == "0"
    assert yellowring("runs", "show", "wrong~1", "--json").document["cause"] == "stage: wrong"


@pytest.mark.parametrize("command", ["show", "watch", "cancel", "redrive"])
def test_a_run_that_is_not_there_is_told_with_where_to_look(runs: Runs, command: str) -> None:
    said = yellowring("runs", command, "nope~1")
    assert said.status == 1
    assert "there is no run nope~1" in said.err
    assert "runs list" in said.err


def test_cancel_stops_a_running_run_and_refuses_one_that_has_ended(runs: Runs) -> None:
    started(runs, "snow")
    first = yellowring("runs", "cancel", "snow~1", "--json")
    assert first.document["status"] == "cancelled"
    again = yellowring("runs", "cancel", "snow~1")
    assert again.status == 1
    assert "it is cancelled" in again.err


@pytest.mark.parametrize(("how", "status"), [("completed", 0), ("halted", 1), ("cancelled", 1)])
def test_watch_exits_by_how_the_run_ended(runs: Runs, how: str, status: int) -> None:
    if how == "completed":
        finished(runs, "snow")
    else:
        run = started(runs, "snow")
        if how == "halted":
            runs.halt(run.run_id, START, "stage: wrong", Step(Counts()))
        else:
            runs.cancel(run.run_id, START)
    said = yellowring("runs", "watch", "snow~1")
    assert said.status == status
    assert said.out.startswith(f"{how}: ")
    assert ("stage: wrong" in said.err) is (how == "halted")


def test_watch_as_json_is_one_line_for_each_change(runs: Runs) -> None:
    finished(runs, "snow")
    [line] = yellowring("runs", "watch", "snow~1", "--json").out.splitlines()
    assert json.loads(line)["settled"] == 4


class Time:
    """A clock on which sleeping is all that passes the time."""

    def __init__(self) -> None:
        self.now = 0.0

    def monotonic(self) -> float:
        return self.now

    def sleep(self, seconds: float, /) -> None:
        self.now += seconds


def test_a_watch_looks_until_the_run_is_over(runs: Runs) -> None:
    run = started(runs, "snow")
    shown: list[Advance] = []

    def load() -> Run:
        if len(shown) == 3:
            step = Step(Counts({Outcome.ACCEPTED: 3}))
            runs.advance(run.run_id, 0, Segment(), None, step)
            runs.complete(run.run_id, START)
        return runs.load(run.run_id)

    last = Watch(load, shown.append, interval=2).until(lambda: False, Time())
    assert last is not None
    assert last.status == "completed"
    assert [advance.done for advance in shown] == [0, 0, 0, 3]
    assert shown[-1].rate == 0.5
    assert shown[-1].total == 3


def test_redrive_tells_how_many_customers_of_the_dead_letters_are_sent_to_again(
    stack: Stack, runs: Runs, monkeypatch: pytest.MonkeyPatch
) -> None:
    finished(runs, "snow")
    queue = WorkQueue(stack.sqs, stack.outputs["WorkQueueUrl"], stack.outputs["DeadLetterQueueUrl"])
    left = (Customer("amzn1.ask.account.A", None), Customer("amzn1.ask.account.B", None))
    queue.give_up(RetryWork("snow~1", 5, "0/0", left))

    def redrive(of: Runs, dead: WorkQueue, run_id: str) -> int:
        """Stands in for the sender's own, which has its own tests: takes off all it finds."""
        assert of.load(run_id).run_id == "snow~1"
        letters = list(dead.dead_letters())
        for _, receipt in letters:
            dead.take_off(receipt)
        return sum(len(work.customers) for work, _ in letters if isinstance(work, RetryWork))

    monkeypatch.setattr("yellowring.sender.redrive.redrive", redrive)
    assert yellowring("runs", "redrive", "snow~1", "--json").document["redriven"] == 2
    assert "has nobody" in yellowring("runs", "redrive", "snow~1").out


def test_redrive_does_not_go_on_with_a_run_that_was_stopped(runs: Runs) -> None:
    runs.cancel(started(runs, "snow").run_id, START)
    said = yellowring("runs", "redrive", "snow~1")
    assert said.status == 1
    assert "is cancelled" in said.err
