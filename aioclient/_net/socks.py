"""Connects sockets through SOCKS proxies: SOCKS4, 4a, 5, 5h.

The connection to the proxy itself is made as any other; what is said over it is python-socks'. That
library connects by itself, too, but lets another proxy do it ("forward"): that one is an object of
ours which hands over the socket that is there already.

socks4 and socks5 resolve names here, and the next address is tried where the proxy could not reach
one; socks4a and socks5h leave that to the proxy. Addresses are sent as such in any case.

RFC 1928 (SOCKS5), RFC 1929 (its login and password). SOCKS4 and 4a have no RFC but two memos of
their authors, "SOCKS: A protocol for TCP proxy across firewalls" and "SOCKS 4A".
"""

import asyncio
import errno
import socket
from collections.abc import Awaitable, Callable, Sequence
from itertools import zip_longest
from typing import TYPE_CHECKING, Final, NamedTuple, cast

from aioclient._auth.basic import BasicAuth
from aioclient._net.address_guard import AddressGuard, only_allowed
from aioclient._net.names import AddrInfo, numeric_address
from aioclient._net.open_link import Connect
from aioclient._net.route import SOCKS_SCHEMES, Proxy, Route
from aioclient.errors import (
    AddressNotAllowedError,
    ClientConnectorDNSError,
    ClientConnectorError,
    ClientProxyConnectionError,
    ConnectAttempt,
)

if TYPE_CHECKING:
    from python_socks.async_.asyncio import Proxy as SocksClient

#: How many addresses of a host a proxy is asked for, over a new connection each time.
MAX_TRIES: Final = 4
#: RFC 1928 section 4: the length of a name is sent as one byte. SOCKS4a has no limit; DNS has this.
MAX_NAME_BYTES: Final = 255
#: RFC 1929 section 2: so are those of login and password.
MAX_CREDENTIAL_BYTES: Final = 255

#: The first version that lets another proxy connect.
_MIN_PYTHON_SOCKS: Final = 3
#: The library ends a handshake after a minute unless it is told another time. Ours are elsewhere.
_NEVER_S: Final = 86400.0 * 365
_SOCKS4: Final = frozenset({"socks4", "socks4a"})
#: Of these it is the proxy that resolves names.
_RESOLVING: Final = frozenset({"socks4a", "socks5h"})


class _Reply(NamedTuple):
    """What a proxy says that does not connect."""

    words: str
    code: int | None = None
    #: It is about the host, not about the proxy or the user.
    is_of_host: bool = False
    #: Another address of the host may do.
    tries_next: bool = False


#: RFC 1928 section 6; from 91 on those of SOCKS4, of which the first says nothing in particular.
_REPLIES: Final = {
    1: _Reply("general failure of the proxy"),
    2: _Reply("not allowed by its rules", errno.EACCES),
    3: _Reply("network unreachable", errno.ENETUNREACH, is_of_host=True, tries_next=True),
    4: _Reply("host unreachable", errno.EHOSTUNREACH, is_of_host=True, tries_next=True),
    5: _Reply("connection refused", errno.ECONNREFUSED, is_of_host=True, tries_next=True),
    6: _Reply("TTL expired", errno.ETIMEDOUT, is_of_host=True),
    7: _Reply("it does not know the command to connect", errno.EOPNOTSUPP),
    8: _Reply("it does not support this type of address", errno.EAFNOSUPPORT, tries_next=True),
    91: _Reply("rejected or failed"),
    92: _Reply("it cannot ask identd on this machine for the user id", errno.EACCES),
    93: _Reply("identd on this machine reports another user id", errno.EACCES),
}


class _Refusal(NamedTuple):
    """Why there is no connection to an address."""

    os_error: OSError
    is_of_host: bool = False
    tries_next: bool = False


