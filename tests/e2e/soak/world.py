"""The customers of the soak: each does one thing after another, and what they did is kept."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from botocore.exceptions import ClientError
from yellowring.alexa.errors import AlexaError
from yellowring_tools.local_stack.web import RequestFailed, call

from tests.e2e.signed import ApiClient
from tests.e2e.soak.model import Change, History, State
from tests.e2e.support import LONG_AGO, crowd

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from yellowring.alexa import Region
    from yellowring_tools.local_stack.stack import LocalStack

WEATHER, ORDERS, MEDIA = EVENTS = (
    "AMAZON.WeatherAlert.Activated",
    "AMAZON.OrderStatus.Updated",
    "AMAZON.MediaContent.Available",
)
GROUP = "soak"
PLANS = ("gold", "silver", "tin")
REGIONS: tuple[Region, ...] = ("na", "eu", "fe")
LOCALES = {"na": ("en-US", "es-US"), "eu": ("en-GB", "de-DE"), "fe": ("en-AU",)}
PAUSE = 6.0
"""Seconds between two acts of one customer: what Alexa tells of one is dated up to three ahead."""
PEOPLE, STEADY = 72, 8
"""Customers who act, and those of each region, plan and event who are subscribed all along."""


@dataclass(slots=True)
class Act:
    """An act as it went, before it is known when the skill was told of it."""

    begun: float
    ended: float
    state: State
    name: str


@dataclass(slots=True)
class Account:
    """One user id, and what its owner did."""

    user_id: str
    region: Region
    acts: list[Act] = field(default_factory=list)

    @property
    def state(self) -> State:
        return self.acts[-1].state if self.acts else State()


class Person:
    """Somebody who acts, under one user id after another; ``subject`` is their own account."""

    def __init__(self, stack: LocalStack, number: int) -> None:
        self.number = number
        self.region = REGIONS[number % len(REGIONS)]
        locales = LOCALES[self.region]
        self.locale = locales[number % len(locales)]
        self.subject = f"soak-{number % (PEOPLE // 2)}"  # a household of two
        self.account = Account(stack.alexa.add_customer(self.region, self.locale), self.region)
        self.earlier: list[Account] = []
        self.free_at = 0.0

    @property
    def state(self) -> State:
        return self.account.state

    @property
    def is_gone(self) -> bool:
        """Whether Alexa keeps nothing of them, so that they come back as somebody else."""
        return self.state.erased and not self.state.enabled and bool(self.account.acts)

    def did(self, name: str, begun: float, state: State) -> None:
        """Keep what was done."""
        now = time.time()
        self.account.acts.append(Act(begun, now, state, name))
        self.free_at = now + PAUSE


class World:
    """Everybody there is, and what reaches them.

    Parameters
    ----------
    stack
        The deployed stack.
    """

    def __init__(self, stack: LocalStack) -> None:
        self.stack = stack
        self.api = ApiClient(stack)
        self.begun = time.time()
        self.people = [Person(stack, number) for number in range(PEOPLE)]
        self.steady: dict[str, Account] = {}
        self.over = threading.Event()
        self.problems: list[str] = []
        for region in REGIONS:
            for event in EVENTS:
                for plan in PLANS:
                    self._settle(region, event, plan)

    def _settle(self, region: Region, event: str, plan: str) -> None:
        """Make some who are subscribed to one event for as long as the soak goes."""
        stack, locale = self.stack, LOCALES[region][0]
        told = {"group": GROUP, "plan": plan, "town": "Ulm"}
        state = State(
            enabled=True,
            granted=True,
            subscribed=frozenset({event}),
            told=frozenset({event}),
            attributes=told,
            known=True,
        )
        others = {key: value for key, value in told.items() if key != "group"}
        many = STEADY if event == WEATHER else 2
        for user_id in crowd(stack, GROUP, many, region, event=event, locale=locale, **others):
            account = Account(user_id, region)
            account.acts.append(Act(LONG_AGO / 1000, LONG_AGO / 1000, state, "was there"))
            self.steady[user_id] = account

    @property
    def accounts(self) -> list[Account]:
        """Every user id that there is or was."""
        acted = [each for one in self.people for each in (*one.earlier, one.account)]
        return [*acted, *self.steady.values()]

    def control(self, person: Person, action: str, **body: object) -> Any:
        """Have a customer do something at Alexa."""
        path = f"customers/{quote(person.account.user_id, safe='')}/{action}"
        return call("POST", f"{self.stack.alexa.url}/_sim/{path}", body)

    def until_it_works[T](self, what: Callable[[], T], tries: int = 40) -> T:
        """Do something again until it works: it fails while workers are killed, and Alexa too."""
        for left in range(tries, 0, -1):
            try:
                return what()
            except (RequestFailed, AlexaError, ClientError, OSError, RuntimeError):
                if left == 1:
                    raise
                time.sleep(0.5)
        raise AssertionError("unreachable")

    def guarded(self, act: Callable[[], None]) -> Callable[[], None]:
        """Have a thread tell what ended it."""

        def run() -> None:
            try:
                act()
            except Exception as error:  # a thread's own error would be lost
                self.problems.append(f"{act.__qualname__}: {type(error).__name__}: {error}")
                self.over.set()

        return run


def histories(world: World) -> Iterator[History]:
    """Return what everybody did, with the time when the skill had taken each act."""
    url = f"{world.stack.alexa.url}/_sim"
    told: dict[str, list[dict[str, Any]]] = {}
    for each in (
        *call("GET", f"{url}/events")["events"],
        *call("GET", f"{url}/messages")["messages"],
    ):
        told.setdefault(each["userId"], []).append(each)
    for account in world.accounts:
        yield History(account.user_id, _changes(account, told.get(account.user_id, [])))


def _changes(account: Account, events: list[dict[str, Any]]) -> list[Change]:
    arrived = [act.ended for act in account.acts]
    for event in events:
        dated = datetime.fromisoformat(event["timestamp"]).timestamp()
        number = sum(act.begun <= dated + 0.01 for act in account.acts) - 1
        taken = [each["afterMs"] for each in event["deliveries"] if each["acknowledged"]]
        if number >= 0 and taken:
            arrived[number] = max(arrived[number], account.acts[number].ended + min(taken) / 1000)
    return [
        Change(act.begun, told, act.state, act.name)
        for act, told in zip(account.acts, arrived, strict=True)
    ]
