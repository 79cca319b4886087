"""Multipart bodies, part by part as they arrive.

`MultipartReader` gives the parts of a body in their order: a `BodyPartReader`, or for a part that
is multipart itself another `MultipartReader`. A part has to be read before the next one is asked
for; what is left of it then is skipped. Nothing is kept that was not asked for: memory is about 64
KiB for each level of nesting, however large parts are, and what reads a part whole has a limit.

What is broken raises `MultipartError`, which is a ClientPayloadError and, as users of this API
expect, a ValueError; what passes a limit raises a BodyLimitError that names it.

RFC 2046 section 5.1 (multipart), RFC 2045 section 6 (Content-Transfer-Encoding), RFC 7578 (forms).
"""

import binascii
import json as json_module
import re
import sys
import types
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Generator, Mapping
from typing import Any, ClassVar, Final, Protocol, Self, TypeAlias
from urllib.parse import parse_qsl

from multidict import CIMultiDictProxy

from aioclient._aliases import BytesLike
from aioclient._http.events import FieldSection
from aioclient._http.fields import to_multidict
from aioclient._http.header_names import CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE
from aioclient._http.values import media_type, parse_parameters, text_codec
from aioclient.errors import (
    BodyLimitError,
    BodyTooLargeError,
    MultipartError,
    PartTooLargeError,
    UnknownEncodingError,
)

from .content_coding import Decoder, decoder_for
from .content_disposition import content_disposition_filename, parse_content_disposition
from .multipart_framing import (
    MAX_NESTING,
    ByteStream,
    Framing,
    PartBody,
    check_boundary,
)

__all__ = (
    "BodyPartReader",
    "MultipartError",
    "MultipartReader",
    "MultipartResponseWrapper",
    "Part",
    "PartTooLargeError",
    "UnknownEncodingError",
)

#: A line that `BodyPartReader.readline` gives is not longer.
MAX_LINE_BYTES: Final = 512 * 1024
#: A part that is read and decoded whole does not become so much larger ...
MAX_DECODE_RATIO: Final = 200
#: ... unless it stays below this size.
RATIO_FLOOR_BYTES: Final = 16 * 2**20
#: The value of a form's ``_charset_`` field. The longest name of a charset has 19 characters.
MAX_CHARSET_BYTES: Final = 31

_READ_BYTES: Final = 64 * 1024
_BASE64: Final = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/="
_NOT_BASE64: Final = bytes(set(range(256)) - set(_BASE64))
# What may be the beginning of "=3D" or of "=", blanks and a line end (RFC 2045 section 6.7).
_HALF_ESCAPE: Final = re.compile(rb"=(?:[0-9A-Fa-f]|[ \t]*+\r?)\Z")
_MAX_HALF_ESCAPE_BYTES: Final = 76  # of a whole line: RFC 2045 section 6.7, item 5


class Response(Protocol):
    """What is needed of a response."""

    @property
    def headers(self) -> Mapping[str, str]:
        """Its fields, by names in any case."""
        ...

    @property
    def content(self) -> ByteStream:
        """Its body, in pieces."""
        ...

    def release(self) -> Awaitable[object]:
        """Give its connection back."""
        ...


@types.coroutine
def _let_others_run() -> Generator[None, None, None]:
    yield


