"""A vendor's skills in memory, below the real client, and a set-up on them."""

from __future__ import annotations

import io
import json
import zipfile
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from yellowring_tools.local_stack.workspace import PROJECT
from yellowring_tools.setup.cloud import Found
from yellowring_tools.setup.journal import Deployed, Journal
from yellowring_tools.setup.parameters import Given
from yellowring_tools.setup.plan import Choice, Plan, planned
from yellowring_tools.setup.work import Work
from yellowring_tools.smapi import Smapi, SmapiError, SmapiUnknown
from yellowring_tools.smapi.call import Answer, Call

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from yellowring_tools.smapi import Credentials

VENDOR = "M1VENDOR"
NAME = "Yellow Ring"
ARN = "arn:aws:lambda:us-east-1:123456789012:function:yellow-ring-skill"


class Killed(BaseException):
    """The process dies here."""


@dataclass
class Vendors:
    """SMAPI's side of one developer: what was asked, and the skills that there are.

    ``answers_lost`` creations are done and not answered; ``refused`` are refused. ``slow`` skills
    show in the list only after as many lists.
    """

    skills: dict[str, dict[str, Any]] = field(default_factory=dict)
    vendors: tuple[str, ...] = (VENDOR,)
    asked: list[str] = field(default_factory=list)
    answers_lost: int = 0
    refused: int = 0
    slow: int = 0
    state: str = "SUCCEEDED"
    imports: dict[str, str | None] = field(default_factory=dict)
    enabled: bool = False
    before: Callable[[Call], None] = lambda _: None
    after: Callable[[Call], None] = lambda _: None
    package: bytes = b""
    model: str = "SUCCEEDED"
    live: dict[str, Any] | None = None
    troubles: list[SmapiError] = field(default_factory=list)

    def add(self, name: str = NAME) -> str:
        """Add a skill, and return its id."""
        skill_id = f"amzn1.ask.skill.{len(self.skills) + 1}"
        self.skills[skill_id] = {"names": {"en-US": name}, "manifest": {"manifest": {}}}
        return skill_id

    def send(self, call: Call) -> Answer:
        self.asked.append(call.command)
        self.before(call)
        answer = getattr(self, "_" + call.command.replace("-", "_"))(call)
        self.after(call)
        assert isinstance(answer, Answer)
        return answer

    def put(self, url: str, content: bytes) -> None:
        self.package = content

    def created(self) -> int:
        """Count the creations that were asked for."""
        return self.asked.count("create-skill-package")

    def _get_vendor_list(self, call: Call) -> Answer:
        return Answer(200, body={"vendors": [{"id": each, "name": each} for each in self.vendors]})

    def _list_skills_for_vendor(self, call: Call) -> Answer:
        shown = list(self.skills.items())
        if self.slow:
            self.slow -= 1
            shown = shown[:-1]
        skills = [
            {"skillId": key, "nameByLocale": each["names"], "stage": "development"}
            for key, each in shown
        ]
        return Answer(200, body={"skills": skills, "isTruncated": False})

    def _create_upload_url(self, call: Call) -> Answer:
        return Answer(201, body={"uploadUrl": "https://upload.example/1"})

    def _create_skill_package(self, call: Call) -> Answer:
        if self.refused:
            self.refused -= 1
            raise SmapiError(400, "INVALID_REQUEST", "the package is no package")
        skill_id = self._import(None)
        if self.answers_lost:
            self.answers_lost -= 1
            raise SmapiUnknown(None, "UNKNOWN", "no answer")
        return self._location(skill_id)

    def _import_skill_package(self, call: Call) -> Answer:
        if self.troubles:
            raise self.troubles.pop()
        return self._location(self._import(call.options["skill-id"]))

    def _import(self, skill_id: str | None) -> str | None:
        if self.state != "SUCCEEDED":
            return None
        manifest = json.loads(zipfile.ZipFile(io.BytesIO(self.package)).read("skill.json"))
        pages = manifest["manifest"]["publishingInformation"]["locales"]
        found = skill_id or self.add()
        names = {key: page["name"] for key, page in pages.items()}
        self.skills[found] = {"names": names, "manifest": manifest}
        return found

    def _location(self, skill_id: str | None) -> Answer:
        import_id = f"import-{len(self.imports)}"
        self.imports[import_id] = skill_id
        return Answer(202, {"location": f"/v1/skills/imports/{import_id}"})

    def _get_import_status(self, call: Call) -> Answer:
        import_id = call.options["import-id"]
        if import_id not in self.imports:
            raise SmapiError(404, "NOT_FOUND", "no such import")
        skill: dict[str, Any] = {"resources": [{"name": "Manifest", "errors": []}]}
        if skill_id := self.imports[import_id]:
            skill["skillId"] = skill_id
        else:
            skill["resources"][0]["errors"] = [{"message": "no category"}]
        return Answer(200, body={"status": self.state, "skill": skill})

    def _get_skill_manifest(self, call: Call) -> Answer:
        if call.options["stage"] == "live" and self.live:
            return Answer(200, body=self.live)
        if call.options["skill-id"] not in self.skills or call.options["stage"] == "live":
            raise SmapiError(404, "NOT_FOUND", "no such skill")
        return Answer(200, body=self.skills[call.options["skill-id"]]["manifest"])

    def _get_skill_status(self, call: Call) -> Answer:
        built = {"lastUpdateRequest": {"status": "SUCCEEDED"}}
        errors = [{"message": "no samples"}] if self.model == "FAILED" else []
        model = {"lastUpdateRequest": {"status": self.model, "errors": errors}}
        return Answer(200, body={"manifest": built, "interactionModel": {"en-US": model}})

    def _set_skill_enablement(self, call: Call) -> Answer:
        self.enabled = True
        return Answer(204)

    def _get_skill_enablement_status(self, call: Call) -> Answer:
        if not self.enabled:
            raise SmapiError(404, "NOT_FOUND", "not enabled")
        return Answer(204)

    def _get_skill_credentials(self, call: Call) -> Answer:
        known = {"clientId": "amzn1.application-oa2-client.1", "clientSecret": "s3cret"}
        return Answer(200, body={"skillMessagingCredentials": known})


