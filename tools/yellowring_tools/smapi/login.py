"""A developer's access token from Login with Amazon, by the refresh token of their own profile.

Source: "Authorization Grants" (Login with Amazon), the refresh token grant; "Get Access Token for
SMAPI" (Alexa Skills Kit). The ASK CLI's own client id is not for others to use.
"""

from __future__ import annotations

import re
import time
import urllib.request
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from yellowring_tools.smapi.errors import SmapiError, SmapiUnknown
from yellowring_tools.smapi.http import TIMEOUT, exchange
from yellowring_tools.smapi.repeats import Repeats

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from yellowring_tools.smapi.call import Answer

CLIENT_ID, CLIENT_SECRET = "SMAPI_CLIENT_ID", "SMAPI_CLIENT_SECRET"
REFRESH_TOKEN = "SMAPI_REFRESH_TOKEN"  # noqa: S105 - a variable's name
EXPIRY_MARGIN = 60.0
"""Seconds before its end at which a token is no longer used."""
_TOKEN = re.compile(r"[!-~]+")
"""What can stand in a header, whole and alone."""


@dataclass(frozen=True, slots=True)
class SmapiLogin:
    """Client id and secret of a developer's own security profile, and a refresh token of it."""

    client_id: str
    client_secret: str = field(repr=False)
    refresh_token: str = field(repr=False)

    @classmethod
    def from_environ(cls, environ: Mapping[str, str]) -> SmapiLogin | None:
        """Read ``SMAPI_CLIENT_ID``, ``SMAPI_CLIENT_SECRET`` and ``SMAPI_REFRESH_TOKEN``.

        Returns
        -------
        SmapiLogin | None
            ``None`` when none of them is set.

        Raises
        ------
        SmapiError
            Some are set and others are not; names them.
        """
        names = (CLIENT_ID, CLIENT_SECRET, REFRESH_TOKEN)
        found = {name: environ.get(name, "").strip() for name in names}
        if not any(found.values()):
            return None
        if missing := [name for name, value in found.items() if not value]:
            raise SmapiError(
                None,
                "NO_LOGIN",
                f"{' and '.join(missing)} not set, but {' and '.join(set(names) - set(missing))} "
                "is: set all three, or none of them to go through the ASK CLI",
            )
        return cls(*found.values())


class AccessToken:
    """The access token of a login: fetched when it is needed, renewed before its end.

    Parameters
    ----------
    login
        Whose.
    base_url
        Where Login with Amazon is, without a trailing slash.
    clock
        Monotonic seconds.
    repeats
        Which failures are tried again.
    """

    def __init__(
        self,
        login: SmapiLogin,
        base_url: str,
        *,
        clock: Callable[[], float] = time.monotonic,
        repeats: Repeats | None = None,
    ) -> None:
        self._login = login
        self._url = f"{base_url}/auth/o2/token"
        self._clock = clock
        self._repeats = repeats or Repeats()
        self._value = ""
        self._best_before = 0.0

    def get(self) -> str:
        """Return a token that is good for a while.

        Raises
        ------
        SmapiError
            Login with Amazon refused the login; says which part, never what it holds.
        SmapiUnknown
            It gave no answer.
        """
        if not self._value or self._clock() >= self._best_before:
            self._fetch()
        return self._value

    def renew(self, refused: str) -> str:
        """Return another token than the one that was refused."""
        if self._value == refused:
            self._value = ""
        return self.get()

    def _fetch(self) -> None:
        asked_at = self._clock()
        body = self._request()
        value, expires_in = body.get("access_token"), body.get("expires_in")
        if not isinstance(value, str) or not _TOKEN.fullmatch(value):
            raise SmapiError(
                None, "GARBLED", "Login with Amazon's answer has no access token: try again"
            )
        life = float(expires_in) if isinstance(expires_in, int | float) else 0.0
        self._value = value
        self._best_before = asked_at + life - min(EXPIRY_MARGIN, life / 2)

    def _request(self) -> Mapping[str, object]:
        form = urlencode(
            {
                "grant_type": "refresh_token",
                "refresh_token": self._login.refresh_token,
                "client_id": self._login.client_id,
                "client_secret": self._login.client_secret,
            }
        ).encode()

        def ask() -> Answer:
            request = urllib.request.Request(  # noqa: S310 - checked where it was connected
                self._url, data=form, method="POST"
            )
            request.add_header("Content-Type", "application/x-www-form-urlencoded")
            return exchange("Login with Amazon", request, TIMEOUT)

        try:
            answer = self._repeats.of(ask, unknown=True)
        except SmapiUnknown:
            raise
        except SmapiError as error:
            raise _refused(error) from None
        return answer.body if isinstance(answer.body, dict) else {}


def _refused(error: SmapiError) -> SmapiError:
    if error.status is None:
        return error
    reasons = {
        "invalid_client": f"{CLIENT_ID} and {CLIENT_SECRET} are no security profile's",
        "invalid_grant": f"{REFRESH_TOKEN} has ended, or was made with another client id",
    }
    reason = reasons.get(error.code, f"it answered with status {error.status}")
    return SmapiError(
        error.status,
        error.code,
        f"Login with Amazon refused the developer's login: {reason}; make a new refresh token with "
        "`ask util generate-lwa-tokens` and the client id of your own security profile",
    )
