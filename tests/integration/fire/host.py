"""What hosts the sender in a process of its own: as Lambda would, but smaller, faster, killable.

The parent says in the environment what the sender is told by its own, and besides, in ``FIRE``, a
JSON object: ``values`` (module constants to change, by their dotted names), ``timeout`` (seconds
that Alexa has to answer), ``milliseconds`` (what an invocation has) and ``scan`` (a URL that serves
the subscribers table instead of the AWS).
"""

from __future__ import annotations

import json
import os
import sys
from dataclasses import replace
from functools import partial
from importlib import import_module

import boto3
from yellowring.alexa.connections import Connections
from yellowring.sender import app
from yellowring.settings import SenderSettings
from yellowring.subscribers import Audience


class Context:
    """Lambda's context: every invocation has the same time."""

    def __init__(self, milliseconds: int) -> None:
        self._milliseconds = milliseconds

    def get_remaining_time_in_millis(self) -> int:
        return self._milliseconds


def prepare() -> Context:
    """Change the constants, make the stores, and give the context of every invocation."""
    fire = json.loads(os.environ["FIRE"])
    for name, value in fire["values"].items():
        module, _, constant = name.rpartition(".")
        known = import_module(f"yellowring.sender.{module}")
        assert hasattr(known, constant), name
        setattr(known, constant, value)
    within = partial(Connections, connect=fire["timeout"], total=fire["timeout"])
    setattr(app, "Connections", within)  # noqa: B010 - for mypy, a class is not to be replaced
    settings = SenderSettings.from_environ(os.environ)
    stores = app._stores(settings)
    if fire["scan"]:
        table = boto3.client("dynamodb", endpoint_url=fire["scan"])
        stores = replace(stores, audience=Audience(table, settings.subscribers_table))
        app._stores = lambda _: stores  # type: ignore[assignment]
    return Context(fire["milliseconds"])


def announce(**more: object) -> None:
    """Say on a line of its own that the host is ready, which process it is, and more."""
    sys.stdout.write(json.dumps({"pid": os.getpid(), **more}) + "\n")
    sys.stdout.flush()
