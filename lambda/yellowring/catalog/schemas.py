"""The events as JSON Schema, for documents that describe what a business may send."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from pydantic.json_schema import GenerateJsonSchema, models_json_schema

from yellowring.catalog.names import EVENT_NAMES, LOCALES
from yellowring.catalog.payloads import PAYLOADS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pydantic import BaseModel
    from pydantic.json_schema import JsonSchemaMode, JsonSchemaValue
    from pydantic_core.core_schema import NullableSchema, WithDefaultSchema

LOCALIZED_ATTRIBUTES: dict[str, Any] = {
    "description": "For each locale, the texts that the payload refers to by localizedattribute:.",
    "type": "array",
    "items": {
        "type": "object",
        "required": ["locale"],
        "properties": {"locale": {"enum": list(LOCALES)}},
        "additionalProperties": {"type": "string", "minLength": 1},
    },
}


def payload_schemas(
    event_names: Sequence[str] = EVENT_NAMES, *, definitions_at: str
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the schema of each event's payload, and the definitions that they refer to.

    Parameters
    ----------
    event_names
        Which of the eight.
    definitions_at
        Where the definitions will stand in the document: ``#/definitions/``.
    """
    models: list[tuple[type[BaseModel], JsonSchemaMode]]
    models = [(PAYLOADS[name], "validation") for name in event_names]
    references, generated = models_json_schema(
        models, ref_template=definitions_at + "{model}", schema_generator=_Schemas
    )
    payloads = {name: references[PAYLOADS[name], "validation"] for name in event_names}
    return payloads, {name: untitled(schema) for name, schema in generated["$defs"].items()}


def untitled[T](schema: T) -> T:
    """Take out the titles, which only repeat the names of the members."""
    if isinstance(schema, dict):
        kept = {
            key: untitled(value)
            for key, value in schema.items()
            if not (key == "title" and isinstance(value, str))
        }
        return cast("T", kept)
    return cast("T", [untitled(item) for item in schema]) if isinstance(schema, list) else schema


class _Schemas(GenerateJsonSchema):
    """Writes an optional member as one that may be left out: a null is refused."""

    def nullable_schema(self, schema: NullableSchema) -> JsonSchemaValue:
        return self.generate_inner(schema["schema"])

    def default_schema(self, schema: WithDefaultSchema) -> JsonSchemaValue:
        return self.generate_inner(schema["schema"])
