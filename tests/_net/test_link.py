"""The link over a transport without a socket."""

import asyncio
import functools
import os
import socket
import sys

import pytest
from fake_link import FakeTransport
from running import asynchronous, cancelled, settled, started, until

from aioclient._net.link import READ_BUFFER_BYTES, TransportLink


class Listener:
    """A receiver that notes what it is told."""

    def __init__(self) -> None:
        self.events: list[object] = []

    def link_made(self, link: TransportLink) -> None:
        self.events.append("made")

    def bytes_arrived(self, data: memoryview) -> None:
        self.events.append(bytes(data))

    def eof_arrived(self) -> None:
        self.events.append("eof")

    def link_lost(self, error: Exception | None) -> None:
        self.events.append(("lost", error))


def linked() -> tuple[TransportLink, FakeTransport, Listener]:
    loop = asyncio.get_running_loop()
    listener, transport = Listener(), FakeTransport(loop)
    link = TransportLink(listener, loop)
    transport.attach(link)
    return link, transport, listener


@asynchronous
async def test_the_receiver_hears_everything_in_order() -> None:
    link, transport, listener = linked()
    transport.receive(b"one")
    transport.receive(b"two")
    transport.receive_eof()
    await settled()
    assert listener.events == ["made", b"one", b"two", "eof", ("lost", None)]
    assert not link.is_open


@asynchronous
async def test_an_error_is_handed_on() -> None:
    _, transport, listener = linked()
    error = ConnectionResetError(104, "reset")
    transport.lose(error)
    assert listener.events == ["made", ("lost", error)]


@asynchronous
async def test_more_bytes_than_the_buffer_come_in_parts() -> None:
    _, transport, listener = linked()
    data = bytes(range(256)) * (READ_BUFFER_BYTES // 256) + b"rest"
    transport.receive(data)
    parts = [event for event in listener.events if isinstance(event, bytes)]
    assert len(parts) == 2
    assert b"".join(parts) == data


@asynchronous
async def test_two_links_of_one_thread_do_not_mix_their_bytes() -> None:
    (_, one, one_listener), (_, two, two_listener) = linked(), linked()
    one.receive(b"aaaa")
    two.receive(b"bb")
    one.receive(b"cc")
    assert one_listener.events == ["made", b"aaaa", b"cc"]
    assert two_listener.events == ["made", b"bb"]


@asynchronous
async def test_drained_does_not_wait_without_congestion() -> None:
    link, _, _ = linked()
    assert not link.is_congested
    await asyncio.wait_for(link.drained(), 1)


@asynchronous
async def test_drained_waits_for_the_end_of_congestion() -> None:
    link, transport, _ = linked()
    transport.pause_writing()
    assert link.is_congested
    waiter = await started(link.drained())
    assert not waiter.done()
    transport.resume_writing()
    await asyncio.wait_for(waiter, 1)
    assert not link.is_congested


@asynchronous
async def test_several_can_wait_for_the_end_of_congestion_and_one_can_give_up() -> None:
    link, transport, _ = linked()
    transport.pause_writing()
    waiters = [await started(link.drained()) for _ in range(3)]
    await cancelled(waiters.pop(1))
    assert not any(waiter.done() for waiter in waiters)
    transport.resume_writing()
    async with asyncio.timeout(1):
        await asyncio.gather(*waiters)


@asynchronous
async def test_drained_ends_when_the_link_is_lost() -> None:
    link, transport, _ = linked()
    transport.pause_writing()
    waiter = await started(link.drained())
    transport.lose(None)
    await asyncio.wait_for(waiter, 1)


@asynchronous
async def test_after_one_who_gives_up_another_can_wait() -> None:
    link, transport, _ = linked()
    transport.pause_writing()
    await cancelled(await started(link.drained()))
    assert link.is_congested
    other = await started(link.drained())
    assert not other.done()
    transport.resume_writing()
    await asyncio.wait_for(other, 1)


class Sink(asyncio.Protocol):
    """The other end of a socket pair."""

    def __init__(self) -> None:
        self.received = 0
        self.transport: asyncio.Transport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        self.received += len(data)


@asynchronous
async def test_flushed_waits_until_everything_is_sent() -> None:
    loop = asyncio.get_running_loop()
    own, other = socket.socketpair()
    own.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 10_000)
    _, link = await loop.create_connection(lambda: TransportLink(Listener(), loop), sock=own)
    _, sink = await loop.create_connection(Sink, sock=other)
    sink.transport.pause_reading()  # before it was made, uvloop would not heed it
    await asyncio.wait_for(link.flushed(), 1)
    written = 0
    while not link.unsent_bytes:  # how much the system takes at once differs
        link.write(b"x" * 60_000)
        written += 60_000
        await settled()
    assert not link.is_congested
    flushing = await started(link.flushed())
    assert not flushing.done()
    sink.transport.resume_reading()
    await asyncio.wait_for(flushing, 5)
    assert link.unsent_bytes == 0
    await until(lambda: sink.received == written)
    link.write(b"y" * 1000)  # the usual limits are back
    assert not link.is_congested
    link.abort()
    await link.wait_closed()
    sink.transport.abort()
    await settled()