class BodyPartReader:
    """One part of a multipart body: its headers are here, its body is here or arriving.

    `headers` are the part's own, with values decoded as UTF-8 with surrogateescape.

    All methods that read

    - raise MultipartError if the body is cut off or malformed, RuntimeError for what is left of a
      part when its reader has gone on to the next one;
    - may be cancelled: the next one to read begins where the last one did.
    """

    #: What async iteration reads at a time.
    chunk_size: int = 8192

    def __init__(
        self,
        boundary: bytes,
        headers: CIMultiDictProxy[str],
        content: ByteStream,
        *,
        subtype: str = "mixed",
        default_charset: str | None = None,
        max_decompress_size: int = 262_144,
        client_max_size: int = sys.maxsize,
        max_size_error_cls: type[Exception] = PartTooLargeError,
    ) -> None:
        """Read the part whose body begins here; a `MultipartReader` makes these.

        Args:
            boundary: the boundary with the two dashes before it.
            headers: the part's headers.
            content: where its body, the boundary and what follows are read from.
            subtype: of the multipart that it is in: ``form-data`` has its own rules.
            default_charset: what `get_charset` falls back to.
            max_decompress_size: decoded bytes `decode` gives at most, and `decode_iter` at a time.
            client_max_size: bytes that `read` gives at most, before and after decoding.
            max_size_error_cls: what is raised beyond that; called with `client_max_size`, if it
                is not a BodyLimitError.
        """
        self.headers = headers
        if not isinstance(content, PartBody):
            framing = Framing(boundary.removeprefix(b"--"), content)
            framing.begin_in_body()
            content = PartBody(framing)
        self._body = content
        self._is_form_data = subtype == "form-data"
        self._default_charset = default_charset
        self._max_decompress_size = max_decompress_size
        self._client_max_size = client_max_size
        self._max_size_error_cls = max_size_error_cls
        self._disposition: dict[str, str] | None = None
        length = headers.get(CONTENT_LENGTH)
        if length is not None and not self._is_form_data:  # RFC 7578 section 4.8
            if not (length.isascii() and length.isdigit() and len(length) < 19):
                raise MultipartError(f"not a Content-Length of a part: {length[:100]!r}")
            content.expect(int(length))

    # --- what it is ------------------------------------------------------------------------------

    @property
    def name(self) -> str | None:
        """The name of the form's field, from Content-Disposition; None without a valid one."""
        return content_disposition_filename(self._disposition_params(), "name")

    @property
    def filename(self) -> str | None:
        """The file's name as the sender wrote it, perhaps with a path; None without a valid one."""
        return content_disposition_filename(self._disposition_params())

    def _disposition_params(self) -> dict[str, str]:
        if self._disposition is None:  # once, so that it warns once
            header = self.headers.get("Content-Disposition")
            self._disposition = parse_content_disposition(header)[1]
        return self._disposition

    def get_charset(self, default: str) -> str:
        """The charset parameter of the content type, or else the form's own, or `default`."""
        value = self.headers.get(CONTENT_TYPE, "").encode("utf-8", "surrogateescape")
        return media_type(value).charset or self._default_charset or default

    def at_eof(self) -> bool:
        """Has the whole body been read, as far as is known? If so, it has."""
        return self._body.is_at_end

    # --- reading in pieces -----------------------------------------------------------------------

    async def read_chunk(self, size: int = chunk_size) -> bytes:
        """Read up to `size` bytes, waiting for at least one; ``b""`` at the end.

        With a Content-Transfer-Encoding, a chunk ends where the next can be decoded by itself; for
        this it may be a few bytes longer.
        """
        if size <= 0:
            raise ValueError(f"the size of a chunk must be positive, not {size}")
        encoding = self._transfer_encoding()
        if encoding == "base64":
            return await self._read_quartets(size)
        if encoding == "quoted-printable":
            return await self._read_escapes(size)
        return await self._body.read(size)

    async def _read_quartets(self, size: int) -> bytes:
        """A chunk of base64 in which no four letters that belong together are torn apart."""
        chunk = b""
        try:
            while piece := await self._body.read(size):
                chunk += piece
                end = _whole_quartets(chunk)
                if end:
                    rest, chunk = chunk[end:], chunk[:end]
                    self._body.put_back(rest)
                    break
                chunk = chunk.translate(None, _NOT_BASE64)  # line ends among up to three letters
        except BaseException:
            self._body.put_back(chunk)
            raise
        return chunk

    async def _read_escapes(self, size: int) -> bytes:
        """A chunk of quoted-printable in which no escape is torn apart."""
        chunk = b""
        try:
            while piece := await self._body.read(size):
                chunk += piece
                start = max(0, len(chunk) - _MAX_HALF_ESCAPE_BYTES)
                half = _HALF_ESCAPE.search(chunk, start)
                if half is None or len(half[0]) >= _MAX_HALF_ESCAPE_BYTES:
                    break
                if half.start():
                    rest, chunk = chunk[half.start() :], chunk[: half.start()]
                    self._body.put_back(rest)
                    break
        except BaseException:
            self._body.put_back(chunk)
            raise
        return chunk

    async def readline(self) -> bytes:
        """Read a line with its end; the last may have none; ``b""`` at the end.

        Raises LineTooLong if it has more than 512 KiB. Nothing is taken then.
        """
        return await self._body.read_line(MAX_LINE_BYTES)

    async def release(self) -> None:
        """Read the rest of the part to nowhere."""
        if not self._body.is_at_end:
            await self._body.read_to_end()

    def __aiter__(self) -> Self:
        """Iterate over the body in chunks, encoded as they came: see `read_chunk`."""
        return self

    async def __anext__(self) -> bytes:
        chunk = await self.read_chunk(self.chunk_size)
        if not chunk:
            raise StopAsyncIteration
        return chunk

    # --- reading whole ---------------------------------------------------------------------------

    async def read(self, *, decode: bool = False) -> bytes:
        """Read the whole rest of the part; with `decode`, undo its encodings.

        Raises `max_size_error_cls` if it has more than `client_max_size` bytes, BodyTooLargeError
        if it grows too much in decoding, and what `decode` raises; nothing is taken then.
        """
        whole = bytearray()
        body = self._body
        try:
            while piece := await body.read(_READ_BYTES):
                whole += piece
                if len(whole) > self._client_max_size:
                    raise self._too_large()
            data = bytes(whole)
            return await self._decoded(data) if decode else data
        except BaseException:
            body.put_back(whole)
            raise

    async def _decoded(self, data: bytes) -> bytes:
        decoded = bytearray()
        async for piece in self.decode_iter(data):
            decoded += piece
            if len(decoded) > self._client_max_size:
                raise self._too_large()
            if len(decoded) > max(RATIO_FLOOR_BYTES, MAX_DECODE_RATIO * len(data)):
                raise BodyTooLargeError(
                    f"{len(data)} bytes of a part decoded to {len(decoded)}, more than "
                    f"{MAX_DECODE_RATIO} times as much (MAX_DECODE_RATIO)",
                    limit="MAX_DECODE_RATIO",
                    limit_value=MAX_DECODE_RATIO,
                )
        return bytes(decoded)

    def _too_large(self) -> Exception:
        kind, size = self._max_size_error_cls, self._client_max_size
        if issubclass(kind, BodyLimitError):
            return kind(
                f"a part is larger than {size} bytes (client_max_size)",
                limit="client_max_size",
                limit_value=size,
            )
        return kind(size)

    async def next(self) -> bytes | None:
        """The same as `read`, but None if there is nothing left."""
        return await self.read() or None

    async def text(self, *, encoding: str | None = None) -> str:
        """Read the whole rest as text, decoded; in UTF-8 if its charset is none Python knows.

        Raises as `read` does, and UnicodeDecodeError.
        """
        return str(await self.read(decode=True), encoding or self._codec())

    async def json(self, *, encoding: str | None = None) -> Any:  # whatever JSON holds
        """Read the whole rest as JSON, decoded; None if there is nothing.

        Raises as `text` does, and ValueError for what is not JSON.
        """
        data = await self.read(decode=True)
        return json_module.loads(str(data, encoding or self._codec())) if data else None

    async def form(self, *, encoding: str | None = None) -> list[tuple[str, str]]:
        """Read the whole rest as an urlencoded form, decoded: names and values in order.

        Raises as `text` does.
        """
        data = await self.read(decode=True)
        codec = encoding or self._codec()
        return parse_qsl(str(data, codec).rstrip(), keep_blank_values=True, encoding=codec)

    def _codec(self) -> str:
        return text_codec(self.get_charset("utf-8"))

    # --- decoding --------------------------------------------------------------------------------

    def decode(self, data: BytesLike) -> bytes:
        """Undo the part's Content-Transfer-Encoding and Content-Encoding for all of its bytes.

        With a Content-Transfer-Encoding only, also for a chunk. Raises MultipartError or
        ClientPayloadError for what is not valid or cut off, UnknownEncodingError for an encoding
        that is not known, BodyTooLargeError if it gives more than `max_decompress_size` bytes.
        """
        undone = self._undo_transfer_encoding(data)
        decoder = self._decoder()
        if decoder is None:
            return undone
        limit = self._max_decompress_size
        decoded = bytearray(decoder.decode(undone, limit + 1))
        while decoder.has_pending and len(decoded) <= limit:
            decoded += decoder.decode(b"", limit + 1 - len(decoded))
        if len(decoded) > limit:
            raise BodyTooLargeError(
                f"a part decodes to more than {limit} bytes (max_decompress_size)",
                limit="max_decompress_size",
                limit_value=limit,
            )
        decoder.finish()
        return bytes(decoded)

    async def decode_iter(self, data: BytesLike) -> AsyncIterator[bytes]:
        """The same in pieces of up to `max_decompress_size` bytes, however many.

        Other tasks run between them.
        """
        undone = self._undo_transfer_encoding(data)
        decoder = self._decoder()
        if decoder is None:
            yield undone
            return
        piece = decoder.decode(undone, self._max_decompress_size)
        while True:
            if piece:
                yield piece
            if not decoder.has_pending:
                break
            await _let_others_run()
            piece = decoder.decode(b"", self._max_decompress_size)
        decoder.finish()

    async def iter_decoded(self) -> AsyncGenerator[bytes, None]:
        """The rest of the part in pieces, with its encodings undone, in bounded memory.

        Raises as `decode` does, but has no limit of size. New here.
        """
        decoder = self._decoder()
        while chunk := await self.read_chunk(_READ_BYTES):
            piece = self._undo_transfer_encoding(chunk)
            if decoder is not None:
                piece = decoder.decode(piece, self._max_decompress_size)
            if piece:
                yield piece
            while decoder is not None and decoder.has_pending:
                await _let_others_run()
                if piece := decoder.decode(b"", self._max_decompress_size):
                    yield piece
        if decoder is not None:
            decoder.finish()

    def _decoder(self) -> Decoder | None:
        value = self.headers.get(CONTENT_ENCODING, "")
        codings = [coding.strip(" \t").lower() for coding in value.split(",")]
        # RFC 7578 section 4.8: forms have no such field; RFC 9110 section 8.4: a list of codings.
        if self._is_form_data or not [
            coding for coding in codings if coding not in ("", "identity")
        ]:
            return None
        decoder = decoder_for(value.encode("utf-8", "surrogateescape"))
        if decoder is None:
            raise UnknownEncodingError(f"unknown content encoding of a part: {value[:100]!r}")
        return decoder

    def _transfer_encoding(self) -> str:
        return self.headers.get("Content-Transfer-Encoding", "").strip(" \t").lower()

    def _undo_transfer_encoding(self, data: BytesLike) -> bytes:
        encoding = self._transfer_encoding()
        try:
            if encoding in ("", "7bit", "8bit", "binary"):  # RFC 2045 section 6.2: as it is
                return bytes(data)
            if encoding == "base64":
                return binascii.a2b_base64(data)
            if encoding == "quoted-printable":
                return binascii.a2b_qp(data)
        except binascii.Error as error:
            raise MultipartError(f"a part is not valid {encoding}: {error}") from error
        raise UnknownEncodingError(f"unknown transfer encoding of a part: {encoding[:100]!r}")

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.headers.get(CONTENT_TYPE, '')[:100]!r}>"


