from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from yellowring.sender.campaign import parse_campaign
from yellowring_tools.cli.aws.schedules import input_problem, when_problem

from tests.unit.cli.conftest import SENDER
from tests.unit.cli.kit import campaign
from tests.unit.cli.running import yellowring

if TYPE_CHECKING:
    from yellowring_tools.cli.aws.stacks import Stack

EXAMPLES = Path(__file__).parents[3] / "examples/campaigns"
WEATHER_FILE = str(EXAMPLES / "weather-alert.json")
CAMPAIGN_NAME = json.loads(Path(WEATHER_FILE).read_text())["name"]
DAILY = "cron(0 9 * * ? *)"


def put(*options: str, when: str = DAILY) -> Any:
    return yellowring("schedule", "put", WEATHER_FILE, "--when", when, *options)


def known(stack: Stack, name: str = CAMPAIGN_NAME) -> dict[str, Any]:
    return dict(stack.scheduler.get_schedule(GroupName="yellow-ring", Name=name))


def test_a_schedule_starts_the_stacks_sender_in_the_stacks_role(stack: Stack) -> None:
    said = put("--timezone", "Europe/Berlin", "--json")
    assert said.status == 0
    assert said.document["state"] == "enabled"
    made = known(stack)
    assert made["ScheduleExpression"] == DAILY
    assert made["ScheduleExpressionTimezone"] == "Europe/Berlin"
    target = made["Target"]
    assert target["Arn"] == SENDER
    assert target["RoleArn"] == stack.outputs["ScheduleRoleArn"]
    assert target["DeadLetterConfig"]["Arn"] == "arn:aws:sqs:us-east-1:123456789012:dead"
    order = json.loads(target["Input"])
    assert order["scheduledTime"] == "<aws.scheduler.scheduled-time>"
    assert order["campaign"]["name"] == CAMPAIGN_NAME


def test_put_again_replaces_the_schedule(stack: Stack) -> None:
    put()
    assert put("--paused", when="rate(1 day)").status == 0
    made = known(stack)
    assert (made["ScheduleExpression"], made["State"]) == ("rate(1 day)", "DISABLED")
    assert len(yellowring("schedule", "list", "--json").document) == 1


def test_a_schedule_for_one_time_goes_when_it_has_fired(stack: Stack) -> None:
    put(when="at(2099-12-24T18:00:00)")
    assert known(stack)["ActionAfterCompletion"] == "DELETE"


def test_pause_and_resume_change_nothing_else(stack: Stack) -> None:
    put("--timezone", "Asia/Tokyo")
    before = known(stack)
    assert "paused" in yellowring("schedule", "pause", CAMPAIGN_NAME).out
    assert known(stack)["State"] == "DISABLED"
    assert "sends" in yellowring("schedule", "resume", CAMPAIGN_NAME).out
    changing = ("LastModificationDate", "ResponseMetadata")
    assert {k: v for k, v in known(stack).items() if k not in changing} == {
        k: v for k, v in before.items() if k not in changing
    }


def test_list_shows_what_each_schedule_sends(stack: Stack) -> None:
    put("--name", "b")
    put("--name", "a", "--paused")
    stack.scheduler.create_schedule(
        GroupName="yellow-ring",
        Name="c",
        ScheduleExpression=DAILY,
        FlexibleTimeWindow={"Mode": "OFF"},
        Target={"Arn": SENDER, "RoleArn": SENDER, "Input": "not ours"},
    )
    _, first, second, third = yellowring("schedule", "list").out.splitlines()
    assert first.split()[:2] == ["a", "paused"]
    assert second.split()[:2] == ["b", "enabled"]
    assert CAMPAIGN_NAME in second
    assert third.split()[-1] == "-"


def test_delete_removes_a_schedule_once(stack: Stack) -> None:
    put()
    assert yellowring("schedule", "delete", CAMPAIGN_NAME).status == 0
    again = yellowring("schedule", "delete", CAMPAIGN_NAME)
    assert again.status == 1
    assert "schedule list" in again.err


@pytest.mark.parametrize("command", ["pause", "resume", "delete"])
def test_a_schedule_that_is_not_there_is_told(stack: Stack, command: str) -> None:
    said = yellowring("schedule", command, "nope")
    assert said.status == 1
    assert "there is no schedule nope" in said.err


def test_the_templates_own_schedule_is_changed_by_deploying(stack: Stack) -> None:
    for said in (
        yellowring("schedule", "delete", "yellow-ring-campaign"),
        put("--name", "yellow-ring-campaign"),
    ):
        assert said.status == 1
        assert "ScheduleExpression" in said.err


NOW = datetime(2026, 11, 20, 9, tzinfo=UTC)


@pytest.mark.parametrize(
    ("when", "timezone", "told"),
    [
        ("daily", "UTC", "rate(5 minutes)"),
        ("cron(0 9 * * *)", "UTC", "cron("),
        ("rate(1 days)", "UTC", "rate(1 day)"),
        ("rate(5 minute)", "UTC", "rate(5 minutes)"),
        ("rate(0 minutes)", "UTC", "none of"),
        ("at(2026-11-20T09:00:00)", "UTC", "is over"),
        ("at(2026-11-20T09:30:00)", "Europe/Berlin", "is over"),
        ("at(2026-02-30T09:00:00)", "UTC", "not a time that exists"),
        (DAILY, "Mars/Olympus", "not a time zone"),
    ],
)
def test_a_wrong_time_is_told_before_aws_is_asked(when: str, timezone: str, told: str) -> None:
    problem = when_problem(when, timezone, NOW)
    assert problem is not None
    assert told in problem


@pytest.mark.parametrize(
    ("when", "timezone"),
    [
        (DAILY, "UTC"),
        ("rate(1 day)", "UTC"),
        ("rate(30 minutes)", "UTC"),
        ("at(2026-11-20T09:00:01)", "UTC"),
        ("at(2026-11-20T09:30:00)", "America/New_York"),
    ],
)
def test_a_right_time_has_no_problem(when: str, timezone: str) -> None:
    assert when_problem(when, timezone, NOW) is None


@pytest.mark.parametrize(
    ("audience", "fits"),
    [
        ({"type": "customers", "customerIds": ["4711", "4712"]}, True),
        ({"type": "customers", "list": {"digest": "0" * 32, "count": 3}}, False),
        ({"type": "users", "userIds": ["amzn1.ask.account.A"]}, True),
        ({"type": "users", "list": {"digest": "0" * 32, "count": 3}}, False),
    ],
)
def test_a_schedule_carries_the_ids_it_names_and_no_stored_list(
    audience: dict[str, Any], fits: bool
) -> None:
    problem = input_problem(parse_campaign(campaign(audience=audience)))
    assert problem is None if fits else "$.audience.list" in str(problem)


def test_a_wrong_campaign_or_name_schedules_nothing(stack: Stack, tmp_path: Path) -> None:
    wrong = tmp_path / "wrong.json"
    wrong.write_text('{"name": "x"}')
    said = yellowring("schedule", "put", str(wrong), "--when", DAILY)
    assert said.status == 1
    assert "$.event: is missing" in said.err
    assert "--name" in put("--name", "no spaces").err
    assert yellowring("schedule", "list", "--json").document == []
