"""The ASK CLI's profiles, as its file in the home folder has them; its tokens are not read."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

DEFAULT_PROFILE = "default"


def ask_profiles(environ: Mapping[str, str] | None = None) -> tuple[str, ...]:
    """Return the names of the profiles that ``ask configure`` made; often none."""
    return tuple(_profiles(environ))


def vendor_of(profile: str, environ: Mapping[str, str] | None = None) -> str | None:
    """Return the id of the vendor that a profile works for; ``None`` when it has none."""
    settings = _profiles(environ).get(profile)
    vendor = settings.get("vendor_id") if isinstance(settings, dict) else None
    return vendor if isinstance(vendor, str) else None


def _profiles(environ: Mapping[str, str] | None) -> dict[str, Any]:
    home = (os.environ if environ is None else environ).get("HOME") or str(Path.home())
    try:
        profiles = json.loads((Path(home) / ".ask" / "cli_config").read_bytes())["profiles"]
    except (OSError, ValueError, KeyError, TypeError):
        return {}
    return profiles if isinstance(profiles, dict) else {}
