"""What a hostile server costs at most: the memory of a process that asks it."""

import contextlib
import gzip
import importlib
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

from aioclient._body.codec_modules import brotli_name, zstd_name

pytestmark = pytest.mark.skipif(
    sys.platform != "linux", reason="the program asks Linux how large it was"
)

PROGRAM = Path(__file__).parent.parent / "isolated" / "memory_of_a_response.py"
MB = 1_000_000
OK = b"HTTP/1.1 200 OK\r\n"
CHUNKED = OK + b"Transfer-Encoding: chunked\r\n\r\n"

SMALL = CHUNKED + b"5\r\nsmall\r\n0\r\n\r\n"

Answer = Callable[[], Iterable[bytes]]


@contextlib.contextmanager
def serving(answer: Answer, small: bytes) -> Iterator[str]:
    """Sends `answer` until the client has had enough; yields the URL to ask."""

    def serve() -> None:
        while True:
            connection, _ = listening.accept()
            with connection, contextlib.suppress(OSError):
                while head := connection.recv(10_000):
                    if b" /small " in head:
                        connection.sendall(small)
                        continue
                    if b" /stop " in head:
                        return
                    for piece in answer():
                        connection.sendall(piece)

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


def ask(how: str, answer: Answer, small: bytes = SMALL) -> tuple[str, int, int]:
    """The error that the program met, the bytes that it took, and by how much it grew.

    Before that it was given `small`, so that what it loads for any response does not count.
    """
    root = Path(__file__).parent.parent.parent
    path = os.pathsep.join(filter(None, (str(root), os.environ.get("PYTHONPATH"))))
    with serving(answer, small) as url:
        done = subprocess.run(
            [sys.executable, PROGRAM, how, url],
            capture_output=True,
            text=True,
            check=True,
            timeout=120,
            env=os.environ | {"PYTHONPATH": path},
        )
    error, taken, growth = done.stdout.split()
    return error, int(taken), int(growth)


# --- bodies that expand --------------------------------------------------------------------------

ZEROS = bytes(MB)


def gzip_of_zeros() -> Iterator[bytes]:
    """10 GB, a thousandth of that when coded; each megabyte on its own."""
    coder = zlib.compressobj(9, wbits=31)
    yield coder.compress(ZEROS) + coder.flush(zlib.Z_FULL_FLUSH)
    block = coder.compress(ZEROS) + coder.flush(zlib.Z_FULL_FLUSH)
    yield from itertools.repeat(block, 10_000)


def brotli_of_zeros() -> Iterator[bytes]:
    brotli = importlib.import_module(brotli_name() or "")
    # A window of 1 MB. It is the server's choice, up to 16 MB (RFC 7932 section 9.1) or 8 MB for
    # zstd (RFC 9659), and comes on top of what is measured here.
    compressor = brotli.Compressor(quality=1, lgwin=20)
    while piece := compressor.process(ZEROS) + compressor.flush():
        yield piece


def zstd_of_zeros() -> Iterator[bytes]:
    zstd = importlib.import_module(zstd_name() or "")
    yield from itertools.repeat(zstd.compress(ZEROS), 10_000)


CODED = {
    "gzip": gzip_of_zeros,
    "br": brotli_of_zeros,
    "zstd": zstd_of_zeros,
}


def coded(coding: str) -> Iterator[bytes]:
    yield OK + b"Content-Encoding: %b\r\n\r\n" % coding.encode()
    yield from CODED[coding]()


def small_coded(coding: str) -> bytes:
    """A few bytes in this coding."""
    if coding == "gzip":
        body = gzip.compress(b"small")
    else:
        name = brotli_name() if coding == "br" else zstd_name()
        body = importlib.import_module(name or "").compress(b"small")
    fields = b"Content-Encoding: %b\r\nContent-Length: %d\r\n\r\n" % (coding.encode(), len(body))
    return OK + fields + body


