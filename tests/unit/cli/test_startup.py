from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

import pytest
from yellowring.version import __version__
from yellowring_tools.cli.main import COMMANDS

from tests.unit.cli.running import yellowring

ROOT = Path(__file__).parents[3]
EXAMPLE = str(ROOT / "examples/campaigns/weather-alert.json")
MOST_SECONDS = 0.5
SLOW = ("aiohttp", "aws_lambda_powertools", "ask_sdk_core", "boto3", "rich")
"""What `validate` has no use for and would take longer to load than all the rest."""


@pytest.mark.parametrize("arguments", [["validate", EXAMPLE], ["--help"]])
def test_neither_validate_nor_help_loads_what_it_does_not_need(arguments: list[str]) -> None:
    code = (
        "import sys; from yellowring_tools.cli.main import main\n"
        f"sys.argv = ['yellowring', *{arguments!r}]\n"
        "try:\n    main()\nexcept SystemExit as end:\n    assert not end.code\n"
        f"assert not (loaded := set({SLOW!r}) & set(sys.modules)), loaded"
    )
    environment = {"PYTHONPATH": f"{ROOT / 'tools'}:{ROOT / 'lambda'}"}
    subprocess.run([sys.executable, "-c", code], check=True, env=environment)


@pytest.mark.parametrize("name", COMMANDS)
def test_the_list_of_commands_says_what_their_own_help_begins_with(name: str) -> None:
    own = " ".join(yellowring(name, "--help").out.split())
    _, summary = COMMANDS[name]
    assert f"{summary}" in own
    assert f"{name}  " in yellowring("--help").out


def test_the_version_is_told_and_nothing_else() -> None:
    assert yellowring("--version").out == f"yellowring {__version__}\n"


def test_a_command_that_is_none_is_told_with_what_was_meant() -> None:
    said = yellowring("schedul")
    assert said.status == 2
    assert "schedule" in said.err


@pytest.mark.slow
def test_validate_answers_in_half_a_second() -> None:
    seconds = []
    for _ in range(9):
        started = time.perf_counter()
        command = str(Path(sys.executable).with_name("yellowring"))
        subprocess.run([command, "validate", EXAMPLE], check=True, cwd=ROOT)
        seconds.append(time.perf_counter() - started)
    assert min(seconds) < MOST_SECONDS  # the others tell how busy the machine is
