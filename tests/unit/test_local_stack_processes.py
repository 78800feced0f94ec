from __future__ import annotations

import os
import random
import signal
import socket
import subprocess
import sys
import textwrap
import time
from contextlib import suppress
from typing import TYPE_CHECKING

import pytest
from yellowring_tools.local_stack.processes import (
    GUARD,
    Child,
    ProcessFailed,
    free_port,
    quiet_port,
)
from yellowring_tools.local_stack.workspace import PROJECT

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

PATIENCE = 10.0
SLEEPER = "import time; print('up', flush=True); time.sleep(600)"
FAMILY = """
import subprocess, sys, time
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
print(child.pid, flush=True)
time.sleep(600)
"""
STUBBORN = """
import os, signal, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
print(os.getpid(), flush=True)
time.sleep(600)
"""


def eventually(condition: Callable[[], object]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline, "it did not come true"
        time.sleep(0.01)


def is_gone(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    with suppress(FileNotFoundError), open(f"/proc/{pid}/stat") as stat:  # noqa: PTH123
        return stat.read().rsplit(")", 1)[1].split()[0] == "Z"
    return False


def printed_pid(log: Path) -> int:
    eventually(lambda: log.exists() and log.read_text().endswith("\n"))
    return int(log.read_text())


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[[str], Child]]:
    children: list[Child] = []

    def started(code: str) -> Child:
        children.append(
            Child.start(
                "example",
                [sys.executable, "-c", code],
                log=tmp_path / "logs" / "example.log",
                env=dict(os.environ),
            )
        )
        return children[-1]

    yield started
    for child in children:
        child.stop()


def test_stopping_a_child_stops_what_the_child_started(start: Callable[[str], Child]) -> None:
    child = start(FAMILY)
    grandchild = printed_pid(child.log)
    child.stop()
    eventually(lambda: is_gone(grandchild))
    assert child.returncode == 128 + signal.SIGTERM


def test_stopping_twice_is_harmless(start: Callable[[str], Child]) -> None:
    child = start(SLEEPER)
    child.stop()
    child.stop()


def test_what_a_child_leaves_behind_when_it_ends_is_stopped(
    start: Callable[[str], Child],
) -> None:
    child = start(FAMILY.replace("time.sleep(600)\n", "\n"))
    grandchild = printed_pid(child.log)
    child.wait(PATIENCE)
    eventually(lambda: is_gone(grandchild))


def test_children_do_not_survive_a_parent_that_is_killed(tmp_path: Path) -> None:
    log = tmp_path / "child.log"
    parent = f"""
        import os, sys, time
        from pathlib import Path
        from yellowring_tools.local_stack.processes import Child
        code = "import os, time; print(os.getpid(), flush=True); time.sleep(600)"
        child = Child.start("c", [sys.executable, "-c", code], log=Path({str(log)!r}),
                            env=dict(os.environ))
        time.sleep(600)
    """
    process = subprocess.Popen([sys.executable, "-c", textwrap.dedent(parent)], cwd=PROJECT)
    try:
        child = printed_pid(log)
    finally:
        process.kill()
        process.wait()
    eventually(lambda: is_gone(child))


def test_a_command_that_ignores_sigterm_is_killed_after_its_grace() -> None:
    with subprocess.Popen(
        [sys.executable, GUARD, "0.1", sys.executable, "-c", STUBBORN],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        start_new_session=True,
    ) as guard:
        assert guard.stdin is not None
        assert guard.stdout is not None
        child = int(guard.stdout.readline())
        guard.stdin.close()
        assert guard.wait(PATIENCE) == 128 + signal.SIGKILL
    eventually(lambda: is_gone(child))


def test_signals_to_the_terminal_do_not_reach_the_guard() -> None:
    with subprocess.Popen(
        [sys.executable, GUARD, "1", sys.executable, "-c", SLEEPER],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        start_new_session=True,
    ) as guard:
        assert guard.stdin is not None
        assert guard.stdout is not None
        assert guard.stdout.readline() == b"up\n"
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            guard.send_signal(number)
        assert guard.poll() is None
        guard.stdin.close()
        assert guard.wait(PATIENCE) == 128 + signal.SIGTERM


def test_a_command_that_fails_shows_the_end_of_its_log(start: Callable[[str], Child]) -> None:
    child = start("import sys; print('the reason'); sys.exit(3)")
    with pytest.raises(ProcessFailed, match=r"(?s)example ended with status 3.*the reason"):
        child.wait(PATIENCE)


def test_a_command_that_is_not_there_is_a_failure_that_names_it(tmp_path: Path) -> None:
    reason = r"(?s)status 127.*cannot start /no/such/command"
    with (
        Child.start("nothing", ["/no/such/command"], log=tmp_path / "log", env={}) as child,
        pytest.raises(ProcessFailed, match=reason),
    ):
        child.wait(PATIENCE)


def test_a_command_that_takes_too_long_is_a_failure(start: Callable[[str], Child]) -> None:
    with pytest.raises(ProcessFailed, match="did not end within 0 s"):
        start(SLEEPER).wait(0.05)


def test_a_child_that_ended_is_noticed(start: Callable[[str], Child]) -> None:
    child = start("pass")
    child.wait(PATIENCE)
    with pytest.raises(ProcessFailed, match="ended with status 0"):
        child.check()


def test_the_announcement_is_the_first_json_object_among_other_output(
    start: Callable[[str], Child],
) -> None:
    child = start("print('warming up'); print('{not json'); print('{\"url\": \"http://x\"}')")
    assert child.announcement(PATIENCE) == {"url": "http://x"}


def test_a_child_that_ends_without_an_announcement_is_a_failure(
    start: Callable[[str], Child],
) -> None:
    with pytest.raises(ProcessFailed, match="ended with status"):
        start("print('no')").announcement(PATIENCE)


def test_a_free_port_is_above_the_reserved_ones() -> None:
    assert 1024 < free_port() < 65536


def test_a_quiet_port_lies_below_those_of_connections() -> None:
    assert 1024 < quiet_port() < 32768


def test_a_quiet_port_that_is_taken_is_passed_over(monkeypatch: pytest.MonkeyPatch) -> None:
    free = quiet_port()
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        tries = iter([other.getsockname()[1], free])
        monkeypatch.setattr(random, "randrange", lambda *_: next(tries))
        assert quiet_port() == free
