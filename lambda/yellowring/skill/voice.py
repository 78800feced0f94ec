"""What the skill answers when it is spoken to."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ask_sdk_core.dispatch_components import AbstractExceptionHandler, AbstractRequestHandler
from ask_sdk_core.utils import get_intent_name, get_request_type

from yellowring.observability import count, logger
from yellowring.skill.consent import answer_consent, ask_for_consent
from yellowring.skill.envelope import SkillEvent
from yellowring.skill.speech import speech, spoken_events
from yellowring.skill.turn import Turn, locale_of
from yellowring.subscribers import subscribed_events, subscription_is_due

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from ask_sdk_core.handler_input import HandlerInput
    from ask_sdk_model import Response, SessionEndedRequest

    from yellowring.subscribers import Subscribers

REQUESTS = ("LaunchRequest", "IntentRequest", "SessionEndedRequest", "Connections.Response")
"""The types of request that belong to a session."""


def _launch(turn: Turn) -> None:
    if subscribed_events(turn.record()):
        turn.ask("launch_subscribed")
    else:
        turn.ask("launch_not_subscribed", "consent")


def _turn_on(turn: Turn) -> None:
    events = spoken_events(turn.replies, subscribed_events(turn.record()))
    if events:
        turn.say("status_subscribed", events=events)
    else:
        ask_for_consent(turn)


def _status(turn: Turn) -> None:
    record = turn.record()
    subscribed = subscribed_events(record)
    events = spoken_events(turn.replies, subscribed)
    if events:
        turn.say("status_subscribed", events=events)
    elif record is None or subscribed or subscription_is_due(record):
        turn.say("status_unknown")
    else:
        turn.ask("status_not_subscribed", "consent")


def _stop_notifications(turn: Turn) -> None:
    turn.say("stop_notifying")


def _forget_me(turn: Turn) -> None:
    turn.ask("forget_confirm", "forget")


def _yes(turn: Turn) -> None:
    match turn.asked:
        case "consent":
            ask_for_consent(turn)
        case "forget":
            turn.erase_record()
            turn.say("forget_done")
        case _:
            _fallback(turn)


def _no(turn: Turn) -> None:
    replies = {"consent": "consent_denied", "forget": "forget_cancelled"}
    turn.say(replies.get(turn.asked or "", "nothing_to_cancel"))


def _cancel(turn: Turn) -> None:
    turn.say("forget_cancelled" if turn.asked == "forget" else "goodbye")


def _goodbye(turn: Turn) -> None:
    turn.say("goodbye")


def _help(turn: Turn) -> None:
    turn.ask("help")


def _fallback(turn: Turn) -> None:
    turn.ask("fallback")


INTENTS: Mapping[str, Callable[[Turn], None]] = {
    "TurnOnNotificationsIntent": _turn_on,
    "SubscriptionStatusIntent": _status,
    "StopNotificationsIntent": _stop_notifications,
    "ForgetMeIntent": _forget_me,
    "AMAZON.YesIntent": _yes,
    "AMAZON.NoIntent": _no,
    "AMAZON.CancelIntent": _cancel,
    "AMAZON.StopIntent": _goodbye,
    "AMAZON.NavigateHomeIntent": _goodbye,
    "AMAZON.HelpIntent": _help,
    "AMAZON.FallbackIntent": _fallback,
}
"""What answers each intent of the interaction models; any other gets the fallback's answer."""


class VoiceHandler(AbstractRequestHandler):  # type: ignore[misc]  # the SDK is untyped
    """Answers whatever a customer says to the skill."""

    def __init__(self, subscribers: Subscribers) -> None:
        self._subscribers = subscribers

    def can_handle(self, handler_input: HandlerInput) -> bool:
        """Tell whether a customer is speaking, or has stopped speaking, to the skill."""
        return get_request_type(handler_input) in REQUESTS

    def handle(self, handler_input: HandlerInput) -> Response:
        """Answer in the customer's language."""
        kind = get_request_type(handler_input)
        if kind == "SessionEndedRequest":
            _note_end(handler_input.request_envelope.request)
            return handler_input.response_builder.response  # Alexa takes no speech any more
        turn = Turn(handler_input, self._subscribers)
        if kind == "IntentRequest":
            intent = get_intent_name(handler_input)
            _count(intent if intent in INTENTS else "other")
            INTENTS.get(intent, _fallback)(turn)
            return turn.response
        _count(kind)
        if kind == "LaunchRequest":
            _launch(turn)
        else:
            answer_consent(turn, handler_input.request_envelope.request)
        return turn.response


def _count(request: str) -> None:
    count("VoiceRequests", request=request)


def _note_end(request: SessionEndedRequest) -> None:
    """Log an end that was our fault: Alexa says so nowhere else."""
    error = request.error
    if error is not None:
        kind = str(error.object_type)[:100]
        logger.error("session ended with an error", extra={"error": kind})
        count("VoiceFailures", error=kind)


class Apology(AbstractExceptionHandler):  # type: ignore[misc]  # the SDK is untyped
    """Says sorry to a customer; the failure of a skill event is for Alexa to see, not for them."""

    def can_handle(self, handler_input: HandlerInput, exception: Exception) -> bool:  # noqa: ARG002
        """Tell whether somebody waits for a spoken answer."""
        return not isinstance(handler_input.request_envelope.request, SkillEvent)

    def handle(self, handler_input: HandlerInput, exception: Exception) -> Response:
        """Apologise in the customer's language, and log why."""
        logger.error("voice request failed", exc_info=exception)
        count("VoiceFailures", error=type(exception).__name__)
        builder = handler_input.response_builder
        builder.response.directives = builder.response.card = builder.response.reprompt = None
        apology = speech(locale_of(handler_input))["error_apology"]
        return builder.speak(apology).set_should_end_session(True).response