def _whole_quartets(chunk: bytes) -> int:
    """How much of base64 ends with the fourth of four letters that belong together."""
    end = len(chunk)
    torn = len(chunk.translate(None, _NOT_BASE64)) % 4
    while torn:
        end -= 1
        torn -= chunk[end] in _BASE64
    return end


class MultipartReader:
    """The parts of a multipart body, in their order.

    Ask for a part with `next` or ``async for``, read it, then ask for the next one.

    All methods that read raise MultipartError if the body is cut off or malformed, BodyLimitError
    if it passes a limit, and what the stream raises. They may be cancelled: the next call goes on.
    """

    #: What `from_response` makes; for a subclass to replace.
    response_wrapper_cls: ClassVar[type["MultipartResponseWrapper"]]
    #: What a part that is multipart is read with; None for the class of this reader.
    multipart_reader_cls: ClassVar[type["MultipartReader"] | None] = None
    #: What any other part is read with.
    part_reader_cls: ClassVar[type[BodyPartReader]] = BodyPartReader

    def __init__(
        self,
        headers: Mapping[str, str],
        content: ByteStream,
        *,
        client_max_size: int = sys.maxsize,
        max_field_size: int = 8190,
        max_headers: int = 128,
        max_size_error_cls: type[Exception] = PartTooLargeError,
    ) -> None:
        """Read a body.

        Args:
            headers: have the Content-Type with the boundary.
            content: the body's bytes; a little more than the parts given so far is read from it.
            client_max_size: bytes of a part that is read whole, before and after decoding.
            max_field_size: bytes of one field of a part's head, name and value.
            max_headers: lines of a part's head.
            max_size_error_cls: what is raised beyond `client_max_size`: see `BodyPartReader`.

        Raises MultipartError if the Content-Type is not multipart or has no valid boundary,
        BodyLimitError for more than 8 multiparts in each other.
        """
        subtype, boundary = _multipart_type(headers)
        self.headers = headers
        self._subtype = subtype
        self._boundary = boundary
        self._depth = content.depth + 1 if isinstance(content, PartBody) else 0
        if self._depth > MAX_NESTING:
            raise BodyLimitError(
                f"multipart in multipart more than {MAX_NESTING} levels deep (MAX_NESTING)",
                limit="MAX_NESTING",
                limit_value=MAX_NESTING,
            )
        self._framing = Framing(boundary, content)
        self._client_max_size = client_max_size
        self._max_field_size = max_field_size
        self._max_headers = max_headers
        self._max_size_error_cls = max_size_error_cls
        self._default_charset: str | None = None
        self._body: PartBody | None = None  # of the part that was given last
        self._at_eof = False
        self._is_first = True
        self._charset_field: BodyPartReader | None = None  # while it is read

    @classmethod
    def from_response(cls, response: Response) -> "MultipartResponseWrapper":
        """A reader of a response's body, which gives the connection back at the end."""
        return cls.response_wrapper_cls(response, cls(response.headers, response.content))

    def at_eof(self) -> bool:
        """Has `next` found that there are no more parts, or `release` read to the end?"""
        return self._at_eof

    async def next(self) -> "Part | None":
        """The next part, or None after the last. What is left of the one before is skipped.

        After the last part, reads what else there is of the body, up to 64 KiB, and ignores it.
        """
        while True:
            if self._charset_field is not None:
                self._default_charset = await _charset_in(self._charset_field)
                self._charset_field = None
            await self._leave_part()
            if self._framing.is_closed:
                self._at_eof = True
                await self._framing.skip_epilogue()
                return None
            part = await self.fetch_next_part()
            is_first, self._is_first = self._is_first, False
            if not is_first or self._subtype != "form-data" or self._body is None:
                return part
            if not isinstance(part, BodyPartReader) or part.name != "_charset_":
                return part
            # RFC 7578 section 4.6
            self._charset_field = BodyPartReader(
                b"--" + self._boundary,
                part.headers,
                self._body,
                subtype=self._subtype,
                client_max_size=MAX_CHARSET_BYTES,
            )

    async def fetch_next_part(self) -> "Part":
        """Read a head and make the part: what `next` does when the part before is read or skipped.

        Raises RuntimeError before that.
        """
        section = await self._framing.read_head(self._max_field_size, self._max_headers)
        headers = CIMultiDictProxy(to_multidict(FieldSection(section)))
        self._body = body = PartBody(self._framing, self._depth)
        content_type = headers.get(CONTENT_TYPE, "").lstrip(" \t").lower()
        if content_type.startswith("multipart/"):
            return (self.multipart_reader_cls or type(self))(
                headers,
                body,
                client_max_size=self._client_max_size,
                max_field_size=self._max_field_size,
                max_headers=self._max_headers,
                max_size_error_cls=self._max_size_error_cls,
            )
        return self.part_reader_cls(
            b"--" + self._boundary,
            headers,
            body,
            subtype=self._subtype,
            default_charset=self._default_charset,
            client_max_size=self._client_max_size,
            max_size_error_cls=self._max_size_error_cls,
        )

    async def release(self) -> None:
        """Read all the rest to nowhere, up to the closing boundary."""
        await self._leave_part()
        while not self._framing.is_closed:
            await self._framing.skip_part()
        self._at_eof = True
        await self._framing.skip_epilogue()

    async def _leave_part(self) -> None:
        if self._body is not None:
            await self._body.leave()
            self._body = None
        await self._framing.skip_preamble()

    def __aiter__(self) -> Self:
        """Iterate over the parts: see `next`."""
        return self

    async def __anext__(self) -> "Part":
        part = await self.next()
        if part is None:
            raise StopAsyncIteration
        return part

    def __repr__(self) -> str:
        return f"<{type(self).__name__} multipart/{self._subtype[:100]}>"


