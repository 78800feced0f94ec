"""Asking for notifications from a handler of any skill, and what came of it."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, overload

from botocore.exceptions import BotoCoreError, ClientError

from yellowring.observability import count, log_failure, logger
from yellowring.settings import SkillSettings
from yellowring.skill.consent import answer_consent, ask_for_consent, leave_card
from yellowring.skill.envelope import WrongSkill, check_skill, now_ms
from yellowring.skill.handler_input import envelope_of
from yellowring.skill.texts import check_ssml, in_use
from yellowring.skill.turn import NoCustomer, Turn
from yellowring.skill.voice_request import member, read_voice_request
from yellowring.subscribers import NotWritten

if TYPE_CHECKING:
    from collections.abc import Callable

    from ask_sdk_core.handler_input import HandlerInput
    from ask_sdk_model import Response

    from yellowring.settings import VoiceConsent
    from yellowring.skill.consent import ConsentStatus
    from yellowring.skill.turn import Json, Store
    from yellowring.skill.voice_request import VoiceRequest
    from yellowring.subscribers import Record
    from yellowring.subscribers.changes import Change


@dataclass(frozen=True, slots=True)
class ConsentOutcome:
    """What a customer said when Alexa asked them by voice whether the skill may notify them.

    Attributes
    ----------
    status
        ``accepted``; ``denied``; ``unanswered``, they said neither; ``error``, Alexa did not ask.
        After the last two a card in the Alexa app asks instead.
    deliverable
        Whether notifications reach them from now on, as the record has it.
    locale
        As in ``de-DE``; ``None`` when the request does not tell.
    session_attributes
        As they were when the skill asked. Changes to them go into the session.
    """

    status: ConsentStatus
    deliverable: bool
    locale: str | None
    session_attributes: dict[str, Any]


@overload
def ask_for_notifications(
    handler_input: Mapping[str, Any], *, by: VoiceConsent | None = None, speech: str = ""
) -> dict[str, Any]: ...


@overload
def ask_for_notifications(
    handler_input: HandlerInput, *, by: VoiceConsent | None = None, speech: str = ""
) -> Response: ...


def ask_for_notifications(
    handler_input: HandlerInput | Mapping[str, Any],
    *,
    by: VoiceConsent | None = None,
    speech: str = "",
) -> Response | dict[str, Any]:
    """Ask the customer who is speaking for the permission to notify them.

    A customer who has given it accepts notifications herewith, and hears that they are on. Where
    that cannot be stored now, ``speech`` is said, a card is left, and it is counted.

    Parameters
    ----------
    handler_input
        The ASK SDK's, or the request envelope as Lambda gave it.
    by
        ``card``: in the Alexa app, which always works; ``voice``: Alexa asks at once and resumes
        the session, for which the skill's function must be wrapped. ``VOICE_CONSENT`` is the
        default.
    speech
        What to say before, plain text or what may stand in ``<speak>``.

    Returns
    -------
    Response
        What a handler returns: the ASK SDK's, with what was put into the response builder before
        but for its speech, reprompt and card; for an envelope the ``response`` of the answer.

    Raises
    ------
    ValueError
        ``by`` or ``speech`` cannot be right.
    InvalidSettings
        The environment lacks what is needed to store that notifications were accepted.

    Examples
    --------
    >>> envelope = {"request": {"type": "LaunchRequest", "locale": "en-US"}, "session": {}}
    >>> ask_for_notifications(envelope, speech="Welcome back.")["card"]["type"]
    'AskForPermissionsConsent'
    """
    by_voice = (by or os.environ.get("VOICE_CONSENT") or "card") == "voice"
    if by not in (None, "card", "voice"):
        raise ValueError(f"by is {by!r}: it must be 'card' or 'voice'")
    if speech:
        check_ssml(speech, "speech")
    envelope = envelope_of(handler_input)
    request = read_voice_request(envelope, now_ms())
    turn = Turn(request, _Table(envelope), consent_by_voice=by_voice, speech=in_use.get())
    turn.say_before(speech)
    try:
        ask_for_consent(turn)
    except (BotoCoreError, ClientError, NotWritten, NoCustomer, WrongSkill) as error:
        log_failure("that notifications were accepted is not stored", error)
        count("VoiceFailures", error=type(error).__name__)
        leave_card(turn)
    response = turn.response()
    return response if isinstance(handler_input, Mapping) else _built(handler_input, response)


def answer_question(
    envelope: Mapping[str, object],
    request: VoiceRequest,
    subscribers: Store,
    on_consent: Callable[[ConsentOutcome], object] | None,
) -> Json:
    """Answer what came of `ask_for_notifications` by voice; at the worst with an apology.

    ``on_consent`` is told, and may return the response. The session's attributes go back.
    """
    attributes = dict(request.attributes)
    turn = Turn(request, subscribers, speech=in_use.get())
    try:
        settled = answer_consent(turn)
        outcome = ConsentOutcome(settled.status, settled.deliverable, request.locale, attributes)
        response = turn.response()
        if on_consent is not None:
            own = _response_of(on_consent(outcome))
            response = response if own is None else own
    except Exception as error:
        log_failure("what came of asking for notifications was not answered", error)
        count("VoiceFailures", error=type(error).__name__)
        apology = Turn(request, subscribers, speech=in_use.get())
        apology.say("error_apology")
        response, attributes = apology.response(), dict(request.attributes)
    told = "attributes" in member(envelope, "session") or attributes
    return {
        "version": "1.0",
        **({"sessionAttributes": attributes} if told else {}),
        "response": response,
    }


class _Table:
    """The subscribers table of the environment, looked for when it is first needed."""

    def __init__(self, envelope: Mapping[str, object]) -> None:
        self._envelope = envelope

    def apply_and_read(self, user_id: str, *changes: Change) -> Record:
        from yellowring.skill.assembly import skill_for  # noqa: PLC0415 - a card needs no AWS

        settings = SkillSettings.from_environ(os.environ)
        check_skill(self._envelope, settings.skill_id)
        return skill_for(settings).subscribers.apply_and_read(user_id, *changes)


def _built(handler_input: HandlerInput, response: Json) -> Response:
    """Put a response into the ASK SDK's response builder."""
    from ask_sdk_core.serialize import DefaultSerializer  # noqa: PLC0415 - the skill's, not ours
    from ask_sdk_model import Response  # noqa: PLC0415

    made = DefaultSerializer().deserialize(json.dumps(response), Response)
    built = handler_input.response_builder.response
    for name in ("output_speech", "reprompt", "card", "should_end_session"):
        setattr(built, name, getattr(made, name))
    if made.directives:
        built.directives = [*(built.directives or []), *made.directives]
    return built


def _response_of(returned: object) -> Json | None:
    """Return a response that a skill's own code gave, as JSON has it."""
    if returned is None:
        return None
    if isinstance(returned, Mapping) and "response" not in returned:
        return dict(returned)
    if not hasattr(returned, "deserialized_types"):
        logger.error(
            f"on_consent returned a {type(returned).__name__} that is no response: it must return "
            "the ASK SDK's, a dict such as {'outputSpeech': …} with nothing around it, or None "
            "for ours"
        )
        raise TypeError
    from ask_sdk_core.serialize import DefaultSerializer  # noqa: PLC0415 - the skill's, not ours

    response: Json = DefaultSerializer().serialize(returned)
    return response
