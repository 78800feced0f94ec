"""What customers do, and what their business does about them: at random, one after another."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from yellowring.alexa.sync import OutOfSession
from yellowring.skill.speech import speech as replies_of
from yellowring_tools.local_stack.web import call

from tests.e2e.soak.model import State
from tests.e2e.soak.world import EVENTS, GROUP, PAUSE, PLANS, Account

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from random import Random

    from tests.e2e.soak.world import Person, World

TOWNS = ("Ulm", "Oslo", None)
WEIGHTS = {
    "subscribe": 6,
    "unsubscribe": 4,
    "disable": 3,
    "revoke": 1,
    "grant": 1,
    "link": 3,
    "unlink": 1,
    "describe": 4,
    "name": 1,
    "patch": 1,
    "speak": 2,
    "ask": 1,
    "refresh": 1,
    "forget": 1,
    "erase": 0.3,
}
"""How often what is done by who has the skill; the others enable it."""


class Customers:
    """Some people who act until the soak is over.

    Parameters
    ----------
    world, people, random
        Who acts where, and what chooses.
    pause
        Seconds between two acts of any of them, on average.
    """

    def __init__(
        self, world: World, people: Sequence[Person], random: Random, pause: float
    ) -> None:
        self._world = world
        self._people = people
        self._random = random
        self._pause = pause
        self.done = 0

    def act_on(self) -> None:
        """Act, one at a time, until the soak is over."""
        while not self._world.over.wait(self._random.uniform(0, 2 * self._pause)):
            free = [each for each in self._people if each.free_at <= time.time()]
            if free:
                self.act(self._random.choice(free))

    def act(self, person: Person) -> None:
        """Have somebody do something that they can do now."""
        begun, state = time.time(), person.state
        if not state.enabled:
            name, then = "enable", self._enable(person)
        else:
            [name] = self._random.choices([*WEIGHTS], [*WEIGHTS.values()])
            doing: dict[str, Callable[[Person], State | None]] = {
                "subscribe": self._subscribe,
                "unsubscribe": self._unsubscribe,
                "disable": self._disable,
                "revoke": self._revoke,
                "grant": self._grant,
                "link": self._link,
                "unlink": self._unlink,
                "describe": self._describe,
                "name": self._name,
                "patch": self._patch,
                "speak": self._speak,
                "ask": self._ask,
                "refresh": self._refresh,
                "forget": self._forget,
                "erase": self._erase,
            }
            found = doing[name](person)
            if found is None:
                return
            then = found
        person.did(name, begun, then)
        self.done += 1

    def begin_all(self) -> None:
        """Have everybody begin."""
        for person in self._people:
            self.begin(person)

    def begin(self, person: Person) -> None:
        """Have somebody enable the skill, be subscribed, and be known to the business."""
        begun = time.time()
        state = self._subscribe(person)
        told = {"group": GROUP, "plan": self._random.choice(PLANS)}
        self._message(person, "attributes", set=told)
        person.did("begin", begun, state.describe(told))

    # ---- in the Alexa app ----

    def _enable(self, person: Person) -> State:
        shown = self._world.control(person, "enable")
        state = person.state.enable()
        if shown["userId"] != person.account.user_id:
            person.earlier.append(person.account)
            person.account = Account(shown["userId"], person.region)
            state = State().enable()
        return state

    def _disable(self, person: Person) -> State:
        is_kept = self._random.random() < 2 / 3
        self._world.control(
            person, "disable", persistence="PERSISTED" if is_kept else "NOT_PERSISTED"
        )
        return person.state.disable(is_kept=is_kept)

    def _some_events(self) -> list[str]:
        return self._random.sample(EVENTS, self._random.randint(1, len(EVENTS)))

    def _subscribe(self, person: Person) -> State:
        events = self._some_events()
        self._world.control(person, "subscribe", events=events)
        return person.state.subscribe(events)

    def _unsubscribe(self, person: Person) -> State:
        events = self._some_events()
        self._world.control(person, "unsubscribe", events=events)
        return person.state.unsubscribe(events)

    def _grant(self, person: Person) -> State:
        self._world.control(person, "grant")
        return person.state.grant()

    def _revoke(self, person: Person) -> State:
        self._world.control(person, "revoke")
        return person.state.revoke()

    def _link(self, person: Person) -> State:
        self._world.control(person, "link", subject=person.subject)
        return person.state.link(person.subject)

    def _unlink(self, person: Person) -> State | None:
        if person.state.subject is None:
            return None
        self._world.control(person, "unlink")
        return person.state.unlink()

    # ---- by voice ----

    def _say(self, person: Person, intent: str) -> Any:
        return self._world.until_it_works(
            lambda: self._world.control(person, "say", intent=intent, locale=person.locale)
        )

    def _speak(self, person: Person) -> State:
        self._say(person, "LaunchRequest")
        return person.state.speak()

    def _ask(self, person: Person) -> State:
        self._say(person, "SubscriptionStatusIntent")
        return person.state.speak()

    def _forget(self, person: Person) -> State:
        if self._random.random() < 1 / 2:
            self._message(person, "forget")
            return person.state.forget()

        def say() -> None:
            """Ask for it and confirm it: an answer that is an apology was no erasure."""
            control, locale = self._world.control, person.locale
            control(person, "say", intent="ForgetMeIntent", locale=locale)
            said = control(person, "say", intent="AMAZON.YesIntent", locale=locale)
            if not said["shouldEndSession"] or not self._is_done(person, said["speech"]):
                raise RuntimeError("nothing was erased")

        self._world.until_it_works(say)
        return person.state.forget()

    @staticmethod
    def _is_done(person: Person, speech: str) -> bool:
        return speech == replies_of(person.locale)["forget_done"]

    # ---- by the business ----

    def _describe(self, person: Person) -> State:
        told = {"group": GROUP, "plan": self._random.choice(PLANS)}
        town = self._random.choice(TOWNS)
        if town:
            self._message(person, "attributes", set={**told, "town": town})
        else:
            self._message(person, "attributes", set=told, remove=["town"])
        return person.state.describe({**told, "town": town})

    def _name(self, person: Person) -> State:
        customer_id = self._random.choice((person.subject, None))
        self._message(person, "customer", id=customer_id)
        return person.state.name(customer_id)

    def _refresh(self, person: Person) -> State:
        self._message(person, "refresh")
        return person.state.refresh()

    def _linked_for_sure(self, person: Person) -> list[Person] | None:
        """Return who is linked to the person's id, if that cannot be doubted now."""
        all_of_them = [each for each in self._people if each.subject == person.subject]
        settled = time.time() - 4 * PAUSE
        quiet = all(each.account.acts[-1].ended < settled for each in all_of_them)
        sure = all(len(each.state.linked) == 1 for each in all_of_them)
        linked = [each for each in all_of_them if person.subject in each.state.linked]
        return linked if quiet and sure and person in linked else None

    def _patch(self, person: Person) -> State | None:
        """Set an attribute of all accounts of a household through the API."""
        linked = self._linked_for_sure(person)
        if not linked:
            return None
        begun, told = time.time(), {"plan": self._random.choice(PLANS)}
        body = {"set": told}
        path = f"/v1/customers/{person.subject}"

        def change() -> None:
            """Change all of them: what was told of a link may still be on its way."""
            answer = self._call("PATCH", path, body)
            if answer.status != 200 or len(answer.body["accounts"]) != len(linked):
                raise RuntimeError(f"not all {len(linked)} accounts were changed: {answer.text}")

        self._world.until_it_works(change)
        for each in linked:
            if each is not person:
                each.did("patch", begun, each.state.describe(told))
        return person.state.describe(told)

    def _erase(self, person: Person) -> State | None:
        """Erase all accounts of a household through the API."""
        linked = self._linked_for_sure(person)
        if not linked:
            return None
        begun = time.time()
        self._world.until_it_works(lambda: self._call("DELETE", f"/v1/customers/{person.subject}"))
        for each in linked:
            if each is not person:
                each.did("erase", begun, each.state.forget())
        return person.state.forget()

    def _call(self, method: str, path: str, body: object = None) -> Any:
        answer = self._world.api.call(method, path, body)
        if answer.status >= 429:
            raise RuntimeError(f"{method} was answered with {answer.status}: {answer.text}")
        return answer

    def _message(self, person: Person, command: str, **members: object) -> None:
        """Have the business send the skill a message, until Alexa has taken it."""
        taken = self._messages_of(person)
        data = {"version": 1, "command": command, **members}

        def send() -> None:
            if self._messages_of(person) > taken:  # the answer got lost
                return
            stack = self._world.stack
            with OutOfSession(
                stack.skill.client_id,
                stack.skill.client_secret,
                alexa_base_url=stack.alexa.url + "/{region}",
                lwa_base_url=stack.alexa.url,
            ) as alexa:
                alexa.send_message(person.account.user_id, data, region=person.region)

        self._world.until_it_works(send, 120)

    def _messages_of(self, person: Person) -> int:
        url = f"{self._world.stack.alexa.url}/_sim/messages?userId={person.account.user_id}"
        return len(call("GET", url)["messages"])
