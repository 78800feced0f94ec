"""The developer's account: its vendor, its skills, and the imports that make and change them.

A change takes a moment. It is ``IN_PROGRESS`` first, and takes effect when it is over; until then
everybody sees what was there before.
"""

from __future__ import annotations

import json
import secrets
import shutil
import tempfile
import threading
import weakref
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from yellowring_tools.simulator.smapi.imports import Import, Upload, ended
from yellowring_tools.simulator.smapi.manifest_rules import manifest_problems
from yellowring_tools.simulator.smapi.packages import MANIFEST, Package, read_package
from yellowring_tools.simulator.smapi.refusals import (
    Problem,
    bad_request,
    no_access,
    not_found,
    refused,
)
from yellowring_tools.simulator.smapi.skills import (
    IN_PROGRESS,
    SUCCEEDED,
    Change,
    ManagedSkill,
    new_skill,
)
from yellowring_tools.simulator.smapi.triggers import trigger_problems

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

    from yellowring_tools.simulator.config import SimulatorConfig
    from yellowring_tools.simulator.smapi.triggers import PolicyOf

UPLOAD_LIFETIME = timedelta(minutes=5)
USUAL_PAGE, LONGEST_PAGE = 10, 50


@dataclass(frozen=True, slots=True)
class _Pending:
    due: float
    settle: Callable[[], None]


