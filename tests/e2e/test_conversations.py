"""A customer of each locale, from the first launch to being forgotten, on the deployed stack."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import pytest
from yellowring.alexa.sync import OutOfSession
from yellowring.skill.speech import speech, spoken_events
from yellowring.subscribers import Subscribers

from cli.customers import plain
from local_stack.environments import aws_environment
from local_stack.story import CAMPAIGN
from local_stack.web import call
from local_stack.workspace import PROJECT

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from yellowring.alexa import Region

    from local_stack.report import Report
    from local_stack.stack import LocalStack

pytestmark = pytest.mark.slow

MODELS = Path(__file__).parents[2] / "skill-package/interactionModels/custom"
LOCALES = sorted(path.stem for path in MODELS.glob("*.json"))
SECONDS = 60.0


def region_of(locale: str) -> Region:
    """Tell where Alexa keeps the customers of a locale."""
    if locale in ("ja-JP", "en-AU"):
        return "fe"
    return "na" if locale[-2:] in ("US", "CA", "MX", "BR") else "eu"


class Customer:
    """Somebody with an Echo and the Alexa app."""

    def __init__(self, stack: LocalStack, locale: str) -> None:
        self._stack = stack
        self._locale = locale
        self.region = region_of(locale)
        self.replies = speech(locale)
        self.user_id = stack.alexa.add_customer(self.region, locale)

    def does(self, action: str, **body: object) -> Any:
        path = f"{self._stack.alexa.url}/_sim/customers/{quote(self.user_id)}/{action}"
        return call("POST", path, body)

    def says(self, intent: str = "LaunchRequest") -> Any:
        return self.does("say", intent=intent, locale=self._locale)

    def record(self) -> dict[str, Any]:
        table = self._stack.outputs.SubscribersTableName
        record = Subscribers(self._stack.aws.dynamodb, table).get(self.user_id)
        return plain(record) if record else {}

    def send(self, name: str, **members: object) -> None:
        """Have the business send the skill a message about this customer."""
        with OutOfSession(
            self._stack.skill.client_id,
            self._stack.skill.client_secret,
            alexa_base_url=self._stack.alexa.url + "/{region}",
            lwa_base_url=self._stack.alexa.url,
        ) as alexa:
            data = {"version": 1, "command": name, **members}
            alexa.send_message(self.user_id, data, region=self.region)

    def heard(self) -> list[dict[str, Any]]:
        return [
            each for each in self._stack.alexa.notifications() if each["userId"] == self.user_id
        ]


def eventually(what: Callable[[], Any]) -> Any:
    """Wait until something is there, and give it."""
    deadline = time.monotonic() + SECONDS
    while not (found := what()):
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.1)
    return found


@pytest.mark.parametrize("locale", LOCALES)
def test_a_customer_is_asked_subscribed_notified_and_forgotten_in_their_own_language(
    stack: LocalStack, story: Report, locale: str
) -> None:
    customer = Customer(stack, locale)
    replies = customer.replies
    assert customer.says()["speech"] == replies["launch_not_subscribed"]
    asked = customer.says("AMAZON.YesIntent")
    assert asked["speech"] == replies["consent_card_sent"]
    assert asked["card"]["type"] == "AskForPermissionsConsent"
    customer.does("card", accept=True)

    names = eventually(lambda: customer.record().get("subscriptions"))
    assert customer.says()["speech"] == replies["launch_subscribed"]
    told = customer.says("SubscriptionStatusIntent")["speech"]
    assert told == replies["status_subscribed"].format(events=spoken_events(replies, names))
    assert customer.record()["locale"] == locale

    campaign = {key: CAMPAIGN[key] for key in ("name", "event")} | {
        "localizedAttributes": [{"locale": locale, "source": "the weather desk"}]
    }
    customer.send("notify", campaign=campaign, referenceId="hello~1")
    [notification] = eventually(customer.heard)
    assert notification["referenceId"].startswith("hello~1~")
    assert notification["sentence"] in json.dumps(customer.does("listen"), ensure_ascii=False)

    assert customer.says("StopNotificationsIntent")["speech"] == replies["stop_notifying"]
    customer.does("disable", persistence="PERSISTED")
    eventually(lambda: "disabledAt" in customer.record())
    customer.does("enable")
    assert customer.says("ForgetMeIntent")["speech"] == replies["forget_confirm"]
    assert customer.says("AMAZON.YesIntent")["speech"] == replies["forget_done"]
    assert eventually(lambda: "erasedAt" in customer.record())
    assert not customer.record().keys() & {"subscriptions", "locale", "permissions", "host"}
    customer.does("disable")


def test_messages_doubled_and_shuffled_have_the_effect_of_each_once(
    stack: LocalStack, story: Report
) -> None:
    customer = Customer(stack, "de-DE")
    customer.does("enable")
    customer.does("grant")
    customer.does("subscribe")
    eventually(lambda: customer.record().get("subscriptions"))
    campaign = {key: CAMPAIGN[key] for key in ("name", "event", "localizedAttributes")}
    stack.alexa.set_faults({"events": {"copies": 10, "shuffle": True}})
    try:
        customer.send("attributes", set={"plan": "tin", "seats": 1})
        customer.send("attributes", set={"plan": "gold"})
        customer.send("notify", campaign=campaign, referenceId="once~1")
        eventually(customer.heard)
        eventually(lambda: _settled(stack, customer))
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


@pytest.fixture
def asking_by_voice(stack: LocalStack) -> Iterator[None]:
    """Have the skill function ask for consent by voice."""
    name = stack.outputs.SkillFunctionName
    found = stack.aws.functions.get_function_configuration(FunctionName=name)
    variables = found["Environment"]["Variables"]

    def configure(consent: str) -> None:
        stack.aws.functions.update_function_configuration(
            FunctionName=name,
            Environment={"Variables": variables | {"VOICE_CONSENT": consent}},
        )

    configure("voice")
    yield
    configure("card")


def test_a_customer_who_is_asked_by_voice_is_subscribed_by_a_yes_or_with_the_card(
    stack: LocalStack, story: Report, asking_by_voice: None
) -> None:
    customer = Customer(stack, "fr-CA")
    asked = customer.says("TurnOnNotificationsIntent")
    assert asked["speech"] == customer.replies["consent_ask"]
    answer = customer.does("consent", status="ERROR", code=400)
    assert answer["speech"] == customer.replies["consent_card_sent"]
    assert answer["card"]["type"] == "AskForPermissionsConsent"
    customer.says("TurnOnNotificationsIntent")
    answer = customer.does("consent", status="ACCEPTED")
    assert answer["speech"] == customer.replies["consent_accepted"]
    eventually(lambda: customer.record().get("subscriptions"))
    assert customer.says()["speech"] == customer.replies["launch_subscribed"]
    customer.does("disable")


def test_the_message_command_takes_credentials_and_region_from_the_stack(
    stack: LocalStack, story: Report
) -> None:
    customer = Customer(stack, "it-IT")
    customer.does("enable")
    customer.does("subscribe")
    eventually(lambda: customer.record().get("subscriptions"))
    data = '{"version": 1, "command": "attributes", "set": {"plan": "gold"}}'
    environment = {
        name: value for name, value in os.environ.items() if not name.startswith("AWS_")
    } | aws_environment(stack.aws.endpoint)
    command = [str(Path(sys.executable).with_name("yellowring")), "message", customer.user_id]
    ended = subprocess.run(
        [*command, data, "--stack", "yellow-ring"],
        check=False,
        capture_output=True,
        text=True,
        env=environment,
        cwd=PROJECT,
    )
    assert ended.returncode == 0, ended.stderr
    assert "accepted in eu" in ended.stdout
    assert eventually(lambda: customer.record().get("attributes")) == {"plan": "gold"}
    customer.does("disable")
