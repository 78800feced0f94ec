"""One turn of a conversation: what was asked, what the record says, and the answer being made."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from botocore.exceptions import BotoCoreError, ClientError

from yellowring.observability import count, logger
from yellowring.skill.speech import speech, ssml
from yellowring.subscribers import Accepted, Erased, NotWritten, RegisterChange

if TYPE_CHECKING:
    from collections.abc import Mapping

    from yellowring.skill.voice_request import VoiceRequest
    from yellowring.subscribers import Record, Subscribers

type Json = dict[str, object]
type Question = Literal["consent", "forget"]


class NoCustomer(ValueError):
    """The request does not tell whose record is to change."""


class Turn:
    """A voice request and the answer to it."""

    def __init__(
        self, request: VoiceRequest, subscribers: Subscribers, *, consent_by_voice: bool = False
    ) -> None:
        self.request = request
        self.consent_by_voice = consent_by_voice
        self.replies = speech(request.locale)
        self._subscribers = subscribers
        self._response: Json = {}
        self._attributes: Json = {}

    def answer(self) -> Json:
        """Return the response envelope as it is so far."""
        session: Json = {"sessionAttributes": self._attributes} if self.request.in_session else {}
        return {"version": "1.0", **session, "response": self._response}

    def say(self, key: str, **values: str) -> None:
        """Answer with a reply, and end the session."""
        self._response["outputSpeech"] = self._speech(self.replies[key].format(**values))
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
        request = self.request
        if request.user_id is None or not (request.locale or request.host):
            return None
        told = {"locale": request.locale, "host": request.host}
        changes = [
            RegisterChange(name, request.at or 0, request.request_id, value)
            for name, value in told.items()
            if value
        ]
        try:
            return self._subscribers.apply_and_read(request.user_id, *changes)
        except NotWritten as error:
            logger.warning("locale not stored", extra={"error": type(error.__cause__).__name__})
            count("LocalesNotStored")
            return error.record
        except (BotoCoreError, ClientError) as error:
            name = type(error).__name__
            logger.warning("the record was not to be had; answered without", extra={"error": name})
            count("VoiceFailures", error=name)
            return None

    def accept_consent(self) -> None:
        """Store that the customer accepts notifications."""
        self._subscribers.apply(self._user_id(), Accepted(self.request.at or 0))

    def erase_record(self) -> None:
        """Remove the customer's data, and leave a tombstone."""
        told = self.request.at
        at = self.request.received if told is None else told
        self._subscribers.apply(self._user_id(), Erased(at))

    def _speech(self, reply: str) -> Json:
        return {"type": "SSML", "ssml": ssml(reply, self.request.locale)}

    def _user_id(self) -> str:
        if self.request.user_id is None:
            raise NoCustomer("context.System.user.userId is missing or malformed")
        return self.request.user_id
