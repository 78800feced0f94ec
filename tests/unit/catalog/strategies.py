"""Right payloads, made from the models, and wrong ones, made by changing a right one."""

from __future__ import annotations

import copy
from datetime import timedelta, timezone
from enum import StrEnum
from typing import TYPE_CHECKING, Any, get_args, get_origin

from hypothesis import strategies as st
from yellowring.catalog.payloads import PAYLOADS, Part
from yellowring.catalog.values import Kind
from yellowring.catalog.wire import REFERENCE

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from hypothesis.strategies import SearchStrategy
    from pydantic.fields import FieldInfo

type Container = Any
"""A list or a dict; which of them decides what a `Key` is."""
type Key = int | str

KEYS = ("name", "source", "key~1")

texts = st.text(min_size=1, max_size=20).filter(lambda text: not text.startswith(REFERENCE))
zones = st.integers(-14 * 60, 14 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes)))


def written(moment: datetime) -> list[str]:
    """Give the ways to write a time."""
    whole = moment.replace(microsecond=0)
    return [
        moment.isoformat(),
        whole.isoformat(),
        whole.isoformat().replace("+00:00", "Z"),
        moment.replace(second=0, microsecond=0).isoformat(timespec="minutes"),
        moment.isoformat(timespec="milliseconds").replace(".", ","),
    ]


times = st.datetimes(timezones=zones).flatmap(lambda moment: st.sampled_from(written(moment)))


def payloads(event_name: str) -> SearchStrategy[dict[str, Any]]:
    """Make right payloads of an event, in the wire shape, with and without optional members."""
    return parts(PAYLOADS[event_name])


def parts(model: type[Part]) -> SearchStrategy[dict[str, Any]]:
    members = {
        info.alias or name: (info, member(info)) for name, info in model.model_fields.items()
    }
    return st.fixed_dictionaries(
        {key: made for key, (info, made) in members.items() if info.is_required()},
        optional={key: made for key, (info, made) in members.items() if not info.is_required()},
    )


def member(info: FieldInfo) -> SearchStrategy[Any]:
    found = [*at_heart(info.annotation), *info.metadata]
    kind = next((item for item in found if isinstance(item, Kind)), None)
    classes = [item for item in found if isinstance(item, type)]
    for item in classes:
        if issubclass(item, Part):
            return parts(item)
        if issubclass(item, StrEnum):
            words = st.sampled_from([word.value for word in item])
            is_list = get_origin(info.annotation) is list
            return st.lists(words, min_size=1, max_size=5) if is_list else words
    if kind is None:
        raise TypeError(f"no strategy for {info!r}")
    if kind.name == "text":
        references = st.sampled_from([REFERENCE + key for key in KEYS])
        return texts | references if kind.localizable else texts
    return {"integer": st.integers(), "time": times}[kind.name]


def at_heart(annotation: object) -> Iterator[object]:
    yield annotation
    for inner in get_args(annotation):
        yield from at_heart(inner)


odd_values = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(allow_nan=False, allow_infinity=False),
    st.sampled_from(["", "3", "tornado", "GLASS", "2026-11-20", "2026-11-20T10:00:00", REFERENCE]),
    st.text(max_size=5),
    st.lists(st.sampled_from(["GLASS", "CANS", "glass", 1, None]), max_size=7),
    st.dictionaries(st.sampled_from(["name", "score", "x"]), st.text(max_size=3), max_size=2),
)


@st.composite
def mutations(draw: st.DrawFn, event_name: str) -> dict[str, Any]:
    """Make a payload with one to three members dropped, retyped, renamed, added or misspelt."""
    payload = copy.deepcopy(draw(payloads(event_name)))
    for _ in range(draw(st.integers(1, 3))):
        places = list(members_of(payload))
        if places:
            mutate(draw, *draw(st.sampled_from(places)))
    return payload


def mutate(draw: st.DrawFn, part: Container, key: Key) -> None:
    change = draw(st.sampled_from(["drop", "retype", "rename", "add", "misspell"]))
    value = part[key]
    if change == "drop":
        del part[key]
    elif change == "misspell" and isinstance(value, str):
        part[key] = draw(st.sampled_from([value.lower(), value + "S", value[1:], " "]))
    elif change == "rename" and isinstance(key, str):
        del part[key]
        part[draw(st.sampled_from([key + "s", key[:-1], key.upper(), "name", "source"]))] = value
    elif change == "add" and isinstance(key, str):
        new = draw(st.sampled_from(["locale", "name", "broker", "update", "type"]))
        part[new] = draw(odd_values)
    else:
        part[key] = draw(odd_values)


def members_of(part: Container) -> Iterator[tuple[Container, Key]]:
    for key in range(len(part)) if isinstance(part, list) else list(part):
        yield part, key
        if isinstance(part[key], dict | list):
            yield from members_of(part[key])
