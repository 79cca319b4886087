"""Frames of a WebSocket: both readers, in any pieces, and what they inflate."""

import zlib
from typing import Any

from fuzzing import instrumented, main, must, pieces_of

with instrumented("aioclient._websocket"):
    import fuzz_frames  # which needs the compiled twins

    from aioclient._websocket import reader_c, reader_py
    from aioclient._websocket.deflate import Inflater
    from aioclient._websocket.deflate_offer import DeflateParameters

from aioclient.errors import WebSocketError


def _compressed(data: bytes) -> bytes:
    compressor = zlib.compressobj(6, zlib.DEFLATED, -15)
    return (compressor.compress(data) + compressor.flush(zlib.Z_SYNC_FLUSH))[:-4]


SEEDS = [
    b"\0\0\x81\x05hello",
    b"\1\0\x01\x03hel\x80\x02lo\x89\x00\x8a\x01x",
    b"\2\0\x88\x05\x03\xe8bye",
    b"\3\0\x82\x7e\x01\x00" + b"x" * 256,
    b"\4\x01\xc1" + bytes([len(_compressed(b"words " * 9))]) + _compressed(b"words " * 9),
    b"\5\0\x82\x7f\x00\x00\x00\x00\x00\x01\x00\x00",
    b"\0\2\x81\x04\xf0\x9f\x98\x80",
]
SIZES = (4 * 2**20, 0, 1, 100, 126, 70_000)


def one_input(data: bytes) -> None:
    """Both readers say the same of the same pieces; no message is larger than the limit."""
    if len(data) < 2:
        return
    pieces = pieces_of(data[2:], data[0])
    options: dict[str, Any] = {
        "max_msg_size": SIZES[(data[1] >> 3) % len(SIZES)],
        "compressed": bool(data[1] & 1),
        "decode_text": not data[1] & 2,
    }
    asked_at = 0 if data[1] & 4 else -1
    python = fuzz_frames.conversation(reader_py.FrameReader(**options), pieces, asked_at)
    compiled = fuzz_frames.conversation(reader_c.FrameReader(**options), pieces, asked_at)
    must(compiled == python, f"readers differ:\n{compiled}\n{python}")
    if options["compressed"]:
        inflate(data[2:], options["max_msg_size"])


def inflate(data: bytes, max_size: int) -> None:
    """The payload of a message, of which no more comes than may."""
    inflater = Inflater(DeflateParameters(), max_size)
    try:
        whole = inflater.inflate(data)
    except WebSocketError:
        return
    must(not max_size or len(whole) <= max_size, "a message over the limit")


if __name__ == "__main__":
    main(one_input, SEEDS)
