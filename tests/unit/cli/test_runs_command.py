from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError
from yellowring import observability
from yellowring.observability import emit
from yellowring.sender.delivery.outcomes import Counts, Outcome
from yellowring.sender.run.run import Waiting
from yellowring_tools.cli.aws import stack_runs
from yellowring_tools.cli.aws.stack_runs import lifecycle_of
from yellowring_tools.cli.terminal.run_progress import Look
from yellowring_tools.cli.terminal.watching import Watch

from tests.unit.cli.kit import ARN, START, ended, sent, started
from tests.unit.cli.running import yellowring

if TYPE_CHECKING:
    from collections.abc import Callable

    from yellowring.sender.run.store import Runs
    from yellowring_tools.cli.aws.stacks import Stack
    from yellowring_tools.cli.terminal.run_progress import RunProgress

SUBSCRIBERS = {"type": "subscribers"}
HEARD_NOBODY = {Outcome.REJECTED: 19}


def test_list_gives_the_newest_run_first(runs: Runs) -> None:
    ended(runs, "older", at=START - timedelta(minutes=50))
    started(runs, "newer")
    said = yellowring("runs", "list")
    assert said.status == 0
    _, newer, older = said.out.splitlines()
    assert newer.split()[:2] == ["newer~1", "running"]
    assert older.split()[:2] == ["older~1", "completed"]
    assert "0:01:15" in older
    assert "rejected 1" in older


def test_list_keeps_to_a_status_and_a_limit(runs: Runs) -> None:
    ended(runs, "a", at=START - timedelta(minutes=50))
    ended(runs, "b", at=START - timedelta(minutes=40))
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


def shown(run_id: str = "snow~1") -> dict[str, str]:
    said = yellowring("runs", "show", run_id)
    assert said.status == 0
    return {line[:17].strip(): line[17:].strip() for line in said.out.splitlines()}


def test_show_adds_the_segments_of_a_running_run_up_and_says_what_they_wait_for(
    runs: Runs,
) -> None:
    run = started(runs, audience=SUBSCRIBERS)
    waiting = (Waiting("amzn1.ask.account.W", 0, 1),)
    sent(runs, run, 0, accepted=5, done=True)
    sent(runs, run, 1, accepted=2, rejected=1, waiting=waiting, problem="LWA gives no token")
    lines = shown()
    assert (lines["accepted"], lines["rejected"], lines["to be tried again"]) == ("7", "1", "1")
    assert lines["segments"] == "4 in all, 3 open"
    assert lines["waits"] == "LWA gives no token"
    assert lines["attempt"] == "1"
    assert "cause" not in lines


def test_show_tells_counts_the_cause_of_a_halt_and_that_it_can_be_resumed(runs: Runs) -> None:
    ended(runs, status="halted", cause="stage: wrong", resumable=1, counts=HEARD_NOBODY)
    lines = shown()
    assert (lines["status"], lines["cause"]) == ("halted", "stage: wrong")
    assert lines["rejected"] == "19"
    assert lines["can be resumed"] == "1 customer: runs resume snow~1"


def test_show_as_json_is_the_senders_own_document(stack: Stack, runs: Runs) -> None:
    run = started(runs)
    sent(runs, run, 0, accepted=2)
    expected = lifecycle_of(stack).document(run)
    assert yellowring("runs", "show", "snow~1", "--json").document == expected


def test_show_links_the_execution_in_the_aws_console(runs: Runs) -> None:
    started(runs)
    assert shown()["execution"] == (
        "https://us-east-1.console.aws.amazon.com/states/home?region=us-east-1"
        f"#/v2/executions/details/{ARN}"
    )


@pytest.mark.parametrize(
    ("partition", "endpoint", "host"),
    [
        ("aws", "http://127.0.0.1:4566", None),
        ("aws-cn", "https://states.cn-north-1.amazonaws.com.cn", "console.amazonaws.cn"),
        (
            "aws-us-gov",
            "https://states.us-gov-west-1.amazonaws.com",
            "console.amazonaws-us-gov.com",
        ),
    ],
)
def test_an_execution_is_linked_where_its_partition_has_its_console(
    partition: str, endpoint: str, host: str | None
) -> None:
    arn = f"arn:{partition}:states:r:123456789012:execution:run:x"
    link = stack_runs.console_link(arn, endpoint)
    assert link is None if host is None else str(link).startswith(f"https://r.{host}/states/")


