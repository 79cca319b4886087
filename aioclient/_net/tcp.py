"""Connects sockets over TCP: names to addresses, the addresses tried as in RFC 8305."""

import asyncio
import contextlib
import errno
import os
import socket
import sys
from collections.abc import Callable, Sequence
from typing import Final, TypeAlias, cast

from aioclient._net.address_guard import AddressGuard, only_allowed
from aioclient._net.connect_error import connect_error
from aioclient._net.dns_cache import DnsCache
from aioclient._net.names import FAMILY_NAMES, AddrInfo, SockAddr, numeric_address
from aioclient._net.route import Route
from aioclient.errors import (
    ClientConnectorDNSError,
    ClientConnectorError,
    ClientProxyConnectionError,
    ConnectAttempt,
)

#: An address to connect to, as `socket.getaddrinfo` gives it: family, type, protocol, the canonical
#: name, which is often empty, and what `connect` takes.
AddrInfoType: TypeAlias = AddrInfo
#: Makes the socket for an address.
SocketFactoryType: TypeAlias = Callable[[AddrInfoType], socket.socket]
#: Arguments of `socket.setsockopt`.
SocketOption: TypeAlias = tuple[int, int, int | bytes]
#: What the Proactor loop reports by a number of Windows, which Python takes for "invalid argument":
#: ERROR_SEM_TIMEOUT, ERROR_CONNECTION_REFUSED, ERROR_NETWORK_UNREACHABLE, ERROR_HOST_UNREACHABLE.
_ERRNO_OF_WINDOWS: Final = {
    121: errno.ETIMEDOUT,
    1225: errno.ECONNREFUSED,
    1231: errno.ENETUNREACH,
    1232: errno.EHOSTUNREACH,
}

_AT_ONCE_S: Final = 1e-6
_PLAIN_PROTOCOLS: Final = frozenset({0, socket.IPPROTO_TCP})
#: On Windows a selector sees no failure to connect among what can be written to.
_CAN_SELECT: Final = sys.platform != "win32"
_IN_PROGRESS: Final = frozenset({errno.EINPROGRESS, errno.EALREADY})
_CONNECTED: Final = frozenset({0, errno.EISCONN})


