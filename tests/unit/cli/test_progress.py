from __future__ import annotations

import sys
from itertools import count
from typing import TYPE_CHECKING

import pytest
from yellowring_tools.cli.terminal.progress import shown

if TYPE_CHECKING:
    from collections.abc import Callable


@pytest.fixture
def seconds() -> Callable[[], float]:
    """A clock on which two seconds pass between looks."""
    ticks = count(0, 2)
    return lambda: next(ticks)


def test_without_a_terminal_a_line_comes_every_few_seconds(
    seconds: Callable[[], float], capsys: pytest.CaptureFixture[str]
) -> None:
    items = [["a", "b"]] * 7
    assert list(shown(items, "customers visited", 20, len, seconds)) == items
    told = capsys.readouterr()
    assert told.out == ""
    assert told.err.splitlines()[0] == "6 of about 20 customers visited"
    assert len(told.err.splitlines()) < len(items)


def test_short_work_says_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    assert list(shown(range(3), "customers visited", clock=lambda: 0)) == [0, 1, 2]
    assert capsys.readouterr().err == ""


def test_in_a_terminal_a_bar_passes_everything_on(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    assert list(shown(range(3), "customers visited", 3)) == [0, 1, 2]
    assert capsys.readouterr().out == ""
