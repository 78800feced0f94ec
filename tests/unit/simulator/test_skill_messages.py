"""The Skill Messaging API: what it takes, and how a message gets to the skill."""

from __future__ import annotations

import json
import threading
import time
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from yellowring_tools.simulator.simulation import Simulation
from yellowring_tools.simulator.skill.events import Patience
from yellowring_tools.simulator.skill.lambda_invoker import NotAcknowledged

from tests.unit.simulator.support import NOON, Answer, Client, Clock, configured, simulated

if TYPE_CHECKING:
    from collections.abc import Callable

SCOPE = "alexa%3Askill_messaging"
DEADLINE_S = 10.0


def until(holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + DEADLINE_S
    while not holds():
        assert time.monotonic() < deadline, "it did not come true in time"
        threading.Event().wait(0.005)


def post(
    client: Client, user_id: str, body: object, region: str = "", scope: str = SCOPE
) -> Answer:
    headers = {"authorization": f"Bearer {client.token(scope)}"}
    return client.call("POST", f"{region}/v1/skillmessages/users/{user_id}", body, headers)


def test_a_message_is_kept_with_its_expiry_and_comes_as_one_request() -> None:
    client = Client(simulated())
    user_id = client.customer("enable", region="eu")
    answer = post(client, user_id, {"data": {"a": {"b": 1}}, "expiresAfterSeconds": 60}, "/eu")
    assert (answer.status, answer.body) == (202, b"")
    (message,) = client.sim("GET", "/messages")["messages"]
    assert (message["data"], message["state"]) == ({"a": {"b": 1}}, "pending")
    (held,) = client.simulation.messages
    assert held.expires_at - held.timestamp == timedelta(seconds=60)
    envelope = json.loads(held.envelope)
    assert "session" not in envelope
    assert envelope["request"] == {
        "type": "Messaging.MessageReceived",
        "requestId": message["id"],
        "timestamp": message["timestamp"],
        "message": {"a": {"b": 1}},
    }
    assert envelope["context"]["System"]["user"] == {"userId": user_id}
    assert envelope["context"]["System"]["apiEndpoint"] == "https://api.eu.amazonalexa.com"


def test_a_message_lives_an_hour_unless_it_says_otherwise() -> None:
    client = Client(simulated())
    assert post(client, client.customer("enable"), {"data": {}}).status == 202
    (message,) = client.simulation.messages
    assert message.expires_at - message.timestamp == timedelta(hours=1)


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (b"{", "JSON"),
        ([], "object"),
        ({}, "data"),
        ({"data": None}, "data"),
        ({"data": "text"}, "data"),
        ({"data": {}, "expiresAfterSeconds": 59}, "60"),
        ({"data": {}, "expiresAfterSeconds": 86_401}, "86400"),
        ({"data": {}, "expiresAfterSeconds": "60"}, "whole number"),
        ({"data": {}, "expiresAfterSeconds": True}, "whole number"),
        ({"data": {"x": "é" * 3100}}, "6144"),
        ({"data": {}, "expireAfterSeconds": 60}, "expiresAfterSeconds"),
    ],
)
def test_a_wrong_body_is_refused_and_kept_from_the_skill(body: object, expected: str) -> None:
    client = Client(simulated())
    answer = post(client, client.customer("enable"), body)
    assert answer.status == 400
    assert expected in answer.document["message"]
    assert client.sim("GET", "/messages")["messages"] == []


def test_six_kilobytes_are_taken() -> None:
    client = Client(simulated())
    data = {"x": "a" * (6144 - len('{"x":""}'))}
    assert post(client, client.customer("enable"), {"data": data}).status == 202


def test_a_token_for_proactive_events_opens_no_messages() -> None:
    client = Client(simulated())
    answer = post(
        client, client.customer("enable"), {"data": {}}, scope="alexa%3A%3Aproactive_events"
    )
    assert answer.status == 403


