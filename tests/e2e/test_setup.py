"""A skill is set up from an empty folder: Alexa knows no skill, and AWS has no stack."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from yellowring_tools.local_stack.alexa import Alexa
from yellowring_tools.local_stack.deployment import host_architecture
from yellowring_tools.local_stack.emulator import Aws, start_emulator, wait_for_emulator
from yellowring_tools.local_stack.environments import (
    aws_environment,
    new_keys,
    server_environment,
    tool_environment,
)
from yellowring_tools.local_stack.processes import Child, free_port
from yellowring_tools.local_stack.story import WEATHER
from yellowring_tools.local_stack.web import call
from yellowring_tools.local_stack.workspace import PROJECT, workspace
from yellowring_tools.setup.journal import Journal
from yellowring_tools.smapi import SmapiLogin, connect

from tests.e2e.support import eventually

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from yellowring_tools.smapi import Smapi

pytestmark = pytest.mark.slow

COMMAND = Path(sys.executable).with_name("yellowring")
STORM = PROJECT / "examples" / "campaigns" / "weather-alert.json"
SIMULATOR_SECONDS = 60.0


@dataclass(frozen=True)
class Said:
    """What the command said, and how it ended."""

    status: int
    out: str
    err: str

    @property
    def document(self) -> Any:
        assert self.out, self.err
        return json.loads(self.out)

    @property
    def states(self) -> dict[str, str]:
        """What became of each step."""
        return {each["name"]: each["state"] for each in self.document["steps"]}


@dataclass(frozen=True)
class Place:
    """An Alexa without a skill, an AWS without a stack."""

    aws: Aws
    alexa: Alexa
    environment: dict[str, str]

    def skills(self) -> list[dict[str, Any]]:
        """List the developer's skills."""
        found: list[dict[str, Any]] = self.control("GET", "skills")["skills"]
        return found

    def named(self, name: str) -> list[dict[str, Any]]:
        """List the developer's skills of a name."""
        return [each for each in self.skills() if name in each["names"].values()]

    def smapi(self) -> Smapi:
        """Reach the developer's skills."""
        login = SmapiLogin.from_environ(self.environment)
        return connect(
            ask_profile=None, login=login, base_url=self.alexa.url, lwa_url=self.alexa.url
        )

    def control(self, method: str, path: str, body: object = None) -> Any:
        return call(method, f"{self.alexa.url}/_sim/{path}", body)


@pytest.fixture(scope="module")
def place() -> Iterator[Place]:
    with workspace("setup") as space:
        endpoint, keys = f"http://127.0.0.1:{free_port()}", new_keys()
        python = os.pathsep.join((str(PROJECT / "tools"), str(PROJECT / "lambda")))
        simulator = [sys.executable, "-m", "yellowring_tools.simulator", "--without-skill"]
        own = aws_environment(endpoint, keys) | {"PYTHONPATH": python}
        with (
            start_emulator(endpoint, keys, space) as emulator,
            Child.start(
                "simulator",
                simulator,
                log=space.logs / "simulator.log",
                env=server_environment(own),
                cwd=PROJECT,
            ) as alexa,
        ):
            wait_for_emulator(emulator, endpoint)
            told = alexa.announcement(SIMULATOR_SECONDS)
            developer = told["smapi"]
            environment = tool_environment(aws_environment(endpoint, keys)) | {
                "SMAPI_BASE_URL": told["url"],
                "LWA_BASE_URL": told["url"],
                "SMAPI_CLIENT_ID": developer["clientId"],
                "SMAPI_CLIENT_SECRET": developer["clientSecret"],
                "SMAPI_REFRESH_TOKEN": developer["refreshToken"],
                "SAM_CLI_POLL_DELAY": "0.25",
            }
            yield Place(Aws(endpoint, keys), Alexa(told["url"]), environment)


