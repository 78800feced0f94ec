"""Run a command that must not outlive the process that asked for it.

``python guard.py GRACE COMMAND …`` starts the command in a process group of its own and waits.
The guard's standard input is a pipe whose other end the asking process holds and never writes to.
However that process ends, SIGKILL included, the kernel closes the pipe; the guard then stops the
whole group: SIGTERM, up to GRACE seconds of patience, SIGKILL. When the command ends by itself,
what it left behind in its group goes as well. The guard's exit status is the command's.

This file is run as a script and imports the standard library only, so that it starts at once.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from contextlib import suppress


def _signal_group(group: int, number: signal.Signals) -> None:
    with suppress(ProcessLookupError, PermissionError):  # macOS answers EPERM for zombies
        os.killpg(group, number)


def _stop_at_end_of_input(group: int, ended: threading.Event, grace: float) -> None:
    while os.read(0, 4096):
        pass
    _signal_group(group, signal.SIGTERM)
    if not ended.wait(grace):
        _signal_group(group, signal.SIGKILL)


def main(arguments: list[str]) -> int:
    """Run ``arguments[1:]`` and return its exit status, or 128 + n when signal n ended it."""
    grace, command = float(arguments[0]), arguments[1:]
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda *_: None)  # not SIG_IGN, which the command would inherit
    try:
        child = subprocess.Popen(  # noqa: S603 - the command is the point
            command, stdin=subprocess.DEVNULL, process_group=0
        )
    except OSError as error:
        print(f"cannot start {command[0]}: {error}", file=sys.stderr)  # noqa: T201
        return 127
    ended = threading.Event()
    threading.Thread(
        target=_stop_at_end_of_input, args=(child.pid, ended, grace), daemon=True
    ).start()
    # Left as a zombie until its group is gone, so that the group's id cannot be anybody else's.
    os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)
    ended.set()
    _signal_group(child.pid, signal.SIGKILL)
    status = child.wait()
    return status if status >= 0 else 128 - status


if __name__ == "__main__":
    # Not sys.exit: a thread that still reads the pipe must not hold up the interpreter's end.
    os._exit(main(sys.argv[1:]))
