"""Personal content: an event that says to each customer what is theirs.

Either a campaign's texts have placeholders, ``{city}`` or ``{city|your town}``, that are filled
from the customer's own attributes, or an *event source* makes the content: a callable, named by
``EVENT_SOURCE``, that is given the customer, the campaign and the time.
"""

from __future__ import annotations

import asyncio
import importlib
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Protocol

from yellowring.catalog import check_event
from yellowring.sender.placeholders import CannotFill, filled

if TYPE_CHECKING:
    from datetime import datetime

    from yellowring.sender.campaign import Campaign
    from yellowring.subscribers import Customer

PATIENCE = 5.0
"""Seconds that an event source may take for one customer."""

type Content = tuple[Mapping[str, Any], list[dict[str, str]]]
"""An event's payload and its localized attributes, in their wire shapes."""


class EventSource(Protocol):
    """Makes the content of one customer's event.

    Returns
    -------
    Mapping or None
        ``{"payload": {…}, "localizedAttributes": […]}``, the second where the first refers to it;
        or nothing: then this customer is not in the audience.
    """

    def __call__(
        self, customer: Customer, campaign: Campaign, now: datetime
    ) -> Mapping[str, Any] | None:
        """Make it."""


class InvalidContent(ValueError):
    """The content for one customer is not one that Alexa takes."""


class EventSourceFailed(RuntimeError):
    """The event source cannot be loaded, or hangs: that is the run's fault, not a customer's."""


def load_event_source(name: str) -> EventSource | None:
    """Import an event source.

    Parameters
    ----------
    name
        ``package.module:callable``; empty for none.

    Raises
    ------
    EventSourceFailed
        Says what cannot be found.
    """
    if not name:
        return None
    module, _, attribute = name.partition(":")
    try:
        source: EventSource = getattr(importlib.import_module(module), attribute)
    except (ImportError, AttributeError, ValueError) as error:
        raise EventSourceFailed(
            f"EVENT_SOURCE is {name!r}, which cannot be imported ({error}): it must be "
            "package.module:callable, and the module must be deployed with the functions"
        ) from None
    if not callable(source):
        raise EventSourceFailed(f"EVENT_SOURCE {name!r} is not callable")
    return source


def fill(campaign: Campaign, attributes: Mapping[str, object]) -> Content:
    """Put a customer's attributes in the places of a campaign's placeholders.

    Raises
    ------
    InvalidContent
        Something cannot be filled in, or what comes of it is no valid event.
    """
    try:
        payload = filled(campaign.payload, attributes)
        localized_attributes = filled(campaign.localized_attributes, attributes)
    except CannotFill as error:
        raise InvalidContent(str(error)) from None
    return _checked(campaign, payload, localized_attributes)


async def ask(
    source: EventSource, customer: Customer, campaign: Campaign, now: datetime
) -> Content | None:
    """Have an event source make a customer's content; ``None`` when it has nothing for them.

    Raises
    ------
    InvalidContent
        It raised, or what it gave is no valid event.
    EventSourceFailed
        It did not come back in time.
    """
    try:
        async with asyncio.timeout(PATIENCE):
            content = await asyncio.to_thread(source, customer, campaign, now)
    except TimeoutError:
        raise EventSourceFailed(
            f"the event source did not answer within {PATIENCE:g} s for one customer"
        ) from None
    except Exception as error:
        raise InvalidContent(f"the event source raised {type(error).__name__}") from error
    if content is None:
        return None
    if not isinstance(content, Mapping) or "payload" not in content:
        raise InvalidContent(
            'the event source must give {"payload": {…}} or None, '
            f"but gave a {type(content).__name__}"
        )
    return _checked(campaign, content["payload"], content.get("localizedAttributes", []))


def _checked(campaign: Campaign, payload: object, localized_attributes: object) -> Content:
    checked = check_event(campaign.event_name, payload, localized_attributes)
    if checked.problems:
        paths = ", ".join(problem.path for problem in checked.problems)
        raise InvalidContent(f"the content for one customer is not valid at {paths}")
    return checked.payload, checked.localized_attributes
