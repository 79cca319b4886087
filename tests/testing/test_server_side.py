"""Requests are read and responses written as RFC 9112 says, within limits."""

import asyncio

import pytest
from running import asynchronous, settled

from aioclient.testing._memory_transport import MemoryTransport
from aioclient.testing._server_side import MAX_HEAD_BYTES, BadRequest, ServerSide


class Client(asyncio.Protocol):
    """What a server sees of a client that writes these bytes."""

    def __init__(self, *written, ends=True):
        loop = asyncio.get_running_loop()
        self.came = b""
        self.transport = MemoryTransport(loop, ("a.example", 80), ("127.0.0.1", 1))
        self.side = ServerSide(self.transport.server)
        self.transport.attach(self)
        for data in written:
            self.transport.write(data)
        if ends:
            self.transport.write_eof()

    def data_received(self, data):
        self.came += data


async def body_of(exchange):
    return b"".join(iter([piece async for piece in pieces_of(exchange)]))


async def pieces_of(exchange):
    while piece := await exchange.read():
        yield piece


GET = b"GET /a?b HTTP/1.1\r\nHost: a.example\r\n\r\n"
CHUNKED = b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n"


@asynchronous
async def test_requests_follow_each_other_until_the_end():
    side = Client(GET + GET).side
    for _ in range(2):
        exchange = await side.next_exchange()
        assert (exchange.head.method, exchange.head.target) == ("GET", "/a?b")
        assert exchange.head.raw_headers == [(b"Host", b"a.example")]
        assert exchange.is_read
    assert await side.next_exchange() is None


@asynchronous
async def test_requests_come_byte_by_byte():
    data = CHUNKED + b"3\r\nabc\r\n2;x=y\r\nde\r\n0\r\nTrailer: 1\r\n\r\n" + GET
    side = Client(*(data[i : i + 1] for i in range(len(data)))).side
    exchange = await side.next_exchange()
    assert await body_of(exchange) == b"abcde"
    assert exchange.is_read
    assert (await side.next_exchange()).head.target == "/a?b"


@asynchronous
async def test_counted_body_ends_where_the_next_request_begins():
    side = Client(b"PUT / HTTP/1.1\r\nContent-Length: 3\r\n\r\nabc" + GET).side
    assert await body_of(await side.next_exchange()) == b"abc"
    assert (await side.next_exchange()).head.method == "GET"


@pytest.mark.parametrize(
    "data",
    [
        b"GET /\r\n\r\n",
        b"GET / HTTP/2.0\r\n\r\n",
        b"GET / HTTP/1.1\r\nno field\r\n\r\n",
        b"GET / HTTP/1.1\r\n folded\r\n\r\n",
        b"GET / HTTP/1.1\r\nContent-Length: x\r\n\r\n",
        b"GET / HTTP/1.1\r\nTransfer-Encoding: gzip\r\n\r\n",
        b"G" * (MAX_HEAD_BYTES + 1),
    ],
)
@asynchronous
async def test_bad_head_is_refused(data):
    with pytest.raises(BadRequest):
        await Client(data).side.next_exchange()


@pytest.mark.parametrize("size", [MAX_HEAD_BYTES - 1, MAX_HEAD_BYTES])
@asynchronous
async def test_large_head_is_read(size):
    head = b"GET / HTTP/1.1\r\nX: ".ljust(size, b"x")
    exchange = await Client(head + b"\r\n\r\n").side.next_exchange()
    assert exchange.head.method == "GET"


@pytest.mark.parametrize(
    "body", [b"x\r\n", b"\r\n", b"-1\r\n", b"1\r\nabc\r\n", b"1" * 16 + b"\r\n"]
)
@asynchronous
async def test_bad_chunks_are_refused(body):
    exchange = await Client(CHUNKED + body).side.next_exchange()
    with pytest.raises(BadRequest):
        await body_of(exchange)


@pytest.mark.parametrize("body", [b"", b"3\r\nab", b"3\r\nabc\r\n", b"0\r\n"])
@asynchronous
async def test_body_that_is_cut_off_is_no_body(body):
    exchange = await Client(CHUNKED + body).side.next_exchange()
    with pytest.raises(ConnectionResetError):
        await body_of(exchange)
    assert not exchange.is_read


