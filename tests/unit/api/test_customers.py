"""A business asks of its customers by its own ids, and the answer says why a ring stays dark."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import pytest
from yellowring.observability import hash_user_id
from yellowring.subscribers import AttributesChange, Disabled, Erased, RegisterChange, Subscribers

from tests.conftest import SKILL_ID
from tests.envelopes import WEATHER
from tests.unit.api.kit import OTHER_USER_ID, USER_ID, Api
from tests.unit.sender.kit import LONG_AGO

if TYPE_CHECKING:
    from tests.unit.api.kit import Answered

MEDIA = "AMAZON.MediaContent.Available"


def find(api: Api, customer_id: str = "4711") -> Any:
    answer = api.call("GET", f"/v1/customers/{customer_id}")
    assert answer.status == 200
    return answer.body


def change(api: Api, **body: object) -> Answered:
    return api.call("PATCH", "/v1/customers/4711", body)


@pytest.fixture(autouse=True)
def no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have an erasure look again at once."""
    monkeypatch.setattr("yellowring.api.services.time.sleep", lambda _: None)


def test_a_customer_is_reachable_by_what_any_account_takes(api: Api) -> None:
    api.link(USER_ID, "4711")
    api.link(OTHER_USER_ID, "4711")
    api.subscribers.apply(OTHER_USER_ID, Disabled(LONG_AGO + 1))
    api.link("amzn1.ask.account.CCCC", "4712")
    told = find(api)
    assert (told["customerId"], told["reachable"], told["reason"]) == ("4711", True, "")
    assert told["events"][WEATHER] == {"reachable": True, "reason": ""}
    assert told["events"][MEDIA] == {"reachable": False, "reason": "not subscribed"}
    shown = {each["account"]: each["events"][WEATHER]["reason"] for each in told["accounts"]}
    assert shown == {
        hash_user_id(USER_ID, SKILL_ID): "",
        hash_user_id(OTHER_USER_ID, SKILL_ID): "disabled",
    }


def test_it_says_why_a_customer_is_not_reached(api: Api) -> None:
    api.link(USER_ID, "4711")
    api.subscribers.apply(USER_ID, RegisterChange("permissions", LONG_AGO + 1, "id", frozenset()))
    told = find(api)
    assert (told["reachable"], told["reason"]) == (False, "no permission")
    assert "took the permission" in told["detail"]
    assert told["accounts"][0]["reachable"] is False


def test_nobody_linked_is_an_answer_that_names_the_stack_and_its_region(api: Api) -> None:
    told = find(api)
    assert (told["reachable"], told["reason"], told["accounts"]) == (False, "not linked", [])
    assert (told["stack"], told["region"]) == ("books", "us-east-1")
    assert "stack books in us-east-1" in told["detail"]


def test_too_many_accounts_are_a_conflict_but_are_erased(api: Api) -> None:
    for number in range(30):
        api.link(f"{USER_ID}{number:03}", "4711")
    answer = api.call("GET", "/v1/customers/4711")
    assert (answer.status, answer.kind) == (409, "too-many-accounts")
    assert change(api, set={"plan": "gold"}).status == 409
    assert api.call("DELETE", "/v1/customers/4711").status == 204
    assert find(api)["reason"] == "not linked"


def test_accounts_that_have_left_are_not_too_many(api: Api) -> None:
    for number in range(26):
        api.link(f"{USER_ID}{number:03}", "4711")
        api.subscribers.apply(f"{USER_ID}{number:03}", Disabled(LONG_AGO + 1))
    assert find(api)["reason"] == "disabled"
    api.link(f"{USER_ID}999", "4711")
    assert find(api)["reachable"] is True
    assert change(api, set={"plan": "gold"}).body["attributes"] == {"plan": "gold"}
    record = api.subscribers.get(f"{USER_ID}999")
    assert record is not None
    assert record.attributes["plan"].value == "gold"
    for number in range(900, 925):
        api.link(f"{USER_ID}{number:03}", "4711")
    answer = api.call("GET", "/v1/customers/4711")
    assert (answer.status, answer.kind) == (409, "too-many-accounts")


def test_attributes_are_set_and_removed_with_all_accounts(api: Api) -> None:
    for user_id in (USER_ID, OTHER_USER_ID):
        api.link(user_id, "4711")
    first = change(api, set={"plan": "gold", "town": "Ulm", "boxes": 3})
    assert first.body["attributes"] == {"plan": "gold", "town": "Ulm", "boxes": 3}
    assert change(api, set={"plan": "tin"}, remove=["town"]).status == 200
    assert find(api)["attributes"] == {"plan": "tin", "boxes": 3}
    for user_id in (USER_ID, OTHER_USER_ID):
        record = api.subscribers.get(user_id)
        assert record is not None
        assert record.attributes["plan"].value == "tin"


def test_of_two_accounts_attributes_the_newer_is_told(api: Api) -> None:
    for at, user_id in enumerate((OTHER_USER_ID, USER_ID), LONG_AGO):
        api.link(user_id, "4711")
        api.subscribers.apply(user_id, AttributesChange(at, "id", {"plan": user_id[-4:]}))
    assert find(api)["attributes"] == {"plan": "AAAA"}


