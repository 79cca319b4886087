"""A server on a named pipe of Windows that does what a test says."""

import asyncio
import sys
from types import TracebackType
from typing import Self
from uuid import uuid4

from scripted import Handler


def new_pipe_name() -> str:
    """The name of a pipe that is not there."""
    return rf"\\.\pipe\aioclient-{uuid4()}"


class PipeServer:
    """Calls a coroutine function for each connection, from `async with` on; ends them all after."""

    def __init__(self, handler: Handler) -> None:
        self.path = new_pipe_name()
        #: Connections so far.
        self.accepted = 0
        #: Connections whose handler runs.
        self.open = 0
        self._handler = handler
        self._tasks: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> Self:
        assert sys.platform == "win32", "named pipes are of Windows"
        loop = asyncio.get_running_loop()
        assert isinstance(loop, asyncio.ProactorEventLoop)
        (self._server,) = await loop.start_serving_pipe(self._new_protocol, self.path)
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _new_protocol(self) -> asyncio.StreamReaderProtocol:
        loop = asyncio.get_running_loop()
        return asyncio.StreamReaderProtocol(asyncio.StreamReader(loop=loop), self._begin, loop=loop)

    def _begin(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.accepted += 1
        self.open += 1
        task = asyncio.get_running_loop().create_task(self._serve(reader, writer))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await self._handler(reader, writer)
            writer.close()
            await writer.wait_closed()
        except (OSError, asyncio.IncompleteReadError):
            pass  # the client went away
        finally:
            self.open -= 1
            writer.transport.abort()
