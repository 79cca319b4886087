"""Section 4 of the reference: the body of a request."""

import gzip
import io
import json
import zlib
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest
from multidict import CIMultiDict
from origin import Origin
from pages import Pages, page
from reference import Line
from running import asynchronous

from aioclient import (
    BodyPartReader,
    BytesPayload,
    ClientSession,
    FormData,
    JsonPayload,
    MultipartReader,
    MultipartWriter,
)

_FILES = "tests/_body/test_file_payload.py::"
_ENCODERS = "tests/_body/test_content_encoders.py::"

ROWS = (
    Line(
        "data may be bytes-like, text, a mapping or pairs, a FormData, a file, an async iterable, "
        "a Payload",
        "test_body_arrives_with_its_type_and_framing test_files_arrive",
    ),
    Line("data may be a StreamReader", "test_response_is_sent_on"),
    Line("data may be a BodyPartReader", "test_part_of_a_response_is_sent_on"),
    Line("data=None is no body", "test_none_is_no_body"),
    Line(
        "without a body chunked=True sends an empty chunked one",
        "test_nothing_is_not_sent_in_chunks",
        "Without a body, `chunked=True` has no effect.",
    ),
    Line("json excludes data", "test_json_and_data_exclude_each_other"),
    Line(
        "json=None is no body; JsonPayload(None) is null",
        "test_none_is_no_body test_null_is_a_payload",
    ),
    Line("json is encoded, as application/json", "test_json_has_its_type"),
    Line("compress=True is deflate in the format of zlib", "test_body_is_compressed_as_it_says"),
    Line(
        "compress writes any name, and sends zlib under it",
        "test_body_is_compressed_as_it_says test_coding_that_nobody_knows_is_refused",
        "`compress=` sends what it says, and refuses codings that are not available.",
    ),
    Line("compress excludes a Content-Encoding header", "test_coding_is_said_once"),
    Line("compress sends in chunks", "test_body_is_compressed_as_it_says"),
    Line(
        "large bodies are compressed in a thread",
        f"{_ENCODERS}test_large_pieces_are_encoded_outside_of_the_loop_s_thread",
    ),
    Line("chunked=True sends in chunks", "test_body_of_known_size_can_go_in_chunks"),
    Line(
        "chunked=True excludes Content-Length and Transfer-Encoding headers",
        "test_framing_is_said_once",
    ),
    Line(
        "without it a Transfer-Encoding header is sent, and a Content-Length of the session",
        "test_framing_is_not_said_by_headers",
        "A `Transfer-Encoding` header is refused, and a `Content-Length` of the session",
    ),
    Line(
        "a Content-Encoding header stops compression",
        "test_body_that_is_compressed_already_stays_as_it_is",
    ),
    Line("expect100 sends Expect", "tests/api/test_04_options.py::test_body_waits_to_be_asked_for"),
    Line(
        "files are closed after the request",
        "test_file_stays_open",
        "the caller's file is not closed",
    ),
    Line(
        "files are read in a thread",
        f"{_FILES}test_file_is_not_read_in_the_thread_of_the_loop",
    ),
)


async def pieces() -> AsyncIterator[bytes]:
    yield b"hel"
    yield b"lo"


def form() -> FormData:
    data = FormData()
    data.add_field("a", "b c")
    return data


URLENCODED = "application/x-www-form-urlencoded"
BINARY = "application/octet-stream"


