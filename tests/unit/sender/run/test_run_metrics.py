"""What a run tells those who watch it: that it started, how it ended, and how many heard it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from yellowring.sender.run.lifecycle import FEWEST_TOLD, accepted_share
from yellowring.sender.run.request import parse_run_request
from yellowring.sender.run.run import Ending

from tests.unit.sender.kit import SCHEDULED, campaign
from tests.unit.sender.run.kit import NOW, counts
from tests.unit.sender.run.test_lifecycle import Dead, Stage

if TYPE_CHECKING:
    from yellowring.sender.run.store import Runs


@pytest.fixture
def stage(runs: Runs) -> Stage:
    return Stage(runs)


def told(lines: list[str], metric: str) -> list[dict[str, Any]]:
    read = [json.loads(line) for line in lines]
    return [line for line in read if metric in line]


@pytest.mark.parametrize(
    ("named", "by"), [({"scheduledTime": SCHEDULED}, "schedule"), ({"runId": "snow"}, "request")]
)
def test_a_run_is_counted_once_when_it_starts_by_whom_it_is_asked_for(
    stage: Stage, logs_without_personal_data: list[str], named: dict[str, str], by: str
) -> None:
    for _ in range(2):
        stage.lifecycle.start(parse_run_request({"campaign": campaign()} | named), 2)
    (started,) = told(logs_without_personal_data, "RunsStarted")
    assert (started["RunsStarted"], started["by"]) == (1, by)


@pytest.mark.parametrize(
    ("status", "metric"), [("halted", "RunsHalted"), ("cancelled", "RunsCancelled")]
)
def test_a_run_that_is_ended_is_counted_as_such(
    stage: Stage, logs_without_personal_data: list[str], status: Any, metric: str
) -> None:
    run = stage.start()
    stage.runs.end(run, Ending(status, "why", NOW))
    stage.both_done()
    stage.finish(run)
    assert len(told(logs_without_personal_data, metric)) == 1
    assert not told(logs_without_personal_data, "RunsCompleted")


def test_a_run_that_is_completed_tells_the_share_of_those_who_heard_it(
    stage: Stage, logs_without_personal_data: list[str]
) -> None:
    stage.start()
    stage.both_done(counts=counts(accepted=14, duplicate=1, rejected=3, failed=2, skipped=99))
    stage.finish()
    assert len(told(logs_without_personal_data, "RunsCompleted")) == 1
    (share,) = told(logs_without_personal_data, "AcceptedShare")
    assert share["AcceptedShare"] == 75
    assert share["_aws"]["CloudWatchMetrics"][0]["Metrics"][0]["Unit"] == "Percent"


@pytest.mark.parametrize(
    ("ended", "share"),
    [
        ({"accepted": 20}, 100),
        ({"rejected": 20}, 0),
        ({"accepted": 10, "expired": 10}, 50),
        ({"duplicate": 10, "limited": 10}, 50),
        ({"accepted": 10, "invalid": 10, "notSent": 1000, "skipped": 1000}, 50),
        ({"accepted": 1, "failed": 29}, 3.3),
        ({"rejected": FEWEST_TOLD - 1, "skipped": 50}, None),
        ({}, None),
    ],
)
def test_the_share_is_of_those_who_were_to_be_told_where_they_are_enough(
    ended: dict[str, int], share: float | None
) -> None:
    assert accepted_share(counts(**ended)) == share


def test_whoever_dies_before_the_end_is_noted_has_told_of_it(
    stage: Stage, logs_without_personal_data: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def dies(*_: object) -> None:
        raise Dead

    stage.start()
    stage.both_done()
    with monkeypatch.context() as patch:
        patch.setattr(type(stage.runs), "announced", dies)
        with pytest.raises(Dead):
            stage.finish()
    assert len(told(logs_without_personal_data, "RunsCompleted")) == 1
