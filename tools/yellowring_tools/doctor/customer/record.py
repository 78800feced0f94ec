"""A customer's record: whether it lets each event ring, and where, and in which words."""

from __future__ import annotations

from typing import TYPE_CHECKING

from yellowring.alexa import UnknownEndpoint, region_for_aws, region_of
from yellowring.api.reasons import DETAILS
from yellowring.catalog import EVENT_NAMES
from yellowring.catalog.localization import rings_in
from yellowring.subscribers import (
    customer_id_of,
    deliverability,
    is_deliverable,
    subscription_is_due,
)

from yellowring_tools.cli.aws.customers import passes
from yellowring_tools.doctor.finding import fault, fine, warning

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from yellowring.sender.campaign import Campaign
    from yellowring.subscribers import Record
    from yellowring.subscribers.deliverability import Deliverability

    from yellowring_tools.doctor.customer.accounts import Account
    from yellowring_tools.doctor.finding import Finding
    from yellowring_tools.doctor.stack.deployment import Deployment
    from yellowring_tools.doctor.stack.schedules import Plan

REMEDIES: dict[Deliverability, str] = {
    "not subscribed": (
        "the customer turns the skill's notifications on: Alexa app, More, Settings, "
        "Notifications; or says yes when the skill asks"
    ),
    "disabled": "the customer enables the skill again, and turns its notifications on",
    "no permission": "the customer allows notifications: Alexa app, the skill, Settings",
    "rejected": (
        "the customer turns the skill's notifications off and on again; if many are refused, the "
        "stage or the secret is wrong"
    ),
}
"""By what `deliverability` says, what has to be done, and by whom."""


def check_record(account: Account, plans: Iterable[Plan], now: int) -> Iterator[Finding]:
    """Check a record against all that is to be sent; ``now`` is in ms since the epoch."""
    record = account.record
    if record is None:
        what = "there is no record: this stack was never told of such a customer"
        remedy = (
            "each skill and each stage is given user ids of its own, and each region's stack has "
            "its own customers; an event may be an hour late. Are the endpoints right?"
        )
        yield fault("record", account.where, what, remedy)
    elif record.is_erased:
        what = "was erased: the customer asked for it, or removed the skill with their data"
        yield fault("record", account.where, what, "they enable the skill anew, with a new user id")
    elif record.is_tombstone:
        what = "there is nothing on record but marks of ours: Alexa never told of this customer"
        yield fault("record", account.where, what, REMEDIES["not subscribed"])
    else:
        yield from of_events(record, account.where, [each.campaign for each in plans], now)


def of_events(
    record: Record, where: str, campaigns: Iterable[Campaign | None], now: int
) -> Iterator[Finding]:
    """Check which events reach a customer: those that are sent on a schedule, or else any."""
    standing = {name: deliverability(record, name) for name in EVENT_NAMES}
    reached = [name for name, each in standing.items() if each == "deliverable"]
    if not is_deliverable(record):
        yield from _undeliverable(record, where, _foremost(standing.values()), now)
        return
    told = ", ".join(reached)
    yield fine("record", where, f"can be told of {told}")
    wanted = dict.fromkeys(each.event_name for each in campaigns if each)
    for name in wanted:
        if (reason := standing[name]) != "deliverable":
            what = f"is not told of {name}: {DETAILS[reason]}"
            yield fault("record", where, what, REMEDIES[reason])


def _undeliverable(
    record: Record, where: str, reason: Deliverability, now: int
) -> Iterator[Finding]:
    if reason == "not subscribed" and subscription_is_due(record, now):
        what = "allowed notifications, and Alexa has not told of the subscription yet"
        yield warning("record", where, what, "wait: it may take Alexa an hour")
        return
    yield fault("record", where, f"is told of nothing: {DETAILS[reason]}", REMEDIES[reason])


def _foremost(reasons: Iterable[Deliverability]) -> Deliverability:
    """Return what stands in the way of the event that is nearest to being delivered."""
    found = set(reasons)
    order: tuple[Deliverability, ...] = ("rejected", "no permission", "disabled")
    return next((each for each in order if each in found), "not subscribed")


def check_place(
    account: Account, plans: Iterable[Plan], deployment: Deployment
) -> Iterator[Finding]:
    """Check where and in which locale a customer is."""
    record = account.record
    if record is None or record.is_tombstone:
        return
    yield from of_host(record, account.where, deployment.region)
    for each in plans:
        if each.campaign and each.campaign.content is None:
            yield from of_locale(record, account.where, each.name, each.campaign)


def of_host(record: Record, where: str, aws_region: str) -> Iterator[Finding]:
    """Check that it is known which of Alexa's regions a customer belongs to."""
    entry = record.registers.get("host")
    host = entry.value if entry else None
    try:
        region_of(host if isinstance(host, str) else "")
    except UnknownEndpoint:
        known = "is not known" if host is None else "is none of Alexa's"
        what = (
            f"the host that serves the customer {known}; that of the stack's own region, "
            f"{region_for_aws(aws_region)}, is tried, which refuses customers of others"
        )
        remedy = "the customer opens the skill once, which tells where they are"
        yield warning("place", where, what, remedy)


def of_locale(record: Record, where: str, schedule: str, campaign: Campaign) -> Iterator[Finding]:
    """Check that a campaign has words for a customer, whose locale voice requests tell."""
    entry = record.registers.get("locale")
    locale = entry.value if entry else None
    texts = campaign.localized_attributes
    if isinstance(locale, str) and not rings_in(campaign.payload, texts, locale):
        what = f"schedule {schedule} has no texts for {locale}, which this customer speaks: no ring"
        yield fault("place", where, what, f"add {locale} to the campaign's localizedAttributes")


def check_audience(
    account: Account, plans: Iterable[Plan], deployment: Deployment
) -> Iterator[Finding]:
    """Check that the schedules' filters let a customer through whom they could reach."""
    record = account.record
    if record is None:
        return
    for each in plans:
        campaign = each.campaign
        if campaign is None or deliverability(record, campaign.event_name) != "deliverable":
            continue
        if not each.enabled:
            what = (
                f"schedule {each.name}, which would tell them of {campaign.event_name}, is paused"
            )
            resume = f"yellowring schedule resume {each.name}"
            yield warning("audience", account.where, what, resume)
        elif not _is_meant(campaign, account, deployment):
            what = (
                f"schedule {each.name} is not for this customer: its audience or filter has others"
            )
            yield warning("audience", account.where, what, "yellowring send --dry-run shows whom")


def _is_meant(campaign: Campaign, account: Account, deployment: Deployment) -> bool:
    match campaign.audience.type:
        case "users":
            return account.user_id in campaign.audience.ids
        case "customers":
            linked = customer_id_of(account.record) if account.record else None
            return linked is not None and linked in campaign.audience.ids
        case "multicast":
            return True
    where = campaign.where
    return where is None or passes(deployment.stack, where.filter(), account.user_id)
