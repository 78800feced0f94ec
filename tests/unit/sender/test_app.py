"""The sender function: a run from its request to its counts, and what each invocation answers."""

from __future__ import annotations

import json
import os
import time
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from yellowring.alexa import InvalidCredentials
from yellowring.catalog import Problem
from yellowring.sender import app
from yellowring.sender.app import SliceFailed, Worker
from yellowring.sender.campaign import InvalidCampaign
from yellowring.sender.notification.status import Statuses
from yellowring.sender.run import audience as audiences
from yellowring.sender.run.request import PLACEHOLDER, InvalidRunRequest
from yellowring.sender.run.request_refusals import REQUEST_REFUSALS
from yellowring.sender.run.slice import Turn
from yellowring.sender.run.store import RunConflict, Runs
from yellowring.settings import InvalidSettings, SenderSettings
from yellowring.subscribers import (
    NOTIFICATIONS_SCOPE,
    AttributesChange,
    Disabled,
    RegisterChange,
)

from tests.envelopes import WEATHER
from tests.unit.sender.kit import LONG_AGO, NONE_OF_ANY, RUN_ID, SCHEDULED, Context, campaign
from tests.unit.sender.notification.test_notification import document as notification

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.unit.sender.kit import World


def stored(world: World) -> list[Any]:
    return world.dynamodb.scan(TableName="runs")["Items"]


def elses(world: World) -> None:
    """Put credentials into the secret that Amazon refuses."""
    secret = json.dumps({"clientId": "somebody", "clientSecret": "elses"})
    boto3.client("secretsmanager").put_secret_value(SecretId="credentials", SecretString=secret)


# ---- a run ----


def test_each_subscribed_customer_is_notified_once_in_their_region(world: World) -> None:
    everyone = world.customers(3, "na") + world.customers(2, "eu") + world.customers(2, "fe")
    run = world.send()
    assert (run["runId"], run["status"]) == (RUN_ID, "completed")
    assert run["counts"] == NONE_OF_ANY | {"accepted": 7}
    assert world.all_heard(everyone)


def test_nothing_is_sent_by_the_invocation_that_starts_a_run(world: World) -> None:
    world.customers(3)
    run = world.start()
    assert (run["status"], run["counts"]) == ("running", NONE_OF_ANY)
    assert world.executions() == ["snow-warning-20261120T090000Z_1"]
    assert world.alexa.traffic.document()["byStatus"] == {}


def test_a_second_firing_of_the_same_time_rings_nobody(world: World) -> None:
    everyone = world.customers(3)
    first = world.send()
    assert world.start() == first
    assert world.all_heard(everyone)
    assert len(world.executions()) == 1


def _unsubscribed(world: World, user: str) -> None:
    world.subscribers.apply(user, RegisterChange("subscriptions", LONG_AGO + 1, "id"))


def _disabled(world: World, user: str) -> None:
    world.subscribers.apply(user, Disabled(LONG_AGO))


def _without_permission(world: World, user: str) -> None:
    world.subscribers.apply(user, RegisterChange("permissions", LONG_AGO + 1, "id"))


def _rejected(world: World, user: str) -> None:
    world.subscribers.mark_rejected(user, LONG_AGO + 1)


@pytest.mark.parametrize("happens", [_unsubscribed, _disabled, _without_permission, _rejected])
def test_who_is_not_deliverable_is_not_asked_for(
    world: World, happens: Callable[[World, str], None]
) -> None:
    (user,) = world.customers(1)
    happens(world, user)
    assert world.send()["counts"] == NONE_OF_ANY
    assert world.heard(user) == []


def test_a_newer_subscription_makes_deliverable_again(world: World) -> None:
    (user,) = world.customers(1)
    for happens in (_disabled, _rejected, _without_permission):
        happens(world, user)
    scope = frozenset({NOTIFICATIONS_SCOPE})
    world.know(user, at=LONG_AGO + 2000)
    world.subscribers.apply(user, RegisterChange("permissions", LONG_AGO + 3000, "id", scope))
    assert world.send()["counts"]["accepted"] == 1


