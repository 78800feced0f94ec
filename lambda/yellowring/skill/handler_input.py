"""What a skill's handler is given, as the request envelope that Alexa sent."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ask_sdk_core.handler_input import HandlerInput


def envelope_of(handler_input: HandlerInput | Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the request envelope, which the ASK SDK keeps as a model."""
    if isinstance(handler_input, Mapping):
        return handler_input
    from ask_sdk_core.serialize import DefaultSerializer  # noqa: PLC0415 - the skill's, not ours

    envelope = DefaultSerializer().serialize(handler_input.request_envelope)
    return envelope if isinstance(envelope, Mapping) else {}
