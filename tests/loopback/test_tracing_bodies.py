"""What is told of bodies: each piece on its way out, each as it is read, and the end."""

import asyncio
import gc
import gzip
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from pages import Pages, page
from running import asynchronous, settled, until
from scripted import Handler, ScriptedServer, answers, head_of
from told import READ, Told, created, get, session

from aioclient import (
    ClientConnectionError,
    ClientPayloadError,
    ClientResponse,
    FormData,
    TraceConfig,
)

OUT = "request_chunk_sent"
END = "response_end"

#: A chunked body, which comes in pieces of the wire that are no chunks.
CHUNKS = (b"abc\n", b"de", b"f\nghij")
WIRE = (b"4\r\nab", b"c\n\r\n2\r\nde\r\n6\r\nf\ng", b"hij\r\n0\r\n\r\n")
HEAD = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"


def slowly(*pieces: bytes) -> Handler:
    """Answers each request piece by piece, so that none arrives with the one before."""

    async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while await head_of(reader):
            for piece in pieces:
                writer.write(piece)
                await asyncio.sleep(0.005)

    return handler


async def pieces() -> AsyncIterator[bytes]:
    for piece in (b"one", b"two", b"three"):
        yield piece
        await asyncio.sleep(0)


# --- on the way out ------------------------------------------------------------------------------


@asynchronous
async def test_pieces_that_are_sent_are_told_in_their_order() -> None:
    told = Told()
    async with Pages() as server, session(told) as client:
        await client.post(server.url(), data=pieces())
        assert server.last.body == b"onetwothree"
    assert told.chunks(OUT) == [b"one", b"two", b"three"]
    expected = created()[:-1]
    expected[4:4] = [OUT] * 3
    assert told.names == expected


def form() -> FormData:
    data = FormData()
    data.add_field("file", b"hello" * 1000, filename="a.txt")
    return data


@pytest.mark.parametrize(
    "options",
    [
        {"data": b"hello"},
        {"data": "hello"},
        {"json": {"a": 1}},
        {"data": {"a": "1"}},
        {"data": b"hello" * 1000, "compress": True},
        {"data": b"hello" * 100_000},
        {"data": form},
        {"data": pieces, "compress": "gzip"},
    ],
)
@asynchronous
async def test_the_pieces_together_are_the_body_as_it_is_sent(options: dict[str, Any]) -> None:
    told = Told()
    data = options.get("data")
    if callable(data):
        options = {**options, "data": data()}
    async with Pages() as server, session(told) as client:
        await client.post(server.url(), **options)
        assert b"".join(told.chunks(OUT)) == server.last.body
        assert told.param(END).sent_bytes == len(server.last.body)


@asynchronous
async def test_a_file_is_told_in_pieces(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"0123456789" * 50_000)
    told = Told()
    async with Pages() as server, session(told) as client:
        with path.open("rb") as file:
            await client.put(server.url(), data=file)
        assert server.last.body == path.read_bytes()
    assert len(told.chunks(OUT)) > 1
    assert b"".join(told.chunks(OUT)) == path.read_bytes()


@asynchronous
async def test_a_body_that_goes_along_with_a_redirect_is_told_twice() -> None:
    told = Told()
    async with Pages().redirect("a", "/b", 307) as server, session(told) as client:
        await client.post(server.url("/a"), data=b"hello")
    assert [(str(each.url), each.method, each.chunk) for each in told.params(OUT)] == [
        (server.url("/a"), "POST", b"hello"),
        (server.url("/b"), "POST", b"hello"),
    ]


@asynchronous
async def test_a_request_without_a_body_has_no_pieces() -> None:
    told = Told()
    async with Pages() as server, session(told) as client:
        await client.post(server.url())
        await client.post(server.url(), data=b"")
    assert told.chunks(OUT) == []


# --- on the way in -------------------------------------------------------------------------------


async def whole(response: ClientResponse) -> list[bytes]:
    return [await response.read()]


async def as_text(response: ClientResponse) -> list[bytes]:
    return [(await response.text()).encode()]


async def all_of(items: Any) -> list[bytes]:
    return [item async for item in items]


