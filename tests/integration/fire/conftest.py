from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.integration.fire.ground import Ground
from tests.integration.fire.ground import ground as bring_up

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="package")
def shared_ground() -> Iterator[Ground]:
    """The processes that all tests under fire share."""
    with bring_up() as made:
        yield made


@pytest.fixture
def ground(shared_ground: Ground) -> Iterator[Ground]:
    """The ground, clear; what its hosts logged names nobody."""
    shared_ground.clear()
    yield shared_ground
    shared_ground.check_logs()
