"""When a refusal is believed, and when so many of them halt a run: rule by rule."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from yellowring.sender.delivery.outcomes import Outcome
from yellowring.sender.run.refusals import (
    HALT_AT_ONCE,
    HALT_LATER,
    UNAUTHORIZED_SECONDS,
    Evidence,
    Held,
    Refusals,
    nobody_reached,
)

from tests.unit.sender.run.kit import users

if TYPE_CHECKING:
    from yellowring.alexa import Region


def held(
    number: int = 0,
    region: Region = "na",
    outcome: Outcome = Outcome.REJECTED,
    answered: int = 1,
) -> Held:
    return Held(users(number + 1)[number], region, outcome, 1000, answered=answered)


def refused(many: int, *, accepted: bool = False, outcome: Outcome = Outcome.REJECTED) -> Refusals:
    refusals = Refusals({"na": Evidence(0, accepted)})
    for number in range(many):
        refusals.refused(held(number, outcome=outcome))
    return refusals


def test_a_refused_customer_is_held() -> None:
    refusals = refused(1)
    assert refusals.held == [held()]
    assert refusals.of("na") == Evidence(1, accepted=False)


def test_an_acceptance_begun_after_the_refusal_came_proves_it() -> None:
    refusals = refused(1)
    assert refusals.accepted("na", begun=2) == [held()]
    assert refusals.held == []


def test_an_acceptance_begun_before_the_refusal_came_proves_nothing() -> None:
    refusals = refused(1)
    assert refusals.accepted("na", begun=1) == []
    assert refusals.held == [held()]


def test_an_acceptance_in_another_region_proves_nothing() -> None:
    refusals = refused(1)
    assert refusals.accepted("eu", begun=9) == []
    assert refusals.held == [held()]
    assert refusals.of("na").in_a_row == 1


def test_an_acceptance_proves_some_and_leaves_the_others_held() -> None:
    refusals = Refusals()
    for each in (held(0, answered=1), held(1, answered=5), held(2, "eu", answered=1)):
        refusals.refused(each)
    assert refusals.accepted("na", begun=3) == [held(0, answered=1)]
    assert refusals.held == [held(1, answered=5), held(2, "eu", answered=1)]


def test_an_acceptance_ends_the_row_of_refusals_in_its_region() -> None:
    refusals = refused(HALT_AT_ONCE - 1)
    refusals.accepted("na", begun=1)
    assert refusals.of("na") == Evidence(0, accepted=True)
    refusals.refused(held())
    assert refusals.of("na") == Evidence(1, accepted=True)


@pytest.mark.parametrize(("accepted", "most"), [(False, HALT_AT_ONCE), (True, HALT_LATER)])
def test_so_many_refusals_in_a_row_halt_and_one_less_does_not(accepted: bool, most: int) -> None:
    assert refused(most - 1, accepted=accepted).cause(0) is None
    assert refused(most, accepted=accepted).cause(0) is not None


def test_twenty_halt_at_once_and_fifty_later() -> None:
    assert (HALT_AT_ONCE, HALT_LATER, UNAUTHORIZED_SECONDS) == (20, 50, 30)


def test_refusals_of_two_regions_do_not_add_up() -> None:
    refusals = Refusals()
    for number in range(HALT_AT_ONCE - 1):
        refusals.refused(held(number))
        refusals.refused(held(number, "eu"))
    assert refusals.cause(0) is None


def test_a_healthy_region_does_not_hide_a_sick_one() -> None:
    refusals = refused(HALT_AT_ONCE)
    refusals.accepted("eu", begun=99)
    cause = refusals.cause(0)
    assert cause is not None
    assert "region na" in cause


def test_the_cause_of_403s_names_the_stage_and_the_way_out() -> None:
    cause = refused(HALT_AT_ONCE).cause(0) or ""
    assert cause.startswith("stage or credentials")
    assert "20 customers in a row in region na" in cause
    assert "nobody was accepted before" in cause
    assert "SKILL_STAGE" in cause
    assert "resume" in cause


def test_the_cause_tells_of_those_who_were_accepted_before() -> None:
    assert "others were before" in (refused(HALT_LATER, accepted=True).cause(0) or "")


def test_the_cause_of_400s_names_the_event() -> None:
    assert (refused(HALT_AT_ONCE, outcome=Outcome.INVALID).cause(0) or "").startswith("event")


@pytest.mark.parametrize(("invalid", "blamed"), [(10, "stage or credentials"), (11, "event")])
def test_of_both_the_more_frequent_is_blamed(invalid: int, blamed: str) -> None:
    refusals = refused(invalid, outcome=Outcome.INVALID)
    for number in range(HALT_AT_ONCE - invalid):
        refusals.refused(held(number))
    assert (refusals.cause(0) or "").startswith(blamed)


# ---- room ----


@pytest.mark.parametrize(("in_a_row", "under_way"), [(0, 20), (19, 1), (20, 0)])
def test_no_more_are_under_way_than_could_halt_before_anybody_was_accepted(
    in_a_row: int, under_way: int
) -> None:
    refusals = Refusals({"na": Evidence(in_a_row, accepted=False)})
    assert not refusals.room("na", under_way)
    assert refusals.room("na", under_way - 1) or not under_way


def test_there_is_room_as_soon_as_somebody_was_accepted() -> None:
    refusals = Refusals({"na": Evidence(49, accepted=True)})
    assert refusals.room("na", 200)
    assert not refusals.room("eu", 200)


# ---- tokens ----


def unauthorized(many: int) -> Refusals:
    refusals = Refusals()
    for _ in range(many):
        refusals.refused_token(now=100)
    return refusals


@pytest.mark.parametrize(
    ("many", "now", "halts"),
    [(20, 130, True), (19, 130, False), (20, 129.9, False), (200, 129, False), (20, 500, True)],
)
def test_tokens_that_are_refused_often_and_long_halt(many: int, now: float, halts: bool) -> None:
    cause = unauthorized(many).cause(now)
    assert (cause is not None) is halts
    if cause:
        assert cause.startswith("credentials")


def test_a_run_remembers_refused_tokens_from_slice_to_slice() -> None:
    stored = unauthorized(19).unauthorized
    again = Refusals(unauthorized=stored)
    again.refused_token(now=140)
    assert (again.cause(140) or "").startswith("credentials")


def test_an_acceptance_lets_the_tokens_count_anew() -> None:
    refusals = unauthorized(19)
    refusals.accepted("na", begun=1)
    refusals.refused_token(now=300)
    assert (refusals.unauthorized.answers, refusals.unauthorized.since) == (1, 300)
    assert refusals.cause(1000) is None


@pytest.mark.parametrize(
    ("outcome", "said"),
    [
        (Outcome.REJECTED, "SKILL_STAGE"),
        (Outcome.INVALID, "400"),
        (Outcome.FAILED, "no final answer"),
        (Outcome.EXPIRED, "expired"),
        (Outcome.SKIPPED, "nothing for anybody"),
        (Outcome.LIMITED, "432"),
    ],
)
def test_a_run_that_reached_nobody_says_what_most_ended_as(outcome: Outcome, said: str) -> None:
    least = next(each for each in Outcome if each not in (outcome, Outcome.ACCEPTED))
    cause = nobody_reached({least: 1, outcome: 2})
    assert cause.startswith("nobody was reached")
    assert said in cause
