"""The doctor on the deployed stack: it finds nothing in a sound one, and each fault by its name."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from rich.console import Console
from yellowring.subscribers import (
    Disabled,
    Enabled,
    Erased,
    OutcomeChange,
    RegisterChange,
    Rejected,
    Subscribers,
)
from yellowring_tools.doctor import examine, report
from yellowring_tools.local_stack.environments import REGION
from yellowring_tools.local_stack.progress import Progress
from yellowring_tools.local_stack.stack import Schedule, local_stack
from yellowring_tools.local_stack.story import CAMPAIGN, WEATHER
from yellowring_tools.local_stack.workspace import PROJECT
from yellowring_tools.setup.package import write_package

from infrastructure.skill_package import SOURCE
from tests.e2e.breaking import patient_of
from tests.e2e.broken import BROKEN, SetUp
from tests.e2e.support import Customer, eventually, yellowring
from tests.envelopes import NA

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from yellowring.subscribers.changes import Change
    from yellowring_tools.cli.aws.stacks import Stack
    from yellowring_tools.doctor import Finding
    from yellowring_tools.local_stack.stack import LocalStack

pytestmark = pytest.mark.slow

ADA = f"amzn1.ask.account.{'A' * 40}"
LOCALES = json.loads((PROJECT / "skill-package/skill.json").read_text(encoding="utf-8"))[
    "manifest"
]["publishingInformation"]["locales"]
SUBSCRIBED = RegisterChange("subscriptions", 10_000, "r", {WEATHER})
AT_HOME = (
    SUBSCRIBED,
    RegisterChange("host", 10_000, "r", NA),
    RegisterChange("locale", 10_000, "r", "en-US"),
)


@pytest.fixture(scope="module")
def stack() -> Iterator[LocalStack]:
    """A sound stack of its own: others' runs and customers would be found in a shared one."""
    texts = [{"locale": each, "source": "Weather Desk"} for each in LOCALES]
    everywhere = {**CAMPAIGN, "localizedAttributes": texts}
    schedule = Schedule("cron(0 9 * * ? *)", everywhere)
    with local_stack("doctor", schedule, Progress(Console(quiet=True))) as running:
        yield running


