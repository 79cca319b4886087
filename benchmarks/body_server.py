"""The server for what nginx does not do by itself: a chunked body that is ready, and a sink.

* ``GET /lines``: 10 MB of JSON lines, compressed beforehand, in chunks; its ETag is the
  CRC-32 of the text;
* ``POST /sink``: takes a body, in chunks or with Content-Length, and answers how many
  bytes it had;
* ``POST /checksum``: the same, and the CRC-32 after a space.

It is a process of its own, with blocking sockets and a thread for each connection; one
of them works at a time. A piece of body is received into a buffer and forgotten, at the
cost of one system call per arrival and a few lines of Python per chunk: less than any client
does for it, so none has to wait. Errors end the connection.
"""

import contextlib
import socket
import sys
import threading
import zlib
from collections.abc import Iterator

import bodies
import server_process

_BUFFER_BYTES = 1024 * 1024


class _Closed(Exception):
    """The client closed the connection."""


class _Connection:
    """Reads requests, one after the other."""

    def __init__(self, sock: socket.socket) -> None:
        self._sock = sock
        self._buffer = bytearray(_BUFFER_BYTES)
        self._view = memoryview(self._buffer)
        self._start = self._end = 0  # of what was received and is not used yet

    def serve(self, lines: bytes) -> None:
        """Answer requests until the client closes."""
        while True:
            method, path, _ = self._line().split(b" ")
            fields = dict(self._fields())
            if (method, path) == (b"GET", b"/lines"):
                self._sock.sendall(lines)
            elif method == b"POST" and path in (b"/sink", b"/checksum"):
                self._sock.sendall(self._taken(fields, path == b"/checksum"))
            else:
                self._sock.sendall(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n")

    def _taken(self, fields: dict[bytes, bytes], with_checksum: bool) -> bytes:
        size = 0
        checksum = 0 if with_checksum else None
        if fields.get(b"transfer-encoding") == b"chunked":
            while chunk := int(self._line(), 16):
                checksum = self._skip(chunk, checksum)
                size += chunk
                if self._line():
                    raise ValueError("a chunk is longer than its size")
            if self._line():
                raise ValueError("trailers are not expected")
        else:
            size = int(fields[b"content-length"])
            checksum = self._skip(size, checksum)
        answer = b"%d" % size if checksum is None else b"%d %08x" % (size, checksum)
        head = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: %d\r\n\r\n"
        return head % len(answer) + answer

    def _fields(self) -> Iterator[tuple[bytes, bytes]]:
        while line := self._line():
            name, _, value = line.partition(b":")
            yield name.lower(), value.strip().lower()

    def _line(self) -> bytes:
        """The next line without its end."""
        while (end := self._buffer.find(b"\n", self._start, self._end)) < 0:
            self._receive()
        line = bytes(self._view[self._start : end])
        self._start = end + 1
        return line.rstrip(b"\r")

    def _skip(self, size: int, checksum: int | None) -> int | None:
        """Take `size` bytes; the checksum with them, if there is one."""
        while size:
            if self._start == self._end:
                self._receive()
            taken = min(size, self._end - self._start)
            if checksum is not None:
                checksum = zlib.crc32(self._view[self._start : self._start + taken], checksum)
            self._start += taken
            size -= taken
        return checksum

    def _receive(self) -> None:
        rest = self._end - self._start  # nothing, or the beginning of a line
        self._buffer[:rest] = self._buffer[self._start : self._end]
        received = self._sock.recv_into(self._view[rest:])
        if not received:
            raise _Closed
        self._start, self._end = 0, rest + received


def _answer(sock: socket.socket, lines: bytes) -> None:
    with sock, contextlib.suppress(_Closed, ConnectionError):
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        _Connection(sock).serve(lines)


def _accept(listener: socket.socket, lines: bytes) -> None:
    while True:
        sock, _ = listener.accept()
        threading.Thread(target=_answer, args=(sock, lines), daemon=True).start()


def lines_response() -> bytes:
    """The whole response to ``GET /lines``."""
    text = bodies.json_lines()
    head = (
        "HTTP/1.1 200 OK\r\n"
        "Server: body_server\r\n"
        "Date: Thu, 01 Jan 2026 00:00:00 GMT\r\n"
        "Content-Type: application/x-ndjson\r\n"
        "Transfer-Encoding: chunked\r\n"
        "Content-Encoding: gzip\r\n"
        f'ETag: "{zlib.crc32(text):08x}"\r\n'
        "\r\n"
    ).encode("ascii")
    return head + bodies.chunked(bodies.gzip_coded(text))


def serve(core: int | None = None) -> contextlib.AbstractContextManager[int]:
    """Run the server, pinned to `core` if given; yields its port."""
    return server_process.running(__file__, core)


def main() -> None:
    lines = lines_response()
    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=_accept, args=(listener, lines), daemon=True).start()
        print(listener.getsockname()[1], flush=True)
        sys.stdin.read()  # until whoever started this closes it, or ends


if __name__ == "__main__":
    main()
