"""The campaign's JSON Schema, by which editors complete and check a file while it is written."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from yellowring.catalog import EVENT_NAMES
from yellowring.catalog.schemas import LOCALIZED_ATTRIBUTES, payload_schemas
from yellowring.sender.campaign import (
    AUDIENCE_TYPES,
    MOST_NAMED,
    NAME_PATTERN,
)
from yellowring.sender.campaign.where import FIELDS, MOST_CONDITIONS, MOST_VALUES, OPERATORS
from yellowring.settings import EVENT_SOURCE_PATTERN
from yellowring.subscribers import (
    ATTRIBUTE_KEY,
    CUSTOMER_ID_PATTERN,
    LONGEST_USER_ID,
    USER_ID_PATTERN,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

DIALECT = "http://json-schema.org/draft-07/schema#"
"""The newest dialect that the common editors know whole."""


def campaign_schema(event_names: Sequence[str] = EVENT_NAMES) -> dict[str, Any]:
    """Give the schema of campaigns with one of these events."""
    events, definitions = _events(event_names)
    return {
        "$schema": DIALECT,
        "title": "Yellow Ring campaign",
        "description": "What to send, to whom, and for how long.",
        "type": "object",
        "required": ["name", "event"],
        "additionalProperties": False,
        "properties": {
            "$schema": {"type": "string", "description": "Where the editor finds this schema."},
            "name": {
                "description": "1 to 40 of A-Z, a-z, 0-9 and -; runs are named after it.",
                "type": "string",
                "pattern": f"^{NAME_PATTERN}$",
            },
            "event": events,
            "localizedAttributes": LOCALIZED_ATTRIBUTES,
            "content": {
                "description": "The event source that makes each customer's content, by the name "
                "that it is registered under (EventSources); the event's payload may be left out.",
                "type": "string",
                "pattern": f"^{EVENT_SOURCE_PATTERN}$",
            },
            "expiresIn": {
                "description": "ISO 8601 duration from PT5M to PT24H; PT1H when left out.",
                "type": "string",
                "pattern": "^P(?=.)([0-9]+D)?(T(?=.)([0-9]+H)?([0-9]+M)?([0-9]+S)?)?$",
                "default": "PT1H",
                "examples": ["PT30M", "PT1H", "PT24H"],
            },
            "audience": _AUDIENCE,
            "where": _WHERE,
        },
        "allOf": [_WHERE_IS_FOR_SUBSCRIBERS, _CONTENT_OR_PAYLOAD],
        "definitions": definitions,
    }


_WHERE_IS_FOR_SUBSCRIBERS: dict[str, Any] = {
    "if": {"required": ["where", "audience"]},
    "then": {"properties": {"audience": {"properties": {"type": {"const": "subscribers"}}}}},
}
_CONTENT_OR_PAYLOAD: dict[str, Any] = {
    "if": {"required": ["content"]},
    "then": {"properties": {"audience": {"properties": {"type": {"not": {"const": "multicast"}}}}}},
    "else": {"properties": {"event": {"required": ["payload"]}}},
}
_USER_ID = {"type": "string", "pattern": f"^{USER_ID_PATTERN}$", "maxLength": LONGEST_USER_ID}
_CUSTOMER_ID = {"type": "string", "pattern": f"^{CUSTOMER_ID_PATTERN}$"}


def _ids_of(one: dict[str, Any]) -> dict[str, Any]:
    return {
        "type": "array",
        "minItems": 1,
        "maxItems": MOST_NAMED,
        "uniqueItems": True,
        "items": one,
    }


def _goes_with(kind: str, ids: str) -> dict[str, Any]:
    return {
        "if": {"properties": {"type": {"const": kind}}},
        "then": {"required": [ids]},
        "else": {"properties": {ids: False}},
    }


_AUDIENCE: dict[str, Any] = {
    "description": "Every subscriber when left out.",
    "type": "object",
    "required": ["type"],
    "additionalProperties": False,
    "properties": {
        "type": {"enum": list(AUDIENCE_TYPES)},
        "userIds": _ids_of(_USER_ID),
        "customerIds": _ids_of(_CUSTOMER_ID),
    },
    "allOf": [_goes_with("users", "userIds"), _goes_with("customers", "customerIds")],
}

_SCALAR = {"type": ["string", "number", "boolean"]}
_CONDITION: dict[str, Any] = {
    "description": "A value, a list of values, or comparisons that must all hold.",
    "anyOf": [
        _SCALAR,
        {"type": "array", "minItems": 1, "maxItems": MOST_VALUES, "items": _SCALAR},
        {
            "type": "object",
            "minProperties": 1,
            "additionalProperties": False,
            "properties": dict.fromkeys(OPERATORS, _SCALAR)
            | {"exists": {"type": "boolean"}, "beginsWith": {"type": "string"}},
        },
    ],
}
_WHERE: dict[str, Any] = {
    "description": "Which of the subscribers; every condition must hold. All when left out.",
    "type": "object",
    "minProperties": 1,
    "maxProperties": MOST_CONDITIONS,
    "additionalProperties": False,
    "properties": dict.fromkeys(FIELDS, _CONDITION),
    "patternProperties": {rf"^attributes\.{ATTRIBUTE_KEY.pattern}$": _CONDITION},
}


def _events(event_names: Sequence[str]) -> tuple[dict[str, Any], dict[str, Any]]:
    payloads, definitions = payload_schemas(event_names, definitions_at="#/definitions/")
    branches = [
        {
            "if": {"properties": {"name": {"const": name}}},
            "then": {"properties": {"payload": payload}},
        }
        for name, payload in payloads.items()
    ]
    event = {
        "description": "One of the events that a skill may send, and what it says.",
        "type": "object",
        "required": ["name"],
        "additionalProperties": False,
        "properties": {"name": {"enum": list(event_names)}, "payload": {"type": "object"}},
        "allOf": branches,
    }
    return event, definitions
