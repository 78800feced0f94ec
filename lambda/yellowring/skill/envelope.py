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
from time import time_ns
from typing import TYPE_CHECKING

from yellowring.alexa.endpoints import normalised
from yellowring.tokens import holds_token

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

_LOCALE = re.compile(r"([A-Za-z]{2,3})[-_]([A-Za-z]{2})")

TIME_FIELDS = ("timestamp", "timeStamp", "eventCreationTime", "eventPublishingTime")
_SECONDS_END = 100_000_000_000
"""Epoch numbers below this are seconds (until the year 5138), above it milliseconds."""
_LAST_MS = 253_402_300_799_999
"""The last millisecond of the year 9999."""
_LONGEST_LIST = 100
_MOST_AHEAD = 10 * 60 * 1000
"""How far (ms) a time may be ahead of our clock."""


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
        The same for every delivery of the same event; empty when the request has none.
    happened_at
        When it happened, in milliseconds since the epoch, UTC; ``None`` when nothing tells.
    user_id
        The customer; personal data.
    fields
        The ``request`` object as it came.
    host
        ``context.System.apiEndpoint``, where it is one of Alexa's.
    """

    def __init__(self, envelope: Mapping[str, object]) -> None:
        request = _object(envelope.get("request"), "request")
        system = _system(envelope)
        user = _object(system.get("user"), "context.System.user")
        request_id = request.get("requestId")
        self.object_type = request_type(envelope)
        self.request_id = str(request_id) if _is_text(request_id) else ""
        self._now = now_ms()
        self.happened_at = usable_time((request.get(name) for name in TIME_FIELDS), self._now)
        self.user_id = text(user.get("userId"), "context.System.user.userId")
        self.fields = request
        self.host = normalised(system.get("apiEndpoint"))

    def at(self, *, opt_out: bool = False) -> int:
        """Return the time (ms) to order by: without a usable one, an opt-out happened now."""
        return self.happened_at if self.happened_at is not None else self._now * opt_out

    def listed(self, field: str, key: str) -> frozenset[str]:
        """Return the ``key`` of every object in a list of the body.

        No body and no list are an empty list; entries that cannot be read are skipped.

        Raises
        ------
        InvalidSkillEvent
            It is no list, or has entries and none of them can be read.
        """
        path, body = f"request.body.{field}", self.fields.get("body")
        entries = _object({} if body in (None, []) else body, "request.body").get(field)
        if entries is None:
            return frozenset()
        if not isinstance(entries, list) or len(entries) > _LONGEST_LIST:
            raise InvalidSkillEvent(f"{path} must be a list of at most {_LONGEST_LIST} objects")
        values = (entry.get(key) for entry in entries if isinstance(entry, Mapping))
        found = frozenset(str(value) for value in values if _is_text(value))
        if entries and not found:
            raise InvalidSkillEvent(f"{path} must be a list of objects, each with {key}")
        return found


def request_type(envelope: object) -> str:
    """Tell what kind of request an envelope holds.

    Raises
    ------
    InvalidSkillEvent
        There is no request, or it has no type.
    """
    request = _object(_object(envelope, "the request envelope").get("request"), "request")
    return text(request.get("type"), "request.type")


def request_id_of(envelope: object) -> object:
    """Return what an envelope has for its request's id, whatever it is; ``None`` without one."""
    request = envelope.get("request") if isinstance(envelope, Mapping) else None
    return request.get("requestId") if isinstance(request, Mapping) else None


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


def usable_time(times: Iterable[object], now: int) -> int | None:
    """Return the first time (ms) that can be read and is at most ten minutes ahead of ``now``."""
    for time in times:
        try:
            at = milliseconds(time)
        except (ValueError, OverflowError):
            continue
        if at <= now + _MOST_AHEAD:
            return at
    return None


def locale_of(value: object) -> str | None:
    """Return a locale as Alexa spells it, whatever its case and hyphen; ``None`` for no locale.

    Examples
    --------
    >>> locale_of("fr_ca")
    'fr-CA'
    """
    match = _LOCALE.fullmatch(value) if isinstance(value, str) else None
    return f"{match[1].lower()}-{match[2].upper()}" if match else None


def now_ms() -> int:
    """Return the present time in milliseconds since the epoch."""
    return time_ns() // 1_000_000


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
    if isinstance(value, str) and _is_text(value, longest):
        return value
    raise InvalidSkillEvent(
        f"{path} must be a string of 1 to {longest} plain characters, "
        f"but is {'missing' if value is None else 'not'}"
    )


def _is_text(value: object, longest: int = 255) -> bool:
    return (
        isinstance(value, str)
        and 0 < len(value) <= longest
        and value.isascii()
        and value.isprintable()
        and not holds_token(value)
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
