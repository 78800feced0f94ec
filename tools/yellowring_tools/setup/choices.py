"""What was chosen before is gone on with: the package alone does not say all of a skill."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from yellowring_tools.setup.journal import Chosen
from yellowring_tools.setup.problems import SetupStopped

if TYPE_CHECKING:
    from yellowring_tools.setup.journal import Entries
    from yellowring_tools.setup.plan import Choice, Plan


def continued(choice: Choice, entries: Entries) -> Choice:
    """Return a choice with what it leaves open as it was chosen before."""
    before = entries.chosen
    if before is None:
        return choice
    stage = choice.stage or "development"
    return replace(
        choice,
        regions=before.regions if choice.regions is None else choice.regions,
        stack=choice.stack or before.stacks.get(stage),
        name=before.name if choice.name is None else choice.name,
        privacy_policy=(
            before.privacy_policy if choice.privacy_policy is None else choice.privacy_policy
        ),
        terms_of_use=before.terms_of_use if choice.terms_of_use is None else choice.terms_of_use,
        keep=before.keep if choice.keep is None else choice.keep,
        architecture=before.architecture,
    )


def chosen(plan: Plan, entries: Entries) -> Chosen:
    """Return what a plan chooses, as it is noted."""
    stacks = entries.chosen.stacks if entries.chosen else {}
    return Chosen(
        regions=tuple(f"{served}={region}" for served, region in plan.regions.items()),
        stacks={**stacks, plan.stage: plan.stack},
        architecture=plan.architecture,
        name=plan.name,
        privacy_policy=plan.privacy_policy,
        terms_of_use=plan.terms_of_use,
        keep=plan.keep,
    )


def check_nothing_dropped(plan: Plan, entries: Entries) -> None:
    """Check that a plan goes on with every stack that was deployed before.

    Raises
    ------
    SetupStopped
        The skill would call a stack no longer, and nobody said that this is meant.
    """
    before = entries.chosen
    if before is None:
        return
    own = before.stacks.get(plan.stage, plan.stack)
    kept = set(chosen(plan, entries).regions) if own == plan.stack else set()
    dropped = [
        each
        for each in before.regions
        if each not in kept and f"{own}/{each.partition('=')[2]}" in entries.stacks
    ]
    if dropped:
        raise SetupStopped(
            f"the skill was set up with the stack {own} for {', '.join(dropped)}, and would "
            "call it no longer: leave --regions and --stack out to go on with it, or say with "
            "--drop that this is meant; the stack itself is left standing"
        )
