"""What one simulated Alexa is set up with; nothing here changes while it runs."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from yellowring_tools.simulator.facts import STAGES

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from yellowring_tools.simulator.facts import Stage

API_AUDIENCE = "yellow-ring"
API_SCOPE = "yellow-ring/api"
_SKILL_ID_PREFIX = "amzn1.ask.skill."


def _made_up(kind: str) -> Callable[[], str]:
    return lambda: f"{kind}{secrets.token_hex(16)}"


@dataclass(frozen=True, slots=True)
class DeveloperLogin:
    """What a developer's tokens are had for: a security profile, and a refresh token of it."""

    client_id: str = field(default_factory=_made_up("amzn1.application-oa2-client."))
    client_secret: str = field(default_factory=_made_up("amzn1.oa2-cs.v1."), repr=False)
    refresh_token: str = field(default_factory=_made_up("Atzr|"), repr=False)

    def document(self) -> dict[str, str]:
        """The login as whoever starts a simulator is told it."""
        return {
            "clientId": self.client_id,
            "clientSecret": self.client_secret,
            "refreshToken": self.refresh_token,
        }


@dataclass(frozen=True, slots=True)
class SkillIdentity:
    """What a skill is known by, and the stage at which customers have it."""

    skill_id: str
    client_id: str
    stage: Stage


@dataclass(frozen=True, slots=True)
class SimulatorConfig:
    """The one skill that this Alexa knows, and where its function is.

    Parameters
    ----------
    skill_id
        Starts with ``amzn1.ask.skill.``; empty, with client id and secret: there is no skill until
        one is created by SMAPI.
    client_id, client_secret
        The skill's own, as its Permissions page shows them.
    stage
        Customers are subscribed at this stage, and at no other.
    function
        Name or ARN of the skill's Lambda function; without one, skill events are kept.
    aws_endpoint
        Base URL of the AWS that has the function; ``None`` is boto's own choice.
    lanes
        How many skill events are delivered at the same time.
    max_attempts
        Deliveries of one event before it is given up; 125 at the longest delay is an hour.
    first_retry_seconds, longest_retry_seconds
        The delay after the first failed delivery, doubled after each, and its bound.
    skill_package
        Directory of the skill's package, for what its customers can say and what it sends.
    api_audience, api_scope
        What the provider's tokens for machines are for. Customers' tokens have the same audience.
    voice_deadline_seconds
        How long a customer who spoke waits for the skill's answer (Alexa waits eight seconds).
    vendor_id
        The developer's one vendor account.
    developer
        Who may use SMAPI.
    check_triggers
        Whether SMAPI refuses a manifest whose functions do not let Alexa in, as it does.
    """

    skill_id: str = ""
    client_id: str = ""
    client_secret: str = field(default="", repr=False)
    stage: Stage = "development"
    function: str | None = None
    aws_endpoint: str | None = None
    skill_package: Path | None = None
    api_audience: str = API_AUDIENCE
    api_scope: str = API_SCOPE
    lanes: int = 8
    max_attempts: int = 125
    first_retry_seconds: float = 0.5
    longest_retry_seconds: float = 30.0
    voice_deadline_seconds: float = 8.0
    vendor_id: str = "MSIMULATED0001"
    developer: DeveloperLogin = field(default_factory=DeveloperLogin)
    check_triggers: bool = False

    def __post_init__(self) -> None:
        """Refuse what cannot work, with the reason."""
        if self.skill_id or self.client_id or self.client_secret:
            self._check_skill()
        if self.stage not in STAGES:
            raise ValueError(f"stage {self.stage!r} must be one of {', '.join(STAGES)}")
        if self.skill_package is not None and not self.skill_package.is_dir():
            raise ValueError(
                f"skill package {str(self.skill_package)!r} must be a directory, the one that holds"
                " skill.json and interactionModels"
            )
        if self.lanes < 1 or self.max_attempts < 1:
            raise ValueError("lanes and max_attempts must be at least 1")

    def _check_skill(self) -> None:
        if not self.skill_id.startswith(_SKILL_ID_PREFIX):
            raise ValueError(f"skill id {self.skill_id!r} must start with {_SKILL_ID_PREFIX}")
        if not self.client_id or not self.client_secret:
            raise ValueError("client id and client secret must not be empty")
