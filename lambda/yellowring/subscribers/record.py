"""A customer's record, and the join that every change goes through.

*Registers* keep the newest value, *moments* the latest time. `join` is commutative, associative
and idempotent, so every order and repetition of the same changes ends in the same record.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from yellowring.subscribers.changes import (
    AttributesChange,
    Disabled,
    Erased,
    Moment,
    OutcomeChange,
    Rejected,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from yellowring.subscribers.changes import Change, Value

LISTS = ("subscriptions", "permissions")
"""The registers whose values are the full lists now in force."""
LINKS = ("account", "customer")
"""The registers that say whose account it is; of equal times, that it is nobody's wins."""
KEPT_ATTRIBUTES = 50
"""The newest of a customer's attributes are kept, removed ones included."""
KEPT_OUTCOMES = 20
"""The newest of what became of a customer's events are kept."""
NEVER = -1
"""The time of what has not happened."""


@dataclass(frozen=True, slots=True)
class Entry:
    """What a register holds (``None``: nothing), since when (ms), and by which request."""

    at: int
    by: str
    value: Value | None = None


@dataclass(frozen=True, slots=True)
class Record:
    """All that is known of one customer.

    Attributes
    ----------
    registers, attributes, moments
        By name; registers and moments also those that this code does not know.
    other
        What has no such form, as DynamoDB spells it; carried through until an erasure.
    outcomes
        What became of the newest events, by reference id.
    """

    registers: Mapping[str, Entry] = field(default_factory=dict)
    attributes: Mapping[str, Entry] = field(default_factory=dict)
    moments: Mapping[str, int] = field(default_factory=dict)
    other: Mapping[str, object] = field(default_factory=dict)
    outcomes: Mapping[str, Entry] = field(default_factory=dict)

    @property
    def is_tombstone(self) -> bool:
        """Whether nothing is known of the customer, but for an erasure and marks of ours."""
        known = self.moments.keys() - {Erased.name, Rejected.name}
        return not (self.registers or self.attributes or known)

    @property
    def is_erased(self) -> bool:
        """Whether the customer's data was erased, and nobody told anything of them since."""
        return Erased.name in self.moments and self.is_tombstone

    @property
    def newest(self) -> int:
        """Return the time (ms) of the newest that is known, `NEVER` when nothing is."""
        entries = (*self.registers.values(), *self.attributes.values(), *self.outcomes.values())
        return max((NEVER, *self.moments.values(), *(entry.at for entry in entries)))

    def list(self, register: str) -> frozenset[str]:
        """Return one of the lists; empty when there is none."""
        return _listed(self.registers.get(register))

    def time(self, name: str) -> int:
        """Return the time (ms) of a register or a moment, `NEVER` when there is none."""
        entry = self.registers.get(name)
        return entry.at if entry else self.moments.get(name, NEVER)


def join(record: Record, change: Change) -> Record:
    """Return the record as it is with a change that happened to its customer."""
    registers, attributes, moments = record.registers, record.attributes, {**record.moments}
    outcomes = record.outcomes
    if isinstance(change, Moment):
        whole = isinstance(change, Disabled | Erased) and change.at % 1000 == 0
        at = change.at + 999 if whole else change.at  # without a fraction, the second as a whole
        moments[change.name] = max(at, record.time(change.name))
    elif isinstance(change, AttributesChange):
        entries = {k: Entry(change.at, change.by, _plain(v)) for k, v in change.values.items()}
        attributes = _newest_of_both(attributes, entries)
    elif isinstance(change, OutcomeChange):
        entry = Entry(change.at, "", change.outcome)
        outcomes = _newest_of_both(outcomes, {change.reference_id: entry})
    else:
        name, entry = change.register, Entry(change.at, change.by, _plain(change.value))
        registers = {**registers, name: _newer(registers, name, entry)}
    return _without_erased(registers, attributes, moments, record.other, outcomes)


