"""The users that `send --users` names: ids on the command line, and files of any length."""

from __future__ import annotations

import io
import re
import sys
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from yellowring.sender.campaign import LONGEST_USER_ID, USER_ID_PATTERN
from yellowring.sender.campaign.parsing import MOST_LISTED, MOST_USER_IDS

from yellowring_tools.cli.terminal.output import complain, counted, failure

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from typing import TextIO

SHOWN = 5
"""Bad lines that are told one by one."""

_USER_ID = re.compile(USER_ID_PATTERN)
_COMMENT = re.compile(r"(?:^|\s)#.*")


@dataclass(frozen=True, slots=True)
class Named:
    """Users that somebody named, each once, in the order of their first naming.

    Attributes
    ----------
    user_ids
        Personal data, never to be shown whole.
    from_file
        Whether any came from a file: such a list is stored with its run.
    """

    user_ids: tuple[str, ...]
    from_file: bool


def read_users(given: Sequence[str]) -> Named:
    """Read what `--users` was given: ids, ``@FILE`` with one on each line, or ``-``.

    A wrong id or line ends the command, and is told by its number: never what it holds.
    """
    files = [_file(each) for each in given]
    ids: list[str] = []
    wrong: list[str] = []
    for number, (option, file) in enumerate(zip(given, files, strict=True), 1):
        if file is None:
            if is_user_id(option):
                ids.append(option)
            else:
                wrong.append(f"--users, number {number}")
            continue
        with _opened(file) as lines:
            for line, user_id in _ids(lines):
                if is_user_id(user_id):
                    ids.append(user_id)
                else:
                    wrong.append(f"{file}:{line}")
    _check(wrong)
    distinct = tuple(dict.fromkeys(ids))
    if not distinct:
        raise failure("--users: the file has no user id; it takes one on each line")
    if repeated := len(ids) - len(distinct):
        complain(f"--users: {counted(repeated, 'duplicate')} left out; each user is told once")
    from_file = any(file is not None for file in files)
    _check_size(len(distinct), from_file=from_file)
    return Named(distinct, from_file)


def is_user_id(text: str) -> bool:
    """Check whether a text has the form of a user id."""
    return len(text) <= LONGEST_USER_ID and _USER_ID.fullmatch(text) is not None


def _file(given: str) -> str | None:
    """Return the file that an option's value stands for, ``-`` for the input."""
    if given == "-":
        return "-"
    return given[1:] if given.startswith("@") else None


def _ids(lines: Iterable[str]) -> Iterator[tuple[int, str]]:
    """Return each id with the number of its line; blank lines and comments have none."""
    for number, line in enumerate(lines, 1):
        if user_id := _COMMENT.sub("", line).strip():
            yield number, user_id


@contextmanager
def _opened(file: str) -> Iterator[TextIO]:
    try:
        if file == "-":
            yield io.TextIOWrapper(sys.stdin.buffer, "utf-8-sig", errors="replace")
        else:
            with Path(file).open(encoding="utf-8-sig", errors="replace") as opened:
                yield opened
    except OSError as error:
        raise failure(f"--users: {file} cannot be read: {error.strerror or error}") from None


def _check(wrong: Sequence[str]) -> None:
    for where in wrong[:SHOWN]:
        complain(
            f"{where}: is not a user id, amzn1.ask.account. and more, "
            f"{LONGEST_USER_ID} characters at most"
        )
    if len(wrong) > SHOWN:
        complain(f"and {counted(len(wrong) - SHOWN, 'more line')} like that")
    if wrong:
        raise failure("nothing is sent")


def _check_size(users: int, *, from_file: bool) -> None:
    if not from_file and users > MOST_USER_IDS:
        raise failure(
            f"--users: {users:,} users are more than the {MOST_USER_IDS:,} that a command names "
            "one by one: write their ids into a file, one on each line, and give --users @FILE"
        )
    if users > MOST_LISTED:
        raise failure(
            f"--users: {users:,} users are more than the {MOST_LISTED:,} of one run: send to "
            "several files, or to a filter of all subscribers (where)"
        )
