"""A business' own system: calls the API with SigV4 or a token, and reads what it says."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from yellowring_tools.local_stack.api_url import local_api_url
from yellowring_tools.local_stack.environments import REGION

if TYPE_CHECKING:
    from collections.abc import Mapping
    from email.message import Message

    from yellowring_tools.local_stack.stack import LocalStack

_OPENER = urllib.request.build_opener(urllib.request.ProxyHandler({}))


def root(stack: LocalStack) -> Credentials:
    """Return the stack's own keys, which may do everything."""
    return Credentials(stack.aws.keys.access_key_id, stack.aws.keys.secret_access_key)


@dataclass(frozen=True)
class Said:
    """What the API, or the gateway in front of it, said."""

    status: int
    headers: Mapping[str, str]
    text: str

    @property
    def body(self) -> Any:
        return json.loads(self.text)


def send(
    method: str, url: str, data: bytes | None = None, headers: Mapping[str, str] | None = None
) -> Said:
    """Send a request as it is."""
    request = urllib.request.Request(url, data, dict(headers or {}), method=method)  # noqa: S310
    try:
        with _OPENER.open(request, timeout=60) as answer:
            return Said(answer.status, _lower(answer.headers), answer.read().decode())
    except urllib.error.HTTPError as error:
        return Said(error.code, _lower(error.headers), error.read().decode())


def _lower(headers: Message) -> dict[str, str]:
    return {name.lower(): value for name, value in headers.items()}


def signed(
    method: str,
    url: str,
    data: bytes | None,
    headers: Mapping[str, str],
    credentials: Credentials,
) -> dict[str, str]:
    """Return a request's headers with its signature."""
    request = AWSRequest(method, url, dict(headers), data)
    SigV4Auth(credentials, "execute-api", REGION).add_auth(request)
    return dict(request.headers)


class ApiClient:
    """The API of a stack, for callers with an AWS identity."""

    def __init__(self, stack: LocalStack, credentials: Credentials | None = None) -> None:
        self.url = local_api_url(stack.aws.endpoint, stack.outputs.ApiUrl)
        self._credentials = credentials or root(stack)

    def call(self, method: str, path: str, body: object = None, key: str = "") -> Said:
        data = None if body is None else json.dumps(body).encode()
        headers = {"Content-Type": "application/json"} if data else {}
        if key:
            headers["Idempotency-Key"] = key
        url = self.url + path
        return send(method, url, data, signed(method, url, data, headers, self._credentials))
