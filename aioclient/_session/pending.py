"""A request that was described but not yet answered: for ``await``, or ``async with``."""

from collections.abc import Coroutine, Generator
from types import TracebackType
from typing import Any

from aioclient._message.response import ClientResponse


class Pending(Coroutine[Any, Any, ClientResponse]):
    """The answer to a request, once somebody waits for it.

    ``response = await pending`` gives the response; ``async with pending as response`` also
    releases it at the end of the block; `asyncio.create_task` takes it, too.
    """

    __slots__ = ("_call", "_response")

    def __init__(self, call: Coroutine[Any, Any, ClientResponse]) -> None:
        self._call = call
        self._response: ClientResponse

    def send(self, value: Any) -> Any:
        """Go on; what a coroutine does."""
        return self._call.send(value)

    def throw(self, *error: Any) -> Any:
        """Go on with an error; what a coroutine does."""
        return self._call.throw(*error)

    def close(self) -> None:
        """Give the request up; what a coroutine does."""
        self._call.close()

    def __await__(self) -> Generator[Any, None, ClientResponse]:
        return self._call.__await__()

    async def __aenter__(self) -> ClientResponse:
        self._response = response = await self._call
        if not issubclass(type(response), ClientResponse):
            return await response.__aenter__()  # what replaces `_request` gives what it likes
        response.is_entered = True
        return response

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        response = self._response
        if not issubclass(type(response), ClientResponse):
            await response.__aexit__(exc_type, exc, traceback)
            return
        _ = response.release()  # nothing to wait for
