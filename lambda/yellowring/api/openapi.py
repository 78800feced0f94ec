"""The OpenAPI 3.1 document of the API, made from its routes and models."""

from __future__ import annotations

import functools
import json
from typing import Any

from pydantic import TypeAdapter

from yellowring.api.bodies import MOST_LISTED, BatchEntry, CustomerId, ExpiresIn, UserId
from yellowring.api.routes import resolver
from yellowring.catalog import EVENT_NAMES
from yellowring.catalog.schemas import LOCALIZED_ATTRIBUTES, payload_schemas, untitled
from yellowring.sender.campaign import AUDIENCE_TYPES, NAME_PATTERN
from yellowring.settings import EVENT_SOURCE_PATTERN
from yellowring.subscribers import ATTRIBUTE_KEY
from yellowring.subscribers.attributes import LARGEST_VALUE, MOST_ATTRIBUTES

VERSION = "1"
"""Of the API, as its paths have it; what they answer only ever gets more members."""

_DESCRIPTION = (
    "The door for a business' own systems. Requests are signed with SigV4 for `execute-api`, or "
    "carry a JWT where the stack was given an issuer. Errors are problem details (RFC 9457); API "
    "Gateway's own refusals (401, 403, 429, 503) are not. Each stack knows its own customers."
)
_COMPONENTS = "#/components/schemas/"
_GATEWAY_MESSAGE = {
    "description": "What API Gateway itself says, before or in place of the function.",
    "type": "object",
    "properties": {"message": {"type": ["string", "null"]}},
}


@functools.cache
def text() -> str:
    """Return the document as it stands in docs/openapi.json."""
    return json.dumps(document(), indent=2, ensure_ascii=False) + "\n"


def document() -> dict[str, Any]:
    """Return the document."""
    made: dict[str, Any] = json.loads(
        resolver.get_openapi_json_schema(
            title="Yellow Ring",
            version=VERSION,
            openapi_version="3.1.0",
            description=_DESCRIPTION,
        )
    )
    schemas = {
        name: schema
        for name, schema in made["components"]["schemas"].items()
        if name not in {"HTTPValidationError", "ValidationError", "ResponseValidationError"}
    }
    payloads, parts = payload_schemas(definitions_at=_COMPONENTS)
    event = {
        "description": "One of the events that a skill may send, and what it says.",
        "oneOf": [
            _exactly({"name": {"const": name}, "payload": payload})
            for name, payload in payloads.items()
        ],
    }
    described = {**schemas, **_of(BatchEntry), **parts, "Event": event, **_named()}
    made["components"]["schemas"] = dict(sorted(_linked(untitled(described)).items()))
    made["components"]["schemas"]["GatewayMessage"] = _GATEWAY_MESSAGE
    made["paths"] = {path: _linked(untitled(each)) for path, each in sorted(made["paths"].items())}
    for path, operations in made["paths"].items():
        for operation in operations.values():
            _complete(path, operation)
    made["components"]["securitySchemes"] = {
        "iam": {
            "type": "apiKey",
            "in": "header",
            "name": "Authorization",
            "description": "AWS Signature Version 4 for the service execute-api.",
            "x-amazon-apigateway-authtype": "awsSigv4",
        },
        "jwt": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"},
    }
    made["security"] = [{"iam": []}, {"jwt": []}]
    return made


def _complete(path: str, operation: dict[str, Any]) -> None:
    """Add what API Gateway answers in the function's place, and mend what Powertools writes."""
    responses = operation["responses"]
    problem = dict(responses["422"]["content"])
    responses["500"] = {"description": "Something is wrong in the API itself.", "content": problem}
    if "{" in path:
        told = {"description": "There is no such address, or none of that id.", "content": problem}
        responses["404"] = told
    responses.get("204", {}).pop("content", None)
    gateway = {"application/json": {"schema": {"$ref": _COMPONENTS + "GatewayMessage"}}}
    responses["401"] = {"description": "The JWT is missing or not valid.", "content": gateway}
    responses["403"] = {
        "description": "The caller may not do this.",
        "content": problem | gateway,
    }
    for status in ("429", "503"):
        responses[status]["content"] |= gateway
    operation["responses"] = dict(sorted(responses.items()))
    for parameter in operation.get("parameters", ()):
        if parameter["in"] == "header":
            parameter["name"] = parameter["name"].title()
        parameter["schema"].pop("default", None)
        parameter["schema"].pop("description", None)


