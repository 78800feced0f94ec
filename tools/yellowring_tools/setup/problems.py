"""What ends a set-up before it is done."""

from __future__ import annotations


class SetupStopped(RuntimeError):
    """Setting up cannot go on; says what is wrong and what to do. What was done stays done."""
