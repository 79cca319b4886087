"""Responses that nobody reads to their end, over real sockets: what becomes of the connection."""

import asyncio
import ssl
import time
from collections.abc import Awaitable, Callable

import pytest
from running import asynchronous, cancelled, started, until
from scripted import ScriptedServer, answers, head_of

import aioclient
from aioclient import ClientConnectionError, ClientSession, TCPConnector, TotalTimeoutError

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
HALF = b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhello"
MOVED = b"HTTP/1.1 302 Found\r\nLocation: /next\r\nContent-Length: 10\r\n\r\nmoved"


class Script:
    """Answers the first request with `first`, waits for `go_on`, sends `rest`; then says OK.

    It notes the paths asked for.
    """

    def __init__(self, first: bytes, rest: bytes = b"") -> None:
        self.first = first
        self.rest = rest
        self.go_on = asyncio.Event()
        self.paths: list[str] = []

    async def __call__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            head = await head_of(reader)
            self.paths.append(head.split()[1].decode())
            if len(self.paths) > 1:
                writer.write(OK)
                continue
            writer.write(self.first)
            await self.go_on.wait()
            writer.write(self.rest)


def one_connection() -> ClientSession:
    return ClientSession(connector=TCPConnector(limit=1))


@asynchronous
async def test_a_small_rest_is_let_come_and_the_connection_used_again() -> None:
    script = Script(HALF, b"world")
    async with ScriptedServer(script) as server, one_connection() as session:
        async with session.get(server.url()) as response:
            assert await response.content.read(2) == b"he"
        assert response.closed
        following = await started(session.get(server.url()))
        assert not following.done()
        script.go_on.set()
        assert (await following).status == 200
        assert server.accepted == 1


@asynchronous
async def test_the_same_over_tls(server_tls: ssl.SSLContext, trusting: ssl.SSLContext) -> None:
    script = Script(HALF, b"world")
    async with ScriptedServer(script, server_tls) as server, one_connection() as session:
        async with session.get(server.url(), ssl=trusting) as response:
            pass
        script.go_on.set()
        await response.wait_for_close()
        assert (await session.get(server.url(), ssl=trusting)).status == 200
        assert server.accepted == 1


@asynchronous
async def test_a_large_rest_is_not() -> None:
    script = Script(b"HTTP/1.1 200 OK\r\nContent-Length: 70000\r\n\r\nhello")
    async with ScriptedServer(script) as server, one_connection() as session:
        async with session.get(server.url()):
            pass
        assert (await session.get(server.url())).status == 200
        assert server.accepted == 2


@asynchronous
async def test_a_server_that_sends_no_more_is_waited_for_in_vain() -> None:
    async with ScriptedServer(Script(HALF)) as server, one_connection() as session:
        async with session.get(server.url()) as response:
            pass
        before = time.monotonic()
        await response.wait_for_close()
        assert 0.2 < time.monotonic() - before < 3
        assert (await session.get(server.url())).status == 200
        assert server.accepted == 2


@asynchronous
async def test_close_waits_for_nothing() -> None:
    async with ScriptedServer(Script(HALF)) as server, one_connection() as session:
        response = await session.get(server.url())
        response.close()
        assert (await session.get(server.url())).status == 200
        assert server.accepted == 2


@asynchronous
async def test_closing_the_session_in_the_middle_closes_at_once() -> None:
    async with ScriptedServer(answers(HALF, stays_open=True)) as server:
        async with ClientSession() as session:
            async with session.get(server.url()):
                pass
            assert server.open == 1
            before = time.monotonic()
        assert time.monotonic() - before < 0.3
        await until(lambda: server.open == 0)


@asynchronous
async def test_a_session_that_does_not_own_its_connector_leaves_the_rest_to_it() -> None:
    script = Script(HALF, b"world")
    async with ScriptedServer(script) as server, TCPConnector() as connector:
        async with (
            ClientSession(connector=connector, connector_owner=False) as session,
            session.get(server.url()) as response,
        ):
            pass
        script.go_on.set()
        await response.wait_for_close()
        async with ClientSession(connector=connector, connector_owner=False) as session:
            assert (await session.get(server.url())).status == 200
        assert server.accepted == 1