class TcpDialer:
    """Connects to the hosts of routes.

    Arguments: `names` gives their addresses; `local_addr` is bound to, so that only addresses of
    its family count; the next address is tried, too, after `happy_eyeballs_delay` seconds, or with
    None only when the one before has failed; `interleave`, how many addresses of the first family
    come before one of the other; `socket_factory` makes the sockets; `socket_options` are set on
    each; `guard` says which addresses may be connected to.
    """

    __slots__ = (
        "_delay_s",
        "_guard",
        "_interleave",
        "_local",
        "_names",
        "_socket_factory",
        "_socket_options",
    )

    def __init__(
        self,
        names: DnsCache,
        *,
        local_addr: tuple[str, int] | None = None,
        happy_eyeballs_delay: float | None = 0.25,
        interleave: int | None = None,
        socket_factory: SocketFactoryType | None = None,
        socket_options: Sequence[SocketOption] = (),
        guard: AddressGuard | None = None,
    ) -> None:
        self._names = names
        self._guard = guard
        self._local = None if local_addr is None else _local_info(local_addr)
        # What does the waiting takes 0 for None.
        self._delay_s = _AT_ONCE_S if happy_eyeballs_delay == 0 else happy_eyeballs_delay
        self._interleave = interleave
        self._socket_factory = socket_factory
        self._socket_options = socket_options

    async def connect(self, route: Route, loop: asyncio.AbstractEventLoop) -> socket.socket:
        """A connected socket, with TCP_NODELAY; through a SOCKS proxy if the route has one.

        Raises ClientConnectorError, with all attempts, and whatever else a caller's factory raises.
        Cancelling closes what was opened.
        """
        if route.proxy is None or route.proxy.forwards or not route.proxy.is_socks:
            return await self._connect(route, loop)
        from aioclient._net.socks import SocksDialer  # late: rarely needed

        through_socks = SocksDialer(self._connect, self._names.lookup, self._guard)
        return await through_socks.connect(route, loop)

    async def _connect(self, route: Route, loop: asyncio.AbstractEventLoop) -> socket.socket:
        try:
            addresses = await self._names.lookup(route.host, route.port)
        except OSError as error:
            kind = ClientProxyConnectionError if route.is_to_proxy else ClientConnectorDNSError
            raise kind(route, error) from error
        if self._guard is not None and not route.is_to_proxy:  # the program's own choice
            addresses = only_allowed(self._guard, addresses, route)
        if self._local is not None:
            addresses = _of_family(self._local, addresses, route)
        if len(addresses) > 1:
            return await self._race(addresses, route, loop)
        address = addresses[0][4]
        try:
            sock = self._new_socket(addresses[0])
        except OSError as error:
            attempt = ConnectAttempt(address[0], address[1], error)
            raise _failure(route, error, [attempt]) from error
        try:
            await _connect_to(loop, sock, address)
        except OSError as error:
            sock.close()
            raise _failure(route, error, [_refused(address, error)]) from error
        except BaseException:
            sock.close()
            raise
        return sock

    async def _race(
        self, addresses: list[AddrInfo], route: Route, loop: asyncio.AbstractEventLoop
    ) -> socket.socket:
        """Whichever address answers first; those that were tried before it are tried later next."""
        from aiohappyeyeballs import start_connection  # late: not before there is a choice

        attempts = _Attempts(loop, self._new_socket)
        winner = None
        try:
            winner = await start_connection(
                addresses,
                happy_eyeballs_delay=self._delay_s,
                interleave=self._interleave,
                # It wants no more of a loop than this.
                loop=cast("asyncio.AbstractEventLoop", attempts),
                socket_factory=attempts.new_socket,
            )
        except Exception as error:
            if attempts.bug is not None:
                raise attempts.bug from None
            if isinstance(error, OSError):
                raise _failure(route, error, attempts.failed) from error
            raise
        finally:
            for address in attempts.overtaken_by(winner):
                self._names.demote(route.host, route.port, address)
        task = asyncio.current_task()
        if task is not None and task.cancelling():
            # It does not notice while it waits for the losers to end.
            winner.close()
            raise asyncio.CancelledError
        return winner

    def _new_socket(self, addr_info: AddrInfo) -> socket.socket:
        """A socket that has only to be connected."""
        if self._socket_factory is None:
            sock = socket.socket(*addr_info[:3])
        else:
            sock = _made_by(self._socket_factory, addr_info)
        try:
            sock.setblocking(False)
            if sock.proto != socket.IPPROTO_TCP:
                # Else the transport does it. A factory or a resolver need not name the protocol.
                with contextlib.suppress(OSError):
                    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            for option in self._socket_options:
                sock.setsockopt(*option)
            if self._local is not None:
                _bind(sock, self._local[4])
        except BaseException:
            sock.close()
            raise
        return sock


class _Attempts:
    """Stands in for a loop to connect sockets, and remembers which addresses were tried."""

    __slots__ = ("_loop", "_make", "_started", "bug", "failed")

    def __init__(
        self, loop: asyncio.AbstractEventLoop, make: Callable[[AddrInfo], socket.socket]
    ) -> None:
        self._loop = loop
        self._make = make
        self._started: list[tuple[socket.socket | None, SockAddr]] = []
        #: Those that failed, in that order.
        self.failed: list[ConnectAttempt] = []
        #: What a caller's factory raised that is no OSError.
        self.bug: Exception | None = None

    def new_socket(self, addr_info: AddrInfo) -> socket.socket:
        """A socket for an address."""
        address = addr_info[4]
        sock = None
        try:
            sock = self._make(addr_info)
        except OSError as error:
            self.failed.append(ConnectAttempt(address[0], address[1], error))
            raise
        except Exception as error:
            self.bug = error
            raise
        finally:
            self._started.append((sock, address))
        return sock

    async def sock_connect(self, sock: socket.socket, address: SockAddr) -> None:
        """As a loop's, which this is."""
        try:
            await _connect_to(self._loop, sock, address)
        except OSError as error:
            self.failed.append(_refused(address, error))
            raise

    def overtaken_by(self, winner: socket.socket | None) -> list[SockAddr]:
        """The addresses that were tried before the one that answered, or all if none did."""
        overtaken = []
        for sock, address in self._started:
            if sock is not None and sock is winner:
                break
            overtaken.append(address)
        return overtaken


