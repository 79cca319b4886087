"""Errors with the beginning of the body, over real sockets."""

import asyncio
import gzip
import time
from collections.abc import Callable

import pytest
from running import asynchronous, cancelled, started, until
from scripted import ScriptedServer, head_of

from aioclient import (
    ClientResponse,
    ClientResponseError,
    ClientSession,
    ClientTimeout,
    TCPConnector,
)
from aioclient._message.error_body import ERROR_BODY_S

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
BAD = b"HTTP/1.1 400 Bad\r\n"
SAID = b"what is wrong"
LIMIT = 64 * 1024


class Talks:
    """Answers the first request in parts, each after a wish to go on, and then says OK."""

    def __init__(self, *parts: bytes, leaves: bool = False) -> None:
        self.parts = parts
        self.go_on = asyncio.Semaphore(0)
        self.leaves = leaves
        self.asked = 0

    async def __call__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            await head_of(reader)
            self.asked += 1
            if self.asked > 1:
                writer.write(OK)
                continue
            for part in self.parts:
                writer.write(part)
                await self.go_on.acquire()
            if self.leaves:
                return


def raising_session() -> ClientSession:
    return ClientSession(connector=TCPConnector(limit=1), raise_for_status=True)


async def error_of(request: "asyncio.Task[ClientResponse]") -> ClientResponseError:
    with pytest.raises(ClientResponseError) as caught:
        await request
    assert caught.value.status == 400
    return caught.value


async def answered(
    talks: Talks, session: ClientSession, server: ScriptedServer
) -> ClientResponseError:
    """The error after all parts were sent, one after the other, each when all before was read."""
    request = await started(session.get(server.url()))
    await until(lambda: talks.asked)
    for _ in talks.parts:
        await asyncio.sleep(0.01)
        talks.go_on.release()
    return await error_of(request)


@pytest.mark.parametrize(
    "parts",
    [
        (BAD + b"Content-Length: 13\r\n\r\n" + SAID,),
        (BAD + b"Content-Length: 13\r\n\r\n", SAID),
        (BAD + b"Content-Length: 13\r\n\r\nwhat", b" is", b" wrong"),
        (
            BAD + b"Transfer-Encoding: chunked\r\n\r\n4\r\nwhat\r\n",
            b"9\r\n is wrong\r\n",
            b"0\r\n\r\n",
        ),
    ],
)
@asynchronous
async def test_a_body_that_is_cheap_is_waited_for(parts: tuple[bytes, ...]) -> None:
    talks = Talks(*parts)
    async with ScriptedServer(talks) as server, raising_session() as session:
        assert (await answered(talks, session, server)).body == SAID
        assert (await session.get(server.url())).status == 200
        assert server.accepted == 1


@asynchronous
async def test_a_coded_body_is_waited_for_and_decoded() -> None:
    coded = gzip.compress(SAID)
    head = BAD + b"Content-Encoding: gzip\r\nContent-Length: %d\r\n\r\n" % len(coded)
    talks = Talks(head + coded[:15], coded[15:])
    async with ScriptedServer(talks) as server, raising_session() as session:
        assert (await answered(talks, session, server)).body == SAID


@asynchronous
async def test_of_a_body_in_chunks_no_more_than_the_limit_is_waited_for() -> None:
    chunk = b"2000\r\n" + b"x" * 0x2000 + b"\r\n"
    talks = Talks(BAD + b"Transfer-Encoding: chunked\r\n\r\n" + 8 * chunk, b"3\r\nend\r\n0\r\n\r\n")
    async with ScriptedServer(talks) as server, raising_session() as session:
        error = await error_of(await started(session.get(server.url())))
        assert error.body == b"x" * LIMIT
        talks.go_on.release()  # the rest is discarded, and the connection kept
        talks.go_on.release()
        assert (await session.get(server.url())).status == 200
        assert server.accepted == 1


@pytest.mark.parametrize(
    "head",
    [BAD + b"Content-Length: 65537\r\n\r\n", BAD + b"\r\n", BAD + b"Connection: close\r\n\r\n"],
)
@asynchronous
async def test_a_body_that_is_large_or_of_unknown_length_is_not_waited_for(head: bytes) -> None:
    async with ScriptedServer(Talks(head + b"what")) as server, raising_session() as session:
        before = time.monotonic()
        error = await error_of(await started(session.get(server.url())))
        assert error.body == b"what"
        assert time.monotonic() - before < ERROR_BODY_S / 2
        assert (await session.get(server.url())).status == 200
        assert server.accepted == 2


