"""The console in a browser, where one is installed."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest
from yellowring_tools.simulator.config import SimulatorConfig
from yellowring_tools.simulator.server import running
from yellowring_tools.simulator.simulation import Simulation

from tests.integration.simulator.support import Caller

BROWSER = next(
    filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None
)
BROWSER_SECONDS = 90
PROJECT = Path(__file__).parents[3]
SANDBOX = ["--no-sandbox"] if os.geteuid() == 0 else []

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(BROWSER is None, reason="no chromium here"),
]


def shown(url: str, profile: Path) -> tuple[str, str]:
    """Load the page, let six seconds of its own time pass, and give its elements and its log."""
    assert BROWSER is not None
    options = [
        "--headless",
        "--disable-gpu",
        "--disable-background-networking",
        "--no-first-run",
        "--enable-logging=stderr",
        "--virtual-time-budget=6000",
        f"--user-data-dir={profile}",
        *SANDBOX,
    ]
    done = subprocess.run(
        [BROWSER, *options, "--dump-dom", f"{url}/"],
        capture_output=True,
        timeout=BROWSER_SECONDS,
        check=True,
        text=True,
    )
    return done.stdout, "\n".join(re.findall(r".*CONSOLE.*", done.stderr))


def answer(envelope: bytes) -> bytes:
    if "session" not in json.loads(envelope):
        return b"{}"
    speech = {"type": "PlainText", "text": "Hello & welcome"}
    card = {
        "type": "AskForPermissionsConsent",
        "permissions": ["alexa::devices:all:notifications:write"],
    }
    return json.dumps({"response": {"outputSpeech": speech, "card": card}}).encode()


def test_the_page_shows_a_yellow_ring_with_its_sentence_and_a_card(tmp_path: Path) -> None:
    config = SimulatorConfig(
        "amzn1.ask.skill.test", "client", "secret", skill_package=PROJECT / "skill-package"
    )
    with (
        running(Simulation(config, invoke=answer)) as simulator,
        Caller(simulator.url) as caller,
    ):
        user_id = caller.sim("POST", "/customers", {"userId": "amzn1.ask.account.ROSA"})["userId"]
        caller.sim("POST", f"/customers/{user_id}/subscribe")
        assert caller.event(caller.token(), user_id) == 202
        caller.sim("POST", f"/customers/{user_id}/link", {"subject": "customer 4711"})
        other = caller.sim("POST", "/customers", {})["userId"]
        caller.sim("POST", f"/customers/{other}/say")
        page, log = shown(simulator.url, tmp_path)
    assert log == ""
    assert 'aria-label="Yellow ring: 1 notification waiting"' in page
    assert "There is a tornado alert for your area. Provided by Met." in page
    assert 'aria-label="Customer 1"' in page
    assert "Linked to account <b>customer 4711</b>" in page
    assert re.search(r"<option[^>]*>turn on notifications</option>", page)
    assert "this skill would like to send you notifications" in page
    assert re.search(r'id="count-customers">2<', page)
    assert re.search(r'id="count-rings">1<', page)
    assert re.search(r"1 . 202 accepted", page)
    assert 'id="welcome" hidden' in page
