"""Who an access token stands for: every way in which an identity provider can answer, or not."""

from __future__ import annotations

import itertools
import json
import socket
import ssl
import threading
import time
from typing import TYPE_CHECKING, Any

import pytest
import yellowring
from yellowring.settings import InvalidSettings
from yellowring.skill import account_linking
from yellowring.skill.account_linking import AccountLinking, LinkingUnavailable

from tests.unit.alexa.certificate import make_certificate
from tests.unit.skill.provider import Provider, Talk, provider

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

TOKEN = "Atza|token-of-a-linked-account"
SOON = 0.2
"""Seconds of patience where nothing is to come."""


@pytest.fixture
def userinfo() -> Iterator[Provider]:
    with provider() as made:
        yield made


def asked(userinfo: Provider, claim: str = "sub", token: str = TOKEN) -> str | None:
    return AccountLinking(userinfo.url, claim).customer_id(token)


def test_the_token_is_sent_once_and_the_claim_is_the_customers_id(userinfo: Provider) -> None:
    userinfo.knows(sub="4711", email="ada@example.com")
    assert asked(userinfo) == "4711"
    [request] = userinfo.requests
    head, *headers = request.decode().split("\r\n")
    assert head == "GET /oidc/userinfo?full=1 HTTP/1.1"
    assert f"Authorization: Bearer {TOKEN}" in headers
    assert "Accept: application/json" in headers
    assert f"User-Agent: yellowring/{yellowring.__version__}" in headers


