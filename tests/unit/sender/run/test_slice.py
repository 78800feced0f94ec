"""A slice of a run: what it sends, what it leaves for the next, and when that is to come."""

from __future__ import annotations

import asyncio
from collections import Counter
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from yellowring.alexa import InvalidCredentials, TokenUnavailable
from yellowring.alexa.proactive_events import Answer
from yellowring.catalog import Problem
from yellowring.sender.campaign import InvalidCampaign
from yellowring.sender.campaign.event_source import (
    ContentLate,
    EventSourceFailed,
    InvalidContent,
)
from yellowring.sender.delivery.outcomes import Outcome
from yellowring.sender.delivery.sending import READY
from yellowring.sender.run.ledger import MOST_OPEN
from yellowring.sender.run.refusals import Held
from yellowring.sender.run.run import Segment, Waiting
from yellowring.sender.run.slice import (
    CHECKPOINT_SECONDS,
    LONGEST_WAIT,
    MARK_MARGIN,
    SHORTEST_TURN,
    Turn,
)
from yellowring.subscribers import InvalidCursor

from tests.unit.sender.run.bench import ACCEPTED, Bench
from tests.unit.sender.run.kit import NOW, counts, run, users

ANNA, BERT, CLEO = users(3)
MS = int(NOW.timestamp() * 1000)
FORBIDDEN = Answer(403, "no subscription for this user")


def once(first: Answer) -> Any:
    """Say something to each customer's first request, and accept every other."""
    met: set[str] = set()

    def answer(user_id: str) -> Answer:
        if user_id in met:
            return ACCEPTED
        met.add(user_id)
        return first

    return answer


# ---- from the first customer to the last ----


def test_everybody_is_told_once_and_the_segment_is_done() -> None:
    bench = Bench([users(30), users(50)[30:]])
    assert bench.work() == Turn(done=True)
    assert sorted(user for _, user in bench.sent) == users(50)
    assert (bench.last.done, bench.last.visited, bench.counts) == (True, True, {"accepted": 50})


def test_an_empty_segment_is_done() -> None:
    bench = Bench()
    assert bench.work() == Turn(done=True)
    assert bench.last.done


def test_a_page_without_anybody_is_passed() -> None:
    bench = Bench([[], [], [ANNA], []])
    assert bench.work().done
    assert bench.counts == {"accepted": 1}


def test_it_goes_on_behind_the_customer_where_the_checkpoint_stands() -> None:
    bench = Bench([users(10)], segment=Segment(0, version=3, cursor=users(10)[6]))
    assert bench.work().done
    assert [user for _, user in bench.sent] == users(10)[7:]


def test_it_stops_in_the_middle_of_a_page_when_its_time_is_up() -> None:
    everybody = users(300)
    bench = Bench([everybody], per_second=2, until=10, places=4)
    assert not bench.work().done
    told = {user for _, user in bench.sent}
    waiting = {each.user_id for each in bench.last.waiting}
    visited = everybody[: everybody.index(bench.last.cursor or "") + 1]
    assert 15 <= len(told) <= 21
    assert told | waiting == set(visited)
    assert all(each.tries == 0 for each in bench.last.waiting)
    bench.per_second, bench.until = 1000, 275
    assert bench.work().done
    assert sorted(user for _, user in bench.sent) == everybody


def test_whoever_is_under_way_is_in_the_checkpoint_as_not_known() -> None:
    bench = Bench([users(3)], latency=15)
    bench.work()
    at, first = bench.checkpoints[0]
    assert at == pytest.approx(CHECKPOINT_SECONDS, abs=0.1)
    assert [(each.user_id, each.tries) for each in first.waiting] == [(u, 1) for u in users(3)]
    assert first.counts.total == 0


def test_no_more_are_under_way_than_there_are_places() -> None:
    bench = Bench([users(40)], latency=1, places=10)
    bench.work()
    times = [at for at, _ in bench.sent]
    assert all(later - earlier >= 0.99 for earlier, later in zip(times, times[10:], strict=False))


