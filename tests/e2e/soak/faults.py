"""What goes wrong meanwhile: Alexa and Login with Amazon fail, and workers are killed."""

from __future__ import annotations

import os
import signal
import subprocess
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from yellowring_tools.local_stack.web import call

from tests.e2e.support import API, NOTIFIER

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from random import Random

    from yellowring_tools.local_stack.stack import LocalStack

    from tests.e2e.soak.world import World

LATE, VERY_LATE = (0, 2500), (3000, 15_000)
"""How many milliseconds after an act, at least and most, the skill is told of it."""
TELLING = {"copies": 2, "shuffle": True, "delayMs": LATE, "timestamps": "mixed"}
"""Everything that Alexa tells the skill comes twice, late and in any order, dated in any way."""
FAIR: Mapping[str, object] = {
    "events": TELLING,
    "messages": {"firstRetrySeconds": 2},
    "userinfo": {"error5xx": 0.1},
}
WEATHER: Mapping[str, Mapping[str, Any]] = {
    "fair": {},
    "bad": {
        "error5xx": 0.1,
        "throttle": 0.1,
        "resetAfterAccept": 0.05,
        "timeout": 0.05,
        "timeoutSeconds": 2.5,
    },
    "slow": {"latencyMs": [200, 1500]},
    "throttled": {"throttle": 0.5, "retryAfter": 2},
    "narrow": {"ratePerSecond": 20},
    "refusing tokens": {"unauthorized": 0.3},
    "resets": {"resetAfterAccept": 0.3, "timeout": 0.1, "timeoutSeconds": 1.5},
    "down": {"error5xx": 1.0},
    "no tokens": {},
}
CHANCES = (4, 4, 2, 2, 2, 1, 2, 1, 1)


class Weather:
    """Has Alexa fail in one way after another until the soak is over."""

    def __init__(self, world: World, random: Random) -> None:
        self._world = world
        self._random = random
        self.changes = 0

    def act_on(self) -> None:
        """Change the weather every few seconds."""
        stack = self._world.stack
        while not self._world.over.is_set():
            [kind] = self._random.choices([*WEATHER], CHANCES)
            lwa = {"tokenLifetimeSeconds": self._random.choice((5, 20, 3600))}
            if kind == "no tokens":
                lwa["error5xx"] = 1
                call("POST", f"{stack.alexa.url}/_sim/tokens/revoke")
            [late] = self._random.choices((LATE, VERY_LATE), (3, 1))
            telling = {**TELLING, "copies": self._random.randint(1, 3), "delayMs": late}
            more = {"seed": self._random.randrange(1_000_000), "events": telling}
            stack.alexa.set_faults({**FAIR, **more, "api": WEATHER[kind], "lwa": lwa})
            self.changes += 1
            self._world.over.wait(self._random.uniform(4, 12))
        stack.alexa.set_faults(FAIR)


class Killer:
    """Kills processes that work, and looks at all of them, until the soak is over."""

    def __init__(self, world: World, random: Random, pause: float) -> None:
        self._world = world
        self._random = random
        self._pause = pause
        self._used: dict[int, int] = {}
        self.kills: dict[str, int] = {}
        self.census = Census(world.stack)

    def act_on(self) -> None:
        """Kill somebody every few seconds."""
        outputs = self._world.stack.outputs
        functions = (outputs.SenderFunctionName, NOTIFIER, outputs.SkillFunctionName)
        while not self._world.over.wait(self._random.uniform(0, 2 * self._pause)):
            self.census.count()
            function = self._random.choices(functions, (4, 1, 1))[0]
            working = list(self._busy(function))
            if working:
                with suppress(ProcessLookupError):
                    os.kill(self._random.choice(working), signal.SIGKILL)
                    self.kills[function] = self.kills.get(function, 0) + 1

    def _busy(self, function: str) -> Iterator[int]:
        """Find who did something since the last look, but not those who start."""
        for pid in processes(self._world.stack, function):
            with suppress(OSError):  # it has just ended
                fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
                used = int(fields[11]) + int(fields[12])  # utime and stime, see proc(5)
                if self._used.get(pid, used) < used and _has_socket(pid):
                    yield pid
                self._used[pid] = used


def processes(stack: LocalStack, function: str) -> list[int]:
    """Return the ids of the processes in which this stack's emulator runs a function."""
    listing = subprocess.run(
        ["ps", "-A", "-ww", "-o", "pid=,args="], check=True, capture_output=True, text=True
    ).stdout
    own = f"{stack.workspace.temporary}/ministack-lambda-{function}-"
    return [int(line.split()[0]) for line in listing.splitlines() if own in line]


def _has_socket(pid: int) -> bool:
    return any("socket:" in str(each.readlink()) for each in Path(f"/proc/{pid}/fd").iterdir())


@dataclass(slots=True)
class Census:
    """How many processes each function has had at once, and how much memory one took at most."""

    stack: LocalStack
    most: dict[str, int] = field(default_factory=dict)
    largest: dict[str, int] = field(default_factory=dict)
    growth: dict[int, tuple[int, int]] = field(default_factory=dict)

    def count(self) -> None:
        """Look at all of them; MiB."""
        outputs = self.stack.outputs
        for function in (outputs.SkillFunctionName, outputs.SenderFunctionName, NOTIFIER, API):
            found = processes(self.stack, function)
            self.most[function] = max(self.most.get(function, 0), len(found))
            for pid in found:
                with suppress(OSError, StopIteration, ValueError):
                    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
                    size = int(next(each for each in lines if each.startswith("VmRSS")).split()[1])
                    mib = size // 1024
                    self.largest[function] = max(self.largest.get(function, 0), mib)
                    self.growth[pid] = self.growth.get(pid, (mib, mib))[0], mib
