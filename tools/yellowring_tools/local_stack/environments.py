"""The environment that children get: nothing of a developer's AWS account is in it."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

REGION = "us-east-1"
ACCESS_KEY = "test"
SECRET_KEY = "test"  # noqa: S105 - what the emulator takes for its root
LOOPBACK = "127.0.0.1,localhost"


def aws_environment(endpoint: str) -> dict[str, str]:
    """Return what points an AWS client at ``endpoint`` and at no account, profile or metadata."""
    return {
        "AWS_ENDPOINT_URL": endpoint,
        "AWS_REGION": REGION,
        "AWS_DEFAULT_REGION": REGION,
        "AWS_ACCESS_KEY_ID": ACCESS_KEY,
        "AWS_SECRET_ACCESS_KEY": SECRET_KEY,
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "AWS_EC2_METADATA_DISABLED": "true",
    }


def server_environment(extra: Mapping[str, str]) -> dict[str, str]:
    """Return the little that a server needs of our environment, and ``extra``."""
    kept = ("PATH", "HOME", "LANG", "LC_ALL")
    inherited = {name: os.environ[name] for name in kept if name in os.environ}
    return inherited | {"PYTHONUNBUFFERED": "1"} | dict(extra)


def tool_environment(extra: Mapping[str, str]) -> dict[str, str]:
    """Return our environment without its AWS and Python settings, and ``extra``.

    Tools that download, such as pip inside ``sam build``, need the machine's proxies and
    certificates. This project's interpreter comes first on PATH.
    """
    inherited = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("AWS_", "PYTHON", "SAM_")) and name != "VIRTUAL_ENV"
    }
    direct = ",".join(filter(None, (inherited.get("NO_PROXY"), LOOPBACK)))
    path = os.pathsep.join((str(Path(sys.executable).parent), inherited.get("PATH", os.defpath)))
    return (
        inherited
        | {"PATH": path, "NO_PROXY": direct, "no_proxy": direct, "SAM_CLI_TELEMETRY": "0"}
        | dict(extra)
    )
