from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from yellowring.sender.delivery.outcomes import Counts, Outcome
from yellowring.sender.run.run import Ending, Segment, Waiting, document_of, progress_of
from yellowring_tools.cli.terminal.run_progress import Look, Rate, RunProgress

from tests.unit.cli.kit import START, a_run

if TYPE_CHECKING:
    from yellowring.sender.run.run import Run

SUBSCRIBERS = {"type": "subscribers"}


def look(audience: dict[str, Any], *segments: Segment, ended: bool = False, **parts: Any) -> Look:
    run: Run = replace(a_run(audience=audience), **parts)
    if ended:
        run = replace(run, status="completed")
    return Look(run, document_of(run, progress_of(segments, run.attempt)))


def part(number: int, accepted: int, **parts: Any) -> Segment:
    return Segment(number, counts=Counts({Outcome.ACCEPTED: accepted}), **parts)


def test_what_is_settled_is_the_sum_of_the_segments() -> None:
    assert look(SUBSCRIBERS, part(0, 3), part(1, 4)).settled == 7


@pytest.mark.parametrize(
    ("seen", "deliverable", "total"),
    [
        (look({"type": "users", "userIds": ["amzn1.ask.account.A"]}), None, 1),
        (look({"type": "users", "list": {"digest": "0" * 32, "count": 120_000}}), None, 120_000),
        (look({"type": "customers", "customerIds": ["4711"]}, part(0, 4)), None, None),
        (look({"type": "multicast"}), None, 1),
        (look(SUBSCRIBERS, part(0, 10)), 40, 40),
        (look(SUBSCRIBERS, part(0, 50)), 40, 50),
        (look(SUBSCRIBERS, part(0, 39, waiting=(Waiting("a", 0, 1), Waiting("b", 0, 1)))), 40, 41),
        (look(SUBSCRIBERS, part(0, 10)), None, None),
        (look(SUBSCRIBERS, ended=True, counts=Counts({Outcome.ACCEPTED: 9})), 40, 9),
    ],
)
def test_the_expected_customers_are_known_or_counted_and_never_fewer_than_were_met(
    seen: Look, deliverable: int | None, total: int | None
) -> None:
    assert seen.expected(deliverable) == total


def test_a_rate_needs_two_looks_and_forgets_what_is_long_ago() -> None:
    rate = Rate()
    assert rate.look(0, 0) is None
    assert rate.look(10, 100) == 10
    for at in range(11, 60):
        last = rate.look(at, 100)
    assert last == 0


def test_the_time_left_is_the_rest_at_this_rate() -> None:
    progress = RunProgress(look(SUBSCRIBERS, part(0, 10)), total=40, rate=2.0)
    assert progress.time_left == timedelta(seconds=15)
    assert progress.line() == "running: 10 of 40 (accepted 10), 2.0/s, 0:00:15 left"
    assert progress.document()["secondsLeft"] == 15


def test_without_a_rate_or_a_total_no_time_is_promised() -> None:
    seen = look(SUBSCRIBERS, part(0, 0, waiting=(Waiting("a", 0, 1),) * 7))
    assert RunProgress(seen, 40, rate=0).time_left is None
    assert RunProgress(seen, None, rate=3).time_left is None
    assert RunProgress(seen, None, None).line() == ("running: 0 (nobody yet), 7 to be tried again")


def test_a_run_that_waits_says_for_what_each_once() -> None:
    no_token = "LWA gives no token"
    seen = look(SUBSCRIBERS, part(0, 1, problem=no_token), part(1, 1, problem=no_token))
    assert RunProgress(seen, None, None).line().endswith(f", waits: {no_token}")


def test_a_run_that_is_about_to_end_says_how_instead() -> None:
    ending = Ending("cancelled", None, START)
    seen = look(SUBSCRIBERS, part(0, 1, problem="429: pace 3/s"), ending=ending)
    assert RunProgress(seen, None, None).line().endswith(", about to be cancelled")


def test_an_ended_run_has_no_rate_and_no_time_left() -> None:
    seen = look(SUBSCRIBERS, ended=True, counts=Counts({Outcome.ACCEPTED: 9}))
    assert RunProgress(seen, 9, 3.0).line() == "completed: 9 of 9 (accepted 9)"
