"""The commands of skill messages, from a handler of any skill."""

from __future__ import annotations

import json
import os
import threading
from collections import OrderedDict
from typing import TYPE_CHECKING, Any

from yellowring.settings import SkillSettings
from yellowring.skill.assembly import skill_for
from yellowring.skill.commands import VERSION
from yellowring.skill.envelope import SkillEvent, check_skill
from yellowring.skill.handler_input import envelope_of
from yellowring.skill.messages import MESSAGE
from yellowring.skill.notifications import reference_id_of
from yellowring.skill.voice_request import member

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ask_sdk_core.handler_input import HandlerInput


_REMEMBERED = 1000
"""Requests whose commands are counted."""

_counting = threading.Lock()
_counts: OrderedDict[str, int] = OrderedDict()


def command(handler_input: HandlerInput | Mapping[str, Any], name: str, **members: object) -> None:
    """Do for the customer who is speaking what a skill message would.

    Parameters
    ----------
    handler_input
        The ASK SDK's, or the request envelope as Lambda gave it.
    name, members
        One of the commands of skill messages and what it takes. Of a request's commands the later
        one counts. A ``notify`` without a reference id rings once for each request and content.

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
    event = SkillEvent({**envelope, "request": request})
    if event.request_id:
        if name == "notify" and data.get("referenceId") is None:
            told = json.dumps([event.request_id, members], default=str)
            data["referenceId"] = reference_id_of(told, settings.skill_id)
        event.request_id += f"~{_next(event.request_id):04}"
    skill_for(settings).take(event)


def _next(request_id: str) -> int:
    """Return how many commands a request has had, so that each is newer than the one before."""
    with _counting:
        number = _counts.pop(request_id, 0) + 1
        _counts[request_id] = number
        if len(_counts) > _REMEMBERED:
            _counts.popitem(last=False)
    return number
