"""The conditional writes that join a change into a record, as expressions of DynamoDB's."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

from yellowring.subscribers.changes import (
    REGISTERS,
    TOMBSTONE_SECONDS,
    AttributesChange,
    Refreshed,
    RegisterChange,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

ATTRIBUTES = "attributes."
"""What the names of a customer's attributes begin with."""

MOMENTS = ("enabledAt", "rejectedAt", "acceptedAt")
STAMPS = (*(f"{name}At" for name in REGISTERS), *MOMENTS)
"""The times of all that an erasure may take along, but for the customer's own attributes."""

type Stamp = tuple[int, str]
"""When a register was set, and by which request."""


@dataclass(frozen=True, slots=True)
class Update:
    """One conditional write, in parts; its values always hold ``at``, the change's own time.

    Attributes
    ----------
    sets
        The name of the value for each attribute to set.
    values
        The values by name.
    removes
        Attributes to remove.
    conditions
        What must hold of the item. Every attribute is written as ``{name}`` in them.
    """

    sets: Mapping[str, str]
    values: Mapping[str, object]
    removes: Sequence[str] = ()
    conditions: Sequence[Condition] = ()

    def only_if(self, *conditions: Condition) -> Update:
        """Add conditions."""
        return replace(self, conditions=(*self.conditions, *conditions))

    def names(self) -> list[str]:
        """Give every attribute that occurs, once."""
        conditioned = [name for condition in self.conditions for name in condition.names]
        return list(dict.fromkeys((*self.sets, *self.removes, *conditioned)))

    def expression(self, alias: Mapping[str, str]) -> str:
        """Write the update, with an alias for each name."""
        sets = ", ".join(f"{alias[name]} = :{value}" for name, value in self.sets.items())
        removes = ", ".join(alias[name] for name in self.removes)
        parts = (f"SET {sets}" if sets else "", f"REMOVE {removes}" if removes else "")
        return " ".join(part for part in parts if part)

    def condition(self, alias: Mapping[str, str]) -> str:
        """Write what must hold, with an alias for each name."""
        return " AND ".join(condition.text(alias) for condition in self.conditions)


@dataclass(frozen=True, slots=True)
class Condition:
    """Something that must hold; ``{0}``, ``{1}`` in the template stand for the names."""

    template: str
    names: tuple[str, ...]

    def text(self, alias: Mapping[str, str]) -> str:
        """Write it with an alias for each name."""
        return self.template.format(*(alias[name] for name in self.names))


@dataclass(frozen=True, slots=True)
class Register:
    """One register of a record and the value it is to have; ``None`` is stored as absence."""

    at: str
    by: str
    values: Mapping[str, object | None]
    lifts_tombstone: bool = False


def registers(change: RegisterChange | AttributesChange | Refreshed) -> list[Register]:
    """Tell which registers a change sets."""
    match change:
        case AttributesChange():
            return [
                Register(*_stamp_names(key), {f"{ATTRIBUTES}{key}": value})
                for key, value in change.values.items()
            ]
        case Refreshed():
            told = {"locale": change.locale, "endpoint": change.endpoint}
            return [
                _register(name, {REGISTERS[name][0]: told[name]}) for name in told if told[name]
            ]
        case RegisterChange():
            return [_register(change.register, change.values)]


def set_registers(targets: Iterable[Register], at: int, by: str) -> Update:
    """Set registers, each of which must hold something older than the change."""
    sets: dict[str, str] = {}
    values: dict[str, object] = {"at": at, "by": by}
    removes: list[str] = []
    conditions = [not_newer("erasedAt", "<")]
    for register in targets:
        sets |= {register.at: "at", register.by: "by"}
        conditions.append(_older(register))
        for name, value in register.values.items():
            if value is None or value == set():
                removes.append(name)
            else:
                sets[name] = f"v{len(values)}"
                values[sets[name]] = value
        if register.lifts_tombstone:
            removes.append("expiresAt")
    return Update(sets, values, removes, conditions)


def set_moment(moment: str, at: int) -> Update:
    """Set a moment that must be older, or not yet there."""
    conditions = (not_newer(moment, "<"), not_newer("erasedAt", "<"))
    return Update({moment: "at"}, {"at": at}, (), conditions)


def erase(at: int, *, older: Sequence[str], was_disabled_later: bool) -> Update:
    """Remove the registers and moments named by their stamps in ``older``; the rest is newer."""
    sets = {"erasedAt": "at"}
    values: dict[str, object] = {"at": at}
    if not was_disabled_later:
        sets["disabledAt"] = "at"
    if "subscriptionsAt" in older:
        sets["expiresAt"] = "expiresAt"
        values["expiresAt"] = at // 1000 + TOMBSTONE_SECONDS
    removes = [moment for moment in MOMENTS if moment in older]
    for register, attributes in REGISTERS.items():
        if f"{register}At" in older:
            removes += [f"{register}At", f"{register}By", *attributes]
    return Update(sets, values, removes, (not_newer("erasedAt", "<"),))


def sweep(keys: Iterable[str], at: int) -> Update:
    """Remove attributes that an erasure of ``at`` (ms) could not name, none of them newer."""
    removes: list[str] = []
    conditions = []
    for key in keys:
        stamp, by = _stamp_names(key)
        removes += [f"{ATTRIBUTES}{key}", stamp, by]
        conditions.append(not_newer(stamp))
    return Update({}, {"at": at}, removes, conditions)


def not_newer(stamp: str, than: Literal["<", "<="] = "<=") -> Condition:
    """Say that a time is older than the change, or not newer."""
    return Condition(f"(attribute_not_exists({{0}}) OR {{0}} {than} :at)", (stamp,))


def newer(stamp: str) -> Condition:
    """Say that a time is newer than the change."""
    return Condition("{0} > :at", (stamp,))


def _older(register: Register) -> Condition:
    return Condition(
        "(attribute_not_exists({0}) OR {0} < :at OR ({0} = :at AND {1} < :by))",
        (register.at, register.by),
    )


def _register(name: str, values: Mapping[str, object | None]) -> Register:
    complete = {attribute: values.get(attribute) for attribute in REGISTERS[name]}
    newer_than_erasure = name == "subscriptions"  # so the record is no longer a tombstone
    return Register(f"{name}At", f"{name}By", complete, newer_than_erasure)


def _stamp_names(key: str) -> tuple[str, str]:
    return f"{ATTRIBUTES}{key}.at", f"{ATTRIBUTES}{key}.by"
