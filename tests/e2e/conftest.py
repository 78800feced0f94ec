"""The whole stack, brought up once for all tests of the deployed functions."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest
from rich.console import Console

from local_stack.demo import planned_firing, tell
from local_stack.progress import Progress
from local_stack.stack import local_stack

if TYPE_CHECKING:
    from collections.abc import Iterator

    from local_stack.report import Report
    from local_stack.stack import LocalStack, Schedule


@pytest.fixture(scope="session")
def firing() -> Schedule:
    """What the stack's schedule was deployed with."""
    return planned_firing(datetime.now(UTC))


@pytest.fixture(scope="session")
def stack(firing: Schedule) -> Iterator[LocalStack]:
    """A deployed stack that nothing has happened on, but for what other tests did."""
    with local_stack("e2e", firing, Progress(Console(quiet=True))) as running:
        yield running


@pytest.fixture(scope="session")
def story(stack: LocalStack, firing: Schedule) -> Report:
    """The story of the demonstration, told on the stack."""
    report = tell(stack, firing, Progress(Console(quiet=True)))
    stack.alexa.set_faults({})
    return report
