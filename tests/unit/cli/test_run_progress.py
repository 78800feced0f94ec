from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from yellowring.sender.outcomes import Counts, Outcome
from yellowring.sender.runs import Run, Segment

from cli.advance import Advance, Rate, expected

START = datetime(2026, 11, 20, 9, tzinfo=UTC)


def a_run(audience: dict[str, Any], accepted: int = 0, **parts: Any) -> Run:
    given: dict[str, Any] = {"status": "running", "total_segments": 4} | parts
    return Run(
        run_id="snow~20261120T090000Z",
        campaign={"name": "snow", "audience": audience},
        started_at=START,
        expiry_time=START + timedelta(hours=1),
        counts=Counts({Outcome.ACCEPTED: accepted}),
        **given,
    )


SUBSCRIBERS = {"type": "subscribers"}
OPEN = {1: Segment(), 2: Segment(), 3: Segment()}


@pytest.mark.parametrize(
    ("run", "deliverable", "total"),
    [
        (a_run({"type": "users", "userIds": ["a", "b"]}), None, 2),
        (a_run({"type": "multicast"}), None, 1),
        (a_run(SUBSCRIBERS, 10), 40, 40),
        (a_run(SUBSCRIBERS, 50), 40, 50),
        (a_run(SUBSCRIBERS, 10, segments=OPEN), None, 40),
        (a_run(SUBSCRIBERS, 10, segments={0: Segment(), **OPEN}), None, None),
        (a_run(SUBSCRIBERS, 10, status="completed"), 40, 10),
        (a_run(SUBSCRIBERS, 10, segments=OPEN, retries={"r": 5}), None, 60),
    ],
)
def test_the_expected_customers_are_known_counted_or_told_from_the_segments_done(
    run: Run, deliverable: int | None, total: int | None
) -> None:
    assert expected(run, deliverable) == total


def test_a_rate_needs_two_looks_and_forgets_what_is_long_ago() -> None:
    rate = Rate()
    assert rate.look(0, 0) is None
    assert rate.look(10, 100) == 10
    for at in range(11, 60):
        last = rate.look(at, 100)
    assert last == 0


def test_the_time_left_is_the_rest_at_this_rate() -> None:
    advance = Advance(a_run(SUBSCRIBERS, 10), done=10, waiting=0, total=40, rate=2.0)
    assert advance.time_left == timedelta(seconds=15)
    assert advance.line() == "running: 10 of 40 (accepted 10), 2.0/s, 0:00:15 left"
    assert advance.document()["secondsLeft"] == 15


def test_without_a_rate_or_a_total_no_time_is_promised() -> None:
    run = a_run(SUBSCRIBERS)
    assert Advance(run, 0, 0, 40, rate=0).time_left is None
    assert Advance(run, 0, 0, None, rate=3).time_left is None
    assert Advance(run, 0, 7, None, None).line() == "running: 0 (nobody yet), 7 to be tried again"
