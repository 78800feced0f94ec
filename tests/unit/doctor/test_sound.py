"""Of a stack with which nothing is wrong nothing is said, however it was deployed."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from yellowring_tools.doctor import examine
from yellowring_tools.local_stack.workspace import PROJECT

from tests.unit.alexa.wire import wire
from tests.unit.doctor.sound import OURS, THEIRS, parameters, skill, sound

if TYPE_CHECKING:
    from collections.abc import Iterator

    from yellowring_tools.cli.aws.stacks import Stack
    from yellowring_tools.doctor import Finding

SOURCE = f"digest={THEIRS}"
LIVE = {"SkillStage": "live", "AlarmTopicArn": "arn:aws:sns:us-east-1:123456789012:alarms"}
BOTH = ("development", "live")


@pytest.fixture
def amazon() -> Iterator[str]:
    """Login with Amazon, which gives a token to everybody."""
    token = json.dumps({"access_token": "Atza|1", "expires_in": 3600, "token_type": "bearer"})
    with wire() as listening:
        listening.reply = lambda _: (200, {"content-type": "application/json"}, token.encode())
        yield listening.url


def doubtful(findings: tuple[Finding, ...]) -> list[Finding]:
    return [each for each in findings if each.state != "fine"]


@pytest.mark.parametrize(
    ("changed", "content", "stages"),
    [
        ({}, None, BOTH[:1]),
        ({}, None, BOTH),  # the public's stack is another one
        ({"ScheduleState": "ENABLED"}, None, BOTH),
        ({"WithSkillFunction": "false"}, None, BOTH),
        ({"EventSources": SOURCE, "ScheduleState": "ENABLED"}, "digest", BOTH),
        ({"KmsKeyArn": "arn:aws:kms:us-east-1:123456789012:key/k"}, None, BOTH),
        ({"ApiConcurrency": "5", "Tracing": "Active"}, None, BOTH),
        (LIVE, None, BOTH),
    ],
    ids=["plain", "beside-live", "scheduled", "own-function", "source", "key", "more", "live"],
)
def test_a_sound_stack_is_fine(
    stack: Stack, amazon: str, changed: dict[str, str], content: str | None, stages: tuple[str, ...]
) -> None:
    told = parameters(LwaBaseUrl=amazon, **changed)
    campaign: dict[str, Any] = json.loads(told["Campaign"])
    if content:
        del campaign["event"]["payload"], campaign["localizedAttributes"]
        campaign["content"] = content
        told["Campaign"] = json.dumps(campaign)
    endpoint = THEIRS if "WithSkillFunction" in changed else f"{OURS}-skill:live"
    found = examine(
        sound(stack, told, campaign),
        skill=skill(endpoint, stages),
        package=None,
        user=None,
        template_file=PROJECT / "template.yaml",
    )
    assert doubtful(found) == []
    assert len(found) > 20
