"""What can happen to a customer's record, as data; the updates module says what it writes."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

NOTIFICATIONS_SCOPE = "alexa::devices:all:notifications:write"
"""The permission without which Alexa delivers no notification."""
TOMBSTONE_SECONDS = 30 * 24 * 3600
"""How long a tombstone stays: far longer than the hour that a skill event can be late."""

REGISTERS: Mapping[str, Sequence[str]] = {
    "subscriptions": ("subscriptions", "apiEndpoint"),
    "permissions": ("permissions",),
    "account": ("accountLinked",),
    "locale": ("locale",),
    "endpoint": ("refreshedEndpoint",),
}
"""Each value register and the attributes that it sets as one."""

ATTRIBUTE_KEY = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,39}")
"""What the business' own attributes of a customer may be called."""
MOST_ATTRIBUTES = 20
"""Attributes in one change: DynamoDB's conditions are at most 4 KB and 300 operators long."""

type AttributeValue = str | int | float | bool | list[str]
type Value = str | bool | set[str] | None
type Applied = Literal["applied", "stale"]


@dataclass(frozen=True, slots=True)
class RegisterChange:
    """A new value for one register; ``None`` or an empty set is stored as absence.

    ``at`` is in milliseconds since the epoch, ``by`` is the request id that breaks a tie.
    """

    register: str
    at: int
    by: str
    values: Mapping[str, Value] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class AttributesChange:
    """New values for some of the customer's attributes; each key is a register of its own.

    ``None`` removes the key's value and remembers when. At most `MOST_ATTRIBUTES` keys, each as
    `ATTRIBUTE_KEY` says; ``at`` and ``by`` are as in `RegisterChange`.
    """

    at: int
    by: str
    values: Mapping[str, AttributeValue | None]


@dataclass(frozen=True, slots=True)
class Refreshed:
    """The customer's locale and ``apiEndpoint`` as a request of ``at`` (ms) had them.

    ``None`` is what the request did not tell: the register it belongs to stays as it is. The
    endpoint has a register of its own, apart from the subscriptions' one.
    """

    at: int
    by: str
    locale: str | None = None
    endpoint: str | None = None


@dataclass(frozen=True, slots=True)
class Enabled:
    """The customer enabled the skill at ``at`` (ms since the epoch)."""

    at: int


@dataclass(frozen=True, slots=True)
class Disabled:
    """The customer disabled the skill at ``at`` (ms), and Alexa keeps their data."""

    at: int


@dataclass(frozen=True, slots=True)
class Accepted:
    """The customer accepted notifications at ``at`` (ms), asked by the skill itself."""

    at: int


@dataclass(frozen=True, slots=True)
class Erased:
    """The customer's data goes: all that is not newer than ``at`` (ms).

    Alexa keeps no data after a disable, or the customer wants to be forgotten. Only a newer
    subscription makes the customer deliverable again.
    """

    at: int


type Change = RegisterChange | AttributesChange | Refreshed | Enabled | Disabled | Accepted | Erased


class ConcurrentChange(RuntimeError):
    """Other changes to the same customer kept getting in between; delivering again will do."""
