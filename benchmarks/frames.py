"""What frames of a WebSocket cost: read into messages, and written.

* text 20, one each: a text message of 20 bytes, which comes alone;
* text 20, many: 2,000 such messages, in one piece;
* binary 64k, text 1m: a message of that size, in pieces of 64 KiB;
* write 20, write 64k, write 1m: a binary message of that size made a masked frame.

Everything runs in this process, one library after the other in rounds (A B C, C B A, ...). The
figures are medians of process time over the rounds for one message; a ratio is taken round by
round, and the table shows the median of these ratios.

* aioclient: `FrameReader.feed` and `FrameWriter.frame`, of both twins. The reader is given a
  memoryview, as connections get one, the others bytes.
* aiohttp: `WebSocketReader.feed_data`, compiled and in Python; what it put into its queue is
  dropped without being asked for. `WebSocketWriter.send_frame` to a transport that does nothing.
  Its writer exists once, and has compiled masks; ours in Python has not.
* websockets, for information: `ClientProtocol`, of which the reader gives frames and decodes no
  text. It has a compiled function for masks alone.

picows cannot be asked for frames without a connection; see compare.py.
"""

import argparse
import asyncio
import gc
import importlib
import importlib.metadata
import json
import os
import platform
import statistics
import time
from collections.abc import Callable
from typing import Any

PIECE_BYTES = 64 * 1024
MANY = 2000
SAMPLE_SECONDS = 0.05  # of one library in one round
SIZES = {"20": 20, "64k": 64 * 1024, "1m": 1024 * 1024}

Do = Callable[[], object]
# What one call of the function does is `count` messages.
Maker = Callable[[list[bytes], int], Do]
WriterMaker = Callable[[bytes], Do]


def server_frame(opcode: int, payload: bytes) -> bytes:
    """A whole message as a server sends it."""
    size = len(payload)
    if size < 126:
        return bytes((0x80 | opcode, size)) + payload
    if size < 0x10000:
        return bytes((0x80 | opcode, 126)) + size.to_bytes(2, "big") + payload
    return bytes((0x80 | opcode, 127)) + size.to_bytes(8, "big") + payload


def pieces_of(data: bytes) -> list[bytes]:
    """The data as a socket may give it."""
    return [data[at : at + PIECE_BYTES] for at in range(0, len(data), PIECE_BYTES)]


READING: dict[str, tuple[list[bytes], int]] = {
    "text 20, one each": ([server_frame(1, b"x" * 20)], 1),
    "text 20, many": (pieces_of(server_frame(1, b"x" * 20) * MANY), MANY),
    "binary 64k": (pieces_of(server_frame(2, os.urandom(SIZES["64k"]))), 1),
    "text 1m": (pieces_of(server_frame(1, b"x" * SIZES["1m"])), 1),
}


# --- libraries ------------------------------------------------------------------------------------


def aioclient_reader(twin: str) -> Maker:
    module = importlib.import_module(f"aioclient._websocket.reader_{twin}")

    def make(pieces: list[bytes], count: int) -> Do:
        reader = module.FrameReader()
        views = [memoryview(bytearray(piece)) for piece in pieces]

        def read() -> None:
            found = 0
            for view in views:
                found += len(reader.feed(view))
            if found != count:
                raise RuntimeError(f"{found} messages, not {count}")

        return read

    return make


def aiohttp_reader(twin: str) -> Maker:
    module = importlib.import_module(f"aiohttp._websocket.reader_{twin}")
    base_protocol = importlib.import_module("aiohttp.base_protocol")

    def make(pieces: list[bytes], count: int) -> Do:
        loop = asyncio.get_running_loop()
        protocol = base_protocol.BaseProtocol(loop)
        size = sum(map(len, pieces))
        left = 0
        queue: Any = None
        reader: Any = None

        def read() -> None:
            nonlocal queue, reader, left
            left -= size
            if left < 0:  # the queue goes on to count what was dropped, up to its limit
                left = 2**29
                queue = module.WebSocketDataQueue(protocol, 2**30, loop=loop)
                reader = module.WebSocketReader(queue, 4 * 1024 * 1024, False, True)
            for piece in pieces:
                reader.feed_data(piece)
            waiting = queue._buffer  # noqa: SLF001 - to read by `read` would take longer
            if len(waiting) != count:
                raise RuntimeError(f"{len(waiting)} messages, not {count}")
            waiting.clear()

        return read

    return make


def websockets_reader() -> Maker:
    client = importlib.import_module("websockets.client")
    uri = importlib.import_module("websockets.uri").parse_uri("ws://x/")
    is_open = importlib.import_module("websockets.protocol").State.OPEN

    def make(pieces: list[bytes], count: int) -> Do:
        protocol = client.ClientProtocol(uri, state=is_open)

        def read() -> None:
            for piece in pieces:
                protocol.receive_data(piece)
            found = len(protocol.events_received())
            if found != count:
                raise RuntimeError(f"{found} messages, not {count}")

        return read

    return make


