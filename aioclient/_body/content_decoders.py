"""One decoder for each content coding: coded bytes in, decoded bytes out, a bounded number a call.

Input is kept here and given to the codec library in small pieces, because a library that was told
to stop early hands back the rest of its input as a copy. What all codings share (keeping input,
counting output, wording errors) is `_Stream`; codings whose bodies are a row of frames, such as
the members of gzip, add `_FramedStream`.

RFC 1950 (zlib), RFC 1951 (deflate), RFC 1952 (gzip), RFC 7932 (br), RFC 8878 and 9659 (zstd).
"""

from typing import ClassVar

from aioclient.errors import ClientPayloadError

from .codec_modules import (
    BrotliDecompressor,
    ZlibBackend,
    brotli_module,
    standard_zlib,
    zlib_module,
    zstd_module,
)

#: Members a gzip body may have: each costs a new codec, and an empty one only 20 bytes.
MAX_GZIP_MEMBERS = 1024
#: Frames of a zstd body that may decode to nothing (skippable ones too): as above, for 8 bytes.
MAX_EMPTY_ZSTD_FRAMES = 1024
#: RFC 9659 section 3: decoders support windows up to 8 MB, encoders must not use larger ones.
ZSTD_WINDOW_LOG = 23

_PIECE_BYTES = 32_768
_BROTLI_OUTPUT_BYTES = 65_536
# Brotli before 1.2 cannot stop early: 16 bytes of a bomb give it at most about 16 MiB at a time.
_UNBOUNDED_BROTLI_PIECE_BYTES = 16
# Brotli does not say where its stream ended: it fails, output lost, if its input goes on behind
# the end. So the last bytes at hand go in one by one, and a stray line end or the like is found.
_BROTLI_TAIL_BYTES = 16


class _Stream:
    """What the codings share. A subclass says in `_step` how its codec takes a piece.

    After an error every further call raises it again; what was decoded before it in the same call
    is handed over first.
    """

    __slots__ = (
        "_decoded",
        "_failure",
        "_has_begun",
        "_has_ended",
        "_has_more",
        "_kept",
        "_piece",
    )

    coding: ClassVar[str]

    def __init__(self) -> None:
        self._piece = b""  # what the codec takes next
        self._kept = bytearray()  # what came after that
        self._has_more = False  # may the codec give output without input?
        self._has_begun = False
        self._has_ended = False
        self._decoded = 0
        self._failure: ClientPayloadError | None = None

    @property
    def has_pending(self) -> bool:
        """Could `decode(b"", n)` give more (or raise) without more input?"""
        return bool(self._has_more or self._piece or self._kept or self._failure)

    def decode(self, data: bytes, max_output: int) -> bytes:
        """Take `data` and give what is decoded, at most `max_output` bytes.

        Raises ClientPayloadError if the body is not valid.
        """
        if self._failure is not None:
            raise self._failure
        if data:
            self._keep(data)
        pieces: list[bytes] = []
        room = max_output
        while room > 0 and self.has_pending:
            try:
                decoded = self._checked_step(room)
            except ClientPayloadError as failure:
                self._failure = failure
                if not pieces:
                    raise
                break
            if decoded:
                pieces.append(decoded)
                room -= len(decoded)
                self._decoded += len(decoded)
        return pieces[0] if len(pieces) == 1 else b"".join(pieces)

    def finish(self) -> None:
        """Raise ClientPayloadError if the body that has been taken is not a whole one."""
        if self._failure is not None:
            raise self._failure
        # A body without any bytes is what HEAD, 204 and 304 have: not cut off.
        if self._has_begun and not self._is_whole():
            raise ClientPayloadError(
                f"{self.coding} body is cut off after {self._decoded} decoded bytes"
            )

    def _is_whole(self) -> bool:
        return self._has_ended

    def _keep(self, data: bytes) -> None:
        if self._has_ended:
            return  # bytes after the end are ignored, as browsers do
        self._has_begun = True
        if len(data) <= _PIECE_BYTES and not self._piece and not self._kept:
            self._piece = data
        else:
            self._kept += data

    def _end(self) -> None:
        self._has_ended = True
        self._has_more = False
        self._piece = b""
        self._kept.clear()

    def _checked_step(self, room: int) -> bytes:
        if not self._piece and not self._has_more:
            self._piece = bytes(self._kept[:_PIECE_BYTES])
            del self._kept[:_PIECE_BYTES]
        had, had_more = len(self._piece), self._has_more
        decoded = self._step(room)
        if not decoded and len(self._piece) >= had and self._has_more >= had_more:
            raise self._invalid("its decoder makes no progress")
        return decoded

    def _step(self, room: int) -> bytes:
        """Give the codec `_piece`, leave there what it did not take, and set `_has_more`."""
        raise NotImplementedError

    def _invalid(self, reason: object) -> ClientPayloadError:
        return ClientPayloadError(f"response body is not valid {self.coding}: {reason}")


