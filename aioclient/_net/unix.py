"""Connects to UNIX domain sockets."""

import asyncio
import socket

from aioclient._net.route import Route
from aioclient.errors import UnixClientConnectorError

#: How long to wait for room in a server's queue of connections, first and at most (seconds).
_FIRST_PAUSE_S = 0.001
_LONGEST_PAUSE_S = 0.1


class UnixDialer:
    """Connects to the socket at one path, whatever the host.

    A path that begins with a null character is in Linux's abstract namespace, and in no file
    system.
    """

    __slots__ = ("_path",)

    def __init__(self, path: str) -> None:
        self._path = path

    async def connect(self, route: Route, loop: asyncio.AbstractEventLoop) -> socket.socket:
        """A connected socket.

        Raises UnixClientConnectorError. Cancelling closes what was opened.
        """
        try:
            if "\0" in self._path and self._path[0] != "\0":
                # Linux would take the part before it for the path.
                raise OSError(None, "null character in the path")
            sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
            try:
                sock.setblocking(False)
                await self._connect(sock)
            except BaseException:
                sock.close()
                raise
        except (OSError, ValueError) as error:  # ValueError: some systems check the path themselves
            reason = error if isinstance(error, OSError) else OSError(None, str(error))
            raise UnixClientConnectorError(self._path, route, reason) from error
        return sock

    async def _connect(self, sock: socket.socket) -> None:
        """Connecting is done at once, or the server's queue is full.

        Not through the loop: that would wait until the socket can be written to, as if the
        connection were in progress, and that is always so.
        """
        pause_s = _FIRST_PAUSE_S
        while True:
            try:
                sock.connect(self._path)
            except BlockingIOError:
                await asyncio.sleep(pause_s)
                pause_s = min(2 * pause_s, _LONGEST_PAUSE_S)
            else:
                return
