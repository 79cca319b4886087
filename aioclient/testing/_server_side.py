"""HTTP/1.1 as the server of a connection in memory sees it (RFC 9112).

It reads what a client of this package writes, so it need not be fast or suspect much; but it does
say what it cannot understand, and it holds no more than its limits allow.
"""

from collections.abc import Iterable
from http import HTTPStatus
from typing import Final

from multidict import CIMultiDict, CIMultiDictProxy

from ._memory_transport import ServerEnd

#: A request's head; also a line of chunked coding, and all trailers.
MAX_HEAD_BYTES: Final = 256 * 1024

_NO_BODY: Final = frozenset({204, 304})

FieldPairs = Iterable[tuple[str, str]]


class BadRequest(Exception):
    """The client broke the rules, or a limit; `status` is what it is answered."""

    def __init__(self, message: str, status: int = 400) -> None:
        super().__init__(message, status)
        self.message = message
        self.status = status

    def __str__(self) -> str:
        return self.message


class RequestHead:
    """The head of a request."""

    def __init__(self, data: bytes) -> None:
        """`data` ends before the empty line. Raises BadRequest."""
        first, *lines = data.split(b"\r\n")
        parts = first.decode("utf-8", "surrogateescape").split(" ")
        if len(parts) != 3 or parts[2] not in ("HTTP/1.1", "HTTP/1.0"):
            raise BadRequest(f"bad request line {first[:100]!r}")
        method, target, version = parts
        self.method: str = method
        self.target: str = target
        self.is_http_1_0: bool = version == "HTTP/1.0"
        #: Names and values as they came.
        self.raw_headers: list[tuple[bytes, bytes]] = [_field(line) for line in lines]
        self.headers: CIMultiDictProxy[str] = CIMultiDictProxy(
            CIMultiDict(
                (name.decode("ascii", "surrogateescape"), value.decode("utf-8", "surrogateescape"))
                for name, value in self.raw_headers
            )
        )

    def tokens(self, name: str) -> list[str]:
        """The members of a list field, in lower case."""
        return _tokens(self.headers.getall(name, ()))

    @property
    def body_length(self) -> int | None:
        """How many bytes the body has; None: it comes in chunks."""
        if codings := self.tokens("Transfer-Encoding"):
            if codings != ["chunked"]:
                raise BadRequest(f"unknown transfer coding {codings!r}")
            return None
        length = self.headers.get("Content-Length", "0")
        if not (length.isascii() and length.isdigit()):
            raise BadRequest(f"bad Content-Length {length[:100]!r}")
        return int(length[:20])

    @property
    def persists(self) -> bool:
        """May another request follow on the connection, for all that this one says?"""
        wishes = self.tokens("Connection")
        return "close" not in wishes and (not self.is_http_1_0 or "keep-alive" in wishes)


class ServerSide:
    """One connection, as its server sees it."""

    def __init__(self, end: ServerEnd) -> None:
        self.end = end
        self._came = bytearray()

    async def next_exchange(self) -> "ServerExchange | None":
        """The next request, as soon as its head is here; None if the client sends no more.

        Raises BadRequest.
        """
        data = await self.read_until(b"\r\n\r\n")
        return None if data is None else ServerExchange(self, RequestHead(data))

    async def refuse(self, error: BadRequest) -> None:
        """Answer what cannot be understood; after that the connection is of no more use."""
        text = str(error).encode()
        fields = [("Content-Length", str(len(text))), ("Connection", "close")]
        await self.end.write(_head_bytes(error.status, None, fields) + text)

    async def read_until(self, ending: bytes) -> bytes | None:
        """What comes before the ending, which is read, too; None if the client ended instead."""
        begin = 0
        while True:
            found = self._came.find(ending, begin)
            if (found if found >= 0 else len(self._came)) > MAX_HEAD_BYTES:
                raise BadRequest(f"head or line of more than {MAX_HEAD_BYTES} bytes", 431)
            if found >= 0:
                break
            begin = max(0, len(self._came) - len(ending) + 1)
            piece = await self.end.read()
            if not piece:
                return None
            self._came += piece
        data = bytes(self._came[:found])
        del self._came[: found + len(ending)]
        return data

    async def read_some(self, max_bytes: int | None = None) -> bytes:
        """What has come, at most so much; nothing at the end."""
        if not self._came:
            self._came += await self.end.read()
        data = bytes(self._came[:max_bytes])
        del self._came[: len(data)]
        return data


