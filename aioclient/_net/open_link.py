"""Opens links over connected sockets, with TLS on top where it is wanted."""

import asyncio
import socket
import ssl
from collections.abc import Awaitable, Callable
from typing import TypeAlias

from aioclient._net.link import Receiver, TransportLink
from aioclient._net.route import Route
from aioclient._net.tls import context_for, pin_check
from aioclient._net.tls_link import TlsLink
from aioclient._timeout import ClientTimeout
from aioclient.errors import (
    ClientConnectorCertificateError,
    ClientConnectorError,
    ClientConnectorSSLError,
    ConnectionTimeoutError,
)

#: Gives a connected socket for a route; raises ClientConnectorError, and leaves nothing open then,
#: nor on cancellation.
Connect: TypeAlias = Callable[[Route, asyncio.AbstractEventLoop], Awaitable[socket.socket]]


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
    if not route.is_ssl:
        await _open_transport_link(await connect(route, loop), route, receiver, loop)
        return
    tls = await _tls_link(route, receiver, loop, shutdown_s)
    sock = await connect(route, loop)
    started_at = loop.time()
    limiter = None
    if timeout.tls:
        limiter = loop.call_later(timeout.tls, _pass_limit, tls, timeout.tls, started_at, route)
    try:
        await _open_transport_link(sock, route, tls, loop)
        await tls.opened
    except OSError as error:
        tls.abort()
        raise _tls_error(route, error) from error
    except BaseException:
        tls.abort()
        raise
    finally:
        tls.opened.cancel()
        if limiter is not None:
            limiter.cancel()


async def _open_transport_link(
    sock: socket.socket, route: Route, receiver: Receiver, loop: asyncio.AbstractEventLoop
) -> None:
    """From here on the socket is the transport's: it closes it, also if it cannot be made."""
    transport = None
    try:
        transport, _ = await loop.create_connection(
            lambda: TransportLink(receiver, loop), sock=sock
        )
    except OSError as error:
        raise ClientConnectorError(route, error) from error
    finally:
        # A loop in C closes the descriptor. In its first turn it does not tell the socket, which
        # would close it again when it may be somebody else's.
        is_over = transport is None or transport.is_closing()
        if is_over and not isinstance(loop, asyncio.BaseEventLoop):
            sock.detach()


async def _tls_link(
    route: Route, receiver: Receiver, loop: asyncio.AbstractEventLoop, shutdown_s: float
) -> TlsLink:
    context = await context_for(route.ssl, loop)
    name = route.server_hostname or route.host
    try:
        return TlsLink(receiver, loop, context, name, shutdown_s, pin_check(route))
    except ValueError as error:  # of the name
        raise ClientConnectorSSLError(route, OSError(None, str(error))) from error


def _pass_limit(tls: TlsLink, limit_s: float, started_at: float, route: Route) -> None:
    elapsed_s = asyncio.get_running_loop().time() - started_at
    tls.give_up(ConnectionTimeoutError.passed("tls", limit_s, elapsed_s, "tls", route))


def _tls_error(route: Route, error: OSError) -> Exception:
    if isinstance(error, ClientConnectorError | ConnectionTimeoutError):
        return error
    if isinstance(error, ssl.CertificateError):
        return ClientConnectorCertificateError(route, error)
    if isinstance(error, ssl.SSLError):
        return ClientConnectorSSLError(route, error)
    return ClientConnectorError(route, error)
