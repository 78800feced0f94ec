"""How texts and times are written on the wire; nothing here needs a model."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime

REFERENCE = "localizedattribute:"
"""What a payload's string begins with when its text is given for each locale."""

_DATE_AND_TIME = r"\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d([.,]\d{1,9})?)?"
TIME_PATTERN = _DATE_AND_TIME + r"(Z|[+-]\d\d:?\d\d)"
"""How a time is written: ISO 8601, extended, to the minute or finer, with its zone."""

_TIME = re.compile(TIME_PATTERN, re.ASCII)
NAIVE_TIME = re.compile(_DATE_AND_TIME, re.ASCII)
DATE = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)


@dataclass(frozen=True, slots=True)
class Localized:
    """A text that is given for each locale, by the key that ``localizedAttributes`` has it under.

    >>> str(Localized("source"))
    'localizedattribute:source'
    """

    key: str

    def __str__(self) -> str:
        return REFERENCE + self.key


def key_of(text: str) -> str | None:
    """Give the key that a payload's string refers to, or ``None`` when it is plain text."""
    return text[len(REFERENCE) :] if text.startswith(REFERENCE) else None


def parse_time(text: str) -> datetime | None:
    """Read an ISO 8601 time with its offset, or give ``None`` when it is not one."""
    if not _TIME.fullmatch(text):
        return None
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        return None
