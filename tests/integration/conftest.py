from __future__ import annotations

from tests.unit.sender.conftest import world

__all__ = ["world"]
