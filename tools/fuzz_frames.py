#!/usr/bin/env python3
"""Feeds generated WebSocket frames, right, wrong and mutated, to both twins of the frame reader.

    python tools/fuzz_frames.py                     for 30 seconds
    python tools/fuzz_frames.py --seconds 600
    python tools/fuzz_frames.py --runs 5000000 --seed 7
    python tools/sanitize.py tools/fuzz_frames.py --runs 5000000    built with sanitizers
    python tools/sanitize.py tools/fuzz_frames.py --alone --runs 5000000    these alone

Each run makes one stream of frames, cuts it at random places and gives it to the compiled reader
and to the Python one: they must agree in every event, error and message after every piece, and the
events must not depend on the cuts. Now and then pieces come into the room that a reader has for
them, a message is asked for in pieces, and frames are written by both writers. With --alone only
the compiled reader reads, each stream ten times, cut in other ways and with other options: faster,
and of use where something else than a difference would be found, that is with sanitizers. A finding
ends it with exit status 1 and shows the input; one seed makes the same inputs each time.
"""

import argparse
import importlib
import random
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "tests" / "support")]

from aioclient._websocket import reader_py, writer_py  # noqa: E402
from aioclient._websocket.messages import EventType, WSMsgType  # noqa: E402

try:
    from aioclient._websocket import reader_c, writer_c
except ImportError as missing:
    print(f"fuzz_frames: NOT RUN: python setup.py build_ext --inplace ({missing})")
    sys.exit(2)

server_frames = importlib.import_module("server_frames")  # of the tests
frame: Callable[..., bytes] = server_frames.frame
received_by: Callable[..., list[Any]] = server_frames.received_by

PAYLOADS = [
    *(b"", b"a", b"plain words", "é".encode(), "κόσμε 😀".encode(), b"x" * 31, b"x" * 125),
    *(b"x" * 126, b"x" * 40 + "é".encode() * 40, b"\xff", b"\xc0\xaf", b"\xed\xa0\x80", b"\x00"),
    *(b"\xf4\x90\x80\x80", b"ab\xe2\x82", b"\xf0\x9f\x98", b"\x80", b"\x98\x80", b"x" * 700),
    *(b"\x03\xe8", b"\x03\xe8bye", b"\x03\xed", b"\x0b\xb8\xff", b"\x03", b"\xe2\x82", b"\xac"),
]
TELLING = [b"\0", b"\1", b"\x7e", b"\x7f", b"\x80", b"\x81", b"\xc1", b"\xff", b"\x82\x7e\0\x7e"]
SIZES = [0, 1, 5, 100, 125, 126, 300, 2**31, 2**63 - 1, 2**70]
WAYS = 10  # in which one stream is read by the compiled reader alone
Pieces = list[bytes]
# A reader of either kind: what they have in common is what is compared here.
MakeReader = Callable[..., Any]


class Violation(Exception):
    """Something does not hold that must hold for every input."""


# --- inputs ---------------------------------------------------------------------------------------


def message(chance: random.Random) -> Iterator[bytes]:
    """A message in fragments, with control frames between them."""
    data = b"".join(chance.choices(PAYLOADS, k=chance.choice((1, 1, 2))))
    cuts = sorted(chance.randint(0, len(data)) for _ in range(chance.choice((0, 0, 1, 3))))
    parts = [data[i:j] for i, j in zip([0, *cuts], [*cuts, len(data)], strict=True)]
    opcode, rsv = chance.choice((1, 1, 2)), chance.choice((0, 0, 0, 4))
    for i, part in enumerate(parts):
        is_last = i == len(parts) - 1
        yield frame(opcode if i == 0 else 0, part, fin=is_last, rsv=0 if i else rsv)
        if not is_last and chance.random() < 0.3:
            yield frame(chance.choice((9, 10)), chance.choice(PAYLOADS)[:125])


