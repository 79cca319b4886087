"""HTTP/1.1 over a link: what one exchange after another sees, in whatever pieces bytes come."""

import asyncio
import sys

import pytest
from fake_link import Ends, FakeTransport, connect, new_exchange, request_head
from running import asynchronous, result_of, settled, started

from aioclient import (
    ClientConnectionError,
    ClientOSError,
    ClientPayloadError,
    ServerDisconnectedError,
    ServerProtocolError,
)
from aioclient._connection.exchange import DEFAULT_READING, Exchange
from aioclient._connection.http1 import Http1Connection

SMALL = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"
HEAD = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n"


class Stage:
    """A connection with one exchange on it."""

    def __init__(self, method: str = "GET", connection: str | None = None) -> None:
        self.connection, self.transport = connect()
        self.lost: list[object] = []
        self.gone: list[object] = []
        self.connection.on_lost = self.lost.append
        self.connection.on_gone = self.gone.append
        self.ends = Ends()
        self.exchange = new_exchange(self.ends)
        self.connection.begin(request_head(method, connection=connection), None, self.exchange)


async def body_of(exchange: Exchange) -> bytes:
    if exchange.stream is None:
        return exchange.body
    pieces = []
    while piece := await exchange.stream.readany():
        pieces.append(piece)
    return b"".join(pieces)


# --- a good response -------------------------------------------------------------------------


@asynchronous
async def test_a_request_leaves_in_one_write() -> None:
    stage = Stage()
    assert stage.transport.writes == 1
    assert stage.transport.written == (
        b"GET / HTTP/1.1\r\nHost: example.com\r\nAccept: */*\r\n\r\n"
    )


@asynchronous
async def test_a_response_in_one_piece_needs_no_stream() -> None:
    stage = Stage()
    stage.transport.receive(SMALL)
    assert stage.exchange.waiter.done()
    assert stage.exchange.head is not None
    assert stage.exchange.head.status == 200
    assert stage.exchange.body == b"hello"
    assert stage.exchange.stream is None
    assert stage.exchange.has_ended


@asynchronous
async def test_a_complete_response_gives_the_connection_back_at_once() -> None:
    stage = Stage()
    stage.transport.receive(SMALL)
    assert stage.ends.told == [True]
    assert stage.connection.is_usable


@pytest.mark.parametrize("cut", range(1, len(SMALL)))
@asynchronous
async def test_a_response_may_be_cut_anywhere(cut: int) -> None:
    stage = Stage()
    stage.transport.receive(SMALL[:cut])
    assert stage.ends.told == []
    stage.transport.receive(SMALL[cut:])
    assert stage.ends.told == [True]
    assert await body_of(stage.exchange) == b"hello"


@asynchronous
async def test_a_response_may_come_byte_by_byte() -> None:
    stage = Stage()
    for byte in SMALL:
        stage.transport.receive(bytes([byte]))
    assert await body_of(stage.exchange) == b"hello"
    assert stage.ends.told == [True]


@asynchronous
async def test_the_head_wakes_the_waiter_before_the_body_is_there() -> None:
    stage = Stage()
    stage.transport.receive(HEAD[:-1])
    assert not stage.exchange.waiter.done()
    stage.transport.receive(HEAD[-1:])
    assert stage.exchange.waiter.done()
    assert stage.exchange.stream is not None
    assert not stage.exchange.has_ended
    stage.transport.receive(b"hello")
    assert await stage.exchange.stream.readany() == b"hello"


