"""An event source that is a Lambda function: what it is given, and what its failures mean."""

from __future__ import annotations

import io
import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from botocore.exceptions import ClientError, ConnectTimeoutError, ReadTimeoutError
from botocore.response import StreamingBody
from yellowring.sender.campaign import parse_campaign
from yellowring.sender.campaign.event_source import (
    ContentLate,
    EventSourceFailed,
    InvalidContent,
)
from yellowring.sender.campaign.function import PAGE, FunctionSource
from yellowring.subscribers import Customer

from tests.unit.sender.kit import campaign

if TYPE_CHECKING:
    from collections.abc import Callable

NAME = "shop-digest"
CAMPAIGN = parse_campaign(campaign(content="digest"))
NOW = datetime(2026, 11, 20, 9, tzinfo=UTC)
ANNA = Customer("amzn1.ask.account.ANNA", None, "de-DE", {"town": "Köln"}, customer_id="4711")
BERT = Customer("amzn1.ask.account.BERT", None)


class Function:
    """A client with one function behind it, which answers by a rule."""

    def __init__(self, answer: Callable[[dict[str, Any]], Any]) -> None:
        self._answer = answer
        self.given: list[dict[str, Any]] = []
        self.dry_runs: list[str] = []

    def invoke(self, FunctionName: str, **request: Any) -> dict[str, Any]:  # noqa: N803
        if request.get("InvocationType") == "DryRun":
            self.dry_runs.append(FunctionName)
            return {"StatusCode": 204}
        assert FunctionName == NAME
        self.given.append(json.loads(request["Payload"]))
        answer = self._answer(self.given[-1])
        return answer if "Payload" in answer else gave(answer)


def gave(document: Any, **more: Any) -> dict[str, Any]:
    told = document if isinstance(document, bytes) else json.dumps(document).encode()
    return {"StatusCode": 200, "Payload": StreamingBody(io.BytesIO(told), len(told)), **more}


def refuses(status: int, code: str = "SomeException") -> ClientError:
    response: Any = {
        "Error": {"Code": code, "Message": "amzn1.ask.account.ANNA"},
        "ResponseMetadata": {"HTTPStatusCode": status},
    }
    return ClientError(response, "Invoke")


def source(answer: Callable[[dict[str, Any]], Any], **more: Any) -> tuple[Any, Function]:
    function = Function(answer)
    return FunctionSource(function, NAME, **more), function  # type: ignore[arg-type]


def raising(error: Exception) -> Callable[[dict[str, Any]], Any]:
    def answer(_: object) -> Any:
        raise error

    return answer


def test_it_is_given_the_campaign_the_time_and_a_page_of_customers() -> None:
    asked, function = source(lambda _: {"contents": [None, {"payload": {}}]})
    assert asked([ANNA, BERT], CAMPAIGN, NOW) == [None, {"payload": {}}]
    (given,) = function.given
    assert given == {
        "campaign": CAMPAIGN.stored(),
        "now": "2026-11-20T09:00:00+00:00",
        "customers": [
            {
                "userId": ANNA.user_id,
                "customerId": "4711",
                "locale": "de-DE",
                "attributes": {"town": "Köln"},
            },
            {"userId": BERT.user_id, "locale": None, "attributes": {}},
        ],
    }
    assert asked.page == PAGE


def test_its_parameters_are_those_of_lambdas_own_interface() -> None:
    client = boto3.client("lambda", region_name="us-east-1")
    shape: Any = client.meta.service_model.operation_model("Invoke").input_shape
    members = shape.members
    assert {"FunctionName", "InvocationType", "Payload"} <= set(members)
    assert "DryRun" in members["InvocationType"].enum


def test_a_request_that_is_too_large_is_cut_in_two() -> None:
    def answer(given: dict[str, Any]) -> Any:
        return {"contents": [each["userId"] for each in given["customers"]]}

    page = [Customer(f"amzn1.ask.account.{n}", None, None, {"a": "x" * 600}) for n in range(5)]
    asked, function = source(answer, largest_request=2000)
    assert asked(page, CAMPAIGN, NOW) == [each.user_id for each in page]
    assert [len(given["customers"]) for given in function.given] == [2, 1, 2]


