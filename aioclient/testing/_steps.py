"""The steps of which scripts for a `ScriptedServer` are made."""

import asyncio
import contextlib
import re
import socket
import struct
import sys
from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable
from typing import ClassVar, Final, TypeAlias

from aioclient._middlewares.redaction import HIDDEN
from aioclient.errors import shown

from ._server_side import MAX_HEAD_BYTES, BadRequest, RequestHead
from ._showing import is_secret

#: An async function that does with a connection what it likes; the server closes it in the end.
ScriptFunction: TypeAlias = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]

_FIELD: Final = re.compile(rb"(?m)^([!-9;-~]+):[^\r\n]*")


class ScriptFailure(Exception):
    """The client did something else than the script says."""


class Step(ABC):
    """Something that a `ScriptedServer` does with a connection."""

    __slots__ = ()

    #: Does the time limit of steps hold for it?
    is_limited: ClassVar[bool] = True

    @abstractmethod
    async def play(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Do it. Raises ScriptFailure."""


class expect(Step):  # noqa: N801 - it reads as a verb in a script
    """Wait for bytes of the client.

    Arguments: `what`, the very bytes; or an `re.Pattern` of bytes, and as many are taken as it
    takes to match it whole, so it should say where it ends.
    """

    __slots__ = ("_what",)

    def __init__(self, what: bytes | re.Pattern[bytes]) -> None:
        if not isinstance(what, bytes | re.Pattern):
            raise TypeError(f"expect takes bytes or a pattern of bytes, not {what!r}")
        self._what = what

    async def play(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Read until it is there."""
        what, got = self._what, b""
        is_pattern = isinstance(what, re.Pattern)
        while not (what.fullmatch(got) if isinstance(what, re.Pattern) else got == what):
            size = 1 if isinstance(what, re.Pattern) else len(what) - len(got)
            piece = await reader.read(size)
            if not piece:
                raise ScriptFailure(f"the client ended the connection after {shown_bytes(got)}")
            got += piece
            is_wrong = isinstance(what, bytes) and not what.startswith(got)
            if is_wrong or (is_pattern and len(got) > MAX_HEAD_BYTES):
                raise ScriptFailure(f"got {shown_bytes(got)}")

    def __str__(self) -> str:
        what = self._what
        return f"expect({shown(what if isinstance(what, bytes) else what.pattern)})"


class expect_request(Step):  # noqa: N801 - as above
    """Wait for a whole request, head and body.

    Arguments, each None for any: `method`; `target`, as it stands in the request line; `body`,
    without its framing.
    """

    __slots__ = ("_body", "_method", "_target")

    def __init__(
        self, method: str | None = None, target: str | None = None, body: bytes | None = None
    ) -> None:
        self._method = method
        self._target = target
        self._body = body

    async def play(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Read it."""
        try:
            head = RequestHead((await reader.readuntil(b"\r\n\r\n"))[:-4])
            body = await _body(head, reader)
        except asyncio.IncompleteReadError as error:
            got = shown_bytes(error.partial)
            raise ScriptFailure(f"the client ended the connection after {got}") from None
        except (BadRequest, asyncio.LimitOverrunError) as error:
            raise ScriptFailure(f"no request came: {error}") from error
        for name, wanted, got in (
            ("method", self._method, head.method),
            ("target", self._target, head.target),
        ):
            if wanted not in (None, got):
                raise ScriptFailure(f"the {name} was {got!r}")
        if self._body not in (None, body):
            raise ScriptFailure(f"the body was {shown(body)}")

    def __str__(self) -> str:
        said = (("method", self._method), ("target", self._target), ("body", self._body))
        return f"expect_request({', '.join(f'{n}={v!r}' for n, v in said if v is not None)})"


class send(Step):  # noqa: N801 - as above
    """Send bytes to the client.

    Arguments: `data`.
    """

    __slots__ = ("_data",)

    def __init__(self, data: bytes) -> None:
        self._data = data

    async def play(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Write them; waits while the client does not read."""
        writer.write(self._data)
        await writer.drain()

    def __str__(self) -> str:
        return f"send({shown(self._data)})"


class send_in_pieces(Step):  # noqa: N801 - as above
    """Send bytes so that they leave in pieces.

    Arguments: `data`; `size`, how many bytes a piece has (1).
    """

    __slots__ = ("_data", "_size")

    def __init__(self, data: bytes, size: int = 1) -> None:
        if size < 1:
            raise ValueError(f"size must be above 0, not {size}")
        self._data = data
        self._size = size

    async def play(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Write one after another; in between the loop turns, so that a client may read."""
        for start in range(0, len(self._data), self._size):
            writer.write(self._data[start : start + self._size])
            await writer.drain()
            await asyncio.sleep(0)
            await asyncio.sleep(0)

    def __str__(self) -> str:
        return f"send_in_pieces({shown(self._data)}, {self._size})"


class pause(Step):  # noqa: N801 - as above
    """Do nothing for some time.

    Arguments: `seconds`.
    """

    __slots__ = ("_seconds",)

    is_limited = False

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds

    async def play(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Sleep."""
        await asyncio.sleep(self._seconds)

    def __str__(self) -> str:
        return f"pause({self._seconds:g})"


class wait_for(Step):  # noqa: N801 - as above
    """Do nothing until the test goes on.

    Arguments: `event`, which the test sets.
    """

    __slots__ = ("_event",)

    def __init__(self, event: asyncio.Event) -> None:
        self._event = event

    async def play(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Wait."""
        await self._event.wait()

    def __str__(self) -> str:
        return "wait_for(an event)"


class announce(Step):  # noqa: N801 - as above
    """Tell the test that the script has come so far.

    Arguments: `event`, which is set.
    """

    __slots__ = ("_event",)

    def __init__(self, event: asyncio.Event) -> None:
        self._event = event

    async def play(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Set it."""
        self._event.set()

    def __str__(self) -> str:
        return "announce(an event)"


class close(Step):  # noqa: N801 - as above
    """Close the connection, after all that was sent."""

    __slots__ = ()

    async def play(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Close it and wait until it is."""
        writer.close()
        with contextlib.suppress(OSError):
            await writer.wait_closed()

    def __str__(self) -> str:
        return "close()"


class reset(Step):  # noqa: N801 - as above
    """Break the connection off: the client meets a reset (RST), and may not get what was sent."""

    __slots__ = ()

    async def play(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Do it."""
        break_off(writer)

    def __str__(self) -> str:
        return "reset()"


def break_off(writer: asyncio.StreamWriter) -> None:
    """End a connection by a reset."""
    sock = writer.get_extra_info("socket")
    if sock is not None and not writer.transport.is_closing():
        linger = struct.pack("hh" if sys.platform == "win32" else "ii", 1, 0)
        with contextlib.suppress(OSError):
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
    writer.transport.abort()


def shown_bytes(data: bytes) -> str:
    """Bytes of a client for a message, which hides what header fields have as secrets."""

    def hidden(field: re.Match[bytes]) -> bytes:
        name = field[1]
        return b"%b: %b" % (name, HIDDEN.encode()) if is_secret(name.decode()) else field[0]

    return shown(_FIELD.sub(hidden, data))


async def _body(head: RequestHead, reader: asyncio.StreamReader) -> bytes:
    """The body of a request, and nothing behind it."""
    length = head.body_length
    if length is not None:
        return await reader.readexactly(length)
    body = b""
    while True:
        line = await reader.readuntil(b"\r\n")
        try:
            size = int(line.partition(b";")[0], 16)
        except ValueError:
            raise BadRequest(f"bad chunk size {line[:100]!r}") from None
        if size == 0:
            break
        body += (await reader.readexactly(size + 2))[:-2]
    while await reader.readuntil(b"\r\n") != b"\r\n":
        pass
    return body
