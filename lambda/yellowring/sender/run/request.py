"""A run request: a campaign, and the time or id that makes its run one run."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from yellowring.sender.campaign import parse_campaign

if TYPE_CHECKING:
    from yellowring.sender.campaign import Campaign

PLACEHOLDER = "<aws.scheduler.scheduled-time>"
"""What EventBridge Scheduler replaces by the time at which a schedule was to fire."""

RUN_ID_PATTERN = r"[A-Za-z0-9~]{1,64}"

_RUN_ID = re.compile(RUN_ID_PATTERN)
_KEYS = ("campaign", "scheduledTime", "runId")


class InvalidRunRequest(ValueError):
    """The sender's input is not one; says which part, and what it should be."""


@dataclass(frozen=True, slots=True)
class RunRequest:
    """A campaign to send, and the id of its run; who asked for it is a schedule, or gave the id."""

    campaign: Campaign
    run_id: str
    is_scheduled: bool = False


def parse_run_request(document: object) -> RunRequest:
    """Read the sender's input.

    Parameters
    ----------
    document
        ``{"campaign": {…}, "scheduledTime": "…", "runId"?: "…"}``. One of the two that name the
        run must be there: without, a repeated invocation would be another run.

    Raises
    ------
    InvalidRunRequest
        The input around the campaign is wrong.
    InvalidCampaign
        The campaign is.

    Examples
    --------
    >>> alert = {"weatherAlert": {"source": "Weather Desk", "alertType": "SNOW_STORM"}}
    >>> event = {"name": "AMAZON.WeatherAlert.Activated", "payload": alert}
    >>> request = {"campaign": {"name": "snow-1", "event": event}}
    >>> parse_run_request(request | {"scheduledTime": "2026-11-20T09:00:00Z"}).run_id
    'snow~1~20261120T090000Z'
    """
    if not isinstance(document, dict) or "campaign" not in document:
        raise InvalidRunRequest(
            'the input must be an object with a campaign: {"campaign": {…}, "scheduledTime": "…"}'
        )
    unknown = [key for key in document if key not in _KEYS]
    if unknown:
        raise InvalidRunRequest(f"$.{unknown[0]} is not known: use {', '.join(_KEYS)}")
    campaign = parse_campaign(document["campaign"])
    run_id = document.get("runId")
    if run_id is None:
        run_id = run_id_of(campaign.name, document.get("scheduledTime"))
        return RunRequest(campaign, run_id, is_scheduled=True)
    if not isinstance(run_id, str) or not _RUN_ID.fullmatch(run_id):
        raise InvalidRunRequest(
            "$.runId must be 1 to 64 of A-Z, a-z, 0-9 and ~: it is the reference id that Alexa gets"
        )
    return RunRequest(campaign, run_id)


def run_id_of(campaign: str, scheduled_time: object) -> str:
    """Return the id of the run that a campaign, by its name, has at a scheduled time.

    Raises
    ------
    InvalidRunRequest
        That is no time, or the scheduler's placeholder, which nothing has replaced.
    """
    if scheduled_time in (None, "", PLACEHOLDER):
        raise InvalidRunRequest(
            "$.scheduledTime and $.runId are both missing: one of them names the run, so that a "
            f"repeat sends nothing twice; in a schedule's input write {PLACEHOLDER}, which "
            "EventBridge Scheduler replaces by the time"
        )
    try:
        time = datetime.fromisoformat(str(scheduled_time))
        time = time.replace(tzinfo=time.tzinfo or UTC).astimezone(UTC)
    except (ValueError, OverflowError):
        raise InvalidRunRequest(
            "$.scheduledTime must be a time such as 2026-11-20T09:00:00Z, or the placeholder "
            f"{PLACEHOLDER} that EventBridge Scheduler replaces"
        ) from None
    return f"{campaign.replace('-', '~')}~{time:%Y%m%dT%H%M%SZ}"