def test_halves_that_only_together_have_the_right_number_are_refused() -> None:
    numbers = iter([1, 3])

    def answer(given: dict[str, Any]) -> Any:
        return {"contents": [None] * next(numbers)}

    page = [Customer(f"amzn1.ask.account.{n}", None, None, {"a": "x" * 600}) for n in range(4)]
    asked, _ = source(answer, largest_request=2200)
    with pytest.raises(InvalidContent, match="each of 2 customers, but gave 1"):
        asked(page, CAMPAIGN, NOW)


@pytest.mark.parametrize(
    "error",
    [
        refuses(429, "TooManyRequestsException"),
        refuses(500, "ServiceException"),
        refuses(502, "ResourceNotReadyException"),
        refuses(409, "ResourceConflictException"),
        ReadTimeoutError(endpoint_url="x"),
        ConnectTimeoutError(endpoint_url="x"),
    ],
    ids=str,
)
def test_what_may_pass_leaves_the_outcome_unknown(error: Exception) -> None:
    asked, _ = source(raising(error))
    with pytest.raises(ContentLate):
        asked([ANNA], CAMPAIGN, NOW)


@pytest.mark.parametrize(
    "error",
    [
        refuses(403, "AccessDeniedException"),
        refuses(404, "ResourceNotFoundException"),
        refuses(400, "InvalidRuntimeException"),
    ],
    ids=str,
)
def test_what_no_repeating_mends_stops_the_run_and_says_what_to_do(error: Exception) -> None:
    asked, _ = source(raising(error))
    with pytest.raises(EventSourceFailed, match="lambda:InvokeFunction") as failed:
        asked([ANNA], CAMPAIGN, NOW)
    assert NAME in str(failed.value)
    assert "ANNA" not in str(failed.value)


def test_a_function_that_may_not_be_invoked_is_told_before_anything_is_sent() -> None:
    class Refusing:
        def invoke(self, **_: object) -> Any:
            raise refuses(403, "AccessDeniedException")

    with pytest.raises(EventSourceFailed, match="AccessDeniedException"):
        FunctionSource(Refusing(), NAME)  # type: ignore[arg-type]


def test_that_it_cannot_be_asked_for_now_is_no_reason_not_to_start() -> None:
    class Throttled:
        def invoke(self, **_: object) -> Any:
            raise refuses(429)

    FunctionSource(Throttled(), NAME)  # type: ignore[arg-type]
    assert source(lambda _: None)[1].dry_runs == [NAME]


def failed(kind: str, message: str) -> dict[str, Any]:
    return gave({"errorType": kind, "errorMessage": message}, FunctionError="Unhandled")


@pytest.mark.parametrize(
    ("kind", "told"),
    [("KeyError", "raised KeyError"), ("amzn1.ask.account.ANNA and more", "raised an error")],
)
def test_a_function_that_raises_is_its_pages_invalid_and_nobody_is_named(
    kind: str, told: str
) -> None:
    asked, _ = source(lambda _: failed(kind, "amzn1.ask.account.ANNA"))
    with pytest.raises(InvalidContent, match=told) as refused:
        asked([ANNA], CAMPAIGN, NOW)
    assert "ANNA" not in str(refused.value)


@pytest.mark.parametrize("kind", ["Sandbox.Timedout", "None"])
def test_a_function_that_times_out_leaves_the_outcome_unknown(kind: str) -> None:
    message = "2026-11-20T09:00:00Z 4711 Task timed out after 3.00 seconds"
    asked, _ = source(lambda _: failed(kind, message if kind == "None" else ""))
    with pytest.raises(ContentLate):
        asked([ANNA], CAMPAIGN, NOW)


@pytest.mark.parametrize("told", [b"", b"null", b"[]", b"{}", b'{"contents": {}}', b"\xff", b'"x"'])
def test_what_holds_no_list_of_contents_is_invalid(told: bytes) -> None:
    asked, _ = source(lambda _: gave(told))
    with pytest.raises(InvalidContent, match=r'must give \{"contents"'):
        asked([ANNA], CAMPAIGN, NOW)