def any_frame(chance: random.Random) -> bytes:
    """A frame that may well be wrong."""
    return frame(
        chance.choice((0, 1, 2, 8, 8, 9, 10, 3, 11, 15)),
        chance.choice(PAYLOADS),
        fin=chance.random() < 0.8,
        rsv=chance.choice((0, 0, 0, 0, 1, 2, 4, 7)),
        mask=chance.choice((None, None, None, None, b"mask")),
        length=chance.choice((None, None, None, 1, 126, 2**16, 2**31, 2**63 - 1)),
        form=chance.choice((None, None, 8)),
    )


def stream(chance: random.Random) -> bytes:
    """What a server sends, more or less."""
    parts: list[bytes] = []
    for _ in range(chance.choice((1, 1, 2, 3))):
        parts += message(chance) if chance.random() < 0.8 else [any_frame(chance)]
    data = b"".join(parts)
    for _ in range(chance.choice((0, 0, 1, 2))):
        at, length = chance.randint(0, len(data)), chance.choice((0, 0, 1, 1, 2, 10))
        inserted = chance.choice((b"", chance.choice(TELLING), chance.randbytes(1)))
        data = data[:at] + inserted + data[at + length :]
    return data


def cut(chance: random.Random, data: bytes) -> Pieces:
    """The data in pieces: whole, byte by byte, or cut at some places."""
    way = chance.random()
    if way < 0.1:
        return [data]
    if way < 0.15 and len(data) < 300:
        return [data[i : i + 1] for i in range(len(data))]
    places = sorted(chance.randint(0, len(data)) for _ in range(chance.randint(1, 5)))
    return [data[i:j] for i, j in zip([0, *places], [*places, len(data)], strict=True)]


def reader_options(chance: random.Random) -> dict[str, Any]:
    """Options of a reader, most often with room for all that is sent."""
    return {
        "max_msg_size": chance.choice(SIZES) if chance.random() < 0.3 else 4 * 1024 * 1024,
        "compressed": chance.random() < 0.5,
        "decode_text": chance.random() < 0.7,
    }


# --- what must hold -------------------------------------------------------------------------------


def plain(event: Any) -> tuple[object, ...]:
    """An event as something that equals the same event of the other twin, types included."""
    if event.type is WSMsgType.ERROR:
        return (type(event), event.data.code, str(event.data))
    return (type(event), *event, *map(type, event))


def conversation(
    reader: Any, pieces: Pieces, asked_at: int, into_room: bool = False
) -> list[object]:
    """Everything that can be seen from outside, piece by piece."""
    seen: list[object] = []
    for i, piece in enumerate(pieces):
        if i == asked_at:
            seen.append([plain(event) for event in reader.stream_next()])
        if into_room:
            seen.append([plain(event) for event in received_by(reader, piece)])
            seen.append((reader.missing, reader.is_over))
            continue
        # As links do, from a buffer that is written over afterwards.
        buffer = bytearray(piece)
        seen.append([plain(event) for event in reader.feed(memoryview(buffer))])
        seen.append((reader.missing, reader.is_over))
        buffer[:] = b"\xaa" * len(buffer)
    return seen


def merged(reader: Any, pieces: Pieces, asks: bool) -> list[object]:
    """The events, pieces of a message as one; text before a byte that is none is left out."""
    found: list[Any] = []
    events = reader.stream_next() if asks else []
    for piece in pieces:
        events += reader.feed(piece)
    for event in events:
        if event.type is WSMsgType.ERROR:
            if event.data.code == 1007 and found and found[-1][0] == "pieces":
                del found[-1]
            found.append(plain(event))
        elif event.type is not EventType.FRAGMENT:
            found.append(plain(event))
        elif found and found[-1][0] == "pieces":
            found[-1] = ("pieces", found[-1][1] + event.data, *event[2:])
        else:
            found.append(("pieces", *event[1:]))
    return found


