"""Whatever comes, the function answers as its OpenAPI document says (schemathesis)."""

from __future__ import annotations

import functools
import json
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

import pytest
from hypothesis import HealthCheck, given, settings
from yellowring.api import app

from tests.unit.sender.kit import Context

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from tests.unit.api.kit import Api

DOCUMENT = Path(__file__).parents[3] / "docs/openapi.json"
OPERATIONS = [
    (method.upper(), path)
    for path, methods in json.loads(DOCUMENT.read_text(encoding="utf-8"))["paths"].items()
    for method in methods
]


@functools.cache
def schema() -> Any:
    """Load the document when it is first needed, for that takes half a minute."""
    import schemathesis

    return schemathesis.openapi.from_path(DOCUMENT)


def gateway(environ: dict[str, Any], begin: Callable[..., Any]) -> Iterable[bytes]:
    """Call the function as API Gateway does, for what comes over WSGI."""
    length = int(environ.get("CONTENT_LENGTH") or 0)
    headers = {
        name[5:].lower().replace("_", "-"): value
        for name, value in environ.items()
        if name.startswith("HTTP_")
    }
    if environ.get("CONTENT_TYPE"):
        headers["content-type"] = environ["CONTENT_TYPE"]
    path = environ["PATH_INFO"].encode("latin-1").decode("utf-8", "replace")
    body = environ.get("wsgi.input", BytesIO()).read(length)
    event = {
        "version": "2.0",
        "rawPath": unquote(path),
        "rawQueryString": environ.get("QUERY_STRING", ""),
        "headers": headers,
        "requestContext": {
            "stage": "$default",
            "requestId": "request-1",
            "authorizer": {"jwt": {"claims": {}, "scopes": []}},
            "http": {"method": environ["REQUEST_METHOD"], "path": path},
        },
        "isBase64Encoded": False,
        **({"body": body.decode("utf-8", "replace")} if body else {}),
    }
    answer = app.lambda_handler(event, Context())  # type: ignore[arg-type]
    begin(f"{answer['statusCode']} -", list(answer["headers"].items()))
    return [(answer["body"] or "").encode()]


@pytest.fixture(autouse=True)
def no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    """An erasure looks twice at once."""
    monkeypatch.setattr("yellowring.api.services.time.sleep", lambda _: None)


@pytest.mark.slow
@pytest.mark.parametrize(("method", "path"), OPERATIONS)
def test_every_answer_is_one_that_the_document_has(api: Api, method: str, path: str) -> None:
    from schemathesis import GenerationMode
    from schemathesis.specs.openapi import checks

    # Who calls is the gateway's to check; and some rules are more than a schema can say.
    elsewhere = [checks.ignored_auth, checks.positive_data_acceptance]

    operation = schema()[path][method]
    right, wrong = (operation.as_strategy(generation_mode=mode) for mode in GenerationMode)

    @given(right | wrong)
    @settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
    def holds(case: Any) -> None:
        case.call_and_validate(app=gateway, excluded_checks=elsewhere)

    holds()
