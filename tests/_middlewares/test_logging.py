"""What is logged of requests, and at which level."""

import asyncio
import logging
from collections.abc import AsyncIterator
from typing import Any

import pytest
from clock import Clock
from pages import Pages, page
from request_log import Log
from running import asynchronous, cancelled, closed_port, started, until
from scripted import ScriptedServer, answers, head_of, silent
from yarl import URL

from aioclient import (
    ClientConnectorError,
    ClientHandlerType,
    ClientRequest,
    ClientResponse,
    ClientSession,
    LoggingMiddleware,
    ServerDisconnectedError,
    TotalTimeoutError,
)

NAME = "aioclient.client"


def anonymous(line: str, server: ScriptedServer) -> str:
    return line.replace(f"127.0.0.1:{server.port}", "a.example")


# --- what a record says --------------------------------------------------------------------------


@asynchronous
async def test_a_request_and_its_response_are_one_record() -> None:
    log = Log()
    async with Pages() as server, log.session() as session:
        await session.get(server.url("/path"))
        line = "#1 GET http://a.example/path: 200 after 0.000 s, 2 bytes to come"
        assert anonymous(log.only.getMessage(), server) == line
        assert log.only.levelno == logging.INFO


@asynchronous
async def test_a_record_has_each_value_for_itself() -> None:
    log, clock = Log(), Clock()

    async def slow(request: ClientRequest, handler: ClientHandlerType) -> ClientResponse:
        clock.now += 1.5
        return await handler(request)

    async with Pages() as server, log.session(clock=clock, behind=[slow]) as session:
        url = server.url("/path")
        await session.post(url, data=b"hello")
    record = log.only
    assert {name: value for name, value in vars(record).items() if name.startswith("http_")} == {
        "http_number": 1,
        "http_method": "POST",
        "http_url": url,
        "http_status": 200,
        "http_duration_s": 1.5,
        "http_attempts": 1,
        "http_request_bytes": 5,
        "http_response_bytes": 2,
        "http_error": None,
        "http_request_headers": None,
        "http_response_headers": None,
    }
    assert record.getMessage().endswith(": 200 after 1.500 s, 5 bytes sent, 2 bytes to come")


@asynchronous
async def test_a_request_that_begins_is_logged_for_whom_looks_for_one_that_hangs() -> None:
    log = Log(logging.DEBUG)
    async with ScriptedServer(silent) as server, log.session() as session:
        task = await started(session.get(server.url("/path")))
        await until(lambda: server.accepted)
        assert anonymous(log.only.getMessage(), server) == "#1 GET http://a.example/path: begins"
        assert log.only.levelno == logging.DEBUG
        await cancelled(task)
    assert [record.http_number for record in log.records] == [1, 1]


@asynchronous
async def test_each_request_of_a_chain_of_redirects_has_a_record() -> None:
    log = Log()
    async with Pages().redirect("a", "/b") as server, log.session() as session:
        await session.get(server.url("/a"))
        assert [(record.http_number, record.http_status) for record in log.records] == [
            (1, 302),
            (2, 200),
        ]
        assert log.records[1].http_url == server.url("/b")


@asynchronous
async def test_how_often_a_request_was_sent_is_said_if_it_was_more_than_once() -> None:
    async def twice(request: ClientRequest, handler: ClientHandlerType) -> ClientResponse:
        await handler(request)
        return await handler(request)

    log = Log()
    async with Pages() as server, log.session(behind=[twice]) as session:
        await session.get(server.url())
    assert log.only.http_attempts == 2
    assert "200 after 0.000 s, attempt 2, 2 bytes to come" in log.lines[0]


async def pieces() -> AsyncIterator[bytes]:
    yield b"hello"


