"""All the steps, in their order."""

from __future__ import annotations

from typing import TYPE_CHECKING

from yellowring_tools.setup.examined import Examined
from yellowring_tools.setup.notifications import Subscribed
from yellowring_tools.setup.skill import Created, Enabled, Updated
from yellowring_tools.setup.stacks import Built, Checked, Stacked, Trusted

if TYPE_CHECKING:
    from yellowring_tools.setup.plan import Plan
    from yellowring_tools.setup.steps import Step


def steps_of(plan: Plan) -> list[Step]:
    """Return the steps that set a plan up.

    The credentials come before the endpoints: as soon as the skill calls its function, customers
    may be notified.
    """
    return [
        Checked(),
        Created(),
        Built(),
        *(Stacked(region) for region in plan.regions.values()),
        Trusted(),
        Updated(),
        Enabled(),
        Subscribed(),
        Examined(),
    ]
