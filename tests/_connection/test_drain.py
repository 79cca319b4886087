"""What becomes of the rest of a released response, on a clock that the tests move."""

import pytest
from clock import Clock, TimerLoop
from fake_link import Ends, connect, new_exchange, request_head
from running import asynchronous, settled

from aioclient import ClientConnectionError, ServerDisconnectedError
from aioclient._body.payload import BytesPayload
from aioclient._connection.drain import DRAIN_BYTES, DRAIN_S, is_worth_draining
from aioclient._connection.exchange import Exchange, Reading
from aioclient._http.events import FieldSection, ResponseHead
from aioclient._net.deadline import Deadlines

CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
SMALL = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"
RELEASED = ClientConnectionError("the response was released")


def head_of(size: int, *fields: str, start: str = "HTTP/1.1 200 OK") -> bytes:
    lines = "".join(f"{field}\r\n" for field in fields)
    return f"{start}\r\nContent-Length: {size}\r\n{lines}\r\n".encode()


class Stage:
    """A connection whose exchange was released after what had arrived of its response."""

    def __init__(
        self, received: bytes, *, exchange: Exchange | None = None, connection: str | None = None
    ) -> None:
        self.time = TimerLoop(Clock())
        self.connection, self.transport = connect(timers=self.time)
        self.ends = Ends()
        self.exchange = exchange or new_exchange()
        self.exchange.on_end = self.ends
        self.connection.begin(request_head(connection=connection), None, self.exchange)
        self.transport.receive(received)
        self.exchange.release(RELEASED)

    @property
    def is_draining(self) -> bool:
        return not self.ends.told and not self.transport.is_closing()

    @property
    def was_cut(self) -> bool:
        return self.ends.told == [False] and self.transport.was_aborted

    def begin_another(self) -> Exchange:
        exchange = new_exchange(self.ends)
        self.connection.begin(request_head(), None, exchange)
        return exchange


# --- what is drained -----------------------------------------------------------------------------


@asynchronous
async def test_a_small_rest_is_discarded_and_then_the_connection_serves_the_next() -> None:
    stage = Stage(head_of(10) + b"hel")
    assert stage.is_draining
    stage.transport.receive(b"lo")
    assert stage.is_draining
    stage.transport.receive(b"world")
    assert stage.ends.told == [True]
    another = stage.begin_another()
    stage.transport.receive(SMALL)
    assert another.body == b"hello"
    assert not stage.time.timers


@asynchronous
async def test_the_response_has_ended_for_its_reader_at_once() -> None:
    stage = Stage(head_of(10) + b"hel")
    assert stage.exchange.has_ended
    stream = stage.exchange.stream
    assert stream is not None
    assert stream.buffered == 0
    with pytest.raises(ClientConnectionError, match="released"):
        await stream.readany()
    stage.transport.receive(b"loworld")
    assert stream.buffered == 0
    assert not stream.is_eof()


@pytest.mark.parametrize(
    ("size", "arrived", "is_drained"),
    [
        (DRAIN_BYTES, 0, True),
        (DRAIN_BYTES + 1, 0, False),
        (DRAIN_BYTES + 1, 1, True),
        (10 * DRAIN_BYTES, 9 * DRAIN_BYTES, True),
        (10 * DRAIN_BYTES, 9 * DRAIN_BYTES - 1, False),
    ],
)
@asynchronous
async def test_as_much_as_the_limit_may_be_missing(
    size: int, arrived: int, is_drained: bool
) -> None:
    stage = Stage(head_of(size) + b"x" * arrived)
    assert stage.is_draining is is_drained
    if is_drained:
        stage.transport.receive(b"x" * (size - arrived))
        assert stage.ends.told == [True]
    else:
        assert stage.was_cut
    await settled()


@asynchronous
async def test_a_chunked_rest_is_discarded_with_its_trailers() -> None:
    stage = Stage(b"HTTP/1.1 103 Early\r\n\r\n" + CHUNKED + b"5\r\nhel")
    for piece in (b"lo\r\n3;ext", b"=1\r\nabc\r\n0\r\nX-Sum: a\r\n", b"\r\n"):
        assert stage.is_draining
        stage.transport.receive(piece)
    assert stage.ends.told == [True]
    assert stage.exchange.trailers is None
    another = stage.begin_another()
    stage.transport.receive(SMALL)
    assert another.body == b"hello"


@asynchronous
async def test_a_chunked_rest_over_the_limit_is_cut() -> None:
    stage = Stage(CHUNKED + b"5\r\nhello\r\n")
    chunk = b"400\r\n" + b"x" * 1024 + b"\r\n"
    count = 0
    while stage.is_draining:
        stage.transport.receive(chunk)
        count += 1
    assert count == DRAIN_BYTES // len(chunk) + 1
    assert stage.was_cut
    assert not stage.time.timers
    await settled()


