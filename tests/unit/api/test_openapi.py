"""The OpenAPI document says all that the API does, and its examples are taken."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from jsonschema import Draft202012Validator
from yellowring.api.openapi import document, text
from yellowring.api.routes import resolver

from infrastructure.openapi import DOCUMENT

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.unit.api.kit import Api

OPENAPI = document()
SCHEMAS: dict[str, Any] = OPENAPI["components"]["schemas"]
OPERATIONS = {
    f"{method.upper()} {path}": operation
    for path, operations in OPENAPI["paths"].items()
    for method, operation in operations.items()
}


def validator(name: str) -> Draft202012Validator:
    """Return what checks a component of the document."""
    return Draft202012Validator({**OPENAPI, "$ref": f"#/components/schemas/{name}"})


def leaves(value: Any) -> Iterator[tuple[str, Any]]:
    """Yield the members of all objects in some JSON."""
    if isinstance(value, dict):
        for key, each in value.items():
            yield key, each
            yield from leaves(each)
    elif isinstance(value, list):
        for each in value:
            yield from leaves(each)


def test_the_document_in_docs_is_the_one_that_is_served(api: Api) -> None:
    assert DOCUMENT.read_text(encoding="utf-8") == text(), "run `make openapi`"
    answer = api.call("GET", "/v1/openapi.json")
    assert (answer.status, answer.body) == (200, json.loads(text()))
    assert answer.body["openapi"].startswith("3.1")


def test_every_route_is_in_it() -> None:
    routes = [*resolver._static_routes, *resolver._dynamic_routes]
    assert {f"{each.method} {each.openapi_path}" for each in routes} == set(OPERATIONS)


def test_every_reference_leads_somewhere_and_every_schema_is_one() -> None:
    for key, value in leaves(OPENAPI):
        if key == "$ref":
            assert value.removeprefix("#/components/schemas/") in SCHEMAS
        assert key != "x-schema"
    for name, schema in SCHEMAS.items():
        Draft202012Validator.check_schema(schema)
        assert validator(name)


@pytest.mark.parametrize("name", OPERATIONS)
def test_an_operation_tells_its_success_and_all_its_problems(name: str) -> None:
    operation = OPERATIONS[name]
    told = {int(status) for status in operation["responses"]}
    assert len([status for status in told if status < 300]) == 1
    assert told >= {401, 403, 422, 429, 500, 503}
    assert ("requestBody" in operation) == (told >= {400, 413, 415})
    for status, response in operation["responses"].items():
        assert response["description"]
        if int(status) >= 400 and status not in ("401", "403"):
            reference = response["content"]["application/problem+json"]["schema"]
            assert reference == {"$ref": "#/components/schemas/ProblemDetails"}
    assert operation["summary"]
    assert operation["operationId"]


def test_every_example_is_what_its_schema_says() -> None:
    found = 0
    for name, schema in SCHEMAS.items():
        for example in schema.get("examples", ()):
            validator(name).validate(example)
            found += 1
    assert found >= 5


@pytest.mark.parametrize("name", [n for n, each in OPERATIONS.items() if "requestBody" in each])
def test_every_example_of_a_body_is_taken(api: Api, name: str) -> None:
    method, path = name.split()
    body = OPERATIONS[name]["requestBody"]["content"]["application/json"]["schema"]["$ref"]
    [example] = SCHEMAS[body.rpartition("/")[2]]["examples"]
    api.link("amzn1.ask.account.AAAA", "4711")
    answer = api.call(method, path.replace("{customerId}", "4711"), example)
    assert answer.status < 300, answer.text
    [success] = [status for status in OPERATIONS[name]["responses"] if int(status) < 300]
    assert answer.status == int(success)
    answered = OPERATIONS[name]["responses"][success]["content"]["application/json"]["schema"]
    validator(answered["$ref"].rpartition("/")[2]).validate(answer.body)