#: What a multipart body consists of.
Part: TypeAlias = MultipartReader | BodyPartReader


class MultipartResponseWrapper:
    """The parts of a response; the response is released after the last.

    `resp` is the response and `stream` the reader.
    """

    def __init__(self, resp: Response, stream: MultipartReader) -> None:
        self.resp = resp
        self.stream = stream

    def at_eof(self) -> bool:
        """Has `next` found that there are no more parts?"""
        return self.stream.at_eof()

    async def next(self) -> Part | None:
        """The next part, or None after the last: see `MultipartReader.next`."""
        part = await self.stream.next()
        if self.stream.at_eof():
            await self.release()
        return part

    async def release(self) -> None:
        """Release the response."""
        await self.resp.release()

    def __aiter__(self) -> Self:
        """Iterate over the parts: see `next`."""
        return self

    async def __anext__(self) -> Part:
        part = await self.next()
        if part is None:
            raise StopAsyncIteration
        return part


MultipartReader.response_wrapper_cls = MultipartResponseWrapper


def _multipart_type(headers: Mapping[str, str]) -> tuple[str, bytes]:
    """The subtype and the boundary that a Content-Type says."""
    value = headers.get(CONTENT_TYPE, "")
    essence, _, parameters = value.partition(";")
    kind, _, subtype = essence.strip(" \t").lower().partition("/")
    if kind != "multipart":
        raise MultipartError(f"expected multipart as Content-Type, got {value[:100]!r}")
    for name, parameter in parse_parameters(parameters):
        if name == "boundary":
            return subtype, check_boundary(parameter)
    raise MultipartError(f"the Content-Type has no boundary: {value[:100]!r}")  # RFC 2046 5.1.1


async def _charset_in(field: BodyPartReader) -> str:
    """What a form's ``_charset_`` field says."""
    try:
        return (await field.read()).decode("ascii").strip()
    except (PartTooLargeError, UnicodeDecodeError) as error:
        raise MultipartError(f"not a charset for a form (RFC 7578 section 4.6): {error}") from error
