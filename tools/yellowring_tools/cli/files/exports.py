"""The lines of an export: each a record for people to read, and the whole of it, with its time."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from yellowring.subscribers import Record

EXPORTED_AT, ITEM = "exportedAt", "item"
_LARGEST_LINE = 2_000_000
"""Characters; an item has at most 400 KB, and is in its line twice."""


class InvalidExport(ValueError):
    """A file is no export; says in which line, what is wrong, and what would be right."""


@dataclass(frozen=True, slots=True)
class Exported:
    """A record of an export, of whom, and when reading the table for it began (aware)."""

    user_id: str
    record: Record
    exported_at: datetime


def line_of(
    user_id: str, record: Record, readable: Mapping[str, object], exported_at: datetime
) -> str:
    """Return a record as a line of an export, without its end.

    ``item`` is the record as it lies in DynamoDB, with the time and the request of every register,
    which `readable` leaves out.
    """
    from yellowring.subscribers.items import dump  # noqa: PLC0415 - loads boto3

    item: dict[str, Any] = dump(user_id, record)
    del item["version"]
    document = {
        "userId": user_id,
        **readable,
        EXPORTED_AT: exported_at.isoformat(timespec="seconds"),
        ITEM: item,
    }
    return json.dumps(document, ensure_ascii=False)


def read(path: Path) -> Iterator[Exported]:
    """Read the records of an export, one after the other.

    Raises
    ------
    InvalidExport
        A line is none of an export.
    OSError
        The file cannot be read.
    """
    with path.open(encoding="utf-8", errors="replace") as lines:
        number = 0
        while line := lines.readline(_LARGEST_LINE):
            number += 1
            if line.strip():
                yield _exported(line, number)


def _exported(line: str, number: int) -> Exported:
    from yellowring.subscribers.items import load  # noqa: PLC0415 - loads boto3

    where = f"line {number}"
    try:
        document = json.loads(line)
    except ValueError:
        raise InvalidExport(
            f"{where} is no JSON: subscribers export writes one record a line"
        ) from None
    if not isinstance(document, dict):
        raise InvalidExport(f"{where}: $ must be an object, as subscribers export writes it")
    user_id = document.get("userId")
    if not isinstance(user_id, str) or not user_id:
        raise InvalidExport(f"{where}: $.userId must be there, and a text")
    item = document.get(ITEM)
    if not isinstance(item, dict) or item.get("userId") != {"S": user_id}:
        raise InvalidExport(
            f"{where}: $.{ITEM} must be the whole record of $.userId; an export of a version that "
            "did not write it yet cannot be taken in"
        )
    for name, value in item.items():
        if not (isinstance(value, dict) and len(value) == 1):
            raise InvalidExport(f"{where}: $.{ITEM}.{name} must be a value as DynamoDB spells it")
    try:
        record = load(item)
    except (AttributeError, KeyError, TypeError, ValueError):
        raise InvalidExport(f"{where}: $.{ITEM} must be a record as DynamoDB spells it") from None
    return Exported(user_id, record, _time(document.get(EXPORTED_AT), where))


def _time(told: object, where: str) -> datetime:
    try:
        moment = datetime.fromisoformat(str(told))
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None:
        raise InvalidExport(
            f"{where}: $.{EXPORTED_AT} must be the time of the export, such as "
            "2026-12-24T18:00:00+00:00"
        )
    return moment.astimezone(UTC)
