"""The main job once, from skill events to notifications, checked and reported."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from yellowring_tools.local_stack import schedule
from yellowring_tools.local_stack.beside.campaign import NONE_PUBLISHED, campaign_for
from yellowring_tools.local_stack.beside.problems import UnusableSkill
from yellowring_tools.local_stack.beside.records import check_kept
from yellowring_tools.local_stack.report import (
    Check,
    CustomerReport,
    Report,
    describe_record,
    in_force,
    plain_run,
    short,
)
from yellowring_tools.local_stack.stack import Schedule, local_stack
from yellowring_tools.local_stack.story import (
    CAMPAIGN,
    CHAOS,
    COPIES,
    PEOPLE,
    Played,
    event_name,
    people_for,
    play,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from yellowring_tools.local_stack.beside.skill import TheirSkill
    from yellowring_tools.local_stack.progress import Progress
    from yellowring_tools.local_stack.stack import LocalStack

AHEAD = timedelta(seconds=15)
EVENTS_SECONDS = 60.0
FIRING_SECONDS = 60.0


def planned_firing(now: datetime, campaign: Mapping[str, object] = CAMPAIGN) -> Schedule:
    """Return the schedule of the demonstration: once, some seconds ahead, not yet enabled."""
    moment = (now + AHEAD).astimezone(UTC).replace(microsecond=0, tzinfo=None).isoformat()
    return Schedule(expression=f"at({moment})", campaign=campaign, scheduled_time=f"{moment}Z")


def demonstrate(progress: Progress, theirs: TheirSkill | None = None) -> Report:
    """Bring a stack up, with their skill if there is one, tell the story on it, take it down.

    Raises
    ------
    UnusableSkill
        When something is wrong with their skill, or it may send no event.
    KeepsNoRecords
        When their function leaves none.
    """
    campaign = campaign_for(theirs)
    if campaign is None:
        raise UnusableSkill(NONE_PUBLISHED)
    plan = planned_firing(datetime.now(UTC), campaign)
    with local_stack("demo", plan, progress, theirs) as stack:
        report = tell(stack, plan, progress)
    report.seconds = progress.durations
    return report


def tell(stack: LocalStack, plan: Schedule, progress: Progress) -> Report:
    """Tell the story on a stack that was deployed with ``plan``, and check how it ends."""
    stack.alexa.set_faults(CHAOS)
    with progress.step(f"{len(PEOPLE)} customers act; events arrive twice each, shuffled"):
        people = play(stack.alexa, people_for(event_name(plan.campaign)))
        stack.alexa.flush_events()
        events = stack.wait_for_events(EVENTS_SECONDS)
        if stack.theirs:
            check_kept(stack, [each.user_id for each in people])
    wanted = schedule.run_id(str(plan.campaign["name"]), plan.scheduled_time)
    with progress.step(f"EventBridge fires {plan.expression}, the sender runs"):
        schedule.fire(stack)
        run = plain_run(schedule.wait_for_run(stack, wanted, FIRING_SECONDS))
    requests = stack.alexa.requests()
    with progress.step("EventBridge fires once more for the same time"):
        before = schedule.firings(stack)
        schedule.fire_again(stack)
        schedule.wait_for_firing(stack, before + 1, FIRING_SECONDS)
    report = Report(
        scheduled_time=plan.scheduled_time,
        skill_events=events,
        run=run,
        run_after_second_firing=plain_run(schedule.wait_for_run(stack, wanted, FIRING_SECONDS)),
        requests=requests,
        customers=[],
    )
    _examine(stack, people, report)
    return report


def _examine(stack: LocalStack, people: list[Played], report: Report) -> None:
    """Fill in the customers and the checks."""
    views = {view["userId"]: view for view in stack.alexa.customers()}
    heard: dict[str, list[str]] = {}
    for notification in stack.alexa.notifications():
        heard.setdefault(notification["userId"], []).append(notification["sentence"])
    records = {user_id: stack.record(user_id) for played in people for user_id in played.user_ids}
    report.customers = [_customer(played, records, views, heard) for played in people]
    report.checks = [
        *_check_events(report),
        *_check_records(people, records, views),
        *_check_run(report, people),
        Check(
            "the second firing changed nothing in the run",
            report.run,
            report.run_after_second_firing,
        ),
    ]
    if stack.elsewhere is None:  # what another Alexa heard is not for us to know
        report.checks += [
            *_check_rings(report, people, heard),
            Check(
                "the second firing asked Alexa for nothing",
                report.requests["total"],
                stack.alexa.requests()["total"],
            ),
        ]


def _customer(
    played: Played,
    records: dict[str, dict[str, Any] | None],
    views: dict[str, dict[str, Any]],
    heard: dict[str, list[str]],
) -> CustomerReport:
    view = views[played.user_id]
    topics = ", ".join(map(short, view["subscriptions"])) or "nothing"
    return CustomerReport(
        name=played.person.name,
        region=played.person.region,
        story=", ".join(map(str, played.person.acts)),
        record="; before: ".join(describe_record(records[each]) for each in played.user_ids[::-1]),
        alexa=f"{view['state']}, gets {topics}",
        heard=tuple(sentence for each in played.user_ids for sentence in heard.get(each, [])),
        should_ring=played.person.rings,
        user_ids=tuple(played.user_ids),
    )


def _check_events(report: Report) -> list[Check]:
    events = report.skill_events
    return [
        Check("no skill event failed", 0, events["failed"]),
        Check(
            f"every skill event was delivered {COPIES} times",
            COPIES * events["delivered"],
            events["attempts"],
        ),
    ]


def _check_records(
    people: list[Played],
    records: dict[str, dict[str, Any] | None],
    views: dict[str, dict[str, Any]],
) -> list[Check]:
    names = {user_id: each.person.name for each in people for user_id in each.user_ids}
    at_alexa = {
        f"{name} {number}": tuple(sorted(views[user_id]["subscriptions"]))
        for number, (user_id, name) in enumerate(names.items(), 1)
    }
    at_home = {
        f"{name} {number}": in_force(records[user_id])
        for number, (user_id, name) in enumerate(names.items(), 1)
    }
    erased = [user_id for user_id in names if views[user_id]["persistence"] == "NOT_PERSISTED"]
    personal = {"subscriptions", "host", "permissions", "locale", "attributes"}
    left = [sorted(personal & set(records[user_id] or {})) for user_id in erased]
    return [
        Check("every record agrees with Alexa about who gets what", at_alexa, at_home),
        Check("who left without a trace has no personal data here", [[] for _ in erased], left),
    ]


def _check_run(report: Report, people: list[Played]) -> list[Check]:
    rings = sum(each.person.rings for each in people)
    counts = dict.fromkeys(report.run["counts"], 0) | {"accepted": rings}
    return [
        Check("the run completed", "completed", report.run["status"]),
        Check(f"the run accepted {rings} and nothing else", counts, report.run["counts"]),
    ]


def _check_rings(report: Report, people: list[Played], heard: dict[str, list[str]]) -> list[Check]:
    expected = {each.person.name: int(each.person.rings) for each in people}
    found = {each.name: len(each.heard) for each in report.customers}
    return [
        Check("each subscribed customer was notified once, nobody else", expected, found),
        Check("no stranger was notified", sum(expected.values()), sum(map(len, heard.values()))),
    ]
