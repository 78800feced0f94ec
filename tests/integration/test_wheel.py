"""What others install: small, alone at its top, and at work in an empty environment."""

from __future__ import annotations

import os
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import yellowring

from benchmarks import wheel as bench
from tests.conftest import ENVIRONMENT

if TYPE_CHECKING:
    from collections.abc import Callable

ROOT = Path(__file__).parents[2]
WRAPPED = Path(__file__).with_name("wrapped.py")
CAMPAIGN = ROOT / "examples" / "campaigns" / "weather-alert.json"
EVERY_MODULE = (
    "import importlib, pkgutil, yellowring;"
    "found = [m.name for m in pkgutil.walk_packages(yellowring.__path__, 'yellowring.')];"
    "[importlib.import_module(name) for name in found];"
    "assert len(found) > 50, found"
)

type Python = Callable[..., str]


@pytest.fixture(scope="module")
def wheels(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("dist")
    bench.build(directory, everything=True)
    return directory


def library(wheels: Path) -> Path:
    [found] = wheels.glob("yellowring-*.whl")
    return found


def test_the_wheel_holds_our_name_and_nothing_else_at_its_top(wheels: Path) -> None:
    held = bench.contents(library(wheels))
    version = yellowring.__version__
    assert held["top"] == ["yellowring", f"yellowring-{version}.dist-info"]
    assert held["version"] == version
    assert held["python"] == ">=3.12"


def test_a_skill_gets_two_dependencies_and_few_bytes(wheels: Path) -> None:
    held = bench.contents(library(wheels))
    assert held["bytes"] < bench.MOST_BYTES
    always = [each for each in held["requires"] if "extra ==" not in each]
    assert [each.partition("<")[0] for each in always] == ["aws-lambda-powertools", "pydantic"]


def test_importing_loads_nothing_of_others_before_it_is_used() -> None:
    assert bench.loads("import yellowring; yellowring.__version__") == []
    assert "pydantic" not in bench.loads("import yellowring; yellowring.wrap")
    asked = bench.loads("import yellowring; yellowring.ask_for_notifications")
    assert not {"pydantic", "boto3", "ask_sdk_core"} & set(asked)


def test_importing_takes_next_to_nothing() -> None:
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "lambda")}
    taken = bench._cpu("import yellowring", environment) - bench._cpu("pass", environment)
    assert taken < bench.MOST_MILLISECONDS


def test_everything_public_is_there_and_named() -> None:
    assert set(yellowring.__all__) <= set(dir(yellowring))
    for name in yellowring.__all__:
        assert getattr(yellowring, name)
    with pytest.raises(AttributeError, match="no attribute 'unheard_of'"):
        _ = yellowring.unheard_of


def test_the_tools_are_of_the_same_version_as_the_library() -> None:
    project = tomllib.loads((ROOT / "tools" / "pyproject.toml").read_text("utf-8"))["project"]
    assert project["version"] == yellowring.__version__
    assert f"yellowring[sender]=={yellowring.__version__}" in project["dependencies"]


def uv(*arguments: str | Path, **environment: str) -> str:
    command = [bench.UV, *map(str, arguments)]
    done = subprocess.run(
        command, env=os.environ | environment, capture_output=True, text=True, check=False, cwd="/"
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def interpreter(version: str) -> str | None:
    """Return a Python of a version; pyenv's shims answer for the version that is chosen."""
    for chosen in ({}, {"PYENV_VERSION": version}):
        try:
            return uv("python", "find", "--no-project", version, **chosen)
        except AssertionError:
            continue
    return None


def environment_of(directory: Path, version: str, *packages: str | Path) -> Python:
    """Make an environment that holds packages and what they need; return what runs in it."""
    python = interpreter(version)
    if python is None:
        pytest.skip(
            f"there is no Python {version} here, and it cannot be installed everywhere, CI "
            "included: the wheel is tried on the other one only"
        )
    uv("venv", "--quiet", "--no-project", "--python", python, directory)
    wheels = Path(packages[0]).parent
    inside = directory / "bin" / "python"
    uv("pip", "install", "--quiet", "--python", inside, "--find-links", wheels, *packages)

    def run(*arguments: str | Path, succeeds: bool = True) -> str:
        command = [inside, "-W", "error", *arguments]
        environment = {
            **ENVIRONMENT,
            "PATH": f"{inside.parent}:/usr/bin:/bin",
            "HOME": str(directory),
        }
        environment["NOTIFICATIONS_QUEUE_URL"] = "https://sqs.example/notifications"
        done = subprocess.run(
            command, env=environment, capture_output=True, text=True, check=False, cwd=directory
        )
        assert (done.returncode == 0) is succeeds, done.stdout + done.stderr
        return done.stdout + done.stderr

    return run


@pytest.mark.slow
@pytest.mark.parametrize("version", ["3.12", "3.13"])
def test_a_skill_that_wraps_its_handler_works_in_an_empty_environment(
    wheels: Path, tmp_path: Path, version: str
) -> None:
    run = environment_of(tmp_path / "env", version, library(wheels), "boto3")
    assert run(WRAPPED).splitlines()[-1] == yellowring.__version__


@pytest.mark.slow
def test_without_boto3_it_says_what_is_missing(wheels: Path, tmp_path: Path) -> None:
    run = environment_of(tmp_path / "env", "3.13", library(wheels))
    assert yellowring.__version__ in run("-c", "import yellowring; print(yellowring.__version__)")
    told = run("-c", "import yellowring; yellowring.wrap", succeeds=False)
    assert "ImportError: yellowring.wrap needs boto3, which Lambda brings along" in told


@pytest.mark.slow
@pytest.mark.parametrize("version", ["3.12", "3.13"])
def test_every_module_of_the_library_is_imported_with_the_senders_extra(
    wheels: Path, tmp_path: Path, version: str
) -> None:
    run = environment_of(tmp_path / "env", version, f"{library(wheels)}[sender]")
    run("-c", EVERY_MODULE)


@pytest.mark.slow
def test_the_operators_command_starts_in_an_empty_environment(wheels: Path, tmp_path: Path) -> None:
    [tools] = wheels.glob("yellowring_tools-*.whl")
    run = environment_of(tmp_path / "env", "3.13", tools)
    command = tmp_path / "env" / "bin" / "yellowring"
    assert "validate" in run(command, "--help")
    assert run(command, "validate", CAMPAIGN)
    run("-c", "import yellowring_tools.local_stack.__main__, yellowring_tools.simulator.__main__")


@pytest.mark.slow
def test_the_types_hold_for_the_oldest_python() -> None:
    command = [sys.executable, "-m", "mypy", "--python-version", "3.12", "-p", "yellowring"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
