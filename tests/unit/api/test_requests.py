"""What cannot be taken is answered with problem details, whatever it is."""

from __future__ import annotations

import base64
import json
from typing import TYPE_CHECKING, Any

import pytest
from yellowring.api.requests import LARGEST_BODY

from tests.unit.api.kit import EVENT, USER_ID, Api

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.client import DynamoDBClient


def test_an_unknown_address_is_a_problem_that_says_where_to_read_of_the_known(api: Api) -> None:
    answer = api.call("GET", "/v2/notifications")
    assert (answer.status, answer.kind) == (404, "not-found")
    assert "/v1/openapi.json" in answer.body["detail"]


def test_who_came_past_every_authorizer_is_refused(api: Api) -> None:
    nobody: list[dict[str, Any]] = [{}, {"authorizer": None}, {"authorizer": {"iam": None}}]
    for told in nobody:
        context = {"stage": "$default", "requestId": "r", "http": {"method": "GET"}, **told}
        answer = api.call("GET", "/v1/customers/4711", requestContext=context)
        assert (answer.status, answer.kind) == (403, "not-authorized")


def test_a_method_that_an_address_does_not_take_is_told_with_those_it_takes(api: Api) -> None:
    answer = api.call("PUT", "/v1/customers/4711")
    assert (answer.status, answer.kind) == (405, "method-not-allowed")
    assert answer.headers["Allow"] == "DELETE, GET, PATCH"
    assert api.call("PATCH", "/v1/notifications/batch").headers["Allow"] == "POST"


@pytest.mark.parametrize(
    ("body", "kind", "status"),
    [
        ('{"to": ', "not-json", 400),
        ('{"n": NaN}', "not-json", 400),
        ('{"n": ' + "9" * 5000 + "}", "not-json", 400),
        ('{"text": "\\ud800"}', "not-json", 400),
        ("[" * 100_000, "not-json", 400),
        ('{"deep": ' + "[" * 40 + "]" * 40 + "}", "invalid", 422),
        ("[]", "invalid", 422),
        ('[{"to": {"userId": "amzn1.ask.account.AAAA"}}]', "invalid", 422),
        ("null", "invalid", 422),
        ('"text"', "invalid", 422),
        ("1", "invalid", 422),
        ("x" * (LARGEST_BODY + 1), "too-large", 413),
    ],
)
def test_a_body_that_is_no_object_of_json_is_refused(
    api: Api, body: str, kind: str, status: int
) -> None:
    answer = api.call("POST", "/v1/notifications", raw=body)
    assert (answer.status, answer.kind) == (status, kind)


def test_a_body_that_is_not_sent_as_json_is_refused(api: Api) -> None:
    for sent in ("text/plain", "application/x-www-form-urlencoded", ""):
        answer = api.call(
            "PATCH", "/v1/customers/4711", headers={"content-type": sent}, raw="remove=a"
        )
        assert (answer.status, answer.kind) == (415, "not-a-json-type")


@pytest.mark.parametrize("body", ["%%%", base64.b64encode(b"\xff\xfe").decode()])
def test_a_body_that_is_no_text_is_refused(api: Api, body: str) -> None:
    answer = api.call("POST", "/v1/runs", raw=body, isBase64Encoded=True)
    assert (answer.status, answer.kind) == (400, "not-json")


def test_a_body_may_come_in_base64_and_with_a_charset(api: Api) -> None:
    body = json.dumps({"to": {"userId": USER_ID}, "event": EVENT}).encode()
    answer = api.call(
        "POST",
        "/v1/notifications",
        headers={"Content-Type": "application/json; charset=utf-8"},
        raw=base64.b64encode(body).decode(),
        isBase64Encoded=True,
    )
    assert answer.status == 202


def test_a_missing_body_is_told_by_its_path(api: Api) -> None:
    answer = api.call("POST", "/v1/notifications")
    assert (answer.status, answer.kind, answer.paths) == (422, "invalid", ["$"])


@pytest.mark.parametrize(
    ("path", "where"),
    [
        ("/v1/customers/a b", "path.customerId"),
        ("/v1/customers/Atza|token", "path.customerId"),
        ("/v1/runs/a-b", "path.runId"),
        ("/v1/notifications/" + "a" * 65, "path.notificationId"),
    ],
)
def test_an_id_in_the_address_that_can_be_none_is_told_by_its_name(
    api: Api, path: str, where: str
) -> None:
    answer = api.call("GET", path)
    assert (answer.status, answer.kind, answer.paths) == (422, "invalid", [where])


@pytest.mark.parametrize("key", ["a b", "é", "x" * 256])
def test_an_idempotency_key_is_of_visible_ascii_and_255_characters_at_most(
    api: Api, key: str
) -> None:
    answer = api.notify({"userId": USER_ID}, key=key)
    assert (answer.status, answer.paths) == (422, ["header.Idempotency-Key"])
    assert api.notify({"userId": USER_ID}, key="~" * 255).status == 202


def test_what_was_sent_is_not_repeated_in_a_problem(api: Api) -> None:
    secret = "s3cr3t"
    event = {"name": secret, "payload": {"weatherAlert": {"source": secret}}}
    bodies: list[dict[str, Any]] = [
        {"to": {"userId": secret}, "event": event, "expiresIn": secret},
        {"to": {"userId": USER_ID}, "event": event, "expiresIn": secret},
        {"to": {"customerId": USER_ID + " " + secret}, "event": EVENT},
    ]
    for body in bodies:
        assert secret not in api.call("POST", "/v1/notifications", body).text
    assert secret not in api.call("PATCH", "/v1/customers/4711", {"set": {"a": [1, secret]}}).text


def test_a_failure_of_ours_is_a_problem_that_says_nothing_of_it(
    api: Api, monkeypatch: pytest.MonkeyPatch, logs_without_personal_data: list[str]
) -> None:
    def fail(*_: object) -> None:
        raise RuntimeError("what was sent")

    monkeypatch.setattr("yellowring.api.notifications.notification_id_of", fail)
    answer = api.notify({"userId": USER_ID})
    assert (answer.status, answer.kind) == (500, "internal")
    assert "what was sent" not in answer.text + "".join(logs_without_personal_data)
    assert "RuntimeError" in "".join(logs_without_personal_data)


def test_a_table_that_does_not_answer_is_a_503_and_one_that_has_enough_a_429(
    api: Api, aws: DynamoDBClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    from botocore.exceptions import ClientError, ConnectTimeoutError

    errors: list[Exception] = [
        ConnectTimeoutError(endpoint_url="https://dynamodb.example"),
        ClientError({"Error": {"Code": "InternalServerError"}}, "GetItem"),
        ClientError({"Error": {"Code": "ProvisionedThroughputExceededException"}}, "GetItem"),
    ]
    found = []
    for error in errors:

        def fail(*_: object, error: Exception = error, **__: object) -> None:
            raise error

        monkeypatch.setattr("yellowring.sender.notification.status.Statuses.get", fail)
        answer = api.call("GET", "/v1/notifications/n~1")
        assert int(answer.headers["Retry-After"]) > 0
        found.append((answer.status, answer.kind))
    assert found == [(503, "unavailable"), (503, "unavailable"), (429, "busy")]


def test_a_request_is_logged_by_its_route_and_names_nobody(
    api: Api, logs_without_personal_data: list[str]
) -> None:
    api.call("GET", "/v1/customers/4711-customer")
    api.call("GET", "/nowhere-customer")
    logged = "".join(logs_without_personal_data)
    assert "GET /v1/customers/{customerId}" in logged
    assert "-customer" not in logged
