"""Bodies that a coroutine function writes: what there was before async generators."""

from collections.abc import Awaitable, Callable
from typing import Any

from aioclient._body.payload import Payload, PayloadWriter
from aioclient._body.payloads import payload_type
from aioclient._caller import warn_deprecated


class _Written:
    """A coroutine function that writes a body, with its arguments."""

    def __init__(self, write: Callable[[PayloadWriter], Awaitable[object]]) -> None:
        self.write = write


class streamer:  # noqa: N801 - the name that users know
    """A decorator for a coroutine function that writes a body: deprecated, give an async generator.

    ``await writer.write(data)`` of its first argument sends bytes. What is decorated may be given
    as `data`, or called with the function's other arguments, which gives what may be.
    """

    def __init__(self, coro: Callable[..., Awaitable[object]]) -> None:
        warn_deprecated("streamer is deprecated, use async generators")
        self._coro = coro

    def __call__(self, *args: Any, **kwargs: Any) -> _Written:
        """A body that the function will write with these arguments."""

        def write(writer: PayloadWriter) -> Awaitable[object]:
            return self._coro(writer, *args, **kwargs)

        return _Written(write)


@payload_type(_Written)
class _WrittenPayload(Payload):
    """A body that the function writes, as often as it is needed."""

    async def write(self, writer: PayloadWriter) -> None:
        """Let the function write it."""
        await self._value.write(writer)


@payload_type(streamer)
class _StreamerPayload(_WrittenPayload):
    """The same for a function that needs no other arguments."""

    def __init__(self, value: streamer, *args: Any, **kwargs: Any) -> None:
        super().__init__(value(), *args, **kwargs)
