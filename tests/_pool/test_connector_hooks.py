"""Connectors of programs that replace how aiohttp's connector opens connections, or look inside."""

import asyncio
import ssl
from typing import Any
from unittest.mock import AsyncMock, patch

import pytest
import trustme
from origin import Origin
from running import asynchronous

from aioclient import (
    ClientConnectorCertificateError,
    ClientConnectorError,
    ClientConnectorSSLError,
    ClientProxyConnectionError,
    ClientSession,
    ClientTimeout,
    ConnectionTimeoutError,
    TCPConnector,
)
from aioclient._pool.connector_hooks import ResponseHandler


class Elsewhere(TCPConnector):
    """Connects to one place, whatever the host."""

    def __init__(self, host: str, port: int, **options: Any) -> None:
        super().__init__(**options)
        self.told: list[tuple[str, int, bool]] = []
        self._there = host, port

    async def _wrap_create_connection(  # type: ignore[override]
        self, *args: Any, addr_infos: Any, req: Any, timeout: Any, **options: Any
    ) -> Any:
        self.told.append((*addr_infos[0][4][:2], req.is_ssl()))
        assert isinstance(timeout, ClientTimeout)
        assert options["ssl"] is None
        _, writer = await asyncio.open_connection(*self._there)
        protocol = ResponseHandler(asyncio.get_running_loop())
        protocol.writer = writer  # type: ignore[attr-defined]
        writer.transport.set_protocol(protocol)
        protocol.connection_made(writer.transport)
        return writer.transport, protocol


@asynchronous
async def test_a_transport_that_a_hook_opens_is_used_and_kept() -> None:
    async with Origin() as origin:
        connector = Elsewhere("127.0.0.1", origin.port)
        async with ClientSession(connector=connector) as session:
            for _ in range(3):
                async with session.get(f"http://127.9.9.9:{origin.port}/json") as response:
                    assert response.status == 200
                    await response.read()
            assert len(connector._acquired) == 0
            assert [len(kept) for kept in connector._conns.values()] == [1]
    assert connector.told == [("127.9.9.9", origin.port, False)]
    assert (origin.served, origin.accepted) == (3, 1)


@asynchronous
async def test_tls_is_laid_over_a_transport_that_a_hook_opens() -> None:
    authority = trustme.CA()
    server_context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("a.example").configure_cert(server_context)
    context = ssl.create_default_context()
    authority.configure_trust(context)

    class Named(Elsewhere):
        async def _resolve_host(self, host: str, port: int, traces: Any = None) -> Any:
            found = {
                "hostname": host,
                "host": host,
                "port": port,
                "family": 2,
                "proto": 0,
                "flags": 0,
            }
            return [found]

    async with Origin(server_context) as origin:
        connector = Named("127.0.0.1", origin.port, ssl=context)
        async with ClientSession(connector=connector) as session:
            async with session.get(f"https://a.example:{origin.port}/json") as response:
                assert response.status == 200
                assert response.connection.is_tls
            with pytest.raises(ClientConnectorError):
                await session.get(f"https://b.example:{origin.port}/json")
    assert connector.told[0] == ("a.example", origin.port, True)


@asynchronous
async def test_a_hook_may_call_what_it_replaces() -> None:
    class Watching(TCPConnector):
        hosts: list[str] = []  # noqa: RUF012 - of this test only
        requests: list[Any] = []  # noqa: RUF012 - as above

        async def _create_connection(self, req: Any, traces: Any, timeout: Any) -> Any:
            self.requests.append(req)
            return await super()._create_connection(req, traces, timeout)

        async def _resolve_host(self, host: str, port: int, traces: Any = None) -> Any:
            self.hosts.append(host)
            return await super()._resolve_host(host, port, traces)

    async with Origin() as origin, ClientSession(connector=Watching()) as session:
        async with session.get(f"http://localhost:{origin.port}/json") as response:
            assert response.status == 200
        with pytest.raises(ClientConnectorError) as raised:
            await session.get("http://127.0.0.1:1/")
    assert Watching.hosts == ["localhost", "127.0.0.1"]
    assert raised.value.host == "127.0.0.1"
    request = Watching.requests[0]
    assert (request.host, request.port, request.ssl) == ("localhost", origin.port, True)
    assert (request.proxy, request.server_hostname) == (None, None)
    assert str(request.url) == f"http://localhost:{origin.port}"


@asynchronous
async def test_a_hook_that_fails_is_the_error_of_the_request() -> None:
    class Failing(TCPConnector):
        async def _wrap_create_connection(self, *args: Any, **options: Any) -> Any:
            raise LookupError("no way")

    async with ClientSession(connector=Failing()) as session:
        with pytest.raises(LookupError, match="no way"):
            await session.get("http://127.0.0.1/")
        assert session._connector is not None
        assert session._connector.stats().active == 0


