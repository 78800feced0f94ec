"""Check an event against its schema, and say of everything wrong what would be right."""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from yellowring.catalog.advice import warnings_of
from yellowring.catalog.fields import Field, all_fields
from yellowring.catalog.localization import (
    LocalizedAttributes,
    localization_problems,
    references,
)
from yellowring.catalog.names import EVENT_NAMES
from yellowring.catalog.payloads import PAYLOADS
from yellowring.catalog.problems import HUGE, Problem, at, nearest, quoted, schema_path

if TYPE_CHECKING:
    from pydantic_core import ErrorDetails


MOST_PROBLEMS = 100
"""Problems that are told of a payload, and as many of its texts: whoever has more begins there.

A document of some thousand keys and as many texts would else have millions."""
_ENVELOPE = frozenset({"campaign", "event", "name", "payload", "localizedAttributes", "locale"})
_WHOLE_NUMBER = re.compile(r"-?(0|[1-9][0-9]{0,17})")


class InvalidEvent(ValueError):
    """An event that Alexa would refuse.

    Attributes
    ----------
    problems
        Everything that is wrong with it; never empty.
    """

    def __init__(self, problems: tuple[Problem, ...]) -> None:
        super().__init__("event refused: " + "; ".join(str(problem) for problem in problems))
        self.problems = problems


@dataclass(frozen=True, slots=True)
class CheckedEvent:
    """An event after its check. Only when ``problems`` is empty may it be sent.

    Parameters
    ----------
    name
        The event's name.
    payload
        Exactly what goes on the wire.
    localized_attributes
        Exactly what goes on the wire; empty when the payload refers to no key.
    problems
        What Alexa would refuse.
    root
        The JSON path of the object that has ``event`` and ``localizedAttributes``.
    """

    name: str
    payload: dict[str, Any]
    localized_attributes: LocalizedAttributes
    problems: tuple[Problem, ...] = ()
    root: str = "$"

    @property
    def warnings(self) -> tuple[Problem, ...]:
        """What Alexa would take, though it can hardly have been meant or sources conflict."""
        if self.problems or not self.name:
            return ()
        return tuple(warnings_of(self.name, self.payload, self.localized_attributes, self.root))

    def shapes(self) -> tuple[str, ...]:
        """Return the problems as a log may have them: schema paths and rules, no text of theirs."""
        fields = all_fields(self.name) if self.name else ()
        known = _ENVELOPE.union(field.name for field in fields)
        return tuple(f"{schema_path(each.path, known)}: {each.rule}" for each in self.problems)


def check_event(
    name: object, payload: object, localized_attributes: object = (), *, root: str = "$"
) -> CheckedEvent:
    """Check an event's name, its payload and the texts it has for each locale.

    Parameters
    ----------
    name, payload
        The members of ``event`` as decoded JSON.
    localized_attributes
        The list of the same name as decoded JSON.
    root
        The JSON path of the object that has ``event`` and ``localizedAttributes``.

    Returns
    -------
    CheckedEvent
        With the problems found, in the order of the schema. Nothing is raised.

    Examples
    --------
    >>> alert = {"weatherAlert": {"source": "Weather Desk", "alertType": "SNOWSTORM"}}
    >>> print(check_event("AMAZON.WeatherAlert.Activated", alert).problems[0].suggestion)
    did you mean SNOW_STORM?
    """
    attributes = [] if localized_attributes == () else localized_attributes
    if not isinstance(name, str) or name not in PAYLOADS:
        return CheckedEvent("", {}, [], (_unknown_event(name, f"{root}.event.name"),))
    payload_path = f"{root}.event.payload"
    wire, problems = check_payload(name, payload, payload_path)
    used = references(wire or payload, payload_path)
    texts = localization_problems(attributes, used, f"{root}.localizedAttributes")
    problems += islice(texts, MOST_PROBLEMS)
    if problems or not isinstance(attributes, list):
        return CheckedEvent(name, wire, [], tuple(problems))
    return CheckedEvent(name, wire, attributes, (), root)


