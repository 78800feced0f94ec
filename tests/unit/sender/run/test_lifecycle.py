"""A run from its start to its end, whoever repeats what at any moment."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any, cast

import pytest
from yellowring.queue_message import SHORTEST_LIFE
from yellowring.sender.campaign import Listed, parse_campaign
from yellowring.sender.delivery.outcomes import Outcome
from yellowring.sender.run.announcing import NotAnnounced, detail
from yellowring.sender.run.lifecycle import (
    MOST_EXECUTIONS,
    MOST_WORKERS,
    CannotResume,
    Lifecycle,
    new_run,
    segments_of,
)
from yellowring.sender.run.machine import ExecutionState, execution_name
from yellowring.sender.run.refusals import Held
from yellowring.sender.run.request import RunRequest, parse_run_request
from yellowring.sender.run.run import LAST_MINUTES, Segment, Waiting
from yellowring.sender.run.store import CHUNK, RunConflict, RunNotFound, Runs

from tests.unit.sender.kit import NONE_OF_ANY, campaign
from tests.unit.sender.run.kit import NOW, counts, users

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from mypy_boto3_dynamodb.client import DynamoDBClient
    from yellowring.sender.run.run import Run

ANNA, BERT = users(2)


class Dead(BaseException):
    """The process was killed."""


@dataclass
class States:
    """Step Functions: a name is taken once; whoever starts may die just before, or after it."""

    executions: dict[str, ExecutionState] = field(default_factory=dict)
    dies_before: bool = False
    dies_after: bool = False

    def arn(self, run: Run) -> str:
        return f"arn:machine:{execution_name(run)}"

    def start(self, run: Run) -> None:
        assert run.execution_arn is not None
        name = run.execution_arn.removeprefix("arn:machine:")
        if self.dies_before:
            self.dies_before = False
            raise Dead
        self.executions.setdefault(name, "running")
        if self.dies_after:
            self.dies_after = False
            raise Dead

    def state(self, execution_arn: str) -> ExecutionState:
        return self.executions.get(execution_arn.removeprefix("arn:machine:"), "missing")

    def end(self, name: str) -> None:
        """End an execution, of which nobody is told."""
        assert self.executions[name] == "running"
        self.executions[name] = "ended"

    @property
    def names(self) -> list[str]:
        """The executions that were started, in their order."""
        return list(self.executions)


@dataclass
class World:
    """Who is told of a run's end; it may not listen."""

    told: list[dict[str, Any]] = field(default_factory=list)
    deaf: bool = False
    dies: bool = False

    def announce(self, run: Run) -> None:
        if self.deaf:
            raise NotAnnounced
        self.told.append(detail(run))
        if self.dies:
            raise Dead


@dataclass
class Stage:
    """A lifecycle with all that it plays on."""

    runs: Runs
    states: States = field(default_factory=States)
    world: World = field(default_factory=World)
    now: datetime = NOW

    @property
    def lifecycle(self) -> Lifecycle:
        states, world = cast("Any", self.states), cast("Any", self.world)
        return Lifecycle(self.runs, states, world, lambda: self.now)

    def start(self, workers: int = 2, **changes: Any) -> Run:
        return self.lifecycle.start(request(**changes), workers)

    def segment(self, number: int, *, attempt: int = 1, **values: Any) -> None:
        """Leave a segment as its worker would."""
        known = self.runs.segment("snow", number)
        new = replace(Segment(number, attempt=attempt), **values)
        self.runs.checkpoint(self.runs.load("snow"), known, new)

    def both_done(self, *, attempt: int = 1, **values: Any) -> None:
        for number in (0, 1):
            self.segment(number, attempt=attempt, visited=True, done=True, **values)

    def finish(self, run: Run | None = None) -> Run:
        run = run or self.runs.load("snow")
        assert run.execution_arn is not None
        return self.lifecycle.finish(run.run_id, run.attempt, run.execution_arn)


@pytest.fixture
def stage(runs: Runs) -> Stage:
    return Stage(runs)


