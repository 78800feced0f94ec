"""What is tried again, how often, and after what wait."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from yellowring_tools.smapi import SmapiError, SmapiUnknown
from yellowring_tools.smapi.errors import Throttled
from yellowring_tools.smapi.repeats import TRIES, Repeats

if TYPE_CHECKING:
    from collections.abc import Callable

UNREACHABLE = SmapiError(None, "UNREACHABLE", "no route")
UNKNOWN = SmapiUnknown(503, "DOWN", "no answer")


def failing(error: SmapiError, asked: list[int]) -> Callable[[], None]:
    def ask() -> None:
        asked.append(1)
        raise error

    return ask


@pytest.mark.parametrize(
    ("error", "unknown", "throttled", "tries"),
    [
        (UNKNOWN, True, True, TRIES),
        (UNREACHABLE, True, True, TRIES),
        (UNREACHABLE, False, True, 1),
        (UNKNOWN, False, True, 1),
        (Throttled(429, "BUSY", "slow down"), False, True, TRIES),
        (Throttled(429, "BUSY", "slow down"), True, False, 1),
        (SmapiError(400, "INVALID", "no"), True, True, 1),
    ],
)
def test_only_what_is_safe_and_may_pass_is_tried_again(
    error: SmapiError, *, unknown: bool, throttled: bool, tries: int
) -> None:
    asked: list[int] = []
    repeats = Repeats(lambda _: None, lambda: 0.0)
    with pytest.raises(type(error)):
        repeats.of(failing(error, asked), unknown=unknown, throttled=throttled)
    assert len(asked) == tries


@pytest.mark.parametrize(
    ("seconds", "waits"), [(60.0, [60.25, 60.25, 60.25]), (60.1, []), (None, [1.25, 2.25, 4.25])]
)
def test_a_wait_is_a_minute_at_most_and_no_two_clients_wait_alike(
    seconds: float | None, waits: list[float]
) -> None:
    waited: list[float] = []
    repeats = Repeats(waited.append, lambda: 0.25)
    error = Throttled(429, "BUSY", "slow down")
    error.retry_after = seconds
    with pytest.raises(Throttled):
        repeats.of(failing(error, []), unknown=False)
    assert waited == waits
