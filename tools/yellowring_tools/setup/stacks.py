"""The steps on AWS's side: built, deployed to each region, given the skill's credentials."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING, override

from yellowring_tools.local_stack.deployment import Build
from yellowring_tools.local_stack.processes import ProcessFailed
from yellowring_tools.setup.choices import chosen
from yellowring_tools.setup.deployment import Target, deploy, sam, settled
from yellowring_tools.setup.journal import Deployed
from yellowring_tools.setup.parameters import check_parameters, read_template
from yellowring_tools.setup.plan import ANY_SKILL
from yellowring_tools.setup.problems import SetupStopped
from yellowring_tools.setup.steps import Step
from yellowring_tools.setup.work import asked

if TYPE_CHECKING:
    from yellowring_tools.setup.cloud import Found
    from yellowring_tools.setup.work import Work

LOGS = "logs"
ENDPOINT = "SkillFunctionArn"
SECRET = "CredentialsSecretId"  # noqa: S105 - the name of an output


class Checked(Step):
    """Tools and credentials are there."""

    name = "check"
    title = "Check tools, credentials and the skill package"

    @override
    def planned(self, work: Work) -> list[str]:
        """Tell what would be done."""
        return [
            "ask Login with Amazon and SMAPI for the vendors of the developer",
            f"ask AWS who we are, in {', '.join(work.plan.regions.values())}",
        ]

    @override
    def done(self, work: Work) -> str:
        """Check them; there is nothing to be done about them here."""
        sam()
        vendors = asked(work.smapi.vendors)
        accounts = {work.cloud.account(region) for region in work.plan.regions.values()}
        if len(accounts) != 1:
            raise SetupStopped(f"the regions lead to several AWS accounts: {sorted(accounts)}")
        account = accounts.pop()
        _check_account(work, account)
        for region in work.plan.regions.values():
            _check_stack(work, region)
        work.journal.note(account=account, chosen=chosen(work.plan, work.journal.entries))
        told = ", ".join(each.name or each.id for each in vendors) or "no vendor"
        return f"vendor {told}; AWS account {account}"

    @override
    def act(self, work: Work) -> str:
        """Do nothing: what is missing has been told."""
        raise AssertionError("a check is done or stops")


class Built(Step):
    """The functions are built."""

    name = "build"
    title = "Build the functions"

    @override
    def planned(self, work: Work) -> list[str]:
        """Tell what would be done."""
        return [f"sam build {work.plan.template} for {work.plan.architecture}, if it has changed"]

    @override
    def done(self, work: Work) -> str:
        """Tell nothing: whether they are, the build itself knows."""
        return ""

    @override
    def act(self, work: Work) -> str:
        """Build what is not built."""
        build = build_of(work)
        try:
            with build.reserved():
                building = build.start(work.folder / LOGS)
                if building is None:
                    return f"{work.plan.architecture}, nothing has changed"
                with building:
                    build.finish(building)
        except ProcessFailed as error:
            raise SetupStopped(str(error)) from None
        return work.plan.architecture


class Stacked(Step):
    """The stack of a region is deployed with the parameters that were given."""

    title = "Deploy the stack"

    def __init__(self, region: str) -> None:
        self._region = region
        self.name = f"deploy-{region}"
        self.title = f"Deploy the stack to {region}"

    @override
    def planned(self, work: Work) -> list[str]:
        """Tell what would be done."""
        plan = work.plan
        command = _target(work, self._region).command("parameters.yaml")
        skill_id = plan.skill_id or work.journal.entries.skill_id or "(the new skill's)"
        values = plan.all_parameters(skill_id)
        return [
            shlex.join(map(str, command)),
            *(f"  with {name}={value}" for name, value in sorted(values.items())),
        ]

    @override
    def done(self, work: Work) -> str:
        """Check that what was deployed last is what would be, and that it still is there."""
        known = work.journal.deployed(work.plan.stack, self._region)
        if known is None or known.digest != work.plan.digest(work.skill_id):
            return ""
        found = settled(work.plan.stack, self._region, work.cloud)
        if found is None or not found.is_whole or self._differs(work, found):
            return ""
        return f"{work.plan.stack} is as it was deployed"

    @override
    def act(self, work: Work) -> str:
        """Deploy it."""
        plan = work.plan
        with build_of(work).reserved():
            found = deploy(
                _target(work, self._region),
                plan.all_parameters(work.skill_id),
                work.cloud,
                logs=work.folder / LOGS,
            )
        deployed = Deployed(plan.digest(work.skill_id))
        work.journal.note_deployed(plan.stack, self._region, deployed)
        return f"{plan.stack} is {found.status}"

    @staticmethod
    def _differs(work: Work, found: Found) -> bool:
        """Check whether somebody deployed it with other parameters since."""
        wanted = work.plan.all_parameters(work.skill_id)
        return any(found.parameters.get(name, value) != value for name, value in wanted.items())


class Trusted(Step):
    """The secret of every region holds the skill's credentials."""

    name = "credentials"
    title = "Put the skill's client id and secret into the stack's secret"

    @override
    def planned(self, work: Work) -> list[str]:
        """Tell what would be done."""
        return [
            "read client id and secret of the skill through SMAPI",
            *(
                f"put them into the secret {work.plan.stack}/credentials in {region}"
                for region in work.plan.regions.values()
            ),
        ]

    @override
    def done(self, work: Work) -> str:
        """Check that every secret holds what SMAPI says."""
        credentials = asked(lambda: work.smapi.credentials(work.skill_id))
        secrets = _secrets(work)
        if all(work.cloud.has_credentials(each, region, credentials) for region, each in secrets):
            return f"{_regions(work)} have them"
        return ""

    @override
    def act(self, work: Work) -> str:
        """Put them where they are not."""
        credentials = asked(lambda: work.smapi.credentials(work.skill_id))
        for region, secret in _secrets(work):
            if not work.cloud.has_credentials(secret, region, credentials):
                work.cloud.put_credentials(secret, region, credentials)
        return f"in {_regions(work)}"


