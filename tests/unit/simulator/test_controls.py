"""The controls: what they refuse and how they say it, faults, and beginning anew."""

from __future__ import annotations

from typing import Any

import pytest
from yellowring_tools.simulator.config import SimulatorConfig
from yellowring_tools.simulator.faults import Faults

from tests.unit.simulator.support import CLIENT_SECRET, Client, request_body, simulated

CUSTOMER = "/customers/amzn1.ask.account.A"


def client_with_one() -> Client:
    client = Client(simulated())
    client.sim("POST", "/customers", {"userId": "amzn1.ask.account.A"})
    return client


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "expected"),
    [
        ("POST", "/customers", b"{", 400, "body: is not JSON"),
        ("POST", "/customers", [], 400, "body"),
        ("POST", "/customers", {"region": "us"}, 400, "region"),
        ("POST", "/customers", {"locale": "en"}, 400, "en-US"),
        ("POST", "/customers", {"count": 0}, 400, "count"),
        ("POST", "/customers", {"count": 2, "userId": "amzn1.ask.account.B"}, 400, "userId"),
        ("POST", "/customers", {"userId": "someone"}, 400, "userId"),
        ("POST", "/customers", {"userId": "amzn1.ask.account.A"}, 409, "already"),
        ("POST", "/customers", {"name": "x"}, 400, "allowed: userId, region, locale, count"),
        ("POST", "/customers", {"subscribed": ["AMAZON.X"]}, 400, "AMAZON.WeatherAlert.Activated"),
        ("GET", "/customers?limit=x", None, 400, "limit"),
        ("GET", "/customers?limit=0", None, 400, "limit"),
        ("GET", "/customers/nobody", None, 404, "GET /_sim/customers"),
        ("POST", "/customers/nobody/enable", None, 404, "GET /_sim/customers"),
        ("POST", f"{CUSTOMER}/dance", None, 400, "enable, disable, subscribe"),
        ("POST", f"{CUSTOMER}/enable", {"at": "now"}, 400, "at: must be an ISO 8601"),
        ("POST", f"{CUSTOMER}/enable", {"events": []}, 400, "allowed: at"),
        ("POST", f"{CUSTOMER}/disable", {"persistence": "NO"}, 400, "NOT_PERSISTED"),
        ("POST", f"{CUSTOMER}/subscribe", {"events": []}, 400, "events: must be one or more of"),
        ("POST", f"{CUSTOMER}/subscribe", {"events": ["X"]}, 400, "events: must be one or more of"),
        ("GET", "/notifications?userId=nobody", None, 404, "nobody"),
        (
            "PUT",
            "/faults",
            {"event": {}},
            400,
            "allowed: seed, events, api, lwa, userinfo, messages, smapi, dailyLimit",
        ),
        (
            "PUT",
            "/faults",
            {"api": {"error5XX": 1}},
            400,
            "api.error5XX: no such key; allowed: err",
        ),
        ("PUT", "/faults", {"api": {"throttle": 2}}, 400, "api.throttle"),
        ("PUT", "/faults", {"api": {"ratePerSecond": 0}}, 400, "api.ratePerSecond"),
        ("PUT", "/faults", {"api": {"latencyMs": [5, 1]}}, 400, "[least, most]"),
        ("PUT", "/faults", {"api": {"latencyMs": 5}}, 400, "api.latencyMs"),
        ("PUT", "/faults", {"events": {"copies": 0}}, 400, "events.copies"),
        ("PUT", "/faults", {"events": {"timestamps": "rfc"}}, 400, "epoch-ms"),
        ("POST", "/events/flush", None, 409, "--function"),
        ("DELETE", "/customers", None, 405, "Not Allowed"),
        ("GET", "/nothing", None, 404, "Not Found"),
    ],
)
def test_a_wrong_use_is_told_what_is_right(
    method: str, path: str, body: object, status: int, expected: str
) -> None:
    answer = client_with_one().call(method, f"/_sim{path}", body)
    assert answer.status == status
    assert expected in answer.document["error"]


def test_a_refused_body_changes_nothing() -> None:
    client = client_with_one()
    client.call("POST", f"/_sim{CUSTOMER}/subscribe", {"events": ["X"]})
    assert client.sim("GET", CUSTOMER)["state"] == "new"
    client.call("PUT", "/_sim/faults", {"seed": 9, "no": 1})
    assert client.sim("GET", "/faults")["seed"] == 1


