"""JSON bodies: read, checked, and refused with what would be right."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Self

from pydantic import BaseModel, ConfigDict, ValidationError
from pydantic.alias_generators import to_camel

if TYPE_CHECKING:
    from starlette.requests import Request


class InvalidDocument(ValueError):
    """A control's JSON body is not what it should be; the text says where and what would be."""


class Document(BaseModel):
    """A JSON body of a control: camelCase, and no unknown keys."""

    model_config = ConfigDict(
        alias_generator=to_camel,
        validate_by_alias=True,
        validate_by_name=False,
        extra="forbid",
        frozen=True,
    )

    @classmethod
    def read(cls, document: object) -> Self:
        """Validate a decoded JSON body.

        Raises
        ------
        InvalidDocument
            Naming every wrong key and value, and the keys there are.
        """
        try:
            return cls.model_validate(document)
        except ValidationError as error:
            problems = (_problem(cls, detail) for detail in error.errors(include_url=False))
            raise InvalidDocument("; ".join(problems)) from None

    def document(self) -> dict[str, object]:
        """Give the JSON body back, every default written out."""
        return self.model_dump(mode="json", by_alias=True)


def _problem(model: type[BaseModel], detail: object) -> str:
    assert isinstance(detail, dict)  # noqa: S101 - pydantic's ErrorDetails is a TypedDict
    path = ".".join(str(part) for part in detail["loc"]) or "body"
    if detail["type"] != "extra_forbidden":
        return f"{path}: {detail['msg'].removeprefix('Value error, ')}"
    for part in detail["loc"][:-1]:
        fields = {str(field.alias): field.annotation for field in model.model_fields.values()}
        nested = fields.get(str(part))
        if isinstance(nested, type) and issubclass(nested, BaseModel):
            model = nested
    allowed = ", ".join(str(field.alias) for field in model.model_fields.values())
    return f"{path}: no such key; allowed: {allowed}"


async def body_of(request: Request) -> object:
    """Read a control's body; none at all is an empty object."""
    raw = await request.body()
    try:
        return json.loads(raw) if raw.strip() else {}
    except (ValueError, RecursionError) as error:
        raise InvalidDocument(f"body: is not JSON: {error}") from None
