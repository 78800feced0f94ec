"""What a record must be, said of the set of all changes with no regard to their order."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from hypothesis import strategies as st
from yellowring.subscribers import (
    ATTRIBUTE_KEY,
    NOTIFICATIONS_SCOPE,
    Accepted,
    AttributesChange,
    Disabled,
    Enabled,
    Erased,
    OutcomeChange,
    RegisterChange,
    Rejected,
)

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    from yellowring.subscribers import Record
    from yellowring.subscribers.changes import Change

WEATHER, SPORTS = "AMAZON.WeatherAlert.Activated", "AMAZON.SportsEvent.Updated"
EU, NA = "https://api.eu.amazonalexa.com", "https://api.amazonalexa.com"
MOMENTS: dict[type, str] = {
    Enabled: "enabledAt",
    Disabled: "disabledAt",
    Erased: "erasedAt",
    Rejected: "rejectedAt",
    Accepted: "acceptedAt",
}
type Stamped = tuple[int, str, Any]


def expected(changes: Collection[Change]) -> dict[str, Any]:
    """Return the registers, attributes, outcomes and moments that these changes add up to."""
    moments: dict[str, int] = {}
    for kind, name in MOMENTS.items():
        if ats := [end(each) for each in changes if type(each) is kind]:
            moments[name] = max(ats)
    erased = moments.get("erasedAt", -1)
    registers: dict[str, list[Stamped]] = {}
    attributes: dict[str, list[Stamped]] = {}
    outcomes: dict[str, list[Stamped]] = {}
    for each in changes:
        if isinstance(each, RegisterChange) and each.at > erased:
            registers.setdefault(each.register, []).append((each.at, each.by, each.value))
        if isinstance(each, AttributesChange) and each.at > erased:
            for key, value in each.values.items():
                attributes.setdefault(key, []).append((each.at, each.by, value))
        if isinstance(each, OutcomeChange) and each.at > erased:
            outcomes.setdefault(each.reference_id, []).append((each.at, "", each.outcome))
    return {
        "registers": {
            name: TIES.get(name, newest_of)(entries) for name, entries in registers.items()
        },
        "attributes": kept(attributes, 50),
        "outcomes": kept(outcomes, 20),
        "moments": {n: at for n, at in moments.items() if n == "erasedAt" or at > erased},
    }


def kept(told: Mapping[str, list[Stamped]], most: int) -> dict[str, Stamped]:
    """Return the newest entry of each key, of the newest keys."""
    newest = {key: newest_of(entries) for key, entries in told.items()}
    ordered = sorted(newest, key=lambda key: (*newest[key][:2], key), reverse=True)
    return {key: newest[key] for key in ordered[:most]}


def identified(meaning: Mapping[str, Any]) -> str | None:
    """Return the customer's id that the index knows, of what `expected` says."""
    _, _, shown_id = meaning["registers"].get("customer", (-1, "", "null"))
    told: str | None = json.loads(shown_id)
    return told


def found(record: Record) -> dict[str, Any]:
    """Return a record in the form of `expected`."""
    stamped = {
        each: {name: (e.at, e.by, shown(e.value)) for name, e in getattr(record, each).items()}
        for each in ("registers", "attributes", "outcomes")
    }
    return {**stamped, "moments": dict(record.moments)}


def end(change: Any) -> int:
    """Return the time of a moment; an opt-out without a fraction means the second's end."""
    whole = isinstance(change, Disabled | Erased) and change.at % 1000 == 0
    return int(change.at) + 999 * whole


def newest_of(entries: Iterable[Stamped]) -> Stamped:
    """Return the greatest; by what JSON says of the value where all else is equal."""
    at, by, value = max(entries, key=lambda e: (e[0], e[1], json.dumps(e[2])))
    return at, by, shown(value)


def agreed(entries: Collection[Stamped]) -> Stamped:
    """Return what all the newest lists have in common."""
    latest = max(at for at, _, _ in entries)
    tied = [(by, frozenset(value or ())) for at, by, value in entries if at == latest]
    common = frozenset.intersection(*(value for _, value in tied))
    return latest, max(by for by, _ in tied), shown(common or None)


def unlinked(entries: Collection[Stamped]) -> Stamped:
    """Return the greatest, but none where a request that tells one of the newest says so."""
    latest = max(at for at, _, _ in entries)
    ends = [by for at, by, value in entries if at == latest and value is None and by]
    return (latest, max(ends), shown(None)) if ends else newest_of(entries)


TIES = {
    "subscriptions": agreed,
    "permissions": agreed,
    "account": unlinked,
    "customer": unlinked,
}


def shown(value: Any) -> str:
    """Return a value so that true is not taken for one."""
    return json.dumps(sorted(value) if isinstance(value, frozenset) else value)


times = st.one_of(st.integers(1000, 1004), st.sampled_from([999, 1998, 1999, 2000, 3000, 3500]))
"""So few that equal times are common; whole seconds among them."""
ids = st.sampled_from(["", "a", "b"])
keys = st.one_of(
    st.sampled_from(["at", "by", "value", "plan", "permissions", "customer"]),
    st.from_regex(ATTRIBUTE_KEY, fullmatch=True),
)
values = st.one_of(
    st.sampled_from([True, 1, "1", 0, "", 2.5, "gold", None]),
    st.lists(st.text("ab", max_size=2), max_size=2),
)
references = st.one_of(
    st.sampled_from(["a~1", "b~1"]), st.from_regex(r"[A-Za-z0-9~]{1,64}", fullmatch=True)
)
VALUES: dict[str, st.SearchStrategy[Any]] = {
    "subscriptions": st.frozensets(st.sampled_from([WEATHER, SPORTS])),
    "permissions": st.frozensets(st.sampled_from([NOTIFICATIONS_SCOPE, "alexa::email"])),
    "account": st.sampled_from([True, None]),
    "locale": st.sampled_from(["de-DE", "en-US"]),
    "host": st.sampled_from([EU, NA]),
    "customer": st.sampled_from(["c1", "c2", None]),
}
changes: st.SearchStrategy[Change] = st.one_of(
    *(st.builds(RegisterChange, st.just(n), times, ids, v) for n, v in VALUES.items()),
    st.builds(OutcomeChange, times, references, st.sampled_from(["limited", "skipped"])),
    st.builds(AttributesChange, times, ids, st.dictionaries(keys, values, max_size=4)),
    *(st.builds(kind, times) for kind in MOMENTS),
)
