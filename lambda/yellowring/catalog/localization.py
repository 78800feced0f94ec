"""Texts given for each locale: which keys a payload refers to, and who defines them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from yellowring.catalog.names import LOCALES
from yellowring.catalog.problems import Problem, at, nearest, quoted
from yellowring.catalog.wire import REFERENCE, key_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

LocalizedAttributes = list[dict[str, str]]
"""The wire shape: ``[{"locale": "en-US", "key": "text"}, …]``."""


def references(value: object, path: str) -> dict[str, str]:
    """Find the keys that a payload refers to, each with the path of its first use."""
    found: dict[str, str] = {}
    for where, text in _texts(value, path):
        key = key_of(text)
        if key:
            found.setdefault(key, where)
    return found


def localization_problems(value: object, used: Mapping[str, str], path: str) -> Iterator[Problem]:
    """Yield what is wrong with ``localizedAttributes`` for a payload that uses these keys."""
    if not isinstance(value, list):
        yield Problem(path, f"must be a list of objects, found {quoted(value)}")
        return
    if used and not value:
        keys = ", ".join(f"{quoted(key)} (by {where})" for key, where in used.items())
        yield Problem(
            path, f"is empty, but the payload refers to {keys}; add one object per locale"
        )
    first_at: dict[str, int] = {}
    for index, entry in enumerate(value):
        here = at(path, index)
        if isinstance(entry, dict):
            yield from _locale_problems(entry, here, index, first_at)
            yield from _text_problems(entry, here, used)
        else:
            right = 'an object such as {"locale": "en-US", "key": "text"}'
            yield Problem(here, f"must be {right}, found {quoted(entry)}")


def localization_warnings(
    payload: object, attributes: LocalizedAttributes, used: Mapping[str, str], root: str
) -> Iterator[Problem]:
    """Yield what Alexa would take, though its author can hardly have meant it."""
    for index, entry in enumerate(attributes):
        for key in entry:
            if key != "locale" and key not in used:
                where = at(at(f"{root}.localizedAttributes", index), key)
                meant = nearest(key, used)
                hint = f"did you mean {quoted(meant)}?" if meant else "take it out"
                yield Problem(where, "is defined, but nothing refers to it", suggestion=hint)
    for where, text in _texts(payload, f"{root}.event.payload"):
        if key_of(text) is None and REFERENCE.rstrip(":") in text.lower():
            right = f"a reference is {REFERENCE}KEY and nothing else"
            yield Problem(where, f"would be read out as it stands; {right}", found=quoted(text))


def _locale_problems(
    entry: dict[str, Any], path: str, index: int, first_at: dict[str, int]
) -> Iterator[Problem]:
    where = at(path, "locale")
    locale = entry.get("locale")
    if "locale" not in entry:
        yield Problem(where, 'is missing; say which locale the texts are for, such as "en-US"')
    elif locale not in LOCALES:
        meant = nearest(locale, LOCALES)
        yield Problem(
            where,
            f"{quoted(locale)} is not a locale of Alexa's; use one of {', '.join(LOCALES)}",
            quoted(locale),
            LOCALES,
            f"did you mean {meant}?" if meant else None,
        )
    elif first_at.setdefault(locale, index) != index:
        twice = f"{locale} already has its texts in localizedAttributes[{first_at[locale]}]"
        yield Problem(where, f"{twice}; give each locale once", quoted(locale))


def _text_problems(entry: dict[str, Any], path: str, used: Mapping[str, str]) -> Iterator[Problem]:
    for key, text in entry.items():
        if key != "locale" and (not isinstance(text, str) or not text):
            yield Problem(
                at(path, key), f"must be a text of at least one character, found {quoted(text)}"
            )
        elif isinstance(text, str) and not _encodable(text):
            yield Problem(at(path, key), "holds half of a character (a lone surrogate)")
    for key, where in used.items():
        if key == "locale":
            yield Problem(where, "refers to the key locale, which names the locale itself")
        elif key not in entry:
            locale = quoted(entry.get("locale", "this locale"))
            meant = nearest(key, sorted(entry.keys() - {"locale"} - used.keys()))
            yield Problem(
                at(path, key),
                f"is missing: {where} refers to it, so {locale} must define it",
                suggestion=f"did you mean {quoted(key)} where it says {quoted(meant)}?"
                if meant
                else None,
            )


def _encodable(text: str) -> bool:
    return text.isascii() or not any("\ud800" <= character <= "\udfff" for character in text)


def _texts(value: object, path: str) -> Iterator[tuple[str, str]]:
    if isinstance(value, str):
        yield path, value
    elif isinstance(value, dict):
        for key, member in value.items():
            yield from _texts(member, at(path, key))
