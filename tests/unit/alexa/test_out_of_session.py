"""The clients for scripts: tokens, events and messages, and what goes wrong with them."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from yellowring.alexa import (
    AlexaError,
    InvalidCredentials,
    RequestRefused,
    ServiceUnavailable,
    TooManyRequests,
)
from yellowring.alexa.lwa import PROACTIVE_EVENTS, SKILL_MESSAGING
from yellowring.alexa.proactive_events import CreateProactiveEventRequest
from yellowring.alexa.skill_messaging import InvalidSkillMessage, as_texts, message_body
from yellowring.alexa.sync import OutOfSession
from yellowring.skill.commands import SetAttributes, parse_command

from tests.unit.alexa.wire import wire

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.unit.alexa.wire import Reply, Request, Wire

USER = "amzn1.ask.account.TESTCUSTOMER"
NOW = datetime(2026, 11, 20, 9, tzinfo=UTC)
EVENT = CreateProactiveEventRequest(
    NOW, "order~1", NOW + timedelta(hours=1), "AMAZON.WeatherAlert.Activated", {}
)


@pytest.fixture
def alexa() -> Iterator[Wire]:
    """Answers tokens named after their scope, numbered, and accepts all else."""
    with wire() as listening:
        listening.reply = accept(listening)
        yield listening


def accept(listening: Wire, status: int = 202, body: bytes = b"", **headers: str) -> Any:
    def reply(request: Request) -> Reply:
        if request.path != "/auth/O2/token":
            return status, {"x-amzn-requestid": "amzn-1"} | headers, body
        count = sum(each.path == "/auth/O2/token" for each in listening.requests)
        token = {"access_token": f"Atc|{count}", "expires_in": 3600}
        return 200, {"content-type": "application/json"}, json.dumps(token).encode()

    return reply


def client(alexa: Wire, **options: Any) -> OutOfSession:
    url = alexa.url
    return OutOfSession("id", "secret", alexa_base_url=url, lwa_base_url=url, **options)


def test_a_token_is_fetched_once_for_each_scope(alexa: Wire) -> None:
    with client(alexa) as session:
        tokens = [session.token(scope) for scope in (SKILL_MESSAGING, PROACTIVE_EVENTS) * 3]
    assert set(tokens) == {"Atc|1", "Atc|2"}
    assert len(alexa.requests) == 2


@pytest.mark.parametrize("region", ["na", "eu", "fe"])
def test_a_message_goes_to_the_customers_region(alexa: Wire, region: Any) -> None:
    base = alexa.url + "/{region}"
    with OutOfSession("id", "secret", alexa_base_url=base, lwa_base_url=alexa.url) as session:
        session.send_message(USER, {"a": "b"}, region=region, expires_after=60)
    _, sent = alexa.requests
    assert sent.path == f"/{region}/v1/skillmessages/users/{USER}"
    assert json.loads(sent.body) == {"data": {"a": "b"}, "expiresAfterSeconds": 60}


@pytest.mark.parametrize(
    ("stage", "path"),
    [("live", "/v1/proactiveEvents"), ("development", "/v1/proactiveEvents/stages/development")],
)
def test_an_event_goes_to_the_stage(alexa: Wire, stage: Any, path: str) -> None:
    with client(alexa, stage=stage) as session:
        session.send_event(EVENT, USER)
        session.send_event(EVENT)
    audiences = [json.loads(each.body)["relevantAudience"] for each in alexa.requests[1:]]
    assert [each.path for each in alexa.requests[1:]] == [path, path]
    assert [audience["type"] for audience in audiences] == ["Unicast", "Multicast"]


@pytest.mark.parametrize(
    ("status", "error"),
    [
        (400, RequestRefused),
        (403, RequestRefused),
        (404, RequestRefused),
        (409, RequestRefused),
        (429, TooManyRequests),
        (500, ServiceUnavailable),
        (503, ServiceUnavailable),
    ],
)
def test_an_error_carries_status_request_id_code_and_message(
    alexa: Wire, status: int, error: type[AlexaError]
) -> None:
    body = {"code": "SOMETHING_WRONG", "message": f"not for {USER}"}
    alexa.reply = accept(alexa, status, json.dumps(body).encode())
    with client(alexa) as session, pytest.raises(error) as raised:
        session.send_message(USER, {})
    found = raised.value
    assert (found.status, found.request_id, found.code) == (status, "amzn-1", "SOMETHING_WRONG")
    assert "not for" in str(found)
    assert USER not in str(found)


@pytest.mark.parametrize(
    "body", [b"", b"<html>", b"[1]", b'{"message": 7}', b"[" * 1000, b"\xff\xfe"]
)
def test_an_error_that_is_no_json_object_is_an_error_all_the_same(alexa: Wire, body: bytes) -> None:
    alexa.reply = accept(alexa, 400, body)
    with client(alexa) as session, pytest.raises(RequestRefused) as raised:
        session.send_message(USER, {})
    assert raised.value.status == 400
    assert raised.value.code is None


def test_being_told_to_wait_says_how_long(alexa: Wire) -> None:
    alexa.reply = accept(alexa, 429, b"{}", **{"retry-after": "7"})
    with client(alexa) as session, pytest.raises(TooManyRequests) as raised:
        session.send_message(USER, {})
    assert raised.value.retry_after == 7.0


def test_no_answer_is_an_unknown_outcome(alexa: Wire) -> None:
    nowhere = "http://127.0.0.1:1"
    with (
        OutOfSession("id", "s", alexa_base_url=nowhere, lwa_base_url=alexa.url) as session,
        pytest.raises(ServiceUnavailable) as raised,
    ):
        session.send_message(USER, {})
    assert raised.value.status is None


def test_a_token_that_is_refused_is_renewed_once(alexa: Wire) -> None:
    def reply(request: Request) -> Reply:
        if request.headers.get("authorization") == "Bearer Atc|1":
            return 403, {}, b'{"message": "token expired"}'
        answer: Reply = accept(alexa)(request)
        return answer

    alexa.reply = reply
    with client(alexa) as session:
        session.send_message(USER, {})
    used = [each.headers.get("authorization") for each in alexa.requests]
    assert used == [None, "Bearer Atc|1", None, "Bearer Atc|2"]


def test_refused_credentials_are_told_without_the_secret(alexa: Wire) -> None:
    alexa.reply = lambda _: (401, {"x-amzn-requestid": "lwa-1"}, b'{"error": "invalid_client"}')
    with client(alexa) as session, pytest.raises(InvalidCredentials) as raised:
        session.token(SKILL_MESSAGING)
    found = raised.value
    assert (found.status, found.request_id, found.code) == (401, "lwa-1", "invalid_client")
    assert "secret-value" not in str(found)


@pytest.mark.parametrize("seconds", [0, 59, 86_401, -1])
def test_an_expiry_out_of_bounds_is_not_sent(alexa: Wire, seconds: int) -> None:
    with client(alexa) as session, pytest.raises(InvalidSkillMessage, match="60 to 86400"):
        session.send_message(USER, {}, expires_after=seconds)
    assert alexa.requests == []


@pytest.mark.parametrize(
    "data",
    [["a"], "a", None, {"a": {1}}, {"a": float("nan")}, {"a": "\ud800"}, {"a": "x" * 6137}],
    ids=["a list", "a text", "nothing", "a set", "not a number", "half a character", "6 KB"],
)
def test_data_that_alexa_would_refuse_is_not_sent(data: Any) -> None:
    with pytest.raises(InvalidSkillMessage):
        message_body(data)


def test_six_kilobytes_are_counted_in_bytes_without_white_space() -> None:
    message_body({"a": "x" * (6 * 1024 - len('{"a":""}'))})
    with pytest.raises(InvalidSkillMessage, match="6145"):
        message_body({"a": "x" * (6 * 1024 - len('{"a":""}') - 1) + "é"})


@given(
    values=st.dictionaries(
        st.from_regex(r"[A-Za-z][A-Za-z0-9_]{0,20}", fullmatch=True),
        st.one_of(
            st.booleans(), st.integers(-999, 999), st.text(max_size=9).filter(str.isprintable)
        ),
        min_size=1,
        max_size=9,
    )
)
def test_a_command_told_as_texts_is_the_same_command(values: dict[str, Any]) -> None:
    data = {"version": 1, "command": "attributes", "set": values}
    told = as_texts(data)
    assert all(isinstance(value, str) for value in told.values())
    assert parse_command(told) == parse_command(data) == SetAttributes(values)
