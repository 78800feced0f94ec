"""Yellow Ring in a skill that is not ours: one line around its handler."""

from __future__ import annotations

import functools
import inspect
import os
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Literal

from yellowring.observability import invoked
from yellowring.settings import InvalidSettings, SkillSettings
from yellowring.skill.account_linking import LinkingUnavailable
from yellowring.skill.asking import answer_question
from yellowring.skill.assembly import acknowledge, acknowledged, skill_for
from yellowring.skill.background import Background
from yellowring.skill.commands import is_command
from yellowring.skill.consent import is_consent_answer
from yellowring.skill.envelope import (
    InvalidSkillEvent,
    SkillEvent,
    WrongSkill,
    check_skill,
    now_ms,
    request_id_of,
)
from yellowring.skill.messages import MESSAGE
from yellowring.skill.skill_events import CHANGES
from yellowring.skill.texts import in_use, replies_of
from yellowring.skill.voice_request import read_voice_request

if TYPE_CHECKING:
    from collections.abc import Callable

    from yellowring.skill.asking import ConsentOutcome
    from yellowring.skill.background import CustomerId
    from yellowring.skill.texts import Texts
    from yellowring.skill.voice_request import VoiceRequest

type Handler = Callable[[Any, Any], Any]

_WHERE = {
    "SKILL_ID": "the parameter that your template has for the skill's id",
    "SUBSCRIBERS_TABLE": "!ImportValue yellow-ring-SubscribersTableName",
}
"""Where a skill's template takes each variable from; yellow-ring stands for our stack's name."""


def wrap(
    handler: Handler,
    *,
    skill_events: bool | Literal["also"] = True,
    messages: bool = True,
    consent: bool = True,
    voice: bool = True,
    customer_id: CustomerId | None = None,
    on_consent: Callable[[ConsentOutcome], object] | None = None,
    texts: Texts | None = None,
) -> Handler:
    """Add Yellow Ring to a skill's Lambda handler.

    What is ours is taken from the request as Lambda gives it, before the skill's SDK reads it and
    before its interceptors and exception handlers. All else goes to ``handler``, the same object,
    and its answer comes back untouched.

    Parameters
    ----------
    handler
        The skill's, for example ``sb.lambda_handler()``.
    skill_events
        Take the seven skill events that tell who is to be notified. ``"also"``: hand them on to
        ``handler`` as well, once they are stored, and return its answer; it is called again when
        Alexa delivers again. ``False``: leave them.
    messages
        Take skill messages that hold one of our commands.
    consent
        Take the answer to what `ask_for_notifications` asked by voice.
    voice
        Store the locale and Alexa's host for a customer who speaks, beside ``handler``; and, where
        ``USERINFO_URL`` is set, the business' own id of who has linked their account.
    customer_id
        Given a request envelope (a copy), returns the business' own id of the customer, ``None``
        when it does not know. Called beside ``handler``, in a thread, for each voice request.
        The id has to come from what the business knows, as from its own sign-in: never from what
        was spoken.
    on_consent
        Told what came of asking by voice; may return the response to answer with.
    texts
        The skill's own words for ours, by language or locale and then by key.

    Returns
    -------
    Callable
        A Lambda handler. It raises ``InvalidSettings`` when the environment is not complete; and
        for skill events and messages what is in the way of storing them, so that Alexa delivers
        them again, or ``WrongSkill``.

    Raises
    ------
    TypeError, ValueError
        An argument cannot be right.

    Examples
    --------
    >>> texts = {"en": {"consent_accepted": "Great, we'll ring when your box is on its way."}}
    >>> lambda_handler = wrap(lambda event, context: {}, texts=texts)
    """
    for name, each in {
        "handler": handler,
        "customer_id": customer_id,
        "on_consent": on_consent,
    }.items():
        if not callable(each) and (each is not None or name == "handler"):
            raise TypeError(f"{name} must be callable, but is a {type(each).__name__}")
        if inspect.iscoroutinefunction(each) or inspect.iscoroutinefunction(type(each).__call__):
            raise TypeError(f"{name} must not be async: nobody would await it")
    if skill_events not in (True, False, "also"):
        raise ValueError(f"skill_events is {skill_events!r}: it must be True, False or 'also'")
    if customer_id is not None and not voice:
        raise ValueError("customer_id is asked beside voice requests: it needs voice=True")
    parts = {"skill_events": bool(skill_events), "messages": messages, "consent": consent}
    wrapped = _Wrapped(
        handler,
        parts=frozenset(name for name, wanted in {**parts, "voice": voice}.items() if wanted),
        also=skill_events == "also",
        customer_id=customer_id,
        on_consent=on_consent,
        texts=texts or {},
    )
    if "AWS_LAMBDA_FUNCTION_NAME" in os.environ:  # the start is the cheapest time to start
        skill_for(_settings())

    @functools.wraps(handler, updated=())
    def lambda_handler(event: object, context: object) -> object:
        return wrapped.answer(event, context)

    return lambda_handler


