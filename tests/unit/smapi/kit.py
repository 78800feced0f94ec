"""A SMAPI that answers as it is told, and a client of it that waits for nothing."""

from __future__ import annotations

import json
from collections import defaultdict
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from yellowring_tools.smapi import Smapi, SmapiLogin
from yellowring_tools.smapi.http import HttpTransport
from yellowring_tools.smapi.login import AccessToken
from yellowring_tools.smapi.repeats import Repeats

from tests.unit.alexa.wire import wire

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.unit.alexa.wire import Reply, Request, Wire

LOGIN = SmapiLogin("profile", "profile's secret", "Atzr|refresh&token")


def json_reply(document: object, status: int = 200, **headers: str) -> Reply:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return status, {"content-type": "application/json", **named}, json.dumps(document).encode()


@dataclass
class Served:
    """The client, what it sent, what it waited for (s), and the answers still to be given.

    The last answer to a path is given again and again.
    """

    smapi: Smapi
    wire: Wire
    waits: list[float]
    token: AccessToken
    answers: dict[str, list[Reply]] = field(default_factory=lambda: defaultdict(list))
    tokens: int = 0

    def told(self, path: str) -> list[Request]:
        return [each for each in self.wire.requests if each.path.partition("?")[0] == path]

    def body(self, path: str) -> Any:
        (request,) = self.told(path)
        return json.loads(request.body)

    def reply(self, request: Request) -> Reply:
        path = request.path.partition("?")[0]
        waiting = self.answers[path]
        if not waiting and path == "/auth/o2/token":
            self.tokens += 1
            return json_reply({"access_token": f"Atza|{self.tokens}", "expires_in": 3600})
        return waiting.pop(0) if len(waiting) > 1 else waiting[0]


@contextmanager
def served() -> Iterator[Served]:
    with wire() as listening:
        waits: list[float] = []
        repeats = Repeats(waits.append, lambda: 0.0)
        token = AccessToken(LOGIN, listening.url, repeats=repeats)
        smapi = Smapi(HttpTransport(listening.url, token, repeats))
        found = Served(smapi, listening, waits, token)
        listening.reply = found.reply
        yield found
