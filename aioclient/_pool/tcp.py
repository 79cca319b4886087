"""The connector for hosts on a network."""

import asyncio
import socket
from collections.abc import Callable, Sequence
from functools import partial
from ssl import SSLContext
from typing import TYPE_CHECKING, ClassVar, Final, Literal

from aioclient._caller import warn_deprecated
from aioclient._connection.interface import Connection
from aioclient._connection.open_connection import open_connection
from aioclient._net.route import Proxy, Route, TlsWish, merged_tls_wish
from aioclient._pool.connector import BaseConnector, check_not_negative
from aioclient._timeout import UNSET, ClientTimeout, Unset
from aioclient.errors import AddressNotAllowedError, ClientConnectorError

if TYPE_CHECKING:
    from aioclient._net.address_guard import AddressGuard
    from aioclient._net.names import AbstractResolver, ResolveResult
    from aioclient._net.tcp import AddrInfoType, SocketFactoryType, SocketOption
    from aioclient._pool.connector_hooks import ConnectRequest, ResponseHandler


class TCPConnector(BaseConnector):
    """A pool of TCP connections, with TLS for https.

    Arguments:
        ssl: the TLS setting for requests that do not bring their own: True verifies certificates
            against the system's authorities, False verifies nothing, an `ssl.SSLContext` does as it
            says, a `Fingerprint` takes one certificate only.
        use_dns_cache: keep the addresses of names (True).
        ttl_dns_cache: for how many seconds (10); None is for ever.
        dns_cache_max_size: of how many names (1000); the one used least recently goes first.
        resolver: an `AbstractResolver` that is asked for names, and is not closed with the
            connector; a `DefaultResolver`, which is, if none is given.
        family: `socket.AF_INET` or `AF_INET6` for these addresses only; AF_UNSPEC for both.
        local_addr: address and port to connect from; port 0 is any. Its family is the only one.
        happy_eyeballs_delay: after so many seconds (0.25) without an answer the next address of a
            host is tried besides (RFC 8305); None: only after the one before has failed.
        interleave: how many addresses of the family that is preferred are tried before one of the
            other; 1, unless `happy_eyeballs_delay` is None: then the order is the resolver's.
        socket_factory: makes the sockets, from what `socket.getaddrinfo` gives for an address.
        tls_resumption: keep TLS sessions, one for each host and TLS setting, and resume them on new
            connections, which saves most of the handshake (True).
        allowed_addresses: "public", or a function that is told each `ipaddress` and says whether it
            may be connected to; for services that fetch URLs of others. A host without one is an
            AddressNotAllowedError. It holds for every address connected to, those of redirects,
            too, whatever a name resolves to the next time.
        socket_options: arguments of `socket.setsockopt`, set on each socket before it connects.
        verify_ssl, ssl_context, fingerprint: deprecated, for `ssl`.
        ssl_shutdown_timeout: deprecated, for `shutdown_timeout`.

    The rest as in `BaseConnector`.
    """

    allowed_protocol_schema_set: ClassVar[frozenset[str]] = frozenset({"http", "https", "tcp"})
    allows_proxies: ClassVar[bool] = True

    def __init__(
        self,
        *,
        verify_ssl: bool = True,
        fingerprint: bytes | None = None,
        use_dns_cache: bool = True,
        ttl_dns_cache: float | None = 10,
        dns_cache_max_size: int = 1000,
        family: int = socket.AF_UNSPEC,
        ssl_context: SSLContext | None = None,
        ssl: TlsWish | None = True,
        local_addr: tuple[str, int] | None = None,
        resolver: "AbstractResolver | None" = None,
        keepalive_timeout: float | Unset | None = UNSET,
        force_close: bool = False,
        limit: int | None = 100,
        limit_per_host: int | None = 0,
        enable_cleanup_closed: bool = False,
        loop: asyncio.AbstractEventLoop | None = None,
        timeout_ceil_threshold: float = 5,
        happy_eyeballs_delay: float | None = 0.25,
        interleave: int | None = None,
        socket_factory: "SocketFactoryType | None" = None,
        socket_options: "Sequence[SocketOption]" = (),
        ssl_shutdown_timeout: float | Unset | None = UNSET,
        max_connection_age: float | None = None,
        shutdown_timeout: float = 0.5,
        tls_resumption: bool = True,
        allowed_addresses: 'AddressGuard | Literal["public"] | None' = None,
    ) -> None:
        if not isinstance(ssl_shutdown_timeout, Unset):
            warn_deprecated("ssl_shutdown_timeout is deprecated, use shutdown_timeout")
            shutdown_timeout = ssl_shutdown_timeout or 0.0
        super().__init__(
            keepalive_timeout=keepalive_timeout,
            force_close=force_close,
            limit=limit,
            limit_per_host=limit_per_host,
            enable_cleanup_closed=enable_cleanup_closed,
            loop=loop,
            timeout_ceil_threshold=timeout_ceil_threshold,
            max_connection_age=max_connection_age,
            shutdown_timeout=shutdown_timeout,
        )
        wish = merged_tls_wish(ssl, None if verify_ssl else False, ssl_context, fingerprint)
        for name, value in (
            ("happy_eyeballs_delay", happy_eyeballs_delay or 0),
            ("interleave", interleave or 0),
        ):
            check_not_negative(name, value)
        # Late: to import aioclient is not yet to connect to something.
        from aioclient._net.address_guard import address_guard
        from aioclient._net.dns_cache import DnsCache
        from aioclient._net.open_link import open_socket_link, tls_policy
        from aioclient._net.resolver import DefaultResolver, checked_resolver
        from aioclient._net.tcp import TcpDialer

        self._tls = tls_policy(wish, shutdown_timeout, tls_resumption)
        self._guard = address_guard(allowed_addresses)
        self._own_resolver = DefaultResolver() if resolver is None else None
        self._family = socket.AddressFamily(family)
        self._use_dns_cache = use_dns_cache
        self._names = DnsCache(
            self._own_resolver or checked_resolver(resolver),
            family=family,
            is_used=use_dns_cache,
            ttl_s=ttl_dns_cache,
            max_size=dns_cache_max_size,
        )
        self._resolver = resolver
        self._check_hooks(self._replaced_hooks(), None)
        dialer = TcpDialer(
            self._names,
            local_addr=local_addr,
            happy_eyeballs_delay=happy_eyeballs_delay,
            interleave=interleave,
            socket_factory=socket_factory,
            socket_options=socket_options,
            guard=self._guard,
        )
        self._connect = dialer.connect
        self._open_plain = partial(open_socket_link, dialer.connect)

    @property
    def family(self) -> socket.AddressFamily:
        """Which addresses are connected to: AF_INET, AF_INET6, or AF_UNSPEC for both."""
        return self._family

    @property
    def use_dns_cache(self) -> bool:
        """Are the addresses of names kept?"""
        return self._use_dns_cache

    def clear_dns_cache(self, host: str | None = None, port: int | None = None) -> None:
        """Forget the addresses of a host and port, or with neither those of all.

        Raises ValueError for one without the other.
        """
        self._names.clear(host, port)

    async def _open(
        self, route: Route, timeout: ClientTimeout, opened: Callable[[Connection], None]
    ) -> None:
        if self._guard is not None and route.proxy is not None and not route.proxy.is_socks:
            raise AddressNotAllowedError(route, ())
        hooks = self._replaced_hooks()
        if hooks:
            self._check_hooks(hooks, route.proxy)
            from aioclient._pool.connector_hooks import open_by_hooks  # late: rarely needed

            create = self._create_connection
            await open_by_hooks(create, route, timeout, opened, self._tls)
            return
        await open_connection(self._open_plain, route, self._tls, timeout, opened)

    def _replaced_hooks(self) -> list[str]:
        """Those that a subclass has of its own, or that somebody put in their place."""
        kind, own = type(self), self.__dict__
        return [name for name, ours in _HOOKS if getattr(kind, name) is not ours or name in own]

    def _check_hooks(self, hooks: Sequence[str], proxy: Proxy | None) -> None:
        """Refuse what they would go past."""
        if not hooks:
            return
        if self._guard is not None:
            promise = "allowed_addresses cannot be kept"
        elif proxy is not None and proxy.is_socks:
            promise = "a SOCKS proxy cannot be used"
        else:
            return
        raise ValueError(f"{promise} by a connector that has replaced {', '.join(hooks)}")

    # --- what may be replaced: see docs/compatibility.md ----------------------------------

    async def _create_connection(
        self, req: "ConnectRequest", traces: list[object], timeout: ClientTimeout
    ) -> "ResponseHandler":
        """Open a transport to the host of `req`; its protocol is given."""
        from aioclient._pool.connector_hooks import ResponseHandler, addr_info_of  # late: as above

        results = await self._resolve_host(req.host, req.port, traces)
        _, protocol = await self._wrap_create_connection(
            partial(ResponseHandler, asyncio.get_running_loop()),
            addr_infos=[addr_info_of(result) for result in results],
            req=req,
            timeout=timeout,
            ssl=None,  # which comes later
            server_hostname=None,
        )
        return protocol

    async def _resolve_host(
        self, host: str, port: int, traces: Sequence[object] | None = None
    ) -> "list[ResolveResult]":
        """The addresses of a host."""
        from aioclient._pool.connector_hooks import is_address, result_of  # late: as above

        if self._resolver is not None and not is_address(host):
            return await self._resolver.resolve(host, port, self._family)
        return [result_of(host, info) for info in await self._names.lookup(host, port)]

    async def _wrap_create_connection(
        self,
        *args: "Callable[[], ResponseHandler]",
        addr_infos: "list[AddrInfoType]",
        req: "ConnectRequest",
        timeout: ClientTimeout,
        client_error: type[ClientConnectorError] = ClientConnectorError,
        ssl: SSLContext | None = None,
        server_hostname: str | None = None,
    ) -> "tuple[asyncio.Transport, ResponseHandler]":
        """Connect to the first of the addresses that answers."""
        from aioclient._pool.connector_hooks import first_connected  # late: as above

        sock = await first_connected(self._connect, addr_infos, req, client_error)
        return await asyncio.get_running_loop().create_connection(
            args[0], sock=sock, ssl=ssl, server_hostname=server_hostname if ssl else None
        )

    async def _close_rest(self) -> None:
        await self._names.close()
        if self._own_resolver is not None:
            await self._own_resolver.close()


#: What may be replaced, and what is there if it is not.
_HOOKS: Final = tuple(
    (name, getattr(TCPConnector, name))
    for name in ("_create_connection", "_resolve_host", "_wrap_create_connection")
)