def request(**changes: Any) -> RunRequest:
    return parse_run_request({"campaign": campaign(**changes), "runId": "snow"})


# ---- start ----


def test_a_start_stores_the_run_and_starts_its_execution(stage: Stage) -> None:
    run = stage.start()
    assert run == stage.runs.load("snow")
    assert (run.status, run.segments, run.attempt, run.executions) == ("running", 2, 1, 1)
    assert run.execution_arn == "arn:machine:snow_1"
    assert stage.states.names == ["snow_1"]
    assert run.expiry_time - run.event_time == timedelta(hours=1)


def test_a_second_start_finds_the_run_and_starts_nothing(stage: Stage) -> None:
    first = stage.start()
    stage.now += timedelta(minutes=1)
    assert stage.start(workers=9) == first
    assert stage.states.names == ["snow_1"]


def test_a_start_after_a_death_before_the_execution_starts_it(stage: Stage) -> None:
    stage.runs.put(new_run(request(), 2, NOW))
    run = stage.start()
    assert run.execution_arn == "arn:machine:snow_1"
    assert stage.states.names == ["snow_1"]


def test_an_execution_is_noted_before_it_starts(stage: Stage) -> None:
    stage.states.dies_before = True
    with pytest.raises(Dead):
        stage.start()
    run = stage.runs.load("snow")
    assert (run.execution_arn, run.executions) == ("arn:machine:snow_1", 1)
    assert stage.states.names == []


def test_an_execution_whose_starter_died_behind_it_ends_its_run(stage: Stage) -> None:
    stage.states.dies_after = True
    with pytest.raises(Dead):
        stage.start()
    stage.both_done(counts=counts(accepted=1))
    run = stage.lifecycle.finish("snow", 1, "arn:machine:snow_1")
    assert (run.status, run.counts[Outcome.ACCEPTED]) == ("completed", 2)
    assert stage.states.names == ["snow_1"]


def test_nothing_is_started_for_a_run_that_somebody_else_has_ended_and_resumed_meanwhile(
    stage: Stage,
) -> None:
    late = stage.start()
    stage.both_done(rest=1)
    stage.finish()
    stage.runs.resume(stage.runs.load("snow"), NOW, late.expiry_time)  # and died then
    run = stage.lifecycle.ensure_execution(replace(late, execution_arn=None))
    assert (run.attempt, run.execution_arn) == (2, None)
    assert stage.states.names == ["snow_1"]


def test_another_campaign_under_the_same_id_starts_nothing(stage: Stage) -> None:
    stage.start()
    with pytest.raises(RunConflict):
        stage.start(expiresIn="PT2H")
    assert stage.states.names == ["snow_1"]


def test_users_lie_in_the_table_before_the_run_starts(stage: Stage, runs: Runs) -> None:
    stage.states.dies_before = True
    with pytest.raises(Dead):
        stage.start(audience={"type": "users", "userIds": users(3)})
    assert runs.chunk("snow", Listed.of(users(3)).digest, 0) == users(3)


def test_an_event_lives_long_enough_to_be_sent_at_all(stage: Stage) -> None:
    run = stage.start(expiresIn="PT5M")
    assert run.expiry_time - run.event_time == SHORTEST_LIFE == timedelta(minutes=6, seconds=30)
    assert run.last_send - NOW == SHORTEST_LIFE - LAST_MINUTES == timedelta(minutes=1)


def test_times_are_whole_seconds() -> None:
    run = new_run(request(), 2, NOW + timedelta(microseconds=999))
    assert (run.started_at, run.event_time) == (NOW, NOW)


