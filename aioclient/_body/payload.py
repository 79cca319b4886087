"""Request bodies, and parts of them: what to announce in a head, and how to write the bytes.

`Payload` is what every body becomes, and what a user's own kind of body is a subclass of. Here are
the ones that most requests need; `payloads` has the others and the registry that chooses.
"""

from abc import ABC, abstractmethod
from collections.abc import AsyncGenerator, AsyncIterable, Iterable, Mapping
from typing import IO, Any, Final, Protocol

from multidict import CIMultiDict

from aioclient._aliases import BytesLike, JSONEncoder
from aioclient._http.header_names import CONTENT_TYPE

BINARY: Final = "application/octet-stream"


class PayloadWriter(ABC):
    """Where a payload writes its bytes."""

    __slots__ = ()

    @abstractmethod
    async def write(self, chunk: BytesLike) -> None:
        """Take bytes, and return when more may come. They must not be changed until then."""

    async def drain(self) -> None:  # noqa: B027 - see below
        """Wait until more may come: there is nothing to wait for, `write` has done it."""

    async def write_eof(self, chunk: BytesLike = b"") -> None:
        """Take the last bytes; the body ends when the payload returns."""
        if chunk:
            await self.write(chunk)


class FileRange(Protocol):
    """A part of a regular file, for the system to send."""

    @property
    def file(self) -> IO[bytes]: ...
    @property
    def start(self) -> int: ...
    @property
    def size(self) -> int: ...


class Payload(ABC):
    """A request body, or a part of a multipart one.

    A subclass writes the bytes of its value in `write`, says in `size` how many they are if it
    knows, and in `consumed` if they cannot be had a second time.

    Arguments:
        value: what the body is made of.
        headers: header fields of the body; of a request, those that the caller did not set.
        content_type: its media type; without one, what the file name suggests, or that of the kind
            of payload.
        filename: a name to tell the receiver.
        encoding: of text.
    """

    _default_content_type = BINARY

    def __init__(
        self,
        value: Any,  # whatever a subclass makes a body of
        headers: Mapping[str, str] | Iterable[tuple[str, str]] | None = None,
        content_type: str | None = None,
        filename: str | None = None,
        encoding: str | None = None,
    ) -> None:
        self._value = value
        self._encoding = encoding
        self._filename = filename
        if content_type is None:
            content_type = self._default_content_type
            if filename is not None:
                from mimetypes import guess_type  # late: not at start-up

                content_type = guess_type(filename)[0] or content_type
        self._content_type = content_type
        # Made when they are asked for, if they say more than the media type.
        self._headers = None if headers is None else self._made_headers(headers)

    # --- what to announce ------------------------------------------------------------------------

    @property
    def size(self) -> int | None:
        """Bytes that `write` writes; None if that is only known afterwards."""
        return None

    @property
    def filename(self) -> str | None:
        """The name to tell the receiver."""
        return self._filename

    @property
    def encoding(self) -> str | None:
        """The encoding of text."""
        return self._encoding

    @property
    def headers(self) -> CIMultiDict[str]:
        """Header fields of the body, Content-Type at least; may be added to."""
        if self._headers is None:
            self._headers = self._made_headers(())
        return self._headers

    @property
    def content_type(self) -> str:
        """The media type."""
        if self._headers is None:
            return self._content_type
        return self._headers.get(CONTENT_TYPE, self._content_type)

    @property
    def has_plain_headers(self) -> bool:
        """Is Content-Type the only one of `headers`?"""
        return self._headers is None

    def set_content_disposition(
        self,
        disptype: str,
        quote_fields: bool = True,
        _charset: str = "utf-8",
        **params: str,
    ) -> None:
        """Set the Content-Disposition field (RFC 6266), as ``form-data`` with a name.

        With `quote_fields` file names are percent-encoded in `_charset`, else they stay as they
        are. Raises ValueError for control characters.
        """
        from aioclient._body.content_disposition import content_disposition_header  # late

        self.headers["Content-Disposition"] = content_disposition_header(
            disptype, quote_fields=quote_fields, charset=_charset, params=params
        )

    def _made_headers(self, own: Mapping[str, str] | Iterable[tuple[str, str]]) -> CIMultiDict[str]:
        headers: CIMultiDict[str] = CIMultiDict({CONTENT_TYPE: self._content_type})
        headers.update(own)
        return headers

    # --- its bytes -------------------------------------------------------------------------------

    @property
    def at_hand(self) -> BytesLike | None:
        """The whole body if it is in memory already, else None."""
        return None

    @property
    def file_range(self) -> FileRange | None:
        """Where the whole body lies if that is a regular file, else None."""
        return None

    @property
    def consumed(self) -> bool:
        """Was it written, wholly or in part, and cannot be written again?"""
        return False

    @abstractmethod
    async def write(self, writer: PayloadWriter) -> None:
        """Write the whole body."""

    async def write_with_length(self, writer: PayloadWriter, content_length: int | None) -> None:
        """Write the body, but no more than so many bytes."""
        if content_length is None:
            await self.write(writer)
            return
        limited = _LimitedWriter(writer, content_length)
        try:
            await self.write(limited)
        except _Full:
            pass

    async def as_bytes(self, encoding: str = "utf-8", errors: str = "strict") -> bytes:
        """The whole body.

        `encoding` and `errors` are for kinds that encode text only now; those here have done so.
        """
        collected = _Collected()
        await self.write(collected)
        return b"".join(collected.pieces)

    def decode(self, encoding: str = "utf-8", errors: str = "strict") -> str:
        """The whole body as text. Raises TypeError if it cannot be had without waiting for it."""
        data = self.at_hand
        if data is None:
            raise TypeError(f"{type(self).__name__} cannot be decoded before it is written")
        return str(data, encoding, errors)

    # --- the end ---------------------------------------------------------------------------------

    @property
    def autoclose(self) -> bool:
        """Is there nothing to close, so that `close` need not be called?"""
        return type(self).close is Payload.close

    async def close(self) -> None:  # noqa: B027 - most have nothing to close
        """Release what the payload opened itself; a file of the caller's stays open.

        Called once, when the request that the payload was the body of has no more use for it.
        """

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.content_type} {self.size} bytes>"  # not the value