class _FramedStream(_Stream):
    """A row of frames, each decoded by a codec of its own, until something else follows."""

    __slots__ = ("_head", "_is_open", "_number")

    #: How many bytes show what begins here.
    head_bytes: ClassVar[int]

    def __init__(self) -> None:
        super().__init__()
        self._head = b""  # where a frame may begin, but too little of it yet to know
        self._number = 0  # of the frame
        self._is_open = False

    def _is_whole(self) -> bool:
        return self._has_ended or not (self._is_open or self._head)

    def _step(self, room: int) -> bytes:
        if not self._is_open and not self._begin_frame():
            return b""
        return self._step_in_frame(room)

    def _begin_frame(self) -> bool:
        head = (self._head + self._piece[: self.head_bytes])[: self.head_bytes]
        # The first frame is opened whatever it begins with: the codec knows what is wrong.
        if self._number and not self._may_begin(head):
            self._end()
            return False
        if len(head) < self.head_bytes:
            self._head = head
            self._piece = b""
            return False
        self._piece = self._head + self._piece
        self._head = b""
        self._number += 1
        self._open()
        self._is_open = True
        return True

    def _end_frame(self, rest: bytes) -> None:
        self._is_open = False
        self._has_more = False
        self._piece = rest

    def _may_begin(self, head: bytes) -> bool:
        """Could a further frame begin with `head`, which may be shorter than `head_bytes`?"""
        raise NotImplementedError

    def _open(self) -> None:
        """Make the codec for a frame that begins with `_piece`."""
        raise NotImplementedError

    def _step_in_frame(self, room: int) -> bytes:
        raise NotImplementedError


class _InflatedStream(_FramedStream):
    """What zlib decodes."""

    __slots__ = ("_error", "_inflater")

    def _open_inflater(self, module: ZlibBackend, window_bits: int) -> None:
        self._error = module.error
        self._inflater = module.decompressobj(window_bits)

    def _step_in_frame(self, room: int) -> bytes:
        inflater = self._inflater
        try:
            decoded = inflater.decompress(self._piece, room)
        except self._error as error:
            raise self._invalid(error) from error
        if inflater.eof:
            self._end_frame(inflater.unused_data)
        else:
            self._piece = inflater.unconsumed_tail
            # A full output may hide more of it, even if no input is left.
            self._has_more = len(decoded) == room
        return decoded


class GzipDecoder(_InflatedStream):
    """``gzip`` (RFC 1952): one member or several; after the last, what is not gzip is ignored."""

    __slots__ = ()

    coding = "gzip"
    head_bytes = 4

    def _may_begin(self, head: bytes) -> bool:
        return b"\x1f\x8b".startswith(head[:2])

    def _open(self) -> None:
        if self._number > MAX_GZIP_MEMBERS:
            raise ClientPayloadError(
                f"gzip body has more members than MAX_GZIP_MEMBERS = {MAX_GZIP_MEMBERS}"
            )
        # RFC 1952 section 2.3: byte 3 has the flags, 2 says that a CRC of the header follows. isal
        # (1.9.1) takes it for wrong when the header comes in pieces.
        module = standard_zlib() if self._piece[3] & 2 else zlib_module()
        self._open_inflater(module, 31)  # 16: gzip header and trailer; 15: any window


class DeflateDecoder(_InflatedStream):
    """``deflate``: zlib data (RFC 1950), or, from servers that get it wrong, raw (RFC 1951)."""

    __slots__ = ()

    coding = "deflate"
    head_bytes = 2

    def _may_begin(self, head: bytes) -> bool:
        return False  # there is one stream

    def _open(self) -> None:
        # RFC 1950 section 2.2: method 8, a window of at most 32 KiB, check bits. A raw stream
        # that begins so would be a stored block with a padding bit set, which nobody writes.
        # RFC 9110 section 8.4.1.2 notes that some send raw data, as browsers accept.
        cmf, flg = self._piece[:2]
        is_wrapped = cmf & 0x0F == 8 and cmf >> 4 <= 7 and ((cmf << 8) | flg) % 31 == 0
        self._open_inflater(zlib_module(), 15 if is_wrapped else -15)


