"""The Proactive Events API: one event to one customer, or to all who are subscribed.

Source: "Proactive Events API" reference (Alexa Skills Kit).
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import TYPE_CHECKING

import aiohttp

from yellowring.alexa.endpoints import alexa_url

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from yellowring.alexa.endpoints import Region
    from yellowring.alexa.lwa import AccessTokens
    from yellowring.settings import Stage

PATHS: Mapping[Stage, str] = {
    "live": "/v1/proactiveEvents",
    "development": "/v1/proactiveEvents/stages/development",
}
TIMEOUT = aiohttp.ClientTimeout(total=10, connect=3)


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
        """Give the body for one customer."""
        return self.before + json.dumps(user_id).encode() + self.after


@dataclass(frozen=True, slots=True)
class Answer:
    """What Alexa answered.

    Attributes
    ----------
    status
        HTTP status; ``None`` when there was none (time-out, reset), so the outcome is unknown.
    message
        What Alexa said, or how there came to be no answer; may name a user id: never log it.
    request_id
        ``x-amzn-requestid``.
    retry_after
        Seconds to wait, where Alexa said so.
    """

    status: int | None
    message: str = ""
    request_id: str | None = None
    retry_after: float | None = None

    @property
    def doubts_token(self) -> bool:
        """Whether this may be about the access token and not about the customer."""
        if self.status == HTTPStatus.FORBIDDEN:
            message = self.message.lower()
            return "enablement" not in message and "subscription" not in message
        return self.status == HTTPStatus.UNAUTHORIZED


class ProactiveEvents:
    """Sends events, over kept connections, with a token that is renewed when it is refused.

    Parameters
    ----------
    http
        The session to call with; it bounds and keeps the connections.
    tokens
        Tokens for ``alexa::proactive_events``.
    stage
        Which of the skill's stages the customers have enabled.
    base_url
        ``ALEXA_BASE_URL``.
    """

    def __init__(
        self, http: aiohttp.ClientSession, tokens: AccessTokens, *, stage: Stage, base_url: str = ""
    ) -> None:
        self._http = http
        self._tokens = tokens
        self._path = PATHS[stage]
        self._base_url = base_url
        self._beyond_doubt: str | None = None

    async def send(self, region: Region, body: bytes) -> Answer:
        """Send one request; never raises for what Alexa or the network answers.

        A refusal that may be the token's fault renews the token and repeats, once. If the new
        token is refused alike, the token was not at fault and is not doubted again.

        Raises
        ------
        InvalidCredentials, TokenUnavailable
            There is no token to send with.
        """
        token = await self._tokens.get()
        answer = await self._post(region, body, token)
        if not answer.doubts_token or token == self._beyond_doubt:
            return answer
        renewed = await self._tokens.renew(token)
        answer = await self._post(region, body, renewed)
        if answer.doubts_token:
            self._beyond_doubt = renewed
        return answer

    async def _post(self, region: Region, body: bytes, token: str) -> Answer:
        url = alexa_url(region, self._base_url) + self._path
        headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
        try:
            async with self._http.post(url, data=body, headers=headers, timeout=TIMEOUT) as answer:
                text = await answer.text(errors="replace")
                return Answer(
                    answer.status,
                    text[:1000],
                    answer.headers.get("x-amzn-requestid"),
                    _seconds(answer.headers.get("retry-after")),
                )
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            return Answer(None, type(error).__name__)


def _seconds(retry_after: str | None) -> float | None:
    """Read a ``Retry-After``: seconds, or an HTTP date (RFC 9110, section 10.2.3)."""
    if retry_after is None:
        return None
    try:
        return max(0.0, float(retry_after))
    except ValueError:
        pass
    try:
        return max(0.0, (parsedate_to_datetime(retry_after) - datetime.now(UTC)).total_seconds())
    except (ValueError, TypeError):
        return None
