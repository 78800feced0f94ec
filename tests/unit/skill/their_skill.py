"""A skill as others have them: the ASK SDK's handlers, an interceptor, and one that catches all."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import yellowring
from ask_sdk_core.skill_builder import SkillBuilder
from ask_sdk_core.utils import is_intent_name, is_request_type

if TYPE_CHECKING:
    from collections.abc import Callable

    from ask_sdk_core.handler_input import HandlerInput

    from tests.unit.skill.kit import Envelope


@dataclass
class TheirSkill:
    """Their handler, and what it saw of each request."""

    asked: dict[str, Any] = field(default_factory=dict)
    seen: list[str] = field(default_factory=list)
    caught: list[str] = field(default_factory=list)
    intercepted: list[str] = field(default_factory=list)

    def handler(self) -> Callable[[Envelope, object], Any]:
        builder = SkillBuilder()

        def launch(handler_input: HandlerInput) -> Any:
            attributes = handler_input.attributes_manager.session_attributes
            attributes["launches"] = attributes.get("launches", 0) + 1
            return handler_input.response_builder.speak("Welcome.").ask("What now?").response

        def order(handler_input: HandlerInput) -> Any:
            return yellowring.ask_for_notifications(handler_input, **self.asked)

        def broken(handler_input: HandlerInput) -> Any:
            raise RuntimeError("theirs")

        def anything(handler_input: HandlerInput) -> Any:
            self.seen.append(handler_input.request_envelope.request.object_type)
            return handler_input.response_builder.speak("Anything.").response

        def catch_all(handler_input: HandlerInput, error: Exception) -> Any:
            self.caught.append(type(error).__name__)
            return handler_input.response_builder.speak("Sorry.").response

        def before(handler_input: HandlerInput) -> None:
            self.intercepted.append(handler_input.request_envelope.request.object_type)

        builder.request_handler(is_request_type("LaunchRequest"))(launch)
        builder.request_handler(is_intent_name("OrderIntent"))(order)
        builder.request_handler(is_intent_name("BrokenIntent"))(broken)
        builder.request_handler(lambda _: True)(anything)
        builder.exception_handler(lambda *_: True)(catch_all)
        builder.global_request_interceptor()(before)
        handler: Callable[[Envelope, object], Any] = builder.lambda_handler()
        return handler


def words_of(answer: Any) -> str:
    """Return what an answer says."""
    ssml: str = answer["response"]["outputSpeech"]["ssml"]
    return ssml.removeprefix("<speak>").removesuffix("</speak>")
