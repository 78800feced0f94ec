"""One full payload of each event, in its wire shape."""

from __future__ import annotations

from typing import Any

PAYLOADS: dict[str, dict[str, Any]] = {
    "AMAZON.WeatherAlert.Activated": {
        "weatherAlert": {"source": "Weather Desk", "alertType": "SNOW_STORM"}
    },
    "AMAZON.SportsEvent.Updated": {
        "update": {"scoreEarned": 1, "teamName": "Oranges"},
        "sportsEvent": {
            "eventLeague": {"name": "TreeFruit League"},
            "homeTeamStatistic": {"team": {"name": "Oranges"}, "score": 1},
            "awayTeamStatistic": {"team": {"name": "Apples"}, "score": 2},
        },
    },
    "AMAZON.MessageAlert.Activated": {
        "state": {"status": "UNREAD", "freshness": "NEW"},
        "messageGroup": {"creator": {"name": "Jane Doe"}, "count": 3, "urgency": "URGENT"},
    },
    "AMAZON.OrderStatus.Updated": {
        "state": {
            "status": "ORDER_SHIPPED",
            "enterTimeStamp": "2026-11-18T09:00:00Z",
            "deliveryDetails": {"expectedArrival": "2026-11-21T12:00:00.000Z"},
        },
        "order": {"seller": {"name": "Petal Books"}},
    },
    "AMAZON.Occasion.Updated": {
        "state": {"confirmationStatus": "CONFIRMED"},
        "occasion": {
            "occasionType": "APPOINTMENT",
            "subject": "a check-up",
            "provider": {"name": "Dr. Molar"},
            "bookingTime": "2026-12-01T14:30:00+01:00",
            "broker": {"name": "BookIt"},
        },
    },
    "AMAZON.TrashCollectionAlert.Activated": {
        "alert": {"garbageTypes": ["BOTTLES", "GLASS"], "collectionDayOfWeek": "TUESDAY"}
    },
    "AMAZON.MediaContent.Available": {
        "availability": {
            "startTime": "2026-12-24T20:15:00Z",
            "provider": {"name": "Lantern TV"},
            "method": "AIR",
        },
        "content": {"name": "The Long Night", "contentType": "EPISODE"},
    },
    "AMAZON.SocialGameInvite.Available": {
        "invite": {
            "inviter": {"name": "Max"},
            "relationshipToInvitee": "FRIEND",
            "inviteType": "CHALLENGE",
        },
        "game": {"offer": "REMATCH", "name": "Word Duel"},
    },
}
