"""What a request costs of our own, as the benchmark measures it."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

BENCHMARK = Path(__file__).parents[3] / "benchmarks" / "skill.py"
MOST_MILLISECONDS = 5.0


def test_every_kind_of_request_takes_less_than_five_milliseconds_of_cpu_when_warm() -> None:
    command = [sys.executable, "-W", "ignore", str(BENCHMARK), "--json"]
    done = subprocess.run(command, capture_output=True, check=True, timeout=120)
    measured = json.loads(done.stdout)
    slow = {name: each for name, each in measured.items() if each["median_ms"] > MOST_MILLISECONDS}
    assert measured
    assert not slow
