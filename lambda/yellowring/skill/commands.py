"""The commands that a business sends its own skill for one customer, in a message's ``data``.

A command is ``{"version": 1, "command": …}`` with the members that the command takes. The Skill
Messaging API's reference has texts for values, so a member that is not a text may come as the
JSON of it: ``{"version": "1", "set": "{\\"plan\\": \\"gold\\"}"}``.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from yellowring import catalog
from yellowring.skill.envelope import InvalidSkillEvent
from yellowring.subscribers import (
    ATTRIBUTE_KEY,
    InvalidAttributes,
    check_attributes,
    is_customer_id,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from yellowring.subscribers.changes import AttributeValue

type Json = Mapping[str, object]

VERSION = 1
LARGEST_DATA = 6 * 1024
"""Bytes of ``data`` as compact JSON, the most that the Skill Messaging API takes."""
MOST_PLACEHOLDERS = 100
"""Attributes that a notification's texts name, the most that the sender reads along."""

DEFAULT_EXPIRY = "PT1H"
"""For how long a notification is tried when its message does not say."""

_DEEPEST = 16
_NAME = re.compile(r"[A-Za-z0-9-]{1,40}")
_REFERENCE_ID = re.compile(r"[A-Za-z0-9~]{1,64}")
_PLACEHOLDER = re.compile(rf"\{{({ATTRIBUTE_KEY.pattern})(?:\|[^{{}}]*)?\}}")
_EXPIRY = re.compile(r"P(?:(\d{1,3})D)?(?:T(?:(\d{1,4})H)?(?:(\d{1,6})M)?(?:(\d{1,8})S)?)?")
_UNITS = (86_400, 3600, 60, 1)
_SHORTEST_EXPIRY, _LONGEST_EXPIRY = 5 * 60, 24 * 3600


class InvalidMessage(InvalidSkillEvent):
    """A skill message that is no command; says which member is wrong, and what would be right."""


@dataclass(frozen=True, slots=True)
class Notify:
    """Notify the customer of what a campaign says, once for each reference id.

    ``expires_in`` is in seconds.
    """

    campaign: Json
    expires_in: float
    reference_id: str | None


@dataclass(frozen=True, slots=True)
class SetAttributes:
    """Set some of the customer's attributes, and remove those that are ``None``."""

    values: Mapping[str, AttributeValue | None]


@dataclass(frozen=True, slots=True)
class SetCustomer:
    """Store the business' own id of the customer, or remove it where there is none."""

    customer_id: str | None


@dataclass(frozen=True, slots=True)
class Refresh:
    """Store where the customer is to be reached, and in which locale they are spoken to."""


@dataclass(frozen=True, slots=True)
class Forget:
    """Erase the customer's data."""


type Command = Notify | SetAttributes | SetCustomer | Refresh | Forget


def is_command(data: object) -> bool:
    """Check whether a message is one of our commands, right or wrong: a skill may have others."""
    if not isinstance(data, Mapping):
        return False
    version, name = data.get("version"), data.get("command")
    ours = type(version) in (int, str) and str(version) == str(VERSION)
    return ours and isinstance(name, str) and name in _COMMANDS


def parse_command(data: object) -> Command:
    """Read the ``data`` of a skill message.

    Raises
    ------
    InvalidMessage
        It is too large, not an object, or not one of the commands in this version.

    Examples
    --------
    >>> parse_command({"version": 1, "command": "attributes", "set": {"plan": "gold"}})
    SetAttributes(values={'plan': 'gold'})
    """
    if not isinstance(data, Mapping):
        raise InvalidMessage("request.message must be an object")
    _check_size(data)
    version, name = _decoded(data, "version"), data.get("command")
    if type(version) is not int or version != VERSION:
        raise InvalidMessage(f"$.version must be {VERSION}, the version that this skill reads")
    if not isinstance(name, str) or name not in _COMMANDS:
        raise InvalidMessage(f"$.command must be one of {', '.join(_COMMANDS)}")
    members, read = _COMMANDS[name]
    for member in data:
        if member not in ("version", "command", *members):
            takes = ", ".join(members) or "no members"
            raise InvalidMessage(f"$ has a member that is not known: {name} takes {takes}")
    return read(data)


def _notify(data: Json) -> Notify:
    reference_id = data.get("referenceId")
    if reference_id is not None and not (
        isinstance(reference_id, str) and _REFERENCE_ID.fullmatch(reference_id)
    ):
        raise InvalidMessage("$.referenceId must be 1 to 64 of A-Z, a-z, 0-9 and ~")
    campaign = _campaign(_decoded(data, "campaign"))
    return Notify(campaign, _seconds(campaign.get("expiresIn", DEFAULT_EXPIRY)), reference_id)


