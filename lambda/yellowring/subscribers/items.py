"""How a record lies in DynamoDB.

A register is one attribute, a map of ``at``, ``by`` and ``value`` (none when it holds nothing); the
customer's own attributes are one map of such maps, and so are the outcomes; a moment is a number.
``customerId`` is the key of the index `CUSTOMERS`, there while the record
holds an id, past a disable too: whether the id counts, the record itself decides.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from yellowring.subscribers.deliverability import RETENTION_DAYS, expires_at
from yellowring.subscribers.ids import customer_id_of
from yellowring.subscribers.record import LISTS, Entry, Record

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mypy_boto3_dynamodb.type_defs import AttributeValueTypeDef

type Item = Mapping[str, AttributeValueTypeDef]

REGISTERS = (*LISTS, "account", "locale", "host", "customer")
CUSTOMERS = "customers"
"""The index of the table by the business' own ids: sparse, of keys alone."""
_MAPS = ("attributes", "outcomes")
_OF_THE_ITEM = {"userId", "version", "expiresAt", "customerId", *_MAPS}
_MOST_DIGITS = 18


def load(item: Item) -> Record:
    """Return the record that an item holds, whatever the item looks like."""
    registers, moments, other = {}, {}, {}
    maps: dict[str, dict[str, Entry]] = {}
    for name in _MAPS:
        held = item.get(name, {})
        entries = held.get("M", {})
        own = {key: each for key, each in entries.items() if _is_register(each)}
        maps[name] = {key: _entry(each) for key, each in own.items()}
        if held and (len(own) < len(entries) or "M" not in held):
            odd = {key: each for key, each in entries.items() if key not in own}
            other[name] = {"M": odd} if odd else held
    for name, value in item.items():
        if name in _OF_THE_ITEM:
            continue
        at = number(value) if name.endswith("At") else None
        if _is_register(value):
            registers[name] = _entry(value, known=name in REGISTERS)
        elif at is not None:
            moments[name] = at
        else:
            other[name] = value
    return Record(registers, maps["attributes"], moments, other, maps["outcomes"])


def dump(
    user_id: str, record: Record, version: int = 1, retention_days: int = RETENTION_DAYS
) -> dict[str, AttributeValueTypeDef]:
    """Return the item that holds a record; of one that was erased, none of the outcomes.

    Those may have been noted before the erasure was told, and say what became of the customer.
    """
    item: dict[str, Any] = {"userId": {"S": user_id}, "version": {"N": str(version)}}
    item |= record.other
    item |= {name: _map(entry) for name, entry in record.registers.items()}
    item |= {name: {"N": str(at)} for name, at in record.moments.items()}
    outcomes = {} if record.is_erased else record.outcomes
    for name, entries in zip(_MAPS, (record.attributes, outcomes), strict=True):
        if entries:
            odd = item.get(name, {}).get("M", {})
            item[name] = {"M": {**odd, **{key: _map(each) for key, each in entries.items()}}}
    if (customer_id := customer_id_of(record, past_disables=True)) is not None:
        item["customerId"] = {"S": customer_id}
    if (expiry := expires_at(record, retention_days)) is not None:
        item["expiresAt"] = {"N": str(expiry)}
    return item


def encode(value: object) -> AttributeValueTypeDef:
    """Return a value as DynamoDB spells it; one that is so spelled already stays."""
    if isinstance(value, bool):
        return {"BOOL": value}
    if isinstance(value, str):
        return {"S": value}
    if isinstance(value, int | float):
        return {"N": str(value)}
    if isinstance(value, list):
        return {"L": [encode(each) for each in value]}
    return {"SS": sorted(value)} if isinstance(value, frozenset) else value  # type: ignore[return-value]


def decode(value: AttributeValueTypeDef) -> Any:  # noqa: ANN401 - as Python has it
    """Return a value as Python has it; what `encode` never writes stays as DynamoDB spells it."""
    match value:
        case {"S": plain} | {"BOOL": plain}:
            return plain
        case {"N": number}:
            return int(number) if number.lstrip("-").isdigit() else float(number)
        case {"L": values}:
            return [decode(each) for each in values]
        case {"SS": texts}:
            return frozenset(texts)
        case _:
            return value


def number(value: AttributeValueTypeDef | None) -> int | None:
    """Return a whole number that is a time or a version, ``None`` for all else."""
    digits = value.get("N", "") if value else ""
    return int(digits) if digits.isdecimal() and len(digits) <= _MOST_DIGITS else None


def path_of(field: str) -> tuple[str, ...]:
    """Return where in an item a field of a filter lies.

    Examples
    --------
    >>> path_of("attributes.town")
    ('attributes', 'town', 'value')
    """
    name, _, key = field.partition(".")
    return (name, key, "value") if key else ({"apiEndpoint": "host"}.get(name, name), "value")


def _is_register(value: AttributeValueTypeDef) -> bool:
    parts = value.get("M", {})
    return number(parts.get("at")) is not None and "S" in parts.get("by", {})


def _entry(value: AttributeValueTypeDef, *, known: bool = True) -> Entry:
    parts = value["M"]
    held = parts.get("value")
    plain = held if held is None or not known else decode(held)
    return Entry(int(parts["at"]["N"]), parts["by"]["S"], plain)


def _map(entry: Entry) -> AttributeValueTypeDef:
    value = {} if entry.value is None else {"value": encode(entry.value)}
    return {"M": {"at": {"N": str(entry.at)}, "by": {"S": entry.by}, **value}}