def aioclient_writer(twin: str) -> WriterMaker:
    module = importlib.import_module(f"aioclient._websocket.writer_{twin}")

    def make(payload: bytes) -> Do:
        frame = module.FrameWriter().frame
        return lambda: frame(2, payload)

    return make


def aiohttp_writer() -> WriterMaker:
    module = importlib.import_module("aiohttp._websocket.writer")
    base_protocol = importlib.import_module("aiohttp.base_protocol")

    class Transport(asyncio.Transport):
        def write(self, data: object) -> None:
            """Do nothing with it."""

        def writelines(self, list_of_data: object) -> None:
            """Do nothing with them."""

        def is_closing(self) -> bool:
            return False

    def make(payload: bytes) -> Do:
        protocol = base_protocol.BaseProtocol(asyncio.get_running_loop())
        send_frame = module.WebSocketWriter(protocol, Transport(), use_mask=True).send_frame

        def write() -> None:
            try:
                send_frame(payload, 2).send(None)
            except StopIteration:
                return
            raise RuntimeError("it waits")

        return write

    return make


def websockets_writer() -> WriterMaker:
    frames = importlib.import_module("websockets.frames")

    def make(payload: bytes) -> Do:
        return lambda: frames.Frame(frames.Opcode.BINARY, payload).serialize(mask=True)

    return make


# Library -> what it is compared with, and what makes a reader and a writer.
LIBRARIES: dict[str, tuple[str, Callable[[], Maker], Callable[[], WriterMaker]]] = {
    "aiohttp": ("aiohttp", lambda: aiohttp_reader("c"), aiohttp_writer),
    "aioclient": ("aiohttp", lambda: aioclient_reader("c"), lambda: aioclient_writer("c")),
    "websockets": ("aiohttp", websockets_reader, websockets_writer),
    "aiohttp Python": ("aiohttp Python", lambda: aiohttp_reader("py"), aiohttp_writer),
    "aioclient Python": (
        "aiohttp Python",
        lambda: aioclient_reader("py"),
        lambda: aioclient_writer("py"),
    ),
}


# --- measuring ------------------------------------------------------------------------------------


def _seconds(do: Do, times: int) -> float:
    start = time.process_time()
    for _ in range(times):
        do()
    return (time.process_time() - start) / times


def measure(chosen: dict[str, Do], count: int, rounds: int) -> dict[str, list[float]]:
    """Seconds for one message: library -> one figure a round."""
    times = {
        name: max(1, int(SAMPLE_SECONDS / max(_seconds(do, 3), 1e-7)))
        for name, do in chosen.items()
    }
    found: dict[str, list[float]] = {name: [] for name in chosen}
    order = list(chosen)
    for _ in range(rounds):
        order.reverse()
        for name in order:
            gc.collect()
            found[name].append(_seconds(chosen[name], times[name]) / count)
    return found


def show(what: str, times: dict[str, list[float]]) -> dict[str, dict[str, float]]:
    """Print and give the figures of one workload."""
    rows = {}
    for name, own in times.items():
        row = {"us": statistics.median(own) * 1e6}
        ratio = ""
        reference = LIBRARIES[name][0]
        if reference in times:
            ratios = [a / b for a, b in zip(own, times[reference], strict=True)]
            row["ratio"] = statistics.median(ratios)
            ratio = f"{row['ratio']:>7.3f}  of {reference}"
        rows[name] = {key: round(value, 4) for key, value in row.items()}
        print(f"{what:<18}  {name:<18}  {row['us']:>10.3f}  {ratio}", flush=True)
    return rows


def _present() -> dict[str, tuple[Maker, WriterMaker]]:
    """The libraries that can be had; a line for each that cannot."""
    found = {}
    for name, (_, reader, writer) in LIBRARIES.items():
        try:
            found[name] = reader(), writer()
        except ImportError as exc:
            print(f"left out: {name}: {exc}")
    return found


async def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--rounds", type=int, default=9, help="how many rounds (default 9)")
    rounds = parser.parse_args().rounds
    present = _present()
    print(f"{'what':<18}  {'library':<18}  {'us':>10}  {'ratio':>7}")
    results = {}
    for what, (pieces, count) in READING.items():
        chosen = {name: reader(pieces, count) for name, (reader, _) in present.items()}
        results[what] = show(what, measure(chosen, count, rounds))
    for what, size in SIZES.items():
        payload = os.urandom(size)
        chosen = {name: writer(payload) for name, (_, writer) in present.items()}
        results[f"write {what}"] = show(f"write {what}", measure(chosen, 1, rounds))
    names = ("aioclient-http", "aiohttp", "websockets")
    versions = {}
    for name in names:
        try:
            versions[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            versions[name] = "-"
    said = {"benchmark": "frames", "python": platform.python_version(), "versions": versions}
    print(json.dumps(said | {"rounds": rounds, "results": results}))


if __name__ == "__main__":
    asyncio.run(main())
