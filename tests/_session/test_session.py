"""The session, on connections without sockets."""

import asyncio
import gc
import inspect
import re
import time
import warnings
from typing import Any

import pytest
from fake_connector import OK, FakeConnector
from fake_link import FakeTransport
from running import asynchronous, cancelled, result_of, settled, started
from scripted import ScriptedServer, answers

from aioclient import (
    BasicAuth,
    ClientConnectionError,
    ClientResponse,
    ClientResponseError,
    ClientSession,
    ClientTimeout,
    HttpVersion,
    InvalidURL,
    TotalTimeoutError,
)
from aioclient._connection.exchange import Exchange
from aioclient._net.deadline import Deadline

URL = "http://a.example/"
REDIRECT = b"HTTP/1.1 302 Found\r\nLocation: /next\r\nContent-Length: 0\r\n\r\n"


def answering(connector: FakeConnector, *answers: bytes) -> FakeConnector:
    """Let every connection answer each request with the next of these, then with OK."""
    left = list(answers)

    def on_open(transport: FakeTransport) -> None:
        def answer() -> None:
            data = left.pop(0) if left else OK
            asyncio.get_running_loop().call_soon(receive, transport, data)

        transport.on_write = answer

    def receive(transport: FakeTransport, data: bytes) -> None:
        if not transport.is_closing():
            transport.receive(data)

    connector.on_open = on_open
    return connector


# --- asking ------------------------------------------------------------------------------------


@pytest.mark.parametrize("verb", ["get", "options", "head", "post", "put", "patch", "delete"])
@asynchronous
async def test_each_verb_sends_its_method(verb: str) -> None:
    connector = answering(FakeConnector(), b"HTTP/1.1 204 X\r\n\r\n")
    async with ClientSession(connector=connector) as session:
        response = await getattr(session, verb)(URL)
        assert response.method == verb.upper()
        assert response.status == 204
    assert connector.opened[0].written.startswith(verb.upper().encode() + b" / HTTP/1.1\r\n")


@pytest.mark.parametrize("method", ["GET", "get", "Query", "TRACE", "X-MINE"])
@asynchronous
async def test_any_method_can_be_sent(method: str) -> None:
    connector = answering(FakeConnector())
    async with ClientSession(connector=connector) as session:
        await session.request(method, URL)
    assert connector.opened[0].written.startswith(method.upper().encode() + b" / HTTP/1.1\r\n")


@asynchronous
async def test_a_request_can_be_awaited_or_used_as_a_block() -> None:
    async with ClientSession(connector=answering(FakeConnector())) as session:
        response = await session.get(URL)
        assert isinstance(response, ClientResponse)
        assert await response.text() == "ok"
        async with session.get(URL) as response:
            assert await response.text() == "ok"
        async with await session.get(URL) as response:
            assert await response.text() == "ok"


@asynchronous
async def test_a_request_can_be_made_a_task() -> None:
    async with ClientSession(connector=answering(FakeConnector())) as session:
        task = asyncio.create_task(session.get(URL))  # type: ignore[arg-type]
        assert (await task).status == 200
        assert all(
            r.status == 200 for r in await asyncio.gather(session.get(URL), session.get(URL))
        )
        assert (await asyncio.wait_for(session.get(URL), 1)).status == 200


@asynchronous
async def test_nothing_is_sent_before_somebody_waits() -> None:
    connector = answering(FakeConnector())
    async with ClientSession(connector=connector) as session:
        pending = session.get(URL)
        await settled()
        assert connector.opened == []
        await pending


@asynchronous
async def test_the_block_releases_a_body_that_was_not_read() -> None:
    large = b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\nhe"
    connector = answering(FakeConnector(), large)
    async with ClientSession(connector=connector) as session:
        async with session.get(URL) as response:
            assert not response.closed
        assert response.closed
        assert connector.opened[0].was_aborted


@asynchronous
async def test_a_connection_is_used_again() -> None:
    connector = answering(FakeConnector())
    async with ClientSession(connector=connector) as session:
        for _ in range(5):
            await session.get(URL)
    assert len(connector.opened) == 1


