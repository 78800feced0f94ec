"""Personal content and the filter: each customer hears what is theirs, and only who is meant."""

from __future__ import annotations

import sys
from types import ModuleType
from typing import TYPE_CHECKING, Any

import pytest
from yellowring.sender import app
from yellowring.sender.campaign import InvalidCampaign, by_page, parse_campaign
from yellowring.sender.campaign.event_source import EventSourceFailed
from yellowring.subscribers import AttributesChange, RegisterChange

from tests.unit.sender.kit import LONG_AGO, NONE_OF_ANY, campaign

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.unit.sender.kit import World

PERSONAL = {
    "event": {
        "name": "AMAZON.WeatherAlert.Activated",
        "payload": {"weatherAlert": {"source": "{desk|our desk}", "alertType": "TORNADO"}},
    }
}


SOURCED = {"content": "personal"}


def knows(world: World, user: str, **attributes: Any) -> None:
    world.subscribers.apply(user, AttributesChange(LONG_AGO, "id", attributes))


def source_heard(world: World, user: str) -> str:
    (notification,) = world.alexa.customers.get(user).notifications
    source: str = notification.document()["payload"]["weatherAlert"]["source"]  # type: ignore[index]
    return source


def test_placeholders_are_filled_from_each_customers_attributes(world: World) -> None:
    anna, bert, cleo = world.customers(3)
    knows(world, anna, desk="the Köln desk")
    knows(world, bert, desk=7)
    run = world.send(campaign(**PERSONAL))
    assert run["counts"] == NONE_OF_ANY | {"accepted": 3}
    heard = [source_heard(world, user) for user in (anna, bert, cleo)]
    assert heard == ["the Köln desk", "7", "our desk"]


@pytest.mark.parametrize("value", [True, ["a", "b"]], ids=["a boolean", "a list"])
def test_an_attribute_that_cannot_be_said_is_that_customers_invalid(
    world: World, value: object
) -> None:
    anna, bert = world.customers(2)
    knows(world, anna, desk=value)
    run = world.send(campaign(**PERSONAL))
    assert (run["status"], run["counts"]) == (
        "completed",
        NONE_OF_ANY | {"accepted": 1, "invalid": 1},
    )
    assert source_heard(world, bert) == "our desk"


def test_a_missing_attribute_without_a_default_is_that_customers_invalid(world: World) -> None:
    anna, _ = world.customers(2)
    knows(world, anna, desk="x")
    payload = {"weatherAlert": {"source": "{desk}", "alertType": "TORNADO"}}
    event = {"name": "AMAZON.WeatherAlert.Activated", "payload": payload}
    run = world.send(campaign(event=event))
    assert run["counts"] == NONE_OF_ANY | {"accepted": 1, "invalid": 1}


def test_an_attribute_is_text_and_nothing_more(world: World) -> None:
    (anna,) = world.customers(1)
    hostile = '"}},"relevantAudience":{"type":"Multicast"} {desk|x} localizedattribute:source'
    knows(world, anna, desk=hostile)
    world.send(campaign(**PERSONAL))
    assert source_heard(world, anna) == hostile


@pytest.fixture
def event_source(
    environment: pytest.MonkeyPatch,
) -> Iterator[Callable[[Callable[..., Any]], None]]:
    """Deploy a function as the event source."""
    module = ModuleType("an_event_source")

    def deploy(source: Callable[..., Any]) -> None:
        module.make = source  # type: ignore[attr-defined]
        environment.setenv("EVENT_SOURCES", "personal=an_event_source:make")
        app._stores.cache_clear()

    sys.modules["an_event_source"] = module
    yield deploy
    del sys.modules["an_event_source"]


type Deploy = Callable[[Callable[..., Any]], None]


def test_an_event_source_makes_the_content_or_leaves_the_customer_out(
    world: World, event_source: Deploy
) -> None:
    anna, bert = world.customers(2)
    knows(world, anna, town="Ulm")

    def make(customer: Any, *_: object) -> Any:
        town = customer.attributes.get("town")
        alert = {"source": f"the {town} desk", "alertType": "HURRICANE"}
        return {"payload": {"weatherAlert": alert}} if town else None

    event_source(make)
    run = world.send(campaign(**SOURCED))
    assert (run["status"], run["counts"]) == (
        "completed",
        NONE_OF_ANY | {"accepted": 1, "skipped": 1},
    )
    assert source_heard(world, anna) == "the Ulm desk"
    assert world.heard(bert) == []


def test_an_event_source_by_page_is_asked_for_all_of_a_segment_at_once(
    world: World, event_source: Deploy
) -> None:
    users = world.customers(9)
    knows(world, users[0], town="Ulm")
    asked: list[int] = []

    @by_page(50)
    def make(customers: Any, *_: object) -> Any:
        asked.append(len(customers))
        alerts = [
            {"source": each.attributes.get("town"), "alertType": "TORNADO"} for each in customers
        ]
        return [{"payload": {"weatherAlert": each}} if each["source"] else None for each in alerts]

    event_source(make)
    run = world.send(campaign(**SOURCED))
    assert run["counts"] == NONE_OF_ANY | {"accepted": 1, "skipped": 8}
    assert source_heard(world, users[0]) == "Ulm"
    assert (sum(asked), len(asked) <= 2) == (9, True)  # two segments, of which one may be empty


def test_a_campaign_that_names_no_source_says_its_own_texts_though_one_is_registered(
    world: World, event_source: Deploy
) -> None:
    (anna,) = world.customers(1)
    event_source(lambda *_: None)
    assert world.send()["counts"] == NONE_OF_ANY | {"accepted": 1}
    assert source_heard(world, anna) == "Weather Desk"


