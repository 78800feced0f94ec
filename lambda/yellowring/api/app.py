"""The API function: the door for a business' own systems, in its own customer ids."""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING, Any

from aws_lambda_powertools.event_handler.openapi.exceptions import RequestValidationError
from botocore.exceptions import BotoCoreError, ClientError

from yellowring.api.problems import Refusal, errors_of, failed_call, invalid
from yellowring.api.requests import with_checked_body
from yellowring.api.routes import resolver
from yellowring.api.services import services
from yellowring.observability import count, invoked, logger
from yellowring.settings import ApiSettings
from yellowring.subscribers import ConcurrentChange
from yellowring.tracing import traced

if TYPE_CHECKING:
    from collections.abc import Callable

    from aws_lambda_powertools.event_handler import Response
    from aws_lambda_powertools.event_handler.exceptions import NotFoundError
    from aws_lambda_powertools.utilities.typing import LambdaContext

_UNKNOWN = "unknown"


@traced
def lambda_handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Answer one request of an HTTP API.

    Parameters
    ----------
    event
        Payload format 2.0; API Gateway has checked who asks.
    context
        Lambda's own.

    Returns
    -------
    dict
        The response: JSON, or problem details (``application/problem+json``).
    """
    begun = time.monotonic()
    invoked(context, event["requestContext"].get("requestId"))
    route = f"{event['requestContext']['http']['method']} {_template(event)}"
    try:
        _check_caller(event)
        answer = resolver.resolve(with_checked_body(event), context)
    except Refusal as refusal:
        answer = _built(refusal)
    status = int(answer["statusCode"])
    milliseconds = round((time.monotonic() - begun) * 1000)
    logger.info("request", extra={"route": route, "status": status, "milliseconds": milliseconds})
    count("ApiRequests", route=route, status=str(status))
    return answer


def _check_caller(event: dict[str, Any]) -> None:
    """Refuse what came past every authorizer, by a route that somebody added without one."""
    told = event["requestContext"].get("authorizer") or {}
    if not told.get("iam") and not told.get("jwt"):
        raise Refusal("not-authorized", "Sign it for execute-api, or send a token.")


def _refused(refusal: Refusal) -> Response[str]:
    return refusal.response()


def _not_valid(error: RequestValidationError) -> Response[str]:
    return invalid(errors_of(error.errors())).response()


def _not_called(error: Exception) -> Response[str]:
    return failed_call(error).response()


def _changed(_: ConcurrentChange) -> Response[str]:
    return Refusal("unavailable", "The record kept changing: send it again.").response()


def _failed(error: Exception) -> Response[str]:
    # Only its name: a message or a trace might repeat what was sent.
    logger.error("request failed", extra={"error": type(error).__name__})
    return Refusal("internal", "It is logged; the same request may fail again.").response()


def _not_found(_: NotFoundError) -> Response[str]:
    methods = sorted(_methods(str(resolver.current_event.path)))
    if methods:
        allow = ", ".join(methods)
        refusal = Refusal("method-not-allowed", f"It takes {allow}.")
        return refusal.response({"Allow": allow})
    return Refusal("not-found", "GET /v1/openapi.json tells which there are.").response()


def _methods(path: str) -> set[str]:
    """Return what an address takes; one that is written out is no other's ``{id}``."""
    for routes in (resolver._static_routes, resolver._dynamic_routes):
        if found := {route.method for route in routes if route.rule.match(path)}:
            return found
    return set()


def _template(event: dict[str, Any]) -> str:
    """Return the address of a request without what it names."""
    path, method = event.get("rawPath", ""), event["requestContext"]["http"]["method"]
    routes = [*resolver._static_routes, *resolver._dynamic_routes]
    matching = (each for each in routes if each.method == method and each.rule.match(path))
    return next((str(each.openapi_path) for each in matching), _UNKNOWN)


def _built(refusal: Refusal) -> dict[str, Any]:
    response = refusal.response()
    headers = {name: str(value) for name, value in response.headers.items()}
    return {
        "statusCode": response.status_code,
        "headers": headers,
        "cookies": [],
        "body": response.body,
        "isBase64Encoded": False,
    }


_ANSWERS: dict[type[Exception], Callable[[Any], Response[str]]] = {
    Refusal: _refused,
    RequestValidationError: _not_valid,
    ClientError: _not_called,
    BotoCoreError: _not_called,
    ConcurrentChange: _changed,
    Exception: _failed,
}
for _error, _answer in _ANSWERS.items():
    resolver.exception_handler(_error)(_answer)
resolver.not_found(_not_found)


if "AWS_LAMBDA_FUNCTION_NAME" in os.environ:  # in Lambda, the start is the cheapest time to start
    services(ApiSettings.from_environ(os.environ))
