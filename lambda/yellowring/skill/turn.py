"""One turn of a conversation: what was asked, what the record says, and the answer being made."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, Protocol

from botocore.exceptions import BotoCoreError, ClientError

from yellowring.observability import count, logger
from yellowring.skill.speech import speech, ssml
from yellowring.subscribers import Accepted, Erased, NotWritten, RegisterChange

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from yellowring.skill.voice_request import VoiceRequest
    from yellowring.subscribers import Record
    from yellowring.subscribers.changes import Change

type Json = dict[str, object]
type Question = Literal["consent", "forget"]
type Replies = Callable[[str | None], Mapping[str, str]]
"""Returns the replies of a locale, by key."""


class Store(Protocol):
    """What a turn needs of the subscribers table."""

    def apply_and_read(self, user_id: str, *changes: Change) -> Record:
        """Join changes into the customer's record and return it as it is then."""


class NoCustomer(ValueError):
    """The request does not tell whose record is to change."""


class Turn:
    """A voice request and the answer to it."""

    def __init__(
        self,
        request: VoiceRequest,
        subscribers: Store,
        *,
        consent_by_voice: bool = False,
        speech: Replies = speech,
    ) -> None:
        self.request = request
        self.consent_by_voice = consent_by_voice
        self.replies = speech(request.locale)
        self._speech_of = speech
        self._locale = request.locale
        self._subscribers = subscribers
        self._before = ""
        self._response: Json = {}
        self._attributes: Json = {k: v for k, v in request.attributes.items() if k != "asked"}

    def answer(self) -> Json:
        """Return the response envelope as it is so far."""
        session: Json = {"sessionAttributes": self._attributes} if self.request.in_session else {}
        return {"version": "1.0", **session, "response": self._response}

    def response(self) -> Json:
        """Return the response as it is so far."""
        return self._response

    def say_before(self, text: str) -> None:
        """Say something before the replies that are yet to come."""
        self._before = text

    def say(self, key: str, **values: str) -> None:
        """Answer with a reply, and end the session."""
        reply = self.replies[key]
        self._response["outputSpeech"] = self._speech(reply.format(**values) if values else reply)
        self._response["shouldEndSession"] = True

    def ask(self, key: str, question: Question | None = None) -> None:
        """Answer with a reply that asks, and keep the session open; say for what a yes would be."""
        self._response["outputSpeech"] = self._speech(self.replies[key])
        reprompt = self._speech(self.replies[f"{key}_reprompt"])
        self._response["reprompt"] = {"outputSpeech": reprompt}
        self._response["shouldEndSession"] = False
        if question:
            self._attributes["asked"] = question

    def hand_over(self, key: str, directive: Mapping[str, object]) -> None:
        """Answer with a reply and let Alexa lead on; the session goes on when she has done."""
        self._response["outputSpeech"] = self._speech(self.replies[key])
        self._response["directives"] = [directive]

    def show(self, card: Mapping[str, object]) -> None:
        """Put a card into the Alexa app."""
        self._response["card"] = card

    def record(self) -> Record | None:
        """Store the customer's locale and host, and return their record.

        Returns
        -------
        Record or None
            ``None`` when nothing is known of the customer, or nothing can be known now.
        """
        told = self._told()
        if self.request.user_id is None or not told:
            return None
        try:
            return self._heard(self._subscribers.apply_and_read(self.request.user_id, *told))
        except NotWritten as error:
            logger.warning("locale not stored", extra={"error": type(error.__cause__).__name__})
            count("LocalesNotStored")
            return self._heard(error.record)
        except (BotoCoreError, ClientError) as error:
            name = type(error).__name__
            logger.warning("the record was not to be had; answered without", extra={"error": name})
            count("VoiceFailures", error=name)
            return None

    def accept_consent(self) -> Record:
        """Store that the customer accepts notifications, and return their record."""
        accepted = Accepted(self._at())
        user_id = self._user_id()
        return self._heard(self._subscribers.apply_and_read(user_id, accepted, *self._told()))

    def erase_record(self) -> None:
        """Remove the customer's data, and leave a tombstone."""
        self._subscribers.apply_and_read(self._user_id(), Erased(self._at()))

    def _told(self) -> tuple[RegisterChange, ...]:
        request = self.request
        told = {"locale": request.locale, "host": request.host}
        return tuple(
            RegisterChange(name, request.at or 0, request.request_id, value)
            for name, value in told.items()
            if value
        )

    def _heard(self, record: Record) -> Record:
        """Answer in the record's locale where the request tells none."""
        entry = record.registers.get("locale")
        if self._locale is None and entry and isinstance(entry.value, str):
            self._locale = entry.value
            self.replies = self._speech_of(entry.value)
        return record

    def _at(self) -> int:
        return self.request.received if self.request.at is None else self.request.at

    def _speech(self, reply: str) -> Json:
        return {"type": "SSML", "ssml": ssml(f"{self._before} {reply}".strip(), self._locale)}

    def _user_id(self) -> str:
        if self.request.user_id is None:
            raise NoCustomer("context.System.user.userId is missing or malformed")
        return self.request.user_id
