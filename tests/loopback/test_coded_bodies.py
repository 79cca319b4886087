"""Response bodies with a content coding, over real sockets."""

import asyncio
import gzip
import json
import tracemalloc
import zlib
from collections.abc import Callable

import pytest
from running import asynchronous
from scripted import ScriptedServer, head_of

from aioclient import BodyTooLargeError, ClientPayloadError, ClientSession
from aioclient._body.content_coding import accept_encoding

DOCUMENT = json.dumps({"numbers": list(range(1000))}).encode()
CODED: dict[str, Callable[[bytes], bytes]] = {
    "gzip": gzip.compress,
    "x-gzip": gzip.compress,
    "deflate": zlib.compress,
    "gzip, gzip": lambda data: gzip.compress(gzip.compress(data)),
}


def answering(coding: str, body: bytes, *, pause_s: float | None = None) -> ScriptedServer:
    """Sends the body in two parts if there is a pause, else together with its head."""

    async def talks(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while await head_of(reader):
            writer.write(
                b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Encoding: %b\r\n"
                b"Content-Length: %d\r\n\r\n" % (coding.encode(), len(body))
            )
            if pause_s is not None:
                writer.write(body[: len(body) // 2])
                await asyncio.sleep(pause_s)
                writer.write(body[len(body) // 2 :])
            else:
                writer.write(body)
            await writer.drain()

    return ScriptedServer(talks)


@pytest.mark.parametrize("pause_s", [None, 0.01])
@pytest.mark.parametrize("coding", CODED)
@asynchronous
async def test_a_coded_body_is_decoded(coding: str, pause_s: float | None) -> None:
    body = CODED[coding](DOCUMENT)
    async with answering(coding, body, pause_s=pause_s) as server, ClientSession() as session:
        for _ in range(2):
            response = await session.get(server.url())
            assert await response.json() == json.loads(DOCUMENT)
            assert await response.read() == DOCUMENT
            assert response.headers["Content-Encoding"] == coding
        response = await session.get(server.url())
        assert b"".join([piece async for piece in response.content.iter_chunked(100)]) == DOCUMENT
        assert response.content.total_bytes == len(DOCUMENT)
        assert server.accepted == 1


@asynchronous
async def test_without_auto_decompress_the_body_is_given_as_it_came() -> None:
    body = gzip.compress(DOCUMENT)
    async with answering("gzip", body) as server, ClientSession() as session:
        assert await (await session.get(server.url(), auto_decompress=False)).read() == body
    async with (
        answering("gzip", body) as server,
        ClientSession(auto_decompress=False) as session,
    ):
        assert await (await session.get(server.url())).read() == body


@asynchronous
async def test_a_coding_that_nobody_knows_is_left_alone() -> None:
    async with answering("secret", b"abc") as server, ClientSession() as session:
        assert await (await session.get(server.url())).read() == b"abc"


@pytest.mark.parametrize("missing", [1, 8, 100])
@asynchronous
async def test_a_coded_body_that_is_cut_off_is_an_error(missing: int) -> None:
    body = gzip.compress(DOCUMENT)[:-missing]
    async with answering("gzip", body) as server, ClientSession() as session:
        with pytest.raises(ClientPayloadError, match="gzip"):
            await (await session.get(server.url())).read()
        assert (await session.get(server.url())).status == 200


@asynchronous
async def test_what_can_be_decoded_is_offered() -> None:
    offered = []

    async def talks(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        offered.append(await head_of(reader))
        writer.write(b"HTTP/1.1 204 No Content\r\n\r\n")
        await writer.drain()

    async with ScriptedServer(talks) as server, ClientSession() as session:
        await session.get(server.url())
    assert b"Accept-Encoding: %b\r\n" % accept_encoding().encode() in offered[0]


@asynchronous
async def test_a_bomb_is_not_read_whole() -> None:
    bomb = gzip.compress(bytes(300_000_000), compresslevel=9)
    assert len(bomb) < 310_000
    async with answering("gzip", bomb) as server, ClientSession() as session:
        tracemalloc.start()
        try:
            with pytest.raises(BodyTooLargeError, match="max_decode_ratio") as caught:
                await (await session.get(server.url())).read()
            assert tracemalloc.get_traced_memory()[1] < 40 * 2**20
        finally:
            tracemalloc.stop()
        assert caught.value.limit == "max_decode_ratio"
        assert (await session.get(server.url())).status == 200


@pytest.mark.parametrize("coding", ["identity", "gzip"])
@asynchronous
async def test_the_limit_of_a_whole_body_is_kept(coding: str) -> None:
    body = gzip.compress(DOCUMENT) if coding == "gzip" else DOCUMENT
    size = len(DOCUMENT)
    async with answering(coding, body) as server, ClientSession() as session:
        response = await session.get(server.url(), max_body_size=size)
        assert await response.read() == DOCUMENT
        with pytest.raises(BodyTooLargeError, match=rf"larger than {size - 1} bytes"):
            await (await session.get(server.url(), max_body_size=size - 1)).read()
    async with (
        answering(coding, body) as server,
        ClientSession(max_body_size=size - 1) as session,
    ):
        with pytest.raises(BodyTooLargeError, match="max_body_size"):
            await (await session.get(server.url())).json()
        response = await session.get(server.url())
        assert sum([len(piece) async for piece in response.content.iter_any()]) == size
