"""Login with Amazon: the skill's own access tokens.

Source: "Access Token Retrieval REST API Reference" (Alexa Skills Kit).
"""

from __future__ import annotations

import asyncio
import json
import random
import re
import time
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from yellowring.alexa.connections import NoAnswer
from yellowring.alexa.endpoints import LWA_HOST
from yellowring.alexa.errors import InvalidCredentials, TokenUnavailable

if TYPE_CHECKING:
    from collections.abc import Callable, MutableMapping

    from yellowring.alexa.connections import Connections

PROACTIVE_EVENTS = "alexa::proactive_events"
SKILL_MESSAGING = "alexa:skill_messaging"

TRIES = 4
PLACEHOLDER = "REPLACE_ME"
"""What the template puts into a new secret."""
EXPIRY_MARGIN = 60.0
"""Seconds before its end at which a token is no longer used, as the ASK SDK does."""

LONGEST_LIFE = 10 * 86_400
"""Seconds; Amazon's tokens live for an hour."""
_FORM = b"Content-Type: application/x-www-form-urlencoded\r\n"
_TOKEN = re.compile(r"[!-~]+")
"""What can stand in a header, whole and alone."""


@dataclass(frozen=True, slots=True)
class Credentials:
    """A skill's client id and client secret, from its Permissions page."""

    client_id: str
    client_secret: str = field(repr=False)

    @classmethod
    def from_secret(cls, secret: str | None) -> Credentials:
        """Read them from a secret's string, ``{"clientId": "…", "clientSecret": "…"}``.

        Raises
        ------
        InvalidCredentials
            Says what the secret lacks; never what it holds.
        """
        try:
            document = json.loads(secret or "")
        except (ValueError, RecursionError):
            document = None
        if not isinstance(document, dict):
            raise InvalidCredentials(
                'the credentials secret is not JSON of the form {"clientId": "…", '
                '"clientSecret": "…"}: put both in from the skill\'s Permissions page'
            )
        missing = [
            name
            for name in ("clientId", "clientSecret")
            if not isinstance(document.get(name), str)
            or document[name].strip() in ("", PLACEHOLDER)
        ]
        if missing:
            raise InvalidCredentials(
                f"the credentials secret has no usable {' and no usable '.join(missing)}: "
                f"each must be the string from the skill's Permissions page, not {PLACEHOLDER}"
            )
        return cls(document["clientId"].strip(), document["clientSecret"].strip())


@dataclass(frozen=True, slots=True)
class Token:
    """An access token, and when it is too old to use (seconds of the clock that dated it)."""

    value: str = field(repr=False)
    best_before: float


class AccessTokens:
    """One shared token for one scope: fetched once however many ask, renewed before its end.

    Parameters
    ----------
    connections
        The connections to call over.
    credentials, scope
        Whose token, and for what (``PROACTIVE_EVENTS`` or ``SKILL_MESSAGING``).
    base_url
        ``LWA_BASE_URL``: stands in for ``https://api.amazon.com`` when not empty.
    known
        Tokens by scope; give the same mapping again to keep them over sessions.
    """

    def __init__(
        self,
        connections: Connections,
        credentials: Credentials,
        scope: str,
        *,
        base_url: str = "",
        known: MutableMapping[str, Token] | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._connections = connections
        self._credentials = credentials
        self._scope = scope
        self._url = f"{base_url or LWA_HOST}/auth/O2/token"
        self._known = {} if known is None else known
        self._clock = clock
        self._one_at_a_time = asyncio.Lock()

    async def get(self) -> str:
        """Return a token that is good for a while.

        Raises
        ------
        InvalidCredentials
            LWA refused the client id, the client secret or the scope.
        TokenUnavailable
            LWA could not be reached or would not answer.
        """
        return self._usable() or await self._single_flight()

    async def renew(self, refused: str) -> str:
        """Return another token than the one that was refused, fetched once for all who ask."""
        token = self._known.get(self._scope)
        if token is not None and token.value == refused:
            del self._known[self._scope]
        return await self.get()

    def _usable(self) -> str | None:
        token = self._known.get(self._scope)
        return token.value if token and self._clock() < token.best_before else None

    async def _single_flight(self) -> str:
        async with self._one_at_a_time:
            usable = self._usable()
            if usable:
                return usable
            token = await self._fetch()
            self._known[self._scope] = token
            return token.value

    async def _fetch(self) -> Token:
        problem = ""
        for attempt in range(TRIES):
            if attempt:
                await asyncio.sleep(random.uniform(0, 0.25 * 2**attempt))  # noqa: S311
            try:
                return await self._request()
            except TokenUnavailable as error:
                problem = str(error)
            except NoAnswer as error:
                problem = f"no answer ({error})"
        raise TokenUnavailable(f"Login with Amazon gave no token in {TRIES} tries: {problem}")

    async def _request(self) -> Token:
        asked_at = self._clock()
        form = {
            "grant_type": "client_credentials",
            "client_id": self._credentials.client_id,
            "client_secret": self._credentials.client_secret,
            "scope": self._scope,
        }
        answer = await self._connections.post(self._url, _FORM, urlencode(form).encode())
        request_id = answer.header(b"x-amzn-requestid")
        if answer.status == HTTPStatus.OK:
            return _token(_object(answer.body), asked_at)
        if answer.status in (HTTPStatus.BAD_REQUEST, HTTPStatus.UNAUTHORIZED):
            code = str(_object(answer.body).get("error", "refused"))[:100]
            raise InvalidCredentials(
                f"Login with Amazon refused the skill's credentials for {self._scope}: {code}; "
                "compare the secret with client id and client secret on the skill's "
                "Permissions page",
                status=answer.status,
                request_id=request_id,
                code=code,
            )
        raise TokenUnavailable(
            f"status {answer.status}", status=answer.status, request_id=request_id
        )


def _token(body: dict[str, object], asked_at: float) -> Token:
    value, expires_in = body.get("access_token"), body.get("expires_in")
    if not isinstance(value, str) or not isinstance(expires_in, int | float):
        raise TokenUnavailable("an answer without access_token or expires_in")
    if _TOKEN.fullmatch(value) is None or not 0 < expires_in < LONGEST_LIFE:
        raise TokenUnavailable("an answer whose access_token or expires_in cannot be used")
    margin = min(EXPIRY_MARGIN, expires_in / 2)
    return Token(value, asked_at + expires_in - margin)


def _object(body: bytes) -> dict[str, object]:
    try:
        document = json.loads(body.decode(errors="replace"))
    except (ValueError, RecursionError):
        return {}
    return document if isinstance(document, dict) else {}
