"""What can happen to a customer's record, as data; the records module says what it does there."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

TOMBSTONE_SECONDS = 30 * 24 * 3600
"""How long a tombstone stays: far longer than the hour that a skill event can be late."""

REGISTERS: Mapping[str, Sequence[str]] = {
    "subscriptions": ("subscriptions", "apiEndpoint"),
    "permissions": ("permissions",),
    "account": ("accountLinked",),
}
"""Each value register and the attributes that it sets as one."""

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
class Enabled:
    """The customer enabled the skill at ``at`` (ms since the epoch)."""

    at: int


@dataclass(frozen=True, slots=True)
class Disabled:
    """The customer disabled the skill at ``at`` (ms); without ``persists`` their data goes."""

    at: int
    persists: bool


type Change = RegisterChange | Enabled | Disabled


class ConcurrentChange(RuntimeError):
    """Other changes to the same customer kept getting in between; delivering again will do."""
