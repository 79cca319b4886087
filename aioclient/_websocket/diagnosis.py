"""The words for what a peer's frames are refused for; both readers take them from here."""

from aioclient._websocket.messages import WSCloseCode
from aioclient.errors import WebSocketError

MAX_CONTROL_SIZE = 125  # RFC 6455 section 5.5


def _broken(message: str, section: str) -> WebSocketError:
    return WebSocketError(WSCloseCode.PROTOCOL_ERROR, f"{message} (RFC 6455 section {section})")


def bad_first_byte(first: int, in_message: bool) -> WebSocketError:
    """Why a frame may not begin with this byte."""
    opcode = first & 0x0F
    if first & 0x30:
        return _broken(f"a frame has reserved bits set: first byte 0x{first:02X}", "5.2")
    if first & 0x40:
        return _broken(f"a frame is marked as compressed: first byte 0x{first:02X}", "5.2")
    if 3 <= opcode <= 7 or opcode >= 11:
        return _broken(f"a frame has the reserved opcode {opcode}", "5.2")
    if opcode >= 8:
        return _broken(f"a control frame is fragmented: opcode {opcode}", "5.5")
    if in_message:
        return _broken(f"a message begins inside another: opcode {opcode}", "5.4")
    return _broken("a continuation frame continues no message", "5.4")


def masked() -> WebSocketError:
    """A server's frame has a mask."""
    return _broken("the server masks its frames", "5.1")


def control_too_long(opcode: int) -> WebSocketError:
    """A control frame says that it is longer than control frames may be."""
    message = f"a control frame has more than {MAX_CONTROL_SIZE} bytes: opcode {opcode}"
    return _broken(message, "5.5")


def not_shortest(length: int) -> WebSocketError:
    """A length has a longer form than it needs."""
    return _broken(f"the length {length} of a frame is not in its shortest form", "5.2")


def length_too_large() -> WebSocketError:
    """The highest bit of a length of eight bytes is set."""
    return _broken("the length of a frame does not fit in 63 bits", "5.2")


def half_a_close_code() -> WebSocketError:
    """A Close frame has one byte."""
    return _broken("a Close frame has half a code", "5.5.1")


def bad_close_code(code: int) -> WebSocketError:
    """A Close frame has a code that none may have."""
    return _broken(f"a Close frame has the code {code}", "7.4")


def bad_reason(position: int) -> WebSocketError:
    """The reason in a Close frame is no UTF-8."""
    return WebSocketError(
        WSCloseCode.INVALID_TEXT, f"the reason for closing is not UTF-8 at byte {position}"
    )


def bad_text(position: int) -> WebSocketError:
    """A text message is no UTF-8 (section 8.1); `position` is where the first bad character is."""
    return WebSocketError(
        WSCloseCode.INVALID_TEXT, f"a text message is not UTF-8 at byte {position}"
    )


def message_too_big(size: int, limit: int) -> WebSocketError:
    """A message has more bytes, as far as its frames say, than `max_msg_size`."""
    return WebSocketError(
        WSCloseCode.MESSAGE_TOO_BIG,
        f"a message has {size} bytes or more, over the limit of {limit} (max_msg_size)",
    )
