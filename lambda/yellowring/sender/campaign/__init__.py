"""A campaign: what to send, to whom and for how long."""

from __future__ import annotations

from yellowring.sender.campaign.event_source import by_page
from yellowring.sender.campaign.parsing import (
    AUDIENCE_TYPES,
    DEFAULT_EXPIRY,
    LONGEST_EXPIRY,
    LONGEST_NAME,
    MOST_NAMED,
    NAME_PATTERN,
    SHORTEST_EXPIRY,
    Audience,
    AudienceType,
    Campaign,
    InvalidCampaign,
    Listed,
    parse_campaign,
)

__all__ = [
    "AUDIENCE_TYPES",
    "DEFAULT_EXPIRY",
    "LONGEST_EXPIRY",
    "LONGEST_NAME",
    "MOST_NAMED",
    "NAME_PATTERN",
    "SHORTEST_EXPIRY",
    "Audience",
    "AudienceType",
    "Campaign",
    "InvalidCampaign",
    "Listed",
    "by_page",
    "parse_campaign",
]
