"""The doctor: why a ring may stay dark, found by looking at all that can be looked at."""

from __future__ import annotations

from yellowring_tools.doctor.examination import CHECKS, examine
from yellowring_tools.doctor.finding import Finding
from yellowring_tools.doctor.report import exit_code, report

__all__ = ["CHECKS", "Finding", "examine", "exit_code", "report"]
