from __future__ import annotations

from functools import reduce
from typing import TYPE_CHECKING, Any

import pytest
from yellowring.catalog import EVENT_NAMES
from yellowring.sender.campaign import parse_campaign
from yellowring.subscribers import (
    NOTIFICATIONS_SCOPE,
    AttributesChange,
    Disabled,
    Enabled,
    Erased,
    OutcomeChange,
    Record,
    RegisterChange,
    Rejected,
    Subscribers,
)
from yellowring.subscribers.record import join
from yellowring_tools.doctor.customer.accounts import Account, accounts
from yellowring_tools.doctor.customer.outcomes import ASKED, NEWEST, check_asked, of_outcomes
from yellowring_tools.doctor.customer.record import (
    REMEDIES,
    check_audience,
    check_record,
    of_host,
    of_locale,
)
from yellowring_tools.doctor.finding import Finding
from yellowring_tools.doctor.stack.deployment import Deployment
from yellowring_tools.doctor.stack.schedules import Plan

from tests.envelopes import EU, WEATHER
from tests.unit.cli.kit import campaign
from tests.unit.doctor.test_stack import states

if TYPE_CHECKING:
    from yellowring.subscribers.changes import Change
    from yellowring_tools.cli.aws.stacks import Stack

ADA = "amzn1.ask.account.AAAAAAAAAAAAAAAAAAAAAAAAADA"
BEN = "amzn1.ask.account.BBBBBBBBBBBBBBBBBBBBBBBBBEN"
NOW = 10_000_000
SUBSCRIBED = RegisterChange("subscriptions", 1_000, "r", {WEATHER})
ORDERS = "AMAZON.OrderStatus.Updated"


def record(*changes: Change) -> Record:
    return reduce(join, changes, Record())


def account(known: Record | None) -> Account:
    return Account("account abc", ADA, known)


def plan(*, enabled: bool = True, **parts: Any) -> Plan:
    to_all = {"audience": {"type": "subscribers"}, **parts}
    return Plan("daily", enabled=enabled, campaign=parse_campaign(campaign(**to_all)))


# ---- the record ----


@pytest.mark.parametrize(
    ("known", "state", "says"),
    [
        (None, "fault", "there is no record"),
        (record(SUBSCRIBED, Erased(2_000)), "fault", "was erased"),
        (record(Rejected(2_000)), "fault", "nothing on record but marks"),
        (record(Enabled(1_000)), "fault", "no account has subscribed"),
        (record(SUBSCRIBED, Disabled(2_000)), "fault", "disabled the skill"),
        (record(SUBSCRIBED, Disabled(2_000), Enabled(3_000)), "fault", "no account has subscribed"),
        (
            record(SUBSCRIBED, RegisterChange("permissions", 2_000, "r", set())),
            "fault",
            "took the permission",
        ),
        (record(SUBSCRIBED, Rejected(2_000)), "fault", "Alexa refused the customer since"),
        (
            record(RegisterChange("permissions", NOW, "r", {NOTIFICATIONS_SCOPE})),
            "warning",
            "has not told of the subscription yet",
        ),
        (record(SUBSCRIBED), "fine", f"can be told of {WEATHER}"),
    ],
)
def test_a_record_says_why_nothing_comes(known: Record | None, state: str, says: str) -> None:
    [found] = check_record(account(known), [plan()], NOW)
    assert (found.state, found.where) == (state, "account abc")
    assert says in found.what
    assert bool(found.remedy) is (state != "fine")


def test_who_takes_other_events_than_the_schedules_send_is_told_so() -> None:
    other = record(RegisterChange("subscriptions", 1_000, "r", {ORDERS}))
    fine, fault = check_record(account(other), [plan()], NOW)
    assert fine.what == f"can be told of {ORDERS}"
    assert (fault.state, fault.what.startswith(f"is not told of {WEATHER}:")) == ("fault", True)
    assert states(check_record(account(other), [], NOW)) == ["fine"]  # nothing is scheduled


def test_every_reason_has_a_remedy() -> None:
    from yellowring.api.reasons import DETAILS

    assert REMEDIES.keys() == DETAILS.keys()
    assert WEATHER in EVENT_NAMES


@pytest.mark.parametrize(
    ("changes", "found"),
    [
        ((RegisterChange("host", 1_000, "r", EU),), []),
        ((RegisterChange("host", 1_000, "r", "https://example.org"),), ["warning"]),
        ((), ["warning"]),
    ],
)
def test_a_customer_whose_region_is_not_known_is_found(
    changes: tuple[Change, ...], found: list[str]
) -> None:
    findings = list(of_host(record(SUBSCRIBED, *changes), "account abc", "eu-west-1"))
    assert states(findings) == found
    assert all("own region, eu," in each.what for each in findings)


