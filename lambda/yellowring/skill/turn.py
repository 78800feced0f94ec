"""One turn of a conversation: what was asked, what the record says, and the answer being made."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from ask_sdk_core.utils import get_locale

from yellowring.observability import count, logger
from yellowring.skill.envelope import LOCALE, now_ms, text, usable_time
from yellowring.skill.speech import speech
from yellowring.subscribers import Erased, NotWritten, RegisterChange

if TYPE_CHECKING:
    from ask_sdk_core.handler_input import HandlerInput
    from ask_sdk_model import Response

    from yellowring.subscribers import Record, Subscribers

type Question = Literal["consent", "forget"]

_ASKED = "asked"
"""The session attribute that tells what the last answer asked, so that a yes can be understood."""


class Turn:
    """A voice request and the answer to it; makes one call of DynamoDB at most."""

    def __init__(self, handler_input: HandlerInput, subscribers: Subscribers) -> None:
        self._envelope = handler_input.request_envelope
        self._builder = handler_input.response_builder
        self._attributes = handler_input.attributes_manager
        self._subscribers = subscribers
        self.locale = locale_of(handler_input)
        self.replies = speech(self.locale)
        self.asked = self._take_question()

    @property
    def response(self) -> Response:
        """The answer as it is so far."""
        return self._builder.response

    def say(self, key: str, **values: str) -> None:
        """Answer with a reply, and end the session."""
        self._builder.speak(self.replies[key].format(**values)).set_should_end_session(True)

    def ask(self, key: str, question: Question | None = None) -> None:
        """Answer with a reply that asks, and keep the session open; say for what a yes would be."""
        self._builder.speak(self.replies[key]).ask(self.replies[f"{key}_reprompt"])
        if question and self._envelope.session is not None:
            self._attributes.session_attributes = {_ASKED: question}

    def hand_over(self, key: str, directive: object) -> None:
        """Answer with a reply and let Alexa lead on; the session goes on when she has done."""
        self._builder.speak(self.replies[key]).add_directive(directive)

    def show(self, card: object) -> None:
        """Put a card into the Alexa app."""
        self._builder.set_card(card)

    def record(self) -> Record | None:
        """Store the customer's locale, and return their record; ``None`` when there is no locale.

        A record that could be read answers the customer even if the locale could not be stored.
        """
        if self.locale is None:
            return None
        change = RegisterChange("locale", self._at() or 0, self._request_id(), self.locale)
        try:
            return self._subscribers.apply_and_read(self._user_id(), change)
        except NotWritten as error:
            logger.warning("locale not stored", extra={"error": type(error.__cause__).__name__})
            count("LocalesNotStored")
            return error.record

    def erase_record(self) -> None:
        """Remove the customer's data, and leave a tombstone."""
        at = self._at()
        self._subscribers.apply(self._user_id(), Erased(now_ms() if at is None else at))

    def _take_question(self) -> str | None:
        if self._envelope.session is None:
            return None
        asked = (self._attributes.session_attributes or {}).get(_ASKED)
        self._attributes.session_attributes = {}
        return asked if isinstance(asked, str) else None

    def _user_id(self) -> str:
        user = self._envelope.context.system.user
        return text(user and user.user_id, "context.System.user.userId")

    def _request_id(self) -> str:
        return text(self._envelope.request.request_id, "request.requestId")

    def _at(self) -> int | None:
        timestamp = self._envelope.request.timestamp
        return usable_time([timestamp and timestamp.isoformat()], now_ms())


def locale_of(handler_input: HandlerInput) -> str | None:
    """Give the locale that the customer speaks in, where the request tells a sound one."""
    locale = get_locale(handler_input)
    return locale if isinstance(locale, str) and LOCALE.fullmatch(locale) else None
