"""What a notification says, from the project's catalog: the one thing shared with the sender."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from yellowring.catalog import utterance

if TYPE_CHECKING:
    from simulator.proactive_events import Content


@lru_cache(maxsize=4096)
def sentence(content: Content, locale: str) -> str:
    """Say a content as a customer of ``locale`` hears it.

    A locale that the content has no values for hears those of its own language, else the first.
    """
    offered = [entry["locale"] for entry in content.localized_attributes]
    same_language = [other for other in offered if other[:2] == locale[:2]]
    chosen = locale if locale in offered or not offered else (same_language or offered)[0]
    return utterance(content.event_name, content.payload, content.localized_attributes, chosen)
