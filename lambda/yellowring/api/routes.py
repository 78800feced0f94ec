"""The API's addresses: what each takes, what it answers, and who does the work."""

from __future__ import annotations

import os
from typing import Annotated, Any

from aws_lambda_powertools.event_handler import APIGatewayHttpResolver, Response
from aws_lambda_powertools.event_handler.openapi.params import Body, Header, Path

from yellowring.api.answers import (
    AcceptedNotification,
    BatchAnswer,
    CustomerAnswer,
    NotificationAnswer,
    ProblemDetails,
    RunAnswer,
)
from yellowring.api.bodies import BatchBody, CustomerChange, CustomerId, NotificationBody, RunBody
from yellowring.api.idempotency import KEY_PATTERN
from yellowring.api.problems import CONTENT_TYPE
from yellowring.api.services import Services, services
from yellowring.sender.run.request import RUN_ID_PATTERN
from yellowring.settings import ApiSettings

resolver = APIGatewayHttpResolver(enable_validation=True, response_validation_error_http_code=500)

IdempotencyKey = Annotated[
    str,
    Header(
        alias="Idempotency-Key",
        pattern=KEY_PATTERN,
        description="Names the request: a repeat with the same body changes nothing.",
    ),
]
NotificationId = Annotated[str, Path(alias="notificationId", pattern=f"^{RUN_ID_PATTERN}$")]
RunId = Annotated[str, Path(alias="runId", pattern=f"^{RUN_ID_PATTERN}$")]
CustomerIdInPath = Annotated[CustomerId, Path(alias="customerId")]

_PROBLEMS = {
    400: "The body is not JSON.",
    404: "There is none of that id.",
    409: "Something else stands in the way; detail says what.",
    413: "The body is too large.",
    415: "The body is not sent as JSON.",
    422: "The request is not valid; errors says where, and what would be right.",
    429: "Too much at once: the same again after Retry-After.",
    500: "Something is wrong in the API itself.",
    503: "A service behind the API does not answer: the same again after Retry-After; without that "
    "header the stack must be mended first, and detail says how.",
}


def _responses(status: int, said: str, model: Any, *problems: int) -> dict[int, Any]:  # noqa: ANN401
    """Describe what an address answers: one success, and the problems there may be."""
    content = {"application/json": {"model": model}} if model else {}
    success = {"description": said, **({"content": content} if content else {})}
    found: dict[int, Any] = {status: success}
    for problem in sorted({*problems, 422, 429, 500, 503}):
        told: dict[str, Any] = {
            "description": _PROBLEMS[problem],
            "content": {CONTENT_TYPE: {"model": ProblemDetails}},
        }
        if problem in (429, 503):
            told["headers"] = {
                "Retry-After": {
                    "description": "Seconds; missing where the stack must be mended first, and in "
                    "API Gateway's own answers.",
                    "schema": {"type": "integer"},
                }
            }
        found[problem] = told
    return found


def _services() -> Services:
    return services(ApiSettings.from_environ(os.environ))


@resolver.post(
    "/v1/notifications",
    summary="Notify one customer, now",
    operation_id="notify",
    tags=["notifications"],
    status_code=202,
    responses=_responses(
        202, "It is queued, and rings within seconds.", AcceptedNotification, 400, 409, 413, 415
    ),
)
def _notify(
    body: Annotated[NotificationBody, Body()], idempotency_key: IdempotencyKey = ""
) -> AcceptedNotification:
    return _services().notifications.notify(body, idempotency_key or None)


@resolver.post(
    "/v1/notifications/batch",
    summary="Notify up to a hundred customers, each by itself",
    operation_id="notifyAll",
    tags=["notifications"],
    responses=_responses(200, "An outcome for each entry.", BatchAnswer, 400, 413, 415),
)
def _notify_all(
    body: Annotated[BatchBody, Body()], idempotency_key: IdempotencyKey = ""
) -> BatchAnswer:
    return _services().notifications.notify_all(body.notifications, idempotency_key or None)


@resolver.get(
    "/v1/notifications/<notificationId>",
    summary="Ask what became of a notification",
    operation_id="findNotification",
    tags=["notifications"],
    responses=_responses(200, "How it ended for each account, and why.", NotificationAnswer, 404),
)
def _find_notification(notification_id: NotificationId) -> NotificationAnswer:
    return _services().notifications.find(notification_id)


@resolver.post(
    "/v1/runs",
    summary="Start a run of a campaign",
    operation_id="startRun",
    tags=["runs"],
    status_code=202,
    responses=_responses(202, "The run is started, or was before.", RunAnswer, 400, 409, 413, 415),
)
def _start_run(body: Annotated[RunBody, Body()], idempotency_key: IdempotencyKey = "") -> RunAnswer:
    return _services().runs.start(body, idempotency_key or None)


@resolver.get(
    "/v1/runs/<runId>",
    summary="Look at a run",
    operation_id="findRun",
    tags=["runs"],
    responses=_responses(200, "The run as it is now.", RunAnswer, 404),
)
def _find_run(run_id: RunId) -> RunAnswer:
    return _services().runs.find(run_id)


@resolver.post(
    "/v1/runs/<runId>/cancel",
    summary="Stop a run",
    operation_id="cancelRun",
    tags=["runs"],
    status_code=202,
    responses=_responses(202, "Nothing more is sent within seconds.", RunAnswer, 404, 409),
)
def _cancel_run(run_id: RunId) -> RunAnswer:
    return _services().runs.cancel(run_id)


@resolver.post(
    "/v1/runs/<runId>/resume",
    summary="Go on with a run that has ended",
    operation_id="resumeRun",
    tags=["runs"],
    status_code=202,
    responses=_responses(202, "It goes on, and nobody hears twice.", RunAnswer, 404, 409),
)
def _resume_run(run_id: RunId) -> RunAnswer:
    return _services().runs.resume(run_id)


@resolver.get(
    "/v1/customers/<customerId>",
    summary="Ask whether a customer is reached, and why not",
    operation_id="findCustomer",
    tags=["customers"],
    responses=_responses(200, "What is known; nobody linked is an answer.", CustomerAnswer, 409),
)
def _find_customer(customer_id: CustomerIdInPath) -> CustomerAnswer:
    return _services().customers.find(customer_id)


@resolver.patch(
    "/v1/customers/<customerId>",
    summary="Set and remove a customer's attributes",
    operation_id="changeCustomer",
    tags=["customers"],
    responses=_responses(
        200, "The customer with the change.", CustomerAnswer, 400, 404, 409, 413, 415
    ),
)
def _change_customer(
    customer_id: CustomerIdInPath, body: Annotated[CustomerChange, Body()]
) -> CustomerAnswer:
    request_id = resolver.current_event.request_context.request_id
    return _services().customers.change(customer_id, body, f"api~{request_id}")


@resolver.delete(
    "/v1/customers/<customerId>",
    summary="Erase all that is known of a customer",
    operation_id="eraseCustomer",
    tags=["customers"],
    status_code=204,
    responses=_responses(204, "Nothing of them is left, or ever was here.", None),
)
def _erase_customer(customer_id: CustomerIdInPath) -> Response[str]:
    _services().customers.erase(customer_id)
    return Response(status_code=204, body="")


@resolver.get(
    "/v1/openapi.json",
    summary="Read this document",
    operation_id="readOpenApi",
    tags=["api"],
    responses=_responses(200, "OpenAPI 3.1.", dict[str, Any]),
)
def _read_openapi() -> dict[str, Any]:
    from yellowring.api.openapi import document  # noqa: PLC0415 - the others do without it

    return document()