@pytest.mark.parametrize("per_second", [2, 1000])
def test_those_of_a_page_of_content_begin_together_whatever_the_pace(per_second: int) -> None:
    bench = Bench([users(200)], latency=0.1, places=4, together=20, per_second=per_second)
    assert bench.work().done
    begun = Counter(round(at, 1) for at in bench.asked).values()
    assert len(begun) > 2
    assert all(many % 20 == 0 for many in begun)


def test_no_more_than_a_page_besides_those_of_the_places_are_under_way() -> None:
    bench = Bench([users(100)], latency=1, places=4, together=20, per_second=50, until=1.5)
    bench.work()
    assert len(bench.last.waiting) <= READY + 4 - 1 + 20


# ---- checkpoints ----


def test_a_checkpoint_is_written_every_ten_seconds_however_many_pages_there_are() -> None:
    """One customer in a hundred: 300 pages, of which most hold a few or nobody."""
    pages = [[user] if number % 3 else [] for number, user in enumerate(users(300))]
    bench = Bench(pages, page_seconds=0.3)
    assert bench.work().done
    seconds = bench.checkpoints[-1][0]
    assert seconds > 89
    assert len(bench.checkpoints) <= seconds / CHECKPOINT_SECONDS + 1
    times = [at for at, _ in bench.checkpoints]
    assert max(b - a for a, b in zip([0, *times], times, strict=False)) < CHECKPOINT_SECONDS + 1


@pytest.mark.parametrize(("waiting", "seconds"), [(0, 10), (120, 20), (480, 50)])
def test_checkpoints_are_further_apart_when_many_wait_for_each_is_charged_by_its_size(
    waiting: int, seconds: int
) -> None:
    later = tuple(Waiting(f"{ANNA}{n}", MS + 3_000_000, 1) for n in range(waiting))
    stored = Segment(0, version=1, waiting=later)
    bench = Bench([[user] for user in users(200)], segment=stored, page_seconds=1, until=150)
    bench.work()
    times = [at for at, _ in bench.checkpoints]
    assert times[0] == pytest.approx(seconds, abs=1.5)
    assert times[1] - times[0] == pytest.approx(seconds, abs=1.5)


def test_a_checkpoint_that_would_change_nothing_is_not_written() -> None:
    bench = Bench(segment=Segment(0, version=4, visited=True, done=True))
    assert bench.work().done
    assert bench.checkpoints == []


def test_each_checkpoint_follows_the_one_before() -> None:
    bench = Bench([users(60)], per_second=2)
    bench.work()
    assert [each.version for _, each in bench.checkpoints] == list(
        range(1, len(bench.checkpoints) + 1)
    )


@pytest.mark.parametrize("at", [0, 1])
def test_a_slice_that_was_overtaken_counts_nothing_and_comes_again(at: int) -> None:
    bench = Bench([users(60)], per_second=2, overtaken_at=at)
    assert bench.work() == Turn(done=False, wait_seconds=SHORTEST_TURN)
    assert len(bench.checkpoints) == at
    assert bench.endings == []


# ---- unknown outcomes ----


@pytest.mark.parametrize("status", [None, 500, 503, 429, 408, 401])
def test_who_has_no_answer_is_tried_again_until_there_is_one(status: int | None) -> None:
    bench = Bench([users(5)], answers=once(Answer(status)))
    assert bench.work().done
    assert bench.counts == {"accepted": 5}
    assert len(bench.sent) == 10


@pytest.mark.parametrize(
    ("status", "slowed"), [(None, 1), (500, 1), (429, 1), (401, 0), (403, 0), (409, 0)]
)
def test_what_overloads_alexa_slows_the_pace_for_all(status: int | None, slowed: int) -> None:
    bench = Bench([[ANNA]], answers=once(Answer(status)))
    bench.work()
    assert bench.slowed == slowed


