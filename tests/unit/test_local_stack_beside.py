from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from yellowring_tools.local_stack.beside.deployment import _directory
from yellowring_tools.local_stack.beside.parameters import read_parameters
from yellowring_tools.local_stack.beside.problems import UnusableSkill
from yellowring_tools.local_stack.beside.skill import TheirSkill, their_skill
from yellowring_tools.local_stack.beside.template import PYTHON, Template
from yellowring_tools.local_stack.workspace import PROJECT

if TYPE_CHECKING:
    from collections.abc import Callable

OURS = "amzn1.ask.skill.00000000-0000-4000-8000-000000000000"
TEMPLATE = """
Transform: AWS::Serverless-2016-10-31
Parameters:
  SkillId: {Type: String}
  YellowRingStack: {Type: String}
  Greeting: {Type: String, Default: hello}
Globals:
  Function: {Runtime: python3.12}
Resources:
  HelloFunction:
    Type: AWS::Serverless::Function
    Properties:
      CodeUri: src/
      Handler: app.lambda_handler
      Environment:
        Variables:
          TABLE: {Fn::ImportValue: !Sub "${YellowRingStack}-SubscribersTableName"}
      Events:
        Alexa: {Type: AlexaSkill, Properties: {SkillId: !Ref SkillId}}
  HelperFunction:
    Type: AWS::Serverless::Function
    Properties: {InlineCode: "", Handler: index.handler, Runtime: nodejs22.x}
"""

