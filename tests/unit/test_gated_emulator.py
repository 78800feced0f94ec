"""What the gate in front of the embedded AWS lets by, and what it refuses."""

from __future__ import annotations

import asyncio
import re
from typing import Any

import pytest
from yellowring_tools.local_stack.gated_emulator import Gate, refusal

PORT = "4567"
OWN = "LOCAL0123"
OF_A_ROLE = "ASIA4567"
HERE = ("host", f"127.0.0.1:{PORT}")
API = "/_aws/execute-api/0a1b/v1/customers/4711"


def signed_with(key: str) -> tuple[str, str]:
    return "authorization", f"AWS4-HMAC-SHA256 Credential={key}/20261121/us-east-1/lambda/aws4"


def key_of(headers: dict[str, str], query: dict[str, list[str]]) -> str:
    """Find a key as the emulator does: in the header, else in the query."""
    found = re.search(r"Credential=([^/]+)/", headers.get("authorization", ""))
    return found[1] if found else query.get("AWSAccessKeyId", [""])[0]


def request(*headers: tuple[str, str], path: str = "/", method: str = "POST") -> dict[str, Any]:
    encoded = [(name.encode(), value.encode()) for name, value in headers]
    return {"type": "http", "method": method, "path": path, "headers": encoded}


def refused(*headers: tuple[str, str], path: str = "/") -> str:
    scope = request(*headers, path=path)
    plain = dict(headers)
    return refusal(scope, key_of(plain, {}), {OWN, OF_A_ROLE}.__contains__, PORT)


@pytest.mark.parametrize("key", [OWN, OF_A_ROLE])
def test_the_stacks_own_key_and_those_that_the_emulator_gave_are_taken(key: str) -> None:
    assert refused(HERE, signed_with(key)) == ""


@pytest.mark.parametrize("key", ["test", "000000000000", "AKIAIOSFODNN7EXAMPLE", "ASIA0000"])
def test_a_key_that_everybody_knows_or_nobody_gave_is_refused(key: str) -> None:
    assert "`make run` prints" in refused(HERE, signed_with(key))


def test_a_request_without_a_key_is_refused() -> None:
    assert "signed with" in refused(HERE)
    assert "signed with" in refused(HERE, path="/_ministack/reset")


@pytest.mark.parametrize("path", ["/_ministack/ready", "/_ministack/cfn-response/token"])
def test_whether_it_is_up_and_what_a_stack_waits_for_need_no_key(path: str) -> None:
    assert refused(HERE, path=path) == ""
    assert refused(HERE, ("origin", "http://evil.example"), path=path) != ""


def test_an_http_api_may_be_called_without_a_key_but_not_with_an_empty_or_a_known_one() -> None:
    assert refused(HERE, path=API) == ""
    assert refused(HERE, ("authorization", "Bearer token"), path=API) == ""
    assert refused(("host", f"0a1b.execute-api.localhost:{PORT}")) == ""
    assert refused(HERE, signed_with(""), path=API) != ""
    assert refused(HERE, signed_with("test"), path=API) != ""


@pytest.mark.parametrize(
    "host",
    [
        f"127.0.0.1:{PORT}",
        f"localhost:{PORT}",
        f"LOCALHOST:{PORT}",
        f"bucket.s3.localhost:{PORT}",
        f"[::1]:{PORT}",
    ],
)
def test_every_loopback_name_with_its_port_is_taken(host: str) -> None:
    assert refused(("host", host), signed_with(OWN)) == ""


@pytest.mark.parametrize(
    "host",
    [
        f"evil.example:{PORT}",
        f"127.0.0.1.evil.example:{PORT}",
        f"evillocalhost:{PORT}",
        f"evil@localhost:{PORT}",
        "127.0.0.1:1",
        "127.0.0.1",
        "",
    ],
)
def test_a_name_that_was_bent_to_lead_here_is_refused(host: str) -> None:
    assert "Host" in refused(("host", host), signed_with(OWN))


@pytest.mark.parametrize(
    "told",
    [
        ("origin", "https://evil.example"),
        ("origin", "null"),
        ("origin", f"http://127.0.0.1:{PORT}"),
        ("sec-fetch-site", "cross-site"),
        ("sec-fetch-site", "same-site"),
        ("sec-fetch-site", "same-origin"),
    ],
)
def test_no_page_is_answered_whatever_key_it_knows(told: tuple[str, str]) -> None:
    assert "no page" in refused(HERE, signed_with(OWN), told)


@pytest.mark.parametrize("twice", [HERE, signed_with(OWN)])
def test_what_two_readers_could_read_differently_is_refused(twice: tuple[str, str]) -> None:
    assert "one Host" in refused(HERE, signed_with(OWN), twice)


def asked(*headers: tuple[str, str], **more: Any) -> tuple[list[dict[str, Any]], bool]:
    """Send a request through the gate; return what came back, and whether it got through."""
    sent: list[dict[str, Any]] = []
    through = []

    async def emulator(scope: Any, receive: Any, send: Any) -> None:
        through.append(scope)
        invitation = [(b"Access-Control-Allow-Origin", b"*"), (b"x-amzn-requestid", b"1")]
        await send({"type": "http.response.start", "status": 200, "headers": invitation})

    async def send(message: Any) -> None:
        sent.append(message)

    async def receive() -> dict[str, Any]:
        return {"type": "http.request"}

    gate = Gate(emulator, key_of, OWN.__eq__, PORT)
    asyncio.run(gate(request(*headers) | more, receive, send))
    return sent, bool(through)


def test_no_answer_invites_a_page_to_read_it() -> None:
    [start], through = asked(HERE, signed_with(OWN))
    assert through
    assert start["headers"] == [(b"x-amzn-requestid", b"1")]


def test_a_preflight_is_refused_and_not_invited() -> None:
    (start, body), through = asked(HERE, ("origin", "null"), method="OPTIONS")
    assert (start["status"], through) == (403, False)
    assert not any(name.startswith(b"access-control") for name, _ in start["headers"])
    assert b"no page of a browser" in body["body"]


def test_a_web_socket_of_a_page_is_closed() -> None:
    sent, through = asked(HERE, ("origin", "null"), type="websocket")
    assert (sent, through) == ([{"type": "websocket.close", "code": 1008}], False)


def test_a_key_in_the_query_counts_as_one_in_the_header() -> None:
    assert asked(HERE, query_string=f"AWSAccessKeyId={OWN}".encode())[1]
    assert not asked(HERE, query_string=b"AWSAccessKeyId=test")[1]


def test_clients_of_a_query_protocol_can_read_why() -> None:
    form = ("content-type", "application/x-www-form-urlencoded; charset=utf-8")
    (_, body), _ = asked(HERE, form)
    assert body["body"].startswith(b"<ErrorResponse><Error><Type>Sender</Type><Code>AccessDenied")
