"""What a voice request tells of its customer, stored beside the answer.

It is stored in a thread, so that the answer need not wait for it, or for a moment at most. Lambda
stops a thread that is late, with the whole process, and has it go on with the next request. It then
does no harm: what it stores has the time of its own request, and the join leaves whatever is newer.
"""

from __future__ import annotations

import hashlib
import threading
import time
from collections import OrderedDict
from copy import deepcopy
from typing import TYPE_CHECKING

from yellowring.observability import count, hash_user_id, logger
from yellowring.subscribers import RegisterChange

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from yellowring.skill.voice_request import VoiceRequest
    from yellowring.subscribers import Record, Subscribers

type CustomerId = Callable[[Mapping[str, object]], str | None]

AFTER_ANSWER = 0.5
"""Seconds that a skill's answer waits at most when it is there."""
LONGEST = 2.0
"""Seconds from the request on after which nothing is waited for."""
REMEMBERED = 1000
"""Customers of whom is known what is stored."""
MEMORY = 600.0
"""Seconds after which it is looked at again: other functions store as well."""


class Background:
    """Stores the locale, the host and the business' own id of customers who speak to a skill.

    Parameters
    ----------
    subscribers, skill_id
        Where they are stored, and whose customers they are.
    customer_id
        Returns the business' id of who made a request, ``None`` when it does not know.
    clock
        Seconds of the day, which go on while Lambda has the process stand still.
    """

    def __init__(
        self,
        subscribers: Subscribers,
        skill_id: str,
        *,
        customer_id: CustomerId | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._subscribers = subscribers
        self._skill_id = skill_id
        self._customer_id = customer_id
        self._stored = _Memory(clock)

    def begin(self, envelope: Mapping[str, object], request: VoiceRequest) -> Storing | None:
        """Begin to store what a request tells; ``None`` when that is known or is nothing."""
        if request.user_id is None or not request.at:
            return None
        customer = hash_user_id(request.user_id, self._skill_id)
        told = _digest(request.locale, request.host, None)
        if self._customer_id is None and self._stored.holds(customer, told):
            return None
        # The skill's own code may change the envelope as soon as it has it.
        seen = envelope if self._customer_id is None else deepcopy(envelope)

        def store() -> None:
            self._store(seen, request, customer)

        return Storing(store)

    def forget(self, user_id: str) -> None:
        """Have everything looked at again when a customer speaks next."""
        self._stored.drop(hash_user_id(user_id, self._skill_id))

    def _store(self, envelope: Mapping[str, object], request: VoiceRequest, customer: str) -> None:
        own_id = self._own_id(envelope)
        told = _digest(request.locale, request.host, own_id)
        if self._stored.holds(customer, told):
            return
        user_id = request.user_id or ""
        record = self._subscribers.get(user_id)
        values = {"locale": request.locale, "host": request.host, "customer": own_id}
        changes = tuple(
            RegisterChange(name, request.at or 0, request.request_id, value)
            for name, value in values.items()
            if value is not None and value != _held(record, name)
        )
        if changes:
            self._subscribers.apply(user_id, *changes)
        self._stored.put(customer, told)

    def _own_id(self, envelope: Mapping[str, object]) -> str | None:
        if self._customer_id is None:
            return None
        try:
            return self._customer_id(envelope)
        except Exception as error:
            name = type(error).__name__
            logger.warning("customer_id raised; its customer has no id yet", extra={"error": name})
            count("BackgroundFailures", error=name, part="customer_id")
            return None


class Storing:
    """Something being stored in a thread."""

    def __init__(self, store: Callable[[], None]) -> None:
        self._until = time.monotonic() + LONGEST
        self._thread = threading.Thread(target=_guarded, args=(store,), daemon=True)
        self._thread.start()

    def wait(self) -> None:
        """Wait for it, `AFTER_ANSWER` at most, and not beyond `LONGEST` from its beginning."""
        self._thread.join(max(0.0, min(AFTER_ANSWER, self._until - time.monotonic())))
        if self._thread.is_alive():
            logger.warning("what a voice request tells is stored late")
            count("BackgroundFailures", error="Late", part="store")


class _Memory:
    """Remembers for a while what is stored of the customers that were heard last."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._held: OrderedDict[str, tuple[str, float]] = OrderedDict()

    def holds(self, customer: str, told: str) -> bool:
        with self._lock:
            held, since = self._held.get(customer, ("", 0.0))
            return held == told and abs(self._clock() - since) < MEMORY

    def put(self, customer: str, told: str) -> None:
        with self._lock:
            self._held[customer] = (told, self._clock())
            self._held.move_to_end(customer)
            if len(self._held) > REMEMBERED:
                self._held.popitem(last=False)

    def drop(self, customer: str) -> None:
        with self._lock:
            self._held.pop(customer, None)


def _guarded(store: Callable[[], None]) -> None:
    try:
        store()
    except Exception as error:
        name = type(error).__name__
        logger.warning("what a voice request tells is not stored", extra={"error": name})
        count("BackgroundFailures", error=name, part="store")


def _held(record: Record | None, register: str) -> object:
    entry = record.registers.get(register) if record else None
    return entry.value if entry else None


def _digest(*told: str | None) -> str:
    return hashlib.blake2s(repr(told).encode(), digest_size=12).hexdigest()