def _of(model: Any) -> dict[str, Any]:  # noqa: ANN401 - a model's class
    """Return a model's schema and those that it refers to, by name."""
    schema = model.model_json_schema(ref_template=_COMPONENTS + "{model}")
    return {**schema.pop("$defs", {}), model.__name__: schema}


def _named() -> dict[str, Any]:
    """Return what others check, as far as a schema can say it."""
    ids = {"userIds": ("users", UserId), "customerIds": ("customers", CustomerId)}
    lists = [
        _exactly(
            {
                "type": {"const": kind},
                member: {
                    "type": "array",
                    "minItems": 1,
                    "maxItems": MOST_LISTED,
                    "uniqueItems": True,
                    "items": TypeAdapter(each).json_schema(),
                },
            }
        )
        for member, (kind, each) in ids.items()
    ]
    whole = [kind for kind in AUDIENCE_TYPES if kind not in dict(ids.values())]
    audience = {
        "description": "Every subscriber when left out.",
        "oneOf": [_exactly({"type": {"enum": whole}}), *lists],
    }
    return {
        "LocalizedAttributes": LOCALIZED_ATTRIBUTES,
        "Campaign": {
            "description": "What to send, to whom, and for how long; `yellowring schema` has more.",
            "type": "object",
            "required": ["name", "event"],
            "properties": {
                "name": {"type": "string", "pattern": f"^{NAME_PATTERN}$"},
                "event": {
                    "anyOf": [
                        {"x-schema": "Event"},
                        _exactly({"name": {"enum": list(EVENT_NAMES)}}),  # with content
                    ]
                },
                "content": {
                    "description": "Which of the stack's event sources makes each one's content.",
                    "type": "string",
                    "pattern": f"^{EVENT_SOURCE_PATTERN}$",
                },
                "localizedAttributes": {"x-schema": "LocalizedAttributes"},
                "expiresIn": TypeAdapter(ExpiresIn).json_schema(),
                "audience": audience,
                "where": {
                    "description": "Which of the subscribers; see docs/sending.md.",
                    "type": "object",
                    "minProperties": 1,
                },
            },
        },
        "Attributes": {
            "description": f"Values of at most {LARGEST_VALUE} bytes, by the attributes' names.",
            "type": "object",
            "maxProperties": MOST_ATTRIBUTES,
            "propertyNames": {"pattern": f"^{ATTRIBUTE_KEY.pattern}$"},
            "additionalProperties": {
                "anyOf": [
                    {"type": "string", "maxLength": LARGEST_VALUE},
                    {"type": "number", "minimum": -(2**53), "maximum": 2**53},
                    {"type": "boolean"},
                    {"type": "array", "items": {"type": "string", "maxLength": LARGEST_VALUE}},
                ]
            },
        },
        "AttributeNames": {
            "type": "array",
            "maxItems": MOST_ATTRIBUTES,
            "items": {"type": "string", "pattern": f"^{ATTRIBUTE_KEY.pattern}$"},
        },
    }


def _exactly(members: dict[str, Any]) -> dict[str, Any]:
    """Return the schema of an object with these members and no others."""
    return {
        "type": "object",
        "required": list(members),
        "additionalProperties": False,
        "properties": members,
    }


def _linked[T](schema: T) -> T:
    """Put references where the models name a part of the document."""
    linked: Any = schema
    if isinstance(schema, dict):
        if "x-schema" in schema:
            linked = {"$ref": _COMPONENTS + schema["x-schema"]}
        else:
            # A text that may be left out has the empty text for its default, which is none.
            linked = {k: _linked(v) for k, v in schema.items() if (k, v) != ("default", "")}
    elif isinstance(schema, list):
        linked = [_linked(each) for each in schema]
    result: T = linked
    return result