def test_only_who_has_the_skill_enabled_in_that_region_is_a_user() -> None:
    client = Client(simulated())
    enabled = client.customer("enable")
    disabled = client.customer("enable")
    client.sim("POST", f"/customers/{disabled}/disable")
    new = client.sim("POST", "/customers", {})["userId"]
    assert post(client, enabled, {"data": {}}, "/na").status == 202
    for user_id, region in ((enabled, "/fe"), (disabled, ""), (new, ""), ("nobody", "")):
        assert post(client, user_id, {"data": {}}, region).status == 404


@pytest.mark.parametrize(
    ("faults", "status"), [({"throttle": 1, "retryAfter": 3}, 429), ({"unauthorized": 1}, 401)]
)
def test_the_faults_of_the_api_are_those_of_messages_too(
    faults: dict[str, float], status: int
) -> None:
    client = Client(simulated())
    user_id = client.customer("enable")
    client.sim("PUT", "/faults", {"api": faults})
    assert post(client, user_id, {"data": {}}).status == status
    counts = client.sim("GET", "/requests")
    assert (counts["total"], counts["messages"]["byStatus"]) == (0, {str(status): 1})


def test_the_waits_double_until_the_message_expires() -> None:
    patience = Patience(30, deadline=100.0)
    moment = 0.0
    waits: list[float] = []
    while (wait := patience.wait(len(waits) + 1, moment)) is not None:
        waits.append(wait)
        moment += wait
    assert waits == [30, 60]
    assert patience.over(100.0)


class Skill:
    """Refuses each message as often as told, and remembers the envelopes."""

    def __init__(self, failures: int) -> None:
        self.failures = failures
        self.received: list[Any] = []
        self._lock = threading.Lock()

    def __call__(self, envelope: bytes) -> None:
        document = json.loads(envelope)
        if document["request"]["type"] != "Messaging.MessageReceived":
            return
        with self._lock:
            self.received.append(document)
            if len(self.received) <= self.failures:
                raise NotAcknowledged("Unhandled: not now")


def test_a_message_comes_again_the_same_until_it_is_acknowledged() -> None:
    skill = Skill(failures=3)
    client = Client(Simulation(configured(), invoke=skill))
    client.sim("PUT", "/faults", {"messages": {"firstRetrySeconds": 0.01}})
    post(client, client.customer("enable"), {"data": {"n": 1}})
    until(lambda: client.sim("GET", "/messages")["summary"]["delivered"] == 1)
    assert len(skill.received) == 4
    assert all(envelope == skill.received[0] for envelope in skill.received)
    (message,) = client.sim("GET", "/messages")["messages"]
    assert [each["acknowledged"] for each in message["deliveries"]] == [False, False, False, True]
    assert message["lastError"] == "Unhandled: not now"


def test_messages_are_doubled_and_held_like_events() -> None:
    skill = Skill(failures=0)
    client = Client(Simulation(configured(), invoke=skill))
    client.sim("PUT", "/faults", {"events": {"copies": 3, "hold": True, "shuffle": True}})
    user_id = client.customer("enable")
    for number in range(4):
        post(client, user_id, {"data": {"n": number}})
    assert client.sim("GET", "/messages")["summary"]["pending"] == 4
    assert skill.received == []
    client.sim("POST", "/events/flush")
    until(lambda: client.sim("GET", "/messages")["summary"]["delivered"] == 4)
    assert len(skill.received) == 12
    assert client.sim("GET", f"/messages?userId={user_id}&limit=1")["messages"][0]["data"]["n"] == 3


def test_an_expired_message_is_not_delivered() -> None:
    clock, skill = Clock(NOON), Skill(failures=0)
    client = Client(simulated(clock, skill))
    user_id = client.customer("enable")
    client.sim("PUT", "/faults", {"events": {"hold": True}})
    post(client, user_id, {"data": {}, "expiresAfterSeconds": 60})
    clock.advance(seconds=61)
    client.sim("POST", "/events/flush")
    until(lambda: client.sim("GET", "/messages")["summary"]["failed"] == 1)
    assert skill.received == []
    assert "expired" in client.sim("GET", "/messages")["messages"][0]["lastError"]
