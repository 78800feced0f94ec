"""The customers of the demonstration: what each does, and whether their ring should turn yellow."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from yellowring_tools.local_stack.alexa import Alexa

WEATHER = "AMAZON.WeatherAlert.Activated"
ORDERS = "AMAZON.OrderStatus.Updated"

CAMPAIGN: Mapping[str, object] = {
    "name": "storm-warning",
    "event": {
        "name": WEATHER,
        "payload": {
            "weatherAlert": {"source": "localizedattribute:source", "alertType": "THUNDER_STORM"}
        },
    },
    "localizedAttributes": [
        {"locale": "en-US", "source": "the Yellow Ring weather desk"},
        {"locale": "en-GB", "source": "the Yellow Ring weather desk"},
        {"locale": "de-DE", "source": "der Yellow-Ring-Wetterdienst"},
        {"locale": "es-US", "source": "el servicio del tiempo de Yellow Ring"},
    ],
    "expiresIn": "PT1H",
    "audience": {"type": "subscribers"},
}

CHAOS: Mapping[str, object] = {
    "seed": 20,
    "events": {"copies": 2, "shuffle": True, "hold": True, "timestamps": "mixed"},
}
"""Every skill event twice, all of them in a random order, timestamps spelled in every way."""

COPIES = 2
APART = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Act:
    """One thing that a customer does, as the simulator's controls name it."""

    action: str
    options: Mapping[str, object] = field(default_factory=dict)

    def __str__(self) -> str:
        told = self.options.get("events") or self.options.get("persistence") or ()
        words = [told] if isinstance(told, str) else told
        details = ", ".join(_SPOKEN.get(str(word), str(word)) for word in words)  # type: ignore[attr-defined]
        return f"{self.action} ({details})" if details else self.action


_SPOKEN = {
    WEATHER: "weather",
    ORDERS: "orders",
    "PERSISTED": "data kept",
    "NOT_PERSISTED": "data erased",
}


def _subscribe(*events: str) -> Act:
    return Act("subscribe", {"events": events})


ENABLE = Act("enable")
GRANT = Act("grant")
REVOKE = Act("revoke")
UNSUBSCRIBE = Act("unsubscribe", {"events": (WEATHER,)})
LEAVE = Act("disable", {"persistence": "NOT_PERSISTED"})
PAUSE = Act("disable", {"persistence": "PERSISTED"})


@dataclass(frozen=True, slots=True)
class Person:
    """A customer of the story."""

    name: str
    region: str
    locale: str
    acts: Sequence[Act]
    rings: bool


PEOPLE = (
    Person("Ada", "na", "en-US", (ENABLE, GRANT, _subscribe(WEATHER)), rings=True),
    Person("Ben", "na", "en-US", (ENABLE, _subscribe(WEATHER), UNSUBSCRIBE), rings=False),
    Person("Carmen", "na", "es-US", (ENABLE, GRANT, _subscribe(WEATHER, ORDERS)), rings=True),
    Person("Dov", "na", "en-US", (ENABLE, _subscribe(WEATHER), LEAVE), rings=False),
    Person(
        "Edith",
        "na",
        "en-US",
        (ENABLE, _subscribe(WEATHER), PAUSE, ENABLE, _subscribe(WEATHER)),
        rings=True,
    ),
    Person("Farid", "na", "en-US", (ENABLE, _subscribe(WEATHER), PAUSE, ENABLE), rings=False),
    Person("Greta", "eu", "de-DE", (ENABLE, GRANT, _subscribe(WEATHER)), rings=True),
    Person("Hugo", "eu", "en-GB", (ENABLE, GRANT), rings=False),
    Person("Ines", "eu", "de-DE", (ENABLE, _subscribe(ORDERS)), rings=False),
    Person("Jonas", "eu", "de-DE", (ENABLE, _subscribe(WEATHER), REVOKE), rings=False),
    Person(
        "Kim",
        "eu",
        "en-GB",
        (ENABLE, _subscribe(WEATHER), LEAVE, ENABLE, _subscribe(WEATHER)),
        rings=True,
    ),
    Person(
        "Lea",
        "eu",
        "de-DE",
        (ENABLE, _subscribe(WEATHER), UNSUBSCRIBE, _subscribe(WEATHER)),
        rings=True,
    ),
)


def event_name(campaign: Mapping[str, object]) -> str:
    """Return the name of the event that a campaign sends."""
    event: Mapping[str, object] = campaign["event"]  # type: ignore[assignment]
    return str(event["name"])


def people_for(event_name: str) -> tuple[Person, ...]:
    """Return the same people, for whom another event is what the weather is for them."""
    exchanged = {WEATHER: event_name, event_name: WEATHER}

    def adapted(act: Act) -> Act:
        if "events" not in act.options:
            return act
        events: Iterable[str] = act.options["events"]  # type: ignore[assignment]
        return replace(act, options={"events": tuple(exchanged.get(each, each) for each in events)})

    return tuple(replace(each, acts=tuple(map(adapted, each.acts))) for each in PEOPLE)


@dataclass(slots=True)
class Played:
    """A person, and every user id they had: the last is theirs, the others are gone."""

    person: Person
    user_ids: list[str]

    @property
    def user_id(self) -> str:
        """The user id in force."""
        return self.user_ids[-1]


def play(alexa: Alexa, people: Iterable[Person], end: datetime | None = None) -> list[Played]:
    """Let every person act, one act a minute, so that the last ones end at ``end`` (default now).

    Alexa dates each skill event by its act, whenever it delivers it.
    """
    end = end or datetime.now(UTC).replace(microsecond=0)
    return [_play(alexa, person, end) for person in people]


def _play(alexa: Alexa, person: Person, end: datetime) -> Played:
    played = Played(person, [alexa.add_customer(person.region, person.locale)])
    for before_end, act in zip(reversed(range(len(person.acts))), person.acts, strict=True):
        at = (end - before_end * APART).isoformat()
        user_id = alexa.act(played.user_id, act.action, {**act.options, "at": at})
        if user_id != played.user_id:
            played.user_ids.append(user_id)
    return played
