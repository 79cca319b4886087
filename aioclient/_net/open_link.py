"""Opens links over whatever can be connected to, with TLS on top where it is wanted."""

import asyncio
import socket
import ssl
from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from typing import TYPE_CHECKING, Final, NamedTuple, TypeAlias

from aioclient._auth.basic import BasicAuth
from aioclient._http.events import ResponseHead
from aioclient._http.fields import to_multidict
from aioclient._net.connect_error import connect_error
from aioclient._net.link import Receiver, TransportLink
from aioclient._net.route import Proxy, Route, TlsWish
from aioclient._net.tls import context_for, pin_check
from aioclient._net.tls_link import TlsLink
from aioclient._net.tls_sessions import TlsSessions
from aioclient._observer import Observer, current_observer
from aioclient._timeout import ClientTimeout
from aioclient.errors import (
    ClientConnectorCertificateError,
    ClientConnectorError,
    ClientConnectorSSLError,
    ClientError,
    ClientHttpProxyError,
    ConnectionTimeoutError,
)

if TYPE_CHECKING:
    from aioclient._auth.digest import DigestChallenge
    from aioclient._auth.proxy_digest import ProxyAnswers

_INFO: Final = "proxy-authentication-info"

#: Gives a connected socket for a route; raises ClientConnectorError, and leaves nothing open then,
#: nor on cancellation.
Connect: TypeAlias = Callable[[Route, asyncio.AbstractEventLoop], Awaitable[socket.socket]]
#: Opens a link without TLS to a route and hands it to the receiver. Raises as above.
OpenPlain: TypeAlias = Callable[[Route, Receiver, asyncio.AbstractEventLoop], Awaitable[None]]


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
    open_plain: OpenPlain,
    route: Route,
    receiver: Receiver,
    loop: asyncio.AbstractEventLoop,
    timeout: ClientTimeout,
    policy: TlsPolicy,
) -> None:
    """Open a link to the route's host by `open_plain`, with TLS if the route says so.

    The way there may be a tunnel through an HTTP proxy, which is made here. The receiver gets the
    link as soon as it can be used, which is before this ends. `timeout.tls` is for each handshake.
    Raises a ClientConnectorError, ConnectionTimeoutError, ClientHttpProxyError or
    ServerFingerprintMismatch; nothing stays open then, nor on cancellation.
    """
    proxy = route.proxy
    if proxy is not None and not proxy.forwards and not proxy.is_socks:
        open_to_proxy = partial(_open_link, open_plain, timeout=timeout, policy=policy)
        open_plain = partial(_open_tunnel, open_to_proxy, proxy)
    await _open_link(open_plain, route, receiver, loop, timeout, policy)


async def _open_tunnel(
    open_to_proxy: OpenPlain,
    proxy: Proxy,
    route: Route,
    receiver: Receiver,
    loop: asyncio.AbstractEventLoop,
) -> None:
    """As `OpenPlain`: the link leads through the proxy."""
    answers = None
    if proxy.auth is not None and not isinstance(proxy.auth, BasicAuth):
        answers = proxy.auth.answers((proxy.scheme, proxy.host, proxy.port))
    while True:
        try:
            head = await _try_tunnel(open_to_proxy, proxy, route, receiver, loop, answers)
            if answers is not None:
                answers.accepted(_said(to_multidict(head.field_section), _INFO))
            return
        except ClientHttpProxyError as error:
            if answers is None:
                raise
            if error.status != 407:  # it is about another thing
                answers.accepted(_said(error.headers, _INFO))
                raise
            # RFC 9110 section 15.5.8. Over another connection, whatever becomes of this one.
            if not answers.challenged(_challenge(error)):
                raise


def _challenge(refusal: ClientHttpProxyError) -> "DigestChallenge | None":
    """What a proxy asks for that can be answered; CONNECT has a body that is known: none."""
    # late: not before there is a proxy that asks
    from aioclient._auth.challenge import parse_challenges
    from aioclient._auth.digest import strongest_challenge

    return strongest_challenge(parse_challenges(_said(refusal.headers, "proxy-authenticate")))


def _said(headers: Mapping[str, str] | None, lower_name: str) -> list[str]:
    """The values of the fields with a name."""
    fields = (headers or {}).items()
    return [value for name, value in fields if name.lower() == lower_name]


