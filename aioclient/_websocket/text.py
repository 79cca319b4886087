"""Text of messages whose bytes were no text before they were inflated (RFC 6455 section 8.1)."""

from codecs import utf_8_decode
from typing import Final

from aioclient.errors import WebSocketError

_INVALID_DATA: Final = 1007


class TextDecoder:
    """Decodes one text message that comes in pieces, or several, one after the other.

    What cannot become UTF-8 any more is refused at once, also within a character.
    """

    __slots__ = ("_begun", "_decoded_bytes")

    def __init__(self) -> None:
        self._begun = b""  # the first bytes of a character
        self._decoded_bytes = 0

    def piece(self, data: bytes, *, is_last: bool = False) -> str:
        """The characters that this piece ends. Raises WebSocketError 1007 for what is no UTF-8."""
        data = self._begun + data
        try:
            text, used = utf_8_decode(data, "strict", is_last)
        except UnicodeDecodeError as error:
            raise _not_utf8(self._decoded_bytes + error.start) from error
        begun = self._begun = data[used:]
        # CPython's decoder takes half a surrogate for the beginning of a character.
        if begun[:1] == b"\xed" and begun[1:2] >= b"\xa0":
            raise _not_utf8(self._decoded_bytes + used)
        self._decoded_bytes = 0 if is_last else self._decoded_bytes + used
        return text


def decoded_text(data: bytes) -> str:
    """A whole text message. Raises WebSocketError 1007 if it is no UTF-8."""
    try:
        return str(data, "utf-8")
    except UnicodeDecodeError as error:
        raise _not_utf8(error.start) from error


def _not_utf8(position: int) -> WebSocketError:
    return WebSocketError(_INVALID_DATA, f"a text message is not UTF-8 at byte {position}")
