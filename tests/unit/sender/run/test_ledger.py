"""A segment's ledger: everybody is in one place at a time, and nobody is lost."""

from __future__ import annotations

from dataclasses import replace

import pytest
from yellowring.sender.delivery.outcomes import Outcome
from yellowring.sender.run.ledger import LONGEST_BACK_OFF, MOST_OPEN, Ledger, back_off
from yellowring.sender.run.refusals import HALT_AT_ONCE, Evidence, Held
from yellowring.sender.run.run import Segment, Waiting

from tests.unit.sender.run.kit import counts, users

NOW = 1_795_165_200.0
ANNA, BERT, CLEO = users(3)
FRESH = Waiting(ANNA, 0, 0)


def ledger(*waiting: Waiting, **known: object) -> Ledger:
    return Ledger(replace(Segment(0, waiting=waiting), **known), attempt=1)  # type: ignore[arg-type]


def begun(*user_ids: str) -> Ledger:
    """Return a ledger with some under way, each with a request."""
    found = ledger()
    for user_id in user_ids:
        found.begin(Waiting(user_id, 0, 0), "na")
        found.sent(user_id)
    return found


# ---- where somebody is ----


def test_who_is_under_way_waits_no_more_and_is_in_the_checkpoint_as_not_known() -> None:
    found = ledger(FRESH)
    found.begin(FRESH, "na")
    assert (found.waiting, list(found.under_way)) == ({}, [ANNA])
    assert found.snapshot(0).waiting == (FRESH,)


def test_a_request_that_is_begun_is_a_try() -> None:
    found = begun(ANNA)
    assert found.snapshot(0).waiting == (Waiting(ANNA, 0, 1),)


def test_requests_are_numbered_from_one() -> None:
    found = ledger()
    for user_id in (ANNA, BERT):
        found.begin(Waiting(user_id, 0, 0), "na")
    assert [found.sent(ANNA), found.sent(BERT)] == [1, 2]


def test_who_is_put_back_waits_as_they_were() -> None:
    found = ledger()
    found.begin(FRESH, "na")
    found.put_back(ANNA)
    assert (found.waiting, found.under_way) == ({ANNA: FRESH}, {})


def test_who_has_an_outcome_is_not_put_back() -> None:
    found = begun(ANNA)
    found.answered(ANNA, Outcome.ACCEPTED, 1, NOW)
    found.put_back(ANNA)
    assert found.waiting == {}
    assert found.counts[Outcome.ACCEPTED] == 1


@pytest.mark.parametrize("where", ["waiting", "under way"])
def test_who_needs_no_answer_is_counted_once(where: str) -> None:
    found = ledger(FRESH)
    if where == "under way":
        found.begin(FRESH, "na")
    found.settle(ANNA, Outcome.SKIPPED, 0)
    assert (found.waiting, found.under_way) == ({}, {})
    assert found.counts.document() == counts(skipped=1).document()


# ---- answers ----


@pytest.mark.parametrize("outcome", [Outcome.ACCEPTED, Outcome.DUPLICATE, Outcome.LIMITED], ids=str)
def test_an_acceptance_is_counted_and_proves_the_refusals_before_it(outcome: Outcome) -> None:
    found = begun(ANNA, BERT)
    found.answered(ANNA, Outcome.REJECTED, 1, NOW)
    found.answered(BERT, outcome, 2, NOW)  # begun before the refusal came
    assert found.counts.total == 1
    found.begin(Waiting(CLEO, 0, 0), "na")
    found.answered(CLEO, outcome, found.sent(CLEO), NOW)
    assert found.counts[outcome] == 2
    assert found.counts[Outcome.REJECTED] == 1
    assert [each.user_id for each in found.believed] == [ANNA]


def test_a_refusal_is_held_with_the_time_of_its_request_and_not_counted() -> None:
    found = begun(ANNA)
    found.answered(ANNA, Outcome.REJECTED, 1, NOW + 0.25)
    assert found.counts.total == 0
    assert found.refusals.held == [
        Held(ANNA, "na", Outcome.REJECTED, 1_795_165_200_250, answered=1)
    ]
    assert found.snapshot(0).held == tuple(found.refusals.held)


def test_a_believed_400_is_counted_and_nobody_is_marked_for_it() -> None:
    found = begun(ANNA)
    found.answered(ANNA, Outcome.INVALID, 1, NOW)
    found.begin(Waiting(BERT, 0, 0), "na")
    found.answered(BERT, Outcome.ACCEPTED, found.sent(BERT), NOW)
    assert found.counts[Outcome.INVALID] == 1
    assert found.believed == []


