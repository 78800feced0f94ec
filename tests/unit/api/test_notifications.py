"""A notification is put once for each key, queued until it has an outcome, and asked for."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import EndpointConnectionError
from yellowring.api.services import services
from yellowring.sender.notification.notification import parse_notification
from yellowring.sender.notification.status import OVER, Statuses

from tests.unit.api.kit import EVENT, USER_ID, Api

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.client import DynamoDBClient

TO = {"userId": USER_ID}


def test_it_is_queued_with_its_id_as_reference_id_and_an_absolute_expiry(api: Api) -> None:
    answer = api.notify(TO, key="order-1", expiresIn="PT2H")
    assert answer.status == 202
    body = answer.body
    assert body["status"] == "queued"
    life = datetime.fromisoformat(body["expiryTime"]) - datetime.fromisoformat(body["createdAt"])
    assert life == timedelta(hours=2)
    [message] = api.queued()
    assert message == {
        "event": EVENT,
        "localizedAttributes": [],
        "to": TO,
        "referenceId": body["id"],
        "expiryTime": message["expiryTime"],
    }
    expiry = datetime.fromisoformat(body["expiryTime"])
    assert datetime.fromisoformat(message["expiryTime"]) == expiry


def test_what_is_queued_is_a_notification_as_the_sender_reads_it(api: Api) -> None:
    import json

    api.notify({"customerId": "4711"}, expiresIn="PT5M")
    [message] = api.queued()
    read = parse_notification(json.dumps(message), datetime.now(UTC))
    assert read.reference_id == message["referenceId"]
    assert read.last_send > datetime.now(UTC) + timedelta(seconds=30)


def test_the_same_key_and_body_get_the_same_answer_and_are_queued_until_done(
    api: Api, aws: DynamoDBClient
) -> None:
    first = api.notify(TO, key="order-1")
    again = api.notify(TO, key="order-1")
    assert (again.status, again.body) == (202, first.body)
    one, other = api.queued()
    assert one == other
    statuses = Statuses(aws, "runs")
    statuses.settle(first.body["id"], "hash", "accepted", datetime.now(UTC), done=True)
    assert api.notify(TO, key="order-1").body == first.body
    assert api.queued() == []


def test_a_repeat_later_on_has_the_creation_and_expiry_of_the_first(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = api.notify(TO, key="order-1")
    services.cache_clear()
    later = datetime.now(UTC) + timedelta(minutes=5)
    monkeypatch.setattr("yellowring.api.services.now_utc", lambda: later)
    assert api.notify(TO, key="order-1").body == first.body
    one, other = api.queued()
    assert one["expiryTime"] == other["expiryTime"]
    assert api.notify(TO, key="order-2").body["createdAt"] != first.body["createdAt"]


def test_the_same_key_with_another_body_is_a_conflict_and_queues_nothing(api: Api) -> None:
    api.notify(TO, key="order-1")
    api.queued()
    answer = api.notify(TO, key="order-1", expiresIn="PT2H")
    assert (answer.status, answer.kind) == (409, "key-conflict")
    assert api.queued() == []


def test_without_a_key_each_request_is_a_notification_of_its_own(api: Api) -> None:
    assert api.notify(TO).body["id"] != api.notify(TO).body["id"]
    assert len(api.queued()) == 2


def test_a_crash_between_status_and_queue_loses_nothing_when_the_request_is_repeated(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise EndpointConnectionError(endpoint_url="https://sqs.example")

    with monkeypatch.context() as down:
        down.setattr("yellowring.api.queue.Queue.put", fail)
        answer = api.notify(TO, key="order-1")
    assert (answer.status, answer.kind) == (503, "unavailable")
    assert api.queued() == []
    assert api.notify(TO, key="order-1").status == 202
    assert len(api.queued()) == 1


@pytest.mark.parametrize(
    ("parts", "paths"),
    [
        ({"to": {}}, ["$.to.userId"]),
        ({"to": {"userId": "U1"}}, ["$.to.userId"]),
        ({"to": {"customerId": ""}}, ["$.to.customerId"]),
        ({"to": {"customerId": "Atza|x"}}, ["$.to.customerId"]),
        ({"to": {"customerId": "a", "userId": USER_ID}}, ["$.to.userId"]),
        ({"to": USER_ID}, ["$.to"]),
        ({"event": []}, ["$.event"]),
        ({"event": {"name": "X"}}, ["$.event"]),
        ({"event": {"name": "X", "payload": {}}}, ["$.event.name"]),
        ({"event": {**EVENT, "payload": {}}}, ["$.event.payload.weatherAlert"]),
        ({"expiresIn": "PT4M"}, ["$.expiresIn"]),
        ({"expiresIn": "PT24H1S"}, ["$.expiresIn"]),
        ({"expiresIn": None}, ["$.expiresIn"]),
        ({"localizedAttributes": {}}, ["$.localizedAttributes"]),
        ({"audience": {}}, ["$.audience"]),
    ],
)
def test_what_is_wrong_is_told_with_its_path_and_nothing_is_queued(
    api: Api, parts: dict[str, Any], paths: list[str]
) -> None:
    answer = api.call("POST", "/v1/notifications", {"to": TO, "event": EVENT, **parts})
    assert (answer.status, answer.kind, answer.paths) == (422, "invalid", paths)
    assert api.queued() == []


def test_an_event_that_is_too_large_is_refused(api: Api) -> None:
    source = {"source": "x" * 32_000, "alertType": "SNOW_STORM"}
    event = {**EVENT, "payload": {"weatherAlert": source}}
    answer = api.call("POST", "/v1/notifications", {"to": TO, "event": event})
    assert (answer.status, answer.paths) == (422, ["$"])


def test_a_customer_id_with_more_than_a_households_accounts_is_refused(api: Api) -> None:
    for number in range(25):
        api.link(f"{USER_ID}{number:03}", "4711")
    assert api.notify({"customerId": "4711"}).status == 202
    api.link(f"{USER_ID}999", "4711")
    answer = api.notify({"customerId": "4711"})
    assert (answer.status, answer.kind) == (409, "too-many-accounts")
    assert len(api.queued()) == 1


def test_what_became_of_it_is_told_for_each_account_with_the_reason(
    api: Api, aws: DynamoDBClient
) -> None:
    notification = api.notify(TO, key="order-1").body["id"]
    asked = api.call("GET", f"/v1/notifications/{notification}")
    assert (asked.status, asked.body["status"], asked.body["outcomes"]) == (200, "queued", [])
    statuses, now = Statuses(aws, "runs"), datetime.now(UTC)
    statuses.settle(notification, "aaa", "accepted", now)
    statuses.settle(notification, "bbb", "skipped", now, "not subscribed")
    statuses.settle(notification, "ccc", "limited", now, done=True)
    told = api.call("GET", f"/v1/notifications/{notification}").body
    assert told["status"] == "done"
    by_account = {each["account"]: (each["outcome"], each["reason"]) for each in told["outcomes"]}
    assert by_account["aaa"] == ("accepted", "")
    assert by_account["bbb"] == ("skipped", "not subscribed")
    assert by_account["ccc"][0] == "limited"
    assert "for now" in by_account["ccc"][1]
    assert "not subscribed" in told["reason"]


def test_one_that_expired_without_an_outcome_is_not_queued_any_more(
    api: Api, aws: DynamoDBClient
) -> None:
    expired = datetime.now(UTC) - timedelta(seconds=5)
    Statuses(aws, "runs").put("n~old", "hash", expired - timedelta(hours=1), expired)
    told = api.call("GET", "/v1/notifications/n~old").body
    assert (told["status"], told["outcomes"], told["reason"]) == ("done", [], OVER)


def test_one_that_nobody_knows_is_a_problem(api: Api) -> None:
    answer = api.call("GET", "/v1/notifications/n~1")
    assert (answer.status, answer.kind) == (404, "unknown-notification")


# ---- batches ----


def batch(api: Api, *entries: object, key: str = "") -> list[dict[str, Any]]:
    answer = api.call("POST", "/v1/notifications/batch", {"notifications": entries}, key=key)
    assert answer.status == 200
    outcomes: list[dict[str, Any]] = answer.body["outcomes"]
    return outcomes


def test_a_bad_entry_of_a_batch_fails_no_other(api: Api) -> None:
    good = {"to": TO, "event": EVENT}
    outcomes = batch(api, good, {"to": TO, "event": EVENT, "expiresIn": "PT1M"}, 7, good)
    assert [each["status"] for each in outcomes] == [202, 422, 422, 202]
    assert [each["notification"] is None for each in outcomes] == [False, True, True, False]
    errors = [each["problem"]["errors"][0]["path"] for each in outcomes if each["problem"]]
    assert errors == ["$.notifications[1].expiresIn", "$.notifications[2]"]
    assert len(api.queued()) == 2


def test_a_batch_has_a_key_for_each_entry_or_one_that_counts_them(api: Api) -> None:
    good = {"to": TO, "event": EVENT}
    own = batch(api, {**good, "idempotencyKey": "order-1"}, good, key="morning")
    assert own[0]["notification"] == api.notify(TO, key="order-1").body
    again = batch(api, {**good, "idempotencyKey": "order-1"}, good, key="morning")
    assert again == own
    [conflict] = batch(api, {**good, "idempotencyKey": "order-1", "expiresIn": "PT9M"})
    assert conflict["status"] == 409


def test_a_batch_of_a_hundred_is_queued_whole_and_one_more_is_refused(api: Api) -> None:
    good = {"to": TO, "event": EVENT}
    outcomes = batch(api, *[good] * 100)
    assert len({each["notification"]["id"] for each in outcomes}) == 100
    assert len(api.queued()) == 100
    for many in (0, 101):
        answer = api.call("POST", "/v1/notifications/batch", {"notifications": [good] * many})
        assert (answer.status, answer.paths) == (422, ["$.notifications"])


def test_a_batch_stops_asking_a_queue_that_does_not_answer_and_is_repeated_whole(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    from yellowring.api.queue import Queue

    put, tried = Queue.put, []

    def fail_later(self: Queue, message: Any) -> None:
        tried.append(message)
        if len(tried) > 1:
            raise EndpointConnectionError(endpoint_url="https://sqs.example")
        put(self, message)

    good = {"to": TO, "event": EVENT}
    with monkeypatch.context() as down:
        down.setattr("yellowring.api.queue.Queue.put", fail_later)
        outcomes = batch(api, good, good, good, key="morning")
    assert [each["status"] for each in outcomes] == [202, 503, 503]
    assert len(tried) == 2
    assert [each["status"] for each in batch(api, good, good, good, key="morning")] == [202] * 3
    assert len({each["referenceId"] for each in api.queued()}) == 3
