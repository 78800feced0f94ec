"""Where Alexa finds the skill: one Lambda function ARN for each Alexa region.

Facts: "Skill Manifest Schemas" (regions NA, EU, FE) and "Host a Custom Skill as an AWS Lambda
Function" (the AWS regions that have the Alexa Skills Kit trigger) in the ASK documentation.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import boto3
from botocore.exceptions import BotoCoreError, ClientError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from mypy_boto3_cloudformation import CloudFormationClient

ALEXA_REGIONS = ("NA", "EU", "FE")
"""Alexa's regions in the order in which one of them becomes the default endpoint."""

NEAREST: Mapping[str, str] = {
    "us-east-1": "NA",
    "us-west-2": "NA",
    "eu-west-1": "EU",
    "ap-northeast-1": "FE",
}
"""AWS regions with an Alexa trigger, and the Alexa region that each one is near to."""

OUTPUT = "SkillFunctionArn"
"""Name of the stack output that holds the skill function's ARN."""

ARN_SHAPE = "arn:aws:lambda:REGION:ACCOUNT:function:NAME"


class SkillPackageError(ValueError):
    """The skill package cannot be built; the message says why and what would be right."""


def parse_endpoint(text: str) -> tuple[str, str]:
    """Read ``REGION=ARN`` as it is given on the command line.

    Parameters
    ----------
    text
        For example ``EU=arn:aws:lambda:eu-west-1:123456789012:function:skill``.

    Returns
    -------
    tuple
        The Alexa region and the ARN.

    Raises
    ------
    SkillPackageError
        Naming the part that is wrong.
    """
    region, separator, arn = text.partition("=")
    if not separator:
        raise SkillPackageError(
            f"endpoint {text!r} names no Alexa region; write REGION={ARN_SHAPE}, "
            f"with {_one_of(ALEXA_REGIONS)} for REGION"
        )
    if region not in ALEXA_REGIONS:
        raise SkillPackageError(
            f"endpoint {text!r}: {region!r} is no Alexa region, use {_one_of(ALEXA_REGIONS)}"
        )
    check_arn(arn)
    return region, arn


def check_arn(arn: str) -> None:
    """Refuse whatever Alexa could not call as a skill's endpoint.

    Raises
    ------
    SkillPackageError
        Naming the first part of the ARN that is wrong and what belongs there.
    """
    parts = arn.split(":")
    if parts[0] != "arn":
        raise _wrong(arn, f"it does not start with 'arn:'; expected {ARN_SHAPE}")
    if len(parts) not in (7, 8):
        raise _wrong(arn, f"it has {len(parts)} parts instead of 7; expected {ARN_SHAPE}")
    _, partition, service, region, account, kind, name, *qualifier = parts
    rules = (
        (partition == "aws", f"partition is {partition!r}, Alexa reaches only 'aws'"),
        (service == "lambda", f"service is {service!r}, expected 'lambda'"),
        (region in NEAREST, f"Alexa has no trigger in {region!r}, use {_one_of(NEAREST)}"),
        (_fits(r"[0-9]{12}", account), f"account is {account!r}, expected 12 digits"),
        (kind == "function", f"resource is a {kind!r}, expected 'function'"),
        (
            _fits(r"[A-Za-z0-9_-]{1,64}", name),
            f"function name is {name!r}, expected 1 to 64 letters, digits, '-' and '_'",
        ),
        (
            not qualifier or _fits(r"[A-Za-z0-9_-]{1,128}", qualifier[0]),
            f"qualifier is {':'.join(qualifier)!r}, expected an alias, a version or none at all",
        ),
    )
    for holds, problem in rules:
        if not holds:
            raise _wrong(arn, problem)


