from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from yellowring.api.reasons import why
from yellowring.catalog import EVENT_NAMES
from yellowring.observability import hash_user_id
from yellowring.subscribers import (
    AttributesChange,
    Disabled,
    OutcomeChange,
    RegisterChange,
    Subscribers,
)
from yellowring_tools.cli.aws import stacks

from tests.envelopes import WEATHER
from tests.unit.cli.running import yellowring

if TYPE_CHECKING:
    from yellowring.subscribers.changes import Change

ADA = "amzn1.ask.account.AAAAAAAAAAAAAAAAAAAAAAAAADA"
BEN = "amzn1.ask.account.BBBBBBBBBBBBBBBBBBBBBBBBBEN"
DOV = "amzn1.ask.account.DDDDDDDDDDDDDDDDDDDDDDDDDOV"


def linked(customer_id: str) -> Change:
    return RegisterChange("customer", 3_000, "id", customer_id)


@pytest.fixture
def household(subscribers: Subscribers) -> Subscribers:
    """Ada and Ben are customer 4711, Ben has notifications off; Dov has left since."""
    subscribed = RegisterChange("subscriptions", 1_000, "id", {WEATHER})
    subscribers.apply(
        ADA,
        subscribed,
        linked("4711"),
        AttributesChange(1_000, "id", {"town": "Köln", "trial": None}),
        OutcomeChange(1_795_165_200_000, "order~1", "limited"),
        OutcomeChange(1_795_165_260_000, "order~2", "skipped"),
    )
    subscribers.apply(BEN, linked("4711"))
    subscribers.apply(DOV, subscribed, linked("4711"), Disabled(4_000))
    return subscribers


def test_show_tells_of_each_account_what_reaches_it_and_what_became_of_the_last(
    household: Subscribers,
) -> None:
    said = yellowring("customer", "show", "4711", "--json")
    assert said.status == 0
    ada, ben, dov = said.document["accounts"]
    assert dov["standing"][WEATHER] == "disabled"
    assert (ada["userId"], ben["userId"]) == (
        "amzn1.ask.account.…AAAADA",
        "amzn1.ask.account.…BBBBEN",
    )
    assert ada["customerId"] == "4711"
    assert ada["standing"] == {
        name: "deliverable" if name == WEATHER else "not subscribed" for name in EVENT_NAMES
    }
    assert set(ben["standing"].values()) == {"not subscribed"}
    assert ada["attributes"] == {"town": "Köln"}
    assert ada["outcomes"] == [
        {
            "referenceId": "order~2",
            "outcome": "skipped",
            "at": 1_795_165_260_000,
            "reason": why("skipped"),
        },
        {
            "referenceId": "order~1",
            "outcome": "limited",
            "at": 1_795_165_200_000,
            "reason": why("limited"),
        },
    ]


def test_show_says_it_in_words_the_newest_outcome_first(household: Subscribers) -> None:
    lines = yellowring("customer", "show", "4711").out.splitlines()
    assert lines[0] == "3 accounts"
    assert any(line.split() == [WEATHER, "is", "notified"] for line in lines)
    told = [line.strip() for line in lines if "order~" in line]
    assert told == [
        f"2026-11-20 09:01:00 UTC  order~2: skipped, {why('skipped')}",
        f"2026-11-20 09:00:00 UTC  order~1: limited, {why('limited')}",
    ]
    assert '  town = "Köln"' in lines
    assert lines.count("  no problem and no skip is noted") == 2  # of Ben and Dov, not of Ada


def test_show_names_an_account_as_the_logs_and_the_api_do(household: Subscribers) -> None:
    account = hash_user_id(BEN, "amzn1.ask.skill.theirs")
    assert yellowring("customer", "show", BEN, "--json").document["accounts"][0]["account"] == (
        account
    )
    first = yellowring("customer", "show", BEN).out.splitlines()[2]
    assert first == f"amzn1.ask.account.…BBBBEN  ({account} in the logs and in the API)"


def test_what_has_no_reason_is_told_without_one(household: Subscribers) -> None:
    household.apply(DOV, OutcomeChange(1_795_165_260_000, "order~3", "accepted"))
    lines = yellowring("customer", "show", DOV).out.splitlines()
    assert lines[-1].endswith("order~3: accepted")


@pytest.mark.parametrize("customer", ["", "47 11"])
def test_what_is_no_id_is_refused_before_a_stack_is_looked_for(
    monkeypatch: pytest.MonkeyPatch, customer: str
) -> None:
    monkeypatch.setattr(stacks, "running_note", lambda: pytest.fail("a stack was looked for"))
    said = yellowring("customer", "show", customer)
    assert said.status == 1
    assert "ID must be your own id of the customer, 1 to 255" in said.err


def test_show_takes_a_user_id_as_well_whoever_it_is_linked_to(household: Subscribers) -> None:
    [dov] = yellowring("customer", "show", DOV, "--json").document["accounts"]
    assert dov["customerId"] == "4711"
    assert dov["standing"][WEATHER] == "disabled"


def test_no_user_id_is_shown_whole(household: Subscribers) -> None:
    for arguments in (["4711"], ["4711", "--json"], [ADA], [ADA, "--json"]):
        said = yellowring("customer", "show", *arguments)
        assert ADA not in said.out + said.err


@pytest.mark.parametrize(
    ("customer", "hint"),
    [
        ("0815", "nobody who is linked to this customer id"),
        ("amzn1.ask.account.NOBODYNOBODY", "no such customer"),
        ("47 11", "1 to 255 of A-Z"),
    ],
)
def test_somebody_unknown_is_an_error_that_helps_and_does_not_repeat_the_id(
    household: Subscribers, customer: str, hint: str
) -> None:
    said = yellowring("customer", "show", customer)
    assert said.status == 1
    assert hint in said.err
    assert customer not in said.err


def test_an_id_that_half_the_world_is_linked_to_is_told_as_a_mistake(
    subscribers: Subscribers,
) -> None:
    for number in range(25):
        subscribers.apply(f"amzn1.ask.account.C{number}", linked("everybody"))
    assert yellowring("customer", "show", "everybody").out.startswith("25 accounts")
    subscribers.apply("amzn1.ask.account.C25", linked("everybody"))
    said = yellowring("customer", "show", "everybody")
    assert said.status == 1
    assert "more than 25 accounts" in said.err


def test_an_export_carries_the_customers_id_and_the_outcomes_along(household: Subscribers) -> None:
    lines = yellowring("subscribers", "export").out.splitlines()
    exported = {each["userId"]: each for each in map(json.loads, lines)}
    assert exported[ADA]["customerId"] == exported[ADA]["customer"] == "4711"
    assert [each["outcome"] for each in exported[ADA]["outcomes"]] == ["skipped", "limited"]
    assert "customerId" not in exported[DOV]
    assert exported[DOV]["customer"] == "4711"
    shown = yellowring("subscribers", "show", ADA).out
    assert "order~2" in shown