def test_whom_alexa_refuses_is_marked_and_skipped_until_they_subscribe_again(world: World) -> None:
    gone = world.customer(subscribed=False)
    good = world.customers(60)
    assert world.send(turns=1)["counts"] == NONE_OF_ANY | {"accepted": 60, "rejected": 1}
    marked = world.is_rejected(gone)
    assert not any(world.is_rejected(user) for user in good)
    again = world.send(runId="second")["counts"]
    assert again["rejected"] == (0 if marked else 1)
    world.know(gone, at=4_000_000_000_000)
    assert world.send(runId="third")["counts"]["rejected"] == 1


def test_a_wrong_stage_halts_the_run_marks_nobody_and_a_resume_reaches_all(
    world: World, environment: pytest.MonkeyPatch
) -> None:
    everyone = world.customers(60)
    environment.setenv("SKILL_STAGE", "live")
    run = world.send(turns=3)
    assert run["status"] == "halted"
    assert "SKILL_STAGE" in run["cause"]
    assert run["resumable"] == 60
    assert run["counts"]["notSent"] + run["counts"]["rejected"] == 60
    assert not any(world.is_rejected(user) for user in everyone)
    environment.setenv("SKILL_STAGE", "development")
    settings = SenderSettings.from_environ(os.environ)
    app._stores(settings).lifecycle.resume(RUN_ID)
    run = world.send()
    assert (run["status"], run["attempt"], run["counts"]["accepted"]) == ("completed", 2, 60)
    assert world.all_heard(everyone)


def test_an_expired_token_is_renewed_once_for_all(world: World) -> None:
    everyone = world.customers(30)
    world.send(runId="first")
    world.alexa.tokens.revoke_all()
    assert world.send()["counts"]["accepted"] == 30
    assert all(world.heard(user) == ["first", RUN_ID] for user in everyone)


def test_the_same_reference_id_again_is_a_duplicate(world: World) -> None:
    (user,) = world.customers(1)
    world.send()
    for item in stored(world):
        key = {"runId": item["runId"], "part": item["part"]}
        world.dynamodb.delete_item(TableName="runs", Key=key)
    run = world.start() | {"execution": "x"}
    for segment in (0, 1):
        world.slice(run, segment)
    assert world.start()["counts"] == NONE_OF_ANY | {"duplicate": 1}
    assert world.heard(user) == [RUN_ID]


def test_an_audience_of_users_reaches_those_and_no_others(world: World) -> None:
    known, others = world.customers(2, "eu"), world.customers(2)
    stranger = "amzn1.ask.account.NEVERHEARDOF"
    run = world.send(campaign(audience={"type": "users", "userIds": [*known, stranger]}))
    assert run["counts"] == NONE_OF_ANY | {"accepted": 2, "rejected": 1}
    assert world.all_heard(known)
    assert [world.heard(user) for user in others] == [[], []]


def linked(world: World, customer_id: str, many: int) -> list[str]:
    """Make customers who are linked to an id of the business."""
    users = world.customers(many)
    for user in users:
        world.subscribers.apply(user, RegisterChange("customer", LONG_AGO, "id", customer_id))
    return users


def test_an_audience_of_customers_reaches_all_their_accounts(world: World) -> None:
    users, others = linked(world, "4711", 3), linked(world, "4712", 1)
    audience = {"type": "customers", "customerIds": ["4711", "stranger"]}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(audiences, "LAG", timedelta(0))
        run = world.send(campaign(audience=audience))
    assert run["counts"] == NONE_OF_ANY | {"accepted": 3, "skipped": 1}
    assert world.all_heard(users)
    assert world.heard(others[0]) == []


@pytest.mark.parametrize(("accepted", "noted"), [("true", {RUN_ID: "accepted"}), ("false", {})])
def test_what_was_accepted_is_noted_where_the_stack_says_so(
    world: World, environment: pytest.MonkeyPatch, accepted: str, noted: dict[str, str]
) -> None:
    environment.setenv("NOTE_ACCEPTED", accepted)
    (user,) = world.customers(1)
    world.send()
    record = world.subscribers.get(user)
    assert record is not None
    assert {name: entry.value for name, entry in record.outcomes.items()} == noted


