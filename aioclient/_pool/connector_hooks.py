"""What programs look at in a connector, or replace in a subclass, that know aiohttp's from inside.

Nothing here is on the way of a request, unless a subclass replaces how connections are opened. All
of it is listed in docs/compatibility.md.
"""

import asyncio
import socket
import ssl
from collections.abc import Awaitable, Callable, Sequence
from typing import TYPE_CHECKING, Self, cast

from yarl import URL

from aioclient._connection.http1 import Http1Connection
from aioclient._connection.interface import Connection
from aioclient._net.connect_error import connect_error
from aioclient._net.link import Receiver, TransportLink
from aioclient._net.names import AddrInfo, ResolveResult, numeric_address, resolve_result
from aioclient._net.route import Route, TlsWish
from aioclient._timeout import ClientTimeout
from aioclient.errors import (
    ClientConnectorCertificateError,
    ClientConnectorError,
    ClientConnectorSSLError,
    ClientError,
    ConnectionTimeoutError,
)

if TYPE_CHECKING:
    from aioclient._net.open_link import TlsPolicy


class ResponseHandler(asyncio.Protocol):
    """What a connection is given as while it is being opened by a hook: its transport, and no more.

    As soon as the hook is done, the transport belongs to the connector.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        #: None when it is gone, and before it is there.
        self.transport: asyncio.Transport | None = None
        #: Has it been told to wait with what it reads?
        self.is_paused: bool = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """The transport is there."""
        self.transport = cast("asyncio.Transport", transport)

    def connection_lost(self, exc: BaseException | None) -> None:
        """The transport is gone."""
        self.transport = None

    @property
    def connected(self) -> bool:
        """Is there a transport that is not closing?"""
        return self.transport is not None and not self.transport.is_closing()

    def is_connected(self) -> bool:
        """The same."""
        return self.connected

    def pause_reading(self) -> None:
        """For a `StreamReader` that is fed by hand: too much waits to be read."""
        self.is_paused = True

    def resume_reading(self) -> None:
        """The same: it may go on."""
        self.is_paused = False

    def close(self) -> None:
        """Close the transport."""
        if self.transport is not None:
            self.transport.close()


class ConnectRequest:
    """What a hook is told of whom the connection is for."""

    __slots__ = ("_route",)

    def __init__(self, route: Route) -> None:
        self._route = route

    @property
    def host(self) -> str:
        """The host to connect to."""
        return self._route.host

    @property
    def port(self) -> int:
        """Its port."""
        return self._route.port

    @property
    def url(self) -> URL:
        """Scheme, host and port: a connection is for all requests to these."""
        scheme = "https" if self._route.is_ssl else "http"
        return URL.build(scheme=scheme, host=self._route.host, port=self._route.port)

    @property
    def ssl(self) -> TlsWish:
        """What is wished of TLS; the connector sees to it, on the transport that a hook gives."""
        return self._route.ssl

    @property
    def server_hostname(self) -> str | None:
        """The name to ask for in TLS, if it is not the host."""
        return self._route.server_hostname

    @property
    def proxy(self) -> None:
        """No proxy: of an HTTP proxy, the connector sees to the tunnel."""
        return None

    @property
    def connection_key(self) -> Route:
        """What the errors of the connector know of the connection."""
        return self._route

    def to(self, host: str, port: int) -> Route:
        """The same by another name."""
        return self._route._replace(host=host, port=port)

    def is_ssl(self) -> bool:
        """Is it for https?"""
        return self._route.is_ssl


class _AdoptedLink(TransportLink):
    """A link over a transport that a hook opened."""

    __slots__ = ("_opened_by",)

    _opened_by: ResponseHandler

    @classmethod
    def over(
        cls, protocol: ResponseHandler, receiver: Receiver, loop: asyncio.AbstractEventLoop
    ) -> Self:
        """Take the transport of a protocol."""
        transport = cast("asyncio.Transport", protocol.transport)
        link = cls(receiver, loop)
        # It may hold what must live as long as the transport, a StreamWriter for instance.
        link._opened_by = protocol
        transport.set_protocol(link)
        link.connection_made(transport)
        return link


async def open_by_hooks(
    create: Callable[[ConnectRequest, list[object], ClientTimeout], Awaitable[ResponseHandler]],
    route: Route,
    timeout: ClientTimeout,
    opened: Callable[[Connection], None],
    policy: "TlsPolicy",
) -> None:
    """As `open_connection`, over a transport that `_create_connection` of a subclass gives.

    TLS is laid over it, unless it has TLS already; and a tunnel, if there is an HTTP proxy.
    """
    from aioclient._net.open_link import open_link  # late: with it comes all of TLS

    loop = asyncio.get_running_loop()
    connection = Http1Connection(route, loop)
    connection.on_open = opened

    protocol: ResponseHandler | None = None

    async def open_plain(plain: Route, receiver: Receiver, loop: asyncio.AbstractEventLoop) -> None:
        nonlocal protocol
        if protocol is None:
            given = await _created(create, plain, timeout)
        else:
            given, protocol = protocol, None
            _check_open(plain, given)  # it may have been closed meanwhile
        _AdoptedLink.over(given, receiver, loop)

    if route.is_ssl and route.proxy is None:
        protocol = await _created(create, route, timeout)
        if _has_tls(protocol.transport):
            _AdoptedLink.over(protocol, connection, loop)
            return
    try:
        await open_link(open_plain, route, connection, loop, timeout, policy)
    finally:
        if protocol is not None and protocol.transport is not None:  # it came to nothing before
            protocol.transport.abort()


async def _created(
    create: Callable[[ConnectRequest, list[object], ClientTimeout], Awaitable[ResponseHandler]],
    route: Route,
    timeout: ClientTimeout,
) -> ResponseHandler:
    """What a hook gives, with an open transport; errors of the system are those of a connector."""
    try:
        protocol = await create(ConnectRequest(route), [], timeout)
    except ClientError:
        raise
    except TimeoutError as error:  # a limit of its own
        raise ConnectionTimeoutError(
            f"what opens connections to {route.host}:{route.port} took too long: {error}"
        ) from error
    except ssl.SSLCertVerificationError as error:
        raise ClientConnectorCertificateError(route, error) from error
    except ssl.SSLError as error:
        raise ClientConnectorSSLError(route, error) from error
    except OSError as error:
        raise connect_error(route, error) from error
    _check_open(route, protocol)
    return protocol


def _check_open(route: Route, protocol: ResponseHandler) -> None:
    transport = protocol.transport
    if transport is None or transport.is_closing():
        raise connect_error(route, OSError("what opens connections gave no open transport"))


def _has_tls(transport: asyncio.BaseTransport | None) -> bool:
    return transport is not None and transport.get_extra_info("ssl_object") is not None


async def first_connected(
    connect: Callable[[Route, asyncio.AbstractEventLoop], Awaitable[socket.socket]],
    addr_infos: Sequence[AddrInfo],
    req: ConnectRequest,
    error_class: type[ClientConnectorError],
) -> socket.socket:
    """A socket that is connected to the first address that answers."""
    loop = asyncio.get_running_loop()
    error = OSError("there is no address to connect to")
    for *_, address in addr_infos:
        try:
            return await connect(req.to(address[0], address[1]), loop)
        except ClientConnectorError as failure:
            error = failure.os_error
    raise error_class(req.connection_key, error) from error


def is_address(host: str) -> bool:
    """Is it an IP address, and no name?"""
    return numeric_address(host, 0) is not None


def addr_info_of(result: ResolveResult) -> AddrInfo:
    """What a resolver found, as `socket.getaddrinfo` gives it."""
    sockaddr = (result["host"], result["port"])
    return (result["family"], socket.SOCK_STREAM, result["proto"], "", sockaddr)


def result_of(host: str, info: AddrInfo) -> ResolveResult:
    """The same the other way round."""
    return resolve_result(host, info[4][0], info[4][1], info[0])
