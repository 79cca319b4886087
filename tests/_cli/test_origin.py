"""The origin that demo and tests talk to, itself met with bare sockets."""

import asyncio
import json
import socket
from hashlib import sha256

import pytest
from origin import FIXED_JSON, Origin, origin_in_thread, sample_bytes, sample_sha256

CLOSE = b"Connection: close\r\n"


def talk(origin: Origin, request: bytes) -> bytes:
    """Send bytes and give all that comes back until the origin closes."""
    with socket.create_connection(("127.0.0.1", origin.port), timeout=30) as connection:
        connection.sendall(request)
        return b"".join(iter(lambda: connection.recv(65536), b""))


def get(path: str, fields: bytes = b"", version: str = "1.1") -> bytes:
    return f"GET {path} HTTP/{version}\r\nHost: a\r\n".encode() + fields + b"\r\n"


def body_of(answer: bytes) -> bytes:
    return answer.partition(b"\r\n\r\n")[2]


def test_requests_on_one_connection_are_answered_in_order(origin: Origin) -> None:
    answer = talk(origin, get("/echo?1") + get("/echo?2") + get("/json", CLOSE))
    assert answer.count(b"HTTP/1.1 200 OK\r\n") == 3
    assert answer.index(b'"query": "1"') < answer.index(b'"query": "2"')
    assert json.loads(body_of(answer[answer.rindex(b"HTTP/1.1 200") :])) == FIXED_JSON


def test_head_has_the_length_and_no_body(origin: Origin) -> None:
    answer = talk(origin, b"HEAD /bytes/1000 HTTP/1.1\r\nHost: a\r\n" + CLOSE + b"\r\n")
    assert b"Content-Length: 1000\r\n" in answer
    assert body_of(answer) == b""


@pytest.mark.parametrize("count", [0, 1, 65_536, 65_537, 1_000_000])
def test_sample_is_of_the_length_that_was_asked_for(origin: Origin, count: int) -> None:
    body = body_of(talk(origin, get(f"/bytes/{count}", CLOSE)))
    assert len(body) == count
    assert sha256(body).hexdigest() == sample_sha256(count)
    assert body_of(talk(origin, get(f"/close/{count}"))) == body


def test_chunked_body_has_sizes_and_an_end(origin: Origin) -> None:
    answer = talk(origin, get("/chunked/5", CLOSE))
    assert body_of(answer) == b"5\r\n%b\r\n0\r\n\r\n" % b"".join(sample_bytes(5))


def test_chunks_are_not_sent_to_http_1_0(origin: Origin) -> None:
    answer = talk(origin, get("/chunked/5", b"Connection: keep-alive\r\n", version="1.0"))
    assert b"Transfer-Encoding" not in answer
    assert body_of(answer) == b"".join(sample_bytes(5))


def test_chunked_request_is_read_with_extensions_and_trailers(origin: Origin) -> None:
    head = b"POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n" + CLOSE
    chunks = b"\r\n3;x=y\r\nabc\r\n0A\r\n0123456789\r\n0\r\nTrailer: t\r\n\r\n"
    assert json.loads(body_of(talk(origin, head + chunks)))["body"] == "abc0123456789"


def test_continue_is_sent_before_the_body_is_read(origin: Origin) -> None:
    head = b"POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\nExpect: 100-continue\r\n"
    with socket.create_connection(("127.0.0.1", origin.port), timeout=30) as connection:
        connection.sendall(head + CLOSE + b"\r\n")
        assert connection.recv(65536) == b"HTTP/1.1 100 Continue\r\n\r\n"
        connection.sendall(b"ok")
        assert b'"body": "ok"' in b"".join(iter(lambda: connection.recv(65536), b""))


@pytest.mark.parametrize("status", [204, 304])
def test_status_that_has_no_body_has_no_length(origin: Origin, status: int) -> None:
    answer = talk(origin, get(f"/status/{status}", CLOSE))
    assert b"Content-Length" not in answer
    assert body_of(answer) == b""


def test_many_fields_and_five_cookies_are_sent(origin: Origin) -> None:
    head = talk(origin, get("/headers/300", CLOSE)).partition(b"\r\n\r\n")[0]
    assert head.count(b"\r\nX-Field-") == 300
    assert head.count(b"\r\nSet-Cookie: ") == 5


@pytest.mark.parametrize(
    ("request_bytes", "status"),
    [
        (b"nonsense\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", 400),
        (b"GET / HTTP/2.0\r\nHost: a\r\n\r\n", 505),
        (b"GET / HTTP/1.1\r\nHost : a\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nHost: a\r\nContent-Length: +1\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 1, 2\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip\r\n\r\n", 501),
        (get("/", b"Content-Length: 1\r\nTransfer-Encoding: chunked\r\n"), 400),
        (get("/", b"Content-Length: 99999999999\r\n"), 413),
        (get("/", b"Transfer-Encoding: chunked\r\n") + b"xyz\r\n", 400),
    ],
)
def test_request_that_is_not_clear_is_refused(
    origin: Origin, request_bytes: bytes, status: int
) -> None:
    answer = talk(origin, request_bytes)  # which also shows that the origin hangs up
    assert answer.startswith(b"HTTP/1.1 %d " % status)


@pytest.mark.parametrize("path", ["/", "/no", "/json/1", "/bytes"])
def test_unknown_path_is_not_found(origin: Origin, path: str) -> None:
    assert talk(origin, get(path, CLOSE)).startswith(b"HTTP/1.1 404 Not Found\r\n")


@pytest.mark.parametrize("path", ["/bytes/-1", "/status/99", "/delay/x", "/delay/nan"])
def test_bad_number_in_a_path_is_refused(origin: Origin, path: str) -> None:
    assert talk(origin, get(path, CLOSE)).startswith(b"HTTP/1.1 400 Bad Request\r\n")


def test_counts_follow_connections_and_requests() -> None:
    async def scenario() -> None:
        async with Origin() as origin:
            reader, writer = await asyncio.open_connection("127.0.0.1", origin.port)
            writer.write(get("/status/204") * 2)
            for _ in range(2):
                await reader.readuntil(b"\r\n\r\n")
            assert (origin.accepted, origin.served, origin.open) == (1, 2, 1)
            writer.close()
            await writer.wait_closed()
        assert origin.open == 0

    asyncio.run(scenario())


def test_end_closes_connections_that_still_wait() -> None:
    with origin_in_thread() as origin:
        connection = socket.create_connection(("127.0.0.1", origin.port), timeout=30)
        connection.sendall(get("/slow-body/10/600"))
        assert connection.recv(65536).startswith(b"HTTP/1.1 200 OK\r\n")
    with connection:
        try:
            rest = connection.recv(65536)
        except ConnectionError:
            rest = b""
    assert rest == b""
    assert origin.open == 0