class SocksDialer:
    """Connects to the hosts of routes whose proxy is a SOCKS server.

    Arguments: `connect` gives sockets that are connected to the proxies themselves, and raises
    ClientProxyConnectionError; `lookup` gives the addresses of hosts, as `DnsCache.lookup`; `guard`
    says which of them may be connected to.
    """

    __slots__ = ("_connect", "_guard", "_lookup")

    def __init__(
        self,
        connect: Connect,
        lookup: Callable[[str, int], Awaitable[list[AddrInfo]]],
        guard: AddressGuard | None = None,
    ) -> None:
        self._connect = connect
        self._lookup = lookup
        self._guard = guard

    async def connect(self, route: Route, loop: asyncio.AbstractEventLoop) -> socket.socket:
        """A socket that is connected to the route's host by way of its proxy.

        Raises ClientProxyConnectionError if the proxy cannot be reached, does not take us or does
        not make sense; ClientConnectorError if it says that the host cannot be reached, with each
        address that it was asked for in `attempts`, and AddressNotAllowedError; ValueError as
        `check_socks_auth`; RuntimeError as `check_python_socks`. Cancelling closes what was opened.
        """
        proxy = route.proxy
        if proxy is None or proxy.scheme not in SOCKS_SCHEMES:
            raise ValueError(f"a SOCKS proxy is needed, the route has {proxy!r}")
        check_socks_auth(proxy)
        check_python_socks()
        refusals: list[_Refusal] = []
        attempts: list[ConnectAttempt] = []
        for host in await self._hosts(route, proxy):
            sock = await self._connect(proxy.route, loop)
            refusal = await _handshake(sock, proxy, host, route.port, loop)
            if refusal is None:
                return sock
            refusals.append(refusal)
            attempts.append(ConnectAttempt(host, route.port, refusal.os_error))
            if not refusal.tries_next:
                break
        raise _failure(route, proxy, refusals, attempts)

    async def _hosts(self, route: Route, proxy: Proxy) -> list[str]:
        """What the proxy is asked to connect to, one after the other: addresses, or the name."""
        literal = _literal(route)
        if literal is not None:
            addresses = [literal]
        elif proxy.scheme in _RESOLVING:
            if self._guard is not None:
                raise AddressNotAllowedError(route, ())
            _check_name(route.host, proxy)
            return [route.host]
        else:
            try:
                addresses = await self._lookup(route.host, route.port)
            except OSError as error:
                raise ClientConnectorDNSError(route, error) from error
        if self._guard is not None:
            addresses = only_allowed(self._guard, addresses, route)
        return [address[4][0] for address in _in_turns(_sendable(addresses, route, proxy))]


def check_socks_auth(proxy: Proxy) -> None:
    """Raise ValueError for credentials that cannot be told to a SOCKS proxy.

    SOCKS5 has a login and a password of 1 to 255 bytes each (RFC 1929), SOCKS4 a user id, which
    ends at a zero byte. Neither says how to encode what is not ASCII.
    """
    # No variables for them: there are tools that print those with an error.
    if proxy.auth is not None and not isinstance(proxy.auth, BasicAuth):
        raise ValueError("a ProxyDigestAuth is for HTTP proxies, and this is a SOCKS proxy")
    if proxy.auth is None:
        return
    if proxy.scheme in _SOCKS4:
        if proxy.auth.password:
            raise ValueError(f"{proxy.scheme} has no passwords, only a user id; socks5 has both")
        if not proxy.auth.login.isascii() or "\0" in proxy.auth.login:
            raise ValueError(f"the user id for {proxy.scheme} must be ASCII, without a zero byte")
    elif not _is_credential(proxy.auth.login):
        raise ValueError(_credential_rule("login", proxy))
    elif not _is_credential(proxy.auth.password):
        raise ValueError(_credential_rule("password", proxy))


def _is_credential(text: str) -> bool:
    return text.isascii() and 1 <= len(text) <= MAX_CREDENTIAL_BYTES


def _credential_rule(name: str, proxy: Proxy) -> str:
    return (
        f"the {name} for {proxy.scheme} must be 1 to {MAX_CREDENTIAL_BYTES} characters of ASCII "
        "(RFC 1929)"
    )


