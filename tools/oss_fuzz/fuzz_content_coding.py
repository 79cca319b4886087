"""Content codings and chains of them, in any pieces and with any room for what comes out."""

import gzip
import zlib

from fuzzing import instrumented, main, must, pieces_of

with instrumented("aioclient._body"):
    from aioclient._body.content_coding import MAX_CODINGS, decoder_for

from aioclient.errors import ClientPayloadError

CODINGS = [
    *(b"gzip", b"deflate", b"x-gzip", b"gzip, gzip", b"deflate, gzip", b"identity, gzip"),
    *(b"br", b"zstd", b"gzip, br", b"unknown", b"gzip" + b", gzip" * MAX_CODINGS),
]
TEXT = b"some words, and some words again " * 20
SEEDS = [
    b"\0\0" + gzip.compress(TEXT),
    b"\1\1" + zlib.compress(TEXT),
    b"\1\2" + zlib.compress(TEXT)[2:-4],
    b"\3\3" + gzip.compress(gzip.compress(TEXT)),
    b"\4\4" + gzip.compress(zlib.compress(TEXT)),
    b"\0\5" + gzip.compress(b"a") + gzip.compress(b"b") + b"\0\0",
    b"\0\6" + gzip.compress(bytes(10_000)),
    b"\6\0\x0b\x02\x80hello\x03",
    b"\7\0\x28\xb5\x2f\xfd\x04\x00\x29\x00\x00hello\x0f\x53\xc9\x1f",
]
ROOM = (20, 100, 1000, 4096)
ENOUGH_BYTES = 2**15


def decoded(coding: bytes, pieces: list[bytes], room: int) -> tuple[bytes, str]:
    """What came out, and what it ended in."""
    whole = b""
    try:
        decoder = decoder_for(coding)
        if decoder is None:
            return b"", "none"
        for piece in pieces:
            came = decoder.decode(piece, room)
            must(len(came) <= room, "more than there was room for")
            whole += came
            steps = 0
            while decoder.has_pending and len(whole) < ENOUGH_BYTES:
                came = decoder.decode(b"", room)
                must(len(came) <= room, "more than there was room for")
                steps = 0 if came else steps + 1
                must(steps < 10_000, "steps without an end")
                whole += came
            if len(whole) >= ENOUGH_BYTES:
                return whole, "enough"
        decoder.finish()
    except ClientPayloadError as error:
        must(len(str(error)) < 1000, "a long message")
        return whole, "error"
    return whole, "end"


def one_input(data: bytes) -> None:
    """What comes out does not depend on the pieces, nor on the room."""
    if len(data) < 2:
        return
    coding, body = CODINGS[data[0] % len(CODINGS)], data[2:]
    first = decoded(coding, [body], 4096)
    other = decoded(coding, pieces_of(body, data[1]), ROOM[(data[1] >> 3) % 4])
    if "enough" in (first[1], other[1]):
        return
    must(first[1] == other[1] or b"br" in coding, f"ends differ: {first[1]}, {other[1]}")
    if first[1] == "end":
        must(first[0] == other[0], "bodies differ")


if __name__ == "__main__":
    main(one_input, SEEDS)
