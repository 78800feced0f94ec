"""Noting outcomes in records: in the background, a few at a time, and never in anybody's way."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from yellowring.sender.delivery import noting
from yellowring.sender.delivery.noting import AT_ONCE, MOST_NOTES, PATIENCE, Noting
from yellowring.sender.delivery.outcomes import Outcome

from tests.unit.sender.virtual import play

ANNA = "amzn1.ask.account.ANNA"


class Records:
    """Records that take their time for a note."""

    def __init__(self, seconds: float = 0.1, *, fails: bool = False) -> None:
        self.notes: list[tuple[str, str, str, int]] = []
        self.most = self._under_way = 0
        self._seconds = seconds
        self._fails = fails

    def note_outcome(self, *note: Any) -> None:
        if self._fails:
            raise OSError
        self.notes.append(note)

    async def call(self, function: Any, *note: Any) -> None:
        self._under_way += 1
        self.most = max(self.most, self._under_way)
        await asyncio.sleep(self._seconds)
        self._under_way -= 1
        function(*note)


@pytest.fixture
def lost(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many notes were counted as lost."""
    counted: list[int] = []
    monkeypatch.setattr(noting, "count", lambda _, many: counted.append(many))
    return counted


def noted(records: Records, many: int = 1, outcome: Outcome = Outcome.LIMITED) -> float:
    """Have so many noted; return the seconds that closing took."""

    async def work() -> float:
        made = Noting(records, call=records.call)  # type: ignore[arg-type]
        for number in range(many):
            await made.note(ANNA, "snow", outcome, number)
        begun = asyncio.get_running_loop().time()
        await made.close()
        assert asyncio.all_tasks() == {asyncio.current_task()}
        return asyncio.get_running_loop().time() - begun

    return play(work())


def test_what_is_noted_names_the_event_the_outcome_and_the_time(lost: list[int]) -> None:
    records = Records()
    noted(records)
    assert records.notes == [(ANNA, "snow", "limited", 0)]
    assert lost == []


@pytest.mark.parametrize("outcome", Outcome)
def test_problems_and_skips_are_wanted_and_what_was_heard_where_it_is_asked_for(
    outcome: Outcome,
) -> None:
    records: Any = Records()
    heard = outcome.value in {"accepted", "duplicate"}
    assert Noting(records).wants(outcome) is not heard
    assert Noting(records, accepted=True).wants(outcome)


def test_who_has_heard_it_before_is_noted_as_who_hears_it() -> None:
    records = Records()
    noted(records, outcome=Outcome.DUPLICATE)
    assert records.notes[0][2] == "accepted"


def test_a_few_are_written_at_once() -> None:
    records = Records()
    noted(records, 40)
    assert len(records.notes) == 40
    assert records.most == AT_ONCE


def test_more_than_may_wait_find_room_as_others_are_written(lost: list[int]) -> None:
    records = Records(0.01)
    noted(records, 3 * MOST_NOTES)
    assert len(records.notes) == 3 * MOST_NOTES
    assert lost == []


def test_room_is_waited_for_so_long_in_all_and_what_finds_none_is_counted(
    lost: list[int],
) -> None:
    async def work() -> float:
        made = Noting(Records(), call=Records(60).call)  # type: ignore[arg-type]
        begun = asyncio.get_running_loop().time()
        for number in range(AT_ONCE + MOST_NOTES + 7):
            await made.note(ANNA, "snow", Outcome.LIMITED, number)
        waited = asyncio.get_running_loop().time() - begun
        await made.close()
        return waited

    assert play(work()) == pytest.approx(PATIENCE)
    assert lost == [AT_ONCE + MOST_NOTES + 7]


def test_a_note_that_cannot_be_written_is_counted_and_stops_no_other(lost: list[int]) -> None:
    noted(Records(fails=True), 9)
    assert lost == [9]


def test_closing_waits_for_so_long_and_no_longer(lost: list[int]) -> None:
    assert noted(Records(seconds=60), 9) == pytest.approx(PATIENCE)
    assert lost == [9]


def test_closing_takes_no_time_where_there_is_nothing_to_note(lost: list[int]) -> None:
    assert noted(Records(seconds=60), 0) == 0
    assert lost == []
