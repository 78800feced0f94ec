"""Amazon's own addresses: Login with Amazon and the Proactive Events API."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import TYPE_CHECKING

from starlette.responses import Response
from starlette.routing import Route

from simulator.answers import ConnectionReset, NoAnswer, json_answer
from simulator.facts import PROACTIVE_EVENTS_SCOPE, REGIONS
from simulator.faults import draw
from simulator.lwa import OAuthError, requested_scopes
from simulator.notifications import Door
from simulator.proactive_events import Refused, parse_request

if TYPE_CHECKING:
    from random import Random

    from starlette.requests import Request

    from simulator.proactive_events import ProactiveEvent
    from simulator.simulation import Simulation

_SERVER_ERRORS = (500, 502, 503, 504)
_PATH = "/v1/proactiveEvents"


def routes(simulation: Simulation) -> list[Route]:
    """Make the routes: LWA once, the Proactive Events API for each region and stage."""
    lwa = LwaEndpoint(simulation)
    found = [
        Route(path, lwa.token, methods=["POST"]) for path in ("/auth/O2/token", "/auth/o2/token")
    ]
    for prefix, region in [("", "na"), *((f"/{region}", region) for region in REGIONS)]:
        development = EventsEndpoint(simulation, Door(region, "development"))
        live = EventsEndpoint(simulation, Door(region, "live"))
        found += [
            Route(f"{prefix}{_PATH}/stages/development", development.post, methods=["POST"]),
            Route(f"{prefix}{_PATH}", live.post, methods=["POST"]),
        ]
    return found


class LwaEndpoint:
    """``POST /auth/O2/token``."""

    def __init__(self, simulation: Simulation) -> None:
        self._simulation = simulation
        self._asked = 0

    async def token(self, request: Request) -> Response:
        """Answer a client credentials request."""
        simulation = self._simulation
        faults = simulation.faults.lwa
        body = await request.body()
        self._asked += 1
        random = draw(simulation.faults.seed, "lwa", self._asked)
        await asyncio.sleep(random.uniform(*faults.latency_ms) / 1000)
        if random.random() < faults.error_5xx:
            return json_answer({"error": "server_error"}, random.choice(_SERVER_ERRORS))
        try:
            scopes = requested_scopes(simulation.config, request.headers.get("content-type"), body)
        except OAuthError as error:
            return json_answer(error.document, error.status)
        lifetime = faults.token_lifetime_seconds
        document = {
            "access_token": simulation.tokens.issue(scopes, simulation.clock(), lifetime),
            "expires_in": lifetime,
            "scope": " ".join(sorted(scopes)),
            "token_type": "bearer",
        }
        return json_answer(document, headers={"cache-control": "no-store"})


class EventsEndpoint:
    """``POST /v1/proactiveEvents`` of one region and stage."""

    def __init__(self, simulation: Simulation, door: Door) -> None:
        self._simulation = simulation
        self._door = door

    async def post(self, request: Request) -> Response:
        """Answer one event, or fail as the faults say."""
        body = await request.body()
        traffic, moment = self._simulation.traffic, self._simulation.monotonic()
        try:
            response = await self._answer(request.headers.get("authorization"), body, moment)
        except Refused as refused:
            response = json_answer(refused.document, refused.status)
        traffic.answered(_outcome(response), self._simulation.monotonic())
        return response

    async def _answer(self, authorization: str | None, body: bytes, moment: float) -> Response:
        simulation, faults = self._simulation, self._simulation.faults.api
        if not simulation.traffic.admit(moment, faults.rate_per_second):
            return self._too_many()
        now = simulation.clock()
        if reason := simulation.tokens.refusal(authorization, PROACTIVE_EVENTS_SCOPE, now):
            raise Refused(403, reason)
        event = parse_request(body, now)
        if not faults.any:
            return self._notify(event)
        random = simulation.fate(event.user_id)
        await asyncio.sleep(random.uniform(*faults.latency_ms) / 1000)
        if (failure := self._failure(event, random)) is not None:
            return failure
        reset = random.random() < faults.reset_after_accept
        accepted = self._notify(event)
        return ConnectionReset() if reset else accepted

    def _failure(self, event: ProactiveEvent, random: Random) -> Response | None:
        faults = self._simulation.faults.api
        if random.random() < faults.unauthorized:
            return json_answer({"message": "Access token is not valid"}, 401)
        if random.random() < faults.throttle:
            return self._too_many()
        if random.random() < faults.error_5xx:
            return json_answer({"message": "Internal error"}, random.choice(_SERVER_ERRORS))
        if random.random() < faults.timeout:
            return self._time_out(event, took_effect=random.random() < 1 / 2)
        return None

    def _time_out(self, event: ProactiveEvent, *, took_effect: bool) -> Response:
        if took_effect:
            with suppress(Refused):
                self._notify(event)
        return NoAnswer(self._simulation.faults.api.timeout_seconds)

    def _notify(self, event: ProactiveEvent) -> Response:
        simulation = self._simulation
        now, limit = simulation.clock(), simulation.faults.daily_limit
        simulation.notifications.notify(event, self._door, now, limit)
        return Response(status_code=202)

    def _too_many(self) -> Response:
        retry_after = self._simulation.faults.api.retry_after
        headers = {} if retry_after is None else {"retry-after": str(retry_after)}
        return json_answer({"message": "Too many requests"}, 429, headers)


def _outcome(response: Response) -> str:
    if isinstance(response, ConnectionReset):
        return "reset"
    return "timeout" if isinstance(response, NoAnswer) else str(response.status_code)
