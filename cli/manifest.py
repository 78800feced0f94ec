"""The skill's manifest, for the events that it declares: Alexa refuses any other."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from yellowring.catalog.problems import Problem

from cli.documents import Finding, Unreadable, read_text
from cli.json_text import NotJson, parse_json

if TYPE_CHECKING:
    from cli.documents import CheckedFile

DEFAULT_MANIFEST = "skill-package/skill.json"
"""Where a skill project has its manifest."""


class NoManifest(ValueError):
    """The manifest that was named does not tell which events it declares."""


@dataclass(frozen=True, slots=True)
class Publications:
    """The events that a manifest declares; ``None`` when there is no manifest to ask."""

    manifest: str
    event_names: frozenset[str] | None

    @classmethod
    def read(cls, manifest: str | None) -> Publications:
        """Read the manifest named, or the project's when there is one.

        Raises
        ------
        NoManifest
            When the file is missing, is not JSON or has no list of publications.
        """
        if manifest is None and not Path(DEFAULT_MANIFEST).is_file():
            return cls(DEFAULT_MANIFEST, None)
        file = manifest or DEFAULT_MANIFEST
        try:
            document = parse_json(read_text(file)).value
            published = document["manifest"]["events"]["publications"]
            return cls(file, frozenset(entry["eventName"] for entry in published))
        except Unreadable as error:
            raise NoManifest(str(error)) from None
        except NotJson as error:
            raise NoManifest(f"{file}: {error}") from None
        except (KeyError, TypeError):
            right = "must have a list of objects with an eventName"
            raise NoManifest(f"{file}: $.manifest.events.publications {right}") from None

    def check(self, checked: CheckedFile) -> CheckedFile:
        """Add a warning when a right campaign's event is not declared."""
        campaign = checked.campaign
        if campaign is None or self.event_names is None or campaign.event_name in self.event_names:
            return checked
        missing = f"is not in events.publications of {self.manifest}, so Alexa would refuse it"
        problem = Problem("$.event.name", missing, f'"{campaign.event_name}"')
        return replace(checked, warnings=(*checked.warnings, Finding(checked.file, None, problem)))
