"""Personal content and the filter: each customer hears what is theirs, and only who is meant."""

from __future__ import annotations

import sys
import time
from types import ModuleType
from typing import TYPE_CHECKING, Any

import pytest
from yellowring.sender import app
from yellowring.sender.campaign import InvalidCampaign
from yellowring.sender.personal import EventSourceFailed
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


def test_a_multicast_with_placeholders_is_refused(world: World) -> None:
    with pytest.raises(InvalidCampaign, match=r"placeholder \{desk\}"):
        world.send(campaign(**PERSONAL, audience={"type": "multicast"}))


@pytest.fixture
def event_source(
    environment: pytest.MonkeyPatch,
) -> Iterator[Callable[[Callable[..., Any]], None]]:
    """Deploy a function as the event source."""
    module = ModuleType("an_event_source")

    def deploy(source: Callable[..., Any]) -> None:
        module.make = source  # type: ignore[attr-defined]
        environment.setenv("EVENT_SOURCE", "an_event_source:make")
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
    run = world.send()
    assert (run["status"], run["counts"]) == ("completed", NONE_OF_ANY | {"accepted": 1})
    assert source_heard(world, anna) == "the Ulm desk"
    assert world.heard(bert) == []


@pytest.mark.parametrize(
    "content", [7, {}, {"payload": {"weatherAlert": {}}}, {"payload": None}], ids=str
)
def test_an_event_source_that_gives_no_event_makes_that_customer_invalid(
    world: World, event_source: Deploy, content: object
) -> None:
    world.customers(2)
    event_source(lambda *_: content)
    assert world.send()["counts"] == NONE_OF_ANY | {"invalid": 2}


def test_an_event_source_that_raises_makes_that_customer_invalid(
    world: World, event_source: Deploy, logs_without_personal_data: list[str]
) -> None:
    (anna, _) = world.customers(2)

    def make(customer: Any, *_: object) -> Any:
        if customer.user_id == anna:
            raise KeyError(customer.user_id)
        return {"payload": {"weatherAlert": {"source": "x", "alertType": "TORNADO"}}}

    event_source(make)
    assert world.send()["counts"] == NONE_OF_ANY | {"accepted": 1, "invalid": 1}
    assert "the event source raised KeyError" in "".join(logs_without_personal_data)


def test_an_event_source_that_always_raises_halts_the_run(
    world: World, event_source: Deploy
) -> None:
    world.customers(40)
    event_source(lambda *_: 1 / 0)
    run = world.send()
    assert run["status"] == "halted"
    assert run["cause"].startswith("event")


def test_an_event_source_that_hangs_halts_the_run(
    world: World, event_source: Deploy, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("yellowring.sender.personal.PATIENCE", 0.05)
    world.customers(3)
    event_source(lambda *_: time.sleep(0.5))
    run = world.send()
    assert run["status"] == "halted"
    assert run["cause"].startswith("event source")


@pytest.mark.parametrize("name", ["no.such:thing", "json:no_such", "json"])
def test_an_event_source_that_is_not_there_is_named_and_nothing_starts(
    world: World, environment: pytest.MonkeyPatch, name: str
) -> None:
    environment.setenv("EVENT_SOURCE", name)
    with pytest.raises(EventSourceFailed, match="EVENT_SOURCE"):
        world.send()
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
def test_a_filter_that_cannot_be_meant_is_refused(world: World, where: Any, path: str) -> None:
    with pytest.raises(InvalidCampaign) as refused:
        world.send(campaign(where=where))
    assert path in str(refused.value)


def test_a_filter_goes_with_subscribers_only(world: World) -> None:
    with pytest.raises(InvalidCampaign, match="subscribers"):
        world.send(campaign(where={"locale": "de-DE"}, audience={"type": "multicast"}))


def test_personal_content_survives_a_retry(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("yellowring.sender.delivery.delivering.back_off", lambda _: 0)
    monkeypatch.setattr("yellowring.sender.work.LONGEST_DELAY", 0)
    (anna,) = world.customers(1)
    knows(world, anna, desk="the Köln desk")
    world.faults(api={"error5xx": 1})
    assert world.send(campaign(**PERSONAL))["waiting"] == 1
    world.faults()
    world.work()
    assert source_heard(world, anna) == "the Köln desk"
