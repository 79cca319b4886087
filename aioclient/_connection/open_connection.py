"""Opens connections: a link, and the machine that fits what was agreed on it."""

import asyncio
from collections.abc import Callable

from aioclient._connection.http1 import Http1Connection
from aioclient._connection.interface import Connection
from aioclient._net.open_link import Connect, TlsPolicy, open_link
from aioclient._net.route import Route
from aioclient._timeout import ClientTimeout


async def open_connection(
    connect: Connect,
    route: Route,
    policy: TlsPolicy,
    timeout: ClientTimeout,
    opened: Callable[[Connection], None],
) -> None:
    """Open a connection for a route; `opened` hears of it as soon as it can be used.

    Errors as those of `open_link`.
    """
    loop = asyncio.get_running_loop()
    connection = Http1Connection(route, loop)
    connection.on_open = opened
    await open_link(connect, route, connection, loop, timeout, policy)
