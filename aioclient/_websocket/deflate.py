"""permessage-deflate: messages as the compressed bytes of their frames, and back (RFC 7692).

The data of a message is a row of DEFLATE blocks without the last four bytes, which are the same for
all (section 7.2). Both classes take a message whole, or in pieces as it is sent or arrives. They
have no state but their own, so a large message may be given to another thread, one call at a time.

An `Inflater` makes no more bytes than it was asked for. It also finds that a message ends within a
block, which zlib does not tell: at the end of each message, an empty final block must be the end
for a copy of the decompressor. (A message that is cut off between blocks is a message, too.)
"""

import sys
import zlib as standard_zlib
from typing import Final

from aioclient._aliases import BytesLike
from aioclient.errors import WebSocketError

from .deflate_offer import DeflateParameters
from .zlib_protocol import ZlibCompressor, ZlibDecompressor, ZlibModule

#: Level 6 of zlib takes up to four times as long, for a tenth less to send.
DEFAULT_LEVEL: Final = 1
#: Blocks marked as final that one message may have: each costs a new inflater, for two bytes.
MAX_FINAL_BLOCKS: Final = 1024

_TAIL: Final = b"\x00\x00\xff\xff"
# Section 7.2.3.6: with the tail it is a block that holds nothing.
_EMPTY_BLOCK: Final = b"\x00"
_EMPTY_FINAL_BLOCK: Final = b"\x03\x00"
# zlib's 8 takes twice as long to set up and 112 KiB more, and compresses no better.
_MEMORY_LEVEL: Final = 5
# Given to zlib at once, because it copies what it was given and does not take; got at once.
_INPUT_BYTES: Final = 32_768
_OUTPUT_BYTES: Final = 262_144

_INVALID_DATA: Final = 1007
_MESSAGE_TOO_BIG: Final = 1009


class Deflater:
    """Compresses the messages of one connection.

    A message that is not to be compressed passes it by. One that was compressed must be sent, since
    those after it may refer to it; whoever does not send it goes on with a new Deflater, which
    makes no difference to the peer. A server may ask for a window of 8 bits, which zlib does not
    have; it gets data that look back by one byte only.
    """

    __slots__ = ("_kept", "_kept_level", "_level", "_open", "_parameters", "_zlib")

    def __init__(
        self,
        parameters: DeflateParameters,
        level: int = DEFAULT_LEVEL,
        *,
        zlib: ZlibModule = standard_zlib,
    ) -> None:
        self._parameters = parameters
        self._level = _checked_level(level)
        self._zlib = zlib
        self._open: ZlibCompressor | None = None  # of a message that comes in pieces
        self._kept: ZlibCompressor | None = None  # knows the messages before
        self._kept_level = level

    def deflate(self, data: BytesLike, level: int | None = None) -> bytes:
        """What to send for a whole message.

        `level` (-1 to 9, as zlib's) is for this message. If it is another than that of the message
        before, this one cannot refer to those before it.
        """
        if self._open is not None:
            raise RuntimeError("another message is being compressed in pieces")
        compressor = self._compressor(level)
        return compressor.compress(data) + _end(compressor)

    def piece(self, data: BytesLike, level: int | None = None, *, flush: bool = False) -> bytes:
        """What can be sent after one more piece of a message; perhaps nothing yet.

        With `flush` it is all, so that the peer can read so far. `level` is that of the message,
        said with its first piece.
        """
        compressor = self._open or self._compressor(level)
        deflated = compressor.compress(data)
        self._open = compressor  # not before: data of a wrong type begins no message
        return deflated + compressor.flush(standard_zlib.Z_SYNC_FLUSH) if flush else deflated

    def finish(self) -> bytes:
        """What is still to be sent of the message that came in pieces, which may be none."""
        compressor = self._open or self._compressor(None)
        self._open = None
        return _end(compressor)

    def _compressor(self, level: int | None) -> ZlibCompressor:
        level = self._level if level is None else _checked_level(level)
        if self._kept is not None and self._kept_level == level:
            return self._kept
        bits = self._parameters.client_max_window_bits
        compressor = self._zlib.compressobj(
            level,
            standard_zlib.DEFLATED,
            -max(bits, 9),  # negative: without header and checksum
            _MEMORY_LEVEL,
            # Z_RLE looks back one byte, so it keeps to a window of any size.
            standard_zlib.Z_RLE if bits < 9 else standard_zlib.Z_DEFAULT_STRATEGY,
        )
        if not self._parameters.client_no_context_takeover:
            # A new one in place of another also forgets: the old one would not know this message.
            self._kept = compressor
            self._kept_level = level
        return compressor


