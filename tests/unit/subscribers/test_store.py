"""How a change is written: calls, conflicts, patience."""

from __future__ import annotations

import copy
import itertools
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ReadTimeoutError
from yellowring.subscribers import (
    ConcurrentChange,
    Disabled,
    Enabled,
    Erased,
    NotWritten,
    RegisterChange,
    Rejected,
    Subscribers,
)
from yellowring.subscribers.record import Entry

from tests.unit.subscribers.memory import Faulty, Table
from tests.unit.subscribers.oracle import WEATHER

if TYPE_CHECKING:
    from yellowring.subscribers.changes import Change

USER = "amzn1.ask.account.TEST"
SUBSCRIBED = RegisterChange("subscriptions", 5, "id", {WEATHER})
LOCALE = RegisterChange("locale", 6, "id", "de-DE")


def store(client: Any, **how: Any) -> Subscribers:
    return Subscribers(client, "t", **{"clock": lambda: 0.0, "sleep": lambda _: None, **how})


def test_news_is_one_read_and_one_write_and_nothing_new_is_not_written() -> None:
    table = Table()
    assert store(table).apply(USER, SUBSCRIBED, LOCALE) == "applied"
    assert table.calls == ["GetItem", "PutItem"]
    assert store(table).apply(USER, SUBSCRIBED) == "stale"
    assert table.calls == ["GetItem", "PutItem", "GetItem"]


def test_reading_along_takes_no_call_more() -> None:
    table = Table()
    store(table).apply(USER, SUBSCRIBED)
    record = store(table).apply_and_read(USER, LOCALE)
    assert record.list("subscriptions") == {WEATHER}
    assert record.registers["locale"].value == "de-DE"
    assert table.calls == ["GetItem", "PutItem"] * 2


def test_a_conflict_is_joined_from_the_item_in_the_way_without_reading_again() -> None:
    table = Table()
    other = partial(store(table).apply, USER, SUBSCRIBED)
    client = Faulty(table, {}, {1: other})
    store(client).apply(USER, LOCALE)
    assert table.calls == ["GetItem", "GetItem", "PutItem", "PutItem", "PutItem"]
    record = store(table).get(USER)
    assert record
    assert record.registers.keys() == {"subscriptions", "locale"}


def test_each_version_follows_the_one_before_and_a_new_item_begins_anywhere() -> None:
    begun = set()
    for _ in range(3):
        table = Table()
        store(table).apply(USER, Enabled(1))
        first = int(table.items[USER]["version"]["N"])
        store(table).apply(USER, Enabled(2))
        assert int(table.items[USER]["version"]["N"]) == first + 1
        begun.add(first)
    assert len(begun) > 1


def test_an_item_without_a_version_is_written_too() -> None:
    table = Table()
    table.items[USER] = {"userId": {"S": USER}}
    assert store(table).apply(USER, LOCALE) == "applied"


def test_an_item_that_expires_before_the_write_is_made_anew() -> None:
    table = Table()
    store(table).apply(USER, SUBSCRIBED)
    client = Faulty(table, {}, {1: table.items.clear})
    assert store(client).apply(USER, LOCALE) == "applied"
    record = store(table).get(USER)
    assert record
    assert record.registers.keys() == {"locale"}


def test_conflicts_are_tried_again_with_growing_pauses_for_two_seconds() -> None:
    ticks, pauses = itertools.count(), list[float]()
    table = Table()
    others = {call: partial(store(table).apply, USER, Enabled(call + 1)) for call in range(1, 100)}
    client = Faulty(table, {}, others)
    with pytest.raises(ConcurrentChange):
        store(client, clock=lambda: next(ticks) / 10, sleep=pauses.append).apply(USER, LOCALE)
    assert len(pauses) == 20
    assert all(0 <= pause <= 0.2 for pause in pauses)
    assert max(pauses) > 0.01


def test_without_time_left_a_record_that_was_read_is_told_without_being_written() -> None:
    table = Table()
    ticks = iter([0.0, 2.5])
    with pytest.raises(NotWritten) as told:
        store(table, clock=lambda: next(ticks)).apply_and_read(USER, LOCALE)
    assert told.value.record.registers["locale"].value == "de-DE"
    assert table.calls == ["GetItem"]


def test_patience_begins_with_the_first_call_not_after_the_read() -> None:
    table = Table()
    store(table).apply(USER, SUBSCRIBED)
    ticks = iter([0.0, 2.0])
    others = {1: partial(store(table).apply, USER, Enabled(7))}
    with pytest.raises(ConcurrentChange):
        store(Faulty(table, {}, others), clock=lambda: next(ticks)).apply(USER, LOCALE)


def test_a_change_that_nobody_waits_for_is_tried_once_however_long_the_read_took() -> None:
    table = Table()
    ticks = iter([0.0, 9.0])
    assert store(table, clock=lambda: next(ticks)).apply(USER, LOCALE) == "applied"


