"""What the tests of the threats share with those of the functions."""

from __future__ import annotations

from tests.unit.api.conftest import api, clients, functions
from tests.unit.skill.conftest import clock, handle, record

__all__ = ["api", "clients", "clock", "functions", "handle", "record"]