@pytest.mark.parametrize("command", ["show", "watch", "cancel", "resume"])
def test_a_run_that_is_not_there_is_told_with_where_to_look(runs: Runs, command: str) -> None:
    said = yellowring("runs", command, "nope~1")
    assert said.status == 1
    assert "there is no run nope~1" in said.err
    assert "runs list" in said.err


@pytest.mark.parametrize("command", [("show", "snow~1"), ("list",)])
def test_whoever_reads_a_running_run_without_an_execution_starts_it(
    stack: Stack, runs: Runs, command: tuple[str, ...]
) -> None:
    started(runs, executed=False)
    assert yellowring("runs", *command).status == 0
    assert (arn := runs.load("snow~1").execution_arn) is not None
    assert stack.workflows.describe_execution(executionArn=arn)["name"] == "snow-1_1"


def test_show_starts_an_execution_that_was_noted_and_never_started(
    stack: Stack, runs: Runs
) -> None:
    started(runs)
    assert shown()["status"] == "running"
    assert stack.workflows.describe_execution(executionArn=ARN)["status"] == "RUNNING"


@pytest.mark.parametrize("command", [("show", "snow~1"), ("list",)])
def test_whoever_reads_a_run_whose_execution_ended_and_told_nobody_has_it_counted(
    stack: Stack, runs: Runs, command: tuple[str, ...]
) -> None:
    run = started(runs)
    lifecycle_of(stack).machine.start(run)
    stack.workflows.stop_execution(executionArn=ARN)
    assert yellowring("runs", *command).status == 0
    run = runs.load("snow~1")
    assert run.ending is not None
    assert run.ending.status == "halted"
    assert run.execution_arn == f"{ARN}_1"
    assert stack.workflows.describe_execution(executionArn=f"{ARN}_1")["status"] == "RUNNING"


class Sender:
    """Stands in for Lambda: takes calls that nobody waits for."""

    def __init__(self) -> None:
        self.tasks: list[dict[str, Any]] = []

    def invoke(self, FunctionName: str, InvocationType: str, Payload: bytes) -> None:  # noqa: N803
        assert (FunctionName, InvocationType) == ("yellow-ring-sender", "Event")
        self.tasks.append(json.loads(Payload))


def done_and_not_told(stack: Stack, runs: Runs) -> Sender:
    """Leave a run with all done, and its execution ended without anybody having heard of it."""
    run = started(runs)
    lifecycle_of(stack).machine.start(run)
    stack.workflows.stop_execution(executionArn=ARN)
    for segment in range(run.segments):
        sent(runs, run, segment, accepted=1, visited=True, done=True, attempt=1)
    sender = Sender()
    stack.__dict__["functions"] = sender
    return sender


def test_show_ends_a_run_whose_execution_ended_with_all_done(stack: Stack, runs: Runs) -> None:
    done_and_not_told(stack, runs)
    assert shown()["status"].startswith("completed")


