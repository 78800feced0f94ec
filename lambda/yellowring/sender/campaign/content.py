"""What a run says: the same to everybody, rendered once, or to each customer what is theirs."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Protocol

from yellowring.sender.campaign.calls import Pages
from yellowring.sender.campaign.event_source import LARGEST_CONTENT, InvalidContent, fill
from yellowring.sender.campaign.placeholders import attributes_named

if TYPE_CHECKING:
    from collections.abc import Collection
    from datetime import datetime

    from yellowring.alexa.proactive_events import CreateProactiveEventRequest, UnicastTemplate
    from yellowring.sender.campaign.calls import EventSourceCalls
    from yellowring.sender.campaign.parsing import Campaign
    from yellowring.subscribers import Customer


class Content(Protocol):
    """Renders the body of a customer's request.

    Attributes
    ----------
    needs
        The customers' attributes that it must be given; ``None``: all.
    page
        For how many customers at once it is best asked.
    """

    @property
    def needs(self) -> Collection[str] | None:
        """Tell what of a customer is needed."""

    @property
    def page(self) -> int:
        """Tell how many customers make one page."""

    async def body(self, customer: Customer, now: datetime) -> bytes | None:
        """Render; ``None`` when there is nothing for this customer."""


@dataclass(frozen=True, slots=True)
class SameForAll:
    """Rendered once: only the customer's id is put in."""

    template: UnicastTemplate
    needs: Collection[str] = ()
    page: int = 1

    async def body(self, customer: Customer, now: datetime) -> bytes:  # noqa: ARG002
        """Put the customer's id in."""
        return self.template.body(customer.user_id)


@dataclass(frozen=True, slots=True)
class Filled:
    """The campaign's texts, with the customer's attributes in the places of placeholders."""

    request: CreateProactiveEventRequest
    campaign: Campaign
    needs: Collection[str]
    page: int = 1

    async def body(self, customer: Customer, now: datetime) -> bytes:  # noqa: ARG002
        """Fill the placeholders; raises `InvalidContent`."""
        payload, localized = fill(self.campaign, customer.attributes)
        request = replace(self.request, payload=payload, localized_attributes=localized)
        return request.unicast().body(customer.user_id)


@dataclass(frozen=True, slots=True)
class Sourced:
    """What an event source makes for each customer."""

    request: CreateProactiveEventRequest
    campaign: Campaign
    source: EventSourceCalls | Pages
    page: int = 1
    needs: None = None

    async def body(self, customer: Customer, now: datetime) -> bytes | None:
        """Ask the event source; raises `InvalidContent`, `ContentLate`, `EventSourceFailed`."""
        content = await self.source.content(customer, self.campaign, now)
        if content is None:
            return None
        request = replace(self.request, payload=content[0], localized_attributes=content[1])
        body = request.unicast().body(customer.user_id)
        if len(body) > LARGEST_CONTENT:
            raise InvalidContent(f"the content for one customer has over {LARGEST_CONTENT} bytes")
        return body


@dataclass(frozen=True, slots=True)
class ForEverybody:
    """One request for all who are subscribed."""

    multicast: bytes
    needs: Collection[str] = ()
    page: int = 1

    async def body(self, customer: Customer, now: datetime) -> bytes:  # noqa: ARG002
        """Return it, whoever stands for all."""
        return self.multicast


def content_of(
    campaign: Campaign, request: CreateProactiveEventRequest, source: EventSourceCalls | None
) -> Content:
    """Choose how a campaign's content is made."""
    if campaign.audience.type == "multicast":
        return ForEverybody(request.multicast())
    if source is not None:
        if source.page is None:
            return Sourced(request, campaign, source)
        return Sourced(request, campaign, Pages(source, campaign), source.page)
    named = attributes_named(campaign.payload, campaign.localized_attributes)
    return Filled(request, campaign, named) if named else SameForAll(request.unicast())
