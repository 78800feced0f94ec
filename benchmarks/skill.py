"""What the skill function costs of its own: CPU and calls of each kind of request, and its import.

So too what wrapping costs a skill that is not ours, beyond its own handler's answer.

Run it with ``python benchmarks/skill.py``; medians and 99th percentiles of a warm function are
printed with the calls of DynamoDB and SQS that a request makes, and ``--json`` prints them as JSON.
DynamoDB and SQS are stood in for by what answers at once. What importing costs is the CPU of a
fresh process, beside one that imports the ASK SDK as a hello-world skill does.
"""

from __future__ import annotations

import contextlib
import io
import itertools
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any
from unittest.mock import patch

ROOT = Path(__file__).parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "lambda")]
os.environ |= {
    "POWERTOOLS_SERVICE_NAME": "skill",
    "AWS_DEFAULT_REGION": "us-east-1",
    "SKILL_ID": "amzn1.ask.skill.00000000-0000-4000-8000-000000000001",
    "SUBSCRIBERS_TABLE": "subscribers",
    "NOTIFICATIONS_QUEUE_URL": "https://sqs.example/notifications",
}

import yellowring  # noqa: E402
from yellowring.observability import logger  # noqa: E402
from yellowring.skill import app  # noqa: E402
from yellowring.skill.assembly import skill_for  # noqa: E402

from tests import envelopes  # noqa: E402

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

type Handler = Callable[[Any, Any], Any]

ROUNDS, WARM_UP = 300, 30
IMPORTS = {
    "nothing": "pass",
    "the skill function": "import yellowring.skill.app",
    "boto3": "import boto3",
    "ASK SDK, hello world": "from ask_sdk_core.skill_builder import SkillBuilder",
}
IMPORT_ROUNDS = 5
MOST_MILLISECONDS = 5.0

WEATHER = {"weatherAlert": {"source": "localizedattribute:source", "alertType": "TORNADO"}}
CAMPAIGN = {
    "name": "storm",
    "event": {"name": envelopes.WEATHER, "payload": WEATHER},
    "localizedAttributes": [
        {"locale": locale, "source": "Weather Desk"} for locale in ("en-US", "de-DE", "ja-JP")
    ],
}
WEEK_AGO = {"N": "1794560400000"}
CUSTOMER = {
    "userId": {"S": envelopes.USER},
    "version": {"N": "7"},
    "subscriptions": {
        "M": {"at": WEEK_AGO, "by": {"S": "id"}, "value": {"SS": [envelopes.WEATHER]}}
    },
}
ANSWER: dict[str, Any] = {"version": "1.0", "response": {}}
ATTRIBUTES = {f"key{number}": "x" * 100 for number in range(20)}


def requests() -> dict[str, dict[str, Any]]:
    """Give one request of each kind, the messages as large as they may be."""
    command, message, spoken = envelopes.command, envelopes.message, envelopes.spoken
    return {
        "subscription changed": envelopes.subscribed(envelopes.WEATHER),
        "skill enabled": envelopes.enabled(),
        "skill disabled, erasing": envelopes.disabled(),
        "permission changed": envelopes.permitted(envelopes.NOTIFICATIONS),
        "account linked": envelopes.account(linked=True),
        "message: notify": message(command("notify", campaign=CAMPAIGN)),
        "message: attributes (20)": message(command("attributes", set=ATTRIBUTES)),
        "message: refresh": message(command("refresh")),
        "message: forget": message(command("forget")),
        "launch": spoken("LaunchRequest", locale="ja-JP"),
        "turn on notifications": spoken("IntentRequest", "TurnOnNotificationsIntent"),
        "subscription status": spoken("IntentRequest", "SubscriptionStatusIntent"),
        "help": spoken("IntentRequest", "AMAZON.HelpIntent", locale="hi-IN"),
        "forget me, yes": spoken(
            "IntentRequest", "AMAZON.YesIntent", attributes={"asked": "forget"}
        ),
        "consent accepted": envelopes.consent("ACCEPTED"),
    }


def wrapped() -> dict[str, tuple[Handler, Iterator[dict[str, Any]]]]:
    """Give what a wrapped handler, which answers at once, is to take; the customers may be new."""
    spoken = envelopes.spoken("IntentRequest", "OrderIntent")
    known = yellowring.wrap(lambda *_: ANSWER)
    hooked = yellowring.wrap(lambda *_: ANSWER, customer_id=lambda _: "4711")
    asking = yellowring.wrap(lambda event, _: yellowring.ask_for_notifications(event))
    changed = envelopes.subscribed(envelopes.WEATHER)
    return {
        "wrapped: spoken": (known, itertools.repeat(spoken)),
        "wrapped: spoken, by who is new": (known, newcomers()),
        "wrapped: spoken, with a hook": (hooked, itertools.repeat(spoken)),
        "wrapped: asked by a card": (asking, itertools.repeat(spoken)),
        "wrapped: subscription changed": (known, itertools.repeat(changed)),
        "wrapped: consent accepted": (known, itertools.repeat(envelopes.consent("ACCEPTED"))),
    }


