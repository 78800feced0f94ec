"""Who a linked account belongs to: the business' own id, asked of its identity provider.

Source: "OpenID Connect Core 1.0", section 5.3 (UserInfo Endpoint).
"""

from __future__ import annotations

import json
import re
import socket
import ssl
import threading
from contextlib import suppress
from functools import cached_property
from http import HTTPStatus
from http.client import HTTPConnection, HTTPException, HTTPSConnection, IncompleteRead
from time import time
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from yellowring.observability import count, logger
from yellowring.settings import DEFAULT_CLAIM, InvalidSettings, is_secure
from yellowring.subscribers import is_customer_id
from yellowring.version import __version__

if TYPE_CHECKING:
    from urllib.parse import SplitResult

PATIENCE = 1.0
"""Seconds that all of a call may take: a customer may be waiting for an answer to their voice."""
LARGEST_ANSWER = 64 * 1024
"""Bytes of an answer's body."""

_TOKEN = re.compile(r"[!-~]{1,16384}")
_LATER = (HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_MANY_REQUESTS)


class LinkingUnavailable(RuntimeError):
    """The identity provider did not answer, or not now: asking again will do.

    ``frozen``: Lambda had the process stand still meanwhile, which says nothing of the provider.
    """

    def __init__(self, message: str, *, frozen: bool = False) -> None:
        super().__init__(message)
        self.frozen = frozen


class _Unknown(Exception):
    """An answer that tells no customer; says why, and never what it holds."""


class AccountLinking:
    """Asks the business' userinfo endpoint who an access token stands for.

    Parameters
    ----------
    userinfo_url
        The endpoint, over https; empty: nobody is asked, and nobody is known.
    claim
        Which member of its answer is the business' own id of the customer.

    Raises
    ------
    InvalidSettings
        A token must not be sent to this URL.
    """

    def __init__(self, userinfo_url: str, claim: str = DEFAULT_CLAIM) -> None:
        if userinfo_url and not is_secure(userinfo_url):
            raise InvalidSettings("USERINFO_URL must be an https:// URL")
        self._url = urlsplit(userinfo_url)
        self._claim = claim

    def customer_id(self, access_token: str) -> str | None:
        """Return the business' id of the customer whose account was linked with this token.

        The token is sent to the endpoint, and neither kept nor logged. Redirects are not followed.

        Returns
        -------
        str or None
            ``None`` where the endpoint refuses the token, or its answer cannot be read or holds no
            id of a customer: counted as ``UserinfoAnswers``.

        Raises
        ------
        LinkingUnavailable
            There was no whole answer within `PATIENCE`, or one that says to come later.
        """
        if not self._url.netloc:
            return None
        try:
            found = self._found(access_token)
        except LinkingUnavailable as unavailable:
            outcome = "frozen" if unavailable.frozen else "unavailable"
            count("UserinfoAnswers", outcome=outcome)
            raise
        except _Unknown as unknown:
            count("UserinfoAnswers", outcome=str(unknown))
            logger.warning("userinfo told no customer id", extra={"reason": str(unknown)})
            return None
        count("UserinfoAnswers", outcome="found")
        return found

    @cached_property
    def _context(self) -> ssl.SSLContext | None:
        return ssl.create_default_context() if self._url.scheme == "https" else None

    def _found(self, access_token: str) -> str:
        if not _TOKEN.fullmatch(access_token):
            raise _Unknown("no token")
        exchange = _Exchange(self._url, self._context, access_token)
        started = time()
        exchange.start()
        exchange.join(PATIENCE)
        frozen = abs(time() - started) > 2 * PATIENCE
        if frozen:
            exchange.join(PATIENCE)  # the answer may lie there
        if exchange.answer is None:
            exchange.abandon()
            raise LinkingUnavailable(
                f"the userinfo endpoint did not answer: {exchange.failure or 'not in time'}",
                frozen=frozen,
            )
        status, body = exchange.answer
        if status >= HTTPStatus.INTERNAL_SERVER_ERROR or status in _LATER:
            raise LinkingUnavailable(f"the userinfo endpoint answered with status {status}")
        if status != HTTPStatus.OK:
            raise _Unknown(f"status {status}")
        return self._read(body)

    def _read(self, body: bytes) -> str:
        if len(body) > LARGEST_ANSWER:
            raise _Unknown("too large")
        try:
            told = json.loads(body)
        except (ValueError, RecursionError):
            raise _Unknown("not JSON") from None
        value = told.get(self._claim) if isinstance(told, dict) else None
        found = str(value) if type(value) is int else value
        if not is_customer_id(found):
            raise _Unknown("no claim" if found is None else "no customer id")
        return found


class _Exchange(threading.Thread):
    """One request and its answer, in a thread of its own.

    A socket's time-out bounds each of its reads, but not all of a slow drip, nor the resolution of
    a name; who waits for a thread can leave it.
    """

    def __init__(self, url: SplitResult, context: ssl.SSLContext | None, token: str) -> None:
        super().__init__(name="userinfo", daemon=True)
        self.answer: tuple[int, bytes] | None = None
        self.failure = ""
        self._abandoned = False
        self._path = f"{url.path or '/'}?{url.query}" if url.query else url.path or "/"
        self._headers = {
            "Accept": "application/json",
            "Authorization": f"Bearer {token}",
            "Connection": "close",
            "User-Agent": f"yellowring/{__version__}",
        }
        host, port = url.hostname or "", url.port
        self._connection = (
            HTTPSConnection(host, port, timeout=PATIENCE, context=context)
            if context
            else HTTPConnection(host, port, timeout=PATIENCE)
        )

    def run(self) -> None:
        """Ask, and note what came of it."""
        try:
            self._connection.connect()
            if self._abandoned:
                return
            self._connection.request("GET", self._path, headers=self._headers)
            response = self._connection.getresponse()
            body = response.read(LARGEST_ANSWER + 1)
            if response.length and len(body) <= LARGEST_ANSWER:
                raise IncompleteRead(b"", response.length)
            self.answer = response.status, body
        except (OSError, HTTPException, ValueError) as error:  # the last: a host that is no name
            self.failure = type(error).__name__
        finally:
            self._connection.close()

    def abandon(self) -> None:
        """Have the thread send nothing any more, and end where it still reads."""
        self._abandoned = True
        if (connected := self._connection.sock) is not None:
            with suppress(OSError):
                connected.shutdown(socket.SHUT_RDWR)
