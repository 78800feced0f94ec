"""A run as values: how everybody ended, and what is shown of it."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from yellowring.sender.delivery.outcomes import Outcome
from yellowring.sender.run.refusals import Held
from yellowring.sender.run.run import Ending, Progress, Segment, Waiting, document_of, progress_of

from tests.unit.sender.kit import NONE_OF_ANY, campaign
from tests.unit.sender.run.kit import NOW, counts, run, users

if TYPE_CHECKING:
    from yellowring.sender.run.run import Status

ANNA, BERT, CLEO = users(3)
OPEN = Segment(
    0,
    counts=counts(accepted=4),
    waiting=(Waiting(ANNA, 0, 1), Waiting(BERT, 0, 0)),
    held=(Held(CLEO, "na", Outcome.REJECTED, 0), Held(CLEO, "na", Outcome.INVALID, 0)),
    rest=10,
)
NOTHING_YET = Progress(counts(), done=0, waiting=0, problems=())


def test_after_a_completed_run_the_tried_failed_and_the_rest_expired() -> None:
    assert OPEN.final_counts("completed").document() == NONE_OF_ANY | {
        "accepted": 4,
        "rejected": 1,
        "invalid": 1,
        "failed": 1,
        "expired": 11,
    }


@pytest.mark.parametrize("status", ["halted", "cancelled"])
def test_after_any_other_run_the_rest_was_not_sent(status: Status) -> None:
    assert OPEN.final_counts(status).document() == NONE_OF_ANY | {
        "accepted": 4,
        "rejected": 1,
        "invalid": 1,
        "failed": 1,
        "notSent": 11,
    }


def test_counting_the_end_changes_nothing_in_the_segment() -> None:
    OPEN.final_counts("completed")
    assert OPEN.counts.total == 4


def test_a_resume_would_try_all_but_those_with_an_outcome() -> None:
    assert OPEN.resumable == 14
    assert Segment(0, counts=counts(accepted=3)).resumable == 0


def test_progress_is_the_sum_of_the_segments() -> None:
    done = Segment(1, counts=counts(accepted=1, limited=2), done=True)
    progress = progress_of([OPEN, done], attempt=1)
    assert progress.counts.document() == NONE_OF_ANY | {
        "accepted": 5,
        "limited": 2,
        "rejected": 1,
        "invalid": 1,
    }
    assert (progress.done, progress.waiting) == (1, 2)


def test_a_segment_that_was_done_in_an_earlier_attempt_is_open() -> None:
    assert progress_of([Segment(0, attempt=1, done=True)], attempt=2).done == 0


def test_what_segments_wait_for_is_told_once_each_and_of_open_ones_only() -> None:
    segments = [
        Segment(0, problem="429"),
        Segment(1, problem="429"),
        Segment(2, problem="Alexa answers 500"),
        Segment(3, problem="gone", done=True),
        Segment(4),
    ]
    assert progress_of(segments, attempt=1).problems == ("429", "Alexa answers 500")


def test_progress_does_not_change_the_segments() -> None:
    progress_of([OPEN, OPEN], attempt=1)
    assert OPEN.counts.total == 4


def test_the_last_request_is_begun_half_a_minute_before_alexas_five_of_the_expiry() -> None:
    assert run().last_send == run().expiry_time - timedelta(minutes=5, seconds=30)


def test_a_run_for_a_list_knows_it_by_its_digest() -> None:
    assert run().listed is None
    listed = run(document=campaign(audience={"type": "users", "userIds": users(3)})).listed
    assert listed is not None
    assert listed.count == 3


def test_a_running_run_shows_its_progress_and_what_it_waits_for() -> None:
    progress = Progress(counts(accepted=3), done=1, waiting=2, problems=("LWA gives no token",))
    document = document_of(run(execution_arn="arn:e", counts=counts(accepted=99)), progress)
    assert document == {
        "runId": "snow",
        "campaign": "snow-warning",
        "status": "running",
        "counts": NONE_OF_ANY | {"accepted": 3},
        "startedAt": NOW.isoformat(),
        "expiryTime": (NOW + timedelta(hours=1)).isoformat(),
        "endedAt": None,
        "attempt": 1,
        "segments": {"total": 2, "open": 1},
        "waiting": 2,
        "execution": "arn:e",
        "waitingFor": ["LWA gives no token"],
    }


def test_a_run_that_is_ending_says_how_and_why() -> None:
    ending = run(ending=Ending("halted", "stage: wrong", NOW))
    document = document_of(ending, NOTHING_YET)
    assert (document["status"], document["ending"], document["cause"]) == (
        "running",
        "halted",
        "stage: wrong",
    )


def test_an_ended_run_shows_its_final_counts_and_what_could_be_resumed() -> None:
    ended = run(
        status="halted",
        counts=counts(accepted=1, notSent=5),
        resumable=5,
        cause="stage: wrong",
        ending=Ending("halted", "stage: wrong", NOW),
        ended_at=NOW,
    )
    late = Progress(counts(accepted=9), done=0, waiting=9, problems=("429",))
    document = document_of(ended, late)
    assert document["counts"] == NONE_OF_ANY | {"accepted": 1, "notSent": 5}
    assert (document["resumable"], document["cause"], document["endedAt"]) == (
        5,
        "stage: wrong",
        NOW.isoformat(),
    )
    assert (document["segments"], document["waiting"]) == ({"total": 2, "open": 0}, 0)
    assert not {"ending", "waitingFor", "execution"} & document.keys()


def test_what_cannot_be_resumed_says_nothing_of_it() -> None:
    assert "resumable" not in document_of(run(status="completed"), NOTHING_YET)
    assert "cause" not in document_of(run(status="completed"), NOTHING_YET)


def test_the_document_is_json_and_names_nobody() -> None:
    named = run(document=campaign(audience={"type": "users", "userIds": users(3)}))
    named = replace(named, status="completed", counts=counts(accepted=3), ended_at=NOW)
    assert "amzn1.ask.account" not in json.dumps(document_of(named, NOTHING_YET))
