"""The provider's addresses under ``/oidc``, and how its userinfo endpoint fails."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from starlette.responses import RedirectResponse, Response, StreamingResponse
from starlette.routing import Route

from yellowring_tools.simulator.answers import ConnectionReset, NoAnswer, json_answer
from yellowring_tools.simulator.login.lwa import OAuthError
from yellowring_tools.simulator.login.provider import ClientRequest, InvalidToken

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable
    from random import Random

    from starlette.requests import Request

    from yellowring_tools.simulator.simulation import Simulation

_SERVER_ERRORS = (500, 502, 503, 504)
_HUGE_BYTES = 8 * 2**20
_SECONDS_PER_BYTE = 0.1
_CHALLENGES = {401: {"www-authenticate": 'Basic realm="oidc"'}}
_ELSEWHERE = "followed-a-redirect"
_MALFORMED = (
    b'{"sub": "4711"',
    b'["4711"]',
    b"{}",
    b'{"sub": null}',
    b'{"sub": {"id": "4711"}}',
    b'{"sub": "\xff\xfe"}',
    b"<html>4711</html>",
    b"[" * 100_000,
    b"",
)
"""Answers with status 200 that hold no subject."""


class OidcEndpoints:
    """Their handlers."""

    def __init__(self, simulation: Simulation) -> None:
        self._simulation = simulation

    def routes(self) -> list[Route]:
        """Make their routes."""
        return [
            Route("/oidc/.well-known/openid-configuration", self.discovery),
            Route("/oidc/jwks", self.keys),
            Route("/oidc/token", self.token, methods=["POST"]),
            Route("/oidc/userinfo", self.userinfo, methods=["GET", "POST"]),
            Route("/oidc/elsewhere", self.elsewhere),
        ]

    async def discovery(self, request: Request) -> Response:  # noqa: ARG002
        """Say what there is."""
        return json_answer(self._simulation.provider.discovery())

    async def keys(self, request: Request) -> Response:  # noqa: ARG002
        """Give the key set."""
        return json_answer(self._simulation.provider.keys())

    async def token(self, request: Request) -> Response:
        """Answer a client credentials request."""
        simulation, headers = self._simulation, request.headers
        asked = ClientRequest(
            headers.get("content-type"), headers.get("authorization"), await request.body()
        )
        try:
            document = simulation.provider.client_token(asked, simulation.clock())
        except OAuthError as error:
            return json_answer(error.document, error.status, _CHALLENGES.get(error.status))
        return json_answer(document, headers={"cache-control": "no-store"})

    async def userinfo(self, request: Request) -> Response:
        """Say whose an access token is, or fail as the faults say."""
        simulation = self._simulation
        traffic, moment = simulation.userinfo_traffic, simulation.monotonic()
        traffic.admit(moment, None)
        response = await self._userinfo(request)
        traffic.answered(_outcome(response), simulation.monotonic())
        return response

    async def _userinfo(self, request: Request) -> Response:
        simulation, faults = self._simulation, self._simulation.faults.userinfo
        try:
            claims = simulation.provider.userinfo(
                request.headers.get("authorization"), simulation.clock()
            )
        except InvalidToken as error:
            return _unauthorized(str(error))
        random = simulation.fate("userinfo", claims.get("sub"))
        await asyncio.sleep(random.uniform(*faults.latency_ms) / 1000)
        failure = self._failure(random)
        return json_answer(claims) if failure is None else failure

    def _failure(self, random: Random) -> Response | None:
        faults = self._simulation.faults.userinfo
        failures: tuple[tuple[float, Callable[[], Response]], ...] = (
            (faults.unauthorized, lambda: _unauthorized("The access token was taken back")),
            (faults.error_5xx, lambda: _server_error(random)),
            (faults.timeout, lambda: NoAnswer(faults.timeout_seconds)),
            (faults.reset, ConnectionReset),
            (faults.redirect, lambda: RedirectResponse("/oidc/elsewhere", 302)),
            (faults.drip, lambda: StreamingResponse(_dripping(), media_type="application/json")),
            (faults.huge, lambda: Response(_huge(), media_type="application/json")),
            (faults.malformed, lambda: Response(random.choice(_MALFORMED))),
        )
        for share, fail in failures:
            if random.random() < share:
                return fail()
        return None

    async def elsewhere(self, request: Request) -> Response:  # noqa: ARG002
        """Answer where the userinfo endpoint redirects to, with a subject that nobody has."""
        return json_answer({"sub": _ELSEWHERE})


def _unauthorized(reason: str) -> Response:
    challenge = f'Bearer realm="oidc", error="invalid_token", error_description="{reason}"'
    document = {"error": "invalid_token", "error_description": reason}
    return json_answer(document, 401, {"www-authenticate": challenge})


def _server_error(random: Random) -> Response:
    return json_answer({"error": "server_error"}, random.choice(_SERVER_ERRORS))


async def _dripping() -> AsyncIterator[bytes]:
    for place in range(_HUGE_BYTES):
        yield b'{"sub":"'[place : place + 1] or b"x"
        await asyncio.sleep(_SECONDS_PER_BYTE)


def _huge() -> bytes:
    return b'{"sub":"4711","more":"%s"}' % (b"x" * _HUGE_BYTES)


def _outcome(response: Response) -> str:
    if isinstance(response, ConnectionReset):
        return "reset"
    return "timeout" if isinstance(response, NoAnswer) else str(response.status_code)
