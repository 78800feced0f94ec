"""What AWS says when it does not do what was asked, told as one line with what would be right."""

from __future__ import annotations

import re
from contextlib import contextmanager
from typing import TYPE_CHECKING

from yellowring_tools.cli.terminal.output import failure

if TYPE_CHECKING:
    from collections.abc import Iterator

_USER_ID = re.compile(r"amzn1\.ask\.(?:account|person)\.[\w.-]+")
_DENIED = ("AccessDenied", "UnauthorizedOperation", "NotAuthorized")
_EXPIRED = ("ExpiredToken", "InvalidClientTokenId", "UnrecognizedClient", "RequestExpired")
_LOG_IN = "log in again (aws sso login or aws configure), or choose another with --profile"


@contextmanager
def explained() -> Iterator[None]:
    """End the command with a line and status 1 when AWS, or the way to it, fails."""
    from botocore import exceptions  # noqa: PLC0415 - loaded by those who call AWS

    try:
        yield
    except exceptions.ClientError as error:
        raise failure(client_error(error)) from None
    except exceptions.BotoCoreError as error:
        raise failure(without_users(_hint(error))) from None


def client_error(error: Exception) -> str:
    """Say what AWS refused, and what to do about it."""
    answer = getattr(error, "response", {}).get("Error", {})
    operation = getattr(error, "operation_name", "the call")
    code, message = answer.get("Code", "?"), answer.get("Message", "no reason given")
    told = without_users(f"{operation} failed: {message} ({code})")
    if is_denied(error):
        return f"{told}; use a profile that may do that"
    if any(word in code for word in _EXPIRED):
        return f"{told}; {_LOG_IN}"
    return told


def is_denied(error: Exception) -> bool:
    """Check whether AWS refused a call for want of a permission."""
    code = getattr(error, "response", {}).get("Error", {}).get("Code", "")
    return any(word in code for word in _DENIED)


def without_users(text: str) -> str:
    """Blank every Alexa user id in a text."""
    return _USER_ID.sub("(a user id)", text)


def _hint(error: Exception) -> str:
    text = str(error).rstrip(".")
    match type(error).__name__:
        case "NoRegionError":
            return "no AWS region is set: give --region, or set AWS_REGION"
        case "ProfileNotFound":
            return f"{text}; aws configure list-profiles tells which there are"
        case name if "Credential" in name or "Token" in name or "SSO" in name:
            return f"{text}; {_LOG_IN}. A stack on this machine needs none: make run, then --local"
        case name if "Connect" in name or "Timeout" in name:
            return f"{text}; is the network up, and is it the right --region?"
    return text
