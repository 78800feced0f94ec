from __future__ import annotations

import pytest
from yellowring_tools.cli.terminal.standing import masked


@pytest.mark.parametrize(
    ("user_id", "shown"),
    [
        ("amzn1.ask.account.ABCDEFGHIJKLMNOPQRSTUVWXYZ", "amzn1.ask.account.…UVWXYZ"),
        ("amzn1.ask.account.SHORT", "amzn1.ask.account.…"),
    ],
)
def test_a_masked_user_id_shows_its_end_and_never_all_of_it(user_id: str, shown: str) -> None:
    assert masked(user_id) == shown
