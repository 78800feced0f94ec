"""A skill of the developer's: its identity, its package, and what is being changed about it."""

from __future__ import annotations

import hashlib
import json
import secrets
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from yellowring_tools.simulator.smapi.manifest_rules import asks_for_permission, names_of
from yellowring_tools.simulator.smapi.packages import MANIFEST, models_in
from yellowring_tools.simulator.voice.interaction_model import MODELS

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime
    from pathlib import Path

    from yellowring_tools.simulator.smapi.refusals import Problem

State = Literal["IN_PROGRESS", "SUCCEEDED", "FAILED"]


@dataclass(frozen=True, slots=True)
class Change:
    """What became of the latest change of a manifest or a model."""

    state: State
    problems: tuple[Problem, ...] = ()

    def document(self, etag: str, **more: object) -> dict[str, object]:
        """The change as a skill's status has it."""
        request: dict[str, object] = {"status": self.state, **more}
        if self.problems:
            request["errors"] = [problem.document() for problem in self.problems]
        return {"lastUpdateRequest": request, "eTag": etag}


SUCCEEDED = Change("SUCCEEDED")
IN_PROGRESS = Change("IN_PROGRESS")


@dataclass(slots=True, eq=False)
class ManagedSkill:
    """A skill that SMAPI knows.

    ``folder`` holds its package; ``None`` is a skill that was given without one. ``managed`` tells
    whether SMAPI made or changed it: then its endpoints and subscriptions are its manifest's.
    """

    skill_id: str
    client_id: str
    client_secret: str = field(repr=False)
    folder: Path | None
    updated: datetime
    managed: bool = False
    manifest_change: Change = SUCCEEDED
    model_changes: dict[str, Change] = field(default_factory=dict)

    @property
    def busy(self) -> bool:
        """Whether a change of it is being made."""
        return IN_PROGRESS in (self.manifest_change, *self.model_changes.values())

    @property
    def sound(self) -> bool:
        """Whether the latest change of each of its parts went well."""
        changes = (self.manifest_change, *self.model_changes.values())
        return all(change.state == "SUCCEEDED" for change in changes)

    def document(self) -> dict[str, Any]:
        """Read ``skill.json``; without one, a manifest that says nothing."""
        file = None if self.folder is None else self.folder / MANIFEST
        try:
            document = json.loads(file.read_bytes()) if file is not None else {}
        except (OSError, ValueError):
            document = {}
        good = isinstance(document, dict) and isinstance(document.get("manifest"), dict)
        return document if good else {"manifest": {}}

    def manifest(self) -> dict[str, Any]:
        """Read the inner document of ``skill.json``."""
        inner: dict[str, Any] = self.document()["manifest"]
        return inner

    def files(self) -> dict[str, bytes]:
        """Read every file of the package, by its path there."""
        if self.folder is None:
            return {}
        return {
            file.relative_to(self.folder).as_posix(): file.read_bytes()
            for file in sorted(self.folder.rglob("*"))
            if file.is_file()
        }

    def model(self, locale: str) -> Mapping[str, Any] | None:
        """Read a locale's interaction model; ``None`` when it has none."""
        file = None if self.folder is None else self.folder / MODELS / f"{locale}.json"
        if file is None or not file.is_file():
            return None
        model: Mapping[str, Any] = json.loads(file.read_bytes())
        return model

    def etag(self) -> str:
        """Return what the manifest's state is known by."""
        text = json.dumps(self.document(), sort_keys=True).encode()
        return hashlib.sha256(self.skill_id.encode() + text).hexdigest()[:32]

    def credentials(self) -> dict[str, str] | None:
        """Return client id and secret, which only a skill that asks for a permission has."""
        if self.managed and not asks_for_permission(self.manifest()):
            return None
        return {"clientId": self.client_id, "clientSecret": self.client_secret}

    def status(self) -> dict[str, object]:
        """Return manifest and models as ``SkillStatus`` has them."""
        etag = self.etag()
        models = dict.fromkeys(models_in(self.files()), SUCCEEDED) | self.model_changes
        return {
            "manifest": self.manifest_change.document(etag),
            "interactionModel": {
                locale: change.document(etag, buildDetails={"steps": _steps(change)})
                for locale, change in sorted(models.items())
            },
        }

    def summary(self, stage: str) -> dict[str, object]:
        """Return the skill as a list has it (``SkillSummary``)."""
        manifest = self.manifest()
        return {
            "skillId": self.skill_id,
            "stage": stage,
            "apis": [*(manifest.get("apis") or {"custom": {}})],
            "publicationStatus": "DEVELOPMENT" if stage == "development" else "PUBLISHED",
            "lastUpdated": self.updated.isoformat(timespec="milliseconds"),
            "nameByLocale": names_of(manifest),
            "_links": {"self": {"href": f"/v1/skills/{self.skill_id}/stages/{stage}/manifest"}},
        }


def new_skill(folder: Path, now: datetime) -> ManagedSkill:
    """Make a skill with an id, a client id and a secret of its own."""
    token = secrets.token_hex
    return ManagedSkill(
        skill_id=f"amzn1.ask.skill.{token(4)}-{token(2)}-{token(2)}-{token(2)}-{token(6)}",
        client_id=f"amzn1.application-oa2-client.{token(16)}",
        client_secret=f"amzn1.oa2-cs.v1.{token(32)}",
        folder=folder,
        updated=now,
        managed=True,
    )


def _steps(change: Change) -> list[dict[str, object]]:
    names = ("LANGUAGE_MODEL_QUICK_BUILD", "LANGUAGE_MODEL_FULL_BUILD")
    return [{"name": name, "status": change.state} for name in names]
