"""The simulated Alexa: its process, and the controls that the local stack uses."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from yellowring_tools.local_stack.environments import aws_environment, server_environment
from yellowring_tools.local_stack.processes import Child
from yellowring_tools.local_stack.web import call
from yellowring_tools.local_stack.workspace import PROJECT
from yellowring_tools.simulator.config import API_AUDIENCE, API_SCOPE

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from yellowring_tools.local_stack.environments import Keys
    from yellowring_tools.local_stack.workspace import Workspace

START_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class Skill:
    """The skill as Alexa knows it."""

    skill_id: str
    client_id: str
    client_secret: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class AnotherAlexa:
    """An Alexa to send to instead of the simulator, which then only makes the customers.

    Attributes
    ----------
    alexa_base_url, lwa_base_url
        As the template's parameters take them.
    client_id, client_secret
        What its Login with Amazon knows.
    """

    alexa_base_url: str
    lwa_base_url: str
    client_id: str
    client_secret: str = field(repr=False)


def another_alexa(environ: Mapping[str, str]) -> AnotherAlexa | None:
    """Return the Alexa that the environment names, if it names one.

    Raises
    ------
    IncompleteAlexa
        Some of the four variables are set, and others are not.
    """
    names = ("ALEXA_BASE_URL", "LWA_BASE_URL", "CLIENT_ID", "CLIENT_SECRET")
    given = {name: environ[name] for name in names if environ.get(name)}
    if not given:
        return None
    if missing := [name for name in names if name not in given]:
        raise IncompleteAlexa(
            f"{', '.join(given)} {'is' if len(given) == 1 else 'are'} given, but not "
            f"{', '.join(missing)}: another Alexa takes all four"
        )
    return AnotherAlexa(*(given[name] for name in names))


class IncompleteAlexa(ValueError):
    """Another Alexa is named in part; says what is missing."""


def start_simulator(
    skill: Skill,
    function: str,
    endpoint: str,
    keys: Keys,
    workspace: Workspace,
    *,
    port: int = 0,
    skill_package: Path | None,
) -> Child:
    """Start the simulator on a port, 0 for any; it will invoke ``function`` at ``endpoint``.

    What its customers can say is in ``skill_package``, if there is one.
    """
    own = {
        "SKILL_ID": skill.skill_id,
        "CLIENT_ID": skill.client_id,
        "CLIENT_SECRET": skill.client_secret,
        "SKILL_FUNCTION": function,
        "PORT": str(port),
        "SKILL_PACKAGE": str(skill_package.absolute()) if skill_package else "",
        "PYTHONPATH": os.pathsep.join((str(PROJECT / "tools"), str(PROJECT / "lambda"))),
    }
    command = [sys.executable, "-m", "yellowring_tools.local_stack.alexa_process"]
    log = workspace.logs / "simulator.log"
    env = server_environment(aws_environment(endpoint, keys) | own)
    return Child.start("simulator", command, log=log, env=env, cwd=PROJECT)


class Alexa:
    """The controls of a running simulator."""

    def __init__(self, url: str) -> None:
        self.url = url

    def add_customer(self, region: str, locale: str, **more: object) -> str:
        """Add a customer, and return their user id; ``more`` as the simulator's control has it."""
        body = {"region": region, "locale": locale, **more}
        answer = self._control("POST", "customers", body)
        user_id: str = answer["userId"]
        return user_id

    def act(self, user_id: str, action: str, body: Mapping[str, object]) -> str:
        """Let a customer do something; returns their user id, a new one after some enablings."""
        path = f"customers/{quote(user_id, safe='')}/{action}"
        new_id: str = self._control("POST", path, body)["userId"]
        return new_id

    def customers(self) -> list[dict[str, Any]]:
        """Return every customer as Alexa sees them."""
        customers: list[dict[str, Any]] = self._control("GET", "customers")
        return customers

    def notifications(self) -> list[dict[str, Any]]:
        """Return every notification that was accepted, with its sentence."""
        notifications: list[dict[str, Any]] = self._control("GET", "notifications")
        return notifications

    def set_faults(self, faults: Mapping[str, object]) -> None:
        """Replace the faults; an empty document is a flawless Alexa."""
        self._control("PUT", "faults", faults)

    def flush_events(self) -> None:
        """Deliver every skill event that is held back."""
        self._control("POST", "events/flush")

    def events(self) -> dict[str, int]:
        """Count the skill events: pending, delivered, failed, and the attempts at all of them."""
        summary: dict[str, int] = self._control("GET", "events")["summary"]
        return summary

    def requests(self) -> dict[str, Any]:
        """Return what Alexa's own APIs answered so far."""
        requests: dict[str, Any] = self._control("GET", "requests")
        return requests

    def _control(self, method: str, path: str, body: object = None) -> Any:  # noqa: ANN401
        return call(method, f"{self.url}/_sim/{path}", body)


def accounts(simulator: str) -> dict[str, str]:
    """Return the template's parameters for the accounts' provider of the simulator at a URL.

    SAM passes over those that a template does not have.
    """
    return {
        "UserinfoUrl": f"{simulator}/oidc/userinfo",
        "JwtIssuer": f"{simulator}/oidc",
        "JwtAudience": API_AUDIENCE,
        "JwtScope": API_SCOPE,
    }
