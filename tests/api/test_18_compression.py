"""Section 18 of the reference: content codings of responses."""

import gzip
import zlib
from typing import Any

import pytest
from pages import Pages, page
from reference import Call, Line
from running import asynchronous

from aioclient import BodyTooLargeError, ClientPayloadError, ClientSession

_CODING = "tests/_body/test_content_coding.py::"
_STREAMS = "tests/_body/test_content_coding_streams.py::"
_LOOPBACK = "tests/loopback/test_coded_bodies.py::"

ROWS = (
    Line(
        "gzip, and deflate in the format of zlib or raw, are decoded",
        "test_bodies_are_decoded",
    ),
    Line(
        "br and zstd are decoded where their packages are",
        f"{_LOOPBACK}test_a_coded_body_is_decoded {_LOOPBACK}test_what_can_be_decoded_is_offered",
    ),
    Line(
        "x-gzip and lists of codings stay encoded",
        f"test_lists_of_codings_are_decoded {_CODING}test_one_coding_over_the_limit_is_refused",
        "`x-gzip` and up to five codings in a row are decoded.",
    ),
    Line(
        "br without its package is a ClientResponseError with status 400",
        "test_coding_that_is_not_known_is_left_alone "
        f"{_CODING}test_a_coding_without_its_package_is_left_alone",
        "A body in a coding that is not known, or whose package is missing, is given as it came.",
    ),
    Line("auto_decompress=False gives bodies as they came", "test_bodies_stay_encoded_if_wished"),
    Line("headers are left as they came", "test_bodies_are_decoded"),
    Line(
        "gzip that is cut off is accepted",
        "test_body_that_is_cut_off_is_an_error",
        "A coded body that is cut off is an error.",
    ),
    Line(
        "garbage after gzip is an error",
        f"{_STREAMS}test_bytes_after_the_end_are_ignored",
        "Bytes behind the end of a coded body are ignored.",
    ),
    Line(
        "up to 1024 members of gzip are decoded",
        f"{_STREAMS}test_as_many_gzip_members_as_the_limit_are_decoded "
        f"{_STREAMS}test_one_gzip_member_over_the_limit_is_refused",
    ),
    Line(
        "streaming is bounded",
        f"{_STREAMS}test_a_bomb_is_decoded_only_on_demand",
    ),
    Line(
        "bodies that are read whole have no limit",
        "test_bomb_is_not_read_whole test_size_of_a_body_has_a_limit",
        "`read()`, `text()` and `json()` end at `max_body_size` (1 GiB) and, above 16 MiB, at "
        "`max_decode_ratio` (200).",
    ),
    Call("set_zlib_backend", "new_zlib_backend"),
    Line(
        "set_zlib_backend takes a module like zlib",
        f"{_CODING}test_a_zlib_backend_is_used "
        f"{_CODING}test_a_zlib_backend_that_lacks_something_is_refused",
    ),
)


def raw_deflate(data: bytes) -> bytes:
    compressor = zlib.compressobj(wbits=-15)
    return compressor.compress(data) + compressor.flush()


@pytest.mark.parametrize(
    ("coding", "encode"),
    [("gzip", gzip.compress), ("deflate", zlib.compress), ("deflate", raw_deflate)],
)
@asynchronous
async def test_bodies_are_decoded(coding: str, encode: Any) -> None:
    body = encode(b"hello" * 100)
    answer = page(body, f"Content-Encoding: {coding}")
    async with Pages(a=answer) as server, ClientSession() as session:
        response = await session.get(server.url("/a"))
        assert await response.read() == b"hello" * 100
        assert response.headers["Content-Encoding"] == coding
        assert response.headers["Content-Length"] == str(len(body))


@pytest.mark.parametrize(
    ("codings", "times"), [("x-gzip", 1), ("gzip, gzip", 2), ("identity, gzip", 1)]
)
@asynchronous
async def test_lists_of_codings_are_decoded(codings: str, times: int) -> None:
    body = b"hello"
    for _ in range(times):
        body = gzip.compress(body)
    answer = page(body, f"Content-Encoding: {codings}")
    async with Pages(a=answer) as server, ClientSession() as session:
        response = await session.get(server.url("/a"))
        assert await response.read() == b"hello"


@asynchronous
async def test_coding_that_is_not_known_is_left_alone() -> None:
    answer = page(b"hello", "Content-Encoding: nonsense")
    async with Pages(a=answer) as server, ClientSession() as session:
        response = await session.get(server.url("/a"))
        assert await response.read() == b"hello"


@asynchronous
async def test_bodies_stay_encoded_if_wished() -> None:
    body = gzip.compress(b"hello")
    async with Pages(a=page(body, "Content-Encoding: gzip")) as server, ClientSession() as session:
        response = await session.get(server.url("/a"), auto_decompress=False)
        assert await response.read() == body
        assert response.headers["Content-Encoding"] == "gzip"


@asynchronous
async def test_body_that_is_cut_off_is_an_error() -> None:
    body = gzip.compress(b"hello")[:-5]
    async with Pages(a=page(body, "Content-Encoding: gzip")) as server, ClientSession() as session:
        response = await session.get(server.url("/a"))
        with pytest.raises(ClientPayloadError):
            await response.read()


@asynchronous
async def test_bomb_is_not_read_whole() -> None:
    body = gzip.compress(bytes(30_000_000))
    async with Pages(a=page(body, "Content-Encoding: gzip")) as server, ClientSession() as session:
        response = await session.get(server.url("/a"))
        with pytest.raises(BodyTooLargeError, match="max_decode_ratio"):
            await response.read()


@asynchronous
async def test_size_of_a_body_has_a_limit() -> None:
    async with Pages(a=page(b"hello")) as server, ClientSession(max_body_size=5) as session:
        assert await (await session.get(server.url("/a"))).text() == "hello"
        response = await session.get(server.url("/a"), max_body_size=4)
        with pytest.raises(BodyTooLargeError, match="max_body_size"):
            await response.read()