def test_a_run_that_a_command_ends_is_told_of_by_the_sender_and_not_on_the_commands_output(
    stack: Stack,
    runs: Runs,
    logs_without_personal_data: list[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    sender = done_and_not_told(stack, runs)
    with monkeypatch.context() as patch:
        patch.setattr(observability, "emit", emit)
        said = yellowring("runs", "show", "snow~1", "--json")
    assert said.document["status"] == "completed"
    assert logs_without_personal_data == []
    assert not runs.load("snow~1").announced
    [task] = sender.tasks
    assert task.pop("task") == "finish"

    stack.events.create_event_bus(Name=stack.outputs["EventBusName"])
    in_the_sender = replace(lifecycle_of(stack), hand_over=None)
    in_the_sender.finish(task["runId"], task["attempt"], task["executionArn"])
    assert runs.load("snow~1").announced
    told = "".join(logs_without_personal_data)
    assert "RunsCompleted" in told
    assert "run ended" in told


def refusing(code: str) -> Callable[..., Any]:
    def start(_: object, run: object) -> str:
        raise ClientError({"Error": {"Code": code, "Message": "no"}}, "StartExecution")

    return start


def test_whoever_may_only_look_looks(runs: Runs, monkeypatch: pytest.MonkeyPatch) -> None:
    started(runs, executed=False)
    denied = refusing("AccessDeniedException")
    monkeypatch.setattr("yellowring.sender.run.machine.Machine.start", denied)
    assert shown()["status"] == "running"


def test_whoever_may_not_even_look_at_executions_sees_the_run(
    runs: Runs, monkeypatch: pytest.MonkeyPatch
) -> None:
    started(runs)
    denied = refusing("AccessDeniedException")
    monkeypatch.setattr("yellowring.sender.run.machine.Machine.state", denied)
    assert shown()["status"] == "running"


def test_another_failure_to_start_an_execution_is_told(
    runs: Runs, monkeypatch: pytest.MonkeyPatch
) -> None:
    started(runs, executed=False)
    gone = refusing("StateMachineDoesNotExist")
    monkeypatch.setattr("yellowring.sender.run.machine.Machine.start", gone)
    said = yellowring("runs", "show", "snow~1")
    assert said.status == 1
    assert "StateMachineDoesNotExist" in said.err


@pytest.mark.parametrize(
    ("how", "counts", "status"),
    [
        ("completed", {Outcome.ACCEPTED: 1, Outcome.REJECTED: 18}, 0),
        ("completed", {Outcome.DUPLICATE: 1}, 0),
        ("completed", {}, 0),
        ("completed", {Outcome.SKIPPED: 7}, 0),
        ("completed", HEARD_NOBODY, 5),
        ("completed", {Outcome.SKIPPED: 7, Outcome.FAILED: 1}, 5),
        ("halted", {Outcome.ACCEPTED: 1}, 1),
        ("cancelled", {Outcome.ACCEPTED: 1}, 1),
    ],
)
def test_watch_ends_with_the_run_and_exits_by_how_it_ended(
    runs: Runs, how: Any, counts: dict[Outcome, int], status: int
) -> None:
    ended(runs, status=how, counts=counts)
    said = yellowring("runs", "watch", "snow~1")
    assert said.status == status
    assert said.out.startswith(f"{how}: ")
    assert said.err.startswith("error: run snow~1") is bool(status)


def test_watch_says_why_a_run_halted_and_that_it_can_be_resumed(runs: Runs) -> None:
    ended(runs, status="halted", cause="stage: wrong", resumable=3)
    said = yellowring("runs", "watch", "snow~1")
    assert "was halted: stage: wrong; runs resume snow~1" in said.err


def test_watch_as_json_is_one_line_for_each_change(runs: Runs) -> None:
    ended(runs)
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


@pytest.mark.parametrize("status", ["completed", "halted", "cancelled"])
def test_a_watch_looks_until_the_run_has_ended_whatever_the_end(
    stack: Stack, runs: Runs, status: Any
) -> None:
    run = started(runs)
    seen: list[RunProgress] = []
    lifecycle = lifecycle_of(stack)

    def look() -> Look:
        if len(seen) == 3:
            counts = Counts({Outcome.ACCEPTED: 3})
            runs.finish(run, status, counts, cause=None, resumable=0, now=START)
        known = runs.load(run.run_id)
        return Look(known, lifecycle.document(known))

    last = Watch(look, seen.append, interval=2).to_the_end(Time())
    assert last.run.status == status
    assert [progress.look.settled for progress in seen] == [0, 0, 0, 3]
    assert (seen[-1].rate, seen[-1].total) == (0.5, 3)


@pytest.fixture
def finishing(runs: Runs, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """The workflow, which ends the run between two looks: as the run is ending, or as told."""
    told: dict[str, Any] = {}

    def sleep(_: float) -> None:
        run = runs.load("snow~1")
        status = told.get("status") or (run.ending.status if run.ending else "completed")
        counts = Counts({Outcome.ACCEPTED: 2, Outcome.NOT_SENT: 1})
        runs.finish(run, status, counts, cause=None, resumable=1, now=datetime.now(UTC))

    monkeypatch.setattr("yellowring_tools.cli.terminal.watching.time.sleep", sleep)
    return told


@pytest.mark.usefixtures("finishing")
def test_cancel_waits_until_what_was_sent_is_counted(runs: Runs) -> None:
    sent(runs, started(runs), accepted=2)
    said = yellowring("runs", "cancel", "snow~1", "--json")
    assert said.status == 0
    assert said.document["status"] == "cancelled"
    assert said.document["counts"]["accepted"] == 2
    assert said.document["counts"]["notSent"] == 1
    first, *_ = said.err.splitlines()
    assert first == "running: 2 of 3 (accepted 2), about to be cancelled"


def test_cancel_need_not_be_waited_for(runs: Runs) -> None:
    started(runs)
    said = yellowring("runs", "cancel", "snow~1", "--no-wait", "--json")
    assert said.status == 0
    assert (said.document["status"], said.document["ending"]) == ("running", "cancelled")
    assert runs.load("snow~1").ending is not None


def test_a_run_that_has_ended_cannot_be_cancelled(runs: Runs) -> None:
    ended(runs)
    said = yellowring("runs", "cancel", "snow~1")
    assert said.status == 1
    assert "had ended before: it is completed" in said.err


def test_a_cancel_that_came_too_late_says_how_the_run_ended(
    runs: Runs, finishing: dict[str, Any]
) -> None:
    finishing["status"] = "halted"
    started(runs)
    said = yellowring("runs", "cancel", "snow~1")
    assert said.status == 1
    assert "it is halted" in said.err


def test_resume_begins_another_attempt_and_says_how_to_watch_it(stack: Stack, runs: Runs) -> None:
    ended(runs, status="halted", cause="stage: wrong", resumable=2, audience=SUBSCRIBERS)
    said = yellowring("runs", "resume", "snow~1")
    assert said.status == 0
    assert "goes on with 2 customers: attempt 2" in said.out
    assert "runs watch snow~1" in said.out
    run = runs.load("snow~1")
    assert (run.status, run.attempt, run.ending) == ("running", 2, None)
    assert str(run.execution_arn).endswith("snow-1_2")


def test_resume_as_json_is_the_run(runs: Runs) -> None:
    ended(runs, status="cancelled", resumable=1, audience=SUBSCRIBERS)
    document = yellowring("runs", "resume", "snow~1", "--json").document
    assert (document["status"], document["attempt"]) == ("running", 2)


@pytest.mark.parametrize(
    ("make", "told"),
    [
        (lambda runs: ended(runs, resumable=0), "nobody is left"),
        (started, "is under way"),
    ],
)
def test_what_cannot_be_resumed_is_told(
    runs: Runs, make: Callable[[Runs], object], told: str
) -> None:
    make(runs)
    said = yellowring("runs", "resume", "snow~1")
    assert said.status == 1
    assert told in said.err
    assert runs.load("snow~1").attempt == 1


def test_customers_are_counted_for_a_total_where_the_table_is_small(
    stack: Stack, runs: Runs, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = started(runs, audience=SUBSCRIBERS)
    assert stack_runs.deliverable_of(stack, run) == 0
    monkeypatch.setattr(stack_runs, "COUNTED_CUSTOMERS", -1)
    assert stack_runs.deliverable_of(stack, run) is None


def test_the_interrupted_watcher_is_told_that_the_run_goes_on(
    runs: Runs, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    started(runs)
    monkeypatch.setattr("yellowring_tools.cli.terminal.watching.time.sleep", interrupt)
    said = yellowring("runs", "watch", "snow~1")
    assert said.status == 1
    assert "the run goes on: runs cancel snow~1 stops it" in said.err
    assert "is being cancelled" in yellowring("runs", "cancel", "snow~1").err
