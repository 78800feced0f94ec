"""The event sources that are registered with a stack, by the names that campaigns use."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

from yellowring.catalog import Problem
from yellowring.catalog.problems import nearest, quoted
from yellowring.sender.campaign.calls import EventSourceCalls
from yellowring.sender.campaign.event_source import EventSourceFailed
from yellowring.sender.campaign.function import FunctionSource
from yellowring.sender.campaign.parsing import InvalidCampaign
from yellowring.settings import is_callable

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from mypy_boto3_lambda.client import LambdaClient

    from yellowring.sender.campaign.event_source import EventSource, PageSource
    from yellowring.sender.campaign.parsing import Campaign


class EventSources:
    """Finds the event source that a campaign names; each is loaded when it is first needed.

    Parameters
    ----------
    registered
        For each name ``package.module:callable``, or a Lambda function's ARN or name.
    client
        Makes the client that invokes functions; called for the first of them.
    """

    def __init__(self, registered: Mapping[str, str], client: Callable[[], LambdaClient]) -> None:
        self._registered = registered
        self._client = client
        self._loaded: dict[str, EventSourceCalls] = {}

    @property
    def exhausted(self) -> bool:
        """Whether one of them hangs in every thread it has (see `EventSourceCalls`)."""
        return any(calls.exhausted for calls in self._loaded.values())

    def of(self, campaign: Campaign) -> EventSourceCalls | None:
        """Return what makes a campaign's content; ``None``: the campaign says it itself.

        Raises
        ------
        InvalidCampaign
            It names one that is not registered; says which are.
        EventSourceFailed
            It cannot be loaded, or must not be invoked.
        """
        name = campaign.content
        if name is None:
            return None
        if name not in self._registered:
            raise InvalidCampaign((self._unknown(name),))
        if name not in self._loaded:
            self._loaded[name] = self._load(name, self._registered[name])
        return self._loaded[name]

    def _unknown(self, name: str) -> Problem:
        names = tuple(self._registered)
        meant = nearest(name, names)
        known = f"registered are {', '.join(names)}" if names else "none is registered"
        return Problem(
            "$.content",
            f"{quoted(name)} is no event source of this stack (EventSources); {known}",
            quoted(name),
            names,
            f"did you mean {meant}?" if meant else None,
        )

    def _load(self, name: str, where: str) -> EventSourceCalls:
        try:
            source = load(where) if is_callable(where) else FunctionSource(self._client(), where)
            return EventSourceCalls(source)
        except (EventSourceFailed, ValueError) as error:
            raise EventSourceFailed(f"EVENT_SOURCES has {name}={where}: {error}") from None


def load(where: str) -> EventSource | PageSource:
    """Import an event source that is deployed with the functions.

    Parameters
    ----------
    where
        ``package.module:callable``.

    Raises
    ------
    EventSourceFailed
        Says what cannot be found.
    """
    module, _, attribute = where.partition(":")
    try:
        source: EventSource | PageSource = getattr(importlib.import_module(module), attribute)
    except (ImportError, AttributeError, ValueError, TypeError) as error:
        raise EventSourceFailed(
            f"it cannot be imported ({error}): it must be package.module:callable, and the module "
            "must be deployed with the functions; a Lambda function's alias that reads like one is "
            f"written with its account, as 123456789012:function:{where}"
        ) from None
    if not callable(source):
        raise EventSourceFailed("it is not callable")
    return source
