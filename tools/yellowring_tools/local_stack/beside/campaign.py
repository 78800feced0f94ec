"""What the local stack's schedule sends: only an event that the skill publishes reaches anybody."""

from __future__ import annotations

from typing import TYPE_CHECKING

from yellowring.catalog import EVENT_NAMES

from yellowring_tools.cli.files.examples import example_campaign
from yellowring_tools.local_stack.story import CAMPAIGN, PEOPLE
from yellowring_tools.simulator.publications import published_in

if TYPE_CHECKING:
    from collections.abc import Mapping

    from yellowring_tools.local_stack.beside.skill import TheirSkill

NONE_PUBLISHED = (
    "the manifest publishes none of the eight events ($.manifest.events.publications), so that "
    "Alexa refuses whatever is sent: yellowring skill-package check DIR --event NAME --fix adds one"
)


def campaign_for(theirs: TheirSkill | None) -> Mapping[str, object] | None:
    """Return the campaign to send; ``None`` when Alexa would refuse every one.

    Parameters
    ----------
    theirs
        A skill that is not ours. Without a skill package it may send every event, as ours.
    """
    if theirs is None or theirs.skill_package is None:
        return CAMPAIGN
    names = published_in(theirs.skill_package / "skill.json")
    published = [name for name in names if name in EVENT_NAMES]
    if not published:
        return None
    locales = dict.fromkeys(person.locale for person in PEOPLE)
    return example_campaign(published[0], locales=[*locales])