@pytest.mark.parametrize(
    ("body", "path"),
    [
        ({}, "$"),
        ({"set": {}, "remove": []}, "$"),
        ({"set": {"plan": "x" * 601}}, "$.set"),
        ({"set": {"plan": None}}, "$.set"),
        ({"set": {"plan": {"a": 1}}}, "$.set"),
        ({"set": {"plan": "Atza|token"}}, "$.set"),
        ({"set": {"1plan": "gold"}}, "$"),
        ({"set": {"plan": "gold"}, "remove": ["plan"]}, "$.remove"),
        ({"set": {f"a{n}": 1 for n in range(21)}}, "$"),
        ({"remove": "plan"}, "$.remove"),
        ({"add": {}}, "$.add"),
    ],
)
def test_attributes_have_the_limits_of_skill_messages(
    api: Api, body: dict[str, Any], path: str
) -> None:
    api.link(USER_ID, "4711")
    answer = change(api, **body)
    assert (answer.status, answer.kind, answer.paths) == (422, "invalid", [path])


def test_attributes_of_nobody_are_a_problem(api: Api) -> None:
    answer = change(api, set={"plan": "gold"})
    assert (answer.status, answer.kind) == (404, "not-linked")


def test_a_change_counts_though_what_is_there_is_dated_ahead_of_our_clock(api: Api) -> None:
    api.link(USER_ID, "4711")
    ahead = int(time.time() * 1000) + 300_000
    api.subscribers.apply(USER_ID, AttributesChange(ahead, "zz", {"town": "Old", "plan": "tin"}))
    answer = change(api, set={"town": "New"}, remove=["plan"])
    assert (answer.status, answer.body["attributes"]) == (200, {"town": "New"})
    assert change(api, set={"town": "Newer"}).body["attributes"] == {"town": "Newer"}


def erased(api: Api, user_id: str) -> bool:
    record = api.subscribers.get(user_id)
    return record is not None and (record.registers, list(record.moments)) == ({}, ["erasedAt"])


def test_an_erasure_takes_every_account_and_nobody_elses(api: Api) -> None:
    for user_id in (USER_ID, OTHER_USER_ID):
        api.link(user_id, "4711")
    api.link("amzn1.ask.account.CCCC", "4712")
    answer = api.call("DELETE", "/v1/customers/4711")
    assert (answer.status, answer.text) == (204, "")
    assert erased(api, USER_ID)
    assert erased(api, OTHER_USER_ID)
    assert find(api, "4712")["reachable"] is True


@pytest.mark.parametrize("seconds", [1, 3, 10])
def test_an_erasure_finds_whom_the_index_shows_ten_seconds_late(
    api: Api, monkeypatch: pytest.MonkeyPatch, seconds: int
) -> None:
    waited: list[float] = []

    def wait(pause: float) -> None:
        waited.append(pause)
        if sum(waited) == seconds:
            api.link(OTHER_USER_ID, "4711")

    monkeypatch.setattr("yellowring.api.services.time.sleep", wait)
    api.link(USER_ID, "4711")
    assert api.call("DELETE", "/v1/customers/4711").status == 204
    assert sum(waited) == 10
    assert erased(api, USER_ID)
    assert erased(api, OTHER_USER_ID)


def test_an_erasure_takes_who_has_disabled_the_skill(api: Api) -> None:
    api.link(USER_ID, "4711")
    api.subscribers.apply(USER_ID, Disabled(LONG_AGO + 1))
    assert api.call("DELETE", "/v1/customers/4711").status == 204
    assert erased(api, USER_ID)


def test_an_erasure_takes_what_is_dated_ahead_of_our_clock(api: Api) -> None:
    ahead = int(time.time() * 1000) + 300_000
    api.link(USER_ID, "4711", ahead)
    api.subscribers.apply(USER_ID, AttributesChange(ahead + 1, "id", {"town": "Ulm"}))
    assert api.call("DELETE", "/v1/customers/4711").status == 204
    assert erased(api, USER_ID)


def test_an_erasure_ends_though_somebody_is_linked_anew_meanwhile(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    erase = api.subscribers.apply_as_newest

    def outlived(self: Subscribers, user_id: str, change: Erased) -> None:
        erase(user_id, change)
        api.link(user_id, "4711", change.at + 600_000)

    monkeypatch.setattr(Subscribers, "apply_as_newest", outlived)
    api.link(USER_ID, "4711")
    assert api.call("DELETE", "/v1/customers/4711").status == 204
    assert find(api)["reachable"] is True


def test_an_erasure_of_nobody_is_done_too(api: Api) -> None:
    assert api.call("DELETE", "/v1/customers/4711").status == 204


def test_the_newest_problems_of_all_accounts_are_told(api: Api) -> None:
    for user_id in (USER_ID, OTHER_USER_ID):
        api.link(user_id, "4711")
    for number in range(15):
        for user_id in (USER_ID, OTHER_USER_ID):
            api.subscribers.note_outcome(user_id, f"sale~{number}", "limited", LONG_AGO + number)
    outcomes = find(api)["outcomes"]
    assert len(outcomes) == 20
    assert outcomes[0]["referenceId"] == "sale~14"
    assert outcomes[0]["outcome"] == "limited"
    assert "for now" in outcomes[0]["reason"]
    assert outcomes[0]["at"].startswith("2023-11-14T22:13:20")
    assert {each["account"] for each in outcomes} == {
        hash_user_id(user_id, SKILL_ID) for user_id in (USER_ID, OTHER_USER_ID)
    }