@pytest.mark.parametrize("seconds", [3600.0, 30_000.0])
def test_a_retry_after_of_any_length_is_honoured_and_not_waited_for(seconds: float) -> None:
    day = run(segments=1, expiry_time=NOW + timedelta(hours=24))
    bench = Bench([[ANNA]], answers=lambda _: Answer(429, retry_after=seconds), run=day)
    turn = bench.work()
    assert turn == Turn(done=False, wait_seconds=LONGEST_WAIT)
    (waiting,) = bench.last.waiting
    assert waiting.due - MS >= seconds * 1000
    again = Bench([[ANNA]], segment=bench.last, run=day)
    assert again.work() == Turn(done=False, wait_seconds=LONGEST_WAIT)
    assert again.sent == []


def test_who_is_not_deliverable_any_more_is_skipped_before_the_next_try() -> None:
    waiting = (Waiting(ANNA, 0, 1), Waiting(BERT, 0, 1), Waiting(CLEO, 0, 1, deliverable=False))
    stored = Segment(0, visited=True, waiting=waiting)
    bench = Bench(segment=stored, gone=(ANNA, CLEO))
    assert bench.work().done
    assert bench.counts == {"accepted": 2, "skipped": 1}
    assert sorted(user for _, user in bench.sent) == [BERT, CLEO]


def test_a_full_waiting_list_stops_new_visits() -> None:
    everybody = [users(3000)[start : start + 1000] for start in range(0, 3000, 1000)]
    bench = Bench(everybody, answers=lambda _: Answer(500), until=60)
    turn = bench.work()
    assert not turn.done
    assert len(bench.last.waiting) == MOST_OPEN
    assert {user for _, user in bench.sent} == set(users(MOST_OPEN))
    assert bench.pages_read == 1
    bench.answers = lambda _: ACCEPTED
    bench.until = 275
    while not bench.work().done:
        assert bench.elapsed < 1000
    assert bench.counts == {"accepted": 3000}


# ---- when to come again ----


def test_a_turn_lasts_at_least_45_seconds_unless_the_segment_is_done() -> None:
    bench = Bench([[ANNA]], answers=lambda _: Answer(500), until=4)
    turn = bench.work()
    assert isinstance(turn.wait_seconds, int)
    lasted = bench.checkpoints[-1][0] + turn.wait_seconds
    assert SHORTEST_TURN <= lasted < SHORTEST_TURN + 1


def test_after_a_long_slice_it_comes_again_at_once() -> None:
    assert Bench([users(1000)], per_second=2, until=100).work() == Turn(False, 0)


@pytest.mark.parametrize(("due", "wait"), [(50.2, 51), (300, LONGEST_WAIT), (10_000, LONGEST_WAIT)])
def test_a_wait_is_whole_seconds_until_somebody_is_due_and_a_minute_at_most(
    due: float, wait: int
) -> None:
    waiting = (Waiting(ANNA, MS + int(due * 1000), 1),)
    bench = Bench(segment=Segment(0, visited=True, waiting=waiting))
    assert bench.work() == Turn(done=False, wait_seconds=wait)


def test_a_short_wait_is_waited_for_by_the_worker_itself() -> None:
    bench = Bench(segment=Segment(0, visited=True, waiting=(Waiting(ANNA, MS + 19_000, 1),)))
    assert bench.work().done
    assert bench.sent[0][0] == pytest.approx(19, abs=0.1)


# ---- content ----


def test_content_that_cannot_be_made_is_invalid_and_halts_nothing() -> None:
    def body(user_id: str) -> bytes | None:
        if user_id < users(41)[40]:
            raise InvalidContent("at $.x")
        return user_id.encode()

    bench = Bench([users(60)], body=body)
    assert bench.work().done
    assert bench.counts == {"accepted": 20, "invalid": 40}
    assert bench.endings == []


def test_who_there_is_nothing_for_is_skipped() -> None:
    bench = Bench([users(3)], body=lambda user: None if user == BERT else user.encode())
    assert bench.work().done
    assert bench.counts == {"accepted": 2, "skipped": 1}