@pytest.mark.parametrize(
    ("method", "data", "answer", "sizes"),
    [
        ("GET", None, page(b"12345"), (0, 5)),
        ("HEAD", None, b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n", (0, 0)),
        ("GET", None, b"HTTP/1.1 204 No Content\r\n\r\n", (0, 0)),
        ("POST", b"", page(b""), (0, 0)),
        ("POST", pieces, b"HTTP/1.1 200 OK\r\n\r\nuntil the end", (None, None)),
    ],
)
@asynchronous
async def test_sizes_are_logged_as_far_as_they_are_known(
    method: str, data: Any, answer: bytes, sizes: tuple[int | None, int | None]
) -> None:
    log = Log()
    async with ScriptedServer(answers(answer)) as server, log.session() as session:
        data = data() if callable(data) else data
        async with session.request(method, server.url(), data=data):
            pass
    assert (log.only.http_request_bytes, log.only.http_response_bytes) == sizes
    assert "None" not in log.lines[0]


@asynchronous
async def test_the_body_of_a_response_is_left_to_be_read() -> None:
    log = Log(logging.DEBUG)
    async with Pages() as server, log.session(headers=True) as session:
        response = await session.get(server.url())
        assert await response.content.readany() == b"ok"


# --- failures ------------------------------------------------------------------------------------


@asynchronous
async def test_a_connection_that_cannot_be_made_is_logged_with_its_reason() -> None:
    log = Log()
    async with log.session() as session:
        with pytest.raises(ClientConnectorError) as caught:
            await session.get(f"http://127.0.0.1:{closed_port()}/")
    assert log.only.levelno == logging.WARNING
    assert log.only.http_error == f"ClientConnectorError: {caught.value}"
    assert log.lines[0].endswith(f": failed after 0.000 s, ClientConnectorError: {caught.value}")
    assert log.only.http_status is None
    assert log.only.http_duration_s == 0


@asynchronous
async def test_a_server_that_hangs_up_is_logged() -> None:
    log = Log()
    async with ScriptedServer(answers()) as server, log.session() as session:
        with pytest.raises(ServerDisconnectedError):
            await session.get(server.url())
    assert log.only.http_error.startswith("ServerDisconnectedError: server disconnected")


@asynchronous
async def test_a_kept_connection_that_was_closed_is_no_failure() -> None:
    async def closing(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for answer in (page(), b""):
            await head_of(reader)
            writer.write(answer)

    log = Log()
    async with ScriptedServer(closing) as server, log.session() as session:
        await session.get(server.url())
        await session.get(server.url())
    _, again, last = log.records
    assert again.levelno == logging.INFO
    assert again.http_error.startswith("ServerDisconnectedError")
    assert again.getMessage().endswith("; is sent again")
    assert (last.http_status, last.http_attempts) == (200, 2)


@asynchronous
async def test_the_total_time_limit_is_logged_as_the_cancellation_that_it_is() -> None:
    log = Log()
    async with ScriptedServer(silent) as server, log.session() as session:
        with pytest.raises(TotalTimeoutError):
            await session.get(server.url(), timeout=0.01)
    assert log.only.http_error == "CancelledError"
    assert log.only.levelno == logging.WARNING


@asynchronous
async def test_the_words_of_errors_that_may_be_about_anything_are_not_logged() -> None:
    async def failing(request: ClientRequest, handler: ClientHandlerType) -> ClientResponse:
        raise ValueError("my password is 123")

    log = Log()
    async with log.session(behind=[failing]) as session:
        with pytest.raises(ValueError, match="123"):
            await session.get("http://a.example/")
    assert log.only.http_error == "ValueError"
    assert log.only.exc_info is None


@pytest.mark.parametrize(
    ("status", "level"),
    [(200, logging.INFO), (404, logging.INFO), (500, logging.WARNING), (503, logging.WARNING)],
)
@asynchronous
async def test_statuses_from_500_on_count_as_failures(status: int, level: int) -> None:
    log = Log()
    async with Pages(a=page(b"", status=f"{status} X")) as server, log.session() as session:
        await session.get(server.url("/a"))
    assert log.only.levelno == level


# --- levels and loggers --------------------------------------------------------------------------


@asynchronous
async def test_levels_are_those_that_were_given() -> None:
    log = Log(5)
    levels = {"level": 11, "failure_level": 12, "start_level": 6}
    async with Pages(a=page(status="500 X")) as server, log.session(**levels) as session:
        await session.get(server.url())
        await session.get(server.url("/a"))
    assert [record.levelno for record in log.records] == [6, 11, 6, 12]


@asynchronous
async def test_nothing_is_looked_at_for_a_level_that_is_off() -> None:
    looked: list[URL] = []
    log = Log(logging.ERROR)
    nowhere = f"http://127.0.0.1:{closed_port()}/"
    async with Pages() as server, log.session(show_url=looked.append, headers=True) as session:
        await session.get(server.url())
        with pytest.raises(ClientConnectorError):
            await session.get(nowhere)
    assert log.records == []
    assert looked == []


@pytest.mark.parametrize("options", [{}, {"logger": "of.a.program"}])
@asynchronous
async def test_a_logger_may_be_named(
    options: dict[str, Any], caplog: pytest.LogCaptureFixture
) -> None:
    name = options.get("logger", NAME)
    caplog.set_level(logging.INFO, name)
    async with (
        Pages() as server,
        ClientSession(middlewares=[LoggingMiddleware(**options)]) as session,
    ):
        await session.get(server.url())
    assert [record.name for record in caplog.records] == [name]


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"level": "INFO"}, "level must be a whole number"),
        ({"failure_level": None}, "failure_level must be a whole number"),
        ({"start_level": True}, "start_level must be a whole number"),
        ({"redact": "X-Mine"}, "redact must be a collection of names"),
        ({"redact": [1]}, "a name of redact must be str"),
        ({"show_query": "page"}, "show_query must be a collection of names"),
        ({"show_url": asyncio.sleep}, "show_url must be a plain function"),
        ({"clock": 5}, "clock must be a function"),
    ],
)
def test_arguments_that_cannot_be_are_refused(options: dict[str, Any], words: str) -> None:
    with pytest.raises(TypeError, match=words):
        LoggingMiddleware(**options)
