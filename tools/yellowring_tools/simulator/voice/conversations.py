"""What customers say to the skill, and their answers to what it asks for."""

from __future__ import annotations

import asyncio
import threading
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from yellowring_tools.simulator.customers.customers import NotPossible
from yellowring_tools.simulator.facts import NOTIFICATIONS_SCOPE
from yellowring_tools.simulator.schemas import EVENT_NAMES
from yellowring_tools.simulator.skill.delivery import NoFunction
from yellowring_tools.simulator.skill.lambda_invoker import NotAcknowledged
from yellowring_tools.simulator.voice.turns import BadReply, Session, read_reply, session_envelope

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import datetime

    from yellowring_tools.simulator.config import SimulatorConfig
    from yellowring_tools.simulator.customers.customers import Customer, Customers
    from yellowring_tools.simulator.skill.events import Sender
    from yellowring_tools.simulator.voice.turns import Answer, Consent, Reply, Utterance

type Invoke = Callable[[bytes], bytes | None]


class SkillFailed(Exception):
    """The customer spoke and got no answer from the skill; the text says why."""


class SkillTooSlow(SkillFailed):
    """The skill did not answer while Alexa waits."""


@dataclass(slots=True)
class _Device:
    """One customer's Echo: the conversation on it, and what Alexa asks there for the skill."""

    session: Session | None = None
    card: tuple[str, ...] | None = None
    consent: Consent | None = None
    speaking: bool = field(default=False)


class Conversations:
    """Every conversation with the skill.

    Parameters
    ----------
    config
        The skill, and how long a customer waits for its answer.
    customers
        Who can speak; who is new to the skill enables it by speaking to it.
    sender
        Gives a customer as an envelope's context says it.
    invoke
        Takes an envelope to the skill and gives its answer, or raises ``NotAcknowledged``.
    clock
        The time of day.
    """

    def __init__(
        self,
        config: SimulatorConfig,
        customers: Customers,
        sender: Callable[[Customer], Sender],
        invoke: Invoke | None,
        clock: Callable[[], datetime],
    ) -> None:
        self._config = config
        self._customers = customers
        self._sender = sender
        self._invoke = invoke
        self._clock = clock
        self._devices: dict[str, _Device] = {}

    def document(self, customer: Customer) -> dict[str, object]:
        """What is open on the customer's device, as the controls show it."""
        device = self._devices.get(customer.user_id, _Device())
        return {
            "session": _session_document(device.session),
            "card": None if device.card is None else list(device.card),
            "consent": None if device.consent is None else list(device.consent.scopes),
        }

    def forget(self, customer: Customer) -> None:
        """End what is open on the customer's device; the skill is not told."""
        self._devices.pop(customer.user_id, None)

    async def say(self, customer: Customer, utterance: Utterance) -> dict[str, object]:
        """Speak to the skill, and give what the device says and shows.

        Raises
        ------
        NotPossible
            When the customer cannot speak to the skill now.
        SkillFailed, BadReply
            When there was no answer, or none that can be played.
        """
        device = self._device(customer)
        if device.consent is not None:
            raise NotPossible("Alexa waits for an answer to a question: POST …/consent first")
        if utterance.intent == "SessionEndedRequest" and device.session is None:
            raise NotPossible("there is no session to end; say something first")
        self._customers.ensure_enabled(customer)
        if device.session is None or utterance.intent == "LaunchRequest":
            device.session = Session(utterance.locale)
        reply = await self._ask(customer, device, device.session, utterance.request())
        if utterance.intent == "SessionEndedRequest":
            device.session = None
        return reply.document() | {"session": _session_document(device.session)}

    async def answer(
        self, customer: Customer, answer: Answer, events: tuple[str, ...] = EVENT_NAMES
    ) -> dict[str, object]:
        """Answer the question for permissions that the skill had Alexa ask.

        Accepted, notifications are on, and the skill hears of it as of any other switch; but who
        had granted the permission already switches nothing, so of that no skill event tells.
        """
        device = self._device(customer)
        consent, session = device.consent, device.session
        if consent is None or session is None:
            raise NotPossible("nothing was asked; the skill asks with Connections.StartConnection")
        self._customers.ensure_enabled(customer)
        device.consent = None
        if answer.status == "ACCEPTED":
            self._accept(customer, consent.scopes, events)
        if answer.card:
            device.card = consent.scopes
        reply = await self._ask(customer, device, session, consent.request(answer))
        return reply.document() | {"session": _session_document(device.session)}

    def take_card(
        self, customer: Customer, *, accept: bool, events: tuple[str, ...] = EVENT_NAMES
    ) -> None:
        """Accept the permissions card in the Alexa app, or put it away."""
        device = self._device(customer)
        if device.card is None:
            raise NotPossible("there is no permissions card; the skill sends one with a reply")
        self._customers.ensure_enabled(customer)
        scopes, device.card = device.card, None
        if accept:
            self._accept(customer, scopes, events)

    def _accept(self, customer: Customer, scopes: tuple[str, ...], events: tuple[str, ...]) -> None:
        if NOTIFICATIONS_SCOPE in scopes and not customer.granted:
            self._customers.subscribe(customer, events)

    def _device(self, customer: Customer) -> _Device:
        return self._devices.setdefault(customer.user_id, _Device())

    async def _ask(
        self, customer: Customer, device: _Device, session: Session, request: dict[str, Any]
    ) -> Reply:
        sender = self._sender(customer)
        device_id = f"amzn1.ask.device.SIMULATED{customer.number:08}"
        envelope = session_envelope(sender, device_id, session, request, self._clock())
        with _speaking(device):
            try:
                reply = read_reply(await self._call(envelope))
            except (SkillFailed, BadReply):
                device.session = None
                raise
        session.new, session.attributes = False, reply.attributes
        device.card = reply.card_scopes or device.card
        device.consent = reply.consent
        if reply.ends and reply.consent is None:
            device.session = None
        return reply

    async def _call(self, envelope: bytes) -> bytes | None:
        invoke, patience = self._invoke, self._config.voice_deadline_seconds
        if invoke is None:
            raise NoFunction("there is no function to speak to; start with --function NAME")
        try:
            async with asyncio.timeout(patience):
                return await _in_thread(lambda: invoke(envelope))
        except TimeoutError:
            raise SkillTooSlow(f"the skill did not answer within {patience:g} s") from None
        except NotAcknowledged as error:
            raise SkillFailed(f"the skill failed: {error}") from None


@contextmanager
def _speaking(device: _Device) -> Iterator[None]:
    if device.speaking:
        raise NotPossible("this customer is speaking already; wait for the answer")
    device.speaking = True
    try:
        yield
    finally:
        device.speaking = False


def _session_document(session: Session | None) -> dict[str, object] | None:
    if session is None:
        return None
    return {"sessionId": session.session_id, "attributes": session.attributes}


async def _in_thread[T](work: Callable[[], T]) -> T:
    """Work in a thread that nobody has to wait for, so that a server can stop meanwhile."""
    loop = asyncio.get_running_loop()
    done: asyncio.Future[T] = loop.create_future()

    def settle(result: T | None, error: Exception | None) -> None:
        if done.done():
            return
        if error is None:
            done.set_result(result)  # type: ignore[arg-type]  # None is the result of some
        else:
            done.set_exception(error)

    def run() -> None:
        result, error = None, None
        try:
            result = work()
        except Exception as raised:
            error = raised  # for who awaits it
        with suppress(RuntimeError):  # the loop is closed
            loop.call_soon_threadsafe(settle, result, error)

    threading.Thread(target=run, name="conversation", daemon=True).start()
    return await done
