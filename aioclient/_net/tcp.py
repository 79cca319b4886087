"""Opens links over TCP, with TLS on top where the route says so."""

import asyncio
import contextlib
import errno
import os
import socket
import ssl
from typing import Final, NoReturn

from aioclient._net.link import Receiver, TransportLink
from aioclient._net.resolver import resolve
from aioclient._net.route import Route
from aioclient._net.tls import check_fingerprint, context_for
from aioclient._timeout import ClientTimeout
from aioclient.errors import (
    ClientConnectorCertificateError,
    ClientConnectorDNSError,
    ClientConnectorError,
    ClientConnectorSSLError,
    ConnectionTimeoutError,
    ServerFingerprintMismatch,
)

#: RFC 8305 section 5: the pause before the next address is tried as well.
HAPPY_EYEBALLS_DELAY_S = 0.25
#: What the Proactor loop reports by a number of Windows, which Python takes for "invalid argument":
#: ERROR_SEM_TIMEOUT, ERROR_CONNECTION_REFUSED, ERROR_NETWORK_UNREACHABLE, ERROR_HOST_UNREACHABLE.
_ERRNO_OF_WINDOWS: Final = {
    121: errno.ETIMEDOUT,
    1225: errno.ECONNREFUSED,
    1231: errno.ENETUNREACH,
    1232: errno.EHOSTUNREACH,
}


async def open_tcp_link(
    route: Route,
    receiver: Receiver,
    loop: asyncio.AbstractEventLoop,
    timeout: ClientTimeout,
) -> TransportLink:
    """A link to the route's host: name, TCP (addresses tried as in RFC 8305), TLS.

    `timeout.sock_connect` is for all three together, `timeout.tls` for the last. Raises
    ConnectionTimeoutError or a ClientConnectorError; nothing stays open then, nor on cancellation.
    """
    started_at = loop.time()
    tls_started_at = 0.0
    tls_timer = None
    try:
        async with asyncio.timeout(timeout.sock_connect or None):
            context = await context_for(route.ssl, loop) if route.is_ssl else None
            sock = await _connected_socket(route, loop)
            tls_started_at = loop.time()
            async with asyncio.timeout((context and timeout.tls) or None) as tls_timer:
                return await _link_over(sock, context, route, receiver, loop)
    except TimeoutError as error:
        # A timeout of the operating system is an OSError with a number; ours has none.
        if error.errno is not None:
            raise ClientConnectorError(route, error) from error
        limit, limit_s, phase = "sock_connect", timeout.sock_connect, "connect"
        if tls_timer is not None and tls_timer.expired():
            limit, limit_s, phase = "tls", timeout.tls, "tls"
            started_at = tls_started_at
        elapsed_s = loop.time() - started_at
        raise ConnectionTimeoutError.passed(
            limit, limit_s or 0.0, elapsed_s, phase, route
        ) from error


async def _connected_socket(route: Route, loop: asyncio.AbstractEventLoop) -> socket.socket:
    try:
        addresses = await resolve(route.host, route.port, loop)
    except (OSError, UnicodeError) as error:
        reason = error if isinstance(error, OSError) else OSError(None, str(error))
        raise ClientConnectorDNSError(route, reason) from error
    from aiohappyeyeballs import start_connection  # late: not before something is connected to

    try:
        sock = await start_connection(
            addresses, happy_eyeballs_delay=HAPPY_EYEBALLS_DELAY_S, interleave=1, loop=loop
        )
    except TimeoutError as error:
        if error.errno is None:
            raise  # the limit of our caller
        raise ClientConnectorError(route, error) from error
    except OSError as error:
        raise ClientConnectorError(route, _plain(error)) from error
    # A request goes out in one write; waiting for more to send would only delay it.
    with contextlib.suppress(OSError):
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return sock


def _plain(error: OSError) -> OSError:
    """The system's own words for an error that asyncio words as a failed call to an address."""
    if error.errno is None:
        return error
    code = getattr(error, "winerror", None)
    if code is not None:
        return type(error)(_ERRNO_OF_WINDOWS.get(code, error.errno), error.strerror)
    return type(error)(error.errno, os.strerror(error.errno))


async def _link_over(
    sock: socket.socket,
    context: ssl.SSLContext | None,
    route: Route,
    receiver: Receiver,
    loop: asyncio.AbstractEventLoop,
) -> TransportLink:
    """A link over a connected socket, which is the transport's from here on."""
    name = None if context is None else route.server_hostname or route.host
    try:
        transport, link = await loop.create_connection(
            lambda: TransportLink(receiver, loop), sock=sock, ssl=context, server_hostname=name
        )
    except OSError as error:
        _raise_tls_error(route, error)
    try:
        check_fingerprint(route.ssl, transport, route)
    except ServerFingerprintMismatch:
        transport.abort()
        raise
    return link


def _raise_tls_error(route: Route, error: OSError) -> NoReturn:
    if isinstance(error, ssl.CertificateError):
        raise ClientConnectorCertificateError(route, error) from error
    if isinstance(error, ssl.SSLError):
        raise ClientConnectorSSLError(route, error) from error
    if isinstance(error, TimeoutError) and error.errno is None:
        raise error  # the limit of our caller
    raise ClientConnectorError(route, error) from error