@pytest.fixture(params=CODED)
def coding(request: pytest.FixtureRequest) -> str:
    coding: str = request.param
    if {"gzip": True, "br": brotli_name(), "zstd": zstd_name()}[coding] is None:
        pytest.skip(f"no package for {coding} is installed")
    return coding


def test_bomb_of_300_kb_is_not_read_whole() -> None:
    body = b"".join(itertools.islice(gzip_of_zeros(), 300))
    assert 290_000 < len(body) < 330_000

    def answer() -> Iterable[bytes]:
        return OK + b"Content-Encoding: gzip\r\nContent-Length: %d\r\n\r\n" % len(body), body

    error, taken, growth = ask("read", answer)
    assert (error, taken) == ("BodyTooLargeError", 0)
    assert growth < 40 * MB


def test_body_of_10_gb_is_not_read_whole(coding: str) -> None:
    error, taken, growth = ask("read", lambda: coded(coding), small_coded(coding))
    assert (error, taken) == ("BodyTooLargeError", 0)
    assert growth < 40 * MB


def test_body_of_10_gb_is_streamed_in_little_memory(coding: str) -> None:
    error, taken, growth = ask("stream", lambda: coded(coding), small_coded(coding))
    assert error == "none"
    assert taken >= 200 * MB
    # RFC 9659 section 3: a window of zstd may be 8 MB, and how much of it is touched varies.
    assert growth < (18 if coding == "zstd" else 10) * MB


def test_plain_body_is_streamed_in_little_memory() -> None:
    error, taken, growth = ask(
        "stream", lambda: itertools.chain((OK + b"\r\n",), itertools.repeat(ZEROS))
    )
    assert error == "none"
    assert taken >= 200 * MB
    assert growth < 10 * MB


# --- what never ends -----------------------------------------------------------------------------

ENDLESS = {
    "empty lines": (b"", b"\r\n" * 1000, "HeadLimitError"),
    "reason": (b"HTTP/1.1 200 ", b"x" * 1000, "HeadLimitError"),
    "name": (OK, b"x" * 1000, "HeadLimitError"),
    "value": (OK + b"X: ", b"x" * 1000, "HeadLimitError"),
    "fold": (OK + b"X: y", b"\r\n z" * 1000, "HeadLimitError"),
    "fields": (OK, b"X: y\r\n" * 1000, "HeadLimitError"),
    "large fields": (OK, b"X: " + b"y" * 50_000 + b"\r\n", "HeadLimitError"),
    "interim responses": (b"", b"HTTP/1.1 100 Continue\r\n\r\n" * 100, "HeadLimitError"),
    "early hints": (
        b"",
        b"HTTP/1.1 103 Early Hints\r\nLink: " + b"y" * 50_000 + b"\r\n\r\n",
        "HeadLimitError",
    ),
    "chunk size": (CHUNKED, b"0" * 1000, "BodyLimitError"),
    "chunk extension": (CHUNKED + b"5;", b"x" * 1000, "BodyLimitError"),
    "chunk extensions": (CHUNKED, b"1;" + b"x" * 1000 + b"\r\ny\r\n", "BodyLimitError"),
    "trailer": (CHUNKED + b"0\r\nX: ", b"y" * 1000, "BodyLimitError"),
    "trailers": (CHUNKED + b"0\r\n", b"X: y\r\n" * 1000, "BodyLimitError"),
    "empty gzip members": (
        OK + b"Content-Encoding: gzip\r\n\r\n",
        gzip.compress(b"") * 1000,
        "ClientPayloadError",
    ),
}


@pytest.mark.parametrize("name", ENDLESS)
def test_what_never_ends_is_cut_off_at_its_limit(name: str) -> None:
    start, again, expected = ENDLESS[name]
    error, _, growth = ask("read", lambda: itertools.chain((start,), itertools.repeat(again)))
    assert error == expected
    assert growth < 10 * MB
