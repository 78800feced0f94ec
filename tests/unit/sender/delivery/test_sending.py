"""What is told of the pace: the limit in force, and the requests that Alexa slowed."""

from __future__ import annotations

import json
from typing import Any, cast

import pytest
from yellowring.alexa.proactive_events import Answer
from yellowring.sender.delivery.sending import Sending


class Limiter:
    """A rate limiter as far as its limit is asked for."""

    def __init__(self, per_second: int | None) -> None:
        self.per_second = per_second

    def slow_down(self) -> None:
        pass


def sending(per_second: int | None = 25) -> Sending:
    fake = cast("Any", None)
    return Sending(fake, cast("Any", Limiter(per_second)), fake, "na")


def metrics(lines: list[str]) -> list[tuple[Any, ...]]:
    """Return name, value and reason of each metric that was told; the list is empty then."""
    read = [json.loads(line) for line in lines]
    lines.clear()
    names = [line["_aws"]["CloudWatchMetrics"][0]["Metrics"][0]["Name"] for line in read]
    return [(n, line[n], line.get("why")) for n, line in zip(names, read, strict=True)]


def test_slowed_requests_are_told_by_reason_and_once(logs_without_personal_data: list[str]) -> None:
    here = sending()
    for status in (429, 429, 503, None):
        here.slow_down(Answer(status))
    assert metrics(logs_without_personal_data) == []
    here.tell_pace()
    assert metrics(logs_without_personal_data) == [
        ("Pace", 25, None),
        ("SlowedRequests", 2, "429"),
        ("SlowedRequests", 1, "503"),
        ("SlowedRequests", 1, "no answer"),
    ]
    here.tell_pace()
    assert metrics(logs_without_personal_data) == [("Pace", 25, None)]


@pytest.mark.parametrize(("limit", "told"), [(None, []), (7, [("Pace", 7, None)])])
def test_a_limit_that_nobody_knows_yet_is_not_told(
    logs_without_personal_data: list[str], limit: int | None, told: list[Any]
) -> None:
    sending(limit).tell_pace()
    assert metrics(logs_without_personal_data) == told
