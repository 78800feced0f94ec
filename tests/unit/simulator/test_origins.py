"""Whom the simulator answers: programs on this machine, and its own console."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from yellowring_tools.simulator.origins import OwnPagesOnly

URL = "http://127.0.0.1:4568"
HERE = ("host", "127.0.0.1:4568")
JSON = ("content-type", "application/json")
BODY = ("content-length", "2")


def status(
    *headers: tuple[str, str],
    method: str = "POST",
    path: str = "/_sim/customers",
    url: str = URL,
) -> int:
    """Return the status of an answer; 200 is the application's."""
    sent: list[dict[str, Any]] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})

    async def send(message: Any) -> None:
        sent.append(message)

    async def receive() -> dict[str, Any]:
        return {"type": "http.request"}

    encoded = [(name.encode(), value.encode()) for name, value in headers]
    scope = {"type": "http", "method": method, "path": path, "headers": encoded}
    asyncio.run(OwnPagesOnly(app, url)(scope, receive, send))
    answered: int = sent[0]["status"]
    return answered


@pytest.mark.parametrize("host", ["127.0.0.1:4568", "localhost:4568", "LocalHost:4568"])
def test_programs_on_this_machine_are_answered(host: str) -> None:
    assert status(("host", host), JSON, BODY) == 200
    assert status(("host", host), ("origin", f"http://{host}"), JSON, BODY) == 200


def test_an_ipv6_address_is_taken_as_it_is_written() -> None:
    assert status(("host", "[::1]:4568"), JSON, BODY, url="http://[::1]:4568") == 200
    assert status(("host", "::1:4568"), JSON, BODY, url="http://[::1]:4568") == 403


@pytest.mark.parametrize(
    "host",
    [
        "evil.example:4568",
        "127.0.0.1.evil.example:4568",
        "evil@127.0.0.1:4568",
        "127.0.0.1:1",
        "127.0.0.1",
        "127.0.0.1:4568:4568",
        "[::1",
        "",
    ],
)
@pytest.mark.parametrize("path", ["/", "/_sim/customers", "/v1/proactiveEvents"])
def test_a_name_that_was_bent_to_lead_here_is_refused(host: str, path: str) -> None:
    assert status(("host", host), path=path, method="GET") == 403


def test_two_hosts_and_none_are_refused() -> None:
    assert status(HERE, HERE, method="GET") == 403
    assert status(method="GET") == 403


def test_at_every_address_of_a_machine_any_address_is_taken_and_no_name() -> None:
    everywhere = "http://0.0.0.0:4568"
    assert status(("host", "192.168.1.7:4568"), method="GET", url=everywhere) == 200
    assert status(("host", "evil.example:4568"), method="GET", url=everywhere) == 403
    assert status(("host", "192.168.1.7:4568"), method="GET") == 403


@pytest.mark.parametrize(
    "origin",
    [
        "https://evil.example",
        "null",
        "http://127.0.0.1:4569",
        "https://127.0.0.1:4568",
        "http://localhost:4568",
    ],
)
def test_a_page_of_another_site_is_refused(origin: str) -> None:
    assert status(HERE, JSON, BODY, ("origin", origin)) == 403
    assert status(HERE, JSON, BODY, ("origin", URL), ("origin", origin)) == 403


@pytest.mark.parametrize("site", ["cross-site", "same-site"])
def test_what_another_page_shows_or_loads_is_refused(site: str) -> None:
    fetched = ("sec-fetch-site", site)
    assert status(HERE, fetched, method="GET") == 403
    assert status(HERE, fetched, method="GET", path="/console/main.mjs") == 403
    assert status(HERE, ("sec-fetch-site", "same-origin"), method="GET") == 200


def test_a_link_to_the_console_can_be_followed_and_not_framed_or_posted_to() -> None:
    followed = (HERE, ("sec-fetch-site", "cross-site"), ("sec-fetch-mode", "navigate"))
    document = ("sec-fetch-dest", "document")
    assert status(*followed, document, method="GET", path="/") == 200
    assert status(*followed, ("sec-fetch-dest", "iframe"), method="GET", path="/") == 403
    assert status(*followed, document, method="GET", path="/_sim/customers") == 403
    assert status(*followed, document, path="/") == 403


@pytest.mark.parametrize(
    "kind", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x"]
)
def test_a_control_takes_no_body_that_a_page_can_send_unasked(kind: str) -> None:
    assert status(HERE, BODY, ("content-type", kind)) == 415
    assert status(HERE, ("content-length", "0"), ("content-type", kind)) == 415
    assert status(HERE, BODY, ("content-type", kind), method="PUT", path="/_sim/faults") == 415


def test_a_body_of_no_type_is_refused_and_no_body_needs_none() -> None:
    assert status(HERE, BODY) == 415
    assert status(HERE, ("transfer-encoding", "chunked")) == 415
    assert status(HERE) == 200
    assert status(HERE, ("content-length", "0")) == 200


def test_json_of_any_character_set_is_taken_and_alexas_own_addresses_take_their_forms() -> None:
    assert status(HERE, BODY, ("content-type", "Application/JSON; charset=utf-8")) == 200
    form = ("content-type", "application/x-www-form-urlencoded")
    assert status(HERE, BODY, form, path="/auth/O2/token") == 200
