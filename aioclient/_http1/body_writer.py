"""Body pieces -> bytes on the wire, counted or in chunks (RFC 9112 sections 6.2 and 7.1)."""

from aioclient._aliases import BytesLike
from aioclient._http.events import CHUNKED


class BodyWriter:
    """Frames one request body: as many bytes as were announced, or chunks."""

    __slots__ = ("_announced", "_written")

    def __init__(self, length: int) -> None:
        self._announced = length
        self._written = 0

    def piece(self, data: BytesLike) -> tuple[BytesLike, ...]:
        """What to write for one piece of bytes; nothing for an empty one (that would end a body).

        Raises ValueError if that is more than was announced: the surplus would be read as the next
        request.
        """
        size = data.nbytes if isinstance(data, memoryview) else len(data)
        if not size:
            return ()
        self._written += size
        if self._announced == CHUNKED:
            return (b"%x\r\n" % size, data, b"\r\n")
        if self._written > self._announced:
            raise ValueError(
                f"request body is longer than announced: {self._announced} bytes, "
                f"got {self._written}"
            )
        return (data,)

    def end(self) -> bytes:
        """What to write after the last piece.

        Raises ValueError if less came than was announced.
        """
        if self._announced == CHUNKED:
            return b"0\r\n\r\n"
        if self._written < self._announced:
            raise ValueError(
                f"request body is shorter than announced: {self._announced} bytes, "
                f"got {self._written}"
            )
        return b""
