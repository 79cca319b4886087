"""Frames -> messages: the Python twin, and the reference for the compiled one.

A frame is a header, at most ten bytes from a server, and a payload of the length that the header
says. Whatever is wrong with a header shows before a byte of the payload is kept. A control frame
waits until it is whole; of a data frame each piece is looked at when it comes: it must be UTF-8 as
far as it got if the message is text, and goes to those that came before, or out if the message is
wanted in pieces. So every cut gives the same events, and costs a copy of the bytes and no more.

One thing has a short way, because each step costs time in Python: messages in one frame that came
whole (`_whole_messages`). It refuses nothing: what it does not take is left to the steps, which
alone know all the rules.
"""

from codecs import utf_8_decode

from aioclient._aliases import BytesLike
from aioclient._websocket import diagnosis
from aioclient._websocket.close_frames import parse_close
from aioclient._websocket.messages import (
    CompressedMessage,
    EventType,
    Fragment,
    ReaderError,
    ReaderEvent,
    WSMessageBinary,
    WSMessageClose,
    WSMessagePing,
    WSMessagePong,
    WSMessageText,
    WSMessageTextBytes,
    WSMsgType,
)
from aioclient.errors import WebSocketError

DEFAULT_MAX_MSG_SIZE = 4 * 1024 * 1024

_new = tuple.__new__
_TEXT = WSMsgType.TEXT
_BINARY = WSMsgType.BINARY
_MAX_HEADER_SIZE = 10
_MAX_LENGTH = 2**63 - 1
# First bytes of a message in one frame that is not compressed.
_WHOLE_TEXT = 0x81
_WHOLE_BINARY = 0x82


