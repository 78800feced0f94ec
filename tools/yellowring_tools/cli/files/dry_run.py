"""What a campaign would send, and to how many, without sending anything."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime
from itertools import batched, islice
from typing import TYPE_CHECKING, Any

from yellowring.alexa.endpoints import region_of
from yellowring.sender.campaign.content import content_of
from yellowring.sender.campaign.event_source import InvalidContent
from yellowring.sender.run.event_request import request_of
from yellowring.sender.run.lifecycle import new_run
from yellowring.subscribers import MOST_ACCOUNTS

from yellowring_tools.cli.aws.customers import PAGE, audience_of, deliverable, subscribers_of
from yellowring_tools.cli.terminal.output import counted, say, say_json
from yellowring_tools.cli.terminal.progress import shown
from yellowring_tools.cli.terminal.standing import STANDINGS, masked

if TYPE_CHECKING:
    from collections.abc import Sequence

    from yellowring.sender.campaign import Campaign
    from yellowring.sender.campaign.content import Content
    from yellowring.sender.run.request import RunRequest
    from yellowring.subscribers import Audience, Customer

    from yellowring_tools.cli.aws.stacks import Stack

SHOWN = 3
"""Requests that are shown."""
REASONS_READ = 1000
"""Users whose records are read one by one, to say why they are not deliverable."""


def tell(stack: Stack, request: RunRequest, ids: Sequence[str] = (), *, as_json: bool) -> None:
    """Show the first requests of a run that is not started, and count its customers.

    An event source is not asked: it runs where the sender runs.

    Parameters
    ----------
    stack
        The stack.
    request
        What would be sent.
    ids
        The users or customers of an audience that was named apart from the campaign.
    as_json
        Whether to print JSON.
    """
    campaign = request.campaign
    made = request_of(new_run(request, 1, datetime.now(UTC)))
    content = content_of(campaign, made, None)
    audience = audience_of(stack, campaign, content.needs)
    first, counts = _customers(stack, audience, campaign, ids)
    if campaign.audience.type == "multicast":
        bodies = [{"region": "home", "request": json.loads(made.multicast())}]
    elif campaign.content:
        bodies = []
    else:
        bodies = [_unicast(content, customer) for customer in first]
    if as_json:
        source = {"content": campaign.content} if campaign.content else {}
        say_json({"runId": request.run_id, "customers": counts, **source, "requests": bodies})
        return
    say(f"run {request.run_id} on {stack.where}: nothing was sent")
    say(_sentence(campaign, counts))
    if campaign.content:
        say(
            f"what each hears is made by the event source {campaign.content!r}, which was not asked"
        )
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
    stack: Stack, audience: Audience, campaign: Campaign, ids: Sequence[str]
) -> tuple[tuple[Customer, ...], dict[str, dict[str, int] | int]]:
    """Give the first customers of the audience, and how many there are."""
    ids = ids or campaign.audience.ids
    if campaign.audience.type == "users":
        return _named(stack, audience, campaign, ids)
    if campaign.audience.type == "customers":
        user_ids, linked = _linked(audience, ids)
        first_ones, counts = _named(stack, audience, campaign, user_ids)
        return first_ones, {**counts, **linked, "named": len(ids)}
    first: list[Customer] = []
    regions: Counter[str] = Counter()
    for page in deliverable(audience, campaign):
        first += islice(page, max(0, SHOWN - len(first)))
        regions.update(_region(customer) for customer in page)
    return tuple(first), {"deliverable": regions.total(), "byRegion": dict(sorted(regions.items()))}


def _linked(audience: Audience, ids: Sequence[str]) -> tuple[list[str], dict[str, int]]:
    """Give the accounts of customer ids, and how many ids have none, or too many."""
    user_ids: list[str] = []
    counts = {"notLinked": 0, "tooManyAccounts": 0}
    for batch in shown(batched(ids, 1, strict=False), "customers looked up", len(ids), len):
        accounts = audience.accounts(batch[0])
        if len(accounts) > MOST_ACCOUNTS:
            counts["tooManyAccounts"] += 1
        else:
            counts["notLinked"] += not accounts
            user_ids += accounts
    return user_ids, {"accounts": len(user_ids), **counts}


def _named(
    stack: Stack, audience: Audience, campaign: Campaign, user_ids: Sequence[str]
) -> tuple[tuple[Customer, ...], dict[str, dict[str, int] | int]]:
    event = campaign.event_name
    first: list[Customer] = []
    known: Counter[bool | None] = Counter()
    silent: list[str] = []
    batches = shown(batched(user_ids, PAGE, strict=False), "users looked up", len(user_ids), len)
    for batch in batches:
        customers = audience.named(batch, event)
        first += islice(customers, max(0, SHOWN - len(first)))
        known.update(each.deliverable for each in customers)
        silent += (each.user_id for each in customers if each.deliverable is False)
    return tuple(first), {
        "named": len(user_ids),
        "deliverable": known[True],
        "unknown": known[None],
        "notDeliverable": _reasons(stack, silent, event),
    }


def _reasons(stack: Stack, silent: Sequence[str], event: str) -> dict[str, int]:
    """Count why users are not deliverable; of very many, that of the first ones."""
    from yellowring.subscribers import deliverability  # noqa: PLC0415 - loads boto3

    records = subscribers_of(stack)
    found = (records.get(user_id) for user_id in silent[:REASONS_READ])
    standings = Counter(deliverability(record, event) for record in found if record is not None)
    reasons = {name: standings[name] for name in STANDINGS if standings[name]}
    rest = len(silent) - REASONS_READ
    return reasons | ({"not deliverable": rest} if rest > 0 else {})


def _unicast(content: Content, customer: Customer) -> dict[str, Any]:
    known_as = replace(customer, user_id=masked(customer.user_id))
    try:
        body = asyncio.run(content.body(known_as, datetime.now(UTC)))
    except InvalidContent as error:
        return {"region": _region(customer), "invalid": str(error)}
    return {"region": _region(customer), "request": json.loads(body or b"null")}


def _region(customer: Customer) -> str:
    if customer.api_endpoint is None:
        return "home"
    return region_of(customer.api_endpoint)


def _sentence(campaign: Campaign, counts: dict[str, Any]) -> str:
    many = counts["deliverable"]
    deliverable_now = f"{counted(many, 'customer')} {'is' if many == 1 else 'are'} deliverable now"
    if campaign.audience.type == "multicast":
        return f"one request to all whom Alexa has subscribed; by our records {deliverable_now}"
    if campaign.audience.type == "users":
        not_now = {"not on record": counts["unknown"], **counts["notDeliverable"]}
        are = "is" if many == 1 else "are"
        named = counted(counts["named"], "user")
        return f"of {named} named, {many:,} {are} deliverable{_others(not_now)}"
    if campaign.audience.type == "customers":
        not_now = {"not on record": counts["unknown"], **counts["notDeliverable"]}
        ids_not = {
            "linked to nobody": counts["notLinked"],
            "linked to too many accounts": counts["tooManyAccounts"],
        }
        accounts = counted(counts["accounts"], "account")
        are = "is" if many == 1 else "are"
        return (
            f"{counted(counts['named'], 'customer')} named: {accounts}, of which {many:,} {are} "
            f"deliverable{_others(not_now)}{_others(ids_not, 'ids')}"
        )
    regions = ", ".join(
        f"{region} {customers:,}" for region, customers in counts["byRegion"].items()
    )
    return deliverable_now + (f": {regions}" if regions else "")


def _others(many: dict[str, int], who: str = "others") -> str:
    reasons = [f"{customers:,} {why}" for why, customers in many.items() if customers]
    return f"; of the {who}, {', '.join(reasons)}" if reasons else ""
