"""``python -m tests.integration.fire.fast_alexa CUSTOMERS``: an Alexa that accepts whatever comes.

Much faster than the simulator, for what the sender itself costs: it answers 202 to every event and
gives a token to everybody. It also serves the subscribers table of so many customers, as DynamoDB's
Scan and DescribeTable would, making each page when it is asked for: nothing here grows, and no
200 000 items have to be put anywhere first. Prints its URL as one line of JSON.
"""

from __future__ import annotations

import asyncio
import json
import sys
from typing import Any, cast

import uvloop

ACCEPTED = b"HTTP/1.1 202 Accepted\r\nContent-Length: 0\r\n\r\n"
PREFIX = f"amzn1.ask.account.{'A' * 176}"
"""User ids are as long as Alexa's."""


class Table:
    """The subscribers table: customers by number, cut into segments of the same size."""

    def __init__(self, customers: int) -> None:
        self._customers = customers

    def answer(self, target: str, request: dict[str, Any]) -> dict[str, Any]:
        """Answer one of DynamoDB's operations."""
        if target.endswith("DescribeTable"):
            return {"Table": {"TableName": request["TableName"], "ItemCount": self._customers}}
        assert target.endswith("Scan"), target
        segment, total = request["Segment"], request["TotalSegments"]
        last = self._customers * (segment + 1) // total
        begin = self._customers * segment // total
        if key := request.get("ExclusiveStartKey"):
            begin = int(key["userId"]["S"].removeprefix(PREFIX)) + 1
        end = min(last, begin + request["Limit"])
        items = [self._item(number) for number in range(begin, end)]
        page: dict[str, Any] = {"Items": items, "Count": len(items), "ScannedCount": len(items)}
        if end < last:
            page["LastEvaluatedKey"] = {"userId": items[-1]["userId"]}
        return page

    @staticmethod
    def _item(number: int) -> dict[str, Any]:
        return {
            "userId": {"S": f"{PREFIX}{number:07}"},
            "host": {"M": {"value": {"S": "https://api.amazonalexa.com"}}},
        }


class Connection(asyncio.Protocol):
    """As much HTTP/1.1 as the sender's clients speak."""

    def __init__(self, table: Table) -> None:
        self._table = table
        self._received = b""
        self._transport: asyncio.WriteTransport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.WriteTransport", transport)

    def data_received(self, data: bytes) -> None:
        assert self._transport is not None
        self._received += data
        while (end := self._received.find(b"\r\n\r\n")) >= 0:
            head = self._received[:end].lower()
            length = int(_header(head, b"content-length") or 0)
            if len(self._received) < end + 4 + length:
                if b"expect: 100-continue" in head and len(self._received) == end + 4:
                    self._transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")
                return
            body = self._received[end + 4 : end + 4 + length]
            self._received = self._received[end + 4 + length :]
            self._transport.write(self._answer(head, body))

    def _answer(self, head: bytes, body: bytes) -> bytes:
        if b"/v1/proactiveevents" in head.partition(b"\r\n")[0]:
            return ACCEPTED
        if target := _header(head, b"x-amz-target"):
            name = {b"scan": "Scan", b"describetable": "DescribeTable"}[target.rpartition(b".")[2]]
            return _json(self._table.answer(name, json.loads(body)))
        return _json({"access_token": "Atc-fast", "expires_in": 3600, "token_type": "bearer"})


def _header(head: bytes, name: bytes) -> bytes | None:
    _, found, rest = head.partition(b"\r\n" + name + b":")
    return rest.partition(b"\r\n")[0].strip() if found else None


def _json(document: dict[str, Any]) -> bytes:
    body = json.dumps(document).encode()
    return b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%b" % (len(body), body)


async def _serve(customers: int) -> None:
    table = Table(customers)
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: Connection(table), "127.0.0.1", 0, backlog=1024)
    port = server.sockets[0].getsockname()[1]
    sys.stdout.write(json.dumps({"url": f"http://127.0.0.1:{port}"}) + "\n")
    sys.stdout.flush()
    await server.serve_forever()


if __name__ == "__main__":
    uvloop.run(_serve(int(sys.argv[1])))
