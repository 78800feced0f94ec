"""What to send, to whom and for how long: the campaign, read from JSON and checked whole."""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Literal, cast

from yellowring.catalog import CheckedEvent, Problem, check_event
from yellowring.catalog.problems import at, nearest, quoted
from yellowring.sender.campaign.placeholders import attributes_named
from yellowring.sender.campaign.where import Where, parse_where
from yellowring.settings import EVENT_SOURCE_PATTERN
from yellowring.subscribers import LONGEST_USER_ID, is_customer_id, is_user_id

if TYPE_CHECKING:
    from collections.abc import Sequence

AudienceType = Literal["subscribers", "users", "customers", "multicast"]

AUDIENCE_TYPES: tuple[AudienceType, ...] = ("subscribers", "users", "customers", "multicast")
SHORTEST_EXPIRY = timedelta(minutes=5)
LONGEST_EXPIRY = timedelta(hours=24)
DEFAULT_EXPIRY = timedelta(hours=1)
LONGEST_NAME = 40
"""Characters of a campaign's name."""
MOST_NAMED = 1000
"""User or customer ids within a campaign; a longer list is stored before the run is started."""
MOST_LISTED = 10_000_000
"""Ids in a stored list."""
LARGEST_DOCUMENT = 32_000
"""Bytes of a campaign as JSON, its ids apart: each worker of a run reads it every second."""
MOST_PLACEHOLDERS = 100
"""Attributes that a campaign's texts may name: DynamoDB bounds the expression that reads them."""
NAME_PATTERN = r"[A-Za-z0-9-]{1,40}"

_NAME = re.compile(NAME_PATTERN)
_EVENT_SOURCE = re.compile(EVENT_SOURCE_PATTERN)
_DIGEST = re.compile(r"[0-9a-f]{32}")
_DURATION = re.compile(
    r"P(?:(?P<days>\d{1,3})D)?(?:T(?:(?P<hours>\d{1,4})H)?(?:(?P<minutes>\d{1,6})M)?"
    r"(?:(?P<seconds>\d{1,8})S)?)?"
)
_IDS = {"users": "userIds", "customers": "customerIds"}
"""What names the ids of an audience that is a list."""
_KEYS = ("name", "event", "localizedAttributes", "content", "expiresIn", "audience", "where")
_IGNORED_KEYS = ("$schema",)


class InvalidCampaign(ValueError):
    """A campaign that must not be sent.

    Attributes
    ----------
    problems
        Everything that is wrong with it, in the order of the document; never empty.
    """

    def __init__(self, problems: tuple[Problem, ...]) -> None:
        super().__init__("campaign refused: " + "; ".join(str(problem) for problem in problems))
        self.problems = problems


@dataclass(frozen=True, slots=True)
class Listed:
    """A list of user or customer ids, by its digest: the ids themselves lie in the runs table."""

    digest: str
    count: int

    @classmethod
    def of(cls, ids: Sequence[str]) -> Listed:
        """Name a list; the same ids in the same order have the same name."""
        digest = hashlib.sha256("\n".join(ids).encode()).hexdigest()
        return cls(digest[:32], len(ids))


@dataclass(frozen=True, slots=True)
class Audience:
    """Who is to be told: every subscriber, the users or customers listed, or all by one multicast.

    ``listed`` is there for users and customers only; ``user_ids`` or ``customer_ids`` where the
    campaign itself names them.
    """

    type: AudienceType = "subscribers"
    user_ids: tuple[str, ...] = field(default=(), repr=False)
    customer_ids: tuple[str, ...] = field(default=(), repr=False)
    listed: Listed | None = None

    @classmethod
    def of(cls, kind: AudienceType, ids: tuple[str, ...], *, stored: bool = False) -> Audience:
        """Return an audience of ``users`` or ``customers``; a stored one names nobody itself."""
        named = () if stored else ids
        if kind == "users":
            return cls(kind, user_ids=named, listed=Listed.of(ids))
        return cls(kind, customer_ids=named, listed=Listed.of(ids))

    @property
    def ids(self) -> tuple[str, ...]:
        """The ids that the campaign itself names, of users or customers."""
        return self.user_ids or self.customer_ids


