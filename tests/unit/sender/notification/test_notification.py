"""A message of the queue: what is wrong with one is named, and never what it holds."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from yellowring.sender.notification.notification import (
    InvalidNotification,
    Notification,
    parse_notification,
    with_expiry,
)

from tests.envelopes import WEATHER

SENT = datetime(2026, 11, 20, 9, tzinfo=UTC)
USER = "amzn1.ask.account.SECRETCUSTOMER"
PAYLOAD = {"weatherAlert": {"source": "Jane Doe", "alertType": "SNOW_STORM"}}

MANY = {
    "weatherAlert": {
        "source": "".join(f"{{a{n}}}" for n in range(101)),
        "alertType": "SNOW_STORM",
    }
}


def document(**changes: Any) -> dict[str, Any]:
    """Return a notification, with changes; a change to ``...`` takes the key out."""
    whole = {
        "event": {"name": WEATHER, "payload": PAYLOAD},
        "to": {"userId": USER},
        "referenceId": "order~7",
    } | changes
    return {key: value for key, value in whole.items() if value is not ...}


def parse(**changes: Any) -> Notification:
    return parse_notification(json.dumps(document(**changes)), SENT)


def test_a_message_is_read_whole() -> None:
    assert parse() == Notification(
        USER, None, "order~7", WEATHER, PAYLOAD, [], SENT, SENT + timedelta(hours=1)
    )


def test_texts_go_along() -> None:
    payload = {"weatherAlert": {"source": "localizedattribute:source", "alertType": "SNOW_STORM"}}
    texts = [{"locale": "en-US", "source": "Weather Desk"}]
    parsed = parse(event={"name": WEATHER, "payload": payload}, localizedAttributes=texts)
    assert parsed.localized_attributes == texts


def test_it_shows_nobody_and_nothing_personal() -> None:
    assert "SECRETCUSTOMER" not in repr(parse())
    assert "Jane" not in repr(parse())


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"event": ...}, "$.event"),
        ({"event": "x"}, "$.event"),
        ({"event": {"name": WEATHER}}, "$.event"),
        ({"event": {"name": WEATHER, "payload": PAYLOAD, "more": 1}}, "$.event"),
        ({"event": {"name": "AMAZON.Nothing", "payload": {}}}, "$.event.name"),
        ({"event": {"name": WEATHER, "payload": {"weatherAlert": {}}}}, "$.event.payload"),
        ({"event": {"name": WEATHER, "payload": MANY}}, "more than 100 attributes"),
        ({"localizedAttributes": "Jane Doe"}, "localizedAttributes"),
        ({"to": ...}, "$.to"),
        ({"to": USER}, "$.to"),
        ({"to": {}}, "$.to must have a userId or a customerId"),
        ({"to": {"userId": USER, "customerId": "4711"}}, "and nothing else"),
        ({"to": {"customerId": "Jane Doe"}}, "$.to.customerId"),
        ({"to": {"customerId": "J" * 256}}, "$.to.customerId"),
        ({"to": {"customerId": 4711}}, "$.to.customerId"),
        ({"to": {"customerId": "Atza|JaneDoe"}}, "$.to.customerId"),
        ({"to": {"userId": "Jane Doe"}}, "$.to.userId"),
        ({"to": {"userId": f"{USER} and more"}}, "$.to.userId"),
        ({"to": {"userId": USER.ljust(256, "x")}}, "$.to.userId"),
        ({"to": {"userId": 7}}, "$.to.userId"),
        ({"referenceId": ...}, "$.referenceId"),
        ({"referenceId": ""}, "$.referenceId"),
        ({"referenceId": "Jane-Doe"}, "$.referenceId"),
        ({"referenceId": "x" * 65}, "$.referenceId"),
        ({"expiresIn": "PT4M59S"}, "$.expiresIn"),
        ({"expiresIn": "PT24H1S"}, "$.expiresIn"),
        ({"expiresIn": "soon, Jane Doe"}, "$.expiresIn"),
        ({"expiresIn": 3600}, "$.expiresIn"),
        ({"expiryTime": "soon, Jane Doe"}, "$.expiryTime"),
        ({"expiryTime": None}, "$.expiryTime"),
        ({"expiryTime": "0001-01-01T00:00:00Z"}, "$.expiryTime"),
        ({"Jane Doe": USER}, "1 members are not known"),
    ],
    ids=str,
)
def test_what_is_wrong_is_named_and_what_it_holds_is_not(
    changes: dict[str, Any], named: str
) -> None:
    with pytest.raises(InvalidNotification) as refused:
        parse(**changes)
    assert named in str(refused.value)
    assert "SECRETCUSTOMER" not in str(refused.value)
    assert "Jane" not in str(refused.value)


@pytest.mark.parametrize("body", ["", "not json", "[]", "7", "[" * 100_000])
def test_what_is_no_object_is_refused(body: str) -> None:
    with pytest.raises(InvalidNotification):
        parse_notification(body, SENT)


@pytest.mark.parametrize(
    ("text", "minutes"),
    [("PT5M", 6.5), ("PT6M30S", 6.5), ("PT7M", 7), ("PT24H", 1440)],
)
def test_a_duration_counts_from_when_it_was_put_on_the_queue(text: str, minutes: float) -> None:
    parsed = parse(expiresIn=text)
    assert (parsed.created_at, parsed.expiry_time) == (SENT, SENT + timedelta(minutes=minutes))
    assert parsed.last_send == parsed.expiry_time - timedelta(minutes=5, seconds=30)


@pytest.mark.parametrize("zone", ["Z", "", "+00:00"])
def test_an_expiry_time_comes_before_a_duration(zone: str) -> None:
    parsed = parse(expiryTime=f"2026-11-20T11:00:00{zone}", expiresIn="PT5M")
    assert (parsed.created_at, parsed.expiry_time) == (SENT, SENT + timedelta(hours=2))


@pytest.mark.parametrize(
    ("hours", "created"),
    [
        (24, timedelta(0)),
        (0.05, timedelta(minutes=3 - 6.5)),  # it was sent again later, from the dead letters
        (-5, timedelta(hours=-5, minutes=-6.5)),
    ],
)
def test_timestamp_and_expiry_are_as_far_apart_as_alexa_takes(
    hours: float, created: timedelta
) -> None:
    expiry = SENT + timedelta(hours=hours)
    parsed = parse(expiryTime=expiry.isoformat())
    assert (parsed.created_at, parsed.expiry_time) == (SENT + created, expiry)


def test_an_expiry_by_a_clock_that_is_ahead_is_a_day_after_the_queues_own() -> None:
    expiry = SENT + timedelta(hours=24, minutes=10)
    assert parse(expiryTime=expiry.isoformat()).expiry_time == SENT + timedelta(hours=24)


def test_an_expiry_further_ahead_than_alexa_takes_is_refused_as_that() -> None:
    expiry = SENT + timedelta(hours=24, minutes=10, seconds=1)
    with pytest.raises(InvalidNotification, match="at most 24 hours ahead"):
        parse(expiryTime=expiry.isoformat())


# ---- what becomes evidence ----


def test_evidence_holds_its_expiry_as_a_time_so_that_a_redrive_has_it_live_no_longer() -> None:
    kept = with_expiry(json.dumps(document(expiresIn="PT2H")), SENT)
    again = parse_notification(kept, SENT + timedelta(minutes=30))
    assert again.expiry_time == SENT + timedelta(hours=2)
    assert "expiresIn" not in json.loads(kept)
    assert replace(again, created_at=SENT) == parse(expiresIn="PT2H")


@pytest.mark.parametrize("body", ["no json", "{}", "[" * 100_000])
def test_evidence_that_cannot_be_read_is_kept_as_it_is(body: str) -> None:
    assert with_expiry(body, SENT) == body