def check_payload(
    event_name: str, payload: object, path: str
) -> tuple[dict[str, Any], list[Problem]]:
    """Check a known event's payload alone: its wire shape, or what is wrong with it."""
    model = PAYLOADS[event_name]
    try:
        checked = model.model_validate(payload)
    except ValidationError as invalid:
        fields = {field.path: field for field in all_fields(event_name)}
        errors = invalid.errors(include_url=False)[:MOST_PROBLEMS]
        return {}, [_problem(error, fields, path) for error in errors]
    return checked.model_dump(mode="json", by_alias=True, exclude_none=True), []


def _unknown_event(name: object, path: str) -> Problem:
    meant = nearest(name, EVENT_NAMES)
    known = ", ".join(EVENT_NAMES)
    return Problem(
        path,
        f"{quoted(name)} is not an event that a skill can send; use one of {known}",
        quoted(name),
        EVENT_NAMES,
        f"did you mean {meant}?" if meant else None,
        "is not an event that a skill can send",
    )


def _problem(error: ErrorDetails, fields: dict[str, Field], root: str) -> Problem:
    """Say one of pydantic's errors in the catalog's words."""
    path = root
    for key in error["loc"]:
        path = at(path, key)
    dotted = ".".join(str(key) for key in error["loc"] if isinstance(key, str))
    field = fields.get(dotted)
    value = error["input"]
    found = quoted(value) if isinstance(value, str | int | float) else None
    kind = error["type"]
    if kind == "extra_forbidden":
        return _unknown_key(dotted, path, fields, root)
    if kind == "missing":
        choices = field.choices if field else ()
        message = f"is missing; it is {_expected(field)}"
        return Problem(path, message, None, choices, rule="is missing")
    if kind == "unfit":
        context = error["ctx"]
        message = context["message"]
        return Problem(path, message, found, (), context["hint"], rule=message)
    if kind == "enum" and field:
        meant = nearest(value, field.choices)
        hint = f"did you mean {meant}?" if meant else None
        rule = f"is not one of {', '.join(field.choices)}"
        return Problem(path, f"{quoted(value)} {rule}", found, field.choices, hint, rule)
    if kind == "string_unicode":
        rule = "holds half of a character (a lone surrogate)"
        return Problem(path, rule, rule=rule)
    choices = field.choices if field else ()
    rule = f"must be {_expected(field)}"
    message = f"{rule}, found {_found(value)}"
    return Problem(path, message, found, choices, _retyped(field, value), rule)


def _unknown_key(dotted: str, path: str, fields: dict[str, Field], root: str) -> Problem:
    parent, _, name = dotted.rpartition(".")
    siblings = tuple(
        field.name for field in fields.values() if field.parent == parent and not field.instead
    )
    homes = [field.parent for field in fields.values() if field.name == name]
    meant = nearest(name, siblings)
    hint = f"did you mean {meant}?" if meant else None
    if len(homes) == 1:
        home = f"{root}.{homes[0]}" if homes[0] else root
        hint = f"it belongs in {home}"
    rule = f"is not known here; known are {', '.join(siblings)}"
    return Problem(path, rule, None, siblings, hint, rule)


def _expected(field: Field | None) -> str:
    """Describe what a field takes; no field is the payload itself."""
    if field is None:
        return "an object"
    localizable = " or a localizedattribute:KEY" if field.localizable else ""
    return {
        "object": "an object",
        "text": f"a text of at least one character{localizable}",
        "integer": "a whole number",
        "time": 'an ISO 8601 time with a zone such as "2026-11-20T18:30:00Z"',
        "choice": f"one of {', '.join(field.choices)}",
        "choices": f"a list of 1 to 5 of {', '.join(field.choices)}",
    }[field.kind]


def _found(value: object) -> str:
    return f"a list of {len(value)}" if isinstance(value, list) else quoted(value)


def _retyped(field: Field | None, value: object) -> str | None:
    """Suggest the same value in the type that the field takes."""
    if field is None or isinstance(value, bool):
        return None
    if field.kind == "integer":
        text = str(value).removesuffix(".0") if isinstance(value, str | float) else ""
        return f"write {text}" if _WHOLE_NUMBER.fullmatch(text) else None
    if field.kind == "choices" and isinstance(value, str):
        meant = nearest(value, field.choices)
        return f'write ["{meant}"]' if meant else None
    if field.kind == "text" and isinstance(value, int | float) and abs(value) <= HUGE:
        return f'write "{value}"'
    return None
