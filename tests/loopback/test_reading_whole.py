"""Large bodies that are read whole, over real sockets: they are put together where they arrive."""

import asyncio
import random
import ssl

import pytest
from running import asynchronous, cancelled, started, until
from scripted import ScriptedServer, head_of

from aioclient import (
    BodyTooLargeError,
    ClientConnectionError,
    ClientPayloadError,
    ClientResponse,
    ClientSession,
)

BODY = random.Random(2).randbytes(3_000_000)
HEAD = b"HTTP/1.1 200 OK\r\nContent-Length: 3000000\r\n\r\n"


class Site:
    """Answers each request with `parts`, and waits for `go_on` before all but the first."""

    def __init__(self, *parts: bytes, closes: bool = False) -> None:
        self._parts = parts
        self._closes = closes
        self.go_on = asyncio.Event()

    async def __call__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            await head_of(reader)
            first, *others = self._parts
            writer.write(first)
            for part in others:
                await self.go_on.wait()
                writer.write(part)
            if self._closes:
                return


def come(response: ClientResponse) -> int:
    """How much of its body has arrived."""
    return response.content.total_bytes


@asynchronous
@pytest.mark.parametrize("cut", [0, 1, 1_000_000, 2_999_999, 3_000_000])
async def test_all_of_it(cut: int) -> None:
    site = Site(HEAD + BODY[:cut], BODY[cut:])
    async with ScriptedServer(site) as server, ClientSession() as session:
        for _ in range(3):
            site.go_on.clear()
            async with session.get(server.url()) as response:
                reading = await started(response.read())
                await until(lambda: come(response) == cut)
                site.go_on.set()
                assert await reading == BODY
                assert come(response) == len(BODY)
                assert response.content.at_eof()
        assert server.accepted == 1


@asynchronous
async def test_the_same_over_tls(server_tls: ssl.SSLContext, trusting: ssl.SSLContext) -> None:
    site = Site(HEAD + BODY[:1_000_000], BODY[1_000_000:])
    site.go_on.set()
    async with ScriptedServer(site, server_tls) as server, ClientSession() as session:
        for _ in range(3):
            async with session.get(server.url(), ssl=trusting) as response:
                assert await response.read() == BODY
        assert server.accepted == 1


@asynchronous
async def test_after_a_part_was_read_otherwise() -> None:
    site = Site(HEAD + BODY)
    async with (
        ScriptedServer(site) as server,
        ClientSession() as session,
        session.get(server.url()) as response,
    ):
        first = await response.content.readexactly(100_001)
        second = await response.content.readany()
        assert first + second + await response.read() == BODY


@asynchronous
async def test_cancelled_it_leaves_all_that_came() -> None:
    site = Site(HEAD + BODY[:2_000_000], BODY[2_000_000:])
    async with ScriptedServer(site) as server, ClientSession() as session:
        async with session.get(server.url()) as response:
            reading = await started(response.read())
            await until(lambda: come(response) == 2_000_000)
            await cancelled(reading)
            first = await response.content.readexactly(1_500_000)
            assert come(response) == 2_000_000
            again = await started(response.content.read())
            await cancelled(again)
            site.go_on.set()
            assert first + await response.read() == BODY
        assert (await session.get(server.url())).status == 200
        assert server.accepted == 1


@asynchronous
async def test_broken_off_it_leaves_all_that_came() -> None:
    site = Site(HEAD + BODY[:2_000_000], b"", closes=True)
    async with (
        ScriptedServer(site) as server,
        ClientSession() as session,
        session.get(server.url()) as response,
    ):
        reading = await started(response.read())
        await until(lambda: come(response) == 2_000_000)
        site.go_on.set()
        with pytest.raises(ClientPayloadError, match="expected 3000000 bytes, got 2000000"):
            await reading
        assert await response.content.readexactly(2_000_000) == BODY[:2_000_000]
        with pytest.raises(ClientPayloadError):
            await response.content.read(1)


@asynchronous
async def test_what_comes_after_it_ends_the_connection() -> None:
    site = Site(HEAD + BODY + b"X")
    async with ScriptedServer(site) as server, ClientSession() as session:
        for _ in range(2):
            async with session.get(server.url()) as response:
                assert await response.read() == BODY
        assert server.accepted == 2


@asynchronous
async def test_the_limit_of_bodies_holds() -> None:
    site = Site(HEAD + BODY)
    async with ScriptedServer(site) as server, ClientSession() as session:
        async with session.get(server.url(), max_body_size=2_999_999) as response:
            with pytest.raises(BodyTooLargeError):
                await response.read()
        async with session.get(server.url(), max_body_size=3_000_000) as response:
            assert await response.read() == BODY


@asynchronous
@pytest.mark.parametrize("is_released", [True, False])
async def test_somebody_else_has_no_use_for_it(is_released: bool) -> None:
    site = Site(HEAD + BODY[:-10], BODY[-10:])
    async with ScriptedServer(site) as server, ClientSession() as session:
        response = await session.get(server.url())
        reading = await started(response.read())
        await until(lambda: come(response) == 2_999_990)
        response.release() if is_released else response.close()
        with pytest.raises(ClientConnectionError):
            await reading
        site.go_on.set()
        await response.wait_for_close()
        async with session.get(server.url()) as response:
            assert await response.read() == BODY