ODD_ITEMS: dict[str, dict[str, Any]] = {
    "a moment with a fraction": {"disabledAt": {"N": "1.5"}, "erasedAt": {"N": "1.5"}},
    "a version that is text": {"version": {"S": "a"}},
    "a version with a fraction": {"version": {"N": "1.5"}},
    "a version that is huge": {"version": {"N": "9" * 38}},
    "a map with a text for a time": {"note": {"M": {"at": {"S": "x"}, "by": {"S": "y"}}}},
    "a register with a list for a time": {"locale": {"M": {"at": {"L": []}, "by": {"S": "y"}}}},
    "a register by a number": {"locale": {"M": {"at": {"N": "1"}, "by": {"N": "2"}}}},
    "a list that is text": {"subscriptions": {"S": WEATHER}},
    "attributes of text": {"attributes": {"S": "x"}},
    "outcomes of text": {"outcomes": {"S": "x"}},
    "attributes that are no registers": {"attributes": {"M": {"town": {"S": "Ulm"}}}},
}


@pytest.mark.parametrize("odd", ODD_ITEMS)
def test_an_opt_out_is_stored_over_an_item_of_any_shape(odd: str) -> None:
    for change in (Disabled(1), Erased(1)):
        table = Table()
        table.items[USER] = {"userId": {"S": USER}, **ODD_ITEMS[odd]}
        assert store(table).apply(USER, change) == "applied"
        kept = table.items[USER]
        assert kept[change.name] == {"N": "1"}
        if isinstance(change, Erased):
            assert kept.keys() == {"userId", "version", "erasedAt", "expiresAt"}
        else:
            assert {k: kept[k] for k in ODD_ITEMS[odd] if k not in ("version", change.name)} == {
                k: v for k, v in ODD_ITEMS[odd].items() if k not in ("version", change.name)
            }


def test_a_write_that_fails_tells_the_record_and_a_read_that_fails_raises() -> None:
    table = Table()
    store(table).apply(USER, SUBSCRIBED)
    with pytest.raises(NotWritten) as told:
        store(Faulty(table, {1: "crash"}, {})).apply_and_read(USER, LOCALE)
    assert told.value.record.list("subscriptions") == {WEATHER}
    with pytest.raises(ReadTimeoutError):
        store(Faulty(table, {0: "crash"}, {})).apply_and_read(USER, LOCALE)


def test_a_mark_may_create_a_record() -> None:
    table = Table()
    assert store(table).mark_rejected(USER, 7) == "applied"
    assert table.items[USER]["rejectedAt"] == {"N": "7"}


def test_an_outcome_is_noted_where_there_is_a_record() -> None:
    table = Table()
    store(table).apply(USER, SUBSCRIBED)
    assert store(table).note_outcome(USER, "order~1", "limited", 7) == "applied"
    assert store(table).note_outcome(USER, "order~1", "limited", 7) == "stale"
    assert table.calls == ["GetItem", "PutItem"] * 2 + ["GetItem"]
    record = store(table).get(USER)
    assert record
    assert record.outcomes == {"order~1": Entry(7, "", "limited")}


@pytest.mark.parametrize("known", [(), (Erased(1),), (Erased(1), Rejected(2))])
def test_of_somebody_unknown_or_erased_no_outcome_is_written(known: tuple[Change, ...]) -> None:
    table = Table()
    store(table).apply(USER, *known)
    before = copy.deepcopy(table.items)
    assert store(table).note_outcome(USER, "order~1", "limited", 7) == "unknown"
    assert table.items == before


def test_an_erasure_that_comes_before_the_write_leaves_no_outcome() -> None:
    table = Table()
    store(table).apply(USER, SUBSCRIBED)
    client = Faulty(table, {}, {1: partial(store(table).apply, USER, Erased(6))})
    assert store(client).note_outcome(USER, "order~1", "limited", 7) == "unknown"
    assert "outcomes" not in table.items[USER]


def test_an_outcome_does_not_lengthen_a_records_life() -> None:
    table = Table()
    store(table).apply(USER, SUBSCRIBED, Disabled(10_500))
    expiry = table.items[USER]["expiresAt"]
    store(table).note_outcome(USER, "order~1", "skipped", 99_000_000_000)
    assert table.items[USER]["expiresAt"] == expiry
    store(table).apply(USER, Erased(10_600))
    assert table.items[USER]["expiresAt"] == {"N": str(10 + 40 * 86_400)}


@pytest.mark.parametrize(("days", "kept"), [(365, 365), (30, 30)])
def test_the_retention_is_the_one_that_was_given(days: int, kept: int) -> None:
    table = Table()
    store(table, retention_days=days).apply(USER, SUBSCRIBED, Disabled(10_500))
    assert table.items[USER]["expiresAt"] == {"N": str(10 + kept * 86_400)}


@pytest.mark.parametrize("later", [SUBSCRIBED, LOCALE, RegisterChange("account", 9, "id", True)])
def test_anything_newer_than_an_erasure_lifts_the_tombstones_expiry(later: RegisterChange) -> None:
    table = Table()
    store(table).apply(USER, Erased(4))
    assert table.items[USER]["expiresAt"] == {"N": str(40 * 86_400)}
    store(table).apply(USER, later)
    expiry = None if later is SUBSCRIBED else {"N": str(365 * 86_400)}
    assert table.items[USER].get("expiresAt") == expiry
