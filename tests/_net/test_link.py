"""The link over a transport without a socket."""

import asyncio

import pytest
from fake_link import FakeTransport
from running import asynchronous, cancelled, settled, started

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
async def test_parts_are_written_in_order() -> None:
    link, transport, _ = linked()
    link.write_all((b"a", bytearray(b"b"), memoryview(b"c")))
    assert transport.written == b"abc"


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
    waiters = [await started(link.drained()) for _ in range(2)]
    assert not any(waiter.done() for waiter in waiters)
    transport.resume_writing()
    await asyncio.wait_for(asyncio.gather(*waiters), 1)
    assert not link.is_congested


@asynchronous
async def test_drained_ends_when_the_link_is_lost() -> None:
    link, transport, _ = linked()
    transport.pause_writing()
    waiter = await started(link.drained())
    transport.lose(None)
    await asyncio.wait_for(waiter, 1)


@asynchronous
async def test_one_who_gives_up_does_not_take_the_others_along() -> None:
    link, transport, _ = linked()
    transport.pause_writing()
    one, two = await started(link.drained()), await started(link.drained())
    await cancelled(one)
    assert not two.done()
    transport.resume_writing()
    await asyncio.wait_for(two, 1)


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