def test_content_that_is_late_is_made_again_and_told_of() -> None:
    late = {ANNA}

    def body(user_id: str) -> bytes:
        if user_id in late:
            late.remove(user_id)
            raise ContentLate("the event source does not answer")
        return user_id.encode()

    bench = Bench([users(3)], body=body, until=0.5)
    assert not bench.work().done
    assert bench.last.problem == "the event source does not answer"
    bench.until = 275
    assert bench.work().done
    assert bench.counts == {"accepted": 3}


def test_content_that_cannot_be_made_again_says_nothing_of_whether_it_was_heard() -> None:
    """The first request's answer was lost, then the source fails for a while."""
    made = iter([True, False, False, True])

    def body(user_id: str) -> bytes:
        if not next(made):
            raise InvalidContent("the event source raised KeyError")
        return user_id.encode()

    bench = Bench([[ANNA]], body=body, answers=once(Answer(None)), until=0.5)
    bench.work()
    bench.until = 275
    assert bench.work().done
    assert bench.counts == {"accepted": 1}


# ---- refusals ----


def test_a_refused_customer_is_marked_when_others_were_accepted_after() -> None:
    bench = Bench([users(200)], answers=lambda u: FORBIDDEN if u == ANNA else ACCEPTED)
    assert bench.work().done
    assert bench.counts == {"accepted": 199, "rejected": 1}
    ((user, at),) = bench.marks
    sent_at = next(at for at, user in bench.sent if user == ANNA)
    assert (user, at) == (ANNA, MS + int(sent_at * 1000) - MARK_MARGIN)
    assert MARK_MARGIN == 120_000


def test_refused_customers_are_held_and_not_marked_while_nobody_is_accepted() -> None:
    bench = Bench([users(19)], answers=lambda _: FORBIDDEN)
    assert bench.work().done
    assert (len(bench.last.held), bench.marks, bench.endings) == (19, [], [])
    assert bench.last.final_counts("completed")[Outcome.REJECTED] == 19


def test_twenty_refusals_and_no_acceptance_halt_the_run_and_nobody_more_is_asked() -> None:
    bench = Bench([users(100)], answers=lambda _: FORBIDDEN, counted=(80,))
    turn = bench.work()
    assert turn.done
    assert len(bench.sent) == 20
    (ending,) = bench.endings
    assert ending.status == "halted"
    assert "SKILL_STAGE" in (ending.cause or "")
    assert (bench.last.rest, bench.last.done, bench.marks) == (80, True, [])


def test_what_came_in_is_in_the_checkpoint_before_the_run_is_halted() -> None:
    bench = Bench([users(100)], answers=lambda u: ACCEPTED if u == ANNA else FORBIDDEN)
    bench.work()
    assert bench.counts == {"accepted": 1}
    assert len(bench.last.held) >= 50


def test_a_customer_whose_host_is_not_known_is_counted_and_not_marked() -> None:
    bench = Bench([users(200)], answers=lambda u: FORBIDDEN if u == ANNA else ACCEPTED)
    bench.host = None
    assert bench.work().done
    assert bench.counts == {"accepted": 199, "rejected": 1}
    assert bench.marks == []


def test_a_mark_that_cannot_be_written_stops_nothing() -> None:
    bench = Bench([users(200)], answers=lambda u: FORBIDDEN if u == ANNA else ACCEPTED)

    def fail(user_id: str, at: int) -> None:
        raise OSError

    bench.mark_rejected = fail  # type: ignore[method-assign]
    assert bench.work().done


# ---- credentials and tokens ----


def test_credentials_that_are_refused_halt_the_run() -> None:
    def refuse() -> None:
        raise InvalidCredentials("compare the secret")

    for bench in (
        Bench([users(2)], ready=refuse, counted=(2,)),
        Bench([users(2)], refused=InvalidCredentials("compare the secret"), counted=(2,)),
    ):
        assert bench.work().done
        assert [each.cause for each in bench.endings] == ["credentials: compare the secret"]
        assert bench.last.rest == 2


