"""What the local stack sends for a skill that is not ours, and whether it keeps records."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, cast

import pytest
from yellowring.catalog import EVENT_NAMES
from yellowring.sender.campaign import parse_campaign
from yellowring_tools.local_stack import running
from yellowring_tools.local_stack.beside.campaign import NONE_PUBLISHED, campaign_for
from yellowring_tools.local_stack.beside.problems import KeepsNoRecords, UnusableSkill
from yellowring_tools.local_stack.beside.records import ENOUGH, check_kept, check_taken
from yellowring_tools.local_stack.beside.skill import TheirSkill
from yellowring_tools.local_stack.beside.template import Template
from yellowring_tools.local_stack.demo import demonstrate
from yellowring_tools.local_stack.story import CAMPAIGN, ORDERS, PEOPLE, WEATHER, people_for

if TYPE_CHECKING:
    from pathlib import Path

    from yellowring_tools.local_stack.progress import Progress
    from yellowring_tools.local_stack.stack import LocalStack

TRASH = "AMAZON.TrashCollectionAlert.Activated"


def skill(folder: Path, *published: str) -> TheirSkill:
    entries = [{"eventName": each} for each in published]
    manifest = {"manifest": {"events": {"publications": entries}}}
    (folder / "skill.json").write_text(json.dumps(manifest))
    return TheirSkill(Template(folder / "template.yaml", {}), folder)


# ---- what is sent ----


def test_ours_and_one_without_a_package_get_the_storm_warning(tmp_path: Path) -> None:
    assert campaign_for(None) is CAMPAIGN
    assert campaign_for(TheirSkill(Template(tmp_path, {}))) is CAMPAIGN


@pytest.mark.parametrize("event", EVENT_NAMES)
def test_the_first_event_that_is_published_is_sent_with_texts_for_everybody(
    tmp_path: Path, event: str
) -> None:
    campaign = campaign_for(skill(tmp_path, "AMAZON.Nonsense", event, WEATHER))
    assert campaign is not None
    parsed = parse_campaign(dict(campaign))
    assert parsed.event_name == event
    told = {each["locale"] for each in parsed.localized_attributes}
    assert told in (set(), {person.locale for person in PEOPLE})


def test_a_manifest_that_publishes_nothing_is_told_and_nothing_demonstrated(
    tmp_path: Path,
) -> None:
    theirs = skill(tmp_path, "AMAZON.Nonsense")
    assert campaign_for(theirs) is None
    with pytest.raises(UnusableSkill, match="publishes none of the eight events"):
        demonstrate(cast("Progress", None), theirs)
    assert NONE_PUBLISHED in running._sends("every-minute", None)


def test_run_says_which_campaign_is_sent_and_how_to_send_another(tmp_path: Path) -> None:
    campaign = campaign_for(skill(tmp_path, TRASH))
    said = running._sends("every-minute", campaign)
    assert "'trash-collection-alert' every minute" in said
    assert "examples/campaigns/trash-collection-alert.json" in said
    assert "examples/campaigns/weather-alert.json" in running._sends("every-minute", CAMPAIGN)


@pytest.mark.parametrize("event", [WEATHER, ORDERS, TRASH])
def test_the_same_people_ring_whatever_the_event_is(event: str) -> None:
    people = people_for(event)
    assert [each.rings for each in people] == [each.rings for each in PEOPLE]
    for person in people:
        latest = next((a for a in reversed(person.acts) if a.action == "subscribe"), None)
        subscribed = latest is not None and event in cast("tuple[str]", latest.options["events"])
        assert subscribed or not person.rings
    assert people_for(WEATHER) == PEOPLE


# ---- whether records are kept ----


class Table:
    """A stack of which only records and the log are looked at."""

    class outputs:  # noqa: N801 - stands for an attribute
        SkillFunctionName = "theirs"

    def __init__(self, *user_ids: str) -> None:
        self.user_ids = user_ids

    def record(self, user_id: str) -> dict[str, object] | None:
        return {"userId": {"S": user_id}} if user_id in self.user_ids else None

    def last_lines(self, function: str) -> str:
        return f"{function} logged last:\n  | DispatchException"


def stack(*user_ids: str) -> LocalStack:
    return cast("LocalStack", Table(*user_ids))


def summary(pending: int, delivered: int, attempts: int) -> dict[str, int]:
    return {"pending": pending, "delivered": delivered, "failed": 0, "attempts": attempts}


def test_a_function_that_took_no_skill_event_is_told_what_to_do_and_what_it_logged() -> None:
    with pytest.raises(KeepsNoRecords) as told:
        check_taken(stack(), summary(30, 0, 60))
    assert "does not keep records: wrap it (docs/your-skill.md, step 1)" in str(told.value)
    assert "DispatchException" in str(told.value)


@pytest.mark.parametrize(
    "seen", [summary(30, 0, 59), summary(1, 0, ENOUGH - 1), summary(30, 1, 600), summary(0, 0, 0)]
)
def test_a_function_that_takes_some_or_was_not_asked_for_all_yet_is_waited_for(
    seen: dict[str, int],
) -> None:
    check_taken(stack(), seen)


def test_a_function_that_answers_and_stores_nothing_is_told() -> None:
    with pytest.raises(KeepsNoRecords, match="no customer has a record"):
        check_kept(stack("somebody else"), ["ada", "ben"])
    check_kept(stack("ben"), ["ada", "ben"])
