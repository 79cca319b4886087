"""UnixConnector: HTTP and TLS over UNIX domain sockets, which are real."""

import asyncio
import contextlib
import os
import socket
import ssl
import sys
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from running import asynchronous, cancelled, settled, started, until
from scripted import head_of
from unix_server import UnixPages, UnixServer, full_queue

from aioclient import (
    ClientConnectorCertificateError,
    ClientConnectorError,
    ClientConnectorSSLError,
    ClientSession,
    ClientTimeout,
    ConnectionTimeoutError,
    Fingerprint,
    NonHttpUrlClientError,
    ServerDisconnectedError,
    ServerFingerprintMismatch,
    TCPConnector,
    UnixClientConnectorError,
    UnixConnector,
)

pytestmark = pytest.mark.skipif(not hasattr(socket, "AF_UNIX"), reason="no UNIX domain sockets")


@pytest.fixture
def path(tmp_path: Path) -> str:
    return str(tmp_path / "socket")


def session_to(path: str, **options: Any) -> ClientSession:
    return ClientSession(connector=UnixConnector(path, **options))


# --- requests ------------------------------------------------------------------------------------


@asynchronous
async def test_requests_go_over_one_kept_connection(path: str) -> None:
    async with UnixPages(path) as server, session_to(path) as session:
        async with session.get("http://localhost/get?a=1") as response:
            assert (response.status, await response.text()) == (200, "ok")
        async with session.post("http://localhost/post", json={"a": 1}) as response:
            assert response.status == 200
        assert [seen.line for seen in server.seen] == [
            "GET /get?a=1 HTTP/1.1",
            "POST /post HTTP/1.1",
        ]
        assert server.last.body == b'{"a": 1}'
        assert server.accepted == 1


@asynchronous
async def test_a_large_body_goes_both_ways(path: str) -> None:
    body = os.urandom(3_000_000)

    async def echoes(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await head_of(reader)
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(body))
        writer.write(await reader.readexactly(len(body)))
        await writer.drain()

    async with UnixServer(echoes, path), session_to(path) as session:
        response = await session.put("http://localhost/", data=body)
        assert await response.read() == body


@asynchronous
async def test_a_file_goes_by_way_of_the_system(path: str, tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_bytes(b"hello" * 100_000)
    async with UnixPages(path) as server, session_to(path) as session:
        with file.open("rb") as data:
            assert (await session.put("http://localhost/", data=data)).status == 200
        assert server.last.body == file.read_bytes()


@asynchronous
async def test_several_at_once_have_a_connection_each_up_to_the_limit(path: str) -> None:
    async with UnixPages(path) as server, session_to(path, limit=3) as session:

        async def one(number: int) -> None:
            async with session.get(f"http://localhost/{number}") as response:
                assert await response.text() == "ok"

        await asyncio.gather(*(one(number) for number in range(20)))
        assert sorted(int(seen.target[1:]) for seen in server.seen) == list(range(20))
        assert server.accepted == 3


@asynchronous
async def test_limit_per_host_counts_each_host_for_itself(path: str) -> None:
    async with UnixPages(path) as server, session_to(path, limit_per_host=1) as session:
        await asyncio.gather(
            *(session.get(f"http://{host}.example/") for host in ("a", "b", "a", "b"))
        )
        assert server.accepted == 2


@pytest.mark.skipif(sys.platform != "linux", reason="abstract names are of Linux")
@asynchronous
async def test_an_abstract_name_works_as_a_path() -> None:
    name = f"\0aioclient.loopback.{os.getpid()}"
    async with UnixPages(name) as server, session_to(name) as session:
        assert (await session.get("http://localhost/")).status == 200
        assert server.accepted == 1


@pytest.mark.parametrize("kind", [str, Path, os.fsencode])
@asynchronous
async def test_a_path_is_text_or_an_object_that_has_one(
    kind: Callable[[str], Any], path: str
) -> None:
    connector = UnixConnector(kind(path))
    assert connector.path == path
    async with UnixPages(path), ClientSession(connector=connector) as session:
        assert (await session.get("http://localhost/")).status == 200


@pytest.mark.parametrize("path", [None, 5])
def test_something_else_is_no_path(path: Any) -> None:
    with pytest.raises(TypeError):
        UnixConnector(path)


# --- what the URL says ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("url", "host", "target"),
    [
        ("http://localhost/a", "localhost", "/a"),
        ("http://docker/v1.41/info?x=1", "docker", "/v1.41/info?x=1"),
        ("http://nowhere.example:8080/", "nowhere.example:8080", "/"),
        ("unix://localhost/path", "localhost", "/path"),
        ("unix://localhost", "localhost", "/"),
    ],
)
@asynchronous
async def test_the_host_of_a_url_is_only_what_host_says(
    url: str, host: str, target: str, path: str
) -> None:
    async with UnixPages(path) as server, session_to(path) as session:
        async with session.get(url) as response:
            assert response.status == 200
            assert str(response.url).rstrip("/") == url.rstrip("/")
        assert (server.last.headers["Host"], server.last.target) == (host, target)


