"""Where the local stack keeps its files, under ``.local/`` in the project."""

from __future__ import annotations

import fcntl
import shutil
import tempfile
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

PROJECT = Path(__file__).resolve().parents[3]
LOCAL = PROJECT / ".local"
EMULATOR_PYTHON = LOCAL / "emulator" / "bin" / "python"
MEMORY = Path("/dev/shm")  # noqa: S108 - a directory of our own in it
PLENTY = 8 * 2**30
"""Bytes that must be free in memory to unpack functions there: a stack needs one or two GiB."""


@dataclass(frozen=True, slots=True)
class Workspace:
    """Directory of one running stack.

    Attributes
    ----------
    path
        ``.local/stacks/<label>-<random>``; held by a lock as long as the stack runs.
    """

    path: Path

    @property
    def logs(self) -> Path:
        """Directory of the children's logs."""
        return self.path / "logs"

    @property
    def temporary(self) -> Path:
        """Directory for the emulator's temporary files, in memory where there is plenty.

        The emulator unpacks a function once for each of its workers, 5 000 files each time, and a
        busy disk takes seconds to let go of every one of them.
        """
        return self.path / "tmp"


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Hold an exclusive lock on the file ``path``; the kernel frees it when its holder dies."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


@contextmanager
def workspace(label: str, root: Path = LOCAL, memory: Path = MEMORY) -> Iterator[Workspace]:
    """Make a directory for one stack, and remove those whose stacks are gone.

    The logs stay until the next stack starts, for whoever wants to know what went wrong.
    """
    stacks = root / "stacks"
    with locked(stacks / ".lock"):
        _remove_abandoned(stacks)
        path = Path(tempfile.mkdtemp(prefix=f"{label}-", dir=stacks))
        holder = (path / "lock").open("w")
        fcntl.flock(holder, fcntl.LOCK_EX)
    made = Workspace(path)
    made.logs.mkdir()
    if memory.is_dir() and shutil.disk_usage(memory).free >= PLENTY:
        made.temporary.symlink_to(tempfile.mkdtemp(prefix=f"yellow-ring-{path.name}-", dir=memory))
    else:
        made.temporary.mkdir()
    try:
        yield made
    finally:
        _remove_temporary(made)
        holder.close()


def _remove_temporary(of: Workspace) -> None:
    shutil.rmtree(of.temporary.resolve(), ignore_errors=True)


def _remove_abandoned(stacks: Path) -> None:
    for path in stacks.iterdir():
        if path.is_dir() and not _is_held(path / "lock"):
            _remove_temporary(Workspace(path))
            shutil.rmtree(path, ignore_errors=True)


def _is_held(lock: Path) -> bool:
    try:
        with lock.open("r+") as file:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except FileNotFoundError:
        return False
    except BlockingIOError:
        return True
    return False


def running_stacks(root: Path = LOCAL) -> list[Path]:
    """Return the directories of the stacks that run at this moment, oldest first."""
    stacks = [path for path in (root / "stacks").glob("*/") if _is_held(path / "lock")]
    return sorted(stacks, key=lambda path: path.stat().st_mtime)
