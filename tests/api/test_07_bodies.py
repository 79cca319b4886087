"""Section 7 of the reference: the body of a ClientResponse, and its end."""

from typing import Any

import pytest
from origin import FIXED_JSON, Origin
from pages import Pages, page
from reference import Call, Line
from running import asynchronous, started, until
from scripted import ScriptedServer, answers

from aioclient import (
    ClientConnectionError,
    ClientPayloadError,
    ClientResponse,
    ClientResponseError,
    ClientSession,
    ContentTypeError,
    ServerProtocolError,
)

_UNIT = "tests/_message/test_response.py::"
_BODIES = "tests/loopback/test_requests.py::"

ROWS = (
    # The body.
    Line("read gives the body, and gives it again", "test_body_can_be_read_again"),
    Line("text is decoded, by the encoding that is given", "test_text_is_decoded"),
    Line("json is loaded, by the function that is given", "test_json_is_loaded"),
    Line("json of an empty body is None", "test_json_of_nothing_is_none"),
    Line(
        "json takes any application/...json..., and no text/json",
        "test_json_has_a_type_that_is_expected",
    ),
    Line("content_type=None takes any type", "test_json_has_a_type_that_is_expected"),
    Line(
        "get_encoding: the charset that Python knows, UTF-8 for JSON, else what is guessed",
        "test_encoding_is_said_or_guessed",
    ),
    Line(
        "get_encoding raises RuntimeError before the body is read",
        "test_encoding_is_guessed_after_the_body_was_read",
        "`get_encoding()` needs the body only if there is a `fallback_charset_resolver`.",
    ),
    # The end.
    Line("raise_for_status raises from 400 on", "test_bad_status_is_raised"),
    Line(
        "raise_for_status releases outside of async with; inside the body stays readable",
        "test_bad_status_releases_unless_a_block_will",
    ),
    Call("ClientResponse.wait_for_close", is_async=True),
    Line(
        "wait_for_close releases, and waits for the end of the upload",
        "test_end_of_a_response_can_be_waited_for",
        "`response.wait_for_close()` waits until the connection is given back or closed; it does "
        "not release the response itself.",
    ),
    Line("release gives the connection back, close drops it", "test_release_keeps_the_connection"),
    Line("async with releases", "test_block_releases"),
    Line(
        "the connection goes back at the end of the body",
        "test_connection_is_free_before_a_small_body_is_read",
    ),
    Line(
        "an unread large body closes the connection",
        "tests/loopback/test_release.py::test_a_large_rest_is_not",
    ),
    Line(
        "an unread small body closes it, too, if something is missing",
        "tests/loopback/test_release.py::test_a_small_rest_is_let_come_and_the_connection_used_again",
        "discard what is missing of a body if that is at most 64 KiB",
    ),
    Line(
        "a head that is not HTTP is a ClientResponseError with status 400",
        "test_broken_head_is_a_protocol_error",
        "Bytes that are not HTTP raise `ServerProtocolError`",
    ),
    Line("a broken body is a ClientPayloadError", "test_broken_body_is_a_payload_error"),
    Line("100 and 103 are swallowed", f"{_BODIES}test_interim_responses_are_skipped"),
    Line(
        "101 is an upgrade",
        "test_switching_protocols_unasked_is_a_protocol_error",
        "A 101 response that nobody asked for is a `ServerProtocolError`.",
    ),
)


async def answer(raw: bytes, path: str = "/a", method: str = "GET") -> ClientResponse:
    """What a client makes of this answer, with its whole body."""
    async with Pages(a=raw) as server, ClientSession() as session:
        response = await session.request(method, server.url(path))
        await response.read()
        return response


# --- the body ------------------------------------------------------------------------------------


@asynchronous
async def test_body_can_be_read_again() -> None:
    async with Origin() as origin, ClientSession() as session:
        response = await session.get(origin.url("/bytes/300000"))
        body = await response.read()
        assert len(body) == 300_000
        assert await response.read() is body


@asynchronous
async def test_text_is_decoded() -> None:
    response = await answer(page("\u00e9\u017e".encode(), "Content-Type: text/plain"))
    assert await response.text() == "\u00e9\u017e"
    assert await response.text("latin-1") == "\u00c3\u00a9\u00c5\u00be"
    assert await response.text(encoding="ascii", errors="replace") == "\ufffd" * 4
    with pytest.raises(UnicodeDecodeError):
        await response.text("ascii")


@asynchronous
async def test_json_is_loaded() -> None:
    async with Origin() as origin, ClientSession() as session:
        response = await session.get(origin.url("/json"))
        assert await response.json() == FIXED_JSON
        assert await response.json(loads=len) == len(await response.text())
    response = await answer(page('"\u00e9"'.encode("latin-1"), "Content-Type: application/json"))
    assert await response.json(encoding="latin-1") == "\u00e9"


@pytest.mark.parametrize("body", [b"", b" \r\n\t"])
@asynchronous
async def test_json_of_nothing_is_none(body: bytes) -> None:
    assert await (await answer(page(body, "Content-Type: application/json"))).json() is None


