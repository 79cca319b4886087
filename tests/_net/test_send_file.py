"""Files into sockets by sendfile, over a socket pair."""

import asyncio
import os
import socket
from collections.abc import Awaitable, Iterator
from pathlib import Path

import pytest
from running import asynchronous, cancelled, started, until

from aioclient._net.send_file import send_file

pytestmark = pytest.mark.skipif(not hasattr(os, "sendfile"), reason="this system has no sendfile")

CONTENT = bytes(range(256)) * 8192  # 2 MiB: more than a socket holds


@pytest.fixture
def file_fd(tmp_path: Path) -> Iterator[int]:
    path = tmp_path / "content"
    path.write_bytes(CONTENT)
    fd = os.open(path, os.O_RDONLY)
    yield fd
    os.close(fd)


class Pair:
    """Two ends of a connection, and how often the sender had to wait."""

    def __init__(self) -> None:
        self.own, self.other = socket.socketpair()
        self.own.setblocking(False)
        self.other.setblocking(False)
        self.waits = 0

    async def wait(self, progress: Awaitable[None]) -> None:
        self.waits += 1
        await progress

    async def send(self, file_fd: int, offset: int, count: int) -> int:
        return await send_file(self.own.fileno(), file_fd, offset, count, self.wait)

    async def receive(self, size: int) -> bytes:
        loop, received = asyncio.get_running_loop(), bytearray()
        while len(received) < size:
            received += await loop.sock_recv(self.other, size - len(received))
        return bytes(received)

    def close(self) -> None:
        self.own.close()
        self.other.close()


@pytest.mark.parametrize(
    ("offset", "count"), [(0, len(CONTENT)), (1000, 500_000), (0, 1), (len(CONTENT), 0)]
)
@asynchronous
async def test_the_part_arrives_as_it_is(offset: int, count: int, file_fd: int) -> None:
    pair = Pair()
    sending = await started(pair.send(file_fd, offset, count))
    assert await pair.receive(count) == CONTENT[offset : offset + count]
    assert await sending == count
    assert (pair.waits > 0) == (count > 400_000)
    pair.close()


@asynchronous
async def test_a_file_that_ends_early_says_how_far_it_went(file_fd: int) -> None:
    pair = Pair()
    sending = await started(pair.send(file_fd, len(CONTENT) - 10, 100))
    assert await pair.receive(10) == CONTENT[-10:]
    assert await sending == 10
    pair.close()


@asynchronous
async def test_one_who_is_cancelled_leaves_the_socket_alone(file_fd: int) -> None:
    pair = Pair()
    sending = await started(pair.send(file_fd, 0, len(CONTENT)))
    assert not sending.done()
    await cancelled(sending)
    assert not asyncio.get_running_loop().remove_writer(pair.own.fileno())  # uvloop never says
    pair.close()


@asynchronous
async def test_a_lost_connection_is_a_connection_error(file_fd: int) -> None:
    pair = Pair()
    sending = await started(pair.send(file_fd, 0, len(CONTENT)))
    pair.other.close()
    await until(sending.done)
    with pytest.raises(ConnectionError):
        await sending
    pair.close()


@asynchronous
async def test_what_sendfile_cannot_read_is_unavailable() -> None:
    pair = Pair()
    reading, writing = os.pipe()
    with pytest.raises(asyncio.SendfileNotAvailableError):
        await pair.send(reading, 0, 10)
    os.close(reading)
    os.close(writing)
    pair.close()


@asynchronous
async def test_a_file_that_is_closed_is_an_error(file_fd: int) -> None:
    pair = Pair()
    with pytest.raises(OSError, match="Bad file descriptor"):
        await pair.send(2**20, 0, 10)
    pair.close()


@asynchronous
async def test_without_sendfile_it_is_unavailable(
    file_fd: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delattr(os, "sendfile")
    pair = Pair()
    with pytest.raises(asyncio.SendfileNotAvailableError):
        await pair.send(file_fd, 0, 10)
    pair.close()