@asynchronous
async def test_a_body_that_breaks_off_does_not_hide_the_error() -> None:
    talks = Talks(BAD + b"Content-Length: 13\r\n\r\nwhat", b" is", leaves=True)
    async with ScriptedServer(talks) as server, raising_session() as session:
        assert (await answered(talks, session, server)).body == b"what is"


@asynchronous
async def test_a_body_that_is_not_what_it_says_does_not_hide_the_error() -> None:
    head = BAD + b"Content-Encoding: gzip\r\nContent-Length: 20\r\n\r\n"
    talks = Talks(head + b"this is", b" not gzip....")
    async with ScriptedServer(talks) as server, raising_session() as session:
        assert (await answered(talks, session, server)).body == b""


@pytest.mark.parametrize(
    "timeout", [ClientTimeout(total=0.1), ClientTimeout(sock_read=0.1)], ids=["total", "sock_read"]
)
@asynchronous
async def test_a_limit_that_passes_does_not_hide_the_error(timeout: ClientTimeout) -> None:
    talks = Talks(BAD + b"Content-Length: 13\r\n\r\nwhat")
    async with ScriptedServer(talks) as server, raising_session() as session:
        before = time.monotonic()
        error = await error_of(await started(session.get(server.url(), timeout=timeout)))
        assert error.body == b"what"
        assert 0.08 < time.monotonic() - before < ERROR_BODY_S * 0.9


@asynchronous
async def test_a_slow_body_is_waited_for_only_so_long(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("aioclient._message.error_body.ERROR_BODY_S", 0.05)
    talks = Talks(BAD + b"Content-Length: 13\r\n\r\nwhat", b" is wrong")
    async with ScriptedServer(talks) as server, raising_session() as session:
        error = await error_of(await started(session.get(server.url())))
        assert error.body == b"what"
        talks.go_on.release()  # it comes while the rest is discarded
        talks.go_on.release()
        assert (await session.get(server.url())).status == 200
        assert server.accepted == 1


@asynchronous
async def test_cancelling_while_the_body_is_waited_for_releases_the_response() -> None:
    talks = Talks(BAD + b"Content-Length: 13\r\n\r\nwhat", b" is wrong")
    async with ScriptedServer(talks) as server, raising_session() as session:
        request = await started(session.get(server.url()))
        await until(lambda: talks.asked)
        await asyncio.sleep(0.02)
        assert not request.done()
        await cancelled(request)
        talks.go_on.release()
        talks.go_on.release()
        assert (await asyncio.wait_for(session.get(server.url()), 2)).status == 200


@asynchronous
async def test_closing_the_session_does_not_hide_the_error() -> None:
    talks = Talks(BAD + b"Content-Length: 13\r\n\r\nwhat")
    async with ScriptedServer(talks) as server, raising_session() as session:
        request = await started(session.get(server.url()))
        await until(lambda: talks.asked)
        await asyncio.sleep(0.02)
        await session.close()
        assert (await error_of(request)).body == b"what"
        talks.go_on.release()


@pytest.mark.parametrize("enter", [False, True])
@asynchronous
async def test_the_body_is_readable_after_the_error_inside_the_block_only(enter: bool) -> None:
    talks = Talks(BAD + b"Content-Length: 13\r\n\r\nwhat", b" is wrong")
    async with ScriptedServer(talks) as server, ClientSession() as session:
        if enter:
            async with session.get(server.url()) as response:
                with pytest.raises(ClientResponseError) as caught:
                    response.raise_for_status()
                talks.go_on.release()
                assert await response.read() == SAID
        else:
            response = await session.get(server.url())
            with pytest.raises(ClientResponseError) as caught:
                response.raise_for_status()
            assert response.closed
            talks.go_on.release()
        assert caught.value.body == b"what"
        talks.go_on.release()
        assert (await session.get(server.url())).status == 200


async def raises(response: ClientResponse) -> None:
    response.raise_for_status()


async def reads(response: ClientResponse) -> None:
    async with response:
        if response.status >= 400:
            raise ZeroDivisionError(await response.text())


@pytest.mark.parametrize(
    ("judge", "kind"), [(raises, ClientResponseError), (reads, ZeroDivisionError)]
)
@asynchronous
async def test_a_function_that_judges_has_the_body_for_itself(
    judge: Callable[[ClientResponse], None], kind: type[Exception]
) -> None:
    talks = Talks(BAD + b"Content-Length: 13\r\n\r\nwhat is wrong")
    async with ScriptedServer(talks) as server, ClientSession() as session:
        with pytest.raises(kind) as caught:
            await session.get(server.url(), raise_for_status=judge)
        assert SAID.decode() in (str(caught.value), getattr(caught.value, "body", b"").decode())
        talks.go_on.release()
