"""The journal is on the disk, for its owner only, and one set-up at a time writes it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from yellowring_tools.setup.journal import Chosen, Deployed, Entries, Intent, Journal
from yellowring_tools.setup.problems import SetupStopped

if TYPE_CHECKING:
    from pathlib import Path

CHOSEN = Chosen(("NA=us-east-1",), {"live": "ring"}, "arm64", "Ring", "https://a", None, "s3")
INTENT = Intent("M1", ("Yellow Ring",), ("a",), 12.5)


def test_what_was_noted_is_read_again(tmp_path: Path) -> None:
    journal, again = Journal(tmp_path), Journal(tmp_path)
    with journal.opened():
        journal.note(skill_id="s", intent=INTENT)
        journal.note_deployed("ring", "eu-west-1", Deployed("d"))
        journal.note(account="1", chosen=CHOSEN)
    again.read()
    assert again.entries == journal.entries
    assert again.entries.intent == INTENT
    assert again.deployed("ring", "eu-west-1") == Deployed("d")
    assert again.deployed("ring", "us-east-1") is None


def test_nobody_else_can_read_it_and_git_passes_it_over(tmp_path: Path) -> None:
    journal = Journal(tmp_path)
    with journal.opened():
        journal.note(skill_id="s")
    assert journal.path.stat().st_mode & 0o777 == 0o600
    assert (tmp_path / ".yellowring" / ".gitignore").read_text() == "*\n"


def test_nothing_is_left_beside_it(tmp_path: Path) -> None:
    journal = Journal(tmp_path)
    with journal.opened():
        journal.note(skill_id="s")
    names = {path.name for path in journal.path.parent.iterdir()}
    assert names == {".gitignore", "lock", "setup.json"}


def test_two_set_ups_in_one_folder_do_not_meet(tmp_path: Path) -> None:
    with (
        Journal(tmp_path).opened(),
        pytest.raises(SetupStopped, match="another yellowring setup"),
        Journal(tmp_path).opened(),
    ):
        pass


def test_a_new_folder_knows_nothing(tmp_path: Path) -> None:
    journal = Journal(tmp_path)
    journal.read()
    assert journal.entries == Entries()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"[]",
        b'{"version": 2}',
        b'{"version": 1}',
        b"\xff\xfe",
        b"\0" * 9,
        b'{"version": 1, "stacks": {}, "skill_id": 5}',
        b'{"version": 1, "stacks": {"a/b": "c"}}',
        b'{"version": 1, "stacks": {}, "intent": {"names": "Ring"}}',
    ],
)
def test_what_is_no_journal_is_told(tmp_path: Path, content: bytes) -> None:
    journal = Journal(tmp_path)
    journal.path.parent.mkdir()
    journal.path.write_bytes(content)
    with pytest.raises(SetupStopped, match=r"setup\.json is no journal of this version"):
        journal.read()
