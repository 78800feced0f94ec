"""`customer export` and `customer forget`: what is kept of one customer, and its end."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from yellowring.observability import hash_user_id
from yellowring.sender.notification.status import Statuses
from yellowring.subscribers import AttributesChange, Erased, RegisterChange, Subscribers

from tests.envelopes import WEATHER
from tests.unit.cli.kit import started
from tests.unit.cli.running import yellowring

if TYPE_CHECKING:
    from yellowring.sender.run.store import Runs
    from yellowring_tools.cli.aws.stacks import Stack

SKILL_ID = "amzn1.ask.skill.theirs"
ADA = "amzn1.ask.account.AAAAAAAAAAAAAAAAAAAAAAAAADA"
BEN = "amzn1.ask.account.BBBBBBBBBBBBBBBBBBBBBBBBBEN"
EVE = "amzn1.ask.account.EEEEEEEEEEEEEEEEEEEEEEEEEVE"
NOW = datetime.now(UTC)


@pytest.fixture
def household(subscribers: Subscribers) -> Subscribers:
    """Ada and Ben are customer 4711; Eve is nobody's."""
    for user_id in (ADA, BEN, EVE):
        subscribers.apply(user_id, RegisterChange("subscriptions", 1_000, "id", {WEATHER}))
    for user_id in (ADA, BEN):
        subscribers.apply(user_id, RegisterChange("customer", 3_000, "id", "4711"))
    subscribers.apply(ADA, AttributesChange(1_000, "id", {"town": "Köln"}))
    return subscribers


@pytest.fixture(autouse=True)
def no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("yellowring_tools.cli.commands.customer.time.sleep", lambda _: None)


def erased(subscribers: Subscribers, user_id: str) -> bool:
    record = subscribers.get(user_id)
    return record is not None and record.is_erased


def test_export_is_all_that_is_kept_of_a_customer(
    household: Subscribers, stack: Stack, runs: Runs
) -> None:
    statuses = Statuses(stack.dynamodb, "runs")
    account = hash_user_id(ADA, SKILL_ID)
    for name, whose in (("theirs~1", account), ("others~1", hash_user_id(EVE, SKILL_ID))):
        statuses.put(name, "hash", NOW, NOW + timedelta(hours=1))
        statuses.settle(name, whose, "limited", NOW, "for now")
    runs.put_list("snow~1", "digest", [BEN, EVE], NOW)
    runs.put_list("snow~2", "digest", [EVE], NOW)
    runs.put_list("snow~3", "digest", ["4711"], NOW)
    started(runs, "snow")
    told = yellowring("customer", "export", "4711").document
    assert [each["userId"] for each in told["accounts"]] == [ADA, BEN]
    assert told["accounts"][0]["account"] == account
    assert told["accounts"][0]["record"]["attributes"] == {"town": "Köln"}
    [notification] = told["notifications"]
    assert notification["notification"] == "theirs~1"
    assert notification["accounts"] == {account: {"outcome": "limited", "reason": "for now"}}
    assert told["runs"] == ["snow~1", "snow~3"]
    assert EVE not in json.dumps(told)


def test_export_takes_a_user_id_as_well(household: Subscribers) -> None:
    told = yellowring("customer", "export", EVE).document
    assert [each["userId"] for each in told["accounts"]] == [EVE]
    assert (told["notifications"], told["runs"]) == ([], [])


def test_export_of_a_user_id_has_what_is_kept_under_its_customer_id(
    household: Subscribers, stack: Stack, runs: Runs
) -> None:
    statuses = Statuses(stack.dynamodb, "runs")
    statuses.put("theirs~1", "hash", NOW, NOW + timedelta(hours=1))
    statuses.settle("theirs~1", hash_user_id("4711", SKILL_ID), "limited", NOW, "for now")
    runs.put_list("snow~3", "digest", ["4711"], NOW)
    told = yellowring("customer", "export", ADA).document
    assert [each["userId"] for each in told["accounts"]] == [ADA]
    assert [each["notification"] for each in told["notifications"]] == ["theirs~1"]
    assert told["runs"] == ["snow~3"]