async def _try_tunnel(
    open_to_proxy: OpenPlain,
    proxy: Proxy,
    route: Route,
    receiver: Receiver,
    loop: asyncio.AbstractEventLoop,
    answers: "ProxyAnswers | None",
) -> ResponseHead:
    """One try; gives the head by which the proxy agrees."""
    from aioclient._net.tunnel import Tunnel  # late: not before there is a proxy

    tunnel = Tunnel(route, proxy, receiver, loop, answers)
    try:
        await open_to_proxy(proxy.route, tunnel, loop)
        return await tunnel.opened
    except BaseException:
        tunnel.abort()
        raise
    finally:
        tunnel.opened.cancel()


async def _open_link(
    open_plain: OpenPlain,
    route: Route,
    receiver: Receiver,
    loop: asyncio.AbstractEventLoop,
    timeout: ClientTimeout,
    policy: TlsPolicy,
) -> None:
    """As `open_link`, after the question of the way."""
    if not route.is_ssl:
        await open_plain(route, receiver, loop)
        return
    tls = await _tls_link(route, receiver, loop, policy)
    limiter = None
    limit_s = timeout.tls
    if limit_s:
        limit = _HandshakeLimit(tls, limit_s, route, loop)
        tls.on_begin = limit.start
        limiter = limit
    try:
        await open_plain(route, tls, loop)
        observer = current_observer()
        if observer is None:
            await tls.opened
        else:
            await _opened_for_observer(tls, route.host, observer)
    except BaseException as error:
        tls.abort()
        if isinstance(error, OSError) and not isinstance(error, ClientError):
            raise _tls_error(route, error, tls) from error
        raise
    finally:
        tls.opened.cancel()
        if limiter is not None:
            limiter.stop()


async def _opened_for_observer(tls: TlsLink, host: str, observer: Observer) -> None:
    """Wait until the handshake, which is under way, is done, and tell of both ends of it."""
    await observer.tls_handshake_start(host)
    await tls.opened
    await observer.tls_handshake_end(host, *tls.agreed)


class _HandshakeLimit:
    """Ends a handshake that takes too long."""

    __slots__ = ("_limit_s", "_loop", "_route", "_started_at", "_timer", "_tls")

    def __init__(
        self, tls: TlsLink, limit_s: float, route: Route, loop: asyncio.AbstractEventLoop
    ) -> None:
        self._tls = tls
        self._limit_s = limit_s
        self._route = route
        self._loop = loop
        self._started_at = 0.0
        self._timer: asyncio.TimerHandle | None = None

    def start(self) -> None:
        """The handshake begins."""
        self._started_at = self._loop.time()
        self._timer = self._loop.call_later(self._limit_s, self._pass)

    def stop(self) -> None:
        """It has ended."""
        if self._timer is not None:
            self._timer.cancel()

    def _pass(self) -> None:
        elapsed_s = self._loop.time() - self._started_at
        self._tls.give_up(
            ConnectionTimeoutError.passed("tls", self._limit_s, elapsed_s, "tls", self._route)
        )


async def open_socket_link(
    connect: Connect, route: Route, receiver: Receiver, loop: asyncio.AbstractEventLoop
) -> None:
    """Open a link without TLS over a socket from `connect`.

    Raises ClientConnectorError. From then on the socket is the transport's: it closes it, also if
    it cannot be made.
    """
    sock = await connect(route, loop)
    transport = None
    link = TransportLink(receiver, loop)
    try:
        transport, _ = await loop.create_connection(lambda: link, sock=sock)
    except OSError as error:
        raise connect_error(route, error) from error
    finally:
        # A loop in C closes the descriptor. In its first turn it does not tell the socket, which
        # would close it again when it may be somebody else's. Nor does it tell the link, if this is
        # cancelled when that was made already.
        is_over = transport is None or transport.is_closing()
        if is_over and not isinstance(loop, asyncio.BaseEventLoop):
            sock.detach()
            if transport is None:
                loop.call_soon(link.lose)


async def _tls_link(
    route: Route, receiver: Receiver, loop: asyncio.AbstractEventLoop, policy: TlsPolicy
) -> TlsLink:
    if route.ssl is True and not route.is_to_proxy:  # a proxy has a wish of its own
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
            None if sessions is None else sessions.of(route),
        )
    except ValueError as error:  # of the name
        raise ClientConnectorSSLError(route, OSError(None, str(error))) from error


def _tls_error(route: Route, error: OSError, tls: TlsLink) -> ClientConnectorError:
    if isinstance(error, ssl.CertificateError):
        refused = ClientConnectorCertificateError(route, error)
        der = tls.shown_certificate()
        if der is not None:
            # late: only for the message of this error
            from aioclient._net.certificate import certificate_facts

            refused.certificate = certificate_facts(der)
        return refused
    if isinstance(error, ssl.SSLError):
        return ClientConnectorSSLError(route, error)
    return connect_error(route, error)
