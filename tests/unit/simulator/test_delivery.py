"""Skill events reach the skill: doubled, shuffled, held, late, and again until acknowledged."""

from __future__ import annotations

import json
import threading
import time
from typing import TYPE_CHECKING

import pytest
from yellowring_tools.simulator.simulation import Simulation
from yellowring_tools.simulator.skill.lambda_invoker import NotAcknowledged

from tests.unit.simulator.support import Client, configured

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

DEADLINE_S = 10.0


class Skill:
    """A skill's function that remembers what it got, and fails as often as told."""

    def __init__(self, failures: int = 0) -> None:
        self.received: list[str] = []
        self.failures = failures
        self._lock = threading.Lock()

    def __call__(self, envelope: bytes) -> None:
        request = json.loads(envelope)["request"]
        with self._lock:
            self.received.append(request["requestId"])
            if self.received.count(request["requestId"]) <= self.failures:
                raise NotAcknowledged("Unhandled: out of order")


def until(holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + DEADLINE_S
    while not holds():
        assert time.monotonic() < deadline, "it did not come true in time"
        threading.Event().wait(0.005)


class Setting:
    """One simulation with a skill of its own, and what to wait for."""

    def __init__(self, skill: Callable[[bytes], None], **changes: float) -> None:
        self.received = skill.received if isinstance(skill, Skill) else []
        quick = {"first_retry_seconds": 0.01, "longest_retry_seconds": 0.02}
        self.simulation = Simulation(configured(**(quick | changes)), invoke=skill)
        self.client = Client(self.simulation)

    def ids(self) -> list[str]:
        return [event.id for event in self.simulation.events]

    def settle(self) -> dict[str, int]:
        until(lambda: self.simulation.events_summary()["pending"] == 0)
        return self.simulation.events_summary()


@pytest.fixture
def settings() -> Iterator[Callable[..., Setting]]:
    made: list[Setting] = []

    def make(
        failures: int = 0, skill: Callable[[bytes], None] | None = None, **changes: float
    ) -> Setting:
        made.append(Setting(skill or Skill(failures), **changes))
        return made[-1]

    yield make
    for setting in made:
        setting.simulation.deliverer.stop()


type MakeSetting = Callable[..., Setting]


def test_a_customers_events_arrive_once_and_in_order(settings: MakeSetting) -> None:
    setting = settings()
    user_id = setting.client.customer()
    for _ in range(10):
        setting.client.sim("POST", f"/customers/{user_id}/unsubscribe")
    summary = setting.settle()
    assert setting.received == setting.ids()
    assert summary == {"pending": 0, "delivered": 13, "failed": 0, "attempts": 13}


def test_copies_are_the_same_event_again(settings: MakeSetting) -> None:
    setting = settings()
    setting.client.sim("PUT", "/faults", {"events": {"copies": 3}})
    setting.client.customer()
    assert setting.settle() == {"pending": 0, "delivered": 3, "failed": 0, "attempts": 9}
    assert sorted(setting.received) == sorted(setting.ids() * 3)


def test_what_fails_is_delivered_again(settings: MakeSetting) -> None:
    setting = settings(failures=3)
    setting.client.customer("enable")
    assert setting.settle() == {"pending": 0, "delivered": 1, "failed": 0, "attempts": 4}
    (event,) = setting.client.sim("GET", "/events")["events"]
    assert (event["state"], event["attempts"]) == ("delivered", 4)
    assert event["lastError"] == "Unhandled: out of order"


def test_what_fails_too_often_is_given_up(settings: MakeSetting) -> None:
    setting = settings(failures=100, max_attempts=4)
    setting.client.customer("enable")
    assert setting.settle() == {"pending": 0, "delivered": 0, "failed": 1, "attempts": 4}


def test_held_events_wait_for_the_flush(settings: MakeSetting) -> None:
    setting = settings()
    setting.client.sim("PUT", "/faults", {"events": {"hold": True}})
    setting.client.customer()
    setting.client.sim("PUT", "/faults", {})
    assert setting.client.sim("GET", "/events")["summary"]["pending"] == 3
    assert setting.received == []
    assert setting.client.sim("POST", "/events/flush") == {"deliveries": 3}
    setting.settle()
    assert setting.received == setting.ids()


def test_held_events_are_shuffled_together_and_none_is_lost(settings: MakeSetting) -> None:
    setting = settings(lanes=1)
    faults = {"events": {"hold": True, "shuffle": True, "copies": 2}}
    setting.client.sim("PUT", "/faults", faults)
    for _ in range(10):
        setting.client.customer()
    setting.client.sim("POST", "/events/flush")
    assert setting.settle()["attempts"] == 60
    received = setting.received
    assert sorted(received) == sorted(setting.ids() * 2)
    assert received != sorted(received, key=setting.ids().index)


def test_the_same_seed_shuffles_the_same_way(settings: MakeSetting) -> None:
    orders = []
    for seed in (3, 3, 4):
        setting = settings(lanes=1)
        faults = {"seed": seed, "events": {"hold": True, "shuffle": True}}
        setting.client.sim("PUT", "/faults", faults)
        for _ in range(10):
            setting.client.customer()
        setting.client.sim("POST", "/events/flush")
        setting.settle()
        places = {event_id: place for place, event_id in enumerate(setting.ids())}
        orders.append([places[event_id] for event_id in setting.received])
    assert orders[0] == orders[1] != orders[2]


def test_a_delay_keeps_events_back_until_flushed(settings: MakeSetting) -> None:
    setting = settings()
    setting.client.sim("PUT", "/faults", {"events": {"delayMs": [3_600_000, 3_600_000]}})
    setting.client.customer("enable")
    assert setting.client.sim("POST", "/events/flush") == {"deliveries": 1}
    setting.settle()
    assert setting.received == setting.ids()


def test_shuffled_events_arrive_without_a_flush(settings: MakeSetting) -> None:
    setting = settings()
    setting.client.sim("PUT", "/faults", {"events": {"shuffle": True, "delayMs": [0, 30]}})
    for _ in range(5):
        setting.client.customer()
    setting.settle()
    assert sorted(setting.received) == sorted(setting.ids())


def test_reset_drops_what_waits(settings: MakeSetting) -> None:
    setting = settings()
    setting.client.sim("PUT", "/faults", {"events": {"hold": True}})
    setting.client.customer()
    setting.client.sim("POST", "/reset")
    assert setting.client.sim("POST", "/events/flush") == {"deliveries": 0}
    assert setting.received == []


def test_without_a_function_events_are_kept() -> None:
    client = Client(Simulation(configured()))
    client.customer()
    assert client.sim("GET", "/events")["summary"] == {
        "pending": 3,
        "delivered": 0,
        "failed": 0,
        "attempts": 0,
    }


def test_a_delivery_that_breaks_is_tried_again(
    settings: MakeSetting, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(envelope: bytes) -> None:
        raise ZeroDivisionError("division by zero")

    setting = settings(skill=broken, max_attempts=2)
    setting.client.customer("enable")
    assert setting.settle()["failed"] == 1
    assert "division by zero" in str(setting.client.sim("GET", "/events"))
    assert "broke" in caplog.text
