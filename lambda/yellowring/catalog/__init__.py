"""The eight events of the Proactive Events API: their schemas and what Alexa says for each.

What needs the schemas is loaded when it is first asked for, so that a function which only wants
the names, or a sentence, does not pay for building the models at its cold start.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from yellowring.catalog.names import EVENT_NAMES, LOCALES
from yellowring.catalog.problems import Problem
from yellowring.catalog.utterances import silence_note, utterance, wording_note
from yellowring.catalog.wire import Localized

if TYPE_CHECKING:
    from yellowring.catalog.checking import CheckedEvent, InvalidEvent, check_event
    from yellowring.catalog.events import (
        Event,
        MediaContent,
        MessageAlert,
        Occasion,
        OrderStatus,
        SocialGameInvite,
        SportsEvent,
        TrashCollectionAlert,
        WeatherAlert,
    )
    from yellowring.catalog.fields import Field, fields_of
    from yellowring.catalog.payloads import PAYLOADS

__all__ = [
    "EVENT_NAMES",
    "LOCALES",
    "PAYLOADS",
    "CheckedEvent",
    "Event",
    "Field",
    "InvalidEvent",
    "Localized",
    "MediaContent",
    "MessageAlert",
    "Occasion",
    "OrderStatus",
    "Problem",
    "SocialGameInvite",
    "SportsEvent",
    "TrashCollectionAlert",
    "WeatherAlert",
    "check_event",
    "fields_of",
    "silence_note",
    "utterance",
    "wording_note",
]

_MODULES = {
    "checking": ("CheckedEvent", "InvalidEvent", "check_event"),
    "events": (
        "Event",
        "MediaContent",
        "MessageAlert",
        "Occasion",
        "OrderStatus",
        "SocialGameInvite",
        "SportsEvent",
        "TrashCollectionAlert",
        "WeatherAlert",
    ),
    "fields": ("Field", "fields_of"),
    "payloads": ("PAYLOADS",),
}
_HOMES = {name: module for module, names in _MODULES.items() for name in names}


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value: object = getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
    globals()[name] = value
    return value