@pytest.mark.parametrize(
    ("make", "body", "content_type"),
    [
        (lambda: b"hello", b"hello", BINARY),
        (lambda: bytearray(b"hello"), b"hello", BINARY),
        (lambda: memoryview(b"hello"), b"hello", BINARY),
        (lambda: "\u017e", "\u017e".encode(), "text/plain; charset=utf-8"),
        (lambda: {"a": "b c", "d": 5}, b"a=b+c&d=5", URLENCODED),
        (lambda: [("a", "1"), ("a", "2")], b"a=1&a=2", URLENCODED),
        (lambda: (("a", "1"), ("b", "2")), b"a=1&b=2", URLENCODED),
        (lambda: CIMultiDict([("a", "1"), ("a", "2")]), b"a=1&a=2", URLENCODED),
        (form, b"a=b+c", URLENCODED),
        (lambda: io.BytesIO(b"hello"), b"hello", BINARY),
        (lambda: io.StringIO("\u017e"), "\u017e".encode(), "text/plain; charset=utf-8"),
        (pieces, b"hello", BINARY),
        (lambda: BytesPayload(b"x", content_type="image/png"), b"x", "image/png"),
        (lambda: JsonPayload([1]), b"[1]", "application/json"),
        (lambda: b"", b"", BINARY),
    ],
)
@asynchronous
async def test_body_arrives_with_its_type_and_framing(
    make: Callable[[], Any], body: bytes, content_type: str
) -> None:
    async with Pages() as server, ClientSession() as session:
        await session.post(server.url(), data=make())
        assert server.last.body == body
        headers = server.last.headers
        assert headers["Content-Type"] == content_type
        if make is pieces:
            assert headers["Transfer-Encoding"] == "chunked"
        else:
            assert headers["Content-Length"] == str(len(body))


@pytest.mark.parametrize("mode", ["rb", "r+b", "r"])
@asynchronous
async def test_files_arrive(mode: str, tmp_path: Path) -> None:
    path = tmp_path / "notes.txt"
    path.write_bytes("caf\u00e9".encode())
    async with Pages() as server, ClientSession() as session:
        encoding = None if "b" in mode else "utf-8"
        with path.open(mode, encoding=encoding) as file:
            await session.post(server.url(), data=file)
        assert server.last.body.decode() == "caf\u00e9"
        assert server.last.headers["Content-Type"].startswith("text/plain")


@asynchronous
async def test_response_is_sent_on() -> None:
    async with Origin() as origin, Pages() as server, ClientSession() as session:
        async with session.get(origin.url("/bytes/100000")) as response:
            await session.post(server.url(), data=response.content)
        whole = await (await session.get(origin.url("/bytes/100000"))).read()
        assert server.last.body == whole
        assert server.last.headers["Transfer-Encoding"] == "chunked"


@asynchronous
async def test_part_of_a_response_is_sent_on() -> None:
    writer = MultipartWriter("mixed", boundary="limit")
    writer.append(b"hello", {"Content-Type": "image/png"})
    multipart = page(await writer.as_bytes(), f"Content-Type: {writer.content_type}")
    async with Pages(a=multipart) as server, ClientSession() as session:
        async with session.get(server.url("/a")) as response:
            part = await MultipartReader.from_response(response).next()
            assert isinstance(part, BodyPartReader)
            await session.post(server.url("/b"), data=part)
        assert server.last.body == b"hello"
        assert server.last.headers["Content-Type"] == "image/png"


@pytest.mark.parametrize("options", [{}, {"data": None}, {"json": None}])
@asynchronous
async def test_none_is_no_body(options: Any) -> None:
    async with Pages() as server, ClientSession() as session:
        await session.post(server.url(), **options)
        assert server.last.headers["Content-Length"] == "0"
        assert "Content-Type" not in server.last.headers


@asynchronous
async def test_null_is_a_payload() -> None:
    async with Pages() as server, ClientSession() as session:
        await session.post(server.url(), data=JsonPayload(None))
        assert server.last.body == b"null"
        assert server.last.headers["Content-Type"] == "application/json"


@pytest.mark.parametrize("value", [0, False, "", [], {"a": "\u017e"}])
@asynchronous
async def test_json_has_its_type(value: object) -> None:
    async with Pages() as server, ClientSession() as session:
        await session.post(server.url(), json=value)
        assert json.loads(server.last.body) == value
        assert server.last.headers["Content-Type"] == "application/json"