@asynchronous
async def test_a_chunked_response_is_put_together() -> None:
    stage = Stage()
    stage.transport.receive(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nhel")
    stage.transport.receive(b"\r\n2\r\nlo\r\n0\r\n")
    assert stage.ends.told == []
    stage.transport.receive(b"\r\n")
    assert await body_of(stage.exchange) == b"hello"
    assert stage.ends.told == [True]


@pytest.mark.parametrize(
    ("method", "response"),
    [
        ("HEAD", b"HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n"),
        ("GET", b"HTTP/1.1 204 No Content\r\n\r\n"),
        ("GET", b"HTTP/1.1 304 Not Modified\r\nContent-Length: 500\r\n\r\n"),
        ("GET", b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"),
    ],
)
@asynchronous
async def test_a_response_without_a_body_ends_with_its_head(method: str, response: bytes) -> None:
    stage = Stage(method)
    stage.transport.receive(response)
    assert stage.ends.told == [True]
    assert stage.exchange.body == b""


@pytest.mark.parametrize("together", [True, False])
@asynchronous
async def test_interim_responses_are_skipped(together: bool) -> None:
    stage = Stage()
    interim = b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n"
    if together:
        stage.transport.receive(interim + SMALL)
    else:
        stage.transport.receive(interim)
        assert not stage.exchange.waiter.done()
        stage.transport.receive(SMALL)
    assert stage.exchange.head is not None
    assert stage.exchange.head.status == 200
    assert await body_of(stage.exchange) == b"hello"


@asynchronous
async def test_one_exchange_follows_another() -> None:
    stage = Stage()
    for number in range(5):
        body = b"%d" % number
        stage.transport.receive(b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n" + body)
        assert stage.exchange.body == body
        stage.exchange = new_exchange(stage.ends)
        stage.connection.begin(request_head(), None, stage.exchange)
    assert stage.ends.told == [True] * 5


# --- does the connection persist? ----------------------------------------------------------------


@pytest.mark.parametrize(
    ("response", "reusable"),
    [
        (b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n", False),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: Keep-Alive\r\n\r\n", True),
        (b"HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n", False),
        (b"HTTP/1.0 200 OK\r\nContent-Length: 0\r\nConnection: keep-alive\r\n\r\n", True),
        (SMALL + b"surplus", False),
        (SMALL + SMALL, False),
    ],
)
@asynchronous
async def test_the_response_says_whether_the_connection_persists(
    response: bytes, reusable: bool
) -> None:
    stage = Stage()
    stage.transport.receive(response)
    assert stage.ends.told == [reusable]


@asynchronous
async def test_a_connection_that_the_request_closes_is_not_used_again() -> None:
    stage = Stage(connection="close")
    assert b"\r\nConnection: close\r\n" in stage.transport.written
    stage.transport.receive(SMALL)
    assert stage.ends.told == [False]


@asynchronous
async def test_a_body_until_close_ends_with_the_connection() -> None:
    stage = Stage()
    stage.transport.receive(b"HTTP/1.1 200 OK\r\n\r\nhel")
    stage.transport.receive(b"lo")
    assert stage.ends.told == []
    stage.transport.receive_eof()
    assert await body_of(stage.exchange) == b"hello"
    assert stage.ends.told == [False]
    await settled()


@asynchronous
async def test_a_connection_after_connect_is_not_used_for_another_request() -> None:
    stage = Stage("CONNECT")
    stage.transport.receive(b"HTTP/1.1 200 OK\r\n\r\n")
    assert stage.ends.told == [False]


# --- a link that is lost -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("received", "message"),
    [(b"", "without a response"), (b"HTTP/1.1 200 O", "middle of a response head")],
)
@asynchronous
async def test_the_end_before_a_head_is_a_disconnect(received: bytes, message: str) -> None:
    stage = Stage()
    if received:
        stage.transport.receive(received)
    stage.transport.receive_eof()
    with pytest.raises(ServerDisconnectedError, match=message):
        await stage.exchange.waiter
    assert stage.ends.told == [False]
    await settled()
    assert stage.gone == [stage.connection]


@pytest.mark.parametrize(
    "response",
    [
        HEAD + b"hel",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhel",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nhel\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nhel\r\n0\r\n",
    ],
)
@asynchronous
async def test_the_end_inside_a_body_is_an_error_after_what_came(response: bytes) -> None:
    stage = Stage()
    stage.transport.receive(response)
    stage.transport.receive_eof()
    await stage.exchange.waiter
    stream = stage.exchange.stream
    assert stream is not None
    assert await stream.readany() == b"hel"
    with pytest.raises(ClientPayloadError, match="incomplete"):
        await stream.readany()
    assert stage.ends.told == [False]
    await settled()


@asynchronous
async def test_a_link_that_breaks_before_the_head_is_an_oserror() -> None:
    stage = Stage()
    stage.transport.lose(ConnectionResetError(104, "Connection reset by peer"))
    with pytest.raises(ClientOSError, match="reset by peer") as caught:
        await stage.exchange.waiter
    assert caught.value.errno == 104
    assert isinstance(caught.value.__cause__, ConnectionResetError)
    assert stage.ends.told == [False]
    assert stage.gone == [stage.connection]


@asynchronous
async def test_a_link_that_breaks_inside_the_body_is_an_oserror_for_the_reader() -> None:
    stage = Stage()
    stage.transport.receive(HEAD + b"hel")
    stage.transport.lose(ConnectionResetError(104, "Connection reset by peer"))
    await stage.exchange.waiter
    assert stage.exchange.stream is not None
    assert await stage.exchange.stream.readany() == b"hel"
    with pytest.raises(ClientOSError, match="reset by peer"):
        await stage.exchange.stream.readany()


@asynchronous
async def test_a_body_until_close_is_not_complete_after_a_reset() -> None:
    stage = Stage()
    stage.transport.receive(b"HTTP/1.1 200 OK\r\n\r\nhel")
    stage.transport.lose(ConnectionResetError(104, "Connection reset by peer"))
    with pytest.raises(ClientOSError):
        await body_of(stage.exchange)


@asynchronous
async def test_nothing_can_be_sent_after_the_loss() -> None:
    stage = Stage()
    stage.transport.receive(SMALL)
    stage.transport.receive_eof()
    assert not stage.connection.is_usable
    with pytest.raises(ClientConnectionError, match="server closed the idle connection"):
        stage.connection.begin(request_head(), None, new_exchange())
    await settled()


# --- an idle connection --------------------------------------------------------------------------


@asynchronous
async def test_the_end_of_an_idle_connection_is_told() -> None:
    stage = Stage()
    stage.transport.receive(SMALL)
    assert stage.lost == []
    stage.transport.receive_eof()
    assert set(stage.lost) == {stage.connection}
    await settled()
    assert stage.gone == [stage.connection]


@asynchronous
async def test_the_loss_of_an_idle_connection_is_told() -> None:
    stage = Stage()
    stage.transport.receive(SMALL)
    stage.transport.lose(ConnectionResetError(104, "Connection reset by peer"))
    assert set(stage.lost) == {stage.connection}
    assert stage.gone == [stage.connection]
    assert not stage.connection.is_usable


@asynchronous
async def test_bytes_that_nobody_asked_for_end_an_idle_connection() -> None:
    stage = Stage()
    stage.transport.receive(SMALL)
    stage.transport.receive(b"HTTP/1.1 408 Request Timeout\r\n\r\n")
    assert set(stage.lost) == {stage.connection}
    assert stage.transport.was_aborted
    with pytest.raises(ServerProtocolError, match=r"before any request: b'HTTP/1\.1 408"):
        stage.connection.begin(request_head(), None, new_exchange())
    await settled()


@asynchronous
async def test_a_banner_before_the_first_request_is_refused() -> None:
    connection, transport = connect()
    transport.receive(b"SSH-2.0-OpenSSH_9.2p1 Debian-2\r\n")
    assert not connection.is_usable
    with pytest.raises(ServerProtocolError, match=r"SSH-2.0-OpenSSH"):
        connection.begin(request_head(), None, new_exchange())
    assert transport.written == b""
    await settled()


@asynchronous
async def test_what_nobody_asked_for_is_shown_in_part_only() -> None:
    connection, transport = connect()
    transport.receive(b"x" * 10_000)
    with pytest.raises(ServerProtocolError) as caught:
        connection.begin(request_head(), None, new_exchange())
    assert len(str(caught.value)) < 200
    await settled()


# --- a response that breaks the rules ------------------------------------------------------------


@asynchronous
async def test_what_is_not_http_is_a_protocol_error() -> None:
    stage = Stage()
    stage.transport.receive(b"SSH-2.0-OpenSSH_9.2p1 Debian-2\r\n")
    with pytest.raises(ServerProtocolError, match=r"not HTTP: b'SSH-2.0"):
        await stage.exchange.waiter
    assert stage.transport.was_aborted
    assert stage.ends.told == [False]
    await settled()


@asynchronous
async def test_a_bad_chunk_is_an_error_after_what_came() -> None:
    stage = Stage()
    stage.transport.receive(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nhel\r\nzz")
    stage.transport.receive(b"\r\n")
    await stage.exchange.waiter
    assert stage.exchange.stream is not None
    assert await stage.exchange.stream.readany() == b"hel"
    with pytest.raises(ClientPayloadError, match="chunk size"):
        await stage.exchange.stream.readany()
    assert stage.transport.was_aborted
    await settled()


@asynchronous
async def test_a_head_and_a_bad_chunk_in_one_piece_still_give_the_head() -> None:
    stage = Stage()
    stage.transport.receive(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n")
    await stage.exchange.waiter
    assert stage.exchange.head is not None
    with pytest.raises(ClientPayloadError, match="chunk size"):
        await body_of(stage.exchange)
    await settled()


# --- giving up -----------------------------------------------------------------------------------


@asynchronous
async def test_an_abandoned_exchange_cuts_the_link() -> None:
    stage = Stage()
    stage.exchange.abandon(ClientConnectionError("enough"))
    with pytest.raises(ClientConnectionError, match="enough"):
        await stage.exchange.waiter
    assert stage.transport.was_aborted
    assert stage.ends.told == [False]
    await settled()


@asynchronous
async def test_abandoning_after_the_end_changes_nothing() -> None:
    stage = Stage()
    stage.transport.receive(SMALL)
    stage.exchange.abandon(ClientConnectionError("enough"))
    assert stage.ends.told == [True]
    assert stage.connection.is_usable


@asynchronous
async def test_an_old_exchange_cannot_end_the_next_one() -> None:
    stage = Stage()
    stage.transport.receive(SMALL)
    following = new_exchange()
    stage.connection.begin(request_head(), None, following)
    stage.connection.abandon(stage.exchange, ClientConnectionError("enough"))
    assert not following.has_ended
    stage.transport.receive(SMALL)
    assert following.body == b"hello"


@asynchronous
async def test_bytes_after_an_abandoned_exchange_are_not_its() -> None:
    stage = Stage()
    stage.transport.receive(HEAD + b"he")
    stage.exchange.abandon(ClientConnectionError("enough"))
    stream = stage.exchange.stream
    assert stream is not None
    stage.transport.receive(b"llo")
    assert await stream.readany() == b"he"
    with pytest.raises(ClientConnectionError, match="enough"):
        await stream.readany()
    await settled()


@pytest.mark.parametrize("action", ["close", "abort"])
@asynchronous
async def test_closing_a_connection_fails_its_exchange(action: str) -> None:
    stage = Stage()
    getattr(stage.connection, action)()
    with pytest.raises(ClientConnectionError, match="connection was closed"):
        await stage.exchange.waiter
    assert stage.ends.told == [False]
    await asyncio.wait_for(stage.connection.wait_closed(), 1)
    assert stage.gone == [stage.connection]


@asynchronous
async def test_an_idle_connection_is_closed_politely() -> None:
    stage = Stage()
    stage.transport.receive(SMALL)
    stage.connection.close()
    assert not stage.transport.was_aborted
    await stage.connection.wait_closed()


@asynchronous
async def test_a_head_that_must_not_be_sent_sends_nothing_and_spoils_nothing() -> None:
    connection, transport = connect()
    for head in (
        request_head("GE T"),
        request_head(target="/a b"),
        request_head(target="/\r\nX: y"),
        request_head(connection="close\r\nX: y"),
        request_head(connection="clos\u20ac"),
    ):
        with pytest.raises(ValueError, match=r"character|codec"):
            connection.begin(head, None, new_exchange())
    assert transport.written == b""
    exchange = new_exchange(ends := Ends())
    connection.begin(request_head(), None, exchange)
    transport.receive(SMALL)
    assert ends.told == [True]


# --- flow ----------------------------------------------------------------------------------------


def big_head(size: int) -> bytes:
    return b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % size


def receive_while_allowed(transport: FakeTransport, data: bytes, step: int = 65536) -> bytes:
    """Play a server that sends as long as the client reads; give what is not sent."""
    while data and not transport.is_reading_paused:
        transport.receive(data[:step])
        data = data[step:]
    return data


@asynchronous
async def test_a_body_that_nobody_reads_stops_the_server() -> None:
    stage = Stage()
    stage.transport.receive(big_head(10_000_000))
    rest = receive_while_allowed(stage.transport, b"x" * 10_000_000)
    assert (
        DEFAULT_READING.high_water_bytes
        < 10_000_000 - len(rest)
        <= DEFAULT_READING.high_water_bytes + 2 * 65536
    )


@pytest.mark.asyncio_only(reason="uvloop copies what it receives into a protocol of bytes")
@pytest.mark.skipif(sys.platform == "win32", reason="on Windows asyncio copies what it has read")
@asynchronous
async def test_a_large_body_is_not_copied_on_its_way() -> None:
    stage = Stage()
    stage.transport.receive(big_head(10_000_000) + b"x" * 10)
    stream = stage.exchange.stream
    assert stream is not None
    assert await stream.readany() == b"x" * 10
    piece = b"y" * 100_000
    stage.transport.receive(piece)
    assert await stream.readany() is piece
    for _ in range(98):
        stage.transport.receive(piece)
        await stream.readany()
    stage.transport.receive(b"z" * 99_990)
    assert await stream.readany() == b"z" * 99_990
    assert stage.ends.told == [True]
    stage.exchange = new_exchange(stage.ends)
    stage.connection.begin(request_head(), None, stage.exchange)
    stage.transport.receive(SMALL)
    assert stage.exchange.body == b"hello"
    assert stage.ends.told == [True, True]


@asynchronous
async def test_surplus_behind_a_large_body_is_not_its() -> None:
    stage = Stage()
    stage.transport.receive(big_head(1_000_000) + b"x" * 10)
    stage.transport.receive(b"y" * 1_000_000)
    assert stage.ends.told == [False]
    assert len(await body_of(stage.exchange)) == 1_000_000


@asynchronous
async def test_a_body_that_is_read_lets_the_server_go_on() -> None:
    stage = Stage()
    data = bytes(range(256)) * 20_000
    stage.transport.receive(big_head(len(data)))
    stream = stage.exchange.stream
    assert stream is not None
    rest = receive_while_allowed(stage.transport, data)
    received = bytearray()
    while piece := await stream.readany():
        received += piece
        rest = receive_while_allowed(stage.transport, rest)
    assert received == data
    assert stage.transport.pauses > 3
    assert stage.ends.told == [True]


@asynchronous
async def test_a_connection_given_back_reads_on_although_its_last_body_was_not_read() -> None:
    stage = Stage()
    size = DEFAULT_READING.high_water_bytes + 1000
    stage.transport.receive(big_head(size))
    stage.transport.receive(b"x" * (size - 2000))
    stage.transport.receive(b"x" * 2000)  # passes high water, and is the end
    if stage.ends.told == [True]:
        assert not stage.transport.is_reading_paused
    else:
        assert not stage.connection.is_usable


@asynchronous
async def test_a_reset_while_reading_is_paused_still_reaches_the_reader() -> None:
    stage = Stage()
    stage.transport.receive(big_head(10_000_000))
    receive_while_allowed(stage.transport, b"x" * 10_000_000)
    stage.transport.lose(ConnectionResetError(104, "Connection reset by peer"))
    with pytest.raises(ClientOSError, match="reset by peer"):
        await body_of(stage.exchange)


@asynchronous
async def test_two_connections_do_not_mix_their_responses() -> None:
    one, two = Stage(), Stage()
    one.transport.receive(HEAD + b"AA")
    two.transport.receive(HEAD + b"BBB")
    one.transport.receive(b"AAA")
    two.transport.receive(b"BB")
    assert await body_of(one.exchange) == b"AAAAA"
    assert await body_of(two.exchange) == b"BBBBB"


@asynchronous
async def test_a_body_reader_waits_for_bytes_of_the_link() -> None:
    stage = Stage()
    stage.transport.receive(HEAD)
    assert stage.exchange.stream is not None
    reader = await started(body_of(stage.exchange))
    stage.transport.receive(b"he")
    await settled()
    assert not reader.done()
    stage.transport.receive(b"llo")
    assert await reader == b"hello"


def test_the_kinds_of_connection_share_one_interface() -> None:
    async def main() -> None:
        connection, transport = connect()
        assert isinstance(connection, Http1Connection)
        assert connection.route.host == "example.com"
        transport.lose(None)

    result_of(main())
