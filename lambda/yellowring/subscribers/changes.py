"""What can happen to a customer's record, as data; `join` says what each does to it.

Times are the events' own, in milliseconds since the epoch.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Set
from dataclasses import dataclass
from typing import ClassVar, Literal

NOTIFICATIONS_SCOPE = "alexa::devices:all:notifications:write"
"""The permission without which Alexa delivers no notification."""
ATTRIBUTE_KEY = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,39}")
"""What the business' own attributes of a customer may be called."""

type AttributeValue = str | int | float | bool | list[str]
type Value = AttributeValue | Set[str]
type Applied = Literal["applied", "stale"]


@dataclass(frozen=True, slots=True)
class RegisterChange:
    """A new value for one register; ``by`` is the id of the request, which breaks a tie.

    *subscriptions* and *permissions* are sets of strings, *account* is ``True``, *locale*, *host*
    and *customer* are strings. ``None`` and an empty set are stored as absence.
    """

    register: str
    at: int
    by: str
    value: Value | None = None


@dataclass(frozen=True, slots=True)
class AttributesChange:
    """New values for some of the customer's attributes; ``None`` removes one."""

    at: int
    by: str
    values: Mapping[str, AttributeValue | None]


@dataclass(frozen=True, slots=True)
class OutcomeChange:
    """What became of an event for the customer, by its reference id: a problem, a skip."""

    at: int
    reference_id: str
    outcome: str


@dataclass(frozen=True, slots=True)
class Moment:
    """Something that happened to the customer; the latest time is kept."""

    at: int
    name: ClassVar[str]


class Enabled(Moment):
    """The customer enabled the skill."""

    name = "enabledAt"


class Disabled(Moment):
    """The customer disabled the skill, and Alexa keeps their data."""

    name = "disabledAt"


class Erased(Moment):
    """The customer's data goes: all that is not newer."""

    name = "erasedAt"


class Rejected(Moment):
    """Alexa refused the customer; a newer subscription lifts that."""

    name = "rejectedAt"


class Accepted(Moment):
    """The customer let the skill notify them; where they had before, Alexa sends no event."""

    name = "acceptedAt"


type Change = RegisterChange | AttributesChange | OutcomeChange | Moment


class ConcurrentChange(RuntimeError):
    """Other changes to the same customer kept getting in between; delivering again will do."""
