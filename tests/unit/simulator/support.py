"""A skill, a clock that stands still until told, right requests, and a client without a server."""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from yellowring_tools.simulator.app import create_app
from yellowring_tools.simulator.config import SimulatorConfig
from yellowring_tools.simulator.simulation import Simulation

if TYPE_CHECKING:
    from collections.abc import Callable, MutableMapping

type Json = Any

SKILL_ID = "amzn1.ask.skill.test"
CLIENT_ID = "amzn1.application-oa2-client.test"
CLIENT_SECRET = "a secret + with & signs"
NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
WEATHER = "AMAZON.WeatherAlert.Activated"
GAME = "AMAZON.SocialGameInvite.Available"


@dataclass
class Clock:
    """A time of day and a monotonic time that move together, when told."""

    now: datetime = NOON

    def __call__(self) -> datetime:
        return self.now

    def monotonic(self) -> float:
        return (self.now - NOON).total_seconds()

    def advance(self, **units: float) -> None:
        self.now += timedelta(**units)


def configured(**changes: Json) -> SimulatorConfig:
    return SimulatorConfig(
        **{"skill_id": SKILL_ID, "client_id": CLIENT_ID, "client_secret": CLIENT_SECRET, **changes}
    )


def simulated(
    clock: Clock | None = None,
    invoke: Callable[[bytes], bytes | None] | None = None,
    **changes: Json,
) -> Simulation:
    clock = clock or Clock()
    return Simulation(configured(**changes), clock=clock, monotonic=clock.monotonic, invoke=invoke)


def weather_event() -> dict[str, Any]:
    return {
        "name": WEATHER,
        "payload": {
            "weatherAlert": {"source": "localizedattribute:source", "alertType": "TORNADO"}
        },
    }


def request_body(now: datetime = NOON, user_id: str | None = None, **changes: Json) -> bytes:
    """Give a right request for one customer, or for all, with fields changed (None: left out)."""
    document: dict[str, Any] = {
        "timestamp": now.isoformat(),
        "referenceId": "storm~1",
        "expiryTime": (now + timedelta(hours=1)).isoformat(),
        "event": weather_event(),
        "localizedAttributes": [
            {"locale": "en-US", "source": "the weather desk"},
            {"locale": "de-DE", "source": "der Wetterdienst"},
        ],
        "relevantAudience": {"type": "Multicast", "payload": {}}
        if user_id is None
        else {"type": "Unicast", "payload": {"user": user_id}},
        **changes,
    }
    return json.dumps({key: value for key, value in document.items() if value is not None}).encode()


@dataclass(frozen=True)
class Answer:
    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def document(self) -> Json:
        return json.loads(self.body)


class Client:
    """Calls the application as a server would, one request at a time."""

    def __init__(self, simulation: Simulation) -> None:
        self.simulation = simulation
        self._app = create_app(simulation.config, simulation)

    def call(
        self,
        method: str,
        path: str,
        body: object = None,
        headers: dict[str, str] | None = None,
    ) -> Answer:
        raw = body if isinstance(body, bytes) else json.dumps(body).encode()
        return asyncio.run(self._call(method, path, b"" if body is None else raw, headers or {}))

    async def _call(self, method: str, path: str, body: bytes, headers: dict[str, str]) -> Answer:
        address = urlsplit(path)
        scope = {
            "type": "http",
            "method": method,
            "path": address.path,
            "query_string": address.query.encode(),
            "headers": [(name.lower().encode(), text.encode()) for name, text in headers.items()],
        }
        messages: list[MutableMapping[str, Any]] = []

        async def receive() -> dict[str, Any]:
            return {"type": "http.request", "body": body}

        async def send(message: MutableMapping[str, Any]) -> None:
            messages.append(message)

        await self._app(scope, receive, send)
        start, *parts = messages
        return Answer(
            start["status"],
            {name.decode(): text.decode() for name, text in start["headers"]},
            b"".join(part.get("body", b"") for part in parts),
        )

    def sim(self, method: str, path: str, body: object = None) -> Json:
        """Use a control that must succeed."""
        answer = self.call(method, f"/_sim{path}", body)
        assert answer.status < 300, answer.body
        return answer.document

    def token(self, scope: str = "alexa%3A%3Aproactive_events") -> str:
        answer = self.call("POST", "/auth/O2/token", token_form(scope=scope), FORM_HEADERS)
        assert answer.status == 200, answer.body
        token: str = answer.document["access_token"]
        return token

    def event(self, body: bytes, path: str = "", token: str | None = None) -> Answer:
        """Post an event at a region's development stage, or at the path given."""
        if not path.endswith("/v1/proactiveEvents"):
            path = f"{path}/v1/proactiveEvents/stages/development"
        headers = {"authorization": f"Bearer {token or self.token()}"}
        return self.call("POST", path, body, headers)

    def customer(self, action: str = "subscribe", **new: object) -> str:
        """Make a customer and let them do something; returns the user id."""
        user_id: str = self.sim("POST", "/customers", new)["userId"]
        self.sim("POST", f"/customers/{user_id}/{action}")
        return user_id


FORM_HEADERS = {"content-type": "application/x-www-form-urlencoded"}


def token_form(**changes: str | None) -> bytes:
    """Give a right token request, with parameters changed (None: left out), already encoded."""
    form: dict[str, str | None] = {
        "grant_type": "client_credentials",
        "client_id": CLIENT_ID,
        "client_secret": "a+secret+%2B+with+%26+signs",
        "scope": "alexa%3A%3Aproactive_events",
        **changes,
    }
    return "&".join(f"{key}={value}" for key, value in form.items() if value is not None).encode()
