"""Kept connections that the server had closed: what is sent again, and what is not."""

import asyncio
import io
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest
from running import asynchronous
from scripted import ScriptedServer, head_of

from aioclient import (
    ClientConnectionError,
    ClientHandlerType,
    ClientRequest,
    ClientResponse,
    ClientSession,
    ClientTimeout,
    ServerDisconnectedError,
    TotalTimeoutError,
)

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"

Ending = Callable[[asyncio.StreamWriter], None]


def close(writer: asyncio.StreamWriter) -> None:
    writer.close()


def reset(writer: asyncio.StreamWriter) -> None:
    writer.transport.abort()


class Closing:
    """Answers one request on each connection; the next one there meets its end."""

    def __init__(self, ending: Ending = close, last_words: bytes = b"") -> None:
        self.heads: list[bytes] = []
        self.bodies: list[bytes] = []
        self.ending = ending
        self.last_words = last_words
        #: How many connections answer nothing at all, after the first.
        self.mute = 0

    async def __call__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        is_kept = False
        while True:
            head = await head_of(reader)
            self.heads.append(head)
            if is_kept or (self.mute and len(self.heads) > 1):
                self.mute -= not is_kept
                writer.write(self.last_words)
                self.ending(writer)
                return
            size = int((head.lower().partition(b"content-length:")[2] or b"0").split()[0])
            self.bodies.append(await reader.readexactly(size))
            writer.write(OK)
            is_kept = True


async def pieces() -> AsyncIterator[bytes]:
    yield b"hello"


async def first(session: ClientSession, server: ScriptedServer) -> None:
    async with session.get(server.url()) as response:
        assert await response.read() == b"ok"
        assert response.attempts == 1


@pytest.mark.parametrize("ending", [close, reset])
@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS", "TRACE", "PUT", "DELETE"])
@asynchronous
async def test_an_idempotent_request_is_sent_again(method: str, ending: Ending) -> None:
    closing = Closing(ending)
    async with ScriptedServer(closing) as server, ClientSession() as session:
        await first(session, server)
        async with session.request(method, server.url()) as response:
            assert response.status == 200
            assert response.attempts == 2
        assert len(closing.heads) == 3
        assert closing.heads[1] == closing.heads[2]
        assert server.accepted == 2


@pytest.mark.parametrize("kind", ["bytes", "file"])
@asynchronous
async def test_a_body_that_can_be_had_again_is_sent_again(kind: str, tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"0hello")
    closing = Closing()
    async with ScriptedServer(closing) as server, ClientSession() as session:
        await first(session, server)
        with path.open("rb") as file:
            file.seek(1)
            data = b"hello" if kind == "bytes" else file
            async with session.put(server.url(), data=data) as response:
                assert response.attempts == 2
    assert closing.bodies[-1] == b"hello"


@pytest.mark.parametrize("method", ["POST", "PATCH", "LOCK"])
@asynchronous
async def test_another_request_is_not_sent_again(method: str) -> None:
    closing = Closing()
    async with ScriptedServer(closing) as server, ClientSession() as session:
        await first(session, server)
        with pytest.raises(ServerDisconnectedError):
            await session.request(method, server.url(), data=b"hello")
        assert len(closing.heads) == 2


class Once(io.RawIOBase):
    """A file that cannot be set back."""

    def __init__(self) -> None:
        self._left = b"hello"

    def read(self, size: int = -1) -> bytes:
        piece, self._left = self._left, b""
        return piece


@pytest.mark.parametrize("data", [pieces, Once])
@asynchronous
async def test_a_body_that_cannot_be_had_again_is_not_sent_again(
    data: Callable[[], AsyncIterator[bytes]],
) -> None:
    closing = Closing()
    async with ScriptedServer(closing) as server, ClientSession() as session:
        await first(session, server)
        with pytest.raises(ClientConnectionError):
            await session.put(server.url(), data=data())
        assert len(closing.heads) == 2


@pytest.mark.parametrize("last_words", [b"H", b"HTTP/1.1 103 Early Hints\r\n\r\n"])
@asynchronous
async def test_nothing_is_sent_again_after_a_byte_of_the_answer(last_words: bytes) -> None:
    closing = Closing(last_words=last_words)
    async with ScriptedServer(closing) as server, ClientSession() as session:
        await first(session, server)
        with pytest.raises(ServerDisconnectedError):
            await session.get(server.url())
        assert len(closing.heads) == 2


@pytest.mark.parametrize("where", ["session", "request"])
@asynchronous
async def test_it_can_be_turned_off(where: str) -> None:
    closing = Closing()
    options = {"retry_on_stale": False}
    async with (
        ScriptedServer(closing) as server,
        ClientSession(**(options if where == "session" else {})) as session,
    ):
        await first(session, server)
        with pytest.raises(ServerDisconnectedError):
            await session.get(server.url(), **(options if where == "request" else {}))
        assert len(closing.heads) == 2
        async with session.get(server.url(), retry_on_stale=True) as response:
            assert response.attempts == 1


@asynchronous
async def test_a_new_connection_is_not_stale() -> None:
    async def mute(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await head_of(reader)

    async with ScriptedServer(mute) as server, ClientSession() as session:
        with pytest.raises(ServerDisconnectedError):
            await session.get(server.url())
        assert server.accepted == 1


@asynchronous
async def test_it_is_sent_twice_at_most() -> None:
    closing = Closing()
    closing.mute = 5
    async with ScriptedServer(closing) as server, ClientSession() as session:
        await first(session, server)
        with pytest.raises(ServerDisconnectedError):
            await session.get(server.url())
        assert len(closing.heads) == 3


@asynchronous
async def test_a_middleware_that_sends_twice_does_not_go_round_for_ever() -> None:
    async def twice(request: ClientRequest, handler: ClientHandlerType) -> ClientResponse:
        await (await handler(request)).read()
        return await handler(request)

    closing = Closing()
    async with ScriptedServer(closing) as server, ClientSession(middlewares=[twice]) as session:
        async with session.get(server.url()) as response:
            assert await response.read() == b"ok"
        # The second sending met the end; both were made again, each on a new connection.
        assert len(closing.heads) == 4
        assert server.accepted == 3


@asynchronous
async def test_the_total_limit_counts_both_times() -> None:
    heads = 0

    async def slow(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal heads
        await head_of(reader)
        heads += 1
        if heads == 1:
            writer.write(OK)
            await head_of(reader)
            heads += 1
            await asyncio.sleep(0.15)
        else:
            await asyncio.sleep(60)

    async with ScriptedServer(slow) as server, ClientSession() as session:
        await first(session, server)
        loop = asyncio.get_running_loop()
        begin = loop.time()
        with pytest.raises(TotalTimeoutError) as caught:
            await session.get(server.url(), timeout=ClientTimeout(total=0.3))
        assert 0.28 < loop.time() - begin < 0.43
        assert caught.value.elapsed_s == pytest.approx(0.3, abs=0.1)
        assert heads == 3


@asynchronous
async def test_closing_the_session_is_no_reason_to_send_again() -> None:
    heads = 0

    async def hangs(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal heads
        while True:
            await head_of(reader)
            heads += 1
            if heads == 1:
                writer.write(OK)

    async with ScriptedServer(hangs) as server:
        session = ClientSession()
        await first(session, server)
        second = asyncio.ensure_future(session.get(server.url()))
        await asyncio.sleep(0.02)
        await session.close()
        with pytest.raises(ClientConnectionError):
            await second
        assert heads == 2
