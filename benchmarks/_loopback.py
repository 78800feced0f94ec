"""A DynamoDB on loopback, in a process of its own, that answers at once with what it is told to."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping


@contextmanager
def dynamodb(answers: Mapping[str, object]) -> Iterator[str]:
    """Serve answers, each to the requests that hold its name; the first that fits wins."""
    command = [sys.executable, __file__]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdin  # noqa: S101
        assert process.stdout  # noqa: S101
        process.stdin.write(json.dumps(answers).encode() + b"\n")
        process.stdin.flush()
        try:
            yield f"http://127.0.0.1:{int(process.stdout.readline())}"
        finally:
            process.terminate()


class _Answering(asyncio.Protocol):
    """Answers one connection's requests; tells in ``x-amzn-requestid`` how many bytes each had."""

    def __init__(self, answers: Mapping[bytes, bytes]) -> None:
        self._answers = answers
        self._received = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport: Any = transport

    def data_received(self, data: bytes) -> None:
        self._received += data
        head, found, body = self._received.partition(b"\r\n\r\n")
        length = int(head.lower().partition(b"content-length:")[2].partition(b"\r\n")[0] or 0)
        if not found or len(body) < length:
            return
        size, self._received = len(self._received), b""
        told = next((each for name, each in self._answers.items() if name in body), b"{}")
        self._transport.write(
            b"HTTP/1.1 200 OK\r\nx-amzn-requestid: %d\r\ncontent-length: %d\r\n\r\n%s"
            % (size, len(told), told)
        )


async def _serve() -> None:
    told = json.loads(sys.stdin.readline())
    answers = {name.encode(): json.dumps(answer).encode() for name, answer in told.items()}
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: _Answering(answers), "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(_serve())
