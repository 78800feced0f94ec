"""Amazon's Skill Management API (SMAPI): the operations that set a skill up and look at it.

Source: the ``ask-smapi-model`` package, Amazon's own model of the API.
"""

from __future__ import annotations

from yellowring.alexa.lwa import Credentials

from yellowring_tools.smapi.ask_cli import AskCli
from yellowring_tools.smapi.connect import connect
from yellowring_tools.smapi.errors import SmapiError, SmapiUnknown
from yellowring_tools.smapi.login import SmapiLogin
from yellowring_tools.smapi.operations import Smapi
from yellowring_tools.smapi.package import pack
from yellowring_tools.smapi.profiles import ask_profiles
from yellowring_tools.smapi.resources import (
    ImportStatus,
    ResourceStatus,
    SkillStatus,
    SkillSummary,
    Vendor,
)

__all__ = [
    "AskCli",
    "Credentials",
    "ImportStatus",
    "ResourceStatus",
    "SkillStatus",
    "SkillSummary",
    "Smapi",
    "SmapiError",
    "SmapiLogin",
    "SmapiUnknown",
    "Vendor",
    "ask_profiles",
    "connect",
    "pack",
]
