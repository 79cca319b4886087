"""What goes wrong over real sockets, and what the caller is told."""

import asyncio
import contextlib
import errno
import re
import socket
import struct
import sys
from collections.abc import AsyncIterator

import pytest
from origin import Origin
from running import asynchronous, closed_port
from scripted import ScriptedServer, answers, silent

from aioclient import (
    ClientConnectionError,
    ClientConnectorDNSError,
    ClientConnectorError,
    ClientError,
    ClientOSError,
    ClientPayloadError,
    ClientSession,
    NonHttpUrlClientError,
    ServerDisconnectedError,
    ServerProtocolError,
    TCPConnector,
)


@asynchronous
async def test_a_closed_port_is_a_connector_error() -> None:
    port = closed_port()
    async with ClientSession() as session:
        with pytest.raises(ClientConnectorError) as caught:
            await session.get(f"http://127.0.0.1:{port}/")
        error = caught.value
        assert (error.host, error.port, error.errno) == ("127.0.0.1", port, errno.ECONNREFUSED)
        assert isinstance(error, OSError)
        words = ".+" if sys.platform == "win32" else "Connection refused"
        assert re.fullmatch(rf"cannot connect to 127\.0\.0\.1:{port}: {words}", str(error))
        assert "Invalid argument" not in str(
            error
        )  # the number that asyncio's error has on Windows


@asynchronous
async def test_a_closed_port_of_a_name_is_a_connector_error() -> None:
    port = closed_port()
    async with ClientSession() as session:
        with pytest.raises(ClientConnectorError, match=f"cannot connect to localhost:{port}: .+"):
            await session.get(f"http://localhost:{port}/")


@asynchronous
async def test_an_unknown_host_is_a_dns_error() -> None:
    async with ClientSession() as session:
        with pytest.raises(
            ClientConnectorDNSError, match=r"cannot resolve host 'nosuch.invalid': "
        ):
            await session.get("http://nosuch.invalid/")


@pytest.mark.parametrize("host", ["a..example", "x" * 64 + ".invalid", ".invalid"])
@asynchronous
async def test_a_host_that_can_be_no_name_is_an_error_of_ours(host: str) -> None:
    async with ClientSession() as session:
        with pytest.raises(ClientError):
            await session.get(f"http://{host}/")


@asynchronous
async def test_errors_of_connecting_do_not_show_credentials() -> None:
    port = closed_port()
    async with ClientSession() as session:
        for host in (f"127.0.0.1:{port}", "nosuch.invalid"):
            with pytest.raises(ClientConnectorError) as caught:
                await session.get(f"http://me:secret@{host}/")
            for shown in (str(caught.value), repr(caught.value), repr(caught.value.args)):
                assert "secret" not in shown
                assert "bWU6c2VjcmV0" not in shown


@asynchronous
async def test_another_scheme_is_refused() -> None:
    async with ClientSession() as session:
        with pytest.raises(NonHttpUrlClientError):
            await session.get("ftp://127.0.0.1/")


# --- servers that do not speak HTTP ----------------------------------------------------------

BANNER = b"SSH-2.0-OpenSSH_9.2p1 Debian-2+deb12u3\r\n"


@asynchronous
async def test_a_banner_instead_of_an_answer_is_a_protocol_error() -> None:
    async with (
        ScriptedServer(answers(BANNER, stays_open=True)) as server,
        ClientSession() as session,
    ):
        with pytest.raises(ServerProtocolError, match=r"SSH-2\.0-OpenSSH"):
            await session.get(server.url())


@asynchronous
async def test_a_banner_before_the_request_is_a_protocol_error() -> None:
    async def ssh(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(BANNER)
        await writer.drain()
        await reader.read()

    async with (
        ScriptedServer(ssh) as server,
        ClientSession(connector=TCPConnector(limit=1)) as session,
    ):
        for _ in range(5):
            with pytest.raises(ServerProtocolError, match=r"SSH-2\.0-OpenSSH"):
                await session.get(server.url())


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/2.0 200 OK\r\n\r\n",
        b"HTTP/1.1 2000 OK\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nNo Colon\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nX-A: \x01\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nx",
        b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\n",
        b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nX-A: " + b"a" * 70_000 + b"\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n" + b"X-A: 1\r\n" * 300 + b"\r\n",
        b"HTTP/1.1 100 Continue\r\n\r\n" * 20,
        b"\x15\x03\x01\x00\x02\x02\x16",
        b"<html>",
        b"\0" * 1000,
    ],
)  # fmt: skip
@asynchronous
async def test_an_answer_that_breaks_the_rules_is_a_protocol_error(answer: bytes) -> None:
    async with (
        ScriptedServer(answers(answer, stays_open=True)) as server,
        ClientSession() as session,
    ):
        with pytest.raises(ServerProtocolError) as caught:
            await session.get(server.url())
        assert len(str(caught.value)) < 600


# --- servers that go away ------------------------------------------------------------------------

COUNTED = b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n"
CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"


