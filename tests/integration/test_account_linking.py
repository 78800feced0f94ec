"""The skill asks the simulator's provider whose a token is, and copes with all that goes wrong."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest
from yellowring.skill.account_linking import PATIENCE, AccountLinking, LinkingUnavailable
from yellowring_tools.simulator.config import SimulatorConfig
from yellowring_tools.simulator.server import running
from yellowring_tools.simulator.simulation import Simulation

from tests.integration.simulator.support import Caller

if TYPE_CHECKING:
    from collections.abc import Iterator

MARGIN = 1.0
"""Seconds more than the patience, for a machine that is busy."""


@pytest.fixture
def caller() -> Iterator[Caller]:
    config = SimulatorConfig("amzn1.ask.skill.test", "client", "secret")
    with running(Simulation(config)) as simulator, Caller(simulator.url) as caller:
        yield caller


def linking(caller: Caller, claim: str = "sub") -> AccountLinking:
    return AccountLinking(f"{caller.url}/oidc/userinfo", claim)


def minted(caller: Caller, **wanted: object) -> str:
    token: str = caller.sim("POST", "/oidc/tokens", {"sub": "4711", **wanted})["token"]
    return token


def test_a_token_tells_its_subject_or_another_claim(caller: Caller) -> None:
    token = minted(caller, claims={"customer_number": 815})
    assert linking(caller).customer_id(token) == "4711"
    assert linking(caller, "customer_number").customer_id(token) == "815"
    assert linking(caller, "nobody").customer_id(token) is None


@pytest.mark.parametrize("wanted", [{"alg": "none"}, {"key": "other"}, {"expiresIn": -60}])
def test_a_forged_or_expired_token_tells_nobody(caller: Caller, wanted: dict[str, object]) -> None:
    assert linking(caller).customer_id(minted(caller, **wanted)) is None


@pytest.mark.parametrize("fault", ["unauthorized", "redirect", "huge", "malformed"])
def test_an_answer_that_will_not_get_better_tells_nobody(caller: Caller, fault: str) -> None:
    token = minted(caller)
    caller.sim("PUT", "/faults", {"userinfo": {fault: 1}})
    for _ in range(8):
        assert linking(caller).customer_id(token) is None
    assert caller.sim("GET", "/requests")["userinfo"]["total"] == 8


@pytest.mark.parametrize("fault", ["error5xx", "timeout", "reset", "drip"])
def test_no_answer_is_worth_another_try_and_takes_no_longer_than_the_patience(
    caller: Caller, fault: str
) -> None:
    token = minted(caller)
    caller.sim("PUT", "/faults", {"userinfo": {fault: 1}})
    began = time.monotonic()
    with pytest.raises(LinkingUnavailable):
        linking(caller).customer_id(token)
    assert time.monotonic() - began < PATIENCE + MARGIN
    caller.sim("PUT", "/faults", {})
    assert linking(caller).customer_id(token) == "4711"


def test_an_answer_that_comes_too_late_is_none(caller: Caller) -> None:
    token = minted(caller)
    caller.sim("PUT", "/faults", {"userinfo": {"latencyMs": [3000, 3000]}})
    with pytest.raises(LinkingUnavailable):
        linking(caller).customer_id(token)