async def one_after_the_other(response: ClientResponse) -> list[bytes]:
    read = [await response.content.readline(), await response.content.readexactly(3)]
    return [*read, await response.content.read(2), await response.content.read()]


READINGS: dict[str, Callable[[ClientResponse], Awaitable[list[bytes]]]] = {
    "read": whole,
    "text": as_text,
    "content.read": one_after_the_other,
    "iter_any": lambda response: all_of(response.content.iter_any()),
    "iter_chunked": lambda response: all_of(response.content.iter_chunked(3)),
    "lines": lambda response: all_of(response.content),
}


@pytest.mark.parametrize("reading", READINGS)
@asynchronous
async def test_the_pieces_that_are_told_together_are_the_body(reading: str) -> None:
    told = Told()
    async with ScriptedServer(slowly(HEAD, *WIRE)) as server, session(told) as client:
        async with client.get(server.url()) as response:
            assert told.take() == created()[:-2]
            read = await READINGS[reading](response)
        assert b"".join(read) == b"".join(told.chunks(READ)) == b"".join(CHUNKS)
        assert len(told.chunks(READ)) > 1
        assert told.names == [READ] * len(told.chunks(READ)) + [END]


@asynchronous
async def test_pieces_are_told_before_their_reader_gets_them() -> None:
    told = Told()
    server, got = ScriptedServer(slowly(HEAD, *WIRE)), b""
    async with server, session(told) as client, client.get(server.url()) as response:
        async for piece in response.content.iter_any():
            got += piece
            assert b"".join(told.chunks(READ)) == got


@asynchronous
async def test_chunks_of_http_are_told_by_the_time_the_next_is_read() -> None:
    told = Told()
    server = ScriptedServer(slowly(HEAD, *WIRE))
    async with server, session(told) as client, client.get(server.url()) as response:
        parts = [part async for part, _ in response.content.iter_chunks()]
    assert b"".join(parts) == b"".join(told.chunks(READ)) == b"".join(CHUNKS)


@asynchronous
async def test_what_is_taken_without_waiting_is_told_when_somebody_waits() -> None:
    told = Told(READ)
    async with Pages() as server, session(told) as client, client.get(server.url()) as response:
        assert response.content.read_nowait() == b"ok"
        assert told.names == []
        assert await response.content.read() == b""
    assert told.chunks(READ) == [b"ok"]


@asynchronous
async def test_a_body_that_is_looked_at_twice_is_told_once() -> None:
    told = Told(READ)
    async with Pages() as server, session(told) as client, client.get(server.url()) as response:
        assert await response.content.peek(2) == b"ok"
        assert await response.read() == b"ok"
        assert await response.text() == "ok"
    assert told.chunks(READ) == [b"ok"]


@pytest.mark.parametrize("is_streamed", [False, True])
@asynchronous
async def test_the_pieces_of_a_coded_body_are_what_the_caller_reads(is_streamed: bool) -> None:
    body = b"hello" * 1000
    coded = gzip.compress(body)
    told = Told()
    answer = page(coded, "Content-Encoding: gzip")
    parts = (answer[:-20], answer[-20:]) if is_streamed else (answer,)
    async with ScriptedServer(slowly(*parts)) as server, session(told) as client:
        assert await get(client, server.url()) == body
    assert b"".join(told.chunks(READ)) == body
    end = told.param(END)
    assert (end.received_bytes, end.sent_bytes, end.exception) == (len(coded), 0, None)


@asynchronous
async def test_a_body_that_cannot_be_decoded_fails_for_its_reader_only() -> None:
    told = Told()
    codings = "Content-Encoding: " + ", ".join(["gzip"] * 20)
    async with Pages(a=page(b"?", codings)) as server, session(told) as client:
        response = await client.get(server.url("/a"))
        assert response.status == 200
        assert told.names == created()[:-1]
        with pytest.raises(ClientPayloadError, match="20 codings"):
            await response.read()


# --- the end -------------------------------------------------------------------------------------


@asynchronous
async def test_the_end_is_told_before_who_reads_it_goes_on() -> None:
    told = Told()

    async def slow(session: Any, context: Any, params: Any) -> None:
        await asyncio.sleep(0.02)
        told.all.append(("slow", params))

    told.on_response_end.append(slow)
    async with ScriptedServer(slowly(HEAD, *WIRE)) as server, session(told) as client:
        await get(client, server.url())
        assert told.names[-1] == "slow"


