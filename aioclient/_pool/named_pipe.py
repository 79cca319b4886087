"""The connector for the named pipes of Windows."""

import asyncio
import sys
from collections.abc import Callable
from functools import partial
from typing import ClassVar

from aioclient._connection.interface import Connection
from aioclient._connection.open_connection import open_connection
from aioclient._net.named_pipe import has_named_pipes, open_named_pipe_link
from aioclient._net.open_link import tls_policy
from aioclient._net.route import Route, TlsWish, check_tls_wish
from aioclient._pool.connector import BaseConnector
from aioclient._timeout import UNSET, ClientTimeout, Unset


class NamedPipeConnector(BaseConnector):
    r"""A pool of connections to one named pipe of Windows, with TLS for https.

    Arguments: `path`, the pipe's name, as ``\\.\pipe\name``; `ssl` and `tls_resumption`, as of
    `TCPConnector`. The rest as in `BaseConnector`.

    The host of a URL goes into the Host header, and with https it is the name that the server's
    certificate must have; it decides nothing else. While all instances of the pipe are busy, a
    request waits, within the limits of its timeout.

    Needs the ProactorEventLoop, which Windows has: RuntimeError on another.
    """

    allowed_protocol_schema_set: ClassVar[frozenset[str]] = frozenset({"http", "https", "npipe"})

    def __init__(
        self,
        path: str,
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
        running = _running_loop()
        if running is not None or sys.platform != "win32":
            _check(running)  # else when it is first used
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
        self._tls = tls_policy(ssl, shutdown_timeout, tls_resumption)
        self._path = path
        self._open_plain = partial(open_named_pipe_link, path)

    @property
    def path(self) -> str:
        """The pipe's name."""
        return self._path

    def bind(self, loop: asyncio.AbstractEventLoop) -> None:
        """As every connector; RuntimeError also for a loop that has no named pipes."""
        _check(loop)
        super().bind(loop)

    async def _open(
        self, route: Route, timeout: ClientTimeout, opened: Callable[[Connection], None]
    ) -> None:
        await open_connection(self._open_plain, route, self._tls, timeout, opened)


def _running_loop() -> asyncio.AbstractEventLoop | None:
    try:
        return asyncio.get_running_loop()
    except RuntimeError:
        return None


def _check(loop: asyncio.AbstractEventLoop | None) -> None:
    if loop is None or not has_named_pipes(loop):
        raise RuntimeError("named pipes need the ProactorEventLoop of Windows")
