"""Runs are started by the sender, and looked after as by the commands."""

from __future__ import annotations

from typing import Any

import boto3
import pytest
from yellowring.sender.run.items import chunk_part
from yellowring.sender.run.store import Runs

from tests.unit.api.kit import EVENT, USER_ID, Api, Functions

CAMPAIGN: dict[str, Any] = {"name": "sale", "event": EVENT}


def start(api: Api, campaign: Any = CAMPAIGN, *, key: str = "", **named: str) -> Any:
    return api.call("POST", "/v1/runs", {"campaign": campaign, **named}, key=key)


def customers(many: int) -> dict[str, Any]:
    ids = [f"shop-{number:05}" for number in range(many)]
    return {**CAMPAIGN, "audience": {"type": "customers", "customerIds": ids}}


def users(many: int) -> dict[str, Any]:
    ids = [f"{USER_ID}{number:05}" for number in range(many)]
    return {**CAMPAIGN, "audience": {"type": "users", "userIds": ids}}


def test_a_run_is_started_under_its_id_and_looked_at(api: Api) -> None:
    answer = start(api, runId="sale~1")
    assert answer.status == 202
    assert answer.body["runId"] == "sale~1"
    assert answer.body["status"] == "running"
    assert answer.body["counts"]["accepted"] == 0
    looked = api.call("GET", "/v1/runs/sale~1")
    assert (looked.status, looked.body) == (200, answer.body)


@pytest.mark.parametrize(
    ("named", "key", "run_id"),
    [
        ({"scheduledTime": "2026-11-20T09:00:00Z"}, "", "sale~20261120T090000Z"),
        ({"runId": "sale~1"}, "morning", "sale~1"),
    ],
)
def test_a_run_is_named_as_everywhere(
    api: Api, named: dict[str, str], key: str, run_id: str
) -> None:
    assert start(api, key=key, **named).body["runId"] == run_id


def test_a_key_names_a_run_so_that_a_repeat_finds_it(api: Api, functions: Functions) -> None:
    first, again = start(api, key="morning"), start(api, key="morning")
    assert first.body == again.body
    assert first.body["runId"] != start(api, key="evening").body["runId"]


def test_what_names_no_run_is_refused_before_the_sender_is_called(
    api: Api, functions: Functions
) -> None:
    for named in ({}, {"scheduledTime": "tomorrow"}):
        answer = start(api, **named)
        assert (answer.status, answer.kind, answer.paths) == (422, "invalid", ["$.scheduledTime"])
    assert functions.requests == []


def test_a_campaign_that_is_wrong_is_told_with_paths_of_the_body(
    api: Api, functions: Functions
) -> None:
    answer = start(api, {"name": "a b", "event": {"name": "X", "payload": {}}}, runId="sale~1")
    assert (answer.status, answer.kind) == (422, "invalid")
    assert set(answer.paths) == {"$.campaign.name", "$.campaign.event.name"}
    assert functions.requests == []


def test_the_same_run_with_another_campaign_is_a_conflict_and_stores_no_list(
    api: Api, functions: Functions
) -> None:
    start(api, runId="sale~1")
    for other in ({**CAMPAIGN, "expiresIn": "PT2H"}, users(1001)):
        answer = start(api, other, runId="sale~1")
        assert (answer.status, answer.kind) == (409, "run-conflict")
    assert len(functions.requests) == 1
    items = api.dynamodb.scan(TableName="runs")["Items"]
    assert [each["part"]["S"] for each in items] == ["run"]


def test_a_stack_without_credentials_says_so_and_starts_nothing(api: Api) -> None:
    boto3.client("secretsmanager").put_secret_value(
        SecretId="credentials", SecretString='{"clientId": "REPLACE_ME", "clientSecret": "x"}'
    )
    answer = start(api, runId="sale~1")
    assert (answer.status, answer.kind) == (503, "no-credentials")
    assert api.call("GET", "/v1/runs/sale~1").status == 404


def test_an_event_source_that_the_stack_does_not_have_is_the_campaigns_fault(
    api: Api, functions: Functions, environment: pytest.MonkeyPatch
) -> None:
    environment.setenv("EVENT_SOURCES", "news=examples.news:content")
    answer = start(api, {**CAMPAIGN, "content": "digest"}, runId="sale~1")
    assert (answer.status, answer.kind, answer.paths) == (422, "invalid", ["$.campaign.content"])
    assert "registered are news" in answer.text
    assert functions.requests == []


