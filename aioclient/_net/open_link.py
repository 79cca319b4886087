"""Opens links over connected sockets, with TLS on top where it is wanted."""

import asyncio
import socket
import ssl
from collections.abc import Awaitable, Callable
from functools import partial
from typing import NamedTuple, TypeAlias

from aioclient._net.link import Receiver, TransportLink
from aioclient._net.route import Route, TlsWish
from aioclient._net.tls import context_for, pin_check
from aioclient._net.tls_link import TlsLink
from aioclient._net.tls_sessions import TlsSessions
from aioclient._timeout import ClientTimeout
from aioclient.errors import (
    ClientConnectorCertificateError,
    ClientConnectorError,
    ClientConnectorSSLError,
    ClientError,
    ConnectionTimeoutError,
)

#: Gives a connected socket for a route; raises ClientConnectorError, and leaves nothing open then,
#: nor on cancellation.
Connect: TypeAlias = Callable[[Route, asyncio.AbstractEventLoop], Awaitable[socket.socket]]


class TlsPolicy(NamedTuple):
    """What a connector has to say of TLS."""

    #: For routes that have no wish of their own.
    wish: TlsWish = True
    #: For how many seconds closing waits for the server's goodbye.
    shutdown_s: float = 0.5
    #: Those that may be resumed; None: none are.
    sessions: TlsSessions | None = None


def tls_policy(wish: TlsWish, shutdown_s: float, resumes: bool) -> TlsPolicy:
    """A policy with its own sessions, if they are to be resumed."""
    return TlsPolicy(wish, shutdown_s, TlsSessions() if resumes else None)


async def open_link(
    connect: Connect,
    route: Route,
    receiver: Receiver,
    loop: asyncio.AbstractEventLoop,
    timeout: ClientTimeout,
    policy: TlsPolicy,
) -> None:
    """Open a link to the route's host over a socket from `connect`, with TLS if the route says so.

    The receiver gets it as soon as it can be used, which is before this ends. `timeout.tls` is for
    the handshake. Raises a ClientConnectorError, ConnectionTimeoutError or
    ServerFingerprintMismatch; nothing stays open then, nor on cancellation.
    """
    if not route.is_ssl:
        await _open_transport_link(await connect(route, loop), route, receiver, loop)
        return
    tls = await _tls_link(route, receiver, loop, policy)
    sock = await connect(route, loop)
    started_at = loop.time()
    limiter = None
    if timeout.tls:
        limiter = loop.call_later(timeout.tls, _pass_limit, tls, timeout.tls, started_at, route)
    try:
        await _open_transport_link(sock, route, tls, loop)
        await tls.opened
    except BaseException as error:
        tls.abort()
        if isinstance(error, OSError) and not isinstance(error, ClientError):
            raise _tls_error(route, error) from error
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
    route: Route, receiver: Receiver, loop: asyncio.AbstractEventLoop, policy: TlsPolicy
) -> TlsLink:
    if route.ssl is True:
        route = route._replace(ssl=policy.wish)
    sessions = policy.sessions
    context = await context_for(route.ssl, loop)
    try:
        return TlsLink(
            receiver,
            loop,
            context,
            route.server_hostname or route.host,
            policy.shutdown_s,
            pin_check(route),
            None if sessions is None else sessions.take(route),
            None if sessions is None else partial(sessions.keep, route),
        )
    except ValueError as error:  # of the name
        raise ClientConnectorSSLError(route, OSError(None, str(error))) from error


def _pass_limit(tls: TlsLink, limit_s: float, started_at: float, route: Route) -> None:
    elapsed_s = asyncio.get_running_loop().time() - started_at
    tls.give_up(ConnectionTimeoutError.passed("tls", limit_s, elapsed_s, "tls", route))


def _tls_error(route: Route, error: OSError) -> ClientConnectorError:
    if isinstance(error, ssl.CertificateError):
        return ClientConnectorCertificateError(route, error)
    if isinstance(error, ssl.SSLError):
        return ClientConnectorSSLError(route, error)
    return ClientConnectorError(route, error)
