"""What is wrong with what was given of a skill that is not ours."""

from __future__ import annotations


class UnusableSkill(ValueError):
    """Their skill cannot be brought up; says what is wrong, where, and what would be right."""


class KeepsNoRecords(RuntimeError):
    """Their function runs, and leaves no records; says what to do."""
