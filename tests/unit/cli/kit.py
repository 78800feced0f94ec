"""Runs of every kind, put into the table in memory as the sender would put them."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from yellowring.sender.campaign import parse_campaign
from yellowring.sender.delivery.outcomes import Counts, Outcome
from yellowring.sender.run.lifecycle import new_run
from yellowring.sender.run.request import RunRequest
from yellowring.sender.run.run import Ending, Segment

from tests.envelopes import WEATHER

if TYPE_CHECKING:
    from yellowring.sender.run.run import Run, Status
    from yellowring.sender.run.store import Runs

START = datetime.now(UTC).replace(microsecond=0) - timedelta(minutes=5)
USERS = [f"amzn1.ask.account.{letter * 30}" for letter in "ABC"]
ARN = "arn:aws:states:us-east-1:123456789012:execution:run:snow-1_1"


def campaign(name: str = "snow", **parts: Any) -> dict[str, Any]:
    """Give a campaign for three users, with changes."""
    payload = {"weatherAlert": {"source": "Weather Desk", "alertType": "SNOW_STORM"}}
    audience = {"type": "users", "userIds": USERS}
    return {"name": name, "event": {"name": WEATHER, "payload": payload}, "audience": audience} | (
        parts
    )


def a_run(name: str = "snow", workers: int = 4, at: datetime = START, **parts: Any) -> Run:
    """Give a run that was not stored; ``parts`` are the campaign's."""
    made = parse_campaign(campaign(name, **parts))
    return new_run(RunRequest(made, f"{name}~1"), workers, at)


def started(runs: Runs, name: str = "snow", *, executed: bool = True, **given: Any) -> Run:
    """Store a run that is under way."""
    run = a_run(name, **given)
    runs.put(run)
    if executed:
        runs.executed(run, ARN)
    return runs.load(run.run_id)


def sent(runs: Runs, run: Run, number: int = 0, **parts: Any) -> None:
    """Checkpoint a segment; ``accepted`` and the like are counts, the others its fields."""
    names = {outcome.value: outcome for outcome in Outcome}
    counts = Counts({names[name]: parts.pop(name) for name in list(parts) if name in names})
    known = runs.segment(run.run_id, number)
    runs.checkpoint(run, known, replace(Segment(number), counts=counts, **parts))


def ended(
    runs: Runs,
    name: str = "snow",
    status: Status = "completed",
    *,
    cause: str | None = None,
    resumable: int = 0,
    seconds: int = 75,
    counts: dict[Outcome, int] | None = None,
    **given: Any,
) -> Run:
    """Store a run that has ended; without ``counts`` three were accepted and one rejected."""
    run = started(runs, name, **given)
    if status != "completed":
        runs.end(run, Ending(status, cause, run.started_at))
    final = Counts({Outcome.ACCEPTED: 3, Outcome.REJECTED: 1} if counts is None else counts)
    now = run.started_at + timedelta(seconds=seconds)
    runs.finish(run, status, final, cause=cause, resumable=resumable, now=now)
    return runs.load(run.run_id)