def read_once(chance: random.Random) -> None:
    """Make a stream, and let both readers read it."""
    data = stream(chance)
    options = reader_options(chance)
    pieces = cut(chance, data)
    asked_at = chance.randint(0, len(pieces)) if chance.random() < 0.25 else -1
    into_room = chance.random() < 0.5
    case = f"{options}, {asked_at}, {into_room}, {pieces}"
    compiled = conversation(reader_c.FrameReader(**options), pieces, asked_at, into_room)
    python = conversation(reader_py.FrameReader(**options), pieces, asked_at)
    if compiled != python:
        raise Violation(f"readers differ for {case}:\n{compiled}\n{python}")
    if chance.random() < 0.5:
        return
    makers: tuple[MakeReader, MakeReader] = (reader_c.FrameReader, reader_py.FrameReader)
    make = chance.choice(makers)
    asks = asked_at == 0
    whole, in_pieces = (merged(make(**options), way, asks) for way in ([data], pieces))
    if whole != in_pieces:
        raise Violation(f"cuts matter to {make} for {case}:\n{whole}\n{in_pieces}")


def read_alone(chance: random.Random) -> None:
    """Make a stream, and let the compiled reader read it in several ways."""
    data = stream(chance)
    for _ in range(WAYS):
        reader = reader_c.FrameReader(**reader_options(chance))
        pieces = cut(chance, data)
        asked_at = chance.choice((-1, -1, 0, 1))
        feed = chance.choice((reader_c.FrameReader.feed, received_by))
        for i, piece in enumerate(pieces):
            if i == asked_at:
                reader.stream_next()
            feed(reader, piece)
        if reader.missing and reader.is_over:
            raise Violation(f"something is missing at the end of {pieces}")


def written(writer: Any, arguments: tuple[object, ...]) -> object:
    """What a writer gives, or its documented exception."""
    try:
        return writer.frame(*arguments)
    except ValueError as error:
        return type(error), str(error)


def write_once(chance: random.Random) -> None:
    """Let both writers write the same frames."""
    seed = chance.random()
    compiled, python = (
        kind.FrameWriter(random.Random(seed).randbytes) for kind in (writer_c, writer_py)
    )
    for _ in range(chance.choice((1, 2, 130))):
        size = chance.choice((0, 1, 7, 33, 125, 126, 383, 384, chance.randint(0, 2000)))
        payload: bytes | str = chance.randbytes(size)
        if chance.random() < 0.3:
            payload = chance.choice(("x", "é", "😀", "\ud800")) * size
        opcode = chance.choice((0, 1, 1, 2, 2, 8, 9, 10, chance.randint(-2, 300)))
        arguments = (opcode, payload, chance.random() < 0.9, chance.random() < 0.1)
        results = written(compiled, arguments), written(python, arguments)
        if results[0] != results[1]:
            raise Violation(f"writers differ for {arguments}: {results}")


def main() -> int:
    """Read the options and fuzz."""
    parser = argparse.ArgumentParser(description="Fuzz the twins of the frame reader and writer.")
    parser.add_argument("--seconds", type=float, default=30, help="stop after this time")
    parser.add_argument("--runs", type=int, help="stop after this many inputs instead")
    parser.add_argument("--seed", type=int, default=1, help="other inputs")
    parser.add_argument("--alone", action="store_true", help="the compiled reader alone")
    options = parser.parse_args()
    chance = random.Random(options.seed)
    start = told = time.monotonic()
    runs = 0
    while runs < options.runs if options.runs else time.monotonic() < start + options.seconds:
        try:
            if options.alone:
                runs += WAYS
                read_alone(chance)
            else:
                runs += 1
                (write_once if runs % 32 == 0 else read_once)(chance)
        except Exception as error:
            print(f"fuzz_frames: FAILED after {runs} inputs with seed {options.seed}: {error}")
            return 1
        if time.monotonic() > told + 60:
            told = time.monotonic()
            print(f"fuzz_frames: {runs} inputs", flush=True)
    print(f"fuzz_frames: {runs} inputs in {time.monotonic() - start:.0f} s, no finding")
    return 0


if __name__ == "__main__":
    sys.exit(main())
