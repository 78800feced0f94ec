"""Which failures may be followed by the same call again, and how long is waited before."""

from __future__ import annotations

import random
import time
from typing import TYPE_CHECKING

from yellowring_tools.smapi.errors import SmapiError, SmapiUnknown, Throttled

if TYPE_CHECKING:
    from collections.abc import Callable

TRIES = 4
LONGEST_WAIT = 60.0
"""Seconds; where Retry-After says more, the call ends with what SMAPI said."""


class Repeats:
    """Tries a call again where that is safe.

    Parameters
    ----------
    sleep
        How a wait of so many seconds is spent.
    jitter
        What is added to each, from 0 to 1 s.
    """

    def __init__(
        self,
        sleep: Callable[[float], None] = time.sleep,
        jitter: Callable[[], float] = random.random,
    ) -> None:
        self._sleep = sleep
        self._jitter = jitter

    def of[T](self, ask: Callable[[], T], *, unknown: bool, throttled: bool = True) -> T:
        """Return what ``ask`` returns, at the latest at the fourth try.

        Parameters
        ----------
        ask
            One try.
        unknown
            Whether to ask again after nobody knows what came of it: doing it twice is doing it
            once.
        throttled
            Whether to ask again after it was turned away as too much.

        Raises
        ------
        SmapiError
            The last try's.
        """
        tried = 1
        while True:
            try:
                return ask()
            except SmapiError as error:
                again = throttled if isinstance(error, Throttled) else unknown and _passing(error)
                wait = _wait(error, tried)
                if tried == TRIES or not again or wait > LONGEST_WAIT:
                    raise
            self._sleep(wait + self._jitter())
            tried += 1


def _passing(error: SmapiError) -> bool:
    return isinstance(error, SmapiUnknown) or error.code == "UNREACHABLE"


def _wait(error: SmapiError, tried: int) -> float:
    """Return the seconds before another try: what SMAPI asked for, or 1, 2, 4, …"""
    asked = error.retry_after if isinstance(error, Throttled) else None
    return 2.0 ** (tried - 1) if asked is None else asked
