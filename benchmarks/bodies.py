"""The bodies that the benchmarks send, and the large ones that they ask for: always the same."""

import json
import os
import random
import zlib
from collections.abc import Iterator
from pathlib import Path

import workloads

_CHUNK_BYTES = 16 * 1024  # what a proxy sends as one chunk


def item() -> dict[str, object]:
    """A document to send: some 200 bytes as JSON."""
    return {
        "name": "widget",
        "price": 12.5,
        "tags": ["new", "sale"],
        "stock": {"ams": 3, "fra": 12},
        "active": True,
        "parent": None,
        "text": "A widget for those who have everything but a widget, in blue or in green.",
    }


def piece() -> bytes:
    """A piece of an upload: bytes without pattern."""
    return random.Random(4711).randbytes(workloads.PIECE_BYTES)


def text_message() -> str:
    """A small message over a WebSocket."""
    return ("a short message, as of a chat or a ticker " * 2)[: workloads.MESSAGE_BYTES]


def binary_message(size: int) -> bytes:
    """A large one: bytes without pattern."""
    return random.Random(4711).randbytes(size)


def write_file(path: Path, size: int = workloads.BIG_BYTES) -> None:
    """Write the file to send, or the beginning of it, and wait until it is on the disk."""
    with path.open("wb", buffering=0) as file:
        block = piece()
        for _ in range(size // len(block)):
            file.write(block)
        os.fsync(file.fileno())  # written to the disk later, it would disturb the rounds


def file_checksum(size: int = workloads.BIG_BYTES) -> int:
    """The CRC-32 of the file, which is that of an upload in pieces, too, or of its beginning."""
    block = piece()
    checksum = 0
    for _ in range(size // len(block)):
        checksum = zlib.crc32(block, checksum)
    return checksum


def json_lines() -> bytes:
    """TEXT_BYTES of what a log or an export looks like; the last line is cut off."""
    return b"".join(_lines())[: workloads.TEXT_BYTES]


def _lines() -> Iterator[bytes]:
    dice = random.Random(4711)
    size = 0
    number = 0
    while size < workloads.TEXT_BYTES:
        number += 1
        hour, minute, second = number // 3600 % 24, number // 60 % 60, number % 60
        line = json.dumps(
            {
                "id": 1_000_000 + number,
                "time": f"2026-01-01T{hour:02}:{minute:02}:{second:02}Z",
                "level": dice.choice(("debug", "info", "info", "info", "warning")),
                "request": f"{dice.getrandbits(32):08x}",
                "user": f"u{dice.randrange(100_000):05}",
                "path": f"/api/items/{dice.randrange(10_000)}",
                "status": dice.choice((200, 200, 200, 201, 304, 404)),
                "ms": dice.randrange(100_000) / 100,
                "message": dice.choice(("request served", "cache miss", "cache hit", "retried")),
            }
        ).encode("ascii")
        size += len(line) + 1
        yield line + b"\n"


def gzip_coded(text: bytes) -> bytes:
    """`text` as gzip."""
    packer = zlib.compressobj(6, wbits=31)
    return packer.compress(text) + packer.flush()


def chunked(body: bytes) -> bytes:
    """`body` with the framing of chunks around it."""
    parts = []
    for start in range(0, len(body), _CHUNK_BYTES):
        part = body[start : start + _CHUNK_BYTES]
        parts += [b"%x\r\n" % len(part), part, b"\r\n"]
    return b"".join((*parts, b"0\r\n\r\n"))
