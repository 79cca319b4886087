"""Kept connections of which the event loop has not heard yet that they ended.

A program that keeps its loop busy asks for a connection before the loop has looked at its sockets.
Each test ends a kept connection from the server's side and asks for it without a turn of the loop.
"""

import asyncio
import os
import socket
import ssl
import sys
import time
from collections.abc import Callable

import pytest
from running import asynchronous, until
from scripted import ScriptedServer, head_of

from aioclient import ClientResponse, ClientSession, TCPConnector

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
pytestmark = pytest.mark.skipif(
    sys.platform == "win32", reason="a socket of Windows cannot be asked while a loop reads from it"
)
#: A little longer than a connection is used unasked after its last use.
BUSY_S = 0.004


class Server(ScriptedServer):
    """Answers each request; the descriptors of its sockets can be had."""

    def __init__(self, tls: ssl.SSLContext | None = None) -> None:
        super().__init__(self._answer, tls)
        self.sockets: list[socket.socket] = []

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        fd = writer.get_extra_info("socket").fileno()
        with socket.socket(fileno=os.dup(fd)) as sock:
            self.sockets.append(sock)
            while True:
                head = await head_of(reader)
                if head.startswith(b"POST"):
                    await reader.readexactly(4)
                if b"/endless " in head:
                    writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\nbegin")
                else:
                    writer.write(OK)


def end(sock: socket.socket) -> None:
    sock.shutdown(socket.SHUT_RDWR)


def half_close(sock: socket.socket) -> None:
    sock.shutdown(socket.SHUT_WR)


def speak(sock: socket.socket) -> None:
    sock.send(b"HTTP/1.1 408 Request Timeout\r\n\r\n")


Harm = Callable[[socket.socket], None]


@pytest.mark.parametrize("harm", [end, half_close, speak])
@pytest.mark.parametrize("over_tls", [False, True])
@asynchronous
async def test_a_connection_that_ended_unseen_is_not_handed_out(
    harm: Harm, over_tls: bool, server_tls: ssl.SSLContext, trusting: ssl.SSLContext
) -> None:
    connector = TCPConnector(ssl=trusting)
    async with (
        Server(server_tls if over_tls else None) as server,
        ClientSession(connector=connector) as session,
    ):
        async with session.post(server.url(), data=b"body") as response:
            assert response.status == 200
        await asyncio.sleep(0.01)  # the tickets of TLS
        harm(server.sockets[0])
        time.sleep(BUSY_S)  # noqa: ASYNC251 - the point of it
        async with session.post(server.url(), data=b"body") as response:  # never sent again
            assert (response.status, response.attempts) == (200, 1)
        assert server.accepted == 2
        assert connector.stats().closed["closed_by_server"] == 1


@asynchronous
async def test_a_connection_that_is_well_is_handed_out_by_a_busy_loop() -> None:
    async with Server() as server, ClientSession() as session:
        for _ in range(3):
            async with session.post(server.url(), data=b"body") as response:
                assert response.status == 200
            time.sleep(BUSY_S)  # noqa: ASYNC251 - the point of it
        assert server.accepted == 1


@asynchronous
async def test_the_next_one_that_is_well_is_handed_out() -> None:
    async with Server() as server, ClientSession() as session:
        held = [await session.get(server.url("/endless")) for _ in range(3)]
        assert len(server.sockets) == 3
        for response in held:
            response.close()
        kept = [session.get(server.url()) for _ in range(3)]
        await asyncio.gather(*kept)
        accepted = server.accepted
        end(server.sockets[-1])
        time.sleep(BUSY_S)  # noqa: ASYNC251 - the point of it
        assert (await session.get(server.url())).status == 200
        assert (await session.get(server.url())).status == 200
        assert server.accepted == accepted


@asynchronous
async def test_one_that_ended_unseen_is_not_given_to_who_waits() -> None:
    connector = TCPConnector(limit=1)
    async with (
        Server() as server,
        Server() as other,
        ClientSession(connector=connector) as session,
    ):
        async with session.post(server.url(), data=b"body") as response:
            assert response.status == 200
        holder = await session.get(other.url("/endless"))

        async def post() -> ClientResponse:
            return await session.post(server.url(), data=b"body")

        waiter = asyncio.ensure_future(post())
        await until(lambda: connector.stats().waiting == 1)
        end(server.sockets[0])
        time.sleep(BUSY_S)  # noqa: ASYNC251 - the point of it
        holder.close()
        response = await waiter
        assert (response.status, response.attempts) == (200, 1)
        assert server.accepted == 2
