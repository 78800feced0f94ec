"""The skill function: takes what Alexa sends."""

from __future__ import annotations

import functools
import os
from collections.abc import Mapping
from dataclasses import dataclass

import boto3
from botocore.config import Config

from yellowring.observability import count, logger
from yellowring.settings import SkillSettings
from yellowring.skill.account_linking import AccountLinking
from yellowring.skill.envelope import (
    InvalidSkillEvent,
    SkillEvent,
    check_skill,
    now_ms,
    request_type,
)
from yellowring.skill.messages import MESSAGE, MessageHandler
from yellowring.skill.notifications import Notifications
from yellowring.skill.skill_events import CHANGES, SkillEventHandler
from yellowring.skill.voice import VoiceHandler
from yellowring.skill.voice_request import read_voice_request
from yellowring.subscribers import Subscribers

type Json = dict[str, object]

ACKNOWLEDGED: Mapping[str, object] = {"version": "1.0", "response": {}}

_AWS = Config(
    connect_timeout=0.75, read_timeout=1, retries={"mode": "standard", "total_max_attempts": 2}
)
"""A voice request has eight seconds, and Alexa repeats others.

A call takes two tries of 0.75 s + 1 s and at most 1 s between them: 4.5 s. Of a request's calls
the last begins within the store's patience of 2 s from the first, so that all take 6.5 s at most.
"""


def lambda_handler(event: Json, context: object) -> Json:  # noqa: ARG001 - Lambda gives two
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
    settings = SkillSettings.from_environ(os.environ)
    try:
        return _answer(event, settings)
    except InvalidSkillEvent as error:
        name = type(error).__name__
        count("InvalidRequests", error=name)
        logger.error("invalid request acknowledged", extra={"error": name, "problem": str(error)})
        return dict(ACKNOWLEDGED)


@dataclass(frozen=True, slots=True)
class _Skill:
    """What answers each kind of request."""

    skill_events: SkillEventHandler
    messages: MessageHandler
    voice: VoiceHandler


def _answer(event: Json, settings: SkillSettings) -> Json:
    if not isinstance(event, Mapping):
        raise InvalidSkillEvent("the request envelope must be an object")
    request = read_voice_request(event, now_ms())
    kind = request.kind if request.in_session else request_type(event)
    check_skill(event, settings.skill_id)
    skill = _skill(settings)
    if kind in CHANGES:
        skill.skill_events.handle(SkillEvent(event))
    elif kind == MESSAGE:
        skill.messages.handle(SkillEvent(event))
    else:
        return skill.voice.handle(request)
    return dict(ACKNOWLEDGED)


@functools.lru_cache(maxsize=4)
def _skill(settings: SkillSettings) -> _Skill:
    table = Subscribers(boto3.client("dynamodb", config=_AWS), settings.subscribers_table)
    linking = AccountLinking(settings.userinfo_url, settings.userinfo_claim)
    return _Skill(
        SkillEventHandler(settings, table, linking),
        MessageHandler(settings, table, Notifications(settings.notifications_queue_url, _AWS)),
        VoiceHandler(table, consent_by_voice=settings.voice_consent == "voice"),
    )


if "AWS_LAMBDA_FUNCTION_NAME" in os.environ:  # in Lambda, the start is the cheapest time to start
    _skill(SkillSettings.from_environ(os.environ))
