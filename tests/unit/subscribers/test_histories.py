"""Random histories, interleaved call by call with crashes, lost answers and conflicts."""

from __future__ import annotations

import copy
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ReadTimeoutError
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from yellowring.subscribers import ConcurrentChange, Subscribers
from yellowring.subscribers.items import load

from tests.unit.subscribers.memory import Faulty, Table
from tests.unit.subscribers.oracle import changes, expected, found, identified

if TYPE_CHECKING:
    from yellowring.subscribers.changes import Change

USER = "amzn1.ask.account.TEST"
FAULTS = st.dictionaries(st.integers(0, 4), st.sampled_from(["crash", "lost answer"]), max_size=2)

MOOD_AT = 1002
OF_ANOTHER_VERSION = {
    "userId": {"S": USER},
    "mood": {"M": {"at": {"N": str(MOOD_AT)}, "by": {"S": "a"}, "value": {"SS": ["x", "y"]}}},
}
"""An item with a register that this code does not know."""
MOOD = (MOOD_AT, "a", '{"SS": ["x", "y"]}')


class Worker:
    """Delivers changes; before each call of its own others may deliver theirs."""

    def __init__(self, table: Table, data: st.DataObject) -> None:
        self._table = table
        self._data = data

    def deliver(self, history: list[Change]) -> None:
        """Apply each change until it is told stored, as Alexa would."""
        while history:
            change = history.pop()
            while not self._is_stored(change, history):
                pass

    def _is_stored(self, change: Change, waiting: list[Change]) -> bool:
        faults = self._data.draw(FAULTS)
        others: dict[int, Any] = {}
        interfere = self._data.draw(st.booleans())
        if waiting and interfere:
            call = self._data.draw(st.integers(0, 3))
            others[call] = lambda: self.deliver([waiting.pop()] if waiting else [])
        client: Any = Faulty(self._table, faults, others)
        clock = iter(range(100))
        subscribers = Subscribers(client, "t", clock=lambda: next(clock) / 10, sleep=lambda _: None)
        with suppress(ReadTimeoutError, ConcurrentChange):
            subscribers.apply(USER, change)
            return True
        return False


def deliver(data: st.DataObject) -> None:
    """Deliver a history with all that can go wrong, some of it twice; check what comes of it."""
    history = data.draw(st.lists(changes, min_size=1, max_size=8))
    again = data.draw(st.lists(st.sampled_from(history), max_size=3))
    table = Table()
    if data.draw(st.booleans()):
        table.items[USER] = copy.deepcopy(OF_ANOTHER_VERSION)
    meant = expected(history)
    left = bool(table.items) and meant["moments"].get("erasedAt", -1) < MOOD_AT
    Worker(table, data).deliver([*history, *again])
    item = table.items.get(USER, {})
    kept = found(load(item))
    assert kept["registers"].pop("mood", None) == (MOOD if left else None)
    noted, noteworthy = kept.pop("outcomes"), meant.pop("outcomes")
    assert kept == meant
    if "erasedAt" not in meant["moments"]:
        assert noted == noteworthy
    else:  # while nothing else is known of the customer, no outcome is kept
        assert noted.keys() <= noteworthy.keys()
        assert not (noted and load(item).is_tombstone)
    assert item.get("customerId", {"S": None})["S"] == identified(meant)


def histories(number: int) -> settings:
    return settings(
        max_examples=number,
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
    )


@histories(400)
@given(data=st.data())
def test_a_history_with_faults_ends_in_what_it_means(data: st.DataObject) -> None:
    deliver(data)


@pytest.mark.slow
@histories(12_000)
@given(data=st.data())
def test_twelve_thousand_histories_with_faults_end_in_what_they_mean(
    data: st.DataObject,
) -> None:
    deliver(data)
