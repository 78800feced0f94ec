from __future__ import annotations

import re
from typing import Any

import pytest
from yellowring.sender.campaign import InvalidCampaign
from yellowring.sender.run.request import (
    PLACEHOLDER,
    RUN_ID_PATTERN,
    InvalidRunRequest,
    parse_run_request,
    run_id_of,
)

from tests.unit.sender.kit import RUN_ID, SCHEDULED, campaign


def test_the_run_is_named_after_the_campaign_and_the_scheduled_time() -> None:
    request = parse_run_request({"campaign": campaign(), "scheduledTime": SCHEDULED})
    assert request.run_id == RUN_ID
    assert request.campaign.name == "snow-warning"


@pytest.mark.parametrize(
    "same",
    [
        "2026-11-20T09:00:00Z",
        "2026-11-20T10:00:00+01:00",
        "2026-11-20T09:00:00",
        "20261120T090000Z",
    ],
)
def test_one_moment_is_one_run_however_it_is_written(same: str) -> None:
    assert run_id_of("snow-warning", same) == RUN_ID


def test_other_moments_and_other_campaigns_are_other_runs() -> None:
    ids = [
        run_id_of("snow", "2026-11-20T09:00:00Z"),
        run_id_of("snow", "2026-11-20T09:00:01Z"),
        run_id_of("snow", "2026-11-20T09:00:00-01:00"),
        run_id_of("rain", "2026-11-20T09:00:00Z"),
    ]
    assert len(set(ids)) == len(ids)


def test_the_longest_campaign_name_makes_a_run_id_that_alexa_takes() -> None:
    assert re.fullmatch(RUN_ID_PATTERN, run_id_of("a-" * 20, SCHEDULED))


@pytest.mark.parametrize("time", [None, "", PLACEHOLDER])
def test_what_neither_time_nor_id_names_is_refused_with_both_ways_out(time: object) -> None:
    with pytest.raises(InvalidRunRequest, match=r"scheduledTime and \$\.runId are both missing"):
        parse_run_request({"campaign": campaign(), "scheduledTime": time})
    with pytest.raises(InvalidRunRequest, match=re.escape(PLACEHOLDER)):
        parse_run_request({"campaign": campaign()})


@pytest.mark.parametrize(
    "time", ["soon", 5, [], {}, "2026-13-01T00:00:00Z", "0001-01-01T00:00:00+05:00", "T"]
)
def test_a_scheduled_time_that_is_none_is_refused(time: object) -> None:
    with pytest.raises(InvalidRunRequest, match=r"\$\.scheduledTime must be a time"):
        parse_run_request({"campaign": campaign(), "scheduledTime": time})


@pytest.mark.parametrize("run_id", ["a", "x" * 64, "A~z~09", "~"])
def test_a_run_id_of_its_own_needs_no_time(run_id: str) -> None:
    assert parse_run_request({"campaign": campaign(), "runId": run_id}).run_id == run_id


def test_a_run_id_comes_before_the_time() -> None:
    request = {"campaign": campaign(), "runId": "mine", "scheduledTime": PLACEHOLDER}
    assert parse_run_request(request).run_id == "mine"


@pytest.mark.parametrize(
    "run_id", ["", "x" * 65, "snow-1", "no spaces", "ä", "#pace", "a\n", 7, []]
)
def test_a_run_id_that_alexa_would_not_take_is_refused(run_id: object) -> None:
    with pytest.raises(InvalidRunRequest, match=r"\$\.runId must be 1 to 64"):
        parse_run_request({"campaign": campaign(), "runId": run_id})


@pytest.mark.parametrize("document", [None, [], "campaign", {}, {"scheduledTime": SCHEDULED}])
def test_what_has_no_campaign_is_refused(document: object) -> None:
    with pytest.raises(InvalidRunRequest, match="an object with a campaign"):
        parse_run_request(document)


def test_an_unknown_key_is_refused_by_name() -> None:
    request = {"campaign": campaign(), "scheduledTime": SCHEDULED, "when": "now"}
    with pytest.raises(InvalidRunRequest, match=r"\$\.when is not known"):
        parse_run_request(request)


def test_a_campaign_is_checked_whole() -> None:
    request: dict[str, Any] = {"campaign": campaign(name=""), "scheduledTime": SCHEDULED}
    with pytest.raises(InvalidCampaign, match=r"\$\.name"):
        parse_run_request(request)
