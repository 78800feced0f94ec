"""What a skill package must have so that the skill can notify: what of it is there, what lacks.

Facts: "Add Skill Events to Your Skill", "Skill Manifest Schema" and "Proactive Events API" in the
ASK documentation. An interaction model needs nothing: consent is asked with a card or by Alexa
herself, and no intent of the skill hears the answer.
"""

from __future__ import annotations

import json
from copy import deepcopy
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from yellowring.catalog import EVENT_NAMES
from yellowring.catalog.problems import at, nearest, quoted

from yellowring_tools.cli.files.endpoints import unusable

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

PERMISSION = "alexa::devices:all:notifications:write"
SKILL_EVENTS = (
    "SKILL_PROACTIVE_SUBSCRIPTION_CHANGED",
    "SKILL_ENABLED",
    "SKILL_DISABLED",
    "SKILL_PERMISSION_ACCEPTED",
    "SKILL_PERMISSION_CHANGED",
    "SKILL_ACCOUNT_LINKED",
    "SKILL_ACCOUNT_UNLINKED",
)
"""The skill events that keep the customers' records."""

MANIFEST = "$.manifest"
ENDPOINT = "$.manifest.apis.custom.endpoint.uri"


@dataclass(frozen=True, slots=True)
class Requirement:
    """One thing that a manifest must have.

    Attributes
    ----------
    path
        Where in ``skill.json``, as a JSON path.
    purpose
        What it is there for.
    lacks
        What is missing or wrong, and what would be right; empty when all is there.
    add
        What mends it, as a document to be joined with the file; ``None`` when a person has to say.
    """

    path: str
    purpose: str
    lacks: str = ""
    add: Mapping[str, Any] | None = None

    def document(self) -> dict[str, Any]:
        """Return the requirement as JSON."""
        return {
            "path": self.path,
            "purpose": self.purpose,
            "complete": not self.lacks,
            "lacks": self.lacks or None,
            "add": self.add,
        }


def requirements(document: object, events: Iterable[str] = ()) -> list[Requirement]:
    """Check a manifest, and return what it must have, each with what is missing.

    Parameters
    ----------
    document
        What ``skill.json`` says.
    events
        Names of the events that the skill is to send; empty when nobody said.
    """
    right = 'right is {"manifest": {…}}: this is no skill.json'
    if not isinstance(document, dict):
        return [Requirement("$", "the manifest", f"is {quoted(document)}; {right}")]
    if "manifest" not in document:
        has = f"the file has {', '.join(map(quoted, document)) or 'nothing'}"
        return [Requirement(MANIFEST, "the manifest", f"is not there, {has}; {right}")]
    if not isinstance(manifest := document["manifest"], dict):
        return [Requirement(MANIFEST, "the manifest", f"is {quoted(manifest)}; {right}")]
    endpoint = _endpoint(manifest)
    found = [_publications(manifest, tuple(events)), _subscriptions(manifest), endpoint]
    if endpoint.lacks and endpoint.add is None:  # Alexa would refuse the whole manifest
        found = [replace(each, add=None) for each in found]
    return [_permission(manifest), *found, *_regions(manifest), *_called(manifest)]


def notes(document: object) -> list[str]:
    """Return what a person should know of a manifest, though nothing in it is missing."""
    manifest = _member(document, "manifest")
    custom, events = _custom(manifest), _member(manifest, "events")
    found = []
    if _uri(custom) and _uri(events) and _uri(custom) != _uri(events):
        found.append(
            f"$.manifest.events.endpoint.uri is not {ENDPOINT}: the function of the skill events "
            "has to be wrapped too"
        )
    locales = _member(_member(manifest, "publishingInformation"), "locales")
    pages = _member(_member(manifest, "privacyAndCompliance"), "locales")
    if without := [each for each in locales if not _member(pages, each).get("privacyPolicyUrl")]:
        path = "$.manifest.privacyAndCompliance.locales"
        found.append(
            f"{path} has no privacyPolicyUrl for {', '.join(without)}: a skill that asks for a "
            "permission needs one to be certified"
        )
    return found


def joined(requirements: Iterable[Requirement]) -> dict[str, Any]:
    """Return one document of all that is to be added."""
    document: dict[str, Any] = {}
    for each in requirements:
        document = _join(document, each.add or {})
    return document


def mended(text: str, document: Mapping[str, Any], requirements: Iterable[Requirement]) -> str:
    """Return the file's text with all that can be added, indented as it was.

    Parameters
    ----------
    text
        What the file holds; it is JSON.
    document
        What it says.
    requirements
        What it must have.
    """
    full = _join(document, joined(requirements))
    indents: tuple[int | str, ...] = (2, 4, "\t")
    alike = (each for each in indents if _written(document, each).rstrip() == text.rstrip())
    end = "\n" if text.endswith("\n") else ""
    return _written(full, next(alike, 2)) + end


def _written(document: Mapping[str, Any], indent: int | str) -> str:
    return json.dumps(document, ensure_ascii=False, indent=indent)


# ---- what is required ----


def _permission(manifest: Mapping[str, Any]) -> Requirement:
    return _named(
        manifest,
        ("permissions",),
        "name",
        (PERMISSION,),
        "the permission that customers are asked for",
    )


