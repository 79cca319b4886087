"""The connector for the named pipes of Windows."""

import asyncio
import sys
from collections.abc import Callable
from typing import ClassVar

from aioclient._connection.http1 import Http1Connection
from aioclient._connection.interface import Connection
from aioclient._net.named_pipe import has_named_pipes, open_named_pipe_link
from aioclient._net.route import Route
from aioclient._pool.connector import UNSET, BaseConnector, Unset
from aioclient._timeout import ClientTimeout


class NamedPipeConnector(BaseConnector):
    r"""A pool of connections to one named pipe of Windows, without TLS.

    Arguments: `path`, the pipe's name, as ``\\.\pipe\name``. The rest as in `BaseConnector`.

    The host of a URL goes into the Host header and decides nothing else. While all instances of the
    pipe are busy, a request waits, within the limits of its timeout. A request to an https URL
    raises ClientSSLError: there is no TLS over pipes.

    Needs the ProactorEventLoop, which Windows has: RuntimeError on another.
    """

    allowed_protocol_schema_set: ClassVar[frozenset[str]] = frozenset({"http", "https", "npipe"})

    def __init__(
        self,
        path: str,
        force_close: bool = False,
        keepalive_timeout: float | Unset | None = UNSET,
        limit: int = 100,
        limit_per_host: int = 0,
        loop: asyncio.AbstractEventLoop | None = None,
        *,
        max_connection_age: float | None = None,
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
        )
        self._path = path

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
        loop = asyncio.get_running_loop()
        connection = Http1Connection(route, loop)
        connection.on_open = opened
        await open_named_pipe_link(self._path, route, connection, loop)


def _running_loop() -> asyncio.AbstractEventLoop | None:
    try:
        return asyncio.get_running_loop()
    except RuntimeError:
        return None


def _check(loop: asyncio.AbstractEventLoop | None) -> None:
    if loop is None or not has_named_pipes(loop):
        raise RuntimeError("named pipes need the ProactorEventLoop of Windows")
