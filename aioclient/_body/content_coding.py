"""Content codings: which can be decoded here, and the decoder for a response's Content-Encoding.

What is installed is found without importing it; a codec library is imported when the first body
in its coding is decoded. Several codings make a chain, in which bytes move one small step at a
time, the last decoder first, so that nothing piles up between two of them.

RFC 9110 sections 8.4 (Content-Encoding) and 12.5.3 (Accept-Encoding).
"""

from typing import Protocol

from aioclient.errors import ClientPayloadError, shown

from .codec_modules import brotli_name, zstd_name
from .content_decoders import BrotliDecoder, DeflateDecoder, GzipDecoder, ZstdDecoder

__all__ = ("MAX_CODINGS", "Decoder", "accept_encoding", "decoder_for")

#: Codings one body may have. Nobody honest sends more than two; each multiplies what a byte costs.
MAX_CODINGS = 5
#: Bytes that decoders of a chain may decode in excess of what comes out of it. Honest data that is
#: coded twice hardly shrinks the second time; a body that decodes for ever to nothing is cut off.
MAX_INNER_SURPLUS_BYTES = 16 * 1024 * 1024

_STEP_BYTES = 65_536  # of one decoder of a chain at a time
_CALL_BYTES = 1024 * 1024  # decoded inside a chain in one call, so that it does not last


class Decoder(Protocol):
    """Decodes one body, as it comes."""

    @property
    def has_pending(self) -> bool:
        """Could `decode(b"", n)` give more (or raise) without more input?"""

    def decode(self, data: bytes, max_output: int) -> bytes:
        """Take more of the coded body and give decoded bytes, at most `max_output` of them.

        Input that was not needed yet is kept. The result can be empty although `has_pending` is
        true: something was done, call again. Memory held is about `max_output`, a constant, and
        the input kept. Raises ClientPayloadError if the body is not valid, then and ever after.
        """

    def finish(self) -> None:
        """Say that the coded body is complete, once `has_pending` is false.

        Raises ClientPayloadError if it is cut off. A body without any bytes is not.
        """


class _Chain:
    """Decoders one behind the other; the first takes what came."""

    __slots__ = ("_decoded", "_decoders", "_inner")

    def __init__(self, decoders: list[Decoder]) -> None:
        self._decoders = decoders
        self._decoded = 0
        self._inner = 0  # bytes that went from one decoder to the next

    @property
    def has_pending(self) -> bool:
        return any(decoder.has_pending for decoder in self._decoders)

    def decode(self, data: bytes, max_output: int) -> bytes:
        decoders = self._decoders
        if data:
            decoders[0].decode(data, 0)
        last = len(decoders) - 1
        pieces: list[bytes] = []
        room = max_output
        call_end = self._inner + _CALL_BYTES
        while room > 0 and self._inner < call_end:
            # The last one that can go on: those behind it are empty, so nothing piles up.
            at = next((i for i in range(last, -1, -1) if decoders[i].has_pending), None)
            if at is None:
                break
            try:
                decoded = decoders[at].decode(b"", room if at == last else _STEP_BYTES)
                if at < last:
                    self._pass_on(at + 1, decoded)
            except ClientPayloadError:
                if not pieces:
                    raise
                break  # what came before the error is handed over; the next call raises it
            if decoded and at == last:
                pieces.append(decoded)
                room -= len(decoded)
                self._decoded += len(decoded)
        return b"".join(pieces)

    def finish(self) -> None:
        for decoder in self._decoders:
            decoder.finish()

    def _pass_on(self, to: int, data: bytes) -> None:
        self._decoders[to].decode(data, 0)
        self._inner += len(data)
        if self._inner > MAX_INNER_SURPLUS_BYTES + 2 * len(self._decoders) * self._decoded:
            raise ClientPayloadError(
                f"body with {len(self._decoders)} content codings: {self._inner} bytes decoded "
                f"inside gave {self._decoded} bytes, more than MAX_INNER_SURPLUS_BYTES = "
                f"{MAX_INNER_SURPLUS_BYTES} in excess"
            )


def decoder_for(content_encoding: bytes | None) -> Decoder | None:
    """The decoder for a body with this Content-Encoding value.

    None if there is nothing to decode, or if a coding is unknown or its package is not installed:
    the body is then handed over as it came. Raises ClientPayloadError for more than MAX_CODINGS.
    """
    if not content_encoding:
        return None
    members = (member.strip(b" \t").lower() for member in content_encoding.split(b","))
    # RFC 9110 section 5.6.1.2: empty members count for nothing; section 12.5.3: nor does identity.
    codings = [member for member in members if member and member != b"identity"]
    if len(codings) > MAX_CODINGS:
        raise ClientPayloadError(
            f"Content-Encoding has {len(codings)} codings, more than MAX_CODINGS = "
            f"{MAX_CODINGS}: {shown(content_encoding)}"
        )
    decoders = []
    for coding in reversed(codings):  # RFC 9110 section 8.4: listed in the order applied
        decoder = _make_decoder(coding)
        if decoder is None:
            return None
        decoders.append(decoder)
    if len(decoders) > 1:
        return _Chain(decoders)
    return decoders[0] if decoders else None


def accept_encoding() -> str:
    """The Accept-Encoding value that names what can be decoded here."""
    value = "gzip, deflate"
    if brotli_name() is not None:
        value += ", br"
    if zstd_name() is not None:
        value += ", zstd"
    return value


def _make_decoder(coding: bytes) -> Decoder | None:
    if coding in (b"gzip", b"x-gzip"):  # RFC 9110 section 8.4.1.3: equivalent
        return GzipDecoder()
    if coding == b"deflate":
        return DeflateDecoder()
    if coding == b"br" and brotli_name() is not None:
        return BrotliDecoder()
    if coding == b"zstd" and zstd_name() is not None:
        return ZstdDecoder()
    return None