class ServerExchange:
    """One request, whose body is still to be read, and its response, still to be written."""

    def __init__(self, side: ServerSide, head: RequestHead) -> None:
        self._side = side
        self.head = head
        # Of the body, or of its current chunk, so much is missing.
        self._missing_bytes = head.body_length or 0
        self._is_chunked = head.body_length is None
        self._is_first_chunk = True
        #: Has all of the request's body been read?
        self.is_read: bool = head.body_length == 0
        self._expects_100 = not self.is_read and "100-continue" in head.tokens("Expect")
        #: Has the head of the response been written?
        self.has_begun: bool = False
        #: Is all of it?
        self.is_written: bool = False
        #: May another request follow?
        self.persists: bool = head.persists
        self._sends_body = True
        self._sends_chunks = False
        self._announced_bytes: int | None = None
        self._sent_bytes = 0

    # --- the request's body -----------------------------------------------------------------------

    async def read(self) -> bytes:
        """Another piece of the request's body; nothing at its end.

        The first time a client is told to go on that waits for it (RFC 9110 section 10.1.1). Raises
        ConnectionResetError if it went away, BadRequest if it broke the rules.
        """
        if self.is_read:
            return b""
        if self._expects_100:
            self._expects_100 = False
            if not self.has_begun:
                await self._side.end.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        if self._is_chunked and not self._missing_bytes:
            self._missing_bytes = await self._next_chunk()
            if not self._missing_bytes:
                self.is_read = True
                return b""
        data = await self._side.read_some(self._missing_bytes)
        if not data:
            raise ConnectionResetError("the client went away in the middle of its request")
        self._missing_bytes -= len(data)
        if not self._missing_bytes and not self._is_chunked:
            self.is_read = True
        return data

    async def discard(self) -> bool:
        """Read what is left of the body, for nothing, so that another request can follow.

        False if the client went away instead, as it does if the answer has stopped its upload.
        """
        try:
            while await self.read():
                pass
        except (ConnectionResetError, BadRequest):
            return False
        return True

    async def _next_chunk(self) -> int:
        """The size of the chunk that begins; 0 for the last. RFC 9112 section 7.1."""
        if not self._is_first_chunk:
            await self._line(b"")
        self._is_first_chunk = False
        line = await self._line()
        digits = line.partition(b";")[0].strip(b" \t")
        if not digits or digits.strip(b"0123456789abcdefABCDEF") or len(digits) > 15:
            raise BadRequest(f"bad chunk size {line[:100]!r}")
        size = int(digits, 16)
        if size == 0:
            while await self._line():  # trailers, which nobody asked for
                pass
        return size

    async def _line(self, expected: bytes | None = None) -> bytes:
        line = await self._side.read_until(b"\r\n")
        if line is None:
            raise ConnectionResetError("the client went away in the middle of its request")
        if expected is not None and line != expected:
            raise BadRequest(f"expected the end of a chunk, got {line[:100]!r}")
        return line

    # --- the response -----------------------------------------------------------------------------

    async def switch(self, fields: FieldPairs) -> None:
        """Answer 101: from here on the bytes belong to another protocol."""
        self.has_begun = self.is_written = True
        self.persists = False
        await self._side.end.write(_head_bytes(101, None, [("Connection", "Upgrade"), *fields]))

    async def begin(
        self,
        status: int,
        fields: FieldPairs,
        length: int | None,
        *,
        body: bytes = b"",
        reason: str | None = None,
        until_close: bool = False,
    ) -> None:
        """Write the head of the response, and with it how its body begins.

        `length` of the body, if it is known; a Content-Length among the fields has the last word.
        Else it is written in chunks, or ends with the connection (`until_close`). Raises ValueError
        for what cannot be written, with nothing written, and as `ServerEnd.write`.
        """
        if status < 200:
            raise ValueError(f"status must be one that ends a request, not {status}")
        own = [(name, value) for name, value in fields if name.lower() != "transfer-encoding"]
        by_name = CIMultiDict(own)
        if said := by_name.get("Content-Length"):
            if not (said.isascii() and said.isdigit()):
                raise ValueError(f"Content-Length must be a number, not {said!r}")
            length = int(said)
        has_body = status not in _NO_BODY
        self._sends_body = has_body and self.head.method != "HEAD"
        until_close = until_close or (length is None and self.head.is_http_1_0)
        if has_body and not said and not until_close:
            if length is None:
                own.append(("Transfer-Encoding", "chunked"))
            else:
                own.append(("Content-Length", str(length)))
        closes = "close" in _tokens(by_name.getall("Connection", ()))
        if closes or (until_close and self._sends_body):
            self.persists = False
        if "Connection" not in by_name and (not self.persists or self.head.is_http_1_0):
            own.append(("Connection", "keep-alive" if self.persists else "close"))
        data = _head_bytes(status, reason, own)
        self._sends_chunks = self._sends_body and length is None and not until_close
        self._announced_bytes = length if self._sends_body else None
        self.has_begun = True
        await self._side.end.write(data + self._framed(body))

    async def write(self, data: bytes) -> None:
        """Write another piece of the body.

        Raises ValueError, with nothing written, for more bytes than were announced, and as
        `ServerEnd.write`.
        """
        await self._side.end.write(self._framed(data))

    async def finish(self) -> None:
        """The response is complete. If less was written than announced, the connection ends."""
        if self.is_written:
            return
        self.is_written = True
        if self.is_short:
            self.persists = False
        elif self._sends_chunks:
            await self._side.end.write(b"0\r\n\r\n")

    @property
    def is_short(self) -> bool:
        """Has less of the body been written than its Content-Length announced?"""
        return self._announced_bytes is not None and self._sent_bytes < self._announced_bytes

    def _framed(self, data: bytes) -> bytes:
        if not isinstance(data, bytes | bytearray | memoryview):
            raise TypeError(f"a piece of a body must be bytes, not {type(data).__name__}")
        if not self._sends_body or not data:
            return b""
        announced = self._announced_bytes
        if announced is not None and self._sent_bytes + len(data) > announced:
            more = self._sent_bytes + len(data)
            raise ValueError(f"the body has {more} bytes or more, Content-Length is {announced}")
        self._sent_bytes += len(data)
        return b"%x\r\n%b\r\n" % (len(data), data) if self._sends_chunks else bytes(data)


def _tokens(values: Iterable[str]) -> list[str]:
    members = (member.strip().lower() for value in values for member in value.split(","))
    return [member for member in members if member]


def _field(line: bytes) -> tuple[bytes, bytes]:
    name, colon, value = line.partition(b":")
    if not colon or not name or name != name.strip():
        raise BadRequest(f"bad field line {line[:100]!r}")
    return name, value.strip(b" \t")


def _head_bytes(status: int, reason: str | None, fields: FieldPairs) -> bytes:
    if not 100 <= status <= 999:
        raise ValueError(f"status must be a number of three digits, not {status}")
    if reason is None:
        try:
            reason = HTTPStatus(status).phrase
        except ValueError:
            reason = ""
    lines = [f"HTTP/1.1 {status} {reason}", *(f"{name}: {value}" for name, value in fields)]
    for line in lines:
        if "\r" in line or "\n" in line or "\0" in line:
            raise ValueError(f"a line of the head must have no line end in it: {line[:100]!r}")
    return ("\r\n".join(lines) + "\r\n\r\n").encode("utf-8", "surrogateescape")
