"""Named pipes of Windows, with real ones."""

import asyncio
import contextlib
import errno
import os
import ssl
import sys
from collections.abc import AsyncIterator, Iterator
from hashlib import sha256
from pathlib import Path

import pytest
import trustme
from pipe_server import PipeServer, new_pipe_name
from running import asynchronous, cancelled, started, until
from scripted import silent
from tls_peer import TlsPeer

from aioclient import (
    ClientConnectorCertificateError,
    ClientConnectorError,
    ClientPayloadError,
    ClientSession,
    ClientTimeout,
    ConnectionTimeoutError,
    NamedPipeConnector,
    NonHttpUrlClientError,
    ServerDisconnectedError,
    TCPConnector,
)

on_windows = pytest.mark.skipif(sys.platform != "win32", reason="named pipes are of Windows")

LARGE = os.urandom(3_000_000)


async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Answer each request with its start line and Host in fields and its body as the body."""
    while True:
        head = await reader.readuntil(b"\r\n\r\n")
        start, *lines = head.decode().rstrip().split("\r\n")
        fields = {name.lower(): value for name, value in (line.split(": ", 1) for line in lines)}
        body = await reader.readexactly(int(fields.get("content-length", 0)))
        answer = f"HTTP/1.1 200 OK\r\nX-Start: {start}\r\nX-Host: {fields['host']}\r\n"
        writer.write(f"{answer}Content-Length: {len(body)}\r\n\r\n".encode() + body)
        await writer.drain()


def answering(*pieces: bytes) -> PipeServer:
    """A server that answers one request of each connection with these bytes, and closes it."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        for piece in pieces:
            writer.write(piece)
            await writer.drain()

    return PipeServer(answer)


def session_on(path: str) -> ClientSession:
    return ClientSession(connector=NamedPipeConnector(path))


# --- where there are none ------------------------------------------------------------------------


@pytest.mark.skipif(sys.platform == "win32", reason="there are named pipes here")
def test_another_system_has_none() -> None:
    with pytest.raises(RuntimeError, match="ProactorEventLoop"):
        NamedPipeConnector(r"\\.\pipe\name")


@on_windows
def test_another_loop_has_none() -> None:
    async def make() -> None:
        with pytest.raises(RuntimeError, match="ProactorEventLoop"):
            NamedPipeConnector(r"\\.\pipe\name")

    with asyncio.Runner(loop_factory=asyncio.SelectorEventLoop) as runner:
        runner.run(make())


@on_windows
def test_a_connector_made_before_its_loop_says_so_when_it_is_used() -> None:
    connector = NamedPipeConnector(new_pipe_name())

    async def use() -> None:
        async with ClientSession(connector=connector) as session:
            with pytest.raises(RuntimeError, match="ProactorEventLoop"):
                await session.get("http://localhost/")

    with asyncio.Runner(loop_factory=asyncio.SelectorEventLoop) as runner:
        runner.run(use())


# --- requests ------------------------------------------------------------------------------------


@on_windows
@asynchronous
async def test_a_get_goes_through_the_pipe() -> None:
    async with PipeServer(echo) as server, session_on(server.path) as session:
        response = await session.get("http://example.com/a?b=c")
        assert response.status == 200
        assert response.headers["X-Start"] == "GET /a?b=c HTTP/1.1"
        assert response.headers["X-Host"] == "example.com"
        assert await response.read() == b""


@on_windows
@asynchronous
async def test_the_scheme_of_pipes_is_taken() -> None:
    async with PipeServer(echo) as server, session_on(server.path) as session:
        response = await session.get("npipe://name/path")
        assert response.headers["X-Start"] == "GET /path HTTP/1.1"
        assert response.headers["X-Host"] == "name"


@on_windows
@pytest.mark.parametrize("size", [1, 100_000, len(LARGE)])
@asynchronous
async def test_a_body_goes_both_ways(size: int) -> None:
    async with PipeServer(echo) as server, session_on(server.path) as session:
        for _ in range(2):
            async with session.post("http://localhost/", data=LARGE[:size]) as response:
                assert await response.read() == LARGE[:size]
        assert server.accepted == 1


