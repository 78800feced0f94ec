"""Where Alexa's services are: three regions, one host each, and nowhere else.

Source: Proactive Events API reference, "Service endpoints".
"""

from __future__ import annotations

from typing import Literal
from urllib.parse import urlsplit

Region = Literal["na", "eu", "fe"]

HOSTS: dict[Region, str] = {
    "na": "https://api.amazonalexa.com",
    "eu": "https://api.eu.amazonalexa.com",
    "fe": "https://api.fe.amazonalexa.com",
}
LWA_HOST = "https://api.amazon.com"

_REGIONS: dict[str, Region] = {
    **{host: region for region, host in HOSTS.items()},
    "https://api.fe.amazon.com": "fe",  # as some of Amazon's pages print the Far East's host
}
_AWS_CONTINENTS: dict[str, Region] = {"eu": "eu", "ap": "fe"}


class UnknownEndpoint(ValueError):
    """An ``apiEndpoint`` that is none of Alexa's: no token may ever be sent there."""


def normalised(api_endpoint: object) -> str | None:
    """Return the one spelling of an address of Alexa's; ``None`` for any other.

    A port that https has anyway, capitals and a trailing slash say nothing.

    Examples
    --------
    >>> normalised("HTTPS://API.EU.amazonalexa.com:443/")
    'https://api.eu.amazonalexa.com'
    """
    try:
        parts = urlsplit(api_endpoint if isinstance(api_endpoint, str) else "")
        plain = parts.port in {None, 443} and "@" not in parts.netloc
    except ValueError:
        return None
    rest = parts.path.strip("/") + parts.query + parts.fragment
    region = _REGIONS.get(f"{parts.scheme}://{parts.hostname}")
    return HOSTS[region] if region and plain and not rest else None


def region_of(api_endpoint: str) -> Region:
    """Return which of Alexa's regions an ``apiEndpoint`` belongs to.

    Raises
    ------
    UnknownEndpoint
        The address is none of Alexa's hosts over https.
    """
    region = _REGIONS.get(normalised(api_endpoint) or "")
    if region is None:
        raise UnknownEndpoint(
            f"apiEndpoint {_shown(api_endpoint)} is not one of Alexa's: "
            f"expected {', '.join(sorted(_REGIONS))}"
        )
    return region


def region_for_aws(aws_region: str) -> Region:
    """Tell which of Alexa's regions an AWS region serves (ASK: "Host a custom skill on Lambda").

    Examples
    --------
    >>> region_for_aws("us-east-1"), region_for_aws("eu-west-1"), region_for_aws("ap-northeast-1")
    ('na', 'eu', 'fe')
    """
    return _AWS_CONTINENTS.get(aws_region.partition("-")[0], "na")


def alexa_url(region: Region, base_url: str = "") -> str:
    """Give the address of a region's services, without a trailing slash.

    Parameters
    ----------
    region
        ``na``, ``eu`` or ``fe``.
    base_url
        ``ALEXA_BASE_URL``: stands in for the real host when not empty; ``{region}`` is replaced.
    """
    return base_url.replace("{region}", region).rstrip("/") or HOSTS[region]


def _shown(address: str) -> str:
    """Show an untrusted address shortly, without what may hide in its path or query."""
    try:
        parts = urlsplit(address)
        return repr(f"{parts.scheme}://{parts.hostname or ''}"[:100])
    except ValueError:
        return "(not an address)"
