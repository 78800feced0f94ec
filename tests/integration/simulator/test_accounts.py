"""The accounts' provider over a real connection: its issuer, and answers that never end."""

from __future__ import annotations

import json
import time
from base64 import urlsafe_b64decode
from http.client import HTTPConnection
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest
from yellowring_tools.simulator.config import SimulatorConfig
from yellowring_tools.simulator.server import running
from yellowring_tools.simulator.simulation import Simulation

from tests.integration.simulator.support import Caller

if TYPE_CHECKING:
    from collections.abc import Iterator

PATIENCE_S = 0.3


@pytest.fixture
def caller() -> Iterator[Caller]:
    config = SimulatorConfig("amzn1.ask.skill.test", "client", "secret")
    with running(Simulation(config)) as simulator, Caller(simulator.url) as caller:
        yield caller


def minted(caller: Caller) -> dict[str, str]:
    token = caller.sim("POST", "/oidc/tokens", {"sub": "4711"})["token"]
    return {"authorization": f"Bearer {token}"}


def test_tokens_name_the_address_that_the_provider_listens_at(caller: Caller) -> None:
    issuer = caller.call("GET", "/oidc/.well-known/openid-configuration")[1]["issuer"]
    assert issuer == f"{caller.url}/oidc"
    claims = minted(caller)["authorization"].split(".")[1]
    decoded = json.loads(urlsafe_b64decode(claims + "=" * (-len(claims) % 4)))
    assert decoded["iss"] == issuer


def test_whose_a_token_is_can_be_asked_by_get_and_by_post(caller: Caller) -> None:
    headers = minted(caller)
    for method in ("GET", "POST"):
        assert caller.call(method, "/oidc/userinfo", None, headers) == (200, {"sub": "4711"})


def test_an_answer_can_be_a_reset_connection(caller: Caller) -> None:
    headers = minted(caller)
    caller.sim("PUT", "/faults", {"userinfo": {"reset": 1}})
    with pytest.raises(ConnectionResetError):
        caller.call("GET", "/oidc/userinfo", None, headers)
    assert caller.sim("GET", "/requests")["userinfo"]["byStatus"] == {"reset": 1}


def test_latency_is_waited_out(caller: Caller) -> None:
    headers = minted(caller)
    caller.sim("PUT", "/faults", {"userinfo": {"latencyMs": [200, 200]}})
    began = time.monotonic()
    assert caller.call("GET", "/oidc/userinfo", None, headers) == (200, {"sub": "4711"})
    assert time.monotonic() - began >= 0.2


def test_an_answer_can_fail_to_come(caller: Caller) -> None:
    headers = minted(caller)
    caller.sim("PUT", "/faults", {"userinfo": {"timeout": 1}})
    with Caller(caller.url, timeout_s=PATIENCE_S) as hasty, pytest.raises(TimeoutError):
        hasty.call("GET", "/oidc/userinfo", None, headers)
    assert caller.sim("GET", "/requests")["userinfo"]["byStatus"] == {"timeout": 1}


def test_a_dripping_answer_keeps_coming_within_every_read(caller: Caller) -> None:
    headers = minted(caller)
    caller.sim("PUT", "/faults", {"userinfo": {"drip": 1}})
    address = urlsplit(caller.url)
    connection = HTTPConnection(str(address.hostname), address.port, timeout=5)
    try:
        connection.request("GET", "/oidc/userinfo", None, headers)
        response = connection.getresponse()
        assert [response.read(1) for _ in range(4)] == [b"{", b'"', b"s", b"u"]
    finally:
        connection.close()