@pytest.mark.parametrize(
    ("refused", "cause"),
    [
        (
            InvalidCampaign((Problem("$.name", "is no name"),)),
            "campaign: $.name: is no name",
        ),
        (EventSourceFailed("it is gone"), "event source: it is gone"),
    ],
    ids=["campaign", "event source"],
)
def test_what_cannot_be_said_halts_the_run_and_all_it_was_for_are_counted(
    refused: Exception, cause: str
) -> None:
    bench = Bench([users(2)], refused=refused, counted=(2,))
    assert bench.work().done
    assert [(each.status, each.cause) for each in bench.endings] == [("halted", cause)]
    assert (bench.sent, bench.last.rest, bench.last.done) == ([], 2, True)


def test_without_a_token_the_run_waits_and_says_for_what() -> None:
    def refuse() -> None:
        raise TokenUnavailable("later")

    bench = Bench([users(2)], ready=refuse)
    assert bench.work() == Turn(done=False, wait_seconds=SHORTEST_TURN)
    assert (bench.last.problem, bench.endings, bench.sent) == ("LWA gives no token", [], [])
    bench.ready = lambda: None
    assert bench.work().done
    assert bench.last.problem is None


def test_tokens_that_alexa_refuses_for_half_a_minute_halt_the_run() -> None:
    bench = Bench([users(60)], answers=lambda _: Answer(401), counted=(0,))
    assert bench.work().done
    assert (bench.endings[0].cause or "").startswith("credentials")
    assert bench.marks == []


# ---- saying why ----


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (Answer(None), "Alexa does not answer"),
        (Answer(503), "Alexa answers 503"),
        (Answer(401), "Alexa refuses the token (401)"),
        (Answer(429), "429: pace 1000/s"),
    ],
)
def test_a_segment_says_what_it_waits_for(answer: Answer, said: str) -> None:
    bench = Bench([[ANNA]], answers=lambda _: answer, until=2)
    bench.work()
    assert bench.last.problem == said


def test_it_is_said_as_long_as_somebody_waits_for_it() -> None:
    bench = Bench([users(3)], answers=lambda _: Answer(503))
    assert not bench.work().done  # by itself, for the next try is too far away
    assert {each.problem for _, each in bench.checkpoints} == {"Alexa answers 503"}
    again = Bench(segment=bench.last)
    again.until = 1
    assert not again.work().done
    assert again.segment.problem == "Alexa answers 503"


def test_it_is_not_said_any_more_when_it_is_over() -> None:
    bench = Bench([users(40)], answers=once(Answer(503)), per_second=2)
    assert bench.work().done
    assert bench.last.problem is None
    waited = [each.problem for _, each in bench.checkpoints]
    assert "Alexa answers 503" in waited


def test_a_failure_of_the_worker_before_is_told_at_once() -> None:
    bench = Bench([users(2)], failure="SliceFailed")
    assert bench.work().done
    assert bench.checkpoints[0][1].problem == "the worker failed (SliceFailed)"
    assert bench.last.problem is None


def test_an_error_of_our_own_stops_the_slice_and_what_was_sent_counts() -> None:
    bench = Bench([users(5), [f"{ANNA}x"]])
    page = bench.page

    async def fails_at_the_second(cursor: str | None) -> Any:
        if cursor == "page1":
            await asyncio.sleep(1)
            raise RuntimeError
        return await page(cursor)

    bench.page = fails_at_the_second  # type: ignore[method-assign]
    assert bench.work() == Turn(done=False, wait_seconds=SHORTEST_TURN - 1)
    assert bench.counts == {"accepted": 5}
    assert bench.last.problem == "the worker failed (RuntimeError)"


# ---- the end of a run ----


