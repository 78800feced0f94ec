"""The console: what it is made of, and what its script works out."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from yellowring_tools.simulator import console

from tests.unit.simulator.support import Client, simulated

if TYPE_CHECKING:
    from collections.abc import Iterator

FILES = Path(console.__path__[0])
NODE = shutil.which("node")
NODE_SECONDS = 30


def served() -> Iterator[tuple[str, str, dict[str, str]]]:
    client = Client(simulated())
    for file in FILES.iterdir():
        if file.suffix in (".html", ".css", ".mjs", ".svg"):
            path = "/" if file.name == "index.html" else f"/console/{file.name}"
            answer = client.call("GET", path)
            assert answer.status == 200, path
            yield file.name, answer.body.decode(), answer.headers


def test_each_file_is_served_as_what_it_is_and_may_load_nothing_from_elsewhere() -> None:
    kinds = {".html": "text/html", ".css": "text/css", ".mjs": "text/javascript"}
    for name, content, headers in served():
        kind = kinds.get(Path(name).suffix, "image/svg+xml")
        assert headers["content-type"].startswith(kind), name
        assert "default-src 'none'" in headers["content-security-policy"]
        if not name.endswith(".svg"):
            assert "://" not in content, name


def test_what_a_request_carried_never_becomes_markup() -> None:
    for name, content, _ in served():
        for door in ("innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval("):
            assert door not in content, name


def test_every_file_that_the_page_names_is_there() -> None:
    for name, content, _ in served():
        named = re.findall(r'(?:src|href)="(?:console/)?([\w.]+)"|from "\./([\w.]+)"', content)
        for target in ("".join(pair) for pair in named):
            assert (FILES / target).is_file(), f"{name} names {target}"


def test_the_sources_of_the_console_are_no_pages() -> None:
    assert Client(simulated()).call("GET", "/console/__init__.py").status == 404


def test_every_label_of_the_page_is_of_a_control_or_region() -> None:
    page = (FILES / "index.html").read_text()
    assert '<html lang="en">' in page
    assert 'role="alert"' in page
    assert page.count("<h1>") == 1
    for control in re.findall(r"<select id=\"(\w+)\"", page):
        assert re.search(rf"<label[^>]*>[^<]*\s*<select id=\"{control}\"", page)


def run_script(module: str, expression: str) -> Any:
    """Evaluate an expression with everything that a module of the console exports."""
    if NODE is None:
        pytest.skip("node is not installed")
    script = f"""
        const all = await import({json.dumps((FILES / module).as_uri())});
        const {{ {", ".join(re.findall(r"\b[a-zA-Z]+\b", names_of(module)))} }} = all;
        console.log(JSON.stringify({expression}));
    """
    done = subprocess.run(
        [NODE, "--input-type=module", "--eval", script],
        capture_output=True,
        timeout=NODE_SECONDS,
        check=False,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def names_of(module: str) -> str:
    source = (FILES / module).read_text()
    pattern = r"^export (?:async )?(?:function|const|class) (\w+)"
    return " ".join(re.findall(pattern, source, re.MULTILINE))


def told(timestamp: str, *deliveries: tuple[int, bool], copies: int = 1, user: str = "a") -> Any:
    return {
        "userId": user,
        "timestamp": f"2026-11-20T12:00:{timestamp}Z",
        "copies": copies,
        "deliveries": [{"afterMs": after, "acknowledged": good} for after, good in deliveries],
    }


def test_odd_deliveries_are_named() -> None:
    events = [
        told("00.000", (10, True)),
        told("00.000", (10, True), (30, True), copies=2, user="b"),
        told("05.000", (400, False), (1400, True), user="c"),
        told("05.500", (20, True), user="c"),
        told("09.000", (10, False), user="d"),
    ]
    assert run_script("activity.mjs", f"oddities({json.dumps(events)})") == [
        [],
        ["sent \N{MULTIPLICATION SIGN}2"],
        ["repeated after 1 failure", "late 1.4 s", "overtaken"],
        [],
        ["repeated after 1 failure"],
    ]


def test_the_rate_is_what_came_in_between_two_looks_and_begins_anew_after_a_reset() -> None:
    seen = run_script(
        "activity.mjs",
        "(() => { const rate = new Rate(); const seen = [];"
        " for (const [total, at] of [[5, 0], [15, 2000], [15, 3000], [0, 4000], [8, 5000]])"
        " { rate.add(total, at); seen.push(rate.now); }"
        " return [seen, rate.points(120, 30)]; })()",
    )
    assert seen == [[0, 5, 0, 0, 8], "120.0,2.0"]


def test_the_form_of_the_faults_gives_the_document_back() -> None:
    inputs = [
        {"type": "number", "name": "seed", "value": "7"},
        {"type": "number", "name": "dailyLimit", "value": ""},
        {"type": "checkbox", "name": "events.shuffle", "checked": True},
        {"type": "number", "name": "events.delayMs.0", "value": "0"},
        {"type": "number", "name": "events.delayMs.1", "value": "1500"},
        {"type": "select-one", "name": "events.timestamps", "value": "mixed"},
        {"type": "number", "name": "api.error5xx", "value": "0.5"},
    ]
    faults = run_script("faults.mjs", f"readForm({json.dumps(inputs)})")
    assert faults == {
        "seed": 7,
        "events": {"shuffle": True, "delayMs": [0, 1500], "timestamps": "mixed"},
        "api": {"error5xx": 0.5},
    }
    assert Client(simulated()).sim("PUT", "/faults", faults)["seed"] == 7


def test_keys_and_times_are_written_as_a_person_would() -> None:
    words = "['delayMs', 'timeoutSeconds', 'error5xx', 'resetAfterAccept'].map(words)"
    assert run_script("faults.mjs", words) == [
        "delay (ms)",
        "timeout (s)",
        "error 5xx",
        "reset after accept",
    ]
    spans = "[0.4, 999, 1400, 120000].map(span)"
    assert run_script("dom.mjs", spans) == ["0 ms", "999 ms", "1.4 s", "2 min"]


def test_a_phrase_is_said_with_its_slots_filled_and_offered_with_its_intent() -> None:
    said = "[spoken('how much is {fruit} on { day }?', {fruit: 'a {day} apple'}), spoken('no', {})]"
    assert run_script("phrases.mjs", said) == ["how much is a {day} apple on day?", "no"]
    phrases = [{"intent": name} for name in ("Launch", "Price", "Price", "Launch")]
    assert run_script("phrases.mjs", f"byIntent({json.dumps(phrases)})") == [
        {"intent": "Launch", "places": [0]},
        {"intent": "Price", "places": [1, 2]},
        {"intent": "Launch", "places": [3]},
    ]


def test_a_locale_that_was_not_read_yet_can_at_least_open_the_skill() -> None:
    known = run_script("phrases.mjs", "phrasesOf('en-US')")
    assert [phrase["intent"] for phrase in known["phrases"]] == ["LaunchRequest"]


def test_heard_notifications_no_longer_wait_and_who_is_gone_comes_last() -> None:
    customers = [
        {"userId": "gone", "state": "gone"},
        {"userId": "here", "state": "enabled"},
    ]
    late, soon = "2026-11-20T13:00:00.000Z", "2026-11-20T11:00:00.000Z"
    notifications = [
        {"userId": "here", "referenceId": "1", "heardAt": None, "expiryTime": late},
        {"userId": "here", "referenceId": "2", "heardAt": soon, "expiryTime": late},
        {"userId": "here", "referenceId": "3", "heardAt": None, "expiryTime": soon},
    ]
    now = "Date.parse('2026-11-20T12:00:00Z')"
    states = run_script(
        "customers.mjs",
        f"cardStates({json.dumps(customers)}, {json.dumps(notifications)}, {now})",
    )
    assert [state["customer"]["userId"] for state in states] == ["here", "gone"]
    assert [each["referenceId"] for each in states[0]["waiting"]] == ["1"]
    assert [each["referenceId"] for each in states[0]["earlier"]] == ["2", "3"]