@asynchronous
async def test_json_and_data_exclude_each_other() -> None:
    async with Pages() as server, ClientSession() as session:
        with pytest.raises(ValueError, match="data and json"):
            await session.post(server.url(), data=b"", json=1)
        assert server.seen == []


# --- codings and framing -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("wish", "name", "undo"),
    [
        (True, "deflate", zlib.decompress),
        ("deflate", "deflate", zlib.decompress),
        ("gzip", "gzip", gzip.decompress),
        ("br", "br", None),
        ("zstd", "zstd", None),
    ],
)
@asynchronous
async def test_body_is_compressed_as_it_says(wish: Any, name: str, undo: Any) -> None:
    if undo is None:
        undo = pytest.importorskip({"br": "brotli", "zstd": "backports.zstd"}[name]).decompress
    async with Pages() as server, ClientSession() as session:
        await session.post(server.url(), data=b"hello" * 100, compress=wish)
        assert undo(server.last.body) == b"hello" * 100
        assert server.last.headers["Content-Encoding"] == name
        assert server.last.headers["Transfer-Encoding"] == "chunked"


@asynchronous
async def test_coding_that_nobody_knows_is_refused() -> None:
    async with Pages() as server, ClientSession() as session:
        with pytest.raises(ValueError, match="nonsense"):
            await session.post(server.url(), data=b"x", compress="nonsense")
        assert server.seen == []


@asynchronous
async def test_coding_is_said_once() -> None:
    async with Pages() as server, ClientSession() as session:
        with pytest.raises(ValueError, match="Content-Encoding"):
            await session.post(
                server.url(), data=b"x", compress="gzip", headers={"Content-Encoding": "gzip"}
            )
        assert server.seen == []


@asynchronous
async def test_body_that_is_compressed_already_stays_as_it_is() -> None:
    data = gzip.compress(b"hello")
    async with Pages() as server, ClientSession() as session:
        await session.post(server.url(), data=data, headers={"Content-Encoding": "gzip"})
        assert server.last.body == data
        assert server.last.headers.getall("Content-Encoding") == ["gzip"]


@asynchronous
async def test_body_of_known_size_can_go_in_chunks() -> None:
    async with Pages() as server, ClientSession() as session:
        await session.post(server.url(), data=b"hello", chunked=True)
        assert server.last.body == b"hello"
        assert server.last.headers["Transfer-Encoding"] == "chunked"
        assert "Content-Length" not in server.last.headers


@asynchronous
async def test_nothing_is_not_sent_in_chunks() -> None:
    async with Pages() as server, ClientSession() as session:
        await session.post(server.url(), chunked=True, compress=True)
        assert "Transfer-Encoding" not in server.last.headers
        assert "Content-Encoding" not in server.last.headers
        assert server.last.headers["Content-Length"] == "0"


@asynchronous
async def test_framing_is_not_said_by_headers() -> None:
    async with Pages() as server:
        async with ClientSession() as session:
            with pytest.raises(ValueError, match="Transfer-Encoding"):
                await session.post(
                    server.url(), data=b"x", headers={"Transfer-Encoding": "chunked"}
                )
        async with ClientSession(headers={"Content-Length": "1"}) as session:
            with pytest.raises(ValueError, match="Content-Length"):
                await session.post(server.url(), data=b"x")
        assert server.seen == []


@pytest.mark.parametrize("header", [("Content-Length", "5"), ("Transfer-Encoding", "chunked")])
@asynchronous
async def test_framing_is_said_once(header: tuple[str, str]) -> None:
    async with Pages() as server, ClientSession() as session:
        with pytest.raises(ValueError, match=header[0]):
            await session.post(server.url(), data=b"hello", chunked=True, headers=[header])
        assert server.seen == []


@asynchronous
async def test_file_stays_open(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"hello")
    async with Pages() as server, ClientSession() as session:
        with path.open("rb") as file:
            await session.post(server.url(), data=file)
            assert not file.closed
        memory = io.BytesIO(b"hello")
        await session.post(server.url(), data=memory)
        assert not memory.closed