def freeze(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have Lambda freeze the process for a minute after each look at the clock."""
    minutes = itertools.count(0, 60)
    monkeypatch.setattr(account_linking, "time", lambda: next(minutes))


def test_after_a_freeze_an_answer_that_lies_there_is_still_read(
    userinfo: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    freeze(monkeypatch)
    waits = itertools.count()
    joined = account_linking._Exchange.join

    def join(self: Any, timeout: float) -> None:
        if next(waits):  # the first wait was over before the answer was read
            joined(self, 30)

    monkeypatch.setattr(account_linking._Exchange, "join", join)
    userinfo.knows(sub="4711")
    assert asked(userinfo) == "4711"


@pytest.mark.parametrize("frozen", [True, False])
def test_it_is_told_whether_the_provider_or_a_freeze_was_in_the_way(
    userinfo: Provider,
    monkeypatch: pytest.MonkeyPatch,
    logs_without_personal_data: list[str],
    frozen: bool,
) -> None:
    if frozen:
        freeze(monkeypatch)
    userinfo.script = lambda _: None
    with pytest.raises(LinkingUnavailable) as told:
        asked(userinfo)
    assert told.value.frozen is frozen
    outcome = "frozen" if frozen else "unavailable"
    assert f'"outcome":"{outcome}"' in "".join(logs_without_personal_data)


@pytest.mark.parametrize(("value", "customer_id"), [("auth0|ada", "auth0|ada"), (4711, "4711")])
def test_another_claim_may_hold_the_id_and_a_whole_number_is_one(
    userinfo: Provider, value: object, customer_id: str
) -> None:
    userinfo.knows(**{"sub": "x", "https://shop.example/customer": value})
    assert asked(userinfo, "https://shop.example/customer") == customer_id


def test_an_answer_in_chunks_is_read_whole(userinfo: Provider) -> None:
    head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
    userinfo.script = lambda talk: talk.say(head + b'8\r\n{"sub":"\r\n6\r\n4711"}\r\n0\r\n\r\n')
    assert asked(userinfo) == "4711"


@pytest.mark.parametrize("status", [400, 401, 403, 404, 410, 204, 302, 307])
def test_a_token_that_is_refused_tells_nobody_and_is_counted(
    userinfo: Provider, status: int, logs_without_personal_data: list[str]
) -> None:
    userinfo.answers(status, b"", f"Location: {userinfo.url}")
    assert asked(userinfo) is None
    assert len(userinfo.requests) == 1  # no redirect is followed
    told = [json.loads(line) for line in logs_without_personal_data if "UserinfoAnswers" in line]
    assert [line["outcome"] for line in told] == [f"status {status}"]


UNREADABLE: dict[str, bytes] = {
    "nothing": b"",
    "no JSON": b"eyJhbGciOiJSUzI1NiJ9.e30.c2ln",
    "half of it": b'{"sub": "4711"',
    "a list": b'["4711"]',
    "a text": b'"4711"',
    "no claim": b'{"email": "ada@example.com"}',
    "null": b'{"sub": null}',
    "true": b'{"sub": true}',
    "a fraction": b'{"sub": 4711.5}',
    "an object": b'{"sub": {"id": "4711"}}',
    "an empty text": b'{"sub": ""}',
    "a text with a space": b'{"sub": "47 11"}',
    "a token": b'{"sub": "Atza|4711"}',
    "a number without end": b'{"sub": ' + b"7" * 5000 + b"}",
    "no characters": b'{"sub": "\xff\xfe"}',
    "depths": b"[" * 60_000,
    "more than 64 KB": b'{"sub": "4711", "more": "%s"}' % (b"x" * 64 * 1024),
}


@pytest.mark.parametrize("case", UNREADABLE)
def test_an_answer_without_a_customers_id_tells_nobody_and_is_counted(
    userinfo: Provider, case: str, logs_without_personal_data: list[str]
) -> None:
    userinfo.answers(200, UNREADABLE[case])
    assert asked(userinfo) is None
    assert "UserinfoAnswers" in "".join(logs_without_personal_data)
    assert "4711" not in "".join(logs_without_personal_data)


def test_64_kilobytes_are_read(userinfo: Provider) -> None:
    body = b'{"sub": "4711", "more": "%s"}'
    userinfo.answers(200, body % (b"x" * (64 * 1024 - len(body) + 2)))
    assert asked(userinfo) == "4711"


@pytest.mark.parametrize("status", [500, 502, 503, 504, 429, 408])
def test_a_provider_that_cannot_answer_now_is_to_be_asked_again(
    userinfo: Provider, status: int
) -> None:
    userinfo.answers(status, b'{"sub": "4711"}')
    with pytest.raises(LinkingUnavailable, match=str(status)) as told:
        asked(userinfo)
    assert TOKEN not in repr(told.value)


def _silent(talk: Talk) -> None:
    talk.over.wait(30)


def _dripping(data: bytes) -> Any:
    def drip(talk: Talk) -> None:
        for place in range(len(data)):
            talk.say(data[place : place + 1])
            if talk.over.wait(0.02):
                return

    return drip


HEAD = b"HTTP/1.1 200 OK\r\nContent-Length: 40000\r\n"
NEVER_WHOLE: dict[str, Any] = {
    "silence": _silent,
    "headers that drip": _dripping(HEAD + b"X-Header: x\r\n" * 90),
    "a body that drips": _dripping(HEAD + b"\r\n" + b'{"sub": "4711"}' * 90),
}


@pytest.mark.parametrize("case", NEVER_WHOLE)
def test_all_of_a_call_takes_no_longer_than_its_patience(
    userinfo: Provider, case: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(account_linking, "PATIENCE", SOON)
    userinfo.script = NEVER_WHOLE[case]
    begun = time.monotonic()
    with pytest.raises(LinkingUnavailable) as told:
        asked(userinfo)
    assert time.monotonic() - begun < 5 * SOON
    assert TOKEN not in repr(told.value)
    for thread in _calls():
        thread.join(5)
    assert _calls() == []  # nobody goes on reading


def test_a_name_that_is_not_resolved_in_time_is_never_sent_the_token(
    userinfo: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    resolved = threading.Event()
    resolve = socket.getaddrinfo

    def slow(*arguments: Any, **options: Any) -> Any:
        resolved.wait(30)
        return resolve(*arguments, **options)

    monkeypatch.setattr(socket, "getaddrinfo", slow)
    monkeypatch.setattr(account_linking, "PATIENCE", SOON)
    userinfo.knows(sub="4711")
    with pytest.raises(LinkingUnavailable):
        asked(userinfo)
    resolved.set()
    for thread in _calls():
        thread.join(5)
    assert userinfo.requests == []


def _calls() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name == "userinfo"]


BROKEN: dict[str, bytes] = {
    "nothing": b"",
    "another protocol": b"220 mail.example ESMTP\r\n",
    "an answer that is cut short": b'HTTP/1.1 200 OK\r\nContent-Length: 90\r\n\r\n{"sub": "4711"}',
    "chunks that are cut short": (
        b'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nf\r\n{"sub": "4711"}\r\n'
    ),
}


@pytest.mark.parametrize("case", BROKEN)
def test_an_answer_that_breaks_off_is_no_answer(userinfo: Provider, case: str) -> None:
    userinfo.script = lambda talk: talk.say(BROKEN[case])
    with pytest.raises(LinkingUnavailable) as told:
        asked(userinfo)
    assert TOKEN not in repr(told.value)


def test_where_nobody_listens_the_provider_is_to_be_asked_again(userinfo: Provider) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    with pytest.raises(LinkingUnavailable):
        AccountLinking(f"http://127.0.0.1:{port}/").customer_id(TOKEN)


@pytest.mark.parametrize("host", ["a..b", "x" * 64 + ".example"])
def test_a_host_that_is_no_name_is_no_answer(host: str) -> None:
    with pytest.raises(LinkingUnavailable):
        AccountLinking(f"https://{host}/").customer_id(TOKEN)


@pytest.mark.parametrize("trusted", [True, False])
def test_the_token_goes_to_a_provider_only_whose_certificate_is_trusted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, trusted: bool
) -> None:
    certificate, key = make_certificate(tmp_path)
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(certificate, key)
    if trusted:
        monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    with provider(server) as made:
        made.knows(sub="4711")
        if trusted:
            assert asked(made) == "4711"
        else:
            with pytest.raises(LinkingUnavailable):
                asked(made)
            assert made.requests == []


@pytest.mark.parametrize("token", ["", "a b", "a\r\nX-Other: b", "é", "x" * 16385])
def test_what_is_no_token_is_not_sent(userinfo: Provider, token: str) -> None:
    userinfo.knows(sub="4711")
    assert asked(userinfo, token=token) is None
    assert userinfo.requests == []


def test_without_an_endpoint_nobody_is_asked_or_counted(
    logs_without_personal_data: list[str],
) -> None:
    assert AccountLinking("").customer_id(TOKEN) is None
    assert logs_without_personal_data == []


@pytest.mark.parametrize("url", ["http://id.example/userinfo", "id.example", "https://"])
def test_an_endpoint_that_a_token_must_not_be_sent_to_is_refused(url: str) -> None:
    with pytest.raises(InvalidSettings, match="USERINFO_URL"):
        AccountLinking(url)
