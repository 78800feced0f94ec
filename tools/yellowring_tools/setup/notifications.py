"""The step that only a person can do: SMAPI cannot switch a skill's notifications on."""

from __future__ import annotations

from typing import TYPE_CHECKING, override

from yellowring_tools.setup.stacks import stack_outputs
from yellowring_tools.setup.steps import Step

if TYPE_CHECKING:
    from yellowring_tools.setup.work import Work

WAIT_SECONDS = 900.0
"""How long a person is waited for."""
LOOKS = 3.0
"""Seconds between two looks at the records."""
HOW = (
    "in the Alexa app: More, Skills & Games, Your Skills, Dev, {name}, Settings, and there the "
    'permission for notifications; or say "Alexa, ask {name} to turn on notifications"'
)


class Subscribed(Step):
    """There is a customer whose ring can turn yellow."""

    name = "notifications"
    title = "Switch the skill's notifications on"

    @override
    def planned(self, work: Work) -> list[str]:
        """Tell what would be done."""
        if work.plan.stage == "live":
            return ["nothing: customers switch them on themselves"]
        if not work.attended:
            return [f"nothing: it is left to you, {_how(work)}"]
        return [
            f"ask you to switch them on: {_how(work)}",
            f"wait up to {WAIT_SECONDS / 60:.0f} minutes for a record that says so",
        ]

    @override
    def done(self, work: Work) -> str:
        """Check whether anybody's are on."""
        if work.plan.stage == "live":
            return "customers switch them on themselves"
        if _is_on(work):
            return "a customer is subscribed"
        return "" if work.attended else f"left to you: {_how(work)}"

    @override
    def act(self, work: Work) -> str:
        """Ask for it, and wait for it, but not for ever."""
        work.tell(f"  now you: {_how(work)}")
        work.tell(
            f"  (waiting up to {WAIT_SECONDS / 60:.0f} minutes; Ctrl-C ends, and the rest can"
        )
        work.tell("  be done by running this again)")
        deadline = work.now() + WAIT_SECONDS
        while work.now() < deadline:
            if _is_on(work):
                return "a customer is subscribed"
            work.sleep(LOOKS)
        return "nobody's are on yet: see what doctor says"


def _how(work: Work) -> str:
    return HOW.format(name=work.plan.names[0])


def _is_on(work: Work) -> bool:
    return any(
        work.cloud.somebody_rings(stack_outputs(work, region)["SubscribersTableName"], region)
        for region in work.plan.regions.values()
    )
