"""The examination: every check in its turn, whatever the others find or may not read."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import cache, cached_property
from traceback import extract_tb
from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError

from yellowring_tools.cli.aws.aws_errors import client_error, is_denied, without_users
from yellowring_tools.doctor.customer import outcomes, record
from yellowring_tools.doctor.customer.accounts import Account, accounts
from yellowring_tools.doctor.finding import Finding, fine, unknown
from yellowring_tools.doctor.skill import endpoints, known, manifest, standing
from yellowring_tools.doctor.stack import (
    alarms,
    clock,
    functions,
    queues,
    runs,
    schedules,
    secret,
    tables,
    template,
    workflow,
)
from yellowring_tools.doctor.stack.deployment import Deployment
from yellowring_tools.smapi import SmapiError

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator
    from pathlib import Path

    from yellowring_tools.cli.aws.stacks import Stack
    from yellowring_tools.doctor.skill.known import Known
    from yellowring_tools.doctor.stack.schedules import Plan
    from yellowring_tools.smapi import Smapi
    from yellowring_tools.smapi.operations import Stage

CHECKS = {
    "stack": "deployed whole, and says all of itself",
    "template": "deployed from the template that lies here",
    "functions": "each is there, may run, and is told what the stack was deployed with",
    "secret": "filled, and taken by Login with Amazon for both scopes",
    "schedules": "each fires, at the sender, with a campaign that can be sent",
    "queues": "nothing waits too long, and nothing was given up",
    "runs": "the last run of each campaign went well",
    "workflow": "there, and working with this stack's sender",
    "events": "the bus and its rules are there and enabled",
    "tables": "there, with index, expiry and backups",
    "alarms": "none is raised",
    "clock": "this machine's agrees with AWS's and Amazon's",
    "permission": "Alexa may invoke the skill function for this skill, and for no other",
    "manifest": "events, publications and permission are there",
    "texts": "every scheduled campaign rings in every locale",
    "endpoints": "requests and events of every region come to a function that is there",
    "models": "every locale has a model and words",
    "stage": "the skill is at the stage that the stack notifies",
    "build": "Alexa took the manifest and the models",
    "credentials": "the secret is this skill's",
    "enablement": "the developer has enabled the skill",
    "record": "the customer is on record, and can be told",
    "place": "the customer's region and locale are known",
    "audience": "the schedules are for this customer",
    "outcomes": "no problem is noted with the last events",
    "asks": "",
}
"""Every check, and what is so when it finds nothing."""

_ACTION = re.compile(r"perform: ([\w-]+:\w+)")
_LOG_IN = "ask configure, or set SMAPI_CLIENT_ID, SMAPI_CLIENT_SECRET and SMAPI_REFRESH_TOKEN"
_UNSEEN = "there is neither a way to SMAPI nor a skill package, so the skill was not looked at"
_MILLISECONDS = 1000


def examine(
    stack: Stack,
    *,
    skill: Smapi | None,
    package: Path | None,
    user: str | None,
    now: Callable[[], datetime] = lambda: datetime.now(UTC),
    template_file: Path | None = None,
    only: Collection[str] = (),
) -> tuple[Finding, ...]:
    """Examine a stack, its skill, and a customer if one is named. Nothing is changed.

    Parameters
    ----------
    stack
        The stack.
    skill
        The way to SMAPI; ``None``: the skill is looked at in its package.
    package
        The folder of the skill package, if there is one.
    user
        Alexa's id of a customer, or the business'; ``None``: nobody.
    now
        Reads this machine's clock, aware.
    template_file
        The template that the stack should have been deployed from, if it is at hand.
    only
        Names of the checks (`CHECKS`) to do; empty: all.

    Returns
    -------
    tuple of Finding
        In the order of the checks; one that found nothing is ``fine``. What may not be read is
        ``unknown``, with the action that is missing.
    """
    examination = _Examination(Deployment(stack), skill, package, now, template_file)
    checks = {**examination.of_stack(), **examination.of_skill()}
    if user is not None:
        checks |= examination.of_customer(user)
    done = [name for name in CHECKS if name in checks and (not only or name in only)]
    return tuple(each for name in done for each in looked(name, checks[name]))


type _Look = Callable[[], Iterable[Finding]]


@dataclass(frozen=True)
class _Examination:
    deployment: Deployment
    smapi: Smapi | None
    package: Path | None
    now: Callable[[], datetime]
    template_file: Path | None

    def of_stack(self) -> dict[str, _Look]:
        each = self.deployment
        return {
            "stack": lambda: template.check_stack(each),
            "template": lambda: template.check_template(each, self.template_file),
            "functions": lambda: functions.check_functions(each),
            "secret": lambda: secret.check_secret(each),
            "schedules": lambda: schedules.check_schedules(each, self.now()),
            "queues": lambda: queues.check_queues(each, self.now()),
            "runs": lambda: runs.check_runs(each, self.now()),
            "workflow": lambda: workflow.check_workflow(each),
            "events": lambda: workflow.check_events(each),
            "tables": lambda: tables.check_tables(each),
            "alarms": lambda: alarms.check_alarms(each),
            "clock": lambda: clock.check_clock(each, self.now),
            "permission": lambda: endpoints.check_permission(each),
        }

    def of_skill(self) -> dict[str, _Look]:
        each, smapi = self.deployment, self.smapi
        looks: dict[str, _Look] = {
            "manifest": lambda: manifest.check_manifest(self._known, self._plans),
            "texts": lambda: manifest.check_texts(self._known, self._plans),
            "endpoints": lambda: endpoints.check_endpoints(each, self._known),
            "models": lambda: manifest.check_models(self._known),
        }
        if smapi is not None:
            return {
                **looks,
                "stage": lambda: standing.check_stage(each, smapi),
                "build": lambda: standing.check_build(each, smapi),
                "credentials": lambda: standing.check_credentials(each, smapi),
                "enablement": lambda: standing.check_enablement(each, smapi),
            }
        return looks

    def of_customer(self, user: str) -> dict[str, _Look]:
        each = self.deployment
        found = cache(lambda: accounts(each, user))

        def every(look: Callable[[Account], Iterable[Finding]]) -> Iterator[Finding]:
            told = found()
            for account in told if isinstance(told, tuple) else ():
                yield from look(account)

        def records() -> Iterator[Finding]:
            told = found()
            now = int(self.now().timestamp() * _MILLISECONDS)
            if isinstance(told, Finding):
                yield told
            yield from every(lambda account: record.check_record(account, self._plans, now))

        return {
            "record": records,
            "place": lambda: every(lambda one: record.check_place(one, self._plans, each)),
            "audience": lambda: every(lambda one: record.check_audience(one, self._plans, each)),
            "outcomes": lambda: every(outcomes.check_outcomes),
            "asks": outcomes.check_asked,
        }

    @cached_property
    def _plans(self) -> tuple[Plan, ...]:
        return schedules.plans(self.deployment)

    @cached_property
    def _known(self) -> Known:
        """The skill as Alexa knows it, else as its package says; raises what reading raises."""
        if self.smapi is not None:
            skill_id = self.deployment.outputs["SkillId"]
            stage: Stage = "development"
            if self.deployment.variables.get("SKILL_STAGE") == "live" and known.is_at(
                self.smapi, skill_id, "live"
            ):
                stage = "live"  # before certification it is what will be submitted
            return known.of_skill(self.smapi, skill_id, stage)
        if self.package is None:
            raise known.Unreadable(_UNSEEN)
        return known.of_package(self.package)


def looked(name: str, look: _Look) -> Iterator[Finding]:
    """Yield what a check finds, without anybody's user id; what cannot be read is unknown."""
    found = tuple(_attempted(name, look)) or (fine(name, name, CHECKS[name]),)
    for each in found:
        yield replace(each, where=without_users(each.where), what=without_users(each.what))


