"""What the clients are made to do, and how often.

* ``get_small_seq``: a JSON document of 200 bytes, one request after the other, body
  read with ``await resp.json()``;
* ``get_small_c64``: the same with 64 requests at a time, from 64 tasks;
* ``post_json_seq``: a POST with ``json=`` of a document of some 200 bytes, encoded anew each
  time, one request after the other. The server takes the body and answers with JSON of that
  size, body read with ``await resp.json()``;
* ``headers_heavy``: a response with 40 fields, 5 of them Set-Cookie, one request after
  the other, body read with ``await resp.read()``, and one field looked up. The url has
  the host name ``localhost``: aiohttp's cookie jar ignores the cookies of a host that
  is an IP address, which no real service is. So the cookies are stored and sent back;
* ``download_100mb``: a file with Content-Length, which nginx sends with sendfile, read
  with ``async for piece in resp.content.iter_any()``, lengths added up;
* ``read_10mb``: a file of 10 MB from the same, read with ``await resp.read()``;
* ``download_chunked_gzip``: JSON lines of 10 MB once decoded, compressed beforehand, in
  chunks, read with ``await resp.read()``. Every client decodes with Python's zlib;
* ``download_chunked_gzip_speedups``: the same, and every client decodes with what it
  chooses by itself: aioclient with isal or zlib-ng if one of them is installed (without
  them the workload is left out), aiohttp with zlib;
* ``upload_100mb``: a POST from an async generator that gives the same piece of 64 KiB
  again and again, in chunks;
* ``upload_file``: a POST of ``open(path, "rb")``, with Content-Length;
* ``conn_new``: a request as in get_small_seq, each on a connection of its own, with a connector
  that has ``force_close``, one after the other;
* ``tls_get_small_seq``: the same as get_small_seq on a kept TLS connection. The client trusts the
  authority of the server's certificate, and verifies that;
* ``tls_handshake``: the same as conn_new over TLS, a handshake for each request. The server gives
  tickets, so a client may resume the session of a connection before; aiohttp does not;
* ``tls_handshake_full``: the same, and the server lets nobody resume anything;
* ``ws_echo_small``: a text message of 50 bytes over an open WebSocket, and the same back, one after
  the other. ``ws_echo_64k`` and ``ws_echo_1mb``: the same with a binary message of that size;
* ``ws_stream``: a message that the server answers with 100,000 of 50 bytes, received with
  ``async for``. Its figures are those of one message; its latencies those of the whole stream.

100 MB are 100 * 2**20 bytes, 10 MB are 10 * 2**20. Every answer to a download or an
upload is checked: how many bytes came, or how many the server says it got.
"""

from dataclasses import dataclass
from typing import Literal, NamedTuple

PIECE_BYTES = 64 * 1024
BIG_BYTES = 100 * 2**20
TEN_BYTES = TEXT_BYTES = 10 * 2**20
MESSAGE_BYTES = 50  # of a small WebSocket message
STREAM_MESSAGES = 100_000

Server = Literal["nginx", "nginx tls", "nginx tls full", "bodies", "sockets"]


TLS_SERVERS: frozenset[Server] = frozenset(("nginx tls", "nginx tls full"))


class Site(NamedTuple):
    """Where a client finds a server, and whom it has to trust for that."""

    port: int
    authority: str | None = None  # the file with the certificate of the authority, for TLS


@dataclass(frozen=True)
class Effort:
    """How often a workload is done, unless the command line says otherwise."""

    rounds: int
    requests: int  # of a round
    warm_up: int  # uncounted, once at the start
    settle: int  # uncounted, before every round


SMALL = Effort(rounds=15, requests=2000, warm_up=2000, settle=20)
MIDDLE = Effort(rounds=9, requests=10, warm_up=3, settle=2)
NEW = Effort(rounds=15, requests=1000, warm_up=500, settle=20)
BIG = Effort(rounds=15, requests=3, warm_up=2, settle=1)
MESSAGES_64K = Effort(rounds=15, requests=1000, warm_up=200, settle=20)
MESSAGES_1MB = Effort(rounds=15, requests=50, warm_up=10, settle=2)
STREAM = Effort(rounds=15, requests=2, warm_up=1, settle=1)


@dataclass(frozen=True)
class Workload:
    """What a client does: where it asks for what, how many at a time, what it then does."""

    name: str
    server: Server
    path: str
    does: Literal[
        "json",
        "send json",
        "field",
        "pieces",
        "read",
        "whole",
        "send pieces",
        "send file",
        "echo text",
        "echo bytes",
        "stream",
    ]
    effort: Effort
    host: str = "127.0.0.1"
    concurrency: int = 1
    zlib_only: bool = False  # the client is told to decode with Python's zlib
    needs_speedups: bool = False  # pointless without isal or zlib-ng
    is_new: bool = False  # a connection of its own for every request
    message_bytes: int = MESSAGE_BYTES  # over a WebSocket
    units: int = 1  # of which one request has so many: figures are for one of them


WORKLOADS = {
    workload.name: workload
    for workload in (
        Workload("get_small_seq", "nginx", "/small", "json", SMALL),
        Workload("get_small_c64", "nginx", "/small", "json", SMALL, concurrency=64),
        Workload("post_json_seq", "nginx", "/items", "send json", SMALL),
        Workload("headers_heavy", "nginx", "/heavy", "field", SMALL, host="localhost"),
        Workload("download_100mb", "nginx", "/download", "pieces", BIG),
        Workload("read_10mb", "nginx", "/ten", "read", MIDDLE),
        Workload("download_chunked_gzip", "bodies", "/lines", "whole", MIDDLE, zlib_only=True),
        Workload(
            "download_chunked_gzip_speedups",
            "bodies",
            "/lines",
            "whole",
            MIDDLE,
            needs_speedups=True,
        ),
        Workload("upload_100mb", "bodies", "/sink", "send pieces", BIG),
        Workload("upload_file", "bodies", "/sink", "send file", BIG),
        Workload("conn_new", "nginx", "/small", "json", NEW, is_new=True),
        Workload("tls_get_small_seq", "nginx tls", "/small", "json", SMALL),
        Workload("tls_handshake", "nginx tls", "/small", "json", NEW, is_new=True),
        Workload("tls_handshake_full", "nginx tls full", "/small", "json", NEW, is_new=True),
        Workload("ws_echo_small", "sockets", "/echo", "echo text", SMALL),
        Workload(
            "ws_echo_64k",
            "sockets",
            "/echo",
            "echo bytes",
            MESSAGES_64K,
            message_bytes=64 * 1024,
        ),
        Workload(
            "ws_echo_1mb", "sockets", "/echo", "echo bytes", MESSAGES_1MB, message_bytes=2**20
        ),
        Workload("ws_stream", "sockets", "/stream", "stream", STREAM, units=STREAM_MESSAGES),
    )
}
SMALL_WORKLOADS = tuple(
    name for name, workload in WORKLOADS.items() if workload.effort in (SMALL, NEW)
)
SOCKET_WORKLOADS = tuple(
    name for name, workload in WORKLOADS.items() if workload.server == "sockets"
)
