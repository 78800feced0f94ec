"""The lines of an export: each a record for people to read, and the whole of it, with its time."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from yellowring_tools.cli.files import attribute_values
from yellowring_tools.cli.files.attribute_values import LARGEST_ITEM, InvalidValue

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from yellowring.subscribers import Record

EXPORTED_AT, READ_AT, ITEM = "exportedAt", "readAt", "item"
_AHEAD = timedelta(minutes=10)
"""How far Alexa's times may be ahead of the clock (`yellowring.skill.envelope`)."""
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
    user_id: str,
    record: Record,
    readable: Mapping[str, object],
    exported_at: datetime,
    read_at: datetime,
) -> str:
    """Return a record as a line of an export, without its end.

    ``item`` is the record as it lies in DynamoDB, with the time and the request of every register,
    which `readable` leaves out. An export takes a while: `exported_at` is when it began, so that no
    erasure since is missed, and `read_at` when this record had been read, so that nothing in it can
    be later.
    """
    from yellowring.subscribers.items import dump  # noqa: PLC0415 - loads boto3

    item: dict[str, Any] = dump(user_id, record)
    del item["version"]
    document = {
        "userId": user_id,
        **readable,
        EXPORTED_AT: exported_at.isoformat(timespec="seconds"),
        READ_AT: read_at.isoformat(timespec="seconds"),
        ITEM: attribute_values.plain(item),
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
    from yellowring.subscribers import is_user_id  # noqa: PLC0415 - loads boto3

    where = f"line {number}"
    try:
        document = json.loads(line)
    except (RecursionError, ValueError):
        raise InvalidExport(
            f"{where} is no JSON: subscribers export writes one record a line"
        ) from None
    if not isinstance(document, dict):
        raise InvalidExport(f"{where}: $ must be an object, as subscribers export writes it")
    user_id = document.get("userId")
    if not is_user_id(user_id):
        raise InvalidExport(
            f"{where}: $.userId must be there, and one of Alexa's, amzn1.ask.account. and more"
        )
    item = document.get(ITEM)
    if not isinstance(item, dict) or item.get("userId") != {"S": user_id}:
        raise InvalidExport(
            f"{where}: $.{ITEM} must be the whole record of $.userId; an export of a version that "
            "did not write it yet cannot be taken in"
        )
    record = _record(item, where)
    exported_at = _time(document, EXPORTED_AT, where)
    read_at = _time(document, READ_AT, where) if READ_AT in document else exported_at
    if not exported_at <= read_at <= datetime.now(UTC) + _AHEAD:
        raise InvalidExport(
            f"{where}: $.{READ_AT} must not be before $.{EXPORTED_AT}, nor still to come"
        )
    if record.newest > (read_at + _AHEAD).timestamp() * 1000:
        raise InvalidExport(
            f"{where}: $.{ITEM} has a time that is later than the export, and would win over "
            "everything that is still to come: every at, and every moment, must be from before it"
        )
    return Exported(user_id, record, exported_at)


def _record(item: Mapping[str, Any], where: str) -> Record:
    """Return the record in an item that DynamoDB would take."""
    from yellowring.subscribers.items import load  # noqa: PLC0415 - loads boto3

    held = {}
    for number, (name, value) in enumerate(item.items(), 1):
        try:
            held.update(attribute_values.checked({"M": {name: value}}, depth=0)["M"])
        except InvalidValue as error:
            raise InvalidExport(f"{where}: value {number} in $.{ITEM} {error}") from None
    if attribute_values.size(held) > LARGEST_ITEM:
        raise InvalidExport(f"{where}: $.{ITEM} must not be larger than {LARGEST_ITEM:,} bytes")
    try:
        return load(held)
    except (AttributeError, KeyError, TypeError, ValueError):
        raise InvalidExport(f"{where}: $.{ITEM} must be a record as DynamoDB spells it") from None


def _time(document: Mapping[str, Any], name: str, where: str) -> datetime:
    try:
        moment = datetime.fromisoformat(str(document.get(name)))
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None:
        raise InvalidExport(
            f"{where}: $.{name} must be the time of the export, such as 2026-12-24T18:00:00+00:00"
        )
    return moment.astimezone(UTC)
