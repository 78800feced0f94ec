"""Hazel Farm's skill: the weekly box of vegetables, by voice."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

import yellowring
from ask_sdk_core.dispatch_components import (
    AbstractExceptionHandler,
    AbstractRequestHandler,
    AbstractRequestInterceptor,
    AbstractResponseInterceptor,
)
from ask_sdk_core.skill_builder import SkillBuilder
from ask_sdk_core.utils import get_locale, get_slot, get_user_id, is_intent_name, is_request_type
from boxes import boxes
from words import CONSENT, Words

if TYPE_CHECKING:
    from ask_sdk_core.handler_input import HandlerInput
    from ask_sdk_model import Response

logger = logging.getLogger(__name__)
logger.setLevel(logging.INFO)


# ---- what every request needs ----


def session(handler_input: HandlerInput) -> dict[str, Any]:
    """Return what is remembered until the session ends."""
    attributes: dict[str, Any] = handler_input.attributes_manager.session_attributes
    return attributes


def words(handler_input: HandlerInput) -> Words:
    """Return the words of the customer's language."""
    found: Words = handler_input.attributes_manager.request_attributes["words"]
    return found


def slot_key(handler_input: HandlerInput, slot_name: str, kind: str) -> str | None:
    """Return the key of what a slot holds: the id that it resolved to, or by its name."""
    slot = get_slot(handler_input, slot_name)
    resolutions = slot.resolutions if slot else None
    for resolution in resolutions.resolutions_per_authority if resolutions else ():
        for match in resolution.values or ():
            return str(match.value.id)
    return words(handler_input).key(kind, slot.value) if slot and slot.value else None


def ask(handler_input: HandlerInput, speech: str) -> Response:
    """Answer, and listen on."""
    return handler_input.response_builder.speak(speech).ask(speech).response


def tell(handler_input: HandlerInput, speech: str) -> Response:
    """Answer, and end the session."""
    return handler_input.response_builder.speak(speech).set_should_end_session(True).response


def save(handler_input: HandlerInput) -> None:
    """Keep the customer's box."""
    boxes().save(get_user_id(handler_input), session(handler_input)["box"])


def note_consent(outcome: yellowring.ConsentOutcome) -> None:
    """Note what came of asking by voice whether the ring may turn yellow."""
    logger.info("asked for notifications: %s", outcome.status)


class FindWords(AbstractRequestInterceptor):
    """Finds the words of the request's locale."""

    def process(self, handler_input: HandlerInput) -> None:
        found = Words(get_locale(handler_input))
        handler_input.attributes_manager.request_attributes["words"] = found


class LoadBox(AbstractRequestInterceptor):
    """Loads the customer's box at the beginning of a session."""

    def process(self, handler_input: HandlerInput) -> None:
        if "box" not in session(handler_input):
            session(handler_input)["box"] = boxes().load(get_user_id(handler_input))


class RememberSpeech(AbstractResponseInterceptor):
    """Remembers what was said, for who wants to hear it again."""

    def process(self, handler_input: HandlerInput, response: Response) -> None:
        if response and response.output_speech:
            session(handler_input)["said"] = response.output_speech.ssml


# ---- the box ----


class LaunchHandler(AbstractRequestHandler):
    """Welcomes a customer."""

    def can_handle(self, handler_input: HandlerInput) -> bool:
        return is_request_type("LaunchRequest")(handler_input)

    def handle(self, handler_input: HandlerInput) -> Response:
        return ask(handler_input, words(handler_input).say("welcome"))


class MyBoxHandler(AbstractRequestHandler):
    """Says what is in the box."""

    def can_handle(self, handler_input: HandlerInput) -> bool:
        return is_intent_name("MyBoxIntent")(handler_input)

    def handle(self, handler_input: HandlerInput) -> Response:
        say, box = words(handler_input), session(handler_input)["box"]
        if not box["content"]:
            return ask(handler_input, say.say("box_empty"))
        content, day = say.content(box["content"]), say.name("days", box["day"])
        box_is = say.say("box", content=content, day=day)
        return ask(handler_input, f"{box_is} {say.say('what_next')}")