def check_python_socks() -> None:
    """Raise RuntimeError without python-socks 3 (the extra `aioclient-http[socks]`)."""
    try:
        import python_socks  # late: optional, and takes 20 ms
    except ImportError as error:
        raise RuntimeError(_needs("is not installed")) from error
    if int(python_socks.__version__.partition(".")[0]) < _MIN_PYTHON_SOCKS:
        raise RuntimeError(_needs(f"is {python_socks.__version__}"))


def _needs(what_there_is: str) -> str:
    return (
        f"SOCKS proxies need python-socks {_MIN_PYTHON_SOCKS} or newer, which {what_there_is}: "
        "pip install 'aioclient-http[socks]'"
    )


# --- what is asked for ---------------------------------------------------------------------------


def _literal(route: Route) -> AddrInfo | None:
    """The address that the route's host is, or None if it is a name."""
    host, _, zone = route.host.partition("%")
    literal = numeric_address(host, route.port)
    if literal is not None and zone:
        # RFC 4007 section 11: a zone is an interface of this machine. The protocol cannot say one,
        # and without it the proxy would look for the address on a link of its own.
        why = "the zone of the address has a meaning on this machine only, not to a SOCKS proxy"
        raise ClientConnectorError(route, OSError(errno.EADDRNOTAVAIL, why))
    return literal


def _sendable(addresses: list[AddrInfo], route: Route, proxy: Proxy) -> list[AddrInfo]:
    """The addresses that the protocol can say: without a zone, in SOCKS4 those of IPv4."""
    sendable = [address for address in addresses if not any(address[4][3:])]
    if not sendable:
        why = "each address of the host has a zone, which means nothing to a SOCKS proxy"
        raise ClientConnectorError(route, OSError(errno.EADDRNOTAVAIL, why))
    if proxy.scheme not in _SOCKS4:
        return sendable
    of_ipv4 = [address for address in sendable if address[0] == socket.AF_INET]
    if not of_ipv4:
        why = "SOCKS4 has no IPv6 addresses, and the host has no other; socks5 has both"
        raise ClientConnectorError(route, OSError(errno.EAFNOSUPPORT, why))
    return of_ipv4


def _in_turns(addresses: list[AddrInfo]) -> list[AddrInfo]:
    """Those that are tried. Families take turns (RFC 8305 section 4): a proxy may have but one."""
    by_family: dict[int, list[AddrInfo]] = {}
    for address in addresses:
        by_family.setdefault(address[0], []).append(address)
    turns = zip_longest(*by_family.values())
    return [address for turn in turns for address in turn if address is not None][:MAX_TRIES]


def _check_name(name: str, proxy: Proxy) -> None:
    """Raise ClientProxyConnectionError for a name that the protocol cannot say."""
    try:
        encoded = name.encode("idna")  # as the library does
    except UnicodeError as error:
        why = f"it cannot be told the host name {name[:100]!r}: {error}"
        raise ClientProxyConnectionError(proxy.route, OSError(errno.EINVAL, why)) from error
    if not 1 <= len(encoded) <= MAX_NAME_BYTES or 0 in encoded:
        why = (
            f"it cannot be told the host name {name[:100]!r}: that takes 1 to {MAX_NAME_BYTES} "
            f"bytes, none of them zero, got {len(encoded)}"
        )
        raise ClientProxyConnectionError(proxy.route, OSError(errno.EINVAL, why))


# --- how it is asked for -------------------------------------------------------------------------


class _Connected:
    """Stands in for a proxy before the proxy, and is connected already."""

    __slots__ = ("_sock",)

    def __init__(self, sock: socket.socket) -> None:
        self._sock = sock

    async def connect(
        self, dest_host: str, dest_port: int, timeout: float | None = None
    ) -> socket.socket:
        """The socket."""
        return self._sock