def test_nothing_is_begun_two_seconds_after_a_cancel_and_all_that_was_sent_is_counted() -> None:
    bench = Bench([users(1000)], per_second=20, latency=0.5, ends_at=5, counted=(1,))
    assert bench.work().done
    assert max(at for at, _ in bench.sent) <= 7
    assert bench.counts == {"accepted": len(bench.sent)}
    assert bench.last.done


def test_a_status_that_cannot_be_read_stops_no_sends() -> None:
    bench = Bench([users(100)], per_second=20)
    fails = iter([False, True, True, *[False] * 99])

    def ending(run_id: str, attempt: int) -> bool:
        if next(fails):
            raise OSError
        return False

    bench.ending = ending  # type: ignore[method-assign]
    assert bench.work().done
    assert bench.counts == {"accepted": 100}


def test_in_a_run_that_is_ending_nobody_is_asked_and_the_rest_is_counted() -> None:
    stored = Segment(0, version=1, cursor=ANNA, waiting=(Waiting(ANNA, 0, 1),))
    bench = Bench([users(9)], segment=stored, ends_at=0, counted=(5, 0, 3))
    assert bench.work() == Turn(done=True)
    assert (bench.sent, bench.last.rest, bench.last.waiting) == ([], 8, stored.waiting)


def test_counting_the_rest_goes_on_in_the_next_slice() -> None:
    bench = Bench([users(9)], ends_at=0, counted=(1,) * 40, page_seconds=1, until=15)
    assert not bench.work().done
    assert 0 < bench.last.rest < 40
    bench.until = 100
    assert bench.work().done
    assert bench.last.rest == 40


def test_whom_a_worker_counted_whose_clock_is_ahead_is_sent_to_and_not_counted_twice() -> None:
    counted = Segment(0, version=1, cursor=users(9)[3], rest=2, rest_cursor="1")
    bench = Bench([users(9)], segment=counted)
    assert bench.work().done
    assert bench.counts == {"accepted": 5}
    assert (bench.last.rest, bench.last.rest_cursor) == (0, None)


def test_where_everybody_was_visited_there_is_no_rest() -> None:
    bench = Bench(segment=Segment(0, version=1, visited=True), ends_at=0, counted=(7,))
    assert bench.work().done
    assert bench.last.rest == 0


def test_after_the_last_moment_for_a_request_the_segment_is_closed() -> None:
    late = run(segments=1, expiry_time=NOW + timedelta(minutes=5, seconds=30))
    bench = Bench([users(3)], run=late, counted=(3,))
    assert bench.work().done
    assert (bench.sent, bench.last.rest) == ([], 3)


def test_no_request_is_begun_after_the_last_moment() -> None:
    short = run(segments=1, expiry_time=NOW + timedelta(minutes=5, seconds=40))
    bench = Bench([users(1000)], run=short, per_second=10, counted=(4,))
    assert bench.work().done
    assert max(at for at, _ in bench.sent) <= 10.1
    assert bench.last.rest == 4


def test_a_cursor_of_another_table_halts_the_run_which_ends_nevertheless() -> None:
    bench = Bench([users(3)], segment=Segment(0, version=1, cursor="elsewhere"))

    async def refuse(cursor: str | None) -> Any:
        raise InvalidCursor("the cursor is not in that segment")

    bench.page = bench.rest = refuse  # type: ignore[method-assign]
    assert bench.work().done
    assert (bench.endings[0].cause or "").startswith("cursor")
    assert bench.last.done


# ---- another attempt ----


def test_a_resumed_segment_tries_the_held_again_and_goes_on() -> None:
    held = (Held(ANNA, "na", Outcome.REJECTED, 5),)
    stored = Segment(0, version=2, attempt=1, cursor=ANNA, held=held, rest=2, done=True)
    resumed = run(segments=1, attempt=2)
    bench = Bench([users(3)], segment=replace(stored, counts=counts(accepted=7)), run=resumed)
    assert bench.work().done
    assert sorted(user for _, user in bench.sent) == users(3)
    assert (bench.counts, bench.last.rest, bench.last.attempt) == ({"accepted": 10}, 0, 2)


