"""The connector for hosts on a network."""

import asyncio

from aioclient._caller import warn_deprecated
from aioclient._connection.http1 import Http1Connection
from aioclient._connection.interface import Connection
from aioclient._net.route import Route, TlsWish, check_tls_wish
from aioclient._pool.connector import UNSET, BaseConnector, Unset
from aioclient._timeout import ClientTimeout


class TCPConnector(BaseConnector):
    """A pool of TCP connections, with TLS for https.

    Arguments: `ssl`, the TLS setting for requests that do not bring their own: True verifies
    certificates against the system's authorities, False verifies nothing, an `ssl.SSLContext` does
    as it says; `loop`, deprecated, has no effect; the rest as in `BaseConnector`.
    """

    def __init__(
        self,
        *,
        ssl: TlsWish = True,
        keepalive_timeout: float | Unset | None = UNSET,
        force_close: bool = False,
        limit: int = 100,
        limit_per_host: int = 0,
        loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        if loop is not None:
            warn_deprecated("loop is deprecated and has no effect")
        super().__init__(
            keepalive_timeout=keepalive_timeout,
            force_close=force_close,
            limit=limit,
            limit_per_host=limit_per_host,
        )
        check_tls_wish(ssl)
        self._ssl = ssl

    async def _open(self, route: Route, timeout: ClientTimeout) -> Connection:
        from aioclient._net.tcp import open_tcp_link  # late: not before there is something to open

        if route.ssl is True and self._ssl is not True:
            route_here = route._replace(ssl=self._ssl)
        else:
            route_here = route
        loop = asyncio.get_running_loop()
        connection = Http1Connection(route, loop)
        await open_tcp_link(route_here, connection, loop, timeout)
        return connection
