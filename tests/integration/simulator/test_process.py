"""``python -m simulator`` says where it is, delivers, and goes when told."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

from tests.integration.simulator.support import (
    DEADLINE_S,
    FUNCTION,
    Caller,
    fake_lambda,
    until,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

SKILL = ["--skill-id", "amzn1.ask.skill.test", "--client-id", "client"]
QUICKLY_S = 5.0


@contextmanager
def started(*options: str, **environment: str) -> Iterator[subprocess.Popen[str]]:
    process = subprocess.Popen(
        [sys.executable, "-m", "yellowring_tools.simulator", *options],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={"PATH": os.environ["PATH"], "PYTHONPATH": "lambda:.", **environment},
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def url_of(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    url: str = json.loads(process.stdout.readline())["url"]
    return url


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_prints_its_address_and_obeys_a_signal(number: signal.Signals) -> None:
    with started(*SKILL, "--client-secret", "secret") as process:
        with Caller(url_of(process)) as caller:
            assert caller.sim("GET", "/health")["status"] == "ok"
            process.send_signal(number)
            assert process.wait(DEADLINE_S) == 0
        output, errors = process.communicate()
        assert (output, errors) == ("", "")


def test_it_leaves_at_once_though_deliveries_and_requests_wait() -> None:
    with fake_lambda() as function:
        function.hang = threading.Event()
        options = ("--function", FUNCTION, "--aws-endpoint", function.url)
        with (
            started(*SKILL, *options, CLIENT_SECRET="secret") as process,
            Caller(url_of(process)) as caller,
        ):
            caller.sim("POST", "/customers", {"count": 30, "subscribed": True})
            until(lambda: bool(function.invoked))
            caller.sim("PUT", "/faults", {"api": {"timeout": 1}})
            token = caller.token()
            threading.Thread(target=hang_on, args=(caller.url, token)).start()
            until(lambda: caller.sim("GET", "/requests")["byStatus"] == {"timeout": 1})
            told = time.monotonic()
            process.terminate()
            assert process.wait(DEADLINE_S) == 0
            assert time.monotonic() - told < QUICKLY_S


def hang_on(url: str, token: str) -> None:
    with Caller(url) as caller, pytest.raises(OSError):  # noqa: PT011 - reset or end of stream
        caller.event(token)


def test_deliveries_go_to_the_function_named_in_the_environment() -> None:
    with fake_lambda() as function:
        environment = {
            "SKILL_ID": "amzn1.ask.skill.test",
            "CLIENT_ID": "client",
            "CLIENT_SECRET": "secret",
            "SKILL_STAGE": "live",
            "SKILL_FUNCTION": FUNCTION,
            "AWS_ENDPOINT_URL": function.url,
        }
        with started(**environment) as process, Caller(url_of(process)) as caller:
            assert caller.sim("GET", "/health")["stage"] == "live"
            caller.sim("POST", "/customers", {"subscribed": True})
            assert caller.settled()["delivered"] == 3
        assert function.functions == {FUNCTION}


def test_a_taken_port_is_named() -> None:
    with fake_lambda() as taken:
        port = taken.url.rpartition(":")[2]
        with started(*SKILL, "--port", port, CLIENT_SECRET="secret") as process:
            _, errors = process.communicate(timeout=DEADLINE_S)
    assert process.returncode == 1
    assert f"127.0.0.1:{port}" in errors
