"""Two records of one customer, merged: what all changes of both would have added up to."""

from __future__ import annotations

from dataclasses import replace
from functools import reduce
from typing import TYPE_CHECKING

from hypothesis import given
from hypothesis import strategies as st
from yellowring.subscribers import (
    Disabled,
    Erased,
    OutcomeChange,
    Record,
    RegisterChange,
    Subscribers,
    merge,
)
from yellowring.subscribers.items import dump, load
from yellowring.subscribers.record import Entry, join

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


def expected_of_both(some: list[Change], others: list[Change]) -> dict[str, Any]:
    """Return what all changes add up to, but for the outcomes of who does not know an erasure."""
    meant = expected([*some, *others])
    newest = meant["moments"].get("erasedAt")
    noted = [
        each
        for told in (some, others)
        if expected(told)["moments"].get("erasedAt") == newest
        for each in told
        if isinstance(each, OutcomeChange)
    ]
    erasures = [each for each in (*some, *others) if isinstance(each, Erased)]
    return meant | {"outcomes": expected([*noted, *erasures])["outcomes"]}


@given(st.lists(changes, max_size=8), st.lists(changes, max_size=8))
def test_two_records_are_what_all_their_changes_add_up_to(
    some: list[Change], others: list[Change]
) -> None:
    merged = merge(made_of(some), made_of(others))
    assert found(merged) == expected_of_both(some, others)
    assert found(merge(made_of(others), made_of(some))) == found(merged)
    assert merge(merged, made_of(others)) == merged


def stored(record: Record) -> Record:
    return load(dump(USER, record))


def both(some: Record, others: Record) -> Record:
    return stored(merge(some, others))


def with_odd(told: list[Change], odd: dict[str, Any], listed: Entry | None) -> Record:
    """Return a record as it comes from the table, with forms in it that are not known here."""
    record = made_of(told)
    if "erasedAt" in record.moments:
        return stored(record)
    lists = {"subscriptions": listed} if listed else {}
    other = {"attributes": {"M": odd}, "mood": {"M": odd}} if odd else {}
    return stored(replace(record, registers={**record.registers, **lists}, other=other))


def forms(record: Record) -> set[str]:
    """Return the names and keys of what is not known here; whose value wins depends on the side."""
    other: Any = record.other
    return {f"{name}.{key}" for name, each in other.items() for key in each["M"]}


odd = st.dictionaries(
    st.sampled_from(["1", "2", "3"]), st.builds(lambda text: {"S": text}, st.text("ab"))
)
lists = st.builds(
    Entry,
    st.integers(1000, 1002),
    st.sampled_from("ab"),
    st.lists(st.sampled_from("AB"), max_size=2),
)
records = st.builds(with_odd, st.lists(changes, max_size=6), odd, st.none() | lists)


@given(records, records, records)
def test_merging_what_is_stored_is_a_join(one: Record, two: Record, three: Record) -> None:
    assert both(one, one) == one
    assert both(both(one, two), two) == both(one, two)
    assert both(both(one, two), three) == both(one, both(two, three))
    assert found(both(one, two)) == found(both(two, one))
    assert forms(both(one, two)) == forms(both(two, one))


def test_a_list_of_another_form_stays_when_it_is_merged_with_itself() -> None:
    record = Record({"subscriptions": Entry(1, "a", [WEATHER])})
    assert merge(record, record) == record


def test_entries_of_a_map_that_have_no_known_form_are_united() -> None:
    here = Record(other={"attributes": {"M": {"a": {"S": "here"}, "b": {"S": "1"}}}})
    there = Record(other={"attributes": {"M": {"a": {"S": "there"}, "c": {"S": "2"}}}})
    united = {"a": {"S": "here"}, "b": {"S": "1"}, "c": {"S": "2"}}
    assert merge(here, there).other == {"attributes": {"M": united}}


def test_no_outcome_comes_back_from_before_an_erasure_was_told() -> None:
    noted = OutcomeChange(7_500, "r~1", "limited")
    copy = made_of([MOVED, noted])
    erased = made_of([Erased(7_001)])
    back = RegisterChange("locale", 8_000, "id", "fr-FR")
    assert merge(erased, copy) == erased
    assert merge(copy, join(erased, back)).outcomes == {}
    assert merge(join(erased, back), join(copy, Erased(7_001))).outcomes.keys() == {"r~1"}
    assert merge(copy, copy).outcomes.keys() == {"r~1"}


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