def test_export_names_no_run_of_somebody_whose_id_has_theirs_in_it(
    household: Subscribers, runs: Runs
) -> None:
    foreign = ["47112", "14711", "kunde-4711", "4711-b", "4711.b", "b:4711", f"{ADA}X"]
    for number, each in enumerate(foreign):
        runs.put_list(f"foreign~{number}", "digest", [each], NOW)
    runs.put_list("named~1", "digest", ["47112", "4711"], NOW)
    runs.put_list("prose~1", "digest", ['{"text": "Hallo 4711."}'], NOW)
    assert yellowring("customer", "export", "4711").document["runs"] == ["named~1", "prose~1"]


def test_export_has_the_whole_item_what_we_do_not_know_included(
    household: Subscribers, stack: Stack
) -> None:
    odd = {":note": {"S": "pays in gold"}, ":picture": {"B": b"\x00\x01"}}
    stack.dynamodb.update_item(
        TableName="subscribers",
        Key={"userId": {"S": EVE}},
        UpdateExpression="SET note = :note, picture = :picture",
        ExpressionAttributeValues=odd,  # type: ignore[arg-type]
    )
    [account] = yellowring("customer", "export", EVE).document["accounts"]
    assert account["item"]["note"] == {"S": "pays in gold"}
    assert account["item"]["picture"] == {"B": "AAE="}
    assert account["item"]["subscriptions"]["M"]["by"] == {"S": "id"}


def test_export_of_nobody_is_an_error(household: Subscribers) -> None:
    assert yellowring("customer", "export", "stranger").status == 1


def test_forget_erases_all_accounts_of_a_customer_and_nobody_else(household: Subscribers) -> None:
    said = yellowring("customer", "forget", "4711", "--yes", "--json")
    assert (said.status, said.document) == (0, {"erased": 2})
    assert erased(household, ADA)
    assert erased(household, BEN)
    assert not erased(household, EVE)


def test_forget_of_a_user_id_erases_that_account_alone(household: Subscribers) -> None:
    assert yellowring("customer", "forget", ADA, "--yes").out.startswith("1 account erased")
    assert erased(household, ADA)
    assert not erased(household, BEN)


def test_forget_of_a_user_id_that_is_not_known_keeps_it_out_of_older_copies(
    household: Subscribers,
) -> None:
    unknown = "amzn1.ask.account.UNKNOWNUNKNOWN"
    said = yellowring("customer", "forget", unknown, "--yes")
    assert (said.status, said.out.partition(",")[0]) == (0, "was not known here")
    record = household.get(unknown)
    assert record
    assert record.moments.keys() == {Erased.name}


def test_forget_of_a_customer_that_nobody_is_linked_to_is_done_too(household: Subscribers) -> None:
    said = yellowring("customer", "forget", "stranger", "--yes")
    assert (said.status, said.out.splitlines()[0]) == (
        0,
        "nobody is linked to this customer id",
    )


def test_who_was_erased_is_shown_as_that_and_not_as_one_who_never_subscribed(
    household: Subscribers,
) -> None:
    yellowring("customer", "forget", ADA, "--yes")
    shown = yellowring("customer", "show", ADA)
    assert "was erased" in shown.out
    assert "subscribed to it" not in shown.out
    assert yellowring("customer", "show", ADA, "--json").document["accounts"][0]["erased"] is True
    assert yellowring("customer", "show", BEN, "--json").document["accounts"][0]["erased"] is False


def test_forget_does_nothing_unless_it_is_told_to(household: Subscribers) -> None:
    said = yellowring("customer", "forget", "4711")
    assert said.status == 1
    assert "--yes" in said.err
    assert not erased(household, ADA)


def test_forget_repeats_no_user_id(household: Subscribers) -> None:
    said = yellowring("customer", "forget", ADA, "--yes")
    assert ADA not in said.out + said.err
