"""What is uploaded to SMAPI, and how far its import is."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

from yellowring_tools.simulator.smapi.skills import SUCCEEDED, Change

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from yellowring_tools.simulator.smapi.packages import Package
    from yellowring_tools.simulator.smapi.refusals import Problem
    from yellowring_tools.simulator.smapi.skills import ManagedSkill, State


@dataclass(slots=True)
class Upload:
    """A place for a package, until it ends."""

    ends: datetime
    content: bytes | None = None


@dataclass(slots=True)
class Import:
    """An import: ``package`` is what it brings, ``skill`` what it made or changes."""

    package: Package
    skill: ManagedSkill | None
    action: Literal["CREATE", "UPDATE"]
    state: State = "IN_PROGRESS"

    def check(self, problems: tuple[Problem, ...]) -> None:
        """Add to what is wrong with the manifest, where nothing else is."""
        if not self.package.of_manifest:
            self.package = replace(self.package, of_manifest=problems)

    def document(self) -> dict[str, object]:
        """The import as its status has it (``ImportResponse``)."""
        document: dict[str, object] = {"status": self.state}
        if self.state == "FAILED" and (problems := self._problems()):
            document["errors"] = [each.document() for each in problems]
        if self.skill is not None:
            document["skill"] = {
                "skillId": self.skill.skill_id,
                "eTag": self.skill.etag(),
                "resources": self._resources(),
            }
        return document

    def _problems(self) -> list[Problem]:
        """List the problems of the whole; of a skill that was not made, those of its parts too."""
        if self.skill is not None:
            return list(self.package.problems)
        parts = (each for part in self._parts().values() for each in part)
        return [*self.package.problems, *parts]

    def _parts(self) -> dict[str, tuple[Problem, ...]]:
        models = self.package.of_models.items()
        named = {f"InteractionModel/{locale}": problems for locale, problems in models}
        return {"Manifest": self.package.of_manifest, **named}

    def _resources(self) -> list[dict[str, object]]:
        over = self.state != "IN_PROGRESS"
        return [
            {
                "name": name,
                "status": ended(problems).state if over else self.state,
                "action": self.action,
                "errors": [each.document() for each in problems if over],
            }
            for name, problems in self._parts().items()
        ]


def ended(problems: Iterable[Problem]) -> Change:
    """Return what became of a part of an import."""
    problems = tuple(problems)
    return Change("FAILED", problems) if problems else SUCCEEDED
