from __future__ import annotations

import copy
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from yellowring.catalog import EVENT_NAMES, LOCALES, Problem, check_event, fields_of
from yellowring.catalog.localization import references
from yellowring.catalog.problems import at, schema_path

from tests.unit.catalog.samples import PAYLOADS

WEATHER = "AMAZON.WeatherAlert.Activated"
MESSAGE = "AMAZON.MessageAlert.Activated"
TRASH = "AMAZON.TrashCollectionAlert.Activated"
OCCASION = "AMAZON.Occasion.Updated"
GAME = "AMAZON.SocialGameInvite.Available"
REFERENCE = "localizedattribute:key"


def changed(event_name: str, path: str, value: object) -> dict[str, Any]:
    """Give the event's sample with the member at ``path`` set, or taken out when it is ``...``."""
    payload = copy.deepcopy(PAYLOADS[event_name])
    *parents, key = path.split(".")
    part = payload
    for parent in parents:
        part = part[parent]
    part[key] = value
    if value is ...:
        del part[key]
    return payload


def problem(event_name: str, path: str, value: object) -> Problem:
    """Give the only problem of the sample with one change."""
    checked = check_event(event_name, changed(event_name, path, value))
    assert len(checked.problems) == 1, checked.problems
    return checked.problems[0]


def test_the_catalog_has_a_schema_for_every_event_name() -> None:
    assert tuple(PAYLOADS) == EVENT_NAMES
    assert all(fields_of(name) for name in EVENT_NAMES)


@pytest.mark.parametrize("name", EVENT_NAMES)
def test_a_right_event_keeps_its_wire_shape(name: str) -> None:
    checked = check_event(name, PAYLOADS[name])
    assert checked.problems == ()
    assert checked.payload == PAYLOADS[name]


@pytest.mark.parametrize(
    ("name", "path"), [(name, field.path) for name in EVENT_NAMES for field in fields_of(name)]
)
def test_a_member_may_be_left_out_only_where_the_catalog_says_so(name: str, path: str) -> None:
    required = {field.path: field.required for field in fields_of(name)}[path]
    required = required and path != "weatherAlert.source"  # sources conflict: a warning
    checked = check_event(name, changed(name, path, ...))
    assert [found.path for found in checked.problems] == [f"$.event.payload.{path}"] * required


@pytest.mark.parametrize(
    ("name", "path"), [(name, field.path) for name in EVENT_NAMES for field in fields_of(name)]
)
@pytest.mark.parametrize("value", [None, 1.5, True, {"a": 1}, [], ""])
def test_no_member_takes_a_value_of_another_type(name: str, path: str, value: object) -> None:
    checked = check_event(name, changed(name, path, value))
    assert checked.problems
    assert all(found.path.startswith(f"$.event.payload.{path}") for found in checked.problems)


@pytest.mark.parametrize(
    ("name", "path", "localizable"),
    [
        (name, field.path, field.localizable)
        for name in EVENT_NAMES
        for field in fields_of(name)
        if field.kind == "text"
    ],
)
def test_a_reference_stands_only_where_a_text_is_localizable(
    name: str, path: str, localizable: bool
) -> None:
    attributes = [{"locale": "en-US", "key": "text"}]
    checked = check_event(name, changed(name, path, REFERENCE), attributes)
    assert bool(checked.problems) is not localizable


def test_exactly_the_documented_fields_are_localizable() -> None:
    localizable = {
        f"{name.split('.')[1]}.{field.path}"
        for name in EVENT_NAMES
        for field in fields_of(name)
        if field.localizable
    }
    assert localizable == {
        "WeatherAlert.weatherAlert.source",
        "SportsEvent.sportsEvent.eventLeague.name",
        "OrderStatus.order.seller.name",
        "Occasion.occasion.subject",
        "Occasion.occasion.provider.name",
        "Occasion.occasion.broker.name",
        "MediaContent.availability.provider.name",
        "MediaContent.content.name",
        "SocialGameInvite.game.name",
    }


@pytest.mark.parametrize(
    ("name", "path", "value", "suggestion"),
    [
        (WEATHER, "weatherAlert.alertType", "SNOWSTORM", "did you mean SNOW_STORM?"),
        (WEATHER, "weatherAlert.alertType", "tornado", "did you mean TORNADO?"),
        (MESSAGE, "messageGroup.count", "3", "write 3"),
        (MESSAGE, "messageGroup.count", 3.0, "write 3"),
        (MESSAGE, "messageGroup.creator.name", 7, 'write "7"'),
        (TRASH, "alert.garbageTypes", "glass", 'write ["GLASS"]'),
        (
            GAME,
            "invite.inviter.relationshipToInvitee",
            "FRIEND",
            "it belongs in $.event.payload.invite",
        ),
        (TRASH, "alert.garbageType", ["GLASS"], "did you mean garbageTypes?"),
        (OCCASION, "occasion.bookingtime", "2026-12-01T14:30:00Z", "did you mean bookingTime?"),
    ],
)
def test_a_near_miss_is_told_what_was_meant(
    name: str, path: str, value: object, suggestion: str
) -> None:
    assert problem(name, path, value).suggestion == suggestion


