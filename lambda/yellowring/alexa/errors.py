"""What can go wrong between us and Amazon, named."""

from __future__ import annotations


class AlexaError(Exception):
    """A call to one of Alexa's services did not do what was asked.

    Attributes
    ----------
    status
        HTTP status, or ``None`` when there was no answer.
    request_id
        Amazon's ``x-amzn-requestid``, to quote to Amazon's support.
    code
        The ``error``, ``code`` or ``type`` field of the answer's body, where it has one.
    """

    def __init__(
        self,
        message: str,
        *,
        status: int | None = None,
        request_id: str | None = None,
        code: str | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.request_id = request_id
        self.code = code


class InvalidCredentials(AlexaError):
    """The skill's client id and client secret are missing, malformed, or refused by LWA."""


class TokenUnavailable(AlexaError):
    """LWA gave no token just now; trying again later may help."""


class RequestRefused(AlexaError):
    """Alexa refused the request: it is wrong, or the customer is not to be reached with it."""


class TooManyRequests(AlexaError):
    """Alexa asks to slow down.

    Attributes
    ----------
    retry_after
        Seconds to wait, where Alexa said so.
    """

    retry_after: float | None = None


class ServiceUnavailable(AlexaError):
    """Alexa failed or did not answer, so whether the request was taken is not known."""