# ---- what is noted in records ----


def noted(bench: Bench) -> dict[str, str]:
    """Have the slice done; return what was noted, by user id."""
    bench.work()
    found = {user_id: outcome for user_id, outcome, _ in bench.notes}
    assert len(found) == len(bench.notes)
    return found


@pytest.mark.parametrize("accepted", [False, True])
@pytest.mark.parametrize("status", [202, 409])
def test_who_has_heard_is_noted_only_where_that_is_wanted(status: int, accepted: bool) -> None:
    bench = Bench([[ANNA]], answers=lambda _: Answer(status), notes_accepted=accepted)
    assert noted(bench) == ({ANNA: "accepted"} if accepted else {})


def test_a_problem_is_noted_after_the_checkpoint_that_counts_it() -> None:
    bench = Bench([[ANNA, BERT]], answers=lambda to: Answer(432) if to == ANNA else ACCEPTED)
    assert noted(bench) == {ANNA: "limited"}
    overtaken = Bench([[ANNA]], answers=lambda _: Answer(432), overtaken_at=0)
    assert noted(overtaken) == {}


def test_a_note_has_the_time_of_its_request() -> None:
    bench = Bench([[ANNA]], answers=lambda _: Answer(432), latency=7)
    bench.work()
    [(_, _, at)] = bench.notes
    [(sent_at, _)] = bench.sent
    assert at == pytest.approx(MS + sent_at * 1000, abs=1)


def test_a_refusal_is_noted_when_it_is_believed() -> None:
    bench = Bench([[ANNA, *users(9)[3:]]], answers=lambda to: FORBIDDEN if to == ANNA else ACCEPTED)
    assert noted(bench) == {ANNA: "rejected"}


def test_who_is_held_at_the_end_is_noted_as_counted() -> None:
    bench = Bench([[ANNA]], answers=lambda _: FORBIDDEN)
    assert noted(bench) == {ANNA: "rejected"}


def test_content_that_cannot_be_made_is_noted_and_that_there_is_none_is_not() -> None:
    def body(user_id: str) -> bytes | None:
        if user_id == ANNA:
            raise InvalidContent("no town")
        return None if user_id == BERT else user_id.encode()

    assert noted(Bench([[ANNA, BERT, CLEO]], body=body)) == {ANNA: "invalid"}


def test_who_left_before_the_next_try_is_noted_as_skipped() -> None:
    bench = Bench([[ANNA]], answers=lambda _: Answer(503))
    bench.answers = lambda _: setattr(bench, "gone", (ANNA,)) or Answer(503)  # type: ignore[func-returns-value]
    assert noted(bench) == {ANNA: "skipped"}


def test_who_was_tried_when_the_run_ends_has_failed_and_the_others_are_not_noted() -> None:
    waiting = (Waiting(ANNA, MS, 1), Waiting(BERT, MS, 0))
    segment = Segment(0, version=1, waiting=waiting, held=(Held(CLEO, "na", Outcome.REJECTED, MS),))
    bench = Bench([users(9)[3:]], segment=segment, ends_at=0, counted=(6,))
    assert noted(bench) == {ANNA: "failed", CLEO: "rejected"}


def test_whom_an_attempt_before_did_not_reach_is_noted_when_they_hear() -> None:
    waiting = (Waiting(ANNA, 0, 1), Waiting(BERT, 0, 0))
    segment = Segment(0, version=1, waiting=waiting, visited=True)
    resumed = Bench([], run=run(segments=1, attempt=2), segment=segment)
    assert noted(resumed) == {ANNA: "accepted"}


def test_who_hears_in_a_later_try_of_the_same_attempt_is_not_noted() -> None:
    assert noted(Bench([[ANNA]], answers=once(Answer(503)))) == {}


def test_nobody_is_noted_for_a_multicast() -> None:
    assert noted(Bench([["*"]], answers=lambda _: Answer(432))) == {}
