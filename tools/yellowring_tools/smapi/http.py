"""SMAPI over HTTP with a bearer token: time-outs, repeats where they are safe, no redirects."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from functools import cache
from http import HTTPStatus
from http.client import HTTPException
from typing import TYPE_CHECKING, Any, override
from urllib.parse import urlsplit

from yellowring.settings import is_secure

from yellowring_tools.smapi import resources
from yellowring_tools.smapi.call import Answer
from yellowring_tools.smapi.errors import SmapiError, SmapiUnknown, Throttled, refusal
from yellowring_tools.smapi.repeats import Repeats

if TYPE_CHECKING:
    from email.message import Message
    from http.client import HTTPResponse

    from yellowring_tools.smapi.call import Call
    from yellowring_tools.smapi.login import AccessToken

TIMEOUT = 30.0
"""Seconds that an answer may take."""
UPLOAD_TIMEOUT = 120.0
LARGEST_ANSWER = 16 * 1024 * 1024
_LOOPBACK = ("127.0.0.1", "::1", "localhost")


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """A token goes where it was meant to go, and nowhere else."""

    @override
    def redirect_request(self, *_: object, **__: object) -> None:
        return None


class HttpTransport:
    """Asks SMAPI over HTTP.

    Parameters
    ----------
    base_url
        Where SMAPI is, without a trailing slash.
    token
        The developer's; renewed once for each call that it does not open.
    repeats
        Which failures are tried again.
    """

    def __init__(self, base_url: str, token: AccessToken, repeats: Repeats | None = None) -> None:
        self._base_url = base_url
        self._token = token
        self._repeats = repeats or Repeats()

    def send(self, call: Call) -> Answer:
        """Ask, renew the token once if it is refused, and repeat what is safe to repeat."""
        return self._repeats.of(
            lambda: self._authorised(call), unknown=call.may_repeat, throttled=not call.once
        )

    def put(self, url: str, content: bytes) -> None:
        """Upload to a URL that SMAPI gave, which needs no token."""
        put(url, content, self._repeats)

    def _authorised(self, call: Call) -> Answer:
        token = self._token.get()
        try:
            return self._ask(call, token)
        except SmapiError as error:
            if error.status != HTTPStatus.UNAUTHORIZED:
                raise
        return self._ask(call, self._token.renew(token))

    def _ask(self, call: Call, token: str) -> Answer:
        data = None if call.body is None else json.dumps(call.body).encode()
        request = urllib.request.Request(  # noqa: S310 - checked where it was connected
            self._base_url + call.target(), data=data, method=call.method
        )
        request.add_header("Content-Type", "application/json")
        request.add_header("Accept", "application/json")
        request.add_unredirected_header("Authorization", f"Bearer {token}")
        if call.if_match is not None:
            request.add_header("If-Match", call.if_match)
        return exchange(call.command, request, TIMEOUT)


def put(url: str, content: bytes, repeats: Repeats) -> None:
    """Put a package to the URL that SMAPI gave for it; the same bytes again are no harm.

    Raises
    ------
    SmapiError
        The URL is not one to send anything to, or does not take it.
    """
    if not is_secure(url):
        raise SmapiError(None, "INSECURE", "SMAPI gave an upload URL that is not https: try again")

    def upload() -> Answer:
        request = urllib.request.Request(url, data=content, method="PUT")  # noqa: S310
        request.add_header("Content-Type", "application/zip")
        return exchange("upload", request, UPLOAD_TIMEOUT)

    repeats.of(upload, unknown=True)


def exchange(operation: str, request: urllib.request.Request, timeout: float) -> Answer:
    """Send one request and read its answer whole.

    Raises
    ------
    SmapiUnknown
        No answer, half an answer, or a status from 500 up.
    SmapiError
        Any other status that is no success, or nothing to connect to: then nothing was sent.
    """
    opener = _opener(urlsplit(f"//{request.host}").hostname in _LOOPBACK)
    try:
        with opener.open(request, timeout=timeout) as answer:
            body = _body(answer)
            return Answer(answer.status, _headers(answer.headers), body)
    except urllib.error.HTTPError as error:
        with error:
            raise _refused(operation, error) from None
    except urllib.error.URLError as error:
        raise _unsent(operation, request.host, error.reason) from None
    except (OSError, HTTPException, ValueError) as error:
        raise _unanswered(operation, type(error).__name__) from None


@cache
def _opener(local: bool) -> urllib.request.OpenerDirector:
    """Return what sends; a proxy has no business between a machine and itself."""
    handlers = [_NoRedirect(), *([urllib.request.ProxyHandler({})] if local else [])]
    return urllib.request.build_opener(*handlers)


def _refused(operation: str, error: urllib.error.HTTPError) -> SmapiError:
    try:
        code, said = resources.problem_of(_body(error))
    except (OSError, HTTPException, ValueError):
        code, said = "", ""
    made = refusal(operation, error.code, code, said)
    if isinstance(made, Throttled):
        made.retry_after = _seconds(error.headers.get("Retry-After"))
    return made


def _unsent(operation: str, host: str, reason: object) -> SmapiError:
    """Return the error of a request that failed before an answer began."""
    if isinstance(reason, TimeoutError | ConnectionResetError | BrokenPipeError):
        return _unanswered(operation, type(reason).__name__)
    said = reason.strerror if isinstance(reason, OSError) and reason.strerror else reason
    return SmapiError(
        None, "UNREACHABLE", f"{host} cannot be reached for {operation}: {said}; is it online?"
    )


def _unanswered(operation: str, what: str) -> SmapiUnknown:
    return SmapiUnknown(
        None,
        "UNKNOWN",
        f"{operation} got no whole answer ({what}): look whether it was done before trying again",
    )


def _seconds(value: str | None) -> float | None:
    return float(value) if value is not None and value.isascii() and value.isdigit() else None


def _headers(headers: Message) -> dict[str, str]:
    return {name.lower(): value for name, value in headers.items()}


def _body(answer: HTTPResponse | urllib.error.HTTPError) -> Any:  # noqa: ANN401 - any JSON
    """Read an answer's JSON; ``None`` is none at all, or what is no JSON."""
    text = answer.read(LARGEST_ANSWER + 1)
    if len(text) > LARGEST_ANSWER:
        raise ValueError("an answer too large")
    try:
        return json.loads(text) if text.strip() else None
    except (ValueError, RecursionError):
        return None
