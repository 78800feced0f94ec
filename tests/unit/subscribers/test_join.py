"""The rules of the join, each by itself and on random histories."""

from __future__ import annotations

from functools import reduce
from itertools import permutations
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
    OutcomeChange,
    Record,
    RegisterChange,
    Rejected,
    customer_id_of,
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
    meant = found(record) | ({"outcomes": {}} if record.is_erased else {})
    assert found(load(dump(USER, record))) == meant


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


@pytest.mark.parametrize("name", ["customer", "account"])
def test_of_a_link_and_its_end_at_equal_times_the_end_wins(name: str) -> None:
    told = [
        RegisterChange(name, 5, "b", "4711"),
        RegisterChange(name, 5, "a"),
        RegisterChange(name, 5, "c", "4712"),
    ]
    for order in permutations(told):
        assert joined(*order).registers == {name: Entry(5, "a")}
    later = RegisterChange(name, 6, "a", "4711")
    assert joined(*told, later).registers == {name: Entry(6, "a", "4711")}


@pytest.mark.parametrize("name", ["customer", "account"])
def test_an_end_that_no_request_told_makes_room_for_what_one_tells_at_the_same_time(
    name: str,
) -> None:
    told = [
        RegisterChange(name, 4, "z", "4711"),
        RegisterChange(name, 5, ""),
        RegisterChange(name, 5, "a", "4712"),
    ]
    for order in permutations(told):
        assert joined(*order).registers == {name: Entry(5, "a", "4712")}
    assert joined(*told[:2]).registers == {name: Entry(5, "")}


@pytest.mark.parametrize("name", ["permissions", "customer"])
def test_an_attribute_may_be_called_as_a_register_is(name: str) -> None:
    set_, removed = (AttributesChange(5, by, {name: to}) for by, to in (("b", "x"), ("a", None)))
    assert joined(set_, removed, set_).attributes == {name: Entry(5, "b", "x")}


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
        OutcomeChange(at, "a~1", "limited"),
        Disabled(at),
        Accepted(at),
    )
    for record in (joined(*told, Erased(5)), joined(Erased(5), *told)):
        assert record.registers.keys() == ({"locale"} if stays else set())
        assert record.attributes.keys() == ({"at"} if stays else set())
        assert record.outcomes.keys() == ({"a~1"} if stays else set())
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


def test_the_twenty_newest_outcomes_stay() -> None:
    many = [OutcomeChange(at, f"r{at:02}", "limited") for at in range(30)]
    kept = joined(*many).outcomes
    assert kept.keys() == {f"r{at:02}" for at in range(10, 30)}
    assert joined(*reversed(many)).outcomes == kept
    at_once = [OutcomeChange(1, f"r{number:02}", "limited") for number in range(30)]
    assert joined(*at_once).outcomes.keys() == kept.keys()


def test_of_a_references_outcomes_the_newest_stays_and_of_equal_times_the_greater() -> None:
    told = [
        OutcomeChange(1, "a", "skipped"),
        OutcomeChange(2, "a", "limited"),
        OutcomeChange(2, "a", "expired"),
    ]
    for order in permutations(told):
        assert joined(*order).outcomes == {"a": Entry(2, "", "limited")}


@pytest.mark.parametrize(
    ("told", "tombstone"),
    [
        ([], True),
        ([Erased(5)], True),
        ([Erased(5), Rejected(6)], True),
        ([Erased(5), OutcomeChange(6, "a", "limited")], True),
        ([Erased(5), Enabled(6)], False),
        ([Erased(5), Disabled(6)], False),
        ([Accepted(6)], False),
        ([Erased(5), locale(6, "a", "de-DE")], False),
        ([AttributesChange(6, "a", {"at": "x"})], False),
    ],
)
def test_only_what_a_customer_or_the_business_told_makes_more_than_a_tombstone(
    told: list[Change], tombstone: bool
) -> None:
    assert joined(*told).is_tombstone is tombstone


def test_an_erasure_that_is_told_late_leaves_no_outcome_that_was_noted_before_it_was() -> None:
    told: list[Change] = [locale(4, "a", "de-DE"), OutcomeChange(7, "a~1", "limited"), Erased(5)]
    for order in permutations(told):
        assert dump(USER, joined(*order)).keys() == {"userId", "version", "erasedAt", "expiresAt"}
    returned = joined(*told, locale(6, "b", "de-DE"))
    assert "outcomes" in dump(USER, returned)


def customer(at: int, customer_id: Any) -> RegisterChange:
    return RegisterChange("customer", at, "a", customer_id)


@pytest.mark.parametrize(
    ("told", "customer_id"),
    [
        ([], None),
        ([customer(5, "4711")], "4711"),
        ([customer(5, "4711"), customer(6, None)], None),
        ([customer(5, "4711"), Disabled(4)], "4711"),
        ([customer(5, "4711"), Disabled(5)], None),
        ([customer(5, "4711"), Disabled(6)], None),
        ([customer(5, "4711"), Disabled(6), customer(7, "0815")], "0815"),
        ([customer(5, "4711"), Erased(4)], "4711"),
        ([customer(5, "4711"), Erased(5)], None),
        ([customer(5, "4711"), Enabled(6), Rejected(6)], "4711"),
        ([customer(5, "")], None),
        ([customer(5, "Atza|4711")], None),
        ([customer(5, True)], None),
    ],
)
def test_a_customers_id_counts_while_it_is_newer_than_the_disable_and_the_erasure(
    told: list[Change], customer_id: str | None
) -> None:
    for order in (told, told[::-1]):
        record = joined(*order)
        assert customer_id_of(record) == customer_id
        key = dump(USER, record).get("customerId")
        disabled = record.moments.get("disabledAt", -1) >= record.time("customer") > -1
        held = "4711" if disabled else customer_id
        assert key == (None if held is None else {"S": held})


def test_the_indexs_key_is_made_anew_from_the_record_whatever_the_item_says() -> None:
    odd: Any = {"userId": {"S": USER}, "customerId": {"S": "4711"}}
    assert "customerId" not in dump(USER, load(odd))


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


def test_odd_outcomes_lie_beside_the_others_and_go_with_an_erasure() -> None:
    odd: Any = {"userId": {"S": USER}, "outcomes": {"M": {"a~1": {"S": "x"}}}}
    kept = dump(USER, join(load(odd), OutcomeChange(1, "b~1", "limited")))
    assert kept["outcomes"]["M"].keys() == {"a~1", "b~1"}
    assert load(kept).outcomes.keys() == {"b~1"}
    assert "outcomes" not in dump(USER, join(load(kept), Erased(8)))


def test_a_whole_number_is_kept_as_dynamodb_gives_it_back() -> None:
    kept = joined(AttributesChange(1, "a", {"floor": 2.0, "share": 2.5})).attributes
    assert [repr(entry.value) for entry in kept.values()] == ["2", "2.5"]