class ZstdDecoder(_FramedStream):
    """``zstd`` (RFC 8878): Zstandard and skippable frames; what follows the last is ignored."""

    __slots__ = ("_decoded_before", "_decompressor", "_empty_frames", "_error")

    coding = "zstd"
    head_bytes = 4

    def __init__(self) -> None:
        super().__init__()
        self._decoded_before = -1  # bytes before this frame; no frame was before the first
        self._empty_frames = 0

    def _may_begin(self, head: bytes) -> bool:
        # RFC 8878 sections 3.1.1 and 3.1.2: 0xFD2FB528, or 0x184D2A5? for a skippable frame.
        if head[0] & 0xF0 == 0x50:
            return b"\x2a\x4d\x18".startswith(head[1:])
        return b"\x28\xb5\x2f\xfd".startswith(head)

    def _open(self) -> None:
        self._empty_frames += self._decoded == self._decoded_before
        if self._empty_frames > MAX_EMPTY_ZSTD_FRAMES:
            raise ClientPayloadError(
                f"zstd body has more empty frames than MAX_EMPTY_ZSTD_FRAMES = "
                f"{MAX_EMPTY_ZSTD_FRAMES}"
            )
        self._decoded_before = self._decoded
        module = zstd_module()
        self._error = module.ZstdError
        options = {module.DecompressionParameter.window_log_max: ZSTD_WINDOW_LOG}
        self._decompressor = module.ZstdDecompressor(None, options)

    def _step_in_frame(self, room: int) -> bytes:
        decompressor = self._decompressor
        data, self._piece = self._piece, b""  # it keeps what it does not need yet
        try:
            decoded = decompressor.decompress(data, room)
        except self._error as error:
            raise self._invalid(error) from error
        if decompressor.eof:
            self._end_frame(decompressor.unused_data)
        else:
            self._has_more = not decompressor.needs_input or len(decoded) == room
        return decoded


class BrotliDecoder(_Stream):
    """``br`` (RFC 7932): one stream.

    Bytes after its end are ignored if they come later or are few; more of them in the same piece
    are an error, because the library then loses the end of the body.
    """

    __slots__ = ("_decompressor", "_error", "_is_bounded", "_is_full", "_surplus", "_surplus_at")

    coding = "br"

    def __init__(self) -> None:
        super().__init__()
        self._decompressor: BrotliDecompressor | None = None
        self._surplus = b""  # decoded, but not asked for yet
        self._surplus_at = 0
        self._is_full = False

    def _step(self, room: int) -> bytes:
        if not self._surplus:
            self._surplus = self._process(self._decompressor or self._open(), room)
        decoded = self._surplus[self._surplus_at : self._surplus_at + room]
        self._surplus_at += len(decoded)
        if self._surplus_at == len(self._surplus):
            self._surplus = b""
            self._surplus_at = 0
        self._set_state()
        return decoded

    def _open(self) -> BrotliDecompressor:
        module = brotli_module()
        decompressor = self._decompressor = module.Decompressor()
        self._error = module.error
        self._is_bounded = hasattr(decompressor, "can_accept_more_data")
        return decompressor

    def _set_state(self) -> None:
        decompressor = self._decompressor
        if self._surplus or decompressor is None:
            self._has_more = True
        elif decompressor.is_finished():
            self._end()
        else:
            # Where it stopped at the limit it may hold output, even if it would take input.
            self._has_more = self._is_bounded and (
                self._is_full or not decompressor.can_accept_more_data()
            )

    def _process(self, decompressor: BrotliDecompressor, room: int) -> bytes:
        # While it has output it takes no input.
        data = b"" if self._has_more else self._next_data()
        try:
            if self._is_bounded:
                # The limit is where its buffer stops growing: it may give half as much again.
                limit = min(room, _BROTLI_OUTPUT_BYTES)
                decoded = decompressor.process(data, output_buffer_limit=limit)
                self._is_full = len(decoded) >= limit
                return decoded
            return decompressor.process(data)
        except self._error as error:
            raise self._invalid(error) from error

    def _next_data(self) -> bytes:
        size = len(self._piece)
        if not self._kept:
            size = max(size - _BROTLI_TAIL_BYTES, 1)
        if not self._is_bounded:
            size = min(size, _UNBOUNDED_BROTLI_PIECE_BYTES)
        data, self._piece = self._piece[:size], self._piece[size:]
        return data