@pytest.mark.parametrize(
    ("options", "error"),
    [
        ({"nonsense": 1}, TypeError),
        ({"data": b"x", "json": 1}, ValueError),
        ({"headers": {"X-A": "a\r\nb"}}, ValueError),
        ({"headers": {"X-A\r\n": "b"}}, ValueError),
        ({"headers": {"Host": "a\r\nb"}}, ValueError),
        ({"headers": {"Connection": "a\r\nb"}}, ValueError),
    ],
)
@asynchronous
async def test_what_cannot_be_asked_for_sends_nothing_and_loses_no_slot(
    options: dict[str, Any], error: type[Exception]
) -> None:
    connector = answering(FakeConnector(limit=1))
    async with ClientSession(connector=connector) as session:
        for _ in range(3):
            with pytest.raises(error):
                await session.get(URL, **options)
        assert all(transport.written == b"" for transport in connector.opened)
        assert (await asyncio.wait_for(session.get(URL), 1)).status == 200


@pytest.mark.parametrize("method", ["GE T", "", "GET\r\nX: y", "G\0T"])
@asynchronous
async def test_a_bad_method_sends_nothing(method: str) -> None:
    connector = answering(FakeConnector(limit=1))
    async with ClientSession(connector=connector) as session:
        with pytest.raises(ValueError, match="method"):
            await session.request(method, URL)
        assert all(transport.written == b"" for transport in connector.opened)
        assert (await asyncio.wait_for(session.get(URL), 1)).status == 200


# --- settings ------------------------------------------------------------------------------------


@asynchronous
async def test_settings_can_be_read() -> None:
    connector = FakeConnector()
    timeout = ClientTimeout(total=5)
    session = ClientSession(
        connector=connector, headers={"X-A": "1"}, timeout=timeout, raise_for_status=True
    )
    assert session.connector is connector
    assert session.headers["x-a"] == "1"
    assert session.timeout is timeout
    assert session.raise_for_status is True
    assert session.connector_owner
    assert callable(session.json_serialize)
    await session.close()


@pytest.mark.parametrize(
    ("wish", "expected"),
    [
        (None, ClientTimeout(total=300, sock_connect=30)),
        (5, ClientTimeout(total=5, sock_connect=30)),
        (ClientTimeout(), ClientTimeout()),
    ],
)
@asynchronous
async def test_a_session_has_a_timeout(wish: Any, expected: ClientTimeout) -> None:
    async with ClientSession(timeout=wish) as session:
        assert session.timeout == expected


@asynchronous
async def test_the_headers_of_the_session_are_a_copy_that_can_be_changed() -> None:
    given = {"X-A": "1"}
    connector = answering(FakeConnector())
    async with ClientSession(connector=connector, headers=given) as session:
        given["X-A"] = "2"
        await session.get(URL)
        session.headers["X-A"] = "3"
        await session.get(URL)
    assert re.findall(rb"X-A: (.)\r\n", connector.opened[0].written) == [b"1", b"3"]


@asynchronous
async def test_json_is_encoded_as_the_session_says() -> None:
    connector = answering(FakeConnector())
    async with ClientSession(connector=connector, json_serialize=lambda v: f"<{v}>") as session:
        await session.post(URL, json=5)
    assert connector.opened[0].written.endswith(b"\r\n\r\n<5>")


@pytest.mark.parametrize(
    ("content_type", "text", "is_asked"),
    [
        (b"text/html", "\u017e", True),
        (b"text/html; charset=nonsense", "\u017e", True),
        (b"text/html; charset=latin-1", "\u00be", False),
    ],
)
@asynchronous
async def test_an_encoding_that_nobody_says_can_be_guessed(
    content_type: bytes, text: str, is_asked: bool
) -> None:
    asked = []

    def resolver(response: ClientResponse, body: bytes) -> str:
        asked.append((response.status, body))
        return "iso-8859-15" if body == b"\xb8" else "iso8859-2"

    answer = b"HTTP/1.1 200 OK\r\nContent-Type: %b\r\nContent-Length: 1\r\n\r\n\xbe" % content_type
    async with (
        ScriptedServer(answers(answer, stays_open=True)) as server,
        ClientSession(fallback_charset_resolver=resolver) as session,
    ):
        response = await session.get(server.url())
        if is_asked:
            with pytest.raises(RuntimeError, match="must be read before"):
                response.get_encoding()
        assert await response.text() == text
    assert asked == ([(200, b"\xbe")] if is_asked else [])


