"""Child processes that end when this process does, however it ends."""

from __future__ import annotations

import json
import random
import socket
import subprocess
import sys
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from types import TracebackType

GUARD = Path(__file__).with_name("guard.py")
GRACE_SECONDS = 5.0
TAIL_LINES = 25


class ProcessFailed(RuntimeError):
    """A child ended, or did not get ready, when it should have; shows the end of its log."""


def free_port() -> int:
    """Return a loopback TCP port that nothing listens on at this moment."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port


def quiet_port() -> int:
    """Return a loopback TCP port that is free and will be, until something is told to listen there.

    It lies below those that Linux (from 32768) and macOS (from 49152) take for connections.
    """
    while True:
        port = random.randrange(20_000, 32_768)  # noqa: S311 - no secret
        with socket.socket() as listener, suppress(OSError):
            listener.bind(("127.0.0.1", port))
            return port


@dataclass(slots=True)
class Child:
    """A running command, its output in a log file.

    Attributes
    ----------
    name
        What people call it: ``simulator``, ``emulator``, ``sam build``.
    log
        File that receives standard output and standard error.
    """

    name: str
    log: Path
    _guard: subprocess.Popen[bytes]

    @classmethod
    def start(
        cls,
        name: str,
        command: Sequence[str | Path],
        *,
        log: Path,
        env: Mapping[str, str],
        cwd: Path | None = None,
    ) -> Child:
        """Start ``command`` under a guard, in a session of its own."""
        log.parent.mkdir(parents=True, exist_ok=True)
        with log.open("wb") as output:
            guard = subprocess.Popen(  # noqa: S603 - the commands are this package's own
                [sys.executable, "-S", "-E", GUARD, str(GRACE_SECONDS), *map(str, command)],
                stdin=subprocess.PIPE,
                stdout=output,
                stderr=subprocess.STDOUT,
                env=dict(env),
                cwd=cwd,
                start_new_session=True,
            )
        return cls(name, log, guard)

    @property
    def pid(self) -> int:
        """Id of the guard, which leads the child's session."""
        return self._guard.pid

    @property
    def returncode(self) -> int | None:
        """Exit status, or None while the command runs."""
        return self._guard.poll()

    def wait(self, timeout: float) -> None:
        """Wait for the command to succeed.

        Raises
        ------
        ProcessFailed
            When it fails, or still runs after ``timeout`` seconds.
        """
        try:
            status = self._guard.wait(timeout)
        except subprocess.TimeoutExpired:
            raise self.failure(f"did not end within {timeout:.0f} s") from None
        if status != 0:
            raise self.failure(f"ended with status {status}")

    def check(self) -> None:
        """Raise ProcessFailed when the command is no longer running."""
        if (status := self.returncode) is not None:
            raise self.failure(f"ended with status {status}")

    def announcement(self, timeout: float) -> dict[str, Any]:
        """Wait for the first line of output that is a JSON object, and return it.

        Raises
        ------
        ProcessFailed
            When the command ends first, or says nothing for ``timeout`` seconds.
        """
        deadline = time.monotonic() + timeout
        while time.monotonic() < deadline:
            for line in self.log.read_text(errors="replace").splitlines(keepends=True):
                if line.startswith("{") and line.endswith("\n"):
                    with suppress(json.JSONDecodeError):
                        announced: dict[str, Any] = json.loads(line)
                        return announced
            self.check()
            time.sleep(0.02)
        raise self.failure(f"did not say where it listens within {timeout:.0f} s")

    def failure(self, what: str) -> ProcessFailed:
        """Return the error for ``what`` went wrong, with the end of the log."""
        lines = self.log.read_text(errors="replace").splitlines()[-TAIL_LINES:]
        tail = "\n".join(f"  | {line}" for line in lines) or "  | (it printed nothing)"
        return ProcessFailed(f"{self.name} {what}. The end of {self.log}:\n{tail}")

    def stop(self) -> None:
        """Stop the command and everything it started; harmless when it has ended."""
        if self._guard.stdin is not None:
            with suppress(BrokenPipeError):
                self._guard.stdin.close()
        try:
            self._guard.wait(GRACE_SECONDS + 5)
        except subprocess.TimeoutExpired:
            self._guard.kill()
            self._guard.wait()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.stop()
