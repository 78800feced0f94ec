"""infrastructure/operators.yaml on the deployed stack, where IAM is enforced: who may what."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from yellowring_tools.local_stack.environments import REGION
from yellowring_tools.local_stack.stack import STACK_NAME
from yellowring_tools.local_stack.story import CAMPAIGN

from tests.e2e.support import Said, crowd, eventually, heard

if TYPE_CHECKING:
    from collections.abc import Callable

    from yellowring_tools.local_stack.stack import LocalStack

pytestmark = pytest.mark.slow

PROJECT = Path(__file__).resolve().parents[2]
POLICIES = PROJECT / "infrastructure" / "operators.yaml"
OPERATORS = {
    "reader": ["Reader"],
    "sender": ["Reader", "Sender"],
    "administrator": ["Reader", "Sender", "Administrator"],
}

type Operator = Callable[..., Said]


def deploy(stack: LocalStack, name: str, template: str, **parameters: str) -> dict[str, str]:
    """Create a stack of nothing but IAM, and return its outputs."""
    cloudformation = stack.aws.cloudformation
    cloudformation.create_stack(
        StackName=name,
        TemplateBody=template,
        Capabilities=["CAPABILITY_IAM"],
        Parameters=[
            {"ParameterKey": key, "ParameterValue": value} for key, value in parameters.items()
        ],
    )

    def outputs() -> dict[str, str] | None:
        [found] = cloudformation.describe_stacks(StackName=name)["Stacks"]
        if found["StackStatus"] != "CREATE_COMPLETE":
            return None
        return {each["OutputKey"]: each["OutputValue"] for each in found["Outputs"]}

    return eventually(outputs, f"{name} was not created")


def as_operator(stack: LocalStack, key: tuple[str, str], *arguments: str) -> Said:
    inherited = {name: each for name, each in os.environ.items() if not name.startswith("AWS_")}
    done = subprocess.run(
        [str(Path(sys.executable).with_name("yellowring")), *arguments, "--stack", STACK_NAME],
        check=False,
        capture_output=True,
        text=True,
        cwd=PROJECT,
        env=inherited
        | {
            "AWS_ENDPOINT_URL": stack.aws.endpoint,
            "AWS_DEFAULT_REGION": REGION,
            "AWS_ACCESS_KEY_ID": key[0],
            "AWS_SECRET_ACCESS_KEY": key[1],
            "AWS_CONFIG_FILE": os.devnull,
            "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        },
    )
    return Said(done.returncode, done.stdout, done.stderr)


@pytest.fixture(scope="module")
def operators(stack: LocalStack) -> dict[str, Operator]:
    """Calls `yellowring` as somebody who has one level of the policies, by its name."""
    text = POLICIES.read_text(encoding="utf-8")
    # The embedded AWS takes every schedule for one of the default group when it asks IAM.
    text = text.replace(":schedule/${StackName}/*", ":schedule/default/*")
    policies = deploy(stack, "operators", text, StackName=STACK_NAME)
    iam, found = stack.aws.iam, dict[str, Operator]()
    for name, levels in OPERATORS.items():
        iam.create_user(UserName=name)
        for each in levels:
            iam.attach_user_policy(UserName=name, PolicyArn=policies[f"{each}Arn"])
        key = iam.create_access_key(UserName=name)["AccessKey"]
        found[name] = partial(as_operator, stack, (key["AccessKeyId"], key["SecretAccessKey"]))
    return found


@pytest.fixture
def campaign(tmp_path: Path) -> str:
    """A campaign for one group."""
    file = tmp_path / "rights.json"
    file.write_text(json.dumps({**CAMPAIGN, "name": "rights", "where": {"attributes.group": "r"}}))
    return str(file)


def test_a_reader_looks_at_everything_and_sends_nothing(
    operators: dict[str, Operator], stack: LocalStack, campaign: str
) -> None:
    reader = operators["reader"]
    [user_id] = crowd(stack, "r", 1)
    for looked in (
        ("subscribers", "count", "--json"),
        ("subscribers", "show", user_id, "--json"),
        ("subscribers", "export"),
        ("customer", "show", user_id, "--json"),
        ("runs", "list", "--json"),
        ("schedule", "list", "--json"),
        ("send", campaign, "--dry-run", "--json"),
    ):
        said = reader(*looked)
        assert said.status == 0, (looked, said.err)
    sent = reader("send", campaign, "--run-id", "denied~1")
    assert sent.status == 1
    assert "use a profile that may do that" in sent.err
    assert heard(stack, "denied~1") == {}
    assert reader("send", campaign, "--run-id", "denied~2", "--users", user_id).status == 1
    assert reader("schedule", "put", campaign, "--when", "rate(1 day)").status == 1
    assert reader("token", "--scope", "alexa::proactive_events").status == 1


def test_a_sender_sends_and_keeps_schedules_and_reads_no_credentials(
    operators: dict[str, Operator], stack: LocalStack, campaign: str, tmp_path: Path
) -> None:
    sender = operators["sender"]
    users = crowd(stack, "r", 2)
    sent = sender("send", campaign, "--run-id", "rights~1", "--watch", "--json")
    assert sent.status == 0, sent.err
    assert sender("runs", "show", "rights~1", "--json").document["status"] == "completed"
    assert sender("runs", "resume", "rights~1").err.count("AccessDenied") == 0
    cancelled = sender("runs", "cancel", "rights~1")
    assert "it is completed" in cancelled.err
    everybody = tmp_path / "everybody.json"
    everybody.write_text(json.dumps({**CAMPAIGN, "name": "rights"}))
    alone = sender("send", str(everybody), "--run-id", "rights~2", "--users", users[0])
    assert alone.status == 0, alone.err
    eventually(lambda: heard(stack, "rights~2") == {users[0]: 1}, "it did not ring")
    listed = tmp_path / "ids"
    listed.write_text("\n".join(users))
    many = ("send", str(everybody), "--run-id", "rights~3", "--users", f"@{listed}", "--watch")
    assert sender(*many).status == 0
    assert heard(stack, "rights~3") == dict.fromkeys(users, 1)
    for kept in (
        ("put", str(everybody), "--when", "rate(1 day)", "--name", "rights", "--paused"),
        ("resume", "rights"),
        ("pause", "rights"),
        ("delete", "rights"),
    ):
        said = sender("schedule", *kept)
        assert said.status == 0, (kept, said.err)
    assert sender("token", "--scope", "alexa::proactive_events").status == 1


def test_an_administrator_acts_for_the_skill(operators: dict[str, Operator]) -> None:
    told = operators["administrator"]("token", "--scope", "alexa::proactive_events")
    assert told.status == 0, told.err
