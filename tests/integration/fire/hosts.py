"""Processes that host the sender: started, watched, killed, started again."""

from __future__ import annotations

import json
import os
import signal
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path
    from random import Random

    from local_stack.processes import Child

START_SECONDS = 60.0


def announced(log: Path) -> list[dict[str, Any]]:
    """Read what a host announced."""
    lines = log.read_text(errors="replace").splitlines()
    return [json.loads(line) for line in lines if line.startswith('{"pid"') and line[-1] == "}"]


@dataclass(slots=True)
class Host:
    """A process that hosts the sender."""

    child: Child
    _pid: int | None = None

    @property
    def pid(self) -> int | None:
        """Id of the process itself, not of its guard; ``None`` until it is ready."""
        if self._pid is None:
            line, end, _ = self.child.log.read_text(errors="replace").partition("\n")
            self._pid = json.loads(line)["pid"] if end and line.startswith('{"pid"') else None
        return self._pid

    def ready(self) -> int:
        """Wait until it is ready, and give its id."""
        pid: int = self.child.announcement(START_SECONDS)["pid"]
        return pid

    def kill(self) -> bool:
        """Kill it with SIGKILL; tells whether it was ready, and alive until then."""
        if self.pid is None or self.child.returncode is not None:
            return False
        os.kill(self.pid, signal.SIGKILL)
        self.child.stop()
        return True

    def done(self) -> list[dict[str, Any]]:
        """Give what it announced of each invocation that it has finished."""
        return announced(self.child.log)[1:]

    def peak_memory(self) -> int:
        """Give the most memory that it ever held (``VmHWM``), in KiB."""
        with open(f"/proc/{self.ready()}/status", encoding="ascii") as status:  # noqa: PTH123
            line = next(line for line in status if line.startswith("VmHWM:"))
        return int(line.split()[1])


class Workers:
    """Workers, each started again when it has ended."""

    def __init__(self, start: Callable[[], Host], many: int) -> None:
        self._start = start
        self._many = many
        self.hosts: list[Host] = []
        self.killed = 0

    def __enter__(self) -> Workers:
        self.hosts = [self._start() for _ in range(self._many)]
        return self

    def __exit__(self, *_: object) -> None:
        for host in self.hosts:
            host.child.stop()

    def ready(self) -> None:
        """Wait until all are ready."""
        for host in self.hosts:
            host.ready()

    def kill_one(self, random: Random) -> None:
        """Kill a worker that is ready, and start another."""
        number = random.randrange(self._many)
        if self.hosts[number].kill():
            self.killed += 1
            self.hosts[number] = self._start()

    def check(self) -> None:
        """Raise ProcessFailed when one ended that nobody killed."""
        for host in self.hosts:
            host.child.check()