async def _handshake(
    sock: socket.socket, proxy: Proxy, host: str, port: int, loop: asyncio.AbstractEventLoop
) -> _Refusal | None:
    """Make the proxy connect. The socket stays open only if it did."""
    is_connected = False
    try:
        client = _client(sock, proxy, loop)
        refusal = await _asked(client, proxy, host, port)
        is_connected = refusal is None
    finally:
        if not is_connected:
            sock.close()
    return refusal


async def _asked(client: "SocksClient", proxy: Proxy, host: str, port: int) -> _Refusal | None:
    """What was refused, if anything was.

    An error is returned, not raised: raised from the library's, it would lead to frames whose
    variables have the password in plain, and there are tools that print those.
    """
    try:
        await client.connect(host, port, timeout=_NEVER_S)
    except Exception as error:  # it is foreign code, and reads what anybody may send
        return _refusal(error, proxy, host, port)
    return None


def _client(sock: socket.socket, proxy: Proxy, loop: asyncio.AbstractEventLoop) -> "SocksClient":
    from python_socks import ProxyType  # late: see above
    from python_socks.async_.asyncio import Proxy as SocksClient

    auth = proxy.auth if isinstance(proxy.auth, BasicAuth) else None  # as was checked
    return SocksClient(
        ProxyType.SOCKS4 if proxy.scheme in _SOCKS4 else ProxyType.SOCKS5,
        proxy.host,
        proxy.port,
        username=None if auth is None else auth.login,
        password=None if auth is None else auth.password,
        rdns=True,  # it gets addresses if names are resolved here
        # It wants no more of a proxy than this.
        forward=cast("SocksClient", _Connected(sock)),
        loop=loop,
    )


# --- what came of it -----------------------------------------------------------------------------


def _refusal(error: Exception, proxy: Proxy, host: str, port: int) -> _Refusal:
    """An error of the library in words of ours."""
    from python_socks import ProxyError  # late: see above

    code = error.error_code if isinstance(error, ProxyError) else None
    reply = None if code is None else _REPLIES.get(code)
    if reply is not None:
        if reply.is_of_host:
            words = f"the SOCKS proxy {_where(proxy.host, proxy.port)} says: {reply.words}"
        else:
            words = f"it does not connect to {_where(host, port)}: {reply.words}"
        return _Refusal(OSError(reply.code, words), reply.is_of_host, reply.tries_next)
    if isinstance(error.__cause__, OSError):
        error = error.__cause__  # what it takes for its own time limit
    failed = f"the {_protocol(proxy)} handshake failed"
    if isinstance(error, OSError):
        return _Refusal(OSError(error.errno, f"{failed}: {error.strerror or error}"))
    if not isinstance(error, ProxyError):
        return _Refusal(OSError(None, f"{failed}: its answer makes no sense ({error})"))
    return _Refusal(OSError(None, f"{failed}: {error}{_hint(str(error), proxy, host, port)}"))


def _hint(words: str, proxy: Proxy, host: str, port: int) -> str:
    """What the reason may be, for what the library says of an answer."""
    if "version" in words:
        return f" (it may not be a {_protocol(proxy)} proxy)"
    if "authentication" in words and proxy.auth is None:
        return " (it may want a login and a password)"
    if "closed" in words:
        return f" (some do so if they cannot connect to {_where(host, port)})"
    return ""


def _protocol(proxy: Proxy) -> str:
    return "SOCKS4" if proxy.scheme in _SOCKS4 else "SOCKS5"


def _failure(
    route: Route, proxy: Proxy, refusals: Sequence[_Refusal], attempts: Sequence[ConnectAttempt]
) -> ClientConnectorError:
    """What to raise when no address could be connected to: of the host, if one of them is."""
    of_host = [refusal for refusal in refusals if refusal.is_of_host]
    if not of_host:
        return ClientProxyConnectionError(proxy.route, refusals[-1].os_error)
    failure = ClientConnectorError(route, of_host[-1].os_error)
    failure.attempts = tuple(attempts)
    return failure


def _where(host: str, port: int) -> str:
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
