"""Placeholders in texts, ``{town}`` or ``{town|your town}``, and what is put in their places."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from yellowring.subscribers import ATTRIBUTE_KEY

if TYPE_CHECKING:
    from collections.abc import Iterator

_PLACEHOLDER = re.compile(rf"\{{({ATTRIBUTE_KEY.pattern})(?:\|([^{{}}]*))?\}}")


class CannotFill(ValueError):
    """A placeholder for which there is nothing that could be said."""


def attributes_named(*documents: object) -> frozenset[str]:
    """Give the attributes that placeholders name, in any string of some JSON."""
    texts = _texts(list(documents))
    return frozenset(match[1] for text in texts for match in _PLACEHOLDER.finditer(text))


def filled(document: Any, attributes: Mapping[str, object]) -> Any:  # noqa: ANN401 - JSON
    """Give some JSON with the attributes in the places of the placeholders.

    Raises
    ------
    CannotFill
        An attribute is missing that has no default, or is nothing that can be said.

    Examples
    --------
    >>> filled({"city": "{town|your town}", "n": 3}, {"town": "Ulm"})
    {'city': 'Ulm', 'n': 3}
    """
    if isinstance(document, str):
        return _PLACEHOLDER.sub(lambda match: _spoken(match, attributes), document)
    if isinstance(document, Mapping):
        return {key: filled(each, attributes) for key, each in document.items()}
    if isinstance(document, list):
        return [filled(each, attributes) for each in document]
    return document


def _spoken(match: re.Match[str], attributes: Mapping[str, object]) -> str:
    """Say an attribute's value; only what has one plain wording is said."""
    key, default = match[1], match[2]
    value = attributes.get(key, default)
    if value is None:
        raise CannotFill(
            f"the customer has no attribute {key}, and the campaign has no default for it: "
            f"write {{{key}|some default}}"
        )
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise CannotFill(
            f"the customer's attribute {key} is a {type(value).__name__}, which has no one way to "
            "be said: a placeholder takes a string or a number"
        )
    return str(value)


def _texts(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for each in value.values():
            yield from _texts(each)
    elif isinstance(value, list):
        for each in value:
            yield from _texts(each)
