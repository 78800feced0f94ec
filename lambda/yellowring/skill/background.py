"""What a voice request tells of its customer, stored beside the answer.

It is stored in a thread, so that the answer need not wait for it, or for a moment at most. Lambda
stops a thread that is late, with the whole process, and has it go on with the next request. It then
does no harm: what it stores has the time of its own request, and the join leaves whatever is newer.
"""

from __future__ import annotations

import hashlib
import math
import secrets
import threading
import time
from collections import OrderedDict
from contextlib import contextmanager
from copy import deepcopy
from dataclasses import dataclass
from typing import TYPE_CHECKING

from yellowring.observability import count, logger
from yellowring.skill.account_linking import LinkingUnavailable
from yellowring.skill.skill_events import NOBODY
from yellowring.skill.voice_request import member, string
from yellowring.subscribers import RegisterChange, customer_id_of, is_customer_id

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from yellowring.skill.account_linking import AccountLinking
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
PAUSE = 30.0
"""Seconds for which nobody is asked who an account belongs to when there was no answer."""
_KEY = secrets.token_bytes(32)
"""Of all hashes here, so that none says anything outside of this process."""


class Background:
    """Stores what requests tell of customers who speak to a skill.

    Parameters
    ----------
    subscribers
        Where it is stored.
    stored
        Remembers what was stored of whom.
    place
        Whether to store their locale and Alexa's host for them.
    customer_id
        Returns the business' own id of who made a request, ``None`` when it does not know.
    linking
        Tells whose account is linked, where ``customer_id`` does not know.
    clock
        Seconds of the day, which go on while Lambda has the process stand still.
    """

    def __init__(
        self,
        subscribers: Subscribers,
        stored: Memory,
        *,
        place: bool = True,
        customer_id: CustomerId | None = None,
        linking: AccountLinking | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._subscribers = subscribers
        self._place = place
        self._customer_id = customer_id
        self._linking = linking
        self._clock = clock
        self._stored = stored
        self._asked = Memory(math.inf, clock)
        self._refused = Memory(MEMORY, clock)
        self._linked_from = -math.inf

    @contextmanager
    def beside(self, envelope: Mapping[str, object], request: VoiceRequest) -> Iterator[None]:
        """Store what a request tells while it is answered; raises nothing of its own."""
        storing = None
        try:
            storing = self.begin(envelope, request)
        except Exception as error:
            _not_stored(error)
        try:
            yield
        finally:
            if storing is not None:
                storing.wait()

    def begin(self, envelope: Mapping[str, object], request: VoiceRequest) -> Storing | None:
        """Begin to store what a request tells; ``None`` when that is known or is nothing."""
        if not request.in_session or request.kind == "CanFulfillIntentRequest":
            return None  # who is asked about speaks to Alexa, and not to this skill
        if request.user_id is None or not request.at:
            return None
        told = self._told(envelope, request)
        if not (self._place or told.token or self._customer_id):
            return None
        if self._customer_id is None and self._stored.holds(told.user_id, told.digest()):
            return None
        # The skill's own code may change the envelope as soon as it has it.
        seen = envelope if self._customer_id is None else deepcopy(envelope)
        return Storing(lambda: self._store(told, seen))

    def _told(self, envelope: Mapping[str, object], request: VoiceRequest) -> _Told:
        token = ""
        if self._linking is not None:
            system = member(member(envelope, "context"), "System")
            user = member(system, "user") or member(member(envelope, "session"), "user")
            token = string(user.get("accessToken"))
        place = {"locale": request.locale, "host": request.host} if self._place else {}
        return _Told(request.user_id or "", request.at or 0, request.request_id, place, token)

    def _store(self, told: _Told, envelope: Mapping[str, object]) -> None:
        own_id = self._own_id(envelope)
        if own_id is None and self._stored.holds(told.user_id, told.digest()):
            return
        record = self._subscribers.get(told.user_id)
        known = _counting_id(record)
        news = {
            name: value
            for name, value in told.place.items()
            if value is not None and value != _held(record, name)
        }
        if own_id is not None and own_id != known:
            news["customer"] = own_id
        changes = [told.change(name, value) for name, value in news.items()]
        asks = own_id is None and self._asks(told, record)
        if asks and known is None and _held(record, "account") is not True:
            changes.append(told.change("account", value=True))
        if changes:
            self._subscribers.apply(told.user_id, *changes)
        answered = not asks or self._identify(told, record)
        if own_id is None and answered:  # what their own code says may change at any time
            self._stored.put(told.user_id, told.digest())

    def _own_id(self, envelope: Mapping[str, object]) -> str | None:
        """Return what the skill's own code says is the customer's id."""
        if self._customer_id is None:
            return None
        try:
            found: object = self._customer_id(envelope)
        except Exception as error:
            _no_id(type(error).__name__, "customer_id raised")
            return None
        found = str(found) if type(found) is int else found
        if found is None or is_customer_id(found):
            return found
        _no_id("InvalidCustomerId", "customer_id returned what cannot be an id")
        return None

    def _asks(self, told: _Told, record: Record | None) -> bool:
        """Check whether an access token may tell another id than the one that is known.

        Nobody says when an account was linked but its event, which may be late or go elsewhere: so
        each token is asked about that this process has not seen of the customer.
        """
        token = _digest(told.token)
        if not told.token or self._refused.holds(told.user_id, token):
            return False
        if _counting_id(record) is None or _linked_since(record):
            return True
        return not self._asked.holds(told.user_id, token)

    def _identify(self, told: _Told, record: Record | None) -> bool:
        """Ask whose account is linked, and store their id; return whether there was an answer."""
        if self._linking is None or self._clock() < self._linked_from:
            return False
        try:
            found = self._linking.customer_id(told.token)
        except LinkingUnavailable as unavailable:
            if not unavailable.frozen:
                self._linked_from = self._clock() + PAUSE
            raise
        known, since = _counting_id(record), _linked_since(record)
        if found is None:
            self._refused.put(told.user_id, _digest(told.token))
            if known is not None and since:
                cleared = RegisterChange("customer", told.at, NOBODY)
                self._subscribers.apply(told.user_id, cleared)
            return True
        if found != known or since:
            self._subscribers.apply(told.user_id, told.change("customer", found))
        self._asked.put(told.user_id, _digest(told.token))
        return True


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


@dataclass(frozen=True, slots=True)
class _Told:
    """What a request tells: whose it is, since when (ms), where they are, and their token."""

    user_id: str
    at: int
    by: str
    place: Mapping[str, str | None]
    token: str

    def change(self, register: str, value: str | bool) -> RegisterChange:
        return RegisterChange(register, self.at, self.by, value)

    def digest(self) -> str:
        return _digest(*self.place.values(), self.token)


class Memory:
    """Remembers for some seconds what was told of the customers that were heard last, by hashes."""

    def __init__(self, seconds: float = MEMORY, clock: Callable[[], float] = time.time) -> None:
        self._seconds = seconds
        self._clock = clock
        self._lock = threading.Lock()
        self._held: OrderedDict[str, tuple[str, float]] = OrderedDict()

    def holds(self, user_id: str, told: str) -> bool:
        """Check whether this is what was told last."""
        with self._lock:
            held, since = self._held.get(_digest(user_id), ("", 0.0))
            return held == told and abs(self._clock() - since) < self._seconds

    def put(self, user_id: str, told: str) -> None:
        """Remember what was told."""
        customer = _digest(user_id)
        with self._lock:
            self._held[customer] = (told, self._clock())
            self._held.move_to_end(customer)
            if len(self._held) > REMEMBERED:
                self._held.popitem(last=False)

    def drop(self, user_id: str) -> None:
        """Have everything looked at again when a customer speaks next."""
        with self._lock:
            self._held.pop(_digest(user_id), None)


def _guarded(store: Callable[[], None]) -> None:
    try:
        store()
    except Exception as error:
        _not_stored(error)


def _not_stored(error: Exception) -> None:
    name = type(error).__name__
    logger.warning("what a voice request tells is not stored", extra={"error": name})
    count("BackgroundFailures", error=name, part="store")


def _no_id(error: str, problem: str) -> None:
    logger.warning("the customer has no id yet", extra={"error": error, "problem": problem})
    count("BackgroundFailures", error=error, part="customer_id")


def _held(record: Record | None, register: str) -> object:
    entry = record.registers.get(register) if record else None
    return entry.value if entry else None


def _counting_id(record: Record | None) -> str | None:
    return customer_id_of(record) if record else None


def _linked_since(record: Record | None) -> bool:
    """Check whether an account was linked after the id was told."""
    return record is not None and record.time("account") > record.time("customer")


def _digest(*told: str | None) -> str:
    encoded = repr(told).encode(errors="surrogatepass")
    return hashlib.blake2s(encoded, key=_KEY, digest_size=12).hexdigest()
