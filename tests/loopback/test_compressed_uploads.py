"""`compress=`: request bodies with a content coding, as servers receive them."""

import gzip
import importlib
import io
import json
import zlib
from collections.abc import AsyncIterator, Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from receiver import Field, Received, Receiver, seen_by_werkzeug
from running import asynchronous
from scripted import ScriptedServer

from aioclient import BytesPayload, ClientPayloadError, ClientSession, FormData, MultipartWriter
from aioclient._body.codec_modules import brotli_name, zstd_name

CONTENT = b"".join(b"line %d\n" % number for number in range(60_000))  # several steps of encoders
TEXT = "Gr\u00fc\u00dfe \U0001f389\n" * 10_000


async def generate(*pieces: bytes) -> AsyncIterator[bytes]:
    for piece in pieces:
        yield piece


def undone(request: Received) -> bytes:
    """The body of a request without its coding, decoded in one call of the codec's library."""
    coding = request.headers["content-encoding"]
    if coding == "gzip":
        return gzip.decompress(request.body)
    if coding == "deflate":
        return zlib.decompress(request.body)
    name = {"br": brotli_name(), "zstd": zstd_name()}[coding]
    decoded: bytes = importlib.import_module(name or "").decompress(request.body)
    return decoded


WISHES = [(True, "deflate"), *((coding, coding) for coding in ("gzip", "deflate", "br", "zstd"))]

Options = Callable[[ExitStack, Path], dict[str, Any]]


def opened(mode: str, **options: Any) -> Options:
    def make(stack: ExitStack, path: Path) -> dict[str, Any]:
        return {"data": stack.enter_context(path.open(mode, **options))}

    return make


#: What is sent: the options of the request, the content, and its type.
BODIES: dict[str, tuple[Options, bytes, str]] = {
    "bytes": (lambda *_: {"data": CONTENT}, CONTENT, "application/octet-stream"),
    "one byte": (lambda *_: {"data": b"a"}, b"a", "application/octet-stream"),
    "text": (lambda *_: {"data": TEXT}, TEXT.encode(), "text/plain; charset=utf-8"),
    "json": (
        lambda *_: {"json": {"text": TEXT}},
        json.dumps({"text": TEXT}).encode(),
        "application/json",
    ),
    "form": (
        lambda *_: {"data": {"a": "b c", "d": "e"}},
        b"a=b+c&d=e",
        "application/x-www-form-urlencoded",
    ),
    "file": (opened("rb"), CONTENT, "text/plain"),
    "file of text": (opened("r", encoding="ascii"), CONTENT, "text/plain; charset=utf-8"),
    "file in memory": (
        lambda *_: {"data": io.BytesIO(CONTENT)},
        CONTENT,
        "application/octet-stream",
    ),
    "generator": (
        lambda *_: {"data": generate(CONTENT[:1], b"", CONTENT[1:])},
        CONTENT,
        "application/octet-stream",
    ),
    "generator of nothing": (lambda *_: {"data": generate()}, b"", "application/octet-stream"),
    "payload": (
        lambda *_: {"data": BytesPayload(CONTENT, {"X-Own": "1"}, "a/b")},
        CONTENT,
        "a/b",
    ),
}


@pytest.mark.parametrize(("wish", "coding"), WISHES)
@pytest.mark.parametrize("kind", BODIES)
@asynchronous
async def test_body_arrives_coded_and_says_so(
    kind: str, wish: object, coding: str, tmp_path: Path
) -> None:
    options, content, content_type = BODIES[kind]
    path = tmp_path / "file.txt"
    path.write_bytes(CONTENT)
    receiver = Receiver()
    with ExitStack() as stack:
        async with ScriptedServer(receiver) as server, ClientSession() as session:
            response = await session.post(server.url(), compress=wish, **options(stack, path))
            assert await response.read() == b"ok"
    headers = receiver.last.headers
    assert headers["content-encoding"] == coding
    assert headers["transfer-encoding"] == "chunked"
    assert "content-length" not in headers
    assert headers["content-type"] == content_type
    assert headers.get("x-own") == ("1" if kind == "payload" else None)
    assert undone(receiver.last) == content
    assert len(content) < 100 or len(receiver.last.body) < len(content) / 2


@pytest.mark.parametrize(("wish", "coding"), WISHES)
@asynchronous
async def test_multipart_arrives_coded_and_says_so(
    wish: object, coding: str, tmp_path: Path
) -> None:
    path = tmp_path / "file.txt"
    path.write_bytes(CONTENT)
    receiver = Receiver()
    async with ScriptedServer(receiver) as server, ClientSession() as session:
        with path.open("rb") as file:
            form = FormData({"text": TEXT, "file": file, "pieces": generate(b"pieces")})
            response = await session.post(server.url(), data=form, compress=wish)
            assert await response.read() == b"ok"
    request = receiver.last
    assert request.headers["content-encoding"] == coding
    assert request.headers["transfer-encoding"] == "chunked"
    assert await seen_by_werkzeug(request._replace(body=undone(request))) == [
        Field("text", None, TEXT.encode()),
        Field("pieces", None, b"pieces"),
        Field("file", "file.txt", CONTENT),
    ]


