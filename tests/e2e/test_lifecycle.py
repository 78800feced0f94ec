"""The commands as people start and stop them: nothing of theirs may be left running."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from yellowring_tools.local_stack.workspace import PROJECT

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

pytestmark = pytest.mark.slow

UP_SECONDS = 300.0
DOWN_SECONDS = 240.0


def eventually(condition: Callable[[], object], seconds: float, what: str) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, what
        time.sleep(0.1)


def descendants(pid: int) -> set[int]:
    """Ids of everything that a process started, directly or not."""
    listing = subprocess.run(
        ["ps", "-A", "-o", "pid=,ppid="], check=True, capture_output=True, text=True
    ).stdout
    parents = {int(pid): int(ppid) for pid, ppid in map(str.split, listing.splitlines())}
    found = {pid}
    while more := {each for each, parent in parents.items() if parent in found} - found:
        found |= more
    return found - {pid}


def running(pids: set[int]) -> set[int]:
    listing = subprocess.run(
        ["ps", "-A", "-o", "pid=,stat="], check=True, capture_output=True, text=True
    ).stdout
    alive = {int(pid) for pid, state in map(str.split, listing.splitlines()) if state[0] != "Z"}
    return pids & alive


@contextmanager
def local_stack(
    command: str, output: Path, **environment: str
) -> Iterator[subprocess.Popen[bytes]]:
    with output.open("wb") as file:
        process = subprocess.Popen(
            [sys.executable, "-m", "yellowring_tools.local_stack", command],
            cwd=PROJECT,
            stdin=subprocess.DEVNULL,
            stdout=file,
            stderr=subprocess.STDOUT,
            env={**os.environ, **environment},
            start_new_session=True,
        )
    try:
        yield process
    finally:
        process.kill()
        process.wait()


@pytest.mark.parametrize(
    ("number", "status"),
    [
        (signal.SIGINT, 0),
        (signal.SIGTERM, 128 + signal.SIGTERM),
        (signal.SIGKILL, -signal.SIGKILL),
    ],
)
def test_a_stack_that_is_stopped_in_any_way_leaves_no_process(
    tmp_path: Path, number: signal.Signals, status: int
) -> None:
    output = tmp_path / "output"
    with local_stack("run", output) as process:
        eventually(
            lambda: "Yellow Ring is up" in output.read_text() or process.poll() is not None,
            UP_SECONDS,
            "the stack did not come up",
        )
        assert process.poll() is None, output.read_text()
        children = descendants(process.pid)
        assert len(children) >= 4
        process.send_signal(number)
        assert process.wait(DOWN_SECONDS) == status
        eventually(lambda: not running(children), DOWN_SECONDS, "processes were left running")


def test_the_demonstration_interrupted_while_it_starts_leaves_no_process(tmp_path: Path) -> None:
    output = tmp_path / "output"
    with local_stack("demo", output) as process:
        eventually(lambda: len(descendants(process.pid)) >= 4, UP_SECONDS, "nothing was started")
        children = descendants(process.pid)
        process.send_signal(signal.SIGINT)
        assert process.wait(DOWN_SECONDS) == 128 + signal.SIGINT
        eventually(lambda: not running(children), DOWN_SECONDS, "processes were left running")
    assert "Traceback" not in output.read_text()


def test_the_demonstration_succeeds_and_writes_its_report(tmp_path: Path) -> None:
    output, report = tmp_path / "output", tmp_path / "report.json"
    with local_stack("demo", output, REPORT=str(report)) as process:
        status = process.wait(UP_SECONDS)
    assert status == 0, output.read_text()
    document = json.loads(report.read_text())
    assert document["ok"] is True
    assert len(document["customers"]) >= 8
    assert document["run"]["status"] == "completed"


def test_a_campaign_is_sent_on_the_stack_that_is_up(tmp_path: Path) -> None:
    output = tmp_path / "output"
    campaign = PROJECT / "examples" / "campaigns" / "weather-alert.json"
    with local_stack("run", output) as process:
        eventually(
            lambda: "Yellow Ring is up" in output.read_text() or process.poll() is not None,
            UP_SECONDS,
            "the stack did not come up",
        )
        sent = subprocess.run(
            [
                Path(sys.executable).with_name("yellowring"),
                "send",
                campaign,
                "--local",
                "--watch",
                "--json",
            ],
            cwd=PROJECT,
            capture_output=True,
            text=True,
            timeout=UP_SECONDS,
            check=False,
        )
        assert sent.returncode == 0, sent.stdout + sent.stderr
        run = json.loads(sent.stdout.splitlines()[-1])
        assert run["status"] == "completed"
        assert run["counts"]["accepted"] > 0
        process.send_signal(signal.SIGINT)
        assert process.wait(DOWN_SECONDS) == 0
