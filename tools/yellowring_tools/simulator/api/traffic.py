"""What the Proactive Events API was asked and answered: counts, and the busiest second."""

from __future__ import annotations

from collections import Counter, deque


class _Window:
    """How many things happened in the last second, and the most that ever did."""

    def __init__(self) -> None:
        self._times: deque[float] = deque()
        self.most = 0

    def add(self, moment: float) -> None:
        self._times.append(moment)
        self.most = max(self.most, self.count(moment))

    def count(self, moment: float) -> int:
        while self._times and self._times[0] <= moment - 1.0:
            self._times.popleft()
        return len(self._times)


class Traffic:
    """Counts requests and holds them to a rate; every moment is in monotonic seconds."""

    def __init__(self) -> None:
        self._by_outcome: Counter[str] = Counter()
        self._requests = _Window()
        self._admitted = _Window()
        self._accepted = _Window()

    def admit(self, moment: float, rate_per_second: int | None) -> bool:
        """Take one request, or refuse it where a second already had as many as it may."""
        self._requests.add(moment)
        if rate_per_second is not None and self._admitted.count(moment) >= rate_per_second:
            return False
        self._admitted.add(moment)
        return True

    def answered(self, outcome: str, moment: float) -> None:
        """Count an answer: a status, or ``reset`` or ``timeout`` where there was none."""
        self._by_outcome[outcome] += 1
        if outcome == "202":
            self._accepted.add(moment)

    def document(self) -> dict[str, object]:
        """The counts as their control shows them."""
        return {
            "total": self._by_outcome.total(),
            "byStatus": dict(sorted(self._by_outcome.items())),
            "perSecondMaximum": self._requests.most,
            "acceptedPerSecondMaximum": self._accepted.most,
        }
