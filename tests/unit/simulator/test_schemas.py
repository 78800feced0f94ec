"""Each event at its smallest and largest is right; one step away from either is not."""

from __future__ import annotations

import copy
from datetime import UTC, datetime
from typing import Any

import pytest
from yellowring_tools.simulator.schemas import EVENT_NAMES, content_problems, parse_time

TIME = "2026-11-20T18:00:00Z"

MINIMAL: dict[str, dict[str, Any]] = {
    "AMAZON.WeatherAlert.Activated": {
        "weatherAlert": {"source": "Met", "alertType": "SNOW_STORM"},
    },
    "AMAZON.SportsEvent.Updated": {
        "sportsEvent": {
            "eventLeague": {"name": "League"},
            "homeTeamStatistic": {"team": {"name": "Reds"}, "score": 0},
            "awayTeamStatistic": {"team": {"name": "Blues"}, "score": 2},
        },
    },
    "AMAZON.MessageAlert.Activated": {
        "state": {"status": "UNREAD"},
        "messageGroup": {"creator": {"name": "Rosa"}, "count": 3},
    },
    "AMAZON.OrderStatus.Updated": {
        "state": {"status": "ORDER_SHIPPED"},
        "order": {"seller": {"name": "Shop"}},
    },
    "AMAZON.Occasion.Updated": {
        "state": {"confirmationStatus": "CONFIRMED"},
        "occasion": {
            "occasionType": "APPOINTMENT",
            "subject": "cleaning",
            "provider": {"name": "Dentist"},
            "bookingTime": TIME,
        },
    },
    "AMAZON.TrashCollectionAlert.Activated": {
        "alert": {"garbageTypes": ["GLASS"], "collectionDayOfWeek": "MONDAY"},
    },
    "AMAZON.MediaContent.Available": {
        "availability": {"startTime": TIME, "method": "STREAM"},
        "content": {"name": "Show", "contentType": "EPISODE"},
    },
    "AMAZON.SocialGameInvite.Available": {
        "invite": {
            "inviter": {"name": "Sam"},
            "relationshipToInvitee": "FRIEND",
            "inviteType": "CHALLENGE",
        },
        "game": {"offer": "REMATCH", "name": "Chess"},
    },
}

EXTRAS: dict[str, dict[str, Any]] = {
    "AMAZON.SportsEvent.Updated": {"update": {"scoreEarned": 1, "teamName": "Reds"}},
    "AMAZON.MessageAlert.Activated": {
        "state": {"freshness": "OVERDUE"},
        "messageGroup": {"urgency": "URGENT"},
    },
    "AMAZON.OrderStatus.Updated": {
        "state": {"enterTimeStamp": TIME, "deliveryDetails": {"expectedArrival": TIME}},
    },
    "AMAZON.Occasion.Updated": {"occasion": {"broker": {"name": "Agency"}}},
    "AMAZON.TrashCollectionAlert.Activated": {
        "alert": {"garbageTypes": ["BOTTLES", "BULKY", "BURNABLE", "CANS", "CLOTHING"]},
    },
    "AMAZON.MediaContent.Available": {"availability": {"provider": {"name": "Channel"}}},
}

LOCALIZABLE = {
    ("AMAZON.WeatherAlert.Activated", "weatherAlert.source"),
    ("AMAZON.SportsEvent.Updated", "sportsEvent.eventLeague.name"),
    ("AMAZON.OrderStatus.Updated", "order.seller.name"),
    ("AMAZON.Occasion.Updated", "occasion.subject"),
    ("AMAZON.Occasion.Updated", "occasion.provider.name"),
    ("AMAZON.Occasion.Updated", "occasion.broker.name"),
    ("AMAZON.MediaContent.Available", "availability.provider.name"),
    ("AMAZON.MediaContent.Available", "content.name"),
    ("AMAZON.SocialGameInvite.Available", "game.name"),
}


def merged(base: dict[str, Any], more: dict[str, Any]) -> dict[str, Any]:
    result = copy.deepcopy(base)
    for key, value in more.items():
        known = result.get(key)
        result[key] = (
            merged(known, value) if isinstance(known, dict) and isinstance(value, dict) else value
        )
    return result


def full(name: str) -> dict[str, Any]:
    return merged(MINIMAL[name], EXTRAS.get(name, {}))


def leaves(value: object, path: str = "") -> list[str]:
    if not isinstance(value, dict):
        return [path]
    return [
        leaf for key, each in value.items() for leaf in leaves(each, f"{path}.{key}".lstrip("."))
    ]


def put(payload: dict[str, Any], path: str, value: object) -> dict[str, Any]:
    changed = copy.deepcopy(payload)
    *parents, last = path.split(".")
    target = changed
    for parent in parents:
        target = target[parent]
    target[last] = value
    return changed


def drop(payload: dict[str, Any], path: str) -> dict[str, Any]:
    changed = copy.deepcopy(payload)
    *parents, last = path.split(".")
    target = changed
    for parent in parents:
        target = target[parent]
    del target[last]
    return changed


def problems(name: str, payload: object, attributes: object = ()) -> list[str]:
    return content_problems({"name": name, "payload": payload}, list(attributes))  # type: ignore[call-overload]


REQUIRED_LEAVES = [
    (name, leaf)
    for name in EVENT_NAMES
    for leaf in leaves(MINIMAL[name])
    if leaf != "weatherAlert.source"  # sources conflict, so it may be left out
]
ALL_LEAVES = [(name, leaf) for name in EVENT_NAMES for leaf in leaves(full(name))]


