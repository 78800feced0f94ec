"""Two records of one customer, merged: what all changes of both would have added up to."""

from __future__ import annotations

from functools import reduce
from typing import TYPE_CHECKING

from hypothesis import given
from hypothesis import strategies as st
from yellowring.subscribers import Disabled, Erased, Record, RegisterChange, Subscribers, merge
from yellowring.subscribers.record import join

from tests.unit.subscribers.memory import Faulty, Table
from tests.unit.subscribers.oracle import WEATHER, changes, expected, found

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from yellowring.subscribers.changes import Change

USER = "amzn1.ask.account.TEST"
SUBSCRIBED = RegisterChange("subscriptions", 5_000, "id", {WEATHER})
MOVED = RegisterChange("locale", 6_000, "id", "de-DE")


def made_of(told: Sequence[Change]) -> Record:
    return reduce(join, told, Record())


def store(table: Any) -> Subscribers:
    return Subscribers(table, "t", clock=lambda: 0.0, sleep=lambda _: None)


@given(st.lists(changes, max_size=8), st.lists(changes, max_size=8))
def test_two_records_are_what_all_their_changes_add_up_to(
    some: list[Change], others: list[Change]
) -> None:
    merged = merge(made_of(some), made_of(others))
    assert found(merged) == expected([*some, *others])
    assert found(merge(made_of(others), made_of(some))) == found(merged)
    assert merge(merged, made_of(others)) == merged


def test_a_disable_that_covers_its_second_covers_no_more_when_it_is_merged_again() -> None:
    copy = made_of([Disabled(2_000)])
    assert merge(copy, copy).moments == {"disabledAt": 2_999}


def test_what_has_no_known_form_is_carried_along_until_an_erasure() -> None:
    here, there = Record(other={"a": {"S": "here"}}), Record(other={"a": {"S": "there"}, "b": {}})
    assert merge(here, there).other == {"a": {"S": "here"}, "b": {}}
    assert merge(here, made_of([Erased(1)])).other == {}


def test_a_copy_brings_back_what_is_lost_and_keeps_what_is_newer() -> None:
    table = Table()
    store(table).apply(USER, MOVED)
    older = RegisterChange("locale", 4_000, "id", "fr-FR")
    assert store(table).merge(USER, made_of([SUBSCRIBED, older])) == "applied"
    record = store(table).get(USER)
    assert record
    assert record.registers["locale"].value == "de-DE"
    assert record.list("subscriptions") == {WEATHER}


def test_a_copy_of_whom_an_erasure_removed_brings_nothing_back() -> None:
    table = Table()
    store(table).apply(USER, Erased(7_000))
    before = dict(table.items)
    assert store(table).merge(USER, made_of([SUBSCRIBED, MOVED])) == "stale"
    assert table.items == before


def test_what_others_write_meanwhile_is_not_lost_to_a_copy() -> None:
    table = Table()
    client: Any = Faulty(table, {}, {1: lambda: store(table).apply(USER, Erased(7_000))})
    assert store(client).merge(USER, made_of([SUBSCRIBED])) == "stale"
    record = store(table).get(USER)
    assert record
    assert record.is_erased
