"""An event source: tells each customer which garbage is collected at their place tomorrow.

Copy this file and the calendar into ``lambda/``, set the stack's parameter ``EventSources`` to
``calendar=collection_calendar:tomorrow``, and schedule a campaign for each evening:
``{"name": "tomorrow", "event": {"name": "AMAZON.TrashCollectionAlert.Activated"}, "content":
"calendar"}``. The back office tells a customer's district with a skill message:
``{"version": 1, "command": "attributes", "set": {"district": "north"}}``.
"""

from __future__ import annotations

import functools
import json
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from yellowring.sender.campaign import Campaign
    from yellowring.subscribers import Customer

ZONE = ZoneInfo("Europe/Berlin")
DAYS = ("MONDAY", "TUESDAY", "WEDNESDAY", "THURSDAY", "FRIDAY", "SATURDAY", "SUNDAY")


def tomorrow(
    customer: Customer,
    campaign: Campaign,  # noqa: ARG001 - every event source is given it
    now: datetime,
) -> Mapping[str, Any] | None:
    """Make one customer's event.

    Parameters
    ----------
    customer
        ``customer.attributes["district"]`` names their part of town.
    campaign
        What is being sent.
    now
        When the run asks.

    Returns
    -------
    Mapping or None
        The payload, or nothing where nothing is collected: then this customer hears nothing.
    """
    day = (now.astimezone(ZONE) + timedelta(days=1)).date()
    collected = calendar().get(str(customer.attributes.get("district")), {}).get(day.isoformat())
    if not collected:
        return None
    alert = {"garbageTypes": collected, "collectionDayOfWeek": DAYS[day.weekday()]}
    return {"payload": {"alert": alert}}


@functools.cache
def calendar() -> dict[str, dict[str, list[str]]]:
    """Read the calendar once: for each district, what is collected by date."""
    path = Path(__file__).with_name("collection_calendar.json")
    read: dict[str, dict[str, list[str]]] = json.loads(path.read_text(encoding="utf-8"))
    return read
