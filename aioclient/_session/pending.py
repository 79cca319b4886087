"""A request that was described but not yet answered: for ``await``, or ``async with``."""

from collections.abc import Coroutine, Generator
from types import TracebackType
from typing import Any

from aioclient._message.response import ClientResponse


class Pending:
    """The answer to a request, once somebody waits for it.

    ``response = await pending`` gives the response; ``async with pending as response`` also
    releases it at the end of the block.
    """

    __slots__ = ("_call", "_response")

    def __init__(self, call: Coroutine[Any, Any, ClientResponse]) -> None:
        self._call = call
        self._response: ClientResponse

    def __await__(self) -> Generator[Any, None, ClientResponse]:
        return self._call.__await__()

    async def __aenter__(self) -> ClientResponse:
        self._response = response = await self._call
        return response

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._response.close()