@asynchronous
async def test_flushed_ends_when_the_link_is_lost() -> None:
    loop = asyncio.get_running_loop()
    own, other = socket.socketpair()
    _, link = await loop.create_connection(lambda: TransportLink(Listener(), loop), sock=own)
    link.write(b"x" * 10_000_000)
    flushing = await started(link.flushed())
    assert not flushing.done()
    link.abort()
    await asyncio.wait_for(flushing, 1)
    other.close()


class Kinds(Listener):
    """Notes as what kind of object bytes come."""

    def __init__(self) -> None:
        super().__init__()
        self.kinds: list[type] = []
        self.received = b""

    def bytes_arrived(self, data: bytes | memoryview) -> None:
        self.kinds.append(type(data))
        self.received += data


@pytest.mark.asyncio_only(reason="uvloop copies what it receives into a protocol of bytes")
@pytest.mark.skipif(
    sys.platform == "win32", reason="on Windows asyncio reads into a buffer of its own in any case"
)
@asynchronous
async def test_many_bytes_come_as_bytes() -> None:
    loop = asyncio.get_running_loop()
    own, other = socket.socketpair()
    kinds = Kinds()
    _, link = await loop.create_connection(lambda: TransportLink(kinds, loop), sock=own)
    for number, is_bulk in enumerate((False, True, True, False, True)):
        link.expect_bulk(is_bulk)
        other.send(b"hello")
        await until(lambda: len(kinds.kinds) > number)  # noqa: B023
    assert kinds.kinds == [memoryview, bytes, bytes, memoryview, bytes]
    assert kinds.received == b"hello" * 5
    other.close()  # the protocol of bytes hears of the rest, too
    await until(lambda: not link.is_open)
    await link.wait_closed()
    assert kinds.events == ["made", "eof", ("lost", None)]
    link.expect_bulk(False)


class Placer(Listener):
    """Wants what comes after a few bytes in a room of its own."""

    link: TransportLink

    def __init__(self) -> None:
        super().__init__()
        self.place = bytearray(10)
        self.came = 0

    def bytes_arrived(self, data: memoryview) -> None:
        super().bytes_arrived(data)
        self.came += len(data)
        rest = memoryview(self.place)[max(self.came - 5, 0) :]
        self.link.receive_into(rest if self.came >= 5 and rest else None)


@asynchronous
async def test_bytes_come_where_they_are_wanted() -> None:
    loop = asyncio.get_running_loop()
    own, other = socket.socketpair()
    placer = Placer()
    placer.link = TransportLink(placer, loop)
    await loop.create_connection(lambda: placer.link, sock=own)
    other.send(b"start")
    await until(lambda: placer.came == 5)
    assert placer.place == bytes(10)
    other.send(b"1234")
    await until(lambda: placer.came == 9)
    other.send(b"567890and more")
    await until(lambda: placer.came == 23)
    assert placer.place == b"1234567890"
    assert placer.events == ["made", b"start", b"1234", b"567890", b"and more"]
    placer.link.abort()
    await placer.link.wait_closed()
    other.close()