class AddVegetableHandler(AbstractRequestHandler):
    """Puts kilos of a vegetable into the box."""

    def can_handle(self, handler_input: HandlerInput) -> bool:
        return is_intent_name("AddVegetableIntent")(handler_input)

    def handle(self, handler_input: HandlerInput) -> Response:
        say, content = words(handler_input), session(handler_input)["box"]["content"]
        key = slot_key(handler_input, "vegetable", "vegetables")
        if key is None:
            return ask(handler_input, say.say("not_grown", vegetables=say.every("vegetables")))
        spoken = get_slot(handler_input, "kilos")
        kilos = int(spoken.value) if spoken and (spoken.value or "").isdigit() else 1
        content[key] = content.get(key, 0) + kilos
        save(handler_input)
        added = say.content({key: kilos})
        return ask(handler_input, say.say("added", content=added))


class RemoveVegetableHandler(AbstractRequestHandler):
    """Takes a vegetable out of the box."""

    def can_handle(self, handler_input: HandlerInput) -> bool:
        return is_intent_name("RemoveVegetableIntent")(handler_input)

    def handle(self, handler_input: HandlerInput) -> Response:
        say = words(handler_input)
        key = slot_key(handler_input, "vegetable", "vegetables")
        if key is None:
            return ask(handler_input, say.say("not_grown", vegetables=say.every("vegetables")))
        session(handler_input)["box"]["content"].pop(key, None)
        save(handler_input)
        removed = say.say("removed", vegetable=say.name("vegetables", key))
        return ask(handler_input, f"{removed} {say.say('what_next')}")


class ChangeDayHandler(AbstractRequestHandler):
    """Changes the day on which the box comes."""

    def can_handle(self, handler_input: HandlerInput) -> bool:
        return is_intent_name("ChangeDayIntent")(handler_input)

    def handle(self, handler_input: HandlerInput) -> Response:
        say = words(handler_input)
        key = slot_key(handler_input, "day", "days")
        if key is None:
            return ask(handler_input, say.say("no_such_day", days=say.every("days")))
        session(handler_input)["box"]["day"] = key
        save(handler_input)
        changed = say.say("day_changed", day=say.name("days", key))
        return ask(handler_input, f"{changed} {say.say('what_next')}")


# ---- the order ----


class OrderBoxHandler(AbstractRequestHandler):
    """Asks whether the box is to be ordered as it is."""

    def can_handle(self, handler_input: HandlerInput) -> bool:
        return is_intent_name("OrderBoxIntent")(handler_input)

    def handle(self, handler_input: HandlerInput) -> Response:
        say, box = words(handler_input), session(handler_input)["box"]
        if not box["content"]:
            return ask(handler_input, say.say("box_empty"))
        session(handler_input)["asked"] = "order"
        content, day = say.content(box["content"]), say.name("days", box["day"])
        return ask(handler_input, say.say("confirm", content=content, day=day))


class YesHandler(AbstractRequestHandler):
    """Orders the box, if that was the question."""

    def can_handle(self, handler_input: HandlerInput) -> bool:
        return is_intent_name("AMAZON.YesIntent")(handler_input)

    def handle(self, handler_input: HandlerInput) -> Response:
        say, box = words(handler_input), session(handler_input)["box"]
        if session(handler_input).pop("asked", None) != "order":
            return ask(handler_input, say.say("nothing_asked"))
        box["order"] = boxes().next_order()
        save(handler_input)
        day = say.name("days", box["day"])
        ordered = say.say("ordered", order=box["order"], day=day)
        return yellowring.ask_for_notifications(handler_input, speech=ordered)


class NoHandler(AbstractRequestHandler):
    """Leaves the box unordered."""

    def can_handle(self, handler_input: HandlerInput) -> bool:
        return is_intent_name("AMAZON.NoIntent")(handler_input)

    def handle(self, handler_input: HandlerInput) -> Response:
        asked = session(handler_input).pop("asked", None)
        sentence = "not_ordered" if asked == "order" else "goodbye"
        return tell(handler_input, words(handler_input).say(sentence))


