"""What can go wrong between a developer and SMAPI, and what to do about it."""

from __future__ import annotations

from http import HTTPStatus

_REMEDIES = {
    400: "mend what it names, and try again",
    401: "log in again: `ask configure`, or a new SMAPI_REFRESH_TOKEN",
    403: "ask an administrator of the vendor account for the role, or name another vendor",
    404: "check the id and the stage: it may be another vendor's, or deleted",
    409: "wait for the change that is being made to the skill, and try again",
    412: "somebody changed it meanwhile: read it again, and try again",
    413: "make the package smaller",
    429: "wait a minute, and try again",
}


class SmapiError(Exception):
    """An operation was refused, or could not be asked for: nothing has changed.

    Attributes
    ----------
    status
        HTTP status, or ``None`` when there was no answer.
    code
        SMAPI's or Login with Amazon's name of the problem, such as ``INVALID_REQUEST``, or one of
        ours: ``UNREACHABLE``, ``NO_LOGIN``, ``NO_ASK_CLI``, ``GARBLED``, ``UNKNOWN``.
    message
        A sentence of what was wrong, where, and what to do; it never holds a token or a secret.
    """

    def __init__(self, status: int | None, code: str, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message


class SmapiUnknown(SmapiError):
    """No answer, or SMAPI's own failure: whether anything has changed is not known."""


class Throttled(SmapiError):
    """Too many calls: nothing was done.

    Attributes
    ----------
    retry_after
        Seconds to wait, where SMAPI said so.
    """

    retry_after: float | None = None


def refusal(operation: str, status: int, code: str, said: str) -> SmapiError:
    """Return the error of an answer that is no success.

    Parameters
    ----------
    operation
        The operation's name, as the ASK CLI has it.
    status
        The answer's, outside of 200 to 299.
    code, said
        What the answer's body says; either may be empty.
    """
    told = f"{operation} was answered with status {status}{f': {said}' if said else ''}"
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return SmapiUnknown(
            status, code or "UNKNOWN", f"{told}; look whether it was done before trying again"
        )
    remedy = _REMEDIES.get(status, "see the Skill Management API's reference for the status")
    kind = Throttled if status == HTTPStatus.TOO_MANY_REQUESTS else SmapiError
    return kind(status, code or f"HTTP_{status}", f"{told}; {remedy}")
