"""Who may call the simulator: programs on this machine, and its own console in a browser."""

from __future__ import annotations

import ipaddress
from functools import lru_cache
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from starlette.datastructures import Headers

from yellowring_tools.simulator.answers import json_answer

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Receive, Scope, Send

_LOOPBACK_NAMES = frozenset({"127.0.0.1", "::1", "localhost"})
_OWN_FETCHES = frozenset({"same-origin", "none"})
_CONTROLS = "/_sim/"
_JSON = "application/json"
_HOSTS_REMEMBERED = 16
_FORBIDDEN, _UNSUPPORTED = 403, 415


class OwnPagesOnly:
    """Middleware that refuses what a page of another site makes a browser send.

    The ``Host`` must be a name of this machine with the simulator's port, so that no other name
    that leads here does (DNS rebinding). An ``Origin`` must be the simulator's own, and a control's
    body must be JSON, which a page cannot send elsewhere without asking.

    Parameters
    ----------
    app
        What it guards.
    url
        Where the simulator listens. At every address of the machine (``0.0.0.0``), any of them is
        taken, but no name except ``localhost``.
    """

    def __init__(self, app: ASGIApp, url: str) -> None:
        self._app = app
        listens = urlsplit(url)
        self._name, self._port = listens.hostname or "", listens.port
        self._is_here = lru_cache(maxsize=_HOSTS_REMEMBERED)(self._leads_here)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            headers = Headers(scope=scope)
            if reason := self._stranger(scope, headers):
                await json_answer({"error": reason}, _FORBIDDEN)(scope, receive, send)
                return
            if reason := _unreadable(scope, headers):
                await json_answer({"error": reason}, _UNSUPPORTED)(scope, receive, send)
                return
        await self._app(scope, receive, send)

    def _stranger(self, scope: Scope, headers: Headers) -> str:
        host = ", ".join(headers.getlist("host"))
        if not self._is_here(host):
            return f"Host: must be {self._name or 'localhost'}:{self._port}, not {host[:80]!r}"
        origins = headers.getlist("origin")
        if any(origin.lower() != f"http://{host.lower()}" for origin in origins):
            return "Origin: must be the simulator's own, or absent; no other page may call it"
        if headers.get("sec-fetch-site", "none") not in _OWN_FETCHES and not _opens(scope, headers):
            return "Sec-Fetch-Site: must be same-origin; no other page may call the simulator"
        return ""

    def _leads_here(self, host: str) -> bool:
        try:
            asked = urlsplit(f"//{host}")
            name, port = asked.hostname or "", asked.port
        except ValueError:
            return False
        if asked.netloc.lower() != _written(name, port) or port != self._port:
            return False
        return name in _LOOPBACK_NAMES or name == self._name or self._is_address_of_ours(name)

    def _is_address_of_ours(self, name: str) -> bool:
        """Check a name where the simulator listens at every address: an address is no name."""
        if self._name not in ("0.0.0.0", "::"):  # noqa: S104 - a comparison
            return False
        try:
            ipaddress.ip_address(name)
        except ValueError:
            return False
        return True


def _written(name: str, port: int | None) -> str:
    return f"[{name}]:{port}" if ":" in name else f"{name}:{port}"


def _opens(scope: Scope, headers: Headers) -> bool:
    """Check whether somebody follows a link to the console; no frame may show it."""
    return (
        scope["method"] == "GET"
        and scope["path"] == "/"
        and headers.get("sec-fetch-mode") == "navigate"
        and headers.get("sec-fetch-dest") == "document"
    )


def _unreadable(scope: Scope, headers: Headers) -> str:
    """Return why a control's body is not taken, or nothing; without a body no type is needed."""
    if scope["method"] in ("GET", "HEAD") or not scope["path"].startswith(_CONTROLS):
        return ""
    named = headers.get("content-type")
    bodiless = headers.get("content-length", "0") == "0" and "transfer-encoding" not in headers
    if named is None and bodiless:
        return ""
    if (named or "").partition(";")[0].strip().lower() != _JSON:
        return f"Content-Type: must be {_JSON}; curl sends it with --json"
    return ""