def test_a_campaign_that_names_a_source_which_is_not_registered_starts_nothing(
    world: World, event_source: Deploy
) -> None:
    event_source(lambda *_: None)
    with pytest.raises(InvalidCampaign, match=r"\$\.content.*registered are personal"):
        world.send(campaign(content="persnal"))
    assert world.dynamodb.scan(TableName="runs")["Items"] == []


def test_a_payload_may_be_left_to_the_event_source(world: World, event_source: Deploy) -> None:
    (anna,) = world.customers(1)
    event_source(lambda *_: {"payload": {"weatherAlert": {"source": "x", "alertType": "TORNADO"}}})
    run = world.send(campaign(event={"name": "AMAZON.WeatherAlert.Activated"}, **SOURCED))
    assert run["counts"] == NONE_OF_ANY | {"accepted": 1}
    assert source_heard(world, anna) == "x"


def test_an_event_source_that_raises_makes_that_customer_invalid(
    world: World, event_source: Deploy, logs_without_personal_data: list[str]
) -> None:
    (anna, _) = world.customers(2)

    def make(customer: Any, *_: object) -> Any:
        if customer.user_id == anna:
            raise KeyError(customer.user_id)
        return {"payload": {"weatherAlert": {"source": "x", "alertType": "TORNADO"}}}

    event_source(make)
    assert world.send(campaign(**SOURCED))["counts"] == NONE_OF_ANY | {"accepted": 1, "invalid": 1}
    assert "the event source raised KeyError" in "".join(logs_without_personal_data)


def test_an_event_source_that_always_raises_halts_nothing_for_alexa_has_refused_nobody(
    world: World, event_source: Deploy
) -> None:
    world.customers(40)
    event_source(lambda *_: 1 / 0)
    run = world.send(campaign(**SOURCED))
    assert (run["status"], run["counts"]) == ("completed", NONE_OF_ANY | {"invalid": 40})
    assert run["cause"].startswith("nobody was reached")


def test_an_event_source_that_is_not_there_is_named_and_nothing_starts(
    world: World, environment: pytest.MonkeyPatch
) -> None:
    environment.setenv("EVENT_SOURCES", "personal=no.such:thing")
    with pytest.raises(EventSourceFailed, match=r"EVENT_SOURCES has personal=no\.such:thing"):
        world.send(campaign(**SOURCED))
    assert world.dynamodb.scan(TableName="runs")["Items"] == []


@pytest.mark.parametrize(
    ("where", "meant"),
    [
        ({"attributes.plan": "gold"}, {"anna"}),
        ({"attributes.plan": ["gold", "silver"]}, {"anna", "bert"}),
        ({"attributes.points": {"atLeast": 3, "below": 9}}, {"bert"}),
        ({"attributes.plan": {"not": "gold"}}, {"bert", "cleo"}),
        ({"attributes.plan": {"exists": False}}, {"cleo"}),
        ({"attributes.towns": {"contains": "Ulm"}}, {"anna"}),
        ({"locale": {"beginsWith": "de"}}, {"bert"}),
        ({"apiEndpoint": "https://api.eu.amazonalexa.com"}, {"cleo"}),
        ({"attributes.plan": "gold", "locale": "de-DE"}, set()),
        ({"attributes.points": 9.5}, {"anna"}),
    ],
    ids=str,
)
def test_a_filter_lets_through_whom_it_means(
    world: World, where: dict[str, Any], meant: set[str]
) -> None:
    users = {
        "anna": world.customer(),
        "bert": world.customer(),
        "cleo": world.customer("eu"),
    }
    knows(world, users["anna"], plan="gold", points=9.5, towns=["Ulm", "Köln"])
    knows(world, users["bert"], plan="silver", points=3)
    locale = RegisterChange("locale", LONG_AGO, "id", "de-DE")
    world.subscribers.apply(users["bert"], locale)
    run = world.send(campaign(where=where))
    assert {name for name, user in users.items() if world.heard(user)} == meant
    assert run["counts"]["accepted"] == len(meant)


@pytest.mark.parametrize(
    ("where", "path"),
    [
        ({}, "$.where"),
        ([], "$.where"),
        ({"userId": "x"}, '$.where["userId"]'),
        ({"attributes.": "x"}, '$.where["attributes."]'),
        ({"locale": None}, '$.where["locale"]'),
        ({"locale": []}, '$.where["locale"]'),
        ({"locale": [["x"]]}, '$.where["locale"]'),
        ({"locale": {}}, '$.where["locale"]'),
        ({"locale": {"begins": "de"}}, "beginsWith"),
        ({"locale": {"beginsWith": 3}}, "beginsWith"),
        ({"locale": {"exists": "yes"}}, "exists"),
        ({"attributes.points": {"above": float("nan")}}, "above"),
    ],
    ids=str,
)
def test_a_filter_that_cannot_be_meant_is_refused(where: Any, path: str) -> None:
    with pytest.raises(InvalidCampaign) as refused:
        parse_campaign(campaign(where=where))
    assert path in str(refused.value)


def test_personal_content_survives_a_retry(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("yellowring.sender.run.slice.PATIENCE", 0)
    (anna,) = world.customers(1)
    knows(world, anna, desk="the Köln desk")
    world.faults(api={"error5xx": 1})
    run = world.start(campaign(**PERSONAL))
    for segment in (0, 1):
        world.slice(run, segment)
    assert world.heard(anna) == []
    assert world.start(campaign(**PERSONAL))["waiting"] == 1
    world.faults()
    monkeypatch.setattr("yellowring.sender.run.slice.PATIENCE", 20)
    run = world.send(campaign(**PERSONAL))
    assert run["counts"] == NONE_OF_ANY | {"accepted": 1}
    assert source_heard(world, anna) == "the Köln desk"
