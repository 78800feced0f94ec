"""Customers link an account, and what the skill and the accounts' provider know of it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from tests.unit.simulator.support import NOON, Client, Clock, simulated

if TYPE_CHECKING:
    from tests.unit.simulator.support import Answer, Json

ROSA = "amzn1.ask.account.ROSA"


class Account:
    """One customer, their account, and the provider that knows it."""

    def __init__(self, clock: Clock | None = None, invoke: Json = None) -> None:
        self.client = Client(simulated(clock, invoke))
        self.client.sim("POST", "/customers", {"userId": ROSA})

    def do(self, action: str, body: Json = None) -> Json:
        return self.client.sim("POST", f"/customers/{ROSA}/{action}", body)

    def refused(self, action: str, body: Json = None) -> tuple[int, str]:
        answer = self.client.call("POST", f"/_sim/customers/{ROSA}/{action}", body)
        return answer.status, answer.document["error"]

    def userinfo(self, token: str) -> Answer:
        return self.client.call(
            "GET", "/oidc/userinfo", headers={"authorization": f"Bearer {token}"}
        )

    def last(self) -> Json:
        return json.loads(self.client.simulation.events[-1].envelope)

    def token(self) -> str:
        """Give the token that the last SkillAccountLinked brought."""
        token: str = self.last()["request"]["body"]["accessToken"]
        return token

    def link(self, subject: str = "4711", **more: Json) -> str:
        self.do("link", {"subject": subject, **more})
        return self.token()


def test_linking_tells_the_skill_and_enables_who_is_new() -> None:
    account = Account()
    customer = account.do("link", {"subject": "4711"})
    assert (customer["subject"], customer["state"]) == ("4711", "enabled")
    types = [event.type for event in account.client.simulation.events]
    assert types == ["SkillEnabled", "SkillAccountLinked"]
    last = account.last()
    assert "session" not in last
    assert last["request"]["type"] == "AlexaSkillEvent.SkillAccountLinked"
    assert set(last["request"]["body"]) == {"accessToken"}
    assert last["context"]["System"]["user"]["accessToken"] == account.token()


def test_the_provider_says_whose_the_token_is() -> None:
    account = Account()
    claims = {"email": "rosa@example.com", "customer_number": 4711}
    answer = account.userinfo(account.link("4711", claims=claims))
    assert (answer.status, answer.document) == (200, {"sub": "4711", **claims})


def test_a_subject_can_be_linked_by_all_of_a_household() -> None:
    account = Account()
    token = account.link()
    other = account.client.sim("POST", "/customers", {})["userId"]
    account.client.sim("POST", f"/customers/{other}/link", {"subject": "4711"})
    assert account.token() != token
    assert {account.userinfo(each).status for each in (token, account.token())} == {200}


def test_unlinking_tells_the_skill_and_ends_the_token() -> None:
    account = Account()
    token = account.link()
    assert account.do("unlink")["subject"] is None
    last = account.last()
    assert last["request"]["type"] == "AlexaSkillEvent.SkillAccountUnlinked"
    assert "body" not in last["request"]
    assert "accessToken" not in last["context"]["System"]["user"]
    assert account.userinfo(token).status == 401


def test_linking_another_account_ends_the_token_of_the_first() -> None:
    account = Account()
    first, second = account.link("4711"), account.link("4712")
    assert account.userinfo(first).status == 401
    assert account.userinfo(second).document == {"sub": "4712"}


def test_disabling_ends_the_link_without_an_event_and_without_telling_the_provider() -> None:
    account = Account()
    token = account.link()
    before = len(account.client.simulation.events)
    assert account.do("disable", {"persistence": "PERSISTED"})["subject"] is None
    assert [event.type for event in account.client.simulation.events[before:]] == ["SkillDisabled"]
    assert "accessToken" not in account.last()["context"]["System"]["user"]
    assert account.userinfo(token).status == 200
    assert account.do("enable")["subject"] is None


def test_every_other_event_brings_the_token_while_linked() -> None:
    account = Account()
    token = account.link()
    account.do("subscribe")
    assert account.last()["context"]["System"]["user"]["accessToken"] == token


def test_a_request_by_voice_brings_the_token_while_linked() -> None:
    asked = []

    def skill(envelope: bytes) -> bytes:
        document = json.loads(envelope)
        if "session" in document:
            asked.append(document)
        return b'{"response": {"shouldEndSession": true}}'

    account = Account(invoke=skill)
    token = account.link()
    account.do("say")
    account.do("unlink")
    account.do("say")
    linked, unlinked = asked
    assert linked["context"]["System"]["user"]["accessToken"] == token
    assert linked["session"]["user"]["accessToken"] == token
    assert "accessToken" not in unlinked["context"]["System"]["user"]
    assert "accessToken" not in unlinked["session"]["user"]


def test_alexa_renews_a_token_that_expired_and_the_old_one_stays_expired() -> None:
    clock = Clock()
    account = Account(clock)
    account.client.sim("PUT", "/faults", {"userinfo": {"tokenLifetimeSeconds": 60}})
    token = account.link()
    clock.advance(seconds=59)
    assert account.userinfo(token).status == 200
    clock.advance(seconds=1)
    assert account.userinfo(token).status == 401
    account.do("subscribe")
    renewed = account.last()["context"]["System"]["user"]["accessToken"]
    assert renewed != token
    assert account.userinfo(renewed).document == {"sub": "4711"}
    assert account.userinfo(token).status == 401


def test_a_link_comes_dated_doubled_and_held_like_any_event() -> None:
    account = Account()
    faults = {"events": {"copies": 3, "hold": True, "timestamps": "epoch-s"}}
    account.client.sim("PUT", "/faults", faults)
    account.link(at="2026-11-20T10:00:00Z")
    event = account.client.simulation.events[-1]
    assert (event.copies, event.state) == (3, "pending")
    assert account.last()["request"]["timestamp"] == int(NOON.timestamp()) - 2 * 3600
    account.do("unlink", {"at": "2026-11-20T09:00:00Z"})
    assert account.last()["request"]["timestamp"] == int(NOON.timestamp()) - 3 * 3600


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (None, "subject: Field required"),
        ({"subject": ""}, "subject: String should have at least 1 character"),
        ({"subject": 4711}, "subject: Input should be a valid string"),
        ({"subject": "4711", "claims": []}, "claims: Input should be a valid dictionary"),
        ({"subject": "4711", "claims": {"sub": "1"}}, "claims.sub: leave it out"),
        ({"subject": "4711", "at": "now"}, "at: must be an ISO 8601"),
        ({"sub": "4711"}, "allowed: at, subject, claims"),
    ],
)
def test_a_wrong_link_is_told_what_is_right(body: Json, expected: str) -> None:
    account = Account()
    status, error = account.refused("link", body)
    assert (status, expected in error) == (400, True), error
    assert account.client.simulation.events == []


def test_what_is_not_linked_cannot_be_unlinked() -> None:
    account = Account()
    assert account.refused("unlink") == (409, "no account is linked; link one first")
    account.do("enable")
    account.do("disable")
    assert account.refused("link", {"subject": "1"}) == (
        409,
        "the skill is disabled; enable it first",
    )


def test_a_reset_forgets_the_accounts() -> None:
    account = Account()
    token = account.link()
    account.client.sim("POST", "/reset")
    assert account.userinfo(token).status == 401
