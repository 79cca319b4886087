"""Responses that no server sent: made by programs that stand in for one."""

import asyncio
import copy
from http.cookies import SimpleCookie
from types import SimpleNamespace
from typing import Any

import pytest
from multidict import CIMultiDict, CIMultiDictProxy
from running import asynchronous
from yarl import URL

from aioclient import ClientResponse, ClientResponseError, RequestInfo, StreamReader

_FLOW: Any = SimpleNamespace(pause_reading=lambda: None, resume_reading=lambda: None)


def by_hand(
    kind: type[ClientResponse] = ClientResponse,
    body: bytes | None = b"",
    status: int = 200,
    reason: str = "OK",
    **headers: str,
) -> ClientResponse:
    """A response as such programs make it."""
    url = URL("http://a.example/b?c=d")
    info = RequestInfo(url, "GET", CIMultiDictProxy(CIMultiDict({"X": "y"})), url)
    response = kind(
        "GET",
        url,
        writer=None,
        continue100=None,
        timer=None,
        request_info=info,
        traces=[],
        loop=asyncio.get_running_loop(),
        session=None,
    )
    response.status = status
    response.reason = reason
    response._headers = CIMultiDictProxy(
        CIMultiDict({name.replace("_", "-"): value for name, value in headers.items()})
    )
    if body is not None:
        response.content = StreamReader(_FLOW, 2**16, loop=asyncio.get_running_loop())
        response.content.feed_data(body)
        response.content.feed_eof()
    return response


@asynchronous
async def test_it_has_what_was_set() -> None:
    response = by_hand(
        body=b'{"a": 1}', Content_Type="application/json; charset=utf-8", Set_Cookie="a=b"
    )
    assert await response.json() == {"a": 1}
    assert await response.text() == '{"a": 1}'
    assert (response.status, response.reason, response.ok) == (200, "OK", True)
    assert response.headers["content-type"] == "application/json; charset=utf-8"
    assert response.raw_headers[0] == (b"Content-Type", b"application/json; charset=utf-8")
    assert (response.content_type, response.charset) == ("application/json", "utf-8")
    assert response.cookies["a"].value == "b"
    assert response.url == response.real_url == URL("http://a.example/b?c=d")
    assert (response.host, response.method) == ("a.example", "GET")
    assert response.request_info.headers == {"X": "y"}
    assert response.history == ()
    assert response.closed
    assert "GET http://a.example/b?c=d [200 OK]" in repr(response)


@asynchronous
async def test_it_can_be_released_closed_and_waited_for() -> None:
    async with by_hand(body=b"x") as response:
        await response.release()
    response.close()
    await asyncio.wait_for(response.wait_for_close(), 5)


@asynchronous
async def test_it_is_an_error_if_its_status_says_so() -> None:
    response = by_hand(body=b"not here", status=404, reason="Not Found", X="y")
    with pytest.raises(ClientResponseError) as raised:
        response.raise_for_status()
    assert (raised.value.status, raised.value.message) == (404, "Not Found")
    assert raised.value.headers == {"X": "y"}
    assert raised.value.body == b"not here"


@asynchronous
async def test_before_anything_is_set_there_is_nothing() -> None:
    response = ClientResponse(
        "GET",
        URL("http://a.example/"),
        writer=None,
        continue100=None,
        timer=None,
        request_info=None,  # type: ignore[arg-type]  # as some programs do
        traces=None,
        loop=asyncio.get_running_loop(),
        session=None,
        stream_writer=SimpleNamespace(output_size=0),
    )
    assert (response.status, response.reason) == (None, None)
    assert dict(response.headers) == {}
    assert await response.read() == b""
    assert response.request_info.method == "GET"


@asynchronous
async def test_a_content_coding_in_its_headers_is_no_longer_there_to_undo() -> None:
    response = by_hand(body=b"plain", Content_Encoding="gzip")
    assert await response.read() == b"plain"
    assert response.headers["Content-Encoding"] == "gzip"


@asynchronous
async def test_parts_that_tools_set_one_by_one() -> None:
    response = by_hand(body=None)
    response._raw_headers = ((b"A", b"b"), (b"A", b"c"))
    assert response.headers.getall("a") == ["b", "c"]
    response._body = b"\xe4"
    response._history = (by_hand(status=302),)
    assert await response.read() == b"\xe4"
    assert response.history[0].status == 302
    assert response.get_encoding() == "utf-8"
    response._resolve_charset = lambda response, body: "latin-1"
    assert await response.text() == "ä"
    assert response._cache == {}
    response.cookies = SimpleCookie("d=e")
    assert response.cookies["d"].value == "e"


@asynchronous
async def test_of_its_connection_nothing_is_known() -> None:
    connection = by_hand().connection
    assert (connection.peername, connection.is_tls, connection.transport) == (None, False, None)
    assert not connection.is_reused


@asynchronous
async def test_a_history_that_is_set_as_a_list_is_a_tuple() -> None:
    response = by_hand()
    response._history = [by_hand(status=302)]  # type: ignore[assignment]  # as some programs do
    assert [each.status for each in response.history] == [302]
    assert isinstance(response.history, tuple)


@asynchronous
async def test_no_login_of_its_url_is_shown() -> None:
    response = by_hand()
    other = type(response)(
        "GET",
        URL("http://user:secret@a.example/"),
        writer=None,
        continue100=None,
        timer=None,
        request_info=copy.copy(response.request_info),
        traces=[],
        loop=asyncio.get_running_loop(),
        session=None,
    )
    assert "secret" not in repr(other)


@asynchronous
async def test_a_class_with_a_constructor_of_its_own_is_made_by_that() -> None:
    class Own(ClientResponse):
        def __init__(self, *args: Any, **kwargs: Any) -> None:
            super().__init__(*args, **kwargs)
            self.seen = kwargs["request_info"].url

    assert by_hand(Own).seen == URL("http://a.example/b?c=d")  # type: ignore[attr-defined]
