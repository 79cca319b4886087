"""Content codings of request bodies (RFC 9110 section 8.4)."""

import asyncio
from typing import Final, Protocol

from aioclient._aliases import BytesLike

from .codec_modules import brotli_module, brotli_name, zlib_module, zstd_module, zstd_name
from .payload import Payload, PayloadWriter, as_bytes

#: A piece is encoded on the loop's thread if it is not larger: that takes about a millisecond.
_INLINE_BYTES: Final = 32 * 1024
#: So much is encoded at once, outside of the loop's thread.
_STEP_BYTES: Final = 1024 * 1024
_GZIP_WBITS: Final = 31
_ZLIB_WBITS: Final = 15  # RFC 9110 section 8.4.1.2: "deflate" is the zlib format


class Encoder(Protocol):
    """Encodes one body."""

    def encode(self, data: BytesLike) -> bytes:
        """Take more of the body, give what can be written already."""

    def finish(self) -> bytes:
        """Give the rest."""


def checked_coding(wish: object) -> str | None:
    """The content coding that a caller wishes; True is deflate, None and False are none.

    Raises TypeError for what is no name of one, ValueError for one that is not available.
    """
    if wish is None or wish is False:
        return None
    if wish is True:
        return "deflate"
    if not isinstance(wish, str):
        raise TypeError(f"compress must be a bool or the name of a content coding, not {wish!r}")
    coding = wish.lower()
    installed = {"br": brotli_name(), "zstd": zstd_name()}
    if coding in ("gzip", "deflate") or installed.get(coding) is not None:
        return coding
    if coding in installed:
        raise ValueError(f"compress={wish!r} needs a package that is not installed")
    raise ValueError(f"compress={wish!r} is not gzip, deflate, br or zstd")


def encoder_for(coding: str) -> Encoder:
    """The encoder for a coding that `checked_coding` gave."""
    if coding == "br":
        return _BrotliEncoder()
    if coding == "zstd":
        return _ZstdEncoder()
    return _ZlibEncoder(_GZIP_WBITS if coding == "gzip" else _ZLIB_WBITS)


class _ZlibEncoder:
    def __init__(self, wbits: int) -> None:
        self._deflater = zlib_module().compressobj(wbits=wbits)

    def encode(self, data: BytesLike) -> bytes:
        return self._deflater.compress(data)

    def finish(self) -> bytes:
        return self._deflater.flush()


class _BrotliEncoder:
    def __init__(self) -> None:
        self._compressor = brotli_module().Compressor(quality=5)  # 11, the default, is very slow

    def encode(self, data: BytesLike) -> bytes:
        return self._compressor.process(bytes(data))

    def finish(self) -> bytes:
        return self._compressor.finish()


class _ZstdEncoder:
    def __init__(self) -> None:
        self._compressor = zstd_module().ZstdCompressor()

    def encode(self, data: BytesLike) -> bytes:
        return self._compressor.compress(data)

    def finish(self) -> bytes:
        return self._compressor.flush()


class EncodingWriter(PayloadWriter):
    """Encodes what is written to it; to be finished by its owner."""

    def __init__(self, writer: PayloadWriter, encoder: Encoder) -> None:
        self._writer = writer
        self._encoder = encoder
        self._has_piece = False  # a piece that is not written yet, or never will be

    async def write(self, chunk: BytesLike) -> None:
        """Encode a piece and write what that gives; as `finish` if that is not done in turn."""
        self._check_turn()
        self._has_piece = True
        view = memoryview(as_bytes(chunk))
        for start in range(0, len(view), _STEP_BYTES):
            piece = view[start : start + _STEP_BYTES]
            if len(piece) <= _INLINE_BYTES:
                encoded = self._encoder.encode(piece)
            else:
                loop = asyncio.get_running_loop()
                encoded = await loop.run_in_executor(None, self._encoder.encode, piece)
            if encoded:
                await self._writer.write(encoded)
        self._has_piece = False

    async def finish(self) -> None:
        """Write what the encoder has kept.

        Raises RuntimeError if a piece is still being written, or was given up half-way: what the
        encoder made of it is lost.
        """
        self._check_turn()
        if rest := self._encoder.finish():
            await self._writer.write(rest)

    def _check_turn(self) -> None:
        if self._has_piece:
            raise RuntimeError("a piece of the body is being encoded, or was given up half-way")


class CompressedPayload(Payload):
    """Another payload with a content coding; its size is not known before it is written."""

    def __init__(self, inner: Payload, coding: str) -> None:
        headers = None if inner.has_plain_headers else inner.headers
        super().__init__(inner, headers, inner.content_type, inner.filename, inner.encoding)
        self._coding = coding

    @property
    def inner(self) -> Payload:
        """The payload without it."""
        return self._value  # type: ignore[no-any-return]  # it was given as one

    @property
    def consumed(self) -> bool:
        """Can the payload inside not be written again?"""
        return bool(self._value.consumed)

    async def write(self, writer: PayloadWriter) -> None:
        """Write it, encoded."""
        encoding = EncodingWriter(writer, encoder_for(self._coding))
        await self._value.write(encoding)
        await encoding.finish()

    def decode(self, encoding: str = "utf-8", errors: str = "strict") -> str:
        """The text of the payload inside."""
        return str(self._value.decode(encoding, errors))

    @property
    def autoclose(self) -> bool:
        """Has the payload inside nothing to close?"""
        return bool(self._value.autoclose)

    async def close(self) -> None:
        """Close the payload inside."""
        await self._value.close()
