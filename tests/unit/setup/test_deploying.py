"""``make deploy`` passes every parameter that it was given, whole."""

from __future__ import annotations

import json
import subprocess
import tomllib
from typing import TYPE_CHECKING

import pytest
from yellowring_tools.local_stack.environments import tool_environment
from yellowring_tools.local_stack.overrides import write_overrides
from yellowring_tools.local_stack.workspace import PROJECT
from yellowring_tools.setup import deploying
from yellowring_tools.setup.cloud import Cloud
from yellowring_tools.setup.deployment import Target, environment
from yellowring_tools.setup.endpoints import NEAREST
from yellowring_tools.setup.problems import SetupStopped

if TYPE_CHECKING:
    from argparse import Namespace
    from pathlib import Path

STORM = PROJECT / "examples" / "campaigns" / "weather-alert.json"
SAMCONFIG = PROJECT / "samconfig.toml"
SETTINGS = tomllib.loads(SAMCONFIG.read_text())


def made(*given: str) -> str:
    """Return what make would run to deploy."""
    done = subprocess.run(
        ["make", "-n", "deploy", *given], cwd=PROJECT, capture_output=True, text=True, check=True
    )
    joined = done.stdout.replace("\\\n", " ")
    [line] = [each for each in joined.splitlines() if "setup.deploying" in each]
    return " ".join(line.split())


def parameters(environ: dict[str, str], *more: str) -> dict[str, str]:
    return deploying.parameters(options("live", "x86_64", *more), environ)


def options(stage: str, architecture: str, *more: str) -> Namespace:
    arguments = ["--stack", "s", "--stage", stage, "--architecture", architecture, "--region", "r"]
    return deploying._parser().parse_args([*arguments, *more])


def completed(
    there: dict[str, str], *given: str, file: dict[str, str] | None = None
) -> dict[str, str]:
    """Return what is sent for a stack when make is given nothing but the names."""
    chosen = options("development", "arm64", "--given", *given)
    return deploying.with_defaults(
        {**(file or {}), **deploying.parameters(chosen, {})}, chosen, there, "s in r"
    )


DEFAULTS = {"SkillStage": "development", "Architecture": "arm64"}


def test_a_new_stack_gets_makes_defaults() -> None:
    assert completed({}) == DEFAULTS


def test_a_stack_keeps_its_stage_and_architecture() -> None:
    assert completed(DEFAULTS) == {}


@pytest.mark.parametrize(
    ("there", "said"),
    [
        ({"SkillStage": "live"}, "make deploy STAGE=live keeps it"),
        ({"Architecture": "x86_64"}, "make deploy ARCHITECTURE=x86_64 keeps it"),
    ],
)
def test_no_default_turns_a_stack_into_another(there: dict[str, str], said: str) -> None:
    with pytest.raises(SetupStopped, match=said):
        completed(DEFAULTS | there)


def test_what_was_given_turns_a_stack_into_another() -> None:
    there = {"SkillStage": "live", "Architecture": "x86_64"}
    assert completed(there, "STAGE", "ARCHITECTURE") == DEFAULTS


@pytest.mark.parametrize("there", [{}, DEFAULTS, {"SkillStage": "live"}])
def test_no_default_overrules_a_file(there: dict[str, str]) -> None:
    assert completed(there, file={"SkillStage": "live"})["SkillStage"] == "live"


def test_functions_are_not_deployed_as_what_they_were_not_built_for() -> None:
    with pytest.raises(SetupStopped, match="make deploy ARCHITECTURE=x86_64 builds them"):
        completed({}, file={"Architecture": "x86_64"})


def test_make_names_what_it_was_given() -> None:
    line = made("SkillId=amzn1.ask.skill.1", "MaxWorkers=3")
    assert set(line.partition("--given ")[2].split()) == {"SkillId", "MaxWorkers"}


def test_make_passes_the_architecture_on() -> None:
    assert "--architecture x86_64 " in made("ARCHITECTURE=x86_64").replace('"', "")


@pytest.mark.parametrize(
    ("given", "stack"),
    [((), "yellow-ring"), (("STAGE=live",), "yellow-ring-live"), (("STACK=mine",), "mine")],
)
def test_each_stage_has_a_stack_of_its_own(given: tuple[str, ...], stack: str) -> None:
    assert f"--stack {stack} " in made(*given).replace('"', "")


def test_every_region_is_deployed_to() -> None:
    line = made("REGIONS=us-east-1 eu-west-1")
    assert "--region us-east-1 --region eu-west-1 " in line