@pytest.mark.parametrize("deliverable", [True, False])
def test_only_whom_the_record_calls_deliverable_is_marked_for_a_refusal(deliverable: bool) -> None:
    found = ledger()
    found.begin(Waiting(ANNA, 0, 0, deliverable), "na")
    found.answered(ANNA, Outcome.REJECTED, found.sent(ANNA), NOW)
    found.begin(Waiting(BERT, 0, 0), "na")
    found.answered(BERT, Outcome.ACCEPTED, found.sent(BERT), NOW)
    assert found.counts[Outcome.REJECTED] == 1
    assert [each.user_id for each in found.believed] == [ANNA] * deliverable


def test_a_refusal_of_an_earlier_slice_is_proved_by_the_first_acceptance_of_this() -> None:
    found = ledger(held=(Held(BERT, "na", Outcome.REJECTED, 5),))
    found.begin(FRESH, "na")
    found.answered(ANNA, Outcome.ACCEPTED, found.sent(ANNA), NOW)
    assert [each.user_id for each in found.believed] == [BERT]


# ---- waiting ----


@pytest.mark.parametrize("retry_after", [None, 0.0, 7_200.0, 86_400.0])
def test_who_has_no_answer_waits_for_the_back_off_or_as_long_as_alexa_says(
    retry_after: float | None,
) -> None:
    found = begun(ANNA)
    found.delay(ANNA, NOW, retry_after)
    (waiting,) = found.waiting.values()
    assert (waiting.user_id, waiting.tries, found.under_way) == (ANNA, 1, {})
    wait = waiting.due / 1000 - NOW
    if retry_after:
        assert wait == retry_after
    else:
        assert 0.5 <= wait <= 1


def test_a_customer_whose_content_was_late_counts_as_tried() -> None:
    found = ledger()
    found.begin(FRESH, "na")
    found.delay(ANNA, NOW, None)
    assert found.waiting[ANNA].tries == 1


def test_back_off_doubles_with_jitter_up_to_two_minutes() -> None:
    for tries in range(1, 15):
        longest = min(LONGEST_BACK_OFF, 2 ** (tries - 1))
        waits = [back_off(tries) for _ in range(50)]
        assert longest / 2 <= min(waits) <= max(waits) <= longest
        assert max(waits) > min(waits)
    assert LONGEST_BACK_OFF == 120
    assert back_off(10_000) <= 120


def test_who_is_due_is_tried_and_who_is_not_waits() -> None:
    early, now, late = (
        Waiting(user_id, int(NOW * 1000) + ms, 1)
        for user_id, ms in ((ANNA, -1), (BERT, 0), (CLEO, 1))
    )
    found = ledger(late, now, early)
    assert found.due(NOW, 9) == [now, early]
    assert found.due(NOW, 1) == [now]
    assert found.due(NOW - 1, 9) == []


def test_the_next_who_is_due_is_told() -> None:
    assert ledger().next_due() is None
    assert ledger(Waiting(ANNA, 9_000, 1), Waiting(BERT, 5_000, 1)).next_due() == 5


# ---- room ----


def test_the_waiting_the_held_and_those_under_way_take_the_room_together() -> None:
    waiting = tuple(Waiting(each, 0, 0) for each in users(MOST_OPEN - 2))
    found = ledger(*waiting, held=(Held(f"{ANNA}h", "na", Outcome.REJECTED, 0),))
    assert found.has_room()
    found.begin(Waiting(f"{ANNA}u", 0, 0), "na")
    assert not found.has_room()
    found.settle(f"{ANNA}u", Outcome.SKIPPED, 0)
    assert found.has_room()
    assert MOST_OPEN == 500


def test_a_region_has_room_for_as_many_as_could_not_pass_the_halt() -> None:
    found = ledger()
    for user_id in users(HALT_AT_ONCE):
        assert found.has_room_in("na")
        found.begin(Waiting(user_id, 0, 0), "na")
    assert not found.has_room_in("na")
    assert found.has_room_in("eu")
    found.put_back(users(1)[0])
    assert found.has_room_in("na")


# ---- the segment ----


