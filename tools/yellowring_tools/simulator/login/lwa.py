"""Login with Amazon: opaque bearer tokens for a client's id and secret, and how they end."""

from __future__ import annotations

import hmac
import json
import secrets
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl

from yellowring_tools.simulator.facts import SMAPI_SCOPE, TOKEN_SCOPES

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime

    from yellowring_tools.simulator.config import DeveloperLogin

FORM = "application/x-www-form-urlencoded"
_JSON = "application/json"
REFRESH = "refresh_token"

type Client = tuple[str, str]
"""A client's id and secret."""


class OAuthError(Exception):
    """A token request refused (RFC 6749, section 5.2)."""

    def __init__(self, status: int, error: str, description: str) -> None:
        super().__init__(description)
        self.status = status
        self.document = {"error": error, "error_description": description}


@dataclass(frozen=True, slots=True)
class _Grant:
    scopes: frozenset[str]
    ends: datetime


class Tokens:
    """Every token given out that still counts."""

    def __init__(self) -> None:
        self._grants: dict[str, _Grant] = {}
        self.issued = 0

    def issue(self, scopes: frozenset[str], now: datetime, lifetime_s: int) -> str:
        """Make a token that holds for ``lifetime_s`` seconds from ``now``."""
        self._grants = {token: grant for token, grant in self._grants.items() if grant.ends > now}
        token = f"Atc|{secrets.token_urlsafe(48)}"
        self._grants[token] = _Grant(scopes, now + timedelta(seconds=lifetime_s))
        self.issued += 1
        return token

    def refusal(self, authorization: str | None, scope: str, now: datetime) -> str | None:
        """Say why an ``Authorization`` header does not open ``scope``; ``None`` when it does."""
        kind, _, token = (authorization or "").partition(" ")
        if kind.lower() != "bearer" or not token.strip():
            return "Authorization header must be: Bearer <access token>"
        grant = self._grants.get(token.strip())
        if grant is None:
            return "Access token is not valid"
        if grant.ends <= now:
            return "Access token has expired"
        if scope not in grant.scopes:
            return f"Access token was not issued for scope {scope}"
        return None

    def revoke_all(self) -> int:
        """End every token at once; returns how many there were."""
        count = len(self._grants)
        self._grants.clear()
        return count


def token_request(content_type: str | None, body: bytes) -> Mapping[str, str]:
    """Read a token request; the ASK CLI sends its refresh token as JSON, and Amazon takes it.

    Raises
    ------
    OAuthError
        ``invalid_request``: it cannot be read.
    """
    kind = (content_type or "").partition(";")[0].strip().lower()
    if kind == _JSON and (form := _json_form(body)).get("grant_type") == REFRESH:
        return form
    if kind != FORM:
        raise OAuthError(400, "invalid_request", f"Content-Type must be {FORM}")
    return read_form(body)


def developer_scopes(login: DeveloperLogin, form: Mapping[str, str]) -> frozenset[str]:
    """Check a refresh token request of a developer, and return what its token is for.

    Raises
    ------
    OAuthError
        With the error code and status that OAuth gives for each fault.
    """
    for name in ("client_id", "client_secret", REFRESH):
        if not form.get(name):
            raise OAuthError(400, "invalid_request", f"The parameter {name} is missing")
    if not is_client([(login.client_id, login.client_secret)], form):
        raise OAuthError(401, "invalid_client", "Client id and client secret do not match")
    if not hmac.compare_digest(form[REFRESH].encode(), login.refresh_token.encode()):
        raise OAuthError(400, "invalid_grant", "The refresh token is not valid for this client")
    return frozenset({SMAPI_SCOPE})


def requested_scopes(clients: Iterable[Client], form: Mapping[str, str]) -> frozenset[str]:
    """Check a client credentials request, who asks and for what, and return the scopes.

    Raises
    ------
    OAuthError
        With the error code and status that OAuth gives for each fault.
    """
    for name in ("grant_type", "client_id", "client_secret", "scope"):
        if not form.get(name):
            raise OAuthError(400, "invalid_request", f"The parameter {name} is missing")
    if form["grant_type"] != "client_credentials":
        raise OAuthError(400, "unsupported_grant_type", "grant_type must be client_credentials")
    if not is_client(clients, form):
        raise OAuthError(401, "invalid_client", "Client id and client secret do not match a skill")
    scopes = frozenset(form["scope"].split())
    if not scopes or not scopes <= TOKEN_SCOPES:
        allowed = " or ".join(sorted(TOKEN_SCOPES))
        raise OAuthError(400, "invalid_scope", f"scope must be {allowed}")
    return scopes


def read_form(body: bytes) -> dict[str, str]:
    """Read a form-encoded body.

    Raises
    ------
    OAuthError
        ``invalid_request``: it is not one, or names a parameter twice.
    """
    try:
        pairs = parse_qsl(body.decode("ascii"), keep_blank_values=True, strict_parsing=True)
    except ValueError:
        raise OAuthError(400, "invalid_request", "The body is not form-encoded") from None
    form = dict(pairs)
    if len(form) != len(pairs):
        raise OAuthError(400, "invalid_request", "A parameter appears more than once")
    return form


def is_client(clients: Iterable[Client], form: Mapping[str, str]) -> bool:
    """Tell whether a form has the id and secret of one of the clients."""
    given_id, given_secret = form["client_id"].encode(), form["client_secret"].encode()
    found = [
        hmac.compare_digest(given_id, client_id.encode())
        and hmac.compare_digest(given_secret, client_secret.encode())
        for client_id, client_secret in clients
    ]
    return any(found)


def _json_form(body: bytes) -> dict[str, str]:
    try:
        document = json.loads(body)
    except (ValueError, RecursionError):
        return {}
    items = document.items() if isinstance(document, dict) else ()
    return {name: value for name, value in items if isinstance(value, str)}
