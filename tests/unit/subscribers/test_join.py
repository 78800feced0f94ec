"""The rules of the join, each by itself and on random histories."""

from __future__ import annotations

from functools import reduce
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from yellowring.subscribers import (
    Accepted,
    AttributesChange,
    Disabled,
    Enabled,
    Erased,
    Record,
    RegisterChange,
    Rejected,
)
from yellowring.subscribers.items import dump, load
from yellowring.subscribers.record import Entry, join

from tests.unit.subscribers.oracle import SPORTS, WEATHER, changes, expected, found

if TYPE_CHECKING:
    from yellowring.subscribers.changes import Change

USER = "amzn1.ask.account.TEST"


def joined(*told: Change) -> Record:
    return reduce(join, told, Record())


@settings(max_examples=500, deadline=None)
@given(
    told=st.lists(changes, max_size=8).flatmap(
        lambda c: st.tuples(st.just(c), st.permutations(c * 2))
    )
)
def test_every_order_and_repetition_of_changes_is_what_the_changes_mean(
    told: tuple[list[Change], list[Change]],
) -> None:
    history, delivered = told
    assert found(joined(*delivered)) == expected(history)


@settings(max_examples=300, deadline=None)
@given(told=st.lists(changes, max_size=8))
def test_a_record_lies_in_an_item_and_comes_back_as_it_was(told: list[Change]) -> None:
    record = joined(*told)
    assert found(load(dump(USER, record))) == found(record)


def locale(at: int, by: str, value: str) -> RegisterChange:
    return RegisterChange("locale", at, by, value)


@pytest.mark.parametrize(
    ("newer", "older"),
    [
        (locale(2, "a", "de-DE"), locale(1, "b", "en-US")),
        (locale(1, "b", "de-DE"), locale(1, "a", "en-US")),
        (locale(1, "a", "en-US"), locale(1, "a", "de-DE")),
    ],
    ids=["the later", "the greater request id", "the greater value"],
)
def test_a_register_keeps(newer: RegisterChange, older: RegisterChange) -> None:
    kept = Entry(newer.at, newer.by, newer.value)
    assert joined(older, newer).registers == joined(newer, older).registers == {"locale": kept}


@pytest.mark.parametrize("name", ["subscriptions", "permissions"])
def test_lists_of_equal_time_give_only_what_both_give(name: str) -> None:
    both = RegisterChange(name, 5, "a", {WEATHER, SPORTS})
    one = RegisterChange(name, 5, "b", {WEATHER})
    none = RegisterChange(name, 5, "c")
    assert joined(both, one).list(name) == joined(one, both).list(name) == {WEATHER}
    assert joined(both, none).list(name) == joined(none, both).list(name) == frozenset()


def test_a_later_list_gives_all_that_it_has() -> None:
    one = RegisterChange("subscriptions", 5, "b", {WEATHER})
    both = RegisterChange("subscriptions", 6, "a", {WEATHER, SPORTS})
    assert joined(one, both).list("subscriptions") == {WEATHER, SPORTS}


@pytest.mark.parametrize("kind", [Enabled, Disabled, Erased, Rejected, Accepted])
def test_a_moment_keeps_the_latest_time(kind: type[Enabled]) -> None:
    assert joined(kind(2001), kind(2002), kind(1)).moments == {kind.name: 2002}


@pytest.mark.parametrize(
    ("kind", "end"),
    [(Disabled, 2999), (Erased, 2999), (Enabled, 2000), (Rejected, 2000), (Accepted, 2000)],
)
def test_only_an_opt_out_without_a_fraction_covers_its_whole_second(
    kind: type[Enabled], end: int
) -> None:
    assert joined(kind(2000)).moments == {kind.name: end}
    assert joined(kind(2001)).moments == {kind.name: 2001}


@pytest.mark.parametrize(("at", "stays"), [(4, False), (5, False), (6, True)])
def test_what_is_not_newer_than_the_erasure_goes(at: int, stays: bool) -> None:
    told = (
        locale(at, "a", "de-DE"),
        AttributesChange(at, "a", {"at": "x"}),
        Disabled(at),
        Accepted(at),
    )
    for record in (joined(*told, Erased(5)), joined(Erased(5), *told)):
        assert record.registers.keys() == ({"locale"} if stays else set())
        assert record.attributes.keys() == ({"at"} if stays else set())
        assert record.moments.keys() == {"erasedAt"} | (
            {"disabledAt", "acceptedAt"} if stays else set()
        )


def test_the_fifty_newest_attributes_stay_removed_ones_included() -> None:
    many = [AttributesChange(at, "a", {f"k{at}": "x" if at % 2 else None}) for at in range(60)]
    kept = joined(*many).attributes
    assert kept.keys() == {f"k{at}" for at in range(10, 60)}
    assert joined(*reversed(many)).attributes == kept


def test_of_attributes_set_at_once_the_greater_keys_stay() -> None:
    at_once = AttributesChange(1, "a", {f"k{number:02}": "x" for number in range(60)})
    assert joined(at_once).attributes.keys() == {f"k{number:02}" for number in range(10, 60)}


def test_registers_and_moments_of_another_version_are_carried_through_and_erased() -> None:
    item = {
        "userId": {"S": USER},
        "mood": {"M": {"at": {"N": "5"}, "by": {"S": "id"}, "value": {"NS": ["1", "2"]}}},
        "sungAt": {"N": "6"},
        "indexKey": {"B": b"x"},
    }
    record = join(load(item), locale(9, "a", "de-DE"))  # type: ignore[arg-type]
    kept = dump(USER, record)
    assert {name: kept[name] for name in item} == item
    gone = dump(USER, join(record, Erased(8)))
    assert gone.keys() & {"mood", "sungAt", "indexKey"} == set()
    assert join(join(load(item), Erased(8)), locale(9, "a", "de-DE")) == join(record, Erased(8))  # type: ignore[arg-type]


def test_odd_attributes_lie_beside_the_others_until_they_are_set() -> None:
    odd: Any = {"userId": {"S": USER}, "attributes": {"M": {"town": {"S": "Ulm"}}}}
    kept = dump(USER, join(load(odd), AttributesChange(1, "a", {"plan": "gold"})))
    assert kept["attributes"]["M"]["town"] == {"S": "Ulm"}
    assert load(kept).attributes.keys() == {"plan"}
    told = dump(USER, join(load(odd), AttributesChange(1, "a", {"town": "Bonn"})))
    assert load(told).attributes["town"].value == "Bonn"


def test_a_whole_number_is_kept_as_dynamodb_gives_it_back() -> None:
    kept = joined(AttributesChange(1, "a", {"floor": 2.0, "share": 2.5})).attributes
    assert [repr(entry.value) for entry in kept.values()] == ["2", "2.5"]
