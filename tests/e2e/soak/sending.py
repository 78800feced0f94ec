"""What the business sends: campaigns and notifications, by every door, twice and thrice."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from yellowring.sender.run.lifecycle import CannotResume
from yellowring_tools.local_stack.web import call

from tests.e2e.soak.model import Sending
from tests.e2e.soak.world import EVENTS, GROUP, MEDIA, ORDERS, PLANS, WEATHER
from tests.e2e.support import lifecycle_of, runs_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from random import Random

    from yellowring.sender.run.run import Run

    from tests.e2e.soak.world import Person, World

MOST_RUNS = 3
"""Runs under way at a time."""
_SOURCES = {
    "en-US": "the weather desk",
    "en-GB": "the weather desk",
    "en-AU": "the weather desk",
    "de-DE": "der Wetterdienst",
    "es-US": "el servicio del tiempo",
}


def texts(event: str, words: str = "") -> dict[str, Any]:
    """Return an event with its texts; ``words`` stand in for the sender's name in all locales."""
    payloads: dict[str, Any] = {
        WEATHER: {
            "weatherAlert": {"source": "localizedattribute:name", "alertType": "THUNDER_STORM"}
        },
        ORDERS: {
            "state": {"status": "ORDER_SHIPPED"},
            "order": {"seller": {"name": "localizedattribute:name"}},
        },
        MEDIA: {
            "availability": {"startTime": "2030-01-01T18:00:00Z", "method": "STREAM"},
            "content": {"name": "localizedattribute:name", "contentType": "EPISODE"},
        },
    }
    return {
        "event": {"name": event, "payload": payloads[event]},
        "localizedAttributes": [
            {"locale": locale, "name": words or name} for locale, name in _SOURCES.items()
        ],
    }


@dataclass(slots=True)
class Notification:
    """A notification that the API took: what the model knows of it, and its address."""

    path: str
    reference_id: str


@dataclass(slots=True)
class Sent:
    """All that was sent, by reference id; runs and those that the API tells of by name."""

    sendings: dict[str, Sending] = field(default_factory=dict)
    runs: list[str] = field(default_factory=list)
    cancelled: list[str] = field(default_factory=list)
    notifications: list[Notification] = field(default_factory=list)
    repeats: int = 0