@pytest.mark.parametrize(
    ("audience", "workers", "segments"),
    [
        ({"type": "subscribers"}, 4, 4),
        ({"type": "subscribers"}, 1, 1),
        ({"type": "subscribers"}, 201, MOST_WORKERS),
        ({"type": "multicast"}, 4, 1),
        ({"type": "users", "userIds": users(1)}, 4, 1),
        ({"type": "users", "list": {"digest": "0" * 32, "count": CHUNK}}, 4, 1),
        ({"type": "users", "list": {"digest": "0" * 32, "count": CHUNK + 1}}, 4, 2),
        ({"type": "users", "list": {"digest": "0" * 32, "count": 9 * CHUNK}}, 4, 4),
        ({"type": "users", "list": {"digest": "0" * 32, "count": 10_000_000}}, 999, MOST_WORKERS),
        ({"type": "customers", "customerIds": ["4711"]}, 4, 1),
        ({"type": "customers", "list": {"digest": "0" * 32, "count": CHUNK + 1}}, 4, 2),
    ],
)
def test_a_segment_for_each_worker_but_never_one_without_work(
    audience: dict[str, Any], workers: int, segments: int
) -> None:
    assert segments_of(parse_campaign(campaign(audience=audience)), workers) == segments
    assert MOST_WORKERS == 200


# ---- whoever reads a running run looks at its execution ----


LOOKS: list[tuple[str, Callable[[Stage], object]]] = [
    ("start", lambda stage: stage.start()),
    ("cancel", lambda stage: stage.lifecycle.cancel("snow")),
    ("resume", lambda stage: stage.lifecycle.resume("snow")),
    ("show", lambda stage: stage.lifecycle.ensure_execution(stage.runs.load("snow"))),
]


@pytest.mark.parametrize("look", [look for _, look in LOOKS], ids=[name for name, _ in LOOKS])
def test_an_execution_that_was_noted_and_never_started_is_started(
    stage: Stage, look: Callable[[Stage], object]
) -> None:
    stage.states.dies_before = True
    with pytest.raises(Dead):
        stage.start()
    with suppress(CannotResume):
        look(stage)
    assert stage.states.names == ["snow_1"]
    assert stage.runs.load("snow").executions == 1


@pytest.mark.parametrize("look", [look for _, look in LOOKS], ids=[name for name, _ in LOOKS])
def test_a_run_whose_execution_ended_and_told_nobody_is_counted_by_another(
    stage: Stage, look: Callable[[Stage], object]
) -> None:
    stage.start()
    stage.states.end("snow_1")
    with suppress(CannotResume):
        look(stage)
    run = stage.runs.load("snow")
    assert (run.status, run.execution_arn) == ("running", "arn:machine:snow_1_1")
    assert run.ending is not None
    assert stage.states.executions == {"snow_1": "ended", "snow_1_1": "running"}


@pytest.mark.parametrize(
    ("name", "status"), [("start", "completed"), ("cancel", "cancelled"), ("show", "completed")]
)
def test_a_run_whose_execution_ended_with_all_segments_done_ends(
    stage: Stage, name: str, status: str
) -> None:
    stage.start()
    stage.both_done(counts=counts(accepted=1))
    stage.states.end("snow_1")
    dict(LOOKS)[name](stage)
    run = stage.runs.load("snow")
    assert (run.status, run.counts[Outcome.ACCEPTED], run.announced) == (status, 2, True)
    assert stage.states.names == ["snow_1"]


def test_a_resume_of_a_run_whose_execution_ended_with_all_done_finds_it_ended(
    stage: Stage,
) -> None:
    stage.start()
    stage.both_done(counts=counts(accepted=1))
    stage.states.end("snow_1")
    assert stage.lifecycle.resume("snow").status == "completed"


def test_a_run_whose_execution_is_running_is_left_alone(stage: Stage) -> None:
    run = stage.start()
    stage.both_done()
    assert stage.lifecycle.ensure_execution(run) == run
    assert stage.runs.load("snow") == run
    assert stage.states.names == ["snow_1"]


def test_nobody_looks_at_the_execution_of_a_run_that_has_ended(stage: Stage) -> None:
    stage.start()
    stage.both_done(counts=counts(accepted=1))
    ended = stage.finish()
    stage.states.executions.clear()
    assert stage.lifecycle.ensure_execution(ended) == ended
    assert stage.states.names == []


