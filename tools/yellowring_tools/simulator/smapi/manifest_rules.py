"""What SMAPI checks of a manifest; the simulator's own reading of it.

Source: "Skill Manifest Schema" (Alexa Skills Kit) and ``ask-smapi-model``.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from yellowring_tools.simulator.facts import LOCALES
from yellowring_tools.simulator.schemas import EVENT_NAMES
from yellowring_tools.simulator.smapi.refusals import Problem

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

SUBSCRIBED_AS = {
    "ProactiveSubscriptionChanged": "SKILL_PROACTIVE_SUBSCRIPTION_CHANGED",
    "SkillEnabled": "SKILL_ENABLED",
    "SkillDisabled": "SKILL_DISABLED",
    "SkillPermissionAccepted": "SKILL_PERMISSION_ACCEPTED",
    "SkillPermissionChanged": "SKILL_PERMISSION_CHANGED",
    "SkillAccountLinked": "SKILL_ACCOUNT_LINKED",
    "SkillAccountUnlinked": "SKILL_ACCOUNT_UNLINKED",
}
"""What a manifest calls the skill events that it subscribes to, by what their requests are."""

_ENDPOINT = re.compile(
    r"arn:aws:lambda:(us-east-1|us-west-2|eu-west-1|ap-northeast-1):[0-9]{12}:function:"
    r"[\w-]{1,64}(:[\w-]{1,128})?|https://[\w.-]+(:443)?([/?]\S*)?",
    re.ASCII,
)
_REGIONS = ("NA", "EU", "FE")
_LONGEST_NAME = 50
_ASSET = "file://"


def manifest_problems(document: object, files: Mapping[str, bytes] | None = None) -> list[Problem]:
    """Check a manifest, ``{"manifest": {…}}``; an empty list when nothing is wrong.

    Parameters
    ----------
    document
        What ``skill.json`` says.
    files
        The package's, by path; ``None`` when it came without a package.
    """
    manifest = _member(document, "manifest")
    if not isinstance(manifest, dict):
        return [_missing("$.manifest")]
    return [
        *_version(manifest),
        *_locales(manifest, files),
        *_apis(manifest),
        *_endpoints(_member(_member(manifest, "apis"), "custom"), "$.manifest.apis.custom"),
        *_endpoints(_member(manifest, "events"), "$.manifest.events"),
        *_names(manifest, "publications", frozenset(EVENT_NAMES)),
        *_names(manifest, "subscriptions", frozenset(SUBSCRIBED_AS.values())),
        *_permissions(manifest),
    ]


def endpoint_of(manifest: Mapping[str, Any], area: str, region: str) -> str | None:
    """Return where Alexa calls a skill: a region's endpoint, or else the default one.

    Parameters
    ----------
    manifest
        The inner document of ``skill.json``.
    area
        ``events`` for skill events, ``custom`` for voice and messages.
    region
        ``NA``, ``EU`` or ``FE``.
    """
    found = _member(manifest, area) if area == "events" else _custom(manifest)
    own = _member(_member(found, "regions"), region)
    uri = _member(_member(own, "endpoint"), "uri") or _member(_member(found, "endpoint"), "uri")
    return uri if isinstance(uri, str) else None


def endpoints_in(manifest: Mapping[str, Any]) -> list[str]:
    """List every URI at which a manifest has Alexa call the skill."""
    areas = [_custom(manifest), _member(manifest, "events")]
    places = [
        place for area in areas for place in (area, *(_member(area, "regions") or {}).values())
    ]
    found = (_member(_member(place, "endpoint"), "uri") for place in places)
    return [uri for uri in found if isinstance(uri, str)]


def subscribed(manifest: Mapping[str, Any], event: str) -> bool:
    """Tell whether a manifest subscribes to a skill event, such as ``SkillEnabled``."""
    entries = _member(_member(manifest, "events"), "subscriptions")
    names = [_member(entry, "eventName") for entry in entries or ()]
    return SUBSCRIBED_AS.get(event) in names


def asks_for_permission(manifest: Mapping[str, Any]) -> bool:
    """Tell whether a manifest asks for any; a skill that does has credentials."""
    return bool(_member(manifest, "permissions"))


def names_of(manifest: Mapping[str, Any]) -> dict[str, str]:
    """Return a skill's name in each locale."""
    locales = _member(_member(manifest, "publishingInformation"), "locales")
    return {locale: str(_member(each, "name") or "") for locale, each in (locales or {}).items()}


