"""Section 7 of the reference: ClientResponse, its names and its head; RequestInfo."""

import asyncio
import http.cookies
from collections.abc import AsyncIterator
from types import MappingProxyType

import pytest
from multidict import CIMultiDict, CIMultiDictProxy, MultiDictProxy
from origin import Origin
from pages import Pages, page
from reference import Call, Line, Missing, Names
from running import asynchronous
from scripted import ScriptedServer, head_of
from yarl import URL

from aioclient import (
    ClientResponse,
    ClientSession,
    ContentDisposition,
    HttpVersion10,
    HttpVersion11,
    RequestInfo,
    StreamReader,
)

_UNIT = "tests/_message/test_response.py::"
_BODIES = "tests/loopback/test_requests.py::"

ROWS = (
    Names(
        "ClientResponse",
        """status reason version ok method url real_url host headers raw_headers cookies links
        content content_type charset content_length content_disposition history request_info closed
        get_encoding __aenter__ __aexit__""",
        settable="cookies",
    ),
    Call("ClientResponse.read", is_async=True),
    Call("ClientResponse.text", "encoding=None, errors='strict'", is_async=True),
    Call(
        "ClientResponse.json",
        "*, encoding=None, loads=json.loads, content_type='application/json'",
        is_async=True,
    ),
    Call("ClientResponse.get_encoding"),
    Call("ClientResponse.raise_for_status"),
    Call("ClientResponse.release"),
    Call("ClientResponse.close"),
    Missing("ClientResponse", "start ATTRS", "`ClientResponse` is made by the session alone"),
    Names("ClientResponse", "output_size upload_complete"),
    Line(
        "output_size and upload_complete are deprecated, and count the head, too",
        "test_upload_is_followed_by_deprecated_names test_upload_is_complete_when_it_is_over",
        "`response.output_size` counts the body alone",
    ),
    Names("ClientResponse", "url_obj connection"),
    Line("url_obj is deprecated", "test_url_obj_is_a_deprecated_name"),
    Line(
        "connection is what the response came on, None after the release",
        "test_connection_is_known_after_the_release",
        "`response.connection` is never None",
    ),
    # What the head says.
    Line("status, reason, version, method, host", "test_head_says_what_was_answered"),
    Line("ok means a status below 400", "test_ok_means_a_status_below_400"),
    Line("url has no fragment, real_url has", "test_url_has_no_fragment"),
    Line(
        "headers are a CIMultiDictProxy, raw_headers pairs of bytes",
        "test_headers_are_a_multidict_and_pairs_of_bytes",
    ),
    Line("cookies are a SimpleCookie", "test_cookies_are_a_simple_cookie"),
    Line("links are by their relation, with absolute URLs", "test_links_have_absolute_urls"),
    Line(
        "content_type is application/octet-stream if there is none",
        "test_content_type_has_a_default",
    ),
    Line("charset and content_length, or None", "test_charset_and_length_may_be_none"),
    Line(
        "content_disposition has type, parameters and filename, or is None",
        "test_content_disposition_is_taken_apart",
    ),
    Names("ContentDisposition", "type parameters filename"),
    Line("content is a StreamReader", "test_content_is_a_stream"),
    Line(
        "history has what redirected here",
        "tests/api/test_06_redirects.py::test_history_has_the_responses_before",
    ),
    Line("request_info is what was asked", "test_request_info_is_what_was_asked"),
    Call("RequestInfo", "url, method, headers, real_url=SENT"),
    Names("RequestInfo", "url method headers real_url"),
    Line("real_url of a RequestInfo is its url if none is given", "test_request_info_can_be_made"),
)


@asynchronous
async def test_url_obj_is_a_deprecated_name() -> None:
    response = await answer(page())
    with pytest.warns(DeprecationWarning, match="url_obj") as caught:
        assert response.url_obj == response.url
    assert caught[0].filename == __file__


@asynchronous
async def test_connection_is_known_after_the_release() -> None:
    async with Origin() as origin, ClientSession() as session:
        async with session.get(origin.url("/bytes/90000000")) as response:
            assert response.connection.transport is not None
        assert response.connection.transport is None
        assert response.connection.peername == ("127.0.0.1", origin.port)


async def pieces() -> AsyncIterator[bytes]:
    yield b"hel"
    yield b"lo"


async def answer(raw: bytes, path: str = "/a", method: str = "GET") -> ClientResponse:
    """What a client makes of this answer, with its whole body."""
    async with Pages(a=raw) as server, ClientSession() as session:
        response = await session.request(method, server.url(path))
        await response.read()
        return response


@asynchronous
async def test_upload_is_followed_by_deprecated_names() -> None:
    async with Pages() as server, ClientSession() as session:
        for data, size in ((b"hello", 5), (b"x" * 300_000, 300_000), (None, 0), (pieces(), 5)):
            response = await session.post(server.url(), data=data)
            with pytest.warns(DeprecationWarning, match="UploadTracker") as caught:
                assert response.output_size == size
            with pytest.warns(DeprecationWarning, match="UploadTracker") as more:
                assert await response.upload_complete is None
            assert {warning.filename for warning in (*caught, *more)} == {__file__}


