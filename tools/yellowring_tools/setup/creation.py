"""The skill is created once, whatever is interrupted or lost on the way.

Creating is the one thing here that cannot be repeated: SMAPI makes another skill each time. So what
is about to be done is written down first. Whoever finds that note and no id looks for the skill
among the vendor's, by its names: one that was not there before is it. Several or none, and nobody
can tell: an import takes minutes, and its skill may show after anybody has stopped looking.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from yellowring_tools.setup.journal import Intent
from yellowring_tools.setup.problems import SetupStopped
from yellowring_tools.setup.work import asked
from yellowring_tools.smapi import SmapiError, SmapiUnknown, pack

if TYPE_CHECKING:
    from collections.abc import Iterable

    from yellowring_tools.setup.work import Work
    from yellowring_tools.smapi import ImportStatus, SkillSummary

IMPORT_SECONDS = 600.0
"""How long an import is waited for."""
PACKAGE = "skill-package"
LOOKS = 1.0
"""Seconds between two looks at the vendor's list."""


def create(work: Work) -> str:
    """Create the skill, or find the one whose creation was begun; return what was done.

    Raises
    ------
    SetupStopped
        Nobody can be sure which skill it is, or SMAPI takes none.
    """
    intent = work.journal.entries.intent
    if intent is None:
        return _created(work, _vendor(work))
    if intent.import_id:
        status = _followed(work, intent.import_id)
        if status is not None:
            return _taken(work, _imported(work, status), "created")
    return _resumed(work, intent)


def _created(work: Work, vendor_id: str) -> str:
    """Create a skill of which nothing is known so far."""
    known = _named(work, vendor_id, work.plan.names)
    if known and not work.plan.another:
        raise SetupStopped(
            f"vendor {vendor_id} has {_listed(known)} of that name already, which this folder "
            f"knows nothing of: take it with --skill-id, or create another one with --another"
        )
    folder = work.plan.write({}, work.folder / PACKAGE)
    location = asked(lambda: work.smapi.upload(pack(folder)))
    intent = Intent(vendor_id, work.plan.names, tuple(known), work.now())
    work.journal.note(intent=intent)
    try:
        import_id = work.smapi.create_skill(vendor_id, location)
    except SmapiUnknown as error:
        work.tell(f"{error.message}: looking for the skill among the vendor's")
        return _resumed(work, intent)
    except SmapiError as error:
        if error.code == "GARBLED":  # it was taken, and nothing says as what
            return _resumed(work, intent)
        work.journal.note(intent=None)  # refused: there is none
        raise SetupStopped(error.message) from None
    work.journal.note(intent=replace(intent, import_id=import_id))
    status = _followed(work, import_id)
    if status is None:
        return _resumed(work, intent)
    return _taken(work, _imported(work, status), "created")


def _resumed(work: Work, intent: Intent) -> str:
    """Find the skill whose creation was begun; create another when a person says there is none."""
    found = _newer(work, intent)
    # A creation that was taken may still be under way, and not in the list.
    deadline = max(intent.at, work.now()) + work.plan.settle
    while not found and work.now() < deadline:
        work.sleep(LOOKS)
        found = _newer(work, intent)
    if len(found) > 1:
        raise SetupStopped(
            f"a skill was being created when this was interrupted, and vendor {intent.vendor_id} "
            f"has {_listed(found)} of that name since: say which it is with --skill-id, and delete "
            "the others in the developer console"
        )
    if found:
        [skill_id] = found
        work.tell(f"the creation was interrupted; one skill of that name is new: {skill_id}")
        return _taken(work, skill_id, "found")
    # --another on the first call meant another than those that were there before.
    if intent.missed and work.plan.another:
        work.journal.note(intent=None)
        return _created(work, intent.vendor_id)
    work.journal.note(intent=replace(intent, missed=True))
    raise SetupStopped(
        f"a skill was being created, and nobody knows whether it was: vendor {intent.vendor_id} "
        f"has no new one named {intent.names[0]!r} after {work.plan.settle:.0f} s, but an import "
        "may take minutes. Look in the developer console: when it shows, run this again, and it is "
        "taken; when it never does, run this again with --another"
    )


def _newer(work: Work, intent: Intent) -> list[str]:
    return [
        each for each in _named(work, intent.vendor_id, intent.names) if each not in intent.known
    ]


def _followed(work: Work, import_id: str) -> ImportStatus | None:
    """Wait for the end of an import; ``None`` when SMAPI knows of no such import any more."""
    try:
        return work.until(
            lambda: work.smapi.import_status(import_id),
            lambda status: status.over,
            "the import of the skill package",
            seconds=IMPORT_SECONDS,
        )
    except SmapiError as error:
        if error.status == 404:  # noqa: PLR2004 - it forgets imports after a while
            return None
        raise SetupStopped(error.message) from None


def _imported(work: Work, status: ImportStatus) -> str:
    """Return the id of the skill that an import made; one that made none is forgotten."""
    if status.state == "SUCCEEDED" and status.skill_id:
        return status.skill_id
    if not status.skill_id:
        work.journal.note(intent=None)
    problems = "\n".join(f"  {each}" for each in status.problems) or "  (it does not say why)"
    made = f"; the skill {status.skill_id} was made all the same" if status.skill_id else ""
    raise SetupStopped(
        f"SMAPI did not take the skill package ({status.state}){made}:\n{problems}\n"
        "mend the package and run this again"
        + (f" with --skill-id {status.skill_id}" if status.skill_id else "")
    )


def _taken(work: Work, skill_id: str, how: str) -> str:
    work.journal.note(skill_id=skill_id, intent=None)
    return f"{how} {skill_id}"


def _vendor(work: Work) -> str:
    """Return whose skill it becomes."""
    vendors = asked(work.smapi.vendors)
    wanted = work.plan.vendor_id
    if wanted and wanted not in [each.id for each in vendors]:
        has = ", ".join(f"{each.id} ({each.name})" for each in vendors) or "none"
        raise SetupStopped(f"--vendor-id {wanted} is none of this developer's: there is {has}")
    if wanted:
        return wanted
    if len(vendors) != 1:
        has = ", ".join(f"{each.id} ({each.name})" for each in vendors)
        raise SetupStopped(
            f"this developer works for {has}: say for which with --vendor-id"
            if vendors
            else "this developer has no vendor account: sign up at developer.amazon.com/alexa"
        )
    return vendors[0].id


def _named(work: Work, vendor_id: str, names: Iterable[str]) -> list[str]:
    """Return the ids of a vendor's skills that have one of the names, each once."""
    wanted = set(names)
    skills: list[SkillSummary] = asked(lambda: list(work.smapi.skills(vendor_id)))
    found = [each.skill_id for each in skills if wanted & set(each.names.values())]
    return list(dict.fromkeys(found))


def _listed(skill_ids: list[str]) -> str:
    many = "a skill" if len(skill_ids) == 1 else f"{len(skill_ids)} skills"
    return f"{many} ({', '.join(skill_ids)})"
