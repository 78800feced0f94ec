"""The skill function: takes what Alexa sends."""

from __future__ import annotations

import functools
import json
import os
from typing import TYPE_CHECKING

import boto3
from ask_sdk_core.exceptions import AskSdkException
from ask_sdk_core.skill_builder import SkillBuilder
from ask_sdk_model import RequestEnvelope
from botocore.config import Config

from yellowring.observability import count, logger
from yellowring.settings import SkillSettings
from yellowring.skill import voice
from yellowring.skill.envelope import InvalidSkillEvent, check_skill, event_envelope, request_type
from yellowring.skill.messages import MESSAGE, MessageHandler
from yellowring.skill.orders import Orders
from yellowring.skill.skill_events import CHANGES, SkillEventHandler
from yellowring.subscribers import Subscribers

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ask_sdk_core.skill import CustomSkill

type Json = dict[str, object]

ACKNOWLEDGED: Mapping[str, object] = {"version": "1.0", "response": {}}

_AWS = Config(
    connect_timeout=1, read_timeout=1.5, retries={"mode": "standard", "total_max_attempts": 2}
)
"""Two tries in six seconds, waits included: a voice request has eight, and Alexa repeats others."""


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
        What happened could not be stored or ordered: Alexa has to deliver it again.
    """
    settings = SkillSettings.from_environ(os.environ)
    try:
        return _answer(event, context, settings)
    except InvalidSkillEvent as error:
        name = type(error).__name__
        count("InvalidRequests", error=name)
        logger.error("invalid request acknowledged", extra={"error": name, "problem": str(error)})
        return dict(ACKNOWLEDGED)


def _answer(event: Json, context: object, settings: SkillSettings) -> Json:
    kind = request_type(event)
    check_skill(event, settings.skill_id)
    skill = _skill(settings)
    if kind in CHANGES or kind == MESSAGE:
        envelope = event_envelope(event)
    elif kind in voice.REQUESTS:
        envelope = _voice_envelope(skill, event)
    else:
        count("UnknownRequests", type=kind[:100])
        logger.warning("unknown request acknowledged", extra={"type": kind})
        return dict(ACKNOWLEDGED)
    answer: Json = skill.serializer.serialize(skill.invoke(envelope, context))
    return answer


def _voice_envelope(skill: CustomSkill, event: Json) -> RequestEnvelope:
    try:
        return skill.serializer.deserialize(json.dumps(event), RequestEnvelope)
    except (AskSdkException, AttributeError, ValueError, TypeError, KeyError) as error:
        raise InvalidSkillEvent(
            f"the voice request does not have the form of one ({type(error).__name__})"
        ) from None


@functools.lru_cache(maxsize=4)
def _skill(settings: SkillSettings) -> CustomSkill:
    table = Subscribers(boto3.client("dynamodb", config=_AWS), settings.subscribers_table)
    builder = SkillBuilder()
    builder.skill_id = settings.skill_id
    builder.add_request_handler(SkillEventHandler(settings, table))
    builder.add_request_handler(
        MessageHandler(settings, table, Orders(settings.work_queue_url, _AWS))
    )
    builder.add_request_handler(voice.VoiceHandler(table))
    builder.add_exception_handler(voice.Apology())
    return builder.create()


if "AWS_LAMBDA_FUNCTION_NAME" in os.environ:  # in Lambda, the start is the cheapest time to start
    _skill(SkillSettings.from_environ(os.environ))
