"""The accounts' provider: whose an access token is, and who gets one."""

from __future__ import annotations

import binascii
from base64 import b64decode
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote_plus
from uuid import uuid4

from pydantic import Field

from yellowring_tools.simulator.documents import Document
from yellowring_tools.simulator.login.keys import Algorithm, KeyName, encode, signing_key
from yellowring_tools.simulator.login.lwa import FORM, OAuthError, is_client, read_form

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from yellowring_tools.simulator.config import SimulatorConfig
    from yellowring_tools.simulator.login.lwa import Client

LINKED_SCOPE = "openid profile"
"""What a customer's access token is for; nothing of it opens an API for machines."""

_CLIENT_TOKEN_SECONDS = 3600
_LONGEST_LIFE_S = 86_400 * 365


class InvalidToken(Exception):
    """An access token says nothing here, or no longer; the text says why (RFC 6750)."""


class Mint(Document):
    """Body of ``POST /_sim/oidc/tokens``: any token, a right one unless told otherwise.

    ``claims`` come over the others; null takes one away. ``expiresIn`` is in seconds.
    """

    sub: str = "back-office"
    aud: str | tuple[str, ...] | None = None
    iss: str | None = None
    scope: str | None = None
    expires_in: int = Field(default=3600, ge=-_LONGEST_LIFE_S, le=_LONGEST_LIFE_S)
    alg: Algorithm = "RS256"
    key: KeyName = "own"
    claims: dict[str, Any] = Field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class AccessToken:
    """A customer's access token, and when it ends."""

    text: str
    ends: datetime


@dataclass(frozen=True, slots=True)
class _Grant:
    userinfo: Mapping[str, Any]
    ends: datetime


