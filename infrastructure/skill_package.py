"""Fill the skill package in and write it where the ASK CLI takes it from.

``skill-package/`` holds placeholders for what only a deployment knows. This fills them::

    python -m infrastructure.skill_package --endpoint NA=arn:aws:lambda:us-east-1:…:function:…
    python -m infrastructure.skill_package --stack yellow-ring --region us-east-1
    python -m infrastructure.skill_package --without-endpoints

What is not given is left out of the manifest: a region without an endpoint uses the default one.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from yellowring_tools.setup.endpoints import (
    SkillPackageError,
    by_region,
    distant,
    parse_endpoint,
    stack_endpoints,
)
from yellowring_tools.setup.package import write_package

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

PROJECT = Path(__file__).resolve().parent.parent
SOURCE = PROJECT / "skill-package"
TARGET = PROJECT / "build" / "skill-package"


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
            source=SOURCE,
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
