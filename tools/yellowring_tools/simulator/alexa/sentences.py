"""What a notification says, from the project's catalog: the one thing shared with the sender."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from yellowring.catalog import silence_note, utterance

if TYPE_CHECKING:
    from yellowring_tools.simulator.alexa.proactive_events import Content


@lru_cache(maxsize=4096)
def sentence(content: Content, locale: str) -> str | None:
    """Say a content as a customer of ``locale`` hears it; ``None``: nothing rings for them."""
    return utterance(content.event_name, content.payload, content.localized_attributes, locale)


def silence(content: Content, locale: str) -> str | None:
    """Say why nothing rings for a customer of ``locale``; ``None`` when something does."""
    if sentence(content, locale) is not None:
        return None
    return silence_note(content.localized_attributes, locale)
