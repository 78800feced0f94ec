"""What Alexa would take though its author can hardly have meant it, and where sources conflict."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from yellowring.catalog.fields import all_fields
from yellowring.catalog.localization import localization_warnings, references
from yellowring.catalog.names import US_ONLY
from yellowring.catalog.problems import Problem, at

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from yellowring.catalog.fields import Field
    from yellowring.catalog.localization import LocalizedAttributes

LONGEST_TEXT = 150
"""Characters of a text, beyond which it is hardly a name; Alexa documents no limit."""

_MARKUP = re.compile(r"<|&(?:[A-Za-z]+|#[0-9]+);")


def warnings_of(
    event_name: str, payload: Mapping[str, Any], attributes: LocalizedAttributes, root: str
) -> Iterator[Problem]:
    """Yield the warnings about a right event, in its wire shape."""
    path = f"{root}.event.payload"
    for field in all_fields(event_name):
        yield from _field_warnings(field, payload, path)
    used = references(payload, path)
    yield from localization_warnings(payload, attributes, used, root)
    for index, entry in enumerate(attributes):
        here = at(f"{root}.localizedAttributes", index)
        if event_name in US_ONLY and entry["locale"] != "en-US":
            yield Problem(f"{here}.locale", us_only(event_name), entry["locale"])
        for key in entry.keys() - {"locale"}:
            yield from _text_warnings(entry[key], at(here, key))


def us_only(event_name: str) -> str:
    """Say that Alexa may not have the event in a locale other than en-US."""
    return (
        f"{event_name} is for en-US alone, says Amazon's Japanese page of the schemas; "
        "it may be out of date, and Alexa decides"
    )


def _field_warnings(field: Field, payload: Mapping[str, Any], root: str) -> Iterator[Problem]:
    part: Any = payload
    for key in field.parent.split(".") if field.parent else ():
        part = part.get(key)
        if part is None:
            return
    path, value = f"{root}.{field.path}", part.get(field.name)
    if value is None:
        if field.required:
            sources = "the reference requires it, some clients leave it out"
            yield Problem(path, f"is missing: {sources}, and Alexa decides")
    elif field.instead:
        spelling = f"is not in the reference, which has {field.instead}; Alexa decides"
        yield Problem(path, spelling, suggestion=f"write {field.instead}")
    elif field.kind == "integer":
        least = 1 if field.name == "count" else 0
        if value < least:
            yield Problem(path, f"is below {least}, the least that makes sense", str(value))
    elif field.kind == "text":
        yield from _text_warnings(value, path)


def _text_warnings(text: str, path: str) -> Iterator[Problem]:
    if not text.strip():
        yield Problem(path, "is blank, so that Alexa has nothing to say in its place")
    if len(text) > LONGEST_TEXT:
        yield Problem(path, f"has {len(text)} characters, and Alexa would say them all")
    if _MARKUP.search(text):
        yield Problem(path, "has markup, but texts are plain: neither SSML nor HTML is meant here")