def test_a_conflict_at_the_same_moment_is_told_as_any(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    start(api, runId="sale~1")
    monkeypatch.setattr("yellowring.api.runs.RunDesk._check", lambda *_: None)
    answer = start(api, {**CAMPAIGN, "expiresIn": "PT2H"}, runId="sale~1")
    assert (answer.status, answer.kind) == (409, "run-conflict")


def test_a_list_of_a_thousand_goes_with_the_campaign_and_a_longer_one_is_stored_first(
    api: Api, functions: Functions
) -> None:
    assert start(api, users(1000), runId="short").status == 202
    assert start(api, users(1001), runId="long").status == 202
    short, long = [request["campaign"]["audience"] for request in functions.requests]
    assert len(short["userIds"]) == 1000
    assert long["list"]["count"] == 1001
    assert "userIds" not in long
    chunks = api.dynamodb.query(
        TableName="runs",
        KeyConditionExpression="runId = :run AND begins_with(part, :list)",
        ExpressionAttributeValues={
            ":run": {"S": "long"},
            ":list": {"S": f"list#{long['list']['digest']}"},
        },
    )["Items"]
    assert sum(len(each["ids"]["L"]) for each in chunks) == 1001


def test_a_long_list_of_customers_is_stored_as_one_of_users_is(
    api: Api, functions: Functions
) -> None:
    answer = start(api, customers(2500), runId="long")
    assert answer.status == 202, answer.text
    [request] = functions.requests
    assert request["campaign"]["audience"]["type"] == "customers"
    assert request["campaign"]["audience"]["list"]["count"] == 2500


def test_a_repeat_after_the_run_has_ended_stores_no_list_again(
    api: Api, functions: Functions
) -> None:
    first = start(api, users(1001), runId="long")
    runs, digest = Runs(api.dynamodb, "runs"), functions.requests[0]["campaign"]["audience"]["list"]
    assert len(runs.chunk("long", digest["digest"], 0)) > 0
    key = {"runId": {"S": "long"}, "part": {"S": chunk_part(digest["digest"], 0)}}
    api.dynamodb.delete_item(TableName="runs", Key=key)
    assert start(api, users(1001), runId="long").status == first.status == 202
    assert runs.chunk("long", digest["digest"], 0) == []


def test_ten_thousand_are_the_most_and_each_of_them_is_checked(api: Api) -> None:
    where = "$.campaign.audience.userIds"
    answer = start(api, users(10_001), runId="sale~1")
    assert (answer.status, answer.paths) == (422, [where])
    for wrong, path in (
        ("U1", f"{where}[1001]"),
        (7, f"{where}[1001]"),
        (f"{USER_ID}00000", where),
    ):
        campaign = users(1001)
        campaign["audience"]["userIds"].append(wrong)
        answer = start(api, campaign, runId="sale~1")
        assert (answer.status, answer.paths) == (422, [path])


def test_a_stored_list_is_not_the_callers_to_name(api: Api) -> None:
    audience = {"type": "users", "list": {"digest": "0" * 32, "count": 5}}
    answer = start(api, {**CAMPAIGN, "audience": audience}, runId="sale~1")
    assert (answer.status, answer.paths) == (422, ["$.campaign.audience.list"])


def test_a_run_is_cancelled_and_a_run_that_ended_is_not(api: Api) -> None:
    start(api, runId="sale~1")
    answer = api.call("POST", "/v1/runs/sale~1/cancel")
    assert answer.status == 202
    assert answer.body["ending"] == "cancelled"
    assert api.call("POST", "/v1/runs/sale~1/cancel").status == 202


def test_a_run_that_is_under_way_is_not_resumed(api: Api) -> None:
    start(api, runId="sale~1")
    answer = api.call("POST", "/v1/runs/sale~1/resume")
    assert (answer.status, answer.kind) == (409, "not-resumable")


@pytest.mark.parametrize(
    ("method", "what"), [("GET", ""), ("POST", "/cancel"), ("POST", "/resume")]
)
def test_a_run_that_nobody_knows_is_a_problem(api: Api, method: str, what: str) -> None:
    answer = api.call(method, f"/v1/runs/none{what}")
    assert (answer.status, answer.kind) == (404, "unknown-run")
