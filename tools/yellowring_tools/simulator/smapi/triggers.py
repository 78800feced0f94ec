"""Whether Alexa may call the functions that a manifest names: SMAPI looks before it takes them.

Source: "Host a Custom Skill as an AWS Lambda Function" (Alexa Skills Kit), the function's trigger.
"""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, Any

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from yellowring_tools.simulator.smapi.manifest_rules import endpoints_in
from yellowring_tools.simulator.smapi.refusals import Problem

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

ALEXA = "alexa-appkit.amazon.com"
_LAMBDA = "arn:aws:lambda:"
_NAME_PARTS = 7

type PolicyOf = Callable[[str], Mapping[str, Any]]
"""Gives the resource policy of a function by its ARN; one without any has no statement."""


def trigger_problems(
    manifest: Mapping[str, Any], skill_id: str | None, policy_of: PolicyOf
) -> Iterator[Problem]:
    """Yield each function of a manifest that Alexa may not call for the skill.

    Parameters
    ----------
    manifest
        The inner document of ``skill.json``.
    skill_id
        ``None`` while the skill is being created: then no policy can name it.
    policy_of
        Looks a function's policy up.
    """
    for arn in sorted({uri for uri in endpoints_in(manifest) if uri.startswith(_LAMBDA)}):
        statements = policy_of(arn).get("Statement") or ()
        if not any(_lets_in(statement, skill_id) for statement in statements):
            message = f'The trigger setting for the Lambda "{arn}" is invalid.'
            yield Problem("INVALID_LAMBDA_TRIGGER", message)


class LambdaPolicies:
    """Reads functions' policies from a Lambda API, with the keys of the environment.

    Parameters
    ----------
    endpoint
        Its base URL; ``None`` for boto's own choice.
    """

    def __init__(self, endpoint: str | None) -> None:
        self._endpoint = endpoint

    def __call__(self, arn: str) -> Mapping[str, Any]:
        """Return a function's policy; one that is not there, or has none, lets nobody in."""
        parts = arn.split(":")
        client = boto3.client(
            "lambda",
            region_name=parts[3],
            endpoint_url=self._endpoint,
            aws_access_key_id=os.environ.get("AWS_ACCESS_KEY_ID") or "test",
            aws_secret_access_key=os.environ.get("AWS_SECRET_ACCESS_KEY") or "test",
            config=Config(connect_timeout=5, read_timeout=10, retries={"total_max_attempts": 2}),
        )
        name, qualifier = ":".join(parts[:_NAME_PARTS]), ":".join(parts[_NAME_PARTS:])
        more = {"Qualifier": qualifier} if qualifier else {}
        try:
            answer = client.get_policy(FunctionName=name, **more)
        except (BotoCoreError, ClientError):
            return {}
        policy: Mapping[str, Any] = json.loads(answer["Policy"])
        return policy


def _lets_in(statement: Mapping[str, Any], skill_id: str | None) -> bool:
    principal = statement.get("Principal")
    # AWS says {"Service": …}, and the embedded AWS {"AWS": …}.
    named = principal.values() if isinstance(principal, dict) else (principal,)
    if statement.get("Effect") != "Allow" or ALEXA not in named:
        return False
    condition = (statement.get("Condition") or {}).get("StringEquals") or {}
    token = condition.get("lambda:EventSourceToken", skill_id)
    return token == skill_id
