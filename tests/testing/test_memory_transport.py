"""A connection in memory behaves as one of sockets, for both of its ends."""

import asyncio

import pytest
from running import asynchronous, cancelled, settled, started

from aioclient.testing._memory_transport import (
    HIGH_WATER_BYTES,
    LOW_WATER_BYTES,
    ROOM_BYTES,
    MemoryTransport,
)


class Recorder(asyncio.Protocol):
    """Notes what a transport tells it."""

    def __init__(self):
        self.came = []
        self.told = []
        self.error = None
        self.keeps_open = False

    def data_received(self, data):
        self.came.append(data)

    def eof_received(self):
        self.told.append("eof")
        return self.keeps_open

    def connection_lost(self, error):
        self.told.append("lost")
        self.error = error

    def pause_writing(self):
        self.told.append("pause")

    def resume_writing(self):
        self.told.append("resume")


class Buffered(asyncio.BufferedProtocol):
    """Has room for so many bytes at once."""

    def __init__(self, size):
        self.room = bytearray(size)
        self.came = []

    def get_buffer(self, sizehint):
        return self.room

    def buffer_updated(self, nbytes):
        self.came.append(bytes(self.room[:nbytes]))

    def connection_lost(self, error):
        pass


def pair(protocol=None):
    protocol = protocol or Recorder()
    transport = MemoryTransport(asyncio.get_running_loop(), ("a.example", 80), ("127.0.0.1", 1))
    transport.attach(protocol)
    return transport, transport.server, protocol


@asynchronous
async def test_bytes_arrive_in_a_later_turn_write_by_write():
    _, server, client = pair()
    await server.write(b"one")
    await server.write(b"two")
    assert client.came == []
    await settled()
    assert client.came == [b"one", b"two"]


@asynchronous
async def test_a_buffered_protocol_gets_what_it_has_room_for():
    _, server, client = pair(Buffered(4))
    await server.write(b"123456789")
    await settled()
    assert client.came == [b"1234", b"5678", b"9"]


@asynchronous
async def test_protocol_can_be_changed_between_arrivals():
    transport, server, first = pair()
    await server.write(b"one")
    await settled()
    second = Recorder()
    transport.set_protocol(second)
    await server.write(b"two")
    await settled()
    assert (first.came, second.came) == ([b"one"], [b"two"])
    assert transport.get_protocol() is second


@asynchronous
async def test_nothing_arrives_while_reading_is_paused():
    transport, server, client = pair()
    transport.pause_reading()
    assert not transport.is_reading()
    await server.write(b"one")
    await settled()
    assert client.came == []
    transport.resume_reading()
    await settled()
    assert client.came == [b"one"]


@asynchronous
async def test_server_waits_while_the_client_leaves_too_much_unread():
    transport, server, _ = pair()
    transport.pause_reading()
    await server.write(bytes(HIGH_WATER_BYTES))
    writing = await started(server.write(b"more"))
    assert not writing.done()
    transport.resume_reading()
    await writing


@asynchronous
async def test_server_that_waits_can_be_cancelled_and_others_go_on_waiting():
    transport, server, _ = pair()
    transport.pause_reading()
    first = await started(server.write(bytes(HIGH_WATER_BYTES + 1)))
    second = await started(server.write(b"more"))
    await cancelled(first)
    assert not second.done()
    transport.resume_reading()
    await second


@asynchronous
async def test_server_that_waits_hears_that_the_client_has_gone():
    transport, server, _ = pair()
    transport.pause_reading()
    writing = await started(server.write(bytes(HIGH_WATER_BYTES + 1)))
    transport.abort()
    with pytest.raises(ConnectionResetError):
        await writing


@asynchronous
async def test_client_is_congested_when_the_server_does_not_read():
    transport, server, client = pair()
    transport.write(bytes(ROOM_BYTES))
    assert transport.get_write_buffer_size() == 0
    transport.write(bytes(HIGH_WATER_BYTES))
    assert client.told == []
    transport.write(b"1")
    assert transport.get_write_buffer_size() == HIGH_WATER_BYTES + 1
    assert client.told == ["pause"]
    await server.read()
    assert client.told == ["pause", "resume"]
    assert transport.get_write_buffer_size() == 1


