"""The embedded AWS: ministack, started from the environment that is its own."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import boto3
from botocore.config import Config

from yellowring_tools.local_stack.environments import (
    REGION,
    aws_environment,
    server_environment,
)
from yellowring_tools.local_stack.processes import Child
from yellowring_tools.local_stack.web import wait_until_answers
from yellowring_tools.local_stack.workspace import EMULATOR_PYTHON

if TYPE_CHECKING:
    from collections.abc import Mapping

    from yellowring_tools.local_stack.environments import Keys
    from yellowring_tools.local_stack.workspace import Workspace

START_SECONDS = 60.0
GATED = Path(__file__).with_name("gated_emulator.py")


def start_emulator(endpoint: str, keys: Keys, workspace: Workspace) -> Child:
    """Start ministack at a loopback address; functions run as its worker processes.

    It takes ``keys`` for its root, and answers no page of a browser.
    """
    url = urlsplit(endpoint)
    own = {
        "BIND_HOST": str(url.hostname),
        "GATEWAY_PORT": str(url.port),
        "MINISTACK_REGION": REGION,
        "LAMBDA_EXECUTOR": "local",
        # Every call of a function is checked against the policies of its role in the template.
        "AUTH": "true",
        "SFTP_ENABLED": "0",
        "IOT_MTLS_ENABLED": "0",
        "TMPDIR": str(workspace.temporary),
    }
    return Child.start(
        "emulator",
        [EMULATOR_PYTHON, GATED],
        log=workspace.logs / "emulator.log",
        env=server_environment(aws_environment(endpoint, keys) | own),
        cwd=workspace.temporary,
    )


def wait_for_emulator(child: Child, endpoint: str) -> None:
    """Wait until the emulator answers; raise ProcessFailed when it does not."""
    wait_until_answers(f"{endpoint}/_ministack/ready", child, START_SECONDS)


class FunctionFailed(RuntimeError):
    """A function raised; carries its error message."""


class Aws:
    """Typed boto3 clients that reach the emulator and nothing else."""

    def __init__(self, endpoint: str, keys: Keys) -> None:
        self.endpoint = endpoint
        self.keys = keys
        session = boto3.session.Session(
            aws_access_key_id=keys.access_key_id,
            aws_secret_access_key=keys.secret_access_key,
            region_name=REGION,
        )
        options: dict[str, Any] = {
            "endpoint_url": endpoint,
            "config": Config(
                connect_timeout=5, read_timeout=330, retries={"max_attempts": 2}, proxies={}
            ),
        }
        self.cloudformation = session.client("cloudformation", **options)
        self.cloudwatch = session.client("cloudwatch", **options)
        self.dynamodb = session.client("dynamodb", **options)
        self.events = session.client("events", **options)
        self.functions = session.client("lambda", **options)
        self.logs = session.client("logs", **options)
        self.s3 = session.client("s3", **options)
        self.scheduler = session.client("scheduler", **options)
        self.secrets = session.client("secretsmanager", **options)
        self.sns = session.client("sns", **options)
        self.sqs = session.client("sqs", **options)
        self.states = session.client("stepfunctions", **options)

    def invoke(self, function: str, document: Mapping[str, object]) -> dict[str, Any]:
        """Invoke a function with ``document`` and return its answer.

        Raises
        ------
        FunctionFailed
            When the function raised.
        """
        answer = self.functions.invoke(FunctionName=function, Payload=json.dumps(document).encode())
        result: dict[str, Any] = json.loads(answer["Payload"].read())
        if "FunctionError" in answer:
            raise FunctionFailed(f"{function} failed: {result.get('errorMessage', result)}")
        return result
