from __future__ import annotations

import pytest
from yellowring.settings import InvalidSettings, SenderSettings

from tests.conftest import ENVIRONMENT


@pytest.mark.parametrize(
    ("value", "noted"), [(None, False), ("", False), ("false", False), ("true", True)]
)
def test_what_was_accepted_is_noted_only_where_that_is_wanted(
    value: str | None, noted: bool
) -> None:
    chosen = {} if value is None else {"NOTE_ACCEPTED": value}
    assert SenderSettings.from_environ(ENVIRONMENT | chosen).note_accepted is noted


@pytest.mark.parametrize("value", ["yes", "True", "1"])
def test_a_switch_is_true_or_false_and_nothing_else(value: str) -> None:
    with pytest.raises(InvalidSettings, match=r"NOTE_ACCEPTED is .* must be 'true' or 'false'"):
        SenderSettings.from_environ(ENVIRONMENT | {"NOTE_ACCEPTED": value})