type Write = Callable[[str], Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Write the template of a skill, and return its path."""

    def to_file(content: str) -> Path:
        path = tmp_path / "template.yaml"
        (tmp_path / "src").mkdir(exist_ok=True)
        path.write_text(content, encoding="utf-8")
        return path

    return to_file


def refusal(template: Path, parameters: str = "", package: Path | None = None) -> str:
    with pytest.raises(UnusableSkill) as refused:
        TheirSkill.read(template, package, parameters)
    return str(refused.value)


# ---- the environment ----


def test_without_a_template_the_skill_is_ours() -> None:
    assert their_skill({}) is None
    assert their_skill({"TEMPLATE": "", "PARAMETERS": ""}) is None


def test_a_package_or_parameters_without_a_template_are_refused() -> None:
    with pytest.raises(UnusableSkill, match=r"^PARAMETERS is given, but not TEMPLATE: name"):
        their_skill({"PARAMETERS": "A=1"})
    with pytest.raises(UnusableSkill, match="SKILL_PACKAGE and PARAMETERS are given"):
        their_skill({"SKILL_PACKAGE": "x", "PARAMETERS": "A=1"})


def test_the_environment_names_a_skill(write: Write) -> None:
    path = write(TEMPLATE)
    theirs = their_skill({"TEMPLATE": str(path), "PARAMETERS": "Greeting='good day'"})
    assert theirs is not None
    assert theirs.template.path == path
    assert theirs.parameters == {"Greeting": "good day"}
    assert theirs.skill_package is None


@pytest.mark.parametrize("command", ["run", "demo"])
def test_what_is_wrong_is_said_in_one_line_before_anything_is_started(
    tmp_path: Path, command: str
) -> None:
    missing = tmp_path / "nope.yaml"
    done = subprocess.run(
        [sys.executable, "-m", "yellowring_tools.local_stack", command],
        check=False,
        capture_output=True,
        text=True,
        env={**os.environ, "TEMPLATE": str(missing)},
    )
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == f"✗ {missing} is not there: name the skill's SAM template\n"


# ---- the template ----


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("a: [", "line 1, column 5: expected the node content"),
        ("- a", "$.Resources must be an object"),
        ("Resources: {}", "$.Resources must be an object"),
        ("Resources: [a]", "$.Resources must be an object"),
        ("", "$.Resources must be an object"),
    ],
)
def test_what_is_no_template_is_refused_with_the_place(
    write: Write, content: str, said: str
) -> None:
    path = write(content)
    assert refusal(path).startswith(str(path))
    assert said in refusal(path)


def test_a_template_that_is_not_there_or_not_a_file_is_refused(tmp_path: Path) -> None:
    assert "nope.yaml is not there: name the skill's SAM template" in refusal(
        tmp_path / "nope.yaml"
    )
    assert f"name the template in it, as in {tmp_path}/template.yaml" in refusal(tmp_path)


def test_a_template_that_is_not_utf_8_is_refused(write: Write) -> None:
    path = write("")
    path.write_bytes(b"\xff\xfe")
    assert "cannot be read" in refusal(path)


def test_our_own_template_is_no_other_skill() -> None:
    assert "leave TEMPLATE out" in refusal(PROJECT / "template.yaml")


def test_the_function_with_the_alexa_event_is_the_skills(write: Write) -> None:
    assert Template.read(write(TEMPLATE)).skill_function == "HelloFunction"


def test_a_permission_for_alexa_names_the_function_in_a_template_without_sam(
    write: Write,
) -> None:
    document = {
        "Resources": {
            "Hello": {"Type": "AWS::Lambda::Function"},
            "Allow": {
                "Type": "AWS::Lambda::Permission",
                "Properties": {
                    "Principal": "alexa-appkit.amazon.com",
                    "FunctionName": {"Fn::GetAtt": ["Hello", "Arn"]},
                    "EventSourceToken": "amzn1.ask.skill.theirs",
                },
            },
        }
    }
    template = Template.read(write(json.dumps(document)))
    assert template.skill_function == "Hello"
    assert template.skill_id == "amzn1.ask.skill.theirs"


def test_a_template_without_a_skill_function_is_told_how_to_name_one(write: Write) -> None:
    said = refusal(write(TEMPLATE.replace("AlexaSkill", "Api")))
    assert (
        "no function that Alexa calls: give one of HelloFunction, HelperFunction an event" in said
    )
    assert "Type: AlexaSkill" in said
    assert "an output SkillFunctionArn" in said


def test_of_several_functions_that_alexa_calls_an_output_names_the_skills(write: Write) -> None:
    event = "Events: {Alexa: {Type: AlexaSkill}}, "
    two = TEMPLATE.replace('{InlineCode: "", ', '{InlineCode: "", ' + event)
    assert "Alexa may call HelloFunction and HelperFunction" in refusal(write(two))
    named = two + "Outputs:\n  SkillFunctionArn: {Value: !GetAtt HelloFunction.Arn}\n"
    assert Template.read(write(named)).skill_function is None


NODE = TEMPLATE.replace("Runtime: python3.12", "Runtime: nodejs22.x")
OUTPUT = "Outputs:\n  SkillFunctionArn: {Value: !GetAtt HelloFunction.Arn}\n"


@pytest.mark.parametrize("content", [NODE, NODE.replace("AlexaSkill", "Api") + OUTPUT])
def test_a_skill_function_of_another_language_is_refused(write: Write, content: str) -> None:
    said = refusal(write(content))
    assert "$.Globals.Function.Runtime is 'nodejs22.x'" in said
    assert "right is python3.12 or python3.13" in said


def test_a_skill_function_in_a_container_is_refused(write: Write) -> None:
    said = refusal(write(TEMPLATE.replace("CodeUri: src/", "PackageType: Image")))
    assert "$.Resources.HelloFunction.Properties.PackageType is 'Image'" in said


def test_a_function_whose_code_is_not_there_is_refused_with_the_path(write: Write) -> None:
    path = write(TEMPLATE.replace("CodeUri: src/", "CodeUri: scr/"))
    assert f"Properties.CodeUri is 'scr/', but {path.parent / 'scr'} is not there" in refusal(path)
    shared = TEMPLATE.replace("CodeUri: src/", "Timeout: 8")
    path = write(shared.replace("Runtime: python3.12", "Runtime: python3.12, CodeUri: lib"))
    assert f"$.Globals.Function.CodeUri is 'lib', but {path.parent / 'lib'}" in refusal(path)


@pytest.mark.parametrize("code", ["s3://bucket/key", "{Bucket: b, Key: k}", "!Ref SkillId", "."])
def test_code_that_is_there_or_lies_elsewhere_is_taken(write: Write, code: str) -> None:
    TheirSkill.read(write(TEMPLATE.replace("CodeUri: src/", f"CodeUri: {code}")))


def test_python_functions_are_built_for_this_machine_and_others_stay_as_they_are(
    write: Write,
) -> None:
    read = Template.read(write(TEMPLATE))
    functions = json.loads(read.fitted("riscv"))["Resources"]
    hello = functions["HelloFunction"]["Properties"]
    assert (hello["Runtime"], hello["Architectures"]) == (PYTHON, ["riscv"])
    assert hello["CodeUri"] == "src/"
    assert functions["HelperFunction"]["Properties"] == {
        "InlineCode": "",
        "Handler": "index.handler",
        "Runtime": "nodejs22.x",
    }
    assert "Architectures" not in read.document["Resources"]["HelloFunction"]["Properties"]


def test_a_policys_version_stays_the_date_that_it_is(write: Write) -> None:
    dated = TEMPLATE + "  Role: {Type: X, Properties: {Version: 2012-10-17}}\n"
    fitted = json.loads(Template.read(write(dated)).fitted("x86_64"))
    assert fitted["Resources"]["Role"]["Properties"]["Version"] == "2012-10-17"


# ---- parameters ----


def test_parameters_are_a_file_of_json_or_pairs(tmp_path: Path) -> None:
    file = tmp_path / "a=b.json"
    file.write_text('{"A": "x", "B": 5, "C": true, "D": ["x", 2], "E": 0.5}')
    assert read_parameters(str(file)) == {"A": "x", "B": "5", "C": "true", "D": "x,2", "E": "0.5"}
    assert read_parameters("A=x B='y z' C= D=a=b") == {"A": "x", "B": "y z", "C": "", "D": "a=b"}


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ('{"A": ', "is not JSON: Expecting value in line 1, column 7"),
        ("[1]", '$ must be an object {"NAME": "VALUE"}, not a list'),
        ('{"A": null}', "$.A must be text, a number, true, false or a list of these, not null"),
        ('{"A": {}}', "$.A must be text"),
        ('{"A": ["x", null]}', "$.A[1] must be text"),
    ],
)
def test_a_file_that_holds_no_parameters_is_refused_with_the_place(
    tmp_path: Path, content: str, said: str
) -> None:
    file = tmp_path / "parameters.json"
    file.write_text(content)
    with pytest.raises(UnusableSkill, match=re.escape(said)):
        read_parameters(str(file))


def test_a_word_that_is_no_pair_and_a_file_that_is_not_there_are_refused() -> None:
    with pytest.raises(UnusableSkill, match='"B" is no NAME=VALUE'):
        read_parameters("A=1 B")
    with pytest.raises(UnusableSkill, match='"=1" is no NAME=VALUE'):
        read_parameters("=1")
    with pytest.raises(UnusableSkill, match="No closing quotation"):
        read_parameters("A='1")
    with pytest.raises(UnusableSkill, match=r"nope\.json is not there: give a file"):
        read_parameters("nope.json")


def test_a_parameter_that_the_template_has_not_is_refused_with_what_was_meant(
    write: Write,
) -> None:
    said = refusal(write(TEMPLATE), "greting=x")
    assert "$.greting is no parameter of" in said
    assert "did you mean Greeting? It has SkillId, YellowRingStack, Greeting" in said
    assert "none" in refusal(
        write(TEMPLATE.replace("Parameters:", "Metadata:").replace("!Ref SkillId", OURS)), "A=1"
    )


def test_a_parameter_without_a_value_is_asked_for(write: Write) -> None:
    needy = write(TEMPLATE.replace(", Default: hello", ""))
    assert 'needs Greeting: give a value, as in {"Greeting": "…"} or Greeting=…' in refusal(needy)
    assert TheirSkill.read(needy, parameters="Greeting=x").parameters == {"Greeting": "x"}


def test_the_template_gets_what_the_local_stack_knows_and_what_was_given(write: Write) -> None:
    theirs = TheirSkill.read(write(TEMPLATE), parameters="Greeting=x")
    known = {"YellowRingStack": "yellow-ring", "LwaBaseUrl": "http://lwa", "MaxWorkers": "2"}
    assert theirs.complete(OURS, known) == {
        "SkillId": OURS,
        "YellowRingStack": "yellow-ring",
        "Greeting": "x",
    }


def test_what_was_given_wins_over_what_the_local_stack_knows(write: Write) -> None:
    theirs = TheirSkill.read(write(TEMPLATE), parameters="YellowRingStack=other")
    chosen = theirs.complete(OURS, {"YellowRingStack": "yellow-ring"})
    assert chosen["YellowRingStack"] == "other"


# ---- the skill's id ----


@pytest.mark.parametrize(
    ("bound", "parameters", "found"),
    [
        ("!Ref SkillId", "", OURS),
        ("!Ref SkillId", "SkillId=amzn1.ask.skill.given", "amzn1.ask.skill.given"),
        ("amzn1.ask.skill.bound", "", "amzn1.ask.skill.bound"),
    ],
)
def test_the_local_alexa_has_the_skill_id_that_the_function_is_bound_to(
    write: Write, bound: str, parameters: str, found: str
) -> None:
    theirs = TheirSkill.read(write(TEMPLATE.replace("!Ref SkillId", bound)), parameters=parameters)
    assert theirs.skill_id(OURS) == found
    assert theirs.complete(theirs.skill_id(OURS), {})["SkillId"] == found


def test_the_skill_id_goes_to_the_parameter_that_the_event_refers_to(write: Write) -> None:
    renamed = TEMPLATE.replace("SkillId:", "AskId:").replace("!Ref SkillId", "!Ref AskId")
    renamed = renamed.replace("Properties: {AskId:", "Properties: {SkillId:")
    theirs = TheirSkill.read(write(renamed))
    assert theirs.complete(OURS, {})["AskId"] == OURS


def test_what_is_no_skill_id_is_refused_with_where_it_stands(write: Write) -> None:
    given = TheirSkill.read(write(TEMPLATE), parameters="SkillId=amzn1.ask.account.x")
    with pytest.raises(UnusableSkill, match=r"PARAMETERS: \$\.SkillId: .* is no skill id"):
        given.skill_id(OURS)
    path = write(TEMPLATE.replace("!Ref SkillId", "'*'"))
    with pytest.raises(UnusableSkill, match=rf"{path}: '\*' is no skill id"):
        TheirSkill.read(path).skill_id(OURS)


# ---- the skill package ----


def package(folder: Path, manifest: Any) -> Path:
    folder.mkdir()
    (folder / "skill.json").write_text(manifest)
    return folder


def test_the_skill_package_is_the_one_named_or_the_one_beside_the_template(write: Write) -> None:
    path = write(TEMPLATE)
    beside = package(path.parent / "skill-package", "{}")
    assert TheirSkill.read(path).skill_package == beside
    other = package(path.parent / "other", "{}")
    assert TheirSkill.read(path, other).skill_package == other


def test_a_folder_without_a_manifest_is_no_skill_package(write: Write, tmp_path: Path) -> None:
    said = refusal(write(TEMPLATE), package=tmp_path)
    assert f"SKILL_PACKAGE: {tmp_path / 'skill.json'} is not there: name the folder" in said


def test_a_manifest_that_is_not_json_is_refused(write: Write, tmp_path: Path) -> None:
    said = refusal(write(TEMPLATE), package=package(tmp_path / "broken", "{"))
    assert "skill.json is not JSON" in said


# ---- builds ----


def test_builds_with_an_older_library_are_thrown_away(tmp_path: Path) -> None:
    (tmp_path / "older" / "cache").mkdir(parents=True)
    current = _directory(tmp_path)
    (current / "kept").touch()
    assert _directory(tmp_path) == current
    assert [each.name for each in tmp_path.iterdir()] == [current.name]
    assert (current / "kept").exists()
