"""Opens connections in memory, and serves each in a task of its own."""

import asyncio
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Final, cast

from aioclient._body.payload import Payload
from aioclient._connection.exchange import Exchange
from aioclient._connection.http1 import Http1Connection
from aioclient._connection.interface import Connection
from aioclient._http.events import RequestHead
from aioclient._net.link import TransportLink
from aioclient._net.route import Route
from aioclient._timeout import ClientTimeout

from ._memory_transport import MemoryTransport, ServerEnd
from ._server_side import BadRequest, ServerSide


class MemoryConnection(Http1Connection):
    """The client's connection, which the server may let fail with an error of its choice."""

    __slots__ = ("_current",)

    def __init__(self, route: Route, loop: asyncio.AbstractEventLoop) -> None:
        super().__init__(route, loop)
        self._current: Exchange | None = None

    def begin(self, head: RequestHead, payload: Payload | None, exchange: Exchange) -> None:
        """As every connection."""
        self._current = exchange
        super().begin(head, payload, exchange)

    def fail(self, error: BaseException) -> None:
        """Let the request that is on it, if there is one, fail with the error as it is."""
        if self._current is not None:
            # As good as an Exception to who only raises it: those of pytest are none.
            self.abandon(self._current, cast("Exception", error))


class Served:
    """One connection, for who serves it."""

    def __init__(
        self, connection: MemoryConnection, end: ServerEnd, timeout: ClientTimeout, number: int
    ) -> None:
        self._connection = connection
        self.end: Final = end
        self.side: Final = ServerSide(end)
        #: Where the client connected to.
        self.route: Final = connection.route
        #: What the request that it was opened for may wait for.
        self.timeout: Final = timeout
        #: 1 for the first that was opened, and so on.
        self.number: Final = number

    def fail(self, error: BaseException) -> None:
        """Let the client's request fail with this error, as it is; the connection ends.

        At once: what was written and has not arrived is lost.
        """
        self._connection.fail(error)

    def fail_after_delivery(self, error: BaseException) -> None:
        """The same, but when all that was written has arrived."""
        self.end.call_after_delivery(partial(self._connection.fail, error))


#: Serves a connection until its end.
Serve = Callable[[Served], Awaitable[None]]


class MemoryServer:
    """What a connector without sockets connects to.

    `serve` is awaited for each connection, in a task; with `cancels_lost`, that is cancelled when
    the client is gone. It must not keep the connector alive.
    """

    def __init__(
        self, serve: Serve, *, client: tuple[str, int] = ("127.0.0.1", 0), cancels_lost: bool = True
    ) -> None:
        self._serve = serve
        self._client = client
        self._cancels_lost = cancels_lost
        self._tasks: set[asyncio.Task[None]] = set()
        #: How many connections were opened.
        self.opened = 0

    def open(
        self, route: Route, timeout: ClientTimeout, opened: Callable[[Connection], None]
    ) -> None:
        """Open a connection, without TLS whatever the route says, and begin to serve it.

        `opened` hears of it before this ends.
        """
        loop = asyncio.get_running_loop()
        connection = MemoryConnection(route, loop)
        connection.on_open = opened
        transport = MemoryTransport(loop, (route.host, route.port), self._client)
        end = transport.server
        self.opened += 1
        served = Served(connection, end, timeout, self.opened)
        task = loop.create_task(_serve(self._serve, served))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        if self._cancels_lost:
            end.on_lost = task.cancel
        transport.attach(TransportLink(connection, loop))

    async def close(self) -> None:
        """End the serving of all connections, and wait until that is done."""
        for task in self._tasks:
            task.cancel()
        if self._tasks:
            await asyncio.wait(self._tasks)


async def _serve(serve: Serve, served: Served) -> None:
    try:
        await serve(served)
    except BadRequest as error:
        await served.side.refuse(error)
    except (asyncio.CancelledError, KeyboardInterrupt, SystemExit):
        raise
    except BaseException as error:  # those of pytest are no Exceptions
        served.fail(error)
    finally:
        served.end.close()
