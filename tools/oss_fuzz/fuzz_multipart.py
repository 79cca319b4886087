"""Multipart bodies, in any pieces."""

import asyncio
from typing import Any

from fuzzing import instrumented, main, must, pieces_of

with instrumented("aioclient._body"):
    from aioclient._body.multipart_reader import BodyPartReader, MultipartReader

from aioclient.errors import ClientPayloadError

SEEDS = [
    b"\0--b\r\nContent-Type: text/plain\r\n\r\nhello\r\n--b--\r\n",
    b"\1preamble\r\n--b\r\nContent-Length: 5\r\n\r\nhello\r\n--b\r\n\r\n\r\n--b--epilogue",
    b"\2--b\r\nContent-Transfer-Encoding: base64\r\n\r\naGVsbG8=\r\n--b--",
    b"\3--b\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\nh=65=\r\nllo\r\n--b--",
    b"\4--b\r\nContent-Type: multipart/mixed; boundary=c\r\n\r\n--c\r\n\r\nx\r\n--c--\r\n--b--",
    b"\5--b\r\nContent-Encoding: gzip\r\n\r\n\x1f\x8b\x08\0\0\0\0\0\0\x03\x03\0\0\0\0\0\r\n--b--",
    b"\6--b\nA: b\n\nwith bare line ends\n--b--\n",
    b'\x17--b\r\nContent-Disposition: form-data; name="_charset_"\r\n\r\nutf-8\r\n--b--',
]
HEADERS = {"Content-Type": "multipart/mixed; boundary=b"}
FORM = {"Content-Type": "multipart/form-data; boundary=b"}


class Content:
    """A stream of pieces that are there at once."""

    def __init__(self, pieces: list[bytes]) -> None:
        self._pieces = pieces[::-1]
        self.reads = 0

    async def readany(self) -> bytes:
        return self._next()

    async def read(self, size: int = -1) -> bytes:
        return self._next()

    def _next(self) -> bytes:
        self.reads += 1
        return self._pieces.pop() if self._pieces else b""

    def at_eof(self) -> bool:
        return not self._pieces


async def read(reader: Any, choice: int) -> int:
    """Read all parts, each in the way that is chosen; how many bytes they had."""
    size = 0
    async for part in reader:
        if not isinstance(part, BodyPartReader):
            size += await read(part, choice)
        elif choice & 32:
            size += len(await part.read(decode=bool(choice & 64)))
        elif choice & 128:
            await part.release()
        else:
            while piece := await part.read_chunk(7):
                size += len(piece)
    return size


def one_input(data: bytes) -> None:
    """It ends in parts or in a payload error, in a number of steps that the body decides."""
    if not data:
        return
    choice, body = data[0], data[1:]
    content = Content(pieces_of(body, choice))
    reader: Any = MultipartReader(FORM if choice & 16 else HEADERS, content)
    try:
        size = asyncio.run(read(reader, choice))
    except ClientPayloadError as error:
        must(len(str(error)) < 1000, "a long message")
        return
    except (UnicodeError, LookupError):
        return
    must(size <= 300 * len(body) + 1000, "more came out than can have gone in")
    must(content.reads <= 3 * len(body) + 10, "reads without an end")


if __name__ == "__main__":
    main(one_input, SEEDS)
