from __future__ import annotations

import subprocess
import sys
from datetime import timedelta, timezone
from typing import TYPE_CHECKING, Any, cast
from zoneinfo import ZoneInfo

import pytest
from yellowring.catalog import (
    EVENT_NAMES,
    Event,
    MediaContent,
    MessageAlert,
    Occasion,
    OrderStatus,
    SocialGameInvite,
    SportsEvent,
    TrashCollectionAlert,
    WeatherAlert,
    silence_note,
    utterance,
    wording_note,
)

from tests.unit.catalog.samples import PAYLOADS

if TYPE_CHECKING:
    from datetime import tzinfo


def say(event: Event, timezone: tzinfo | None = None) -> str:
    return str(utterance(event.name, event.payload(), timezone=timezone))


@pytest.mark.parametrize(
    ("alert_type", "spoken"),
    [
        ("TORNADO", "tornado"),
        ("HURRICANE", "hurricane"),
        ("SNOW_STORM", "snow storm"),
        ("THUNDER_STORM", "thunder storm"),
    ],
)
def test_a_weather_alert_names_the_weather_and_its_source(alert_type: str, spoken: str) -> None:
    alert = WeatherAlert(alert_type=alert_type, source="Weather Desk")
    sentence = f"There is a {spoken} alert for your area. Provided by Weather Desk."
    assert say(alert) == sentence


def sports_event(**update: str | int) -> SportsEvent:
    return SportsEvent(
        league="TreeFruit League",
        home_team="Oranges",
        home_score=1,
        away_team="Apples",
        away_score=2,
        **cast("dict[str, Any]", update),
    )


def test_a_sports_event_gives_the_score() -> None:
    assert say(sports_event()) == "TreeFruit League match update, Oranges 1, Apples 2."


def test_a_sports_event_says_who_scored() -> None:
    sentence = "TreeFruit League match update, Apples scored! Oranges 1, Apples 2."
    assert say(sports_event(scored_by="Apples", score_earned=1)) == sentence


@pytest.mark.parametrize(
    ("alert", "sentence"),
    [
        ({"count": 3, "freshness": "NEW"}, "You have three new messages from Jane Doe."),
        ({"count": 1, "freshness": "NEW"}, "You have one new message from Jane Doe."),
        ({"count": 2, "freshness": "OVERDUE"}, "You have two overdue messages from Jane Doe."),
        ({"count": 2}, "You have two messages from Jane Doe."),
        ({"count": 1, "status": "FLAGGED"}, "You have one flagged message from Jane Doe."),
        ({"count": 0, "freshness": "NEW"}, "You have no new messages from Jane Doe."),
        ({"count": 12, "urgency": "URGENT"}, "You have 12 urgent messages from Jane Doe."),
        (
            {"count": 10, "freshness": "NEW", "status": "FLAGGED", "urgency": "URGENT"},
            "You have ten new flagged urgent messages from Jane Doe.",
        ),
    ],
)
def test_a_message_alert_counts_and_describes_the_messages(
    alert: dict[str, Any], sentence: str
) -> None:
    assert say(MessageAlert(creator="Jane Doe", **alert)) == sentence


TIMES = {"entered": "2019-05-02T10:00:00Z", "expected_arrival": "2019-05-18T10:00:00Z"}


@pytest.mark.parametrize(
    ("status", "times", "sentence"),
    [
        ("PREORDER_RECEIVED", (), "Your preorder from Petal Books has been received."),
        ("ORDER_RECEIVED", (), "Your order from Petal Books has been received."),
        ("ORDER_PREPARING", (), "Your order from Petal Books is being prepared."),
        ("ORDER_SHIPPED", (), "Your order from Petal Books has been shipped."),
        (
            "ORDER_SHIPPED",
            ("expected_arrival", "entered"),
            "Your order from Petal Books has been shipped and will arrive by May 18, 2019.",
        ),
        ("ORDER_OUT_FOR_DELIVERY", (), "Your order from Petal Books is out for delivery."),
        (
            "ORDER_OUT_FOR_DELIVERY",
            ("expected_arrival",),
            "Your order from Petal Books is out for delivery and will arrive by May 18, 2019.",
        ),
        ("ORDER_DELIVERED", (), "Your order from Petal Books has been delivered."),
        (
            "ORDER_DELIVERED",
            ("entered",),
            "Your order from Petal Books was delivered on May 2, 2019.",
        ),
        (
            "ORDER_DELIVERED",
            ("expected_arrival",),
            "Your order from Petal Books has been delivered.",
        ),
        ("ORDER_RECEIVED", ("expected_arrival",), "Your order from Petal Books has been received."),
    ],
)
def test_an_order_status_says_how_far_the_order_is(
    status: str, times: tuple[str, ...], sentence: str
) -> None:
    order = OrderStatus(
        seller="Petal Books", status=status, **{name: TIMES[name] for name in times}
    )
    assert say(order) == sentence


