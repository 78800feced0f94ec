"""Sockets that are connected to Alexa: addresses, and TLS that verifies who answers."""

from __future__ import annotations

import asyncio
import functools
import socket
import ssl
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

EACH_ADDRESS = 1.5
"""Seconds for one of a host's addresses, where it has several."""
RESOLVED = 10.0
"""Seconds for which a host's addresses are remembered."""

type _Address = tuple[socket.AddressFamily, tuple[str, int] | tuple[str, int, int, int]]


class Sockets:
    """Connects, and remembers a host's addresses for a while.

    Parameters
    ----------
    context
        How servers are verified; as Python does by default when left out.
    """

    def __init__(self, context: ssl.SSLContext | None = None) -> None:
        self._context = context
        self._addresses: dict[tuple[str, int], tuple[float, list[_Address]]] = {}

    async def connect(self, host: str, port: int, *, secure: bool) -> socket.socket:
        """Return a socket that is connected, by the first of the host's addresses that answers.

        Raises
        ------
        OSError, UnicodeError
            There is none; a time-out is an OSError, and so is all that TLS objects to.
        """
        problem: OSError = OSError("no address")
        for family, address in await self._resolve(host, port):
            plain = socket.socket(family, socket.SOCK_STREAM)
            try:
                return await self._reach(plain, address, host if secure else None)
            except OSError as error:
                problem = error
        raise problem

    async def _reach(
        self, plain: socket.socket, address: tuple[object, ...], verified: str | None
    ) -> socket.socket:
        made = plain
        try:
            plain.setblocking(False)
            plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            async with asyncio.timeout(EACH_ADDRESS):
                await asyncio.get_running_loop().sock_connect(plain, address)
            if verified is not None:
                made = secure = (self._context or _default_context()).wrap_socket(
                    plain,
                    server_hostname=verified,
                    do_handshake_on_connect=False,
                    suppress_ragged_eofs=False,  # or a body could be cut off unnoticed
                )
                await _shake_hands(secure)
        except BaseException:
            made.close()
            raise
        return made

    async def _resolve(self, host: str, port: int) -> list[_Address]:
        loop = asyncio.get_running_loop()
        until, addresses = self._addresses.get((host, port), (0.0, []))
        if loop.time() >= until:
            found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
            addresses = [(each[0], each[4]) for each in found]  # type: ignore[misc]
            self._addresses[host, port] = loop.time() + RESOLVED, addresses
        return addresses


@functools.cache
def _default_context() -> ssl.SSLContext:
    context = ssl.create_default_context()
    context.set_alpn_protocols(["http/1.1"])
    return context


async def _shake_hands(secure: ssl.SSLSocket) -> None:
    loop = asyncio.get_running_loop()
    while True:
        try:
            secure.do_handshake()
        except ssl.SSLWantReadError:
            await _ready(secure, loop.add_reader, loop.remove_reader)
        except ssl.SSLWantWriteError:
            await _ready(secure, loop.add_writer, loop.remove_writer)
        else:
            return


async def _ready(
    sock: socket.socket,
    add: Callable[..., None],
    remove: Callable[[socket.socket], object],
) -> None:
    ready = asyncio.Event()
    add(sock, ready.set)
    try:
        await ready.wait()
    finally:
        remove(sock)
