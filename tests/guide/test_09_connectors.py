"""The guide, "Connectors" with its parts, but for named pipes.

The code is that of the guide with `aioclient` as `aiohttp`; its servers, and its name servers, are
those of the tests.
"""

import asyncio
import socket
from collections.abc import Iterator
from inspect import signature
from pathlib import Path

import pytest
from dns_server import DnsServer
from fake_resolver import FakeResolver
from nginx import NGINX, nginx_running
from origin import Origin
from running import asynchronous, until
from scripted import ScriptedServer, head_of
from unix_server import UnixPages

import aioclient as aiohttp
from aioclient.resolver import AsyncResolver

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


async def get(session: aiohttp.ClientSession, url: str) -> bytes:
    async with session.get(url) as resp:
        assert resp.status == 200
        return await resp.read()


# --- Connectors ----------------------------------------------------------------------------------


@asynchronous
async def test_a_session_takes_a_connector_and_owns_it() -> None:
    async with Origin() as origin:
        conn = aiohttp.TCPConnector()
        session = aiohttp.ClientSession(connector=conn)
        await get(session, origin.url("/json"))
        assert session.connector is conn
        await session.close()
        assert conn.closed


@asynchronous
async def test_sessions_share_a_connector_that_none_of_them_owns() -> None:
    async with Origin() as origin:
        conn = aiohttp.TCPConnector()
        for _ in range(2):
            async with aiohttp.ClientSession(connector=conn, connector_owner=False) as session:
                await get(session, origin.url("/json"))
        assert not conn.closed
        assert (origin.served, origin.accepted) == (2, 1)
        await conn.close()


# --- Limiting connection pool size ---------------------------------------------------------------


class Crowded:
    """Answers nobody before it is let go."""

    def __init__(self) -> None:
        self.let_go = asyncio.Event()

    async def __call__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            await head_of(reader)
            await self.let_go.wait()
            writer.write(OK)


@pytest.mark.parametrize(
    ("conn", "requests", "opened"),
    [
        (lambda: aiohttp.TCPConnector(), 150, 100),
        (lambda: aiohttp.TCPConnector(limit=30), 50, 30),
        (lambda: aiohttp.TCPConnector(limit=0), 150, 150),
        (lambda: aiohttp.TCPConnector(limit_per_host=30), 50, 30),
        (lambda: aiohttp.TCPConnector(limit_per_host=30, limit=0), 150, 60),
    ],
    ids=["the default is 100", "limit", "no limit", "limit_per_host", "limit_per_host of each"],
)
@asynchronous
async def test_a_limit_is_how_many_connections_are_open_at_the_same_time(conn, requests, opened):
    crowded = Crowded()
    async with ScriptedServer(crowded) as server:
        hosts = ["localhost", "127.0.0.1"] if opened == 60 else ["127.0.0.1"]
        connector = conn()
        async with aiohttp.ClientSession(connector=connector) as session:
            urls = [server.url(host=hosts[number % len(hosts)]) for number in range(requests)]
            waiting = [asyncio.create_task(get(session, url)) for url in urls]
            await until(lambda: connector.stats().active == opened)
            assert connector.stats().waiting == requests - opened
            crowded.let_go.set()
            assert await asyncio.gather(*waiting) == [b"ok"] * requests
        assert server.accepted == opened


@asynchronous
async def test_limit_per_host_is_for_host_and_port() -> None:
    crowded = Crowded()
    async with ScriptedServer(crowded) as one, ScriptedServer(crowded) as other:
        conn = aiohttp.TCPConnector(limit_per_host=30)
        async with aiohttp.ClientSession(connector=conn) as session:
            urls = [one.url(), other.url()] * 40
            waiting = [asyncio.create_task(get(session, url)) for url in urls]
            await until(lambda: conn.stats().active == 60)
            crowded.let_go.set()
            await asyncio.gather(*waiting)
        assert (one.accepted, other.accepted) == (30, 30)


# --- Tuning the DNS cache ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "looked_up"),
    [
        ({}, 1),
        ({"ttl_dns_cache": 300}, 1),
        ({"ttl_dns_cache": None}, 1),
        ({"use_dns_cache": False}, 3),
    ],
    ids=str,
)
@asynchronous
async def test_names_are_looked_up_once_unless_the_cache_is_disabled(options, looked_up):
    async with Origin() as origin:
        resolver = FakeResolver({"example.com": ["127.0.0.1"]})
        conn = aiohttp.TCPConnector(resolver=resolver, force_close=True, **options)
        async with aiohttp.ClientSession(connector=conn) as session:
            for _ in range(3):
                await get(session, f"http://example.com:{origin.port}/json")
        assert origin.accepted == 3
        assert resolver.asked == ["example.com"] * looked_up


def test_names_are_cached_for_10_seconds_by_default() -> None:
    parameters = signature(aiohttp.TCPConnector).parameters
    assert parameters["use_dns_cache"].default is True
    assert parameters["ttl_dns_cache"].default == 10