@asynchronous
@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (ConnectionRefusedError(111, "no"), ClientConnectorError),
        (ssl.SSLError("no"), ClientConnectorSSLError),
        (ssl.SSLCertVerificationError("no"), ClientConnectorCertificateError),
        (TimeoutError("no"), ConnectionTimeoutError),
    ],
)
@pytest.mark.parametrize("scheme", ["http", "https"])
async def test_an_error_of_the_system_is_that_of_a_connector(
    scheme: str, error: Exception, kind: type[Exception]
) -> None:
    class Failing(TCPConnector):
        async def _wrap_create_connection(self, *args: Any, **options: Any) -> Any:
            raise error

    async with ClientSession(connector=Failing()) as session:
        with pytest.raises(kind) as raised:
            await session.get(f"{scheme}://127.0.0.1/")
        assert type(raised.value) is kind
        assert raised.value.__cause__ is error
        if kind is ClientConnectorError:
            with pytest.raises(ClientProxyConnectionError):
                await session.get(f"{scheme}://127.0.0.1/", proxy="http://127.0.0.1:1")


class Bare(asyncio.Protocol):
    """A protocol that forgets no transport."""

    transport: asyncio.BaseTransport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport


@asynchronous
@pytest.mark.parametrize("scheme", ["http", "https"])
@pytest.mark.parametrize("pause_s", [0, 0.05])
async def test_a_transport_that_is_closed_already_is_refused(scheme: str, pause_s: float) -> None:
    class Closed(TCPConnector):
        async def _create_connection(self, req: Any, traces: Any, timeout: Any) -> Any:
            loop = asyncio.get_running_loop()
            transport, protocol = await loop.create_connection(Bare, req.host, req.port)
            transport.close()
            await asyncio.sleep(pause_s)
            return protocol

    async with Origin() as origin, ClientSession(connector=Closed()) as session:
        with pytest.raises(ClientConnectorError, match="no open transport"):
            await asyncio.wait_for(session.get(f"{scheme}://127.0.0.1:{origin.port}/json"), 5)


class Keeping(TCPConnector):
    """Knows the transport that it opened last."""

    transport: asyncio.Transport

    async def _create_connection(self, req: Any, traces: Any, timeout: Any) -> Any:
        protocol = await super()._create_connection(req, traces, timeout)
        assert protocol.transport is not None
        self.transport = protocol.transport
        return protocol


@asynchronous
async def test_what_cannot_have_tls_is_not_left_open() -> None:
    async with Origin() as origin:
        connector = Keeping()
        async with ClientSession(connector=connector) as session:
            with pytest.raises(ClientConnectorSSLError):
                await session.get(f"https://127.0.0.1:{origin.port}/", server_hostname="a..b")
            assert connector.transport.is_closing()


@asynchronous
async def test_a_hook_may_be_replaced_in_the_class_or_in_one_connector() -> None:
    async with Origin() as origin, ClientSession() as session, ClientSession() as other:
        url = f"http://a.example:{origin.port}/json"
        found = AsyncMock(return_value=await TCPConnector()._resolve_host("127.0.0.1", origin.port))
        with patch.object(TCPConnector, "_resolve_host", found):
            async with session.get(url) as response:
                assert response.status == 200
        with patch.object(other.connector, "_resolve_host", found):
            async with other.get(url) as response:
                assert response.status == 200
            async with ClientSession() as untouched:
                with pytest.raises(ClientConnectorError):
                    await untouched.get(url)
        assert found.await_count == 2


@asynchronous
async def test_allowed_addresses_are_kept_though_a_hook_was_replaced_later() -> None:
    async with (
        Origin() as origin,
        TCPConnector(allowed_addresses=lambda address: True) as connector,
        ClientSession(connector=connector) as session,
    ):
        with patch.object(connector, "_wrap_create_connection", AsyncMock()) as hook:
            with pytest.raises(ValueError, match=r"allowed_addresses .* _wrap_create_connection"):
                await session.get(origin.url("/json"))
            hook.assert_not_called()


@asynchronous
async def test_no_hook_goes_past_a_socks_proxy() -> None:
    async with Origin() as origin:
        connector = Elsewhere("127.0.0.1", origin.port)
        async with ClientSession(connector=connector) as session:
            with pytest.raises(ValueError, match=r"SOCKS .* _wrap_create_connection"):
                await session.get(origin.url("/json"), proxy="socks5h://127.0.0.1:1")
        assert connector.told == []
        assert origin.accepted == 0


def test_allowed_addresses_are_not_promised_where_they_cannot_be_kept() -> None:
    with pytest.raises(ValueError, match=r"allowed_addresses .* _wrap_create_connection"):
        Elsewhere("127.0.0.1", 1, allowed_addresses="public")


@asynchronous
async def test_what_a_connector_has_can_be_looked_at() -> None:
    async with Origin() as origin, TCPConnector(limit=3, limit_per_host=2) as connector:
        async with ClientSession(connector=connector) as session:
            response = await session.get(origin.url("/slow-body/10/5"))
            (used,) = connector._acquired
            assert connector._available_connections(used.route) == 1
            assert connector._conns == {}
            response.close()
        assert connector._close() == []
        assert connector.closed
    async with TCPConnector(limit=0) as connector:
        assert connector._available_connections(used.route) == 1
