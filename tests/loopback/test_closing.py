"""Closing sessions and connectors: what is waited for, what is cut, what is refused."""

import asyncio
import contextlib
import socket
import ssl
import subprocess
import sys
import threading
import time
from collections.abc import AsyncIterator
from functools import partial
from pathlib import Path

import pytest
import trustme
from origin import Origin
from running import WatchedLoop, asynchronous, cancelled, started, until
from scripted import ScriptedServer, head_of, silent

from aioclient import (
    ClientConnectionError,
    ClientResponse,
    ClientSession,
    ClientTimeout,
    ConnectionTimeoutError,
    DefaultResolver,
    TCPConnector,
    TotalTimeoutError,
)
from aioclient._net.dns_cache import DnsCache
from aioclient._net.link import TransportLink
from aioclient._net.open_link import TlsPolicy, open_link, open_socket_link
from aioclient._net.route import Route
from aioclient._net.tcp import TcpDialer

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


class Held:
    """Answers when it is let go; counts the connections that it heard the end of."""

    def __init__(self, answer: bytes = OK) -> None:
        self.answer = answer
        self.let_go = asyncio.Event()
        self.asked = 0
        self.ended = 0

    async def __call__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                await head_of(reader)
                self.asked += 1
                await self.let_go.wait()
                writer.write(self.answer)
        finally:
            self.ended += 1