@pytest.mark.parametrize(
    ("occasion_type", "confirmation", "spoken_type", "spoken_confirmation"),
    [
        ("APPOINTMENT", "CONFIRMED", "appointment", "confirmed"),
        ("APPOINTMENT_REQUEST", "CREATED", "appointment request", "created"),
        ("RESERVATION", "RESCHEDULED", "reservation", "rescheduled"),
        ("RESERVATION_REQUEST", "REQUESTED", "reservation request", "requested"),
        ("RESERVATION", "CANCELED", "reservation", "canceled"),
        ("APPOINTMENT", "UPDATED", "appointment", "updated"),
    ],
)
def test_an_occasion_says_what_happened_to_what_was_booked(
    occasion_type: str, confirmation: str, spoken_type: str, spoken_confirmation: str
) -> None:
    occasion = Occasion(
        occasion_type=occasion_type,
        subject="a root canal",
        provider="Dental XYZ",
        booking_time="2019-05-10T14:05:00Z",
        confirmation_status=confirmation,
        broker="BookIt",
    )
    assert say(occasion) == (
        f"Your {spoken_type} at Dental XYZ for a root canal on May 10, 2019 at 2:05 PM "
        f"has been {spoken_confirmation}."
    )


@pytest.mark.parametrize(
    ("garbage_types", "spoken"),
    [
        (["GLASS"], "glass"),
        (["BOTTLES", "GARDEN_WASTE"], "bottles and garden waste"),
        (["BOTTLES", "CANS", "GLASS"], "bottles, cans and glass"),
        (["CANS", "GLASS", "CANS"], "cans and glass"),
        (
            ["BULKY", "BURNABLE", "HAZARDOUS", "WASTE_PAPER", "LANDFILL"],
            "bulky, burnable, hazardous, waste paper and landfill",
        ),
    ],
)
def test_a_trash_collection_lists_the_garbage_as_a_person_would(
    garbage_types: list[str], spoken: str
) -> None:
    alert = TrashCollectionAlert(garbage_types=garbage_types, day_of_week="TUESDAY")
    assert say(alert) == f"The coming Tuesday is {spoken} garbage collection day."


def media(**changes: str) -> MediaContent:
    values = {
        "content": "The Long Night",
        "content_type": "EPISODE",
        "method": "AIR",
        "start_time": "2026-12-31T23:30:00Z",
    }
    return MediaContent(**(values | changes))


@pytest.mark.parametrize(
    ("method", "spoken"),
    [
        ("AIR", "air"),
        ("STREAM", "stream"),
        ("RELEASE", "be released"),
        ("PREMIERE", "premiere"),
        ("DROP", "drop"),
    ],
)
def test_media_content_says_how_and_when_it_comes_out(method: str, spoken: str) -> None:
    sentence = f"The Long Night will {spoken} on December 31, 2026 at 11:30 PM."
    assert say(media(method=method)) == sentence


def test_media_content_says_where_it_comes_out() -> None:
    sentence = "The Long Night will air on December 31, 2026 at 11:30 PM on Lantern TV."
    assert say(media(provider="Lantern TV")) == sentence


@pytest.mark.parametrize("relationship", ["FRIEND", "CONTACT"])
@pytest.mark.parametrize(
    ("invite_type", "spoken"), [("CHALLENGE", "challenged"), ("INVITE", "invited")]
)
@pytest.mark.parametrize("offer", ["MATCH", "REMATCH", "GAME"])
def test_a_game_invite_says_who_asks_for_what(
    relationship: str, invite_type: str, spoken: str, offer: str
) -> None:
    invite = SocialGameInvite(
        inviter="Max",
        relationship=relationship,
        invite_type=invite_type,
        offer=offer,
        game="Word Duel",
    )
    who, what = relationship.lower(), offer.lower()
    assert say(invite) == f"Your {who} Max has {spoken} you to a {what} of Word Duel."


@pytest.mark.parametrize(
    ("timezone_name", "spoken"),
    [
        ("America/New_York", "December 31, 2026 at 6:30 PM"),
        ("Europe/Berlin", "January 1, 2027 at 12:30 AM"),
        ("Asia/Kolkata", "January 1, 2027 at 5:00 AM"),
    ],
)
def test_times_are_told_where_the_customer_is(timezone_name: str, spoken: str) -> None:
    assert spoken in say(media(), timezone=ZoneInfo(timezone_name))


def test_times_are_told_in_their_own_zone_when_the_customers_is_unknown() -> None:
    assert "at 12:00 PM" in say(media(start_time="2026-12-31T12:00:00+05:30"))


def test_the_ends_of_the_calendar_can_be_told_anywhere() -> None:
    west = timezone(timedelta(hours=-12))
    assert "January 1, 1 " in say(media(start_time="0001-01-01T00:00:00Z"), timezone=west)


ATTRIBUTES = [
    {"locale": "en-US", "source": "Weather Desk"},
    {"locale": "de-DE", "source": "Wetteramt"},
]


