"""What goes on the queue is what the sender reads, whoever puts it there."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest
from yellowring.queue_message import SHORTEST_LIFE, expiry_of, queue_message
from yellowring.sender.notification.notification import parse_notification

from tests.envelopes import WEATHER

NOW = datetime(2026, 11, 20, 9, 0, 0, 700_000, tzinfo=UTC)
EVENT = {
    "name": WEATHER,
    "payload": {"weatherAlert": {"source": "localizedattribute:s", "alertType": "SNOW_STORM"}},
}
TEXTS = [{"locale": "en-US", "s": "Weather Desk"}]


def test_the_sender_reads_what_was_put() -> None:
    to = {"userId": "amzn1.ask.account.ANNA"}
    expiry = expiry_of(NOW, timedelta(hours=2))
    message = queue_message(EVENT, TEXTS, to=to, reference_id="order~7", expiry_time=expiry)
    read = parse_notification(json.dumps(message), NOW)
    assert (read.event_name, read.payload) == (EVENT["name"], EVENT["payload"])
    assert read.localized_attributes == TEXTS
    assert (read.user_id, read.reference_id) == (to["userId"], "order~7")
    assert read.expiry_time == expiry == NOW.replace(microsecond=0) + timedelta(hours=2)


@pytest.mark.parametrize(
    ("seconds", "lives"), [(300, 390), (389, 390), (390, 390), (391, 391), (86_400, 86_400)]
)
def test_it_lives_at_least_as_long_as_the_sender_needs(seconds: int, lives: int) -> None:
    expiry = expiry_of(NOW, timedelta(seconds=seconds))
    assert expiry - NOW.replace(microsecond=0) == timedelta(seconds=lives)
    assert timedelta(minutes=6, seconds=30) == SHORTEST_LIFE
