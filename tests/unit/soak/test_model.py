"""The soak's own model: what it calls right, and what it finds wrong."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.e2e.soak.model import Change, History, Sending, State, difference, is_certain

if TYPE_CHECKING:
    from collections.abc import Sequence

W, ORDERS = "weather", "orders"
ME = "me"
SUBSCRIBED = State().subscribe([W])


def history(*acts: tuple[float, float, State]) -> History:
    return History(ME, [Change(begun, told, state, "act") for begun, told, state in acts])


def sending(kind: Any = "subscribers", **more: Any) -> Sending:
    return Sending("ref", W, kind, **({"begun": 10, "ended": 20} | more))


def wrong(of: Sending, theirs: History, *rings: float) -> str | None:
    return difference(of, theirs, rings)


def test_who_is_subscribed_all_along_must_hear_once() -> None:
    theirs = history((1, 2, SUBSCRIBED))
    assert wrong(sending(), theirs) == "did not hear"
    assert wrong(sending(), theirs, 15) is None
    assert wrong(sending(), theirs, 15, 16) == "heard 2 times"
    assert is_certain(sending(), theirs)


def test_who_is_not_subscribed_all_along_must_not_hear() -> None:
    theirs = history((1, 2, SUBSCRIBED), (3, 4, SUBSCRIBED.unsubscribe([W])))
    assert wrong(sending(), theirs, 15) == "heard what was not for them"
    assert wrong(sending(), theirs) is None


@pytest.mark.parametrize("act", [(15.0, 16.0), (5.0, 12.0), (5.0, 30.0)])
def test_who_changes_their_mind_meanwhile_may_hear_or_not(act: tuple[float, float]) -> None:
    theirs = history((1, 2, SUBSCRIBED), (*act, SUBSCRIBED.unsubscribe([W])))
    assert wrong(sending(), theirs) is None
    assert wrong(sending(), theirs, 16) is None
    assert not is_certain(sending(), theirs)


def test_who_changes_what_it_does_not_depend_on_must_hear_all_the_same() -> None:
    theirs = history((1, 2, SUBSCRIBED), (15, 16, SUBSCRIBED.subscribe([ORDERS]).link("4711")))
    assert wrong(sending(), theirs) == "did not hear"


def test_what_comes_after_a_ring_does_not_excuse_it() -> None:
    theirs = history((1, 2, State().enable()), (16, 17, SUBSCRIBED))
    assert wrong(sending(), theirs, 15) == "heard what was not for them"
    assert wrong(sending(), theirs, 18) is None


def test_what_ended_before_everybody_was_reached_excuses_silence_alone() -> None:
    theirs = history((1, 2, SUBSCRIBED))
    assert wrong(sending(whole=False), theirs) is None
    other = history((1, 2, State().enable()))
    assert wrong(sending(whole=False), other, 15) == "heard what was not for them"


LINKED = SUBSCRIBED.link("4711")
DESCRIBED = SUBSCRIBED.describe({"plan": "gold", "town": "Ulm"})


@pytest.mark.parametrize(
    ("of", "state", "rings"),
    [
        (sending(), SUBSCRIBED.disable(is_kept=True), False),
        (sending(), SUBSCRIBED.disable(is_kept=True).enable(), False),
        (sending(), SUBSCRIBED.revoke(), False),
        (sending(), SUBSCRIBED.revoke().grant(), False),
        (sending(), SUBSCRIBED.forget(), False),
        (sending(), SUBSCRIBED.forget().subscribe([ORDERS]), True),  # all that is on is told anew
        (sending(where={"plan": frozenset({"gold"})}), DESCRIBED, True),
        (sending(where={"plan": frozenset({"tin"})}), DESCRIBED, False),
        (sending(where={"plan": frozenset({"gold"})}), DESCRIBED.disable(is_kept=True), False),
        (sending(needs="town"), DESCRIBED, True),
        (sending(needs="town"), DESCRIBED.describe({"town": None}), False),
        (sending("users", ids=frozenset({ME})), SUBSCRIBED, True),
        (sending("users", ids=frozenset({"other"})), SUBSCRIBED, False),
        (sending("users", ids=frozenset({ME})), SUBSCRIBED.forget(), False),
        (sending("users", ids=frozenset({ME})), SUBSCRIBED.forget().grant(), True),
        (sending("users", ids=frozenset({ME})), SUBSCRIBED.forget().speak(), None),
        (sending("account", ids=frozenset({ME})), SUBSCRIBED.forget().refresh(), False),
        (sending("customers", ids=frozenset({"4711"})), LINKED, True),
        (sending("customers", ids=frozenset({"4712"})), LINKED, False),
        (sending("customers", ids=frozenset({"4711"})), LINKED.unlink(), False),
        (sending("customers", ids=frozenset({"4711"})), LINKED.name("4712"), False),
        (sending("customers", ids=frozenset({"4711"})), LINKED.forget(), False),
        (sending("customers", ids=frozenset({"4711"})), LINKED.forget().subscribe([W]), False),
        (
            sending("customers", ids=frozenset({"4711"})),
            LINKED.forget().subscribe([W]).speak(),
            None,
        ),
    ],
)
def test_who_hears_follows_from_what_they_did_last(
    of: Sending, state: State, rings: bool | None
) -> None:
    assert of.rings(ME, state) is rings


def test_who_alexa_keeps_nothing_of_is_known_no_more() -> None:
    assert DESCRIBED.disable(is_kept=False) == State(erased=True)
    assert dict(DESCRIBED.disable(is_kept=True).attributes) == {"plan": "gold", "town": "Ulm"}


def reached(acts: Sequence[Change]) -> list[float]:
    return [each.begun for each in acts]


def test_the_record_may_stand_anywhere_between_what_had_arrived_and_what_was_begun() -> None:
    theirs = history((1, 2, State()), (3, 9, State()), (4, 5, State()), (12, 13, State()))
    assert reached(theirs.possible(10, 11)) == [4]
    assert reached(theirs.possible(10, 12)) == [4, 12]
    assert reached(theirs.possible(8, 11)) == [1, 3, 4]
    assert reached(theirs.possible(1, 1)) == [0, 1]
