"""The skill as the checks read it: from SMAPI where that is reachable, else from its package."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from yellowring_tools.smapi import Smapi
    from yellowring_tools.smapi.operations import Stage

NOT_FOUND = 404


class Unreadable(ValueError):
    """There is no skill to look at, or its package cannot be read."""


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of a skill.

    Attributes
    ----------
    source
        Where it was read, for findings to begin with.
    document
        The manifest, ``{"manifest": {…}}``.
    models
        By locale the interaction model, ``{"interactionModel": {…}}``; ``None`` is one that should
        be there, and is not.
    """

    source: str
    document: Mapping[str, Any]
    models: Mapping[str, Mapping[str, Any] | None]

    @property
    def manifest(self) -> Mapping[str, Any]:
        """The manifest's own object; empty where there is none."""
        return member(self.document, "manifest")

    @property
    def locales(self) -> tuple[str, ...]:
        """The locales that the manifest publishes the skill in."""
        return tuple(member(member(self.manifest, "publishingInformation"), "locales"))

    @property
    def events(self) -> frozenset[str]:
        """The events that the manifest says the skill sends."""
        entries = member(self.manifest, "events").get("publications")
        named = entries if isinstance(entries, list) else []
        return frozenset(str(each.get("eventName")) for each in named if isinstance(each, dict))


def of_skill(smapi: Smapi, skill_id: str, stage: Stage) -> Known:
    """Read a skill as Alexa knows it at a stage; raises `SmapiError`."""
    document, _ = smapi.manifest(skill_id, stage)
    known = Known(f"the skill's manifest ({stage})", document, {})
    models = {each: _model(smapi, skill_id, each, stage) for each in known.locales}
    return Known(known.source, document, models)


def is_at(smapi: Smapi, skill_id: str, stage: Stage) -> bool:
    """Check whether a skill is at a stage; raises `SmapiError`."""
    from yellowring_tools.smapi import SmapiError  # noqa: PLC0415 - only who asks SMAPI needs it

    try:
        smapi.manifest(skill_id, stage)
    except SmapiError as error:
        if error.status == NOT_FOUND:
            return False
        raise
    return True


def of_package(package: Path) -> Known:
    """Read a package's folder.

    Raises
    ------
    Unreadable
        Its ``skill.json`` or one of its models cannot be read, or is not JSON; names the file.
    """
    file = package / "skill.json"
    known = Known(str(file), _read(file), {})
    folder = package / "interactionModels" / "custom"
    there = {model.stem: _read(model) for model in sorted(folder.glob("*.json"))}
    return Known(known.source, known.document, {**dict.fromkeys(known.locales), **there})


def member(holder: object, name: str) -> dict[str, Any]:
    """Return an object's member that is an object; empty where it is none."""
    value = holder.get(name) if isinstance(holder, dict) else None
    return value if isinstance(value, dict) else {}


def _model(smapi: Smapi, skill_id: str, locale: str, stage: Stage) -> dict[str, Any] | None:
    from yellowring_tools.smapi import SmapiError  # noqa: PLC0415 - only who asks SMAPI needs it

    try:
        return smapi.interaction_model(skill_id, locale, stage)
    except SmapiError as error:
        if error.status == NOT_FOUND:
            return None
        raise


def _read(file: Path) -> dict[str, Any]:
    try:
        document = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise Unreadable(f"{file} cannot be read: {error}") from None
    if not isinstance(document, dict):
        raise Unreadable(f"{file} is no JSON object")
    return document
