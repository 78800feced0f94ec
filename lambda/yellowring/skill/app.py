"""The skill function: takes what Alexa sends."""

from __future__ import annotations

import os
from collections.abc import Mapping

from yellowring.observability import invoked
from yellowring.settings import SkillSettings
from yellowring.skill.assembly import Json, acknowledge, acknowledged, skill_for
from yellowring.skill.envelope import (
    InvalidSkillEvent,
    SkillEvent,
    check_skill,
    now_ms,
    request_id_of,
    request_type,
)
from yellowring.skill.messages import MESSAGE
from yellowring.skill.skill_events import CHANGES
from yellowring.skill.voice import VoiceHandler
from yellowring.skill.voice_request import read_voice_request
from yellowring.tracing import traced


@traced
def lambda_handler(event: Json, context: object) -> Json:
    """Answer one request from Alexa.

    Parameters
    ----------
    event
        A request envelope: a skill event, a skill message, or a voice request.
    context
        Lambda's own.

    Returns
    -------
    dict
        A response envelope. What can never be understood is acknowledged, logged and counted.

    Raises
    ------
    InvalidSettings
        The function's environment is not complete.
    WrongSkill
        The request is for another skill.
    botocore.exceptions.ClientError, botocore.exceptions.BotoCoreError, ConcurrentChange
        What happened could not be stored or queued: Alexa has to deliver it again.
    LinkingUnavailable
        Nobody could tell whose account was linked: likewise.
    """
    invoked(context, request_id_of(event))
    settings = SkillSettings.from_environ(os.environ)
    try:
        return _answer(event, settings)
    except InvalidSkillEvent as error:
        return acknowledge(error)


def _answer(event: Json, settings: SkillSettings) -> Json:
    if not isinstance(event, Mapping):
        raise InvalidSkillEvent("the request envelope must be an object")
    request = read_voice_request(event, now_ms())
    kind = request.kind if request.in_session else request_type(event)
    check_skill(event, settings.skill_id)
    skill = skill_for(settings)
    if kind in CHANGES or kind == MESSAGE:
        skill.take(SkillEvent(event))
    else:
        by_voice = settings.voice_consent == "voice"
        with skill.linked.beside(event, request):
            return VoiceHandler(skill.subscribers, consent_by_voice=by_voice).handle(request)
    return acknowledged()


if "AWS_LAMBDA_FUNCTION_NAME" in os.environ:  # in Lambda, the start is the cheapest time to start
    skill_for(SkillSettings.from_environ(os.environ))
