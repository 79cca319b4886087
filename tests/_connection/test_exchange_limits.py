"""Time limits of an exchange, on a clock that the tests move."""

import asyncio

import pytest
from clock import Clock, TimerLoop
from fake_link import Ends, connect, request_head
from running import asynchronous, settled

from aioclient import SocketTimeoutError, TotalTimeoutError
from aioclient._connection.exchange import DEFAULT_READING, Exchange
from aioclient._connection.prompt_future import PromptFuture
from aioclient._net.deadline import Deadlines

HEAD = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n"


class Stage:
    """An exchange with limits, on a connection over a fake link."""

    def __init__(self, *, total_s: float | None = None, sock_read_s: float | None = None) -> None:
        clock = Clock()
        self.time = TimerLoop(clock)
        deadlines = Deadlines(self.time, clock)  # type: ignore[arg-type]
        self.deadlines = deadlines
        self.ends = Ends()
        self.exchange = Exchange(PromptFuture(asyncio.get_running_loop()), self.ends, None)
        if total_s is not None:
            self.exchange.deadline = deadlines.start(total_s, self.exchange.total_expired)
        if sock_read_s is not None:
            self.exchange.read_deadline = deadlines.start(sock_read_s, self.exchange.read_expired)
        self.connection, self.transport = connect()
        self.connection.begin(request_head(), None, self.exchange)

    def wait(self, seconds: float) -> None:
        self.time.move_to(self.time.clock.now + seconds)


@asynchronous
async def test_total_expires_before_the_head() -> None:
    stage = Stage(total_s=2.0)
    stage.wait(1.9)
    assert not stage.exchange.waiter.done()
    stage.wait(0.2)
    with pytest.raises(TotalTimeoutError) as caught:
        await stage.exchange.waiter
    error = caught.value
    assert (error.limit, error.limit_s, error.phase) == ("total", 2.0, "response")
    assert error.host == "example.com"
    assert error.elapsed_s == pytest.approx(2.0, abs=0.02)
    assert str(error) == (
        "total limit of 2 s passed while waiting for the response of example.com:80 (after 2 s)"
    )
    assert stage.transport.was_aborted
    assert stage.ends.told == [False]
    await settled()


@asynchronous
async def test_total_is_not_extended_by_bytes() -> None:
    stage = Stage(total_s=2.0)
    stage.transport.receive(HEAD)
    for _ in range(3):
        stage.wait(0.6)
        stage.transport.receive(b"x")
    stage.wait(0.3)
    stream = stage.exchange.stream
    assert stream is not None
    assert await stream.readany() == b"xxx"
    with pytest.raises(
        TotalTimeoutError, match=r"while reading the body from example.com"
    ) as caught:
        await stream.readany()
    assert caught.value.phase == "body"
    await settled()


@asynchronous
async def test_limits_stop_with_the_response() -> None:
    stage = Stage(total_s=2.0, sock_read_s=1.0)
    stage.transport.receive(HEAD + b"hello")
    assert not stage.deadlines.running
    stage.wait(10.0)
    assert stage.ends.told == [True]


@asynchronous
async def test_sock_read_expires_when_nothing_comes() -> None:
    stage = Stage(sock_read_s=1.0)
    stage.wait(1.1)
    with pytest.raises(SocketTimeoutError) as caught:
        await stage.exchange.waiter
    error = caught.value
    assert (error.limit, error.limit_s, error.phase) == ("sock_read", 1.0, "response")
    assert str(error).startswith("sock_read limit of 1 s passed while waiting for the response of")
    await settled()


@asynchronous
async def test_sock_read_starts_anew_with_every_arrival() -> None:
    stage = Stage(sock_read_s=1.0)
    for byte in HEAD:
        stage.wait(0.9)
        stage.transport.receive(bytes([byte]))
    stage.wait(0.9)
    assert not stage.exchange.has_ended
    stage.wait(0.2)
    stream = stage.exchange.stream
    assert stream is not None
    with pytest.raises(SocketTimeoutError, match="reading the body from"):
        await stream.readany()
    await settled()


@asynchronous
async def test_sock_read_does_not_count_the_time_in_which_nobody_reads() -> None:
    stage = Stage(sock_read_s=1.0)
    size = DEFAULT_READING.high_water_bytes * 2
    stage.transport.receive(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % size)
    while not stage.transport.is_reading_paused:
        stage.transport.receive(b"x" * 65536)
    stage.wait(100.0)
    assert not stage.exchange.has_ended
    stream = stage.exchange.stream
    assert stream is not None
    stream.take_nowait()
    assert not stage.transport.is_reading_paused
    stage.wait(0.9)
    assert not stage.exchange.has_ended
    stage.wait(0.2)
    assert stage.exchange.has_ended
    await settled()


@asynchronous
async def test_sock_read_stays_stopped_after_the_response_although_the_body_is_read_later() -> None:
    stage = Stage(sock_read_s=1.0)
    size = DEFAULT_READING.high_water_bytes + 70_000
    stage.transport.receive(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % size)
    stage.transport.receive(b"x" * (size - 65536))
    if not stage.transport.is_reading_paused:
        stage.transport.receive(b"x" * 65536)
    stream = stage.exchange.stream
    assert stream is not None
    stream.take_nowait()
    if not stage.exchange.has_ended:
        stage.transport.receive(b"x" * 65536)
    assert stage.exchange.has_ended
    assert not stage.deadlines.running


@asynchronous
async def test_the_expiry_of_one_limit_stops_the_other() -> None:
    stage = Stage(total_s=2.0, sock_read_s=1.0)
    stage.wait(5.0)
    with pytest.raises(SocketTimeoutError):
        await stage.exchange.waiter
    assert not stage.deadlines.running
    await settled()