def _campaign(value: object) -> Json:
    campaign = {key: each for key, each in _object(value, "$.campaign").items() if key != "$schema"}
    for key in campaign:
        if key == "audience":
            raise InvalidMessage(
                "$.campaign.audience must not be there: the message's customer is the audience"
            )
        if key not in ("name", "event", "localizedAttributes", "expiresIn"):
            raise InvalidMessage("$.campaign has a member that is not known")
    name, expires_in = campaign.get("name"), campaign.get("expiresIn", DEFAULT_EXPIRY)
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        raise InvalidMessage("$.campaign.name must be 1 to 40 of A-Z, a-z, 0-9 and -")
    if not _SHORTEST_EXPIRY <= _seconds(expires_in) <= _LONGEST_EXPIRY:
        raise InvalidMessage("$.campaign.expiresIn must be a duration from PT5M to PT24H")
    event = _object(campaign.get("event"), "$.campaign.event")
    if event.keys() != {"name", "payload"}:
        raise InvalidMessage("$.campaign.event must have a name and a payload, and nothing else")
    checked = catalog.check_event(  # loads the schemas, which most invocations do not need
        event["name"],
        event["payload"],
        campaign.get("localizedAttributes", []),
        root="$.campaign",
    )
    if checked.problems:
        raise InvalidMessage("; ".join(checked.shapes()[:5]))
    texts = _texts([checked.payload, checked.localized_attributes])
    named = {key for text in texts for key in _PLACEHOLDER.findall(text)}
    if len(named) > MOST_PLACEHOLDERS:
        raise InvalidMessage(
            f"$.campaign names {len(named)} attributes in placeholders, at most "
            f"{MOST_PLACEHOLDERS} are read along"
        )
    return campaign


def _texts(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, list | Mapping):
        for each in value.values() if isinstance(value, Mapping) else value:
            yield from _texts(each)


def _attributes(data: Json) -> SetAttributes:
    values = _object(_decoded(data, "set") or {}, "$.set")
    try:
        return SetAttributes(check_attributes(values, _decoded(data, "remove") or []))
    except InvalidAttributes as error:
        raise InvalidMessage(str(error)) from None


def _customer(data: Json) -> SetCustomer:
    """Read an id: a text or a whole number; ``null``, which Amazon's texts may spell, is none."""
    told = data.get("id", "")
    customer_id = str(told) if type(told) is int else told
    if customer_id in (None, "null"):
        return SetCustomer(None)
    if not is_customer_id(customer_id):
        raise InvalidMessage(
            "$.id must be your own id of the customer, 1 to 255 of A-Z, a-z, 0-9 and ._~:@|+=-, "
            "and no token; or null, to remove it"
        )
    return SetCustomer(customer_id)


_COMMANDS: Mapping[str, tuple[tuple[str, ...], Callable[[Json], Command]]] = {
    "notify": (("campaign", "referenceId"), _notify),
    "attributes": (("set", "remove"), _attributes),
    "customer": (("id",), _customer),
    "refresh": ((), lambda _: Refresh()),
    "forget": ((), lambda _: Forget()),
}


def _decoded(data: Json, member: str) -> object:
    """Give a member that is not a text itself, though it may be told as one."""
    value = data.get(member)
    if not isinstance(value, str):
        return value
    try:
        decoded: object = json.loads(value)
    except (ValueError, RecursionError):
        raise InvalidMessage(f"$.{member} is a text, but not the JSON of anything") from None
    _check_depth(decoded, f"$.{member}")
    return decoded


def _check_size(data: Json) -> None:
    _check_depth(data, "request.message")
    compact = json.dumps(data, ensure_ascii=False, separators=(",", ":"))
    size = len(compact.encode(errors="surrogatepass"))
    if size > LARGEST_DATA:
        raise InvalidMessage(
            f"request.message has {size} bytes, at most {LARGEST_DATA} are allowed"
        )


def _check_depth(value: object, path: str) -> None:
    level = [value]
    for _ in range(_DEEPEST):
        level = [
            inner
            for each in level
            if isinstance(each, list | Mapping)
            for inner in (each.values() if isinstance(each, Mapping) else each)
        ]
        if not level:
            return
    raise InvalidMessage(f"{path} is nested deeper than {_DEEPEST}")


def _seconds(duration: object) -> float:
    match = _EXPIRY.fullmatch(duration) if isinstance(duration, str) else None
    if match is None or str(duration).endswith("T"):
        return math.nan
    return sum(int(n) * unit for n, unit in zip(match.groups("0"), _UNITS, strict=True))


def _object(value: object, path: str) -> Json:
    if isinstance(value, Mapping):
        return value
    raise InvalidMessage(
        f"{path} must be an object, but is {'missing' if value is None else 'not'}"
    )