@asynchronous
async def test_a_room_is_let_go_of_when_the_link_is_lost() -> None:
    link, transport, listener = linked()
    rooms = [memoryview(bytearray(10)), memoryview(bytearray(10))]
    link.receive_into(rooms[0])
    transport.lose(ConnectionResetError("gone"))
    with pytest.raises(ValueError, match="released"):
        rooms[0][0]
    link, transport, listener = linked()
    link.receive_into(rooms[1])
    part = rooms[1][:5]  # somebody still looks at it
    transport.lose(None)
    assert bytes(part) == bytes(5)
    assert listener.events[-1] == ("lost", None)


@asynchronous
async def test_congestion_is_heard_while_bytes_come_as_bytes() -> None:
    loop = asyncio.get_running_loop()
    own, other = socket.socketpair()
    _, link = await loop.create_connection(lambda: TransportLink(Listener(), loop), sock=own)
    link.expect_bulk(True)
    link.write(b"x" * 10_000_000)
    assert link.is_congested
    link.abort()
    await link.wait_closed()
    assert not link.is_congested
    other.close()


@pytest.mark.skipif(sys.platform == "win32", reason="a socket of Windows is no descriptor")
@asynchronous
async def test_a_descriptor_is_another_one_of_the_same_socket() -> None:
    loop = asyncio.get_running_loop()
    own, other = socket.socketpair()
    _, link = await loop.create_connection(lambda: TransportLink(Listener(), loop), sock=own)
    fd = link.open_descriptor()
    assert fd is not None
    assert fd != own.fileno()
    os.write(fd, b"hello")
    os.close(fd)
    assert other.recv(10) == b"hello"
    other.close()
    link.abort()
    await link.wait_closed()
    assert link.open_descriptor() is None


@asynchronous
async def test_what_came_before_a_reset_is_received_when_a_write_meets_the_reset() -> None:
    loop = asyncio.get_running_loop()
    with socket.create_server(("127.0.0.1", 0)) as listening:
        own = socket.create_connection(listening.getsockname())
        other, _ = listening.accept()
    listener = Listener()
    _, link = await loop.create_connection(lambda: TransportLink(listener, loop), sock=own)
    link.write(b"what nobody reads makes a close a reset")
    other.sendall(b"answer")
    other.close()
    link.write(b"more")
    await asyncio.wait_for(link.wait_closed(), 1)
    assert listener.events[:2] == ["made", b"answer"]
    assert isinstance(listener.events[2][1], ConnectionError)  # type: ignore[index]


@asynchronous
async def test_two_real_links_of_one_thread_do_not_mix_their_bytes() -> None:
    loop = asyncio.get_running_loop()
    pairs = [socket.socketpair() for _ in range(20)]
    kinds = [Kinds() for _ in pairs]
    links = []
    for (own, _), each in zip(pairs, kinds, strict=True):
        factory = functools.partial(TransportLink, each, loop)
        links.append((await loop.create_connection(factory, sock=own))[1])
    for turn in range(10):
        for number, (_, other) in enumerate(pairs):
            other.send(bytes([number]) * (1000 + turn))  # all are readable at once
        await settled()
    await until(lambda: all(len(each.received) == 10_045 for each in kinds))
    for number, each in enumerate(kinds):
        assert set(each.received) == {number}
        links[number].abort()
        pairs[number][1].close()
        await links[number].wait_closed()


@asynchronous
async def test_a_link_without_a_socket_has_no_descriptor() -> None:
    link, _, _ = linked()
    assert link.open_descriptor() is None


@asynchronous
async def test_wait_closed_waits_for_the_loss() -> None:
    link, _, _ = linked()
    waiter = await started(link.wait_closed())
    assert not waiter.done()
    link.close()
    assert not link.is_open
    await asyncio.wait_for(waiter, 1)
    await asyncio.wait_for(link.wait_closed(), 1)


@asynchronous
async def test_a_lost_link_takes_every_call() -> None:
    link, transport, _ = linked()
    transport.lose(None)
    link.write(b"too late")
    link.pause_reading()
    link.resume_reading()
    link.close()
    link.abort()
    await asyncio.wait_for(link.drained(), 1)


@pytest.mark.parametrize("action", ["close", "abort"])
@asynchronous
async def test_a_closing_link_is_not_open(action: str) -> None:
    link, transport, _ = linked()
    assert link.is_open
    getattr(link, action)()
    assert not link.is_open
    assert transport.was_aborted == (action == "abort")
    await settled()
