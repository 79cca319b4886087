"""What a type checker knows of `aioclient.testing`: read by it, and never run."""

import re
from collections.abc import AsyncIterator
from typing import Any, assert_type

from yarl import URL

from aioclient.testing import (
    ASGIConnector,
    MockConnector,
    MockRequest,
    MockResponse,
    ScriptedServer,
    expect,
    expect_request,
    send,
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


def apps_and_scripts_are_taken() -> None:
    ASGIConnector(app)
    ScriptedServer([expect(b""), send(b"")], expect_request(), repeat=True)
    ScriptedServer(b"")  # type: ignore[arg-type]