class OrderStatusHandler(AbstractRequestHandler):
    """Says how far the ordered box is."""

    def can_handle(self, handler_input: HandlerInput) -> bool:
        return is_intent_name("OrderStatusIntent")(handler_input)

    def handle(self, handler_input: HandlerInput) -> Response:
        say, box = words(handler_input), session(handler_input)["box"]
        if box["order"] is None:
            return ask(handler_input, say.say("status_none"))
        day = say.name("days", box["day"])
        return tell(handler_input, say.say("status", order=box["order"], day=day))


# ---- what every skill has ----


class RepeatHandler(AbstractRequestHandler):
    """Says once more what was said last."""

    def can_handle(self, handler_input: HandlerInput) -> bool:
        return is_intent_name("AMAZON.RepeatIntent")(handler_input)

    def handle(self, handler_input: HandlerInput) -> Response:
        said = session(handler_input).get("said") or words(handler_input).say("help")
        return ask(handler_input, said.removeprefix("<speak>").removesuffix("</speak>"))


class HelpHandler(AbstractRequestHandler):
    """Says what can be said."""

    def can_handle(self, handler_input: HandlerInput) -> bool:
        return is_intent_name("AMAZON.HelpIntent")(handler_input)

    def handle(self, handler_input: HandlerInput) -> Response:
        return ask(handler_input, words(handler_input).say("help"))


class StopHandler(AbstractRequestHandler):
    """Says goodbye."""

    def can_handle(self, handler_input: HandlerInput) -> bool:
        return any(
            is_intent_name(f"AMAZON.{name}Intent")(handler_input)
            for name in ("Stop", "Cancel", "NavigateHome")
        )

    def handle(self, handler_input: HandlerInput) -> Response:
        return tell(handler_input, words(handler_input).say("goodbye"))


class FallbackHandler(AbstractRequestHandler):
    """Answers what was not understood."""

    def can_handle(self, handler_input: HandlerInput) -> bool:
        return is_intent_name("AMAZON.FallbackIntent")(handler_input)

    def handle(self, handler_input: HandlerInput) -> Response:
        return ask(handler_input, words(handler_input).say("nothing_asked"))


class SessionEndedHandler(AbstractRequestHandler):
    """Takes note of the end of a session."""

    def can_handle(self, handler_input: HandlerInput) -> bool:
        return is_request_type("SessionEndedRequest")(handler_input)

    def handle(self, handler_input: HandlerInput) -> Response:
        return handler_input.response_builder.response


class CatchAll(AbstractExceptionHandler):
    """Apologises for whatever went wrong."""

    def can_handle(self, handler_input: HandlerInput, exception: Exception) -> bool:  # noqa: ARG002
        return True

    def handle(self, handler_input: HandlerInput, exception: Exception) -> Response:
        logger.error("request failed", exc_info=exception)
        speech = Words(get_locale(handler_input) or "en-US").say("sorry")
        return ask(handler_input, speech)


sb = SkillBuilder()
for interceptor in (FindWords(), LoadBox()):
    sb.add_global_request_interceptor(interceptor)
sb.add_global_response_interceptor(RememberSpeech())
for handler in (
    LaunchHandler(),
    MyBoxHandler(),
    AddVegetableHandler(),
    RemoveVegetableHandler(),
    ChangeDayHandler(),
    OrderBoxHandler(),
    YesHandler(),
    NoHandler(),
    OrderStatusHandler(),
    RepeatHandler(),
    HelpHandler(),
    StopHandler(),
    FallbackHandler(),
    SessionEndedHandler(),
):
    sb.add_request_handler(handler)
sb.add_exception_handler(CatchAll())

lambda_handler = yellowring.wrap(sb.lambda_handler(), texts=CONSENT, on_consent=note_consent)