def test_a_list_of_more_than_a_chunk_is_worked_on_by_several(world: World) -> None:
    users = [world.customer() for _ in range(3)]
    absent = [f"amzn1.ask.account.ABSENT{number}" for number in range(498)]
    document = campaign(audience={"type": "users", "userIds": [*users, *absent]})
    run = world.start(document)
    assert run["segments"]["total"] == 2
    world.slice(run, 1)
    assert world.slice(run, 0)["done"]
    assert world.all_heard(users)


def test_a_multicast_is_one_call_that_reaches_the_whole_region(world: World) -> None:
    here, elsewhere = world.customers(3, "na"), world.customers(1, "eu")
    run = world.send(campaign(audience={"type": "multicast"}))
    assert (run["status"], run["counts"]) == ("completed", NONE_OF_ANY | {"accepted": 1})
    assert world.all_heard(here)
    assert world.heard(elsewhere[0]) == []


def test_a_worker_that_dies_before_its_checkpoint_is_followed_by_one_that_rings_nobody_twice(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    everyone = world.customers(5)
    run = world.start()

    def die(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as dying:
        dying.setattr(Runs, "checkpoint", die)
        for segment in (0, 1):
            with pytest.raises(KeyboardInterrupt):
                world.slice(run, segment)
    assert world.send()["counts"] == NONE_OF_ANY | {"duplicate": 5}
    assert world.all_heard(everyone)


# ---- tasks ----


def test_a_slice_answers_the_task_with_what_the_workflow_needs(world: World) -> None:
    run = world.start()
    answer = world.slice(run, 1, failure="SliceFailed")
    assert answer == {
        "task": "slice",
        "runId": RUN_ID,
        "attempt": 1,
        "segment": 1,
        "done": True,
        "waitSeconds": 0,
    }
    assert json.loads(json.dumps(answer)) == answer


def test_a_slice_of_a_segment_that_is_done_does_nothing(world: World) -> None:
    world.customers(2)
    run = world.start()
    before = [world.slice(run, 0), world.slice(run, 1)] and stored(world)
    assert world.slice(run, 0)["done"]
    assert stored(world) == before


def test_a_slice_of_another_attempt_does_nothing(world: World) -> None:
    everyone = world.customers(2)
    run = world.start()
    assert world.slice(run | {"attempt": 2}, 0)["done"]
    assert [world.heard(user) for user in everyone] == [[], []]


def test_a_slice_that_fails_names_the_error_and_nobody(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = world.start()

    def fail(*_: object) -> None:
        raise KeyError("amzn1.ask.account.SECRETCUSTOMER")

    monkeypatch.setattr(Runs, "segment", fail)
    with pytest.raises(SliceFailed) as failed:  # of which the workflow tells the name only
        world.slice(run)
    assert type(failed.value).__name__ == "KeyError"
    assert str(failed.value) == f"run {RUN_ID}"
    assert failed.value.__cause__ is None
    assert failed.value.__suppress_context__


def test_an_execution_that_was_ended_from_outside_is_followed_by_one_that_counts(
    world: World,
) -> None:
    world.customers(3)
    run = world.start()
    detail = {
        "executionArn": run["execution"],
        "input": json.dumps({"runId": RUN_ID, "attempt": 1, "segments": [0, 1]}),
        "status": "ABORTED",
    }
    event = {"source": "aws.states", "detail": detail}
    interrupted = app.lambda_handler(event, Context())
    assert (interrupted["status"], interrupted["ending"]) == ("running", "halted")
    assert len(world.executions()) == 2
    ended = world.send()
    assert (ended["status"], ended["counts"]) == ("halted", NONE_OF_ANY | {"notSent": 3})


def record(user: str, **changes: Any) -> dict[str, Any]:
    """Return a message of the queue that has just been put there."""
    body = notification(to={"userId": user}, referenceId="mine") | changes
    return {
        "messageId": "m",
        "receiptHandle": "r",
        "body": json.dumps(body),
        "attributes": {
            "SentTimestamp": str(int(time.time() * 1000)),
            "ApproximateReceiveCount": "1",
        },
    }


def test_a_batch_of_the_queue_is_sent(world: World) -> None:
    (user,) = world.customers(1)
    message = record(user)
    for _ in range(2):
        answer = app.lambda_handler({"Records": [message]}, Context())
        assert answer == {"batchItemFailures": []}
    assert world.heard(user) == ["mine"]


def test_a_notification_to_a_customer_reaches_their_accounts_and_its_status_says_so(
    world: World,
) -> None:
    users = linked(world, "4711", 2)
    now = datetime.now(UTC)
    statuses = Statuses(world.dynamodb, "runs")
    statuses.put("mine", "hash", now, now + timedelta(hours=1))
    message = record("", to={"customerId": "4711"})
    for _ in range(2):
        answer = app.lambda_handler({"Records": [message]}, Context())
        assert answer == {"batchItemFailures": []}
    assert [world.heard(user) for user in users] == [["mine"], ["mine"]]
    status = statuses.get("mine")
    assert status is not None
    assert (list(status.outcomes.values()), status.done) == (["accepted", "accepted"], True)


def test_a_notifications_placeholders_are_filled_from_the_customers_record(world: World) -> None:
    (user,) = world.customers(1)
    world.subscribers.apply(user, AttributesChange(LONG_AGO, "id", {"desk": "the Ulm desk"}))
    payload = {"weatherAlert": {"source": "{desk}", "alertType": "SNOW_STORM"}}
    event = {"name": WEATHER, "payload": payload}
    app.lambda_handler({"Records": [record(user, event=event)]}, Context(60_000))
    (heard,) = world.alexa.customers.get(user).notifications
    assert "the Ulm desk" in json.dumps(heard.document())


def test_a_batch_begins_nothing_in_the_last_quarter_of_a_minute(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    untils: list[float] = []

    class Noted:
        def __init__(self, *_: object, until: float, **__: object) -> None:
            untils.append(until)

        async def work(self, _: object) -> dict[str, Any]:
            return {}

    monkeypatch.setattr(app, "Batch", Noted)
    before = time.monotonic()
    app.lambda_handler({"Records": []}, Context(60_000))
    assert before + 45 <= untils[0] <= time.monotonic() + 45


# ---- an event source, or a campaign, that this release cannot send with ----


@pytest.fixture
def no_source(world: World, environment: pytest.MonkeyPatch) -> dict[str, Any]:
    """A run that was started before the event source's name became a wrong one."""
    locale = RegisterChange("locale", LONG_AGO, "id", "de-DE")
    users = world.customers(3)
    for user in users[:2]:
        world.subscribers.apply(user, locale)
    environment.setenv("EVENT_SOURCES", "mine=json:dumps")
    run = world.start(campaign(where={"locale": "de-DE"}, content="mine"))
    environment.setenv("EVENT_SOURCES", "mine=no.such:thing")
    return run


def test_without_the_event_source_a_run_halts_and_counts_whom_it_meant(
    world: World, no_source: dict[str, Any]
) -> None:
    for segment in (0, 1):
        assert world.slice(no_source, segment)["done"]
    run = world.finish(no_source)
    assert (run["status"], run["counts"]) == ("halted", NONE_OF_ANY | {"notSent": 2})
    assert run["cause"].startswith("event source: ")
    assert "EVENT_SOURCES has mine=no.such:thing" in run["cause"]


def test_without_the_event_source_notifications_are_sent(
    world: World, no_source: dict[str, Any]
) -> None:
    (user,) = world.customers(1)
    app.lambda_handler({"Records": [record(user)]}, Context(60_000))
    assert world.heard(user) == ["mine"]


def test_without_the_event_source_an_ended_execution_is_followed_by_another(
    world: World, no_source: dict[str, Any]
) -> None:
    detail = {
        "executionArn": no_source["execution"],
        "input": json.dumps({"runId": RUN_ID, "attempt": 1, "segments": [0, 1]}),
        "status": "FAILED",
    }
    answer = app.lambda_handler({"source": "aws.states", "detail": detail}, Context())
    assert answer["ending"] == "halted"
    assert len(world.executions()) == 2


def test_a_campaign_that_this_release_refuses_halts_and_its_rest_is_counted(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.customers(3)
    run = world.start()

    def refuse(_: object) -> None:
        raise InvalidCampaign((Problem("$.event", "is no event any more"),))

    monkeypatch.setattr(app, "parse_campaign", refuse)
    for segment in (0, 1):
        assert world.slice(run, segment)["done"]
    ended = world.finish(run)
    assert (ended["status"], ended["counts"]) == ("halted", NONE_OF_ANY | {"notSent": 3})
    assert ended["cause"].startswith("campaign: ")
    assert "is no event any more" in ended["cause"]


def test_a_process_whose_event_source_is_exhausted_ends_after_its_slice(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    ended: list[int] = []

    class Exhausted:
        exhausted = True

        def of(self, _: object) -> None:
            return None

    run = world.start()
    with monkeypatch.context() as hung:
        hung.setattr(os, "_exit", ended.append)
        hung.setattr(app, "EventSources", lambda *_: Exhausted())
        app._stores.cache_clear()
        world.slice(run, 0)
    assert ended == [1]


@pytest.mark.parametrize(("seconds", "works"), [(300, 275), (40, 20), (51, 26)])
def test_a_slice_leaves_time_for_what_is_under_way(
    world: World, monkeypatch: pytest.MonkeyPatch, seconds: int, works: int
) -> None:
    untils: list[float] = []

    async def slice_(self: Worker, task: object, until: float) -> Turn:
        untils.append(until)
        return Turn(done=True)

    monkeypatch.setattr(Worker, "_slice", slice_)
    monkeypatch.setattr("yellowring.sender.app.time.monotonic", lambda: 0.0)
    task = {"task": "slice", "runId": "x", "attempt": 1, "segment": 0}
    app.lambda_handler(task, Context(seconds * 1000))
    assert untils == [works]


# ---- what never starts ----


def test_a_campaign_that_is_not_valid_never_starts(world: World) -> None:
    with pytest.raises(InvalidCampaign, match="expiresIn"):
        world.start(campaign(expiresIn="PT4M"))
    assert (stored(world), world.executions()) == ([], [])


@pytest.mark.parametrize(
    "request_",
    [
        {"campaign": campaign()},
        {"campaign": campaign(), "scheduledTime": PLACEHOLDER},
        {"campaign": campaign(), "runId": "snow-1"},
        {"scheduledTime": SCHEDULED},
        {},
    ],
)
def test_a_request_that_is_not_one_never_starts(world: World, request_: dict[str, Any]) -> None:
    with pytest.raises(InvalidRunRequest):
        app.lambda_handler(request_, Context())
    assert (stored(world), world.executions()) == ([], [])


@pytest.mark.parametrize("secret", ["not json", "{}", '{"clientId": "REPLACE_ME"}'])
def test_without_credentials_nothing_starts(world: World, secret: str) -> None:
    boto3.client("secretsmanager").put_secret_value(SecretId="credentials", SecretString=secret)
    with pytest.raises(InvalidCredentials, match="Permissions page"):
        world.start()
    assert (stored(world), world.executions()) == ([], [])


def test_a_missing_secret_is_named_and_nothing_starts(
    world: World, environment: pytest.MonkeyPatch
) -> None:
    environment.setenv("CREDENTIALS_SECRET_ID", "no-such-secret")
    with pytest.raises(InvalidCredentials, match="CREDENTIALS_SECRET_ID"):
        world.start()
    assert stored(world) == []


def test_credentials_that_amazon_refuses_halt_the_run_and_say_so(world: World) -> None:
    world.customers(1)
    elses(world)
    run = world.send()
    assert (run["status"], run["counts"]) == ("halted", NONE_OF_ANY | {"notSent": 1})
    assert run["cause"].startswith("credentials")


@pytest.mark.parametrize(("seconds", "cause"), [(0, "credentials"), (60, None)])
def test_credentials_that_went_missing_under_way_halt_the_run_within_a_minute(
    world: World, monkeypatch: pytest.MonkeyPatch, seconds: int, cause: str | None
) -> None:
    monkeypatch.setattr(app, "SECRET_SECONDS", seconds)
    world.customers(1)
    run = world.start()
    boto3.client("secretsmanager").put_secret_value(SecretId="credentials", SecretString="{}")
    for segment in (0, 1):
        assert world.slice(run, segment)["done"]
    said = world.finish(run).get("cause")
    assert (said and said.partition(":")[0]) == cause


@pytest.mark.parametrize(
    "name",
    [
        "SKILL_ID",
        "SKILL_STAGE",
        "SUBSCRIBERS_TABLE",
        "RUNS_TABLE",
        "RUN_MACHINE_ARN",
        "CREDENTIALS_SECRET_ID",
    ],
)
def test_a_missing_variable_is_named(environment: pytest.MonkeyPatch, name: str) -> None:
    environment.delenv(name)
    with pytest.raises(InvalidSettings, match=name):
        app.lambda_handler({}, Context())


@pytest.mark.parametrize(
    ("name", "value"),
    [("SKILL_STAGE", "production"), ("MAX_EVENTS_PER_SECOND", "0"), ("MAX_WORKERS", "-1")],
)
def test_a_wrong_variable_is_named(environment: pytest.MonkeyPatch, name: str, value: str) -> None:
    environment.setenv(name, value)
    with pytest.raises(InvalidSettings, match=f"{name} is '{value}'"):
        app.lambda_handler({}, Context())


def test_a_run_id_that_exists_with_another_campaign_is_refused(world: World) -> None:
    world.start()
    with pytest.raises(RunConflict, match=RUN_ID):
        world.start(campaign(expiresIn="PT2H"))


@pytest.mark.parametrize(
    ("changes", "kind", "paths"),
    [
        ({"expiresIn": "PT2H"}, "RunConflict", []),
        ({"expiresIn": "PT4M"}, "InvalidCampaign", ["$.expiresIn"]),
        ({"content": "nowhere"}, "InvalidCampaign", ["$.content"]),
    ],
)
def test_who_asks_for_refusals_gets_them_as_a_value_and_a_schedule_fails(
    world: World, changes: dict[str, Any], kind: str, paths: list[str]
) -> None:
    world.start()
    request = {"campaign": campaign(**changes), "scheduledTime": SCHEDULED}
    told = app.lambda_handler(request | {"refusals": True}, Context())["refusal"]
    assert (told["kind"], [each["path"] for each in told["problems"]]) == (kind, paths)
    assert json.loads(json.dumps(told))["message"]
    for asked in ({}, {"refusals": False}):
        with pytest.raises(REQUEST_REFUSALS) as refused:
            app.lambda_handler(request | asked, Context())
        assert type(refused.value).__name__ == kind


def test_who_asks_for_refusals_gets_the_run_where_there_is_none(world: World) -> None:
    run = world.start()
    request = {"campaign": campaign(), "scheduledTime": SCHEDULED, "refusals": True}
    assert app.lambda_handler(request, Context()) == run


# ---- a census ----


def test_a_census_tells_how_many_customers_are_in_each_state(
    world: World, logs_without_personal_data: list[str]
) -> None:
    world.customers(2)
    answer = app.lambda_handler({"task": "census"}, Context())
    assert answer["states"]["deliverable"] == 2
    told = [json.loads(line) for line in logs_without_personal_data if "Subscribers" in line]
    assert {line["state"]: line["Subscribers"] for line in told} == answer["states"]
