"""How a run ends when its workers die, or when none of them has seen enough by itself."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from botocore.client import BaseClient
from botocore.exceptions import ClientError
from yellowring.sender import app
from yellowring.sender.outcomes import HALT_AFTER
from yellowring.sender.runs import Runs

from tests.unit.sender.kit import NONE_OF_ANY, RUN_ID, Context, campaign

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.unit.sender.kit import World


def _die(*_: object) -> None:
    raise KeyboardInterrupt


def _taken(world: World) -> Iterator[dict[str, Any]]:
    """Take what is on the work queue, as the event source gives it to the sender."""
    while messages := world.sqs.receive_message(QueueUrl=world._queue("WORK")).get("Messages"):
        for message in messages:
            record = {"messageId": message["MessageId"], "body": message["Body"]}
            yield {"Records": [record]}


@pytest.fixture
def retry(world: World, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """A retry whose worker settled it, the last step of the run, and died before ending the run."""
    monkeypatch.setattr("yellowring.sender.delivery.delivering.back_off", lambda _: 0)
    monkeypatch.setattr("yellowring.sender.work.LONGEST_DELAY", 0)
    world.customers(2)
    world.faults(api={"error5xx": 1})
    world.send()
    world.faults()
    (batch,) = _taken(world)
    assert "customers" in json.loads(batch["Records"][0]["body"])
    with monkeypatch.context() as dying:
        dying.setattr(Runs, "complete", _die)
        with pytest.raises(KeyboardInterrupt):
            app.lambda_handler(batch, Context())
    return batch


def test_a_run_whose_last_retry_died_before_ending_it_is_ended_by_its_redelivery(
    world: World, retry: dict[str, Any]
) -> None:
    assert app.lambda_handler(retry, Context()) == {"batchItemFailures": []}
    assert [run.status for run in Runs(world.dynamodb, "runs").list()] == ["completed"]


def test_a_run_that_was_left_open_at_its_end_is_ended_by_the_next_firing(
    world: World, retry: dict[str, Any]
) -> None:
    run = world.send()
    assert (run["status"], run["counts"]) == ("completed", NONE_OF_ANY | {"accepted": 2})


def test_a_run_of_many_segments_that_was_left_open_at_its_end_is_ended_by_the_next_firing(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in ("plan", "worker"):
        monkeypatch.setattr(f"yellowring.sender.{module}.USERS_PER_SEGMENT", 1)
    document = campaign(audience={"type": "users", "userIds": world.customers(2)})
    world.send(document)
    first, last = list(_taken(world))
    app.lambda_handler(first, Context())
    with monkeypatch.context() as dying:
        dying.setattr(Runs, "complete", _die)
        with pytest.raises(KeyboardInterrupt):
            app.lambda_handler(last, Context())
    assert world.send(document)["status"] == "completed"
    assert world.waiting() == 0


def test_refusals_of_several_workers_halt_together_and_mark_nobody(
    world: World, environment: pytest.MonkeyPatch, monkeypatch: pytest.MonkeyPatch
) -> None:
    environment.setenv("SKILL_STAGE", "live")
    for module in ("plan", "worker"):
        monkeypatch.setattr(f"yellowring.sender.{module}.USERS_PER_SEGMENT", 15)
    users = world.customers(30)
    document = campaign(audience={"type": "users", "userIds": users})
    world.send(document)
    first, second = list(_taken(world))
    advance = Runs.advance

    def after_the_other(*arguments: Any) -> Any:
        monkeypatch.setattr(Runs, "advance", advance)
        app.lambda_handler(second, Context())
        return advance(*arguments)

    monkeypatch.setattr(Runs, "advance", after_the_other)
    app.lambda_handler(first, Context())
    run = world.send(document)
    assert (run["status"], run["counts"]) == ("halted", NONE_OF_ANY | {"rejected": 30})
    assert "SKILL_STAGE" in run["cause"]
    assert not any(world.is_rejected(user) for user in users)


def test_few_requests_are_under_way_until_it_is_known_that_the_event_is_taken(
    world: World, environment: pytest.MonkeyPatch
) -> None:
    environment.setenv("SKILL_STAGE", "live")
    world.customers(150)
    world.faults(api={"latencyMs": [200, 200]})
    assert world.send()["status"] == "halted"
    by_status: Any = world.alexa.traffic.document()["byStatus"]
    assert by_status["403"] < 2 * HALT_AFTER


@pytest.mark.parametrize(
    "message",
    [
        "The provided Exclusive start key is invalid",
        "The provided starting key is not within the parallel scan segment",
    ],
)
def test_a_cursor_of_another_table_halts_the_run_and_is_named(
    world: World, monkeypatch: pytest.MonkeyPatch, message: str
) -> None:
    world.customers(1)
    with monkeypatch.context() as dying:
        dying.setattr("yellowring.sender.runs.Runs.advance", _die)
        with pytest.raises(KeyboardInterrupt):
            world.send()
    world.dynamodb.update_item(
        TableName="runs",
        Key={"runId": {"S": RUN_ID}},
        UpdateExpression="SET #segments.#zero.#cursor = :cursor",
        ExpressionAttributeNames={"#segments": "segments", "#zero": "0", "#cursor": "cursor"},
        ExpressionAttributeValues={":cursor": {"S": "of another table"}},
    )
    call = BaseClient._make_api_call  # type: ignore[attr-defined]

    def refuse(self: BaseClient, operation: str, request: Any) -> Any:
        if operation != "Scan":
            return call(self, operation, request)
        error: Any = {"Error": {"Code": "ValidationException", "Message": message}}
        raise ClientError(error, operation)

    monkeypatch.setattr(BaseClient, "_make_api_call", refuse)
    run = world.send()
    assert run["status"] == "halted"
    assert run["cause"].startswith("cursor: the cursor of segment 0")