@pytest.mark.parametrize(
    ("headers", "session_headers", "wish", "error", "message"),
    [
        ({}, {}, "nonsense", ValueError, "compress='nonsense' is not gzip, deflate, br or zstd"),
        ({}, {}, "identity", ValueError, "compress='identity' is not"),
        ({}, {}, "gzip, br", ValueError, "compress='gzip, br' is not"),
        ({}, {}, 5, TypeError, "compress must be a bool or the name of a content coding"),
        ({}, {}, b"gzip", TypeError, "compress must be"),
        ({"content-encoding": "gzip"}, {}, "gzip", ValueError, "Content-Encoding header exclude"),
        ({}, {"Content-Encoding": "br"}, True, ValueError, "Content-Encoding header exclude"),
        ({"Content-Length": "5"}, {}, "gzip", ValueError, "Content-Length header exclude"),
    ],
)
@asynchronous
async def test_wish_that_cannot_be_is_refused_before_anything_is_sent(
    headers: dict[str, str],
    session_headers: dict[str, str],
    wish: Any,
    error: type[Exception],
    message: str,
) -> None:
    async with (
        ScriptedServer(Receiver()) as server,
        ClientSession(headers=session_headers) as session,
    ):
        with pytest.raises(error, match=message):
            await session.post(server.url(), data=b"hello", headers=headers, compress=wish)
        assert server.accepted == 0


@pytest.mark.parametrize("data", [None, b"hello"])
@asynchronous
async def test_coding_that_is_not_known_is_refused_even_without_a_body(data: bytes | None) -> None:
    async with ScriptedServer(Receiver()) as server, ClientSession() as session:
        with pytest.raises(ValueError, match="compress='nonsense'"):
            await session.get(server.url(), data=data, compress="nonsense")
        assert server.accepted == 0


@pytest.mark.parametrize("data", [b"", "", {}, io.BytesIO(), None], ids=repr)
@asynchronous
async def test_empty_body_stays_as_it_is(data: Any) -> None:
    receiver = Receiver()
    async with ScriptedServer(receiver) as server, ClientSession() as session:
        response = await session.post(server.url(), data=data, compress="gzip")
        assert await response.read() == b"ok"
    headers = receiver.last.headers
    assert headers["content-length"] == "0"
    assert not headers.keys() & {"content-encoding", "transfer-encoding"}


@pytest.mark.parametrize("wish", [None, False])
@asynchronous
async def test_body_is_not_coded_unless_that_is_wished(wish: Any) -> None:
    receiver = Receiver()
    async with ScriptedServer(receiver) as server, ClientSession() as session:
        response = await session.post(server.url(), data=CONTENT, compress=wish)
        assert await response.read() == b"ok"
    assert "content-encoding" not in receiver.last.headers
    assert receiver.last.body == CONTENT


@pytest.mark.parametrize("where", ["request", "session"])
@pytest.mark.parametrize("wish", [None, False])
@asynchronous
async def test_what_the_caller_compressed_is_sent_untouched(where: str, wish: Any) -> None:
    coded = zlib.compress(CONTENT)
    own = {"Content-Encoding": "deflate"}
    receiver = Receiver()
    async with (
        ScriptedServer(receiver) as server,
        ClientSession(headers=own if where == "session" else None) as session,
    ):
        for data in (coded, generate(coded)):
            response = await session.post(
                server.url(),
                data=data,
                headers=own if where == "request" else None,
                compress=wish,
            )
            assert await response.read() == b"ok"
    counted, chunked = receiver.received
    assert counted.headers["content-length"] == str(len(coded))
    assert chunked.headers["transfer-encoding"] == "chunked"
    for request in receiver.received:
        assert request.headers["content-encoding"] == "deflate"
        assert request.body == coded


@asynchronous
async def test_coded_body_is_sent_again_after_a_redirect() -> None:
    location = b"HTTP/1.1 307 Moved\r\nLocation: /b\r\nContent-Length: 0\r\n\r\n"
    receiver = Receiver({"/a": location})
    async with ScriptedServer(receiver) as server, ClientSession() as session:
        writer = MultipartWriter()
        writer.append(CONTENT)
        for data in (CONTENT, writer):
            response = await session.post(server.url("/a"), data=data, compress="gzip")
            assert await response.read() == b"ok"
            first, second = receiver.received[-2:]
            assert (first.path, second.path) == ("/a", "/b")
            assert undone(first) == undone(second)
            assert second.headers["content-encoding"] == "gzip"
            assert second.headers["content-type"] == first.headers["content-type"]
        with pytest.raises(ClientPayloadError, match="cannot be sent again"):
            await session.post(server.url("/a"), data=generate(b"once"), compress="gzip")


@asynchronous
async def test_body_that_fails_while_it_is_coded_is_an_error() -> None:
    async def fails() -> AsyncIterator[bytes]:
        yield CONTENT
        raise ZeroDivisionError

    async with ScriptedServer(Receiver()) as server, ClientSession() as session:
        with pytest.raises(ClientPayloadError, match="ZeroDivisionError"):
            await session.post(server.url(), data=fails(), compress="gzip")
