"""Multipart bodies of 100 MB: what they cost a process that sends or reads them."""

import contextlib
import hashlib
import json
import os
import socket
import ssl
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import BinaryIO, NamedTuple

import pytest
import trustme
from origin_replies import sample_bytes, sample_sha256
from python_multipart import MultipartParser
from python_multipart.multipart import parse_options_header

pytestmark = pytest.mark.skipif(
    sys.platform != "linux", reason="the program asks Linux how large it was"
)

ROOT = Path(__file__).parent.parent.parent
PROGRAM = ROOT / "tests" / "isolated" / "memory_of_multipart.py"
MB = 1_000_000
LARGE_BYTES = 100 * MB
MAX_GROWTH_BYTES = 20 * MB

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
Talk = Callable[[bytes, BinaryIO, socket.socket], None]


@contextlib.contextmanager
def serving(talk: Talk, tls: ssl.SSLContext | None = None) -> Iterator[str]:
    """Calls `talk` in a thread for each head that arrives; yields the URL to ask."""

    def serve() -> None:
        while True:
            connection, _ = listening.accept()
            with contextlib.ExitStack() as open_here, contextlib.suppress(OSError):
                open_here.callback(connection.close)
                if is_over.is_set():
                    return
                if tls is not None:
                    connection = open_here.enter_context(
                        tls.wrap_socket(connection, server_side=True)
                    )
                stream = open_here.enter_context(connection.makefile("rb"))
                while head := _head(stream):
                    talk(head, stream, connection)

    is_over = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]
        thread = threading.Thread(target=serve)
        thread.start()
        try:
            yield f"{'https' if tls else 'http'}://127.0.0.1:{port}/"
        finally:
            is_over.set()
            socket.create_connection(("127.0.0.1", port)).close()
            thread.join()


def _head(stream: BinaryIO) -> bytes:
    """The lines of a head; nothing at the end of the connection."""
    lines = b""
    while (line := stream.readline()) not in (b"", b"\r\n"):
        lines += line
    return lines


def run_program(
    how: str, url: str, *arguments: object, stdin: BinaryIO | None = None
) -> list[object]:
    """What the program prints."""
    folders = (str(ROOT), str(ROOT / "tools"), os.environ.get("PYTHONPATH"))
    done = subprocess.run(
        [sys.executable, PROGRAM, how, url, *arguments],
        stdin=stdin,
        capture_output=True,
        text=True,
        check=True,
        timeout=180,
        env=os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, folders))},
    )
    results: list[object] = json.loads(done.stdout)
    return results


# --- sending -------------------------------------------------------------------------------------


class Part(NamedTuple):
    """A part as the other implementation gave it, with the SHA-256 of its body."""

    disposition: str
    size: int
    digest: str


class FormReader:
    """Reads forms in pieces, by python-multipart; keeps what it found."""

    def __init__(self) -> None:
        self.heads: list[bytes] = []
        self.sizes: list[int] = []
        self.forms: list[list[Part]] = []

    def __call__(self, head: bytes, stream: BinaryIO, connection: socket.socket) -> None:
        fields = dict(line.split(b": ", 1) for line in head.splitlines()[1:])
        boundary = parse_options_header(fields[b"Content-Type"])[1][b"boundary"]
        parts: list[Part] = []
        parser = MultipartParser(boundary, self._callbacks(parts))
        size = 0
        for piece in _pieces(fields, stream):
            size += len(piece)
            parser.write(piece)
        parser.finalize()
        self.heads.append(head)
        self.sizes.append(size)
        self.forms.append(parts)
        connection.sendall(OK)

    @staticmethod
    def _callbacks(parts: list[Part]) -> dict[str, Callable[..., None]]:
        value = bytearray()
        values: list[str] = []
        sizes = [0]
        digests = [hashlib.sha256()]

        def begin() -> None:
            values.clear()
            sizes[0] = 0
            digests[0] = hashlib.sha256()

        def header_value(data: bytes, start: int, end: int) -> None:
            value.extend(data[start:end])

        def header_end() -> None:
            values.append(value.decode())
            value.clear()

        def body(data: bytes, start: int, end: int) -> None:
            sizes[0] += end - start
            digests[0].update(memoryview(data)[start:end])

        def part_end() -> None:
            (disposition,) = (text for text in values if text.startswith("form-data"))
            parts.append(Part(disposition, sizes[0], digests[0].hexdigest()))

        return {
            "on_part_begin": begin,
            "on_header_value": header_value,
            "on_header_end": header_end,
            "on_part_data": body,
            "on_part_end": part_end,
        }


