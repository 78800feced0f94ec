"""Who is to be notified: the rule, its expression for the scan, and how long a record stays."""

from __future__ import annotations

from functools import reduce
from itertools import product
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from yellowring.subscribers import (
    NOTIFICATIONS_SCOPE,
    Accepted,
    Audience,
    Disabled,
    Enabled,
    Erased,
    Record,
    RegisterChange,
    Rejected,
    deliverability,
    expires_at,
    is_deliverable,
    subscribed_events,
    subscription_is_due,
)
from yellowring.subscribers.items import dump
from yellowring.subscribers.record import join

from tests.unit.subscribers.oracle import SPORTS, WEATHER, changes

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mypy_boto3_dynamodb.client import DynamoDBClient
    from yellowring.subscribers.changes import Change

DAY = 86_400


def record(*told: Change) -> Record:
    return reduce(join, told, Record())


def listed(at: int, *events: str) -> RegisterChange:
    return RegisterChange("subscriptions", at, "id", frozenset(events))


def scopes(at: int, *names: str) -> RegisterChange:
    return RegisterChange("permissions", at, "id", frozenset(names))


@pytest.mark.parametrize(
    ("told", "standing"),
    [
        ([], "not subscribed"),
        ([listed(5, WEATHER)], "deliverable"),
        ([listed(5, SPORTS)], "not subscribed"),
        ([listed(5, WEATHER), listed(6)], "not subscribed"),
        ([listed(5, WEATHER), Disabled(4)], "deliverable"),
        ([listed(5, WEATHER), Disabled(5)], "disabled"),
        ([listed(5, WEATHER), Disabled(6), listed(7, WEATHER)], "deliverable"),
        ([listed(5, WEATHER), scopes(6)], "no permission"),
        ([listed(5, WEATHER), scopes(6, "alexa::email")], "no permission"),
        ([listed(5, WEATHER), scopes(6, NOTIFICATIONS_SCOPE)], "deliverable"),
        ([listed(5, WEATHER), scopes(5)], "no permission"),
        ([listed(5, WEATHER), scopes(5, NOTIFICATIONS_SCOPE)], "deliverable"),
        ([listed(5, WEATHER), scopes(4)], "deliverable"),
        ([listed(5, WEATHER), scopes(6), Accepted(7)], "deliverable"),
        ([listed(5, WEATHER), scopes(6), Accepted(6)], "no permission"),
        ([listed(5, WEATHER), Rejected(6), Accepted(7)], "deliverable"),
        ([listed(5, WEATHER), Rejected(6), Accepted(6)], "rejected"),
        ([listed(5, WEATHER), Rejected(6), Accepted(4)], "rejected"),
        ([listed(5, WEATHER), Disabled(7), Accepted(6)], "disabled"),
        ([listed(5, WEATHER), Rejected(4)], "deliverable"),
        ([listed(5, WEATHER), Rejected(5)], "rejected"),
        ([listed(5, WEATHER), Erased(5)], "not subscribed"),
        ([listed(6, WEATHER), Erased(5)], "deliverable"),
        ([Accepted(5)], "deliverable"),
        ([Accepted(5), Disabled(5)], "disabled"),
        ([Accepted(5), Disabled(4)], "deliverable"),
        ([Accepted(5), Erased(5)], "not subscribed"),
        ([Accepted(5), Rejected(6)], "deliverable"),
        ([Accepted(5), listed(3, WEATHER), Disabled(3), Rejected(6)], "deliverable"),
        ([Accepted(5), scopes(6)], "no permission"),
        ([Accepted(5), scopes(5)], "no permission"),
        ([Accepted(5), scopes(4)], "deliverable"),
        ([Accepted(5), listed(3)], "not subscribed"),
        ([Accepted(5), listed(3, WEATHER), scopes(4)], "deliverable"),
        ([Accepted(5), listed(3), Disabled(3)], "deliverable"),
        ([Accepted(5), listed(3), Disabled(2)], "not subscribed"),
        ([listed(5, WEATHER), Disabled(6), Enabled(7)], "not subscribed"),
        ([listed(5, WEATHER), Disabled(6), Enabled(6)], "disabled"),
        ([listed(5, WEATHER), Disabled(6), Enabled(4)], "disabled"),
        ([listed(5, WEATHER), Disabled(6), Enabled(7), listed(8, WEATHER)], "deliverable"),
        ([Accepted(5), Disabled(6), Enabled(7)], "not subscribed"),
        ([Accepted(8), Disabled(6), Enabled(7)], "deliverable"),
    ],
)
def test_a_customer_is_notified_or_not(told: list[Change], standing: str) -> None:
    assert deliverability(record(*told), WEATHER) == standing


@given(told=st.lists(changes, max_size=10), at=st.integers(900, 4000))
def test_coming_back_says_why_and_never_whether_a_customer_is_notified(
    told: list[Change], at: int
) -> None:
    made = record(*told)
    back = join(made, Enabled(at))
    was, now = deliverability(made, WEATHER), deliverability(back, WEATHER)
    if was == "disabled" and back.time("enabledAt") > back.time("disabledAt"):
        assert now == "not subscribed"
    else:
        assert now == was


