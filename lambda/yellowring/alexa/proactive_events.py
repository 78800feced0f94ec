"""The Proactive Events API: one event to one customer, or to all who are subscribed.

Source: "Proactive Events API" reference (Alexa Skills Kit).
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from yellowring.alexa.calls import Answer, AuthorizedCalls
from yellowring.alexa.endpoints import alexa_url

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from yellowring.alexa.connections import Connections
    from yellowring.alexa.endpoints import Region
    from yellowring.alexa.lwa import AccessTokens
    from yellowring.settings import Stage

__all__ = ["PATHS", "Answer", "CreateProactiveEventRequest", "ProactiveEvents", "UnicastTemplate"]

PATHS: Mapping[Stage, str] = {
    "live": "/v1/proactiveEvents",
    "development": "/v1/proactiveEvents/stages/development",
}


@dataclass(frozen=True, slots=True)
class CreateProactiveEventRequest:
    """A request's body but for its audience; rendered once, however many customers get it.

    Attributes
    ----------
    timestamp, expiry_time
        Aware times; the second 5 minutes to 24 hours after the first.
    reference_id
        Letters, digits and ``~``, at most 100: one customer gets at most one event for it.
    event_name, payload
        One of the eight events and its payload.
    localized_attributes
        One object per locale, with ``locale`` and every key that the payload refers to.
    """

    timestamp: datetime
    reference_id: str
    expiry_time: datetime
    event_name: str
    payload: Mapping[str, object]
    localized_attributes: Sequence[Mapping[str, str]] = ()

    def multicast(self) -> bytes:
        """Render the body for everybody who is subscribed."""
        return self._opening() + b'{"type":"Multicast","payload":{}}}'

    def unicast(self) -> UnicastTemplate:
        """Render the body for single customers, all but the customer."""
        opening = self._opening() + b'{"type":"Unicast","payload":{"user":'
        return UnicastTemplate(opening, b"}}}")

    def _opening(self) -> bytes:
        head = {
            "timestamp": self.timestamp.isoformat(),
            "referenceId": self.reference_id,
            "expiryTime": self.expiry_time.isoformat(),
            "event": {"name": self.event_name, "payload": self.payload},
            "localizedAttributes": self.localized_attributes,
        }
        return json.dumps(head, separators=(",", ":"))[:-1].encode() + b',"relevantAudience":'


@dataclass(frozen=True, slots=True)
class UnicastTemplate:
    """A body with a gap where the user id goes."""

    before: bytes
    after: bytes

    def body(self, user_id: str) -> bytes:
        """Return the body for one customer."""
        return self.before + json.dumps(user_id).encode() + self.after


class ProactiveEvents:
    """Sends events, over kept connections, with a token that is renewed when it is refused.

    Parameters
    ----------
    connections
        The connections to send over.
    tokens
        Tokens for ``alexa::proactive_events``.
    stage
        Which of the skill's stages the customers have enabled.
    base_url
        ``ALEXA_BASE_URL``.
    """

    def __init__(
        self, connections: Connections, tokens: AccessTokens, *, stage: Stage, base_url: str = ""
    ) -> None:
        self._calls = AuthorizedCalls(connections, tokens)
        self._path = PATHS[stage]
        self._base_url = base_url

    async def ready(self) -> None:
        """Fetch a token unless there is one, so that sending need not wait for one.

        Raises
        ------
        InvalidCredentials, TokenUnavailable
            There is none to send with.
        """
        await self._calls.ready()

    async def send(self, region: Region, body: bytes) -> Answer:
        """Send one request; never raises for what Alexa or the network answers.

        A refusal that may be the token's fault renews the token and repeats, once.

        Raises
        ------
        InvalidCredentials, TokenUnavailable
            There is no token to send with.
        """
        return await self._calls.post(alexa_url(region, self._base_url) + self._path, body)
