"""Tracing: told to X-Ray's daemon where it is on, and not even imported where it is not."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from typing import Any

import pytest
from yellowring.tracing import traced

TRACE = "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1"
USER = "amzn1.ask.account.TRACED"
HANDLER = f"""
from yellowring.observability import invoked
from yellowring.tracing import traced

@traced
def lambda_handler(event, context):
    invoked(context, "request-1")
    if event:
        raise ValueError("{USER}")
    return {{"told": "{USER}"}}

try:
    assert lambda_handler(EVENT, None) == {{"told": "{USER}"}}
except ValueError as error:
    assert str(error) == "{USER}", "the error is raised as it was"
"""


def run(code: str, **environment: str) -> None:
    """Run code in a Python of its own: what is imported and patched stays there."""
    env = {k: v for k, v in os.environ.items() if not k.startswith("AWS_")} | environment
    subprocess.run([sys.executable, "-c", code], env=env, check=True, timeout=60)


def traced_parts(event: str) -> list[dict[str, Any]]:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as daemon:
        daemon.bind(("127.0.0.1", 0))
        daemon.settimeout(10)
        run(
            HANDLER.replace("EVENT", event),
            TRACING="Active",
            POWERTOOLS_SERVICE_NAME="sender",
            LAMBDA_TASK_ROOT="/var/task",
            AWS_REGION="us-east-1",
            AWS_XRAY_DAEMON_ADDRESS=f"127.0.0.1:{daemon.getsockname()[1]}",
            _X_AMZN_TRACE_ID=TRACE,
        )
        daemon.setblocking(False)
        parts = []
        while True:
            try:
                parts.append(daemon.recv(65536).decode())
            except BlockingIOError:
                break
    assert not [each for each in parts if USER in each], "a trace names a customer"
    return [json.loads(each.partition("\n")[2]) for each in parts]


def test_an_invocation_is_a_part_of_its_trace_and_says_what_it_goes_back_to() -> None:
    (part,) = traced_parts("{}")
    assert part["name"] == "## lambda_handler"
    assert part["trace_id"] == "1-5759e988-bd862e3fe1be46a994272793"
    assert part["annotations"] == {"Service": "sender", "correlation_id": "request-1"}
    assert "fault" not in part


def test_a_failure_is_in_the_trace_by_its_name_alone() -> None:
    (part,) = traced_parts("{'fails': True}")
    assert part["fault"] is True
    assert part["annotations"]["error"] == "ValueError"
    assert "cause" not in part


@pytest.mark.parametrize("module", ["yellowring.skill.app", "yellowring.sender.app"])
def test_nothing_of_x_ray_is_imported_where_nothing_is_traced(module: str) -> None:
    run(f"import sys, {module}; assert 'aws_xray_sdk' not in sys.modules", TRACING="Disabled")


def test_where_nothing_is_traced_a_handler_is_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("TRACING", raising=False)

    def lambda_handler(event: dict[str, Any], context: object) -> object:
        return None

    assert traced(lambda_handler) is lambda_handler