@asynchronous
async def test_limits_of_congestion_can_be_set():
    transport, _, client = pair()
    transport.write(bytes(ROOM_BYTES + 1))
    transport.set_write_buffer_limits(0)
    assert client.told == ["pause"]
    assert transport.get_write_buffer_limits() == (0, 0)
    transport.set_write_buffer_limits()
    assert transport.get_write_buffer_limits() == (LOW_WATER_BYTES, HIGH_WATER_BYTES)
    assert client.told == ["pause", "resume"]
    with pytest.raises(ValueError, match="must be at least low"):
        transport.set_write_buffer_limits(1, 2)


@asynchronous
async def test_server_reads_what_was_written_and_then_the_end():
    transport, server, client = pair()
    reading = await started(server.read())
    transport.write(b"one")
    assert await reading == b"one"
    transport.write(bytearray(b"two"))
    transport.close()
    transport.write(b"three")
    assert [await server.read() for _ in range(3)] == [b"two", b"", b""]
    await settled()
    assert client.told == ["lost"]
    assert client.error is None


@asynchronous
async def test_closing_waits_until_all_is_sent():
    transport, server, client = pair()
    transport.write(bytes(ROOM_BYTES))
    transport.write(b"1")
    transport.close()
    await settled()
    assert client.told == []
    await server.read()
    await settled()
    assert client.told == ["lost"]
    assert await server.read() == b"1"


@asynchronous
async def test_what_is_aborted_is_not_sent():
    transport, server, client = pair()
    transport.write(bytes(ROOM_BYTES + 1))
    transport.abort()
    assert await server.read() == b""
    await settled()
    assert client.told == ["lost"]
    with pytest.raises(ConnectionResetError):
        await server.write(b"more")


@asynchronous
async def test_end_of_the_client_leaves_the_other_way_open():
    transport, server, client = pair()
    assert transport.can_write_eof()
    transport.write_eof()
    with pytest.raises(RuntimeError, match="after write_eof"):
        transport.write(b"more")
    assert await server.read() == b""
    await server.write(b"answer")
    await settled()
    assert client.came == [b"answer"]


@asynchronous
async def test_end_of_the_server_comes_after_all_it_wrote():
    transport, server, client = pair()
    await server.write(b"one")
    server.close()
    server.close()
    with pytest.raises(RuntimeError, match="closed by this side"):
        await server.write(b"two")
    await settled()
    assert (client.came, client.told) == ([b"one"], ["eof", "lost"])
    assert transport.is_closing()
    assert server.is_lost


@asynchronous
async def test_connection_breaks_off_after_what_was_written():
    _, server, client = pair()
    await server.write(b"one")
    server.reset(ConnectionResetError("gone"))
    await settled()
    assert client.came == [b"one"]
    assert client.told == ["lost"]
    assert str(client.error) == "gone"


@asynchronous
async def test_write_to_a_broken_connection_ends_it_though_nobody_reads():
    transport, server, client = pair()
    transport.pause_reading()
    await server.write(b"an answer")
    server.reset(ConnectionResetError("gone"))
    await settled()
    assert client.told == []
    transport.write(b"more")
    await settled()
    assert client.came == [b"an answer"]
    assert client.told == ["lost"]


@asynchronous
async def test_broken_connection_ends_what_waits_to_be_sent():
    transport, server, client = pair()
    transport.pause_reading()
    transport.write(bytes(ROOM_BYTES + 1))
    server.reset(ConnectionResetError("gone"))
    await settled()
    assert client.told == ["lost"]


@asynchronous
async def test_much_is_delivered_in_several_turns():
    _, server, client = pair()
    for _ in range(6):
        writing = await started(server.write(bytes(60_000)), turns=0)
        await writing
    await settled()
    assert sum(map(len, client.came)) == 360_000


def test_protocol_that_fails_loses_its_connection():
    told = []

    async def main():
        asyncio.get_running_loop().set_exception_handler(lambda loop, context: told.append(context))
        _, server, client = pair()
        client.data_received = None
        await server.write(b"one")
        await settled()
        assert client.told == ["lost"]
        assert isinstance(client.error, TypeError)

    asyncio.run(main())
    assert [each["message"] for each in told] == ["a protocol failed"]