def test_what_make_was_given_becomes_parameters(tmp_path: Path) -> None:
    file = tmp_path / "values.json"
    file.write_text('{"MaxWorkers": 8, "LogLevel": "DEBUG"}')
    environ = {"MaxWorkers": "3", "STAGE": "live", "ApiRate": "7"}
    found = parameters(
        environ,
        *("--parameters", str(file), "--campaign", str(STORM)),
        *("--given", "MaxWorkers", "STAGE", "ARCHITECTURE"),
    )
    assert json.loads(found.pop("Campaign"))["event"] == json.loads(STORM.read_text())["event"]
    assert found == {
        "MaxWorkers": "3",
        "LogLevel": "DEBUG",
        "Architecture": "x86_64",
        "SkillStage": "live",
    }


def test_parameters_reach_sam_in_a_file() -> None:
    command = target("development-us-east-1").command("/values.yaml")
    assert command[command.index("--parameter-overrides") + 1] == "file:///values.yaml"


def test_make_builds_without_the_developers_login(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    login = {"SMAPI_CLIENT_SECRET": "1", "ASK_REFRESH_TOKEN": "2"}
    monkeypatch.setenv("KEPT", "3")
    for name, value in login.items():
        monkeypatch.setenv(name, value)
    printing = tmp_path / "printing.mk"
    printing.write_text(f"include {PROJECT / 'Makefile'}\nprinted:\n\t@env\n")
    command = ["make", "-s", "-f", str(printing), "printed"]
    done = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, check=True)
    names = {line.partition("=")[0] for line in done.stdout.splitlines()}
    assert "KEPT" in names
    assert not names & set(login)


@pytest.mark.parametrize("text", ["ring 🟡", "Sturm ⚠", "a\u2028b\x85c\x7f", '{"a": "b c"}', ""])
def test_sam_reads_every_text_as_it_was_given(tmp_path: Path, text: str) -> None:
    from samcli.cli.types import CfnParameterOverridesType  # type: ignore[import-untyped]

    file = tmp_path / "parameters.yaml"
    write_overrides(file, {"Campaign": text})
    read = CfnParameterOverridesType().convert((f"file://{file}",), None, None)
    assert read == {"Campaign": text}


@pytest.mark.parametrize("stage", ["development", "live"])
@pytest.mark.parametrize("region", NEAREST)
def test_each_stage_and_region_has_an_environment(stage: str, region: str) -> None:
    settings = SETTINGS[f"{stage}-{region}"]["deploy"]["parameters"]
    stack = {"development": "yellow-ring", "live": "yellow-ring-live"}[stage]
    assert (settings["region"], settings["stack_name"]) == (region, stack)
    command = target(f"{stage}-{region}").command("v")
    assert command[command.index("--config-env") + 1] == f"{stage}-{region}"
    assert "--resolve-s3" not in command  # the environment may name a bucket


def test_a_project_without_environments_is_deployed_all_the_same(tmp_path: Path) -> None:
    command = Target(tmp_path, "s", "eu-west-1", "live-eu-west-1", tmp_path / "none").command("v")
    assert "--resolve-s3" in command
    assert "CAPABILITY_IAM" in command


@pytest.mark.parametrize("name", ["SMAPI_REFRESH_TOKEN", "ASK_REFRESH_TOKEN"])
def test_sam_has_no_business_with_the_developers_login(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(name, "Atzr|1")
    monkeypatch.setenv("AWS_PROFILE", "one")
    assert "Atzr|1" not in environment(None).values()
    assert "Atzr|1" not in tool_environment({}).values()
    assert environment(None)["AWS_PROFILE"] == "one"
    assert environment("two")["AWS_PROFILE"] == "two"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--given", "MaxWorker"), "MaxWorker is no parameter: did you mean MaxWorkers?"),
        ((), "SkillId is needed"),
    ],
)
def test_what_is_wrong_is_told_before_anything_is_deployed(
    arguments: tuple[str, ...],
    said: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(Cloud, "stack", lambda *_: None)
    monkeypatch.setattr(deploying, "deploy", lambda *_, **__: pytest.fail("deployed"))
    required = ("--stack", "ring", "--stage", "live", "--architecture", "arm64")
    own = ("--project", str(PROJECT), "--region", "us-east-1")
    assert deploying.main([*required, *own, *arguments]) == 1
    assert said in capsys.readouterr().err


def target(environment: str) -> Target:
    return Target(
        PROJECT / "template.yaml", "s", environment.partition("-")[2], environment, SAMCONFIG
    )
