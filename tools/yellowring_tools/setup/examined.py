"""The last step: the doctor looks at every stack and at the skill."""

from __future__ import annotations

from typing import TYPE_CHECKING, override

from yellowring_tools.setup.creation import PACKAGE
from yellowring_tools.setup.steps import Step

if TYPE_CHECKING:
    from yellowring_tools.cli.aws.stacks import Stack
    from yellowring_tools.doctor import Finding
    from yellowring_tools.setup.work import Work


class Examined(Step):
    """The doctor has looked at all of it.

    Attributes
    ----------
    findings
        What the doctor found in each AWS region.
    """

    name = "doctor"
    title = "Have the doctor look at it"

    def __init__(self) -> None:
        self.findings: dict[str, tuple[Finding, ...]] = {}

    @override
    def planned(self, work: Work) -> list[str]:
        """Tell what would be done."""
        return [
            f"yellowring doctor --stack {work.plan.stack} --region {region}"
            for region in work.plan.regions.values()
        ]

    @override
    def done(self, work: Work) -> str:
        """Tell nothing: it is done each time."""
        return ""

    @override
    def act(self, work: Work) -> str:
        """Look, and tell how many faults there are; faults stop nothing here."""
        from yellowring_tools.doctor import examine  # noqa: PLC0415 - loads boto3

        for region in work.plan.regions.values():
            self.findings[region] = examine(
                _stack(work, region),
                skill=work.smapi,
                package=work.folder / PACKAGE,
                user=None,
                template_file=work.plan.template,
            )
        faults = sum(each.state == "fault" for found in self.findings.values() for each in found)
        return f"{faults or 'no'} fault{'' if faults == 1 else 's'}"


def _stack(work: Work, region: str) -> Stack:
    from yellowring_tools.cli.aws.stacks import Choice, deployed  # noqa: PLC0415

    return deployed(Choice(work.plan.stack, region, work.cloud.profile))
