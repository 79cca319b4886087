"""A connector whose server is an ASGI app in this process."""

import asyncio
import sys
from collections.abc import Callable
from types import TracebackType
from typing import Self

from aioclient._connection.interface import Connection
from aioclient._net.route import Route
from aioclient._pool.connector import BaseConnector
from aioclient._timeout import UNSET, ClientTimeout, Unset

from ._asgi import ASGIApp, scope_of
from ._asgi_http import LOG, HttpCall
from ._lifespan import Lifespan, LifespanWish
from ._memory_server import MemoryServer, Served
from ._server_side import ServerExchange


class ASGIConnector(BaseConnector):
    """A connector whose requests an ASGI app answers, in the same event loop and without sockets.

    All else is as ever: requests are written and answers read as HTTP/1.1, bodies are streams both
    ways, and pool, redirects, cookies, limits and time limits are at work. Every host leads to the
    app. URLs with https are answered, too, without TLS; the app is told their scheme.

    Arguments:
        app: an application by ASGI 3.
        raise_app_exceptions: what the app raises, the request fails with, as it is; what it raises
            after its response is complete, or after it has accepted a WebSocket, `close` raises
            (True). Else the answer has the status 500, or the connection breaks off if the response
            has begun, and the logger "aioclient.testing" is told.
        root_path: where the app is mounted ("").
        client: address and port that the app sees as those of its client.
        lifespan: "auto": the app is told of its start, before the first request or by
            ``async with``, and of its end by `close`, if it knows of that; "on": it must; "off": it
            is not told.
        shutdown_limit: for how many seconds `close` waits for the app's tasks, and for the end of
            its lifespan (5); then they are cancelled.

    The rest as in `BaseConnector`. WebSockets need the package wsproto (extra `testing`).
    """

    def __init__(
        self,
        app: ASGIApp,
        *,
        raise_app_exceptions: bool = True,
        root_path: str = "",
        client: tuple[str, int] = ("127.0.0.1", 123),
        lifespan: LifespanWish = "auto",
        shutdown_limit: float = 5.0,
        keepalive_timeout: float | Unset | None = UNSET,
        force_close: bool = False,
        limit: int | None = 100,
        limit_per_host: int | None = 0,
        max_connection_age: float | None = None,
    ) -> None:
        super().__init__(
            keepalive_timeout=keepalive_timeout,
            force_close=force_close,
            limit=limit,
            limit_per_host=limit_per_host,
            max_connection_age=max_connection_age,
        )
        if not callable(app):
            raise TypeError(f"app must be an ASGI app, not {app!r}")
        if lifespan not in ("auto", "on", "off"):
            raise ValueError(f'lifespan must be "auto", "on" or "off", not {lifespan!r}')
        self._lifespan = Lifespan(app, lifespan)
        self._shutdown_limit_s = shutdown_limit
        self._calls = _Calls(app, self._lifespan, raise_app_exceptions, root_path, client)
        self._server = MemoryServer(self._calls.serve, client=client, cancels_lost=False)

    async def __aenter__(self) -> Self:
        """Start the app. Raises RuntimeError if it cannot start."""
        self.bind(asyncio.get_running_loop())
        await self._lifespan.start()
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.close()

    async def _open(
        self, route: Route, timeout: ClientTimeout, opened: Callable[[Connection], None]
    ) -> None:
        await self._lifespan.start()
        self._server.open(route, timeout, opened)

    async def close(self, *, drain: float = 0.0, abort_ssl: bool = False) -> None:
        """As every connector; then the app ends its tasks and its lifespan.

        Raises what the app raised when nobody was there to hear it (unless `raise_app_exceptions`
        is False), and RuntimeError if it could not shut down.
        """
        try:
            await super().close(drain=drain, abort_ssl=abort_ssl)
            await self._calls.wait(self._shutdown_limit_s)
        finally:
            await self._calls.cancel()
            await self._server.close()
            await self._lifespan.stop(self._shutdown_limit_s)
        self._calls.raise_unheard()


class _Calls:
    """The calls of an app. It does not know the connector."""

    def __init__(
        self,
        app: ASGIApp,
        lifespan: Lifespan,
        raises: bool,
        root_path: str,
        client: tuple[str, int],
    ) -> None:
        self._app = app
        self._lifespan = lifespan
        self._raises = raises
        self._root_path = root_path
        self._client = client
        self._tasks: set[asyncio.Task[BaseException | None]] = set()
        self._unheard: list[BaseException] = []

    async def serve(self, served: Served) -> None:
        """Let the app answer one request after another."""
        while (exchange := await served.side.next_exchange()) is not None:
            state = self._lifespan.state
            scope = scope_of(exchange.head, served.route, self._root_path, self._client, state)
            if "websocket" in exchange.head.tokens("Upgrade"):
                await self._websocket(served, exchange, scope)
                return
            scope["type"] = "http"
            scope["scheme"] = "https" if served.route.is_ssl else "http"
            scope["method"] = exchange.head.method
            call = HttpCall(served, exchange, scope, self._raises)
            self._begin(asyncio.get_running_loop().create_task(call.run(self._app)))
            await call.answered.wait()
            if not (exchange.persists and await call.discard()):
                return

    async def _websocket(
        self, served: Served, exchange: ServerExchange, scope: dict[str, object]
    ) -> None:
        from ._asgi_websocket import WebSocketCall  # late: with it comes wsproto

        scope["type"] = "websocket"
        scope["scheme"] = "wss" if served.route.is_ssl else "ws"
        call = WebSocketCall(served, exchange, scope, self._raises)
        self._begin(asyncio.get_running_loop().create_task(call.run(self._app)))
        await call.serve()

    def _begin(self, task: "asyncio.Task[BaseException | None]") -> None:
        self._tasks.add(task)
        task.add_done_callback(self._ended)

    def _ended(self, task: "asyncio.Task[BaseException | None]") -> None:
        self._tasks.discard(task)
        if task.cancelled():
            return
        unheard = task.exception() or task.result()
        if unheard is not None:
            self._unheard.append(unheard)

    async def wait(self, within_s: float) -> None:
        """Let the app end its tasks."""
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=within_s)

    async def cancel(self) -> None:
        """End them."""
        for task in self._tasks:
            task.cancel()
        if self._tasks:
            await asyncio.wait(self._tasks)

    def raise_unheard(self) -> None:
        """Raise the first of what the app raised and nobody heard of, and log the others.

        An error that is on its way already, as out of a block of ``async with``, is not replaced.
        """
        unheard, self._unheard = self._unheard, []
        on_its_way = sys.exc_info()[1]
        for error in unheard if on_its_way else unheard[1:]:
            LOG.error("the app failed when nobody was there to hear it", exc_info=error)
        if not unheard:
            return
        if on_its_way is None:
            raise unheard[0]
        on_its_way.add_note(f"ASGIConnector: the app failed, too: {unheard[0]!r}")