@asynchronous
async def test_the_encoding_of_json_is_not_guessed() -> None:
    answer = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}"
    async with (
        ScriptedServer(answers(answer, stays_open=True)) as server,
        ClientSession(fallback_charset_resolver=lambda *_: "nonsense") as session,
    ):
        response = await session.get(server.url())
        assert response.get_encoding() == "utf-8"
        assert await response.text() == "{}"


@pytest.mark.parametrize("option", ["json_serialize", "json_serialize_bytes"])
@asynchronous
async def test_json_can_be_encoded_to_bytes(option: str) -> None:
    connector = answering(FakeConnector())

    def encode(value: object) -> bytes:
        return f"<{value}\u00e9>".encode()

    async with ClientSession(connector=connector, **{option: encode}) as session:
        response = await session.post(URL, json=5)
        assert response.request_info.headers["Content-Type"] == "application/json"
    assert connector.opened[0].written.endswith(b"\r\n\r\n<5\xc3\xa9>")


@asynchronous
async def test_json_is_text_or_bytes() -> None:
    async with ClientSession(json_serialize=lambda value: value) as session:
        with pytest.raises(TypeError, match="must give str or bytes, not int"):
            await session.post(URL, json=5)


@pytest.mark.parametrize(
    ("base_url", "error"),
    [
        ("/relative/", ValueError),
        ("http://a.example:99999/", InvalidURL),
        ("http://[::1/", InvalidURL),
    ],
)
@asynchronous
async def test_a_base_url_that_cannot_be_used_is_refused(
    base_url: str, error: type[Exception]
) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(error):
            ClientSession(base_url)
        gc.collect()


@pytest.mark.parametrize(
    "base_url", ["ftp://me:secret@a.example/b", "//me:secret@a.example/", "http://me:secret@a:x/"]
)
@asynchronous
async def test_credentials_are_not_shown_in_errors_about_the_base_url(base_url: str) -> None:
    async def ask() -> None:
        async with ClientSession(base_url) as session:
            await session.get("x")

    with pytest.raises(ValueError) as caught:  # noqa: PT011
        await ask()
    assert "secret" not in str(caught.value)


@asynchronous
async def test_a_base_url_is_the_start_of_relative_ones() -> None:
    connector = answering(FakeConnector())
    async with ClientSession("http://a.example/api/", connector=connector) as session:
        response = await session.get("users")
        assert str(response.url) == "http://a.example/api/users"


@pytest.mark.parametrize(
    ("base_url", "expected"),
    [
        ("http://a.example", "http://a.example/users"),
        ("http://a.example/api", "http://a.example/api/users"),
        ("http://a.example/a%2Fb?c#d", "http://a.example/a%2Fb/users"),
    ],
)
@asynchronous
async def test_a_base_url_gets_the_slash_that_it_lacks(base_url: str, expected: str) -> None:
    connector = answering(FakeConnector())
    async with ClientSession(base_url, connector=connector) as session:
        assert str((await session.get("users")).url) == expected


@asynchronous
async def test_a_session_can_keep_to_the_origin_of_its_base_url() -> None:
    connector = answering(FakeConnector())
    async with ClientSession(
        "http://a.example/api", connector=connector, base_url_origin_only=True
    ) as session:
        for url in ("users", "/users", "http://a.example:80/users", "//a.example/"):
            assert (await session.get(url)).status == 200
        for url in (
            "https://a.example/",
            "http://a.example:81/",
            "http://me:secret@b.example/",
            "//b.example/",
        ):
            with pytest.raises(InvalidURL, match="base_url_origin_only") as caught:
                await session.get(url)
            assert "secret" not in str(caught.value)
    with pytest.raises(ValueError, match="needs a base_url"):
        ClientSession(base_url_origin_only=True)