@on_windows
@asynchronous
async def test_a_file_goes_through_the_pipe(tmp_path: Path) -> None:
    path = tmp_path / "large"
    path.write_bytes(LARGE)
    async with PipeServer(echo) as server, session_on(server.path) as session:
        with path.open("rb") as file:
            async with session.post("http://localhost/", data=file) as response:
                assert await response.read() == LARGE


@on_windows
@asynchronous
async def test_a_reader_that_is_slow_holds_up_the_server() -> None:
    written = 0

    async def much(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal written
        await reader.readuntil(b"\r\n\r\n")
        writer.write(f"HTTP/1.1 200 OK\r\nContent-Length: {10 * len(LARGE)}\r\n\r\n".encode())
        for _ in range(10):
            writer.write(LARGE)
            await writer.drain()
            written += 1

    async with PipeServer(much) as server, session_on(server.path) as session:
        response = await session.get("http://localhost/")
        await asyncio.sleep(0.2)
        assert written < 9
        received = b"".join([piece async for piece in response.content.iter_any()])
        assert sha256(received).digest() == sha256(LARGE * 10).digest()


@on_windows
@asynchronous
async def test_a_connection_is_kept() -> None:
    async with PipeServer(echo) as server, session_on(server.path) as session:
        for _ in range(3):
            async with session.get("http://localhost/") as response:
                assert response.status == 200
        assert server.accepted == 1
        assert server.open == 1


@on_windows
@asynchronous
async def test_requests_at_the_same_time_have_a_connection_each() -> None:
    all_there = asyncio.Barrier(20)

    async def together(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        await all_there.wait()
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")

    async def get(session: ClientSession) -> bytes:
        async with session.get("http://localhost/") as response:
            return await response.read()

    async with PipeServer(together) as server, session_on(server.path) as session:
        assert await asyncio.gather(*(get(session) for _ in range(20))) == [b"ok"] * 20
        assert server.accepted == 20


@on_windows
@asynchronous
async def test_closing_the_session_closes_the_connections() -> None:
    async with PipeServer(echo) as server:
        async with session_on(server.path) as session:
            await (await session.get("http://localhost/")).read()
            assert server.open == 1
        await until(lambda: not server.open)


# --- what goes wrong -----------------------------------------------------------------------------


@on_windows
@asynchronous
async def test_a_pipe_that_is_not_there_is_a_connector_error() -> None:
    path = new_pipe_name()
    async with session_on(path) as session:
        with pytest.raises(ClientConnectorError) as caught:
            await session.get("http://localhost/")
        assert caught.value.errno == errno.ENOENT
        assert isinstance(caught.value.os_error, FileNotFoundError)
        assert str(caught.value).startswith(f"cannot connect to localhost:80: named pipe {path!r}:")


@on_windows
@asynchronous
async def test_a_name_that_no_pipe_can_have_is_a_connector_error() -> None:
    async with session_on("\\\\.\\pipe\\a\0b") as session:
        with pytest.raises(ClientConnectorError, match="null character"):
            await session.get("http://localhost/")


class TlsEcho:
    """Speaks TLS over a pipe, and answers each request with what was asked for."""

    def __init__(self, context: ssl.SSLContext) -> None:
        self.context = context
        #: All that came, as it came.
        self.records = bytearray()

    async def __call__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        peer = TlsPeer(self.context)
        while data := await reader.read(65536):
            self.records += data
            peer.receive(data)
            if peer.received.endswith(b"\r\n\r\n"):
                target = bytes(peer.received).split(b" ", 2)[1]
                head = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(target)
                writer.write(peer.say(head + target))
                peer.received.clear()
            elif peer.heard_goodbye:
                writer.write(peer.say_goodbye())
                return
            writer.write(peer.take())


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture(scope="module")
def trusting(authority: trustme.CA) -> ssl.SSLContext:
    context = ssl.create_default_context()
    authority.configure_trust(context)
    return context


@pytest.fixture
def tls_echo(authority: trustme.CA) -> TlsEcho:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert("localhost").configure_cert(context)
    return TlsEcho(context)


@on_windows
@asynchronous
async def test_https_is_tls_over_the_pipe(tls_echo: TlsEcho, trusting: ssl.SSLContext) -> None:
    async with PipeServer(tls_echo) as server:
        connector = NamedPipeConnector(server.path, ssl=trusting)
        async with ClientSession(connector=connector) as session:
            for _ in range(2):
                response = await session.get("https://localhost/secret")
                assert await response.text() == "/secret"
        assert server.accepted == 1
    assert tls_echo.records[0] == 22  # a handshake record (RFC 8446 section 5.1)
    assert b"/secret" not in tls_echo.records


@on_windows
@asynchronous
async def test_a_server_that_nobody_vouches_for_is_refused(tls_echo: TlsEcho) -> None:
    async with PipeServer(tls_echo) as server, session_on(server.path) as session:
        with pytest.raises(ClientConnectorCertificateError):
            await session.get("https://localhost/secret")
    assert b"/secret" not in tls_echo.records


@on_windows
@asynchronous
async def test_another_connector_does_not_take_the_scheme_of_pipes() -> None:
    async with ClientSession(connector=TCPConnector()) as session:
        with pytest.raises(NonHttpUrlClientError):
            await session.get("npipe://name/")


@on_windows
@asynchronous
async def test_a_server_that_goes_away_before_the_answer_has_disconnected() -> None:
    async with answering() as server, session_on(server.path) as session:
        with pytest.raises(ServerDisconnectedError):
            await session.post("http://localhost/", data=b"once")


@on_windows
@asynchronous
async def test_a_server_that_goes_away_inside_a_body_breaks_it_off() -> None:
    head = b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n"
    async with answering(head, b"hello") as server, session_on(server.path) as session:
        response = await session.get("http://localhost/")
        with pytest.raises(ClientPayloadError):
            await response.read()


@on_windows
@asynchronous
async def test_a_connection_that_the_server_closed_is_not_used_again() -> None:
    whole = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"
    async with answering(whole) as server, session_on(server.path) as session:
        for number in (1, 2, 3):
            async with session.post("http://localhost/", data=b"x") as response:
                assert await response.read() == b"hello"
            await until(lambda: not server.open)
            await asyncio.sleep(0.01)  # the client hears of it
            assert server.accepted == number


# --- a pipe that is busy -------------------------------------------------------------------------


@pytest.fixture
def busy_pipe() -> Iterator[str]:
    """The name of a pipe of which the only instance is taken."""
    assert sys.platform == "win32"
    import _winapi

    path = new_pipe_name()
    duplex, size, no_limit = _winapi.PIPE_ACCESS_DUPLEX, 8192, _winapi.NMPWAIT_WAIT_FOREVER
    server = _winapi.CreateNamedPipe(path, duplex, 0, 1, size, size, no_limit, _winapi.NULL)
    try:
        with open(path, "r+b", buffering=0):  # noqa: PTH123 - it is no path of a file system
            yield path
    finally:
        _winapi.CloseHandle(server)


@on_windows
@asynchronous
async def test_a_limit_ends_the_waiting_for_a_busy_pipe(busy_pipe: str) -> None:
    async with session_on(busy_pipe) as session:
        limits = ClientTimeout(sock_connect=0.1)
        with pytest.raises(ConnectionTimeoutError, match="sock_connect"):
            await session.get("http://localhost/", timeout=limits)


@on_windows
@asynchronous
async def test_waiting_for_a_busy_pipe_can_be_cancelled(busy_pipe: str) -> None:
    async with session_on(busy_pipe) as session:
        await cancelled(await started(session.get("http://localhost/")))
        await until(lambda: len(asyncio.all_tasks()) == 1)


@on_windows
@pytest.mark.parametrize("turns", range(1, 7))
@asynchronous
async def test_cancelling_a_request_leaves_nothing_behind(turns: int) -> None:
    async with PipeServer(echo) as server:
        async with session_on(server.path) as session:
            task = await started(session.get("http://localhost/"), turns)
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task
            async with session.get("http://localhost/") as response:
                assert response.status == 200
        await until(lambda: not server.open)


async def _pieces() -> AsyncIterator[bytes]:
    yield b"never"
    await asyncio.sleep(60)


@on_windows
@asynchronous
async def test_an_upload_that_is_cancelled_ends_its_connection() -> None:
    async with PipeServer(silent) as server, session_on(server.path) as session:
        task = await started(session.post("http://localhost/", data=_pieces()))
        await until(lambda: server.open == 1)
        await cancelled(task)
        await until(lambda: not server.open)
