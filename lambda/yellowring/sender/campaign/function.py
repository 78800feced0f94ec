"""An event source that is a Lambda function of the business: it is invoked with a page at a time.

Source of the errors: "Invoke" in the AWS Lambda API reference.
"""

from __future__ import annotations

import json
import re
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError

from yellowring.sender.campaign.event_source import (
    ContentLate,
    EventSourceFailed,
    InvalidContent,
)

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from mypy_boto3_lambda.client import LambdaClient

    from yellowring.sender.campaign.parsing import Campaign
    from yellowring.subscribers import Customer

PAGE = 100
"""Customers in one invocation."""
LARGEST_REQUEST = 6 * 1024 * 1024
"""Bytes that Lambda takes in one invocation."""

_CLASS = re.compile(r"[A-Za-z_][\w.]{0,80}")
_NOT_NOW = (HTTPStatus.CONFLICT, HTTPStatus.TOO_MANY_REQUESTS)
"""Being updated, or throttled; a 5xx besides."""


class FunctionSource:
    """Invokes a function for the contents of a page of customers.

    The function is given ``{"campaign": {…}, "now": "…", "customers": [{"userId", "locale",
    "attributes", "customerId"?}]}`` and gives ``{"contents": [{"payload": {…},
    "localizedAttributes"?: […]} | null, …]}``, one for each in their order.

    Parameters
    ----------
    client
        Invokes it, without trying again by itself.
    function
        The function's ARN or name.
    largest_request
        Bytes of one request; a larger one is cut in two.

    Raises
    ------
    EventSourceFailed
        There is no such function, or it may not be invoked.
    """

    page = PAGE

    def __init__(
        self, client: LambdaClient, function: str, largest_request: int = LARGEST_REQUEST
    ) -> None:
        self._client = client
        self._function = function
        self._largest_request = largest_request
        try:
            client.invoke(FunctionName=function, InvocationType="DryRun")
        except (BotoCoreError, ClientError) as error:
            if _is_final(error):
                raise self._failed(error) from None

    def __call__(
        self, customers: Sequence[Customer], campaign: Campaign, now: datetime
    ) -> list[object]:
        """Invoke the function; all its errors are those of an event source.

        Raises
        ------
        InvalidContent
            It raised, or gave something else than contents.
        ContentLate
            It was throttled, timed out, or could not be reached.
        EventSourceFailed
            It is not there any more, or may not be invoked.
        """
        request = _request(customers, campaign, now)
        if len(request) > self._largest_request and len(customers) > 1:
            half = len(customers) // 2
            return [
                *self._half(customers[:half], campaign, now),
                *self._half(customers[half:], campaign, now),
            ]
        try:
            answer = self._client.invoke(FunctionName=self._function, Payload=request)
            told = answer["Payload"].read()
        except (BotoCoreError, ClientError) as error:
            if _is_final(error):
                raise self._failed(error) from None
            raise ContentLate("the event source's function cannot be invoked now") from None
        if "FunctionError" in answer:
            raise _raised(told)
        return _contents(told, len(customers))

    def _half(
        self, customers: Sequence[Customer], campaign: Campaign, now: datetime
    ) -> list[object]:
        """Return as many contents as customers, or the other half's would be given to these."""
        contents = self(customers, campaign, now)
        if len(contents) != len(customers):
            raise InvalidContent(
                f"the event source's function must give a content or null for each of "
                f"{len(customers)} customers, but gave {len(contents)}"
            )
        return contents

    def _failed(self, error: ClientError | BotoCoreError) -> EventSourceFailed:
        code = error.response["Error"]["Code"] if isinstance(error, ClientError) else ""
        return EventSourceFailed(
            f"the function {self._function} cannot be invoked ({code}): it must be there, and the "
            "sender's role must be allowed lambda:InvokeFunction on it"
        )


def _request(customers: Sequence[Customer], campaign: Campaign, now: datetime) -> bytes:
    document = {
        "campaign": campaign.stored(),
        "now": now.isoformat(),
        "customers": [_customer(each) for each in customers],
    }
    return json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode()


def _customer(customer: Customer) -> dict[str, Any]:
    return {
        "userId": customer.user_id,
        **({"customerId": customer.customer_id} if customer.customer_id else {}),
        "locale": customer.locale,
        "attributes": dict(customer.attributes),
    }


def _is_final(error: ClientError | BotoCoreError) -> bool:
    """Check whether invoking the function again would end in the same way."""
    if not isinstance(error, ClientError):
        return False
    status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    is_ours = HTTPStatus.BAD_REQUEST <= status < HTTPStatus.INTERNAL_SERVER_ERROR
    return is_ours and status not in _NOT_NOW


def _raised(told: bytes) -> InvalidContent | ContentLate:
    """Return what an invocation that failed means; its message may name customers."""
    found = _decoded(told)
    failure = found if isinstance(found, dict) else {}
    kind, message = str(failure.get("errorType")), str(failure.get("errorMessage"))
    if kind == "Sandbox.Timedout" or "Task timed out after" in message:
        return ContentLate("the event source's function times out")
    name = kind if _CLASS.fullmatch(kind) else "an error"
    return InvalidContent(f"the event source's function raised {name}")


def _contents(told: bytes, customers: int) -> list[object]:
    found = _decoded(told)
    contents = found.get("contents") if isinstance(found, dict) else None
    if not isinstance(contents, list):
        raise InvalidContent(
            'the event source\'s function must give {"contents": […]}, with a content or null for '
            f"each of {customers} customers, but gave a {type(found).__name__} without a list of "
            "them"
        )
    return contents


def _decoded(told: bytes) -> object:
    try:
        found: object = json.loads(told)
    except (ValueError, RecursionError):
        return None
    return found
