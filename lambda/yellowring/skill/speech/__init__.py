"""What the skill says, in every locale of its manifest.

``<language>.json`` holds all replies of a language, ``<locale>.json`` those that a locale says
differently. Keys that end in ``_reprompt`` are said when the customer stays silent, keys that
start with ``event_`` name a kind of notification within a sentence.
"""

from __future__ import annotations

import json
import re
from functools import cache, lru_cache
from importlib import resources
from types import MappingProxyType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

__all__ = ["LANGUAGES", "speech", "spoken_events", "ssml"]

DEFAULT_LANGUAGE = "en"
LANGUAGES = ("de", "en", "es", "fr", "hi", "it", "ja", "pt")
"""The languages that all replies are there in."""
BRAND = "Yellow Ring"
"""The skill's name in the Alexa app: English in every language, and said so."""


@lru_cache(maxsize=32)
def speech(locale: str | None) -> Mapping[str, str]:
    """Find the replies of a locale.

    Parameters
    ----------
    locale
        As Alexa sends it, for example ``fr-CA``. Its language stands in for a locale that says
        nothing of its own, English for a language that is not there.

    Returns
    -------
    Mapping
        Reply by key, read-only.

    Examples
    --------
    >>> speech("de-AT")["goodbye"]
    'Bis bald.'
    """
    replies = _read(_language(locale))
    if locale in _files():
        replies |= _read(locale)
    return MappingProxyType(replies)


def ssml(reply: str, locale: str | None) -> str:
    """Write a reply of a locale as SSML.

    Examples
    --------
    >>> ssml("Yellow Ring ist an.", "de-DE")
    '<speak><lang xml:lang="en-US">Yellow Ring</lang> ist an.</speak>'
    """
    if _language(locale) != DEFAULT_LANGUAGE:
        reply = reply.replace(BRAND, f'<lang xml:lang="en-US">{BRAND}</lang>')
    return f"<speak>{reply}</speak>"


def spoken_events(replies: Mapping[str, str], event_names: Iterable[str]) -> str:
    """Join the spoken names of events to the list that fills ``{events}``.

    Parameters
    ----------
    replies
        What `speech` returned.
    event_names
        Names such as ``AMAZON.WeatherAlert.Activated``; names that have no spoken form are left
        out.

    Returns
    -------
    str
        For example ``severe weather, new messages and your orders``, in the order in which the
        replies name the events; empty when nothing can be named.

    Examples
    --------
    >>> names = ["AMAZON.OrderStatus.Updated", "AMAZON.WeatherAlert.Activated"]
    >>> spoken_events(speech("en-US"), names)
    'severe weather and your orders'
    """
    wanted = {_event_key(name) for name in event_names}
    names = [text for key, text in replies.items() if key in wanted]
    if not names:
        return ""
    *most, last = names
    return replies["list_comma"].join(most) + replies["list_and"] + last if most else last


def _event_key(event_name: str) -> str:
    """Turn ``AMAZON.WeatherAlert.Activated`` into ``event_weather_alert``."""
    middle = event_name.split(".")[1] if event_name.count(".") > 1 else event_name
    return "event_" + re.sub(r"(?<=[a-z])(?=[A-Z])", "_", middle).lower()


def _language(locale: str | None) -> str:
    language = (locale or DEFAULT_LANGUAGE).partition("-")[0]
    return language if language in _files() else DEFAULT_LANGUAGE


@cache
def _files() -> frozenset[str]:
    names = (file.name for file in resources.files(__name__).iterdir())
    return frozenset(name.removesuffix(".json") for name in names if name.endswith(".json"))


def _read(name: str) -> dict[str, str]:
    text = resources.files(__name__).joinpath(f"{name}.json").read_text(encoding="utf-8")
    replies: dict[str, str] = json.loads(text)
    return replies
