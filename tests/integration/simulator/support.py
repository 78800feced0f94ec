"""A Lambda API with one function, which does as it is told, and a plain HTTP client."""

from __future__ import annotations

import json
import threading
import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

DEADLINE_S = 20.0
FUNCTION = "yellow-ring-skill"

type Json = Any


def until(holds: Callable[[], bool]) -> None:
    """Wait for something to come true, and no longer than the deadline."""
    deadline = time.monotonic() + DEADLINE_S
    while not holds():
        assert time.monotonic() < deadline, "it did not come true in time"
        threading.Event().wait(0.01)


@dataclass
class FakeLambda:
    """What was invoked, and how the next invocations end.

    ``failures`` are the ``FunctionError`` answers still to give, ``faults`` the 500s; ``hang`` is
    waited for before any answer.
    """

    url: str = ""
    invoked: list[Json] = field(default_factory=list)
    functions: set[str] = field(default_factory=set)
    failures: int = 0
    faults: int = 0
    hang: threading.Event | None = None
    lock: threading.Lock = field(default_factory=threading.Lock)

    def answer(self, path: str, envelope: Json) -> tuple[int, dict[str, str], Json]:
        with self.lock:
            self.functions.add(path.split("/")[3])
            self.invoked.append(envelope)
            if self.faults > 0:
                self.faults -= 1
                return 500, {"x-amzn-ErrorType": "ServiceException"}, {"Message": "later"}
            if self.failures > 0:
                self.failures -= 1
                error = {"errorType": "StoreFailed", "errorMessage": "the table is away"}
                return 200, {"X-Amz-Function-Error": "Unhandled"}, error
        return 200, {}, {"version": "1.0", "response": {}}

    def request_ids(self) -> list[str]:
        return [envelope["request"]["requestId"] for envelope in self.invoked]


@contextmanager
def fake_lambda() -> Iterator[FakeLambda]:
    """Serve a Lambda API on loopback."""
    state = FakeLambda()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            if state.hang is not None:
                with state.lock:
                    state.invoked.append(json.loads(body))
                state.hang.wait(DEADLINE_S)
            status, headers, document = state.answer(self.path, json.loads(body))
            answer = json.dumps(document).encode()
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("content-length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            pass

    class Server(ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, request: object, client_address: object) -> None:
            pass

    with Server(("127.0.0.1", 0), Handler) as server:
        state.url = f"http://127.0.0.1:{server.server_address[1]}"
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        try:
            yield state
        finally:
            if state.hang is not None:
                state.hang.set()
            server.shutdown()
            thread.join()


class Caller:
    """Calls one simulator, over one kept connection until that breaks."""

    def __init__(self, url: str, timeout_s: float = DEADLINE_S) -> None:
        self.url = url
        address = urlsplit(url)
        assert address.hostname is not None
        self._connection = HTTPConnection(address.hostname, address.port, timeout=timeout_s)

    def __enter__(self) -> Caller:
        return self

    def __exit__(self, *_: object) -> None:
        self._connection.close()

    def call(
        self, method: str, path: str, body: object = None, headers: dict[str, str] | None = None
    ) -> tuple[int, Json]:
        raw = body if isinstance(body, bytes | None) else json.dumps(body).encode()
        try:
            kind = {} if raw is None else {"content-type": "application/json"}
            self._connection.request(method, path, raw, kind | (headers or {}))
            response = self._connection.getresponse()
            answer = response.read()
        except OSError:
            self._connection.close()
            raise
        return response.status, json.loads(answer) if answer else None

    def sim(self, method: str, path: str, body: object = None) -> Json:
        status, document = self.call(method, f"/_sim{path}", body)
        assert status < 300, document
        return document

    def token(self) -> str:
        form = (
            b"grant_type=client_credentials&client_id=client&client_secret=secret"
            b"&scope=alexa%3A%3Aproactive_events"
        )
        headers = {"content-type": "application/x-www-form-urlencoded"}
        status, document = self.call("POST", "/auth/O2/token", form, headers)
        assert status == 200, document
        token: str = document["access_token"]
        return token

    def event(self, token: str, user_id: str | None = None, reference_id: str = "storm~1") -> int:
        """Post a right event; gives the status."""
        now = datetime.now(UTC)
        document = {
            "timestamp": now.isoformat(),
            "referenceId": reference_id,
            "expiryTime": (now + timedelta(hours=1)).isoformat(),
            "event": {
                "name": "AMAZON.WeatherAlert.Activated",
                "payload": {"weatherAlert": {"source": "Met", "alertType": "TORNADO"}},
            },
            "localizedAttributes": [],
            "relevantAudience": {"type": "Unicast", "payload": {"user": user_id}}
            if user_id
            else {"type": "Multicast", "payload": {}},
        }
        headers = {"authorization": f"Bearer {token}"}
        status, _ = self.call("POST", "/v1/proactiveEvents/stages/development", document, headers)
        return status

    def settled(self) -> Json:
        """Wait until no skill event is pending; gives the summary."""
        until(lambda: self.sim("GET", "/events?limit=1")["summary"]["pending"] == 0)
        return self.sim("GET", "/events?limit=1")["summary"]