def _publications(manifest: Mapping[str, Any], events: tuple[str, ...]) -> Requirement:
    purpose = "the events that the skill sends; Alexa refuses others"
    found = _named(manifest, ("events", "publications"), "eventName", events, purpose)
    published = _member(manifest, "events").get("publications")
    if not found.lacks and not events and not published:
        lacks = "names no event; say which ones with --campaign FILE or --event NAME"
        return Requirement(found.path, purpose, lacks)
    entries = published if isinstance(published, list) else []
    names = [each.get("eventName") for each in entries if isinstance(each, dict)]
    if unknown := [each for each in names if each not in EVENT_NAMES]:
        meant = nearest(unknown[0], EVENT_NAMES)
        hint = f": did you mean {meant}?" if meant else f"; there are {', '.join(EVENT_NAMES)}"
        lacks = f"has {quoted(unknown[0])}, which is no event{hint}"
        return replace(found, lacks="; ".join(filter(None, (found.lacks, lacks))))
    return found


def _subscriptions(manifest: Mapping[str, Any]) -> Requirement:
    purpose = "the skill events that keep the customers' records"
    return _named(manifest, ("events", "subscriptions"), "eventName", SKILL_EVENTS, purpose)


def _endpoint(manifest: Mapping[str, Any]) -> Requirement:
    path, purpose = "$.manifest.events.endpoint.uri", "the function that takes the skill events"
    if there := _uri(_member(manifest, "events")):
        return Requirement(path, purpose, unusable(there))
    own = _uri(_custom(manifest))
    if not own or unusable(own):
        lacks = (
            "is not there: it is the ARN of the skill's function. Before there is one leave events "
            "out, for Alexa takes none without an endpoint"
        )
        return Requirement(path, purpose, lacks)
    lacks = "is not there; the function that takes the requests takes them"
    return Requirement(
        path, purpose, lacks, _at(("events", "endpoint"), _custom(manifest)["endpoint"])
    )


def _regions(manifest: Mapping[str, Any]) -> Iterator[Requirement]:
    there = _member(_member(manifest, "events"), "regions")
    for region, known in _member(_custom(manifest), "regions").items():
        own = _uri(known)
        if not own:
            continue
        keys = ("events", "regions", region, "endpoint")
        path = ".".join((MANIFEST, *keys, "uri"))
        purpose = f"the function that takes the skill events of {region}, as it takes its requests"
        if told := _uri(there.get(region)):
            yield Requirement(path, purpose, unusable(told))
        else:
            add = None if unusable(own) else _at(keys, known["endpoint"])
            yield Requirement(path, purpose, "is not there, so they go to the default one", add)


def _called(manifest: Mapping[str, Any]) -> Iterator[Requirement]:
    """Yield the endpoints of requests that cannot be right."""
    custom, purpose = _custom(manifest), "the function that takes the requests"
    if (own := _uri(custom)) and (lacks := unusable(own)):
        yield Requirement(ENDPOINT, purpose, lacks)
    for region, known in _member(custom, "regions").items():
        if (own := _uri(known)) and (lacks := unusable(own)):
            path = at(f"{MANIFEST}.apis.custom.regions", region)
            yield Requirement(f"{path}.endpoint.uri", f"{purpose} of {region}", lacks)


def _named(
    manifest: Mapping[str, Any],
    keys: tuple[str, ...],
    member: str,
    wanted: tuple[str, ...],
    purpose: str,
) -> Requirement:
    """Check for a list of objects of which each has a name."""
    *outer, last = keys
    path, holder = MANIFEST, manifest
    for key in outer:
        path = at(path, key)
        if not isinstance(found := holder.get(key, {}), dict):
            return Requirement(path, purpose, f"is {quoted(found)}; it must be an object")
        holder = found
    path = at(path, last)
    if not isinstance(entries := holder.get(last, []), list):
        right = f"a list of objects with {member}"
        return Requirement(path, purpose, f"is {quoted(entries)}; it must be {right}")
    names = [each.get(member) for each in entries if isinstance(each, dict)]
    missing = [each for each in wanted if each not in names]
    if not missing:
        return Requirement(path, purpose)
    add = _at(keys, [{member: each} for each in missing])
    return Requirement(path, purpose, f"lacks {', '.join(missing)}", add)


# ---- JSON ----


def _join(document: Mapping[str, Any], more: Mapping[str, Any]) -> dict[str, Any]:
    """Return a document with what another one has more: members are joined, lists go on."""
    result = deepcopy(dict(document))
    for name, value in more.items():
        there = result.get(name)
        if isinstance(there, dict) and isinstance(value, dict):
            result[name] = _join(there, value)
        elif isinstance(there, list) and isinstance(value, list):
            result[name] = there + value
        elif not isinstance(there, dict | list):  # what is of another kind is a person's to mend
            result[name] = deepcopy(value)
    return result


def _at(keys: tuple[str, ...], value: object) -> dict[str, Any]:
    for key in reversed(("manifest", *keys)):
        value = {key: value}
    return value  # type: ignore[return-value]  # there is one key at least


def _custom(manifest: object) -> dict[str, Any]:
    return _member(_member(manifest, "apis"), "custom")


def _uri(holder: object) -> str:
    uri = _member(holder, "endpoint").get("uri")
    return uri if isinstance(uri, str) else ""


def _member(holder: object, name: str) -> dict[str, Any]:
    value = holder.get(name) if isinstance(holder, dict) else None
    return value if isinstance(value, dict) else {}
