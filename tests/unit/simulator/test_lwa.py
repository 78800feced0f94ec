"""Tokens: who gets one, for what, and when it ends."""

from __future__ import annotations

import pytest

from tests.unit.simulator.support import (
    CLIENT_ID,
    FORM_HEADERS,
    NOON,
    Client,
    Clock,
    request_body,
    simulated,
    token_form,
)


@pytest.mark.parametrize("path", ["/auth/O2/token", "/auth/o2/token"])
def test_a_client_gets_a_bearer_token(path: str) -> None:
    client = Client(simulated())
    answer = client.call("POST", path, token_form(), FORM_HEADERS)
    assert answer.status == 200
    token = answer.document.pop("access_token")
    assert len(token) > 20
    assert {key: answer.document[key] for key in ("expires_in", "scope", "token_type")} == {
        "expires_in": 3600,
        "scope": "alexa::proactive_events",
        "token_type": "bearer",
    }
    assert answer.headers["x-amzn-requestid"]


@pytest.mark.parametrize(
    ("changes", "status", "error"),
    [
        ({"grant_type": "password"}, 400, "unsupported_grant_type"),
        ({"grant_type": None}, 400, "invalid_request"),
        ({"client_id": "another"}, 401, "invalid_client"),
        ({"client_id": "%C3%A4"}, 401, "invalid_client"),
        ({"client_secret": "a+secret"}, 401, "invalid_client"),
        ({"client_secret": "a secret + with & signs"}, 400, "invalid_request"),
        ({"client_secret": ""}, 400, "invalid_request"),
        ({"scope": "alexa:proactive_events"}, 400, "invalid_scope"),
        ({"scope": "profile"}, 400, "invalid_scope"),
        ({"scope": "+"}, 400, "invalid_scope"),
        ({"scope": f"alexa%3A%3Aproactive_events&client_id={CLIENT_ID}"}, 400, "invalid_request"),
    ],
)
def test_a_wrong_request_gets_the_error_of_oauth(
    changes: dict[str, str | None], status: int, error: str
) -> None:
    client = Client(simulated())
    answer = client.call("POST", "/auth/O2/token", token_form(**changes), FORM_HEADERS)
    assert (answer.status, answer.document["error"]) == (status, error)
    assert answer.document["error_description"]


def test_a_request_that_is_not_form_encoded_is_refused() -> None:
    client = Client(simulated())
    headers = {"content-type": "application/json"}
    answer = client.call("POST", "/auth/O2/token", token_form(), headers)
    assert (answer.status, answer.document["error"]) == (400, "invalid_request")


def test_a_secret_with_signs_comes_through_when_encoded() -> None:
    assert Client(simulated(client_secret="+&=% ä")).call(
        "POST",
        "/auth/O2/token",
        token_form(client_secret="%2B%26%3D%25+%C3%A4"),
        FORM_HEADERS,
    ).status == 200  # fmt: skip


def test_a_token_ends_after_its_lifetime() -> None:
    clock = Clock()
    client = Client(simulated(clock))
    client.sim("PUT", "/faults", {"lwa": {"tokenLifetimeSeconds": 60}})
    token = client.token()
    clock.advance(seconds=59)
    assert client.event(request_body(clock.now), token=token).status == 202
    clock.advance(seconds=1)
    answer = client.event(request_body(clock.now), token=token)
    assert (answer.status, answer.document["message"]) == (403, "Access token has expired")


def test_all_tokens_can_be_revoked_at_once() -> None:
    client = Client(simulated())
    first, second = client.token(), client.token()
    assert client.sim("POST", "/tokens/revoke") == {"revoked": 2}
    assert {client.event(request_body(), token=token).status for token in (first, second)} == {403}
    assert client.event(request_body(), token=client.token()).status == 202
    assert client.sim("GET", "/requests")["tokensIssued"] == 3


def test_a_token_for_messages_does_not_send_events() -> None:
    client = Client(simulated())
    token = client.token("alexa%3Askill_messaging")
    answer = client.event(request_body(), token=token)
    assert answer.status == 403
    assert "alexa::proactive_events" in answer.document["message"]


@pytest.mark.parametrize("authorization", [None, "", "Bearer", "Bearer ", "Basic x", "Bearer x"])
def test_without_a_token_nothing_is_sent(authorization: str | None) -> None:
    client = Client(simulated())
    headers = {} if authorization is None else {"authorization": authorization}
    path = "/v1/proactiveEvents/stages/development"
    answer = client.call("POST", path, request_body(NOON), headers)
    assert answer.status == 403
    assert "enablement" not in answer.document["message"]
    assert "subscription" not in answer.document["message"]


def test_the_token_is_looked_at_before_the_body() -> None:
    client = Client(simulated())
    assert client.call("POST", "/v1/proactiveEvents", b"{").status == 403


def test_login_with_amazon_can_fail() -> None:
    client = Client(simulated())
    client.sim("PUT", "/faults", {"lwa": {"error5xx": 1}})
    assert client.call("POST", "/auth/O2/token", token_form(), FORM_HEADERS).status >= 500