def test_the_scan_finds_whom_the_rule_calls_deliverable_in_every_order_of_times(
    aws: DynamoDBClient,
) -> None:
    parts: list[list[Sequence[Change]]] = [
        [[], [listed(10, WEATHER)], [listed(10)]],
        [[], [Disabled(9)], [Disabled(10)], [Disabled(11)]],
        [[], [Accepted(10)], [Accepted(11)], [Accepted(12)]],
        [[], [Rejected(9)], [Rejected(10)], [Rejected(11)]],
        [[], [scopes(9)], [scopes(10)], [scopes(11)], [scopes(11, NOTIFICATIONS_SCOPE)]],
    ]
    records = {
        f"customer-{number}": record(*(change for part in each for change in part))
        for number, each in enumerate(product(*parts))
    }
    for user_id, each in records.items():
        aws.put_item(TableName="subscribers", Item=dump(user_id, each))
    deliverable = {
        user_id
        for user_id, each in records.items()
        if deliverability(each, WEATHER) == "deliverable"
    }
    page = Audience(aws, "subscribers").scan(WEATHER)
    assert page.cursor is None
    assert {customer.user_id for customer in page.customers} == deliverable
    assert 0 < len(deliverable) < len(records)
    assert Audience(aws, "subscribers").count(WEATHER) == (len(deliverable), None)
    named = Audience(aws, "subscribers").named(list(records), WEATHER)
    assert {each.user_id for each in named if each.deliverable} == deliverable


def test_who_is_looked_up_by_id_gets_the_rules_reason(aws: DynamoDBClient) -> None:
    gone: list[Change] = [listed(5, WEATHER), Disabled(6)]
    records = {
        "gone": record(*gone),
        "back": record(*gone, Enabled(7)),
        "silent": record(listed(5, WEATHER), scopes(6)),
        "refused": record(listed(5, WEATHER), Rejected(6)),
    }
    for user_id, each in records.items():
        aws.put_item(TableName="subscribers", Item=dump(user_id, each))
    named = Audience(aws, "subscribers").named(list(records), WEATHER)
    assert {each.user_id: each.deliverability for each in named} == {
        user_id: deliverability(each, WEATHER) for user_id, each in records.items()
    }
    assert named[1].deliverability == "not subscribed"


@settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(told=st.lists(changes, max_size=10))
def test_the_scan_agrees_with_the_rule_on_generated_records(
    aws: DynamoDBClient, told: list[Change]
) -> None:
    made = record(*told)
    aws.put_item(TableName="subscribers", Item=dump("customer", made))
    for event in (WEATHER, SPORTS):
        found = Audience(aws, "subscribers").scan(event).customers
        assert bool(found) == (deliverability(made, event) == "deliverable")


def test_the_subscribed_events_are_those_of_the_list_while_it_holds() -> None:
    assert subscribed_events(None) == frozenset()
    assert subscribed_events(record(listed(5, WEATHER, SPORTS))) == {WEATHER, SPORTS}
    assert subscribed_events(record(listed(5, WEATHER), Disabled(5))) == frozenset()


@pytest.mark.parametrize(
    ("told", "due"),
    [
        ([], False),
        ([scopes(5, NOTIFICATIONS_SCOPE)], True),
        ([scopes(5)], False),
        ([Accepted(5)], True),
        ([Accepted(5), listed(5)], False),
        ([scopes(5, NOTIFICATIONS_SCOPE), listed(5)], False),
        ([scopes(5, NOTIFICATIONS_SCOPE), Disabled(5)], False),
    ],
)
def test_a_subscription_is_due_while_only_the_permission_was_told(
    told: list[Change], due: bool
) -> None:
    assert subscription_is_due(record(*told), now=6) is due


@pytest.mark.parametrize("told", [scopes(5, NOTIFICATIONS_SCOPE), Accepted(5)])
def test_a_subscription_is_due_for_an_hour(told: Change) -> None:
    assert subscription_is_due(record(told), now=5 + 3_600_000)
    assert not subscription_is_due(record(told), now=6 + 3_600_000)


@pytest.mark.parametrize(
    ("told", "deliverable"),
    [
        ([], False),
        ([listed(5, WEATHER)], True),
        ([listed(5), Accepted(6)], False),
        ([Accepted(6)], True),
        ([listed(5, WEATHER), Rejected(6)], False),
    ],
)
def test_who_is_deliverable_is_so_for_an_event_of_the_list_or_by_consent(
    told: list[Change], deliverable: bool
) -> None:
    assert is_deliverable(record(*told)) is deliverable


@pytest.mark.parametrize(
    ("told", "expiry"),
    [
        ([listed(5000, WEATHER)], None),
        ([listed(5000, WEATHER), Rejected(6000)], None),
        ([Accepted(5000)], None),
        ([listed(5000)], 5 + 365 * DAY),
        ([listed(5000, WEATHER), Disabled(7001)], 7 + 365 * DAY),
        ([RegisterChange("locale", 5000, "id", "de-DE"), Enabled(8000)], 8 + 365 * DAY),
        ([listed(5000, WEATHER), Erased(9001)], 9 + 40 * DAY),
        ([Rejected(9000)], 9 + 40 * DAY),
        ([Disabled(9001)], 9 + 40 * DAY),
    ],
)
def test_a_record_stays_while_it_can_matter(told: list[Change], expiry: int | None) -> None:
    assert expires_at(record(*told)) == expiry


def test_who_is_not_deliverable_is_kept_as_long_as_is_wanted() -> None:
    assert expires_at(record(listed(5000)), 30) == 5 + 30 * DAY


def test_the_rules_answer_does_not_hang_on_the_items_form(aws: DynamoDBClient) -> None:
    odd: dict[str, Any] = {
        "userId": {"S": "odd"},
        "subscriptions": {"SS": [WEATHER]},
        "permissions": {"S": "x"},
        "host": {"M": {"value": {"N": "1"}}},
        "locale": {"M": {}},
    }
    aws.put_item(TableName="subscribers", Item=odd)
    assert Audience(aws, "subscribers").scan(WEATHER).customers == ()
    [customer] = Audience(aws, "subscribers").named(["odd"], WEATHER)
    assert (customer.deliverable, customer.api_endpoint, customer.locale) == (False, None, None)
