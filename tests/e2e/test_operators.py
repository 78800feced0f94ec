"""The operators' commands, as a person calls them, on the deployed stack."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING

import pytest
from yellowring_tools.local_stack.story import CAMPAIGN, WEATHER

from tests.e2e.support import (
    Said,
    configured,
    crowd,
    eventually,
    faults,
    heard,
    yellowring,
)

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from yellowring_tools.local_stack.report import Report
    from yellowring_tools.local_stack.stack import LocalStack

pytestmark = pytest.mark.slow

type Operator = Callable[..., Said]


@pytest.fixture
def operator(stack: LocalStack) -> Operator:
    """Calls `yellowring`, which finds the stack through CloudFormation."""
    return partial(yellowring, stack)


@pytest.fixture
def campaign(tmp_path: Path) -> Callable[..., str]:
    """Write a campaign's file, for everybody or one group; return its path."""

    def write(name: str, group: str = "") -> str:
        file = tmp_path / f"{name}.json"
        where = {"where": {"attributes.group": group}} if group else {}
        file.write_text(json.dumps({**CAMPAIGN, "name": name, **where}))
        return str(file)

    return write


def test_what_a_dry_run_counts_is_what_the_send_then_accepts(
    operator: Operator, stack: LocalStack, campaign: Callable[..., str]
) -> None:
    crowd(stack, "counted", 7)
    file = campaign("counted", "counted")
    counted = operator("send", file, "--dry-run", "--json").document
    assert counted["customers"]["deliverable"] == 7
    sent = operator("send", file, "--watch", "--run-id", "counted~1", "--json")
    assert sent.status == 0
    last = json.loads(sent.out.splitlines()[-1])
    assert (last["status"], last["counts"]["accepted"]) == ("completed", 7)
    assert len(heard(stack, "counted~1")) == 7


def test_a_run_is_listed_shown_watched_and_too_late_to_cancel(
    operator: Operator, stack: LocalStack, campaign: Callable[..., str]
) -> None:
    crowd(stack, "shown", 2)
    assert operator("send", campaign("shown", "shown"), "--run-id", "shown~1").status == 0
    assert operator("runs", "watch", "shown~1").status == 0
    assert "shown~1" in {run["runId"] for run in operator("runs", "list", "--json").document}
    shown = operator("runs", "show", "shown~1", "--json").document
    assert (shown["status"], shown["counts"]["accepted"]) == ("completed", 2)
    cancelled = operator("runs", "cancel", "shown~1")
    assert cancelled.status == 1
    assert "it is completed" in cancelled.err


def test_the_users_of_a_file_are_cancelled_at_once_and_resumed_to_the_last(
    operator: Operator, stack: LocalStack, campaign: Callable[..., str], tmp_path: Path
) -> None:
    many = crowd(stack, "filed", 1200)
    listed = tmp_path / "ids"
    listed.write_text("\n".join(many))
    with faults(stack, api={"latencyMs": [3000, 4000]}):
        sent = operator("send", campaign("filed"), "--run-id", "filed~1", "--users", f"@{listed}")
        assert sent.status == 0, sent.err
        eventually(lambda: heard(stack, "filed~1"), "nothing was sent")
        assert operator("runs", "cancel", "filed~1").status == 0
        told = heard(stack, "filed~1")
    watched = operator("runs", "watch", "filed~1")
    assert watched.status == 1
    shown = operator("runs", "show", "filed~1", "--json").document
    assert shown["status"] == "cancelled"
    assert shown["counts"]["accepted"] == len(told)
    assert shown["counts"]["notSent"] == len(many) - len(told) > 0
    assert operator("runs", "resume", "filed~1").status == 0
    assert operator("runs", "watch", "filed~1").status == 0
    assert heard(stack, "filed~1") == dict.fromkeys(many, 1)


def test_a_campaign_for_one_user_goes_onto_the_queue_of_notifications(
    operator: Operator, stack: LocalStack, campaign: Callable[..., str]
) -> None:
    [user_id] = crowd(stack, "alone", 1)
    sent = operator("send", campaign("alone"), "--run-id", "alone~1", "--users", user_id)
    assert sent.status == 0, sent.err
    eventually(lambda: heard(stack, "alone~1") == {user_id: 1}, "it did not ring")
    assert stack.run("alone~1") is None


def test_a_run_that_reaches_nobody_has_an_exit_status_of_its_own(
    operator: Operator, stack: LocalStack, campaign: Callable[..., str]
) -> None:
    crowd(stack, "strangers", 3)
    file = campaign("strangers", "strangers")
    with configured(stack, SKILL_STAGE="live"):
        sent = operator("send", file, "--watch", "--run-id", "strangers~1")
    assert sent.status == 5
    assert "SKILL_STAGE" in sent.err


def test_a_schedule_fires_is_paused_and_deleted(
    operator: Operator, stack: LocalStack, campaign: Callable[..., str]
) -> None:
    soon = (datetime.now(UTC) + timedelta(seconds=3)).replace(tzinfo=None, microsecond=0)
    crowd(stack, "planned", 1)
    file = campaign("planned", "planned")
    assert operator("schedule", "put", file, "--when", f"at({soon.isoformat()})").status == 0

    def run_of_the_schedule() -> list[str]:
        runs = operator("runs", "list", "--json").document
        return [run["status"] for run in runs if run["campaign"] == "planned"]

    eventually(lambda: run_of_the_schedule() == ["completed"], "the schedule started no run")
    put = operator("schedule", "put", file, "--when", "rate(1 day)", "--name", "daily", "--paused")
    assert put.status == 0
    assert operator("schedule", "resume", "daily", "--json").document["state"] == "enabled"
    assert operator("schedule", "pause", "daily", "--json").document["state"] == "paused"
    states = {
        each["schedule"]: each["state"] for each in operator("schedule", "list", "--json").document
    }
    assert states["daily"] == "paused"
    assert operator("schedule", "delete", "daily").status == 0
    assert operator("schedule", "delete", "daily").status == 1


def test_an_export_holds_each_customer_that_the_story_left(
    operator: Operator, story: Report, tmp_path: Path
) -> None:
    file = tmp_path / "customers.jsonl"
    exported = operator("subscribers", "export", "--event", WEATHER, "--output", str(file))
    assert exported.status == 0
    ids = {json.loads(line)["userId"] for line in file.read_text().splitlines()}
    ringing = {each.user_ids[-1] for each in story.customers if each.should_ring}
    assert ringing <= ids


def test_a_run_id_that_is_taken_is_told_in_one_line(
    operator: Operator, campaign: Callable[..., str]
) -> None:
    assert operator("send", campaign("taken", "nobody"), "--run-id", "taken~1").status == 0
    other = operator("send", campaign("other", "nobody"), "--run-id", "taken~1")
    assert other.status == 1
    assert "--run-id" in other.err
    assert "Traceback" not in other.err
