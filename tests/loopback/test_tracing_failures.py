"""What is told of requests that fail or are cancelled."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack
from types import MappingProxyType
from typing import Any, NamedTuple

import pytest
from fake_resolver import FakeResolver
from pages import OK, Pages, page
from recording_proxy import RecordingProxy
from running import asynchronous, cancelled, closed_port, settled, started, until
from scripted import Handler, ScriptedServer, answers, silent
from told import (
    ANSWERED,
    CREATED,
    GAVE_UP,
    HANDSHAKE,
    LOOKED_UP,
    NAME,
    READ,
    SENT,
    TRIED,
    Told,
    assert_healthy,
    session,
)

from aioclient import (
    ClientConnectorCertificateError,
    ClientConnectorDNSError,
    ClientConnectorError,
    ClientConnectorSSLError,
    ClientHttpProxyError,
    ClientPayloadError,
    ClientProxyConnectionError,
    ClientResponseError,
    ClientTimeout,
    NonHttpUrlRedirectClientError,
    ServerDisconnectedError,
    ServerProtocolError,
    SocketTimeoutError,
    TooManyRedirects,
    TotalTimeoutError,
)

START = CREATED[0]
END = "response_end"
FAILED = "request_exception"
BEGUN = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nab"
ASKED = ["request_start", *CREATED, SENT]


# --- errors of the request -----------------------------------------------------------------------


class Failure(NamedTuple):
    """What a server does, what is asked of it, and what comes of it."""

    handler: Handler
    error: type[Exception]
    told: list[str]
    options: Mapping[str, Any] = MappingProxyType({})
    host: str = "127.0.0.1"
    scheme: str = "http"


def stuck(*pieces: bytes) -> Handler:
    return answers(*pieces, stays_open=True)


async def without_tls(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.read(1)
    writer.write(OK)


FAILURES = {
    "name not found": Failure(
        silent,
        ClientConnectorDNSError,
        ["request_start", START, *LOOKED_UP[:2], *GAVE_UP],
        host="unknown.example",
    ),
    "not TLS": Failure(
        without_tls,
        ClientConnectorSSLError,
        ["request_start", START, HANDSHAKE[0], *GAVE_UP],
        scheme="https",
    ),
    "hangs up": Failure(answers(), ServerDisconnectedError, [*ASKED, *GAVE_UP]),
    "hangs up in the head": Failure(
        answers(b"HTTP/1.1 200"), ServerDisconnectedError, [*ASKED, *GAVE_UP]
    ),
    "not HTTP": Failure(answers(b"hello world\r\n"), ServerProtocolError, [*ASKED, *GAVE_UP]),
    "body breaks off": Failure(
        answers(BEGUN), ClientPayloadError, [*ASKED, *ANSWERED[:2], READ, END]
    ),
    "total limit before the head": Failure(
        stuck(), TotalTimeoutError, [*ASKED, *GAVE_UP], {"timeout": 0.03}
    ),
    "total limit in the body": Failure(
        stuck(BEGUN), TotalTimeoutError, [*ASKED, *ANSWERED[:2], READ, END], {"timeout": 0.03}
    ),
    "silence before the head": Failure(
        stuck(),
        SocketTimeoutError,
        [*ASKED, *GAVE_UP],
        {"timeout": ClientTimeout(sock_read=0.03)},
    ),
    "silence in the body": Failure(
        stuck(BEGUN),
        SocketTimeoutError,
        [*ASKED, *ANSWERED[:2], READ, END],
        {"timeout": ClientTimeout(sock_read=0.03)},
    ),
    "raise_for_status": Failure(
        answers(page(status="500 X")),
        ClientResponseError,
        [*ASKED, *GAVE_UP, END],
        {"raise_for_status": True},
    ),
    "redirect to nowhere": Failure(
        answers(page(b"", "Location: ftp://a.example/", status="302 X")),
        NonHttpUrlRedirectClientError,
        [*ASKED, *GAVE_UP, END],
    ),
}


@pytest.mark.parametrize("failure", FAILURES.values(), ids=FAILURES)
@asynchronous
async def test_an_error_is_told_when_it_is_raised(failure: Failure) -> None:
    told = Told()
    async with ScriptedServer(failure.handler) as server, session(told, limit=1) as client:
        url = server.url("/", failure.host).replace("http:", f"{failure.scheme}:")
        with pytest.raises(failure.error) as caught:
            async with client.get(url, **failure.options) as response:
                await response.read()
        assert type(caught.value) is failure.error
        assert told.names == failure.told
        exceptions = [params.exception for name, params in told.all if name in (FAILED, END)]
        assert caught.value in exceptions
        await assert_healthy(client)


@asynchronous
async def test_a_port_where_nobody_listens() -> None:
    told = Told()
    async with session(told, limit=1) as client:
        with pytest.raises(ClientConnectorError) as caught:
            await client.get(f"http://{NAME}:{closed_port()}/")
        assert told.names == ["request_start", START, *LOOKED_UP, *GAVE_UP]
        assert told.param(FAILED).exception is caught.value
        await assert_healthy(client)


@asynchronous
async def test_a_certificate_that_nobody_vouches_for(server_tls: ssl.SSLContext) -> None:
    told = Told()
    async with Pages(server_tls) as server, session(told, limit=1) as client:
        with pytest.raises(ClientConnectorCertificateError):
            await client.get(server.url())
        assert told.names == ["request_start", START, HANDSHAKE[0], *GAVE_UP]
        await assert_healthy(client)


@asynchronous
async def test_proxies_that_fail() -> None:
    told = Told()
    refusal = b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n"
    async with RecordingProxy(connect_answer=refusal) as proxy, session(told, limit=1) as client:
        with pytest.raises(ClientHttpProxyError):
            await client.get(f"https://{NAME}/", proxy=proxy.url())
        assert told.take() == ["request_start", START, *GAVE_UP]
        with pytest.raises(ClientProxyConnectionError):
            await client.get(f"https://{NAME}/", proxy=f"http://127.0.0.1:{closed_port()}/")
        assert told.take() == ["request_start", START, *GAVE_UP]
        await assert_healthy(client)


@asynchronous
async def test_too_many_redirects_are_told_up_to_the_last_that_is_followed() -> None:
    told = Told()
    async with Pages().redirect("a", "/a") as server, session(told, limit=1) as client:
        with pytest.raises(TooManyRedirects):
            await client.get(server.url("/a"), max_redirects=1)
        again = ["connection_reuseconn", SENT]
        assert told.names == [*ASKED, TRIED, "request_redirect", END, *again, *GAVE_UP, END]
        await assert_healthy(client)


@asynchronous
async def test_what_cannot_be_a_request_is_not_told() -> None:
    told = Told()
    async with session(told) as client:
        for url, headers in [("http://[a/", {}), ("http://a.example/", {"a\n": "b"})]:
            with pytest.raises(ValueError, match=r"Invalid|invalid"):
                await client.get(url, headers=headers)
    assert told.names == []


@asynchronous
async def test_the_error_of_a_middleware_is_told() -> None:
    async def failing(request: Any, handler: Any) -> Any:
        raise LookupError("no token")

    told = Told()
    async with session(told, middlewares=[failing]) as client:
        with pytest.raises(LookupError) as caught:
            await client.get("http://a.example/")
    assert told.names == ["request_start", FAILED]
    assert told.param(FAILED).exception is caught.value


# --- cancellation --------------------------------------------------------------------------------


class HangingResolver(FakeResolver):
    async def resolve(self, *args: Any, **options: Any) -> Any:
        await asyncio.Event().wait()


async def endless() -> AsyncIterator[bytes]:
    while True:
        yield b"x" * 65536


#: What hangs, until which event the request gets, and what is told of its cancellation.
PHASES: dict[str, tuple[dict[str, Any], str, str]] = {
    "queue": ({"holds": True}, "connection_queued_start", FAILED),
    "look-up": ({"resolver": HangingResolver({})}, "dns_resolvehost_start", FAILED),
    "tunnel": ({"scheme": "https", "is_proxy": True}, "connection_create_start", FAILED),
    "TLS": ({"scheme": "https"}, "tls_handshake_start", FAILED),
    "upload": ({"data": endless}, "request_chunk_sent", FAILED),
    "head": ({}, SENT, FAILED),
    "body": ({"handler": stuck(BEGUN)}, READ, END),
}


@pytest.mark.parametrize("phase", PHASES)
@asynchronous
async def test_a_cancelled_request_is_told_of_as_one_that_failed(phase: str) -> None:
    given, until_event, last = PHASES[phase]
    told = Told()
    options = {"resolver": given["resolver"]} if "resolver" in given else {}
    async with AsyncExitStack() as stack:
        server = await stack.enter_async_context(ScriptedServer(given.get("handler", silent)))
        client = await stack.enter_async_context(session(told, limit=1, **options))
        holder = None
        if given.get("holds"):
            other = await stack.enter_async_context(ScriptedServer(stuck(BEGUN)))
            holder = await client.get(other.url())
            told.take()

        async def ask() -> None:
            url = server.url("/", NAME).replace("http:", f"{given.get('scheme', 'http')}:")
            data = given["data"]() if "data" in given else None
            proxy = server.url() if given.get("is_proxy") else None
            async with client.post(url, data=data, proxy=proxy) as response:
                await response.read()

        task = await started(ask())
        await until(lambda: until_event in told.names)
        if given.get("is_proxy"):
            await until(lambda: server.accepted)
        await settled()
        await cancelled(task)
        await until(lambda: last in told.names)
        if holder is not None:
            holder.close()
        assert told.names.count(FAILED) == (last == FAILED)
        if last == FAILED:
            assert isinstance(told.param(FAILED).exception, asyncio.CancelledError)
        else:
            assert told.param(END).exception is not None
        await assert_healthy(client)
