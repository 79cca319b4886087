"""The server of the WebSocket workloads: it gives back what it gets, or sends a stream.

* ``/echo``: every message comes back, in one frame;
* ``/stream``: every message, whatever it says, is answered with STREAM_MESSAGES small ones. Their
  frames are prebuilt and go to the kernel in one call, so they come as fast as the client takes
  them.

It is a process of its own, with blocking sockets and a thread for each connection; one of them
works at a time. A small message takes it a few microseconds; a large one is unmasked as one whole
number, which takes longer than a client needs for it, but then the client waits, which is not in
its CPU time. Nothing is compressed. Errors end the connection.
"""

import base64
import contextlib
import hashlib
import socket
import struct
import sys
import threading
from typing import BinaryIO

import bodies
import server_process
from workloads import STREAM_MESSAGES

_GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"  # RFC 6455 section 1.3
_CLOSE = 8
_TEXT = 1
_DATA = (_TEXT, 2)


def _masked(payload: bytes, key: bytes) -> bytes:
    """The payload masked, or unmasked."""
    size = len(payload)
    keys = (key * (size // 4 + 1))[:size]
    number = int.from_bytes(payload, "little") ^ int.from_bytes(keys, "little")
    return number.to_bytes(size, "little")


def frame(opcode: int, payload: bytes, key: bytes = b"") -> bytes:
    """A final frame; as a client sends it, if there is a key to mask it with."""
    size = len(payload)
    mask = 0x80 if key else 0
    if size < 126:
        head = struct.pack("!BB", 0x80 | opcode, mask | size)
    elif size < 1 << 16:
        head = struct.pack("!BBH", 0x80 | opcode, mask | 126, size)
    else:
        head = struct.pack("!BBQ", 0x80 | opcode, mask | 127, size)
    return head + key + (_masked(payload, key) if key else payload)


def stream() -> bytes:
    """All frames of a stream, one after the other."""
    return frame(_TEXT, bodies.text_message().encode("ascii")) * STREAM_MESSAGES


def _message(reader: BinaryIO) -> tuple[int, bytes]:
    """The next frame, which has to be a whole message or a Close; the end counts as one."""
    start = reader.read(2)
    if not start:
        return _CLOSE, b""
    first, second = start
    size = second & 0x7F
    if size == 126:
        (size,) = struct.unpack("!H", reader.read(2))
    elif size == 127:
        (size,) = struct.unpack("!Q", reader.read(8))
    key = reader.read(4)
    opcode = first & 0x0F
    if not (first & 0x80 and second & 0x80 and opcode in (*_DATA, _CLOSE)):
        raise ValueError(f"a frame that is not expected: {first:#x} {second:#x}")
    return opcode, _masked(reader.read(size), key)


def _shake_hands(sock: socket.socket, reader: BinaryIO) -> bytes:
    """Answer the request; its path."""
    _, path, _ = reader.readline().split(b" ")
    key = b""
    while line := reader.readline().strip():
        name, _, value = line.partition(b":")
        if name.lower() == b"sec-websocket-key":
            key = value.strip()
    accept = base64.b64encode(hashlib.sha1(key + _GUID).digest())
    sock.sendall(
        b"HTTP/1.1 101 Switching Protocols\r\n"
        b"Upgrade: websocket\r\n"
        b"Connection: Upgrade\r\n"
        b"Sec-WebSocket-Accept: %b\r\n"
        b"\r\n" % accept
    )
    return path


def _serve_one(sock: socket.socket, messages: bytes) -> None:
    with sock, sock.makefile("rb") as reader, contextlib.suppress(ConnectionError):
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        streams = _shake_hands(sock, reader) == b"/stream"
        opcode = 0
        while opcode != _CLOSE:
            opcode, payload = _message(reader)
            is_asked = streams and opcode != _CLOSE
            sock.sendall(messages if is_asked else frame(opcode, payload))


def _accept(listener: socket.socket, messages: bytes) -> None:
    while True:
        sock, _ = listener.accept()
        threading.Thread(target=_serve_one, args=(sock, messages), daemon=True).start()


def serve(core: int | None = None) -> contextlib.AbstractContextManager[int]:
    """Run the server, pinned to `core` if given; yields its port."""
    return server_process.running(__file__, core)


def main() -> None:
    messages = stream()
    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=_accept, args=(listener, messages), daemon=True).start()
        print(listener.getsockname()[1], flush=True)
        sys.stdin.read()  # until whoever started this closes it, or ends


if __name__ == "__main__":
    main()
