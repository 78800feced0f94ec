"""A list of whoever was erased: an id a line, Alexa's or the business' own."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


class InvalidIds(ValueError):
    """A file is no list of ids; says which line is none, and what would be right."""


def ids_of(path: Path) -> frozenset[str]:
    """Return the ids in a file, one a line; blank lines are left out.

    Raises
    ------
    InvalidIds
        A line is no id, or there is none.
    OSError
        The file cannot be read.
    """
    from yellowring.subscribers import is_customer_id, is_user_id  # noqa: PLC0415 - loads boto3

    lines = path.read_text(encoding="utf-8-sig", errors="replace").splitlines()
    ids = {number: line.strip() for number, line in enumerate(lines, 1) if line.strip()}
    for number, each in ids.items():
        if not (is_user_id(each) or is_customer_id(each)):
            raise InvalidIds(
                f"line {number} must be a user id of Alexa's, amzn1.ask.account. and more, or your "
                "own id of a customer"
            )
    if not ids:
        raise InvalidIds("it names nobody: say that with --none-erased")
    return frozenset(ids.values())
