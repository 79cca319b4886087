"""Connects sockets over TCP: names to addresses, the addresses tried as in RFC 8305."""

import asyncio
import os
import socket
from collections.abc import Callable, Sequence
from typing import TypeAlias, cast

from aioclient._net.dns_cache import DnsCache
from aioclient._net.names import AddrInfo, SockAddr, numeric_address
from aioclient._net.route import Route
from aioclient.errors import ClientConnectorDNSError, ClientConnectorError, ConnectAttempt

#: An address to connect to, as `socket.getaddrinfo` gives it: family, type, protocol, the canonical
#: name, which is often empty, and what `connect` takes.
AddrInfoType: TypeAlias = AddrInfo
#: Makes the socket for an address.
SocketFactoryType: TypeAlias = Callable[[AddrInfoType], socket.socket]
#: Arguments of `socket.setsockopt`.
SocketOption: TypeAlias = tuple[int, int, int | bytes]


class TcpDialer:
    """Connects to the hosts of routes.

    Arguments: `names` gives their addresses; `local_addr` is bound to, of a family that it has;
    the next address is tried, too, after `happy_eyeballs_delay` seconds, or with None only when
    the one before has failed; `interleave`, how many addresses of the first family come before one
    of the other; `socket_factory` makes the sockets; `socket_options` are set on each.
    """

    __slots__ = (
        "_delay_s",
        "_interleave",
        "_local_infos",
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
    ) -> None:
        self._names = names
        self._local_infos = None if local_addr is None else [_local_info(local_addr)]
        self._delay_s = happy_eyeballs_delay
        self._interleave = interleave
        self._socket_factory = socket_factory or _new_socket
        self._socket_options = socket_options

    async def connect(self, route: Route, loop: asyncio.AbstractEventLoop) -> socket.socket:
        """A connected socket. TCP_NODELAY is set by the transport that it becomes part of.

        Raises ClientConnectorError, with all attempts. Cancelling closes what was opened.
        """
        try:
            addresses = await self._names.lookup(route.host, route.port)
        except OSError as error:
            raise ClientConnectorDNSError(route, error) from error
        if len(addresses) > 1 or self._local_infos is not None:
            return await self._race(addresses, route, loop)
        address = addresses[0][4]
        try:
            sock = self._new_socket(addresses[0])
            try:
                sock.setblocking(False)
                await loop.sock_connect(sock, address)
            except BaseException:
                sock.close()
                raise
        except OSError as error:
            raise _failure(route, error, [_attempt(address, error)]) from error
        return sock

    async def _race(
        self, addresses: list[AddrInfo], route: Route, loop: asyncio.AbstractEventLoop
    ) -> socket.socket:
        """Whichever address answers first; those that were tried before it are tried later next."""
        from aiohappyeyeballs import start_connection  # late: not before there is a choice

        attempts = _Attempts(loop)
        winner = None
        try:
            winner = await start_connection(
                addresses,
                local_addr_infos=self._local_infos,
                happy_eyeballs_delay=self._delay_s,
                interleave=self._interleave,
                # It wants no more of a loop than this.
                loop=cast("asyncio.AbstractEventLoop", attempts),
                socket_factory=self._new_socket,
            )
        except OSError as error:
            raise _failure(route, error, attempts.failed) from error
        finally:
            for address in attempts.overtaken_by(winner):
                self._names.demote(route.host, route.port, address)
        return winner

    def _new_socket(self, addr_info: AddrInfo) -> socket.socket:
        sock = self._socket_factory(addr_info)
        try:
            for option in self._socket_options:
                sock.setsockopt(*option)
        except BaseException:
            sock.close()
            raise
        return sock


class _Attempts:
    """Stands in for a loop to connect sockets, and remembers which addresses were tried."""

    __slots__ = ("_loop", "_started", "failed")

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._started: list[tuple[socket.socket, SockAddr]] = []
        #: Those that failed, in that order.
        self.failed: list[ConnectAttempt] = []

    async def sock_connect(self, sock: socket.socket, address: SockAddr) -> None:
        """As a loop's, which this is."""
        self._started.append((sock, address))
        try:
            await self._loop.sock_connect(sock, address)
        except OSError as error:
            self.failed.append(_attempt(address, error))
            raise

    def overtaken_by(self, winner: socket.socket | None) -> list[SockAddr]:
        """The addresses that were tried before the one that answered, or all if none did."""
        overtaken = []
        for sock, address in self._started:
            if sock is winner:
                break
            overtaken.append(address)
        return overtaken


def _attempt(address: SockAddr, error: OSError) -> ConnectAttempt:
    """A failed attempt, with the system's own words where asyncio has words about the call."""
    if error.errno is not None:
        error = type(error)(error.errno, os.strerror(error.errno))
    return ConnectAttempt(address[0], address[1], error)


def _failure(
    route: Route, error: OSError, attempts: Sequence[ConnectAttempt]
) -> ClientConnectorError:
    """What to raise when no address could be connected to."""
    failure = ClientConnectorError(route, attempts[-1].error if attempts else error)
    failure.attempts = tuple(attempts)
    return failure


def _new_socket(addr_info: AddrInfo) -> socket.socket:
    return socket.socket(*addr_info[:3])


def _local_info(local_addr: tuple[str, int]) -> AddrInfo:
    """An address to connect from. Raises ValueError for what is none."""
    host, port = local_addr
    info = numeric_address(host, port)
    if info is None:
        raise ValueError(f"local_addr must be an IP address and a port, got {local_addr!r}")
    return info
