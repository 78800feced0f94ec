"""The steps on the skill's side: created, told of its endpoints, enabled."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any, override

from yellowring_tools.setup.creation import IMPORT_SECONDS, PACKAGE, create
from yellowring_tools.setup.problems import SetupStopped
from yellowring_tools.setup.stacks import ENDPOINT, stack_outputs
from yellowring_tools.setup.steps import Step
from yellowring_tools.setup.work import asked
from yellowring_tools.smapi import SmapiError, SmapiUnknown, pack

if TYPE_CHECKING:
    from collections.abc import Mapping

    from yellowring_tools.setup.work import Work
    from yellowring_tools.smapi import ImportStatus, SkillStatus

TRIES = 3
NOT_THERE = 404


class Created(Step):
    """The skill is there, and its id is known."""

    name = "skill"
    title = "Create the skill"

    @override
    def planned(self, work: Work) -> list[str]:
        """Tell what would be done."""
        if known := work.plan.skill_id or work.journal.entries.skill_id:
            return [f"take the skill {known}"]
        intent = work.journal.entries.intent
        if intent:
            return [
                f"look for the skill {intent.names[0]!r}, whose creation was interrupted, among "
                f"those of vendor {intent.vendor_id}; stop if it is not there, and create it with "
                "--another once that was said"
            ]
        return [
            f"look whether the vendor {work.plan.vendor_id or '(the only one)'} has a skill named "
            f"{work.plan.names[0]!r}, and stop if so, unless --another is given",
            f"note in {work.journal.path} that it is being created",
            f"create it from {work.plan.package}, without endpoints",
        ]

    @override
    def done(self, work: Work) -> str:
        """Check that SMAPI knows the skill whose id is known."""
        given, known = work.plan.skill_id, work.journal.entries.skill_id
        if given and known and given != known:
            raise SetupStopped(
                f"this folder is the skill {known}'s, and --skill-id names {given}: work in a "
                f"folder of its own, or move {work.journal.path} away"
            )
        if work.plan.stage == "live" and not (given or known):
            raise SetupStopped(
                "a skill goes live by certification, not by its creation: set it up with --stage "
                "development first, or name it with --skill-id"
            )
        if not (given or known):
            return ""
        try:
            work.smapi.manifest(given or known)
        except SmapiError as error:
            if error.status == NOT_THERE and not isinstance(error, SmapiUnknown):
                raise SetupStopped(
                    f"SMAPI knows no skill {given or known}: if it was deleted, move "
                    f"{work.journal.path} away, and this creates another"
                ) from None
            raise SetupStopped(error.message) from None
        if not known:
            work.journal.note(skill_id=given, intent=None)
        return f"{given or known} is there"

    @override
    def act(self, work: Work) -> str:
        """Create it, or find the one that was being created."""
        return create(work)


class Updated(Step):
    """The skill's manifest names the functions, and its models are those of the package."""

    name = "endpoints"
    title = "Put the endpoints into the skill"

    @override
    def planned(self, work: Work) -> list[str]:
        """Tell what would be done."""
        lines = [
            f"fill {work.plan.package} with the function of {work.plan.stack} in {region} for "
            f"{served}"
            for served, region in work.plan.regions.items()
        ]
        return [*lines, "import it into the skill (development), and wait for its models"]

    @override
    def done(self, work: Work) -> str:
        """Check that the skill was updated with this package, and that it still calls these."""
        endpoints = endpoints_of(work)
        live = work.plan.stage == "live"
        if live and _called(work, "live") == endpoints:
            return "the live skill calls this stack"
        if work.journal.entries.package != _digest(work, endpoints):
            return ""
        if (
            _called(work, "development") != endpoints
            or not asked(lambda: work.smapi.status(work.skill_id)).sound
        ):
            return ""
        return "the skill is as the package is" + (LIVE_LATER if live else "")

    @override
    def act(self, work: Work) -> str:
        """Import the package with its endpoints, and wait until all of it is built."""
        endpoints = endpoints_of(work)
        folder = work.plan.write(endpoints, work.folder / PACKAGE)
        package = pack(folder)
        status = _imported(work, package)
        if status.state != "SUCCEEDED":
            told = "\n".join(f"  {each}" for each in status.problems) or "  (it does not say why)"
            raise SetupStopped(f"SMAPI did not take the skill package ({status.state}):\n{told}")
        _built(work)
        work.journal.note(package=hashlib.sha256(package).hexdigest())
        told = ", ".join(f"{region} {arn}" for region, arn in endpoints.items())
        return told + (LIVE_LATER if work.plan.stage == "live" else "")


