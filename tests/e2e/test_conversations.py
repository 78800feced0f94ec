"""A customer of each locale, from the first launch to being forgotten, on the deployed stack."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

import pytest
from yellowring.skill.speech import spoken_events
from yellowring_tools.local_stack.story import CAMPAIGN
from yellowring_tools.local_stack.web import call

from tests.e2e.support import Customer, configured, eventually, yellowring

if TYPE_CHECKING:
    from yellowring.alexa import Region
    from yellowring_tools.local_stack.report import Report
    from yellowring_tools.local_stack.stack import LocalStack

pytestmark = pytest.mark.slow

MODELS = Path(__file__).parents[2] / "skill-package/interactionModels/custom"
LOCALES = sorted(path.stem for path in MODELS.glob("*.json"))


def region_of(locale: str) -> Region:
    """Tell where Alexa keeps the customers of a locale."""
    if locale in ("ja-JP", "en-AU"):
        return "fe"
    return "na" if locale[-2:] in ("US", "CA", "MX", "BR") else "eu"


@pytest.mark.parametrize("locale", LOCALES)
def test_a_customer_is_asked_subscribed_notified_and_forgotten_in_their_own_language(
    stack: LocalStack, story: Report, locale: str
) -> None:
    customer = Customer(stack, region_of(locale), locale)
    replies = customer.replies
    assert customer.says()["speech"] == replies["launch_not_subscribed"]
    asked = customer.says("AMAZON.YesIntent")
    assert asked["speech"] == replies["consent_card_sent"]
    assert asked["card"]["type"] == "AskForPermissionsConsent"
    customer.does("card", accept=True)

    names = eventually(lambda: customer.record().get("subscriptions"), "no subscription")
    assert customer.says()["speech"] == replies["launch_subscribed"]
    told = customer.says("SubscriptionStatusIntent")["speech"]
    assert told == replies["status_subscribed"].format(events=spoken_events(replies, names))
    assert customer.record()["locale"] == locale

    campaign = {key: CAMPAIGN[key] for key in ("name", "event")} | {
        "localizedAttributes": [{"locale": locale, "source": "the weather desk"}]
    }
    customer.send("notify", campaign=campaign, referenceId="hello~1")
    [notification] = eventually(customer.heard, "nothing rang")
    assert notification["referenceId"] == "hello~1"
    assert notification["sentence"] in json.dumps(customer.does("listen"), ensure_ascii=False)

    assert customer.says("StopNotificationsIntent")["speech"] == replies["stop_notifying"]
    customer.does("disable", persistence="PERSISTED")
    eventually(lambda: "disabledAt" in customer.record(), "not disabled")
    customer.does("enable")
    assert customer.says("ForgetMeIntent")["speech"] == replies["forget_confirm"]
    assert customer.says("AMAZON.YesIntent")["speech"] == replies["forget_done"]
    eventually(lambda: "erasedAt" in customer.record(), "not forgotten")
    assert not customer.record().keys() & {"subscriptions", "locale", "permissions", "host"}
    customer.does("disable")


def test_messages_doubled_and_shuffled_have_the_effect_of_each_once(
    stack: LocalStack, story: Report
) -> None:
    customer = Customer(stack, "eu", "de-DE")
    customer.does("enable")
    customer.does("grant")
    customer.does("subscribe")
    eventually(lambda: customer.record().get("subscriptions"), "no subscription")
    campaign = {key: CAMPAIGN[key] for key in ("name", "event", "localizedAttributes")}
    stack.alexa.set_faults({"events": {"copies": 10, "shuffle": True}})
    try:
        customer.send("attributes", set={"plan": "tin", "seats": 1})
        customer.send("attributes", set={"plan": "gold"})
        customer.send("notify", campaign=campaign, referenceId="once~1")
        eventually(customer.heard, "nothing rang")
        eventually(lambda: _settled(stack, customer), "messages are not delivered")
    finally:
        stack.alexa.set_faults({})
    assert customer.record()["attributes"] == {"plan": "gold", "seats": 1}
    assert len(customer.heard()) == 1
    customer.does("disable")


def _settled(stack: LocalStack, customer: Customer) -> bool:
    path = f"{stack.alexa.url}/_sim/messages?userId={quote(customer.user_id)}"
    messages = call("GET", path)["messages"]
    return len(messages) == 3 and all(
        each["state"] == "delivered" and len(each["deliveries"]) == 10 for each in messages
    )


def test_a_customer_who_is_asked_by_voice_is_subscribed_by_a_yes_or_with_the_card(
    stack: LocalStack, story: Report
) -> None:
    customer = Customer(stack, "na", "fr-CA")
    with configured(stack, stack.outputs.SkillFunctionName, VOICE_CONSENT="voice"):
        asked = customer.says("TurnOnNotificationsIntent")
        assert asked["speech"] == customer.replies["consent_ask"]
        answer = customer.does("consent", status="ERROR", code=400)
        assert answer["speech"] == customer.replies["consent_card_sent"]
        assert answer["card"]["type"] == "AskForPermissionsConsent"
        customer.says("TurnOnNotificationsIntent")
        answer = customer.does("consent", status="ACCEPTED")
    assert answer["speech"] == customer.replies["consent_accepted"]
    eventually(lambda: customer.record().get("subscriptions"), "no subscription")
    assert customer.says()["speech"] == customer.replies["launch_subscribed"]
    customer.does("disable")


def test_the_message_command_takes_credentials_and_region_from_the_stack(
    stack: LocalStack, story: Report
) -> None:
    customer = Customer(stack, "eu", "it-IT")
    customer.does("enable")
    customer.does("subscribe")
    eventually(lambda: customer.record().get("subscriptions"), "no subscription")
    data = '{"version": 1, "command": "attributes", "set": {"plan": "gold"}}'
    sent = yellowring(stack, "message", customer.user_id, data)
    assert sent.status == 0, sent.err
    assert "accepted in eu" in sent.out
    attributes = eventually(lambda: customer.record().get("attributes"), "it was not stored")
    assert attributes == {"plan": "gold"}
    customer.does("disable")