def newcomers() -> Iterator[dict[str, Any]]:
    """Give one customer after the other who speaks for the first time."""
    for number in itertools.count():
        yield envelopes.spoken("LaunchRequest", user=f"{envelopes.USER}{number}")


class Instantly:
    """DynamoDB and SQS as they would be if they took no time; counts what it is asked."""

    def __init__(self) -> None:
        self.calls: Counter[str] = Counter()

    def get_item(self, **_: object) -> dict[str, Any]:
        """Answer with a customer who has a subscription."""
        self.calls["get"] += 1
        return {"Item": CUSTOMER}

    def put_item(self, **_: object) -> dict[str, Any]:
        """Take the record."""
        self.calls["put"] += 1
        return {}

    def send_message(self, **_: object) -> dict[str, Any]:
        """Take the message."""
        self.calls["send"] += 1
        return {}


def measure(rounds: int = ROUNDS) -> dict[str, dict[str, Any]]:
    """Return the CPU of each request in ms, the median and the 99th percentile, and its calls."""
    instantly = Instantly()
    skill_for.cache_clear()
    silence = io.StringIO()
    for handler in logger._logger.handlers:
        handler.stream = silence  # type: ignore[attr-defined]
    with (
        patch("yellowring.aws.client", lambda *_, **__: instantly),
        contextlib.redirect_stdout(silence),
    ):
        ours: Handler = app.lambda_handler
        asked: dict[str, tuple[Handler, Iterator[dict[str, Any]]]]
        asked = {name: (ours, itertools.repeat(each)) for name, each in requests().items()}
        asked |= wrapped()
        found = {name: _cpu(*each, rounds, instantly) for name, each in asked.items()}
    skill_for.cache_clear()
    return found


def _cpu(
    handle: Handler, requests: Iterator[dict[str, Any]], rounds: int, instantly: Instantly
) -> dict[str, Any]:
    for request in itertools.islice(requests, WARM_UP):
        handle(request, None)
    instantly.calls.clear()
    handle(next(requests), None)
    calls = dict(instantly.calls)
    taken = []
    for request in itertools.islice(requests, rounds):
        started = time.process_time_ns()
        handle(request, None)
        taken.append((time.process_time_ns() - started) / 1e6)
    taken.sort()
    return {
        "median_ms": taken[len(taken) // 2],
        "p99_ms": taken[int(len(taken) * 0.99)],
        "calls": calls,
    }


def measure_imports() -> dict[str, float]:
    """Return the CPU in ms of a fresh process that imports something, compiled before, and ends."""
    with tempfile.TemporaryDirectory() as compiled:
        environment = {
            **os.environ,
            "PYTHONPATH": str(ROOT / "lambda"),
            "PYTHONDONTWRITEBYTECODE": "",
            "PYTHONPYCACHEPREFIX": compiled,
        }
        taken = {
            name: [_process_cpu(statement, environment) for _ in range(1 + IMPORT_ROUNDS)]
            for name, statement in IMPORTS.items()
        }
    return {name: statistics.median(each[1:]) for name, each in taken.items()}


def _process_cpu(statement: str, environment: dict[str, str]) -> float:
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([sys.executable, "-W", "ignore", "-c", statement], env=environment, check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return (after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime) * 1000


def main() -> None:
    """Print the figures; fail when a median is over its limit."""
    measured = measure()
    if "--json" in sys.argv:
        print(json.dumps(measured, indent=2))
    else:
        print(f"{'request':32}{'median':>10}{'p99':>10}  calls")
        for name, each in measured.items():
            calls = ", ".join(f"{many} {call}" for call, many in each["calls"].items()) or "none"
            print(f"{name:32}{each['median_ms']:7.2f} ms{each['p99_ms']:7.2f} ms  {calls}")
        print(f"\n{'CPU of a process importing':28}{'median':>10}")
        for name, taken in measure_imports().items():
            print(f"{name:28}{taken:7.0f} ms")
    if max(each["median_ms"] for each in measured.values()) > MOST_MILLISECONDS:
        sys.exit(f"over the limit of {MOST_MILLISECONDS} ms")


if __name__ == "__main__":
    main()