def test_a_customer_whose_locale_has_no_texts_is_found() -> None:
    payload = {"weatherAlert": {"source": "localizedattribute:s", "alertType": "SNOW_STORM"}}
    event = {"name": WEATHER, "payload": payload}
    said = plan(event=event, localizedAttributes=[{"locale": "en-US", "s": "Desk"}]).campaign
    assert said is not None

    def found(locale: str | None) -> list[str]:
        told = [RegisterChange("locale", 1_000, "r", locale)] if locale else []
        return states(of_locale(record(SUBSCRIBED, *told), "account abc", "daily", said))

    assert found("en-US") == []
    assert found(None) == []  # it is not known
    assert found("de-DE") == ["fault"]


# ---- the schedules' audience ----


def test_who_is_not_meant_by_a_schedule_is_told_so(stack: Stack, subscribers: Subscribers) -> None:
    changes = (
        SUBSCRIBED,
        AttributesChange(1_000, "r", {"town": "Köln"}),
        RegisterChange("customer", 1_000, "r", "4711"),
    )
    subscribers.apply(ADA, *changes)
    ada, deployment = account(record(*changes)), Deployment(stack)

    def found(*plans: Plan) -> list[str]:
        return [each.what for each in check_audience(ada, plans, deployment)]

    assert found(plan()) == []
    assert found(plan(where={"attributes.town": "Köln"})) == []
    assert "not for this customer" in found(plan(where={"attributes.town": "Bonn"}))[0]
    assert found(plan(audience={"type": "users", "userIds": [ADA]})) == []
    assert len(found(plan(audience={"type": "users", "userIds": [BEN]}))) == 1
    assert found(plan(audience={"type": "customers", "customerIds": ["4711"]})) == []
    assert len(found(plan(audience={"type": "customers", "customerIds": ["42"]}))) == 1
    assert found(plan(audience={"type": "multicast"})) == []
    assert "is paused" in found(plan(enabled=False))[0]
    assert found(Plan("broken", enabled=True, campaign=None)) == []


def test_who_cannot_be_told_anyway_is_not_told_of_schedules(stack: Stack) -> None:
    gone = account(record(SUBSCRIBED, Disabled(2_000)))
    assert states(check_audience(gone, [plan(enabled=False)], Deployment(stack))) == []


# ---- who they are ----


def test_a_customer_is_found_by_either_id_and_named_by_neither(
    stack: Stack, subscribers: Subscribers
) -> None:
    deployment = Deployment(stack)
    linked = RegisterChange("customer", 1_000, "r", "4711")
    subscribers.apply(ADA, linked)
    subscribers.apply(BEN, linked, SUBSCRIBED)
    two = accounts(deployment, "4711")
    assert isinstance(two, tuple)
    assert [each.user_id for each in two] == [ADA, BEN]
    assert ADA not in two[0].where
    [one] = accounts(deployment, BEN)  # type: ignore[misc]
    assert isinstance(one, Account)
    assert one.record is not None
    [unknown] = accounts(deployment, f"{ADA}X")  # type: ignore[misc]
    assert isinstance(unknown, Account)
    assert unknown.record is None


@pytest.mark.parametrize(("user", "says"), [("42", "nobody is linked"), ("4 2", "is neither")])
def test_who_is_not_found_is_a_fault(stack: Stack, user: str, says: str) -> None:
    found = accounts(Deployment(stack), user)
    assert isinstance(found, Finding)
    assert (found.state, says in found.what) == ("fault", True)
    assert user not in found.what


# ---- what became of the last, and what only they can see ----


@pytest.mark.parametrize(
    ("outcome", "state"),
    [
        ("accepted", "fine"),
        ("limited", "warning"),
        ("invalid", "warning"),
        ("expired", "warning"),
        ("failed", "warning"),
        ("rejected", "warning"),
        ("skipped", "warning"),
    ],
)
def test_what_became_of_an_event_is_told_with_what_to_do(outcome: str, state: str) -> None:
    known = record(SUBSCRIBED, OutcomeChange(1_795_165_200_000, "order~1", outcome))
    [found] = of_outcomes(known, "account abc")
    assert found.state == state
    assert f"order~1 at 2026-11-20 09:00 UTC: {outcome}" in found.what
    assert bool(found.remedy) is (state == "warning")


def test_only_the_newest_outcomes_are_told_the_newest_first() -> None:
    changes = [OutcomeChange(1_000 * number, f"r~{number}", "limited") for number in range(9)]
    found = list(of_outcomes(record(SUBSCRIBED, *changes), "account abc"))
    assert len(found) == NEWEST
    assert found[0].what.startswith("r~8 ")


def test_what_only_the_customer_can_see_is_asked() -> None:
    found = list(check_asked())
    assert {each.state for each in found} == {"ask"}
    assert [each.where for each in found] == list(ASKED)
    told = " ".join(ASKED)
    for cause in ("Do Not Disturb", "device", "language", "stage", "limit", "account"):
        assert cause in told
