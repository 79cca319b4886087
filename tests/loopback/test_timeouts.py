"""Time limits over real sockets: which one, for which host, in which phase."""

import asyncio
import socket
from collections.abc import AsyncIterator, Iterator

import pytest
from origin import Origin
from running import asynchronous, cancelled, started, until
from scripted import ScriptedServer, answers, head_of, silent

from aioclient import (
    ClientError,
    ClientSession,
    ClientTimeout,
    ConnectionTimeoutError,
    ServerTimeoutError,
    SocketTimeoutError,
    TCPConnector,
    TotalTimeoutError,
)

HALF = b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhello"


@pytest.fixture
def full_port() -> Iterator[int]:
    """A port whose backlog is full: connecting to it takes for ever."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen(0)
        port = listening.getsockname()[1]
        clients = []
        for _ in range(4):
            client = socket.socket()
            client.setblocking(False)
            client.connect_ex(("127.0.0.1", port))
            clients.append(client)
        yield port
        for client in clients:
            client.close()


@asynchronous
async def test_total_while_waiting_for_the_head() -> None:
    async with ScriptedServer(silent) as server, ClientSession() as session:
        with pytest.raises(TotalTimeoutError) as caught:
            await session.get(server.url(), timeout=0.05)
        error = caught.value
        assert isinstance(error, ClientError)
        assert isinstance(error, TimeoutError)
        assert (error.limit, error.limit_s) == ("total", 0.05)
        assert (error.phase, error.host) == ("response", "127.0.0.1")
        assert "total limit of 0.05 s" in str(error)
        assert "127.0.0.1" in str(error)


@asynchronous
async def test_total_while_reading_the_body() -> None:
    async with (
        ScriptedServer(answers(HALF, stays_open=True)) as server,
        ClientSession() as session,
    ):
        response = await session.get(server.url(), timeout=0.05)
        with pytest.raises(TotalTimeoutError, match="reading the body") as caught:
            await response.read()
        assert caught.value.phase == "body"


@asynchronous
async def test_total_while_waiting_for_a_slot() -> None:
    async with (
        ScriptedServer(silent) as server,
        ClientSession(connector=TCPConnector(limit=1)) as session,
    ):
        first = asyncio.ensure_future(session.get(server.url(), timeout=0.2))
        await asyncio.sleep(0.01)
        with pytest.raises(TotalTimeoutError, match="waiting for a free connection to") as caught:
            await session.get(server.url(), timeout=0.05)
        assert (caught.value.phase, caught.value.host) == ("pool", "127.0.0.1")
        assert 0.04 < caught.value.elapsed_s < 1
        with pytest.raises(TotalTimeoutError):
            await first


@asynchronous
async def test_total_while_connecting(full_port: int) -> None:
    async with ClientSession() as session:
        with pytest.raises(TotalTimeoutError, match=r"total limit of 0.05 s") as caught:
            await session.get(f"http://127.0.0.1:{full_port}/", timeout=0.05)
        assert caught.value.phase == "connect"


@asynchronous
async def test_connect_while_waiting_for_a_slot() -> None:
    timeout = ClientTimeout(connect=0.05)
    async with (
        ScriptedServer(silent) as server,
        ClientSession(connector=TCPConnector(limit=1)) as session,
    ):
        first = await started(session.get(server.url()))
        await until(lambda: server.open)
        with pytest.raises(ConnectionTimeoutError, match=r"connect limit of 0.05 s") as caught:
            await session.get(server.url(), timeout=timeout)
        assert caught.value.limit == "connect"
        assert caught.value.host == "127.0.0.1"
        await cancelled(first)


@asynchronous
async def test_pool_while_waiting_for_a_slot() -> None:
    timeout = ClientTimeout(pool=0.05)
    async with (
        ScriptedServer(silent) as server,
        ClientSession(connector=TCPConnector(limit=1)) as session,
    ):
        first = await started(session.get(server.url()))
        await until(lambda: server.open)
        with pytest.raises(ConnectionTimeoutError, match="waiting for a free connection") as caught:
            await session.get(server.url(), timeout=timeout)
        error = caught.value
        assert (error.limit, error.limit_s, error.phase) == ("pool", 0.05, "pool")
        assert 0.04 < error.elapsed_s < 1
        assert f"127.0.0.1:{server.port} (after 0." in str(error)
        await cancelled(first)


@asynchronous
async def test_pool_does_not_count_connecting(full_port: int) -> None:
    timeout = ClientTimeout(pool=0.1, sock_connect=0.2)
    async with ClientSession(connector=TCPConnector(limit=1)) as session:
        first = asyncio.ensure_future(
            session.get(f"http://127.0.0.1:{full_port}/", timeout=ClientTimeout(sock_connect=0.01))
        )
        await asyncio.sleep(0)
        with pytest.raises(ConnectionTimeoutError) as caught:
            await session.get(f"http://127.0.0.1:{full_port}/", timeout=timeout)
        assert caught.value.limit == "sock_connect"
        with pytest.raises(ConnectionTimeoutError):
            await first


@pytest.mark.parametrize("limit", ["tls", "sock_connect"])
@asynchronous
async def test_tls_and_sock_connect_while_the_handshake_hangs(limit: str) -> None:
    async with ScriptedServer(silent) as server, ClientSession() as session:
        with pytest.raises(ConnectionTimeoutError) as caught:
            await session.get(
                server.url().replace("http:", "https:"), timeout=ClientTimeout(**{limit: 0.05})
            )
        error = caught.value
        phase = "tls" if limit == "tls" else "connect"
        assert (error.limit, error.limit_s, error.phase) == (limit, 0.05, phase)
        assert 0.04 < error.elapsed_s < 1
        await until(lambda: not server.open)


@pytest.mark.parametrize("limit", ["connect", "sock_connect"])
@asynchronous
async def test_connect_and_sock_connect_while_connecting(limit: str, full_port: int) -> None:
    async with ClientSession() as session:
        with pytest.raises(ConnectionTimeoutError) as caught:
            await session.get(
                f"http://127.0.0.1:{full_port}/", timeout=ClientTimeout(**{limit: 0.05})
            )
        error = caught.value
        assert isinstance(error, ServerTimeoutError)
        assert (error.limit, error.limit_s, error.phase) == (limit, 0.05, "connect")
        assert error.host == "127.0.0.1"
        assert str(error).startswith(f"{limit} limit of 0.05 s passed")
        assert str(full_port) in str(error)


@asynchronous
async def test_sock_connect_counts_the_handshake_of_tls() -> None:
    async with ScriptedServer(silent) as server, ClientSession() as session:
        url = server.url().replace("http:", "https:")
        with pytest.raises(ConnectionTimeoutError) as caught:
            await session.get(url, timeout=ClientTimeout(sock_connect=0.5), ssl=False)
        assert caught.value.limit == "sock_connect"


@asynchronous
async def test_sock_connect_does_not_count_waiting_for_a_slot() -> None:
    async with Origin() as origin, ClientSession(connector=TCPConnector(limit=1)) as session:
        first = asyncio.ensure_future(session.get(origin.url("/delay/0.15")))
        await asyncio.sleep(0.01)
        timeout = ClientTimeout(sock_connect=0.05)
        assert (await session.get(origin.url("/json"), timeout=timeout)).status == 200
        await first


@asynchronous
async def test_sock_read_while_waiting_for_the_head() -> None:
    async with ScriptedServer(silent) as server, ClientSession() as session:
        with pytest.raises(SocketTimeoutError) as caught:
            await session.get(server.url(), timeout=ClientTimeout(sock_read=0.05))
        error = caught.value
        assert (error.limit, error.limit_s, error.phase) == ("sock_read", 0.05, "response")
        assert "sock_read limit of 0.05 s" in str(error)


@asynchronous
async def test_sock_read_while_reading_the_body() -> None:
    async with (
        ScriptedServer(answers(HALF, stays_open=True)) as server,
        ClientSession() as session,
    ):
        response = await session.get(server.url(), timeout=ClientTimeout(sock_read=0.05))
        assert await response.content.read(5) == b"hello"
        with pytest.raises(SocketTimeoutError) as caught:
            await response.content.read(5)
        assert caught.value.phase == "body"


@asynchronous
async def test_sock_read_is_for_each_arrival_only() -> None:
    async with Origin() as origin, ClientSession() as session:
        timeout = ClientTimeout(sock_read=0.15)
        response = await session.get(origin.url("/slow-body/1000/0.4"), timeout=timeout)
        assert len(await response.read()) == 1000


@asynchronous
async def test_sock_read_does_not_count_the_time_of_the_upload() -> None:
    async def slow() -> AsyncIterator[bytes]:
        for _ in range(6):
            await asyncio.sleep(0.04)
            yield b"hello"

    async with Origin() as origin, ClientSession() as session:
        timeout = ClientTimeout(sock_read=0.12)
        response = await session.post(origin.url("/echo"), data=slow(), timeout=timeout)
        assert (await response.json())["body"] == "hello" * 6


@asynchronous
async def test_sock_read_does_not_count_the_time_in_which_bytes_at_hand_leave() -> None:
    size = 20_000_000

    async def slow(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await head_of(reader)
        for _ in range(8):
            await asyncio.sleep(0.05)
            await reader.readexactly(size // 8)
        writer.write(b"HTTP/1.1 204 No Content\r\n\r\n")

    async with ScriptedServer(slow) as server, ClientSession() as session:
        timeout = ClientTimeout(sock_read=0.2)
        response = await session.post(server.url(), data=b"x" * size, timeout=timeout)
        assert response.status == 204


@asynchronous
async def test_sock_read_counts_from_the_end_of_the_upload() -> None:
    async def slow() -> AsyncIterator[bytes]:
        yield b"hello"
        await asyncio.sleep(0.02)
        yield b"hello"

    async with ScriptedServer(silent) as server, ClientSession() as session:
        with pytest.raises(SocketTimeoutError):
            await session.post(server.url(), data=slow(), timeout=ClientTimeout(sock_read=0.05))


@asynchronous
async def test_total_ends_an_upload_that_the_server_does_not_read() -> None:
    async def endless() -> AsyncIterator[bytes]:
        while True:
            yield b"x" * 65536

    async def deaf(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await head_of(reader)
        await asyncio.sleep(30)

    async with ScriptedServer(deaf) as server, ClientSession() as session:
        with pytest.raises(TotalTimeoutError):
            await session.post(server.url(), data=endless(), timeout=0.1)


@pytest.mark.parametrize("timeout", [0, None, ClientTimeout(), ClientTimeout(0, 0, 0, 0)])
@asynchronous
async def test_no_limit_is_no_limit(timeout: ClientTimeout | float | None) -> None:
    async with Origin() as origin, ClientSession(timeout=1) as session:
        response = await session.get(origin.url("/delay/0.05"), timeout=timeout)
        assert response.status == 200


@asynchronous
async def test_after_a_timeout_the_next_request_works() -> None:
    async with Origin() as origin, ClientSession(connector=TCPConnector(limit=1)) as session:
        for limits in (ClientTimeout(total=0.03), ClientTimeout(sock_read=0.03)):
            with pytest.raises(ClientError):
                await session.get(origin.url("/delay/30"), timeout=limits)
            response = await asyncio.wait_for(session.get(origin.url("/json")), 2)
            assert response.status == 200


@asynchronous
async def test_a_timeout_of_asyncio_works_as_well() -> None:
    async with Origin() as origin, ClientSession(connector=TCPConnector(limit=1)) as session:
        with pytest.raises(TimeoutError) as caught:
            async with asyncio.timeout(0.05):
                await session.get(origin.url("/delay/30"))
        assert not isinstance(caught.value, ClientError)
        assert (await session.get(origin.url("/json"))).status == 200