class Inflater:
    """Inflates the messages of one connection.

    `max_size` is of a message taken as a whole, in inflated bytes; 0: no limit. After an error
    every further call raises it again.
    """

    __slots__ = (
        "_at",
        "_data",
        "_decompressor",
        "_failure",
        "_final_blocks",
        "_has_pending",
        "_is_last",
        "_keeps_context",
        "_max_size",
        "_rest",
        "_tail_is_due",
        "_window_bits",
        "_zlib",
    )

    def __init__(
        self,
        parameters: DeflateParameters,
        max_size: int = 0,
        *,
        zlib: ZlibModule = standard_zlib,
    ) -> None:
        # A zlib before 1.2.9 that was told to compress with 8 bits used 9.
        self._window_bits = max(parameters.server_max_window_bits, 9)
        self._keeps_context = not parameters.server_no_context_takeover
        self._max_size = max_size
        self._zlib = zlib
        self._decompressor: ZlibDecompressor | None = None
        self._failure: WebSocketError | None = None
        self._final_blocks = 0  # in this message
        self._has_pending = False
        self._set_data(b"", is_last=False)

    @property
    def has_pending(self) -> bool:
        """Is there more to be had of what `piece` was given?"""
        return self._has_pending

    def inflate(self, data: bytes) -> bytes:
        """The message that came as this data.

        Raises WebSocketError: 1009 if it has more than `max_size` bytes, 1007 if it is not valid.
        """
        self._take(data, is_last=True)
        limit = self._max_size or sys.maxsize
        pieces: list[bytes] = []
        size = 0
        while self._has_pending:
            piece = self._step(min(limit - size + 1, _OUTPUT_BYTES))
            pieces.append(piece)
            size += len(piece)
            if size > limit:
                pieces.clear()  # the traceback of the error would keep them
                raise self._failed(
                    _MESSAGE_TOO_BIG,
                    f"a compressed message of {len(data)} bytes has more than "
                    f"max_msg_size = {limit} bytes when inflated",
                )
        return pieces[0] if len(pieces) == 1 else b"".join(pieces)

    def piece(self, data: bytes, max_length: int, *, is_last: bool = False) -> bytes:
        """What a piece of a message inflates to, at most `max_length` bytes of it.

        While `has_pending`, the next call must be without data, and gives more of it. `is_last`
        says that the message ends with this piece, which may be empty. `max_size` does not count.
        Raises WebSocketError 1007 if the message is not valid.
        """
        if max_length < 1:
            raise ValueError(f"max_length must be at least 1, not {max_length}")
        if not self._has_pending:
            self._take(data, is_last)
        elif data or is_last:
            raise RuntimeError("the piece before is not inflated to its end")
        pieces: list[bytes] = []
        room = max_length
        while self._has_pending and room:
            piece = self._step(min(room, _OUTPUT_BYTES))
            pieces.append(piece)
            room -= len(piece)
        return pieces[0] if len(pieces) == 1 else b"".join(pieces)

    def _take(self, data: bytes, is_last: bool) -> None:
        if self._failure is not None:
            raise self._failure
        if self._has_pending:
            raise RuntimeError("the piece before is not inflated to its end")
        self._set_data(data, is_last)
        self._has_pending = True

    def _set_data(self, data: bytes, is_last: bool) -> None:
        self._data = data
        self._at = 0  # so much of it was given to zlib
        self._rest = b""  # so much of that zlib did not take
        self._is_last = self._tail_is_due = is_last

    def _step(self, room: int) -> bytes:
        """Inflate more, at most `room` bytes; it can be none before the end."""
        if self._decompressor is None:
            self._decompressor = self._zlib.decompressobj(-self._window_bits)
        decompressor = self._decompressor
        try:
            inflated = decompressor.decompress(self._rest or self._next_input(), room)
        except self._zlib.error as error:
            raise self._failed(
                _INVALID_DATA, f"a compressed message is not valid: {error}"
            ) from error
        self._rest = decompressor.unconsumed_tail
        if decompressor.eof:
            self._begin_anew(decompressor.unused_data)
        # A full output may hide more of it, even if no input is left.
        elif len(inflated) == room:
            return inflated
        if not self._rest and not self._tail_is_due and self._at == len(self._data):
            self._end_piece()
        return inflated

    def _next_input(self) -> bytes:
        data = self._data[self._at : self._at + _INPUT_BYTES]
        self._at += len(data)
        if self._tail_is_due and self._at == len(self._data):
            self._tail_is_due = False
            return data + _TAIL  # section 7.2.2
        return data

    def _begin_anew(self, rest: bytes) -> None:
        # Section 7.2.1: a block may be marked as the final one, and others follow it. A compressor
        # that marked it has begun anew as well, so they refer to nothing before it.
        self._final_blocks += 1
        if self._final_blocks > MAX_FINAL_BLOCKS:
            raise self._failed(
                _INVALID_DATA,
                f"a compressed message has more final blocks than MAX_FINAL_BLOCKS = "
                f"{MAX_FINAL_BLOCKS}",
            )
        self._decompressor = None
        self._rest = rest

    def _end_piece(self) -> None:
        if self._is_last:
            self._check_end()
            self._final_blocks = 0
            if not self._keeps_context:
                self._decompressor = None
        self._set_data(b"", is_last=False)
        self._has_pending = False

    def _check_end(self) -> None:
        """Raise WebSocketError if the message ended within a block."""
        probe = self._decompressor
        if probe is None:
            return  # the empty block at its end is marked as the final one
        if self._keeps_context:
            probe = probe.copy()
        try:
            probe.decompress(_EMPTY_FINAL_BLOCK, 1)
        except self._zlib.error:
            pass
        if not probe.eof:
            raise self._failed(_INVALID_DATA, "a compressed message is cut off")

    def _failed(self, code: int, message: str) -> WebSocketError:
        self._failure = WebSocketError(code, message)
        self._decompressor = None
        self._set_data(b"", is_last=False)
        self._has_pending = False
        return self._failure


def _end(compressor: ZlibCompressor) -> bytes:
    flushed = compressor.flush(standard_zlib.Z_SYNC_FLUSH)
    # Section 7.2.1. zlib gives nothing if it gave all before.
    return flushed.removesuffix(_TAIL) or _EMPTY_BLOCK


def _checked_level(level: int) -> int:
    if not -1 <= level <= 9:
        raise ValueError(f"compression level must be -1 to 9, not {level!r}")
    return level
