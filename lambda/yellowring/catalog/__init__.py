"""The eight events of the Proactive Events API: their schemas and what Alexa says for each."""

from __future__ import annotations

from yellowring.catalog.names import EVENT_NAMES, LOCALES
from yellowring.catalog.problems import Problem

__all__ = ["EVENT_NAMES", "LOCALES", "Problem"]
