"""A skill of somebody else's that adopted Yellow Ring, from the first word to the yellow ring."""

from __future__ import annotations

import json
import os
import re
import subprocess
from datetime import UTC, datetime
from subprocess import PIPE
from typing import TYPE_CHECKING, Any

import pytest
from rich.console import Console
from yellowring_tools.local_stack.api_url import local_api_url
from yellowring_tools.local_stack.beside.skill import TheirSkill
from yellowring_tools.local_stack.demo import planned_firing
from yellowring_tools.local_stack.progress import Progress
from yellowring_tools.local_stack.stack import local_stack
from yellowring_tools.local_stack.workspace import PROJECT

from tests.e2e.signed import ApiClient
from tests.e2e.support import USER_ID, Customer, configured, eventually, faults, yellowring

if TYPE_CHECKING:
    from collections.abc import Iterator

    from yellowring_tools.local_stack.stack import LocalStack

    from tests.e2e.support import Said

pytestmark = pytest.mark.slow

SKILL = PROJECT / "examples/own_skill"
SHIPPED: dict[str, Any] = json.loads((SKILL / "shipped.json").read_text(encoding="utf-8"))
ORDERED = "I have ordered your box. It is number {}, and comes on Friday."
PROMISED = "The ring on your Echo turns yellow when it leaves the farm."


@pytest.fixture(scope="module")
def stack() -> Iterator[LocalStack]:
    """Hazel Farm's skill beside our stack, as ``make run TEMPLATE=…`` brings it up."""
    theirs = TheirSkill.read(SKILL / "template.yaml", SKILL / "skill-package")
    firing = planned_firing(datetime.now(UTC))
    with local_stack("own-skill", firing, Progress(Console(quiet=True)), theirs) as running:
        Customer(running, "na", "en-US").does("enable")
        running.wait_for_events(60)  # the function has started, however busy the machine is
        yield running
        lines = running.log_lines(running.outputs.SkillFunctionName)
        assert [line for line in lines if USER_ID in line] == []


def says(customer: Customer, intent: str, **slots: str) -> str:
    """Say something to the skill; return what it says."""
    speech: str = customer.does("say", intent=intent, locale=customer.locale, slots=slots)["speech"]
    return speech


def order(customer: Customer) -> Any:
    """Fill a box and order it; return the skill's answer to the yes."""
    says(customer, "AddVegetableIntent", kilos="2", vegetable="carrots")
    says(customer, "OrderBoxIntent")
    return customer.does("say", intent="AMAZON.YesIntent", locale=customer.locale)


def test_its_intents_answer_as_before_in_both_languages(stack: LocalStack) -> None:
    rosa = Customer(stack, "na", "en-US")
    assert says(rosa, "LaunchRequest").startswith("Welcome to Hazel Farm.")
    added = says(rosa, "AddVegetableIntent", kilos="3", vegetable="leeks")
    assert added == "I have added 3 kilos of leeks. Anything else?"
    assert says(rosa, "AMAZON.RepeatIntent") == added
    assert "comes on Tuesday" in says(rosa, "ChangeDayIntent", day="Tuesday")
    assert "nothing is ordered" in (says(rosa, "OrderBoxIntent"), says(rosa, "AMAZON.NoIntent"))[1]
    assert "3 kilos of leeks. It comes on Tuesday" in says(rosa, "MyBoxIntent")
    emil = Customer(stack, "eu", "de-DE")
    assert says(emil, "MyBoxIntent") == "Deine Kiste ist noch leer. Was darf hinein?"


def test_who_ordered_is_asked_by_a_card_and_their_record_is_kept(stack: LocalStack) -> None:
    rosa = Customer(stack, "na", "en-US")
    answer = order(rosa)
    assert answer["card"]["type"] == "AskForPermissionsConsent"
    assert answer["speech"].startswith("I have ordered your box.")
    rosa.does("card", accept=True)
    record = eventually(
        lambda: (found := rosa.record()).get("subscriptions") and found, "no subscription"
    )
    assert record["locale"] == "en-US"
    assert order(rosa)["speech"].endswith(PROMISED)


