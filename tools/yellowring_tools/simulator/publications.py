"""The events that the skill's manifest publishes: Alexa refuses every other."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from yellowring_tools.simulator.alexa.proactive_events import Refused

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

MEMBER = "manifest.events.publications"


class Publications:
    """What ``skill.json`` publishes, read anew when the file is another, so that an edit is seen.

    Parameters
    ----------
    package
        Gives the skill package; without one, or without a manifest in it, every event may be sent.
    """

    def __init__(self, package: Callable[[], Path | None]) -> None:
        self._package = package
        self._read: tuple[Path | None, int, tuple[str, ...]] = (None, -1, ())

    def check(self, event_name: str) -> None:
        """Check that the skill may send an event.

        Raises
        ------
        Refused
            With status 403, naming the event and what is published.
        """
        package = self._package()
        file = None if package is None else package / "skill.json"
        if file is None or not file.is_file():
            return
        published = self._published(file)
        if event_name not in published:
            told = ", ".join(published) or "none"
            raise Refused(
                403, f"{event_name} is not in {MEMBER} of the skill's skill.json, which has {told}"
            )

    def _published(self, file: Path) -> tuple[str, ...]:
        changed = file.stat().st_mtime_ns
        if self._read[:2] != (file, changed):
            self._read = (file, changed, published_in(file))
        return self._read[2]


def published_in(file: Path) -> tuple[str, ...]:
    """Return the names of the events that a manifest publishes; none if it cannot be read."""
    try:
        published = json.loads(file.read_bytes())["manifest"]["events"]["publications"]
        return tuple(str(each["eventName"]) for each in published)
    except (ValueError, KeyError, TypeError):
        return ()
