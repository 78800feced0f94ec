"""Metrics: what CloudWatch must find, in each set of dimensions that an alarm may look at."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
from types import SimpleNamespace
from typing import Any

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


def test_a_measure_has_its_unit_and_the_dimensions_of_a_count(
    counted: list[dict[str, object]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STACK_NAME", "yellow-ring")
    observability.measure("AcceptedShare", 97.5, "Percent")
    (document,) = counted
    told = json.loads(json.dumps(document["_aws"]))["CloudWatchMetrics"][0]
    assert told["Metrics"] == [{"Name": "AcceptedShare", "Unit": "Percent"}]
    assert (document["AcceptedShare"], dimensions(document)) == (97.5, [[], ["stack"]])


# ---- what a line goes back to ----


def last(lines: list[str]) -> dict[str, Any]:
    """Return what is logged now."""
    observability.logger.info("a line")
    line: dict[str, Any] = json.loads(lines[-1])
    return line


def test_a_line_names_its_invocation_and_what_it_goes_back_to(
    logs_without_personal_data: list[str],
) -> None:
    observability.invoked(SimpleNamespace(aws_request_id="invocation-1"), "request-1")
    line = last(logs_without_personal_data)
    assert (line["function_request_id"], line["correlation_id"]) == ("invocation-1", "request-1")
    assert observability.correlation_id() == "request-1"


def test_nothing_of_an_invocation_is_left_for_the_next(
    logs_without_personal_data: list[str],
) -> None:
    observability.invoked(SimpleNamespace(aws_request_id="invocation-1"), "request-1")
    observability.invoked(None)
    assert (
        last(logs_without_personal_data).keys() & {"function_request_id", "correlation_id"} == set()
    )
    assert observability.correlation_id() is None


@pytest.mark.parametrize(
    "value", [None, 7, "", "two words", "line\nbreak", "x" * 129, "amzn1.ask.account.AAAA", {}]
)
def test_what_is_no_id_is_neither_logged_nor_handed_on(
    logs_without_personal_data: list[str], value: object
) -> None:
    observability.invoked(None, value)
    assert "correlation_id" not in last(logs_without_personal_data)
    assert observability.correlation_id() is None


@pytest.mark.parametrize("value", ["JKJaXmPLvHcESHA=", "amzn1.echo-api.request.0-1", "snow~1", "x"])
def test_ids_of_api_gateway_alexa_and_runs_are_handed_on_as_they_are(value: str) -> None:
    observability.invoked(None, value)
    assert observability.correlation_id() == value


def test_tasks_at_once_and_their_threads_go_back_each_to_its_own(
    logs_without_personal_data: list[str],
) -> None:
    observability.invoked(None, "batch-1")

    async def one(name: str) -> str | None:
        observability.correlate(None, name)
        await asyncio.sleep(0)
        return await asyncio.to_thread(observability.correlation_id)

    async def all_of_them() -> list[str | None]:
        return list(await asyncio.gather(one("a"), one("b")))

    assert asyncio.run(all_of_them()) == ["a", "b"]
    assert last(logs_without_personal_data)["correlation_id"] == "batch-1"


@pytest.mark.parametrize(("name", "logged"), [("notifier", "notifier"), (None, "yellowring")])
def test_a_line_names_the_service_as_the_template_does(name: str | None, logged: str) -> None:
    env = {k: v for k, v in os.environ.items() if k != "POWERTOOLS_SERVICE_NAME"}
    env |= {"POWERTOOLS_SERVICE_NAME": name} if name else {}
    code = "from yellowring.observability import logger; logger.warning('a line')"
    said = subprocess.run(
        [sys.executable, "-c", code], env=env, check=True, capture_output=True, text=True
    )
    assert json.loads(said.stdout)["service"] == logged