# ---- finish ----


def test_a_run_whose_segments_are_all_done_completes_with_their_sum(stage: Stage) -> None:
    stage.start()
    stage.segment(0, visited=True, done=True, counts=counts(accepted=2))
    stage.segment(1, visited=True, done=True, counts=counts(accepted=1, rejected=4))
    run = stage.finish()
    assert run == stage.runs.load("snow")
    assert (run.status, run.cause, run.resumable) == ("completed", None, 0)
    assert run.counts.document() == NONE_OF_ANY | {"accepted": 3, "rejected": 4}
    assert run.announced


def test_a_run_ends_once_and_is_told_of_once(stage: Stage) -> None:
    stage.start()
    stage.both_done(counts=counts(accepted=1))
    first = stage.finish()
    stage.now += timedelta(minutes=1)
    assert stage.finish() == first
    assert [each["id"] for each in stage.world.told] == ["snow/1/completed"]


def test_an_ended_run_without_anybody_left_names_nobody(
    stage: Stage, table: DynamoDBClient
) -> None:
    stage.start(audience={"type": "users", "userIds": [ANNA, BERT]})
    stage.segment(0, visited=True, done=True, cursor=ANNA, counts=counts(accepted=2))
    stage.finish()
    assert "amzn1.ask.account" not in str(table.scan(TableName="runs")["Items"])


def test_a_run_that_can_be_resumed_keeps_what_that_needs(stage: Stage) -> None:
    stage.start()
    stage.both_done(held=(Held(ANNA, "na", Outcome.REJECTED, 0),))
    assert stage.finish().resumable == 2
    assert stage.runs.segment("snow", 0).held != ()


def test_the_held_are_counted_as_what_they_were_refused_as(stage: Stage) -> None:
    stage.start()
    stage.both_done(held=(Held(ANNA, "na", Outcome.REJECTED, 0),), counts=counts(accepted=1))
    assert stage.finish().counts.document() == NONE_OF_ANY | {"accepted": 2, "rejected": 2}


def test_a_run_that_reached_nobody_says_so(stage: Stage) -> None:
    stage.start()
    stage.both_done(held=(Held(ANNA, "na", Outcome.REJECTED, 0),))
    run = stage.finish()
    assert run.status == "completed"
    assert (run.cause or "").startswith("nobody was reached")


@pytest.mark.parametrize("heard", [{"accepted": 1}, {"duplicate": 1}, {}])
def test_a_run_that_reached_somebody_or_had_nobody_to_reach_has_no_cause(
    stage: Stage, heard: dict[str, int]
) -> None:
    stage.start()
    failed = {"failed": 5} if heard else {}
    stage.both_done(counts=counts(**heard, **failed))
    assert stage.finish().cause is None


def test_a_segment_that_nobody_closed_halts_the_run_and_has_it_counted(stage: Stage) -> None:
    stage.start()
    stage.segment(0, visited=True, done=True, counts=counts(accepted=1))
    run = stage.finish()
    assert run.status == "running"
    assert run.ending is not None
    assert run.ending.status == "halted"
    assert (run.ending.cause or "").startswith("workflow")
    assert stage.states.names == ["snow_1", "snow_1_1"]
    assert run.execution_arn == "arn:machine:snow_1_1"
    assert stage.world.told == []
    stage.segment(1, done=True, rest=7)
    ended = stage.finish()
    assert ended.status == "halted"
    assert ended.counts.document() == NONE_OF_ANY | {"accepted": 1, "notSent": 7}
    assert ended.resumable == 7


def test_a_segment_that_is_not_done_halts_it_as_well(stage: Stage) -> None:
    stage.start()
    stage.segment(0, visited=True, done=True)
    stage.segment(1, cursor="c")
    assert stage.finish().status == "running"


