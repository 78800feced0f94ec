"""What the skill answers when it is spoken to."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from yellowring.observability import count, log_failure, logger
from yellowring.skill.consent import (
    answer_acceptance,
    answer_consent,
    ask_for_consent,
    is_consent_answer,
)
from yellowring.skill.speech import spoken_events
from yellowring.skill.turn import Turn
from yellowring.skill.voice_request import member, string
from yellowring.subscribers import is_deliverable, subscribed_events, subscription_is_due

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from yellowring.skill.turn import Json
    from yellowring.skill.voice_request import VoiceRequest
    from yellowring.subscribers import Record, Subscribers

_SPOKEN = re.compile(
    r"LaunchRequest|IntentRequest|SessionResumedRequest|Connections\.Response"
    r"|Display\.ElementSelected|Alexa\.Presentation\.\w+\.(UserEvent|Message)"
)
"""Requests that are answered with speech, session or not."""
_SILENT = re.compile(
    r"SessionEndedRequest|System\.ExceptionEncountered|(AudioPlayer|PlaybackController)\..*"
    r"|Alexa\.Presentation\.\w+\.(RuntimeError|Load\w+Data)|Alexa\.(DataStore|Authorization)\..*"
    r"|(AlexaSkillEvent|AlexaHouseholdListEvent|Reminders)\..*"
)
"""Requests that Alexa takes no speech for, or no answer at all."""
_NAME = re.compile(r"[A-Za-z_.]{1,100}")
_REQUEST_ID = re.compile(r"amzn1\.echo[\w.-]{1,200}")


def _launch(turn: Turn) -> None:
    record = turn.record()
    if _are_on(turn, record):
        turn.ask("launch_subscribed")
    elif record is None and not turn.request.denied:
        turn.ask("help")
    else:
        turn.ask("launch_not_subscribed", "consent")


def _turn_on(turn: Turn) -> None:
    accepted = turn.accept_consent() if turn.request.granted else None
    record = accepted or turn.record()
    events = spoken_events(turn.replies, subscribed_events(record))
    if events and not turn.request.denied:
        turn.say("status_subscribed", events=events)
    elif accepted:
        answer_acceptance(turn, accepted)
    else:
        ask_for_consent(turn)


def _status(turn: Turn) -> None:
    record = turn.record()
    events = spoken_events(turn.replies, subscribed_events(record))
    if turn.request.denied:
        turn.ask("status_not_subscribed", "consent")
    elif events:
        turn.say("status_subscribed", events=events)
    elif turn.request.granted and _are_on(turn, record):
        turn.say("consent_accepted")
    elif record is None or _are_on(turn, record):
        turn.say("status_unknown")
    else:
        turn.ask("status_not_subscribed", "consent")


def _are_on(turn: Turn, record: Record | None) -> bool:
    """Check whether notifications are on, by our record unless Alexa denies or it says nothing."""
    request = turn.request
    if request.denied or record is None:
        return request.granted
    return is_deliverable(record) or subscription_is_due(record, request.received)


def _stop_notifications(turn: Turn) -> None:
    turn.say("stop_notifying")


def _forget_me(turn: Turn) -> None:
    turn.ask("forget_confirm", "forget")


def _yes(turn: Turn) -> None:
    match turn.request.asked:
        case "consent":
            ask_for_consent(turn)
        case "forget":
            turn.erase_record()
            turn.say("forget_done")
        case _:
            _fallback(turn)


def _no(turn: Turn) -> None:
    replies = {"consent": "consent_denied", "forget": "forget_cancelled"}
    turn.say(replies.get(turn.request.asked or "", "nothing_to_cancel"))


def _cancel(turn: Turn) -> None:
    turn.say("forget_cancelled" if turn.request.asked == "forget" else "goodbye")


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


class VoiceHandler:
    """Answers whatever a customer says to the skill."""

    def __init__(self, subscribers: Subscribers, *, consent_by_voice: bool) -> None:
        self._subscribers = subscribers
        self._consent_by_voice = consent_by_voice

    def handle(self, request: VoiceRequest) -> Json:
        """Answer in the customer's language; at the worst with an apology.

        Returns
        -------
        dict
            A response envelope; its response is empty for a request that takes no answer.
        """
        if request.kind == "CanFulfillIntentRequest":  # asked by Alexa, of skills she may propose
            return {"version": "1.0", "response": {"canFulfillIntent": {"canFulfill": "NO"}}}
        if _SILENT.fullmatch(request.kind) or not (
            request.in_session or _SPOKEN.fullmatch(request.kind)
        ):
            _note(request)
            return {"version": "1.0", "response": {}}
        try:
            turn = Turn(request, self._subscribers, consent_by_voice=self._consent_by_voice)
            _answer(turn)
        except Exception as error:
            log_failure("voice request failed", error)
            count("VoiceFailures", error=type(error).__name__)
            turn = Turn(request, self._subscribers)
            turn.say("error_apology")
        return turn.answer()


def _answer(turn: Turn) -> None:
    request = turn.request
    match request.kind:
        case "IntentRequest":
            count("VoiceRequests", request=request.intent if request.intent in INTENTS else "other")
            INTENTS.get(request.intent, _fallback)(turn)
        case "SessionResumedRequest" if is_consent_answer(request):
            count("VoiceRequests", request=request.kind)
            answer_consent(turn)
        case "LaunchRequest" | "SessionResumedRequest" | "Connections.Response":
            count("VoiceRequests", request=request.kind)
            _launch(turn)
        case _:
            count("VoiceRequests", request="other")
            _fallback(turn)


def _note(request: VoiceRequest) -> None:
    """Log what nobody waits for: an end or an answer that was our fault Alexa says nowhere else."""
    kind = _named(request.kind, _NAME)
    error = member(request.fields, "error")
    if error or kind == "System.ExceptionEncountered":
        name = _named(error.get("type"), _NAME)
        cause = _named(member(request.fields, "cause").get("requestId"), _REQUEST_ID)
        logger.error("Alexa reports an error", extra={"type": kind, "error": name, "cause": cause})
        count("VoiceFailures", error=name)
    elif kind != "SessionEndedRequest":
        count("UnknownRequests", type=kind)
        logger.warning("unknown request acknowledged", extra={"type": kind})


def _named(value: object, form: re.Pattern[str]) -> str:
    """Return a name as it may stand in a log: what has another form could be anything."""
    found = string(value)
    return found if form.fullmatch(found) else "other"