# --- status --------------------------------------------------------------------------------------

NOT_FOUND = b"HTTP/1.1 404 Not Found\r\nContent-Length: 100000\r\n\r\nhe"


@pytest.mark.parametrize(
    ("of_session", "of_request", "raises"),
    [
        (False, None, False),
        (True, None, True),
        (True, False, False),
        (False, True, True),
        (True, True, True),
    ],
)
@asynchronous
async def test_raise_for_status_of_session_and_request(
    of_session: bool, of_request: bool | None, raises: bool
) -> None:
    connector = answering(FakeConnector(), NOT_FOUND)
    async with ClientSession(connector=connector, raise_for_status=of_session) as session:
        if raises:
            with pytest.raises(ClientResponseError) as caught:
                await session.get(URL, raise_for_status=of_request)
            assert caught.value.status == 404
            assert connector.opened[0].was_aborted
        else:
            response = await session.get(URL, raise_for_status=of_request)
            assert response.status == 404


@asynchronous
async def test_a_function_can_judge_the_response() -> None:
    judged: list[int] = []

    async def judge(response: ClientResponse) -> None:
        judged.append(response.status)
        if response.status == 404:
            raise ZeroDivisionError

    connector = answering(FakeConnector(), OK, NOT_FOUND)
    async with ClientSession(connector=connector, raise_for_status=judge) as session:
        assert (await session.get(URL)).status == 200
        with pytest.raises(ZeroDivisionError):
            await session.get(URL)
        assert judged == [200, 404]
        assert connector.opened[0].was_aborted


# --- the end -------------------------------------------------------------------------------------


@asynchronous
async def test_a_closed_session_sends_nothing() -> None:
    session = ClientSession(connector=FakeConnector())
    assert not session.closed
    await session.close()
    await session.close()
    assert session.closed
    assert session.connector is None
    with pytest.raises(RuntimeError, match="session is closed"):
        await session.get(URL)


@asynchronous
async def test_close_closes_the_connector_it_owns() -> None:
    for owner in (True, False):
        connector = FakeConnector()
        await ClientSession(connector=connector, connector_owner=owner).close()
        assert connector.closed is owner
        await connector.close()


@asynchronous
async def test_a_detached_session_leaves_its_connector() -> None:
    connector = FakeConnector()
    session = ClientSession(connector=connector)
    session.detach()
    assert session.closed
    assert session.connector is None
    assert not connector.closed
    with pytest.raises(RuntimeError, match="session is closed"):
        await session.get("http://example.com/")
    await session.close()
    session.detach()
    assert not connector.closed
    await connector.close()


@pytest.mark.parametrize("auth", [("me", "secret"), "me:secret"])
def test_auth_of_a_session_is_a_basic_auth(auth: object) -> None:
    with pytest.raises(TypeError, match="auth must be a BasicAuth"):
        ClientSession(auth=auth)  # type: ignore[arg-type]


def test_a_session_tells_what_it_was_made_with() -> None:
    session = ClientSession(
        auth=BasicAuth("me"), skip_auto_headers=["User-Agent"], auto_decompress=False
    )
    assert session.auth == BasicAuth("me")
    assert session.skip_auto_headers == {"User-Agent"}
    assert not session.auto_decompress
    session.detach()


@asynchronous
async def test_a_session_whose_connector_is_closed_is_closed() -> None:
    connector = FakeConnector()
    session = ClientSession(connector=connector)
    await connector.close()
    assert session.closed
    with pytest.raises(ClientConnectionError, match="connector is closed"):
        await session.get(URL)
    await session.close()


@asynchronous
async def test_close_fails_requests_under_way_and_those_that_wait() -> None:
    connector = FakeConnector(limit=1)
    session = ClientSession(connector=connector)
    under_way, waits = await started(session.get(URL), 10), await started(session.get(URL), 10)
    await session.close()
    for task in (under_way, waits):
        with pytest.raises(ClientConnectionError, match="closed"):
            await task


