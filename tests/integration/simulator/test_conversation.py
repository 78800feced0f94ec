"""Conversations over real connections: boto calls the function, and nobody waits for long."""

from __future__ import annotations

import threading
import time
from contextlib import suppress
from http.client import HTTPException
from typing import TYPE_CHECKING

import pytest
from yellowring_tools.simulator.config import SimulatorConfig
from yellowring_tools.simulator.server import running
from yellowring_tools.simulator.simulation import Simulation

from tests.integration.simulator.support import FUNCTION, Caller, fake_lambda, until

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.integration.simulator.support import FakeLambda

USER = "amzn1.ask.account.A"
QUICKLY_S = 5.0


@pytest.fixture
def function() -> Iterator[FakeLambda]:
    with fake_lambda() as function:
        yield function


@pytest.fixture
def caller(function: FakeLambda) -> Iterator[Caller]:
    config = SimulatorConfig(
        "amzn1.ask.skill.test", "client", "secret", function=FUNCTION, aws_endpoint=function.url
    )
    with running(Simulation(config)) as simulator, Caller(simulator.url) as caller:
        caller.sim("POST", "/customers", {"userId": USER, "subscribed": True, "silent": True})
        yield caller


def test_a_customer_speaks_through_the_lambda_api(caller: Caller, function: FakeLambda) -> None:
    answer = caller.sim("POST", f"/customers/{USER}/say", {"intent": "AMAZON.HelpIntent"})
    assert answer["shouldEndSession"] is True
    (envelope,) = function.invoked
    assert envelope["request"]["intent"]["name"] == "AMAZON.HelpIntent"


def test_a_failing_function_is_told_and_not_asked_again(
    caller: Caller, function: FakeLambda
) -> None:
    function.failures = 1
    status, answer = caller.call("POST", f"/_sim/customers/{USER}/say")
    assert (status, "StoreFailed: the table is away" in answer["error"]) == (502, True)
    assert len(function.invoked) == 1


def test_one_customer_says_one_thing_at_a_time_while_others_go_on(
    caller: Caller, function: FakeLambda
) -> None:
    function.hang = threading.Event()
    other = caller.sim("POST", "/customers", {"subscribed": True, "silent": True})["userId"]
    statuses: list[int] = []

    def say(user_id: str) -> None:
        with Caller(caller.url) as own:
            statuses.append(own.call("POST", f"/_sim/customers/{user_id}/say")[0])

    speakers = [threading.Thread(target=say, args=(each,)) for each in (USER, other)]
    for speaker in speakers:
        speaker.start()
    until(lambda: len(function.invoked) == len(speakers))
    assert caller.call("POST", f"/_sim/customers/{USER}/say")[0] == 409
    function.hang.set()
    for speaker in speakers:
        speaker.join()
    assert statuses == [200, 200]


def test_a_server_stops_at_once_though_somebody_waits_for_an_answer(function: FakeLambda) -> None:
    function.hang = threading.Event()
    config = SimulatorConfig(
        "amzn1.ask.skill.test", "client", "secret", function=FUNCTION, aws_endpoint=function.url
    )

    def say(url: str) -> None:
        # What it gets is a matter of luck: nothing, or that the server is at its end.
        with Caller(url) as own, suppress(OSError, ValueError, HTTPException):
            own.call("POST", f"/_sim/customers/{USER}/say")

    with running(Simulation(config)) as simulator, Caller(simulator.url) as caller:
        caller.sim("POST", "/customers", {"userId": USER, "subscribed": True, "silent": True})
        speaker = threading.Thread(target=say, args=(simulator.url,))
        speaker.start()
        until(lambda: len(function.invoked) == 1)
        told = time.monotonic()
    assert time.monotonic() - told < QUICKLY_S
    speaker.join()
