"""Personal content: an event that says to each customer what is theirs.

Either a campaign's texts have placeholders, ``{city}`` or ``{city|your town}``, that are filled
from the customer's own attributes, or an *event source* makes the content: a callable, named by
``EVENT_SOURCE``, that is given the customer, the campaign and the time.
"""

from __future__ import annotations

import asyncio
import importlib
import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Protocol

from yellowring.catalog import check_event
from yellowring.subscribers import ATTRIBUTE_KEY

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import datetime

    from yellowring.sender.campaign import Campaign
    from yellowring.subscribers import Customer

PATIENCE = 5.0
"""Seconds that an event source may take for one customer."""

_PLACEHOLDER = re.compile(rf"\{{({ATTRIBUTE_KEY.pattern})(?:\|([^{{}}]*))?\}}")

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


def attributes_named(*documents: object) -> frozenset[str]:
    """Give the attributes that placeholders name, in any string of some JSON."""
    texts = _texts(list(documents))
    return frozenset(match[1] for text in texts for match in _PLACEHOLDER.finditer(text))


def fill(campaign: Campaign, attributes: Mapping[str, object]) -> Content:
    """Put a customer's attributes in the places of the placeholders.

    Raises
    ------
    InvalidContent
        An attribute is missing that has no default, or what comes of it is no valid event.
    """

    def replaced(match: re.Match[str]) -> str:
        value = attributes.get(match[1], match[2])
        if value is None:
            raise InvalidContent(
                f"the customer has no attribute {match[1]}, and the campaign has no default for "
                f"it: write {{{match[1]}|some default}}"
            )
        return _spoken(match[1], value)

    filled = _mapped(
        [campaign.payload, campaign.localized_attributes],
        lambda text: _PLACEHOLDER.sub(replaced, text),
    )
    return _checked(campaign, filled[0], filled[1])


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


def _spoken(key: str, value: object) -> str:
    """Say an attribute's value; only what has one plain wording is said."""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise InvalidContent(
            f"the customer's attribute {key} is a {type(value).__name__}, which has no one way to "
            "be said: a placeholder takes a string or a number"
        )
    return str(value)


def _texts(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for each in value.values():
            yield from _texts(each)
    elif isinstance(value, list):
        for each in value:
            yield from _texts(each)


def _mapped(value: Any, change: Callable[[str], str]) -> Any:  # noqa: ANN401 - JSON of any shape
    if isinstance(value, str):
        return change(value)
    if isinstance(value, Mapping):
        return {key: _mapped(each, change) for key, each in value.items()}
    if isinstance(value, list):
        return [_mapped(each, change) for each in value]
    return value
