"""A server that closes connections exactly when it said that it would, in a process of its own.

    python tests/support/keep_alive_server.py SECONDS HOST...

Each answer has the number in the request's path, and says how long the connection is kept; if there
is no further request until then, it is closed. A request is the number of its path and a body with
a length. It says at which port it listens; in the end, how often each number came, and for how long
it stood still at most.
"""

import asyncio
import sys
from collections import Counter
from typing import Any

from server_process import standstill, tell, until_input_ends


class Seen:
    """What the server remembers."""

    def __init__(self) -> None:
        self.numbers: Counter[int] = Counter()
        self.accepted = 0
        #: Connections that were closed because their time was up.
        self.closed = 0


class Keeping(asyncio.Protocol):
    """One connection."""

    def __init__(self, seconds: int, seen: Seen) -> None:
        self._seconds = seconds
        self._seen = seen
        self._unread = b""
        self._timer: asyncio.TimerHandle | None = None
        self._transport: Any = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport
        self._seen.accepted += 1

    def connection_lost(self, exc: Exception | None) -> None:
        if self._timer is not None:
            self._timer.cancel()

    def data_received(self, data: bytes) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._unread += data
        head, end, body = self._unread.partition(b"\r\n\r\n")
        if not end:
            return
        length = head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0]
        if len(body) < int(length or b"0"):
            return
        self._unread = b""
        number = head.split(b" ", 2)[1].rpartition(b"/")[2]
        self._seen.numbers[int(number)] += 1
        self._transport.write(
            b"HTTP/1.1 200 OK\r\nKeep-Alive: timeout=%d\r\nContent-Length: %d\r\n\r\n%b"
            % (self._seconds, len(number), number)
        )
        self._timer = asyncio.get_running_loop().call_later(self._seconds, self._close)

    def _close(self) -> None:
        self._seen.closed += 1
        self._transport.close()


async def serve(seconds: int, hosts: list[str]) -> None:
    """Serve on one port of all hosts."""
    seen = Seen()
    loop = asyncio.get_running_loop()
    first = await loop.create_server(lambda: Keeping(seconds, seen), hosts[0], 0, backlog=1000)
    port = first.sockets[0].getsockname()[1]
    others = await loop.create_server(lambda: Keeping(seconds, seen), hosts[1:], port)
    tell(port)
    async with standstill() as stood_still:
        await until_input_ends()
    tell(
        {
            "numbers": seen.numbers,
            "accepted": seen.accepted,
            "closed": seen.closed,
            "stood_still_s": stood_still.seconds,
        }
    )
    first.close()
    others.close()


if __name__ == "__main__":
    asyncio.run(serve(int(sys.argv[1]), sys.argv[2:]))
