"""The stack in memory that the commands' tests have."""

from __future__ import annotations

from tests.unit.cli.conftest import runs, stack, subscribers

__all__ = ["runs", "stack", "subscribers"]
