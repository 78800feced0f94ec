"""What all of Alexa's out-of-session services have in common: JSON posted with an access token."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import TYPE_CHECKING

import aiohttp
from yarl import URL

from yellowring.alexa.errors import (
    AlexaError,
    RequestRefused,
    ServiceUnavailable,
    TooManyRequests,
)
from yellowring.observability import redact

if TYPE_CHECKING:
    from yellowring.alexa.lwa import AccessTokens

TIMEOUT = aiohttp.ClientTimeout(total=10, connect=3)


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

    def raise_for_refusal(self, doing: str) -> None:
        """Do nothing when Alexa took the request.

        Parameters
        ----------
        doing
            What was being done, for the error: ``sending a skill message``.

        Raises
        ------
        TooManyRequests, ServiceUnavailable, RequestRefused
            Alexa did not; each carries what there is of status, request id, code and message.
        """
        if self.status is not None and HTTPStatus.OK <= self.status < HTTPStatus.MULTIPLE_CHOICES:
            return
        code, said = self._reason()
        told = f"status {self.status}" if self.status else "no answer"
        message = f"{doing} failed: {told}" + (f", {said}" if said else "")
        if self.request_id:
            message += f" (request {self.request_id})"
        error = self._error()(message, status=self.status, request_id=self.request_id, code=code)
        if isinstance(error, TooManyRequests):
            error.retry_after = self.retry_after
        raise error

    def _error(self) -> type[AlexaError]:
        if self.status == HTTPStatus.TOO_MANY_REQUESTS:
            return TooManyRequests
        if self.status is None or self.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            return ServiceUnavailable
        return RequestRefused

    def _reason(self) -> tuple[str | None, str]:
        """Give the code and the message of an error's body, without anybody's user id."""
        try:
            body = json.loads(self.message)
        except (ValueError, RecursionError):
            return None, redact(self.message[:300])
        if not isinstance(body, dict):
            return None, redact(self.message[:300])
        named = [
            body[name] for name in ("code", "error", "type") if isinstance(body.get(name), str)
        ]
        code = named[0][:100] if named else None
        said = body.get("message")
        return code, redact(said[:300] if isinstance(said, str) else code or "")


class AuthorizedCalls:
    """Posts JSON over kept connections, with a token that is renewed when it is refused.

    Parameters
    ----------
    http
        The session to call with; it bounds and keeps the connections.
    tokens
        Tokens for the scope of the service.
    """

    def __init__(self, http: aiohttp.ClientSession, tokens: AccessTokens) -> None:
        self._http = http
        self._tokens = tokens
        self._beyond_doubt: str | None = None

    async def ready(self) -> None:
        """Have a token; raises what having none to send with raises."""
        await self._tokens.get()

    async def post(self, url: str, body: bytes) -> Answer:
        """Send one request; never raises for what Alexa or the network answers.

        A refusal that may be the token's fault renews the token and repeats, once. If the new
        token is refused alike, the token was not at fault and is not doubted again.

        Raises
        ------
        InvalidCredentials, TokenUnavailable
            There is no token to send with.
        """
        token = await self._tokens.get()
        answer = await self._post(url, body, token)
        if not answer.doubts_token or token == self._beyond_doubt:
            return answer
        renewed = await self._tokens.renew(token)
        answer = await self._post(url, body, renewed)
        if answer.doubts_token:
            self._beyond_doubt = renewed
        return answer

    async def _post(self, url: str, body: bytes, token: str) -> Answer:
        headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
        encoded = URL(url, encoded=True)  # or a customer's id would be quoted another way
        try:
            async with self._http.post(
                encoded, data=body, headers=headers, timeout=TIMEOUT
            ) as answer:
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