@dataclass(frozen=True, slots=True)
class Campaign:
    """A checked campaign. Build one with `parse_campaign`.

    Parameters
    ----------
    name
        1 to 40 of ``A``-``Z``, ``a``-``z``, ``0``-``9`` and ``-``.
    event_name
        One of the catalog's eight.
    payload
        The event's payload in its wire shape; not to be changed. Empty where an event source makes
        it and the campaign has none of its own.
    localized_attributes
        One object for each locale, in its wire shape; empty when the payload refers to none.
    expires_in
        5 minutes to 24 hours.
    audience
        Who is to be told.
    where
        Which of the subscribers; ``None``: all.
    content
        The event source that makes each customer's content, by the name that it is registered
        under; ``None``: the campaign itself says what everybody hears.
    warnings
        What Alexa would take, though it can hardly have been meant.
    """

    name: str
    event_name: str
    payload: dict[str, Any]
    localized_attributes: list[dict[str, str]]
    expires_in: timedelta
    audience: Audience
    where: Where | None = None
    content: str | None = None
    warnings: tuple[Problem, ...] = field(default=(), compare=False, repr=False)

    def document(self) -> dict[str, Any]:
        """Return the campaign as JSON, defaults written out: equal campaigns, equal documents."""
        if not self.audience.ids:
            return self.stored()
        return self._with({_IDS[self.audience.type]: list(self.audience.ids)})

    def stored(self) -> dict[str, Any]:
        """Return it as a run keeps it: a list by its digest, so that it names nobody."""
        return self._with(self._listed())

    def _listed(self) -> dict[str, Any]:
        listed = self.audience.listed
        return {"list": {"digest": listed.digest, "count": listed.count}} if listed else {}

    def _with(self, audience: dict[str, Any]) -> dict[str, Any]:
        payload = {"payload": self.payload} if self.payload or not self.content else {}
        return {
            "name": self.name,
            "event": {"name": self.event_name, **payload},
            "localizedAttributes": self.localized_attributes,
            **({"content": self.content} if self.content else {}),
            "expiresIn": _duration(self.expires_in),
            "audience": {"type": self.audience.type, **audience},
            **({"where": dict(self.where.conditions)} if self.where else {}),
        }


def parse_campaign(document: object) -> Campaign:
    """Read a campaign from decoded JSON.

    Parameters
    ----------
    document
        The campaign: an object with ``name``, ``event`` and, where the defaults will not do,
        ``localizedAttributes``, ``content``, ``expiresIn``, ``audience`` and ``where``. A
        ``$schema`` is ignored. With ``content`` the event's ``payload`` may be left out.

    Returns
    -------
    Campaign
        The campaign, with defaults filled in.

    Raises
    ------
    InvalidCampaign
        With every problem found.

    Examples
    --------
    >>> alert = {"weatherAlert": {"source": "Weather Desk", "alertType": "SNOW_STORM"}}
    >>> event = {"name": "AMAZON.WeatherAlert.Activated", "payload": alert}
    >>> campaign = parse_campaign({"name": "snow", "event": event})
    >>> campaign.expires_in, campaign.audience.type
    (datetime.timedelta(seconds=3600), 'subscribers')
    """
    if not isinstance(document, dict):
        raise InvalidCampaign((Problem("$", f"a campaign is an object, found {quoted(document)}"),))
    reader = _Reader()
    campaign = reader.campaign(document)
    if not reader.problems:
        size = len(json.dumps(campaign.stored()).encode())
        if size > LARGEST_DOCUMENT:
            right = f"must be at most {LARGEST_DOCUMENT} bytes as JSON"
            reader.problems.append(Problem("$", f"{right}, found {size}: shorten its texts"))
    if reader.problems:
        raise InvalidCampaign(tuple(reader.problems))
    return campaign


