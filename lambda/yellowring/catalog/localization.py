"""Texts given for each locale: which keys a payload refers to, and who defines them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from yellowring.catalog.names import LOCALES
from yellowring.catalog.problems import Problem, at, nearest, quoted
from yellowring.catalog.wire import REFERENCE, key_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

_SURROGATE = re.compile("[\ud800-\udfff]")
_ALMOST_REFERENCE = REFERENCE.removesuffix(":")
_DEEPEST = 20
"""Objects in one another; no schema has half as many."""

LocalizedAttributes = list[dict[str, str]]
"""The wire shape: ``[{"locale": "en-US", "key": "text"}, …]``."""


def references(value: object, path: str) -> dict[str, str]:
    """Find the keys that a payload refers to, each with the path of its first use."""
    found: dict[str, str] = {}
    for text, keys in _texts(value):
        key = key_of(text)
        if key:
            found.setdefault(key, _path(path, keys))
    return found


def rings_in(payload: object, attributes: Sequence[Mapping[str, str]], locale: str) -> bool:
    """Tell whether a customer of a locale gets a notification.

    Alexa accepts the event of a payload that refers to texts, and rings nobody whose locale has
    none.
    """
    has_texts = any(entry.get("locale") == locale for entry in attributes)
    return has_texts or not references(payload, "")


def localization_problems(value: object, used: Mapping[str, str], path: str) -> Iterator[Problem]:
    """Yield what is wrong with ``localizedAttributes`` for a payload that uses these keys."""
    if not isinstance(value, list):
        rule = "must be a list of objects"
        yield Problem(path, f"{rule}, found {quoted(value)}", rule=rule)
        return
    if used and not value:
        keys = ", ".join(f"{quoted(key)} (by {where})" for key, where in used.items())
        yield Problem(
            path,
            f"is empty, but the payload refers to {keys}; add one object per locale",
            rule="is empty, but the payload refers to texts",
        )
    first_at: dict[str, int] = {}
    for index, entry in enumerate(value):
        here = at(path, index)
        if isinstance(entry, dict) and all(isinstance(key, str) for key in entry):
            yield from _locale_problems(entry, here, index, first_at)
            yield from _text_problems(entry, here, used)
        else:
            right = 'an object such as {"locale": "en-US", "key": "text"}'
            yield Problem(here, f"must be {right}, found {quoted(entry)}", rule="must be an object")


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
    for text, keys in _texts(payload):
        if _ALMOST_REFERENCE in text.lower() and key_of(text) is None:
            right = f"a reference is {REFERENCE}KEY and nothing else"
            where = _path(f"{root}.event.payload", keys)
            yield Problem(where, f"would be read out as it stands; {right}", found=quoted(text))


def locale_hint(locale: object) -> str | None:
    """Suggest the locales of the same language in place of one that Alexa does not have.

    >>> locale_hint("de-AT"), locale_hint("en_gb"), locale_hint("xx-XX")
    ('did you mean de-DE?', 'did you mean en-GB?', None)
    """
    if not isinstance(locale, str):
        return None
    written = locale.replace("_", "-").lower()
    same = [known for known in LOCALES if known.lower() == written]
    same = same or [known for known in LOCALES if known[:3].lower() == f"{written[:2]}-"]
    return f"did you mean {' or '.join(same)}?" if same else None


def _locale_problems(
    entry: dict[str, Any], path: str, index: int, first_at: dict[str, int]
) -> Iterator[Problem]:
    where = f"{path}.locale"
    locale = entry.get("locale")
    if "locale" not in entry:
        right = 'say which locale the texts are for, such as "en-US"'
        yield Problem(where, f"is missing; {right}", rule="is missing")
    elif locale not in LOCALES:
        message = f"{quoted(locale)} is not a locale of Alexa's; use one of {', '.join(LOCALES)}"
        rule = "is not a locale of Alexa's"
        yield Problem(where, message, quoted(locale), LOCALES, locale_hint(locale), rule)
    elif first_at.setdefault(locale, index) != index:
        twice = f"{locale} already has its texts in localizedAttributes[{first_at[locale]}]"
        message = f"{twice}; give each locale once"
        yield Problem(where, message, quoted(locale), rule="is given twice")


def _text_problems(entry: dict[str, Any], path: str, used: Mapping[str, str]) -> Iterator[Problem]:
    for key, text in entry.items():
        if key != "locale" and (not isinstance(text, str) or not text):
            rule = "must be a text of at least one character"
            yield Problem(at(path, key), f"{rule}, found {quoted(text)}", rule=rule)
        elif isinstance(text, str) and _SURROGATE.search(text):
            rule = "holds half of a character (a lone surrogate)"
            yield Problem(at(path, key), rule, rule=rule)
    for key, where in used.items():
        if key == "locale":
            rule = "refers to the key locale, which names the locale itself"
            yield Problem(where, rule, rule=rule)
        elif key not in entry:
            locale = quoted(entry.get("locale", "this locale"))
            meant = nearest(key, sorted(entry.keys() - {"locale"} - used.keys()))
            yield Problem(
                at(path, key),
                f"is missing: {where} refers to it, so {locale} must define it",
                suggestion=f"did you mean {quoted(key)} where it says {quoted(meant)}?"
                if meant
                else None,
                rule="is missing, though the payload refers to it",
            )


def _texts(value: object, keys: tuple[str, ...] = ()) -> list[tuple[str, tuple[str, ...]]]:
    """List the texts in a payload, each with the keys that lead to it.

    It may be nested as deep as JSON can be; what lies deeper than any schema is passed over.
    """
    if isinstance(value, str):
        return [(value, keys)]
    if not isinstance(value, dict) or len(keys) > _DEEPEST:
        return []
    return [found for key, member in value.items() for found in _texts(member, (*keys, key))]


def _path(root: str, keys: tuple[str, ...]) -> str:
    for key in keys:
        root = at(root, key)
    return root
