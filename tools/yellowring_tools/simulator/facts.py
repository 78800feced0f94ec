"""What is the same for every skill: regions, locales, scopes. The simulator's own list of them."""

from __future__ import annotations

from typing import Literal, get_args

Region = Literal["na", "eu", "fe"]
Stage = Literal["development", "live"]

REGIONS: tuple[Region, ...] = get_args(Region)
STAGES: tuple[Stage, ...] = get_args(Stage)

API_ENDPOINTS: dict[Region, str] = {
    "na": "https://api.amazonalexa.com",
    "eu": "https://api.eu.amazonalexa.com",
    "fe": "https://api.fe.amazonalexa.com",
}
"""The hosts that Alexa names in a request's ``apiEndpoint`` (Proactive Events API reference)."""

HOME_LOCALES: dict[Region, str] = {"na": "en-US", "eu": "en-GB", "fe": "en-AU"}
"""The locale of a made-up customer of whom only the region is known."""

LOCALES = frozenset(
    {"ar-SA", "de-DE", "en-AU", "en-CA", "en-GB", "en-IN", "en-US", "es-ES", "es-MX", "es-US"}
    | {"fr-CA", "fr-FR", "hi-IN", "it-IT", "ja-JP", "nl-NL", "pt-BR"}
)
"""The locales that a skill can have."""

NOTIFICATIONS_SCOPE = "alexa::devices:all:notifications:write"
"""What a customer accepts when they switch a skill's notifications on."""

PROACTIVE_EVENTS_SCOPE = "alexa::proactive_events"
SKILL_MESSAGING_SCOPE = "alexa:skill_messaging"
SMAPI_SCOPE = "alexa::ask:skills:readwrite"
"""What a developer's token is for; SMAPI has more scopes, and the simulator this one."""
TOKEN_SCOPES = frozenset({PROACTIVE_EVENTS_SCOPE, SKILL_MESSAGING_SCOPE})
"""What a skill may ask Login with Amazon for in its own name."""