@asynchronous
async def test_urls_of_unix_sockets_are_for_unix_connectors_only(path: str) -> None:
    async with ClientSession(connector=TCPConnector()) as session:
        with pytest.raises(NonHttpUrlClientError):
            await session.get("unix://localhost/path")
    async with session_to(path) as session:
        with pytest.raises(NonHttpUrlClientError):
            await session.get("tcp://localhost/path")


@asynchronous
async def test_redirects_stay_on_the_socket(path: str) -> None:
    async with UnixPages(path) as server, session_to(path) as session:
        server.redirect("old", "/new")
        server.redirect("away", "http://elsewhere.example/new")
        for name, host in (("old", "localhost"), ("away", "elsewhere.example")):
            async with session.get(f"http://localhost/{name}") as response:
                assert response.status == 200
            assert (server.last.target, server.last.headers["Host"]) == ("/new", host)


@asynchronous
async def test_a_response_knows_the_path_it_came_from(path: str) -> None:
    async with UnixPages(path), session_to(path) as session:
        response = await session.get("http://localhost/")
        assert response.connection.peername == path


# --- TLS -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("where", ["request", "connector"])
@asynchronous
async def test_https_is_tls_for_the_host_of_the_url(
    where: str, path: str, server_tls: ssl.SSLContext, trusting: ssl.SSLContext
) -> None:
    tls = trusting if where == "connector" else True
    async with UnixPages(path, server_tls) as server, session_to(path, ssl=tls) as session:
        for _ in range(2):
            wish = trusting if where == "request" else True
            async with session.get("https://localhost/secret", ssl=wish) as response:
                assert await response.text() == "ok"
                assert response.connection.is_tls
                assert response.connection.tls_version in ("TLSv1.2", "TLSv1.3")
        assert (server.last.target, server.accepted) == ("/secret", 1)


@asynchronous
async def test_a_certificate_for_another_name_is_refused(
    path: str, server_tls: ssl.SSLContext, trusting: ssl.SSLContext
) -> None:
    async with UnixPages(path, server_tls) as server, session_to(path, ssl=trusting) as session:
        with pytest.raises(ClientConnectorCertificateError, match=r"mismatch|not valid for"):
            await session.get("https://other.example/secret")
        assert server.seen == []
        response = await session.get("https://other.example/", server_hostname="localhost")
        assert response.status == 200


@asynchronous
async def test_a_certificate_of_an_unknown_authority_is_refused(
    path: str, server_tls: ssl.SSLContext
) -> None:
    async with UnixPages(path, server_tls) as server, session_to(path) as session:
        with pytest.raises(ClientConnectorCertificateError):
            await session.get("https://localhost/secret")
        assert server.seen == []
        assert (await session.get("https://localhost/", ssl=False)).status == 200


