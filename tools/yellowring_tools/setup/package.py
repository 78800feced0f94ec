"""The skill package, filled in with what only a deployment knows.

``skill-package/`` holds placeholders; what is not given is left out of the manifest. A region
without an endpoint uses the default one.
"""

from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING, Any

from yellowring_tools.setup.endpoints import SkillPackageError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

PRIVACY_POLICY = "${PRIVACY_POLICY_URL}"
TERMS_OF_USE = "${TERMS_OF_USE_URL}"


def fill_manifest(
    manifest: Mapping[str, Any],
    endpoints: Mapping[str, str],
    *,
    privacy_policy: str | None = None,
    terms_of_use: str | None = None,
    name: str | None = None,
) -> dict[str, Any]:
    """Fill a manifest's placeholders.

    Parameters
    ----------
    manifest
        Content of ``skill.json``; it is not changed.
    endpoints
        Alexa region (NA, EU, FE) to ARN; the first one is the default endpoint as well. Empty
        for the first deployment, before there is a function: the manifest then has no endpoints
        and no ``events``, which need one.
    privacy_policy, terms_of_use
        Addresses that the skill's page in the store shows, or None to leave them out.
    name
        The skill's name in every locale, or None to leave the names as they are.

    Returns
    -------
    dict
        The filled manifest.

    Raises
    ------
    SkillPackageError
        A placeholder is left that nothing here fills.
    """
    filled: dict[str, Any] = json.loads(json.dumps(manifest))
    body = filled["manifest"]
    if endpoints:
        for api in (body["apis"]["custom"], body["events"]):
            api.update(_endpoint_block(endpoints))
    else:
        body["apis"]["custom"] = {}
        del body["events"]
    if name is not None:
        for page in body["publishingInformation"]["locales"].values():
            page["name"] = name
    addresses = {PRIVACY_POLICY: privacy_policy, TERMS_OF_USE: terms_of_use}
    privacy = body["privacyAndCompliance"]["locales"]
    for locale, page in privacy.items():
        filled_in = {name: addresses.get(url, url) for name, url in page.items()}
        privacy[locale] = {name: url for name, url in filled_in.items() if url is not None}
    _refuse_placeholders(filled)
    return filled


def write_package(
    endpoints: Mapping[str, str],
    *,
    privacy_policy: str | None = None,
    terms_of_use: str | None = None,
    name: str | None = None,
    source: Path,
    target: Path,
) -> Path:
    """Write the filled package; an older one at the same place is replaced.

    Parameters
    ----------
    endpoints, privacy_policy, terms_of_use, name
        As for `fill_manifest`.
    source
        The package with placeholders.
    target
        Folder to write.

    Returns
    -------
    Path
        The folder written.

    Raises
    ------
    SkillPackageError
        The source is incomplete or the target is a folder of something else.
    """
    source, target = source.resolve(), target.resolve()
    if target == source or target.is_relative_to(source) or source.is_relative_to(target):
        raise SkillPackageError(f"{target} overlaps {source}; write the package elsewhere")
    if target.exists() and not (target / "skill.json").is_file():
        raise SkillPackageError(f"{target} exists and is no skill package; it stays as it is")
    try:
        manifest = json.loads((source / "skill.json").read_text(encoding="utf-8"))
    except (OSError, json.JSONDecodeError) as error:
        raise SkillPackageError(f"cannot read {source / 'skill.json'}: {error}") from error
    filled = fill_manifest(
        manifest,
        endpoints,
        privacy_policy=privacy_policy,
        terms_of_use=terms_of_use,
        name=name,
    )
    if target.exists():
        shutil.rmtree(target)
    shutil.copytree(source, target)
    text = json.dumps(filled, ensure_ascii=False, indent=2) + "\n"
    (target / "skill.json").write_text(text, encoding="utf-8")
    return target


def _endpoint_block(endpoints: Mapping[str, str]) -> dict[str, Any]:
    default = next(iter(endpoints.values()))
    return {
        "endpoint": {"uri": default},
        "regions": {region: {"endpoint": {"uri": arn}} for region, arn in endpoints.items()},
    }


def _refuse_placeholders(value: object, path: str = "$") -> None:
    if isinstance(value, dict):
        for name, inner in value.items():
            _refuse_placeholders(inner, f"{path}.{name}")
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            _refuse_placeholders(inner, f"{path}[{index}]")
    elif isinstance(value, str) and "${" in value:
        raise SkillPackageError(f"skill.json at {path}: nothing fills {value!r}")