def test_a_segment_is_done_when_all_were_visited_and_nobody_waits_or_is_under_way() -> None:
    assert not ledger().is_done
    assert ledger(visited=True).is_done
    assert ledger(visited=True, held=(Held(ANNA, "na", Outcome.REJECTED, 0),)).is_done
    assert not ledger(FRESH, visited=True).is_done
    found = ledger(FRESH, visited=True)
    found.begin(FRESH, "na")
    assert not found.is_done


def test_behind_the_last_page_everybody_was_visited() -> None:
    found = ledger()
    found.go_behind("cursor")
    assert (found.cursor, found.visited) == ("cursor", False)
    found.go_behind(None)
    assert (found.cursor, found.visited) == (None, True)


def test_a_snapshot_is_read_back_as_the_same_ledger_and_does_not_change_with_it() -> None:
    found = begun(ANNA, BERT)
    found.answered(ANNA, Outcome.REJECTED, 1, NOW)
    found.go_behind("cursor")
    found.rest, found.rest_cursor = 4, "rest"
    snapshot = found.snapshot(7, problem="429")
    assert (snapshot.version, snapshot.problem, snapshot.done) == (7, "429", False)
    assert Ledger(snapshot, 1).snapshot(7, problem="429") == snapshot
    before = replace(snapshot, counts=snapshot.counts.copy())
    found.answered(BERT, Outcome.ACCEPTED, 2, NOW)
    assert snapshot == before
    assert snapshot.evidence == {"na": Evidence(1, accepted=False)}


def test_a_later_attempt_tries_all_without_an_outcome_at_once_and_forgets_the_evidence() -> None:
    stored = Segment(
        3,
        version=9,
        attempt=1,
        cursor="c",
        counts=counts(accepted=2),
        waiting=(Waiting(ANNA, 9_999, 3, deliverable=False), Waiting(BERT, 5, 0)),
        held=(Held(CLEO, "eu", Outcome.REJECTED, 5),),
        evidence={"eu": Evidence(49, accepted=True)},
        rest=100,
        rest_cursor="r",
        done=True,
        problem="p",
    )
    expected = Segment(
        3,
        version=9,
        attempt=2,
        cursor="c",
        counts=counts(accepted=2),
        waiting=(
            Waiting(ANNA, 0, 3, deliverable=False),
            Waiting(BERT, 0, 0),
            Waiting(CLEO, 0, 1),
        ),
    )
    assert stored.reopened(2) == expected
    assert Ledger(stored, 2).snapshot(9) == expected
    assert Ledger(stored, 1).snapshot(9, done=True, problem="p") == stored


def test_a_later_attempt_has_nothing_to_do_where_everybody_has_an_outcome() -> None:
    assert Segment(0, visited=True, done=True).reopened(2).done
    assert not Segment(0, visited=False, done=True).reopened(2).done
    held = Segment(0, visited=True, done=True, held=(Held(ANNA, "na", Outcome.INVALID, 0),))
    assert not held.reopened(2).done


def test_a_link_stays_with_a_customer_whether_they_wait_are_held_or_are_tried_anew() -> None:
    found = ledger()
    found.begin(replace(FRESH, link="1"), "na")
    found.delay(ANNA, NOW, None)
    (waiting,) = found.snapshot(0).waiting
    assert waiting.link == "1"
    found.begin(waiting, "na")
    found.answered(ANNA, Outcome.REJECTED, found.sent(ANNA), NOW)
    assert [each.link for each in found.snapshot(0).held] == ["1"]
    assert [each.link for each in found.snapshot(0).reopened(2).waiting] == ["1"]
    reopened = Segment(0, waiting=(waiting,)).reopened(2)
    assert [each.link for each in reopened.waiting] == ["1"]


def test_a_link_moves_with_a_customer_wherever_they_are_and_with_nobody_else() -> None:
    held = tuple(Held(each, "na", Outcome.REJECTED, 5, link="1") for each in (ANNA, BERT))
    found = ledger(held=held)
    found.relink(ANNA, "2")
    assert [each.link for each in found.snapshot(0).held] == ["2", "1"]
    found = ledger(Waiting(ANNA, 0, 1, link="1"), Waiting(BERT, 0, 1, link="1"))
    found.relink(ANNA, "2")
    assert [each.link for each in found.snapshot(0).waiting] == ["2", "1"]
    for each in found.due(NOW, 2):
        found.begin(each, "na")
    found.relink(BERT, "3")
    assert [each.link for each in found.snapshot(0).waiting] == ["2", "3"]