@pytest.mark.parametrize(
    ("time", "hint"),
    [
        ("2026-12-01T14:30:00", '"2026-12-01T14:30:00Z"'),
        ("2026-12-01", '"2026-12-01T00:00:00Z"'),
        ("tomorrow", ""),
        ("2026-13-01T14:30:00Z", ""),
        ("2026-12-01 14:30:00Z", ""),
    ],
)
def test_a_time_without_its_zone_is_refused_with_the_time_that_has_it(time: str, hint: str) -> None:
    found = problem(OCCASION, "occasion.bookingTime", time)
    assert "ISO 8601 time with a zone" in found.message
    assert hint in (found.suggestion or "")


@pytest.mark.parametrize("time", ["2026-12-01T14:30Z", "2026-12-01T14:30:00.123456789-0330"])
def test_a_time_with_its_zone_is_kept_as_it_was_written(time: str) -> None:
    payload = changed(OCCASION, "occasion.bookingTime", time)
    assert check_event(OCCASION, payload).payload == payload


def test_one_to_five_garbage_types_are_taken() -> None:
    for count in range(8):
        payload = changed(TRASH, "alert.garbageTypes", ["GLASS"] * count)
        assert bool(check_event(TRASH, payload).problems) is (count not in range(1, 6))


def test_every_problem_has_its_path_and_comes_at_once() -> None:
    payload = {"alert": {"garbageType": ["GLASS"], "garbageTypes": ["GLAS", 3]}, "note": ""}
    checked = check_event(TRASH, payload, [{}])
    assert {found.path.removeprefix("$.") for found in checked.problems} == {
        "event.payload.alert.garbageTypes[0]",
        "event.payload.alert.garbageTypes[1]",
        "event.payload.alert.garbageType",
        "event.payload.alert.collectionDayOfWeek",
        "event.payload.note",
        "localizedAttributes[0].locale",
    }


@pytest.mark.parametrize("payload", [None, [], "text", 3, True])
def test_a_payload_that_is_no_object_is_refused(payload: object) -> None:
    (found,) = check_event(WEATHER, payload).problems
    assert (found.path, "must be an object" in found.message) == ("$.event.payload", True)


def test_a_user_id_is_never_repeated() -> None:
    user_id = "amzn1.ask.account.SECRETCUSTOMER"
    payload = {user_id: user_id, "weatherAlert": {"source": [user_id], "alertType": user_id}}
    attributes = [{"locale": user_id, user_id: 3}]
    problems = check_event(WEATHER, payload, attributes).problems
    assert len(problems) == 5
    assert "SECRETCUSTOMER" not in "".join(map(repr, problems))


@pytest.mark.parametrize(
    ("name", "payload", "attributes", "shapes"),
    [
        (
            "AMAZON.JaneDoe",
            {},
            [],
            ("$.event.name: is not an event that a skill can send",),
        ),
        (
            TRASH,
            changed(TRASH, "alert.garbageTypes", ["GLASS", "JaneDoe"]),
            [],
            ("$.event.payload.alert.garbageTypes[1]: is not one of",),
        ),
        (
            OCCASION,
            {**PAYLOADS[OCCASION], "JaneDoe": {"JaneDoe": 1}},
            [],
            ("$.event.payload.*: is not known here; known are state, occasion",),
        ),
        (
            OCCASION,
            changed(OCCASION, "occasion.bookingTime", "JaneDoe at 8"),
            [{"locale": "JaneDoe", "JaneDoe": 1}],
            (
                "$.event.payload.occasion.bookingTime: must be an ISO 8601 time",
                "$.localizedAttributes[0].locale: is not a locale of Alexa's",
                "$.localizedAttributes[0].*: must be a text",
            ),
        ),
        (
            OCCASION,
            changed(OCCASION, "occasion.subject", "localizedattribute:JaneDoe"),
            [{"locale": "en-US", 'x"].JaneDoe': "text"}],
            ("$.localizedAttributes[0].*: is missing, though the payload refers to it",),
        ),
    ],
)
def test_the_shapes_of_problems_have_paths_and_rules_but_no_text_of_the_documents(
    name: str, payload: object, attributes: list[object], shapes: tuple[str, ...]
) -> None:
    found = check_event(name, payload, attributes).shapes()
    assert len(found) == len(shapes)
    for shape, expected in zip(found, shapes, strict=True):
        assert shape.startswith(expected)
    assert "JaneDoe" not in "".join(found)


