"""A small JSON client for servers on this machine."""

from __future__ import annotations

import json
import time
import urllib.error
import urllib.request
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from yellowring_tools.local_stack.processes import Child

_OPENER = urllib.request.build_opener(urllib.request.ProxyHandler({}))
TIMEOUT_SECONDS = 30.0


class RequestFailed(RuntimeError):
    """A local server refused a request; carries its status and what it said."""


def call(method: str, url: str, body: object = None) -> Any:  # noqa: ANN401 - any JSON document
    """Send ``body`` as JSON and return the answer's JSON, or None when it is empty.

    Raises
    ------
    RequestFailed
        For every status from 400 up.
    OSError
        When nothing answers.
    """
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(  # noqa: S310 - the URLs are this package's own
        url, data=data, method=method, headers={"Content-Type": "application/json"}
    )
    try:
        with _OPENER.open(request, timeout=TIMEOUT_SECONDS) as answer:
            text = answer.read()
    except urllib.error.HTTPError as error:
        said = error.read().decode(errors="replace")
        raise RequestFailed(f"{method} {url} answered {error.code}: {said}") from None
    return json.loads(text) if text else None


def wait_until_answers(url: str, child: Child, timeout: float) -> None:
    """Poll ``url`` until it answers with success.

    Raises
    ------
    ProcessFailed
        When ``child``, which should serve it, ends, or ``timeout`` seconds have passed.
    """
    deadline = time.monotonic() + timeout
    while time.monotonic() < deadline:
        try:
            call("GET", url)
        except (OSError, RequestFailed):
            child.check()
            time.sleep(0.05)
        else:
            return
    raise child.failure(f"did not answer at {url} within {timeout:.0f} s")
