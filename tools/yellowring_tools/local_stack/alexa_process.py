"""The simulated Alexa as a child of the local stack; prints its URL as it does on its own.

It delivers on two lanes. Every delivery under way can make the emulator start one more worker for
the skill function, and a laptop starts two of them sooner than eight.
"""

from __future__ import annotations

import json
import os
from pathlib import Path

from yellowring_tools.simulator.config import SimulatorConfig
from yellowring_tools.simulator.server import serve
from yellowring_tools.simulator.simulation import Simulation

LANES = 2


def main() -> None:
    """Serve the skill that the environment describes, until SIGTERM."""
    config = SimulatorConfig(
        skill_id=os.environ["SKILL_ID"],
        client_id=os.environ["CLIENT_ID"],
        client_secret=os.environ["CLIENT_SECRET"],
        function=os.environ["SKILL_FUNCTION"],
        aws_endpoint=os.environ["AWS_ENDPOINT_URL"],
        skill_package=Path(package) if (package := os.environ.get("SKILL_PACKAGE")) else None,
        lanes=LANES,
    )
    serve(Simulation(config), port=int(os.environ["PORT"]), on_listening=_announce)


def _announce(url: str) -> None:
    print(json.dumps({"url": url}), flush=True)  # noqa: T201 - the parent waits for it


if __name__ == "__main__":
    main()
