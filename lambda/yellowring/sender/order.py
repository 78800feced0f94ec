"""What the sender is asked to do: a campaign, and the time or id that makes its run one run."""

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

_RUN_ID = re.compile(r"[A-Za-z0-9~-]{1,100}")
_KEYS = ("campaign", "scheduledTime", "runId")


class InvalidOrder(ValueError):
    """The sender's input is not one; says which part, and what it should be."""


@dataclass(frozen=True, slots=True)
class Order:
    """A campaign to send, and the id of its run."""

    campaign: Campaign
    run_id: str


def parse_order(document: object, now: datetime) -> Order:
    """Read the sender's input.

    Parameters
    ----------
    document
        ``{"campaign": {…}, "scheduledTime": "…", "runId"?: "…"}``. Without a time, or with the
        scheduler's placeholder still in its place, the present minute is the time: schedules fire
        once a minute at most.
    now
        The present, aware.

    Raises
    ------
    InvalidOrder
        The input around the campaign is wrong.
    InvalidCampaign
        The campaign is.
    """
    if not isinstance(document, dict) or "campaign" not in document:
        raise InvalidOrder(
            'the input must be an object with a campaign: {"campaign": {…}, "scheduledTime": "…"}'
        )
    unknown = [key for key in document if key not in _KEYS]
    if unknown:
        raise InvalidOrder(f"$.{unknown[0]} is not known: use {', '.join(_KEYS)}")
    campaign = parse_campaign(document["campaign"])
    time = _scheduled_time(document.get("scheduledTime"), now)
    run_id = document.get("runId")
    if run_id is None:
        run_id = f"{campaign.name.replace('-', '~')}~{time:%Y%m%dT%H%M%SZ}"
    elif not isinstance(run_id, str) or not _RUN_ID.fullmatch(run_id):
        raise InvalidOrder(
            "$.runId must be 1 to 100 of A-Z, a-z, 0-9, ~ and -: it is the reference id that "
            "Alexa gets"
        )
    return Order(campaign, run_id)


def _scheduled_time(value: object, now: datetime) -> datetime:
    if value in (None, "", PLACEHOLDER):
        return now.astimezone(UTC).replace(second=0, microsecond=0)
    try:
        time = datetime.fromisoformat(str(value))
    except ValueError:
        raise InvalidOrder(
            "$.scheduledTime must be a time such as 2026-11-20T09:00:00Z, or the placeholder "
            f"{PLACEHOLDER} that EventBridge Scheduler replaces"
        ) from None
    return time.replace(tzinfo=time.tzinfo or UTC).astimezone(UTC)