def merge(record: Record, other: Record) -> Record:
    """Return what two records of one customer tell together.

    It is the record that all changes of both would have been joined into, so that a copy of an
    earlier time brings nothing back: what is newer wins, and an erasure of either counts. Outcomes
    are only of a record that knows the newest erasure, for those of another may have been noted
    after its time and before it was told. Of what has no form that is known here, the first
    record's wins, within maps key by key.
    """
    registers = dict(record.registers)
    for name, entry in other.registers.items():
        registers[name] = _newer(registers, name, entry)
    moments = {
        name: max(record.moments.get(name, NEVER), other.moments.get(name, NEVER))
        for name in (*record.moments, *other.moments)
    }
    erased = moments.get(Erased.name)
    ours, theirs = (
        each.outcomes if each.moments.get(Erased.name) == erased else {} for each in (record, other)
    )
    return _without_erased(
        registers,
        _newest_of_both(record.attributes, other.attributes),
        moments,
        _united(record.other, other.other),
        _newest_of_both(ours, theirs),
    )


def _without_erased(
    registers: Mapping[str, Entry],
    attributes: Mapping[str, Entry],
    moments: Mapping[str, int],
    other: Mapping[str, object],
    outcomes: Mapping[str, Entry],
) -> Record:
    """Return a record of these without what is not newer than its erasure."""
    erased = moments.get(Erased.name, NEVER)
    return Record(
        {name: entry for name, entry in registers.items() if entry.at > erased},
        _newest(attributes, KEPT_ATTRIBUTES, erased),
        {name: at for name, at in moments.items() if name == Erased.name or at > erased},
        {} if erased > NEVER else other,
        _newest(outcomes, KEPT_OUTCOMES, erased),
    )


def _united(ours: Mapping[str, object], theirs: Mapping[str, object]) -> dict[str, object]:
    """Return what either holds, ours where both do; of maps, as DynamoDB spells them, by key."""
    united = {**theirs, **ours}
    for name in ours.keys() & theirs.keys():
        match ours[name], theirs[name]:
            case {"M": dict(our_map)}, {"M": dict(their_map)}:
                united[name] = {"M": {**their_map, **our_map}}
    return united


def _newest_of_both(entries: Mapping[str, Entry], others: Mapping[str, Entry]) -> dict[str, Entry]:
    return {
        **entries,
        **{key: max(entries.get(key, each), each, key=_order) for key, each in others.items()},
    }


def _newest(entries: Mapping[str, Entry], kept: int, erased: int) -> dict[str, Entry]:
    """Return the newest entries of a map that are newer than the erasure."""
    newest = sorted((entry.at, entry.by, key) for key, entry in entries.items())
    return {key: entries[key] for at, _, key in newest[-kept:] if at > erased}


def _newer(entries: Mapping[str, Entry], name: str, entry: Entry) -> Entry:
    """Return the newer of a register's two entries; of equal times, what gives no more than either.

    That is of lists what both have, and of links none; but for an end that no request told, which
    only makes room for what a request tells at the same time.
    """
    known = entries.get(name, entry)
    if name in LISTS and known.at == entry.at and known != entry:
        both = _listed(known) & _listed(entry)
        return Entry(entry.at, max(known.by, entry.by), both or None)
    return max(known, entry, key=_link_order if name in LINKS else _order)


def _order(entry: Entry) -> tuple[int, str, str]:
    return entry.at, entry.by, json.dumps(entry.value, default=sorted)


def _link_order(entry: Entry) -> tuple[int, bool, str, str]:
    at, by, value = _order(entry)
    return at, entry.value is None and by != "", by, value


def _listed(entry: Entry | None) -> frozenset[str]:
    value = entry.value if entry else None
    return value if isinstance(value, frozenset) else frozenset()


def _plain(value: Value | None) -> Value | None:
    """Return a value as DynamoDB gives it back."""
    if isinstance(value, set | frozenset):
        return frozenset(value) or None
    return int(value) if isinstance(value, float) and value.is_integer() else value
