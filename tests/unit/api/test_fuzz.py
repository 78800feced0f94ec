"""Whatever comes, the function answers as its OpenAPI document says (schemathesis)."""

from __future__ import annotations

from io import BytesIO
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

import pytest
import schemathesis
from hypothesis import HealthCheck, settings
from schemathesis.specs.openapi import checks
from yellowring.api import app
from yellowring.api.openapi import document

from tests.unit.sender.kit import Context

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from tests.unit.api.kit import Api

# Who calls is the gateway's to check; and some rules are more than a schema can say.
ELSEWHERE = [checks.ignored_auth, checks.positive_data_acceptance]
SCHEMA = schemathesis.openapi.from_dict(document())


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
@SCHEMA.parametrize()
@settings(
    max_examples=10,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)
def test_every_answer_is_one_that_the_document_has(api: Api, case: schemathesis.Case[Any]) -> None:
    case.call_and_validate(app=gateway, excluded_checks=ELSEWHERE)