@pytest.mark.parametrize("wish", [True, False, Fingerprint(bytes(32))])
@asynchronous
async def test_https_is_never_sent_in_clear_text(wish: bool | Fingerprint, path: str) -> None:
    arrived = []

    async def plain(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        arrived.append(await reader.read(65536))
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
        await writer.drain()
        arrived.append(await reader.read())

    async with UnixServer(plain, path), session_to(path) as session:
        with pytest.raises(ClientConnectorSSLError):
            await session.post("https://localhost/secret", data=b"password", ssl=wish)
        await until(lambda: len(arrived) == 2)
    # The first record is a handshake (22) of TLS, and what is sent after the error is an alert.
    assert arrived[0].startswith(b"\x16\x03")
    assert not any(word in b"".join(arrived) for word in (b"POST", b"secret", b"password"))


@asynchronous
async def test_a_fingerprint_takes_one_certificate_only(
    path: str, wrong_name_tls: ssl.SSLContext
) -> None:
    async with UnixPages(path, wrong_name_tls) as server, session_to(path) as session:
        with pytest.raises(ServerFingerprintMismatch) as raised:
            await session.get("https://localhost/secret", ssl=Fingerprint(sha256(b"").digest()))
        await until(lambda: server.open == 0)
        assert server.seen == []
        response = await session.get("https://localhost/", ssl=Fingerprint(raised.value.got))
        assert response.status == 200


@asynchronous
async def test_a_tls_wish_that_is_none_is_refused(path: str) -> None:
    wrong: Any = "yes"
    with pytest.raises(TypeError, match="ssl must be"):
        UnixConnector(path, ssl=wrong)


# --- what goes wrong -----------------------------------------------------------------------------


@asynchronous
async def test_a_missing_socket_is_an_error_with_its_path(path: str) -> None:
    async with session_to(path) as session:
        with pytest.raises(UnixClientConnectorError) as raised:
            await session.get("http://user:password@localhost/")
        error = raised.value
        assert isinstance(error, ClientConnectorError)
        assert (error.path, error.host, error.port) == (path, "localhost", 80)
        assert str(error) == f"cannot connect to UNIX socket {path!r}: No such file or directory"


@asynchronous
async def test_a_server_that_went_away_is_found_out(path: str) -> None:
    async with session_to(path) as session:
        async with UnixPages(path):
            assert (await session.get("http://localhost/")).status == 200
        await settled()  # so that the loop has heard of it
        with pytest.raises(UnixClientConnectorError):
            await session.post("http://localhost/")
        with contextlib.suppress(FileNotFoundError):  # since Python 3.13 the server does it
            os.unlink(path)  # noqa: PTH108
        async with UnixPages(path):  # and comes back
            assert (await session.post("http://localhost/")).status == 200


@asynchronous
async def test_a_server_that_hangs_up_instead_of_an_answer_is_a_disconnect(path: str) -> None:
    async def leaves(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await head_of(reader)

    async with UnixServer(leaves, path), session_to(path) as session:
        with pytest.raises(ServerDisconnectedError):
            await session.get("http://localhost/")


@pytest.mark.parametrize("limit", ["sock_connect", "connect"])
@asynchronous
async def test_waiting_for_a_server_that_accepts_nobody_has_a_limit(limit: str, path: str) -> None:
    with full_queue(path):
        async with session_to(path, limit=1) as session:
            for _ in range(2):  # the second has the slot of the first
                with pytest.raises(ConnectionTimeoutError) as raised:
                    await session.get("http://localhost/", timeout=ClientTimeout(**{limit: 0.05}))
                assert (raised.value.limit, raised.value.phase) == (limit, "connect")


@asynchronous
async def test_waiting_for_a_server_that_accepts_nobody_can_be_cancelled(path: str) -> None:
    with full_queue(path):
        async with session_to(path, limit=1) as session:
            await cancelled(await started(session.get("http://localhost/"), turns=10))
            await settled()
            assert session.connector is not None
            assert session.connector.stats().connecting == 0


@asynchronous
async def test_closing_the_session_ends_what_waits_for_a_server(path: str) -> None:
    with full_queue(path):
        session = session_to(path)
        waiting = await started(session.get("http://localhost/"), turns=10)
        await session.close()
        with pytest.raises(Exception, match="connector is closed"):
            await waiting


def test_a_system_without_unix_sockets_says_so(path: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(socket, "AF_UNIX")
    with pytest.raises(RuntimeError, match="no UNIX domain sockets"):
        UnixConnector(path)
