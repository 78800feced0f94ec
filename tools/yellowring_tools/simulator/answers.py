"""Answers of the simulator's servers, and the two ways of giving none."""

from __future__ import annotations

import asyncio
import json
import socket
import struct
from typing import TYPE_CHECKING
from uuid import uuid4

from starlette.responses import Response

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.types import ASGIApp, Message, Receive, Scope, Send

CONNECTION = "simulator.connection"
"""Key of ``scope["extensions"]`` under which a server leaves the request's transport."""

_LINGER_NOT_AT_ALL = struct.pack("ii", 1, 0)


def json_answer(
    document: object, status: int = 200, headers: dict[str, str] | None = None
) -> Response:
    """Answer with JSON in ASCII, so that any string that came in can go out."""
    return Response(json.dumps(document), status, headers, media_type="application/json")


class ConnectionReset(Response):
    """No answer: the TCP connection is reset."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002
        await _abort(scope, receive)


class NoAnswer(Response):
    """No answer for so long, then the connection is reset.

    Parameters
    ----------
    seconds
        How long the caller is left waiting, unless it hangs up before.
    """

    def __init__(self, seconds: float) -> None:
        super().__init__()
        self._seconds = seconds

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002
        try:
            async with asyncio.timeout(self._seconds):
                await _hung_up(receive)
        except TimeoutError:
            await _abort(scope, receive)
        except asyncio.CancelledError:
            # The server is stopping and has no time for the rest of the wait.
            await _abort(scope, receive)


async def _abort(scope: Scope, receive: Receive) -> None:
    transport = scope.get("extensions", {}).get(CONNECTION)
    if transport is None:
        raise RuntimeError("connections can be reset only under simulator.server")
    raw = transport.get_extra_info("socket")
    if raw is not None:
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _LINGER_NOT_AT_ALL)
    transport.abort()
    await _hung_up(receive)


async def _hung_up(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


class RequestIds:
    """Middleware that puts an id of Amazon's kind on every answer."""

    def __init__(self, app: ASGIApp, new_id: Callable[[], object] = uuid4) -> None:
        self._app = app
        self._new_id = new_id

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def send_with_id(message: Message) -> None:
            if message["type"] == "http.response.start":
                request_id = str(self._new_id()).encode()
                message["headers"] = [*message["headers"], (b"x-amzn-requestid", request_id)]
            await send(message)

        await self._app(scope, receive, send_with_id if scope["type"] == "http" else send)
