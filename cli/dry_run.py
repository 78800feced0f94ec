"""What a campaign would send, and to how many, without sending anything."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime
from itertools import islice
from typing import TYPE_CHECKING, Any

from yellowring.alexa.endpoints import region_of
from yellowring.sender.content import content_of
from yellowring.sender.personal import InvalidContent
from yellowring.sender.plan import plan, request

from cli.customers import audience_of, deliverable, subscribers_of
from cli.output import say, say_json
from cli.standing import STANDINGS, masked

if TYPE_CHECKING:
    from yellowring.sender.campaign import Campaign
    from yellowring.sender.content import Content
    from yellowring.sender.order import Order
    from yellowring.subscribers import Audience, Customer

    from cli.stacks import Stack

SHOWN = 3
"""Requests that are shown."""


def tell(stack: Stack, order: Order, *, as_json: bool) -> None:
    """Show the first requests of a run that is not started, and count its customers.

    An event source is not asked: it runs where the sender runs.
    """
    campaign = order.campaign
    made = request(plan(order, lambda: 0), campaign)
    content = content_of(campaign, made, None)
    audience = audience_of(stack, campaign, content.needs)
    first, counts = _customers(stack, audience, campaign)
    if campaign.audience.type == "multicast":
        bodies = [{"region": "home", "request": json.loads(made.multicast())}]
    else:
        bodies = [_unicast(content, customer) for customer in first]
    if as_json:
        say_json({"runId": order.run_id, "customers": counts, "requests": bodies})
        return
    say(f"run {order.run_id} on {stack.where}: nothing was sent")
    say(_sentence(campaign, counts))
    told: list[object] = []
    for each in bodies:
        say("")
        if "invalid" in each:
            say(f"to {each['region']}, nothing: {each['invalid']}")
            continue
        who = each["request"].pop("relevantAudience")
        is_same = each["request"] in told
        say(f"to {each['region']}{', the same for' if is_same else ':'}")
        say_json(who if is_same else each["request"] | {"relevantAudience": who})
        told.append(each["request"])


def _customers(
    stack: Stack, audience: Audience, campaign: Campaign
) -> tuple[tuple[Customer, ...], dict[str, dict[str, int] | int]]:
    """Give the first customers of the audience, and how many there are."""
    if campaign.audience.type == "users":
        return _named(stack, audience, campaign)
    first: list[Customer] = []
    regions: Counter[str] = Counter()
    for page in deliverable(audience, campaign):
        first += islice(page, max(0, SHOWN - len(first)))
        regions.update(_region(customer) for customer in page)
    return tuple(first), {"deliverable": regions.total(), "byRegion": dict(sorted(regions.items()))}


def _named(
    stack: Stack, audience: Audience, campaign: Campaign
) -> tuple[tuple[Customer, ...], dict[str, dict[str, int] | int]]:
    from yellowring.subscribers import deliverability  # noqa: PLC0415 - loads boto3

    records = subscribers_of(stack)
    user_ids = campaign.audience.user_ids
    found = [records.get(user_id) for user_id in user_ids]
    event = campaign.event_name
    standings = Counter(deliverability(each, event) for each in found if each is not None)
    return audience.named(user_ids[:SHOWN], event), {
        "named": len(user_ids),
        "deliverable": standings["deliverable"],
        "unknown": found.count(None),
        "notDeliverable": {name: standings[name] for name in STANDINGS[1:] if standings[name]},
    }


def _unicast(content: Content, customer: Customer) -> dict[str, Any]:
    shown = replace(customer, user_id=masked(customer.user_id))
    try:
        body = asyncio.run(content.body(shown, datetime.now(UTC)))
    except InvalidContent as error:
        return {"region": _region(customer), "invalid": str(error)}
    return {"region": _region(customer), "request": json.loads(body or b"null")}


def _region(customer: Customer) -> str:
    if customer.api_endpoint is None:
        return "home"
    return region_of(customer.api_endpoint)


def _sentence(campaign: Campaign, counts: dict[str, Any]) -> str:
    deliverable_now = f"{counts['deliverable']:,} customers are deliverable now"
    if campaign.audience.type == "multicast":
        return f"one request to all whom Alexa has subscribed; by our records {deliverable_now}"
    if campaign.audience.type == "users":
        not_now = {"not on record": counts["unknown"], **counts["notDeliverable"]}
        reasons = [f"{customers:,} {why}" for why, customers in not_now.items() if customers]
        told = f"; of the others, {', '.join(reasons)}" if reasons else ""
        return (
            f"of {counts['named']:,} users named, {counts['deliverable']:,} are deliverable{told}"
        )
    regions = ", ".join(
        f"{region} {customers:,}" for region, customers in counts["byRegion"].items()
    )
    return deliverable_now + (f": {regions}" if regions else "")
