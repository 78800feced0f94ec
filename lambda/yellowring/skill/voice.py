"""What the skill says when it is spoken to."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ask_sdk_core.dispatch_components import AbstractExceptionHandler, AbstractRequestHandler
from ask_sdk_core.utils import get_intent_name, get_request_type

from yellowring.observability import count, logger
from yellowring.skill.envelope import SkillEvent

if TYPE_CHECKING:
    from ask_sdk_core.handler_input import HandlerInput
    from ask_sdk_model import Response

REQUESTS = ("LaunchRequest", "IntentRequest", "SessionEndedRequest", "CanFulfillIntentRequest")
"""The types of request that belong to a session or ask for a spoken answer."""

WELCOME = (
    "Welcome to Yellow Ring. I light the ring on your Echo when there is news for you. "
    "To let me, open this skill in the Alexa app and turn on notifications."
)
HELP = (
    "I send you notifications: when the ring is yellow, say: Alexa, what are my notifications? "
    "You turn them on and off under this skill's settings in the Alexa app. "
    "What would you like to do?"
)
REPROMPT = "You can say help, or stop."
FALLBACK = "I can't help with that, but I can explain how notifications work. Just say help."
GOODBYE = "Goodbye."
APOLOGY = "Sorry, something went wrong on my side. Please try again in a moment."


class VoiceHandler(AbstractRequestHandler):  # type: ignore[misc]  # the SDK is untyped
    """Answers launch, help, stop, cancel and all else that a customer may say."""

    def can_handle(self, handler_input: HandlerInput) -> bool:
        """Tell whether a customer is speaking, or has stopped speaking, to the skill."""
        return get_request_type(handler_input) in REQUESTS

    def handle(self, handler_input: HandlerInput) -> Response:
        """Answer; an intent that is not known gets the fallback's answer."""
        kind = get_request_type(handler_input)
        intent = get_intent_name(handler_input) if kind == "IntentRequest" else kind
        count("VoiceRequests", intent=intent)
        say = handler_input.response_builder
        match intent:
            case "LaunchRequest":
                say.speak(WELCOME).ask(REPROMPT)
            case "AMAZON.HelpIntent":
                say.speak(HELP).ask(REPROMPT)
            case "AMAZON.StopIntent" | "AMAZON.CancelIntent" | "AMAZON.NavigateHomeIntent":
                say.speak(GOODBYE).set_should_end_session(True)
            case "SessionEndedRequest":
                pass  # Alexa takes no answer to the end of a session
            case _:
                say.speak(FALLBACK).ask(REPROMPT)
        return say.response


class Apology(AbstractExceptionHandler):  # type: ignore[misc]  # the SDK is untyped
    """Says sorry to a customer; the failure of a skill event is for Alexa to see, not for them."""

    def can_handle(self, handler_input: HandlerInput, exception: Exception) -> bool:  # noqa: ARG002
        """Tell whether somebody waits for a spoken answer."""
        return not isinstance(handler_input.request_envelope.request, SkillEvent)

    def handle(self, handler_input: HandlerInput, exception: Exception) -> Response:
        """Apologise, and log why."""
        logger.error("voice request failed", exc_info=exception)
        count("VoiceFailures", error=type(exception).__name__)
        return handler_input.response_builder.speak(APOLOGY).set_should_end_session(True).response
