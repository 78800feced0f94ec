"""The API function as API Gateway calls it, and a customer or two in its tables."""

from __future__ import annotations

import io
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from yellowring.api import app
from yellowring.sender import app as sender
from yellowring.subscribers import RegisterChange, Subscribers

from tests.envelopes import WEATHER
from tests.unit.sender.kit import LONG_AGO, Context

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mypy_boto3_dynamodb.client import DynamoDBClient
    from mypy_boto3_sqs.client import SQSClient

USER_ID = "amzn1.ask.account.AAAA"
OTHER_USER_ID = "amzn1.ask.account.BBBB"
EVENT: dict[str, Any] = {
    "name": WEATHER,
    "payload": {"weatherAlert": {"source": "Weather Desk", "alertType": "SNOW_STORM"}},
}


@dataclass(frozen=True)
class Answered:
    """What the function answered."""

    status: int
    headers: Mapping[str, str]
    text: str

    @property
    def body(self) -> Any:
        return json.loads(self.text)

    @property
    def kind(self) -> str:
        """The last part of a problem's type, which it must be of."""
        assert self.headers["Content-Type"] == "application/problem+json"
        assert self.body["status"] == self.status
        return str(self.body["type"]).rpartition(":")[2]

    @property
    def paths(self) -> list[str]:
        return [each["path"] for each in self.body["errors"]]


class Api:
    """What a business' own system sees, and the tables behind it."""

    def __init__(self, dynamodb: DynamoDBClient, sqs: SQSClient, queue: str) -> None:
        self.dynamodb = dynamodb
        self.subscribers = Subscribers(dynamodb, "subscribers")
        self._sqs = sqs
        self._queue = queue

    def call(
        self,
        method: str,
        path: str,
        body: object = None,
        *,
        key: str = "",
        raw: str = "",
        **event: Any,
    ) -> Answered:
        """Call an address with JSON, or with a body as it is; ``event`` overrides other parts."""
        headers = {"host": "example"}
        if key:
            headers["idempotency-key"] = key
        text = raw if body is None else json.dumps(body)
        if text:
            headers["content-type"] = "application/json"
        request = {
            "version": "2.0",
            "routeKey": "ANY /v1/{proxy+}",
            "rawPath": path,
            "rawQueryString": "",
            "headers": headers,
            "requestContext": {
                "stage": "$default",
                "requestId": "request-1",
                "authorizer": {"iam": {"userArn": "arn:aws:iam::123456789012:role/shop"}},
                "http": {"method": method, "path": path},
            },
            "isBase64Encoded": False,
            **({"body": text} if text else {}),
        }
        answer = app.lambda_handler(request | event, Context())  # type: ignore[arg-type]
        return Answered(answer["statusCode"], answer["headers"], answer["body"] or "")

    def notify(self, to: Mapping[str, str], *, key: str = "", **parts: Any) -> Answered:
        """Ask for a notification."""
        body = {"to": to, "event": EVENT, **parts}
        return self.call("POST", "/v1/notifications", body, key=key)

    def link(self, user_id: str, customer_id: str, at: int = LONG_AGO) -> None:
        """Have a subscribed customer linked to the business' id."""
        self.subscribers.apply(
            user_id,
            RegisterChange("subscriptions", at, "id", frozenset((WEATHER,))),
            RegisterChange("customer", at, "id", customer_id),
        )

    def queued(self) -> list[dict[str, Any]]:
        """Take what is on the queue."""
        found: list[dict[str, Any]] = []
        while True:
            answer = self._sqs.receive_message(QueueUrl=self._queue, MaxNumberOfMessages=10)
            if not answer.get("Messages"):
                return found
            for message in answer["Messages"]:
                found.append(json.loads(message["Body"]))
                self._sqs.delete_message(
                    QueueUrl=self._queue, ReceiptHandle=message["ReceiptHandle"]
                )


class Functions:
    """Lambda, as far as the API calls it: the sender, in this process."""

    def __init__(self) -> None:
        self.requests: list[dict[str, Any]] = []

    def invoke(self, *, FunctionName: str, Payload: bytes) -> dict[str, Any]:  # noqa: N803
        """Invoke the sender; what it raises is told without its name."""
        assert FunctionName == "sender"
        self.requests.append(json.loads(Payload))
        try:
            told: Any = sender.lambda_handler(json.loads(Payload), Context())
        except Exception as error:
            said = {"errorType": "Runtime.HandlerError", "errorMessage": str(error)}
            return {
                "FunctionError": "Unhandled",
                "Payload": io.BytesIO(json.dumps(said).encode()),
            }
        return {"Payload": io.BytesIO(json.dumps(told).encode())}
