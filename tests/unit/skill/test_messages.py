"""What the skill function makes of skill messages, good and bad."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import EndpointConnectionError
from hypothesis import given, settings
from hypothesis import strategies as st
from yellowring.sender.campaign import InvalidCampaign, parse_campaign
from yellowring.sender.order import parse_order
from yellowring.sender.work import OrderWork, read
from yellowring.settings import InvalidSettings
from yellowring.skill.commands import InvalidMessage, Notify, parse_command
from yellowring.skill.orders import run_id

from tests.conftest import SKILL_ID
from tests.envelopes import EU, USER, WEATHER, command, message, subscribed, time
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


def orders(sqs: SQSClient) -> list[dict[str, Any]]:
    """Take every order from the work queue, read as the sender reads it."""
    url = sqs.get_queue_url(QueueName="work")["QueueUrl"]
    found = []
    while messages := sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages"):
        for each in messages:
            work = read(each["Body"])
            assert isinstance(work, OrderWork)
            found.append(work.order)
    return found


def test_notify_orders_a_run_for_this_customer_alone(handle: Handle, sqs: SQSClient) -> None:
    handle(message(command("notify", campaign=CAMPAIGN)))
    (order,) = orders(sqs)
    run = parse_order(order, datetime.now(UTC))
    assert run.campaign.audience.user_ids == (USER,)
    assert run.campaign.event_name == WEATHER
    assert run.campaign.expires_in.total_seconds() == 1800
    assert re.fullmatch(r"[A-Za-z0-9~]{1,100}", run.run_id)
    assert USER not in run.run_id


def test_notify_touches_no_record(handle: Handle, aws: Any, record: Record) -> None:
    handle(message(command("notify", campaign=CAMPAIGN)))
    assert record(USER) is None


@pytest.mark.parametrize("reference", [{}, {"referenceId": "order~4711"}])
def test_ten_deliveries_of_a_message_name_one_run(
    handle: Handle, sqs: SQSClient, reference: dict[str, str]
) -> None:
    delivered = message(command("notify", campaign=CAMPAIGN, **reference))
    for _ in range(10):
        handle(delivered)
    assert len({order["runId"] for order in orders(sqs)}) == 1


def test_one_reference_id_is_one_run_for_each_customer(handle: Handle, sqs: SQSClient) -> None:
    data = command("notify", campaign=CAMPAIGN, referenceId="order~4711")
    other = "amzn1.ask.account.ANOTHER"
    for user in (USER, other, USER):
        handle(message(data, user=user))
    named = {(order["runId"], *order["campaign"]["audience"]["userIds"]) for order in orders(sqs)}
    assert {user for _, user in named} == {USER, other}
    assert len({run for run, _ in named}) == 2
    assert all(run.startswith("order~4711~") for run, _ in named)


def test_messages_without_a_reference_id_are_runs_of_their_own(
    handle: Handle, sqs: SQSClient
) -> None:
    for _ in range(2):
        handle(message(command("notify", campaign=CAMPAIGN)))
    assert len({order["runId"] for order in orders(sqs)}) == 2


@given(reference=st.from_regex(r"[A-Za-z0-9~]{1,64}", fullmatch=True), request=st.text())
def test_a_runs_name_is_always_fit_to_be_a_reference_id(reference: str, request: str) -> None:
    for named in (reference, None):
        made = run_id(USER, request.encode("ascii", "replace").decode(), named, SKILL_ID)
        assert re.fullmatch(r"[A-Za-z0-9~]{1,100}", made)


def test_without_a_work_queue_only_notify_fails_and_says_what_is_missing(
    handle: Handle, environment: pytest.MonkeyPatch, record: Record
) -> None:
    environment.delenv("WORK_QUEUE_URL")
    handle(message(command("refresh"), endpoint=EU))
    assert record(USER) is not None
    with pytest.raises(InvalidSettings, match="WORK_QUEUE_URL"):
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
    handle(message(command("refresh"), endpoint=EU, locale="de-DE"))
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
    assert orders(sqs) == []


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
    assert len(orders(sqs)) == 1


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
    "a member too many": (command("forget", really=True), "really"),
    "no campaign": (command("notify"), "$.campaign"),
    "a text for a campaign": (command("notify", campaign="snow"), "$.campaign"),
    "a campaign with an audience": (notify(audience={"type": "multicast"}), "$.campaign.audience"),
    "a campaign with too much": (notify(urgent=True), "urgent"),
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
    "set and remove at once": (changed(set={"plan": 1}, remove=["plan"]), "plan"),
    "a key with a dot": (changed(set={"plan.at": "x"}), "plan.at"),
    "a key that begins with a digit": (changed(remove=["4you"]), "4you"),
    "a key of 41 letters": (changed(set={"k" * 41: "x"}), "kkk"),
    "null to set": (changed(set={"plan": None}), "$.remove"),
    "an object to set": (changed(set={"plan": {"name": "gold"}}), "plan"),
    "a text of 601 bytes": (changed(set={"plan": "x" * 601}), "600"),
    "a text of 301 letters of two bytes": (changed(set={"plan": "ü" * 301}), "600"),
    "a list of 601 bytes": (changed(set={"plan": ["x" * 294, "x" * 300]}), "600"),
    "a list of many": (changed(set={"plan": [""] * 300}), "600"),
    "half a character": (changed(set={"plan": "\ud800"}), "plan"),
    "infinity": (changed(set={"plan": float("inf")}), "plan"),
    "not a number": (changed(set={"plan": float("nan")}), "plan"),
    "a number too large": (changed(set={"plan": 2**53 + 1}), "plan"),
    "a number too small": (changed(set={"plan": 1e-200}), "plan"),
    "a list of numbers": (changed(set={"plan": [1]}), "plan"),
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
    assert orders(sqs) == []
    (line,) = [text for text in logs_without_personal_data if "invalid request" in text]
    assert reason in json.loads(line)["problem"]
    assert '"InvalidRequests":[1.0]' in "".join(logs_without_personal_data)


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
    assert orders(sqs) == []


def test_the_values_of_attributes_are_never_logged(
    handle: Handle, logs_without_personal_data: list[str]
) -> None:
    handle(message(changed(set={"plan": "secretly-gold"})))
    handle(message(changed(set={"plan": ["secretly-gold", 1]})))
    handle(message(changed(set={"plan": "secretly-gold" * 100})))
    assert "secretly" not in "".join(logs_without_personal_data)


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
        ("Notify", "ordered"),
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
