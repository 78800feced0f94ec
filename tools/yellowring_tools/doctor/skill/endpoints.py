"""Where Alexa sends what customers do, and whether she may: the endpoints of every region."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any, NamedTuple

from yellowring_tools.doctor.finding import fault, unknown, warning
from yellowring_tools.doctor.skill.known import member
from yellowring_tools.doctor.stack.deployment import found
from yellowring_tools.doctor.stack.template import DEPLOY

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from yellowring_tools.doctor.finding import Finding
    from yellowring_tools.doctor.skill.known import Known
    from yellowring_tools.doctor.stack.deployment import Deployment

ALEXA = "alexa-appkit.amazon.com"
_FILL = "make skill-package REGIONS=… fills them in; then ask deploy"
_PLACEHOLDER = "${"
_FUNCTION = re.compile(
    r"arn:[\w-]+:lambda:(?P<region>[a-z]{2}(-[a-z]+)+-\d):(?P<account>\d{12})"
    r":function:[\w-]+(:[\w$-]+)?"
)


class Endpoint(NamedTuple):
    """One address of a manifest."""

    path: str
    uri: str


def endpoints_of(manifest: Mapping[str, Any]) -> tuple[Endpoint, ...]:
    """Return every endpoint of a manifest: the requests' and the skill events', by region."""
    found_: list[Endpoint] = []
    for path, holder in (
        ("$.manifest.apis.custom", member(member(manifest, "apis"), "custom")),
        ("$.manifest.events", member(manifest, "events")),
    ):
        places = {path: holder}
        regions = member(holder, "regions")
        places |= {f"{path}.regions.{each}": member(regions, each) for each in regions}
        for place, own in places.items():
            if isinstance(uri := member(own, "endpoint").get("uri"), str):
                found_.append(Endpoint(f"{place}.endpoint.uri", uri))
    return tuple(found_)


def check_endpoints(deployment: Deployment, known: Known) -> Iterator[Finding]:
    """Check that the endpoints are this stack's function, or functions that are there."""
    there = endpoints_of(known.manifest)
    if [each for each in there if _PLACEHOLDER in each.uri]:
        what = "has placeholders for endpoints, so which functions Alexa calls is not known"
        remedy = f"{_FILL}; or log in to SMAPI, and the skill itself is looked at"
        yield unknown("endpoints", known.source, what, remedy)
        return
    own = deployment.outputs.get("SkillFunctionArn") or None
    yield from of_endpoints(there, own, known.source)
    for each in there:
        yield from of_address(each, known.source)
        yield from of_existence(each, _exists(deployment, each.uri), known.source)


def of_endpoints(there: Sequence[Endpoint], own: str | None, source: str) -> Iterator[Finding]:
    """Check that events and requests of the stack's region come to the stack's function.

    Parameters
    ----------
    there
        The manifest's endpoints.
    own
        ARN of the stack's skill function, or of its alias; ``None``: the skill has its own.
    source
        Where they were read.
    """
    if own is None:
        return
    plain, region = _unqualified(own), own.split(":")[3]
    for each in there:
        if f":lambda:{region}:" in each.uri and _unqualified(each.uri) != plain:
            what = f"is {each.uri}, and not this stack's function {own}"
            yield fault("endpoints", f"{source}, {each.path}", what, _FILL)
        elif _unqualified(each.uri) == plain and each.uri != own:
            what = f"is {each.uri}, but the stack says {own}"
            yield warning("endpoints", f"{source}, {each.path}", what, _FILL)
    for kind in ("apis.custom", "events"):
        uris = [each.uri for each in there if each.path.startswith(f"$.manifest.{kind}.")]
        if uris and not any(f":lambda:{region}:" in each for each in uris):
            what = f"no endpoint is in {region}, so that nothing comes to this stack"
            yield fault("endpoints", f"{source}, $.manifest.{kind}", what, _FILL)


def of_address(endpoint: Endpoint, source: str) -> Iterator[Finding]:
    """Check that an endpoint is a function's ARN or a web service's address, as Alexa takes them.

    Source: "Skill manifest schema", ``endpoint.uri`` (ASK).
    """
    if not _FUNCTION.fullmatch(endpoint.uri) and not endpoint.uri.startswith("https://"):
        what = f"is {endpoint.uri!r}, which is neither a Lambda function's ARN nor an https:// URL"
        yield fault("endpoints", f"{source}, {endpoint.path}", what, _FILL)


def of_existence(endpoint: Endpoint, exists: bool | None, source: str) -> Iterator[Finding]:
    """Check that a function is there; ``None``: it is no function that could be looked for."""
    if exists is False:
        what = f"is {endpoint.uri}, and there is no such function"
        yield fault("endpoints", f"{source}, {endpoint.path}", what, _FILL)


def check_permission(deployment: Deployment) -> Iterator[Finding]:
    """Check that Alexa may invoke the skill function for this skill."""
    name, skill_id = deployment.skill_function, deployment.outputs["SkillId"]
    if name is None:
        return
    qualifier = _qualifier(deployment.outputs.get("SkillFunctionArn", ""))
    functions = deployment.stack.functions
    read: Callable[[], Mapping[str, Any]] = lambda: functions.get_policy(  # noqa: E731
        FunctionName=name, **({"Qualifier": qualifier} if qualifier else {})
    )
    told = found(read)
    policy = json.loads(told["Policy"]) if told else {}
    yield from of_policy(policy.get("Statement", []), skill_id, name)


def of_policy(
    statements: Sequence[Mapping[str, Any]], skill_id: str, name: str
) -> Iterator[Finding]:
    """Check the statements of a function's policy."""
    where = f"function {name}"
    tokens = [_token(each) for each in statements if _is_alexas(each)]
    if not tokens:
        what = "its policy does not let Alexa in: every event and request of customers is lost"
        yield fault("permission", where, what, DEPLOY)
    elif skill_id not in tokens and None not in tokens:
        what = f"its policy lets in another skill than {skill_id}"
        yield fault("permission", where, what, "deploy with the SkillId of this skill")
    elif skill_id not in tokens:
        yield warning("permission", where, "its policy lets in every skill there is", DEPLOY)


def _is_alexas(statement: Mapping[str, Any]) -> bool:
    """Check whether a statement lets Alexa in, as a service or, in the emulator, as an account."""
    principal = statement.get("Principal")
    named = list(principal.values()) if isinstance(principal, dict) else [principal]
    return statement.get("Effect") == "Allow" and any(ALEXA in (each or ()) for each in named)


def _token(statement: Mapping[str, Any]) -> str | None:
    equals = member(member(statement, "Condition"), "StringEquals")
    return next(
        (value for key, value in equals.items() if key.lower() == "lambda:eventsourcetoken"), None
    )


def _exists(deployment: Deployment, uri: str) -> bool | None:
    """Look for the function of an ARN in its region, where it is of the stack's account."""
    function = _FUNCTION.fullmatch(uri)
    own = deployment.outputs["SenderFunctionArn"].split(":")[4]
    if not function or function["account"] != own:
        return None
    functions = deployment.stack.functions_in(function["region"])
    return found(lambda: functions.get_function_configuration(FunctionName=uri)) is not None


def _unqualified(arn: str) -> str:
    return ":".join(arn.split(":")[:7])


def _qualifier(arn: str) -> str:
    return ":".join(arn.split(":")[7:])
