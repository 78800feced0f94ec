"""The controls of a customer who speaks, answers and listens."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Any

from starlette.routing import Route

from yellowring_tools.simulator.answers import json_answer
from yellowring_tools.simulator.controls.bodies import AnswerConsent, Say, TakeCard
from yellowring_tools.simulator.customers.notifications import listen
from yellowring_tools.simulator.documents import InvalidDocument, body_of
from yellowring_tools.simulator.facts import HOME_LOCALES, LOCALES
from yellowring_tools.simulator.voice.interaction_model import BadModel, slot_heard
from yellowring_tools.simulator.voice.phrases import phrases
from yellowring_tools.simulator.voice.turns import Answer, Utterance

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

    from yellowring_tools.simulator.customers.customers import Customer
    from yellowring_tools.simulator.simulation import Simulation


class VoiceControls:
    """Their handlers."""

    def __init__(self, simulation: Simulation) -> None:
        self._simulation = simulation

    def routes(self) -> list[Route]:
        """Make their routes, which go before that of the actions."""
        handlers = {"say": self.say, "card": self.card, "consent": self.consent}
        handlers["listen"] = self.listen
        return [Route("/_sim/phrases", self.phrases)] + [
            Route(f"/_sim/customers/{{user_id}}/{name}", handler, methods=["POST"])
            for name, handler in handlers.items()
        ]

    async def say(self, request: Request) -> Response:
        """Speak to the skill; answers with what the device says and shows."""
        customer, wanted = self._customer(request), Say.read(await body_of(request))
        locale = wanted.locale or customer.locale
        utterance = Utterance(wanted.intent, locale, self._heard(wanted, locale))
        return json_answer(await self._simulation.conversations.say(customer, utterance))

    def _heard(self, wanted: Say, locale: str) -> dict[str, dict[str, Any]]:
        with suppress(BadModel):  # the console tells of it; what is said is understood without
            if model := self._simulation.skill_package.model(locale):
                skill_id = self._simulation.skill.skill_id
                return model.heard(wanted.intent, wanted.slots, skill_id)
        return {name: slot_heard(name, value) for name, value in wanted.slots.items()}

    async def phrases(self, request: Request) -> Response:
        """List what can be said in a locale, and what is wrong with its model, if anything."""
        locale, problem, model = _locale_of(request), None, None
        try:
            model = self._simulation.skill_package.model(locale)
        except BadModel as error:
            problem = str(error)
        offered = phrases(model, locale, self._simulation.clock().date())
        document = {"locale": locale, "phrases": [each.document() for each in offered]}
        return json_answer(document | {"problem": problem})

    async def consent(self, request: Request) -> Response:
        """Answer what Alexa asked for the skill; answers with what the skill says to that."""
        customer, wanted = self._customer(request), AnswerConsent.read(await body_of(request))
        answer = Answer(wanted.status, wanted.card, wanted.code)
        conversations = self._simulation.conversations
        return json_answer(await conversations.answer(customer, answer, wanted.events))

    async def card(self, request: Request) -> Response:
        """Accept a permissions card, or put it away; answers with the customer."""
        customer, wanted = self._customer(request), TakeCard.read(await body_of(request))
        conversations = self._simulation.conversations
        conversations.take_card(customer, accept=wanted.accept, events=wanted.events)
        voice = conversations.document(customer)
        return json_answer(customer.document(self._simulation.clock()) | {"voice": voice})

    async def listen(self, request: Request) -> Response:
        """Have the waiting notifications read out; the ring goes out."""
        heard = listen(self._customer(request), self._simulation.clock())
        return json_answer(
            {
                "sentences": [each.sentence for each in heard],
                "notifications": [each.document() for each in heard],
            }
        )

    def _customer(self, request: Request) -> Customer:
        return self._simulation.customers.get(request.path_params["user_id"])


def _locale_of(request: Request) -> str:
    locale = request.query_params.get("locale", HOME_LOCALES["na"])
    if locale not in LOCALES:
        raise InvalidDocument(f"locale: must be one of {', '.join(sorted(LOCALES))}")
    return locale
