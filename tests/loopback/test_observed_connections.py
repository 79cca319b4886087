"""What an observer hears of connections that are made over real sockets."""

import asyncio
import gc
import ssl
import weakref
from typing import Any

import pytest
from fake_resolver import FakeResolver
from recording_observer import RecordingObserver
from recording_proxy import RecordingProxy
from running import asynchronous, cancelled, settled, started, until
from scripted import ScriptedServer, head_of, silent

from aioclient import (
    ClientConnectorError,
    ClientConnectorSSLError,
    ClientTimeout,
    ConnectionTimeoutError,
    TCPConnector,
    TraceConfig,
)
from aioclient._net.route import Proxy, Route
from aioclient._pool.connector import BaseConnector
from aioclient._pool.lease import Lease
from aioclient._tracing.trace import Trace

NAME = "a.example"
START, END = "connection_create_start", "connection_create_end"
LOOK_UP = [
    ("dns_cache_miss", NAME),
    ("dns_resolvehost_start", NAME),
    ("dns_resolvehost_end", NAME),
]
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


async def ok(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while await head_of(reader):
        writer.write(OK)


async def lease(
    connector: BaseConnector,
    route: Route,
    observer: Any,
    timeout: ClientTimeout = ClientTimeout(),  # noqa: B008 - it is not changed
) -> Lease:
    return await connector.lease(route, timeout, lambda _: None, observer=observer)


def about(observer: RecordingObserver) -> list[tuple[Any, ...]]:
    """What was told between the beginning and the end of connecting."""
    (first,), *between, (last, number) = observer.told
    assert (first, last) == (START, END)
    assert number > 0
    return between


def tls_route(server: ScriptedServer, tls: ssl.SSLContext, proxy: Proxy | None = None) -> Route:
    return Route("127.0.0.1", server.port, True, tls, None, proxy)


# --- in which order ------------------------------------------------------------------------------


@asynchronous
async def test_an_address_without_tls_is_only_connected_to() -> None:
    async with ScriptedServer(ok) as server, TCPConnector() as connector:
        observer = RecordingObserver()
        route = Route("127.0.0.1", server.port, False, True)
        (await lease(connector, route, observer)).give_back(True)
        assert about(observer) == []


@asynchronous
async def test_a_name_is_looked_up_the_first_time() -> None:
    names = FakeResolver({NAME: ["127.0.0.1"]})
    async with ScriptedServer(ok) as server, TCPConnector(resolver=names) as connector:
        route = Route(NAME, server.port, False, True)
        for expected in (LOOK_UP, [("dns_cache_hit", NAME)]):
            observer = RecordingObserver()
            (await lease(connector, route, observer)).give_back(False)
            assert about(observer) == expected


@asynchronous
async def test_a_handshake_is_told_of_with_what_it_agreed_on(
    server_tls: ssl.SSLContext, trusting: ssl.SSLContext
) -> None:
    async with ScriptedServer(ok, server_tls) as server, TCPConnector() as connector:
        observer = RecordingObserver()
        (await lease(connector, tls_route(server, trusting), observer)).give_back(True)
        start, end = about(observer)
        assert start == ("tls_handshake_start", "127.0.0.1")
        assert end[:3] == ("tls_handshake_end", "127.0.0.1", "TLSv1.3")
        assert end[3].startswith("TLS_")


@asynchronous
async def test_an_older_version_is_told_as_well(server_tls: ssl.SSLContext, authority: Any) -> None:
    older = ssl.create_default_context()
    authority.configure_trust(older)
    older.maximum_version = ssl.TLSVersion.TLSv1_2
    async with ScriptedServer(ok, server_tls) as server, TCPConnector() as connector:
        observer = RecordingObserver()
        (await lease(connector, tls_route(server, older), observer)).give_back(True)
        _, end = about(observer)
        assert end[2] == "TLSv1.2"
        assert end[3].startswith("ECDHE-")


@asynchronous
async def test_through_a_tunnel_the_name_is_the_proxys_and_the_handshake_the_servers(
    server_tls: ssl.SSLContext, trusting: ssl.SSLContext
) -> None:
    names = FakeResolver({NAME: ["127.0.0.1"]})
    async with (
        ScriptedServer(ok, server_tls) as server,
        RecordingProxy() as proxy,
        TCPConnector(resolver=names) as connector,
    ):
        observer = RecordingObserver()
        route = tls_route(server, trusting, Proxy("http", NAME, proxy.port))
        (await lease(connector, route, observer)).give_back(True)
        told = about(observer)
        assert told[:3] == LOOK_UP
        assert [each[:2] for each in told[3:]] == [
            ("tls_handshake_start", "127.0.0.1"),
            ("tls_handshake_end", "127.0.0.1"),
        ]


@pytest.mark.parametrize("waits_at", ["", "tls_handshake_start", "tls_handshake_end"])
@asynchronous
async def test_tls_in_tls_is_two_handshakes(
    waits_at: str, server_tls: ssl.SSLContext, trusting: ssl.SSLContext, authority: Any
) -> None:
    older = ssl.create_default_context()
    authority.configure_trust(older)
    older.maximum_version = ssl.TLSVersion.TLSv1_2
    async with (
        ScriptedServer(ok, server_tls) as server,
        RecordingProxy(server_tls) as proxy,
        TCPConnector() as connector,
    ):
        observer = RecordingObserver(waits_at=waits_at)
        way = Proxy("https", "localhost", proxy.port, ssl=older)
        task = await started(lease(connector, tls_route(server, trusting, way), observer))
        if waits_at:
            await until(lambda: waits_at in observer.names)
            await asyncio.sleep(0.05)  # what the proxy answers meanwhile changes nothing
            observer.let_go()
        (await task).give_back(True)
        told = [each for each in about(observer) if not each[0].startswith("dns")]
        assert [each[:3] for each in told] == [
            ("tls_handshake_start", "localhost"),
            ("tls_handshake_end", "localhost", "TLSv1.2"),
            ("tls_handshake_start", "127.0.0.1"),
            ("tls_handshake_end", "127.0.0.1", "TLSv1.3"),
        ]


# --- what goes wrong -----------------------------------------------------------------------------


@asynchronous
async def test_a_handshake_that_fails_has_no_end_to_tell_of(server_tls: ssl.SSLContext) -> None:
    async with ScriptedServer(ok, server_tls) as server, TCPConnector() as connector:
        observer = RecordingObserver()
        with pytest.raises(ClientConnectorError):
            await lease(connector, Route("127.0.0.1", server.port, True, True), observer)
        assert observer.names == [START, "tls_handshake_start"]


async def no_tls(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(b"220 this is no TLS\r\n")
    await reader.read()


@asynchronous
async def test_a_handshake_that_fails_while_its_start_is_told_is_the_same_error() -> None:
    async with ScriptedServer(no_tls) as server, TCPConnector() as connector:
        observer = RecordingObserver(waits_at="tls_handshake_start")
        route = Route("127.0.0.1", server.port, True, True)
        task = await started(lease(connector, route, observer))
        await until(lambda: "tls_handshake_start" in observer.names)
        await asyncio.sleep(0.05)
        observer.let_go()
        with pytest.raises(ClientConnectorSSLError):
            await task


@pytest.mark.parametrize("event", ["tls_handshake_start", "tls_handshake_end"])
@asynchronous
async def test_if_handshake_and_observer_fail_it_is_the_observers_error(
    event: str, server_tls: ssl.SSLContext, trusting: ssl.SSLContext
) -> None:
    observer = RecordingObserver(waits_at=event, fails_at=event)
    async with (
        ScriptedServer(no_tls) as server,
        RecordingProxy(server_tls, connect_answer=b"HTTP/1.1 407 No\r\n\r\n") as proxy,
        TCPConnector() as connector,
    ):
        # After its end, it is the tunnel that fails meanwhile.
        is_end = event == "tls_handshake_end"
        way = Proxy("https", "127.0.0.1", proxy.port, ssl=trusting) if is_end else None
        route = Route("127.0.0.1", server.port, True, True, None, way)
        task = await started(lease(connector, route, observer))
        await until(lambda: event in observer.names)
        await asyncio.sleep(0.05)
        observer.let_go()
        with pytest.raises(LookupError, match=f"of the observer, at {event}"):
            await task
        del task
        gc.collect()


@pytest.mark.parametrize("waits_first", [False, True])
@pytest.mark.parametrize("through_proxy", [False, True])
@pytest.mark.parametrize(
    "fails_at",
    [
        START,
        "dns_cache_miss",
        "dns_resolvehost_start",
        "dns_resolvehost_end",
        "tls_handshake_start",
        "tls_handshake_end",
        END,
    ],
)
@asynchronous
async def test_what_an_observer_raises_leaves_nothing_open(
    fails_at: str,
    through_proxy: bool,
    waits_first: bool,
    server_tls: ssl.SSLContext,
    trusting: ssl.SSLContext,
) -> None:
    names = FakeResolver({"localhost": ["127.0.0.1"]})
    async with (
        ScriptedServer(ok, server_tls) as server,
        RecordingProxy(server_tls) as proxy,
        TCPConnector(resolver=names, limit=1) as connector,
    ):
        way = Proxy("https", "localhost", proxy.port, ssl=trusting) if through_proxy else None
        route = Route("localhost", server.port, True, trusting, None, way)
        if through_proxy:
            route = route._replace(host="127.0.0.1")
        observer = RecordingObserver(waits_at=fails_at if waits_first else "", fails_at=fails_at)
        task = await started(lease(connector, route, observer))
        if waits_first:
            await until(lambda: fails_at in observer.names)
            await asyncio.sleep(0.02)
            observer.let_go()
        with pytest.raises(LookupError, match=f"of the observer, at {fails_at}"):
            await task
        await settled()
        assert connector.stats()[:3] == (0, 0, 0)
        (await lease(connector, route, None)).give_back(True)


@asynchronous
async def test_the_limit_of_a_handshake_holds_while_its_start_is_told() -> None:
    async with ScriptedServer(silent) as server, TCPConnector() as connector:
        observer = RecordingObserver(waits_at="tls_handshake_start")
        route = Route("127.0.0.1", server.port, True, True)
        task = await started(lease(connector, route, observer, ClientTimeout(tls=0.02)))
        await until(lambda: "tls_handshake_start" in observer.names)
        await asyncio.sleep(0.05)
        observer.let_go()
        with pytest.raises(ConnectionTimeoutError):
            await task


@pytest.mark.parametrize(
    "waits_at",
    [
        START,
        "dns_cache_miss",
        "dns_resolvehost_start",
        "dns_resolvehost_end",
        "tls_handshake_start",
        "tls_handshake_end",
        END,
    ],
)
@asynchronous
async def test_who_gives_up_while_it_is_told_leaves_nothing_open(
    waits_at: str, server_tls: ssl.SSLContext, trusting: ssl.SSLContext
) -> None:
    names = FakeResolver({"localhost": ["127.0.0.1"]})
    async with (
        ScriptedServer(ok, server_tls) as server,
        TCPConnector(resolver=names, limit=1) as connector,
    ):
        route = Route("localhost", server.port, True, trusting)
        observer = RecordingObserver(waits_at=waits_at)
        task = await started(lease(connector, route, observer))
        await until(lambda: waits_at in observer.names)
        await cancelled(task)
        await settled()
        assert observer.telling == 0
        assert observer.names[-1] == waits_at
        assert connector.stats()[:3] == (0, 0, 0)
        (await lease(connector, route, None)).give_back(True)


# --- who is told ---------------------------------------------------------------------------------


@asynchronous
async def test_a_trace_that_is_over_hears_nothing_of_a_connection_made_for_another(
    server_tls: ssl.SSLContext, trusting: ssl.SSLContext
) -> None:
    told: list[str] = []
    config = TraceConfig()

    async def note(session: object, context: object, params: object) -> None:
        told.append(type(params).__name__)

    for signal in (
        config.on_connection_create_start,
        config.on_tls_handshake_start,
        config.on_tls_handshake_end,
        config.on_connection_create_end,
    ):
        signal.append(note)  # type: ignore[attr-defined] # of different types
    config.freeze()
    trace = Trace(None, [config])
    async with ScriptedServer(ok, server_tls) as server, TCPConnector(limit=1) as connector:
        route = tls_route(server, trusting)
        gone = await started(lease(connector, route, trace))
        next_one = await started(lease(connector, route, None))
        await until(lambda: told)
        await cancelled(gone)
        trace.finish()
        before = list(told)
        (await next_one).give_back(True)
        assert connector.stats().created == 1
        assert told == before


@asynchronous
async def test_a_connection_that_is_kept_does_not_keep_its_observer(
    server_tls: ssl.SSLContext, trusting: ssl.SSLContext
) -> None:
    async with (
        ScriptedServer(ok) as plain,
        ScriptedServer(ok, server_tls) as secure,
        TCPConnector() as connector,
    ):
        routes = [Route("127.0.0.1", plain.port, False, True), tls_route(secure, trusting)]
        for route in routes:
            observer = RecordingObserver()
            is_alive = weakref.ref(observer)
            (await lease(connector, route, observer)).give_back(True)
            await settled()
            del observer
            gc.collect()
            assert is_alive() is None
        assert connector.stats().idle == 2
