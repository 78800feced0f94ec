"""Queues, tables, runs and schedules, as AWS describes them."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from yellowring.sender.delivery.outcomes import Counts, Outcome
from yellowring.sender.run.request import PLACEHOLDER
from yellowring_tools.doctor.stack.queues import (
    of_age,
    of_dead_letters,
    of_mappings,
    of_notifications,
)
from yellowring_tools.doctor.stack.runs import of_runs
from yellowring_tools.doctor.stack.schedules import of_input, of_target, of_time
from yellowring_tools.doctor.stack.tables import check_tables, of_backups, of_expiry, of_table

from tests.unit.cli.kit import a_run, campaign
from tests.unit.doctor.test_stack import states

if TYPE_CHECKING:
    from yellowring.sender.run.run import Run
    from yellowring_tools.cli.aws.stacks import Stack

NOW = datetime(2026, 11, 21, 21, 0, tzinfo=UTC)
SENDER = "arn:aws:lambda:us-east-1:123456789012:function:yellow-ring-sender"
ROLE = "arn:aws:iam::123456789012:role/schedules"

# ---- queues ----

REDRIVE = json.dumps({"deadLetterTargetArn": "arn:aws:sqs:us-east-1:1:dead"})


@pytest.mark.parametrize(
    ("attributes", "found"),
    [
        ({"VisibilityTimeout": "90", "RedrivePolicy": REDRIVE}, []),
        ({"VisibilityTimeout": "60", "RedrivePolicy": REDRIVE}, []),
        ({"VisibilityTimeout": "59", "RedrivePolicy": REDRIVE}, ["fault"]),
        ({"VisibilityTimeout": "90"}, ["warning"]),
        (None, ["fault"]),
    ],
)
def test_a_queue_that_loses_or_doubles_notifications_is_found(
    attributes: dict[str, str] | None, found: list[str]
) -> None:
    assert states(of_notifications(attributes, 60, "notifications")) == found


@pytest.mark.parametrize(("seconds", "found"), [(None, []), (900, []), (901, ["warning"])])
def test_a_notification_that_waits_too_long_is_found(
    seconds: float | None, found: list[str]
) -> None:
    assert states(of_age(seconds, "notifications")) == found


@pytest.mark.parametrize(
    "size",
    [
        "ApproximateNumberOfMessages",
        "ApproximateNumberOfMessagesNotVisible",
        "ApproximateNumberOfMessagesDelayed",
    ],
)
def test_what_was_given_up_is_found_wherever_it_is_on_the_queue(size: str) -> None:
    assert states(of_dead_letters({size: "0"}, "dead", "letters", "read them")) == []
    [fault] = of_dead_letters({size: "2"}, "dead", "letters", "read them")
    assert fault.what == "has 2 letters"
    assert states(of_dead_letters(None, "dead", "letters", "read them")) == ["fault"]


MAPPING = {
    "EventSourceArn": "arn:aws:sqs:us-east-1:1:notifications",
    "State": "Enabled",
    "FunctionResponseTypes": ["ReportBatchItemFailures"],
}


@pytest.mark.parametrize(
    ("mappings", "found"),
    [
        ([MAPPING], []),
        ([{**MAPPING, "State": "Updating"}], []),
        ([{**MAPPING, "State": "Disabled"}], ["fault"]),
        ([{**MAPPING, "FunctionResponseTypes": []}], ["fault"]),
        ([{**MAPPING, "EventSourceArn": "arn:aws:sqs:us-east-1:1:old-notifications"}], ["fault"]),
        ([], ["fault"]),
    ],
)
def test_a_queue_that_nobody_takes_from_is_found(
    mappings: list[dict[str, Any]], found: list[str]
) -> None:
    assert states(of_mappings(mappings, "notifications")) == found


# ---- tables ----

TABLE = {
    "TableStatus": "ACTIVE",
    "GlobalSecondaryIndexes": [{"IndexName": "customers", "IndexStatus": "ACTIVE"}],
}


@pytest.mark.parametrize(
    ("table", "found"),
    [
        (TABLE, []),
        ({**TABLE, "TableStatus": "UPDATING"}, []),
        ({**TABLE, "TableStatus": "ARCHIVED"}, ["fault"]),
        ({"TableStatus": "ACTIVE"}, ["fault"]),
        (
            {
                **TABLE,
                "GlobalSecondaryIndexes": [{"IndexName": "customers", "IndexStatus": "CREATING"}],
            },
            ["warning"],
        ),
    ],
)
def test_a_table_that_cannot_be_used_is_found(table: dict[str, Any], found: list[str]) -> None:
    assert states(of_table(table, ("customers",), "subscribers")) == found


@pytest.mark.parametrize(
    ("told", "found"),
    [
        ({"TimeToLiveStatus": "ENABLED", "AttributeName": "expiresAt"}, []),
        ({"TimeToLiveStatus": "ENABLED", "AttributeName": "expires"}, ["fault"]),
        ({"TimeToLiveStatus": "DISABLED"}, ["fault"]),
    ],
)
def test_a_table_that_keeps_what_has_expired_is_found(
    told: dict[str, str], found: list[str]
) -> None:
    assert states(of_expiry(told, "subscribers")) == found


@pytest.mark.parametrize(("status", "found"), [("ENABLED", []), ("DISABLED", ["warning"])])
def test_a_table_without_backups_is_found(status: str, found: list[str]) -> None:
    told = {"PointInTimeRecoveryDescription": {"PointInTimeRecoveryStatus": status}}
    assert states(of_backups(told, "subscribers")) == found


def test_both_tables_are_looked_at_with_what_keeps_them(stack: Stack) -> None:
    from yellowring_tools.doctor.stack.deployment import Deployment

    found = list(check_tables(Deployment(stack)))  # as nobody has switched anything on
    assert [(each.where, each.state) for each in found] == [
        ("table subscribers", "fault"),
        ("table subscribers", "warning"),
        ("table runs", "fault"),
        ("table runs", "warning"),
    ]
    for name in ("subscribers", "runs"):
        stack.dynamodb.update_time_to_live(
            TableName=name,
            TimeToLiveSpecification={"Enabled": True, "AttributeName": "expiresAt"},
        )
        stack.dynamodb.update_continuous_backups(
            TableName=name,
            PointInTimeRecoverySpecification={"PointInTimeRecoveryEnabled": True},
        )
    assert states(check_tables(Deployment(stack))) == []
    stack.dynamodb.delete_table(TableName="runs")
    [gone] = check_tables(Deployment(stack))
    assert (gone.where, gone.what) == ("table runs", "is not there")


# ---- runs ----


def run_that(status: str = "completed", hours: float = 1, **parts: Any) -> Run:
    counts = Counts({Outcome(name): many for name, many in parts.pop("counts", {}).items()})
    known: Any = status
    return replace(
        a_run(parts.pop("name", "snow"), at=NOW - timedelta(hours=hours)),
        status=known,
        counts=counts,
        **parts,
    )


@pytest.mark.parametrize(
    ("run", "found"),
    [
        (run_that(counts={"accepted": 3, "rejected": 1}), []),
        (run_that(counts={"skipped": 3}), []),
        (run_that(), []),  # nobody was to be told
        (run_that(counts={"rejected": 3}), ["fault"]),
        (run_that("halted", cause="x", counts={"accepted": 1}), ["fault"]),
        (run_that("cancelled", counts={"notSent": 1}), []),
        (run_that(counts={"accepted": 3, "failed": 1}), ["warning"]),
        (run_that("running", hours=0.08), []),
        (run_that("running", hours=0.1), ["fault"]),  # without an execution after 5 minutes
        (run_that("running", hours=0.5, executions=1), []),
        (run_that("running", hours=1.05, executions=1), []),  # it expired 3 minutes ago
        (run_that("running", hours=1.1, executions=1), ["fault"]),
        (run_that("halted", hours=24 * 7.1), []),
    ],
)
def test_a_run_that_went_wrong_is_found(run: Run, found: list[str]) -> None:
    assert states(of_runs([run], NOW)) == found


def test_a_later_run_of_the_same_campaign_outdoes_a_halted_one() -> None:
    mended = [run_that(hours=1, counts={"accepted": 1}), run_that("halted", hours=2)]
    assert states(of_runs(mended, NOW)) == []
    assert states(of_runs([*mended, run_that("halted", hours=3, name="rain")], NOW)) == ["fault"]


# ---- schedules ----


def schedule(state: str = "ENABLED", when: str = "cron(0 9 * * ? *)", **given: Any) -> Any:
    document = {"campaign": campaign(), "scheduledTime": PLACEHOLDER, **given}
    return {
        "Name": "daily",
        "State": state,
        "ScheduleExpression": when,
        "Target": {"Arn": SENDER, "RoleArn": ROLE, "Input": json.dumps(document)},
    }


def test_a_schedule_that_starts_something_else_or_may_not_is_found() -> None:
    outputs = {"SenderFunctionArn": SENDER, "ScheduleRoleArn": ROLE}
    assert states(of_target(schedule(), outputs)) == []
    assert states(of_target(schedule(), {**outputs, "SenderFunctionArn": "x"})) == ["fault"]
    assert states(of_target(schedule(), {**outputs, "ScheduleRoleArn": "x"})) == ["fault"]


@pytest.mark.parametrize(
    ("described", "found"),
    [
        (schedule(), []),
        (schedule(when="at(2026-11-21T21:00:01)"), []),
        (schedule(when="at(2026-11-21T21:00:00)"), []),  # it has fired
        (schedule(when="at(2026-02-30T21:00:00)"), ["fault"]),
        (schedule("DISABLED", when="at(2020-01-01T00:00:00)"), []),
        ({**schedule(), "ScheduleExpressionTimezone": "Mars/Olympus"}, ["fault"]),
        ({**schedule(), "EndDate": NOW}, ["fault"]),
        ({**schedule(), "EndDate": NOW + timedelta(seconds=1)}, []),
    ],
)
def test_a_schedule_that_cannot_fire_is_found(described: Any, found: list[str]) -> None:
    assert states(of_time(described, NOW)) == found


def test_a_schedule_whose_input_cannot_be_sent_is_found() -> None:
    assert states(of_input(schedule(), ())) == []
    assert states(of_input({**schedule(), "Target": {"Input": "no"}}, ())) == ["fault"]
    assert states(of_input({**schedule(), "Target": {}}, ())) == ["fault"]
    wrong = schedule(campaign={**campaign(), "name": "no name"})
    [fault] = of_input(wrong, ())
    assert fault.where == "schedule daily, $.campaign.name"
    [pinned] = of_input(schedule(scheduledTime="2026-11-21T09:00:00Z"), ())
    assert (pinned.state, "only the first one" in pinned.what) == ("warning", True)


def test_a_schedule_whose_event_source_is_not_registered_is_found() -> None:
    document = {key: value for key, value in campaign().items() if key != "audience"}
    of_a_source = schedule(campaign={**document, "content": "digest"})
    assert states(of_input(of_a_source, ("digest",))) == []
    assert states(of_input(of_a_source, None)) == []  # which there are is not known
    [fault] = of_input(of_a_source, ("digests",))
    assert "did you mean digests?" in fault.remedy