def _pieces(fields: dict[bytes, bytes], stream: BinaryIO) -> Iterator[bytes]:
    """The body of a request."""
    if b"Content-Length" in fields:
        missing = int(fields[b"Content-Length"])
        while missing:
            piece = stream.read(min(missing, 65536))
            missing -= len(piece)
            yield piece
        return
    assert fields[b"Transfer-Encoding"] == b"chunked"
    while size := int(stream.readline(), 16):
        yield stream.read(size)
        stream.readline()
    stream.readline()


@pytest.mark.parametrize("has_tls", [False, True], ids=["tcp", "tls"])
@pytest.mark.parametrize("how", ["file", "generator"])
def test_form_of_100_mb_is_sent_within_20_mb(
    how: str,
    has_tls: bool,
    tmp_path: Path,
    authority: trustme.CA,
    server_tls: ssl.SSLContext,
) -> None:
    path = tmp_path / "large"
    with path.open("wb") as file:
        file.writelines(sample_bytes(LARGE_BYTES if how == "file" else 0))
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    reader = FormReader()
    with serving(reader, server_tls if has_tls else None) as url, path.open("rb") as file:
        certificates = [tmp_path / "ca.pem"] if has_tls else []
        *statuses, growth = run_program(how, url, *certificates, stdin=file)
    assert statuses == [200, 200]
    assert reader.forms[1] == [
        Part('form-data; name="text"', 6, hashlib.sha256(b"before").hexdigest()),
        Part(
            'form-data; name="file"; filename="large.bin"',
            LARGE_BYTES,
            sample_sha256(LARGE_BYTES),
        ),
        Part('form-data; name="text"', 6, hashlib.sha256(b"behind").hexdigest()),
    ]
    assert LARGE_BYTES < reader.sizes[1] < LARGE_BYTES + 1000
    # What the server counted is what was announced, where it could be.
    announced = b"Content-Length: %d\r\n" % reader.sizes[1]
    assert (announced if how == "file" else b"Transfer-Encoding: chunked\r\n") in reader.heads[1]
    assert isinstance(growth, int)
    assert growth < MAX_GROWTH_BYTES


# --- reading -------------------------------------------------------------------------------------


def answer_with_parts(head: bytes, stream: BinaryIO, connection: socket.socket) -> None:
    """Answers with a part of two fifths of so many bytes, and another that says its length."""
    count = LARGE_BYTES if b"/large " in head else 1000
    first, second = count // 5 * 2, count // 5 * 3
    type_field = b"Content-Type: multipart/mixed; boundary=b\r\n"
    connection.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n%b\r\n" % type_field)

    def send(data: bytes) -> None:
        connection.sendall(b"%x\r\n%b\r\n" % (len(data), data))

    send(b"--b\r\n\r\n")
    for piece in sample_bytes(first):
        send(piece)
    send(b"\r\n--b\r\nContent-Length: %d\r\n\r\n" % second)
    for piece in sample_bytes(second):
        send(piece)
    send(b"\r\n--b--\r\n")
    connection.sendall(b"0\r\n\r\n")


def test_parts_of_100_mb_are_read_within_20_mb() -> None:
    with serving(answer_with_parts) as url:
        small, large, growth = run_program("parts", url)
    assert small == [sample_sha256(400), sample_sha256(600)]
    assert large == [sample_sha256(40 * MB), sample_sha256(60 * MB)]
    assert isinstance(growth, int)
    assert growth < MAX_GROWTH_BYTES
