"""A small skill package, right in all its parts, and the zip of any."""

from __future__ import annotations

import io
import json
import zipfile
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

FUNCTION_ARN = "arn:aws:lambda:us-east-1:000000000000:function:ring"
NOTIFICATIONS = "alexa::devices:all:notifications:write"
MODEL = {
    "interactionModel": {
        "languageModel": {
            "invocationName": "yellow ring",
            "intents": [{"name": "AMAZON.HelpIntent", "samples": []}],
            "types": [],
        }
    }
}


def manifest(name: str = "Yellow Ring", **changes: Any) -> dict[str, Any]:
    """Give a right ``skill.json``, with members of the manifest changed (None: left out)."""
    right = {
        "manifestVersion": "1.0",
        "publishingInformation": {"locales": {"en-US": {"name": name}, "de-DE": {"name": name}}},
        "apis": {"custom": {}},
        "permissions": [{"name": NOTIFICATIONS}],
    } | changes
    return {"manifest": {key: value for key, value in right.items() if value is not None}}


def listening(uri: str = FUNCTION_ARN, **regions: str) -> dict[str, Any]:
    """Give the members of a manifest by which Alexa calls functions."""
    endpoint = {
        "endpoint": {"uri": uri},
        "regions": {region: {"endpoint": {"uri": own}} for region, own in regions.items()},
    }
    subscriptions = [{"eventName": "SKILL_ENABLED"}]
    return {
        "apis": {"custom": endpoint},
        "events": endpoint | {"subscriptions": subscriptions},
    }


def package_files(document: object = None, **models: object) -> dict[str, bytes]:
    """Give the files of a package; models by locale, with ``_`` for ``-``."""
    found = models or {"en_US": MODEL}
    named = {locale.replace("_", "-"): model for locale, model in found.items()}
    return {"skill.json": json.dumps(manifest() if document is None else document).encode()} | {
        f"interactionModels/custom/{locale}.json": json.dumps(model).encode()
        for locale, model in named.items()
    }


def zipped(files: Mapping[str, bytes]) -> bytes:
    """Zip files as they are."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as made:
        for name, content in files.items():
            made.writestr(name, content)
    return packed.getvalue()


def written(folder: Path, files: Mapping[str, bytes]) -> Path:
    """Lay files down in a folder."""
    for name, content in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
    return folder
