"""A connector whose connections have no socket, so that tests decide what happens when."""

import asyncio
from collections.abc import Callable
from typing import Any

from fake_link import FakeTransport, connect

from aioclient import BaseConnector, ClientConnectionError, ClientTimeout
from aioclient._connection.http1 import Http1Connection
from aioclient._connection.interface import Connection
from aioclient._net.route import Route

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


class FakeConnector(BaseConnector):
    """Opens a connection when `gate` is set; `opened` lists their transports in order."""

    def __init__(self, *, gated: bool = False, **options: Any) -> None:
        super().__init__(**options)
        self.gate = asyncio.Event()
        if not gated:
            self.gate.set()
        self.opened: list[FakeTransport] = []
        self.connections: list[Http1Connection] = []
        #: How many of the first connections cannot be made.
        self.failures = 0
        #: How many connections are being made now, and how many were begun.
        self.opening = 0
        self.begun = 0
        #: Told of each new transport; may be replaced.
        self.on_open: Callable[[FakeTransport], None] | None = None

    async def _open(
        self, route: Route, timeout: ClientTimeout, opened: Callable[[Connection], None]
    ) -> None:
        self.opening += 1
        self.begun += 1
        fails = self.begun <= self.failures
        try:
            await self.gate.wait()
        finally:
            self.opening -= 1
        if fails:
            raise ClientConnectionError("told to fail")
        connection, transport = connect(route)
        self.opened.append(transport)
        self.connections.append(connection)
        if self.on_open is not None:
            self.on_open(transport)
        opened(connection)
