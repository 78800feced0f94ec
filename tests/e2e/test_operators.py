"""The operators' commands, as a person calls them, on the deployed stack."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from local_stack.environments import aws_environment
from local_stack.story import CAMPAIGN, WEATHER
from local_stack.workspace import PROJECT

if TYPE_CHECKING:
    from collections.abc import Callable

    from local_stack.report import Report
    from local_stack.stack import LocalStack

pytestmark = pytest.mark.slow

COMMAND = Path(sys.executable).with_name("yellowring")
SECONDS = 60.0


@dataclass(frozen=True)
class Said:
    status: int
    out: str
    err: str

    @property
    def document(self) -> Any:
        return json.loads(self.out)


type Operator = Callable[..., Said]


@pytest.fixture
def operator(stack: LocalStack, story: Report) -> Operator:
    """Calls `yellowring`, which finds the stack through CloudFormation."""
    environment = {
        name: value for name, value in os.environ.items() if not name.startswith("AWS_")
    } | aws_environment(stack.aws.endpoint)

    def call(*arguments: str) -> Said:
        command = [str(COMMAND), *arguments, "--stack", "yellow-ring"]
        ended = subprocess.run(
            command, check=False, capture_output=True, text=True, env=environment, cwd=PROJECT
        )
        return Said(ended.returncode, ended.stdout, ended.stderr)

    return call


@pytest.fixture
def campaign(tmp_path: Path) -> Callable[[str], str]:
    def write(name: str) -> str:
        file = tmp_path / f"{name}.json"
        file.write_text(json.dumps({**CAMPAIGN, "name": name}))
        return str(file)

    return write


def until(condition: Callable[[], Any], what: str) -> Any:
    deadline = time.monotonic() + SECONDS
    while not (found := condition()):
        assert time.monotonic() < deadline, what
        time.sleep(0.5)
    return found


def test_what_a_dry_run_counts_is_what_the_send_then_accepts(
    operator: Operator, stack: LocalStack, campaign: Callable[[str], str]
) -> None:
    file = campaign("counted")
    counted = operator("send", file, "--dry-run", "--json").document
    deliverable = counted["customers"]["deliverable"]
    count = operator("subscribers", "count", "--event", WEATHER, "--json").document
    assert deliverable == count["events"][WEATHER]["deliverable"] > 0
    sent = operator("send", file, "--watch", "--run-id", "counted~1", "--json")
    assert sent.status == 0
    last = json.loads(sent.out.splitlines()[-1])
    assert (last["status"], last["settled"]) == ("completed", deliverable)
    assert last["counts"]["accepted"] == deliverable
    received = [each for each in stack.alexa.notifications() if each["referenceId"] == "counted~1"]
    assert len(received) == deliverable


def test_a_run_is_listed_shown_watched_and_too_late_to_cancel(
    operator: Operator, campaign: Callable[[str], str]
) -> None:
    assert operator("send", campaign("listed"), "--run-id", "listed~1", "--watch").status == 0
    assert "listed~1" in {run["runId"] for run in operator("runs", "list", "--json").document}
    assert operator("runs", "show", "listed~1", "--json").document["status"] == "completed"
    assert operator("runs", "watch", "listed~1").status == 0
    cancelled = operator("runs", "cancel", "listed~1")
    assert cancelled.status == 1
    assert "it is completed" in cancelled.err


def test_the_large_run_that_is_cancelled_stops(
    operator: Operator, stack: LocalStack, campaign: Callable[[str], str], tmp_path: Path
) -> None:
    many = [
        stack.alexa.add_customer("na", "en-US", subscribed=[WEATHER], silent=True)
        for _ in range(1000)
    ]
    listed = tmp_path / "ids"
    listed.write_text("\n".join(many))
    sent = operator("send", campaign("long"), "--run-id", "long~1", "--users", f"@{listed}")
    assert sent.status == 0, sent.err
    assert "runs watch long~1" in sent.err
    cancelled = operator("runs", "cancel", "long~1", "--json")
    assert cancelled.status == 0, cancelled.err
    counts = cancelled.document["counts"]
    assert sum(counts.values()) == len(many)
    assert counts["notSent"] > 0
    watched = operator("runs", "watch", "long~1")
    assert watched.status == 1
    assert watched.out.startswith("cancelled: ")


def test_a_schedule_fires_is_paused_and_deleted(
    operator: Operator, campaign: Callable[[str], str]
) -> None:
    soon = (datetime.now(UTC) + timedelta(seconds=3)).replace(tzinfo=None, microsecond=0)
    file = campaign("planned")
    assert operator("schedule", "put", file, "--when", f"at({soon.isoformat()})").status == 0

    def run_of_the_schedule() -> list[str]:
        runs = operator("runs", "list", "--json").document
        return [run["status"] for run in runs if run["campaign"] == "planned"]

    until(lambda: run_of_the_schedule() == ["completed"], "the schedule started no run")
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


def test_one_user_hears_by_the_queue_of_notifications(
    operator: Operator, stack: LocalStack, campaign: Callable[[str], str]
) -> None:
    user = stack.alexa.add_customer("na", "en-US", subscribed=[WEATHER], silent=True)
    sent = operator("send", campaign("one"), "--users", user, "--run-id", "one~1", "--json")
    assert (sent.document["referenceId"], sent.document["queued"]) == ("one~1", True)

    def heard() -> bool:
        return any(each["referenceId"] == "one~1" for each in stack.alexa.notifications())

    until(heard, "the notification was not sent")


def test_a_run_id_that_is_taken_by_another_campaign_is_told_in_one_line(
    operator: Operator, campaign: Callable[[str], str]
) -> None:
    assert operator("send", campaign("taken"), "--run-id", "taken~1").status == 0
    other = operator("send", campaign("other"), "--run-id", "taken~1")
    assert other.status == 1
    assert "error: run taken~1 exists with another campaign" in other.err
    assert "Traceback" not in other.err