class Cloudless:
    """An account with a stack in a region, and its secret."""

    profile = None

    def __init__(self) -> None:
        self.found: Found | None = Found(
            "CREATE_COMPLETE", {"CredentialsSecretId": "c", "SubscribersTableName": "t"}, {}
        )
        self.secrets: dict[str, Credentials] = {}
        self.rings = iter([False])
        self.accounts: dict[str, str] = {}

    def account(self, region: str) -> str:
        return self.accounts.get(region, "123456789012")

    def stack(self, name: str, region: str) -> Found | None:
        return self.found

    def somebody_rings(self, table: str, region: str) -> bool:
        return next(self.rings, False)

    def has_credentials(self, secret_id: str, region: str, credentials: Credentials) -> bool:
        return self.secrets.get(region) == credentials

    def put_credentials(self, secret_id: str, region: str, credentials: Credentials) -> None:
        self.secrets[region] = credentials


def a_plan(**parts: Any) -> Plan:
    """Plan a set-up of this project in one region."""
    given: dict[str, Any] = {
        "project": PROJECT,
        "package": PROJECT / "skill-package",
        "regions": ["us-east-1"],
        "stack": "yellow-ring",
        "stage": "development",
        "given": Given(),
        "settle": 30.0,
    }
    return planned(Choice(**{**given, **parts}))


class Clock:
    """Time that passes by sleeping only."""

    def __init__(self) -> None:
        self.seconds = 1_000_000.0

    def now(self) -> float:
        return self.seconds

    def sleep(self, seconds: float) -> None:
        self.seconds += seconds


def a_work(folder: Path, vendors: Vendors, plan: Plan, told: list[str] | None = None) -> Work:
    """Return what a run of the command works with: what a run before it noted is read again."""
    journal = Journal(folder)
    with journal.opened():
        pass
    clock = Clock()
    return Work(
        plan=plan,
        folder=folder / ".yellowring",
        journal=journal,
        connect=lambda: Smapi(vendors),
        cloud=Cloudless(),  # type: ignore[arg-type]
        tell=(told if told is not None else []).append,
        now=clock.now,
        sleep=clock.sleep,
    )


def deployed(work: Work, endpoint: str = ARN) -> None:
    """Note the stack as deployed, and have its function called so."""
    digest = work.plan.digest(work.skill_id)
    work.journal.note_deployed(work.plan.stack, "us-east-1", Deployed(digest))
    found = work.cloud.stack(work.plan.stack, "us-east-1")
    assert found is not None
    outputs = {**found.outputs, "SkillFunctionArn": endpoint}
    work.cloud.found = replace(found, outputs=outputs)  # type: ignore[attr-defined]