def _attempted(name: str, look: _Look) -> Iterator[Finding]:
    try:
        yield from look()
    except ClientError as error:
        yield _unread(name, error)
    except BotoCoreError as error:
        yield unknown(name, "AWS", str(error), "is the network up?")
    except SmapiError as error:
        yield unknown(name, "SMAPI", error.message, _LOG_IN)
    except known.Unreadable as error:
        remedy = f"name it with --skill-package; or {_LOG_IN}"
        yield unknown(name, "the skill package", str(error), remedy)
    except Exception as error:  # what one check trips over is not the others'
        place = extract_tb(error.__traceback__)[-1].name
        what = f"could not be looked at: {type(error).__name__} in {place}, a defect of ours"
        yield unknown(name, "this check", what, "report it, and what is odd about the stack")


def _unread(name: str, error: ClientError) -> Finding:
    """Return what AWS refuses to tell, with the action that would be needed."""
    if not is_denied(error):
        return unknown(name, "AWS", client_error(error), "look again; is it the right region?")
    said = _ACTION.search(error.response["Error"].get("Message", ""))
    action = said[1] if said else error.operation_name
    what = f"could not be looked at: {action} is not allowed"
    return unknown(name, "AWS", what, f"use a profile that may do {action} (docs/doctor.md)")
