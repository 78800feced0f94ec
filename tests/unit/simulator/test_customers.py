"""What customers do, and the skill events that tell of it."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from yellowring_tools.simulator.facts import NOTIFICATIONS_SCOPE
from yellowring_tools.simulator.schemas import EVENT_NAMES

from tests.unit.simulator.support import (
    GAME,
    NOON,
    SKILL_ID,
    WEATHER,
    Client,
    Clock,
    simulated,
)

if TYPE_CHECKING:
    from yellowring_tools.simulator.simulation import Simulation


def requests(simulation: Simulation) -> list[dict[str, Any]]:
    """Give the request of every skill event made so far."""
    return [json.loads(event.envelope)["request"] for event in simulation.events]


def types(simulation: Simulation) -> list[str]:
    return [event.type for event in simulation.events]


def test_a_new_customer_has_done_nothing_yet() -> None:
    client = Client(simulated())
    customer = client.sim("POST", "/customers")
    assert customer["userId"].startswith("amzn1.ask.account.TEST")
    assert len(customer["userId"]) <= 255
    assert (customer["region"], customer["locale"]) == ("na", "en-US")
    assert (customer["state"], customer["permissions"]) == ("new", [])
    assert client.simulation.events == []


def test_an_envelope_is_what_alexa_sends() -> None:
    client = Client(simulated())
    client.sim(
        "POST", "/customers", {"userId": "amzn1.ask.account.A", "region": "eu", "subscribed": True}
    )
    last = json.loads(client.simulation.events[-1].envelope)
    assert "session" not in last
    assert last["version"] == "1.0"
    assert last["context"]["System"] == {
        "application": {"applicationId": SKILL_ID},
        "user": {
            "userId": "amzn1.ask.account.A",
            "permissions": {"scopes": {NOTIFICATIONS_SCOPE: {"status": "GRANTED"}}},
        },
        "apiEndpoint": "https://api.eu.amazonalexa.com",
        "apiAccessToken": "simulated-api-access-token",
    }
    request = last["request"]
    assert request.pop("requestId").startswith("amzn1.echo-external.request.")
    assert request == {
        "type": "AlexaSkillEvent.ProactiveSubscriptionChanged",
        "timestamp": "2026-11-20T12:00:00.002Z",
        "body": {"subscriptions": [{"eventName": name} for name in EVENT_NAMES]},
    }


def test_enabling_says_so_and_no_more() -> None:
    simulation = simulated()
    Client(simulation).customer("enable")
    (request,) = requests(simulation)
    assert request["type"] == "AlexaSkillEvent.SkillEnabled"
    assert "body" not in request


def test_granting_gives_the_scope_without_a_subscription() -> None:
    client = Client(simulated())
    user_id = client.customer("grant")
    assert types(client.simulation) == ["SkillEnabled", "SkillPermissionAccepted"]
    assert requests(client.simulation)[1]["body"] == {
        "acceptedPermissions": [{"scope": NOTIFICATIONS_SCOPE}]
    }
    customer = client.sim("GET", f"/customers/{user_id}")
    assert (customer["permissions"], customer["subscriptions"]) == ([NOTIFICATIONS_SCOPE], [])


def test_subscribing_grants_first_where_it_must() -> None:
    client = Client(simulated())
    user_id = client.customer("enable")
    client.sim("POST", f"/customers/{user_id}/subscribe", {"events": [GAME]})
    client.sim("POST", f"/customers/{user_id}/subscribe", {"events": [WEATHER]})
    assert types(client.simulation) == [
        "SkillEnabled",
        "SkillPermissionAccepted",
        "ProactiveSubscriptionChanged",
        "ProactiveSubscriptionChanged",
    ]
    assert requests(client.simulation)[-1]["body"]["subscriptions"] == [
        {"eventName": WEATHER},
        {"eventName": GAME},
    ]


def test_unsubscribing_from_some_leaves_the_rest_in_force() -> None:
    client = Client(simulated())
    user_id = client.customer()
    client.sim("POST", f"/customers/{user_id}/unsubscribe", {"events": list(EVENT_NAMES[:-1])})
    assert requests(client.simulation)[-1]["body"] == {
        "subscriptions": [{"eventName": EVENT_NAMES[-1]}]
    }


def test_unsubscribing_from_all_is_spelled_in_all_the_ways_there_are() -> None:
    client = Client(simulated())
    for _ in range(3):
        client.customer("subscribe")
    for customer in client.sim("GET", "/customers"):
        client.sim("POST", f"/customers/{customer['userId']}/unsubscribe")
    last = requests(client.simulation)[-3:]
    spellings = [request.get("body", "no body") for request in last]
    assert sorted(map(str, spellings)) == ["None", "no body", "{'subscriptions': []}"]


def test_revoking_ends_the_subscriptions_too() -> None:
    client = Client(simulated())
    user_id = client.customer()
    customer = client.sim("POST", f"/customers/{user_id}/revoke")
    assert (customer["permissions"], customer["subscriptions"]) == ([], [])
    permissions, subscriptions = requests(client.simulation)[-2:]
    assert permissions["type"] == "AlexaSkillEvent.SkillPermissionChanged"
    assert permissions["body"] == {"acceptedPermissions": []}
    assert subscriptions["type"] == "AlexaSkillEvent.ProactiveSubscriptionChanged"
    assert "body" not in subscriptions
    assert permissions["timestamp"] < subscriptions["timestamp"]


@pytest.mark.parametrize("persistence", ["PERSISTED", "NOT_PERSISTED"])
def test_disabling_says_nothing_of_subscriptions(persistence: str) -> None:
    client = Client(simulated())
    user_id = client.customer()
    before = len(client.simulation.events)
    body = {"persistence": persistence}
    customer = client.sim("POST", f"/customers/{user_id}/disable", body)
    assert (customer["state"], customer["subscriptions"]) == ("disabled", [])
    (request,) = requests(client.simulation)[before:]
    assert request["type"] == "AlexaSkillEvent.SkillDisabled"
    assert request["body"] == {"userInformationPersistenceStatus": persistence}


def test_a_persisted_customer_comes_back_under_the_same_id() -> None:
    client = Client(simulated())
    user_id = client.customer()
    client.sim("POST", f"/customers/{user_id}/disable", {"persistence": "PERSISTED"})
    customer = client.sim("POST", f"/customers/{user_id}/enable")
    assert (customer["userId"], customer["state"]) == (user_id, "enabled")
    assert (customer["subscriptions"], customer["permissions"]) == ([], [])


def test_a_customer_who_was_not_persisted_comes_back_under_a_new_id() -> None:
    client = Client(simulated())
    old = client.customer(region="fe")
    client.sim("POST", f"/customers/{old}/disable")
    customer = client.sim("POST", f"/customers/{old}/enable")
    assert customer["userId"] != old
    assert (customer["region"], customer["predecessor"]) == ("fe", old)
    gone = client.sim("GET", f"/customers/{old}")
    assert (gone["state"], gone["successor"]) == ("gone", customer["userId"])
    assert client.simulation.events[-1].user_id == customer["userId"]
    for action in ("enable", "disable", "subscribe", "grant"):
        answer = client.call("POST", f"/_sim/customers/{old}/{action}")
        assert answer.status == 409
    assert (
        customer["userId"] in client.call("POST", f"/_sim/customers/{old}/enable").document["error"]
    )


@pytest.mark.parametrize(
    ("before", "action", "expected"),
    [
        ("enable", "enable", "disable it first"),
        ("disable", "disable", "enable it first"),
        ("disable", "subscribe", "enable it first"),
        ("disable", "unsubscribe", "enable it first"),
        ("disable", "grant", "enable it first"),
        ("disable", "revoke", "enable it first"),
    ],
)
def test_what_cannot_be_done_is_refused_with_what_can(
    before: str, action: str, expected: str
) -> None:
    client = Client(simulated())
    user_id = client.customer("enable")
    if before == "disable":
        client.sim("POST", f"/customers/{user_id}/disable")
    count = len(client.simulation.events)
    answer = client.call("POST", f"/_sim/customers/{user_id}/{action}")
    assert (answer.status, expected in answer.document["error"]) == (409, True)
    assert len(client.simulation.events) == count


def test_a_control_can_date_its_event() -> None:
    client = Client(simulated())
    user_id = client.customer("enable")
    at = "2026-11-20T10:00:00.500+01:00"
    client.sim("POST", f"/customers/{user_id}/subscribe", {"at": at})
    dated = [event.timestamp for event in client.simulation.events]
    nine = datetime.fromisoformat(at)
    assert dated == [NOON, nine, nine + timedelta(milliseconds=1)]


@pytest.mark.parametrize("spelling", ["iso", "iso-ms", "epoch-ms", "epoch-s", "mixed"])
def test_timestamps_tell_the_order_of_a_customers_events_in_every_spelling(spelling: str) -> None:
    clock = Clock()
    client = Client(simulated(clock))
    client.sim("PUT", "/faults", {"events": {"timestamps": spelling}})
    user_id = client.customer()
    for _ in range(10):
        clock.advance(milliseconds=300)
        client.sim("POST", f"/customers/{user_id}/unsubscribe")
        client.sim("POST", f"/customers/{user_id}/subscribe")
    moments = [moment(request) for request in requests(client.simulation)]
    assert moments == sorted(set(moments))


def moment(request: dict[str, Any]) -> float:
    value = request.get("timestamp", request.get("timeStamp"))
    if isinstance(value, str):
        return datetime.fromisoformat(value).timestamp()
    assert isinstance(value, int)
    return value / 1000 if value > 10_000_000_000 else value


def test_mixed_timestamps_take_every_spelling() -> None:
    client = Client(simulated())
    client.sim("PUT", "/faults", {"events": {"timestamps": "mixed"}})
    client.sim("POST", "/customers", {"count": 30, "subscribed": True})
    found = requests(client.simulation)
    kinds = {type(request.get("timestamp")) for request in found}
    assert kinds == {str, int, type(None)}
    assert {len(str(request["timestamp"])) for request in found if "timestamp" in request} == {
        len("2026-11-20T12:00:00Z"),
        len("2026-11-20T12:00:00.000Z"),
        len("1763640000000"),
        len("1763640000"),
    }
    assert any("eventCreationTime" in request for request in found)


def test_many_customers_are_made_at_once_and_silently() -> None:
    client = Client(simulated())
    body = {"count": 50, "region": "eu", "subscribed": [WEATHER], "silent": True}
    made = client.sim("POST", "/customers", body)
    assert len({customer["userId"] for customer in made}) == 50
    assert all(customer["subscriptions"] == [WEATHER] for customer in made)
    assert client.simulation.events == []
    client.customer("enable")
    assert types(client.simulation) == ["SkillEnabled"]


def test_the_newest_customers_can_be_listed_alone() -> None:
    client = Client(simulated())
    client.sim("POST", "/customers", {"count": 5})
    everyone = client.sim("GET", "/customers")
    assert client.sim("GET", "/customers?limit=2") == everyone[-2:]
