"""What a hostile WebSocket server costs at most: the memory of a process that listens to it."""

import contextlib
import functools
import itertools
import os
import socket
import subprocess
import sys
import threading
import zlib
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import pytest
from server_frames import BINARY, CONTINUATION, PING, TEXT, frame
from websocket_site import switching

from aioclient._connection.websocket import HIGH_WATER_BYTES

pytestmark = pytest.mark.skipif(
    sys.platform != "linux", reason="the program asks Linux how large it was"
)

PROGRAM = Path(__file__).parent.parent / "isolated" / "memory_of_a_websocket.py"
MB = 1_000_000
DEFLATE = "Sec-WebSocket-Extensions: permessage-deflate"

Say = Callable[[], Iterable[bytes]]


@contextlib.contextmanager
def serving(say: Say) -> Iterator[str]:
    """Opens each WebSocket and sends `say` until the client has had enough; yields the URL."""

    def serve() -> None:
        while True:
            connection, _ = listening.accept()
            with connection, contextlib.suppress(OSError):
                head = connection.recv(10_000)
                if head.startswith(b"GET /stop "):
                    return
                connection.sendall(switching(head, DEFLATE))
                # The small one takes each way that the hostile one may take.
                small = deflated(b"small"), frame(8, b"\x03\xe8")
                is_small = head.startswith(b"GET /small")
                if head.partition(b" HTTP")[0].endswith(b"/later") and not is_small:
                    connection.recv(10_000)
                for piece in small if is_small else say():
                    connection.sendall(piece)
                while connection.recv(10_000):
                    pass

    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]
        thread = threading.Thread(target=serve)
        thread.start()
        try:
            yield f"http://127.0.0.1:{port}/hostile"
        finally:
            with socket.create_connection(("127.0.0.1", port)) as connection:
                connection.sendall(b"GET /stop HTTP/1.1\r\n\r\n")
            thread.join()


def listen(how: str, say: Say) -> tuple[str, str, int]:
    """What ended the WebSocket for the program, its close code, and by how much it grew."""
    root = Path(__file__).parent.parent.parent
    path = os.pathsep.join(filter(None, (str(root), os.environ.get("PYTHONPATH"))))
    with serving(say) as url:
        done = subprocess.run(
            [sys.executable, PROGRAM, how, f"{url}/later" if how == "pieces" else url],
            capture_output=True,
            text=True,
            check=True,
            timeout=120,
            env=os.environ | {"PYTHONPATH": path},
        )
    end, code, growth = done.stdout.split()
    return end, code, int(growth)


def deflated(data: bytes) -> bytes:
    coder = zlib.compressobj(wbits=-15)
    return frame(TEXT, (coder.compress(data) + coder.flush(zlib.Z_SYNC_FLUSH))[:-4], rsv=4)


# --- very much that nobody receives --------------------------------------------------------------

FLOODS: dict[str, Say] = {
    "messages": lambda: itertools.repeat(frame(BINARY, bytes(60_000)), 1_000_000_000 // 60_000),
    "empty messages": lambda: itertools.repeat(frame(BINARY) * 20_000, 25_000),
    "messages of 4 MB": lambda: itertools.repeat(frame(BINARY, bytes(4 * MB)), 250),
    "compressed messages": lambda: itertools.repeat(
        frame(BINARY, bytes(60_000), rsv=4), 1_000_000_000 // 60_000
    ),
    "pings": lambda: itertools.repeat(frame(PING, bytes(125)) * 500, 16_000),
}


@pytest.mark.parametrize("name", FLOODS)
def test_a_server_that_floods_who_does_not_receive(name: str) -> None:
    _, code, growth = listen("idle", FLOODS[name])
    assert code == "None"
    assert growth < 2 * HIGH_WATER_BYTES + 8 * MB


@pytest.mark.parametrize("name", [name for name in FLOODS if name != "empty messages"])
def test_a_server_that_floods_who_closes(name: str) -> None:
    *_, growth = listen("close", FLOODS[name])
    assert growth < 2 * HIGH_WATER_BYTES + 16 * MB


# --- messages that expand ------------------------------------------------------------------------


@functools.cache
def bomb_data() -> bytes:
    coder = zlib.compressobj(9, wbits=-15)
    pieces = [coder.compress(bytes(MB)) for _ in range(1000)]
    return b"".join(pieces) + coder.flush(zlib.Z_SYNC_FLUSH)[:-4]


def bomb() -> Iterator[bytes]:
    yield frame(BINARY, bomb_data(), rsv=4)


def bomb_in_fragments() -> Iterator[bytes]:
    data = bomb_data()
    yield frame(BINARY, data[:10], rsv=4, fin=False)
    for at in range(10, len(data), 100_000):
        yield frame(CONTINUATION, data[at : at + 100_000], fin=at + 100_000 >= len(data))


def endless_fragments() -> Iterator[bytes]:
    yield frame(BINARY, b"x", fin=False)
    yield from itertools.repeat(frame(CONTINUATION, bytes(60_000), fin=False), 20_000)


def endless_empty_fragments() -> Iterator[bytes]:
    yield frame(BINARY, b"x", fin=False)
    yield from itertools.repeat(frame(CONTINUATION, fin=False) * 10_000, 100)
    yield frame(CONTINUATION, bytes(5 * MB))


def announced() -> Iterator[bytes]:
    yield frame(BINARY, b"x", length=2**62)


BOMBS: dict[str, Say] = {
    "bomb": bomb,
    "bomb in fragments": bomb_in_fragments,
    "endless fragments": endless_fragments,
    "endless empty fragments": endless_empty_fragments,
    "announced": announced,
}


@pytest.mark.parametrize("name", BOMBS)
def test_a_message_that_is_too_large_costs_little(name: str) -> None:
    end, code, growth = listen("receive", BOMBS[name])
    assert (end, code) == ("ERROR", "1009")
    assert growth < 16 * MB


@pytest.mark.parametrize("say", [bomb, bomb_in_fragments])
def test_who_takes_pieces_needs_little_for_a_message_that_expands(say: Say) -> None:
    end, _, growth = listen("pieces", say)
    assert int(end) == 1000 * MB
    assert growth < 16 * MB