# --- Resolving using custom nameservers ----------------------------------------------------------


@asynchronous
async def test_nameservers_are_given_as_addresses() -> None:
    # Nobody is asked here.
    resolver = AsyncResolver(nameservers=["8.8.8.8", "8.8.4.4"])
    conn = aiohttp.TCPConnector(resolver=resolver)
    async with aiohttp.ClientSession(connector=conn) as session:
        assert session.connector is conn
    await resolver.close()


@asynchronous
async def test_names_are_resolved_by_the_name_servers_that_are_given() -> None:
    names = {"example.com": ["127.0.0.1"]}
    async with DnsServer(names, failing=names) as broken, DnsServer(names) as server:
        async with Origin() as origin:
            resolver = AsyncResolver(nameservers=[broken.address, server.address])
            conn = aiohttp.TCPConnector(resolver=resolver)
            async with aiohttp.ClientSession(connector=conn) as session:
                await get(session, f"http://example.com:{origin.port}/json")
                with pytest.raises(aiohttp.ClientConnectorDNSError, match=r"example\.org"):
                    await session.get(f"http://example.org:{origin.port}/json")
            await resolver.close()
        assert ("example.com", "A") in broken.questions  # who was asked first
        assert ("example.com", "A") in server.questions


# --- Unix domain sockets -------------------------------------------------------------------------


@pytest.mark.skipif(not hasattr(socket, "AF_UNIX"), reason="no UNIX sockets")
@asynchronous
async def test_a_session_talks_through_a_unix_socket(tmp_path: Path) -> None:
    async with UnixPages(f"{tmp_path}/socket") as server:
        conn = aiohttp.UnixConnector(path=f"{tmp_path}/socket")
        session = aiohttp.ClientSession(connector=conn)
        async with session.get("http://localhost/page") as resp:
            assert await resp.text() == "ok"
        await session.close()
    assert server.last.headers["Host"] == "localhost"


@pytest.fixture
def nginx_socket(tmp_path: Path) -> Iterator[str]:
    """The path of a UNIX socket where nginx listens."""
    (tmp_path / "root").mkdir()
    (tmp_path / "root" / "hello.html").write_text("hello")
    path = f"{tmp_path}/socket"
    with nginx_running(tmp_path, path, f"server {{ listen unix:{path}; }}"):
        yield path


@pytest.mark.skipif(NGINX is None, reason="no nginx on PATH")
@asynchronous
async def test_a_server_at_a_unix_socket_is_reached_by_its_path(nginx_socket: str) -> None:
    conn = aiohttp.UnixConnector(path=nginx_socket)
    session = aiohttp.ClientSession(connector=conn)
    async with session.get("http://localhost/hello.html") as resp:
        assert resp.headers["Server"].startswith("nginx")
        assert await resp.text() == "hello"
    async with session.get("http://localhost/nothing") as resp:
        assert resp.status == 404
    assert conn.stats().created == 1
    await session.close()


# --- Custom socket creation ----------------------------------------------------------------------


@pytest.mark.skipif(not hasattr(socket, "TCP_KEEPIDLE"), reason="no TCP_KEEPIDLE")
@asynchronous
async def test_a_socket_factory_can_set_when_a_connection_is_considered_dead() -> None:
    made = []

    def socket_factory(addr_info):
        family, type_, proto, _, _ = addr_info
        sock = socket.socket(family=family, type=type_, proto=proto)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, True)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, 7200)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPCNT, 9)
        made.append(sock)
        return sock

    async with Origin() as origin:
        conn = aiohttp.TCPConnector(socket_factory=socket_factory)
        async with aiohttp.ClientSession(connector=conn) as session:
            for host in ("127.0.0.1", "localhost"):  # one address, and more than one
                async with session.get(origin.url("/json", host=host)) as resp:
                    await resp.read()
                    sock = made[-1]
                    assert sock.getsockname() == resp.connection.sockname
                    assert sock.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE) == 1
                    assert sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE) == 7200
                    assert sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPCNT) == 9
        assert {sock.fileno() for sock in made} == {-1}  # all were closed


def may_bind_to_a_device() -> bool:
    with socket.socket() as sock:
        try:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, b"lo")
        except (AttributeError, OSError):
            return False
    return True


@pytest.mark.skipif(not may_bind_to_a_device(), reason="not allowed to bind to a device")
@asynchronous
async def test_a_socket_factory_can_bind_to_a_network_interface() -> None:
    made = []

    def socket_factory(addr_info):
        family, type_, proto, _, _ = addr_info
        sock = socket.socket(family=family, type=type_, proto=proto)
        sock.setsockopt(
            socket.SOL_SOCKET, socket.SO_BINDTODEVICE, b'lo'
        )  # fmt: skip
        made.append(sock)
        return sock

    async with Origin() as origin:
        conn = aiohttp.TCPConnector(socket_factory=socket_factory)
        async with aiohttp.ClientSession(connector=conn) as session:
            await get(session, origin.url("/json"))
            device = made[0].getsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, 16)
            assert device == b"lo\0"