class Account:
    """Everything that SMAPI holds for the developer.

    Parameters
    ----------
    config
        The vendor, and the skill that is there from the start, if there is one.
    clock
        The time of day.
    monotonic
        Seconds; what changes in progress go by.
    policy_of
        Finds the policy of a function that a manifest names, which must let Alexa in; ``None``: no
        function is looked at.
    """

    def __init__(
        self,
        config: SimulatorConfig,
        clock: Callable[[], datetime],
        monotonic: Callable[[], float],
        policy_of: PolicyOf | None = None,
    ) -> None:
        self._policy_of = policy_of
        self.vendor_id = config.vendor_id
        self._stages = ("development", "live") if config.stage == "live" else ("development",)
        self._clock = clock
        self._monotonic = monotonic
        self._lock = threading.RLock()
        self._skills: dict[str, ManagedSkill] = {}
        self._served: ManagedSkill | None = None
        self._uploads: dict[str, Upload] = {}
        self._imports: dict[str, Import] = {}
        self._pending: list[_Pending] = []
        self._workshop: Path | None = None
        if config.skill_id:
            own = ManagedSkill(
                config.skill_id,
                config.client_id,
                config.client_secret,
                config.skill_package,
                clock(),
            )
            self._skills[own.skill_id] = self._served = own

    # ---- what the rest of the simulator asks ----

    @property
    def served(self) -> ManagedSkill | None:
        """The skill that this Alexa's customers have: the first, or the last that was enabled."""
        self._settle()
        return self._served

    def serve(self, skill: ManagedSkill) -> None:
        """Let the customers have this skill."""
        self._served = skill

    def skills(self) -> list[ManagedSkill]:
        """List the skills there are, oldest first."""
        self._settle()
        with self._lock:
            return list(self._skills.values())

    def skill(self, skill_id: str, stage: str = "development") -> ManagedSkill:
        """Look a skill up, or refuse with 404."""
        self._settle()
        found = self._skills.get(skill_id)
        if found is None or stage not in self._stages:
            raise not_found(f"Skill {skill_id} at stage {stage}")
        return found

    # ---- operations ----

    def vendors(self) -> dict[str, object]:
        """Return the one vendor (``Vendors``)."""
        vendor = {"id": self.vendor_id, "name": "Simulated", "roles": ["ROLE_ADMINISTRATOR"]}
        return {"vendors": [vendor]}

    def page(self, vendor_id: str | None, most: str | None, token: str | None) -> dict[str, object]:
        """Return a page of the vendor's skills (``ListSkillResponse``)."""
        if not vendor_id:
            raise bad_request([Problem("MISSING_REQUIRED_PARAMETER", "vendorId is missing")])
        self._check_vendor(vendor_id)
        size = _number(most, "maxResults", USUAL_PAGE)
        if not 1 <= size <= LONGEST_PAGE:
            message = f"maxResults must be 1 to {LONGEST_PAGE}"
            raise bad_request([Problem("INVALID_PARAMETER", message)])
        found = [each.summary(stage) for each in self.skills() for stage in self._stages]
        begin = _number(token, "nextToken", 0)
        end = begin + size
        document: dict[str, object] = {
            "_links": {"self": {"href": "/v1/skills"}},
            "skills": found[begin:end],
            "isTruncated": end < len(found),
        }
        return document | ({"nextToken": str(end)} if end < len(found) else {})

    def new_upload(self) -> tuple[str, datetime]:
        """Make a place for a package; returns its name and when it ends."""
        name, ends = secrets.token_urlsafe(24), self._clock() + UPLOAD_LIFETIME
        self._uploads[name] = Upload(ends)
        return name, ends

    def take_upload(self, name: str, content: bytes) -> bool:
        """Keep what was put to a place; tells whether there is such a place still."""
        upload = self._uploads.get(name)
        if upload is None or upload.ends <= self._clock():
            return False
        upload.content = content
        return True

    def create(self, body: Mapping[str, Any], seconds: float) -> str:
        """Begin the import of a package as a new skill; returns the import's id.

        Names are not looked at: asked twice, there are two skills.
        """
        self._check_vendor(body.get("vendorId"))
        return self._begin(Import(self._package(body), None, "CREATE"), seconds)

    def import_into(
        self, skill_id: str, body: Mapping[str, Any], if_match: str | None, seconds: float
    ) -> str:
        """Begin the import of a package into a skill; returns the import's id."""
        skill = self._free(skill_id, if_match)
        return self._begin(Import(self._package(body), skill, "UPDATE"), seconds)

    def import_status(self, import_id: str) -> dict[str, object]:
        """Return how far an import is (``ImportResponse``)."""
        self._settle()
        found = self._imports.get(import_id)
        if found is None:
            raise not_found(f"Import {import_id}")
        return found.document()

    def update_manifest(
        self, skill_id: str, document: Mapping[str, Any], if_match: str | None, seconds: float
    ) -> None:
        """Begin the replacement of a manifest."""
        skill = self._free(skill_id, if_match)
        if not isinstance(document.get("manifest"), dict):
            raise bad_request(manifest_problems(document))
        problems = tuple(manifest_problems(document))

        def settle() -> None:
            wrong = problems or self._triggers(document, skill_id)
            if wrong:
                skill.manifest_change = Change("FAILED", wrong)
                return
            files = skill.files() | {MANIFEST: json.dumps(document).encode()}
            self._change(skill, Package(files))
            skill.manifest_change = SUCCEEDED

        skill.manifest_change = IN_PROGRESS
        self._later(seconds, settle)

    # ---- how ----

    def _check_vendor(self, vendor_id: object) -> None:
        if vendor_id != self.vendor_id:
            raise no_access(f"vendor {vendor_id}")

    def _free(self, skill_id: str, if_match: str | None) -> ManagedSkill:
        skill = self.skill(skill_id)
        if skill.busy:
            raise refused(409, "CONFLICT", "Another change of the skill is in progress")
        if if_match is not None and if_match != skill.etag():
            raise refused(412, "PRECONDITION_FAILED", "The skill has another eTag by now")
        return skill

    def _package(self, body: Mapping[str, Any]) -> Package:
        location = str(body.get("location") or "")
        upload = self._uploads.get(location.rpartition("/")[2])
        if upload is None or upload.content is None:
            message = "location must be an upload URL, to which a package was uploaded"
            raise bad_request([Problem("INVALID_LOCATION", message)])
        return read_package(upload.content)

    def _begin(self, begun: Import, seconds: float) -> str:
        import_id = f"amzn1.ask-package.import.{secrets.token_hex(16)}"
        self._imports[import_id] = begun
        skill = begun.skill
        if skill is not None:
            skill.manifest_change = IN_PROGRESS
            skill.model_changes = dict.fromkeys(begun.package.of_models, IN_PROGRESS)

        def settle() -> None:
            begun.check(self._triggers(begun.package.manifest, skill.skill_id if skill else None))
            package = begun.package
            begun.state = "SUCCEEDED" if package.sound else "FAILED"
            if skill is not None:
                skill.manifest_change = ended(package.of_manifest)
                skill.model_changes = {
                    locale: ended(problems) for locale, problems in package.of_models.items()
                }
            if package.sound:
                begun.skill = self._import(package, skill)

        self._later(seconds, settle)
        return import_id

    def _triggers(self, document: Mapping[str, Any], skill_id: str | None) -> tuple[Problem, ...]:
        if self._policy_of is None:
            return ()
        manifest = document.get("manifest") or {}
        return tuple(trigger_problems(manifest, skill_id, self._policy_of))

    def _import(self, package: Package, skill: ManagedSkill | None) -> ManagedSkill:
        if skill is None:
            skill = new_skill(self._lay_down(package), self._clock())
            self._skills[skill.skill_id] = skill
            self._served = self._served or skill
        else:
            self._change(skill, package)
        return skill

    def _change(self, skill: ManagedSkill, package: Package) -> None:
        skill.folder = self._lay_down(package)
        skill.managed = True
        skill.updated = self._clock()

    def _lay_down(self, package: Package) -> Path:
        if self._workshop is None:
            self._workshop = Path(tempfile.mkdtemp(prefix="simulated-skills-"))
            weakref.finalize(self, shutil.rmtree, self._workshop, ignore_errors=True)
        folder = Path(tempfile.mkdtemp(dir=self._workshop))
        package.write(folder)
        return folder

    def _later(self, seconds: float, settle: Callable[[], None]) -> None:
        with self._lock:
            self._pending.append(_Pending(self._monotonic() + seconds, settle))

    def _settle(self) -> None:
        with self._lock:
            now = self._monotonic()
            due = [each for each in self._pending if each.due <= now]
            self._pending = [each for each in self._pending if each.due > now]
            for each in due:
                each.settle()


def _number(text: str | None, name: str, usual: int) -> int:
    if text is None:
        return usual
    if not text.isascii() or not text.isdigit():
        raise bad_request([Problem("INVALID_PARAMETER", f"{name} must be a whole number")])
    return int(text)