def test_what_sources_conflict_about_is_taken() -> None:
    weather, order = "AMAZON.WeatherAlert.Activated", "AMAZON.OrderStatus.Updated"
    assert problems(weather, {"weatherAlert": {"alertType": "TORNADO"}}) == []
    for spelling in ("enterTimestamp", "deliveredOn"):
        state = {"status": "ORDER_DELIVERED", spelling: "2026-11-18T09:00:00Z"}
        assert problems(order, {**MINIMAL[order], "state": state}) == []
        assert problems(order, {**MINIMAL[order], "state": {**state, spelling: "then"}})


def test_there_are_eight_events() -> None:
    assert set(EVENT_NAMES) == set(MINIMAL)
    assert len(EVENT_NAMES) == 8


@pytest.mark.parametrize("name", EVENT_NAMES)
def test_the_smallest_and_the_largest_payload_are_right(name: str) -> None:
    assert problems(name, MINIMAL[name]) == []
    assert problems(name, full(name)) == []


@pytest.mark.parametrize(("name", "leaf"), REQUIRED_LEAVES)
def test_a_required_field_cannot_be_left_out(name: str, leaf: str) -> None:
    assert problems(name, drop(MINIMAL[name], leaf))


@pytest.mark.parametrize(("name", "leaf"), ALL_LEAVES)
@pytest.mark.parametrize("value", [None, "", True, 1.5, [], {}, "NOT_A_VALUE\n"])
def test_a_field_takes_no_value_of_another_kind(name: str, leaf: str, value: object) -> None:
    if value == "NOT_A_VALUE\n" and leaf.endswith(("name", "Name", "source", "subject")):
        return
    found = problems(name, put(full(name), leaf, value))
    assert any(leaf in problem for problem in found)


@pytest.mark.parametrize(("name", "leaf"), ALL_LEAVES)
def test_a_renamed_field_is_refused_by_its_name(name: str, leaf: str) -> None:
    found = problems(name, put(drop(full(name), leaf), leaf + "s", "x"))
    assert any(leaf.rpartition(".")[2] + "s" in problem for problem in found)


@pytest.mark.parametrize(("name", "leaf"), ALL_LEAVES)
def test_a_reference_is_taken_exactly_where_alexa_localizes(name: str, leaf: str) -> None:
    payload = put(full(name), leaf, "localizedattribute:key")
    found = problems(name, payload, [{"locale": "en-US", "key": "x"}])
    assert (not found) == ((name, leaf) in LOCALIZABLE)


def test_garbage_types_are_one_to_five() -> None:
    name = "AMAZON.TrashCollectionAlert.Activated"
    for count, right in ((0, False), (1, True), (5, True), (6, False)):
        payload = put(MINIMAL[name], "alert.garbageTypes", ["GLASS"] * count)
        assert (problems(name, payload) == []) is right


def test_an_integer_is_not_a_fraction_that_happens_to_be_whole() -> None:
    name = "AMAZON.MessageAlert.Activated"
    assert problems(name, put(MINIMAL[name], "messageGroup.count", 3.0))


def test_an_unknown_event_is_told_which_there_are() -> None:
    (problem,) = problems("AMAZON.WeatherAlert.Active", {})
    assert "event.name" in problem
    assert "AMAZON.WeatherAlert.Activated" in problem


@pytest.mark.parametrize("event", [None, [], {}, {"name": "x"}, {"name": [], "payload": {}}])
def test_what_is_no_event_is_refused(event: object) -> None:
    assert content_problems(event, [])


REFERRING = {"weatherAlert": {"source": "localizedattribute:desk", "alertType": "TORNADO"}}


@pytest.mark.parametrize(
    ("attributes", "expected"),
    [
        ([], "not defined for any locale"),
        ([{"locale": "en-US"}], "not defined for en-US"),
        ([{"locale": "en-US", "desk": "x"}, {"locale": "de-DE"}], "not defined for de-DE"),
        ([{"locale": "en-US", "desk": ""}], "localizedAttributes[0].desk"),
        ([{"locale": "en-US", "desk": 1}], "localizedAttributes[0].desk"),
        ([{"locale": "en-XX", "desk": "x"}], "localizedAttributes[0].locale"),
        ([{"desk": "x"}], "'locale' is a required property"),
        ([{"locale": "en-US", "desk": "x"}] * 2, "more than once"),
        ("en-US", "localizedAttributes"),
        ([["en-US"]], "localizedAttributes[0]"),
    ],
)
def test_a_reference_must_be_defined_for_every_locale(attributes: object, expected: str) -> None:
    event = {"name": "AMAZON.WeatherAlert.Activated", "payload": REFERRING}
    found = content_problems(event, attributes)
    assert expected in "; ".join(found)


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2026-11-20T18:00:00Z", datetime(2026, 11, 20, 18, tzinfo=UTC)),
        ("2026-11-20T18:00:00.250Z", datetime(2026, 11, 20, 18, 0, 0, 250_000, tzinfo=UTC)),
        ("2026-11-20T19:30:00+01:30", datetime(2026, 11, 20, 18, tzinfo=UTC)),
        ("2026-11-20T18:00:00", None),
        ("2026-11-20", None),
        ("2026-13-20T18:00:00Z", None),
        ("2026-11-20 18:00:00Z", None),
        ("tomorrow", None),
        (1_763_661_600, None),
    ],
)
def test_times_have_a_zone(text: object, moment: datetime | None) -> None:
    assert parse_time(text) == moment