async def deaf(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Answer one request, and hear nothing any more."""
    await head_of(reader)
    writer.write(OK)
    await writer.drain()
    writer.transport.pause_reading()  # type: ignore[attr-defined]
    await asyncio.sleep(30)


# --- without waiting for requests ----------------------------------------------------------------


@asynchronous
async def test_100_tls_connections_are_closed_when_close_returns(
    server_tls: ssl.SSLContext, trusting: ssl.SSLContext
) -> None:
    held = Held()
    async with ScriptedServer(held, server_tls) as server:
        connector = TCPConnector(ssl=trusting, shutdown_timeout=5)
        async with ClientSession(connector=connector) as session:
            requests = [asyncio.ensure_future(session.get(server.url())) for _ in range(100)]
            await until(lambda: held.asked == 100)
            held.let_go.set()
            for response in await asyncio.gather(*requests):
                await response.read()
            stats = connector.stats()
            assert (stats.active, stats.idle) == (0, 100)
            began_at = time.monotonic()
        took_s = time.monotonic() - began_at
        stats = connector.stats()
        assert (stats.idle, stats.closed["connector_closed"]) == (0, 100)
        await until(lambda: held.ended == 100)
        assert took_s < 5, "it did not wait for a limit"


@asynchronous
async def test_the_server_hears_the_goodbye_of_tls(
    server_tls: ssl.SSLContext, trusting: ssl.SSLContext
) -> None:
    ends: list[object] = []

    async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await head_of(reader)
        writer.write(OK)
        try:
            # Without a goodbye, asyncio's TLS takes the end of the connection for an error.
            ends.append(await reader.read())
        except OSError as error:
            ends.append(error)

    async with ScriptedServer(handler, server_tls) as server:
        async with ClientSession(connector=TCPConnector(ssl=trusting)) as session:
            await (await session.get(server.url())).read()
        await until(lambda: ends)
    assert ends == [b""]


@pytest.mark.parametrize(("shutdown_s", "at_most_s"), [(0.1, 1.0), (0.0, 0.5)])
@asynchronous
async def test_a_server_without_a_goodbye_is_cut_off_after_the_limit(
    server_tls: ssl.SSLContext, trusting: ssl.SSLContext, shutdown_s: float, at_most_s: float
) -> None:
    async with ScriptedServer(deaf, server_tls) as server:
        connector = TCPConnector(ssl=trusting, shutdown_timeout=shutdown_s)
        session = ClientSession(connector=connector)
        await (await session.get(server.url())).read()
        began_at = time.monotonic()
        await session.close()
        took_s = time.monotonic() - began_at
        # uvloop counts whole milliseconds
        assert shutdown_s - 0.001 <= took_s < shutdown_s + at_most_s


class Cancelling:
    """Receives from a link; cancels the task that opens it as soon as that is done."""

    def __init__(self) -> None:
        self._task = asyncio.current_task()
        self.is_lost = False

    def link_made(self, link: TransportLink) -> None:
        assert self._task is not None
        self._task.cancel()

    def bytes_arrived(self, data: object) -> None: ...

    def eof_arrived(self) -> None: ...

    def link_lost(self, error: Exception | None) -> None:
        self.is_lost = True


@asynchronous
async def test_a_link_that_was_just_opened_is_cut_when_opening_it_is_cancelled(
    server_tls: ssl.SSLContext, trusting: ssl.SSLContext
) -> None:
    let_go = threading.Event()
    receivers: list[Cancelling] = []

    def shake_hands_and_read_no_more(listener: socket.socket) -> None:
        sock, _ = listener.accept()
        # It may be cut before the last of the handshake was sent.
        with contextlib.suppress(OSError), server_tls.wrap_socket(sock, server_side=True):
            let_go.wait(10)

    async def opens(port: int) -> None:
        receivers.append(Cancelling())
        await open_link(
            partial(open_socket_link, TcpDialer(DnsCache(DefaultResolver())).connect),
            Route("127.0.0.1", port, True, trusting),
            receivers[0],
            asyncio.get_running_loop(),
            ClientTimeout(),
            TlsPolicy(shutdown_s=30),
        )

    with socket.create_server(("127.0.0.1", 0)) as listener:
        serving = asyncio.create_task(asyncio.to_thread(shake_hands_and_read_no_more, listener))
        with pytest.raises(asyncio.CancelledError):
            await asyncio.create_task(opens(listener.getsockname()[1]))
        await until(lambda: receivers[0].is_lost)  # at once, and not after the goodbye's time
        let_go.set()
        await serving


@asynchronous
async def test_abort_ssl_says_no_goodbye(
    server_tls: ssl.SSLContext, trusting: ssl.SSLContext
) -> None:
    async with ScriptedServer(deaf, server_tls) as server:
        connector = TCPConnector(ssl=trusting, shutdown_timeout=20)
        async with ClientSession(connector=connector, connector_owner=False) as session:
            await (await session.get(server.url())).read()
            await asyncio.wait_for(connector.close(abort_ssl=True), 5)


@asynchronous
async def test_an_idle_connection_that_expires_is_cut_off_as_well(
    server_tls: ssl.SSLContext, trusting: ssl.SSLContext
) -> None:
    async with ScriptedServer(deaf, server_tls) as server:
        connector = TCPConnector(ssl=trusting, keepalive_timeout=0.01, shutdown_timeout=0.05)
        async with ClientSession(connector=connector) as session:
            response = await session.get(server.url())
            await response.read()
            transport = response.connection.transport
            await until(lambda: connector.stats().closed["idle_too_long"] == 1)
            assert transport is None or transport.is_closing()


@asynchronous
async def test_a_request_under_way_is_told_that_the_session_was_closed() -> None:
    held = Held()
    async with ScriptedServer(held) as server:
        session = ClientSession()
        request = await started(session.get(server.url()))
        await until(lambda: held.asked == 1)
        await session.close()
        with pytest.raises(ClientConnectionError, match="session or its connector was closed"):
            await request


@asynchronous
async def test_closing_twice_and_at_the_same_time_does_no_harm() -> None:
    held = Held()
    async with ScriptedServer(held) as server:
        session = ClientSession()
        request = await started(session.get(server.url()))
        await until(lambda: held.asked == 1)
        await asyncio.gather(session.close(), session.close(), session.close())
        await session.close()
        with pytest.raises(ClientConnectionError):
            await request


@asynchronous
async def test_closing_ends_connecting_and_waiting() -> None:
    async with ScriptedServer(silent) as server:
        url = server.url().replace("http:", "https:")  # and waits for a handshake
        session = ClientSession(connector=TCPConnector(limit=2, ssl=False))
        requests = [await started(session.get(url)) for _ in range(4)]
        await until(lambda: server.accepted == 2)
        await session.close()
        for request in requests:
            with pytest.raises(ClientConnectionError, match="closed"):
                await request


@asynchronous
async def test_sessions_that_share_a_connector_leave_it_open() -> None:
    async with Origin() as origin, TCPConnector() as connector:
        for _ in range(3):
            async with ClientSession(connector=connector, connector_owner=False) as session:
                await (await session.get(origin.url("/json"))).read()
        assert not connector.closed
        assert connector.stats().created == 1
        assert connector.stats().reused == 2
    assert connector.closed


@asynchronous
async def test_with_is_deprecated_and_cuts_the_connections() -> None:
    async with Origin() as origin:
        connector = TCPConnector()
        with pytest.warns(DeprecationWarning, match="async with"):
            connector.__enter__()
        with contextlib.ExitStack() as stack:
            stack.push(connector.__exit__)
            async with ClientSession(connector=connector, connector_owner=False) as session:
                response = await session.get(origin.url("/json"))
                await response.read()
        assert connector.closed
        assert connector.stats().closed["connector_closed"] == 1
        await connector.close()


# --- draining ------------------------------------------------------------------------------------


def test_a_program_that_closes_its_session_may_end_at_once(
    authority: trustme.CA, server_tls: ssl.SSLContext, tmp_path: Path
) -> None:
    async def main() -> None:
        async with Origin(server_tls) as origin:
            authority.cert_pem.write_to_path(str(tmp_path / "authority.pem"))
            process = await asyncio.create_subprocess_exec(
                sys.executable,
                *("-X", "dev", "-W", "error"),
                Path(__file__).parent.parent / "isolated" / "closing_without_sleep.py",
                str(origin.port),
                tmp_path / "authority.pem",
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
            )
            output, errors = await process.communicate()
            assert (process.returncode, output.split(), errors) == (0, [b"100"], b"")

    asyncio.run(main())


async def answer_of(response: ClientResponse) -> bytes:
    async with response:
        return await response.read()


@asynchronous
async def test_drain_lets_requests_under_way_end() -> None:
    held = Held()
    async with ScriptedServer(held) as server:
        session = ClientSession()
        request = await started(session.get(server.url()))
        await until(lambda: held.asked == 1)
        closing = await started(session.close(drain=5))
        assert not closing.done()
        held.let_go.set()
        assert await answer_of(await request) == b"ok"
        await closing


@asynchronous
async def test_drain_waits_for_bodies_that_are_still_read() -> None:
    async with Origin() as origin:
        connector = TCPConnector()
        session = ClientSession(connector=connector)
        response = await session.get(origin.url("/bytes/5000000"))
        closing = await started(session.close(drain=5))
        assert not closing.done()
        assert len(await response.read()) == 5_000_000
        await closing
        assert connector.stats().closed["broken_off"] == 0


@asynchronous
async def test_drain_serves_those_who_wait_for_a_connection() -> None:
    held = Held()
    async with ScriptedServer(held) as server:
        session = ClientSession(connector=TCPConnector(limit=1))
        requests = [await started(session.get(server.url())) for _ in range(3)]
        await until(lambda: held.asked == 1)
        closing = await started(session.close(drain=5))
        held.let_go.set()
        for request in requests:
            assert await answer_of(await request) == b"ok"
        await closing


@asynchronous
async def test_drain_follows_redirects_to_their_end() -> None:
    held = Held()
    async with ScriptedServer(held) as server:
        target = server.url("/there", host="localhost").encode()  # on another route
        moved = Held(
            b"HTTP/1.1 302 Found\r\nContent-Length: 0\r\nLocation: " + target + b"\r\n\r\n"
        )
        async with ScriptedServer(moved) as first:
            session = ClientSession()
            request = await started(session.get(first.url()))
            await until(lambda: moved.asked == 1)
            closing = await started(session.close(drain=5))
            moved.let_go.set()
            await until(lambda: held.asked == 1)
            assert not closing.done()
            held.let_go.set()
            assert await answer_of(await request) == b"ok"
            await closing


@asynchronous
async def test_new_requests_are_refused_while_others_are_drained() -> None:
    held = Held()
    async with ScriptedServer(held) as server, TCPConnector() as connector:
        first = ClientSession(connector=connector)
        second = ClientSession(connector=connector, connector_owner=False)
        request = await started(first.get(server.url()))
        await until(lambda: held.asked == 1)
        closing = await started(first.close(drain=5))
        with pytest.raises(RuntimeError, match="session is closed"):
            await first.get(server.url())
        with pytest.raises(ClientConnectionError, match="connector is closed"):
            await second.get(server.url())
        held.let_go.set()
        assert await answer_of(await request) == b"ok"
        await closing
        await second.close()


@asynchronous
async def test_what_is_not_drained_in_time_is_broken_off() -> None:
    held = Held()
    async with ScriptedServer(held) as server:
        session = ClientSession()
        request = await started(session.get(server.url()))
        await until(lambda: held.asked == 1)
        began_at = time.monotonic()
        await session.close(drain=0.1)
        assert 0.09 < time.monotonic() - began_at < 2
        with pytest.raises(ClientConnectionError, match="session or its connector was closed"):
            await request


@asynchronous
async def test_with_nothing_to_drain_close_returns_at_once() -> None:
    async with Origin() as origin:
        session = ClientSession()
        await (await session.get(origin.url("/json"))).read()
        await asyncio.wait_for(session.close(drain=60), 2)


@asynchronous
async def test_a_second_close_cuts_draining_short() -> None:
    held = Held()
    async with ScriptedServer(held) as server:
        connector = TCPConnector()
        session = ClientSession(connector=connector, connector_owner=False)
        request = await started(session.get(server.url()))
        await until(lambda: held.asked == 1)
        draining = await started(connector.close(drain=60))
        await connector.close()
        await asyncio.wait_for(draining, 2)
        with pytest.raises(ClientConnectionError):
            await request
        await session.close()


@asynchronous
async def test_two_who_drain_both_return_when_the_last_request_ends() -> None:
    held = Held()
    async with ScriptedServer(held) as server:
        connector = TCPConnector()
        session = ClientSession(connector=connector, connector_owner=False)
        request = await started(session.get(server.url()))
        await until(lambda: held.asked == 1)
        draining = [await started(connector.close(drain=60)) for _ in range(2)]
        held.let_go.set()
        assert await answer_of(await request) == b"ok"
        await asyncio.wait_for(asyncio.gather(*draining), 5)
        await session.close()


@asynchronous
async def test_of_two_who_drain_the_less_patient_counts() -> None:
    held = Held()
    async with ScriptedServer(held) as server:
        connector = TCPConnector()
        session = ClientSession(connector=connector, connector_owner=False)
        request = await started(session.get(server.url()))
        await until(lambda: held.asked == 1)
        patient = await started(connector.close(drain=60))
        await connector.close(drain=0.05)
        with pytest.raises(ClientConnectionError):
            await request
        await asyncio.wait_for(patient, 5)
        await session.close()


@asynchronous
async def test_cancelling_close_while_it_drains_cuts_everything() -> None:
    held = Held()
    async with ScriptedServer(held) as server:
        session = ClientSession()
        request = await started(session.get(server.url()))
        await until(lambda: held.asked == 1)
        await cancelled(await started(session.close(drain=60)))
        with pytest.raises(ClientConnectionError):
            await request
        held.let_go.set()
        await until(lambda: held.ended == 1)
        await session.close()


@asynchronous
async def test_time_limits_hold_while_draining() -> None:
    async with ScriptedServer(silent) as server:
        session = ClientSession(timeout=ClientTimeout(total=0.1))
        request = await started(session.get(server.url()))
        await until(lambda: server.open == 1)
        await asyncio.wait_for(session.close(drain=60), 5)
        with pytest.raises(TimeoutError, match="total limit"):
            await request


@asynchronous
async def test_the_total_limit_holds_behind_a_redirect_when_the_session_was_closed() -> None:
    async with ScriptedServer(silent) as second, TCPConnector() as connector:
        moved = Held(
            b"HTTP/1.1 302 Found\r\nContent-Length: 0\r\nLocation: "
            + second.url().encode()
            + b"\r\n\r\n"
        )
        async with ScriptedServer(moved) as first:
            limits = ClientTimeout(total=0.3)
            session = ClientSession(connector=connector, connector_owner=False, timeout=limits)
            request = await started(session.get(first.url()))
            await until(lambda: moved.asked == 1)
            await session.close()
            moved.let_go.set()
            with pytest.raises(TotalTimeoutError):
                await asyncio.wait_for(request, 5)


@asynchronous
async def test_the_connect_limit_of_one_that_waited_holds_while_draining() -> None:
    held = Held()
    async with ScriptedServer(held) as server, ScriptedServer(silent) as other:
        connector = TCPConnector(limit=1)
        session = ClientSession(connector=connector, timeout=ClientTimeout(sock_connect=0.1))
        request = await started(session.get(server.url()))
        await until(lambda: held.asked == 1)
        waiting = await started(session.get(f"https://127.0.0.1:{other.port}/"))
        closing = await started(session.close(drain=60))
        held.let_go.set()
        assert await answer_of(await request) == b"ok"
        with pytest.raises(ConnectionTimeoutError, match="sock_connect limit"):
            await asyncio.wait_for(waiting, 5)
        await closing


@asynchronous
async def test_drain_lets_uploads_end() -> None:
    may_end = asyncio.Event()

    async def body() -> AsyncIterator[bytes]:
        yield b"1"
        await may_end.wait()
        yield b"2"

    async with Origin() as origin:
        session = ClientSession()
        request = await started(session.post(origin.url("/echo"), data=body()))
        await until(lambda: origin.accepted == 1)
        closing = await started(session.close(drain=5))
        may_end.set()
        answer = await (await request).json()
        assert answer["body"] == "12"
        await closing


# --- other loops and threads ---------------------------------------------------------------------


def run_in_thread(main: object) -> None:
    """Run a coroutine function in a thread's own loop."""
    failures: list[BaseException] = []

    def thread_main() -> None:
        try:
            with asyncio.Runner(loop_factory=WatchedLoop) as runner:
                runner.run(main())  # type: ignore[operator]
        except BaseException as error:
            failures.append(error)

    thread = threading.Thread(target=thread_main)
    thread.start()
    thread.join(20)
    assert not thread.is_alive()
    if failures:
        raise failures[0]


@asynchronous
async def test_another_thread_is_told_that_the_session_is_not_for_it() -> None:
    async with Origin() as origin, ClientSession() as session:
        await (await session.get(origin.url("/json"))).read()

        async def other() -> None:
            with pytest.raises(RuntimeError, match="two event loops"):
                await session.get(origin.url("/json"))
            with pytest.raises(RuntimeError, match="closed in the event loop"):
                await session.connector.close()  # type: ignore[union-attr]

        await asyncio.to_thread(run_in_thread, other)
        assert (await session.get(origin.url("/json"))).status == 200