@asynchronous
async def test_client_that_waits_for_100_is_told_to_go_on_when_the_body_is_read():
    client = Client(
        b"PUT / HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 1\r\n\r\na", ends=False
    )
    exchange = await client.side.next_exchange()
    await settled()
    assert client.came == b""
    assert await exchange.read() == b"a"
    await settled()
    assert client.came == b"HTTP/1.1 100 Continue\r\n\r\n"
    client.transport.abort()


async def answer(request, *pieces, length=None, fields=(), status=200, **options):
    client = Client(request)
    exchange = await client.side.next_exchange()
    await exchange.begin(status, fields, length, **options)
    for piece in pieces:
        await exchange.write(piece)
    await exchange.finish()
    await settled()
    head, _, body = client.came.partition(b"\r\n\r\n")
    return head.split(b"\r\n"), body, exchange.persists


OK = b"HTTP/1.1 200 OK"


@asynchronous
async def test_body_of_known_length_is_counted():
    lines = [OK, b"A: b", b"Content-Length: 3"]
    assert await answer(GET, b"bc", length=3, fields=[("A", "b")], body=b"a") == (
        lines,
        b"abc",
        True,
    )


@asynchronous
async def test_body_of_unknown_length_is_chunked():
    lines = [OK, b"Transfer-Encoding: chunked"]
    fields = [("Transfer-Encoding", "chunked")]
    expected = lines, b"1\r\na\r\n2\r\nbc\r\n0\r\n\r\n", True
    assert await answer(GET, b"a", b"", b"bc", fields=fields) == expected


@asynchronous
async def test_body_until_the_end_of_the_connection_ends_it():
    assert await answer(GET, b"abc", until_close=True) == (
        [OK, b"Connection: close"],
        b"abc",
        False,
    )


OLD = b"GET / HTTP/1.0\r\n\r\n"


@asynchronous
async def test_http_1_0_gets_no_chunks():
    assert await answer(OLD, b"abc") == ([OK, b"Connection: close"], b"abc", False)
    kept = OLD[:-2] + b"Connection: Keep-Alive\r\n\r\n"
    lines = [OK, b"Content-Length: 1", b"Connection: keep-alive"]
    assert await answer(kept, b"a", length=1) == (lines, b"a", True)


@asynchronous
async def test_wish_to_close_is_heard_from_both_sides():
    closing = GET[:-2] + b"Connection: foo, Close\r\n\r\n"
    lines = [OK, b"Content-Length: 0", b"Connection: close"]
    assert await answer(closing, length=0) == (lines, b"", False)
    lines = [OK, b"Connection: close", b"Content-Length: 0"]
    assert await answer(GET, length=0, fields=[("Connection", "close")]) == (lines, b"", False)


@asynchronous
async def test_response_to_head_and_some_statuses_have_no_body():
    head = GET.replace(b"GET", b"HEAD")
    assert await answer(head, b"abc", length=3) == ([OK, b"Content-Length: 3"], b"", True)
    assert await answer(GET, b"abc", length=3, status=204) == (
        [b"HTTP/1.1 204 No Content"],
        b"",
        True,
    )


@asynchronous
async def test_reason_is_that_of_the_program_or_known_or_empty():
    lines, _, _ = await answer(GET, length=0, status=299, reason="Fine")
    assert lines[0] == b"HTTP/1.1 299 Fine"
    lines, _, _ = await answer(GET, length=0, status=299)
    assert lines[0] == b"HTTP/1.1 299 "


@asynchronous
async def test_body_must_have_its_content_length():
    fields = [("Content-Length", "3")]
    with pytest.raises(ValueError, match="Content-Length is 3"):
        await answer(GET, b"abcd", fields=fields)
    _, body, persists = await answer(GET, b"ab", length=2, fields=fields)
    assert (body, persists) == (b"ab", False)


@pytest.mark.parametrize(
    ("status", "fields"),
    [
        (100, []),
        (1000, []),
        (200, [("A", "b\r\nC: d")]),
        (200, [("A\n", "b")]),
        (200, [("Content-Length", "-1")]),
    ],
)
@asynchronous
async def test_bad_head_is_not_written(status, fields):
    client = Client(GET)
    exchange = await client.side.next_exchange()
    with pytest.raises(ValueError, match=r"must|Content-Length"):
        await exchange.begin(status, fields, 0)
    await settled()
    assert client.came == b""
