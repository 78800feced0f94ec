"""The events a skill may send and the locales Alexa speaks: names only, nothing to import."""

from __future__ import annotations

EVENT_NAMES: tuple[str, ...] = (
    "AMAZON.WeatherAlert.Activated",
    "AMAZON.SportsEvent.Updated",
    "AMAZON.MessageAlert.Activated",
    "AMAZON.OrderStatus.Updated",
    "AMAZON.Occasion.Updated",
    "AMAZON.TrashCollectionAlert.Activated",
    "AMAZON.MediaContent.Available",
    "AMAZON.SocialGameInvite.Available",
)
"""All event names of the Proactive Events API; a skill can define no others."""

US_ONLY = frozenset({"AMAZON.OrderStatus.Updated", "AMAZON.SocialGameInvite.Available"})
"""Events for en-US alone, says Amazon's Japanese page of the schemas (it may be out of date)."""

LOCALES: tuple[str, ...] = (
    "ar-SA",
    "de-DE",
    "en-AU",
    "en-CA",
    "en-GB",
    "en-IN",
    "en-US",
    "es-ES",
    "es-MX",
    "es-US",
    "fr-CA",
    "fr-FR",
    "hi-IN",
    "it-IT",
    "ja-JP",
    "nl-NL",
    "pt-BR",
)
"""The locales a skill can have (Skill Management API, ``skillLocale``)."""
