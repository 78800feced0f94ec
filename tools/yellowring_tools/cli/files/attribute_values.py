"""Values as DynamoDB spells them, in JSON: checked, and their binaries written as Base64."""

from __future__ import annotations

import base64
import re
from decimal import Context, Decimal
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

LARGEST_ITEM = 400_000
"""Bytes: a little less than DynamoDB's 400 KB, for what a record has beside its values."""
DEEPEST = 32
"""Levels that DynamoDB nests ("Constraints in Amazon DynamoDB")."""
MOST_DIGITS = 38
LARGEST_NUMBER, SMALLEST_NUMBER = 125, -130
"""Powers of ten that a number's first digit may stand for (the same page)."""
_NUMBER = re.compile(r"[+-]?\d{1,200}(\.\d{1,200})?([eE][+-]?\d{1,3})?", re.ASCII)
_FORM = 'must be a value as DynamoDB spells it, such as {"S": a text}'
_SETS = {"SS": "S", "NS": "N", "BS": "B"}


class InvalidValue(ValueError):
    """A value is none of DynamoDB's; says of which form it should be, and repeats nothing."""


def checked(value: object, depth: int = 1) -> dict[str, Any]:
    """Return a value of JSON as the SDK takes it, binaries as bytes.

    Raises
    ------
    InvalidValue
        DynamoDB would refuse it.
    """
    if depth > DEEPEST:
        raise InvalidValue(f"must not be nested deeper than {DEEPEST} levels")
    if not isinstance(value, dict) or len(value) != 1:
        raise InvalidValue(_FORM)
    [(kind, held)] = value.items()
    if kind in _SCALARS and isinstance(held, str):
        return {kind: _SCALARS[kind](held)}
    if (kind == "BOOL" and isinstance(held, bool)) or (kind == "NULL" and held is True):
        return {kind: held}
    if kind == "L" and isinstance(held, list):
        return {"L": [checked(each, depth + 1) for each in held]}
    if kind == "M" and isinstance(held, dict):
        return {"M": {_text(name): checked(each, depth + 1) for name, each in held.items()}}
    if kind in _SETS and isinstance(held, list) and all(isinstance(each, str) for each in held):
        members = [_SCALARS[_SETS[kind]](each) for each in held]
        alike = {Decimal(each) if kind == "NS" else each for each in members}
        if not members or len(alike) < len(members):
            raise InvalidValue("must be a set: not empty, and nothing twice")
        return {kind: members}
    raise InvalidValue(_FORM)


def _text(text: str) -> str:
    try:
        text.encode()
    except UnicodeEncodeError:
        raise InvalidValue("must be text, without halves of characters") from None
    return text


def _number(digits: str) -> str:
    number = Decimal(digits) if _NUMBER.fullmatch(digits) else None
    if number is None:
        raise InvalidValue("must be a number, in digits")
    told = number.normalize(Context(prec=500)).as_tuple().digits
    if number and not (
        len(told) <= MOST_DIGITS and SMALLEST_NUMBER <= number.adjusted() <= LARGEST_NUMBER
    ):
        raise InvalidValue(f"must be a number of at most {MOST_DIGITS} digits, up to 1e125")
    return digits


def _binary(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except ValueError:
        raise InvalidValue("must be a binary in Base64") from None


_SCALARS: dict[str, Callable[[str], Any]] = {"S": _text, "N": _number, "B": _binary}


def size(value: object) -> int:
    """Return about how many bytes a value takes, names included ("DynamoDB item sizes")."""
    if isinstance(value, dict):
        return sum(size(name) + size(each) + 1 for name, each in value.items())
    if isinstance(value, list):
        return sum(size(each) + 1 for each in value)
    if isinstance(value, str | bytes):
        return len(value.encode() if isinstance(value, str) else value)
    return 1


def plain(value: Any) -> Any:  # noqa: ANN401 - whatever an item holds
    """Return a value, or an item, as JSON can hold it: binaries as Base64."""
    if isinstance(value, dict):
        return {name: plain(each) for name, each in value.items()}
    if isinstance(value, list):
        return [plain(each) for each in value]
    return base64.b64encode(value).decode() if isinstance(value, bytes) else value
