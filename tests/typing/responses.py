"""What a type checker knows of responses and their bodies: read by it, and never run."""

import datetime as dt
from collections.abc import AsyncIterator
from http.cookies import SimpleCookie
from typing import Any, assert_type

from multidict import CIMultiDictProxy, MultiDictProxy
from yarl import URL

from aioclient import (
    ClientResponse,
    ConnectionInfo,
    ContentDisposition,
    HttpVersion,
    RequestInfo,
    StreamReader,
)


def its_head_is_known(response: ClientResponse) -> None:
    assert_type(response.status, int)
    assert_type(response.reason, str)
    assert_type(response.method, str)
    assert_type(response.ok, bool)
    assert_type(response.attempts, int)
    assert_type(response.version, HttpVersion)
    assert_type(response.version.major, int)
    assert_type(response.content_type, str)
    assert_type(response.charset, str | None)
    assert_type(response.content_length, int | None)
    assert_type(response.get_encoding(), str)
    assert_type(response.closed, bool)
    assert_type(response.elapsed, dt.timedelta)
    assert_type(response.raise_for_status(), None)


def its_headers_are_strings(response: ClientResponse) -> None:
    assert_type(response.headers, CIMultiDictProxy[str])
    assert_type(response.headers["Server"], str)
    assert_type(response.headers.get("Server"), str | None)
    assert_type(response.headers.get("Server", ""), str)
    assert_type(response.headers.getall("Via"), list[str])
    for name, value in response.headers.items():
        assert_type(name, str)
        assert_type(value, str)
    assert_type(response.raw_headers, tuple[tuple[bytes, bytes], ...])
    assert_type(response.trailers, CIMultiDictProxy[str])
    assert_type(response.trailers["Digest"], str)


def so_are_its_cookies(response: ClientResponse) -> None:
    assert_type(response.cookies, SimpleCookie)


def its_url_is_one(response: ClientResponse) -> None:
    assert_type(response.url, URL)
    assert_type(response.real_url, URL)
    assert_type(response.url.host, str | None)
    assert_type(response.url.path, str)
    assert_type(response.url.query["a"], str)
    assert_type(response.url / "b", URL)
    assert_type(response.host, str | None)


def what_led_to_it_is_known(response: ClientResponse) -> None:
    assert_type(response.history, tuple[ClientResponse, ...])
    assert_type(response.history[0].status, int)
    assert_type(response.request_info, RequestInfo)
    assert_type(response.request_info.url, URL)
    assert_type(response.request_info.method, str)
    assert_type(response.request_info.headers, CIMultiDictProxy[str])
    assert_type(response.request_info.headers["Accept"], str)
    assert_type(response.request_info.real_url, URL)


def links_are_urls_and_parameters(response: ClientResponse) -> None:
    assert_type(response.links, MultiDictProxy[MultiDictProxy[str | URL]])
    assert_type(response.links["next"], MultiDictProxy[str | URL])
    assert_type(response.links["next"]["url"], str | URL)


def its_disposition_may_be_there(response: ClientResponse) -> None:
    assert_type(response.content_disposition, ContentDisposition | None)
    if response.content_disposition is not None:
        assert_type(response.content_disposition.type, str | None)
        assert_type(response.content_disposition.filename, str | None)
        assert_type(response.content_disposition.parameters["filename"], str)


def its_connection_is_known(response: ClientResponse) -> None:
    connection = response.connection
    assert_type(connection, ConnectionInfo)
    assert_type(connection.id, int)
    assert_type(connection.is_tls, bool)
    assert_type(connection.is_reused, bool)
    assert_type(connection.tls_version, str | None)
    assert_type(connection.cipher, str | None)
    assert_type(connection.alpn_protocol, str | None)
    if isinstance(connection.peername, tuple):
        assert_type(connection.peername[0], str)
        assert_type(connection.peername[1], int)


async def its_body_is_read_whole(response: ClientResponse) -> None:
    assert_type(await response.read(), bytes)
    assert_type(await response.text(), str)
    assert_type(await response.text("utf-8", errors="replace"), str)
    assert_type(await response.json(), Any)
    assert_type(await response.json(content_type=None), Any)
    assert_type(await response.json(encoding="utf-8", loads=str), Any)
    async with response as same:
        assert_type(same, ClientResponse)


async def it_is_let_go(response: ClientResponse) -> None:
    assert_type(response.close(), None)
    assert_type(await response.release(), None)
    assert_type(await response.wait_for_close(), None)


async def its_body_is_read_in_pieces(response: ClientResponse) -> None:
    content = response.content
    assert_type(content, StreamReader)
    assert_type(await content.read(), bytes)
    assert_type(await content.read(10), bytes)
    assert_type(await content.readany(), bytes)
    assert_type(await content.readexactly(10), bytes)
    assert_type(await content.readline(), bytes)
    assert_type(await content.readline(max_line_length=100), bytes)
    assert_type(await content.readuntil(b"\r\n"), bytes)
    assert_type(await content.readchunk(), tuple[bytes, bool])
    assert_type(await content.peek(4), bytes)
    assert_type(content.read_nowait(), bytes)
    assert_type(content.at_eof(), bool)
    assert_type(content.is_eof(), bool)
    assert_type(content.exception(), Exception | None)
    assert_type(content.total_bytes, int)
    assert_type(content.total_raw_bytes, int)
    assert_type(content.total_compressed_bytes, int | None)
    assert_type(await content.wait_eof(), None)


async def its_body_is_iterated_over(response: ClientResponse) -> None:
    async for line in response.content:
        assert_type(line, bytes)
    async for piece in response.content.iter_any():
        assert_type(piece, bytes)
    async for piece in response.content.iter_chunked(2**16):
        assert_type(piece, bytes)
    async for piece, is_end_of_chunk in response.content.iter_chunks():
        assert_type(piece, bytes)
        assert_type(is_end_of_chunk, bool)
    assert_type(response.content.iter_chunked(1), AsyncIterator[bytes])


async def wrong(response: ClientResponse) -> None:
    response.headers["Server"] = "other"  # type: ignore[index]
    response.headers = response.trailers  # type: ignore[misc]
    response.url = URL("https://b/")  # type: ignore[misc]
    response.status = "200"  # type: ignore[assignment]
    await response.text(errors=1)  # type: ignore[arg-type]
    await response.read(10)  # type: ignore[call-arg]
    await response.content.readuntil("\n")  # type: ignore[arg-type]
    response.content.iter_chunked("1")  # type: ignore[arg-type]
    print(response.nonsense)  # type: ignore[attr-defined]