def test_faults_are_replaced_whole_and_shown_with_their_defaults() -> None:
    client = Client(simulated())
    defaults: dict[str, Any] = {
        "seed": 1,
        "events": {
            "copies": 1,
            "shuffle": False,
            "hold": False,
            "delayMs": [0, 0],
            "timestamps": "iso-ms",
        },
        "api": {
            "error5xx": 0,
            "throttle": 0,
            "retryAfter": None,
            "resetAfterAccept": 0,
            "timeout": 0,
            "timeoutSeconds": 30,
            "ratePerSecond": None,
            "latencyMs": [0, 0],
            "unauthorized": 0,
        },
        "lwa": {"tokenLifetimeSeconds": 3600, "error5xx": 0, "latencyMs": [0, 0]},
        "userinfo": {
            "tokenLifetimeSeconds": 3600,
            "latencyMs": [0, 0],
            "unauthorized": 0,
            "error5xx": 0,
            "timeout": 0,
            "timeoutSeconds": 30,
            "reset": 0,
            "redirect": 0,
            "drip": 0,
            "huge": 0,
            "malformed": 0,
        },
        "messages": {"firstRetrySeconds": 30},
        "smapi": {
            "importSeconds": 0.5,
            "only": [],
            "most": None,
            "error5xx": 0,
            "throttle": 0,
            "retryAfter": None,
            "resetAfterAccept": 0,
            "timeout": 0,
            "timeoutSeconds": 30,
            "latencyMs": [0, 0],
            "unauthorized": 0,
        },
        "dailyLimit": None,
    }
    assert client.sim("GET", "/faults") == defaults
    changed = client.sim("PUT", "/faults", {"seed": 4, "api": {"error5xx": 0.5}})
    assert changed == defaults | {"seed": 4, "api": defaults["api"] | {"error5xx": 0.5}}
    assert client.sim("PUT", "/faults", {"dailyLimit": 3}) == defaults | {"dailyLimit": 3}
    assert client.sim("PUT", "/faults", defaults) == defaults


def test_an_empty_fault_document_is_an_alexa_that_never_fails() -> None:
    assert not Faults.read({}).api.any


def test_reset_forgets_everything_but_the_configuration() -> None:
    client = Client(simulated())
    user_id, token = client.customer(), client.token()
    client.event(request_body(user_id=user_id), token=token)
    client.sim("PUT", "/faults", {"seed": 5})
    client.sim("POST", "/reset")
    assert client.sim("GET", "/customers") == []
    assert client.sim("GET", "/notifications") == []
    assert client.sim("GET", "/events") == {
        "summary": {"pending": 0, "delivered": 0, "failed": 0, "attempts": 0},
        "events": [],
    }
    assert client.sim("GET", "/faults")["seed"] == 1
    assert client.sim("GET", "/requests")["total"] == 0
    assert client.event(request_body(), token=token).status == 403
    assert client.sim("GET", "/health")["skillId"] == client.simulation.config.skill_id


def test_any_string_that_came_in_comes_out() -> None:
    client = Client(simulated())
    user_id = client.customer()
    odd = b'"<script>alert(1)</script> \\ud800"'
    body = request_body(user_id=user_id, localizedAttributes="ODD").replace(
        b'"ODD"', b'[{"locale": "en-US", "source": %s}]' % odd
    )
    assert client.event(body).status == 202
    (notification,) = client.sim("GET", "/notifications")
    assert "<script>" in notification["sentence"]


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"skill_id": "demo"}, r"amzn1\.ask\.skill\."),
        ({"client_id": ""}, "client id"),
        ({"client_secret": ""}, "client secret"),
        ({"stage": "beta"}, "development, live"),
        ({"lanes": 0}, "lanes"),
        ({"max_attempts": 0}, "max_attempts"),
    ],
)
def test_a_wrong_configuration_is_refused(changes: dict[str, Any], expected: str) -> None:
    right = {"skill_id": "amzn1.ask.skill.x", "client_id": "c", "client_secret": "s"}
    with pytest.raises(ValueError, match=expected):
        SimulatorConfig(**(right | changes))


def test_the_secret_is_not_shown() -> None:
    assert CLIENT_SECRET not in repr(simulated().config)
