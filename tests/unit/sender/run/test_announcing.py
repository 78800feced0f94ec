"""The world is told of a run's end: by name, with the counts, under a stable id."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, cast

import pytest
from yellowring.sender.run.announcing import Announcer, NotAnnounced, detail

from tests.unit.sender.kit import NONE_OF_ANY, campaign
from tests.unit.sender.run.kit import NOW, counts, run, users

if TYPE_CHECKING:
    from yellowring.sender.run.run import Status


class Client:
    """EventBridge, which may fail entries."""

    def __init__(self, failed: int = 0) -> None:
        self.failed = failed
        self.entries: list[dict[str, str]] = []

    def put_events(self, Entries: list[dict[str, str]]) -> dict[str, Any]:  # noqa: N803
        self.entries += Entries
        return {"FailedEntryCount": self.failed, "Entries": []}


@pytest.mark.parametrize(
    ("status", "told"),
    [("completed", "RunCompleted"), ("halted", "RunHalted"), ("cancelled", "RunCancelled")],
)
def test_each_end_has_a_name(status: Status, told: str) -> None:
    client = Client()
    Announcer(cast("Any", client), "the-bus").announce(run(status=status))
    (entry,) = client.entries
    assert (entry["EventBusName"], entry["Source"], entry["DetailType"]) == (
        "the-bus",
        "yellowring",
        told,
    )


def test_an_entry_that_fails_is_raised() -> None:
    with pytest.raises(NotAnnounced, match="snow"):
        Announcer(cast("Any", Client(failed=1)), "bus").announce(run(status="completed"))


def test_without_a_bus_nobody_is_told() -> None:
    client = Client()
    Announcer(cast("Any", client), "").announce(run(status="completed"))
    assert client.entries == []


def test_the_event_says_what_the_run_says_and_names_nobody() -> None:
    document = campaign(audience={"type": "users", "userIds": users(2)})
    ended = run(
        document=document,
        status="halted",
        attempt=2,
        counts=counts(accepted=1, notSent=1),
        cause="stage",
        ended_at=NOW,
    )
    assert detail(ended) == {
        "id": "snow/2/halted",
        "runId": "snow",
        "campaign": "snow-warning",
        "status": "halted",
        "attempt": 2,
        "counts": NONE_OF_ANY | {"accepted": 1, "notSent": 1},
        "cause": "stage",
        "startedAt": NOW.isoformat(),
        "endedAt": NOW.isoformat(),
    }
    assert "amzn1" not in json.dumps(detail(ended))


def test_the_id_is_another_for_another_attempt_or_end() -> None:
    ends = [
        run(status="halted"),
        run(status="halted", attempt=2),
        run(status="completed", attempt=2),
        run("rain", status="halted"),
    ]
    assert len({detail(each)["id"] for each in ends}) == len(ends)
    assert detail(ends[0])["id"] == detail(run(status="halted", counts=counts(failed=1)))["id"]
