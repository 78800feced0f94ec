"""Metrics: what CloudWatch must find, in each set of dimensions that an alarm may look at."""

from __future__ import annotations

import json

import pytest
from yellowring import observability

pytestmark = pytest.mark.usefixtures("logs_without_personal_data")


@pytest.fixture
def counted(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, object]]:
    documents: list[dict[str, object]] = []
    monkeypatch.setattr(observability, "emit", documents.append)
    return documents


def dimensions(document: dict[str, object]) -> object:
    known = json.loads(json.dumps(document["_aws"]))
    return known["CloudWatchMetrics"][0]["Dimensions"]


def test_a_metric_is_there_without_dimensions_by_stack_and_by_its_own(
    counted: list[dict[str, object]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STACK_NAME", "yellow-ring")
    observability.count("Customers", 3, outcome="accepted")
    assert dimensions(counted[0]) == [[], ["stack"], ["stack", "outcome"]]
    assert counted[0] | {"_aws": 0} == {
        "_aws": 0,
        "stack": "yellow-ring",
        "outcome": "accepted",
        "Customers": 3,
    }


def test_a_metric_outside_a_stack_repeats_no_set_of_dimensions(
    counted: list[dict[str, object]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("STACK_NAME", raising=False)
    observability.count("RunsCompleted")
    assert dimensions(counted[0]) == [[]]


def test_a_dimension_names_nobody(counted: list[dict[str, object]]) -> None:
    observability.count("UnknownRequests", type="amzn1.ask.account.ABC")
    assert "amzn1.ask.account" not in json.dumps(counted)
