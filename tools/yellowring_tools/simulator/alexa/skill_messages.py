"""A request to the Skill Messaging API: read, checked, and refused with its reason."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from yellowring_tools.simulator.alexa.proactive_events import load_object, refuse

MOST_DATA_BYTES = 6 * 1024
SHORTEST_LIFE_S = 60
LONGEST_LIFE_S = 86_400
USUAL_LIFE_S = 3600
_FIELDS = {"data", "expiresAfterSeconds"}


@dataclass(frozen=True, slots=True)
class NewMessage:
    """A request whose body is right."""

    data: dict[str, Any]
    lifetime: timedelta


def parse_message(body: bytes) -> NewMessage:
    """Read and check a request's body (Skill Messaging REST API reference).

    Raises
    ------
    Refused
        With status 400, saying what is wrong and where.
    """
    document = load_object(body)
    if unknown := document.keys() - _FIELDS:
        refuse(f"unknown field {', '.join(sorted(unknown))}; allowed: {', '.join(sorted(_FIELDS))}")
    data = document.get("data")
    if not isinstance(data, dict):
        refuse("data: must be a JSON object, and must be there")
    size = len(json.dumps(data, separators=(",", ":"), ensure_ascii=False).encode(errors="replace"))
    if size > MOST_DATA_BYTES:
        refuse(f"data: is {size} bytes of JSON; at most {MOST_DATA_BYTES} are taken")
    seconds = document.get("expiresAfterSeconds", USUAL_LIFE_S)
    if type(seconds) is not int or not SHORTEST_LIFE_S <= seconds <= LONGEST_LIFE_S:
        refuse(
            f"expiresAfterSeconds: must be a whole number from {SHORTEST_LIFE_S}"
            f" to {LONGEST_LIFE_S}, not {str(seconds)[:40]}"
        )
    return NewMessage(data, timedelta(seconds=seconds))