@asynchronous
async def test_a_request_without_a_session_does_not_wait() -> None:
    script = Script(HALF)
    async with ScriptedServer(script) as server:
        response = await aioclient.request("GET", server.url())
        before = time.monotonic()
        response.release()
        await response.wait_for_close()
        assert time.monotonic() - before < 0.3
        with pytest.raises(ClientConnectionError, match="released"):
            await response.read()


@pytest.mark.parametrize("options", [{"force_close": True}, {"keepalive_timeout": 0}])
@asynchronous
async def test_a_connector_that_keeps_nothing_does_not_wait(options: dict[str, bool]) -> None:
    async with (
        ScriptedServer(Script(HALF)) as server,
        ClientSession(connector=TCPConnector(**options)) as session,
    ):
        response = await session.get(server.url())
        before = time.monotonic()
        response.release()
        await response.wait_for_close()
        assert time.monotonic() - before < 0.3


# --- redirects -----------------------------------------------------------------------------------


@asynchronous
async def test_a_redirect_with_a_body_that_is_not_here_yet_keeps_the_connection() -> None:
    script = Script(MOVED, b" away")
    async with ScriptedServer(script) as server, ClientSession() as session:
        following = await started(session.get(server.url("/first")))
        await until(lambda: script.paths)
        script.go_on.set()
        response = await following
        assert response.status == 200
        assert len(response.history) == 1
        with pytest.raises(ClientConnectionError, match="released"):
            await response.history[0].read()
        assert script.paths == ["/first", "/next"]
        assert server.accepted == 1


@asynchronous
async def test_a_redirect_with_a_large_body_is_followed_on_another_connection() -> None:
    script = Script(MOVED.replace(b"10", b"100000"))
    async with ScriptedServer(script) as server, ClientSession() as session:
        assert (await session.get(server.url("/first"))).status == 200
        assert script.paths == ["/first", "/next"]
        assert server.accepted == 2


@asynchronous
async def test_a_redirect_whose_body_never_comes_is_followed_all_the_same() -> None:
    script = Script(MOVED)
    async with ScriptedServer(script) as server, ClientSession() as session:
        assert (await session.get(server.url("/first"), timeout=5)).status == 200
        assert server.accepted == 2


@asynchronous
async def test_a_redirect_to_elsewhere_does_not_wait_for_the_body() -> None:
    async with ScriptedServer(Script(OK)) as target:
        moved = MOVED.replace(b"/next", target.url("/next").encode())
        async with ScriptedServer(Script(moved)) as server, ClientSession() as session:
            before = time.monotonic()
            assert (await session.get(server.url("/first"))).status == 200
            assert time.monotonic() - before < 0.3


@asynchronous
async def test_the_total_limit_goes_on_while_the_body_of_a_redirect_is_discarded() -> None:
    async with ScriptedServer(Script(MOVED)) as server, ClientSession() as session:
        with pytest.raises(TotalTimeoutError) as caught:
            await session.get(server.url(), timeout=0.1)
        assert caught.value.phase == "pool"
        assert (await session.get(server.url())).status == 200


@asynchronous
async def test_the_total_limit_of_the_first_request_outlives_its_body() -> None:
    async def talks(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await head_of(reader)
        writer.write(MOVED)
        await asyncio.sleep(0.02)
        writer.write(b" away")
        await reader.read()

    async with ScriptedServer(talks) as server, ClientSession() as session:
        with pytest.raises(TotalTimeoutError) as caught:
            await session.get(server.url(), timeout=0.1)
        assert caught.value.phase == "response"
        assert caught.value.limit_s == 0.1


async def cancel(request: "asyncio.Task[object]", session: ClientSession) -> None:
    await cancelled(request)


async def close(request: "asyncio.Task[object]", session: ClientSession) -> None:
    await session.close()
    with pytest.raises(ClientConnectionError):
        await request


@pytest.mark.parametrize("how", [cancel, close])
@asynchronous
async def test_giving_up_while_the_body_of_a_redirect_is_discarded(
    how: Callable[["asyncio.Task[object]", ClientSession], Awaitable[None]],
) -> None:
    script = Script(MOVED, b" away")
    async with ScriptedServer(script) as server, one_connection() as session:
        request = await started(session.get(server.url()))
        await until(lambda: script.paths)
        await asyncio.sleep(0.02)
        await how(request, session)
        if not session.closed:
            script.go_on.set()
            assert (await asyncio.wait_for(session.get(server.url()), 2)).status == 200
