"""Opens connections: a link, and the machine that fits what was agreed on it."""

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING

from aioclient._connection.http1 import Http1Connection
from aioclient._connection.interface import Connection
from aioclient._net.route import Route
from aioclient._timeout import ClientTimeout

if TYPE_CHECKING:
    from aioclient._net.open_link import OpenPlain, TlsPolicy


async def open_connection(
    open_plain: "OpenPlain",
    route: Route,
    policy: "TlsPolicy",
    timeout: ClientTimeout,
    opened: Callable[[Connection], None],
) -> None:
    """Open a connection for a route; `opened` hears of it as soon as it can be used.

    Errors as those of `open_link`.
    """
    from aioclient._net.open_link import open_link  # late: with it comes all of TLS

    loop = asyncio.get_running_loop()
    connection = Http1Connection(route, loop)
    connection.on_open = opened
    await open_link(open_plain, route, connection, loop, timeout, policy)
