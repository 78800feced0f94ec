"""An identity provider on the loopback that answers byte for byte what it is told to."""

from __future__ import annotations

import json
import socket
import threading
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable, Iterator

type Script = Callable[["Talk"], None]


@dataclass
class Talk:
    """One connection: what was asked, and a way to answer."""

    connection: socket.socket
    request: bytes
    over: threading.Event

    def say(self, data: bytes) -> None:
        """Send some bytes."""
        self.connection.sendall(data)


@dataclass
class Provider:
    """Listens until its test is over."""

    url: str
    script: Script = lambda _: None
    requests: list[bytes] = field(default_factory=list)
    over: threading.Event = field(default_factory=threading.Event)

    def answers(self, status: int, body: bytes = b"", *headers: str) -> None:
        """Answer each request from now on so."""
        lines = [f"HTTP/1.1 {status} Told", f"Content-Length: {len(body)}", *headers]
        head = "\r\n".join([*lines, "", ""]).encode()
        self.script = lambda talk: talk.say(head + body)

    def knows(self, **claims: Any) -> None:
        """Answer each request from now on with these claims."""
        self.answers(200, json.dumps(claims).encode(), "Content-Type: application/json")


@contextmanager
def provider(tls: ssl.SSLContext | None = None) -> Iterator[Provider]:
    """Listen on a free port."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        scheme, port = "https" if tls else "http", server.getsockname()[1]
        made = Provider(f"{scheme}://localhost:{port}/oidc/userinfo?full=1")

        def serve() -> None:
            with suppress(OSError):
                while True:
                    connection, _ = server.accept()
                    threading.Thread(target=answer, args=(connection,), daemon=True).start()

        def answer(connection: socket.socket) -> None:
            with suppress(OSError), connection:
                talking = tls.wrap_socket(connection, server_side=True) if tls else connection
                with talking:
                    request = b""
                    while b"\r\n\r\n" not in request and (part := talking.recv(65536)):
                        request += part
                    if request:
                        made.requests.append(request)
                        made.script(Talk(talking, request, made.over))

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        try:
            yield made
        finally:
            made.over.set()
            with suppress(OSError):
                server.shutdown(socket.SHUT_RDWR)
        thread.join(5)