@settings(deadline=None, max_examples=100)
@given(key=st.text(max_size=30), known=st.sets(st.sampled_from(["event", "name"])))
def test_a_schema_path_has_known_names_and_places_alone(key: str, known: set[str]) -> None:
    path = schema_path(at(at(at("$", "event"), 7), key), known)
    steps = [".event" if "event" in known else ".*", "[7]", f".{key}" if key in known else ".*"]
    assert path == "".join(["$", *steps])


def localized(*attributes: object) -> tuple[Problem, ...]:
    payload = changed(WEATHER, "weatherAlert.source", "localizedattribute:source")
    return check_event(WEATHER, payload, list(attributes)).problems


def test_a_key_that_every_locale_defines_is_right() -> None:
    attributes = [{"locale": locale, "source": "Wetterdienst"} for locale in LOCALES]
    assert localized(*attributes) == ()


def test_a_key_that_one_locale_lacks_is_told_with_that_locale() -> None:
    found = localized({"locale": "en-US", "source": "Desk"}, {"locale": "de-DE", "sourse": "Amt"})
    assert [str(problem) for problem in found] == [
        "$.localizedAttributes[1].source: is missing: $.event.payload.weatherAlert.source refers "
        'to it, so "de-DE" must define it (did you mean "source" where it says "sourse"?)'
    ]


@pytest.mark.parametrize(
    ("attributes", "path"),
    [
        ([], "$.localizedAttributes"),
        ([7], "$.localizedAttributes[0]"),
        ([{"source": "Desk"}], "$.localizedAttributes[0].locale"),
        ([{"locale": "en-UK", "source": "Desk"}], "$.localizedAttributes[0].locale"),
        ([{"locale": ["en-US"], "source": "Desk"}], "$.localizedAttributes[0].locale"),
        ([{"locale": "en-US", "source": ""}], "$.localizedAttributes[0].source"),
        ([{"locale": "en-US", "source": 3}], "$.localizedAttributes[0].source"),
        ([{"locale": "en-US", "source": "\ud83d"}], "$.localizedAttributes[0].source"),
        ([{"locale": "en-US", "source": "A"}] * 2, "$.localizedAttributes[1].locale"),
    ],
)
def test_wrong_localized_attributes_are_refused(attributes: list[object], path: str) -> None:
    assert [found.path for found in localized(*attributes)] == [path]


@pytest.mark.parametrize(
    ("locale", "hint"),
    [
        ("de-AT", "did you mean de-DE?"),
        ("en_us", "did you mean en-US?"),
        ("fr", "did you mean fr-CA or fr-FR?"),
        ("xx-XX", None),
    ],
)
def test_a_locale_that_alexa_lacks_is_told_with_those_of_its_language(
    locale: str, hint: str | None
) -> None:
    (found,) = localized({"locale": locale, "source": "Desk"})
    assert found.suggestion == hint


def test_localized_attributes_must_be_a_list() -> None:
    (found,) = check_event(WEATHER, PAYLOADS[WEATHER], {"locale": "en-US"}).problems
    assert found.path == "$.localizedAttributes"


def test_the_locale_itself_is_not_a_text_to_refer_to() -> None:
    payload = changed(WEATHER, "weatherAlert.source", "localizedattribute:locale")
    (found,) = check_event(WEATHER, payload, [{"locale": "en-US"}]).problems
    assert found.path == "$.event.payload.weatherAlert.source"


def test_what_nothing_refers_to_is_a_warning() -> None:
    attributes = [{"locale": "en-US", "source": "Weather Desk"}]
    checked = check_event(WEATHER, PAYLOADS[WEATHER], attributes)
    assert checked.problems == ()
    assert [found.path for found in checked.warnings] == ["$.localizedAttributes[0].source"]


@pytest.mark.parametrize("text", ["LocalizedAttribute:source", "from localizedattribute:source"])
def test_a_reference_that_would_be_read_out_is_a_warning(text: str) -> None:
    checked = check_event(WEATHER, changed(WEATHER, "weatherAlert.source", text))
    assert [found.path for found in checked.warnings] == ["$.event.payload.weatherAlert.source"]


def test_half_a_character_is_refused() -> None:
    assert "lone surrogate" in problem(WEATHER, "weatherAlert.source", "Desk \ud83d").message


def test_no_reference_is_looked_for_deeper_than_any_schema_goes() -> None:
    def nested(depth: int) -> Any:
        made: Any = REFERENCE
        for _ in range(depth):
            made = {"a": made}
        return made

    assert references(nested(20), "$").keys() == {"key"}
    assert references(nested(30), "$") == {}
