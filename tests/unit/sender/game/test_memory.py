"""The runs table in memory is as the real one is: both are told the same, and answer the same."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from random import Random
from typing import TYPE_CHECKING, Any

import pytest
from yellowring.sender.delivery.outcomes import Counts, Outcome
from yellowring.sender.run.refusals import Evidence, Held, Unauthorized
from yellowring.sender.run.run import Ending, Run, Segment, Waiting
from yellowring.sender.run.store import RunConflict, RunNotFound, Runs, VersionConflict

from tests.unit.sender.game.memory import MemoryRuns

if TYPE_CHECKING:
    from collections.abc import Callable

    from mypy_boto3_dynamodb.client import DynamoDBClient

NOW = datetime(2026, 11, 20, 9, tzinfo=UTC)
IDS = [f"amzn1.ask.account.N{number}" for number in range(4)]
LISTED = {"digest": "a" * 32, "count": 4}


@pytest.fixture
def runs_table(aws: DynamoDBClient) -> DynamoDBClient:
    aws.create_table(
        TableName="runs-of-parts",
        KeySchema=[
            {"AttributeName": "runId", "KeyType": "HASH"},
            {"AttributeName": "part", "KeyType": "RANGE"},
        ],
        AttributeDefinitions=[
            {"AttributeName": "runId", "AttributeType": "S"},
            {"AttributeName": "part", "AttributeType": "S"},
        ],
        BillingMode="PAY_PER_REQUEST",
    )
    return aws


def _run(random: Random) -> Run:
    campaign = {"name": "x", "audience": {"type": "users", "list": LISTED}}
    return Run(
        f"run~{random.randint(1, 2)}",
        {**campaign, "expiresIn": random.choice(("PT1H", "PT1H", "PT2H"))},
        "running",
        3,
        NOW,
        NOW,
        NOW + timedelta(hours=1),
        attempt=random.randint(1, 2),
        executions=random.randint(0, 2),
    )


def _segment(random: Random, number: int, version: int) -> Segment:
    return Segment(
        number,
        version=version,
        attempt=random.randint(1, 2),
        cursor=random.choice((None, IDS[0])),
        visited=random.random() < 0.5,
        counts=Counts({Outcome.ACCEPTED: random.randint(0, 2), Outcome.SKIPPED: 1}),
        waiting=tuple(Waiting(each, 5, 1, random.random() < 0.5, "1f") for each in IDS[:2]),
        held=(
            Held(
                IDS[2],
                "eu",
                Outcome.REJECTED,
                7,
                host_known=False,
                answered=9,
                link="2e",
                deliverable=False,
            ),
        ),
        evidence={"eu": Evidence(1, accepted=True)},
        unauthorized=Unauthorized(2, 3),
        rest=random.randint(0, 3),
        rest_cursor=random.choice((None, IDS[1])),
        done=random.random() < 0.5,
        problem=random.choice((None, "429")),
    )


def _calls(random: Random) -> Callable[[Any], Any]:
    """Return a call of some method, which can be made on both stores."""
    run, number, at = _run(random), random.randint(0, 2), NOW + timedelta(minutes=5)
    known = _segment(random, number, random.choice((0, 0, 1, 2, 3)))
    new = _segment(random, number, 0)
    counts = Counts({Outcome.FAILED: 2, Outcome.ACCEPTED: 0})
    cause = random.choice((None, "why"))
    digest = str(LISTED["digest"])

    def put_both(runs: Any) -> Any:
        runs.put(replace(run, attempt=1, executions=0))
        return runs.known(run)

    calls: list[Callable[[Any], Any]] = [
        put_both,
        put_both,
        lambda runs: runs.known(run),
        lambda runs: runs.ending(run.run_id, run.attempt),
        lambda runs: runs.executed(run, f"arn:{number}"),
        lambda runs: runs.end(run, Ending("cancelled", cause, at)),
        lambda runs: runs.finish(run, "halted", counts, cause=cause, resumable=number, now=at),
        lambda runs: runs.announced(run),
        lambda runs: runs.resume(run, at, at + timedelta(hours=1)),
        *[lambda runs: runs.checkpoint(run, known, new)] * 4,
        lambda runs: runs.segments(run),
        lambda runs: runs.put_list(run.run_id, digest, IDS, at),
        lambda runs: runs.chunk(run.run_id, digest, 0),
        lambda runs: runs.forget_customers(run),
    ]
    return random.choice(calls)


def _answer(call: Callable[[Any], Any], runs: object) -> object:
    try:
        return call(runs)
    except (RunConflict, RunNotFound, VersionConflict) as error:
        return type(error)


@pytest.mark.parametrize("seed", range(3))
def test_the_table_in_memory_answers_as_the_real_one(seed: int, runs_table: DynamoDBClient) -> None:
    random = Random(seed)  # noqa: S311
    real, memory = Runs(runs_table, "runs-of-parts"), MemoryRuns()
    for step in range(40):
        state = random.getstate()
        call = _calls(random)
        seen = _answer(call, real), _answer(call, memory)
        assert seen[0] == seen[1], state
        for key in [("run~1", number) for number in range(3) if step % 10 == 9]:
            assert real.segment(*key) == memory.segment(*key)
    assert _answer(lambda runs: runs.load("run~1"), real) == _answer(
        lambda runs: runs.load("run~1"), memory
    )


def test_a_late_worker_finds_no_room_in_a_run_that_is_forgotten(runs_table: DynamoDBClient) -> None:
    run = replace(_run(Random(0)), attempt=1)  # noqa: S311
    for runs in (Runs(runs_table, "runs-of-parts"), MemoryRuns()):
        runs.forget_customers(run)
        for version in (0, 1):
            late = _segment(Random(0), 0, version)  # noqa: S311
            with pytest.raises(VersionConflict):
                runs.checkpoint(run, late, late)
        assert runs.segment(run.run_id, 0).waiting == ()