class FrameReader:
    """What a server sends on a WebSocket, from bytes in pieces of any size.

    `max_msg_size` is how many bytes a message may have at most, counted over its fragments as soon
    as their headers say so; 0 is no limit. A compressed message may have an eighth more, as much as
    compression can lose: whoever inflates it has to look again. `compressed` is whether messages
    may be compressed, which must have been negotiated. Without `decode_text` text is given as
    bytes, which are UTF-8 all the same.
    """

    __slots__ = (
        "_buffer",
        "_control",
        "_decode_text",
        "_header",
        "_in_frame",
        "_in_message",
        "_in_pieces",
        "_is_compressed",
        "_is_final",
        "_is_over",
        "_is_text",
        "_limit",
        "_may_compress",
        "_missing",
        "_opcode",
        "_received",
        "_tail",
    )

    def __init__(
        self,
        max_msg_size: int = DEFAULT_MAX_MSG_SIZE,
        *,
        compressed: bool = False,
        decode_text: bool = True,
    ) -> None:
        if max_msg_size < 0:
            raise ValueError(f"max_msg_size must not be negative, got {max_msg_size}")
        self._limit = min(max_msg_size, _MAX_LENGTH) or _MAX_LENGTH
        self._may_compress = compressed
        self._decode_text = decode_text
        self._is_over = False
        # Of a frame: its first bytes while there are not enough; then what the header said, and how
        # much of the payload is to come.
        self._header = b""
        self._in_frame = False
        self._opcode = 0
        self._is_final = False
        self._missing = 0
        self._control = b""
        # Of a message: what it is; how much of it came, what of that is kept, and the start of a
        # character that it ends with.
        self._in_message = False
        self._in_pieces = False
        self._is_text = False
        self._is_compressed = False
        self._received = 0
        self._buffer = bytearray()
        self._tail = b""

    @property
    def missing(self) -> int:
        """How many bytes of the payload of the current frame have not come yet."""
        return self._missing

    @property
    def is_over(self) -> bool:
        """Did the peer close, or break a rule? Then nothing more is reported."""
        return self._is_over

    def room(self) -> memoryview | None:
        """Where the next bytes of a large frame can be received, to be fed from there.

        They are not copied again, then. None if they can be received anywhere: always from this
        twin, which copies what comes. Another call of `feed` makes a room invalid.
        """
        return None

    def stream_next(self) -> list[ReaderEvent]:
        """Give the message that is not complete, or else the next one, in pieces as they come.

        Returns what has come of it. The size of such a message is not limited.
        """
        if self._is_over or self._in_pieces:
            return []
        self._in_pieces = True
        if not self._buffer:
            return []
        came = bytes(self._buffer)
        self._buffer.clear()
        data: str | bytes = came
        if self._is_text and self._decode_text and not self._is_compressed:
            data = came[: len(came) - len(self._tail)].decode()
        return [self._fragment(data, False)] if data else []

    def feed(self, data: BytesLike) -> list[ReaderEvent]:
        """Take bytes of the connection; what they complete, in order.

        A Close and an error are the last event; what comes after them counts for nothing. Nothing
        of `data` is referred to afterwards.
        """
        events: list[ReaderEvent] = []
        if self._is_over:
            return events
        try:
            self._take(data, events)
        except WebSocketError as error:
            self._end()
            events.append(ReaderError(WSMsgType.ERROR, error))
        return events

    def _take(self, data: BytesLike, events: list[ReaderEvent]) -> None:
        pos = 0
        size = len(data)
        while pos < size and not self._is_over:
            if not self._in_frame:
                if not (self._header or self._in_message or self._in_pieces):
                    pos = self._whole_messages(data, size, pos, events)
                    if pos == size:
                        return
                before = len(self._header)
                header = self._header + data[pos : pos + _MAX_HEADER_SIZE - before]
                header_size = self._begin_frame(header)
                if not header_size:
                    self._header = header
                    return
                self._header = b""
                pos += header_size - before
            end = min(size, pos + self._missing)
            self._missing -= end - pos
            if self._opcode >= 8:
                self._take_control(data[pos:end], events)
            else:
                self._take_data(data[pos:end], events)
            pos = end

    def _end(self) -> None:
        self._is_over = True
        self._in_frame = False
        self._missing = 0
        self._buffer.clear()
        self._header = self._control = self._tail = b""

    # --- the short way ----------------------------------------------------------------------------

    def _whole_messages(
        self, data: BytesLike, size: int, pos: int, events: list[ReaderEvent]
    ) -> int:
        """Take messages in one frame each, as long as they are good and whole; where they end."""
        limit = self._limit
        while size - pos >= 2:
            first = data[pos]
            length = data[pos + 1]
            start = pos + 2
            if length > 125:
                start = pos + 4 if length == 126 else pos + 10
                shortest = 126 if length == 126 else 0x10000
                length = int.from_bytes(data[pos + 2 : start], "big")
                if length < shortest:
                    return pos
            end = start + length
            if end > size or length > limit:
                return pos
            if first == _WHOLE_BINARY:
                events.append(_new(WSMessageBinary, (_BINARY, bytes(data[start:end]), "")))
            elif first == _WHOLE_TEXT:
                try:
                    text = str(data[start:end], "utf-8")
                except UnicodeDecodeError:
                    return pos
                if self._decode_text:
                    events.append(_new(WSMessageText, (_TEXT, text, "")))
                else:
                    events.append(_new(WSMessageTextBytes, (_TEXT, bytes(data[start:end]), "")))
            else:
                return pos
            pos = end
        return pos

    # --- headers ----------------------------------------------------------------------------------

    def _begin_frame(self, header: bytes) -> int:
        """Check the header that these bytes begin with, and remember it; its size, 0 if unknown."""
        first = header[0]
        opcode = first & 0x0F
        self._check_first_byte(first, opcode)
        if len(header) < 2:
            return 0
        length = header[1]
        if length & 0x80:
            raise diagnosis.masked()  # RFC 6455 section 5.1
        if length > diagnosis.MAX_CONTROL_SIZE and opcode >= 8:
            raise diagnosis.control_too_long(opcode)  # RFC 6455 section 5.5
        if length == 1 and opcode == WSMsgType.CLOSE:
            raise diagnosis.half_a_close_code()  # RFC 6455 section 5.5.1
        header_size = 2
        if length > 125:
            header_size = 4 if length == 126 else 10
            if len(header) < header_size:
                return 0
            length = self._long_length(header[2:header_size])
        if opcode < 8:
            self._begin_data(first, opcode, length)
        self._opcode = opcode
        self._is_final = first >= 0x80
        self._missing = length
        self._in_frame = True
        return header_size

    def _check_first_byte(self, first: int, opcode: int) -> None:
        is_allowed = (
            # RFC 6455 section 5.4: what begins a message, and what continues one
            opcode == 0 if self._in_message else opcode in (1, 2)
        ) or (
            # RFC 6455 section 5.5: a control frame is never fragmented
            8 <= opcode <= 10 and first >= 0x80
        )
        if first & 0x70:
            # RFC 7692 section 6: RSV1 is set on the first frame of a message that is compressed
            is_allowed = is_allowed and first & 0x70 == 0x40 and opcode in (1, 2)
            is_allowed = is_allowed and self._may_compress
        if not is_allowed:
            raise diagnosis.bad_first_byte(first, self._in_message)

    def _long_length(self, field: bytes) -> int:
        """A length of two or eight bytes (RFC 6455 section 5.2)."""
        length = int.from_bytes(field, "big")
        if length > _MAX_LENGTH:
            raise diagnosis.length_too_large()
        if length < (126 if len(field) == 2 else 0x10000):
            raise diagnosis.not_shortest(length)
        return length

    def _begin_data(self, first: int, opcode: int, length: int) -> None:
        is_compressed = self._is_compressed if opcode == 0 else first & 0x40 != 0
        received = self._received if opcode == 0 else 0
        if not self._in_pieces:
            allowed = self._limit
            if is_compressed:
                allowed = min(allowed + allowed // 8 + 64, _MAX_LENGTH)
            if length > allowed - received:
                raise diagnosis.message_too_big(received + length, self._limit)
        if opcode != 0:
            self._in_message = True
            self._is_text = opcode == _TEXT
            self._is_compressed = is_compressed
            self._received = 0

    # --- payloads ---------------------------------------------------------------------------------

    def _take_control(self, piece: BytesLike, events: list[ReaderEvent]) -> None:
        self._control += piece
        if self._missing:
            return
        payload = self._control
        self._control = b""
        self._in_frame = False
        if self._opcode == WSMsgType.PING:
            events.append(_new(WSMessagePing, (WSMsgType.PING, payload, "")))
        elif self._opcode == WSMsgType.PONG:
            events.append(_new(WSMessagePong, (WSMsgType.PONG, payload, "")))
        else:
            code, reason = parse_close(payload)
            events.append(WSMessageClose(WSMsgType.CLOSE, code, reason))
            self._end()

    def _take_data(self, piece: BytesLike, events: list[ReaderEvent]) -> None:
        is_final = self._is_final and not self._missing
        is_text = self._is_text and not self._is_compressed
        text = self._checked_text(piece, is_final) if is_text else ""
        self._received += len(piece)
        if self._in_pieces:
            data = text if is_text and self._decode_text else bytes(piece)
            if data or is_final:
                events.append(self._fragment(data, is_final))
        else:
            self._buffer += piece
        if not self._missing:
            self._in_frame = False
            if is_final:
                if not self._in_pieces:
                    events.append(self._message())
                self._in_message = self._in_pieces = False

    def _checked_text(self, piece: BytesLike, is_final: bool) -> str:
        """The characters that this piece ends; raises unless it is UTF-8 (RFC 6455 section 8.1).

        Of a message that is not given in pieces they may be missing: nobody asks for them yet.
        """
        came = self._tail + piece
        if came.isascii() and not self._in_pieces:
            return ""
        try:
            text, used = utf_8_decode(came, "strict", is_final)
        except UnicodeDecodeError as error:
            raise diagnosis.bad_text(self._received - len(self._tail) + error.start) from None
        begun = bytes(came[used:])
        if begun[:1] == b"\xed" and begun[1:] >= b"\xa0":
            # A surrogate, for the last byte of which Python's decoder waits.
            raise diagnosis.bad_text(self._received - len(self._tail) + used)
        self._tail = begun
        return text

    def _message(self) -> ReaderEvent:
        if self._is_text and self._decode_text and not self._is_compressed:
            text = self._buffer.decode()
            self._buffer.clear()
            return _new(WSMessageText, (_TEXT, text, ""))
        data = bytes(self._buffer)
        self._buffer.clear()
        if self._is_compressed:
            return _new(CompressedMessage, (EventType.COMPRESSED, data, self._is_text))
        if not self._is_text:
            return _new(WSMessageBinary, (_BINARY, data, ""))
        return _new(WSMessageTextBytes, (_TEXT, data, ""))

    def _fragment(self, data: str | bytes, is_final: bool) -> Fragment:
        of_message = (self._is_text, is_final, self._is_compressed)
        return _new(Fragment, (EventType.FRAGMENT, data, *of_message))
