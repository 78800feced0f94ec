"""What all of Alexa's out-of-session services have in common: JSON posted with an access token."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import TYPE_CHECKING

from yellowring.alexa.connections import NoAnswer
from yellowring.alexa.errors import (
    AlexaError,
    RequestRefused,
    ServiceUnavailable,
    TooManyRequests,
)
from yellowring.observability import redact

if TYPE_CHECKING:
    from yellowring.alexa.connections import Connections
    from yellowring.alexa.lwa import AccessTokens

LONGEST_WAIT = 24 * 3600.0
"""Seconds that a ``Retry-After`` can ask for: no event lives longer."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What Alexa answered.

    Attributes
    ----------
    status
        HTTP status; ``None`` when no answer was read whole (time-out, reset), so the outcome is
        unknown.
    message
        What Alexa said, or how there came to be no answer; may name a user id: never log it.
    request_id
        ``x-amzn-requestid``.
    retry_after
        Seconds to wait, where Alexa said so; at most a day.
    """

    status: int | None
    message: str = ""
    request_id: str | None = None
    retry_after: float | None = None

    @property
    def doubts_token(self) -> bool:
        """Whether this may be about the access token and not about the customer.

        An answer that is given out has been doubted once already: its token was renewed, and the
        new one was refused alike.
        """
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
        """Return the code and the message of an error's body, without anybody's user id."""
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
    connections
        The connections to call over.
    tokens
        Tokens for the scope of the service.
    """

    def __init__(self, connections: Connections, tokens: AccessTokens) -> None:
        self._connections = connections
        self._tokens = tokens
        self._beyond_doubt: str | None = None
        self._headers: dict[str, bytes] = {}

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
        headers = self._headers.get(token)
        if headers is None:
            headers = (
                f"Authorization: Bearer {token}\r\nContent-Type: application/json\r\n"
            ).encode()
            self._headers = {token: headers}
        try:
            answer = await self._connections.post(url, headers, body)
        except NoAnswer as error:
            return Answer(None, str(error))
        return Answer(
            answer.status,
            answer.body.decode(errors="replace")[:1000],
            answer.header(b"x-amzn-requestid"),
            parse_retry_after(answer.header(b"retry-after"), datetime.now(UTC)),
        )


def parse_retry_after(value: str | None, now: datetime) -> float | None:
    """Parse a ``Retry-After``: seconds, or an HTTP date (RFC 9110, section 10.2.3).

    Parameters
    ----------
    value
        The header, if there was one.
    now
        An aware time, which dates are compared with.

    Returns
    -------
    float or None
        Seconds, from 0 to `LONGEST_WAIT`; ``None`` for what is neither.
    """
    if value is None:
        return None
    try:
        seconds = float(value)
    except ValueError:
        return _until(value, now)
    return min(seconds, LONGEST_WAIT) if seconds >= 0 and math.isfinite(seconds) else None


def _until(date: str, now: datetime) -> float | None:
    try:
        moment = parsedate_to_datetime(date)
        if moment.tzinfo is None:  # written with -0000: UTC
            moment = moment.replace(tzinfo=UTC)
        return min(max(0.0, (moment - now).total_seconds()), LONGEST_WAIT)
    except (ValueError, TypeError, OverflowError):
        return None
