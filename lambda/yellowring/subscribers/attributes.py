"""What a business may keep with a customer: the limits of attributes, checked at every door."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, cast

from yellowring.subscribers.changes import ATTRIBUTE_KEY
from yellowring.tokens import holds_token

if TYPE_CHECKING:
    from collections.abc import Mapping

    from yellowring.subscribers.changes import AttributeValue

MOST_ATTRIBUTES = 20
"""Attributes in one change."""
LARGEST_VALUE = 600
"""Bytes of an attribute's value: UTF-8 of a text, of any other the compact JSON."""
LARGEST_NUMBER = 2**53
"""Beyond it, JSON's readers disagree on whole numbers."""
SMALLEST_NUMBER = 1e-100
"""Nearer to zero, DynamoDB cannot hold a number."""

_SURROGATE = re.compile("[\ud800-\udfff]")


class InvalidAttributes(ValueError):
    """Attributes that are not stored; says why, and never what was in them.

    ``path`` is where, as a JSON path that ends before anything of the caller's own.
    """

    def __init__(self, path: str, right: str) -> None:
        super().__init__(right)
        self.path = path


def check_attributes(
    values: Mapping[str, object], removed: object
) -> Mapping[str, AttributeValue | None]:
    """Check a change of attributes; return what each is to be, ``None`` for those to remove.

    Raises
    ------
    InvalidAttributes
        A name, a value or their number is not allowed.

    Examples
    --------
    >>> check_attributes({"plan": "gold"}, ["trial"])
    {'plan': 'gold', 'trial': None}
    """
    checked = {key: _value(value) for key, value in values.items()}
    if not isinstance(removed, list) or not all(isinstance(key, str) for key in removed):
        raise InvalidAttributes("$.remove", "$.remove must be a list of attributes' names")
    if checked.keys() & set(removed):
        raise InvalidAttributes(
            "$.remove", "$.remove and $.set both have an attribute: say one of them"
        )
    changed = {**checked, **dict.fromkeys(removed)}
    if not 1 <= len(changed) <= MOST_ATTRIBUTES:
        raise InvalidAttributes(
            "$",
            f"$.set and $.remove must name 1 to {MOST_ATTRIBUTES} attributes, not {len(changed)}",
        )
    if not all(ATTRIBUTE_KEY.fullmatch(key) for key in changed):
        raise InvalidAttributes(
            "$", "the name of an attribute must be a letter and up to 39 letters, digits and _"
        )
    return changed


def _value(value: object) -> AttributeValue:
    if isinstance(value, bool):
        return value
    if isinstance(value, int | float):
        if abs(value) <= LARGEST_NUMBER and (not value or abs(value) >= SMALLEST_NUMBER):
            return value
        raise InvalidAttributes(
            "$.set",
            "a value of $.set must be a number from -2^53 to 2^53, no nearer to 0 than e-100",
        )
    if (_is_text(value) or _is_list(value)) and _size(value) <= LARGEST_VALUE:
        return cast("AttributeValue", value)
    raise InvalidAttributes(
        "$.set",
        "a value of $.set must be a text, a number, true or false, or a list of texts, of at most "
        f"{LARGEST_VALUE} bytes; to remove an attribute, name it in $.remove",
    )


def _is_text(value: object) -> bool:
    return isinstance(value, str) and not _SURROGATE.search(value) and not holds_token(value)


def _is_list(value: object) -> bool:
    return isinstance(value, list) and all(map(_is_text, value))


def _size(value: object) -> int:
    compact = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    return len((value if isinstance(value, str) else compact).encode())