def _check_account(work: Work, account: str) -> None:
    known = work.journal.entries.account
    if known and known != account and work.journal.entries.stacks:
        raise SetupStopped(
            f"the stacks of this folder are in the AWS account {known}, and these credentials are "
            f"of {account}: choose others with --profile, or work in a folder of its own"
        )


def _check_stack(work: Work, region: str) -> None:
    """Check the plan against what the stack of a region has already."""
    plan = work.plan
    found = work.cloud.stack(plan.stack, region)
    there = found.parameters if found else {}
    values = plan.all_parameters(plan.skill_id or work.journal.entries.skill_id or ANY_SKILL)
    options = {"SkillStage": "--stage {}", "Architecture": "--parameter Architecture={}"}
    for name in sorted(plan.assumed):
        if there.get(name, values[name]) != values[name]:
            keeps, changes = (options[name].format(each) for each in (there[name], values[name]))
            raise SetupStopped(
                f"the stack {plan.stack} in {region} has {name} {there[name]}: {keeps} keeps it, "
                f"{changes} changes it to what it is when it is not given"
            )
    check_parameters(values, read_template(plan.template), there)


def build_of(work: Work) -> Build:
    """Return the build of the project for the architecture that was chosen."""
    project = work.plan.project
    return Build(
        work.plan.architecture,
        root=project / ".local" / "sam",
        project=project,
        keep=work.plan.keep,
    )


def _target(work: Work, region: str) -> Target:
    plan = work.plan
    template, samconfig = build_of(work).template, plan.project / "samconfig.toml"
    return Target(template, plan.stack, region, f"{plan.stage}-{region}", samconfig)


def stack_outputs(work: Work, region: str) -> dict[str, str]:
    """Return the outputs of a region's stack; raises `SetupStopped` when it is not there."""
    found = work.cloud.stack(work.plan.stack, region)
    if found is None:
        raise SetupStopped(f"the stack {work.plan.stack} in {region} is gone: run this again")
    return dict(found.outputs)


def _secrets(work: Work) -> list[tuple[str, str]]:
    return [(region, stack_outputs(work, region)[SECRET]) for region in work.plan.regions.values()]


def _regions(work: Work) -> str:
    return ", ".join(work.plan.regions.values())
