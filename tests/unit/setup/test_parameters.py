"""The template's parameters: what is wrong is told before anything is built."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from yellowring_tools.local_stack.workspace import PROJECT
from yellowring_tools.setup.parameters import Given, check_parameters, read_template
from yellowring_tools.setup.problems import SetupStopped

if TYPE_CHECKING:
    from pathlib import Path

TEMPLATE = read_template(PROJECT / "template.yaml")
STORM = PROJECT / "examples" / "campaigns" / "weather-alert.json"
SKILL = {"SkillId": "amzn1.ask.skill.1"}


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"MaxWorker": "3"}, "MaxWorker is no parameter: did you mean MaxWorkers?"),
        ({"MaxWorkers": "1"}, "MaxWorkers is 1; right is 2 or more"),
        ({"MaxWorkers": "201"}, "MaxWorkers is 201; right is 200 or less"),
        ({"MaxWorkers": "many"}, 'MaxWorkers is "many"; right is a number'),
        ({"MaxWorkers": "nan"}, 'MaxWorkers is "nan"; right is a number'),
        ({"MaxWorkers": "-inf"}, 'MaxWorkers is "-inf"; right is a number'),
        ({"UserinfoClaim": ""}, "UserinfoClaim has 0 characters; right is 1 or more"),
        ({"UserinfoClaim": "x" * 41}, "UserinfoClaim has 41 characters; right is 40 or fewer"),
        ({"EventSource": "a.b:c"}, "EventSource has to be empty"),
        ({"LogLevel": "LOUD"}, 'LogLevel is "LOUD"; right is DEBUG or'),
        ({"SkillId": "ring"}, "must be a skill id such as"),
        ({"Campaign": "x" * 4097}, "Campaign has 4097 bytes"),
        ({"Campaign": "ü" * 2049}, "Campaign has 4098 bytes; CloudFormation takes 4096"),
    ],
)
def test_what_is_not_right_is_told_with_what_would_be(values: dict[str, str], said: str) -> None:
    with pytest.raises(SetupStopped) as stopped:
        check_parameters(SKILL | values, TEMPLATE)
    assert said in str(stopped.value)


def test_all_that_is_wrong_is_told_at_once() -> None:
    with pytest.raises(SetupStopped) as stopped:
        check_parameters({"MaxWorkers": "1", "LogLevel": "LOUD"}, TEMPLATE)
    assert all(name in str(stopped.value) for name in ("MaxWorkers", "LogLevel", "SkillId"))


def test_the_bounds_themselves_are_right() -> None:
    whole = {"MaxWorkers": "200", "Campaign": "x" * 4096, "UserinfoClaim": "x" * 40}
    check_parameters(SKILL | whole, TEMPLATE)
    check_parameters(SKILL | {"UserinfoClaim": "x"}, TEMPLATE)


def test_what_the_stack_has_already_need_not_be_given() -> None:
    check_parameters({}, TEMPLATE, kept=SKILL)


ISSUER = {"JwtIssuer": "https://login.example"}
REST = {"JwtAudience": "ring", "JwtScope": "notify"}


@pytest.mark.parametrize(
    ("values", "kept"), [(ISSUER, {}), (REST, {}), ({"JwtScope": ""}, ISSUER | REST)]
)
def test_what_goes_together_is_whole_with_what_the_stack_has(
    values: dict[str, str], kept: dict[str, str]
) -> None:
    with pytest.raises(SetupStopped, match="JwtScope go together"):
        check_parameters(SKILL | values, TEMPLATE, kept)


@pytest.mark.parametrize("kept", [REST, ISSUER | REST, None])
def test_what_the_stack_may_have_is_not_asked_for_again(kept: dict[str, str] | None) -> None:
    check_parameters(SKILL | ISSUER, TEMPLATE, kept)


def test_a_campaign_is_one_line_of_json_whole() -> None:
    value = Given(campaign=STORM).values()["Campaign"]
    assert "\n" not in value
    assert json.loads(value)["event"] == json.loads(STORM.read_text())["event"]


def test_what_is_given_singly_wins_over_the_file(tmp_path: Path) -> None:
    file = tmp_path / "values.json"
    file.write_text('{"MaxWorkers": 8, "LogLevel": "DEBUG"}')
    values = Given(file, None, {"MaxWorkers": "3"}).values()
    assert values == {"MaxWorkers": "3", "LogLevel": "DEBUG"}


def test_a_campaign_that_is_none_is_told_with_its_line(tmp_path: Path) -> None:
    file = tmp_path / "storm.json"
    file.write_text('{"name": "storm"}')
    with pytest.raises(SetupStopped, match=r"storm\.json.*\$\.event"):
        Given(campaign=file).values()