@pytest.mark.parametrize(
    ("sent", "message"),
    [
        (b"", "without a response"),
        (b"H", "middle of a response head"),
        (b"HTTP/1.1 200 OK\r\nContent-", "middle of a response head"),
        (b"HTTP/1.1 100 Continue\r\n\r\n", "without a response"),
    ],
)
@asynchronous
async def test_the_end_before_a_whole_head_is_a_disconnect(sent: bytes, message: str) -> None:
    async with ScriptedServer(answers(sent)) as server, ClientSession() as session:
        with pytest.raises(ServerDisconnectedError, match=message):
            await session.get(server.url())


@asynchronous
async def test_the_end_before_the_request_is_a_connection_error() -> None:
    async def leaves(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        pass

    async with ScriptedServer(leaves) as server, ClientSession() as session:
        with pytest.raises(ClientError):
            await session.get(server.url())


@pytest.mark.parametrize(
    ("sent", "message"),
    [
        ((COUNTED + b"hello",), "expected 10 bytes, got 5"),
        ((COUNTED, b"hello"), "expected 10 bytes, got 5"),
        ((COUNTED,), "expected 10 bytes, got 0"),
        ((CHUNKED + b"5\r\nhello\r\n",), "no last chunk"),
        ((CHUNKED, b"a\r\nhello"), "no last chunk"),
        ((CHUNKED + b"5\r\nhello\r\n0\r\n",), "no last chunk"),
        ((CHUNKED,), "no last chunk"),
    ],
)
@asynchronous
async def test_the_end_inside_a_body_is_a_payload_error(
    sent: tuple[bytes, ...], message: str
) -> None:
    async with ScriptedServer(answers(*sent)) as server, ClientSession() as session:
        response = await session.get(server.url())
        assert response.status == 200
        with pytest.raises(ClientPayloadError, match=message):
            await response.read()


@asynchronous
async def test_what_came_before_the_end_can_be_read() -> None:
    async with ScriptedServer(answers(COUNTED + b"hello")) as server, ClientSession() as session:
        response = await session.get(server.url())
        received = b""
        with pytest.raises(ClientPayloadError):  # noqa: PT012
            async for piece in response.content.iter_any():
                received += piece
        assert received == b"hello"


@contextlib.asynccontextmanager
async def resetting(*sent: bytes) -> AsyncIterator[str]:
    """A server that answers one request and resets the connection; gives its URL.

    It has no transport: those of Windows end a connection with a FIN before they close it.
    """
    loop = asyncio.get_running_loop()

    async def serve() -> None:
        client, _ = await loop.sock_accept(listening)
        with client:
            while not (await loop.sock_recv(client, 65_536)).endswith(b"\r\n\r\n"):
                pass
            for piece in sent:
                await loop.sock_sendall(client, piece)
                await asyncio.sleep(0.01)
            # To linger for no time is to reset.
            client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))

    with socket.create_server(("127.0.0.1", 0)) as listening:
        listening.setblocking(False)
        serving = loop.create_task(serve())
        try:
            yield f"http://127.0.0.1:{listening.getsockname()[1]}/"
        finally:
            serving.cancel()
            await asyncio.wait([serving])


@asynchronous
async def test_a_reset_before_the_head_is_an_oserror() -> None:
    async with resetting() as url, ClientSession() as session:
        with pytest.raises((ClientOSError, ServerDisconnectedError)):
            await session.get(url)


@asynchronous
async def test_a_reset_inside_the_body_is_an_oserror() -> None:
    async with resetting(COUNTED, b"hello") as url, ClientSession() as session:
        response = await session.get(url)
        with pytest.raises((ClientOSError, ClientPayloadError)):
            await response.read()


@asynchronous
async def test_a_reset_inside_a_body_until_close_is_never_its_end() -> None:
    answer = b"HTTP/1.1 200 OK\r\n\r\nhello"
    async with resetting(answer) as url, ClientSession() as session:
        response = await session.get(url)
        with pytest.raises(ClientOSError):
            await response.read()


@asynchronous
async def test_a_bad_chunk_is_a_payload_error() -> None:
    async with (
        ScriptedServer(answers(CHUNKED + b"5\r\nhelloXX")) as server,
        ClientSession() as session,
    ):
        response = await session.get(server.url())
        with pytest.raises(ClientPayloadError, match="chunk"):
            await response.read()


@asynchronous
async def test_an_upload_that_fails_is_a_payload_error_and_the_next_request_works() -> None:
    async def fails():  # type: ignore[no-untyped-def]
        yield b"hello"
        raise ZeroDivisionError("told to fail")

    async with Origin() as origin, ClientSession(connector=TCPConnector(limit=1)) as session:
        with pytest.raises(ClientPayloadError, match="told to fail"):
            await session.post(origin.url("/echo"), data=fails())
        assert (await session.get(origin.url("/json"))).status == 200


@asynchronous
async def test_closing_the_session_ends_requests_in_every_phase() -> None:
    async with ScriptedServer(silent) as server, Origin() as origin:
        session = ClientSession(connector=TCPConnector(limit=2))
        response = await session.get(origin.url("/slow-body/100/30"))
        reader = asyncio.ensure_future(response.read())
        waiting = [asyncio.ensure_future(session.get(server.url())) for _ in range(4)]
        await asyncio.sleep(0.05)
        await session.close()
        for task in (reader, *waiting):
            with pytest.raises(ClientConnectionError, match="closed"):
                await asyncio.wait_for(task, 1)
