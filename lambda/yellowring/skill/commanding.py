"""The commands of skill messages, from a handler of any skill."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from yellowring.settings import SkillSettings
from yellowring.skill.assembly import skill_for
from yellowring.skill.commands import VERSION
from yellowring.skill.envelope import SkillEvent, check_skill
from yellowring.skill.handler_input import envelope_of
from yellowring.skill.messages import MESSAGE
from yellowring.skill.voice_request import member

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ask_sdk_core.handler_input import HandlerInput


def command(handler_input: HandlerInput | Mapping[str, Any], name: str, **members: object) -> None:
    """Do for the customer who is speaking what a skill message would.

    Parameters
    ----------
    handler_input
        The ASK SDK's, or the request envelope as Lambda gave it.
    name, members
        One of the commands of skill messages and what it takes.

    Raises
    ------
    InvalidMessage
        It is no such command; a ``ValueError``.
    InvalidSettings
        The environment lacks what is needed.
    WrongSkill
        The request is for another skill than ``SKILL_ID``.
    botocore.exceptions.ClientError, botocore.exceptions.BotoCoreError, ConcurrentChange
        It could not be stored or queued.

    Examples
    --------
    >>> command(handler_input, "attributes", set={"plan": "gold"})  # doctest: +SKIP
    >>> command(handler_input, "forget")  # doctest: +SKIP
    """
    settings = SkillSettings.from_environ(os.environ)
    envelope = envelope_of(handler_input)
    check_skill(envelope, settings.skill_id)
    data = {**members, "version": VERSION, "command": name}
    request = {**member(envelope, "request"), "type": MESSAGE, "message": data}
    skill_for(settings).take(SkillEvent({**envelope, "request": request}))
