"""This machine's clock, beside AWS's and Amazon's: `send` names a run after its minute."""

from __future__ import annotations

import http.client
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from yellowring.alexa.endpoints import LWA_HOST

from yellowring_tools.doctor.finding import fault, warning

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from yellowring_tools.doctor.finding import Finding
    from yellowring_tools.doctor.stack.deployment import Deployment

NOTABLE = timedelta(seconds=10)
"""What a slow answer and the header's whole seconds do not explain."""
REFUSED = timedelta(minutes=5)
"""AWS refuses requests that are signed by a clock so far off; Alexa takes no event that expires in
less."""
SECONDS = 5.0
"""How long to wait for Amazon's answer."""
_REMEDY = "let the machine set its clock from the network: timedatectl set-ntp true"


def check_clock(deployment: Deployment, now: Callable[[], datetime]) -> Iterator[Finding]:
    """Check the clock; ``now`` reads it, aware."""
    answer = deployment.stack.functions.list_event_source_mappings(MaxItems=1)
    header = answer["ResponseMetadata"]["HTTPHeaders"].get("date")
    yield from of_date(header, now(), "AWS")
    base = deployment.variables.get("LWA_BASE_URL") or LWA_HOST
    yield from of_date(date_of(base), now(), "Login with Amazon")


def of_date(header: str | None, now: datetime, whose: str) -> Iterator[Finding]:
    """Compare the clock with an answer's ``Date``; without a readable one nothing is said."""
    try:
        theirs = parsedate_to_datetime(header or "")
    except ValueError:
        return
    theirs = theirs if theirs.tzinfo else theirs.replace(tzinfo=UTC)
    off = now - theirs
    if abs(off) < NOTABLE:
        return
    told = f"is {abs(off).total_seconds():,.0f} s {'ahead of' if off > timedelta() else 'behind'}"
    make = fault if abs(off) >= REFUSED else warning
    yield make("clock", "this machine's clock", f"{told} {whose}'s", _REMEDY)


def date_of(base_url: str) -> str | None:
    """Return the ``Date`` that a server answers with; ``None`` where it does not answer."""
    url = urlsplit(base_url)
    kind = http.client.HTTPSConnection if url.scheme == "https" else http.client.HTTPConnection
    connection = kind(url.hostname or "", url.port, timeout=SECONDS)
    try:
        connection.request("HEAD", url.path or "/")
        return connection.getresponse().getheader("Date")
    except (OSError, http.client.HTTPException):
        return None
    finally:
        connection.close()