class BytesPayload(Payload):
    """A body that is in memory; it is not copied, and large ones leave in pieces."""

    def __init__(
        self,
        value: BytesLike,
        headers: Mapping[str, str] | Iterable[tuple[str, str]] | None = None,
        content_type: str | None = None,
        filename: str | None = None,
        encoding: str | None = None,
    ) -> None:
        if type(value) is not bytes and not isinstance(value, bytes | bytearray | memoryview):
            raise TypeError(f"value must be bytes-like, not {kind(value)}")
        super().__init__(value, headers, content_type, filename, encoding)
        self._data = value if type(value) is bytes else as_bytes(value)

    @property
    def size(self) -> int:
        """Bytes of the value."""
        return len(self._data)

    @property
    def at_hand(self) -> BytesLike:
        """The value."""
        return self._data

    async def write(self, writer: PayloadWriter) -> None:
        """Write it in one piece."""
        await writer.write(self._data)

    async def as_bytes(self, encoding: str = "utf-8", errors: str = "strict") -> bytes:
        """The value."""
        return bytes(self._data)


class AsyncIterablePayload(Payload):
    """A body that an async iterable makes piece by piece; it can be written once."""

    def __init__(
        self,
        value: AsyncIterable[BytesLike],
        headers: Mapping[str, str] | Iterable[tuple[str, str]] | None = None,
        content_type: str | None = None,
        filename: str | None = None,
        encoding: str | None = None,
    ) -> None:
        if not isinstance(value, AsyncIterable):
            raise TypeError(f"value must be an async iterable of bytes, not {kind(value)}")
        super().__init__(value, headers, content_type, filename, encoding)
        self._consumed = False

    @property
    def consumed(self) -> bool:
        """Has anybody begun to write it?"""
        return self._consumed

    async def write(self, writer: PayloadWriter) -> None:
        """Write the pieces; TypeError for one that is not bytes-like.

        An async generator of the caller's is closed at the end, however early that comes.
        """
        if self._consumed:
            raise RuntimeError("the async iterable of a body was used up before")
        self._consumed = True
        iterator = aiter(self._value)
        try:
            async for piece in iterator:
                if not isinstance(piece, bytes | bytearray | memoryview):
                    raise TypeError(f"a piece of a body must be bytes-like, not {kind(piece)}")
                await writer.write(as_bytes(piece))
        finally:
            if isinstance(iterator, AsyncGenerator):
                await iterator.aclose()


def body_payload(data: object) -> Payload:
    """The payload for a request's `data`.

    Raises TypeError for what cannot be sent.
    """
    if not preferred:  # else a user registered a factory to be asked before all others
        if type(data) is bytes:
            return BytesPayload(data)
        if type(data) is str:
            return BytesPayload(data.encode(), None, "text/plain; charset=utf-8")
    from aioclient._body.payloads import payload_of  # late: not at start-up

    return payload_of(data)


def json_payload(value: Any, encode: JSONEncoder) -> Payload:  # a JSON value is what `encode` takes
    """The payload for a request's `json`; TypeError if the encoder gives neither text nor bytes."""
    encoded = encode(value)
    if isinstance(encoded, str):
        encoded = encoded.encode()
    elif not isinstance(encoded, bytes):
        raise TypeError(f"json_serialize must give str or bytes, not {kind(encoded)}")
    return BytesPayload(encoded, None, "application/json")


#: Factories that a user registered to be tried first, with their types.
preferred: list[tuple[Any, Any]] = []


def as_bytes(value: BytesLike) -> BytesLike:
    """The same bytes, as something that has as many items as bytes; copied only if scattered."""
    if not isinstance(value, memoryview):
        return value
    if not value.c_contiguous:
        return bytes(value)
    return value if value.itemsize == 1 and value.ndim == 1 else value.cast("B")


def kind(value: object) -> str:
    """What a message may say of a wrong value, which can be a secret."""
    return type(value).__name__


class _Collected(PayloadWriter):
    """Keeps what is written to it."""

    def __init__(self) -> None:
        self.pieces: list[bytes] = []

    async def write(self, chunk: BytesLike) -> None:
        self.pieces.append(bytes(chunk))


class _Full(Exception):
    """Ends the writing of a payload of which only so much is wanted."""


class _LimitedWriter(PayloadWriter):
    """Hands on a number of bytes, then raises `_Full`."""

    def __init__(self, writer: PayloadWriter, room: int) -> None:
        self._writer = writer
        self._room = room

    async def write(self, chunk: BytesLike) -> None:
        piece = as_bytes(chunk)
        if self._room and len(piece):
            taken = memoryview(piece)[: self._room]
            self._room -= len(taken)
            await self._writer.write(taken)
        if not self._room:
            raise _Full
