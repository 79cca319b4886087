"""A server that answers nobody until all have asked, in a process of its own.

    python tests/support/patient_server.py COUNT

When so many requests have arrived, each on a connection of its own, it answers all of them with the
numbers of their paths, and those that come later at once. It says at which port it listens; in the
end, how many connections were open at most.
"""

import asyncio
import resource
import sys
from typing import Any

from server_process import tell, until_input_ends


class Seen:
    """The connections that wait for their answer."""

    def __init__(self, count: int) -> None:
        self.count = count
        self.waiting: list[Patient] = []
        self.open = 0
        self.most = 0

    def arrived(self, connection: "Patient") -> None:
        """Somebody asked."""
        self.waiting.append(connection)
        if len(self.waiting) >= self.count:
            self.count = 1
            for each in self.waiting:
                each.answer()
            self.waiting.clear()


class Patient(asyncio.Protocol):
    """One connection."""

    def __init__(self, seen: Seen) -> None:
        self._seen = seen
        self._number = b""
        self._transport: Any = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport
        self._seen.open += 1
        self._seen.most = max(self._seen.most, self._seen.open)

    def connection_lost(self, exc: Exception | None) -> None:
        self._seen.open -= 1

    def data_received(self, data: bytes) -> None:
        self._number = data.split(b" ", 2)[1].removeprefix(b"/")
        self._seen.arrived(self)

    def answer(self) -> None:
        """Answer the request that is waiting here."""
        self._transport.write(
            b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%b" % (len(self._number), self._number)
        )


async def serve(count: int) -> None:
    """Serve on 127.0.0.1."""
    seen = Seen(count)
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: Patient(seen), "127.0.0.1", 0, backlog=count)
    tell(server.sockets[0].getsockname()[1])
    await until_input_ends()
    tell({"most": seen.most})
    server.close()


if __name__ == "__main__":
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    asyncio.run(serve(int(sys.argv[1])))
