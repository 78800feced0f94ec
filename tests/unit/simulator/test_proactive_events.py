"""A request's body: each rule of the Proactive Events API, at its edges."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from yellowring_tools.simulator.alexa.proactive_events import Refused, parse_request

from tests.unit.simulator.support import NOON, request_body, weather_event


def refusal(body: bytes) -> str:
    with pytest.raises(Refused) as caught:
        parse_request(body, NOON)
    assert caught.value.status == 400
    return caught.value.document["message"]


def test_a_right_request_is_read() -> None:
    event = parse_request(request_body(user_id="amzn1.ask.account.A"), NOON)
    assert (event.reference_id, event.user_id) == ("storm~1", "amzn1.ask.account.A")
    assert event.timestamp == NOON
    assert event.expiry == NOON + timedelta(hours=1)
    assert event.content.payload == weather_event()["payload"]


def test_a_multicast_names_nobody() -> None:
    assert parse_request(request_body(), NOON).user_id is None


def test_the_same_content_is_checked_once() -> None:
    first = parse_request(request_body(user_id="amzn1.ask.account.A"), NOON)
    second = parse_request(request_body(user_id="amzn1.ask.account.B"), NOON)
    assert first.content is second.content


def test_localized_attributes_may_be_left_out_when_nothing_refers_to_them() -> None:
    event = weather_event()
    event["payload"]["weatherAlert"]["source"] = "Met"
    body = request_body(event=event, localizedAttributes=None)
    assert parse_request(body, NOON).content.localized_attributes == []


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (b"", "not JSON"),
        (b"{", "not JSON"),
        (b"\xff{}", "not JSON"),
        (b'{"timestamp": NaN}', "NaN"),
        (b"[" * 100_000, "not JSON"),
        (b"[]", "object"),
        (b'"x"', "object"),
    ],
)
def test_what_is_no_json_object_is_refused(body: bytes, expected: str) -> None:
    assert expected in refusal(body)


@pytest.mark.parametrize(
    "field", ["timestamp", "referenceId", "expiryTime", "event", "relevantAudience"]
)
def test_a_missing_field_is_named(field: str) -> None:
    left_out: dict[str, Any] = {field: None}
    assert f"field {field} is missing" in refusal(request_body(**left_out))


def test_an_unknown_field_is_named() -> None:
    assert "unknown field referenceID" in refusal(request_body(referenceID="x"))


@pytest.mark.parametrize("field", ["timestamp", "expiryTime"])
@pytest.mark.parametrize("value", ["2026-11-20T12:30:00", "soon", 1, "2026-11-20", ""])
def test_times_without_a_zone_are_refused(field: str, value: object) -> None:
    wrong: dict[str, Any] = {field: value}
    assert refusal(request_body(**wrong)).startswith(f"{field}: must be an ISO 8601")


@pytest.mark.parametrize(
    ("after", "expected"),
    [
        (timedelta(minutes=4, seconds=59), "at least 5 minutes"),
        (timedelta(minutes=5), None),
        (timedelta(hours=24), None),
        (timedelta(hours=24, seconds=1), "at most 24 hours"),
        (-timedelta(hours=1), "at least 5 minutes"),
    ],
)
def test_an_event_expires_five_minutes_to_a_day_after_its_timestamp(
    after: timedelta, expected: str | None
) -> None:
    body = request_body(expiryTime=(NOON + after).isoformat())
    if expected is None:
        assert parse_request(body, NOON).expiry == NOON + after
    else:
        assert expected in refusal(body)


@pytest.mark.parametrize(
    ("timestamp", "expiry", "expected"),
    [
        (-timedelta(minutes=30), timedelta(minutes=4, seconds=59), "at least 5 minutes"),
        (-timedelta(minutes=30), timedelta(minutes=5), None),
        (timedelta(hours=2), timedelta(hours=24, minutes=1), None),
        (timedelta(hours=2), timedelta(hours=24, minutes=1, seconds=1), "at most 24 hours"),
    ],
)
def test_the_expiry_is_held_against_the_clock_too(
    timestamp: timedelta, expiry: timedelta, expected: str | None
) -> None:
    body = request_body(
        timestamp=(NOON + timestamp).isoformat(), expiryTime=(NOON + expiry).isoformat()
    )
    if expected is None:
        assert parse_request(body, NOON).expiry == NOON + expiry
    else:
        assert expected in refusal(body)


@pytest.mark.parametrize("reference_id", ["a", "A~9", "x" * 100])
def test_a_reference_id_is_letters_digits_and_tilde(reference_id: str) -> None:
    body = request_body(referenceId=reference_id)
    assert parse_request(body, NOON).reference_id == reference_id


@pytest.mark.parametrize(
    "reference_id", ["", "x" * 101, "a_b", "a b", "b5b4-11ea", "ä", "a\n", 7, []]
)
def test_another_reference_id_is_refused(reference_id: object) -> None:
    assert refusal(request_body(referenceId=reference_id)).startswith("referenceId: must be")


@pytest.mark.parametrize(
    "audience",
    [
        "Multicast",
        {},
        {"type": "Unicast"},
        {"type": "unicast", "payload": {"user": "x"}},
        {"type": "Unicast", "payload": {}},
        {"type": "Unicast", "payload": {"user": ""}},
        {"type": "Unicast", "payload": {"user": 5}},
        {"type": "Unicast", "payload": {"user": "x" * 256}},
        {"type": "Unicast", "payload": {"user": "x", "more": 1}},
        {"type": "Multicast", "payload": {"user": "x"}},
        {"type": "Multicast", "payload": None},
        {"type": [], "payload": {}},
    ],
)
def test_an_audience_is_one_user_or_everyone(audience: object) -> None:
    assert refusal(request_body(relevantAudience=audience)).startswith("relevantAudience")


def test_a_wrong_content_is_refused_with_its_path_every_time() -> None:
    event: dict[str, Any] = weather_event()
    event["payload"]["weatherAlert"]["alertType"] = "SNOWSTORM"
    for _ in range(2):
        message = refusal(request_body(event=event))
        assert "event.payload.weatherAlert.alertType" in message
        assert "SNOW_STORM" in message


def test_a_content_that_is_nested_too_deep_is_refused() -> None:
    deep = b'{"a":' * 50_000 + b"1" + b"}" * 50_000
    body = request_body(event="DEEP").replace(b'"DEEP"', deep)
    assert refusal(body)
