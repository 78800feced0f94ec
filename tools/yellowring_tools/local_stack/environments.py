"""What children get: an environment with nothing of a developer's AWS account, and keys."""

from __future__ import annotations

import os
import secrets
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

REGION = "us-east-1"
LOOPBACK = "127.0.0.1,localhost"
LOGIN = ("SMAPI_", "ASK_")
"""What variables of the developer's login to Alexa start with."""
_KEY_BYTES = 16


@dataclass(frozen=True, slots=True)
class Keys:
    """The keys of one local stack, which no other takes.

    Attributes
    ----------
    access_key_id
        The emulator checks no signature of its root: who knows this id may do everything.
    secret_access_key
        What clients sign with.
    """

    access_key_id: str = field(repr=False)
    secret_access_key: str = field(repr=False)


def new_keys() -> Keys:
    """Return keys that nobody can guess."""
    return Keys(f"LOCAL{secrets.token_hex(_KEY_BYTES).upper()}", secrets.token_urlsafe(_KEY_BYTES))


def credentials(keys: Keys) -> dict[str, str]:
    """Return keys as `make run` prints them, and as they stand in the note of a stack."""
    return {
        "accessKeyId": keys.access_key_id,
        "secretAccessKey": keys.secret_access_key,
        "region": REGION,
    }


def aws_environment(endpoint: str, keys: Keys) -> dict[str, str]:
    """Return what points an AWS client at ``endpoint`` and at no account, profile or metadata."""
    return {
        "AWS_ENDPOINT_URL": endpoint,
        "AWS_REGION": REGION,
        "AWS_DEFAULT_REGION": REGION,
        "AWS_ACCESS_KEY_ID": keys.access_key_id,
        "AWS_SECRET_ACCESS_KEY": keys.secret_access_key,
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
    inherited = inherited_environment("AWS_", "SAM_")
    path = os.pathsep.join((str(Path(sys.executable).parent), inherited.get("PATH", os.defpath)))
    return inherited | {"PATH": path} | dict(extra)


def inherited_environment(*hidden: str) -> dict[str, str]:
    """Return our environment as SAM and what it starts may have it.

    Packages that a build installs run their own code there: the developer's login is not for them.

    Parameters
    ----------
    hidden
        What else names of variables start with that are left out.
    """
    inherited = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith((*LOGIN, "PYTHON", *hidden)) and name != "VIRTUAL_ENV"
    }
    direct = ",".join(filter(None, (inherited.get("NO_PROXY"), LOOPBACK)))
    return inherited | {"NO_PROXY": direct, "no_proxy": direct, "SAM_CLI_TELEMETRY": "0"}
