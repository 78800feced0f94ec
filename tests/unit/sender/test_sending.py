"""A run from its order to its counts, against a local Alexa."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from yellowring.alexa import InvalidCredentials
from yellowring.sender import app, plan, worker
from yellowring.sender.campaign import InvalidCampaign
from yellowring.sender.delivery import CONCURRENCY
from yellowring.sender.order import PLACEHOLDER, InvalidOrder
from yellowring.sender.outcomes import HALT_AFTER
from yellowring.sender.runs import RunConflict
from yellowring.settings import InvalidSettings
from yellowring.subscribers import NOTIFICATIONS_SCOPE, Disabled, RegisterChange

from tests.unit.sender.kit import LONG_AGO, NONE_OF_ANY, RUN_ID, SCHEDULED, Context, campaign

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.unit.sender.kit import World


def test_each_subscribed_customer_is_notified_once_in_their_region(world: World) -> None:
    everyone = world.customers(3, "na") + world.customers(2, "eu") + world.customers(2, "fe")
    run = world.send()
    assert (run["runId"], run["status"]) == (RUN_ID, "completed")
    assert run["counts"] == NONE_OF_ANY | {"accepted": 7}
    assert world.all_heard(everyone)


def test_a_second_firing_of_the_same_time_rings_nobody(world: World) -> None:
    everyone = world.customers(3)
    first = world.send()
    assert world.send() == first
    assert world.all_heard(everyone)


def test_an_empty_table_is_a_completed_run(world: World) -> None:
    assert world.send()["status"] == "completed"


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
    world.know(user, at=LONG_AGO + 2)
    assert world.send()["counts"]["accepted"] == 1


def test_a_newer_permission_list_that_has_the_scope_changes_nothing(world: World) -> None:
    (user,) = world.customers(1)
    values = {NOTIFICATIONS_SCOPE}
    world.subscribers.apply(user, RegisterChange("permissions", LONG_AGO + 1, "id", values))
    assert world.send()["counts"]["accepted"] == 1


def test_whom_alexa_refuses_is_marked_and_skipped_until_they_subscribe_again(world: World) -> None:
    good = world.customers(2)
    gone = world.customer(subscribed=False)
    assert world.send()["counts"] == NONE_OF_ANY | {"accepted": 2, "rejected": 1}
    assert [world.is_rejected(user) for user in (*good, gone)] == [False, False, True]
    assert world.send(runId="second")["counts"]["rejected"] == 0
    world.know(gone, at=4_000_000_000_000)
    assert world.send(runId="third")["counts"]["rejected"] == 1


def test_a_run_that_is_mostly_refused_halts_and_marks_nobody(
    world: World, environment: pytest.MonkeyPatch
) -> None:
    everyone = world.customers(150)
    environment.setenv("SKILL_STAGE", "live")
    run = world.send()
    assert run["status"] == "halted"
    assert "SKILL_STAGE" in run["cause"]
    assert sum(run["counts"].values()) <= HALT_AFTER + CONCURRENCY
    assert not any(world.is_rejected(user) for user in everyone)
    environment.setenv("SKILL_STAGE", "development")
    assert world.send(runId="second")["counts"]["accepted"] == 150


def test_a_halted_run_is_not_resumed(world: World, environment: pytest.MonkeyPatch) -> None:
    world.customers(60)
    environment.setenv("SKILL_STAGE", "live")
    halted = world.send()
    environment.setenv("SKILL_STAGE", "development")
    assert world.send() == halted


def test_an_expired_token_is_renewed_once_for_all(world: World) -> None:
    everyone = world.customers(30)
    world.send(runId="first")
    world.alexa.tokens.revoke_all()
    assert world.send()["counts"]["accepted"] == 30
    assert all(world.heard(user) == ["first", RUN_ID] for user in everyone)


@pytest.mark.parametrize(
    "faults",
    [
        {"api": {"error5xx": 0.3}},
        {"api": {"throttle": 0.2, "retryAfter": 0}},
        {"api": {"resetAfterAccept": 0.2}},
        {"api": {"unauthorized": 0.2}},
    ],
    ids=lambda faults: next(iter(faults["api"])),
)
def test_faults_of_alexa_lose_nobody_and_ring_nobody_twice(
    world: World, faults: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("yellowring.sender.delivery.back_off", lambda _: 0)
    monkeypatch.setattr("yellowring.sender.work.LONGEST_DELAY", 0)
    everyone = world.customers(60)
    world.faults(**faults)
    world.send()
    world.work()
    run = world.send()
    assert run["status"] == "completed"
    assert run["counts"]["accepted"] + run["counts"]["duplicate"] == 60
    assert world.all_heard(everyone)
    assert world.waiting("DEAD") == 0


def test_customers_who_fail_in_every_try_are_counted_and_kept_as_evidence(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("yellowring.sender.delivery.back_off", lambda _: 0)
    monkeypatch.setattr("yellowring.sender.work.LONGEST_DELAY", 0)
    world.customers(3)
    world.faults(api={"error5xx": 1})
    run = world.send()
    assert (run["status"], run["waiting"]) == ("running", 3)
    world.work()
    run = world.send()
    assert (run["status"], run["counts"]) == ("completed", NONE_OF_ANY | {"failed": 3})
    assert world.waiting("DEAD") == 1


def test_a_daily_limit_is_counted_as_limited(world: World, environment: pytest.MonkeyPatch) -> None:
    world.customers(2)
    world.faults(dailyLimit=0)
    assert world.send()["counts"]["accepted"] == 2  # the limit is for live skills only


def test_the_same_reference_id_again_is_a_duplicate(world: World) -> None:
    (user,) = world.customers(1)
    world.send()
    world.dynamodb.delete_item(TableName="runs", Key={"runId": {"S": RUN_ID}})
    assert world.send()["counts"] == NONE_OF_ANY | {"duplicate": 1}
    assert world.heard(user) == [RUN_ID]


def test_an_audience_of_users_reaches_those_and_no_others(world: World) -> None:
    known = world.customers(2, "eu")
    others = world.customers(2)
    stranger = "amzn1.ask.account.NEVERHEARDOF"
    audience = {"type": "users", "userIds": [*known, stranger]}
    run = world.send(campaign(audience=audience))
    assert run["counts"] == NONE_OF_ANY | {"accepted": 2, "rejected": 1}
    assert world.all_heard(known)
    assert [world.heard(user) for user in others] == [[], []]


def test_many_users_are_cut_into_messages(world: World) -> None:
    users = world.customers(250)
    document = campaign(audience={"type": "users", "userIds": users})
    run = world.send(document)
    assert (run["status"], run["segments"]) == ("running", {"total": 3, "open": 3})
    assert world.waiting() == 3
    world.work()
    assert world.send(document)["counts"] == NONE_OF_ANY | {"accepted": 250}
    assert world.all_heard(users)


def test_a_multicast_is_one_call_that_reaches_the_whole_region(world: World) -> None:
    here, elsewhere = world.customers(3, "na"), world.customers(1, "eu")
    run = world.send(campaign(audience={"type": "multicast"}))
    assert (run["status"], run["counts"]) == ("completed", NONE_OF_ANY | {"accepted": 1})
    assert world.all_heard(here)
    assert world.heard(elsewhere[0]) == []


def test_many_segments_are_one_message_each_and_complete_once(
    world: World, monkeypatch: pytest.MonkeyPatch, logs_without_personal_data: list[str]
) -> None:
    monkeypatch.setattr(plan, "CUSTOMERS_PER_SEGMENT", 10)
    everyone = world.customers(40)
    run = world.send()
    assert (run["status"], run["segments"]["total"]) == ("running", 4)
    world.send()  # a second firing queues the same segments again
    assert world.work() == 0
    run = world.send()
    assert (run["status"], run["counts"]) == ("completed", NONE_OF_ANY | {"accepted": 40})
    assert world.all_heard(everyone)
    text = "".join(logs_without_personal_data)
    assert text.count('"run completed"') == 1


def test_a_worker_short_of_time_hands_its_segment_on(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(worker, "LARGEST_PAGE", 10)
    monkeypatch.setattr(worker, "SLICE", 0)
    everyone = world.customers(35)
    run = world.send()
    assert run["status"] == "running"
    assert world.waiting() == 1
    world.work()
    run = world.send()
    assert (run["status"], run["counts"]) == ("completed", NONE_OF_ANY | {"accepted": 35})
    assert world.all_heard(everyone)


def _die(*_: object) -> None:
    raise KeyboardInterrupt


def test_a_worker_that_dies_before_its_checkpoint_is_resumed_and_rings_nobody_twice(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    everyone = world.customers(5)
    with monkeypatch.context() as dying:
        dying.setattr("yellowring.sender.runs.Runs.advance", _die)
        with pytest.raises(KeyboardInterrupt):
            world.send()
    run = world.send()
    assert (run["status"], run["counts"]) == ("completed", NONE_OF_ANY | {"duplicate": 5})
    assert world.all_heard(everyone)


def test_a_run_whose_last_worker_died_before_ending_it_is_ended_by_the_next(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.customers(2)
    with monkeypatch.context() as dying:
        dying.setattr("yellowring.sender.runs.Runs.complete", _die)
        with pytest.raises(KeyboardInterrupt):
            world.send()
    run = world.send()
    assert (run["status"], run["counts"]["accepted"]) == ("completed", 2)


def test_the_raw_placeholder_is_the_present_minute(world: World) -> None:
    run_id = world.send(scheduledTime=PLACEHOLDER)["runId"]
    assert run_id.startswith("snow~warning~")
    assert run_id.endswith("00Z")


@pytest.mark.parametrize(
    ("change", "path"),
    [
        ({"event": {"name": "AMAZON.Weather", "payload": {}}}, "$.event.name"),
        ({"expiresIn": "PT4M"}, "$.expiresIn"),
        ({"expiresIn": "PT25H"}, "$.expiresIn"),
        ({"name": ""}, "$.name"),
        ({"name": "x" * 41}, "$.name"),
        ({"audience": {"type": "users", "userIds": []}}, "$.audience.userIds"),
    ],
    ids=["unknown event", "4 minutes", "25 hours", "empty name", "41 characters", "0 users"],
)
def test_a_campaign_that_is_not_valid_never_starts(
    world: World, change: dict[str, Any], path: str
) -> None:
    world.customers(1)
    with pytest.raises(InvalidCampaign) as refused:
        world.send(campaign(**change))
    assert path in str(refused.value)
    assert world.dynamodb.scan(TableName="runs")["Items"] == []
    assert world.alexa.traffic.document()["byStatus"] == {}


@pytest.mark.parametrize(
    ("order", "path"),
    [
        ({"campaign": campaign(), "scheduledTime": "soon"}, "$.scheduledTime"),
        ({"campaign": campaign(), "runId": "no spaces"}, "$.runId"),
        ({"campaign": campaign(), "runId": "x" * 101}, "$.runId"),
        ({"campaign": campaign(), "when": "now"}, "$.when"),
        ({"scheduledTime": SCHEDULED}, "campaign"),
    ],
)
def test_an_order_that_is_not_one_never_starts(
    world: World, order: dict[str, Any], path: str
) -> None:
    with pytest.raises(InvalidOrder) as refused:
        app.lambda_handler(order, Context())
    assert path in str(refused.value)
    assert world.dynamodb.scan(TableName="runs")["Items"] == []


@pytest.mark.parametrize(
    "secret",
    [
        "not json",
        "[]",
        "{}",
        json.dumps({"clientId": "x"}),
        json.dumps({"clientId": "x", "clientSecret": 7}),
        json.dumps({"clientId": "REPLACE_ME", "clientSecret": "REPLACE_ME"}),
    ],
)
def test_a_malformed_secret_is_named_and_nothing_starts(world: World, secret: str) -> None:
    boto3.client("secretsmanager").put_secret_value(SecretId="credentials", SecretString=secret)
    with pytest.raises(InvalidCredentials, match="Permissions page"):
        world.send()
    assert world.dynamodb.scan(TableName="runs")["Items"] == []


def test_a_missing_secret_is_named_and_nothing_starts(
    world: World, environment: pytest.MonkeyPatch
) -> None:
    environment.setenv("CREDENTIALS_SECRET_ID", "no-such-secret")
    with pytest.raises(InvalidCredentials, match="CREDENTIALS_SECRET_ID"):
        world.send()
    assert world.dynamodb.scan(TableName="runs")["Items"] == []


def test_credentials_that_amazon_refuses_halt_the_run_and_say_so(world: World) -> None:
    world.customers(1)
    secret = json.dumps({"clientId": "somebody", "clientSecret": "elses"})
    boto3.client("secretsmanager").put_secret_value(SecretId="credentials", SecretString=secret)
    run = world.send()
    assert run["status"] == "halted"
    assert run["cause"].startswith("credentials")


@pytest.mark.parametrize(
    "name",
    [
        "SKILL_ID",
        "SKILL_STAGE",
        "SUBSCRIBERS_TABLE",
        "RUNS_TABLE",
        "WORK_QUEUE_URL",
        "CREDENTIALS_SECRET_ID",
    ],
)
def test_a_missing_variable_is_named(
    world: World, environment: pytest.MonkeyPatch, name: str
) -> None:
    environment.delenv(name)
    with pytest.raises(InvalidSettings, match=name):
        world.send()


@pytest.mark.parametrize(
    ("name", "value"), [("SKILL_STAGE", "production"), ("MAX_EVENTS_PER_SECOND", "0")]
)
def test_a_wrong_variable_is_named(
    world: World, environment: pytest.MonkeyPatch, name: str, value: str
) -> None:
    environment.setenv(name, value)
    with pytest.raises(InvalidSettings, match=f"{name} is '{value}'"):
        world.send()


def test_a_run_id_that_exists_with_another_campaign_is_refused(world: World) -> None:
    world.send()
    with pytest.raises(RunConflict, match=RUN_ID):
        world.send(campaign(expiresIn="PT2H"))


@pytest.mark.parametrize(
    "body",
    ["not json", "{}", json.dumps({"version": 2, "runId": RUN_ID, "segment": 0}), "[]"],
)
def test_a_message_that_is_not_ours_goes_back_to_the_queue(world: World, body: str) -> None:
    answer = app.lambda_handler({"Records": [{"messageId": "m", "body": body}]}, Context())
    assert answer == {"batchItemFailures": [{"itemIdentifier": "m"}]}


def test_an_order_on_the_queue_starts_a_run_and_a_redelivery_changes_nothing(world: World) -> None:
    (user,) = world.customers(1)
    order = {"campaign": campaign(audience={"type": "users", "userIds": [user]}), "runId": "mine"}
    record = {"messageId": "m", "body": json.dumps({"version": 1, "order": order})}
    for _ in range(3):
        answer = app.lambda_handler({"Records": [record]}, Context())
        assert answer == {"batchItemFailures": []}
    assert world.heard(user) == ["mine"]