class _Wrapped:
    """A skill's handler, and what of Yellow Ring is around it."""

    def __init__(
        self,
        handler: Handler,
        *,
        parts: frozenset[str],
        also: bool,
        customer_id: CustomerId | None,
        on_consent: Callable[[ConsentOutcome], object] | None,
        texts: Texts,
    ) -> None:
        self._handler = handler
        self._parts = parts
        self._also = also
        self._on_consent = on_consent
        self._replies = replies_of(texts)
        self._customer_id = customer_id
        self._background_for = functools.lru_cache(maxsize=4)(self._background)

    def answer(self, event: object, context: object) -> object:
        token = in_use.set(self._replies)
        try:
            if not isinstance(event, Mapping) or "request" not in event:  # a warm-up, say
                return self._handler(event, context)
            invoked(context, request_id_of(event))
            settings = _settings()
            request = read_voice_request(event, now_ms())
            if self._is_ours(request):
                return self._take(event, context, request, settings)
            return self._beside(event, context, request, settings)
        finally:
            in_use.reset(token)

    def _is_ours(self, request: VoiceRequest) -> bool:
        if request.kind in CHANGES:
            return "skill_events" in self._parts
        if request.kind == MESSAGE:
            return "messages" in self._parts and is_command(request.fields.get("message"))
        resumed = request.kind == "SessionResumedRequest" and is_consent_answer(request)
        return resumed and "consent" in self._parts

    def _is_for(self, skill_id: str, event: Mapping[str, object]) -> bool:
        try:
            check_skill(event, skill_id)
        except WrongSkill:
            return False
        return True

    def _take(
        self,
        event: Mapping[str, object],
        context: object,
        request: VoiceRequest,
        settings: SkillSettings,
    ) -> object:
        """Do what is ours; what cannot be stored raises."""
        check_skill(event, settings.skill_id)
        skill = skill_for(settings)
        if request.kind not in CHANGES and request.kind != MESSAGE:
            return answer_question(event, request, skill.subscribers, self._on_consent)
        answer = acknowledged()
        also = self._also and request.kind in CHANGES
        try:
            skill.take(SkillEvent(event))
        except InvalidSkillEvent as error:
            answer = acknowledge(error)
        except LinkingUnavailable:  # that they have linked is stored
            if also:
                self._handler(event, context)
            raise
        return self._handler(event, context) if also else answer

    def _beside(
        self,
        event: Mapping[str, object],
        context: object,
        request: VoiceRequest,
        settings: SkillSettings,
    ) -> object:
        """Have the skill answer, and store meanwhile what the request tells."""
        if "voice" not in self._parts or not self._is_for(settings.skill_id, event):
            return self._handler(event, context)
        with self._background_for(settings).beside(event, request):
            return self._handler(event, context)

    def _background(self, settings: SkillSettings) -> Background:
        skill = skill_for(settings)
        return Background(
            skill.subscribers,
            skill.stored,
            customer_id=self._customer_id,
            linking=skill.linking,
        )


def _settings() -> SkillSettings:
    """Read the environment; say for each variable that is missing where to take it from."""
    try:
        return SkillSettings.from_environ(os.environ)
    except InvalidSettings as error:
        found = [f"{name}: {where}" for name, where in _WHERE.items() if name in str(error)]
        hint = f" (in your template's environment variables: {'; '.join(found)})" if found else ""
        raise InvalidSettings(f"{error}{hint}") from None
