"""A request to the Proactive Events API: read, checked, and refused with its reason."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from datetime import timedelta
from functools import lru_cache
from typing import TYPE_CHECKING, Any, NoReturn

from yellowring_tools.simulator.schemas import content_problems, parse_time

if TYPE_CHECKING:
    from datetime import datetime

SOONEST_EXPIRY = timedelta(minutes=5)
LATEST_EXPIRY = timedelta(hours=24)
CLOCK_TOLERANCE = timedelta(minutes=1)
"""How far a caller's clock may be ahead of Alexa's before the longest expiry is refused."""

LONGEST_USER_ID = 255
_REFERENCE_ID = re.compile(r"[A-Za-z0-9~]{1,100}", re.ASCII)
_FIELDS = {
    "timestamp",
    "referenceId",
    "expiryTime",
    "event",
    "localizedAttributes",
    "relevantAudience",
}
_REQUIRED = _FIELDS - {"localizedAttributes"}


class Refused(Exception):
    """A request that is not accepted: the status and the JSON body of the answer."""

    def __init__(self, status: int, message: str, **more: str) -> None:
        super().__init__(message)
        self.status = status
        self.document = {**more, "message": message}


@dataclass(frozen=True, eq=False)
class Content:
    """What is announced; one object shared by every request that announces the same."""

    event_name: str
    payload: dict[str, Any]
    localized_attributes: list[dict[str, str]]


@dataclass(frozen=True, slots=True)
class ProactiveEvent:
    """A request whose body is right; ``user_id`` is ``None`` when it is for everyone."""

    reference_id: str
    timestamp: datetime
    expiry: datetime
    content: Content
    user_id: str | None


def parse_request(body: bytes, now: datetime) -> ProactiveEvent:
    """Read and check a request's body, audience's existence aside.

    Raises
    ------
    Refused
        With status 400, saying what is wrong and where.
    """
    document = load_object(body)
    if unknown := document.keys() - _FIELDS:
        refuse(f"unknown field {', '.join(sorted(unknown))}; allowed: {', '.join(sorted(_FIELDS))}")
    if missing := _REQUIRED - document.keys():
        refuse(f"required field {', '.join(sorted(missing))} is missing")
    timestamp, expiry = _times(document, now)
    reference_id = document["referenceId"]
    if not isinstance(reference_id, str) or not _REFERENCE_ID.fullmatch(reference_id):
        refuse("referenceId: must be 1 to 100 characters out of letters, digits and ~")
    user_id = _audience(document["relevantAudience"])
    content = _content(document["event"], document.get("localizedAttributes", []))
    return ProactiveEvent(reference_id, timestamp, expiry, content, user_id)


def refuse(message: str) -> NoReturn:
    """Refuse a request for what its body says."""
    raise Refused(400, message, code="INVALID_REQUEST")


def load_object(body: bytes) -> dict[str, Any]:
    """Decode a body that must be one JSON object in UTF-8, or refuse it with 400."""
    try:
        document = json.loads(body.decode(), parse_constant=_not_json)
    except (ValueError, RecursionError) as error:
        refuse(f"body is not JSON in UTF-8: {error}")
    if not isinstance(document, dict):
        refuse("body must be a JSON object")
    return document


def _not_json(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is not a JSON value")


def _times(document: dict[str, Any], now: datetime) -> tuple[datetime, datetime]:
    timestamp, expiry = parse_time(document["timestamp"]), parse_time(document["expiryTime"])
    if timestamp is None:
        refuse("timestamp: must be an ISO 8601 date and time with Z or an offset")
    if expiry is None:
        refuse("expiryTime: must be an ISO 8601 date and time with Z or an offset")
    after_timestamp, after_now = expiry - timestamp, expiry - now
    if after_timestamp < SOONEST_EXPIRY or after_now < SOONEST_EXPIRY:
        refuse("expiryTime: must be at least 5 minutes after timestamp and after now")
    if after_timestamp > LATEST_EXPIRY or after_now > LATEST_EXPIRY + CLOCK_TOLERANCE:
        refuse("expiryTime: must be at most 24 hours after timestamp and after now")
    return timestamp, expiry


def _audience(audience: object) -> str | None:
    if not isinstance(audience, dict) or set(audience) != {"type", "payload"}:
        refuse("relevantAudience: must be an object with type and payload, and nothing else")
    payload = audience["payload"]
    if audience["type"] == "Multicast":
        if payload != {}:
            refuse("relevantAudience.payload: must be {} for Multicast")
        return None
    if audience["type"] != "Unicast":
        refuse("relevantAudience.type: must be Unicast or Multicast")
    if not isinstance(payload, dict) or set(payload) != {"user"}:
        refuse('relevantAudience.payload: must be {"user": "<user id>"} for Unicast')
    user_id = payload["user"]
    if not isinstance(user_id, str) or not 0 < len(user_id) <= LONGEST_USER_ID:
        refuse(f"relevantAudience.payload.user: must be 1 to {LONGEST_USER_ID} characters")
    return user_id


def _content(event: object, localized_attributes: object) -> Content:
    try:
        content = _checked(json.dumps([event, localized_attributes], separators=(",", ":")))
    except RecursionError:
        refuse("event: nested too deep")
    if isinstance(content, str):
        refuse(content)
    return content


@lru_cache(maxsize=4096)
def _checked(serialised: str) -> Content | str:
    """Check a content once, however many customers get it; the text says what is wrong."""
    event, localized_attributes = json.loads(serialised)
    if problems := content_problems(event, localized_attributes):
        return "; ".join(problems)
    return Content(event["name"], event["payload"], localized_attributes)
