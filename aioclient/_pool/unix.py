"""The connector for UNIX domain sockets."""

import asyncio
import os
import socket
from collections.abc import Callable
from functools import partial
from typing import ClassVar

from aioclient._connection.interface import Connection
from aioclient._connection.open_connection import open_connection
from aioclient._net.route import Route, TlsWish, check_tls_wish
from aioclient._pool.connector import BaseConnector
from aioclient._timeout import UNSET, ClientTimeout, Unset


class UnixConnector(BaseConnector):
    """A pool of connections to one UNIX domain socket, with TLS for https.

    Arguments: `path`, where the socket is in the file system; or, on Linux, after a null character,
    its name in the abstract namespace. `ssl`, as of `TCPConnector`. The rest as in `BaseConnector`.

    The host of a URL goes into the Host header, and with https it is the name that the server's
    certificate must have; it decides nothing else. RuntimeError where there are no such sockets.
    """

    allowed_protocol_schema_set: ClassVar[frozenset[str]] = frozenset({"http", "https", "unix"})

    def __init__(
        self,
        path: str | os.PathLike[str],
        force_close: bool = False,
        keepalive_timeout: float | Unset | None = UNSET,
        limit: int | None = 100,
        limit_per_host: int | None = 0,
        loop: asyncio.AbstractEventLoop | None = None,
        *,
        ssl: TlsWish = True,
        max_connection_age: float | None = None,
        shutdown_timeout: float = 0.5,
        tls_resumption: bool = True,
    ) -> None:
        if not hasattr(socket, "AF_UNIX"):
            raise RuntimeError("this system has no UNIX domain sockets")
        super().__init__(
            force_close=force_close,
            keepalive_timeout=keepalive_timeout,
            limit=limit,
            limit_per_host=limit_per_host,
            loop=loop,
            max_connection_age=max_connection_age,
            shutdown_timeout=shutdown_timeout,
        )
        check_tls_wish(ssl)
        # Late: to import aioclient is not yet to connect to something.
        from aioclient._net.open_link import open_socket_link, tls_policy
        from aioclient._net.unix import UnixDialer

        self._tls = tls_policy(ssl, shutdown_timeout, tls_resumption)
        self._path = os.fsdecode(path)
        self._open_plain = partial(open_socket_link, UnixDialer(self._path).connect)

    @property
    def path(self) -> str:
        """Where the socket is."""
        return self._path

    async def _open(
        self, route: Route, timeout: ClientTimeout, opened: Callable[[Connection], None]
    ) -> None:
        await open_connection(self._open_plain, route, self._tls, timeout, opened)
