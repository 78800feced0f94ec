"""What the skill function makes of skill messages, good and bad."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import EndpointConnectionError
from hypothesis import given, settings
from hypothesis import strategies as st
from yellowring.sender.campaign import InvalidCampaign, parse_campaign
from yellowring.sender.campaign.parsing import MOST_PLACEHOLDERS
from yellowring.sender.notification.notification import Notification, parse_notification
from yellowring.settings import InvalidSettings
from yellowring.skill import commands
from yellowring.skill.commands import InvalidMessage, Notify, parse_command
from yellowring.skill.notifications import reference_id_of

from tests.conftest import SKILL_ID
from tests.envelopes import EU, START, USER, WEATHER, command, message, subscribed, time
from tests.unit.skill.conftest import NOW

if TYPE_CHECKING:
    from mypy_boto3_sqs.client import SQSClient

    from tests.unit.skill.kit import Handle, Record

ACKNOWLEDGED = {"version": "1.0", "response": {}}
EVENT = {
    "name": WEATHER,
    "payload": {"weatherAlert": {"source": "Weather Desk", "alertType": "SNOW_STORM"}},
}
CAMPAIGN = {"name": "snow-warning", "event": EVENT, "expiresIn": "PT30M"}


def notifications(sqs: SQSClient) -> list[Notification]:
    """Take every notification from the queue, read as the sender reads it."""
    url = sqs.get_queue_url(QueueName="notifications")["QueueUrl"]
    found = []
    while messages := sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages"):
        found += [parse_notification(each["Body"], datetime.now(UTC)) for each in messages]
    return found


def test_notify_puts_a_notification_on_the_queue_that_the_sender_reads(
    handle: Handle, sqs: SQSClient
) -> None:
    handle(message(command("notify", campaign=CAMPAIGN)))
    (notification,) = notifications(sqs)
    assert notification.user_id == USER
    assert (notification.event_name, notification.payload) == (WEATHER, EVENT["payload"])
    assert notification.localized_attributes == []
    assert re.fullmatch(r"message~[0-9a-f]{20}", notification.reference_id)


def test_what_the_locales_say_goes_along(handle: Handle, sqs: SQSClient) -> None:
    source = {"source": "localizedattribute:desk", "alertType": "SNOW_STORM"}
    event = {"name": WEATHER, "payload": {"weatherAlert": source}}
    texts = [{"locale": "en-US", "desk": "Weather Desk"}]
    campaign = {"name": "snow", "event": event, "localizedAttributes": texts}
    handle(message(command("notify", campaign=campaign)))
    assert notifications(sqs)[0].localized_attributes == texts


@pytest.mark.parametrize(
    ("expires_in", "minutes"),
    [
        ({}, 60),
        ({"expiresIn": "PT30M"}, 30),
        ({"expiresIn": "PT24H"}, 1440),
        ({"expiresIn": "PT5M"}, 6.5),
    ],
)
def test_a_notification_expires_so_long_after_its_message_was_sent(
    handle: Handle, sqs: SQSClient, expires_in: dict[str, str], minutes: float
) -> None:
    handle(message(command("notify", campaign={"name": "x", "event": EVENT, **expires_in}), at=90))
    (notification,) = notifications(sqs)
    sent_at = START + timedelta(seconds=90)
    assert notification.expiry_time == sent_at + timedelta(minutes=minutes)


def test_a_message_without_a_usable_time_counts_from_now(handle: Handle, sqs: SQSClient) -> None:
    handle(message(command("notify", campaign=CAMPAIGN), at="soon"))
    (notification,) = notifications(sqs)
    now = START + timedelta(hours=1)
    assert notification.expiry_time == now + timedelta(minutes=30)


def test_notify_touches_no_record(handle: Handle, aws: Any, record: Record) -> None:
    handle(message(command("notify", campaign=CAMPAIGN)))
    assert record(USER) is None


@pytest.mark.parametrize("reference", [{}, {"referenceId": "order~4711"}])
def test_ten_deliveries_of_a_message_are_one_notification(
    handle: Handle, sqs: SQSClient, reference: dict[str, str]
) -> None:
    delivered = message(command("notify", campaign=CAMPAIGN, **reference))
    for _ in range(10):
        handle(delivered)
    assert len({(each.reference_id, each.expiry_time) for each in notifications(sqs)}) == 1


def test_a_reference_id_is_kept_as_it_was_given(handle: Handle, sqs: SQSClient) -> None:
    data = command("notify", campaign=CAMPAIGN, referenceId="order~4711")
    other = "amzn1.ask.account.ANOTHER"
    for user in (USER, other):
        handle(message(data, user=user))
    named = {(each.reference_id, each.user_id) for each in notifications(sqs)}
    assert named == {("order~4711", USER), ("order~4711", other)}


def test_messages_without_a_reference_id_are_notifications_of_their_own(
    handle: Handle, sqs: SQSClient
) -> None:
    for _ in range(2):
        handle(message(command("notify", campaign=CAMPAIGN)))
    assert len({each.reference_id for each in notifications(sqs)}) == 2


def test_a_reference_id_of_ours_does_not_tell_the_request_and_differs_between_skills() -> None:
    ours, theirs = reference_id_of("request-1", SKILL_ID), reference_id_of("request-1", "other")
    assert ours != theirs
    assert "request" not in ours


def test_without_a_queue_only_notify_fails_and_says_what_is_missing(
    handle: Handle, environment: pytest.MonkeyPatch, record: Record
) -> None:
    environment.delenv("NOTIFICATIONS_QUEUE_URL")
    handle(message(command("refresh"), endpoint=EU))
    assert record(USER) is not None
    with pytest.raises(InvalidSettings, match="NOTIFICATIONS_QUEUE_URL"):
        handle(message(command("notify", campaign=CAMPAIGN)))


def test_a_queue_that_does_not_answer_fails_the_invocation(
    handle: Handle, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise EndpointConnectionError(endpoint_url="https://sqs.example")

    monkeypatch.setattr("botocore.client.BaseClient._make_api_call", fail)
    with pytest.raises(EndpointConnectionError):
        handle(message(command("notify", campaign=CAMPAIGN)))


def test_refresh_stores_endpoint_and_locale(handle: Handle, record: Record) -> None:
    handle(message(command("refresh"), endpoint=EU, locale="de_de"))
    item = record(USER)
    assert item is not None
    assert (item["host"]["value"], item["locale"]["value"]) == (EU, "de-DE")


def test_refresh_without_a_locale_leaves_the_locale_alone(handle: Handle, record: Record) -> None:
    handle(message(command("refresh"), at=1, locale="de-DE"))
    handle(message(command("refresh"), at=2, locale=None, endpoint=EU))
    item = record(USER)
    assert item is not None
    assert (item["host"]["value"], item["locale"]["value"]) == (EU, "de-DE")


@pytest.mark.parametrize("value", ["x" * 600, "ü" * 300, ["x" * 293, "x" * 300]])
def test_a_value_has_at_most_600_bytes(handle: Handle, record: Record, value: object) -> None:
    handle(message(changed(set={"plan": value})))
    item = record(USER)
    assert item is not None
    assert item["attributes"]["plan"]["value"] == value


def test_a_refresh_from_an_unknown_host_stores_the_locale_alone(
    handle: Handle, record: Record
) -> None:
    handle(message(command("refresh"), endpoint="https://evil.example", locale="de-DE"))
    item = record(USER)
    assert item is not None
    assert item.keys() == {"userId", "locale", "expiresAt"}


def test_a_forget_without_a_usable_time_happened_now(handle: Handle, record: Record) -> None:
    handle(message(command("forget"), at="2999-01-01T00:00:00Z"))
    item = record(USER)
    assert item is not None
    assert item["erasedAt"] // 1000 == NOW.timestamp()


def test_a_notification_without_reference_and_request_id_is_refused(
    handle: Handle, sqs: SQSClient
) -> None:
    made = message(command("notify", campaign=CAMPAIGN))
    made["request"]["requestId"] = ""
    assert handle(made) == ACKNOWLEDGED
    assert notifications(sqs) == []


def test_forget_leaves_a_tombstone_that_only_a_newer_subscription_lifts(
    handle: Handle, record: Record
) -> None:
    handle(subscribed(WEATHER, at=1))
    handle(message(command("attributes", set={"plan": "gold"}), at=2))
    handle(message(command("forget"), at=3))
    item = record(USER)
    assert item is not None
    assert item.keys() == {"userId", "erasedAt", "expiresAt"}
    handle(subscribed(WEATHER, at=4))
    item = record(USER)
    assert item is not None
    assert "expiresAt" not in item


def test_members_may_be_told_as_texts_as_the_reference_has_them(
    handle: Handle, sqs: SQSClient, record: Record
) -> None:
    handle(
        message(
            {"version": "1", "command": "attributes", "set": '{"seats": 4}', "remove": '["plan"]'}
        )
    )
    handle(message({"version": "1", "command": "notify", "campaign": json.dumps(CAMPAIGN)}))
    item = record(USER)
    assert item is not None
    assert item["attributes"]["seats"]["value"] == 4
    assert len(notifications(sqs)) == 1


def nested(depth: int) -> Any:
    value: Any = 0
    for _ in range(depth):
        value = [value]
    return value


def notify(**members: Any) -> dict[str, Any]:
    return command("notify", campaign={**CAMPAIGN, **members})


def changed(**members: Any) -> dict[str, Any]:
    return command("attributes", **members)


WRONG: dict[str, tuple[Any, str]] = {
    "no message": (None, "request.message"),
    "a text": ("forget", "request.message"),
    "nothing in it": ({}, "$.version"),
    "no version": ({"command": "forget"}, "$.version"),
    "another version": ({"version": 2, "command": "forget"}, "$.version"),
    "true for a version": ({"version": True, "command": "forget"}, "$.version"),
    "a word for a version": ({"version": "one", "command": "forget"}, "$.version"),
    "no command": ({"version": 1}, "$.command"),
    "an unknown command": (command("teleport"), "$.command"),
    "a list for a command": ({"version": 1, "command": ["forget"]}, "$.command"),
    "a member too many": (command("forget", really=True), "$ has a member"),
    "no campaign": (command("notify"), "$.campaign"),
    "a text for a campaign": (command("notify", campaign="snow"), "$.campaign"),
    "a campaign with an audience": (notify(audience={"type": "multicast"}), "$.campaign.audience"),
    "a campaign with too much": (notify(urgent=True), "$.campaign has a member"),
    "a campaign without a name": (notify(name=""), "$.campaign.name"),
    "an expiry of four minutes": (notify(expiresIn="PT4M"), "$.campaign.expiresIn"),
    "an expiry of 25 hours": (notify(expiresIn="PT25H"), "$.campaign.expiresIn"),
    "an expiry of no length": (notify(expiresIn="PT"), "$.campaign.expiresIn"),
    "an expiry that is a number": (notify(expiresIn=3600), "$.campaign.expiresIn"),
    "an unknown event": (notify(event={**EVENT, "name": "AMAZON.X"}), "$.campaign.event.name"),
    "an event without a payload": (notify(event={"name": WEATHER}), "$.campaign.event"),
    "a payload of another kind": (
        notify(event={**EVENT, "payload": {"weatherAlert": {"source": "x"}}}),
        "$.campaign.event.payload.weatherAlert.alertType",
    ),
    "texts that nobody defines": (
        notify(
            event={
                "name": WEATHER,
                "payload": {
                    "weatherAlert": {"source": "localizedattribute:x", "alertType": "TORNADO"}
                },
            }
        ),
        "$.campaign.localizedAttributes",
    ),
    "a reference id with a dot": (
        command("notify", campaign=CAMPAIGN, referenceId="a.b"),
        "$.referenceId",
    ),
    "a reference id of 65 letters": (
        command("notify", campaign=CAMPAIGN, referenceId="a" * 65),
        "$.referenceId",
    ),
    "no attributes": (changed(), "$.set"),
    "21 attributes": (changed(set={f"key{i}": i for i in range(21)}), "20"),
    "a list to set": (changed(set=["plan"]), "$.set"),
    "a text to remove": (changed(remove='"plan"'), "$.remove"),
    "set and remove at once": (changed(set={"plan": 1}, remove=["plan"]), "$.remove and $.set"),
    "a key with a dot": (changed(set={"plan.at": "x"}), "must be a letter"),
    "a key that begins with a digit": (changed(remove=["4you"]), "must be a letter"),
    "a key of 41 letters": (changed(set={"k" * 41: "x"}), "must be a letter"),
    "null to set": (changed(set={"plan": None}), "$.remove"),
    "an object to set": (changed(set={"plan": {"name": "gold"}}), "$.set"),
    "a text of 601 bytes": (changed(set={"plan": "x" * 601}), "600"),
    "a text of 301 letters of two bytes": (changed(set={"plan": "ü" * 301}), "600"),
    "a list of 601 bytes": (changed(set={"plan": ["x" * 294, "x" * 300]}), "600"),
    "a list of many": (changed(set={"plan": [""] * 300}), "600"),
    "a token": (changed(set={"plan": "Atza|test"}), "$.set"),
    "half a character": (changed(set={"plan": "\ud800"}), "$.set"),
    "infinity": (changed(set={"plan": float("inf")}), "2^53"),
    "not a number": (changed(set={"plan": float("nan")}), "2^53"),
    "a number too large": (changed(set={"plan": 2**53 + 1}), "2^53"),
    "a number too small": (changed(set={"plan": 1e-200}), "e-100"),
    "a list of numbers": (changed(set={"plan": [1]}), "a list of texts"),
    "more than 6 KB": (changed(set={f"key{i}": "x" * 1000 for i in range(7)}), "6144"),
    "a nest": (command("attributes", set={"plan": nested(2000)}), "deeper"),
    "a nest in a text": (command("attributes", set="[" * 2000 + "]" * 2000), "$.set"),
}


@pytest.mark.parametrize("case", WRONG)
def test_what_is_no_command_is_acknowledged_counted_and_logged_with_the_reason(
    handle: Handle, sqs: SQSClient, aws: Any, case: str, logs_without_personal_data: list[str]
) -> None:
    data, reason = WRONG[case]
    assert handle(message(data)) == ACKNOWLEDGED
    assert aws.scan(TableName="subscribers")["Items"] == []
    assert notifications(sqs) == []
    (line,) = [text for text in logs_without_personal_data if "invalid request" in text]
    assert reason in json.loads(line)["problem"]
    assert '"InvalidRequests":1' in "".join(logs_without_personal_data)


def test_the_skill_refuses_just_the_notifications_that_name_too_many_attributes_for_the_sender(
    handle: Handle, sqs: SQSClient
) -> None:
    assert commands.MOST_PLACEHOLDERS == MOST_PLACEHOLDERS
    for number in (MOST_PLACEHOLDERS, MOST_PLACEHOLDERS + 1):
        texts = " ".join(f"{{a{i}|x}} {{a{i}}} {{{i}}}" for i in range(number))
        weather = {"source": texts, "alertType": "TORNADO"}
        event = {"name": WEATHER, "payload": {"weatherAlert": weather}}
        handle(message(command("notify", campaign={"name": "x", "event": event})))
        found = notifications(sqs)
        assert len(found) == (1 if number == MOST_PLACEHOLDERS else 0)


@pytest.mark.parametrize(
    "made",
    [
        message(command("refresh"), endpoint="https://evil.example", locale=None),
        message(command("refresh"), locale="german"),
        message(command("refresh"), endpoint=None, locale=None),
        message(command("notify", campaign=CAMPAIGN), user="somebody"),
    ],
    ids=["a foreign endpoint", "no locale", "nothing to refresh", "no account"],
)
def test_an_envelope_that_does_not_fit_its_command_changes_nothing(
    handle: Handle, sqs: SQSClient, aws: Any, made: dict[str, Any]
) -> None:
    assert handle(made) == ACKNOWLEDGED
    assert aws.scan(TableName="subscribers")["Items"] == []
    assert notifications(sqs) == []


def test_the_values_of_attributes_are_never_logged(
    handle: Handle, logs_without_personal_data: list[str]
) -> None:
    handle(message(changed(set={"plan": "secretly-gold"})))
    handle(message(changed(set={"plan": ["secretly-gold", 1]})))
    handle(message(changed(set={"plan": "secretly-gold" * 100})))
    assert "secretly" not in "".join(logs_without_personal_data)


SECRET = "Jane Doe (oncology)"
APPOINTMENT: dict[str, Any] = {
    "state": {"confirmationStatus": "CONFIRMED"},
    "occasion": {
        "occasionType": "APPOINTMENT",
        "subject": "localizedattribute:oncology",
        "provider": {"name": SECRET},
        "bookingTime": "2026-12-01T14:30:00Z",
    },
}
TEXTS = {"locale": "en-US", "oncology": SECRET}


def appointment(payload: object, *texts: object, name: str = "AMAZON.Occasion.Updated") -> Any:
    return notify(event={"name": name, "payload": payload}, localizedAttributes=list(texts))


def occasion(**members: object) -> dict[str, Any]:
    return APPOINTMENT | {"occasion": {**APPOINTMENT["occasion"], **members}}


@pytest.mark.parametrize(
    "data",
    [
        appointment(occasion(occasionType=f"APPOINTMENT for {SECRET}"), TEXTS),
        appointment(occasion(bookingTime=f"{SECRET} 2026-12-01"), TEXTS),
        appointment(occasion(bookingTime="2026-12-01T14:30:00 oncology"), TEXTS),
        appointment(occasion(provider=SECRET), TEXTS),
        appointment(occasion(oncology=1), TEXTS),
        appointment(occasion(**{'x"].oncology': 1}), TEXTS),
        appointment({"oncology": APPOINTMENT}, TEXTS),
        appointment(APPOINTMENT, name=f"AMAZON.{SECRET}"),
        appointment(APPOINTMENT),
        appointment(APPOINTMENT, SECRET),
        appointment(APPOINTMENT, {"locale": "en-US"}),
        appointment(APPOINTMENT, {"locale": "en-US", "onkology": SECRET}),
        appointment(APPOINTMENT, {**TEXTS, "locale": SECRET}),
        appointment(APPOINTMENT, {**TEXTS, "Jane": 1}),
        appointment(APPOINTMENT, TEXTS, TEXTS),
        notify(oncology=SECRET),
        notify(localizedAttributes=SECRET),
        {"version": 1, "command": "forget", "oncology": SECRET},
        changed(set={"oncology": {}}),
        changed(set={"oncology": 1}, remove=["oncology"]),
        changed(remove=["oncology.at"]),
    ],
)
def test_no_text_of_a_refused_message_is_logged(
    handle: Handle, data: Any, logs_without_personal_data: list[str]
) -> None:
    assert handle(message(data)) == ACKNOWLEDGED
    logged = "".join(logs_without_personal_data)
    assert "invalid request" in logged
    for text in ("Jane", "Doe", "oncology", "onkology"):
        assert text not in logged


def test_what_a_message_did_is_logged_and_counted(
    handle: Handle, logs_without_personal_data: list[str]
) -> None:
    handle(message(changed(set={"plan": "gold"}), at=2))
    handle(message(changed(set={"plan": "tin"}), at=1))
    handle(message(notify()))
    lines = [json.loads(line) for line in logs_without_personal_data]
    done = [(line["command"], line["outcome"]) for line in lines if "SkillMessages" in line]
    assert done == [
        ("SetAttributes", "applied"),
        ("SetAttributes", "stale"),
        ("Notify", "queued"),
    ]


campaigns = st.fixed_dictionaries(
    {
        "name": st.sampled_from(["snow", "", "a" * 40, "a" * 41, "no space", 7]),
        "event": st.just(EVENT),
    },
    optional={
        "expiresIn": st.one_of(
            st.from_regex(r"\AP(\d{1,2}D)?(T(\d{1,2}H)?(\d{1,3}M)?(\d{1,4}S)?)?\Z"),
            st.sampled_from(["PT5M", "PT24H", "P1D", "PT4M59S", "PT24H1S", "PT", "P", "", None, 1]),
        ),
        "localizedAttributes": st.sampled_from([[], [{"locale": "en-US"}], [{}], None, "x"]),
        "$schema": st.just("campaign.schema.json"),
        "urgent": st.just(True),
    },
)


@settings(max_examples=200, deadline=None)
@given(campaign=campaigns)
def test_a_campaign_is_taken_exactly_when_the_sender_would_take_it(
    campaign: dict[str, Any],
) -> None:
    try:
        parsed = parse_command(command("notify", campaign=campaign))
        assert isinstance(parsed, Notify)
        ours: Any = parse_campaign(dict(parsed.campaign)).document()
    except InvalidMessage:
        ours = None
    try:
        theirs: Any = parse_campaign(campaign).document()
    except InvalidCampaign:
        theirs = None
    assert ours == theirs


def test_messages_are_ordered_by_their_own_time_not_by_arrival(
    handle: Handle, record: Record
) -> None:
    handle(message(changed(set={"plan": "gold"}), at=time(20)))
    handle(message(changed(remove=["plan"]), at=time(10)))
    item = record(USER)
    assert item is not None
    assert item["attributes"]["plan"]["value"] == "gold"