class Business:
    """Sends until the soak is over.

    Parameters
    ----------
    world, random
        To whom, and what chooses.
    pause
        Seconds between two sendings, on average.
    """

    def __init__(self, world: World, random: Random, pause: float) -> None:
        self._world = world
        self._random = random
        self._pause = pause
        self._number = 0
        self.sent = Sent()

    def act_on(self) -> None:
        """Send, one thing after another, until the soak is over."""
        while not self._world.over.wait(self._random.uniform(0, 2 * self._pause)):
            self._act()

    def _act(self) -> None:
        if self._random.random() < 1 / 6:
            self.resume()
        running = [each for each in self.sent.runs if self._run(each).status == "running"]
        if running and self._random.random() < 1 / 8:
            self._cancel(self._random.choice(running))
        elif len(running) < MOST_RUNS and self._random.random() < 1 / 3:
            self._random.choice([self._to_all, self._to_some, self._to_users, self._to_customers])()
        else:
            self._notify()

    def _run(self, run_id: str) -> Run:
        return runs_of(self._world.stack).load(run_id)

    def _name(self, kind: str) -> str:
        self._number += 1
        return f"{kind}~{int(self._world.begun)}~{self._number}"

    def _event(self) -> str:
        return self._random.choices(EVENTS, (4, 1, 1))[0]

    def _keep(self, reference_id: str, event: str, kind: Any, **more: Any) -> None:
        now = time.time()
        self.sent.sendings[reference_id] = Sending(reference_id, event, kind, now, now, **more)

    # ---- campaigns ----

    def _to_all(self) -> None:
        """Everybody who is subscribed, a stranger to the soak too."""
        self._start(self._event(), "subscribers", {})

    def _to_some(self) -> None:
        """Those whom the business has described, at times each with their own town."""
        event = self._event()
        plans = frozenset(self._random.sample(PLANS, self._random.randint(1, 2)))
        where = {"group": frozenset({GROUP}), "plan": plans}
        asked = {"attributes.group": GROUP, "attributes.plan": sorted(plans)}
        if self._random.random() < 1 / 3:
            words = texts(event, "the {town} desk")
            self._start(event, "subscribers", {"where": asked, **words}, where=where, needs="town")
        else:
            self._start(event, "subscribers", {"where": asked}, where=where)

    def _to_users(self) -> None:
        event = self._event()
        able = [key for key, each in self._world.steady.items() if event in each.state.told]
        steady = self._random.sample(sorted(able), min(len(able), 18))
        people = [each.account.user_id for each in self._random.sample(self._world.people, 12)]
        ids = [*steady, *people]
        self._random.shuffle(ids)
        audience = {"audience": {"type": "users", "userIds": ids}}
        self._start(event, "users", audience, ids=frozenset(ids))

    def _to_customers(self) -> None:
        subjects = sorted({each.subject for each in self._world.people})
        ids = [*self._random.sample(subjects, 10), "soak-stranger"]
        audience = {"audience": {"type": "customers", "customerIds": ids}}
        self._start(self._event(), "customers", audience, ids=frozenset(ids))

    def _start(self, event: str, kind: str, parts: Mapping[str, object], **model: Any) -> None:
        """Start a run once or up to three times, by the function or the API."""
        run_id = self._name("run")
        campaign = {"name": "soak", **texts(event), **parts}
        self._keep(run_id, event, kind, **model)
        times = self._random.randint(1, 3)
        self.sent.repeats += times - 1
        for _ in range(times):
            if kind == "subscribers" and self._random.random() < 1 / 2:
                self._until_it_works(
                    lambda: self._world.stack.send({"campaign": campaign, "runId": run_id})
                )
            else:
                self._post("/v1/runs", {"campaign": campaign, "runId": run_id})
        self.sent.runs.append(run_id)

    def _cancel(self, run_id: str) -> None:
        if self._until_it_works(lambda: lifecycle_of(self._world.stack).cancel(run_id)):
            self.sent.cancelled.append(run_id)

    def resume(self) -> None:
        """Resume what was cancelled and has come to its end."""
        for run_id in [*self.sent.cancelled]:
            run = self._run(run_id)
            if run.status == "running":
                continue
            self.sent.cancelled.remove(run_id)
            if run.resumable:
                try:
                    self._until_it_works(
                        lambda each=run_id: lifecycle_of(self._world.stack).resume(each)  # type: ignore[misc]
                    )
                except CannotResume:
                    continue

    # ---- notifications ----

    def _notify(self) -> None:
        person = self._random.choice(self._world.people)
        door = self._random.choice([self._by_api, self._by_api, self._by_queue, self._by_bus])
        door(person)

    def _to(self, person: Person) -> tuple[dict[str, str], str, frozenset[str]]:
        if self._random.random() < 1 / 2:
            return {"customerId": person.subject}, "customers", frozenset({person.subject})
        user_id = person.account.user_id
        return {"userId": user_id}, "account", frozenset({user_id})

    def _by_api(self, person: Person) -> None:
        (to, kind, ids), event = self._to(person), self._event()
        key, begun = self._name("key"), time.time()
        times = self._random.randint(1, 3)
        self.sent.repeats += times - 1
        answers = {
            self._post("/v1/notifications", {"to": to, **texts(event)}, key) for _ in range(times)
        }
        if len(answers) != 1:
            self._world.problems.append(f"{key} was answered in {len(answers)} ways")
        reference_id = json.loads(answers.pop())["id"]
        self._keep(reference_id, event, kind, ids=ids)
        kept = self.sent.sendings[reference_id]
        self.sent.sendings[reference_id] = replace(kept, begun=begun)
        path = f"/v1/notifications/{reference_id}"
        self.sent.notifications.append(Notification(path, reference_id))

    def _by_queue(self, person: Person) -> None:
        """Put it on the queue up to three times, as other systems of the business would."""
        (to, kind, ids), event = self._to(person), self._event()
        reference_id = self._name("queue")
        self._keep(reference_id, event, kind, ids=ids)
        body = json.dumps({**texts(event), "to": to, "referenceId": reference_id})
        stack, times = self._world.stack, self._random.randint(1, 3)
        self.sent.repeats += times - 1
        for _ in range(times):
            stack.aws.sqs.send_message(
                QueueUrl=stack.outputs.NotificationsQueueUrl, MessageBody=body
            )

    def _by_bus(self, person: Person) -> None:
        (to, kind, ids), event = self._to(person), self._event()
        reference_id = self._name("bus")
        self._keep(reference_id, event, kind, ids=ids)
        stack = self._world.stack
        entry: Any = {
            "EventBusName": stack.outputs.EventBusName,
            "Source": "shop",
            "DetailType": "Notification Requested",
            "Detail": json.dumps({**texts(event), "to": to, "referenceId": reference_id}),
        }
        stack.aws.events.put_events(Entries=[entry] * self._random.randint(1, 2))

    def close(self) -> None:
        """Notify somebody in each region, so that what was refused there is believed."""
        shown: set[str] = set()
        for user_id, account in self._world.steady.items():
            if account.region not in shown and WEATHER in account.state.told:
                shown.add(account.region)
                reference_id = self._name("close")
                self._keep(reference_id, WEATHER, "account", ids=frozenset({user_id}))
                body = {**texts(WEATHER), "to": {"userId": user_id}, "referenceId": reference_id}
                self._world.stack.aws.sqs.send_message(
                    QueueUrl=self._world.stack.outputs.NotificationsQueueUrl,
                    MessageBody=json.dumps(body),
                )

    # ---- doors ----

    def _post(self, path: str, body: object, key: str = "") -> str:
        def post() -> str:
            answer = self._world.api.call("POST", path, body, key)
            if answer.status != 202:
                raise RuntimeError(f"{path} answered {answer.status}: {answer.text}")
            return answer.text

        return self._until_it_works(post)

    def _until_it_works[T](self, what: Callable[[], T]) -> T:
        return self._world.until_it_works(what)


def notifications_of(world: World) -> list[dict[str, Any]]:
    """Return all that Alexa took, of strangers to the soak too."""
    found: list[dict[str, Any]] = call("GET", f"{world.stack.alexa.url}/_sim/notifications")
    return found