@pytest.mark.parametrize(
    ("content_type", "expected", "is_taken"),
    [
        ("application/json", "application/json", True),
        ("application/json; charset=utf-8", "application/json", True),
        ("application/problem+json", "application/json", True),
        ("application/jsonp", "application/json", True),
        ("text/json", "application/json", False),
        ("text/plain", "application/json", False),
        ("text/plain", None, True),
        ("text/plain", "text/plain", True),
        ("application/json", "text/plain", False),
    ],
)
@asynchronous
async def test_json_has_a_type_that_is_expected(
    content_type: str, expected: str | None, is_taken: bool
) -> None:
    response = await answer(page(b"[1]", f"Content-Type: {content_type}"))
    if is_taken:
        assert await response.json(content_type=expected) == [1]
    else:
        with pytest.raises(ContentTypeError) as caught:
            await response.json(content_type=expected)
        assert (caught.value.status, caught.value.headers) == (200, response.headers)


@pytest.mark.parametrize(
    ("content_type", "encoding"),
    [
        ("text/plain; charset=iso-8859-2", "iso8859-2"),
        ("text/plain; charset=nonsense", "cp1250"),
        ("text/plain", "cp1250"),
        ("application/json", "utf-8"),
    ],
)
@asynchronous
async def test_encoding_is_said_or_guessed(content_type: str, encoding: str) -> None:
    guesses: Any = {"fallback_charset_resolver": lambda response, body: "cp1250"}
    raw = page(b"hello", f"Content-Type: {content_type}")
    async with Pages(a=raw) as server, ClientSession(**guesses) as session:
        response = await session.get(server.url("/a"))
        await response.read()
        assert response.get_encoding().replace("iso-8859", "iso8859") == encoding


@asynchronous
async def test_encoding_is_guessed_after_the_body_was_read() -> None:
    async with Pages() as server:
        async with ClientSession(fallback_charset_resolver=lambda *_: "utf-8") as session:
            response = await session.get(server.url())
            with pytest.raises(RuntimeError, match="must be read"):
                response.get_encoding()
        async with ClientSession() as session:
            assert (await session.get(server.url())).get_encoding() == "utf-8"


# --- the end -------------------------------------------------------------------------------------


@asynchronous
async def test_bad_status_is_raised() -> None:
    response = await answer(page(b"", "X-A: b", status="418 Teapot"))
    with pytest.raises(ClientResponseError) as caught:
        response.raise_for_status()
    error = caught.value
    assert (error.status, error.message, error.headers) == (418, "Teapot", response.headers)
    assert (error.request_info.real_url, error.history) == (response.real_url, ())
    (await answer(page(status="399 X"))).raise_for_status()


@asynchronous
async def test_bad_status_releases_unless_a_block_will() -> None:
    half = b"HTTP/1.1 404 Not Found\r\nContent-Length: 10\r\n\r\nhello"
    async with Pages(a=half) as server, ClientSession() as session:
        async with session.get(server.url("/a")) as response:
            with pytest.raises(ClientResponseError) as caught:
                response.raise_for_status()
            assert not response.closed
        assert caught.value.body == b"hello"
        response = await session.get(server.url("/a"))
        with pytest.raises(ClientResponseError):
            response.raise_for_status()
        assert response.closed
        with pytest.raises(ClientConnectionError):
            await response.text()


@asynchronous
async def test_end_of_a_response_can_be_waited_for() -> None:
    async with Origin() as origin, ClientSession() as session:
        response = await session.get(origin.url("/slow-body/100000/0.1"))
        waiting = await started(response.wait_for_close())
        assert not waiting.done()
        await response.read()
        await waiting


@asynchronous
async def test_release_keeps_the_connection() -> None:
    async with Origin() as origin, ClientSession() as session:
        for _ in range(2):
            response = await session.get(origin.url("/json"))
            response.release()
            assert response.closed
        assert origin.accepted == 1
        response = await session.get(origin.url("/bytes/90000000"))
        assert not response.closed
        response.close()
        assert response.closed
        with pytest.raises(ClientConnectionError):
            await response.read()
        await until(lambda: origin.open == 0)


@asynchronous
async def test_block_releases() -> None:
    async with Origin() as origin, ClientSession() as session:
        async with session.get(origin.url("/bytes/90000000")) as response:
            assert not response.closed
        assert response.closed
        async with await session.get(origin.url("/json")) as response:
            pass
        assert response.closed


@asynchronous
async def test_connection_is_free_before_a_small_body_is_read() -> None:
    async with Origin() as origin, ClientSession() as session:
        first = await session.get(origin.url("/json"))
        second = await session.get(origin.url("/json"))
        assert origin.accepted == 1
        assert await second.json() == await first.json()


@pytest.mark.parametrize(
    "head", [b"HTTP/1.1 20 OK\r\n\r\n", b"nonsense\r\n\r\n", b"HTTP/1.1 200 OK\r\n: x\r\n\r\n"]
)
@asynchronous
async def test_broken_head_is_a_protocol_error(head: bytes) -> None:
    with pytest.raises(ServerProtocolError) as caught:
        await answer(head)
    assert not isinstance(caught.value, ClientResponseError)


@asynchronous
async def test_broken_body_is_a_payload_error() -> None:
    for body in (
        b"Content-Length: 5\r\n\r\nhe",
        b"Transfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"Content-Encoding: gzip\r\nContent-Length: 2\r\n\r\nhe",
    ):
        handler = answers(b"HTTP/1.1 200 OK\r\n" + body)
        async with ScriptedServer(handler) as server, ClientSession() as session:
            response = await session.get(server.url())
            with pytest.raises(ClientPayloadError):
                await response.read()


@asynchronous
async def test_switching_protocols_unasked_is_a_protocol_error() -> None:
    switch = b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n"
    with pytest.raises(ServerProtocolError, match="101"):
        await answer(switch)
