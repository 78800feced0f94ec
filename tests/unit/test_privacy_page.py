"""docs/privacy.md names every store of the template, and its times are the code's."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from samtranslator.yaml_helper import yaml_parse  # type: ignore[import-untyped]
from yellowring.sender.campaign.parsing import LONGEST_EXPIRY
from yellowring.sender.notification.status import KEPT
from yellowring.sender.run.items import REMNANTS, RETENTION
from yellowring.subscribers import TOMBSTONE_DAYS
from yellowring.subscribers.deliverability import RETENTION_DAYS
from yellowring.subscribers.record import KEPT_OUTCOMES
from yellowring_tools.cli.aws.copies import oldest

PROJECT = Path(__file__).resolve().parents[2]
TEMPLATE: dict[str, Any] = yaml_parse((PROJECT / "template.yaml").read_text(encoding="utf-8"))
PAGE = (PROJECT / "docs" / "privacy.md").read_text(encoding="utf-8")
STORES = (
    "AWS::DynamoDB::Table",
    "AWS::SQS::Queue",
    "AWS::Logs::LogGroup",
    "AWS::SecretsManager::Secret",
    "AWS::Scheduler::ScheduleGroup",
    "AWS::S3::Bucket",
    "AWS::Events::Archive",
)
DAYS = 86_400


def row(*words: str) -> str:
    """Return the one row of the table that has all these words."""
    (found,) = [
        line
        for line in PAGE.splitlines()
        if line.startswith("|") and all(each in line for each in words)
    ]
    return found


@pytest.mark.parametrize(
    "name", [n for n, each in TEMPLATE["Resources"].items() if each["Type"] in STORES]
)
def test_every_store_of_the_template_has_its_row(name: str) -> None:
    assert any(f"`{name}`" in line for line in PAGE.splitlines() if line.startswith("|"))


def test_the_times_of_the_tables_are_the_codes() -> None:
    assert RETENTION_DAYS == 365
    assert "a year after the latest event" in row("`SubscribersTable`")
    assert f"the newest {KEPT_OUTCOMES} outcomes" in row("`SubscribersTable`")
    assert f"{TOMBSTONE_DAYS} days after the erasure" in row("tombstone")
    assert (REMNANTS.days, (LONGEST_EXPIRY + REMNANTS).days) == (1, 2)
    assert "a day after its event's expiry, so at most two days" in row("`RunsTable`")
    assert f"| {RETENTION.days} days |" in row("the same: runs")
    assert KEPT.days == 1
    assert "a day after the notification's expiry" in row("the same: statuses")


@pytest.mark.parametrize(
    ("queue", "said"),
    [
        ("NotificationsQueue", r"after (\d+) days"),
        ("NotificationsDeadLetterQueue", r"\| (\d+) days"),
        ("DeadLetterQueue", r"\| (\d+) days"),
    ],
)
def test_the_times_of_the_queues_are_the_templates(queue: str, said: str) -> None:
    match = re.search(said, row(f"`{queue}`"))
    assert match
    seconds = TEMPLATE["Resources"][queue]["Properties"]["MessageRetentionPeriod"]
    assert int(match[1]) * DAYS == seconds


def test_the_logs_are_kept_as_long_as_the_page_says() -> None:
    assert f"`LogRetentionDays`, {TEMPLATE['Parameters']['LogRetentionDays']['Default']} " in row(
        "`SkillLogGroup`"
    )


def test_a_copy_is_refused_before_the_tombstones_go() -> None:
    assert f"older than {oldest().days} is not" in " ".join(PAGE.split())
    assert oldest().days < TOMBSTONE_DAYS