async def _connect_to(
    loop: asyncio.AbstractEventLoop, sock: socket.socket, address: SockAddr
) -> None:
    if _CAN_SELECT and isinstance(loop, asyncio.SelectorEventLoop):
        await _connect_selecting(loop, sock, address)
        return
    if sock.proto in _PLAIN_PROTOCOLS:
        await loop.sock_connect(sock, address)
        return
    # A factory may make sockets of another protocol that connects as TCP does, as Multipath TCP.
    # asyncio would ask getaddrinfo about the address, which knows no such protocol.
    with sock.dup() as copy:
        fd = copy.detach()
    with socket.socket(sock.family, sock.type, socket.IPPROTO_TCP, fd) as same:
        same.setblocking(False)
        await loop.sock_connect(same, address)


async def _connect_selecting(
    loop: asyncio.AbstractEventLoop, sock: socket.socket, address: SockAddr
) -> None:
    """As a loop's `sock_connect`, but nothing has to be looked up, and it need not be waited for.

    Between two ends on one machine it is done as soon as it is begun, which the system tells who
    asks again. asyncio would have the selector look at the socket, and take it out again.
    """
    code = sock.connect_ex(address)
    if code == errno.EINPROGRESS:
        code = sock.connect_ex(address)
    if code in _IN_PROGRESS:
        await _writable(loop, sock.fileno())
        code = sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
    if code not in _CONNECTED:
        raise OSError(code, os.strerror(code))


async def _writable(loop: asyncio.AbstractEventLoop, descriptor: int) -> None:
    """Wait until something can be written, or an error is to be seen."""
    waiter = loop.create_future()
    loop.add_writer(descriptor, _wake, waiter)
    try:
        await waiter
    finally:
        loop.remove_writer(descriptor)


def _wake(waiter: "asyncio.Future[None]") -> None:
    if not waiter.done():
        waiter.set_result(None)


def _refused(address: SockAddr, error: OSError) -> ConnectAttempt:
    """A failed attempt, with the system's own words where asyncio has words about the call."""
    code = getattr(error, "winerror", None)
    if code is not None:
        error = OSError(_ERRNO_OF_WINDOWS.get(code, error.errno), error.strerror)
    elif error.errno is not None:
        error = OSError(error.errno, os.strerror(error.errno))
    return ConnectAttempt(address[0], address[1], error)


def _failure(
    route: Route, error: OSError, attempts: Sequence[ConnectAttempt]
) -> ClientConnectorError:
    """What to raise when no address could be connected to."""
    failure = connect_error(route, attempts[-1].error if attempts else error)
    failure.attempts = tuple(attempts)
    return failure


def _made_by(factory: SocketFactoryType, addr_info: AddrInfo) -> socket.socket:
    """A socket that a caller's factory makes, if it is one for TCP."""
    sock = factory(addr_info)
    if not isinstance(sock, socket.socket):
        raise TypeError(f"socket_factory must make sockets, got {sock!r}")
    if sock.type != socket.SOCK_STREAM:
        sock.close()
        raise ValueError(f"socket_factory must make stream sockets, got {sock!r}")
    return sock


def _local_info(local_addr: tuple[str, int]) -> AddrInfo:
    """An address to connect from. Raises ValueError for what is none."""
    host, port = local_addr
    info = numeric_address(host, port)
    if info is None:
        raise ValueError(f"local_addr must be an IP address and a port, got {local_addr!r}")
    return info


def _of_family(local: AddrInfo, addresses: list[AddrInfo], route: Route) -> list[AddrInfo]:
    """The addresses that can be connected to from a local one."""
    fitting = [address for address in addresses if address[0] == local[0]]
    if not fitting:
        family = FAMILY_NAMES[local[0]]
        why = f"local_addr {local[4][0]} is an {family} address, and the host has none"
        raise connect_error(route, OSError(errno.EAFNOSUPPORT, why))
    return fitting


def _bind(sock: socket.socket, address: SockAddr) -> None:
    try:
        sock.bind(address)
    except OSError as error:
        why = f"cannot bind to local_addr {address[0]} port {address[1]}: {error.strerror}"
        raise OSError(error.errno, why) from error