@pytest.mark.parametrize(
    ("locale", "source"),
    [("en-US", "Weather Desk"), ("de-DE", "Wetteramt")],
)
def test_a_customer_hears_the_texts_of_their_locale(locale: str, source: str) -> None:
    payload = {"weatherAlert": {"source": "localizedattribute:source", "alertType": "TORNADO"}}
    sentence = utterance("AMAZON.WeatherAlert.Activated", payload, ATTRIBUTES, locale)
    assert sentence == f"There is a tornado alert for your area. Provided by {source}."


@pytest.mark.parametrize("locale", ["fr-FR", "en-GB", "de-AT"])
def test_a_customer_whose_locale_has_no_texts_hears_nothing(locale: str) -> None:
    payload = {"weatherAlert": {"source": "localizedattribute:source", "alertType": "TORNADO"}}
    assert utterance("AMAZON.WeatherAlert.Activated", payload, ATTRIBUTES, locale) is None
    assert silence_note(ATTRIBUTES, locale).startswith(
        f"there are texts for en-US, de-DE, none for {locale}"
    )


@pytest.mark.parametrize("attributes", [[], ATTRIBUTES])
def test_an_event_that_refers_to_no_texts_is_heard_in_every_locale(
    attributes: list[dict[str, str]],
) -> None:
    payload = {"weatherAlert": {"source": "Weather Desk", "alertType": "TORNADO"}}
    assert utterance("AMAZON.WeatherAlert.Activated", payload, attributes, "fr-FR") is not None


def test_an_alert_of_unknown_source_is_said_without_one() -> None:
    payload = {"weatherAlert": {"alertType": "TORNADO"}}
    sentence = utterance("AMAZON.WeatherAlert.Activated", payload)
    assert sentence == "There is a tornado alert for your area."


def test_only_english_wording_is_passed_off_as_alexas() -> None:
    for name in EVENT_NAMES:
        assert wording_note("en-GB", name, PAYLOADS[name]) is None
        assert "English" in str(wording_note("de-DE", name, PAYLOADS[name]))


WEATHER, SPORTS, MESSAGE = EVENT_NAMES[:3]
SNOW: dict[str, Any] = {
    "weatherAlert": {"source": "localizedattribute:source", "alertType": "SNOW_STORM"}
}
MATCH = {key: part for key, part in PAYLOADS[SPORTS].items() if key != "update"}
UNREAD: dict[str, Any] = {
    "state": {"status": "UNREAD"},
    "messageGroup": {"creator": {"name": "山田太郎"}, "count": 5},
}
PUBLISHED = [
    (
        WEATHER,
        SNOW,
        "お住まいの地域で大雪特別警報が発表されました。天気予報チャンネルからの通知です",
    ),
    (SPORTS, MATCH, "TreeFruit Leagueのアップデート、Oranges1点、Apples2点"),
    (MESSAGE, UNREAD, "山田太郎からのメッセージが5件あります"),
]
JAPANESE = [{"locale": "ja-JP", "source": "天気予報チャンネル"}]


@pytest.mark.parametrize(("name", "payload", "sentence"), PUBLISHED)
def test_a_japanese_sentence_that_amazon_publishes_is_said_with_its_source(
    name: str, payload: dict[str, Any], sentence: str
) -> None:
    assert utterance(name, payload, JAPANESE, "ja-JP") == sentence
    note = str(wording_note("ja-JP", name, payload))
    assert "Amazon's own" in note
    assert "ja-schemas-for-proactive-events.html" in note
    assert "English" in str(wording_note("de-DE", name, payload))
    english = [{"locale": "en-US", "source": "Desk"}]
    assert utterance(name, payload, english, "en-US") != sentence


@pytest.mark.parametrize(
    ("name", "payload"),
    [
        *((name, PAYLOADS[name]) for name in EVENT_NAMES[1:]),
        (WEATHER, {"weatherAlert": {"source": "Desk", "alertType": "TORNADO"}}),
        (WEATHER, {"weatherAlert": {"alertType": "SNOW_STORM"}}),
        (MESSAGE, UNREAD | {"state": {"status": "FLAGGED"}}),
        (MESSAGE, UNREAD | {"state": {"status": "UNREAD", "freshness": "NEW"}}),
        (MESSAGE, UNREAD | {"messageGroup": {**UNREAD["messageGroup"], "urgency": "URGENT"}}),
    ],
)
def test_no_japanese_wording_is_invented(name: str, payload: dict[str, Any]) -> None:
    assert utterance(name, payload, [], "ja-JP") == utterance(name, payload, [], "en-US")
    assert "wording is English" in str(wording_note("ja-JP", name, payload))


def test_a_sentence_costs_no_models() -> None:
    code = (
        "import sys; from yellowring.catalog import utterance; "
        "sys.exit(any(name in sys.modules for name in ('pydantic', 'pydantic_core')))"
    )
    subprocess.run([sys.executable, "-c", code], check=True, env={"PYTHONPATH": "lambda"})