@asynchronous
async def test_close_fails_the_reading_of_a_body() -> None:
    connector = answering(FakeConnector(), b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhe")
    session = ClientSession(connector=connector)
    response = await session.get(URL)
    reader = await started(response.read())
    await session.close()
    with pytest.raises(ClientConnectionError, match="closed"):
        await reader


@asynchronous
async def test_the_limits_of_a_request_outlive_the_session_if_its_connector_does() -> None:
    connector = FakeConnector()
    session = ClientSession(connector=connector, connector_owner=False)
    task = await started(session.get(URL, timeout=0.05), 10)
    await session.close()
    done, _ = await asyncio.wait([task], timeout=1)
    try:
        assert done, "the request goes on for ever"
        with pytest.raises(TotalTimeoutError):
            await task
    finally:
        await connector.close()
        await asyncio.wait([task])
        task.exception()


@asynchronous
async def test_an_unclosed_session_warns_with_where_it_was_made() -> None:
    session = ClientSession(connector=FakeConnector())
    frame = inspect.currentframe()
    assert frame is not None
    line = frame.f_lineno - 3
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        del session
        gc.collect()
    messages = [str(each.message) for each in caught if "session" in str(each.message)]
    assert messages == [f"Unclosed client session, made at {__file__}:{line}"]
    assert issubclass(caught[0].category, ResourceWarning)
    assert reported() == ["Unclosed client session"]


def reported() -> list[str]:
    """What the loop's exception handler was told; `asynchronous` takes it as expected then."""
    loop: Any = asyncio.get_running_loop()
    messages = [context["message"] for context in loop.unheard]
    loop.unheard.clear()
    return messages


@asynchronous
async def test_an_unclosed_session_leaves_no_timer_and_no_connection() -> None:
    connector = answering(FakeConnector())
    session = ClientSession(connector=connector)
    await session.get(URL)
    transport = connector.opened[0]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        del session, connector
        gc.collect()
    await settled()
    assert transport.is_closing()
    assert reported() == ["Unclosed client session"]


def test_a_session_belongs_to_one_event_loop() -> None:
    sessions: list[ClientSession] = []

    async def first() -> None:
        sessions.append(ClientSession(connector=answering(FakeConnector())))
        await sessions[0].get(URL)

    async def second() -> None:
        with pytest.raises(RuntimeError, match="two event loops"):
            await sessions[0].get(URL)
        await sessions[0].close()

    result_of(first())
    result_of(second())


def test_a_connector_with_idle_connections_is_refused_in_another_loop() -> None:
    connectors: list[FakeConnector] = []

    async def first() -> None:
        connectors.append(answering(FakeConnector()))
        async with ClientSession(connector=connectors[0], connector_owner=False) as session:
            await session.get(URL)

    async def second() -> None:
        async with ClientSession(connector=connectors[0]) as session:
            with pytest.raises(RuntimeError, match="two event loops"):
                await asyncio.wait_for(session.get(URL), 1)

    result_of(first())
    result_of(second())


def test_a_session_can_be_made_outside_of_an_event_loop() -> None:
    session = ClientSession()

    async def main() -> None:
        await session.close()

    result_of(main())


# --- giving up ---------------------------------------------------------------------------------


@asynchronous
async def test_cancelling_while_waiting_for_the_head_cuts_the_connection() -> None:
    connector = FakeConnector(limit=1)
    async with ClientSession(connector=connector) as session:
        task = await started(session.get(URL), 10)
        assert connector.opened[0].written
        await cancelled(task)
        assert connector.opened[0].was_aborted
        answering(connector)
        assert (await asyncio.wait_for(session.get(URL), 1)).status == 200
        assert len(connector.opened) == 2


@asynchronous
async def test_cancelling_in_the_turn_in_which_the_response_arrives_loses_nothing() -> None:
    connector = FakeConnector(limit=1)
    async with ClientSession(connector=connector) as session:
        task = await started(session.get(URL), 10)
        connector.opened[0].receive(OK)
        await cancelled(task)
        answering(connector)
        following = await started(session.get(URL), 10)
        if len(connector.opened) == 1:
            connector.opened[0].receive(OK)
        assert (await asyncio.wait_for(following, 1)).status == 200


@pytest.mark.parametrize("turns", range(1, 12))
@asynchronous
async def test_cancelling_after_any_number_of_turns_loses_no_slot(turns: int) -> None:
    connector = answering(FakeConnector(limit=1))
    async with ClientSession(connector=connector) as session:
        task = asyncio.get_running_loop().create_task(_awaited(session.get(URL)))
        for _ in range(turns):
            await asyncio.sleep(0)
        task.cancel()
        await asyncio.wait([task])
        assert (await asyncio.wait_for(session.get(URL), 1)).status == 200


@pytest.mark.parametrize("turns", range(1, 12))
@asynchronous
async def test_cancelling_one_who_waits_after_any_number_of_turns_loses_no_slot(turns: int) -> None:
    connector = answering(FakeConnector(limit=1))
    async with ClientSession(connector=connector) as session:
        loop = asyncio.get_running_loop()
        tasks = [loop.create_task(_awaited(session.get(URL))) for _ in range(4)]
        for _ in range(turns):
            await asyncio.sleep(0)
        tasks[1].cancel()
        tasks[2].cancel()
        await asyncio.wait_for(asyncio.wait(tasks), 2)
        assert (await tasks[0]).status == 200
        assert (await tasks[3]).status == 200
        assert (await asyncio.wait_for(session.get(URL), 1)).status == 200


async def _awaited(pending: Any) -> ClientResponse:
    response: ClientResponse = await pending
    return response


# --- limits --------------------------------------------------------------------------------------


@asynchronous
async def test_a_total_that_passes_in_the_turn_in_which_the_connection_comes_is_not_lost() -> None:
    connector = FakeConnector(gated=True)
    async with ClientSession(connector=connector) as session:
        task = await started(session.get(URL, timeout=0.05), 10)
        connector.gate.set()
        time.sleep(0.1)  # noqa: ASYNC251 - the loop itself is late
        done, _ = await asyncio.wait([task], timeout=0.5)
        if not done:
            await cancelled(task)
        assert done, "the total limit was forgotten"
        with pytest.raises(TotalTimeoutError):
            await task


@pytest.mark.parametrize("gate_turns", range(6))
@asynchronous
async def test_a_total_that_passes_anywhere_between_is_not_lost(gate_turns: int) -> None:
    connector = FakeConnector(gated=True)
    async with ClientSession(connector=connector) as session:
        task = await started(session.get(URL, timeout=0.03), 10)
        connector.gate.set()
        for _ in range(gate_turns):
            await asyncio.sleep(0)
        time.sleep(0.06)  # noqa: ASYNC251 - the loop itself is late
        done, _ = await asyncio.wait([task], timeout=0.5)
        if not done:
            await cancelled(task)
        assert done, "the total limit was forgotten"
        with pytest.raises(TotalTimeoutError):
            await task


@pytest.mark.parametrize("limit", ["total", "connect", "sock_read", "sock_connect"])
@asynchronous
async def test_an_infinite_limit_is_none_or_refused(limit: str) -> None:
    connector = answering(FakeConnector())
    async with ClientSession(connector=connector) as session:
        try:
            timeout = ClientTimeout(**{limit: float("inf")})
        except ValueError:
            return
        assert (await session.get(URL, timeout=timeout)).status == 200


@asynchronous
async def test_a_request_in_time_leaves_no_running_limit() -> None:
    connector = answering(FakeConnector())
    async with ClientSession(connector=connector) as session:
        await session.get(URL, timeout=ClientTimeout(0.02, 0.02, 0.02, 0.02))
        await asyncio.sleep(0.05)
        assert (await session.get(URL)).status == 200
    assert len(connector.opened) == 1


# --- options of the session ----------------------------------------------------------------------


class OwnResponse(ClientResponse):
    def shout(self) -> str:
        return f"{self.status}!"


@asynchronous
async def test_responses_are_of_the_class_that_is_asked_for() -> None:
    connector = answering(FakeConnector(), OK, REDIRECT, OK)
    async with ClientSession(connector=connector, response_class=OwnResponse) as session:
        response = await session.get(URL)
        assert isinstance(response, OwnResponse)
        assert response.shout() == "200!"
        response = await session.get(URL)
        assert [type(one) for one in (*response.history, response)] == [OwnResponse, OwnResponse]


@pytest.mark.parametrize("kind", [dict, 5, None])
def test_a_class_that_is_no_response_is_refused(kind: Any) -> None:
    with pytest.raises(TypeError, match="response_class"):
        ClientSession(response_class=kind)


@pytest.mark.parametrize("kind", [dict, 5, [object()]])
def test_a_class_that_is_no_request_is_refused(kind: Any) -> None:
    with pytest.raises(TypeError, match="request_class"):
        ClientSession(request_class=kind)


@pytest.mark.parametrize(("name", "value"), [("trace_configs", [])])
def test_an_option_that_asks_for_nothing_is_fine(name: str, value: object) -> None:
    ClientSession(**{name: value}).detach()  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({"read_timeout": 5}, ClientTimeout(5, sock_connect=30)),
        ({"conn_timeout": 2}, ClientTimeout(300, 2, sock_connect=30)),
        ({"read_timeout": 5, "conn_timeout": 2}, ClientTimeout(5, 2, sock_connect=30)),
    ],
)
def test_deprecated_limits_of_time_are_those_of_the_timeout(
    options: dict[str, float], expected: ClientTimeout
) -> None:
    with pytest.warns(DeprecationWarning, match="use timeout"):
        session = ClientSession(**options)  # type: ignore[arg-type]
    assert session.timeout == expected
    session.detach()
    with (
        pytest.warns(DeprecationWarning, match="use timeout"),
        pytest.raises(ValueError, match="timeout excludes"),
    ):
        ClientSession(timeout=5, **options)  # type: ignore[arg-type]


