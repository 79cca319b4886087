"""Tracing tells of the handshake of a WebSocket as of any request, and of nothing behind it."""

import asyncio
from typing import Any

import pytest
from pages import Pages
from running import asynchronous
from scripted import ScriptedServer, answers
from server_frames import TEXT, frame
from websocket_site import WebSocketSite, echo, switching

from aioclient import ClientSession, TraceConfig, WSServerHandshakeError
from aioclient._tracing.config import EVENTS

CONNECTED = ["request_start", "connection_create_start", "connection_create_end"]
TRIED = "request_attempt_end"
ANSWERED = ["request_headers_sent", TRIED, "request_end", "response_end"]


def recording() -> tuple[list[tuple[str, Any]], TraceConfig[Any]]:
    """What is told, and who listens to all of it."""
    told: list[tuple[str, Any]] = []
    config: TraceConfig[Any] = TraceConfig()

    def hearing(event: str) -> Any:
        async def hear(_session: Any, _context: Any, params: Any) -> None:
            await asyncio.sleep(0)
            told.append((event, params))

        return hear

    for event in EVENTS:
        getattr(config, f"on_{event}").append(hearing(event))
    return told, config


def names(told: list[tuple[str, Any]]) -> list[str]:
    return [name for name, _ in told]


async def talk(session: ClientSession, url: str, **options: Any) -> None:
    async with session.ws_connect(url, **options) as ws:
        await ws.send_str("hello")
        assert await ws.receive_str() == "hello"


@asynchronous
async def test_a_handshake_is_told_of_in_order() -> None:
    told, config = recording()
    async with WebSocketSite(echo) as site, ClientSession(trace_configs=[config]) as session:
        await talk(session, site.url("/chat"), trace_request_ctx={"id": 7})
    assert names(told) == CONNECTED + ANSWERED
    params = dict(told)
    assert params["request_start"].method == "GET"
    assert str(params["request_start"].url) == site.http_url("/chat")
    assert params["request_headers_sent"].headers["Upgrade"] == "websocket"
    assert params["request_end"].response.status == 101


@asynchronous
async def test_what_comes_with_the_101_is_no_part_of_the_response() -> None:
    told, config = recording()

    def answer(head: bytes) -> bytes:
        return switching(head) + frame(TEXT, b"first")

    async with (
        WebSocketSite(echo, answer) as site,
        ClientSession(trace_configs=[config]) as session,
        session.ws_connect(site.url()) as ws,
    ):
        assert await ws.receive_str() == "first"
    assert names(told) == CONNECTED + ANSWERED
    assert dict(told)["response_end"].received_bytes == 0


@asynchronous
async def test_a_redirect_is_told_of() -> None:
    told, config = recording()
    async with (
        WebSocketSite(echo) as site,
        Pages().redirect("old", site.http_url("/new")) as pages,
        ClientSession(trace_configs=[config]) as session,
    ):
        await talk(session, pages.url("/old"))
    assert names(told) == [
        *CONNECTED,
        "request_headers_sent",
        TRIED,
        "request_redirect",
        "response_end",
        *CONNECTED[1:],
        *ANSWERED,
    ]


@asynchronous
async def test_a_refusal_is_an_answer() -> None:
    told, config = recording()
    refusal = b"HTTP/1.1 404 No\r\nContent-Length: 2\r\n\r\nno"
    async with (
        ScriptedServer(answers(refusal)) as server,
        ClientSession(trace_configs=[config]) as session,
    ):
        with pytest.raises(WSServerHandshakeError):
            await session.ws_connect(server.url())
    assert names(told)[-2:] == ["request_end", "response_end"]
    assert "request_exception" not in names(told)


@asynchronous
async def test_a_kept_connection_is_told_of() -> None:
    told, config = recording()

    async with (
        Pages(no=b"HTTP/1.1 404 No\r\nContent-Length: 2\r\n\r\nno") as pages,
        ClientSession(trace_configs=[config]) as session,
    ):
        for _ in range(2):
            with pytest.raises(WSServerHandshakeError):
                await session.ws_connect(pages.url("/no"))
    assert names(told).count("connection_reuseconn") == 1


@asynchronous
async def test_a_handler_that_fails_leaves_nothing_open() -> None:
    config: TraceConfig[Any] = TraceConfig()

    async def fail(_session: Any, _context: Any, _params: Any) -> None:
        raise ValueError("of a handler")

    config.on_request_end.append(fail)
    async with WebSocketSite(echo) as site, ClientSession(trace_configs=[config]) as session:
        with pytest.raises(ValueError, match="of a handler"):
            await session.ws_connect(site.url())
        assert session.connector is not None
        await asyncio.sleep(0.05)
        assert session.connector.stats().active == 0
        assert site.open == 0
