"""Reading what Alexa sends: skill events in every spelling that has been seen.

The ASK SDK's deserialiser raises on a numeric timestamp, on a null list and on a type that it does
not know, and Alexa would deliver such an event again for an hour; so skill events are read here.
Sources: "Add Events to Your Skill" and "JSON Reference for Alexa Requests" (Alexa Skills Kit).
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

LOCALE = re.compile(r"[a-z]{2,3}-[A-Z]{2}")
"""What a locale looks like in a request."""

TIME_FIELDS = ("timestamp", "timeStamp", "eventCreationTime", "eventPublishingTime")
_SECONDS_END = 100_000_000_000
"""Epoch numbers below this are seconds (until the year 5138), above it milliseconds."""
_LAST_MS = 253_402_300_799_999
"""The last millisecond of the year 9999."""
_LONGEST_LIST = 100


class InvalidSkillEvent(ValueError):
    """A request that can never be understood; says which field, and what it should be."""


class WrongSkill(Exception):
    """The request is for another skill than ``SKILL_ID``."""


class SkillEvent:
    """A request without a session: something happened to one customer.

    Attributes
    ----------
    object_type
        The request's type, for example ``AlexaSkillEvent.SkillEnabled``.
    request_id
        The same for every delivery of the same event.
    at
        When it happened, in milliseconds since the epoch, UTC.
    user_id
        The customer; personal data.
    fields
        The ``request`` object as it came.
    api_endpoint
        ``context.System.apiEndpoint`` as it came, not yet checked.
    """

    def __init__(self, envelope: Mapping[str, object]) -> None:
        request = _object(envelope.get("request"), "request")
        system = _system(envelope)
        user = _object(system.get("user"), "context.System.user")
        self.object_type = request_type(envelope)
        self.request_id = text(request.get("requestId"), "request.requestId")
        self.at = _happened_at(request)
        self.user_id = text(user.get("userId"), "context.System.user.userId")
        self.fields = request
        self.api_endpoint = system.get("apiEndpoint")

    def body(self) -> Mapping[str, object]:
        """Give ``request.body``; none at all and ``null`` are empty bodies."""
        return _object(self.fields.get("body") or {}, "request.body")

    def listed(self, field: str, key: str) -> set[str]:
        """Give the ``key`` of every object in a list of the body; no list is an empty one.

        Raises
        ------
        InvalidSkillEvent
            Names the entry that is not as it should be.
        """
        path = f"request.body.{field}"
        entries = self.body().get(field) or []
        if not isinstance(entries, list) or len(entries) > _LONGEST_LIST:
            raise InvalidSkillEvent(f"{path} must be a list of at most {_LONGEST_LIST} objects")
        return {
            text(_object(entry, f"{path}[{i}]").get(key), f"{path}[{i}].{key}")
            for i, entry in enumerate(entries)
        }


def request_type(envelope: object) -> str:
    """Tell what kind of request an envelope holds.

    Raises
    ------
    InvalidSkillEvent
        There is no request, or it has no type.
    """
    request = _object(_object(envelope, "the request envelope").get("request"), "request")
    return text(request.get("type"), "request.type")


def check_skill(envelope: Mapping[str, object], skill_id: str) -> None:
    """Let only requests for our own skill pass.

    Raises
    ------
    WrongSkill
        ``applicationId`` is another one in ``context.System`` or ``session``, or is in neither.
    """
    context = envelope.get("context")
    system = context.get("System") if isinstance(context, Mapping) else None
    found = [_application_id(system), _application_id(envelope.get("session"))]
    if {each for each in found if each is not None} != {skill_id}:
        raise WrongSkill(
            f"applicationId is {_shown(found[0])} in context.System and {_shown(found[1])} in "
            f"session, but this function serves {skill_id} (SKILL_ID)"
        )


def milliseconds(value: object) -> int:
    """Read a time: ISO 8601 with or without fractions and offset, or epoch seconds or ms.

    Returns
    -------
    int
        Milliseconds since the epoch, UTC; what is finer is cut off.

    Raises
    ------
    ValueError
        It is none of these, or not between the years 1970 and 9999.

    Examples
    --------
    >>> milliseconds("2026-11-20T09:00:00.5Z") == milliseconds(1795165200500)
    True
    """
    if isinstance(value, str) and not _is_number(value):
        if len(value) <= len("2026-11-20"):
            raise ValueError("a date without a time")
        moment = datetime.fromisoformat(value.strip())
        moment = moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment
        epoch = datetime(1970, 1, 1, tzinfo=UTC)
        since = moment - epoch
        return _bounded(since.days * 86_400_000 + since.seconds * 1000 + since.microseconds // 1000)
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        raise ValueError("not a time")  # noqa: TRY004 - one error for all that is no time
    number = float(value)
    if not math.isfinite(number):
        raise ValueError("not a time")
    return _bounded(int(round(number * 1000 if number < _SECONDS_END else number, 3)))


def _bounded(number: int) -> int:
    if not 0 <= number <= _LAST_MS:
        raise ValueError("too far away")
    return number


def text(value: object, path: str, longest: int = 255) -> str:
    """Check that a field is a plain, non-empty string.

    Raises
    ------
    InvalidSkillEvent
        Names the field; never shows what it holds.
    """
    if isinstance(value, str) and 0 < len(value) <= longest and value.isascii():
        return value
    raise InvalidSkillEvent(
        f"{path} must be a string of 1 to {longest} plain characters, "
        f"but is {'missing' if value is None else 'not'}"
    )


def _happened_at(request: Mapping[str, object]) -> int:
    for name in TIME_FIELDS:
        if request.get(name) is not None:
            try:
                return milliseconds(request[name])
            except (ValueError, OverflowError):
                raise InvalidSkillEvent(
                    f"request.{name} is {_shown(request[name])}: it must be a time such as "
                    "2026-11-20T09:00:00Z, or milliseconds since 1970"
                ) from None
    raise InvalidSkillEvent(
        "request.timestamp is missing: without it the event cannot be put in order; "
        "it must be a time such as 2026-11-20T09:00:00Z"
    )


def _is_number(value: str) -> bool:
    return value.strip().replace(".", "", 1).isdigit()


def _system(envelope: Mapping[str, object]) -> Mapping[str, object]:
    context = _object(envelope.get("context"), "context")
    return _object(context.get("System"), "context.System")


def _application_id(holder: object) -> str | None:
    application = holder.get("application") if isinstance(holder, Mapping) else None
    found = application.get("applicationId") if isinstance(application, Mapping) else None
    return None if found is None else str(found)


def _object(value: object, path: str) -> Mapping[str, object]:
    if isinstance(value, Mapping):
        return value
    raise InvalidSkillEvent(f"{path} must be an object, but is {_kind(value)}")


def _kind(value: object) -> str:
    return "missing" if value is None else f"a {type(value).__name__}"


def _shown(value: object) -> str:
    shown: Sequence[str] = repr(value)
    return f"{shown[:60]}…" if len(shown) > 60 else str(shown)  # noqa: PLR2004
