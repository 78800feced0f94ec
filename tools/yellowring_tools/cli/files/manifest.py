"""The skill's manifest: the events that it declares, for Alexa refuses others, and its locales."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from yellowring.catalog.advice import us_only
from yellowring.catalog.localization import rings_in
from yellowring.catalog.names import US_ONLY
from yellowring.catalog.problems import Problem

from yellowring_tools.cli.files.documents import Finding, Unreadable, read_text
from yellowring_tools.cli.files.json_text import NotJson, parse_json

if TYPE_CHECKING:
    from collections.abc import Iterator

    from yellowring.sender.campaign import Campaign

    from yellowring_tools.cli.files.documents import CheckedFile

DEFAULT_MANIFEST = "skill-package/skill.json"
"""Where a skill project has its manifest."""


class NoManifest(ValueError):
    """The manifest that was named does not tell which events it declares."""


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a manifest declares that campaigns depend on.

    Parameters
    ----------
    file
        As it was named.
    event_names
        Its publications; ``None`` when there is no manifest to ask.
    locales
        Those that the skill is published in, in the manifest's order; empty when it tells none.
    """

    file: str
    event_names: frozenset[str] | None
    locales: tuple[str, ...] = ()

    @classmethod
    def read(cls, file: str | None) -> Manifest:
        """Read the manifest named, or the project's when there is one.

        Raises
        ------
        NoManifest
            When the file is missing, is not JSON or has no list of publications.
        """
        if file is None and not Path(DEFAULT_MANIFEST).is_file():
            return cls(DEFAULT_MANIFEST, None)
        file = file or DEFAULT_MANIFEST
        try:
            manifest = parse_json(read_text(file)).value["manifest"]
            published = manifest["events"]["publications"]
            event_names = frozenset(entry["eventName"] for entry in published)
        except Unreadable as error:
            raise NoManifest(str(error)) from None
        except NotJson as error:
            raise NoManifest(f"{file}: {error}") from None
        except (KeyError, TypeError):
            right = "must have a list of objects with an eventName"
            raise NoManifest(f"{file}: $.manifest.events.publications {right}") from None
        return cls(file, event_names, _locales(manifest))

    def check(self, checked: CheckedFile) -> CheckedFile:
        """Add warnings of an event that is not declared, and of locales that get no ring."""
        if checked.campaign is None:
            return checked
        problems = (*self._undeclared(checked.campaign), *self._silent(checked.campaign))
        findings = (Finding(checked.file, None, problem) for problem in problems)
        return replace(checked, warnings=(*checked.warnings, *findings))

    def _undeclared(self, campaign: Campaign) -> Iterator[Problem]:
        if self.event_names is not None and campaign.event_name not in self.event_names:
            missing = f"is not in events.publications of {self.file}, so Alexa would refuse it"
            yield Problem("$.event.name", missing, f'"{campaign.event_name}"')

    def _silent(self, campaign: Campaign) -> Iterator[Problem]:
        """Yield who would get no ring, of the locales whose customers the campaign is for."""
        event_name, texts = campaign.event_name, campaign.localized_attributes
        meant = [locale for locale in self.locales if _may_have(campaign, locale)]
        heard = [locale for locale in meant if rings_in(campaign.payload, texts, locale)]
        if silent := [locale for locale in meant if locale not in heard]:
            where = f"{', '.join(silent)}, {'locales' if silent[1:] else 'a locale'} of {self.file}"
            message = f"has no texts for {where}: customers there get no notification"
            yield Problem("$.localizedAttributes", message)
        told = {"en-US", *(entry["locale"] for entry in texts)}
        if event_name in US_ONLY and any(locale not in told for locale in heard):
            yield Problem("$.event.name", f"{us_only(event_name)}; {self.file} has other locales")


def _locales(manifest: dict[str, object]) -> tuple[str, ...]:
    publishing = manifest.get("publishingInformation")
    locales = publishing.get("locales") if isinstance(publishing, dict) else None
    return tuple(locales) if isinstance(locales, dict) else ()


def _may_have(campaign: Campaign, locale: str) -> bool:
    """Tell whether a campaign's audience may have customers of a locale."""
    wanted = campaign.where.conditions.get("locale") if campaign.where else None
    if isinstance(wanted, str | list):
        return locale in ([wanted] if isinstance(wanted, str) else wanted)
    return True
