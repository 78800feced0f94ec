"""Fill the skill package in and write it where the ASK CLI takes it from.

``skill-package/`` holds placeholders for what only a deployment knows. This fills them::

    python -m infrastructure.skill_package --endpoint NA=arn:aws:lambda:us-east-1:…:function:…
    python -m infrastructure.skill_package --stack yellow-ring --region us-east-1
    python -m infrastructure.skill_package --without-endpoints

What is not given is left out of the manifest: a region without an endpoint uses the default one.
"""

from __future__ import annotations

import argparse
import json
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from infrastructure.endpoints import (
    SkillPackageError,
    by_region,
    distant,
    parse_endpoint,
    stack_endpoints,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

PROJECT = Path(__file__).resolve().parent.parent
SOURCE = PROJECT / "skill-package"
TARGET = PROJECT / "build" / "skill-package"

PRIVACY_POLICY = "${PRIVACY_POLICY_URL}"
TERMS_OF_USE = "${TERMS_OF_USE_URL}"


def fill_manifest(
    manifest: Mapping[str, Any],
    endpoints: Mapping[str, str],
    *,
    privacy_policy: str | None = None,
    terms_of_use: str | None = None,
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
    source: Path = SOURCE,
    target: Path = TARGET,
) -> Path:
    """Write the filled package; an older one at the same place is replaced.

    Parameters
    ----------
    endpoints, privacy_policy, terms_of_use
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
        manifest, endpoints, privacy_policy=privacy_policy, terms_of_use=terms_of_use
    )
    if target.exists():
        shutil.rmtree(target)
    shutil.copytree(source, target)
    text = json.dumps(filled, ensure_ascii=False, indent=2) + "\n"
    (target / "skill.json").write_text(text, encoding="utf-8")
    return target


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; 0 when the package is written, 1 when it cannot be."""
    options = _parser().parse_args(arguments)
    try:
        endpoints = _endpoints(options)
        _check_addresses(options.privacy_policy, options.terms_of_use)
        target = write_package(
            endpoints,
            privacy_policy=options.privacy_policy,
            terms_of_use=options.terms_of_use,
            target=options.output,
        )
    except SkillPackageError as error:
        sys.stderr.write(f"error: {error}\n")
        return 1
    for note in distant(endpoints):
        sys.stderr.write(f"warning: {note}\n")
    if options.privacy_policy is None:
        sys.stderr.write("note: no --privacy-policy; Alexa asks for one before certification\n")
    sys.stdout.write(f"{target}: {_summary(endpoints)}\n")
    return 0


def _endpoints(options: argparse.Namespace) -> dict[str, str]:
    given = [parse_endpoint(text) for text in options.endpoint]
    if options.stack and not options.region:
        raise SkillPackageError("--stack needs at least one --region, as in --region us-east-1")
    if options.region and not options.stack:
        raise SkillPackageError("--region needs --stack, the name of the deployed stack")
    if options.stack:
        given += stack_endpoints(options.stack, options.region)
    if bool(given) == options.without_endpoints:
        raise SkillPackageError(
            "give one to three endpoints (--endpoint, or --stack with --region), "
            "or --without-endpoints for a skill that has no function yet"
        )
    return by_region(given)


def _check_addresses(*addresses: str | None) -> None:
    for url in addresses:
        if url is not None and not url.startswith("https://"):
            raise SkillPackageError(f"address {url!r} does not start with https://")


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


def _summary(endpoints: Mapping[str, str]) -> str:
    if not endpoints:
        return "no endpoints and no events yet; build it again once the stack is deployed"
    return f"endpoints for {', '.join(endpoints)}, default {next(iter(endpoints))}"


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m infrastructure.skill_package",
        description="Fill the skill package in and write it to build/skill-package.",
    )
    parser.add_argument(
        "--endpoint",
        action="append",
        default=[],
        metavar="REGION=ARN",
        help="the skill function's ARN for NA, EU or FE; may be repeated",
    )
    parser.add_argument("--stack", help="name of the deployed stack to read the ARN from")
    parser.add_argument(
        "--region",
        action="append",
        default=[],
        metavar="AWS_REGION",
        help="where the stack is deployed, as us-east-1 or FE=us-west-2; may be repeated",
    )
    parser.add_argument(
        "--without-endpoints",
        action="store_true",
        help="for the very first deployment, which gives the skill its id",
    )
    parser.add_argument("--privacy-policy", metavar="URL", help="address of the privacy policy")
    parser.add_argument("--terms-of-use", metavar="URL", help="address of the terms of use")
    parser.add_argument("--output", type=Path, default=TARGET, help="folder to write")
    return parser


if __name__ == "__main__":
    sys.exit(main())