class _Reader:
    """Reads on after a problem, to find them all; what it returns counts only if there was none."""

    def __init__(self) -> None:
        self.problems: list[Problem] = []

    def campaign(self, document: dict[str, Any]) -> Campaign:
        values = self._object("$", document, _KEYS, required=("name", "event"))
        event = self._event(values)
        campaign = Campaign(
            name=self._name(values.get("name", "x")),
            event_name=event.name,
            payload=event.payload,
            localized_attributes=event.localized_attributes,
            expires_in=self._expires_in(values["expiresIn"])
            if "expiresIn" in values
            else DEFAULT_EXPIRY,
            audience=self._audience(values.get("audience", {"type": "subscribers"})),
            where=self._where(values),
            content=self._content(values),
            warnings=event.warnings,
        )
        named = attributes_named(campaign.payload, campaign.localized_attributes)
        if len(named) > MOST_PLACEHOLDERS:
            right = f"names {len(named)} attributes in placeholders"
            self._add("$", f"{right}: at most {MOST_PLACEHOLDERS} are read along")
        if campaign.audience.type == "multicast":
            for name in sorted(named):
                right = "a multicast says the same to everybody: send to subscribers, or leave"
                self._add("$.audience.type", f"{right} the placeholder {{{name}}} out")
            if "content" in values:
                right = "makes what is each customer's own, and a multicast says the same to"
                self._add("$.content", f"{right} everybody: send to subscribers, or leave it out")
        return campaign

    def _event(self, values: dict[str, Any]) -> CheckedEvent:
        unchecked = CheckedEvent("", {}, [])
        if "event" not in values:
            return unchecked
        keys = ("name", "payload")
        required = ("name",) if "content" in values else keys
        event = self._object("$.event", values["event"], keys, required=required)
        if not event.keys() >= set(required):
            return unchecked
        attributes = values.get("localizedAttributes", [])
        if "payload" not in event:
            return self._named(event["name"], attributes)
        checked = check_event(event["name"], event["payload"], attributes)
        self.problems += checked.problems
        return checked

    def _named(self, name: object, attributes: object) -> CheckedEvent:
        """Check an event of which an event source makes all but its name."""
        checked = check_event(name, {})
        self.problems += (each for each in checked.problems if each.path == "$.event.name")
        if attributes != []:
            right = "goes with $.event.payload, which is missing"
            self._add("$.localizedAttributes", f"{right}: the event source gives both, or neither")
        return checked

    def _content(self, values: dict[str, Any]) -> str | None:
        name = values.get("content")
        if "content" in values and (not isinstance(name, str) or not _EVENT_SOURCE.fullmatch(name)):
            right = "must be the name of an event source that is registered with the stack"
            self._add("$.content", f"{right} (EventSources), found {quoted(name)}")
        return name if isinstance(name, str) else None

    def _add(
        self,
        path: str,
        message: str,
        *,
        allowed: tuple[str, ...] = (),
        suggestion: str | None = None,
    ) -> None:
        self.problems.append(Problem(path, message, None, allowed, suggestion))

    def _object(
        self, path: str, value: object, keys: tuple[str, ...], required: tuple[str, ...]
    ) -> dict[str, Any]:
        if not isinstance(value, dict):
            self._add(path, f"must be an object, found {quoted(value)}")
            return {}
        for key in value:
            if key not in keys and not (path == "$" and key in _IGNORED_KEYS):
                meant = nearest(key, keys)
                self._add(
                    at(path, key),
                    f"is not known here; known are {', '.join(keys)}",
                    allowed=keys,
                    suggestion=f"did you mean {meant}?" if meant else None,
                )
        for key in required:
            if key not in value:
                self._add(at(path, key), "is missing")
        return value

    def _name(self, value: object) -> str:
        if not isinstance(value, str) or not _NAME.fullmatch(value):
            self._add(
                "$.name",
                f"must be 1 to {LONGEST_NAME} of A-Z, a-z, 0-9 and -, found {quoted(value)}"
                + (f" ({len(value)} characters)" if isinstance(value, str) else ""),
            )
            return ""
        return value

    def _expires_in(self, value: object) -> timedelta:
        duration = parse_duration(value)
        if duration is None:
            right = 'must be an ISO 8601 duration such as "PT1H" or "PT30M"'
            self._add("$.expiresIn", f"{right}, found {quoted(value)}")
            return DEFAULT_EXPIRY
        if not SHORTEST_EXPIRY <= duration <= LONGEST_EXPIRY:
            self._add(
                "$.expiresIn",
                "must be 5 minutes to 24 hours (PT5M to PT24H), the times Alexa allows, "
                f"found {quoted(value)}",
            )
        return duration

    def _audience(self, value: object) -> Audience:
        keys = ("type", *_IDS.values(), "list")
        values = self._object("$.audience", value, keys, required=("type",))
        kind = values.get("type", "subscribers")
        if kind not in AUDIENCE_TYPES:
            self._add(
                "$.audience.type",
                f"{quoted(kind)} is not a kind of audience; use one of {', '.join(AUDIENCE_TYPES)}",
                allowed=AUDIENCE_TYPES,
            )
            return Audience()
        goes_with = {name: f'"type": "{each}"' for each, name in _IDS.items()}
        goes_with["list"] = " or ".join(goes_with.values())
        own = (_IDS[kind], "list") if kind in _IDS else ()
        for key, kinds in goes_with.items():
            if key in values and key not in own:
                right = f"goes with {kinds} only"
                self._add(f"$.audience.{key}", f"{right}; this audience is {quoted(kind)}")
        if kind not in _IDS:
            return Audience(cast("AudienceType", kind))
        if "list" in values:
            return Audience(kind, listed=self._listed(values, _IDS[kind]))
        return Audience.of(kind, self._ids(kind, values.get(_IDS[kind])))

    def _listed(self, values: dict[str, Any], ids: str) -> Listed | None:
        path = "$.audience.list"
        if ids in values:
            self._add(path, f"stands for {ids}: give one of the two")
        keys = ("digest", "count")
        listed = self._object(path, values["list"], keys, required=keys)
        digest, count = listed.get("digest"), listed.get("count")
        if not isinstance(digest, str) or not _DIGEST.fullmatch(digest):
            self._add(f"{path}.digest", "must be the 32 hexadecimal digits that name a stored list")
        elif type(count) is not int or not 0 < count <= MOST_LISTED:
            self._add(f"{path}.count", f"must be a whole number from 1 to {MOST_LISTED}")
        else:
            return Listed(digest, count)
        return None

    def _where(self, values: dict[str, Any]) -> Where | None:
        if "where" not in values:
            return None
        audience = values.get("audience")
        kind = audience.get("type") if isinstance(audience, dict) else "subscribers"
        if kind != "subscribers":
            self._add("$.where", 'goes with the audience "subscribers" only')
        return parse_where(values["where"], self.problems)

    def _ids(self, kind: str, value: object) -> tuple[str, ...]:
        path, one = f"$.audience.{_IDS[kind]}", f"{kind[:-1]} id"
        if not isinstance(value, list) or not value:
            self._add(path, f"must be a list of at least one {one}")
            return ()
        if len(value) > MOST_NAMED:
            right = f"must be at most {MOST_NAMED} {one}s"
            self._add(path, f"{right}, found {len(value)}: send to a longer list from a file")
            return ()
        problem_of = user_id_problem if kind == "users" else customer_id_problem
        first_at: dict[str, int] = {}
        for index, each in enumerate(value):
            if problem := problem_of(each):
                self._add(f"{path}[{index}]", problem)
            elif each in first_at:
                twice = f"is the same as {_IDS[kind]}[{first_at[each]}]"
                self._add(f"{path}[{index}]", f"{twice}; list each {kind[:-1]} once")
            else:
                first_at[each] = index
        return tuple(first_at)


