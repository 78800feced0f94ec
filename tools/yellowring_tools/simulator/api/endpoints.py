"""Amazon's own addresses: Login with Amazon, Proactive Events and Skill Messaging."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import TYPE_CHECKING

from starlette.responses import Response
from starlette.routing import Route

from yellowring_tools.simulator.alexa.proactive_events import Refused, parse_request
from yellowring_tools.simulator.alexa.skill_messages import parse_message
from yellowring_tools.simulator.answers import ConnectionReset, NoAnswer, json_answer
from yellowring_tools.simulator.api.operations import Announcement, Message
from yellowring_tools.simulator.customers.notifications import Door
from yellowring_tools.simulator.facts import PROACTIVE_EVENTS_SCOPE, REGIONS, SKILL_MESSAGING_SCOPE
from yellowring_tools.simulator.faults import draw
from yellowring_tools.simulator.login.lwa import (
    REFRESH,
    OAuthError,
    developer_scopes,
    requested_scopes,
    token_request,
)

if TYPE_CHECKING:
    from collections.abc import Callable
    from random import Random

    from starlette.requests import Request

    from yellowring_tools.simulator.api.operations import Operation
    from yellowring_tools.simulator.api.traffic import Traffic
    from yellowring_tools.simulator.facts import Region
    from yellowring_tools.simulator.simulation import Simulation

_SERVER_ERRORS = (500, 502, 503, 504)
_EVENTS = "/v1/proactiveEvents"
_MESSAGES = "/v1/skillmessages/users"


def routes(simulation: Simulation) -> list[Route]:
    """Make the routes: LWA once, the two APIs for each region, proactive events for each stage."""
    lwa = LwaEndpoint(simulation)
    found = [
        Route(path, lwa.token, methods=["POST"]) for path in ("/auth/O2/token", "/auth/o2/token")
    ]
    for prefix, region in [("", "na"), *((f"/{region}", region) for region in REGIONS)]:
        development = _events(simulation, Door(region, "development"))
        live = _events(simulation, Door(region, "live"))
        messages = _messages(simulation, region)
        found += [
            Route(f"{prefix}{_EVENTS}/stages/development", development.post, methods=["POST"]),
            Route(f"{prefix}{_EVENTS}", live.post, methods=["POST"]),
            Route(f"{prefix}{_MESSAGES}/{{user_id}}", messages.post, methods=["POST"]),
        ]
    return found


def _events(simulation: Simulation, door: Door) -> ApiEndpoint[Announcement]:
    def read(request: Request, body: bytes) -> Announcement:  # noqa: ARG001
        event = parse_request(body, simulation.clock())
        simulation.publications.check(event.content.event_name)
        return Announcement(simulation, door, event)

    return ApiEndpoint(simulation, PROACTIVE_EVENTS_SCOPE, lambda: simulation.traffic, read)


def _messages(simulation: Simulation, region: Region) -> ApiEndpoint[Message]:
    def read(request: Request, body: bytes) -> Message:
        return Message(simulation, region, request.path_params["user_id"], parse_message(body))

    return ApiEndpoint(simulation, SKILL_MESSAGING_SCOPE, lambda: simulation.message_traffic, read)


class LwaEndpoint:
    """``POST /auth/O2/token``."""

    def __init__(self, simulation: Simulation) -> None:
        self._simulation = simulation
        self._asked = 0

    async def token(self, request: Request) -> Response:
        """Answer a skill's client credentials request, or a developer's refresh token request."""
        simulation = self._simulation
        faults = simulation.faults.lwa
        body = await request.body()
        self._asked += 1
        random = draw(simulation.faults.seed, "lwa", self._asked)
        await asyncio.sleep(random.uniform(*faults.latency_ms) / 1000)
        if random.random() < faults.error_5xx:
            return json_answer({"error": "server_error"}, random.choice(_SERVER_ERRORS))
        try:
            form = token_request(request.headers.get("content-type"), body)
            refreshes = form.get("grant_type") == REFRESH
            scopes = (
                developer_scopes(simulation.config.developer, form)
                if refreshes
                else requested_scopes(simulation.clients(), form)
            )
        except OAuthError as error:
            return json_answer(error.document, error.status)
        lifetime = faults.token_lifetime_seconds
        document = {
            "access_token": simulation.tokens.issue(scopes, simulation.clock(), lifetime),
            "expires_in": lifetime,
            "scope": " ".join(sorted(scopes)),
            "token_type": "bearer",
        } | ({REFRESH: form[REFRESH]} if refreshes else {})
        return json_answer(document, headers={"cache-control": "no-store"})


class ApiEndpoint[T: Operation]:
    """One API of one region: it takes requests to carry out, and fails as the faults say.

    Parameters
    ----------
    simulation
        The state.
    scope
        What an access token must have been issued for.
    traffic
        Finds the counts of this API; a reset replaces them.
    read
        Checks a request's path and body, and makes the operation of it or raises ``Refused``.
    """

    def __init__(
        self,
        simulation: Simulation,
        scope: str,
        traffic: Callable[[], Traffic],
        read: Callable[[Request, bytes], T],
    ) -> None:
        self._simulation = simulation
        self._scope = scope
        self._traffic = traffic
        self._read = read

    async def post(self, request: Request) -> Response:
        """Answer one request, or fail as the faults say."""
        body = await request.body()
        traffic, moment = self._traffic(), self._simulation.monotonic()
        try:
            response = await self._answer(request, body, traffic, moment)
        except Refused as refused:
            response = json_answer(refused.document, refused.status)
        traffic.answered(_outcome(response), self._simulation.monotonic())
        return response

    async def _answer(
        self, request: Request, body: bytes, traffic: Traffic, moment: float
    ) -> Response:
        simulation, faults = self._simulation, self._simulation.faults.api
        if not traffic.admit(moment, faults.rate_per_second):
            return self._too_many()
        authorization, now = request.headers.get("authorization"), simulation.clock()
        if reason := simulation.tokens.refusal(authorization, self._scope, now):
            raise Refused(403, reason)
        operation = self._read(request, body)
        if not faults.any:
            return _accepted(operation)
        random = simulation.fate(self._scope, operation.user_id)
        await asyncio.sleep(random.uniform(*faults.latency_ms) / 1000)
        if (failure := self._failure(operation, random)) is not None:
            return failure
        reset = random.random() < faults.reset_after_accept
        accepted = _accepted(operation)
        return ConnectionReset() if reset else accepted

    def _failure(self, operation: T, random: Random) -> Response | None:
        faults = self._simulation.faults.api
        if random.random() < faults.unauthorized:
            return json_answer({"message": "Access token is not valid"}, 401)
        if random.random() < faults.throttle:
            return self._too_many()
        if random.random() < faults.error_5xx:
            return json_answer({"message": "Internal error"}, random.choice(_SERVER_ERRORS))
        if random.random() < faults.timeout:
            return self._time_out(operation, took_effect=random.random() < 1 / 2)
        return None

    def _time_out(self, operation: T, *, took_effect: bool) -> Response:
        if took_effect:
            with suppress(Refused):
                operation.carry_out()
        return NoAnswer(self._simulation.faults.api.timeout_seconds)

    def _too_many(self) -> Response:
        retry_after = self._simulation.faults.api.retry_after
        headers = {} if retry_after is None else {"retry-after": str(retry_after)}
        return json_answer({"message": "Too many requests"}, 429, headers)


def _accepted(operation: Operation) -> Response:
    operation.carry_out()
    return Response(status_code=202)


def _outcome(response: Response) -> str:
    if isinstance(response, ConnectionReset):
        return "reset"
    return "timeout" if isinstance(response, NoAnswer) else str(response.status_code)