@asynchronous
async def test_framing_counts_to_the_limit() -> None:
    stage = Stage(CHUNKED)
    for _ in range(DRAIN_BYTES // 100):
        stage.transport.receive(b"1;" + b"x" * 93 + b"\r\ny\r\n")
    assert stage.is_draining
    stage.transport.receive(b"1;" + b"x" * 93 + b"\r\ny\r\n")
    assert stage.was_cut
    await settled()


@asynchronous
async def test_a_server_that_had_to_wait_may_go_on() -> None:
    exchange = new_exchange()
    exchange.reading = Reading(high_water_bytes=1000)
    stage = Stage(head_of(5000) + b"x" * 2000, exchange=exchange)
    assert stage.transport.pauses == 1
    assert not stage.transport.is_reading_paused
    stage.transport.receive(b"x" * 3000)
    assert stage.ends.told == [True]


@asynchronous
async def test_the_last_of_a_large_body_is_discarded() -> None:
    stage = Stage(head_of(5_000_000) + b"x" * 4_990_000)
    stage.transport.receive(b"x" * 10_000)
    assert stage.ends.told == [True]
    another = stage.begin_another()
    stage.transport.receive(SMALL)
    assert another.body == b"hello"


# --- what is not ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "received",
    [
        b"HTTP/1.1 200 OK\r\n\r\nhe",
        b"HTTP/1.0 200 OK\r\nContent-Length: 5\r\n\r\nhe",
        head_of(5, "Connection: close") + b"he",
    ],
)
@asynchronous
async def test_a_connection_that_would_not_persist_is_not_drained(received: bytes) -> None:
    stage = Stage(received)
    assert stage.was_cut
    assert stage.time.made == 0
    await settled()


@asynchronous
async def test_an_old_server_that_keeps_its_connection_is_drained() -> None:
    start = "HTTP/1.0 200 OK"
    stage = Stage(head_of(5, "Connection: keep-alive", start=start) + b"he")
    stage.transport.receive(b"llo")
    assert stage.ends.told == [True]


@asynchronous
async def test_a_connection_that_the_request_closes_is_not_drained() -> None:
    stage = Stage(head_of(5) + b"he", connection="close")
    assert stage.was_cut
    await settled()


@asynchronous
async def test_a_connection_that_the_pool_would_not_keep_is_not_drained() -> None:
    time = TimerLoop(Clock())
    connection, transport = connect(timers=time)
    connection.may_be_kept = False
    exchange = new_exchange(ends := Ends())
    connection.begin(request_head(), None, exchange)
    transport.receive(head_of(5) + b"he")
    exchange.release(RELEASED)
    assert ends.told == [False]
    assert time.made == 0
    await settled()


@asynchronous
async def test_a_request_that_is_not_out_is_not_drained_for() -> None:
    connection, transport = connect(timers=(time := TimerLoop(Clock())))
    exchange = new_exchange(ends := Ends())
    head = request_head("POST", body_length=5)
    connection.begin(head, BytesPayload(b"hello"), exchange)
    transport.unsent = 5
    transport.receive(head_of(5) + b"he")
    exchange.release(RELEASED)
    assert ends.told == [False]
    assert transport.was_aborted
    assert time.made == 0
    await settled()


@asynchronous
async def test_a_response_without_a_head_yet_is_not_drained() -> None:
    stage = Stage(b"HTTP/1.1 200 OK\r\nContent-Le")
    assert stage.was_cut
    with pytest.raises(ClientConnectionError, match="released"):
        await stage.exchange.waiter
    await settled()


# --- how it ends ---------------------------------------------------------------------------------


@asynchronous
async def test_a_slow_rest_is_cut() -> None:
    stage = Stage(head_of(10) + b"h")
    stage.time.move_to(stage.time.clock.now + DRAIN_S * 0.9)
    stage.transport.receive(b"ello")
    assert stage.is_draining
    stage.time.move_to(stage.time.clock.now + DRAIN_S * 0.2)
    assert stage.was_cut
    assert not stage.time.timers
    assert stage.time.made == 1
    await settled()


@asynchronous
async def test_a_rest_that_is_cut_off_does_not_keep_the_connection() -> None:
    stage = Stage(head_of(10) + b"hel")
    stage.transport.receive(b"lo")
    stage.transport.receive_eof()
    assert stage.ends.told == [False]
    assert not stage.time.timers
    assert not stage.connection.is_usable
    await settled()


@asynchronous
async def test_a_link_that_breaks_meanwhile_does_not_keep_the_connection() -> None:
    stage = Stage(head_of(10) + b"hel")
    stage.transport.lose(ConnectionResetError(104, "reset"))
    assert stage.ends.told == [False]
    assert not stage.time.timers
    assert not stage.connection.is_usable


