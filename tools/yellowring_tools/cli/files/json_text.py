"""JSON as a person wrote it: read strictly, with the line of everything that is in it."""

from __future__ import annotations

import re
from bisect import bisect_right
from dataclasses import dataclass, field
from json import JSONDecodeError
from json.decoder import scanstring  # type: ignore[attr-defined]  # not in the stubs
from typing import Any

from yellowring.catalog.problems import Problem, at, quoted

DEEPEST = 32
"""How many lists and objects may be inside each other; a campaign needs six."""
LONGEST_NUMBER = 40
"""Characters of a number."""

_SPACE = re.compile(r"[ \t\r\n]*")
_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]*)(\.[0-9]+)?([eE][-+]?[0-9]+)?")
_WORD = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_CONSTANTS = {"true": True, "false": False, "null": None}
_SURROGATE = re.compile("[\ud800-\udfff]")


class NotJson(ValueError):
    """A text that is not JSON, with the line and the path that it stops being JSON at."""

    def __init__(self, line: int, problem: Problem) -> None:
        super().__init__(f"line {line}: {problem}")
        self.line = line
        self.problem = problem


@dataclass(frozen=True, slots=True)
class JsonText:
    """A text that was read.

    Attributes
    ----------
    value
        What it says.
    lines
        The line, counted from 1, of every value and of every object's key, by JSON path.
    problems
        What decoders take but people do not mean: keys given twice, halves of characters.
    """

    value: Any
    lines: dict[str, int]
    problems: tuple[Problem, ...]

    def line_of(self, path: str) -> int:
        """Give the line of a path or, when that is missing, of what it is missing from."""
        while path not in self.lines and path != "$":
            path = path[: max(path.rfind("."), path.rfind("["))]
        return self.lines.get(path, 1)


def parse_json(text: str) -> JsonText:
    """Read a JSON text.

    Raises
    ------
    NotJson
        Where the text stops being JSON, or nests deeper than any campaign.
    """
    parser = _Parser(text)
    value, end = parser.value("$", 0, 0)
    end = parser.skip(end)
    if end < len(text):
        raise parser.wrong(end, "$", "has more text after the end of the value")
    return JsonText(value, parser.lines, tuple(parser.problems))


@dataclass(slots=True)
class _Parser:
    text: str
    lines: dict[str, int] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    _line_starts: list[int] = field(init=False)

    def __post_init__(self) -> None:
        self._line_starts = [0, *(match.end() for match in re.finditer("\n", self.text))]

    def line(self, index: int) -> int:
        return bisect_right(self._line_starts, index)

    def skip(self, index: int) -> int:
        match = _SPACE.match(self.text, index)
        return match.end() if match else index

    def wrong(self, index: int, path: str, message: str) -> NotJson:
        return NotJson(self.line(index), Problem(path, message))

    def value(self, path: str, index: int, depth: int) -> tuple[Any, int]:
        index = self.skip(index)
        self.lines.setdefault(path, self.line(index))
        first = self.text[index : index + 1]
        if first in {"{", "["} and depth >= DEEPEST:
            raise self.wrong(index, "$", f"nests deeper than {DEEPEST} lists and objects")
        if first == "{":
            return self._object(path, index + 1, depth + 1)
        if first == "[":
            return self._list(path, index + 1, depth + 1)
        if first == '"':
            return self._string(path, index)
        if first in "-0123456789" and first:
            return self._number(path, index)
        word = _WORD.match(self.text, index)
        if word and word[0] in _CONSTANTS:
            return _CONSTANTS[word[0]], word.end()
        raise self.wrong(index, path, f"must be a JSON value, found {self._seen(index)}")

    def _object(self, path: str, index: int, depth: int) -> tuple[dict[str, Any], int]:
        members: dict[str, Any] = {}
        index = self.skip(index)
        if self.text.startswith("}", index):
            return members, index + 1
        while True:
            index = self.skip(index)
            if not self.text.startswith('"', index):
                found = self._seen(index)
                raise self.wrong(index, path, f"must go on with a key in quotes, found {found}")
            start = index
            key, index = self._string(path, index)
            here = at(path, key)
            if key in members:
                first = self.lines.get(here, 1)
                twice = f"is given twice, first on line {first}; keep one"
                self.problems.append(Problem(here, twice))
            self.lines[here] = self.line(start)
            index = self._expect(":", index, here, "must be followed by a colon")
            members[key], index = self.value(here, index, depth)
            index, more = self._next("}", index, path)
            if not more:
                return members, index

    def _list(self, path: str, index: int, depth: int) -> tuple[list[Any], int]:
        items: list[Any] = []
        index = self.skip(index)
        if self.text.startswith("]", index):
            return items, index + 1
        while True:
            item, index = self.value(at(path, len(items)), index, depth)
            items.append(item)
            index, more = self._next("]", index, path)
            if not more:
                return items, index

    def _next(self, closing: str, index: int, path: str) -> tuple[int, bool]:
        """Step over a comma or the closing bracket; tell whether another element follows."""
        index = self.skip(index)
        if self.text.startswith(closing, index):
            return index + 1, False
        after = self._expect(",", index, path, f"must go on with a comma or {closing}")
        if self.text.startswith(closing, self.skip(after)):
            raise self.wrong(index, path, f"has a comma before {closing}; take it out")
        return after, True

    def _expect(self, sign: str, index: int, path: str, otherwise: str) -> int:
        index = self.skip(index)
        if not self.text.startswith(sign, index):
            raise self.wrong(index, path, f"{otherwise}, found {self._seen(index)}")
        return index + 1

    def _string(self, path: str, index: int) -> tuple[str, int]:
        try:
            text, end = scanstring(self.text, index + 1, True)
        except JSONDecodeError as error:
            reason = error.msg[:1].lower() + error.msg[1:]
            raise self.wrong(error.pos, path, f"holds a text that is not JSON: {reason}") from None
        if _SURROGATE.search(text):
            half = "holds half of a character (a lone surrogate such as \\ud83d); write it whole"
            self.problems.append(Problem(path, half))
            self.lines.setdefault(path, self.line(index))
        return text, end

    def _number(self, path: str, index: int) -> tuple[int | float, int]:
        match = _NUMBER.match(self.text, index)
        if match is None or len(match[0]) > LONGEST_NUMBER:
            reason = f"must be a number of at most {LONGEST_NUMBER} characters"
            raise self.wrong(index, path, f"{reason}, found {self._seen(index)}")
        whole = match[1] is None and match[2] is None
        return int(match[0]) if whole else float(match[0]), match.end()

    def _seen(self, index: int) -> str:
        """Quote what stands at an index, and say what it may have been meant for."""
        rest = self.text[index : index + 20].split("\n")[0]
        if not rest:
            return "the end of the text" if index >= len(self.text) else "the end of the line"
        if rest.startswith(("//", "/*", "#")):
            return "a comment, which JSON does not have"
        if rest.startswith("'"):
            return "a single quote; JSON's are double"
        word = _WORD.match(rest)
        if word and word[0].lower() in _CONSTANTS | {"none": None}:
            return f"{word[0]}; JSON's constants are true, false and null"
        return quoted(word[0] if word else rest[0])