def test_the_event_of_an_old_execution_changes_nothing(stage: Stage) -> None:
    old = stage.start()
    run = stage.finish(old)  # nothing was done: another execution counts
    assert stage.finish(old) == run
    assert stage.states.names == ["snow_1", "snow_1_1"]
    stage.both_done()
    assert stage.finish(old).status == "running"
    assert stage.finish().status == "halted"
    assert stage.finish(old).status == "halted"
    assert len(stage.world.told) == 1


def test_an_execution_that_is_interrupted_again_is_followed_by_another(stage: Stage) -> None:
    stage.start()
    first = stage.finish()
    second = stage.finish(first)
    assert stage.states.names == ["snow_1", "snow_1_1", "snow_1_2"]
    assert second.ending == first.ending


def test_a_run_ends_even_where_no_execution_ever_closes_its_segments(stage: Stage) -> None:
    run = stage.start()
    stage.segment(0, waiting=(Waiting(ANNA, 0, 1),))
    for _ in range(MOST_EXECUTIONS):
        run = stage.finish()
    assert run.status == "halted"
    assert run.counts.document() == NONE_OF_ANY | {"failed": 1}
    assert len(stage.states.names) == MOST_EXECUTIONS


def test_a_finish_that_died_before_the_next_execution_starts_it_when_it_is_repeated(
    stage: Stage,
) -> None:
    old = stage.start()
    stage.states.dies_before = True
    with pytest.raises(Dead):
        stage.finish(old)
    assert stage.states.names == ["snow_1"]
    assert stage.finish(old).execution_arn == "arn:machine:snow_1_1"
    assert stage.states.names == ["snow_1", "snow_1_1"]


def test_an_event_of_another_attempt_changes_nothing(stage: Stage) -> None:
    run = stage.start()
    assert stage.lifecycle.finish("snow", 2, run.execution_arn or "") == run
    assert stage.states.names == ["snow_1"]


def test_what_is_finished_must_exist(stage: Stage) -> None:
    with pytest.raises(RunNotFound):
        stage.lifecycle.finish("snow", 1, "arn")


# ---- announcing ----


def test_a_run_whose_end_was_not_heard_of_is_told_of_again(stage: Stage) -> None:
    stage.start()
    stage.both_done(counts=counts(accepted=1))
    stage.world.deaf = True
    with pytest.raises(NotAnnounced):
        stage.finish()
    assert stage.runs.load("snow").status == "completed"
    stage.world.deaf = False
    assert stage.finish().announced
    assert [each["counts"]["accepted"] for each in stage.world.told] == [2]


def test_a_run_is_told_of_twice_under_one_id_rather_than_never(stage: Stage) -> None:
    stage.start()
    stage.both_done(counts=counts(accepted=1))
    stage.world.dies = True
    with pytest.raises(Dead):
        stage.finish()
    stage.world.dies = False
    stage.finish()
    assert [each["id"] for each in stage.world.told] == ["snow/1/completed"] * 2


# ---- cancel ----


def test_a_cancelled_run_sends_no_more_and_ends_when_all_is_counted(stage: Stage) -> None:
    stage.start()
    assert stage.lifecycle.cancel("snow") is True
    assert stage.runs.ending("snow", 1)
    stage.segment(0, visited=True, done=True, counts=counts(accepted=3))
    stage.segment(1, done=True, rest=4)
    run = stage.finish()
    assert (run.status, run.cause) == ("cancelled", None)
    assert run.counts.document() == NONE_OF_ANY | {"accepted": 3, "notSent": 4}


def test_a_cancelled_run_without_an_execution_gets_one_to_count_it(stage: Stage) -> None:
    stage.runs.put(new_run(request(), 2, NOW))
    assert stage.lifecycle.cancel("snow") is True
    assert stage.states.names == ["snow_1"]


def test_an_ended_run_is_not_cancelled(stage: Stage) -> None:
    stage.start()
    stage.both_done(counts=counts(accepted=1))
    ended = stage.finish()
    assert stage.lifecycle.cancel("snow") is False
    assert stage.runs.load("snow") == ended


# ---- resume ----


