"""Opens links over connected sockets, with TLS on top where it is wanted."""

import asyncio
import socket
import ssl
from collections.abc import Awaitable, Callable
from typing import NoReturn, TypeAlias, cast

from aioclient._net.link import Receiver, TransportLink
from aioclient._net.route import Route
from aioclient._net.tls import check_fingerprint, context_for
from aioclient._timeout import ClientTimeout
from aioclient.errors import (
    ClientConnectorCertificateError,
    ClientConnectorError,
    ClientConnectorSSLError,
    ConnectionTimeoutError,
    ServerFingerprintMismatch,
)

#: Gives a connected socket for a route; raises ClientConnectorError, and leaves nothing open then,
#: nor on cancellation.
Connect: TypeAlias = Callable[[Route, asyncio.AbstractEventLoop], Awaitable[socket.socket]]

# asyncio's own limit for a handshake; ours are shorter, or there is none.
_NO_LIMIT_S = 1e6


async def open_link(
    connect: Connect,
    route: Route,
    receiver: Receiver,
    loop: asyncio.AbstractEventLoop,
    timeout: ClientTimeout,
    shutdown_s: float,
) -> None:
    """Open a link to the route's host over a socket from `connect`, with TLS if the route says so.

    The receiver gets it as soon as it can be used, which is before this ends. `timeout.tls` is for
    the handshake; when it is closed, TLS has `shutdown_s` seconds for its goodbye. Raises a
    ClientConnectorError, ConnectionTimeoutError or ServerFingerprintMismatch; nothing stays open
    then, nor on cancellation.
    """
    context = await context_for(route.ssl, loop) if route.is_ssl else None
    sock = await connect(route, loop)
    # From here on the socket is the transport's: it closes it, also if it cannot be made.
    transport = None
    try:
        if context is None:
            transport = await _open_plain_link(sock, route, receiver, loop)
        else:
            transport = await _open_tls_link(
                sock, context, route, receiver, loop, timeout.tls, shutdown_s
            )
    finally:
        # A loop in C closes the descriptor. In its first turn it does not tell the socket, which
        # would close it again when it may be somebody else's.
        is_over = transport is None or transport.is_closing()
        if is_over and not isinstance(loop, asyncio.BaseEventLoop):
            sock.detach()


async def _open_plain_link(
    sock: socket.socket, route: Route, receiver: Receiver, loop: asyncio.AbstractEventLoop
) -> asyncio.BaseTransport:
    try:
        transport, _ = await loop.create_connection(
            lambda: TransportLink(receiver, loop), sock=sock
        )
    except OSError as error:
        raise ClientConnectorError(route, error) from error
    return transport


async def _open_tls_link(
    sock: socket.socket,
    context: ssl.SSLContext,
    route: Route,
    receiver: Receiver,
    loop: asyncio.AbstractEventLoop,
    limit_s: float | None,
    shutdown_s: float,
) -> asyncio.BaseTransport:
    started_at = loop.time()
    try:
        async with asyncio.timeout(limit_s or None) as timer:
            link = _TimedLink(receiver, loop, timer)
            try:
                transport, _ = await loop.create_connection(
                    lambda: link,
                    sock=sock,
                    ssl=context,
                    server_hostname=route.server_hostname or route.host,
                    ssl_handshake_timeout=_NO_LIMIT_S,
                    ssl_shutdown_timeout=max(shutdown_s, 0.001),  # 0 is refused
                )
            except BaseException:
                # If it was open already, asyncio would take the time for a goodbye.
                link.abort()
                raise
    except OSError as error:
        if isinstance(error, TimeoutError) and error.errno is None:  # the system's has a number
            elapsed_s = loop.time() - started_at
            raise ConnectionTimeoutError.passed(
                "tls", limit_s or 0.0, elapsed_s, "tls", route
            ) from error
        _raise_tls_error(route, error)
    try:
        check_fingerprint(route.ssl, transport, route)
    except ServerFingerprintMismatch:
        transport.abort()
        raise
    return transport


class _TimedLink(TransportLink):
    """A link whose opening has a limit, which counts no more once it is open."""

    __slots__ = ("_timer",)

    def __init__(
        self, receiver: Receiver, loop: asyncio.AbstractEventLoop, timer: asyncio.Timeout
    ) -> None:
        super().__init__(receiver, loop)
        self._timer = timer

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        if self._timer.expired():
            cast("asyncio.Transport", transport).abort()
            return
        self._timer.reschedule(None)
        super().connection_made(transport)


def _raise_tls_error(route: Route, error: OSError) -> NoReturn:
    if isinstance(error, ssl.CertificateError):
        raise ClientConnectorCertificateError(route, error) from error
    if isinstance(error, ssl.SSLError):
        raise ClientConnectorSSLError(route, error) from error
    raise ClientConnectorError(route, error) from error