def user_id_problem(value: object) -> str | None:
    """Return why something is no user id; ``None`` when it is one."""
    if is_user_id(value):
        return None
    if isinstance(value, str) and len(value) > LONGEST_USER_ID:
        return f"must be at most {LONGEST_USER_ID} long, found {len(value)} characters"
    return "is not a user id, amzn1.ask.account. and more"


def customer_id_problem(value: object) -> str | None:
    """Return why something is no customer id; ``None`` when it is one."""
    if is_customer_id(value):
        return None
    return "is not a customer id, 1 to 255 of A-Z, a-z, 0-9 and . _ ~ : @ | + = -, and no token"


def parse_duration(text: object) -> timedelta | None:
    """Return an ISO 8601 duration of days and less; ``None`` when it is none."""
    if not isinstance(text, str):
        return None
    match = _DURATION.fullmatch(text)
    parts = (
        {unit: int(count) for unit, count in match.groupdict("").items() if count} if match else {}
    )
    return timedelta(**parts) if parts and not text.endswith("T") else None


def _duration(length: timedelta) -> str:
    minutes, seconds = divmod(int(length.total_seconds()), 60)
    hours, minutes = divmod(minutes, 60)
    parts = ((hours, "H"), (minutes, "M"), (seconds, "S"))
    return "PT" + "".join(f"{count}{unit}" for count, unit in parts if count)
