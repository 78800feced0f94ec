"""The emulator behind a gate that knows the stack's own key, and answers no page of a browser.

``ministack`` takes ``test``, any account's number and no key at all for its root, whose signature
it does not check, gives a function's role keys that follow from its name, and answers any page's
preflight: whatever page the developer looks at could make functions here and run them. With this
gate in front,

- a request must be for a loopback name and this port, so that no other name that leads here
  (DNS rebinding) does;
- a request that a page made is refused, and no answer invites one (CORS);
- a request must be signed with ``AWS_ACCESS_KEY_ID``, or with keys that the emulator gave, a
  role's or a user's. HTTP APIs may be called without, for they have authorizers, and then are asked
  for by their path: by their host the emulator takes whatever else a path names, its reset too;
- the keys of a function's role, their id too, are made of what nobody can work out.

This file is run as a script by the emulator's own Python, and imports nothing else of ours.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import os
import re
import secrets
from importlib import import_module
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, quote
from xml.sax.saxutils import escape

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, MutableMapping

    type Scope = MutableMapping[str, Any]
    type Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
    type Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
    type Application = Callable[[Scope, Receive, Send], Awaitable[None]]

LOOPBACK_NAME = re.compile(r"(127\.0\.0\.1|\[::1\]|([a-z0-9-]+\.)*localhost)(:([0-9]+))?")
PLAIN_NAME = re.compile(r"(127\.0\.0\.1|\[::1\]|localhost)(:[0-9]+)?")
OPEN_PATHS = ("/_ministack/ready", "/_ministack/health")
KEY_LENGTH = 32
API_ROOT = "/_aws/execute-api/"
API_PATH = re.compile(rf"{API_ROOT}[a-z0-9]+/.*", re.DOTALL)
API_HOST = re.compile(r"([a-f0-9]{8})\.execute-api\.localhost(:[0-9]+)?")
"""As the emulator has it (``ministack.app``): an API's id and nothing else."""
CALLBACK_PATHS = ("/_ministack/cfn-response/", "/_ministack/cfn-signal/")
"""Where what a stack waits for is told, under a token that only who tells it was given."""


def refusal(scope: Scope, key: str, knows: Callable[[str], bool], port: str) -> str:
    """Return why a request is refused, or nothing.

    Parameters
    ----------
    scope
        The request, as ASGI has it.
    key
        The access key id that the emulator will take it to be signed with; empty without one.
    knows
        Whether an access key id is this stack's own, or one that the emulator gave.
    port
        Where the emulator listens.
    """
    headers = {name.decode("latin-1").lower(): value for name, value in scope["headers"]}
    if sum(name.lower() in (b"host", b"authorization") for name, _ in scope["headers"]) > len(
        {"host", "authorization"} & headers.keys()
    ):
        return "there must be one Host, and one Authorization at most"
    host = _host(scope)
    named = LOOPBACK_NAME.fullmatch(host)
    if named is None or named[4] != port:
        return f"Host must be a loopback name with port {port}, not {host[:80]!r}"
    if "origin" in headers or headers.get("sec-fetch-site", b"none") != b"none":
        return "no page of a browser is answered here"
    if not key:
        signs = headers.get("authorization", b"").startswith(b"AWS")
        opened = _is_open(scope) or (not signs and for_an_api(scope) is not None)
        return "" if opened else "the request must be signed with the stack's own key"
    return "" if knows(key) else "the access key is not this stack's own, which `make run` prints"


def for_an_api(scope: Scope) -> Scope | None:
    """Return a request for an HTTP API as one that the emulator reads as nothing else, or nothing.

    That is one by its path. Of one by its host, the emulator reads the path first: what looks like
    its own controls, or like another service, does not get to the API.
    """
    host, path = _host(scope), scope["path"]
    if scope["type"] != "http":
        return None
    if API_PATH.fullmatch(path) and PLAIN_NAME.fullmatch(host):
        return scope
    if (named := API_HOST.fullmatch(host)) is None:
        return None
    root = f"{API_ROOT}{named[1]}/"
    raw: bytes = scope.get("raw_path") or quote(path).encode()
    others = [(name, value) for name, value in scope["headers"] if name.lower() != b"host"]
    return {
        **scope,
        "path": root + path.lstrip("/"),
        "raw_path": root.encode() + raw.lstrip(b"/"),
        "headers": [*others, (b"host", f"localhost{named[2] or ''}".encode())],
    }


def _is_open(scope: Scope) -> bool:
    """Check whether a request is one that nobody has to sign."""
    path: str = scope["path"]
    method = scope.get("method")  # a web socket has none
    if path in OPEN_PATHS:
        return method in ("GET", "HEAD")
    return method == "PUT" and path.startswith(CALLBACK_PATHS)


