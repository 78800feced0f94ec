"""What tests of runs share: runs as values, and a DynamoDB that loses answers."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from yellowring.sender.campaign import parse_campaign
from yellowring.sender.delivery.outcomes import Counts, Outcome
from yellowring.sender.run.run import Run

from tests.unit.sender.kit import campaign

if TYPE_CHECKING:
    from collections.abc import Callable

USER = "amzn1.ask.account."
NOW = datetime(2026, 11, 20, 9, tzinfo=UTC)


def users(many: int) -> list[str]:
    """Return so many user ids."""
    return [f"{USER}U{number:06}" for number in range(many)]


def run(run_id: str = "snow", document: dict[str, Any] | None = None, **changes: Any) -> Run:
    """Return a run that was started now and lives for an hour."""
    stored = parse_campaign(document or campaign()).stored()
    fresh = Run(run_id, stored, "running", 2, NOW, NOW, NOW + timedelta(hours=1))
    return replace(fresh, **changes)


def counts(**by_outcome: int) -> Counts:
    """Return counts, by the names of outcomes."""
    return Counts({Outcome(name): many for name, many in by_outcome.items()})


class Interrupted:
    """A client whose calls of one operation are met by something once: before, or after them."""

    def __init__(
        self,
        client: Any,
        operation: str,
        *,
        before: Callable[[], object] | None = None,
        twice: bool = False,
    ) -> None:
        self._client = client
        self._operation = operation
        self._before = before
        self._twice = twice

    def __getattr__(self, name: str) -> Any:
        call = getattr(self._client, name)
        if name != self._operation:
            return call

        def interrupted(**request: Any) -> Any:
            if self._before:
                before, self._before = self._before, None
                before()
            if self._twice:  # the first answer is lost, and the client calls again by itself
                self._twice = False
                call(**request)
            return call(**request)

        return interrupted