@asynchronous
async def test_a_rest_with_broken_framing_is_cut() -> None:
    stage = Stage(CHUNKED + b"5\r\nhello\r\n")
    stage.transport.receive(b"no chunk\r\n")
    assert stage.was_cut
    assert not stage.time.timers
    await settled()


@pytest.mark.parametrize("rest", [b"loHTTP/1.1 200 OK\r\n\r\n", b"lo" + b"x" * 100_000])
@asynchronous
async def test_a_surplus_behind_the_rest_does_not_keep_the_connection(rest: bytes) -> None:
    stage = Stage(head_of(5) + b"hel")
    stage.transport.receive(rest)
    assert stage.ends.told == [False]
    assert not stage.time.timers
    await settled()


@asynchronous
async def test_bytes_after_the_drain_were_not_asked_for() -> None:
    stage = Stage(head_of(5) + b"hel")
    stage.transport.receive(b"lo")
    stage.transport.receive(b"!")
    assert stage.ends.told == [True]
    assert not stage.connection.is_usable
    assert stage.transport.was_aborted
    await settled()


@pytest.mark.parametrize("action", ["close", "abort"])
@asynchronous
async def test_closing_the_connection_ends_the_drain(action: str) -> None:
    stage = Stage(head_of(5) + b"hel")
    getattr(stage.connection, action)()
    assert stage.was_cut
    assert not stage.time.timers
    await settled()


@asynchronous
async def test_abandoning_a_released_exchange_cuts_it() -> None:
    stage = Stage(head_of(5) + b"hel")
    stage.exchange.abandon(ClientConnectionError("closed"))
    stage.exchange.abandon(ClientConnectionError("closed"))
    assert stage.was_cut
    await settled()


@asynchronous
async def test_an_old_exchange_does_not_cut_the_drain_of_another() -> None:
    stage = Stage(head_of(5) + b"hel")
    stage.transport.receive(b"lo")
    another = stage.begin_another()
    stage.transport.receive(head_of(5) + b"h")
    another.release(RELEASED)
    stage.exchange.abandon(ClientConnectionError("closed"))
    stage.exchange.release(RELEASED)
    stage.transport.receive(b"ello")
    assert stage.ends.told == [True, True]


@asynchronous
async def test_releasing_twice_changes_nothing() -> None:
    stage = Stage(head_of(5) + b"hel")
    stage.exchange.release(RELEASED)
    assert stage.time.made == 1
    stage.transport.receive(b"lo")
    stage.exchange.release(RELEASED)
    assert stage.ends.told == [True]


# --- time limits of the request ------------------------------------------------------------------


@asynchronous
async def test_the_limits_of_the_request_stop_with_the_release() -> None:
    limits_time = TimerLoop(Clock())
    deadlines = Deadlines(limits_time, limits_time.clock)  # type: ignore[arg-type]
    exchange = new_exchange()
    total = exchange.deadline = deadlines.start(2.0, exchange.total_expired)
    read = exchange.read_deadline = deadlines.start(1.0, exchange.read_expired)
    stage = Stage(head_of(10) + b"hel", exchange=exchange)
    assert not total.is_running
    assert not read.is_running
    # The request that follows a redirect goes on with the same total limit.
    total.resume()
    stage.transport.receive(b"lo")
    assert not read.is_running
    stage.transport.receive(b"world")
    assert stage.ends.told == [True]
    assert total.is_running
    total.stop()


# --- the rule ------------------------------------------------------------------------------------


def head(length: bytes | None, coding: bytes | None = None) -> ResponseHead:
    return ResponseHead(
        200, "OK", 1, FieldSection(b"\r\n"), length, coding, None, None, None, None, None, False
    )


@pytest.mark.parametrize(
    ("given", "arrived", "expected"),
    [
        (head(b"70000"), 0, False),
        (head(b"70000"), 10_000, True),
        (head(b"5, 5"), 0, True),
        (head(b"65536"), 0, True),
        (head(b"65537"), 0, False),
        (head(None, b"chunked"), 10**9, True),
        (head(None), 0, False),
    ],
)
def test_what_is_worth_draining(given: ResponseHead, arrived: int, expected: bool) -> None:
    assert is_worth_draining(given, arrived) is expected


@asynchronous
async def test_an_exchange_without_a_connection_has_nothing_to_release() -> None:
    exchange = new_exchange(ends := Ends())
    exchange.release(RELEASED)
    exchange.end(False, ServerDisconnectedError())
    exchange.release(RELEASED)
    assert ends.told == [False]
    assert isinstance(exchange.waiter.exception(), ServerDisconnectedError)