def _host(scope: Scope) -> str:
    hosts = [value for name, value in scope["headers"] if name.lower() == b"host"]
    return hosts[0].decode("latin-1").lower() if hosts else ""


class Gate:
    """The emulator's application behind `refusal`.

    Parameters
    ----------
    app
        The emulator.
    key_of
        Finds the access key id of a request's headers and query, as the emulator does.
    knows, port
        As `refusal` takes them.
    """

    def __init__(
        self,
        app: Application,
        key_of: Callable[[dict[str, str], dict[str, list[str]]], str],
        knows: Callable[[str], bool],
        port: str,
    ) -> None:
        self._app = app
        self._key_of = key_of
        self._knows = knows
        self._port = port

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        key = self._key(scope)
        if reason := refusal(scope, key, self._knows, self._port):
            await _refuse(scope, receive, send, reason)
            return
        if not key and not _is_open(scope):
            scope = for_an_api(scope) or scope

        async def without_invitation(message: MutableMapping[str, Any]) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [
                    (name, value)
                    for name, value in message.get("headers", ())
                    if not name.lower().startswith(b"access-control-")
                ]
            await send(message)

        await self._app(scope, receive, without_invitation)

    def _key(self, scope: Scope) -> str:
        headers = {
            name.decode("latin-1").lower(): value.decode("latin-1")
            for name, value in scope["headers"]
        }
        query = parse_qs(
            scope.get("query_string", b"").decode(errors="replace"), keep_blank_values=True
        )
        return self._key_of(headers, query)


async def _refuse(scope: Scope, receive: Receive, send: Send, reason: str) -> None:
    if scope["type"] == "websocket":
        await receive()
        await send({"type": "websocket.close", "code": 1008})
        return
    sent = dict(scope["headers"]).get(b"content-type", b"")
    kind, body = _told(reason, as_xml=sent.startswith(b"application/x-www-form-urlencoded"))
    headers = [
        (b"content-type", kind),
        (b"content-length", str(len(body)).encode()),
        (b"connection", b"close"),  # what the request still sends is not read
    ]
    await send({"type": "http.response.start", "status": 403, "headers": headers})
    await send({"type": "http.response.body", "body": body})


def _told(reason: str, *, as_xml: bool) -> tuple[bytes, bytes]:
    """Return the type and the text of an error, as the clients of a service can read it."""
    code = "AccessDeniedException"
    if as_xml:
        error = f"<Error><Type>Sender</Type><Code>{code}</Code><Message>{escape(reason)}</Message>"
        return b"text/xml", f"<ErrorResponse>{error}</Error></ErrorResponse>".encode()
    body = json.dumps({"__type": code, "message": reason}).encode()
    return b"application/x-amz-json-1.1", body


def _make_roles_keys_of(secret: bytes) -> None:
    """Let functions' keys be made of a secret, where the emulator makes them of their names."""
    lambda_runtime: Any = import_module("ministack.core.lambda_runtime")
    sts = import_module("ministack.services.sts")
    of_their_names = lambda_runtime.execution_credentials

    def of_a_secret(config: dict[str, Any]) -> dict[str, str]:
        known = of_their_names(config)["AWS_ACCESS_KEY_ID"]
        key, signer, token = (
            hmac.new(secret, f"{use}:{known}".encode(), hashlib.sha256).hexdigest()
            for use in ("key", "secret", "token")
        )
        key = f"ASIA{key[:KEY_LENGTH].upper()}"
        session = sts._sessions.pop(known)
        sts.register_session(key, {**session, "SecretAccessKey": signer, "SessionToken": token})
        return {
            "AWS_ACCESS_KEY_ID": key,
            "AWS_SECRET_ACCESS_KEY": signer,
            "AWS_SESSION_TOKEN": token,
        }

    lambda_runtime.execution_credentials = of_a_secret


def _given_by_the_emulator(key: str) -> bool:
    sessions = import_module("ministack.services.sts")._sessions
    owner = import_module("ministack.core.iam_evaluator").find_iam_access_key_account
    return key in sessions or owner(key) is not None


def main() -> None:
    """Run the emulator as ``python -m ministack`` does, behind the gate."""
    _make_roles_keys_of(secrets.token_bytes(32))
    server: Any = import_module("hypercorn.asyncio")
    key_of = import_module("ministack.core.router").extract_access_key_id
    serve = server.serve
    own, port = os.environ["AWS_ACCESS_KEY_ID"], os.environ["GATEWAY_PORT"]

    def knows(key: str) -> bool:
        return hmac.compare_digest(key.encode(), own.encode()) or _given_by_the_emulator(key)

    async def gated(emulator: Application, config: object) -> None:
        await serve(Gate(emulator, key_of, knows, port), config)

    server.serve = gated
    import_module("ministack.app").main()


if __name__ == "__main__":
    main()
