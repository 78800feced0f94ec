"""What fields each event has, read off the payloads' models: for error messages and for people."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from typing import TYPE_CHECKING, Any, Literal, get_args, get_origin

from yellowring.catalog.payloads import PAYLOADS, Part
from yellowring.catalog.values import Disputed, Kind

if TYPE_CHECKING:
    from collections.abc import Iterator

FieldKind = Literal["object", "text", "integer", "time", "choice", "choices"]

_NO_KIND = Kind("")


@dataclass(frozen=True, slots=True)
class Field:
    """A member of an event's payload.

    Parameters
    ----------
    path
        From the payload's root, dotted: ``weatherAlert.alertType``.
    kind
        What it takes; ``choices`` is a list of 1 to 5 different or equal choices.
    required
        Whether the object it is in must have it, by the reference.
    localizable
        Whether a ``localizedattribute:KEY`` may stand for it.
    choices
        The words it is limited to; empty for other kinds.
    instead
        What the reference has in its place; empty for a field of the reference.
    """

    path: str
    kind: FieldKind
    required: bool
    localizable: bool
    choices: tuple[str, ...]
    instead: str = ""

    @property
    def name(self) -> str:
        """The last part of the path, the key in the JSON."""
        return self.path.rpartition(".")[2]

    @property
    def parent(self) -> str:
        """The path of the object it is in, empty for the payload itself."""
        return self.path.rpartition(".")[0]


@cache
def fields_of(event_name: str) -> tuple[Field, ...]:
    """List the reference's fields of an event, each object before its members.

    Raises
    ------
    KeyError
        When the catalog has no such event.

    Examples
    --------
    >>> [field.path for field in fields_of("AMAZON.WeatherAlert.Activated")]
    ['weatherAlert', 'weatherAlert.source', 'weatherAlert.alertType']
    """
    return tuple(field for field in all_fields(event_name) if not field.instead)


@cache
def all_fields(event_name: str) -> tuple[Field, ...]:
    """List an event's fields, other spellings that are taken with a warning among them."""
    return tuple(_walk(PAYLOADS[event_name], ""))


def _walk(model: type[Part], prefix: str) -> Iterator[Field]:
    for name, info in model.model_fields.items():
        path = f"{prefix}{info.alias or name}"
        part, kind, choices = _read([info.annotation, *info.metadata])
        marks = [mark for mark in info.metadata if isinstance(mark, Disputed)]
        instead = marks[0].instead if marks else ""
        yield Field(
            path,
            _kind_name(part, kind, choices, info.annotation),
            info.is_required() or (bool(marks) and not instead),
            kind.localizable,
            choices,
            instead,
        )
        if part:
            yield from _walk(part, path + ".")


def _kind_name(
    part: type[Part] | None, kind: Kind, choices: tuple[str, ...], annotation: object
) -> FieldKind:
    if part:
        return "object"
    if choices:
        return "choices" if get_origin(annotation) is list else "choice"
    names: dict[str, FieldKind] = {"text": "text", "integer": "integer", "time": "time"}
    return names[kind.name]


def _read(annotations: list[Any]) -> tuple[type[Part] | None, Kind, tuple[str, ...]]:
    """Look through unions, lists and annotations for what the field is at heart."""
    part: type[Part] | None = None
    kind = _NO_KIND
    choices: tuple[str, ...] = ()
    waiting = annotations
    while waiting:
        found = waiting.pop()
        if isinstance(found, Kind):
            kind = found
        elif isinstance(found, type) and issubclass(found, Part):
            part = found
        elif isinstance(found, type) and issubclass(found, StrEnum):
            choices = tuple(choice.value for choice in found)
        else:
            waiting.extend(get_args(found))
    return part, kind, choices
