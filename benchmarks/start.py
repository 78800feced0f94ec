"""What a cold start costs: importing each function as it is deployed, and what it carries.

Beside it in the same run a hello-world skill of the ASK SDK with a DynamoDB table, as ``sam build``
makes one: what pip unpacks, with nothing compiled, for Lambda cannot keep what it compiles. CPU of
fresh processes in turn, so that a busy machine is as busy for each. Run it with
``python benchmarks/start.py``; ``--json`` prints the figures, and a limit that is passed fails.
"""

from __future__ import annotations

import json
import os
import shutil
import statistics
import subprocess
import sys
import sysconfig
import tempfile
from pathlib import Path

from yellowring_tools.local_stack.deployment import Build, host_architecture
from yellowring_tools.local_stack.workspace import LOCAL

ROUNDS = 7
HELLO_WORLD = """
import boto3
from ask_sdk_core.dispatch_components import AbstractRequestHandler
from ask_sdk_core.skill_builder import SkillBuilder
from ask_sdk_core.utils import is_request_type

customers = boto3.resource("dynamodb").Table("customers")


class Launch(AbstractRequestHandler):
    def can_handle(self, handler_input):
        return is_request_type("LaunchRequest")(handler_input)

    def handle(self, handler_input):
        return handler_input.response_builder.speak("Hello").response


sb = SkillBuilder()
sb.add_request_handler(Launch())
lambda_handler = sb.lambda_handler()
"""
ENVIRONMENT = {
    "AWS_ACCESS_KEY_ID": "test",
    "AWS_SECRET_ACCESS_KEY": "test",
    "AWS_DEFAULT_REGION": "us-east-1",
    "AWS_REGION": "us-east-1",
    "AWS_EC2_METADATA_DISABLED": "true",
    "SKILL_ID": "amzn1.ask.skill.00000000-0000-4000-8000-000000000001",
    "SKILL_STAGE": "development",
    "SUBSCRIBERS_TABLE": "subscribers",
    "RUNS_TABLE": "runs",
    "RUN_MACHINE_ARN": "arn:aws:states:us-east-1:123456789012:stateMachine:yellow-ring-run",
    "EVENT_BUS_NAME": "yellow-ring",
    "NOTIFICATIONS_QUEUE_URL": "https://sqs.us-east-1.amazonaws.com/123456789012/notifications",
    "CREDENTIALS_SECRET_ID": "credentials",
    "SENDER_FUNCTION_NAME": "sender",
    "STACK_NAME": "yellow-ring",
    "PYTHONDONTWRITEBYTECODE": "1",
}
STARTS = {"AWS_LAMBDA_FUNCTION_NAME": "function"}
"""With it the functions make their clients as well, as they do when Lambda starts them."""
FUNCTIONS = ("skill", "sender", "api")
MOST = {"skill": 0.30, "skill, with its client": 0.30, "sender": 0.49}
"""Of the hello-world's CPU."""
MOST_ZIPPED = 14_000_000
"""Bytes."""


def built() -> Path:
    """Return where the functions lie as they are deployed, for this machine."""
    build = Build(host_architecture())
    with build.reserved(), tempfile.TemporaryDirectory() as logs:
        if building := build.start(Path(logs)):
            with building:
                build.finish(building)
    return build.template.with_name("SkillFunction")


def hello_world() -> Path:
    """Return where the other skill lies, with what pip installs for it."""
    directory = LOCAL / "hello-world"
    if not (directory / "app.py").exists():
        shutil.rmtree(directory, ignore_errors=True)
        pip = (sys.executable, "-m", "pip", "install", "--quiet", "--no-compile")
        # It complains of what else is in its own environment.
        command = [*pip, "--target", directory, "ask-sdk-core", "boto3"]
        subprocess.run(command, check=True, stderr=subprocess.DEVNULL)
        (directory / "app.py").write_text(HELLO_WORLD)
    return directory


def cpu(directory: Path, module: str, environment: dict[str, str]) -> float:
    """Return the seconds of CPU in which a fresh process imports a module and what it needs."""
    asked = (
        f"import sys, time; sys.path.insert(0, {str(directory)!r}); began = time.process_time()\n"
        f"import {module}\nprint(time.process_time() - began)"
    )
    interpreter = Path(sysconfig.get_config_var("BINDIR")) / "python3"
    command = [interpreter, "-S", "-W", "ignore", "-c", asked]
    answer = subprocess.run(
        command, env=ENVIRONMENT | environment, check=True, capture_output=True, text=True
    )
    return float(answer.stdout.split()[-1])


def measured() -> dict[str, dict[str, float]]:
    """Return for each what it took, in seconds, and how often that goes into the hello-world's."""
    ours, theirs = built(), hello_world()
    asked = {"hello world": (theirs, "app", {})}
    for name in FUNCTIONS:
        asked[name] = ours, f"yellowring.{name}.app", {}
        asked[f"{name}, with its client{'' if name == 'skill' else 's'}"] = (
            *asked[name][:2],
            STARTS,
        )
    taken: dict[str, list[float]] = {name: [] for name in asked}
    for _ in range(ROUNDS):
        for name, of in asked.items():
            taken[name].append(cpu(*of))
    seconds = {name: statistics.median(each) for name, each in taken.items()}
    return {
        name: {"seconds": round(each, 3), "ratio": round(each / seconds["hello world"], 3)}
        for name, each in seconds.items()
    }


def zipped(directory: Path) -> int:
    """Return the bytes of what is uploaded for a function."""
    with tempfile.TemporaryDirectory() as made:
        archive = shutil.make_archive(os.fspath(Path(made) / "function"), "zip", directory)
        return Path(archive).stat().st_size


def main() -> int:
    """Print the figures; status 1 when one is over its limit."""
    figures = measured()
    size = zipped(built())
    if "--json" in sys.argv[1:]:
        print(json.dumps({"starts": figures, "zippedBytes": size}, indent=2))
    else:
        for name, each in figures.items():
            print(f"{name:28} {each['seconds']:7.3f} s {each['ratio']:7.2f} x hello world")
        print(f"{'zipped':28} {size / 1e6:7.1f} MB")
    over = [name for name, most in MOST.items() if figures[name]["ratio"] > most]
    over += ["zipped"] if size > MOST_ZIPPED else []
    if over:
        sys.stderr.write(f"over the limit: {', '.join(over)}\n")
    return 1 if over else 0


if __name__ == "__main__":
    sys.exit(main())