def stack_endpoints(
    stack: str,
    regions: Iterable[str],
    client: Callable[[str], CloudFormationClient] | None = None,
) -> list[tuple[str, str]]:
    """Read the skill function's ARN from the outputs of a deployed stack.

    Parameters
    ----------
    stack
        Name of the stack, the same in every region.
    regions
        AWS regions it is deployed to. ``FE=us-west-2`` says which Alexa region it serves;
        without that it is the nearest one.
    client
        Makes the CloudFormation client of an AWS region.

    Returns
    -------
    list
        Pairs of Alexa region and ARN, in the order given.

    Raises
    ------
    SkillPackageError
        The stack is not there, cannot be read, or has no such output.
    """
    make = client or _cloudformation
    endpoints = []
    for text in regions:
        served, aws_region = served_region(text)
        arn = _stack_output(make(aws_region), stack, aws_region)
        check_arn(arn)
        endpoints.append((served, arn))
    return endpoints


def by_region(endpoints: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Order endpoints by Alexa region, each region once.

    Raises
    ------
    SkillPackageError
        A region is given twice.
    """
    found: dict[str, str] = {}
    for region, arn in endpoints:
        if region in found:
            raise SkillPackageError(
                f"two endpoints for {region}: {found[region]} and {arn}; give one, "
                f"or say which other Alexa region the second one serves, as in FE=us-west-2"
            )
        found[region] = arn
    return {region: found[region] for region in ALEXA_REGIONS if region in found}


def distant(endpoints: Mapping[str, str]) -> list[str]:
    """List endpoints that answer from another continent than the customers they serve."""
    notes = []
    for region, arn in endpoints.items():
        aws_region = arn.split(":")[3]
        if NEAREST[aws_region] != region and (region, aws_region) != ("FE", "us-west-2"):
            notes.append(
                f"{region} is served from {aws_region}, which is nearer to {NEAREST[aws_region]}"
            )
    return notes


def served_region(text: str) -> tuple[str, str]:
    """Return the Alexa region that is served and the AWS region that serves it.

    Parameters
    ----------
    text
        An AWS region, which serves what is nearest, or both, as in ``FE=us-west-2``.

    Raises
    ------
    SkillPackageError
        Alexa does not know the region, or cannot call functions there.
    """
    served, separator, aws_region = text.rpartition("=")
    if aws_region not in NEAREST:
        raise SkillPackageError(
            f"region {text!r}: Alexa has no trigger in {aws_region!r}, use {_one_of(NEAREST)}"
        )
    if not separator:
        return NEAREST[aws_region], aws_region
    if served not in ALEXA_REGIONS:
        raise SkillPackageError(
            f"region {text!r}: {served!r} is no Alexa region, use {_one_of(ALEXA_REGIONS)}"
        )
    return served, aws_region


def _stack_output(client: CloudFormationClient, stack: str, region: str) -> str:
    try:
        found = client.describe_stacks(StackName=stack)["Stacks"][0]
    except (ClientError, BotoCoreError) as error:
        raise SkillPackageError(f"cannot read stack {stack!r} in {region}: {error}") from error
    outputs = {output["OutputKey"]: output["OutputValue"] for output in found.get("Outputs", [])}
    if OUTPUT not in outputs:
        raise SkillPackageError(
            f"stack {stack!r} in {region} has no output {OUTPUT!r}, "
            f"it has {', '.join(sorted(outputs)) or 'none'}; is it the stack of template.yaml, "
            f"with a skill function? Name another function with --endpoint REGION={ARN_SHAPE}"
        )
    return outputs[OUTPUT]


def _cloudformation(region: str) -> CloudFormationClient:
    return boto3.client("cloudformation", region_name=region)


def _fits(pattern: str, text: str) -> bool:
    return re.fullmatch(pattern, text, re.ASCII) is not None


def _wrong(arn: str, problem: str) -> SkillPackageError:
    return SkillPackageError(f"ARN {arn!r}: {problem}")


def _one_of(names: Iterable[str]) -> str:
    *most, last = names
    return f"{', '.join(most)} or {last}"