@dataclass(frozen=True)
class Setup:
    """The command in a folder, for a skill and a stack of their own."""

    place: Place
    folder: Path
    name: str
    stack: str
    regions: str = "us-east-1"

    @property
    def arguments(self) -> list[str]:
        parameters = {
            "Architecture": host_architecture(),
            "AlexaBaseUrl": f"{self.place.alexa.url}/{{region}}",
            "LwaBaseUrl": self.place.alexa.url,
            "DataDeletionPolicy": "Delete",
        }
        file = self.folder.parent / "parameters.json"
        file.write_text(json.dumps(parameters))
        return [
            *("setup", "--yes", "--json", "--name", self.name, "--stack", self.stack),
            *(
                "--regions",
                self.regions,
                "--parameters",
                str(file),
                "--campaign",
                str(STORM),
                "--settle",
                "5",
            ),
        ]

    def start(self, *more: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [COMMAND, *self.arguments, *more],
            cwd=self.folder,
            env=self.place.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def run(self, *more: str) -> Said:
        with self.start(*more) as process:
            out, err = process.communicate()
        return Said(process.returncode, out, err)

    def killed_when(self, seen: Callable[[str], object], *more: str) -> str:
        """Kill the command as soon as what it tells, or anything else, is seen; return the line."""
        with self.start(*more) as process:
            assert process.stderr is not None
            drained = threading.Thread(target=_drain, args=(process.stdout,), daemon=True)
            drained.start()
            for line in process.stderr:
                if seen(line):
                    process.send_signal(signal.SIGKILL)
                    return line
        raise AssertionError("the command ended before it was to be killed")


def _drain(stream: Any) -> None:
    while stream.read(4096):
        pass


@pytest.fixture
def empty(tmp_path: Path) -> Path:
    folder = tmp_path / "empty"
    folder.mkdir()
    return folder


def test_from_an_empty_folder_to_the_first_ring(place: Place, empty: Path) -> None:
    setup = Setup(place, empty, "Yellow Ring", "yellow-ring")
    said = setup.run()
    assert said.status == 0, said.err
    assert set(said.states.values()) <= {"done", "there"}
    assert said.states["skill"] == said.states["deploy-us-east-1"] == "done"

    # What only a person can do: the notifications are switched on in the app.
    developer = eventually(lambda: place.control("GET", "skills")["developer"], "nobody enabled it")
    place.alexa.act(developer, "grant", {})
    place.alexa.act(developer, "subscribe", {"events": [WEATHER]})
    eventually(lambda: not place.alexa.events()["pending"], "skill events are pending")
    sent = subprocess.run(
        [COMMAND, "send", str(STORM), "--watch", "--json", "--stack", "yellow-ring"],
        check=False,
        capture_output=True,
        text=True,
        cwd=empty,
        env=place.environment,
    )
    assert sent.returncode == 0, sent.stderr
    [rung] = place.alexa.notifications()
    assert "snow" in rung["sentence"].lower()

    _check_that_nothing_leaks(place, empty, said)
    again = setup.run()
    assert again.status == 0, again.err
    assert [name for name, state in again.states.items() if state != "there"] == ["build", "doctor"]
    assert len(place.skills()) == 1

    changed = setup.run("--parameter", "LogLevel=DEBUG")
    assert changed.status == 0, changed.err
    assert changed.states["deploy-us-east-1"] == "done"
    configuration = place.aws.functions.get_function_configuration(FunctionName="yellow-ring-skill")
    assert configuration["Environment"]["Variables"]["LOG_LEVEL"] == "DEBUG"
    [stack] = place.aws.cloudformation.describe_stacks(StackName="yellow-ring")["Stacks"]
    parameters = {each["ParameterKey"]: each["ParameterValue"] for each in stack["Parameters"]}
    assert json.loads(parameters["Campaign"])["name"] == json.loads(STORM.read_text())["name"]


def _check_that_nothing_leaks(place: Place, folder: Path, said: Said) -> None:
    """Find the secrets in the stack's secret, and nowhere else."""
    held = place.aws.secrets.get_secret_value(SecretId="yellow-ring/credentials")["SecretString"]
    names = ("SMAPI_CLIENT_SECRET", "SMAPI_REFRESH_TOKEN")
    unsaid = [json.loads(held)["clientSecret"], *(place.environment[name] for name in names)]
    assert json.loads(held)["clientId"] == place.skills()[0]["clientId"]
    written = [path.read_text(errors="replace") for path in folder.rglob("*") if path.is_file()]
    for text in (said.out, said.err, *written):
        assert not any(secret in text for secret in unsaid)
    assert (folder / ".yellowring" / "setup.json").stat().st_mode & 0o777 == 0o600


def test_killed_after_every_step_it_goes_on_and_makes_one_skill(place: Place, empty: Path) -> None:
    setup = Setup(place, empty, "Red Ring", "red-ring", "us-east-1,eu-west-1")
    # In the middle of the creation: it was done, and nobody was told.
    lost = {"only": ["create-skill-package"], "most": 1, "timeout": 1, "timeoutSeconds": 20}
    place.alexa.set_faults({"smapi": lost})
    with setup.start() as process:
        eventually(lambda: place.named("Red Ring"), "no skill was created")
        process.kill()
    place.alexa.set_faults({})
    journal = Journal(empty)
    journal.read()
    assert journal.entries.skill_id == ""
    assert journal.entries.intent is not None
    assert journal.entries.intent.import_id == ""

    # In the middle of a deployment: whatever has become of the stack, it goes on from there.
    setup.killed_when(deploys)

    steps = len(setup.run("--dry-run").document["steps"])
    for number in range(1, steps):
        setup.killed_when(after(number))
    said = setup.run()
    assert said.status == 0, said.err
    assert [name for name, state in said.states.items() if state != "there"] == ["build", "doctor"]

    [skill] = place.named("Red Ring")
    assert said.document["skillId"] == skill["skillId"]
    document, _ = place.smapi().manifest(skill["skillId"])
    for holder in (document["manifest"]["apis"]["custom"], document["manifest"]["events"]):
        assert {served: each["endpoint"]["uri"] for served, each in holder["regions"].items()} == {
            "NA": "arn:aws:lambda:us-east-1:000000000000:function:red-ring-skill:live",
            "EU": "arn:aws:lambda:eu-west-1:000000000000:function:red-ring-skill:live",
        }


def deploys(line: str) -> bool:
    """Check whether a line tells that a deployment begins, and let it get under way."""
    if line.startswith("Deploy"):
        time.sleep(6)
        return True
    return False


def after(number: int) -> Callable[[str], bool]:
    """Tell of each line whether it is the end of a step, and so many steps have ended."""
    ended = 0

    def seen(line: str) -> bool:
        nonlocal ended
        ended += line.startswith("  ") and line.rstrip().endswith(" s)")
        return ended == number

    return seen
