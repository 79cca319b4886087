from collections.abc import Callable

from aioclient._aliases import BytesLike

class FrameWriter:
    def __init__(self, random: Callable[[int], bytes] = ...) -> None: ...
    def frame(
        self,
        opcode: int,
        payload: str | BytesLike,
        is_final: bool = ...,
        is_compressed: bool = ...,
    ) -> bytes: ...