class Provider:
    """Gives access tokens to customers who link an account, and to machines.

    Parameters
    ----------
    config
        The audience and scope of the API that machines call.
    clients
        Gives the machines' client ids and secrets: the skills' own.
    issuer
        Gives the provider's URL, which is known once it listens.
    """

    def __init__(
        self,
        config: SimulatorConfig,
        clients: Callable[[], Iterable[Client]],
        issuer: Callable[[], str],
    ) -> None:
        self._config = config
        self._clients = clients
        self._issuer = issuer
        self._grants: dict[str, _Grant] = {}

    def discovery(self) -> dict[str, object]:
        """Return what there is (OpenID Connect Discovery 1.0).

        No endpoint for authorization is named: customers link by a control of the simulator.
        """
        issuer = self._issuer()
        return {
            "issuer": issuer,
            "jwks_uri": f"{issuer}/jwks",
            "token_endpoint": f"{issuer}/token",
            "userinfo_endpoint": f"{issuer}/userinfo",
            "grant_types_supported": ["client_credentials"],
            "token_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post"],
            "scopes_supported": [*LINKED_SCOPE.split(), self._config.api_scope],
            "response_types_supported": ["code"],
            "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": ["RS256"],
        }

    def keys(self) -> dict[str, object]:
        """Return the key set (RFC 7517)."""
        return {"keys": [signing_key("own").document()]}

    def issue(
        self, subject: str, claims: Mapping[str, Any], now: datetime, lifetime_s: int
    ) -> AccessToken:
        """Make the access token of an account, for the API's audience but not for its scope."""
        token = self._token(
            {"sub": subject, "aud": self._config.api_audience, "scope": LINKED_SCOPE},
            now,
            lifetime_s,
        )
        ends = now + timedelta(seconds=lifetime_s)
        self._remember(token, _Grant({"sub": subject, **claims}, ends), now)
        return AccessToken(token, ends)

    def end(self, token: str) -> None:
        """Take an access token back; the userinfo endpoint knows it no longer."""
        self._grants.pop(token, None)

    def userinfo(self, authorization: str | None, now: datetime) -> dict[str, Any]:
        """Return the claims of whose token an ``Authorization`` header brings.

        Raises
        ------
        InvalidToken
            When it brings none that counts.
        """
        kind, _, token = (authorization or "").partition(" ")
        if kind.lower() != "bearer" or not token.strip():
            raise InvalidToken("Authorization header must be: Bearer <access token>")
        grant = self._grants.get(token.strip())
        if grant is None:
            raise InvalidToken("The access token is not known, or was revoked")
        if grant.ends <= now:
            raise InvalidToken("The access token expired")
        return dict(grant.userinfo)

    def client_token(self, request: ClientRequest, now: datetime) -> dict[str, object]:
        """Answer a client credentials request (RFC 6749, section 4.4).

        Raises
        ------
        OAuthError
            With the error code and status that OAuth gives for each fault.
        """
        config, form = self._config, request.form()
        if form.get("grant_type") != "client_credentials":
            raise OAuthError(400, "unsupported_grant_type", "grant_type must be client_credentials")
        if not is_client(self._clients(), form):
            raise OAuthError(401, "invalid_client", "Client id and client secret do not match")
        scope = form.get("scope") or config.api_scope
        if scope != config.api_scope:
            raise OAuthError(400, "invalid_scope", f"scope must be {config.api_scope}")
        if form.get("audience", config.api_audience) != config.api_audience:
            raise OAuthError(400, "invalid_target", f"audience must be {config.api_audience}")
        claims = {"sub": form["client_id"], "client_id": form["client_id"]}
        token = self._token(
            claims | {"aud": config.api_audience, "scope": scope}, now, _CLIENT_TOKEN_SECONDS
        )
        return {
            "access_token": token,
            "token_type": "Bearer",
            "expires_in": _CLIENT_TOKEN_SECONDS,
            "scope": scope,
        }

    def mint(self, wanted: Mint, now: datetime) -> dict[str, object]:
        """Make any token; the userinfo endpoint knows those that are the provider's own."""
        claims = {"sub": wanted.sub, "aud": wanted.aud or self._config.api_audience}
        claims |= {} if wanted.scope is None else {"scope": wanted.scope}
        claims |= {} if wanted.iss is None else {"iss": wanted.iss}
        made = _named(self._claims(claims, now, wanted.expires_in) | wanted.claims)
        token = encode(made, wanted.alg, wanted.key)
        if wanted.alg != "none" and wanted.key == "own":
            ends = now + timedelta(seconds=wanted.expires_in)
            self._remember(token, _Grant(_named({"sub": wanted.sub} | wanted.claims), ends), now)
        return {"token": token, "claims": made}

    def _token(self, claims: Mapping[str, Any], now: datetime, lifetime_s: int) -> str:
        return encode(self._claims(claims, now, lifetime_s))

    def _claims(self, claims: Mapping[str, Any], now: datetime, lifetime_s: int) -> dict[str, Any]:
        issued = int(now.timestamp())
        times = {"iat": issued, "exp": issued + lifetime_s}
        return {"iss": self._issuer(), "jti": str(uuid4()), **times, **claims}

    def _remember(self, token: str, grant: _Grant, now: datetime) -> None:
        self._grants = {known: each for known, each in self._grants.items() if each.ends > now}
        self._grants[token] = grant


def _named(claims: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in claims.items() if value is not None}


@dataclass(frozen=True, slots=True)
class ClientRequest:
    """A request to the token endpoint, as it came."""

    content_type: str | None
    authorization: str | None
    body: bytes

    def form(self) -> dict[str, str]:
        """Read the form, with the client's id and secret wherever they stood.

        Raises
        ------
        OAuthError
            ``invalid_request`` or ``invalid_client``.
        """
        if (self.content_type or "").partition(";")[0].strip().lower() != FORM:
            raise OAuthError(400, "invalid_request", f"Content-Type must be {FORM}")
        form = read_form(self.body)
        if self.authorization is None:
            return {"client_id": "", "client_secret": ""} | form
        if {"client_id", "client_secret"} & form.keys():
            raise OAuthError(400, "invalid_request", "The client must say who it is only once")
        client_id, secret = _basic(self.authorization)
        return {**form, "client_id": client_id, "client_secret": secret}


def _basic(authorization: str) -> tuple[str, str]:
    kind, _, encoded = authorization.partition(" ")
    try:
        text = b64decode(encoded.strip(), validate=True).decode() if kind.lower() == "basic" else ""
    except (binascii.Error, UnicodeDecodeError):
        text = ""
    client_id, colon, secret = text.partition(":")
    if not colon:
        raise OAuthError(401, "invalid_client", "Authorization must be: Basic <id:secret>")
    # Both are form-encoded before they are joined (RFC 6749, section 2.3.1).
    return unquote_plus(client_id), unquote_plus(secret)