@asynchronous
async def test_a_loop_that_is_given_has_no_effect_but_a_warning() -> None:
    with pytest.warns(DeprecationWarning, match="loop is deprecated") as caught:
        session = ClientSession(loop=asyncio.get_running_loop())
    assert caught[0].filename == __file__
    with pytest.warns(DeprecationWarning, match="ClientSession.loop"):
        assert session.loop is asyncio.get_running_loop()
    await session.close()


@asynchronous
async def test_requote_redirect_url_can_still_be_changed() -> None:
    connector = answering(FakeConnector(), REDIRECT.replace(b"/next", b"/%7Ea"), OK)
    async with ClientSession(connector=connector) as session:
        with pytest.warns(DeprecationWarning, match="requote_redirect_url"):
            session.requote_redirect_url = False
        assert not session.requote_redirect_url
        assert str((await session.get(URL)).url) == "http://a.example/%7Ea"


@pytest.mark.parametrize("version", [HttpVersion(2, 0), (1, 2)])
def test_another_version_of_http_is_refused(version: Any) -> None:
    with pytest.raises(ValueError, match="version must be"):
        ClientSession(version=version)


@pytest.mark.parametrize("version", ["1.1", 1.1, None])
def test_what_is_no_version_of_http_is_refused(version: Any) -> None:
    with pytest.raises(TypeError, match="version must be"):
        ClientSession(version=version)


# --- what is left of a request -------------------------------------------------------------------


@asynchronous
async def test_a_finished_request_leaves_nothing_for_the_garbage_collector() -> None:
    async with ClientSession(connector=answering(FakeConnector())) as session:
        await session.get(URL)
        await settled()
        gc.disable()
        try:
            before = (
                of_requests()
            )  # perhaps of other tests; held, so that none comes in their place
            for _ in range(3):
                await (await session.get(URL)).read()
            await settled()
            left = len(of_requests()) - len(before)
        finally:
            gc.enable()
    assert left == 0


def of_requests() -> list[object]:
    """What every request makes, and is in memory now."""
    return [each for each in gc.get_objects() if isinstance(each, Exchange | Deadline)]
