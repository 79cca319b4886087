"""A body with its content codings undone, one step of bounded output at a time.

Decoding happens when somebody reads (RFC 9110 section 8.4 has the codings). A step that may take
about a millisecond runs in the loop's executor.
"""

import asyncio
from collections import deque
from typing import Final

from aioclient._body.content_coding import Decoder
from aioclient._message.body_source import Source
from aioclient.errors import ClientPayloadError

#: A step of decoding makes at most so much: what a bomb costs that is read in pieces.
DECODE_STEP_BYTES: Final = 256 * 1024
#: Less coded input is decoded on the loop's thread. Measured with zlib: 64 KiB of it, or a whole
#: step of output, take 0.7 ms; the way to the executor and back takes 0.06 ms.
INLINE_CODED_BYTES: Final = 64 * 1024


class DecodedBody:
    """A coded body, decoded as it is read.

    Read by one coroutine at a time. At most one step runs in the executor: if its reader is
    cancelled, the step goes on and leaves its output here; until then nobody uses the decoder.
    """

    __slots__ = (
        "_coded",
        "_decoder",
        "_error",
        "_is_finished",
        "_ready",
        "_step",
        "_wire",
        "chunk_ends",
        "total_bytes",
    )

    def __init__(self, wire: Source, decoder: Decoder) -> None:
        self._wire = wire
        self._decoder = decoder
        self._coded = b""  # taken from the wire, not yet given to the decoder
        self._ready = b""  # what the last step made
        self._step: asyncio.Future[bytes] | None = None
        self._is_finished = False
        self._error: Exception | None = None
        self.total_bytes = 0
        #: Always empty: chunks end in the bytes of the wire.
        self.chunk_ends: deque[int] = deque()

    @property
    def buffered(self) -> int:
        """How many decoded bytes nobody has taken yet."""
        return len(self._ready)

    async def readany(self) -> bytes:
        """What the next step makes; ``b""`` at the end; raises what broke the body off."""
        while True:
            if self._step is not None:  # perhaps that of a reader that was cancelled
                await self._step_end(self._step)
            if self._ready:
                return self._take()
            if self._error is not None:
                raise self._error
            if self._is_finished:
                return b""
            if self._decoder.has_pending or len(self._coded) >= INLINE_CODED_BYTES:
                self._begin_step()
            elif self._coded:
                self._decode_here()
            else:
                self._coded = await self._wire.readany()
                if not self._coded:
                    self._finish()

    def take_nowait(self) -> bytes:
        """What is there, or else what one step makes of what has arrived."""
        self._decode_arrived()
        return self._take()

    def peek(self, n: int) -> bytes:
        """The first of what `take_nowait` would give."""
        self._decode_arrived()
        return self._ready[:n]

    def at_eof(self) -> bool:
        """Has everything arrived, been decoded and been taken?"""
        if self._step is None and not self._coded and self._wire.at_eof():
            if self._error is None and not self._decoder.has_pending:
                self._finish()
            return self._is_finished and self._error is None and not self._ready
        return False

    def exception(self) -> Exception | None:
        """Why there will not be more."""
        return self._error or self._wire.exception()

    def _take(self) -> bytes:
        piece, self._ready = self._ready, b""
        return piece

    def _decode_arrived(self) -> None:
        if self._step is None and not self._ready and self._error is None:
            if not self._coded and not self._decoder.has_pending:
                self._coded = self._wire.take_nowait()
            if self._coded or self._decoder.has_pending:
                self._decode_here()

    def _decode_here(self) -> None:
        coded, self._coded = self._coded, b""
        try:
            self._keep(self._decoder.decode(coded, DECODE_STEP_BYTES))
        except Exception as error:
            self._error = error

    def _begin_step(self) -> None:
        self._step = asyncio.get_running_loop().run_in_executor(
            None, self._decoder.decode, self._coded, DECODE_STEP_BYTES
        )
        self._coded = b""
        self._step.add_done_callback(self._step_done)

    async def _step_end(self, step: asyncio.Future[bytes]) -> None:
        await asyncio.wait((step,))  # cancelled, it leaves the step alone
        self._step_done(step)

    def _step_done(self, step: asyncio.Future[bytes]) -> None:
        if self._step is not step:  # the reader was here before the callback
            return
        self._step = None
        try:
            self._keep(step.result())
        except asyncio.CancelledError:  # the executor was shut down
            self._error = ClientPayloadError("the decoding of the body was cancelled")
        except Exception as error:
            self._error = error

    def _keep(self, piece: bytes) -> None:
        self._ready = piece
        self.total_bytes += len(piece)

    def _finish(self) -> None:
        if not self._is_finished:
            self._is_finished = True
            try:
                self._decoder.finish()
            except Exception as error:
                self._error = error
