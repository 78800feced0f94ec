"""A full payload of each event, to show and to start a campaign from."""

from __future__ import annotations

import copy
import re
from typing import TYPE_CHECKING, Any

from yellowring.catalog import Localized, fields_of

if TYPE_CHECKING:
    from collections.abc import Sequence

_PAYLOADS: dict[str, dict[str, Any]] = {
    "AMAZON.WeatherAlert.Activated": {
        "weatherAlert": {"source": "Valley Weather", "alertType": "THUNDER_STORM"}
    },
    "AMAZON.SportsEvent.Updated": {
        "update": {"scoreEarned": 1, "teamName": "Harbor City"},
        "sportsEvent": {
            "eventLeague": {"name": "Coastal League"},
            "homeTeamStatistic": {"team": {"name": "Harbor City"}, "score": 2},
            "awayTeamStatistic": {"team": {"name": "Port Rovers"}, "score": 1},
        },
    },
    "AMAZON.MessageAlert.Activated": {
        "state": {"status": "UNREAD", "freshness": "NEW"},
        "messageGroup": {"creator": {"name": "Front desk"}, "count": 2, "urgency": "URGENT"},
    },
    "AMAZON.OrderStatus.Updated": {
        "state": {
            "status": "ORDER_SHIPPED",
            "enterTimeStamp": "2027-01-11T08:15:00Z",
            "deliveryDetails": {"expectedArrival": "2027-01-13T17:00:00Z"},
        },
        "order": {"seller": {"name": "Corner Books"}},
    },
    "AMAZON.Occasion.Updated": {
        "state": {"confirmationStatus": "CONFIRMED"},
        "occasion": {
            "occasionType": "APPOINTMENT",
            "subject": "a check-up",
            "provider": {"name": "Hill Street Dental"},
            "bookingTime": "2027-01-20T09:30:00Z",
            "broker": {"name": "Booked"},
        },
    },
    "AMAZON.TrashCollectionAlert.Activated": {
        "alert": {"garbageTypes": ["GLASS", "WASTE_PAPER"], "collectionDayOfWeek": "TUESDAY"}
    },
    "AMAZON.MediaContent.Available": {
        "availability": {
            "startTime": "2027-01-15T20:00:00Z",
            "provider": {"name": "Lantern TV"},
            "method": "PREMIERE",
        },
        "content": {"name": "The Lighthouse Keepers", "contentType": "EPISODE"},
    },
    "AMAZON.SocialGameInvite.Available": {
        "invite": {
            "inviter": {"name": "Sam"},
            "relationshipToInvitee": "FRIEND",
            "inviteType": "CHALLENGE",
        },
        "game": {"offer": "REMATCH", "name": "Word Harbor"},
    },
}


def example_campaign(
    event_name: str, name: str | None = None, locales: Sequence[str] = ("en-US",)
) -> dict[str, Any]:
    """Return a right campaign with every field of the event, its texts given for each locale."""
    payload = copy.deepcopy(_PAYLOADS[event_name])
    texts: dict[str, str] = {}
    for field in fields_of(event_name):
        if field.localizable:
            part = payload
            for parent in field.parent.split("."):
                part = part[parent]
            key = _key(field.path)
            texts[key] = part[field.name]
            part[field.name] = str(Localized(key))
    campaign: dict[str, Any] = {
        "name": name or _kebab(event_name.split(".")[1]),
        "event": {"name": event_name, "payload": payload},
    }
    if texts:
        campaign["localizedAttributes"] = [{"locale": locale} | texts for locale in locales]
    return campaign | {"expiresIn": "PT1H", "audience": {"type": "subscribers"}}


def _key(path: str) -> str:
    """Name a text by its field, and a mere name by what has it: ``sellerName``."""
    *_, parent, name = path.split(".")
    return f"{parent}Name" if name == "name" else name


def _kebab(words: str) -> str:
    return re.sub(r"(?<!^)(?=[A-Z])", "-", words).lower()
