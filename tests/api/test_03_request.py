"""Section 3 of the reference: request, without a session of the caller's."""

import asyncio

import pytest
from origin import Origin
from pages import Pages
from reference import Call, Line
from running import asynchronous, until

import aioclient
from aioclient import ClientTimeout, TCPConnector, TotalTimeoutError

_OWN = "tests/_session/test_request.py::"

ROWS = (
    Call("request", "method, url, *, version=HttpVersion11, connector=None, loop=None"),
    Line(
        "it takes middlewares",
        "tests/loopback/test_middlewares.py::test_a_request_without_a_session_takes_middlewares",
    ),
    Line(
        "it is for async with only",
        f"{_OWN}test_a_request_can_be_awaited",
        "`aioclient.request(...)` can be awaited, too.",
    ),
    Line(
        "without a connector each connection is closed after its response",
        f"{_OWN}test_a_request_in_a_block_leaves_nothing_open test_connection_is_not_kept",
    ),
    Line(
        "the options are those of a temporary session, which closes at the end",
        f"test_options_are_those_of_a_session {_OWN}test_what_fails_leaves_nothing_open",
    ),
    Line("a given connector stays open", f"{_OWN}test_a_connector_that_is_given_stays_open"),
    Line("loop is deprecated", "test_loop_is_deprecated"),
)


@asynchronous
async def test_connection_is_not_kept() -> None:
    async with Origin() as origin:
        for _ in range(2):
            async with aioclient.request("GET", origin.url("/json")) as response:
                await response.read()
        assert origin.accepted == 2
        await until(lambda: not origin.open)


@asynchronous
async def test_options_are_those_of_a_session() -> None:
    async with Pages().redirect("a", "/b") as server:
        async with aioclient.request(
            "POST",
            server.url("/a"),
            params={"q": "1"},
            headers={"X-A": "b"},
            cookies={"c": "d"},
            json=[1],
            timeout=ClientTimeout(total=5),
        ) as response:
            assert response.method == "GET"
            assert response.history[0].method == "POST"
        first, second = server.seen
        assert (first.line, first.body) == ("POST /a?q=1 HTTP/1.1", b"[1]")
        for seen in (first, second):
            assert (seen.headers["X-A"], seen.headers["Cookie"]) == ("b", "c=d")
    async with Origin() as origin:
        with pytest.raises(TotalTimeoutError):
            await aioclient.request("GET", origin.url("/delay/5"), timeout=0.05)


@asynchronous
async def test_loop_is_deprecated() -> None:
    loop = asyncio.get_running_loop()
    async with Pages() as server:
        with pytest.warns(DeprecationWarning, match="loop is deprecated") as caught:
            response = await aioclient.request("GET", server.url(), loop=loop)
        assert response.status == 200
        with pytest.warns(DeprecationWarning, match="loop is deprecated") as more:
            await TCPConnector(loop=loop).close()
    assert {warning.filename for warning in (*caught, *more)} == {__file__}
