"""Opens links over the named pipes of Windows."""

import asyncio
from collections.abc import Callable
from typing import Protocol, cast

from aioclient._net.link import Receiver, TransportLink
from aioclient._net.route import Route
from aioclient.errors import ClientConnectorError


class _PipeLoop(Protocol):
    """What asyncio's loop for Windows has, and no other system's."""

    async def create_pipe_connection(
        self, protocol_factory: Callable[[], asyncio.BaseProtocol], address: str
    ) -> tuple[asyncio.Transport, asyncio.BaseProtocol]: ...


def has_named_pipes(loop: asyncio.AbstractEventLoop) -> bool:
    """Can this event loop connect to named pipes?"""
    return hasattr(loop, "create_pipe_connection")


async def open_named_pipe_link(
    path: str, route: Route, receiver: Receiver, loop: asyncio.AbstractEventLoop
) -> None:
    """Open a link over the named pipe at a path, whatever the host; waits while it is busy.

    The receiver gets it as soon as it can be used, which is before this ends. Raises
    ClientConnectorError. Nothing stays open then, nor on cancellation.
    """
    try:
        transport, _ = await cast("_PipeLoop", loop).create_pipe_connection(
            lambda: TransportLink(receiver, loop), path
        )
    except (OSError, ValueError) as error:  # ValueError: a null character in the path
        raise ClientConnectorError(route, _named(path, error)) from error
    try:
        # Unlike those for sockets, this does not wait until the link has heard of its transport.
        await asyncio.sleep(0)
    except BaseException:
        transport.abort()
        raise


def _named(path: str, error: OSError | ValueError) -> OSError:
    """The same error, which says what could not be opened: a URL's host does not."""
    if not isinstance(error, OSError):
        return OSError(None, f"named pipe {path!r}: {error}")
    return type(error)(error.errno, f"named pipe {path!r}: {error.strerror}")
