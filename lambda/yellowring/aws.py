"""AWS, for what the functions start with: its clients, and DynamoDB's spelling of values.

Straight from botocore, which is what boto3 makes its clients of: importing boto3 as well would
add its transfers to S3 and its resources to every cold start.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import botocore.session

if TYPE_CHECKING:
    from botocore.config import Config


def client(service: str, config: Config) -> Any:  # noqa: ANN401 - of a class made at run time
    """Return a client of a service, as ``boto3.client`` does.

    Parameters
    ----------
    service
        As botocore names it: ``dynamodb``.
    config
        How long calls may take, and how often they are tried.
    """
    return _session().create_client(service, config=config)


def encode(value: object) -> Any:  # noqa: ANN401 - one of a dozen shapes
    """Return a value of JSON as DynamoDB spells it.

    Raises
    ------
    TypeError
        It is no value of JSON.
    """
    if isinstance(value, str):
        return {"S": value}
    if value is None or isinstance(value, bool):
        return {"NULL": True} if value is None else {"BOOL": value}
    if isinstance(value, int | float):
        return {"N": str(value)}
    if isinstance(value, Mapping):
        return {"M": {name: encode(each) for name, each in value.items()}}
    if isinstance(value, list | tuple):
        return {"L": [encode(each) for each in value]}
    raise TypeError(f"a {type(value).__name__} is no value of JSON")


def decode(value: Mapping[str, Any]) -> Any:  # noqa: ANN401 - as Python has it
    """Return what `encode` made of a value; whole numbers are ``int``, others ``float``."""
    [(kind, held)] = value.items()
    match kind:
        case "NULL":
            return None
        case "N":
            return int(held) if held.lstrip("-").isdigit() else float(held)
        case "L":
            return [decode(each) for each in held]
        case "M":
            return {name: decode(each) for name, each in held.items()}
        case _:
            return held


@functools.cache
def _session() -> botocore.session.Session:
    return botocore.session.get_session()
