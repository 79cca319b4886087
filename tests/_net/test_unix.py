"""Connecting to UNIX domain sockets."""

import asyncio
import contextlib
import errno
import os
import socket
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from running import asynchronous, cancelled, started
from unix_server import full_queue

from aioclient import ClientError, UnixClientConnectorError
from aioclient._net.route import Route
from aioclient._net.unix import UnixDialer

pytestmark = pytest.mark.skipif(not hasattr(socket, "AF_UNIX"), reason="no UNIX domain sockets")

ROUTE = Route("localhost", 80, False, True)


@contextlib.contextmanager
def listening(path: str) -> Iterator[socket.socket]:
    with socket.socket(socket.AF_UNIX) as sock:
        sock.bind(path)
        sock.listen(5)
        yield sock


async def connect(path: str) -> socket.socket:
    return await UnixDialer(path).connect(ROUTE, asyncio.get_running_loop())


async def failure(path: str) -> UnixClientConnectorError:
    """What connecting to a path raises."""
    with pytest.raises(UnixClientConnectorError) as raised:
        await connect(path)
    error = raised.value
    assert isinstance(error, ClientError)
    assert (error.path, error.host, error.port) == (path, "localhost", 80)
    assert repr(path) in str(error)
    return error


@contextlib.contextmanager
def as_somebody_else() -> Iterator[None]:
    """Not as root, for whom permissions do not count."""
    if os.geteuid():
        yield
        return
    os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(0)


@asynchronous
async def test_the_socket_is_connected_and_does_not_block(tmp_path: Path) -> None:
    path = str(tmp_path / "socket")
    with listening(path) as server, await connect(path) as sock:
        assert not sock.getblocking()
        accepted, _ = server.accept()
        with accepted:
            accepted.send(b"hello")
            assert sock.recv(10) == b"hello"


@pytest.mark.skipif(sys.platform != "linux", reason="abstract names are of Linux")
@pytest.mark.parametrize("name", ["\0aioclient.{}", "\0aioclient.{}\0with a null"])
@asynchronous
async def test_an_abstract_name_is_no_path(name: str) -> None:
    path = name.format(os.getpid())
    with listening(path) as server, await connect(path):
        server.accept()[0].close()
    assert (await failure(path)).errno == errno.ECONNREFUSED


# --- what cannot be connected to -----------------------------------------------------------------


@asynchronous
async def test_a_path_where_nothing_is_has_the_reason_of_the_system(tmp_path: Path) -> None:
    error = await failure(str(tmp_path / "nothing"))
    assert error.errno == errno.ENOENT
    assert isinstance(error.os_error, FileNotFoundError)
    assert error.__cause__ is error.os_error
    assert os.strerror(errno.ENOENT) in str(error)


@asynchronous
async def test_a_file_that_is_no_socket_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_text("not a socket")
    assert (await failure(str(path))).errno in (errno.ECONNREFUSED, errno.ENOTSOCK)
    assert (await failure(f"{path}/socket")).errno == errno.ENOTDIR


@asynchronous
async def test_a_socket_that_nobody_listens_at_any_more_is_refused(tmp_path: Path) -> None:
    path = str(tmp_path / "socket")
    with listening(path):
        pass
    assert (await failure(path)).errno == errno.ECONNREFUSED


@asynchronous
async def test_a_socket_of_datagrams_is_refused(tmp_path: Path) -> None:
    path = str(tmp_path / "socket")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sock:
        sock.bind(path)
        assert (await failure(path)).errno == errno.EPROTOTYPE


@asynchronous
async def test_permission_is_asked_for(tmp_path: Path) -> None:
    path = str(tmp_path / "socket")
    with listening(path):
        os.chmod(path, 0)  # noqa: PTH101
        with as_somebody_else():
            error = await failure(path)
    assert error.errno == errno.EACCES


@asynchronous
async def test_a_path_that_is_too_long_is_an_error_of_ours(tmp_path: Path) -> None:
    error = await failure(str(tmp_path / ("long" * 50)))
    assert "too long" in str(error)


@asynchronous
async def test_a_null_character_does_not_cut_a_path_off(tmp_path: Path) -> None:
    path = str(tmp_path / "socket")
    with listening(path):
        error = await failure(f"{path}\0behind")
    assert "null character in the path" in str(error)


@asynchronous
async def test_an_empty_path_is_an_error_of_ours() -> None:
    await failure("")


# --- a full queue --------------------------------------------------------------------------------


@asynchronous
async def test_room_in_the_queue_of_a_server_is_waited_for(tmp_path: Path) -> None:
    path = str(tmp_path / "socket")
    with full_queue(path) as server:
        connecting = await started(connect(path))
        assert not connecting.done()
        server.accept()[0].close()
        (await connecting).close()


@asynchronous
async def test_a_server_that_ends_while_it_is_waited_for_refuses(tmp_path: Path) -> None:
    path = str(tmp_path / "socket")
    with full_queue(path) as server:
        connecting = await started(failure(path))
        assert not connecting.done()
        server.close()
        assert (await connecting).errno == errno.ECONNREFUSED


@asynchronous
async def test_waiting_for_room_can_be_cancelled(tmp_path: Path) -> None:
    path = str(tmp_path / "socket")
    with full_queue(path):
        await cancelled(await started(connect(path)))
