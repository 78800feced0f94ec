"""What a game is about: drawn from whole ranges by a seed, or written out by a story."""

from __future__ import annotations

from dataclasses import dataclass, field
from random import Random
from typing import Literal

from yellowring import queue_message

from tests.unit.sender.game.alexa import Weather

type Content = Literal["same", "placeholder", "source", "pages"]
type AudienceType = Literal["subscribers", "users", "customers", "multicast"]
type Change = Literal["leave", "return", "join", "delete", "unlink", "relink"]

EVER = float("inf")
LIVES = (5, 6, 7, 8, 10, 12, 15, 20, 30, 60)
"""Minutes that an event may live in most games; longer ones are in a few."""
SHORTEST_LIFE = queue_message.SHORTEST_LIFE.total_seconds()


@dataclass(frozen=True)
class Plan:
    """All that happens in a game; times are in seconds from its beginning.

    Attributes
    ----------
    customers, segments, life, rate, page, chunk
        How many; workers; the event's life in minutes; events per second; items in a page; ids
        in a list's chunk.
    stale, bad, limited, lacking
        The parts of customers whom Alexa refuses (403), finds wrong (400), has told enough (432),
        and who lack the attribute that a placeholder names.
    deaths
        How likely a worker dies before a call, and again after it.
    throttles
        How likely a call of a table fails, before its effect or after it.
    lost
        How likely a write's answer is lost, and the write repeated.
    overlaps
        How likely a slice is begun twice.
    deaf
        How likely the workflow stops waiting for a slice that goes on.
    skew
        Seconds by which workers' clocks differ at most.
    firings, cancels, resumes, aborts
        When the schedule fires, and when which of these is done from outside.
    changes
        Who leaves, returns, joins, is deleted, loses the link to their customer id, or is linked to
        one that the campaign is not for, and when.
    household, crowds, strangers, lag
        Of a list of customer ids: how many accounts one has at most, how many ids have too many
        accounts, how many have none, and for how long (s) links are not found at the beginning.
    """

    seed: int = 0
    customers: int = 20
    segments: int = 2
    life: int = 60
    rate: int = 25
    page: int = 10
    chunk: int = 500
    audience: AudienceType = "subscribers"
    content: Content = "same"
    weather: Weather = field(default_factory=Weather)
    stale: float = 0.0
    bad: float = 0.0
    limited: float = 0.0
    lacking: float = 0.0
    deaths: float = 0.0
    throttles: float = 0.0
    lost: float = 0.0
    overlaps: float = 0.0
    deaf: float = 0.0
    skew: float = 0.0
    firings: tuple[float, ...] = (0.0,)
    cancels: tuple[float, ...] = ()
    resumes: tuple[float, ...] = ()
    aborts: tuple[float, ...] = ()
    changes: tuple[tuple[float, Change], ...] = ()
    household: int = 3
    crowds: int = 0
    strangers: int = 0
    lag: float = 0.0

    @property
    def is_healthy(self) -> bool:
        """Whether nothing is so wrong that a run should halt for it."""
        weather = self.weather
        wrong = weather.wrong_stage or weather.wrong_event or weather.unauthorized
        return not wrong and self.stale + self.bad <= 0.5


def drawn(seed: int) -> Plan:
    """Draw a game; the same seed gives the same."""
    random = Random(seed)  # noqa: S311
    is_long = random.random() < 0.004
    life = random.choice((180, 720, 1440)) if is_long else random.choice(LIVES)
    seconds = max(life * 60, SHORTEST_LIFE)
    stale = random.choice((0.0, random.uniform(0, 0.5), 0.5))
    audience: AudienceType = random.choice(
        ("subscribers", "subscribers", "users", "customers", "customers", "multicast")
    )
    # Each look-up of a customer id is a call: so many more deaths, and no slice gets anywhere.
    most_deaths = 0.02 if audience == "customers" else 0.12
    deaths = min(random.choice((0.0, 0.02, 0.05, 0.1, 0.12)), most_deaths)
    skew = random.choice((0.0, 60.0))
    kinds: tuple[Change, ...] = ("leave", "return", "join", "delete")
    if audience == "customers":
        kinds += ("unlink", "relink")
    return Plan(
        seed=seed,
        customers=random.choice((random.randint(0, 3), random.randint(0, 60))),
        segments=random.randint(1, 2 if is_long else 8),
        life=life,
        rate=random.choice((1, 5, 25, 200)),
        page=random.randint(2, 20),
        chunk=random.randint(10, 60),
        audience=audience,
        content=random.choice(("same", "same", "placeholder", "source", "pages")),
        weather=_weather(random, seconds),
        stale=stale,
        bad=random.choice((0.0, random.uniform(0, 0.5 - stale))),
        limited=random.choice((0.0, random.random())),
        lacking=random.choice((0.0, random.random())),
        deaths=deaths,
        throttles=random.choice((0.0, 0.0, 0.02, 0.1)),
        lost=random.choice((0.0, 0.05, 0.3)),
        overlaps=random.choice((0.0, 0.1, 0.5)),
        deaf=random.choice((0.0, 0.0, 0.1, 0.3)),
        skew=skew,
        firings=(0.0, *_some(random, 1, 120)),
        cancels=_some(random, 1, random.choice((20, seconds))),
        resumes=_some(random, 2, random.choice((600, seconds, 2 * seconds))),
        aborts=_some(random, 2, random.choice((20, seconds))),
        changes=tuple(
            (at, random.choice(kinds)) for at in _some(random, 8, random.choice((20, seconds)))
        ),
        household=random.choice((1, 3, 12)),
        crowds=random.choice((0, 0, 0, 1)),
        strangers=random.choice((0, 0, random.randint(0, 20))),
        # By clocks that are a minute apart nobody can tell for how long an index lags.
        lag=random.choice((0.0, 0.0, random.uniform(0, 9))) * (skew == 0),
    )


def _some(random: Random, most: int, seconds: float) -> tuple[float, ...]:
    number = random.choice((0, 0, random.randint(0, most)))
    return tuple(sorted(random.uniform(0, seconds) for _ in range(number)))


def _weather(random: Random, seconds: float) -> Weather:
    def span(longest: float) -> tuple[tuple[float, float], ...]:
        if random.random() < 0.7:
            return ()
        length = random.uniform(0, longest)
        start = random.choice((0.0, random.uniform(0, seconds - length)))
        return ((start, start + length),)

    wrong = random.choice((None, None, None, None, None, "stage", "event", "token"))
    since = random.choice((0.0, random.uniform(0, 10), random.uniform(0, seconds)))
    return Weather(
        down=span(seconds / 2),
        no_token=span(seconds / 2),
        unauthorized=((since, EVER),) if wrong == "token" else (),
        wrong_stage=((since, EVER),) if wrong == "stage" else (),
        wrong_event=((since, EVER),) if wrong == "event" else (),
        noise=random.choice((0.0, 0.05, 0.3, 0.6)),
    )