@pytest.fixture(scope="module")
def package(stack: LocalStack, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The package as it is given to Alexa for this stack."""
    target = tmp_path_factory.mktemp("package") / "skill-package"
    endpoint = {"NA": stack.outputs.SkillFunctionArn}
    return write_package(
        endpoint, privacy_policy="https://example.org/privacy", source=SOURCE, target=target
    )


@pytest.fixture(scope="module")
def patient(stack: LocalStack) -> Stack:
    """The same stack as the commands see it."""
    return patient_of(stack)


def look(patient: Stack, package: Path, *only: str, **given: Any) -> tuple[Finding, ...]:
    told: Any = {"skill": None, "package": package, "user": None, **given}
    return examine(patient, only=only, template_file=PROJECT / "template.yaml", **told)


def unwell(findings: tuple[Finding, ...]) -> list[Finding]:
    return [each for each in findings if each.state not in {"fine", "ask"}]


def test_a_sound_stack_has_nothing(patient: Stack, package: Path) -> None:
    eventually(lambda: not unwell(look(patient, package)), report(look(patient, package)), 120)


def test_of_a_customer_who_can_hear_nothing_is_left_but_what_they_can_look_at(
    stack: LocalStack, patient: Stack, package: Path
) -> None:
    customer = Customer(stack, "na", "en-US")
    customer.subscribes()
    customer.says()
    findings = look(patient, package, "record", "place", "outcomes", "asks", user=customer.user_id)
    assert unwell(findings) == [], report(findings)
    assert {each.where for each in findings if each.state == "ask"} >= {"Do Not Disturb"}


@pytest.mark.parametrize("name", BROKEN)
def test_what_is_broken_is_named_and_gone_when_it_is_mended(
    stack: LocalStack, patient: Stack, package: Path, name: str
) -> None:
    set_up: SetUp = BROKEN[name]
    with set_up.broken(stack):
        found = unwell(look(patient, package, set_up.check))
    named = [each for each in found if each.state == set_up.state and set_up.says in each.what]
    assert named, report(found)
    assert all(each.remedy for each in named)

    def mended() -> bool:
        left = unwell(look(patient, package, set_up.check))
        return not any(set_up.says in each.what for each in left)

    eventually(mended, "it is still found")


MANIFESTS: dict[str, tuple[str, str, tuple[str, ...], Any]] = {
    "no permission": ("manifest", "notifications:write", ("permissions",), []),
    "no skill events": ("manifest", "SKILL_ENABLED", ("events", "subscriptions"), []),
    "no publications": ("manifest", WEATHER, ("events", "publications"), []),
    "events of another function": (
        "endpoints",
        "this stack's function",
        ("events", "endpoint", "uri"),
        "arn:aws:lambda:us-east-1:000000000000:function:yellow-ring-api",
    ),
    "a region of a function that is not there": (
        "endpoints",
        "no such function",
        ("apis", "custom", "regions", "EU"),
        {"endpoint": {"uri": "arn:aws:lambda:eu-west-1:000000000000:function:gone"}},
    ),
    "a locale without a model": (
        "models",
        "publishes the skill in nl-NL",
        ("publishingInformation", "locales", "nl-NL"),
        {"name": "Gele Ring"},
    ),
}


@pytest.mark.parametrize("name", MANIFESTS)
def test_what_the_skill_is_told_wrong_is_named(
    patient: Stack, package: Path, tmp_path: Path, name: str
) -> None:
    check, says, (*outer, last), value = MANIFESTS[name]
    document = json.loads((package / "skill.json").read_text(encoding="utf-8"))
    holder = document["manifest"]
    for key in outer:
        holder = holder[key]
    holder[last] = value
    broken = tmp_path / "package"
    (broken / "interactionModels").mkdir(parents=True)
    (broken / "skill.json").write_text(json.dumps(document), encoding="utf-8")
    (broken / "interactionModels/custom").symlink_to(package / "interactionModels/custom")
    found = unwell(look(patient, broken, check))
    assert [each for each in found if each.state == "fault" and says in each.what], report(found)


def test_a_clock_that_is_wrong_is_named(patient: Stack, package: Path) -> None:
    def late() -> datetime:
        return datetime.now(UTC) - timedelta(hours=1)

    found = unwell(look(patient, package, "clock", now=late))
    assert {each.state for each in found} == {"fault"}
    assert all("behind" in each.what for each in found)
    assert len(found) == 2  # behind AWS's, and behind Amazon's


def test_a_template_that_was_changed_since_is_named(
    patient: Stack, package: Path, tmp_path: Path
) -> None:
    template = tmp_path / "template.yaml"
    text = (PROJECT / "template.yaml").read_text(encoding="utf-8")
    template.write_text(text.replace("  MaxWorkers:\n", "  MostWorkers:\n"), encoding="utf-8")
    told: Any = {"skill": None, "package": package, "user": None, "template_file": template}
    removed, added = unwell(examine(patient, only=["template"], **told))
    assert "was deployed with MaxWorkers" in removed.what
    assert "before" in added.what
    assert "MostWorkers" in added.what


CUSTOMERS: dict[str, tuple[str, str, tuple[Change, ...]]] = {
    "who is not on record": ("record", "no record", ()),
    "who never subscribed": (
        "record",
        "no account has subscribed",
        (Enabled(10_000), *AT_HOME[1:]),
    ),
    "who left": ("record", "disabled the skill", (*AT_HOME, Disabled(20_000))),
    "who was erased": ("record", "was erased", (*AT_HOME, Erased(20_000))),
    "who took the permission back": (
        "record",
        "took the permission",
        (*AT_HOME, RegisterChange("permissions", 20_000, "r", set())),
    ),
    "whom Alexa refused": ("record", "Alexa refused", (*AT_HOME, Rejected(20_000))),
    "who takes another event": (
        "record",
        f"is not told of {WEATHER}",
        (RegisterChange("subscriptions", 10_000, "r", {"AMAZON.OrderStatus.Updated"}),),
    ),
    "whose region is unknown": ("place", "is not known", (SUBSCRIBED,)),
    "whose locale has no texts": (
        "place",
        "no texts for nl-NL",
        (*AT_HOME, RegisterChange("locale", 20_000, "r", "nl-NL")),
    ),
    "who had too many": (
        "outcomes",
        "limited",
        (*AT_HOME, OutcomeChange(20_000, "a~1", "limited")),
    ),
    "who was told too late": (
        "outcomes",
        "expired",
        (*AT_HOME, OutcomeChange(20_000, "a~1", "expired")),
    ),
}


@pytest.mark.parametrize("name", CUSTOMERS)
def test_why_a_customer_hears_nothing_is_named(
    stack: LocalStack, patient: Stack, package: Path, name: str
) -> None:
    check, says, changes = CUSTOMERS[name]
    user_id = f"{ADA}{list(CUSTOMERS).index(name)}"
    subscribers = Subscribers(stack.aws.dynamodb, stack.outputs.SubscribersTableName)
    for change in changes:
        subscribers.apply(user_id, change)
    found = unwell(look(patient, package, check, user=user_id))
    assert [each for each in found if says in each.what and each.remedy], report(found)
    assert ADA not in report(found)


def test_what_may_not_be_looked_at_is_unknown_and_the_action_named(
    patient: Stack, package: Path
) -> None:
    iam = patient.session.client("iam", endpoint_url=patient.endpoint)
    iam.create_user(UserName="visitor")
    key = iam.create_access_key(UserName="visitor")["AccessKey"]
    session = boto3.session.Session(key["AccessKeyId"], key["SecretAccessKey"], region_name=REGION)
    visitor = replace(patient, session=session)
    found = look(visitor, package, "secret", "tables", "queues")
    assert {each.state for each in found} == {"unknown"}, report(found)
    for action in ("secretsmanager:GetSecretValue", "dynamodb:DescribeTable"):
        assert any(action in each.what and action in each.remedy for each in found), report(found)


def test_the_command_ends_with_0_for_a_sound_stack_and_1_for_a_fault(
    stack: LocalStack, package: Path
) -> None:
    asked = ("--only", "secret,functions", "--skill-package", str(package), "--json")
    sound = yellowring(stack, "doctor", *asked)
    assert (sound.status, {each["state"] for each in sound.document["findings"]}) == (0, {"fine"})
    with BROKEN["a secret that is no JSON"].broken(stack):
        ill = yellowring(stack, "doctor", *asked)
    assert ill.status == 1
    [fault] = [each for each in ill.document["findings"] if each["state"] == "fault"]
    assert (fault["check"], fault["page"]) == ("secret", "docs/doctor.md#secret")
    assert stack.skill.client_secret not in ill.out + ill.err