LIVE_LATER = "; the live skill calls them once this is certified"


class Enabled(Step):
    """The developer's own account has the skill enabled."""

    name = "enable"
    title = "Enable the skill for your own account"

    @override
    def planned(self, work: Work) -> list[str]:
        """Tell what would be done."""
        if work.plan.stage == "live":
            return ["nothing: customers enable the live skill themselves"]
        return ["enable the skill in development for the developer's own account"]

    @override
    def done(self, work: Work) -> str:
        """Check whether it is enabled."""
        if work.plan.stage == "live":
            return "customers enable the live skill themselves"
        is_enabled = asked(lambda: work.smapi.enabled(work.skill_id, "development"))
        return "it is enabled" if is_enabled else ""

    @override
    def act(self, work: Work) -> str:
        """Enable it."""
        asked(lambda: work.smapi.enable(work.skill_id, "development"))
        return "enabled"


def endpoints_of(work: Work) -> dict[str, str]:
    """Return the function that serves each of Alexa's regions.

    Raises
    ------
    SetupStopped
        A stack is not there.
    """
    found = {}
    for served, region in work.plan.regions.items():
        endpoint = stack_outputs(work, region).get(ENDPOINT)
        if not endpoint:
            raise SetupStopped(f"the stack {work.plan.stack} in {region} was not deployed yet")
        found[served] = endpoint
    return found


def _digest(work: Work, endpoints: Mapping[str, str]) -> str:
    return hashlib.sha256(pack(work.plan.write(endpoints, work.folder / PACKAGE))).hexdigest()


def _called(work: Work, stage: Any) -> dict[str, str]:  # noqa: ANN401 - one of SMAPI's stages
    """Return what a stage of the skill calls for requests and for events; empty when they differ.

    A stage that is not there calls nothing.
    """
    try:
        document, _ = work.smapi.manifest(work.skill_id, stage)
    except SmapiError as error:
        if error.status == NOT_THERE:
            return {}
        raise SetupStopped(error.message) from None
    manifest = document["manifest"]
    found = [
        {
            region: each.get("endpoint", {}).get("uri", "")
            for region, each in holder.get("regions", {}).items()
        }
        for holder in (manifest.get("apis", {}).get("custom", {}), manifest.get("events", {}))
    ]
    requests, events = found
    return requests if requests == events else {}


def _imported(work: Work, package: bytes) -> ImportStatus:
    """Import a package into the skill; the same again does no harm when an answer was lost."""
    for tried in range(1, TRIES + 1):
        try:
            location = work.smapi.upload(package)
            import_id = work.smapi.import_package(work.skill_id, location)
            return work.until(
                lambda import_id=import_id: work.smapi.import_status(import_id),  # type: ignore[misc]
                lambda status: status.over,
                "the import of the skill package",
                seconds=IMPORT_SECONDS,
            )
        except SmapiError as error:
            # 409: one that was begun before, by a run that was interrupted, is still under way.
            if tried == TRIES or not (isinstance(error, SmapiUnknown) or error.status == 409):  # noqa: PLR2004
                raise SetupStopped(error.message) from None
            work.tell(f"{error.message}: again")
            work.sleep(5.0)
    raise AssertionError("every try returns or raises")


def _built(work: Work) -> None:
    """Wait until manifest and models are built.

    Raises
    ------
    SetupStopped
        Some cannot be; says which, and what Alexa says of it.
    """

    def look() -> SkillStatus:
        return asked(lambda: work.smapi.status(work.skill_id))

    status = work.until(look, lambda each: each.over, "the skill", seconds=IMPORT_SECONDS)
    if status.sound:
        return
    parts = {"the manifest": status.manifest, **status.models}
    wrong = [
        f"  {name}: {'; '.join(each.errors) or each.state}"
        for name, each in parts.items()
        if each is not None and each.state != "SUCCEEDED"
    ]
    raise SetupStopped("Alexa cannot build the skill:\n" + "\n".join(wrong))
