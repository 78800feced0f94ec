"""What only shows over a real connection: resets, time-outs, and deliveries through boto."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest
from yellowring_tools.simulator.config import SimulatorConfig
from yellowring_tools.simulator.server import running
from yellowring_tools.simulator.simulation import Simulation

from tests.integration.simulator.support import FUNCTION, Caller, fake_lambda

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.integration.simulator.support import FakeLambda

USER = "amzn1.ask.account.A"


def simulation(function: FakeLambda | None = None) -> Simulation:
    return Simulation(
        SimulatorConfig(
            skill_id="amzn1.ask.skill.test",
            client_id="client",
            client_secret="secret",
            function=FUNCTION if function else None,
            aws_endpoint=function.url if function else None,
            first_retry_seconds=0.02,
            longest_retry_seconds=0.1,
        )
    )


@pytest.fixture
def caller() -> Iterator[Caller]:
    with running(simulation()) as simulator, Caller(simulator.url) as caller:
        caller.sim("POST", "/customers", {"userId": USER, "subscribed": True})
        yield caller


def test_an_accepted_event_can_end_in_a_reset_connection(caller: Caller) -> None:
    token = caller.token()
    caller.sim("PUT", "/faults", {"api": {"resetAfterAccept": 1}})
    with pytest.raises(ConnectionResetError):
        caller.event(token, USER)
    caller.sim("PUT", "/faults", {})
    assert caller.event(token, USER) == 409
    assert len(caller.sim("GET", "/notifications")) == 1
    assert caller.sim("GET", "/requests")["byStatus"] == {"409": 1, "reset": 1}


def test_a_refused_event_is_never_reset(caller: Caller) -> None:
    token = caller.token()
    caller.sim("PUT", "/faults", {"api": {"resetAfterAccept": 1}})
    assert caller.event(token, "amzn1.ask.account.NOBODY") == 403


def test_a_caller_with_less_patience_gives_up_on_a_time_out(caller: Caller) -> None:
    token = caller.token()
    caller.sim("PUT", "/faults", {"api": {"timeout": 1, "timeoutSeconds": 30}})
    with Caller(caller.url, timeout_s=0.2) as hasty, pytest.raises(TimeoutError):
        hasty.event(token, USER)
    assert caller.sim("GET", "/requests")["byStatus"] == {"timeout": 1}


def test_a_time_out_ends_in_a_reset_after_its_seconds(caller: Caller) -> None:
    token = caller.token()
    caller.sim("PUT", "/faults", {"api": {"timeout": 1, "timeoutSeconds": 0.3}})
    began = time.monotonic()
    with pytest.raises(ConnectionResetError):
        caller.event(token, USER)
    assert time.monotonic() - began >= 0.3


def test_a_time_out_takes_effect_half_the_times(caller: Caller) -> None:
    token = caller.token()
    caller.sim("PUT", "/faults", {"api": {"timeout": 1, "timeoutSeconds": 0}})
    for number in range(40):
        with pytest.raises(ConnectionResetError):
            caller.event(token, USER, reference_id=f"storm~{number}")
    assert 8 <= len(caller.sim("GET", "/notifications")) <= 32


def test_latency_is_waited_out(caller: Caller) -> None:
    token = caller.token()
    caller.sim("PUT", "/faults", {"api": {"latencyMs": [200, 200]}})
    began = time.monotonic()
    assert caller.event(token, USER) == 202
    assert time.monotonic() - began >= 0.2


def test_events_come_doubled_and_shuffled_and_again_after_an_error() -> None:
    with (
        fake_lambda() as function,
        running(simulation(function)) as simulator,
        Caller(simulator.url) as caller,
    ):
        function.failures, function.faults = 7, 3
        faults = {"events": {"copies": 2, "shuffle": True, "hold": True, "timestamps": "mixed"}}
        caller.sim("PUT", "/faults", faults)
        caller.sim("POST", "/customers", {"count": 8, "subscribed": True})
        assert function.invoked == []
        assert caller.sim("POST", "/events/flush") == {"deliveries": 48}
        assert caller.settled() == {"pending": 0, "delivered": 24, "failed": 0, "attempts": 58}
        made = [event["id"] for event in caller.sim("GET", "/events")["events"]]
        received = function.request_ids()
        assert set(received) == set(made)
        assert all(received.count(event_id) >= 2 for event_id in made)
        assert received != sorted(received, key=made.index)
        errors = {event["lastError"] for event in caller.sim("GET", "/events")["events"]}
        assert any("StoreFailed: the table is away" in str(error) for error in errors)
        assert any("ServiceException" in str(error) for error in errors)


def test_events_wait_for_a_function_that_is_not_there_yet() -> None:
    with fake_lambda() as function:
        late = simulation(function)
    with running(late) as simulator, Caller(simulator.url) as caller:
        caller.sim("POST", "/customers", {"userId": USER})
        caller.sim("POST", f"/customers/{USER}/enable")
        summary = caller.sim("GET", "/events")["summary"]
        assert summary["pending"] == 1
