"""What is taken and warned of: it can hardly have been meant, or sources conflict about it."""

from __future__ import annotations

from typing import Any

import pytest
from yellowring.catalog import EVENT_NAMES, LOCALES, check_event
from yellowring.catalog.advice import LONGEST_TEXT
from yellowring.catalog.fields import all_fields, fields_of

from tests.unit.catalog.samples import PAYLOADS
from tests.unit.catalog.test_checking import GAME, MESSAGE, WEATHER, changed

ORDER = "AMAZON.OrderStatus.Updated"
SPORTS = "AMAZON.SportsEvent.Updated"


def warned(name: str, payload: object, *attributes: object) -> list[tuple[str, str]]:
    """Give path and message of each warning about a right event."""
    checked = check_event(name, payload, list(attributes))
    assert checked.problems == ()
    assert checked.payload == payload
    return [(found.path.removeprefix("$."), found.message) for found in checked.warnings]


@pytest.mark.parametrize("name", EVENT_NAMES)
def test_a_full_event_has_nothing_to_warn_of(name: str) -> None:
    assert warned(name, PAYLOADS[name]) == []


def test_a_weather_alert_without_a_source_is_taken_with_a_warning() -> None:
    [(path, message)] = warned(WEATHER, changed(WEATHER, "weatherAlert.source", ...))
    assert path == "event.payload.weatherAlert.source"
    assert "the reference requires it" in message


@pytest.mark.parametrize("spelling", ["enterTimestamp", "deliveredOn"])
def test_another_spelling_of_the_time_is_taken_with_the_references(spelling: str) -> None:
    payload = changed(ORDER, f"state.{spelling}", "2026-11-18T09:00:00Z")
    (found,) = check_event(ORDER, payload).warnings
    assert found.path == f"$.event.payload.state.{spelling}"
    assert found.suggestion == "write enterTimeStamp"
    assert check_event(ORDER, payload).payload == payload


def test_another_spelling_of_the_time_is_no_field_of_the_catalogs() -> None:
    other = {field.path for field in all_fields(ORDER)} - {field.path for field in fields_of(ORDER)}
    assert other == {"state.enterTimestamp", "state.deliveredOn"}
    (problem,) = check_event(ORDER, changed(ORDER, "state.entered", 1)).problems
    assert "deliveredOn" not in problem.message


@pytest.mark.parametrize(
    ("name", "path", "least"),
    [
        (MESSAGE, "messageGroup.count", 1),
        (SPORTS, "update.scoreEarned", 0),
        (SPORTS, "sportsEvent.homeTeamStatistic.score", 0),
        (SPORTS, "sportsEvent.awayTeamStatistic.score", 0),
    ],
)
def test_a_number_below_its_least_is_a_warning(name: str, path: str, least: int) -> None:
    assert warned(name, changed(name, path, least)) == []
    [(where, message)] = warned(name, changed(name, path, least - 1))
    assert (where, f"below {least}" in message) == (f"event.payload.{path}", True)


TEXTS: list[tuple[str, str | None]] = [
    (" ", "is blank"),
    ("\u3000\n", "is blank"),
    ("x" * LONGEST_TEXT, None),
    ("x" * (LONGEST_TEXT + 1), f"has {LONGEST_TEXT + 1} characters"),
    ("<speak>Desk</speak>", "markup"),
    ("Smith &amp; Sons", "markup"),
    ("Smith &#38; Sons", "markup"),
    ("Smith & Sons; Desk > 3", None),
    ("{town|your town}", None),
]


@pytest.mark.parametrize(("text", "reason"), TEXTS)
def test_a_text_that_cannot_be_said_as_it_stands_is_a_warning(
    text: str, reason: str | None
) -> None:
    where = "messageGroup.creator.name"
    assert_warns(warned(MESSAGE, changed(MESSAGE, where, text)), f"event.payload.{where}", reason)


@pytest.mark.parametrize(("text", "reason"), TEXTS)
def test_a_text_of_a_locale_is_looked_at_like_any_other(text: str, reason: str | None) -> None:
    payload = changed(WEATHER, "weatherAlert.source", "localizedattribute:desk")
    found = warned(
        WEATHER, payload, {"locale": "en-US", "desk": "Desk"}, {"locale": "de-DE", "desk": text}
    )
    assert_warns(found, "localizedAttributes[1].desk", reason)


def assert_warns(found: list[tuple[str, str]], path: str, reason: str | None) -> None:
    if reason is None:
        assert found == []
    else:
        [(where, message)] = found
        assert (where, reason in message) == (path, True)


@pytest.mark.parametrize("name", EVENT_NAMES)
def test_only_orders_and_games_are_for_one_locale_alone(name: str) -> None:
    texts: list[Any] = [{"locale": locale} for locale in LOCALES]
    found = {path for path, _ in warned(name, PAYLOADS[name], *texts)}
    others = {
        f"localizedAttributes[{index}].locale"
        for index, locale in enumerate(LOCALES)
        if locale != "en-US"
    }
    assert found == (others if name in (ORDER, GAME) else set())


def test_what_is_refused_is_not_warned_of_as_well() -> None:
    payload = changed(MESSAGE, "messageGroup.count", -1)
    del payload["state"]
    assert check_event(MESSAGE, payload).warnings == ()
    assert check_event("AMAZON.X", payload).warnings == ()


def test_a_warning_tells_its_place_from_the_root_it_was_given() -> None:
    payload = changed(MESSAGE, "messageGroup.count", 0)
    (found,) = check_event(MESSAGE, payload, root="$.campaign").warnings
    assert found.path == "$.campaign.event.payload.messageGroup.count"
