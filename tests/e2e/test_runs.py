"""Runs that do not go straight to their end: cancelled, halted, interrupted, held up, resumed."""

from __future__ import annotations

import json
import logging
from typing import TYPE_CHECKING, Any

import pytest

from tests.e2e.support import (
    campaign_for,
    configured,
    counts,
    crowd,
    ended,
    eventually,
    faults,
    heard,
    invocations,
    lifecycle_of,
    marked,
    runs_of,
    start,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from yellowring_tools.local_stack.stack import LocalStack

logger = logging.getLogger(__name__)
SLOWLY = {"api": {"latencyMs": [3000, 4000]}}
"""An Alexa so slow that a run of hundreds lasts until somebody stops it."""
MANY = 600

type Announced = Callable[[str, int], list[tuple[str, str]]]


@pytest.fixture
def announced(stack: LocalStack, announcements: str) -> Announced:
    """Waits until so many events of a run were on the bus; gives their types and ids."""
    told: list[dict[str, Any]] = []

    def of(run_id: str) -> list[tuple[str, str]]:
        answer = stack.aws.sqs.receive_message(
            QueueUrl=announcements, MaxNumberOfMessages=10, WaitTimeSeconds=1
        )
        for message in answer.get("Messages", []):
            told.append(json.loads(message["Body"]))
            stack.aws.sqs.delete_message(
                QueueUrl=announcements, ReceiptHandle=message["ReceiptHandle"]
            )
        return [
            (each["detail-type"], each["detail"]["id"])
            for each in told
            if each["detail"]["runId"] == run_id
        ]

    def wait(run_id: str, many: int) -> list[tuple[str, str]]:
        eventually(lambda: len(of(run_id)) >= many, f"nobody was told of {run_id}")
        return of(run_id)

    return wait


def test_a_cancelled_run_counts_what_was_sent_and_resumed_reaches_the_rest(
    stack: LocalStack, announced: Announced
) -> None:
    users = crowd(stack, "cancelled", MANY)
    with faults(stack, **SLOWLY):
        start(stack, "cancelled~1", campaign_for("cancelled"))
        eventually(lambda: heard(stack, "cancelled~1"), "nothing was sent")
        assert lifecycle_of(stack).cancel("cancelled~1")
        run = ended(stack, "cancelled~1")
        told = heard(stack, "cancelled~1")
    assert run.status == "cancelled"
    assert counts(run) == {"accepted": len(told), "notSent": MANY - len(told)}
    assert 0 < len(told) < MANY
    lifecycle_of(stack).resume("cancelled~1")
    run = ended(stack, "cancelled~1", attempt=2)
    assert (run.status, counts(run)) == ("completed", {"accepted": MANY})
    assert heard(stack, "cancelled~1") == dict.fromkeys(users, 1)
    assert announced("cancelled~1", 2) == [
        ("RunCancelled", "cancelled~1/1/cancelled"),
        ("RunCompleted", "cancelled~1/2/completed"),
    ]


@pytest.mark.slow
def test_an_execution_that_is_aborted_from_outside_halts_its_run(
    stack: LocalStack, announced: Announced
) -> None:
    users = crowd(stack, "aborted", MANY)
    with faults(stack, **SLOWLY):
        start(stack, "aborted~1", campaign_for("aborted"))
        eventually(lambda: heard(stack, "aborted~1"), "nothing was sent")
        execution = runs_of(stack).load("aborted~1").execution_arn
        assert execution is not None
        stack.aws.states.stop_execution(executionArn=execution)
        run = ended(stack, "aborted~1")
        told = heard(stack, "aborted~1")
    assert run.status == "halted"
    assert run.cause is not None
    assert "ended from outside" in run.cause
    assert counts(run) == {"accepted": len(told), "notSent": MANY - len(told)}
    assert set(told) <= set(users)
    assert announced("aborted~1", 1) == [("RunHalted", "aborted~1/1/halted")]


@pytest.mark.slow
def test_a_few_customers_at_the_wrong_stage_are_told_of_and_nobody_is_marked(
    stack: LocalStack,
) -> None:
    users = crowd(stack, "few", 19)
    with configured(stack, SKILL_STAGE="live"):
        start(stack, "few~1", campaign_for("few"))
        run = ended(stack, "few~1")
    assert (run.status, counts(run)) == ("completed", {"rejected": 19})
    assert run.cause is not None
    assert "SKILL_STAGE" in run.cause
    assert marked(stack, users) == []
    start(stack, "few~2", campaign_for("few"))
    run = ended(stack, "few~2")
    assert (run.status, counts(run)) == ("completed", {"accepted": 19})
    assert heard(stack, "few~2") == dict.fromkeys(users, 1)


@pytest.mark.slow
@pytest.mark.parametrize("latency", [0, 300], ids=["at once", "slowly"])
def test_a_run_at_the_wrong_stage_halts_soon_and_resumed_reaches_all(
    stack: LocalStack, latency: int
) -> None:
    many, group = 5_000, f"stage{latency}"
    run_id = f"{group}~1"
    users = crowd(stack, group, many)
    before = stack.alexa.requests()
    with (
        faults(stack, api={"latencyMs": [latency, latency]}),
        configured(stack, SKILL_STAGE="live", MAX_WORKERS="4"),
    ):
        start(stack, run_id, campaign_for(group))
        run = ended(stack, run_id)
    assert run.status == "halted"
    assert run.cause is not None
    assert "SKILL_STAGE" in run.cause
    requests = stack.alexa.requests()["total"] - before["total"]
    logger.info("halted after %s requests", requests)
    assert requests <= 200
    assert counts(run) == {"rejected": requests, "notSent": many - requests}
    assert marked(stack, users[::50]) == []
    lifecycle_of(stack).resume(run_id)
    run = ended(stack, run_id, attempt=2)
    assert (run.status, counts(run)) == ("completed", {"accepted": many})
    assert heard(stack, run_id) == dict.fromkeys(users, 1)


@pytest.mark.slow
def test_a_run_that_lwa_gives_no_token_for_longer_than_a_worker_lives_completes(
    stack: LocalStack,
) -> None:
    users = crowd(stack, "tokenless", 10)
    with configured(stack, timeout=30):
        with faults(stack, lwa={"error5xx": 1.0}):
            start(stack, "tokenless~1", campaign_for("tokenless"))
            run = runs_of(stack).load("tokenless~1")
            enough = invocations(stack) + 2 * run.segments
            eventually(lambda: invocations(stack) >= enough, "no slice came again")
            told = lifecycle_of(stack).document(run)
        assert told["waitingFor"] == ["LWA gives no token"]
        run = ended(stack, "tokenless~1")
    assert (run.status, counts(run)) == ("completed", {"accepted": 10})
    assert heard(stack, "tokenless~1") == dict.fromkeys(users, 1)
