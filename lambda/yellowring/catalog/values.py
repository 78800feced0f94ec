"""The kinds of value an event's fields have: texts, localizable texts, integers, times."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, TypeVar

from pydantic import AfterValidator, BeforeValidator, Field, Strict
from pydantic_core import PydanticCustomError

from yellowring.catalog.wire import DATE, NAIVE_TIME, REFERENCE, TIME_PATTERN, parse_time


@dataclass(frozen=True, slots=True)
class Kind:
    """Marks a field's type with what its reader calls it.

    Parameters
    ----------
    name
        ``text``, ``integer`` or ``time``.
    localizable
        Whether a ``localizedattribute:KEY`` may stand for it.
    """

    name: str
    localizable: bool = False


@dataclass(frozen=True, slots=True)
class Disputed:
    """Marks a field about which sources conflict: it is taken with a warning, and Alexa decides.

    Parameters
    ----------
    instead
        What the reference has in its place; empty when the reference has it, and requires it.
    """

    instead: str = ""


def unfit(message: str, hint: str | None = None) -> PydanticCustomError:
    """Make the error for a value its kind does not allow; the hint is the change to make."""
    return PydanticCustomError("unfit", "{message}", {"message": message, "hint": hint})


def _plain(text: str) -> str:
    if text.startswith(REFERENCE):
        raise unfit(
            "cannot be localized, Alexa wants the text itself here",
            "write the text that every locale is to hear",
        )
    return text


def _localizable(text: str) -> str:
    if text == REFERENCE:
        raise unfit("names no key after localizedattribute:", f'such as "{REFERENCE}name"')
    return text


def _aware(text: str) -> str:
    if parse_time(text):
        return text
    right = 'must be an ISO 8601 time with a zone such as "2026-11-20T18:30:00Z"'
    if NAIVE_TIME.fullmatch(text):
        hint: str | None = f'it has no zone: add Z for UTC, "{text}Z", or an offset such as +01:00'
    elif DATE.fullmatch(text):
        hint = f'a date alone is not enough: "{text}T00:00:00Z"'
    else:
        hint = None
    raise unfit(right, hint)


def _present(value: object) -> object:
    if value is None:
        raise unfit("must not be null", "leave it out instead")
    return value


_T = TypeVar("_T")

Text = Annotated[
    str,
    Strict(),
    Field(min_length=1, json_schema_extra={"not": {"pattern": f"^{REFERENCE}"}}),
    AfterValidator(_plain),
    Kind("text"),
]
LocalizableText = Annotated[
    str,
    Strict(),
    Field(min_length=1, json_schema_extra={"not": {"const": REFERENCE}}),
    AfterValidator(_localizable),
    Kind("text", localizable=True),
]
Time = Annotated[
    str,
    Strict(),
    Field(json_schema_extra={"pattern": f"^{TIME_PATTERN}$"}),
    AfterValidator(_aware),
    Kind("time"),
]
Integer = Annotated[int, Strict(), Kind("integer")]
Maybe = Annotated[_T | None, BeforeValidator(_present)]
"""A field that may be left out; a null is refused all the same."""
OtherTimeStamp = Annotated[
    Maybe[Time],
    Disputed("enterTimeStamp"),
    Field(description="Not in the reference, which has enterTimeStamp."),
]
"""A name that public clients have for the time of an order's state."""
