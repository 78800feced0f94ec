"""What every step works with."""

from __future__ import annotations

import functools
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from yellowring_tools.setup.problems import SetupStopped
from yellowring_tools.smapi import SmapiError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from yellowring_tools.setup.cloud import Cloud
    from yellowring_tools.setup.journal import Journal
    from yellowring_tools.setup.plan import Plan
    from yellowring_tools.smapi import Smapi


@dataclass(frozen=True)
class Work:
    """What is to be set up, what was, and what does it.

    Attributes
    ----------
    plan
        What is to be set up.
    folder
        Where the journal, the filled package and the logs lie.
    journal
        What was done so far.
    connect
        Reaches the developer's skills.
    cloud
        Reaches the AWS account.
    tell
        Is told what goes on, a line at a time.
    attended
        Whether somebody is there who can do what only a person can.
    now
        The time in seconds since 1970.
    sleep
        Waits for seconds.
    """

    plan: Plan
    folder: Path
    journal: Journal
    connect: Callable[[], Smapi]
    cloud: Cloud
    tell: Callable[[str], None]
    attended: bool = False
    now: Callable[[], float] = field(default=time.time)
    sleep: Callable[[float], None] = field(default=time.sleep)

    @functools.cached_property
    def smapi(self) -> Smapi:
        """The developer's skills; raises `SetupStopped` when there is no way to them."""
        return asked(self.connect)

    @property
    def skill_id(self) -> str:
        """The skill's id; raises `SetupStopped` when none is known."""
        if found := self.plan.skill_id or self.journal.entries.skill_id:
            return found
        raise SetupStopped("no skill is known yet")

    def until[T](
        self, look: Callable[[], T], over: Callable[[T], bool], what: str, *, seconds: float
    ) -> T:
        """Look again and again until it is over; raise `SetupStopped` after so many seconds."""
        deadline = self.now() + seconds
        pause = 0.5
        while not over(found := look()):
            if self.now() >= deadline:
                raise SetupStopped(f"{what} is not done after {seconds:.0f} s: run this again")
            self.sleep(pause)
            pause = min(pause * 1.5, 5.0)
        return found


def asked[T](ask: Callable[[], T]) -> T:
    """Ask SMAPI; what it refuses, or does not answer, ends the set-up with its sentence."""
    try:
        return ask()
    except SmapiError as error:
        raise SetupStopped(error.message) from None
