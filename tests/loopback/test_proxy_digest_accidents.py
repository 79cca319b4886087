"""What goes wrong while a proxy that asks for Digest is answered: nothing is left of it."""

import asyncio
import ssl
import sys
from collections.abc import AsyncIterator
from typing import Any

import pytest
from digest_proxy import DigestProxy
from digest_site import LOGIN
from pages import page
from running import asynchronous, cancelled, settled, started, until
from scripted import ScriptedServer, head_of, silent
from tls_site import TlsSite

from aioclient import (
    ClientHttpProxyError,
    ClientOSError,
    ClientProxyConnectionError,
    ClientSession,
    ClientTimeout,
    ClientTimeoutError,
    ConnectionTimeoutError,
    ProxyDigestAuth,
    ServerDisconnectedError,
    TotalTimeoutError,
)

CHALLENGE = 'Digest realm="r", nonce="n{}", qop="auth", algorithm=SHA-256'
URLS = pytest.mark.parametrize("url", ["http://a.example/", "https://a.example/"])
#: Before an accident happens, so many requests are answered with a challenge.
ANSWERS = pytest.mark.parametrize("answers", [0, 1])


class Stubborn(ScriptedServer):
    """A proxy that asks for Digest so often, and then does something else on each connection."""

    def __init__(self, answers: int, then: str, closes: bool = False) -> None:
        super().__init__(self._play)
        self._answers = answers
        self._then = then
        self._closes = closes
        self.heads: list[bytes] = []

    async def _play(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            self.heads.append(await head_of(reader))
            if len(self.heads) > self._answers:
                if self._then == "is silent":
                    await silent(reader, writer)
                elif self._then == "resets":
                    writer.transport.abort()
                return
            fields = [f"Proxy-Authenticate: {CHALLENGE.format(len(self.heads))}"]
            writer.write(page(b"", *fields, *["Connection: close"] * self._closes, status="407 X"))
            if self._closes:
                return


def through(proxy: ScriptedServer, **options: Any) -> ClientSession:
    return ClientSession(proxy=proxy.url(), proxy_auth=ProxyDigestAuth(*LOGIN), **options)


# --- cancellation and limits ---------------------------------------------------------------------


@URLS
@ANSWERS
@asynchronous
async def test_it_can_be_cancelled_while_an_answer_is_waited_for(url: str, answers: int) -> None:
    async with Stubborn(answers, "is silent") as proxy, through(proxy) as session:
        task = await started(session.get(url))
        await until(lambda: len(proxy.heads) > answers)
        assert (b"\r\nProxy-Authorization: Digest " in proxy.heads[-1]) == bool(answers)
        await cancelled(task)
        await until(lambda: not proxy.open)


@pytest.mark.parametrize("is_tls", [False, True], ids=["http proxy", "https proxy"])
@pytest.mark.parametrize("way", ["http", "https"])
@asynchronous
async def test_it_can_be_cancelled_at_any_moment(
    way: str, is_tls: bool, server_tls: ssl.SSLContext, trusting: ssl.SSLContext
) -> None:
    turns, is_over = 1, False
    async with (
        TlsSite(server_tls) as site,
        DigestProxy(uses=1, ssl_context=server_tls if is_tls else None) as proxy,
    ):
        url = site.url() if way == "https" else "http://a.example/"
        while not is_over:
            async with through(proxy, ssl=trusting, proxy_ssl=trusting) as session:
                task = await started(session.get(url), turns)
                task.cancel()
                (outcome,) = await asyncio.gather(task, return_exceptions=True)
                is_over = not isinstance(outcome, BaseException)
                assert is_over or isinstance(outcome, asyncio.CancelledError)
                async with session.get(url) as response:
                    assert response.status == 200
            await settled()
            # Where a turn waits for nothing, as under Wine, one request takes thousands of them.
            turns += 1 if sys.platform != "win32" else 1 + turns // 3
        assert turns > 5
        await until(lambda: not proxy.open)


@ANSWERS
@pytest.mark.parametrize(
    ("url", "limit", "error"),
    [
        ("http://a.example/", "total", TotalTimeoutError),
        ("https://a.example/", "total", TotalTimeoutError),
        ("https://a.example/", "connect", ConnectionTimeoutError),
        ("https://a.example/", "sock_connect", ConnectionTimeoutError),
    ],
)
@asynchronous
async def test_limits_count_all_that_a_proxy_asks(
    url: str, answers: int, limit: str, error: type[ClientTimeoutError]
) -> None:
    timeout = ClientTimeout(**{"total": None, limit: 0.1})
    async with Stubborn(answers, "is silent") as proxy, through(proxy) as session:
        with pytest.raises(error):
            await session.get(url, timeout=timeout)
        assert len(proxy.heads) == answers + 1
        await until(lambda: not proxy.open)


# --- the end of the connection -------------------------------------------------------------------


@ANSWERS
@pytest.mark.parametrize("then", ["closes", "resets"])
@pytest.mark.parametrize("closes", [True, False])
@asynchronous
async def test_a_proxy_that_hangs_up_instead_of_a_tunnel_is_an_error(
    answers: int, then: str, closes: bool
) -> None:
    async with Stubborn(answers, then, closes) as proxy, through(proxy) as session:
        with pytest.raises(ClientProxyConnectionError):
            await session.get("https://a.example/")
        assert len(proxy.heads) == answers + 1


@asynchronous
async def test_a_proxy_that_is_gone_before_the_second_try_is_an_error() -> None:
    async def asks_once(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await head_of(reader)
        proxy.stop_listening()
        writer.write(page(b"", f"Proxy-Authenticate: {CHALLENGE}", status="407 X"))

    class Once(ScriptedServer):
        def stop_listening(self) -> None:
            self._server.close()

    proxy = Once(asks_once)
    async with proxy, through(proxy) as session:
        with pytest.raises(ClientProxyConnectionError):
            await session.get("https://a.example/")
        assert proxy.accepted == 1


@asynchronous
async def test_a_refusal_that_breaks_off_is_answered_all_the_same() -> None:
    answers = [
        b"HTTP/1.1 407 X\r\nContent-Length: 9\r\nProxy-Authenticate: ",
        b"HTTP/1.1 403 X\r\n\r\n",
    ]

    async def breaks_off(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heads.append(await head_of(reader))
        is_first = len(heads) == 1
        writer.write(answers[0] + CHALLENGE.encode() + b"\r\n\r\n12" if is_first else answers[1])

    heads: list[bytes] = []
    async with ScriptedServer(breaks_off) as proxy, through(proxy) as session:
        with pytest.raises(ClientHttpProxyError) as caught:
            await session.get("https://a.example/")
        assert (caught.value.status, len(heads)) == (403, 2)


@asynchronous
async def test_a_proxy_that_closes_after_each_challenge_is_answered_on_another_connection() -> None:
    async with Stubborn(2, "closes", closes=True) as proxy, through(proxy) as session:
        async with session.get("http://a.example/") as response:
            assert response.status == 407
        assert proxy.accepted == 2
        assert b"Proxy-Authorization: Digest" in proxy.heads[1]


@asynchronous
async def test_a_streamed_body_that_was_refused_before_it_left_is_sent() -> None:
    async def refusing(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if b"Proxy-Authorization" not in await head_of(reader):
            fields = [f"Proxy-Authenticate: {CHALLENGE}", "Connection: close"]
            writer.write(page(b"", *fields, status="407 X"))
            return
        writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        writer.write(page(await reader.readuntil(b"0\r\n\r\n")))

    async def pieces() -> AsyncIterator[bytes]:
        yield b"stream"

    async with (
        ScriptedServer(refusing) as proxy,
        through(proxy) as session,
        session.post("http://a.example/", data=pieces(), expect100=True) as response,
    ):
        assert response.status == 200
        assert b"stream" in await response.read()


@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize("then", ["closes", "resets"])
@asynchronous
async def test_a_proxy_that_hangs_up_on_every_answer_is_not_asked_for_ever(
    method: str, then: str
) -> None:
    async def hangs_up(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            heads.append(await head_of(reader))
            if b"Proxy-Authorization" in heads[-1]:
                if then == "resets":
                    writer.transport.abort()
                return
            challenge = CHALLENGE.format(len(heads))
            writer.write(page(b"", f"Proxy-Authenticate: {challenge}", status="407 X"))

    heads: list[bytes] = []
    async with ScriptedServer(hangs_up) as proxy, through(proxy) as session:
        with pytest.raises((ServerDisconnectedError, ClientOSError)):
            await session.request(method, "http://a.example/", data=b"body")
        # A GET is sent again if a kept connection was closed, once, on new ones.
        assert len(heads) == (4 if method == "GET" else 2)
        found = [head for head in heads if b"Proxy-Authorization" in head]
        assert len(set(found)) == len(found)
