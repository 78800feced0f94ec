"""One thing that is wrong with a document, said so that its author can put it right."""

from __future__ import annotations

import difflib
import re
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

_LONGEST_QUOTE = 60
HUGE = 10**18
"""A number that is larger is not written out: Python refuses to, from 4,300 digits on."""
_MOST_CHOICES = 300
"""Choices that a word is compared with: none of the catalog's own lists has so many."""
_USER_ID_MARK = "amzn1.ask."
_PLAIN_KEY = re.compile(r"[$A-Za-z_][A-Za-z0-9_-]{0,59}")
_STEP = re.compile(r"\.([$A-Za-z_][A-Za-z0-9_-]*)|(\[[0-9]+\])|\[.*", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Problem:
    """What was wrong, where, and what would be right.

    Parameters
    ----------
    path
        Where, as a JSON path: ``$.event.payload.alert.garbageTypes[2]``.
    message
        What is wrong and what would be right, in one sentence without a full stop.
    found
        The offending value, shortened; ``None`` when it is missing, an object or personal data.
    allowed
        The values that would be right, when there is a list of them.
    suggestion
        The one change that most likely mends it.
    rule
        What the value breaks, in the schema's words alone: unlike the message and the suggestion
        it repeats nothing of the document, so that it may be logged.
    """

    path: str
    message: str
    found: str | None = None
    allowed: tuple[str, ...] = ()
    suggestion: str | None = None
    rule: str = "is not right"

    def __str__(self) -> str:
        hint = f" ({self.suggestion})" if self.suggestion else ""
        return f"{self.path}: {self.message}{hint}"


def at(path: str, key: str | int) -> str:
    """Extend a JSON path by a member or an element; an odd key is quoted, a user id masked.

    >>> at("$.event", "name"), at("$.userIds", 3), at("$", "odd key")
    ('$.event.name', '$.userIds[3]', '$["odd key"]')
    """
    if isinstance(key, int):
        return f"{path}[{key}]"
    return f"{path}.{key}" if _PLAIN_KEY.fullmatch(key) else f"{path}[{quoted(key)}]"


def schema_path(path: str, known: Collection[str]) -> str:
    """Return a JSON path as a log may have it: a member that is not ``known`` becomes ``*``.

    >>> schema_path("$.event.payload.Jane.name", {"event", "payload", "name"})
    '$.event.payload.*.name'
    """
    steps = ["$"]
    for name, index in _STEP.findall(path):
        steps.append(index or (f".{name}" if name in known else ".*"))
    return "".join(steps)


def quoted(value: object) -> str:
    """Show a value in a message: short, on one line, and never a user id.

    >>> quoted("SNOWSTORM"), quoted(None), quoted({"a": 1})
    ('"SNOWSTORM"', 'null', 'an object')
    """
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    if isinstance(value, str):
        masked = _USER_ID_MARK in value
        return "a user id" if masked else '"' + _shortened(repr(value)[1:-1]) + '"'
    if isinstance(value, int | float):
        return "a huge number" if abs(value) > HUGE else repr(value)
    if isinstance(value, dict):
        return "an object"
    return "a list" if isinstance(value, list | tuple) else f"a {type(value).__name__}"


def nearest(word: object, choices: Iterable[str]) -> str | None:
    """Find the choice that ``word`` was most likely meant to be, ignoring case and separators."""
    if not isinstance(word, str):
        return None
    by_letters = {_letters(choice): choice for choice in islice(choices, _MOST_CHOICES)}
    matches = difflib.get_close_matches(_letters(word)[:80], by_letters, n=1, cutoff=0.75)
    return by_letters[matches[0]] if matches else None


def _letters(word: str) -> str:
    return "".join(character for character in word.lower() if character.isalnum())


def _shortened(text: str) -> str:
    return text if len(text) <= _LONGEST_QUOTE else text[: _LONGEST_QUOTE - 1] + "…"
