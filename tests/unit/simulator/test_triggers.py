"""A manifest whose functions do not let Alexa in is refused, as SMAPI refuses it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from yellowring_tools.simulator.config import SimulatorConfig
from yellowring_tools.simulator.smapi.account import Account
from yellowring_tools.simulator.smapi.triggers import trigger_problems

from tests.skill_packages import FUNCTION_ARN, listening, manifest, package_files, zipped
from tests.unit.simulator.developer import IMPORT_SECONDS, VENDOR
from tests.unit.simulator.support import Clock

if TYPE_CHECKING:
    from collections.abc import Mapping

SKILL = "amzn1.ask.skill.own"
EUROPE = "arn:aws:lambda:eu-west-1:000000000000:function:ring-eu"
ALEXA: dict[str, Any] = {"Effect": "Allow", "Principal": {"Service": "alexa-appkit.amazon.com"}}


def of(token: str) -> dict[str, Any]:
    return ALEXA | {"Condition": {"StringEquals": {"lambda:EventSourceToken": token}}}


@pytest.mark.parametrize(
    ("statement", "skill_id", "lets_in"),
    [
        (of(SKILL), SKILL, True),
        (ALEXA, SKILL, True),
        (ALEXA, None, True),
        (ALEXA | {"Principal": "alexa-appkit.amazon.com"}, SKILL, True),
        (ALEXA | {"Principal": {"AWS": "alexa-appkit.amazon.com"}}, SKILL, True),
        (of("amzn1.ask.skill.other"), SKILL, False),
        (of(SKILL), None, False),
        (ALEXA | {"Effect": "Deny"}, SKILL, False),
        (ALEXA | {"Principal": {"Service": "s3.amazonaws.com"}}, SKILL, False),
    ],
)
def test_a_function_lets_alexa_in_for_its_own_skill(
    statement: dict[str, Any], skill_id: str | None, lets_in: bool
) -> None:
    document = manifest(**listening())["manifest"]
    problems = list(trigger_problems(document, skill_id, lambda _: {"Statement": [statement]}))
    assert (not problems) is lets_in


def test_each_function_is_named_once_and_a_web_service_is_not_looked_at() -> None:
    document = manifest(**listening(FUNCTION_ARN, EU=EUROPE, FE="https://x.example"))["manifest"]
    problems = list(trigger_problems(document, SKILL, lambda _: {}))
    assert [problem.code for problem in problems] == ["INVALID_LAMBDA_TRIGGER"] * 2
    assert [FUNCTION_ARN in problems[1].message, EUROPE in problems[0].message] == [True, True]


def test_the_functions_come_after_the_skill_and_before_its_endpoints() -> None:
    clock = Clock()
    policies: dict[str, Mapping[str, Any]] = {}
    account = Account(SimulatorConfig(), clock, clock.monotonic, lambda arn: policies.get(arn, {}))

    def imported(document: Mapping[str, Any], skill_id: str | None = None) -> Any:
        name, _ = account.new_upload()
        account.take_upload(name, zipped(package_files(document)))
        body = {"vendorId": VENDOR, "location": name}
        if skill_id is None:
            import_id = account.create(body, IMPORT_SECONDS)
        else:
            import_id = account.import_into(skill_id, body, None, IMPORT_SECONDS)
        clock.advance(seconds=IMPORT_SECONDS)
        return account.import_status(import_id)

    whole = manifest(**listening())
    assert imported(whole)["status"] == "FAILED"
    skill_id = imported(manifest())["skill"]["skillId"]
    assert imported(whole, skill_id)["status"] == "FAILED"
    account.update_manifest(skill_id, whole, None, IMPORT_SECONDS)
    clock.advance(seconds=IMPORT_SECONDS)
    assert account.skill(skill_id).manifest_change.state == "FAILED"
    policies[FUNCTION_ARN] = {"Statement": [of(skill_id)]}
    account.update_manifest(skill_id, whole, None, IMPORT_SECONDS)
    clock.advance(seconds=IMPORT_SECONDS)
    assert account.skill(skill_id).document() == whole
    assert imported(whole, skill_id)["status"] == "SUCCEEDED"
