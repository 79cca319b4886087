"""Body pieces -> bytes on the wire, counted or in chunks (RFC 9112 sections 6.2 and 7.1)."""

from aioclient._aliases import BytesLike
from aioclient._http.events import CHUNKED


class BodyWriter:
    """Frames one request body: as many bytes as were announced, or chunks."""

    __slots__ = ("_announced", "_has_ended", "_written")

    def __init__(self, length: int) -> None:
        self._announced = length
        self._written = 0
        self._has_ended = False

    def piece(self, data: BytesLike) -> tuple[BytesLike, ...]:
        """What to write for one piece of bytes; nothing for an empty one (that would end a body).

        Raises ValueError if that is more than was announced, or comes after the end: the surplus
        would be read as the next request.
        """
        if self._has_ended:
            raise ValueError("a piece of a request body came after its end")
        size = data.nbytes if isinstance(data, memoryview) else len(data)
        if not size:
            return ()
        self._written += size
        if self._announced == CHUNKED:
            return (b"%x\r\n" % size, data, b"\r\n")
        if self._written > self._announced:
            raise self._wrong_length("longer")
        return (data,)

    def end(self) -> bytes:
        """What to write after the last piece.

        Raises ValueError if less came than was announced, or more: whoever wrote it may have
        made nothing of the error that `piece` raised.
        """
        self._has_ended = True
        if self._announced == CHUNKED:
            return b"0\r\n\r\n"
        if self._written < self._announced:
            raise self._wrong_length("shorter")
        if 0 < self._written > self._announced:
            raise self._wrong_length("longer")
        return b""

    def _wrong_length(self, how: str) -> ValueError:
        return ValueError(
            f"request body is {how} than announced: {self._announced} bytes, got {self._written}"
        )
