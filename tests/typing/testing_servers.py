"""What a type checker knows of `aioclient.testing`: read by it, and never run."""

import asyncio
import re
from collections.abc import AsyncIterator
from typing import Any, assert_type

from yarl import URL

from aioclient import ClientConnectionError, ClientSession
from aioclient.testing import (
    ASGIConnector,
    MockConnector,
    MockRequest,
    MockResponse,
    NoAnswerError,
    ScriptedServer,
    Step,
    announce,
    close,
    expect,
    expect_request,
    pause,
    reset,
    send,
    send_in_pieces,
    wait_for,
)


async def handler(request: MockRequest) -> MockResponse:
    assert_type(request.body, bytes)
    return MockResponse(json=[1], delay=0.1)


async def pieces() -> AsyncIterator[bytes]:
    yield b""


async def app(scope: dict[str, Any], receive: Any, send: Any) -> None:
    pass


def answers_of_many_kinds_are_taken(table: dict[str, MockResponse]) -> None:
    MockConnector(table)
    MockConnector(handler)
    MockConnector(
        {
            "/": handler,
            ("GET", re.compile("x")): [MockResponse(), "reset"],
            URL("http://a"): ValueError,
        }
    )
    mock = MockConnector().get("/", body=pieces).post("/", body=pieces(), times=2).put("/", handler)
    assert_type(mock, MockConnector)
    assert_type(mock.assert_sent("GET", "/"), list[MockRequest])
    mock.get("/", error="reset", cut_after=5)
    mock.get("/", error="lost")  # type: ignore[arg-type]
    mock.get("/", nothing=1)  # type: ignore[call-arg]


async def what_was_sent_is_known(mock: MockConnector, session: ClientSession) -> None:
    ClientSession(connector=mock)
    assert_type(mock.requests, list[MockRequest])
    request = mock.requests[0]
    assert_type(request.method, str)
    assert_type(request.url, URL)
    assert_type(request.headers["Accept"], str)
    assert_type(request.cookies, dict[str, str])
    assert_type(request.text(), str)
    assert_type(request.json(), Any)
    async for piece in request.iter():
        assert_type(piece, bytes)
    assert_type(mock.assert_all_used(), None)
    assert_type(mock.assert_not_sent("POST", "/", json={"a": 1}), None)
    assert_type(mock.clear(), None)
    async with mock as same:
        assert_type(same, MockConnector)


async def a_server_says_what_it_received(session: ClientSession) -> None:
    event = asyncio.Event()
    script = [expect_request("GET", "/"), announce(event), pause(0.1), wait_for(event)]
    async with ScriptedServer(script, [send_in_pieces(b"a", 1), close()], [reset()]) as server:
        assert_type(server, ScriptedServer)
        assert_type(server.port, int)
        assert_type(server.url("/a"), str)
        await session.get(server.url())
        assert_type(server.received, list[bytes])


class Own(Step):
    """A step of a program."""

    async def play(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"a")


def errors_are_those_of_connections(error: NoAnswerError) -> ClientConnectionError:
    ScriptedServer([Own()])
    return error


def apps_and_scripts_are_taken() -> None:
    ASGIConnector(app)
    ScriptedServer([expect(b""), send(b"")], expect_request(), repeat=True)
    ScriptedServer(b"")  # type: ignore[arg-type]
