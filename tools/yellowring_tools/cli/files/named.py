"""Whom `send` names: users or customers, by ids on the command line and in files of any length."""

from __future__ import annotations

import io
import re
import sys
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from yellowring.sender.campaign.parsing import (
    MOST_LISTED,
    MOST_NAMED,
    customer_id_problem,
    user_id_problem,
)

from yellowring_tools.cli.terminal.output import complain, counted, failure

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from typing import TextIO

type Kind = Literal["users", "customers"]

SHOWN = 5
"""Bad lines that are told one by one."""

_COMMENT = re.compile(r"(?:^|\s)#.*")


@dataclass(frozen=True, slots=True)
class Named:
    """Users or customers that somebody named, each once, in the order of their first naming.

    Attributes
    ----------
    kind
        What the ids are.
    ids
        Personal data, never to be shown whole.
    from_file
        Whether any came from a file: such a list is stored with its run.
    options
        What they were given by, for messages.
    """

    kind: Kind
    ids: tuple[str, ...]
    from_file: bool
    options: str


@dataclass(frozen=True, slots=True)
class _Given:
    """One value of an option: an id, or a file of them; ``where`` is what messages call it."""

    where: str
    id: str = ""
    file: str = ""


def read_users(given: Sequence[str]) -> Named:
    """Read what `--users` was given: ids, ``@FILE`` with one on each line, or ``-``.

    A wrong id or line ends the command, and is told by its number: never what it holds.
    """
    values = []
    for number, each in enumerate(given, 1):
        file = "-" if each == "-" else each[1:] if each.startswith("@") else ""
        values.append(_Given(f"--users, number {number}", "" if file else each, file))
    return _read("users", values, "--users", "--users @FILE")


def read_customers(ids: Sequence[str], file: str | None) -> Named:
    """Read what `--customer` and `--customers-file` were given; as `read_users`."""
    values = [_Given(f"--customer, number {n}", each) for n, each in enumerate(ids, 1)]
    if file:
        values.append(_Given("--customers-file", file=file))
    options = "--customers-file" if file else "--customer"
    return _read("customers", values, options, "--customers-file FILE")


def masked_customer(customer_id: str) -> str:
    """Show a customer id so that its owner's operator knows it again and nobody else has it."""
    return f"customer …{customer_id[-2:]}" if len(customer_id) > 2 * 2 else "customer …"


def _read(kind: Kind, given: Sequence[_Given], options: str, by_file: str) -> Named:
    problem_of = user_id_problem if kind == "users" else customer_id_problem
    ids: list[str] = []
    wrong: list[str] = []
    for each in given:
        if not each.file:
            found: list[tuple[str, str]] = [(each.where, each.id)]
        else:
            with _opened(each.file, options) as lines:
                found = [(f"{each.file}:{line}", one) for line, one in _ids(lines)]
        for where, one in found:
            if problem := problem_of(one):
                wrong.append(f"{where}: {problem}")
            else:
                ids.append(one)
    _check(wrong)
    distinct = tuple(dict.fromkeys(ids))
    one_kind = kind[:-1]
    if not distinct:
        raise failure(f"{options}: the file has no {one_kind} id; it takes one on each line")
    if repeated := len(ids) - len(distinct):
        each_once = f"each {one_kind} is told once"
        complain(f"{options}: {counted(repeated, 'duplicate')} left out; {each_once}")
    from_file = any(each.file for each in given)
    _check_size(kind, len(distinct), options, by_file, from_file=from_file)
    return Named(kind, distinct, from_file, options)


def _ids(lines: Iterable[str]) -> Iterator[tuple[int, str]]:
    """Return each id with the number of its line; blank lines and comments have none."""
    for number, line in enumerate(lines, 1):
        if one := _COMMENT.sub("", line).strip():
            yield number, one


@contextmanager
def _opened(file: str, options: str) -> Iterator[TextIO]:
    try:
        if file == "-":
            yield io.TextIOWrapper(sys.stdin.buffer, "utf-8-sig", errors="replace")
        else:
            with Path(file).open(encoding="utf-8-sig", errors="replace") as opened:
                yield opened
    except OSError as error:
        raise failure(f"{options}: {file} cannot be read: {error.strerror or error}") from None


def _check(wrong: Sequence[str]) -> None:
    for told in wrong[:SHOWN]:
        complain(told)
    if len(wrong) > SHOWN:
        complain(f"and {counted(len(wrong) - SHOWN, 'more line')} like that")
    if wrong:
        raise failure("nothing is sent")


def _check_size(kind: Kind, many: int, options: str, by_file: str, *, from_file: bool) -> None:
    if not from_file and many > MOST_NAMED:
        raise failure(
            f"{options}: {many:,} {kind} are more than the {MOST_NAMED:,} that a command names "
            f"one by one: write their ids into a file, one on each line, and give {by_file}"
        )
    if many > MOST_LISTED:
        raise failure(
            f"{options}: {many:,} {kind} are more than the {MOST_LISTED:,} of one run: send to "
            "several files, or to a filter of all subscribers (where)"
        )