@asynchronous
async def test_who_is_told_of_the_end_can_read_the_body() -> None:
    told = Told(END)
    bodies: list[bytes] = []

    async def read(session: Any, context: Any, params: Any) -> None:
        bodies.append(await params.response.read())

    told.on_response_end.append(read)
    async with (
        ScriptedServer(slowly(HEAD, *WIRE)) as server,
        session(told) as client,
        client.get(server.url()) as response,
    ):
        await until(lambda: bodies)
        assert bodies == [await response.read()] == [b"".join(CHUNKS)]


@asynchronous
async def test_the_end_is_told_before_who_reads_it_fails() -> None:
    told = Told()

    async def slow(session: Any, context: Any, params: Any) -> None:
        await asyncio.sleep(0.02)
        told.all.append(("slow", params))

    told.on_response_end.append(slow)
    cut = answers(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nab")
    async with ScriptedServer(cut) as server, session(told) as client:
        with pytest.raises(ClientPayloadError) as caught:
            await get(client, server.url())
        assert told.names[-1] == "slow"
        end = told.param(END)
        assert end.exception is caught.value
        assert end.received_bytes == 2
    assert "request_exception" not in told.names


BEGUN = page(b"x" * 10)[:-5]
ENDINGS: dict[str, Callable[[ClientResponse], object]] = {
    "released": lambda response: response.release(),
    "closed": lambda response: response.close(),
}


@pytest.mark.parametrize("ending", ENDINGS)
@asynchronous
async def test_a_response_that_nobody_reads_on_ends_with_an_error(ending: str) -> None:
    told = Told()
    server = ScriptedServer(answers(BEGUN, stays_open=True))
    async with server, session(told) as client:
        response = await client.get(server.url())
        assert END not in told.names
        ENDINGS[ending](response)
        await settled()
        end = told.param(END)
        assert isinstance(end.exception, ClientConnectionError)
        assert end.response is response
        assert end.received_bytes == 5


@asynchronous
async def test_a_block_that_is_left_early_ends_its_response() -> None:
    told = Told()
    server = ScriptedServer(answers(BEGUN, stays_open=True))
    async with server, session(told) as client:
        async with client.get(server.url()) as response:
            assert await response.content.read(1) == b"x"
        await settled()
        assert isinstance(told.param(END).exception, ClientConnectionError)


@asynchronous
async def test_a_response_that_arrived_whole_has_ended_well_though_nobody_reads_it() -> None:
    told = Told()
    async with Pages() as server, session(told) as client:
        (await client.get(server.url())).release()
        assert (told.param(END).exception, told.param(END).received_bytes) == (None, 2)
    assert told.names == created()[:-1]


async def drop(config: TraceConfig[Any]) -> int:
    """How many connections are in use after the response of a traced request was dropped."""
    server = ScriptedServer(answers(BEGUN, stays_open=True))
    async with server, session(config) as client:
        await client.get(server.url())
        gc.collect()
        await settled()
        return client.connector.stats().active


@asynchronous
async def test_a_response_that_is_dropped_does_not_hold_its_connection_while_it_is_traced() -> None:
    assert await drop(Told("request_start", "connection_create_end", READ)) == 0


@asynchronous
async def test_a_response_that_is_dropped_ends_with_an_error() -> None:
    told = Told(END)
    assert await drop(told) == 0
    end = told.param(END)
    assert isinstance(end.exception, ClientConnectionError)
    assert end.response is None
    assert (end.method, end.url.path, end.received_bytes) == ("GET", "/", 5)


@asynchronous
async def test_a_large_download_is_counted_to_its_end() -> None:
    told = Told(READ, END)
    body = b"0123456789" * 200_000
    async with Pages(a=page(body)) as server, session(told) as client:
        async with client.get(server.url("/a")) as response:
            async for _ in response.content.iter_chunked(65536):
                pass
        await until(lambda: END in told.names)
    assert sum(map(len, told.chunks(READ))) == told.param(END).received_bytes == len(body)
