"""A token that takes long to come does not let turns pile up behind it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.unit.sender.kit import NONE_OF_ANY

if TYPE_CHECKING:
    import pytest

    from tests.unit.sender.kit import World


def test_no_turns_are_taken_before_there_is_a_token(
    world: World, environment: pytest.MonkeyPatch
) -> None:
    environment.setenv("MAX_EVENTS_PER_SECOND", "50")
    world.customers(80)
    world.faults(lwa={"latencyMs": [600, 600]})
    assert world.send()["counts"] == NONE_OF_ANY | {"accepted": 80}
    busiest = world.alexa.traffic.document()["perSecondMaximum"]
    assert isinstance(busiest, int)
    assert busiest <= 55
