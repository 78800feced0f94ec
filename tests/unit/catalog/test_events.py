from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from yellowring.catalog import (
    Event,
    InvalidEvent,
    Localized,
    MediaContent,
    MessageAlert,
    Occasion,
    OrderStatus,
    SocialGameInvite,
    SportsEvent,
    TrashCollectionAlert,
    WeatherAlert,
)
from yellowring.catalog.vocabulary import AlertType, DayOfWeek, GarbageType

from tests.unit.catalog.samples import PAYLOADS

EVENTS: list[Event] = [
    WeatherAlert(source="Weather Desk", alert_type=AlertType.SNOW_STORM),
    SportsEvent(
        league="TreeFruit League",
        home_team="Oranges",
        home_score=1,
        away_team="Apples",
        away_score=2,
        scored_by="Oranges",
        score_earned=1,
    ),
    MessageAlert(creator="Jane Doe", count=3, freshness="NEW", urgency="URGENT"),
    OrderStatus(
        seller="Petal Books",
        status="ORDER_SHIPPED",
        entered=datetime(2026, 11, 18, 9, tzinfo=UTC),
        expected_arrival="2026-11-21T12:00:00.000Z",
    ),
    Occasion(
        occasion_type="APPOINTMENT",
        subject="a check-up",
        provider="Dr. Molar",
        booking_time=datetime(2026, 12, 1, 14, 30, tzinfo=timezone(timedelta(hours=1))),
        confirmation_status="CONFIRMED",
        broker="BookIt",
    ),
    TrashCollectionAlert(
        garbage_types=(GarbageType.BOTTLES, "GLASS"), day_of_week=DayOfWeek.TUESDAY
    ),
    MediaContent(
        content="The Long Night",
        content_type="EPISODE",
        method="AIR",
        start_time="2026-12-24T20:15:00Z",
        provider="Lantern TV",
    ),
    SocialGameInvite(
        inviter="Max",
        relationship="FRIEND",
        invite_type="CHALLENGE",
        offer="REMATCH",
        game="Word Duel",
    ),
]


@pytest.mark.parametrize("event", EVENTS, ids=lambda event: type(event).__name__)
def test_an_event_built_in_python_has_the_wire_shape(event: Event) -> None:
    assert event.document() == {"name": event.name, "payload": PAYLOADS[event.name]}


def test_every_event_can_be_built() -> None:
    assert [event.name for event in EVENTS] == list(PAYLOADS)


def test_words_may_be_strings_and_texts_localized() -> None:
    alert = WeatherAlert(alert_type="TORNADO", source=Localized("source"))
    assert alert.payload() == {
        "weatherAlert": {"source": "localizedattribute:source", "alertType": "TORNADO"}
    }


def test_what_was_left_out_is_not_on_the_wire() -> None:
    payload = OrderStatus(seller="Petal Books", status="ORDER_RECEIVED").payload()
    assert payload == {
        "order": {"seller": {"name": "Petal Books"}},
        "state": {"status": "ORDER_RECEIVED"},
    }


def test_a_wrong_event_cannot_be_built() -> None:
    with pytest.raises(InvalidEvent, match=r"weatherAlert\.alertType.*did you mean SNOW_STORM"):
        WeatherAlert(alert_type="SNOWSTORM", source="Weather Desk")


def test_a_time_without_zone_cannot_be_sent() -> None:
    with pytest.raises(InvalidEvent, match="add Z for UTC"):
        OrderStatus(
            seller="Petal Books",
            status="ORDER_SHIPPED",
            entered=datetime(2026, 11, 18, 9),  # noqa: DTZ001 - the mistake under test
        )


def test_half_an_update_cannot_be_sent() -> None:
    with pytest.raises(InvalidEvent, match=r"update\.scoreEarned: is missing"):
        SportsEvent(
            league="TreeFruit League",
            home_team="Oranges",
            home_score=1,
            away_team="Apples",
            away_score=2,
            scored_by="Oranges",
        )
