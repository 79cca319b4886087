"""Requests over real sockets, all of which go well."""

import asyncio
import hashlib
import json
import socket
from collections.abc import AsyncIterator

import pytest
from fake_resolver import FakeResolver
from origin import FIXED_JSON, Origin, sample_bytes, sample_sha256
from running import asynchronous, open_sockets, until
from scripted import ScriptedServer, answers, head_of

from aioclient import ClientSession, ClientTimeout, HttpVersion10, TCPConnector
from aioclient._connection.exchange import DEFAULT_READING
from aioclient._net.link import READ_BUFFER_BYTES


async def pieces(count: int, size: int) -> AsyncIterator[bytes]:
    for number in range(count):
        await asyncio.sleep(0)
        yield number.to_bytes(4, "big") * (size // 4)


@asynchronous
async def test_a_json_document_is_fetched() -> None:
    async with Origin() as origin, ClientSession() as session:
        async with session.get(origin.url("/json")) as response:
            assert response.status == 200
            assert response.reason == "OK"
            assert response.content_type == "application/json"
            assert await response.json() == FIXED_JSON
        assert origin.served == 1


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
@asynchronous
async def test_a_host_is_an_address_or_a_name(host: str) -> None:
    async with Origin() as origin, ClientSession() as session:
        response = await session.get(origin.url("/json", host=host))
        assert response.status == 200


@asynchronous
async def test_an_ipv6_address_is_reached() -> None:
    if not _has_ipv6():
        pytest.skip("no ::1 here")
    async with Origin(host="::1") as origin, ClientSession() as session:
        response = await session.get(origin.url("/echo"))
        headers = dict((await response.json())["headers"])
        assert headers["Host"] == f"[::1]:{origin.port}"


def _has_ipv6() -> bool:
    try:
        with socket.create_server(("::1", 0), family=socket.AF_INET6):
            return True
    except OSError:
        return False


@asynchronous
async def test_a_name_with_several_addresses_is_reached_at_the_one_that_listens() -> None:
    resolver = FakeResolver({"twofold.example": ["::1", "127.0.0.1"]})
    connector = TCPConnector(resolver=resolver)
    async with Origin() as origin, ClientSession(connector=connector) as session:
        response = await session.get(origin.url("/json", host="twofold.example"))
        assert response.status == 200


@asynchronous
async def test_the_request_arrives_as_it_was_asked() -> None:
    async with Origin() as origin, ClientSession(headers={"X-Session": "1"}) as session:
        response = await session.post(
            origin.url("/echo?a=1"),
            params={"b": "2 3"},
            headers={"X-Mine": "\u017e"},
            json={"value": "\u017e"},
        )
        seen = await response.json()
        headers = dict(seen["headers"])
        assert (seen["method"], seen["path"], seen["query"]) == ("POST", "/echo", "a=1&b=2+3")
        assert json.loads(seen["body"]) == {"value": "\u017e"}
        assert headers["X-Session"] == "1"
        assert headers["X-Mine"].encode("latin-1").decode() == "\u017e"
        assert headers["Content-Type"] == "application/json"
        assert headers["Host"] == f"127.0.0.1:{origin.port}"


@asynchronous
async def test_user_info_arrives_as_authorization() -> None:
    async with Origin() as origin, ClientSession() as session:
        url = origin.url("/echo").replace("http://", "http://me:secret@")
        response = await session.get(url)
        headers = dict((await response.json())["headers"])
        assert headers["Authorization"] == "Basic bWU6c2VjcmV0"
        assert "secret" not in str(response.url)


@pytest.mark.parametrize(
    "data", [b"", b"hello", b"\0\xff" * 100_000, "\u017elu\u0165", bytearray(b"x")]
)
@asynchronous
async def test_bytes_and_text_arrive_as_a_body(data: bytes | str | bytearray) -> None:
    async with Origin() as origin, ClientSession() as session:
        for chunked in (False, True):
            response = await session.put(origin.url("/echo"), data=data, chunked=chunked)
            seen = await response.json()
            names = {name.lower() for name, _ in seen["headers"]}
            assert ("transfer-encoding" in names) is chunked
            expected = data.encode() if isinstance(data, str) else bytes(data)
            if seen["encoding"] == "utf-8":
                assert seen["body"].encode() == expected
            else:
                assert len(seen["body"]) == (len(expected) + 2) // 3 * 4
        assert origin.accepted == 1


@asynchronous
async def test_an_async_iterable_arrives_in_chunks() -> None:
    expected = b"".join(number.to_bytes(4, "big") * 2000 for number in range(50))
    async with Origin() as origin, ClientSession() as session:
        for headers in ({}, {"Content-Length": "400000"}):
            response = await session.post(
                origin.url("/echo"), data=pieces(50, 8000), headers=headers
            )
            seen = await response.json()
            sent = {name.lower(): value for name, value in seen["headers"]}
            assert ("content-length" in sent) is bool(headers)
            assert seen["body"].encode() == expected
        assert origin.accepted == 1


@asynchronous
async def test_a_large_upload_waits_for_a_slow_server() -> None:
    received = hashlib.sha256()
    made = 0
    most_ahead = 0

    async def body() -> AsyncIterator[bytes]:
        nonlocal made
        for number in range(160):
            made += 65536
            yield number.to_bytes(4, "big") * 16384

    async def slow(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal most_ahead
        await head_of(reader)
        left = 160 * 65536
        while left:
            piece = await reader.read(min(left, 65536))
            received.update(piece)
            left -= len(piece)
            most_ahead = max(most_ahead, made - (160 * 65536 - left))
            await asyncio.sleep(0)
        writer.write(b"HTTP/1.1 204 No Content\r\n\r\n")

    async with ScriptedServer(slow) as server, ClientSession() as session:
        headers = {"Content-Length": str(160 * 65536)}
        response = await session.post(server.url(), data=body(), headers=headers)
        assert response.status == 204
    expected = b"".join(number.to_bytes(4, "big") * 16384 for number in range(160))
    assert received.digest() == hashlib.sha256(expected).digest()
    assert most_ahead < 9_000_000


@pytest.mark.parametrize("path", ["/bytes", "/chunked", "/close"])
@pytest.mark.parametrize("size", [0, 1, 65536, 1_000_000])
@asynchronous
async def test_a_body_arrives_whole_however_it_is_framed(path: str, size: int) -> None:
    async with Origin() as origin, ClientSession() as session:
        response = await session.get(origin.url(f"{path}/{size}"))
        body = await response.read()
        assert body == b"".join(sample_bytes(size))


@asynchronous
async def test_a_large_body_with_a_slow_reader_is_not_held_in_memory() -> None:
    size = 20_000_000
    digest = hashlib.sha256()
    most_held = 0
    async with (
        Origin() as origin,
        ClientSession() as session,
        session.get(origin.url(f"/bytes/{size}")) as response,
    ):
        read = 0
        async for piece in response.content.iter_chunked(65536):
            digest.update(piece)
            read += len(piece)
            most_held = max(most_held, response.content.total_bytes - read)
            if read % 20 == 0:
                await asyncio.sleep(0.0005)
    assert read == size
    assert digest.hexdigest() == sample_sha256(size)
    # What the reader took at once, and as much again that arrived meanwhile, one read more each.
    assert most_held <= 2 * (DEFAULT_READING.high_water_bytes + READ_BUFFER_BYTES)


@asynchronous
async def test_a_body_that_nobody_reads_for_a_while_waits_in_the_server() -> None:
    size = 20_000_000
    async with (
        Origin() as origin,
        ClientSession() as session,
        session.get(origin.url(f"/bytes/{size}")) as response,
    ):
        await until(lambda: response.content.total_bytes > 512 * 1024)
        await asyncio.sleep(0.05)
        assert response.content.total_bytes < 1_500_000
        assert hashlib.sha256(await response.read()).hexdigest() == sample_sha256(size)


@asynchronous
async def test_a_connection_serves_on_after_a_body_that_was_never_read() -> None:
    async with Origin() as origin, ClientSession() as session:
        response = await session.get(origin.url("/bytes/540000"))
        await until(lambda: response.content.total_bytes == 540_000 or response.content.is_eof())
        again = await asyncio.wait_for(session.get(origin.url("/json")), 2)
        assert await again.json() == FIXED_JSON
        assert await response.read() == b"".join(sample_bytes(540_000))


@pytest.mark.parametrize("path", ["/status/204", "/status/304", "/status/404", "/status/500"])
@asynchronous
async def test_a_status_is_a_status(path: str) -> None:
    async with Origin() as origin, ClientSession() as session:
        for _ in range(2):
            response = await session.get(origin.url(path))
            assert response.status == int(path[-3:])
            body = await response.read()
            assert bool(body) is (response.status >= 400)
        assert origin.accepted == 1


@pytest.mark.parametrize("path", ["/json", "/bytes/1000000", "/chunked/1000"])
@asynchronous
async def test_head_has_no_body(path: str) -> None:
    async with Origin() as origin, ClientSession() as session:
        for _ in range(2):
            response = await session.head(origin.url(path))
            assert await response.read() == b""
        assert origin.accepted == 1


@asynchronous
async def test_interim_responses_are_skipped() -> None:
    interim = b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n"
    final = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
    for script in ((interim, final), (interim + final,), (interim[:30], interim[30:] + final)):
        async with ScriptedServer(answers(*script)) as server, ClientSession() as session:
            response = await session.get(server.url())
            assert response.status == 200
            assert await response.text() == "ok"
            assert "Link" not in response.headers


@asynchronous
async def test_a_server_of_http_1_0_is_understood() -> None:
    answer = b"HTTP/1.0 200 OK\r\nContent-Type: text/plain\r\n\r\nhello"
    async with ScriptedServer(answers(answer)) as server, ClientSession() as session:
        response = await session.get(server.url())
        assert response.version == HttpVersion10
        assert await response.text() == "hello"


@asynchronous
async def test_headers_in_large_number_arrive() -> None:
    async with Origin() as origin, ClientSession() as session:
        response = await session.get(origin.url("/headers/100"))
        assert response.headers["X-Field-0099"] == "value of field 99"
        assert len(response.headers.getall("Set-Cookie")) == 5


@asynchronous
async def test_a_thousand_requests_at_once_get_their_own_answers() -> None:
    async with Origin() as origin:
        async with ClientSession(connector=TCPConnector(limit=64)) as session:
            gate = asyncio.Semaphore(64)

            async def one(number: int) -> None:
                async with gate, session.get(origin.url(f"/echo?id={number}")) as response:
                    assert (await response.json())["query"] == f"id={number}"

            await asyncio.gather(*(one(number) for number in range(1000)))
        assert origin.served == 1000
        assert origin.accepted <= 64


@asynchronous
async def test_an_early_final_answer_ends_an_upload() -> None:
    closed = asyncio.Event()

    async def endless() -> AsyncIterator[bytes]:
        try:
            while True:
                yield b"x" * 65536
        finally:
            closed.set()

    async def refuses(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await head_of(reader)
        writer.write(b"HTTP/1.1 413 Too Large\r\nContent-Length: 3\r\n\r\nno!")
        await writer.drain()
        while await reader.read(65536):
            pass

    async with ScriptedServer(refuses) as server, ClientSession() as session:
        response = await asyncio.wait_for(session.post(server.url(), data=endless()), 5)
        assert response.status == 413
        assert await response.text() == "no!"
        await asyncio.wait_for(closed.wait(), 5)


@asynchronous
async def test_a_server_that_answers_early_and_reads_no_more_does_not_keep_the_connection() -> None:
    async def endless() -> AsyncIterator[bytes]:
        while True:
            yield b"x" * 65536

    async def refuses(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await head_of(reader)
        writer.transport.pause_reading()  # type: ignore[attr-defined]
        await asyncio.sleep(0.2)  # the client's buffers fill
        writer.write(b"HTTP/1.1 413 Too Large\r\nContent-Length: 3\r\n\r\nno!")
        await writer.drain()
        await asyncio.sleep(30)

    timeout = ClientTimeout(total=5)
    async with ScriptedServer(refuses) as server, ClientSession(timeout=timeout) as session:
        response = await session.post(server.url(), data=endless())
        assert response.status == 413
        began = asyncio.get_running_loop().time()
        await session.close()
        assert asyncio.get_running_loop().time() - began < 1.0


@asynchronous
async def test_a_connection_that_cannot_be_flushed_is_cut_and_not_kept_open() -> None:
    over = asyncio.Event()

    async def endless() -> AsyncIterator[bytes]:
        while True:
            yield b"x" * 65536

    async def refuses(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await head_of(reader)
        writer.transport.pause_reading()  # type: ignore[attr-defined]
        await asyncio.sleep(0.1)  # the client's buffers fill
        writer.write(b"HTTP/1.1 413 Too Large\r\nContent-Length: 3\r\n\r\nno!")
        await over.wait()

    async with ScriptedServer(refuses) as server, ClientSession() as session:
        before = open_sockets()
        response = await session.post(server.url(), data=endless(), timeout=5)
        assert response.status == 413
        try:
            await until(lambda: open_sockets() <= before + 1, 2.0)  # the server's own end
        finally:
            over.set()
