"""Requests that Alexa never made, and those that are another skill's."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from yellowring.skill.envelope import WrongSkill

from tests.conftest import SKILL_ID
from tests.envelopes import USER, WEATHER, spoken, subscribed
from tests.unit.test_template import RESOURCES, expanded, properties

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.unit.skill.kit import Envelope, Handle

__all__ = ["expanded"]

OTHER = "amzn1.ask.skill.ffffffff-0000-4000-8000-000000000000"


def named(envelope: Envelope, skill_id: object, holder: str = "context") -> Envelope:
    """Let a request name a skill, in the context or in the session."""
    where = envelope["session"] if holder == "session" else envelope["context"]["System"]
    where["application"] = {"applicationId": skill_id}
    return envelope


@pytest.mark.parametrize(
    "skill_id",
    [OTHER, SKILL_ID.upper(), f" {SKILL_ID}", f"{SKILL_ID}\x00", "", [SKILL_ID], {"a": SKILL_ID}],
)
def test_a_request_of_another_skill_is_refused_and_stores_nothing(
    handle: Handle, record: Callable[[str], dict[str, Any] | None], skill_id: object
) -> None:
    with pytest.raises(WrongSkill):
        handle(named(subscribed(WEATHER), skill_id))
    assert record(USER) is None


def test_a_request_that_names_no_skill_is_refused(handle: Handle) -> None:
    made = subscribed(WEATHER)
    del made["context"]["System"]["application"]
    with pytest.raises(WrongSkill):
        handle(made)


@pytest.mark.parametrize("holder", ["context", "session"])
def test_a_voice_request_must_name_our_skill_wherever_it_names_one(
    handle: Handle, holder: str
) -> None:
    with pytest.raises(WrongSkill):
        handle(named(spoken("LaunchRequest"), OTHER, holder))
    assert handle(spoken("LaunchRequest"))["response"]


def test_what_the_refusal_shows_is_short_and_does_nothing_to_a_log(handle: Handle) -> None:
    with pytest.raises(WrongSkill) as refused:
        handle(named(subscribed(WEATHER), "\x1b[2J\n" + "x" * 10_000))
    assert len(str(refused.value)) < 300
    assert str(refused.value).isprintable()


def test_lambda_lets_nobody_but_alexa_for_this_skill_invoke_the_function(
    expanded: Callable[..., dict[str, Any]],
) -> None:
    [permission] = [
        each["Properties"]
        for each in expanded().values()
        if each["Type"] == "AWS::Lambda::Permission" and "SkillFunction" in str(each["Properties"])
    ]
    assert permission["FunctionName"] == {"Ref": "SkillFunctionAliaslive"}
    assert permission["Principal"] == "alexa-appkit.amazon.com"
    assert permission["Action"] == "lambda:InvokeFunction"
    # Without the token, any skill of anybody's could call this function.
    assert permission["EventSourceToken"] == {"Ref": "SkillId"}


def test_nothing_else_in_the_template_opens_the_skill_function() -> None:
    for name, resource in RESOURCES.items():
        assert "FunctionUrlConfig" not in resource["Properties"], name
        if resource["Type"] == "AWS::Lambda::Permission" and name != "SkillFunctionAlexaPermission":
            assert resource["Properties"]["FunctionName"] == {"Ref": "ApiFunction"}, name
    assert "Events" not in properties("SkillFunction")