def test_who_is_asked_by_voice_and_accepts_is_subscribed(stack: LocalStack) -> None:
    rosa = Customer(stack, "na", "en-US")
    with configured(stack, stack.outputs.SkillFunctionName, VOICE_CONSENT="voice"):
        answer = order(rosa)
        assert answer["directives"][0]["type"] == "Connections.StartConnection"
        accepted = rosa.does("consent", status="ACCEPTED")
    assert accepted["speech"] == PROMISED
    eventually(lambda: rosa.record().get("subscriptions"), "no subscription")


def test_events_that_their_sdk_cannot_read_are_stored_at_the_first_try(stack: LocalStack) -> None:
    rosa = Customer(stack, "na", "en-US")
    before = stack.alexa.events()
    with faults(stack, events={"timestamps": "epoch-ms"}):
        rosa.does("enable")
        rosa.does("link", subject="17")
        rosa.does("unlink")  # a type that the SDK does not know
        rosa.does("subscribe")
        eventually(lambda: rosa.record().get("subscriptions"), "the subscription was not stored")
        after = stack.wait_for_events(60)
    new = {name: after[name] - before[name] for name in ("delivered", "failed", "attempts")}
    assert new["attempts"] == new["delivered"] > 4
    assert new["failed"] == 0
    lines = stack.log_lines(stack.outputs.SkillFunctionName)
    assert [line for line in lines if "request failed" in line] == []  # their catch-all


def documented(stack: LocalStack) -> tuple[Any, Any, Said]:
    """Do what the page says; return the API's first and last answer, and the command's."""
    page = (PROJECT / "docs/your-skill.md").read_text(encoding="utf-8")
    calls = re.findall(r"```sh\n(curl .*?)```", page, re.DOTALL)
    address = local_api_url(stack.aws.endpoint, stack.outputs.ApiUrl)
    environment = {
        "PATH": os.environ["PATH"],
        "API_URL": address,
        "AWS_ACCESS_KEY_ID": stack.aws.keys.access_key_id,
        "AWS_SECRET_ACCESS_KEY": stack.aws.keys.secret_access_key,
    }
    answers: list[Any] = []
    for each in calls:
        if answers:
            environment["ID"] = answers[0]["id"]
        told = subprocess.run(
            ["sh", "-c", each], cwd=PROJECT, env=environment, check=True, stdout=PIPE
        )
        answers.append(json.loads(told.stdout))
    queued, notification, customer = answers
    assert notification["id"] == queued["id"]
    # The page's finds the stack of `make run`.
    [command] = re.findall(r"^yellowring (customer .*) --local$", page, re.MULTILINE)
    return queued, customer, yellowring(stack, *command.split())


def became_of(stack: LocalStack, notification: str) -> Any:
    """Wait until the API knows how a notification ended."""

    def done() -> Any:
        told = ApiClient(stack).call("GET", f"/v1/notifications/{notification}").body
        return told if told["status"] == "done" else None

    return eventually(done, f"nobody knows what became of {notification}")


def test_customer_4711_hears_that_their_order_has_shipped_until_they_unlink(
    stack: LocalStack,
) -> None:
    rosa = Customer(stack, "na", "en-US")
    order(rosa)
    rosa.does("card", accept=True)
    eventually(lambda: rosa.record().get("subscriptions"), "no subscription")
    rosa.does("link", subject="4711")
    eventually(lambda: rosa.record().get("customer") == "4711", "the link was not stored")

    queued, customer, shown = documented(stack)
    assert customer["reachable"] is True
    assert shown.out.startswith("1 account")
    told = became_of(stack, queued["id"])
    assert [each["outcome"] for each in told["outcomes"]] == ["accepted"]
    [rung] = rosa.heard()
    assert rung["sentence"] == "Your order from Hazel Farm has been shipped."
    assert rung["sentence"] in json.dumps(rosa.does("listen"))
    assert "being packed" in says(rosa, "OrderStatusIntent")  # a linked customer speaks as before

    rosa.does("unlink")
    eventually(lambda: not rosa.record().get("customer"), "the link is still stored")
    again, customer, shown = documented(stack)
    assert "nobody who is linked" in " ".join(shown.err.split())
    assert again == queued  # the same key: the same notification
    assert (customer["reachable"], customer["reason"]) == (False, "not linked")
    later = ApiClient(stack).call("POST", "/v1/notifications", SHIPPED, "order-18-shipped")
    told = became_of(stack, later.body["id"])
    assert [each["outcome"] for each in told["outcomes"]] == ["skipped"]
    assert "nobody is linked" in told["reason"]
    assert len(rosa.heard()) == 1
