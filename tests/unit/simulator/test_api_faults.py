"""The Proactive Events API fails when it is told to, alike for the same seed."""

from __future__ import annotations

from typing import Any

import pytest

from tests.unit.simulator.support import Client, Clock, request_body, simulated


def statuses(client: Client, faults: dict[str, Any], sends: int = 60) -> list[int]:
    """Send one event to each of many customers, with the customers' ids of no importance."""
    client.sim("POST", "/reset")
    client.sim("POST", "/customers", {"count": sends, "subscribed": True})
    users = [customer["userId"] for customer in client.sim("GET", "/customers")]
    client.sim("PUT", "/faults", faults)
    token = client.token()
    return [client.event(request_body(user_id=user), token=token).status for user in users]


@pytest.mark.parametrize(
    ("api", "expected"),
    [
        ({"error5xx": 1}, {500, 502, 503, 504}),
        ({"throttle": 1}, {429}),
        ({"unauthorized": 1}, {401}),
    ],
)
def test_a_certain_fault_strikes_always_and_rings_nobody(
    api: dict[str, float], expected: set[int]
) -> None:
    client = Client(simulated())
    assert set(statuses(client, {"api": api})) <= expected
    assert client.sim("GET", "/notifications") == []


def test_a_fault_strikes_about_as_often_as_told() -> None:
    found = statuses(Client(simulated()), {"api": {"throttle": 0.3}}, sends=200)
    assert 30 <= found.count(429) <= 90
    assert found.count(202) == 200 - found.count(429)


def test_the_same_seed_fails_the_same_requests() -> None:
    client = Client(simulated())
    api = {"error5xx": 0.2, "throttle": 0.2}
    first, again, other = (statuses(client, {"seed": seed, "api": api}) for seed in (7, 7, 8))
    assert first == again != other


def test_a_repeated_request_has_a_fate_of_its_own() -> None:
    client = Client(simulated())
    user_id, token = client.customer(), client.token()
    client.sim("PUT", "/faults", {"api": {"error5xx": 0.5}})
    found = {client.event(request_body(user_id=user_id), token=token).status for _ in range(30)}
    assert {202, 409} <= found
    assert any(status >= 500 for status in found)


@pytest.mark.parametrize(("retry_after", "header"), [(None, None), (2, "2"), (0, "0")])
def test_a_throttled_request_is_told_when_to_come_back_if_at_all(
    retry_after: int | None, header: str | None
) -> None:
    client = Client(simulated())
    client.sim("PUT", "/faults", {"api": {"throttle": 1, "retryAfter": retry_after}})
    assert client.event(request_body()).headers.get("retry-after") == header


def test_no_second_takes_more_requests_than_the_rate() -> None:
    clock = Clock()
    client = Client(simulated(clock))
    client.sim("PUT", "/faults", {"api": {"ratePerSecond": 3}})
    token = client.token()

    def send() -> int:
        return client.event(request_body(clock.now), token=token).status

    assert [send() for _ in range(5)] == [202, 202, 202, 429, 429]
    clock.advance(seconds=0.9)
    assert send() == 429
    clock.advance(seconds=0.1)
    assert [send() for _ in range(4)] == [202, 202, 202, 429]
    traffic = client.sim("GET", "/requests")
    assert (traffic["perSecondMaximum"], traffic["acceptedPerSecondMaximum"]) == (6, 3)


def test_resetting_needs_a_server_that_can() -> None:
    client = Client(simulated())
    client.sim("PUT", "/faults", {"api": {"resetAfterAccept": 1}})
    user_id = client.customer()
    with pytest.raises(RuntimeError, match=r"simulator\.server"):
        client.event(request_body(user_id=user_id))


def test_the_fate_of_a_request_does_not_depend_on_whose_came_before() -> None:
    def fates(order: list[int]) -> dict[int, float]:
        simulation = simulated()
        users = [simulation.customers.add("na", "en-US") for _ in order]
        return {index: simulation.fate("scope", users[index].user_id).random() for index in order}

    assert fates([0, 1, 2]) == fates([2, 0, 1])
