"""A part of a file into a socket by the system call sendfile: no copy passes through Python.

The loop's own `sendfile` does the same, but stops reading until all is sent, so that an answer
which comes early would not be heard, and does not say how far it got, so that nobody could tell a
slow peer from one that has stopped.
"""

import asyncio
import errno
import os
from collections.abc import Awaitable, Callable
from typing import Final

#: So much at once, that a fast reader does not keep the loop from others.
_MAX_SENDFILE_BYTES: Final = 2**24

#: What systems say of files, file systems or sockets that sendfile cannot handle.
_UNAVAILABLE: Final = frozenset(
    {errno.EINVAL, errno.ENOSYS, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ESPIPE}
)


def _ignore(sent: int) -> None:
    """For who needs no progress."""


async def send_file(
    socket_fd: int,
    file_fd: int,
    offset: int,
    count: int,
    wait: Callable[[Awaitable[None]], Awaitable[None]],
    on_sent: Callable[[int], None] = _ignore,
) -> int:
    """Send `count` bytes of a file from `offset` on; how many went, less only if the file ended.

    `socket_fd` is a non-blocking socket that the loop does not watch. `wait` awaits what it is
    given, which is done when the socket takes more; so it can limit the time of that. `on_sent` is
    told of each number of bytes that went. Reading the file blocks the loop where the file is not
    in memory, as with any sendfile.

    Raises ConnectionError or TimeoutError if the connection is lost, another OSError if the file
    cannot be read, and asyncio.SendfileNotAvailableError, with nothing sent, where there is no
    sendfile or it cannot be used with these two.
    """
    if not hasattr(os, "sendfile"):
        raise asyncio.SendfileNotAvailableError("this system has no sendfile")
    loop = asyncio.get_running_loop()
    end = offset + count
    position = offset
    while position < end:
        try:
            sent = os.sendfile(
                socket_fd, file_fd, position, min(end - position, _MAX_SENDFILE_BYTES)
            )
        except BlockingIOError:
            pass
        except OSError as error:
            if position == offset and error.errno in _UNAVAILABLE:
                raise asyncio.SendfileNotAvailableError(error.strerror) from error
            raise
        else:
            if not sent:
                break
            position += sent
            on_sent(sent)
        if position < end:
            await wait(_writable(loop, socket_fd))
    return position - offset


async def _writable(loop: asyncio.AbstractEventLoop, fd: int) -> None:
    waiter = loop.create_future()
    loop.add_writer(fd, _set_done, waiter)
    try:
        await waiter
    finally:
        loop.remove_writer(fd)


def _set_done(waiter: asyncio.Future[None]) -> None:
    if not waiter.done():
        waiter.set_result(None)