def test_a_resume_begins_another_attempt_with_the_events_life_counted_anew(stage: Stage) -> None:
    stage.start()
    stage.both_done(held=(Held(ANNA, "na", Outcome.REJECTED, 0),))
    stage.finish()
    stage.now = NOW + timedelta(hours=2, microseconds=5)
    run = stage.lifecycle.resume("snow")
    assert (run.status, run.attempt, run.executions) == ("running", 2, 1)
    assert run.execution_arn == "arn:machine:snow_2"
    assert run.event_time == NOW + timedelta(hours=2)
    assert run.expiry_time == NOW + timedelta(hours=3)
    stage.both_done(attempt=2, counts=counts(accepted=1))
    ended = stage.finish()
    assert (ended.status, ended.counts.document()) == ("completed", NONE_OF_ANY | {"accepted": 2})
    assert [each["id"] for each in stage.world.told] == ["snow/1/completed", "snow/2/completed"]


def test_segments_of_an_earlier_attempt_are_not_closed(stage: Stage) -> None:
    stage.start()
    stage.both_done(held=(Held(ANNA, "na", Outcome.REJECTED, 0),))
    stage.finish()
    stage.lifecycle.resume("snow")
    assert stage.finish().status == "running"


def test_a_run_that_could_tell_nobody_is_not_resumed(stage: Stage) -> None:
    stage.start()
    stage.both_done(counts=counts(accepted=1))
    stage.finish()
    with pytest.raises(CannotResume, match="completed and nobody is left"):
        stage.lifecycle.resume("snow")


def test_a_run_under_way_is_not_resumed(stage: Stage) -> None:
    stage.start()
    with pytest.raises(CannotResume, match="under way"):
        stage.lifecycle.resume("snow")


def test_a_running_run_that_has_no_execution_gets_it_by_a_resume(stage: Stage) -> None:
    stage.runs.put(new_run(request(), 2, NOW))
    assert stage.lifecycle.resume("snow").execution_arn == "arn:machine:snow_1"


@pytest.mark.parametrize(("seconds", "resumes"), [(0, True), (1, False)])
def test_a_run_is_not_resumed_when_what_it_knew_is_gone(
    stage: Stage, seconds: int, resumes: bool
) -> None:
    stage.start()
    stage.both_done(rest=1)
    expired = stage.finish().expiry_time
    stage.now = expired + timedelta(days=1, seconds=seconds)
    if resumes:
        assert stage.lifecycle.resume("snow").attempt == 2
    else:
        with pytest.raises(CannotResume, match="more than a day ago"):
            stage.lifecycle.resume("snow")


def test_a_resumed_run_keeps_its_list_as_long_as_its_event_lives(
    stage: Stage, table: DynamoDBClient
) -> None:
    stage.start(audience={"type": "users", "userIds": [ANNA, BERT]})
    stage.segment(0, done=True, rest=2)
    stage.finish()
    stage.now = NOW + timedelta(hours=20)
    run = stage.lifecycle.resume("snow")
    items = table.scan(TableName="runs")["Items"]
    (chunk,) = (each for each in items if each["part"]["S"].startswith("list#"))
    expected = int((run.expiry_time + timedelta(days=1)).timestamp())
    assert chunk["expiresAt"]["N"] == str(expected)


# ---- what is shown ----


def test_a_running_run_shows_the_sum_of_its_segments(stage: Stage) -> None:
    run = stage.start()
    stage.segment(0, counts=counts(accepted=2), waiting=(Waiting(ANNA, 0, 1),), problem="429")
    document = stage.lifecycle.document(run)
    assert document["counts"] == NONE_OF_ANY | {"accepted": 2}
    assert (document["waiting"], document["waitingFor"]) == (1, ["429"])


def test_an_ended_run_shows_its_own_counts(stage: Stage) -> None:
    stage.start()
    stage.both_done(counts=counts(accepted=2))
    assert stage.lifecycle.document(stage.finish())["counts"] == NONE_OF_ANY | {"accepted": 4}
