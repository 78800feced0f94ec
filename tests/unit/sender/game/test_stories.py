"""Single games that went wrong once, or would with a simpler protocol."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.unit.sender.game.alexa import Weather
from tests.unit.sender.game.plan import EVER, Change, Plan
from tests.unit.sender.game.play import Game
from tests.unit.sender.game.rules import violations
from tests.unit.sender.game.workers import BEGINNING


def _told(game: Game) -> int:
    return len(game.alexa.book)


def _play(plan: Plan) -> Game:
    game = Game(plan).play()
    assert violations(game) == []
    return game


def test_nineteen_customers_and_a_wrong_stage_complete_with_a_cause_and_nobody_is_marked() -> None:
    wrong = Weather(wrong_stage=((0, EVER),))
    game = _play(Plan(customers=19, segments=1, weather=wrong))
    assert (game.run.status, game.counts) == ("completed", {"rejected": 19})
    assert "SKILL_STAGE" in str(game.run.cause)
    assert game.people.marks == []
    assert all(each.deliverable for each in game.people.table.values())


def test_what_was_refused_at_a_wrong_stage_is_heard_once_that_is_mended() -> None:
    wrong = Weather(wrong_stage=((0, EVER),))
    game = _play(Plan(customers=19, segments=1, weather=wrong, resumes=(600,)))
    assert (game.run.attempt, game.counts) == (2, {"accepted": 19})


@pytest.mark.parametrize("segments", [1, 4])
def test_a_wrong_stage_halts_a_larger_run_soon(segments: int) -> None:
    wrong = Weather(wrong_stage=((0, EVER),))
    game = _play(Plan(customers=400, segments=segments, weather=wrong))
    assert game.run.status == "halted"
    assert game.counts["rejected"] <= 2 * 20 * segments  # two regions
    assert game.people.marks == []


def test_a_stage_switched_midway_halts_the_run_and_marks_nobody() -> None:
    game = _play(Plan(customers=400, segments=2, weather=Weather(wrong_stage=((8, EVER),))))
    assert game.run.status == "halted"
    assert 150 < game.counts["accepted"] < 250
    assert game.counts["notSent"] > 0
    assert game.people.marks == []


def test_only_the_stale_are_marked_before_a_stage_is_switched() -> None:
    switched = Weather(wrong_stage=((8, EVER),))
    game = _play(Plan(customers=400, segments=2, stale=0.3, weather=switched))
    stale = {each.user_id for each in game.people.table.values() if each.is_stale}
    assert {user_id for user_id, _ in game.people.marks} < stale


def test_half_of_the_customers_stale_halts_nothing_and_marks_them() -> None:
    game = _play(Plan(seed=1, customers=400, segments=4, stale=0.5))
    stale = {each.user_id for each in game.people.table.values() if each.is_stale}
    assert game.run.status == "completed"
    assert game.counts == {"accepted": 400 - len(stale), "rejected": len(stale)}
    marked = {user_id for user_id, _ in game.people.marks}
    assert marked <= stale
    assert len(marked) > 0.9 * len(stale)  # not those after whom nobody was accepted


def test_customers_lacking_a_placeholders_attribute_are_invalid_and_halt_nothing() -> None:
    game = _play(Plan(customers=300, content="placeholder", lacking=0.2))
    lacking = sum(not each.attributes for each in game.people.table.values())
    assert game.run.status == "completed"
    assert game.counts == {"accepted": 300 - lacking, "invalid": lacking}
    assert len(game.begun) == 300 - lacking  # Alexa was asked for nobody else


def test_everybody_lacking_it_is_no_fault_of_alexas() -> None:
    game = _play(Plan(customers=60, content="placeholder", lacking=1.0))
    assert (game.run.status, game.counts) == ("completed", {"invalid": 60})


def test_a_mark_does_not_mute_whoever_subscribed_again_since() -> None:
    noise = Weather(noise=0.6)  # so that most are refused in a later try
    changes: tuple[tuple[float, Change], ...] = tuple(
        (float(at), "return") for at in range(1, 120, 2)
    )
    game = _play(Plan(seed=5, customers=60, stale=0.5, weather=noise, changes=changes, skew=60))
    assert game.people.marks
    assert all(each.deliverable or each.is_stale for each in game.people.table.values())


def test_every_mark_is_dated_two_minutes_before_its_request() -> None:
    game = _play(Plan(customers=40, stale=0.3))
    for user_id, at in game.people.marks:
        refused = game.alexa.refused[user_id][0]
        assert 119.5 < refused - (at / 1000 - BEGINNING.timestamp()) < 120.5


@pytest.mark.parametrize("customers", [1, 5, 400])
def test_tokens_that_are_refused_for_good_halt_a_run(customers: int) -> None:
    refused = Weather(unauthorized=((0, EVER),))
    game = _play(Plan(customers=customers, segments=1, weather=refused))
    assert game.run.status == "halted"
    assert "401" in str(game.run.cause)
    assert game.counts == {"failed": customers} or game.counts["notSent"] > 0


def test_tokens_that_are_refused_for_some_seconds_do_not() -> None:
    game = _play(Plan(customers=60, weather=Weather(unauthorized=((1, 20),))))
    assert (game.run.status, game.counts) == ("completed", {"accepted": 60})


def test_a_cancelled_runs_counts_are_exact() -> None:
    game = _play(Plan(customers=250, segments=4, cancels=(4.0,)))
    heard = _told(game)
    assert game.run.status == "cancelled"
    assert 90 < heard < 150
    assert game.counts == {"accepted": heard, "notSent": 250 - heard}
    assert max(game.begun) <= 4 + 2


def test_a_cancelled_run_that_is_resumed_tells_the_rest() -> None:
    game = _play(Plan(customers=250, segments=4, cancels=(4.0,), resumes=(300.0,)))
    assert game.run.status == "completed"
    assert game.counts == {"accepted": 250}


def test_a_run_of_ten_outlives_a_login_with_amazon_that_is_down_at_its_start() -> None:
    down = Weather(no_token=((0, 1200),))
    game = _play(Plan(customers=10, weather=down))
    assert (game.run.status, game.counts) == ("completed", {"accepted": 10})
    assert "LWA gives no token" in game.problems


def test_nobody_is_missed_when_alexa_is_down_for_a_third_of_the_events_life() -> None:
    game = _play(Plan(customers=200, segments=2, weather=Weather(down=((3, 1200),))))
    assert (game.run.status, game.counts.get("failed")) == ("completed", None)
    assert sum(game.counts.values()) == _told(game) == 200


def test_a_total_outage_pauses_a_run_instead_of_burning_through_it() -> None:
    down = Weather(down=((0, EVER),))
    game = _play(Plan(customers=1500, segments=1, life=20, rate=200, page=100, weather=down))
    assert 400 <= game.most_waiting <= 500
    assert game.counts["expired"] >= 1000  # never tried, for no page was read for them
    assert game.counts["failed"] <= 500


def test_no_request_is_begun_after_the_last_moment_not_even_in_an_outage() -> None:
    down = Weather(down=((0, EVER),))
    _play(Plan(customers=1500, segments=1, life=12, rate=200, page=100, weather=down))


def test_whoever_leaves_while_they_wait_is_skipped_and_not_asked_again() -> None:
    down = Weather(down=((0, 300),))
    game = _play(Plan(customers=30, weather=down, changes=((250.0, "leave"),) * 10))
    assert game.counts["skipped"] == len(game.changed)
    assert game.run.counts.heard == 30 - len(game.changed)
    assert not game.alexa.refused


@pytest.mark.parametrize("change", ["unlink", "relink"])
def test_whose_link_moves_while_they_wait_is_not_told_what_is_another_customers(
    change: Change,
) -> None:
    plan = Plan(customers=30, audience="customers", weather=Weather(busy=((0, 900),)))
    game = _play(replace(plan, changes=((250.0, change),) * 10))
    assert game.counts == {"accepted": 30 - len(game.moved), "skipped": len(game.moved)}
    assert game.moved
    assert not {user_id for _, user_id in game.alexa.book} & set(game.moved)


def test_a_listed_user_without_a_subscription_is_left_to_alexas_word_however_often_tried() -> None:
    down = Weather(down=((0, 100),))
    changes: tuple[tuple[float, Change], ...] = ((0.0, "leave"), (0.0, "leave"))
    game = _play(Plan(customers=10, audience="users", weather=down, changes=changes))
    assert game.counts["rejected"] == len(game.changed)


def test_it_is_left_to_alexas_word_too_when_a_refused_run_is_resumed() -> None:
    wrong = Weather(wrong_stage=((0, 300),))
    changes: tuple[tuple[float, Change], ...] = ((0.0, "leave"), (0.0, "leave"))
    plan = Plan(customers=10, audience="users", weather=wrong, changes=changes, resumes=(600,))
    game = _play(plan)
    assert game.counts["rejected"] == len(game.changed) > 0


@pytest.mark.parametrize("seconds", [30.0, 400.0, 1500.0])
def test_a_retry_after_is_waited_for(seconds: float) -> None:
    busy = Weather(busy=((0, 5),), retry_after=seconds)
    game = _play(Plan(customers=20, weather=busy))
    assert game.counts == {"accepted": 20}
    assert not [at for at in game.begun if 5 < at < seconds]


def test_an_infinite_retry_after_loses_nobody() -> None:
    game = _play(Plan(seed=3, customers=60, life=6, weather=Weather(noise=0.6)))
    assert game.alexa.answers[429] > 0
    assert sum(game.counts.values()) == 60


def test_firing_twice_and_once_more_after_the_end_tells_once_and_keeps_no_list() -> None:
    game = _play(Plan(customers=30, audience="users", chunk=10, firings=(0, 0, 0.2, 900)))
    assert game.counts == {"accepted": 30}
    assert game.runs.chunks == {}


def test_an_execution_ended_from_outside_halts_the_run_and_resume_goes_on() -> None:
    game = _play(Plan(seed=1, customers=200, segments=4, aborts=(3.0,), resumes=(7200.0,)))
    assert (game.run.attempt, game.run.status) == (2, "completed")
    assert set(game.counts) <= {"accepted", "duplicate"}


def test_an_hours_run_writes_few_checkpoints() -> None:
    game = _play(Plan(customers=3000, segments=1, rate=1, page=100))
    assert game.counts["accepted"] > 2500
    assert game.checkpoints < 3600 / 10 + 20


def test_a_day_of_failing_slices_fits_the_history_of_a_child() -> None:
    down = Weather(no_token=((0, EVER),))
    game = _play(Plan(customers=1, segments=1, life=1440, weather=down))
    (execution,) = game.machine.executions.values()
    assert 15_000 < execution.children[0].events < 20_000
