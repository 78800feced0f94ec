"""What SMAPI answers, read once into what the commands need of it.

Every reader raises ``SmapiError`` with the code ``GARBLED`` for what is not as
``ask-smapi-model`` has it; new fields and new values of enums are let through.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NoReturn

from yellowring.alexa.lwa import Credentials

from yellowring_tools.smapi.errors import SmapiError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

IN_PROGRESS, SUCCEEDED = "IN_PROGRESS", "SUCCEEDED"


@dataclass(frozen=True, slots=True)
class Vendor:
    """A vendor account of the developer's; ``roles`` are such as ``ROLE_ADMINISTRATOR``."""

    id: str
    name: str
    roles: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class SkillSummary:
    """A skill at one stage (``development``, ``certified`` or ``live``), as lists have it.

    A skill that is live is listed twice, once for each stage.
    """

    skill_id: str
    names: Mapping[str, str]
    stage: str


@dataclass(frozen=True, slots=True)
class ImportStatus:
    """How far an import is.

    Attributes
    ----------
    state
        ``IN_PROGRESS``, ``SUCCEEDED``, ``FAILED``, ``ROLLBACK_SUCCEEDED``, ``ROLLBACK_FAILED`` or
        ``SKIPPED``.
    skill_id
        The skill that was made or changed, once there is one: an import that fails may have one.
    problems, warnings
        What SMAPI says of the package, each with the part that it is about.
    etag
        Of the skill after the import; ``None`` where SMAPI said none.
    """

    state: str
    skill_id: str | None = None
    problems: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    etag: str | None = None

    @property
    def over(self) -> bool:
        """Whether the import has ended, one way or the other."""
        return self.state != IN_PROGRESS


@dataclass(frozen=True, slots=True)
class ResourceStatus:
    """The latest change of a manifest or model: ``IN_PROGRESS``, ``SUCCEEDED`` or ``FAILED``."""

    state: str
    errors: tuple[str, ...] = ()
    etag: str | None = None


@dataclass(frozen=True, slots=True)
class SkillStatus:
    """The state of a skill's manifest, and of each locale's interaction model."""

    manifest: ResourceStatus | None
    models: Mapping[str, ResourceStatus] = field(default_factory=dict)

    @property
    def over(self) -> bool:
        """Whether nothing is being worked on."""
        return all(each.state != IN_PROGRESS for each in self._resources)

    @property
    def sound(self) -> bool:
        """Whether there is a manifest, and all of it succeeded."""
        return self.manifest is not None and all(
            each.state == SUCCEEDED for each in self._resources
        )

    @property
    def _resources(self) -> Iterator[ResourceStatus]:
        if self.manifest is not None:
            yield self.manifest
        yield from self.models.values()


def vendors(document: object) -> tuple[Vendor, ...]:
    """Read the answer of ``get-vendor-list``."""
    return tuple(
        Vendor(
            _text(each, "id", "a vendor"),
            str(each.get("name") or ""),
            tuple(map(str, each.get("roles") or ())),
        )
        for each in _list(_object(document, "the vendors").get("vendors"))
    )


def skills(document: object) -> tuple[list[SkillSummary], str | None]:
    """Read a page of ``list-skills-for-vendor``, and the token of the next one."""
    page = _object(document, "the list of skills")
    found = [
        SkillSummary(
            _text(each, "skillId", "a skill of the list"),
            {str(key): str(value) for key, value in (each.get("nameByLocale") or {}).items()},
            str(each.get("stage") or ""),
        )
        for each in _list(page.get("skills"))
    ]
    return found, (str(page.get("nextToken") or "") or None) if page.get("isTruncated") else None


def import_status(document: object) -> ImportStatus:
    """Read the answer of ``get-import-status``."""
    told = _object(document, "the import's status")
    skill = told.get("skill") or {}
    parts = _list(skill.get("resources"))
    return ImportStatus(
        _text(told, "status", "the import's status"),
        str(skill["skillId"]) if skill.get("skillId") else None,
        tuple(dict.fromkeys([*_said(told, "errors"), *_of_parts(parts, "errors")])),
        tuple(dict.fromkeys([*_said(told, "warnings"), *_of_parts(parts, "warnings")])),
        str(skill["eTag"]) if skill.get("eTag") else None,
    )


def skill_status(document: object) -> SkillStatus:
    """Read the answer of ``get-skill-status``."""
    told = _object(document, "the skill's status")
    manifest, models = told.get("manifest"), told.get("interactionModel") or {}
    return SkillStatus(
        _resource(manifest) if manifest else None,
        {str(locale): _resource(each) for locale, each in models.items()},
    )


def credentials(document: object) -> Credentials:
    """Read the answer of ``get-skill-credentials``; an error never shows what it holds."""
    told = _object(document, "the skill's credentials").get("skillMessagingCredentials")
    if not isinstance(told, dict) or not told.get("clientId") or not told.get("clientSecret"):
        raise SmapiError(
            None,
            "GARBLED",
            "the skill has no credentials yet: its manifest must ask for "
            "alexa::devices:all:notifications:write in manifest.permissions",
        )
    return Credentials(str(told["clientId"]), str(told["clientSecret"]))


def problem_of(document: object) -> tuple[str, str]:
    """Return code and message of an answer that is no success; empty where it has none.

    SMAPI has two bodies for these, one error, or a message with violations; Login with Amazon has
    ``error``.
    """
    if not isinstance(document, dict):
        return "", ""
    violations = [each for each in _list(document.get("violations")) if isinstance(each, dict)]
    own = document.get("code") or document.get("error")
    code = own or next((each.get("code") for each in violations), "")
    said = [str(document.get("message") or "")]
    said += [str(each.get("message") or each.get("code") or "") for each in violations]
    return str(code or ""), "; ".join(dict.fromkeys(filter(None, said)))


def _resource(document: object) -> ResourceStatus:
    told = _object(document, "a resource's status")
    latest = _object(told.get("lastUpdateRequest") or {}, "a resource's lastUpdateRequest")
    steps = _list((latest.get("buildDetails") or {}).get("steps"))
    said = [*_said(latest, "errors"), *(text for step in steps for text in _said(step, "errors"))]
    etag = told.get("eTag")
    return ResourceStatus(
        _text(latest, "status", "a resource's lastUpdateRequest"),
        tuple(dict.fromkeys(said)),
        str(etag) if etag else None,
    )


def _of_parts(parts: Iterable[Mapping[str, Any]], kind: str) -> Iterator[str]:
    for part in parts:
        yield from (f"{part.get('name', '?')}: {text}" for text in _said(part, kind))


def _said(document: Mapping[str, Any], kind: str) -> list[str]:
    return [
        str(each.get("message") or each.get("code") or each) for each in _list(document.get(kind))
    ]


def _object(document: object, what: str) -> Mapping[str, Any]:
    if not isinstance(document, dict):
        _garbled(what, "is no JSON object")
    return document


def _list(value: object) -> list[Any]:
    return value if isinstance(value, list) else []


def _text(document: object, key: str, what: str) -> str:
    value = _object(document, what).get(key)
    if not isinstance(value, str) or not value:
        _garbled(what, f"has no {key}")
    return value


def _garbled(what: str, problem: str) -> NoReturn:
    raise SmapiError(None, "GARBLED", f"SMAPI's answer cannot be read: {what} {problem}; try again")
