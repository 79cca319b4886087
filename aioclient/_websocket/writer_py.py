"""Messages -> frames: the Python twin, and the reference for the compiled one.

A client masks everything it sends, with a key that nobody can predict (RFC 6455 sections 5.3 and
10.3): pages must not be able to choose the bytes that go through a proxy. Keys are taken from
blocks of the system's random bytes, as asking it for each would take longer than all the rest; each
writer has blocks of its own, and no key is used twice.

A frame is one bytes object however large it is: its bytes are written once, into their place.
"""

import os
from collections.abc import Callable

from aioclient._aliases import BytesLike
from aioclient._websocket.frame_checks import check_block, first_byte
from aioclient._websocket.mask import masked

_BLOCK_SIZE = 512  # 128 keys


class FrameWriter:
    """Frames of a client. `random` gives that many bytes that nobody can predict."""

    __slots__ = ("_keys", "_random", "_used")

    def __init__(self, random: Callable[[int], bytes] = os.urandom) -> None:
        self._random = random
        self._keys = b""
        self._used = 0

    def frame(
        self,
        opcode: int,
        payload: str | BytesLike,
        is_final: bool = True,
        is_compressed: bool = False,
    ) -> bytes:
        """The bytes of a frame, which has this payload; a str becomes UTF-8.

        `is_compressed` is for the first frame of a message that is compressed (RFC 7692 section 6).

        Raises ValueError for a frame that must not be sent, and for text that UTF-8 cannot have.
        """
        if isinstance(payload, str):
            data = payload.encode()
        elif isinstance(payload, bytes):
            data = payload
        else:
            data = bytes(memoryview(payload))  # and not zeros, where it is an int
        size = len(data)
        first = 0x80 | opcode
        if (opcode != 1 and opcode != 2) or not is_final or is_compressed:
            first = first_byte(opcode, size, is_final, is_compressed)
        # RFC 6455 section 5.2: the shortest form of the length, with the bit for "masked"
        if size < 126:
            header = (first << 8 | 0x80 | size).to_bytes(2, "big")
        elif size < 0x10000:
            header = (first << 24 | 0xFE0000 | size).to_bytes(4, "big")
        else:
            header = (first << 72 | 0xFF << 64 | size).to_bytes(10, "big")
        key = self._next_key()
        return b"".join((header, key, masked(data, key)))

    def _next_key(self) -> bytes:
        used = self._used
        if used == len(self._keys):
            self._keys = check_block(self._random(_BLOCK_SIZE), _BLOCK_SIZE)
            used = 0
        self._used = used + 4
        return self._keys[used : used + 4]