def _version(manifest: Mapping[str, Any]) -> Iterator[Problem]:
    if manifest.get("manifestVersion") != "1.0":
        message = 'Instance at property path "$.manifest.manifestVersion" must be "1.0"'
        yield Problem("INVALID_ENUM_VALUE", message)


def _locales(manifest: Mapping[str, Any], files: Mapping[str, bytes] | None) -> Iterator[Problem]:
    path = "$.manifest.publishingInformation.locales"
    locales = _member(_member(manifest, "publishingInformation"), "locales")
    if not isinstance(locales, dict) or not locales:
        yield _missing(path)
        return
    for locale, page in locales.items():
        if locale not in LOCALES:
            yield Problem("INVALID_ENUM_VALUE", f'"{path}" has unknown locale "{locale}"')
        name = _member(page, "name")
        if not isinstance(name, str) or not 1 < len(name) <= _LONGEST_NAME:
            message = f'"{path}.{locale}.name" must be a string of 2 to {_LONGEST_NAME} characters'
            yield Problem("INVALID_STRING_LENGTH", f"Instance at property path {message}")
        for icon in ("smallIconUri", "largeIconUri"):
            uri = _member(page, icon)
            asset = str(uri).removeprefix(_ASSET) if str(uri).startswith(_ASSET) else None
            if asset is not None and files is not None and asset not in files:
                message = f'"{path}.{locale}.{icon}" names {asset}, which is not in the package'
                yield Problem("RESOURCE_NOT_FOUND", message)


def _apis(manifest: Mapping[str, Any]) -> Iterator[Problem]:
    if not isinstance(apis := manifest.get("apis"), dict) or not apis:
        yield _missing("$.manifest.apis")


def _endpoints(area: object, path: str) -> Iterator[Problem]:
    regions = _member(area, "regions") or {}
    for region in regions:
        if region not in _REGIONS:
            yield Problem("INVALID_ENUM_VALUE", f'"{path}.regions" has unknown region "{region}"')
    found = {f"{path}.regions.{region}": each for region, each in dict(regions).items()}
    for where, each in {path: area, **found}.items():
        endpoint = _member(each, "endpoint")
        uri = _member(endpoint, "uri")
        if endpoint is not None and not (isinstance(uri, str) and _ENDPOINT.fullmatch(uri)):
            message = (
                f'"{where}.endpoint.uri" must be the ARN of a Lambda function in one of Alexa\'s '
                "AWS regions, or an https URL"
            )
            yield Problem("INVALID_ENDPOINT_URI", f"Instance at property path {message}")


def _names(manifest: Mapping[str, Any], kind: str, known: frozenset[str]) -> Iterator[Problem]:
    entries = _member(_member(manifest, "events"), kind)
    for index, entry in enumerate(entries if isinstance(entries, list) else ()):
        if (name := _member(entry, "eventName")) not in known:
            where = f"$.manifest.events.{kind}[{index}].eventName"
            message = f'Instance at property path "{where}" has unknown value "{name}"'
            yield Problem("INVALID_ENUM_VALUE", message)


def _permissions(manifest: Mapping[str, Any]) -> Iterator[Problem]:
    for index, entry in enumerate(manifest.get("permissions") or ()):
        if not isinstance(_member(entry, "name"), str):
            yield _missing(f"$.manifest.permissions[{index}].name")


def _custom(manifest: Mapping[str, Any]) -> object:
    return _member(_member(manifest, "apis"), "custom")


def _member(value: object, name: str) -> Any:  # noqa: ANN401 - any JSON
    return value.get(name) if isinstance(value, dict) else None


def _missing(path: str) -> Problem:
    return Problem("MISSING_REQUIRED_PROPERTY", f'Required property "{path}" is missing')
