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
API_HOST = ("host", f"0a1b2c3d.execute-api.localhost:{PORT}")
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


def refused(*headers: tuple[str, str], path: str = "/", **more: str) -> str:
    scope = request(*headers, path=path) | more
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


@pytest.mark.parametrize(
    ("method", "path"), [("GET", "/_ministack/ready"), ("PUT", "/_ministack/cfn-response/token")]
)
def test_whether_it_is_up_and_what_a_stack_waits_for_need_no_key(method: str, path: str) -> None:
    assert refused(HERE, path=path, method=method) == ""
    assert refused(HERE, ("origin", "http://evil.example"), path=path, method=method) != ""
    assert "signed with" in refused(HERE, path=path, method="POST")
    assert "signed with" in refused(HERE, path=f"{path}/../../reset", method="POST")


def test_an_http_api_may_be_called_without_a_key_but_not_with_an_empty_or_a_known_one() -> None:
    assert refused(HERE, path=API) == ""
    assert refused(HERE, ("authorization", "Bearer token"), path=API) == ""
    assert refused(API_HOST) == ""
    assert refused(HERE, signed_with(""), path=API) != ""
    assert refused(HERE, signed_with("test"), path=API) != ""
    assert refused(API_HOST, signed_with("")) != ""


@pytest.mark.parametrize(
    "host",
    [
        "a.execute-api.localhost",  # no id of the emulator's
        "0a1b2c3.execute-api.localhost",
        "0a1b2c3d4.execute-api.localhost",
        "0a1b2c3g.execute-api.localhost",
        "x.0a1b2c3d.execute-api.localhost",
        "0a1b2c3d.execute-api.x.localhost",
        "0a1b2c3d.execute-api.us-east-1.localhost",
        "0a1b2c3d.execute-api.localhost.",
        "0a1b2c3d.execute-api.localhost.evil.example",
        "0a1b2c3d.execute-api.127.0.0.1",
        "0a1b2c3d.execute-api.[::1]",
        "execute-api.localhost",
        "[::1]",
        "[::ffff:127.0.0.1]",
        "localhost.",
    ],
)
def test_no_other_host_opens_anything_without_a_key(host: str) -> None:
    assert refused(("host", f"{host}:{PORT}"), path="/_ministack/reset") != ""
    assert refused(("host", f"{host}:{PORT}")) != ""


@pytest.mark.parametrize(
    "path",
    [
        "/_ministack/reset",
        "/_ministack/sqs/messages",
        "//_ministack/reset",
        "/_aws/execute-api/",
        "/_aws/execute-api/0a1b",
        "/_aws/execute-api//v1/customers",
        "/_aws/execute-api/../_ministack/reset",
        "/x/_aws/execute-api/0a1b/v1",
        "//_aws/execute-api/0a1b/v1",
        "/_aws/lambda-url/0a1b/v1",
        "http://a.execute-api.localhost/_ministack/reset",
        "/oauth2/token",
        "/login",
        "/logout",
        "/pool/.well-known/jwks.json",
        "/v2/_catalog",
        "/iceberg/v1/config",
        "*",
        "",
    ],
)
def test_no_other_path_is_open_without_a_key(path: str) -> None:
    for method in ("GET", "HEAD", "OPTIONS", "POST", "PUT", "DELETE", "TRACE"):
        assert "signed with" in refused(HERE, path=path, method=method)


@pytest.mark.parametrize("host", ["b.cloudfront", "abc.us-east-1.aoss", "bucket.s3"])
def test_an_apis_path_under_the_host_of_another_service_is_not_open(host: str) -> None:
    assert "signed with" in refused(("host", f"{host}.localhost:{PORT}"), path=API)


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
    sent, through = passed(*headers, **more)
    return sent, bool(through)


def passed(
    *headers: tuple[str, str], **more: Any
) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Send a request through the gate; return what came back, and as what it got through."""
    sent: list[dict[str, Any]] = []
    through: list[dict[str, Any]] = []

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
    return sent, through


@pytest.mark.parametrize(
    ("path", "raw", "taken"),
    [
        ("/v1/a b", b"/v1/a%20b", "v1/a b"),
        ("/", b"/", ""),
        ("/_ministack/reset", b"/%5fministack/reset", "_ministack/reset"),
        ("//_ministack/reset", b"//_ministack/reset", "_ministack/reset"),
        ("*", b"*", "*"),
        ("http://x/_ministack/reset", b"http://x/_ministack/reset", "http://x/_ministack/reset"),
        ("/../../_ministack/reset", b"/../../_ministack/reset", "../../_ministack/reset"),
    ],
)
@pytest.mark.parametrize("host", [API_HOST[1], API_HOST[1].upper()])
def test_whatever_is_asked_of_an_apis_host_without_a_key_goes_to_the_api(
    host: str, path: str, raw: bytes, taken: str
) -> None:
    _, [scope] = passed(("host", host), path=path, raw_path=raw)
    root = "/_aws/execute-api/0a1b2c3d/"
    assert scope["path"] == root + taken
    assert scope["raw_path"] == root.encode() + raw.lstrip(b"/")
    assert scope["headers"] == [(b"host", f"localhost:{PORT}".encode())]


def test_what_is_signed_for_an_apis_host_stays_as_it_was_signed() -> None:
    _, [scope] = passed(API_HOST, signed_with(OWN), path="/v1/customers")
    assert scope["path"] == "/v1/customers"
    assert (b"host", API_HOST[1].encode()) in scope["headers"]


def test_a_web_socket_without_a_key_is_closed() -> None:
    for host, path in ((HERE, API), (API_HOST, "/"), (HERE, "/_ministack/ready")):
        (told,), through = asked(host, path=path, type="websocket", method=None)
        assert (told["code"], through) == (1008, False)


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
