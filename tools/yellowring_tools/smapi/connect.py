"""Ways to SMAPI: the ASK CLI where it is set up, or a login of the developer's own."""

from __future__ import annotations

from yellowring.alexa.endpoints import HOSTS, LWA_HOST
from yellowring.settings import is_secure

from yellowring_tools.smapi.ask_cli import AskCli
from yellowring_tools.smapi.errors import SmapiError
from yellowring_tools.smapi.http import HttpTransport
from yellowring_tools.smapi.login import AccessToken, SmapiLogin
from yellowring_tools.smapi.operations import Smapi
from yellowring_tools.smapi.profiles import DEFAULT_PROFILE, ask_profiles

BASE_URL, LWA_BASE_URL = "SMAPI_BASE_URL", "LWA_BASE_URL"
"""Variables that say where SMAPI and Login with Amazon are, when not at Amazon."""


def connect(
    *,
    ask_profile: str | None,
    login: SmapiLogin | None,
    base_url: str = "",
    lwa_url: str = "",
) -> Smapi:
    """Return SMAPI by the way that there is; nothing is sent yet.

    Parameters
    ----------
    ask_profile
        A profile of the ASK CLI, to go through it. ``None``: the login's way if there is one, else
        the ASK CLI's default profile if it has one.
    login
        Of the developer's own security profile.
    base_url
        Stands in for ``https://api.amazonalexa.com`` when not empty.
    lwa_url
        Stands in for ``https://api.amazon.com`` when not empty.

    Raises
    ------
    SmapiError
        There is no way, or an address is neither https nor this machine's own.
    """
    base_url = _address(BASE_URL, base_url or HOSTS["na"])
    lwa_url = _address(LWA_BASE_URL, lwa_url or LWA_HOST)
    if ask_profile is None and login is not None:
        return Smapi(HttpTransport(base_url, AccessToken(login, lwa_url)))
    profile = ask_profile or (DEFAULT_PROFILE if DEFAULT_PROFILE in ask_profiles() else None)
    if profile is None:
        raise SmapiError(
            None,
            "NO_LOGIN",
            "no way to SMAPI: run `ask configure`, or set SMAPI_CLIENT_ID, SMAPI_CLIENT_SECRET and "
            "SMAPI_REFRESH_TOKEN of a security profile of your own",
        )
    return Smapi(AskCli(profile, base_url=base_url, lwa_url=lwa_url))


def _address(name: str, url: str) -> str:
    if not is_secure(url):
        raise SmapiError(
            None,
            "INSECURE",
            f"{name} must be https://…, or http:// to this machine itself: a developer's token is "
            "sent there",
        )
    return url.rstrip("/")