@asynchronous
async def test_upload_is_complete_when_it_is_over() -> None:
    goes_on = asyncio.Event()

    async def later() -> AsyncIterator[bytes]:
        yield b"hel"
        await goes_on.wait()
        yield b"lo"

    async def early(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await head_of(reader)
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\no")
        await goes_on.wait()
        await reader.readuntil(b"0\r\n\r\n")
        writer.write(b"k")

    async with ScriptedServer(early) as server, ClientSession() as session:
        response = await session.post(server.url(), data=later())
        with pytest.warns(DeprecationWarning, match="upload_complete"):
            over = response.upload_complete
        assert not over.done()
        goes_on.set()
        await over
        with pytest.warns(DeprecationWarning, match="output_size"):
            assert response.output_size == 5
        assert await response.read() == b"ok"


# --- the head ------------------------------------------------------------------------------------


@asynchronous
async def test_head_says_what_was_answered() -> None:
    response = await answer(b"HTTP/1.1 404 Not Here\r\nContent-Length: 0\r\n\r\n", method="PUT")
    assert (response.status, response.reason) == (404, "Not Here")
    assert (response.version, response.method, response.host) == (HttpVersion11, "PUT", "127.0.0.1")
    response = await answer(b"HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n")
    assert response.version == HttpVersion10
    assert repr(response).startswith("<ClientResponse")


@pytest.mark.parametrize(("status", "is_ok"), [(200, True), (399, True), (400, False)])
@asynchronous
async def test_ok_means_a_status_below_400(status: int, is_ok: bool) -> None:
    assert (await answer(page(status=f"{status} X"))).ok is is_ok


@asynchronous
async def test_url_has_no_fragment() -> None:
    response = await answer(page(), "/a?b=c#d")
    assert isinstance(response.url, URL)
    assert response.url.path_qs == "/a?b=c"
    assert response.url.fragment == ""
    assert response.real_url == response.url.with_fragment("d")


@asynchronous
async def test_headers_are_a_multidict_and_pairs_of_bytes() -> None:
    response = await answer(page(b"", "X-A: 1", "x-a: 2"))
    assert isinstance(response.headers, CIMultiDictProxy)
    assert response.headers.getall("X-a") == ["1", "2"]
    assert response.raw_headers == ((b"Content-Length", b"0"), (b"X-A", b"1"), (b"x-a", b"2"))


@asynchronous
async def test_cookies_are_a_simple_cookie() -> None:
    response = await answer(page(b"", "Set-Cookie: a=b; Path=/x", "Set-Cookie: c=d"))
    assert isinstance(response.cookies, http.cookies.SimpleCookie)
    assert response.cookies["a"].value == "b"
    assert response.cookies["a"]["path"] == "/x"
    assert response.cookies["c"].value == "d"
    assert not (await answer(page())).cookies


@asynchronous
async def test_links_have_absolute_urls() -> None:
    response = await answer(page(b"", 'Link: </b>; rel="next"; title="more"'))
    assert isinstance(response.links, MultiDictProxy)
    assert response.links["next"]["url"] == response.url.with_path("/b")
    assert response.links["next"]["title"] == "more"
    assert not (await answer(page())).links


@asynchronous
async def test_content_type_has_a_default() -> None:
    assert (await answer(page())).content_type == "application/octet-stream"
    response = await answer(page(b"", "Content-Type: Text/HTML; Charset=UTF-8"))
    assert response.content_type == "text/html"


@asynchronous
async def test_charset_and_length_may_be_none() -> None:
    response = await answer(page(b"hello", "Content-Type: text/html; charset=latin-1"))
    assert (response.charset, response.content_length) == ("latin-1", 5)
    response = await answer(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n")
    assert (response.charset, response.content_length) == (None, None)


@asynchronous
async def test_content_disposition_is_taken_apart() -> None:
    field = "Content-Disposition: attachment; filename*=utf-8''caf%C3%A9.txt; size=5"
    disposition = (await answer(page(b"", field))).content_disposition
    assert isinstance(disposition, ContentDisposition)
    assert (disposition.type, disposition.filename) == ("attachment", "caf\u00e9.txt")
    assert isinstance(disposition.parameters, MappingProxyType)
    assert disposition.parameters["size"] == "5"
    assert (await answer(page())).content_disposition is None


@asynchronous
async def test_content_is_a_stream() -> None:
    async with Pages() as server, ClientSession() as session:
        response = await session.get(server.url())
        assert isinstance(response.content, StreamReader)
        assert await response.content.readexactly(1) == b"o"


@asynchronous
async def test_request_info_is_what_was_asked() -> None:
    async with Pages() as server, ClientSession() as session:
        response = await session.post(server.url("/a#b"), headers={"X-A": "1"}, data=b"hello")
        info = response.request_info
        assert isinstance(info, RequestInfo)
        assert (str(info.url), info.method) == (server.url("/a"), "POST")
        assert str(info.real_url) == server.url("/a#b")
        assert isinstance(info.headers, CIMultiDictProxy)
        assert dict(info.headers) == dict(server.last.headers)


def test_request_info_can_be_made() -> None:
    url = URL("http://a.example/")
    headers: CIMultiDictProxy[str] = CIMultiDictProxy(CIMultiDict())
    info = RequestInfo(url, "GET", headers)
    assert (info.url, info.method, info.headers, info.real_url) == (url, "GET", headers, url)
    assert RequestInfo(url, "GET", headers, url.with_fragment("a")).real_url.fragment == "a"
