"""TLS sessions resumed on new connections, as the server sees it."""

import asyncio
import ssl

import pytest
from running import asynchronous, until
from scripted import ScriptedServer, head_of

from aioclient import ClientSession, Fingerprint, ServerFingerprintMismatch, TCPConnector

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


class Resumed:
    """Answers requests, and notes of each connection whether its session was resumed."""

    def __init__(self) -> None:
        self.seen: list[bool] = []

    async def __call__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.seen.append(writer.get_extra_info("ssl_object").session_reused)
        while True:
            await head_of(reader)
            writer.write(OK)


@pytest.fixture(params=[ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3], ids=["1.2", "1.3"])
def trusting_one(request: pytest.FixtureRequest, trusting: ssl.SSLContext) -> ssl.SSLContext:
    """For a client that trusts the private authority, and speaks one version."""
    context = ssl.create_default_context()
    context.load_verify_locations(cadata=b"".join(trusting.get_ca_certs(binary_form=True)))
    context.minimum_version = context.maximum_version = request.param
    return context


async def ask(session: ClientSession, url: str, **options: object) -> None:
    async with session.get(url, **options) as response:  # type: ignore[arg-type]
        assert await response.read() == b"ok"


@asynchronous
async def test_a_new_connection_resumes_the_session_of_one_before(
    server_tls: ssl.SSLContext, trusting_one: ssl.SSLContext
) -> None:
    handler = Resumed()
    connector = TCPConnector(ssl=trusting_one, force_close=True)
    async with (
        ScriptedServer(handler, server_tls) as server,
        ClientSession(connector=connector) as session,
    ):
        for _ in range(4):
            await ask(session, server.url())
    assert handler.seen == [False, True, True, True]


@asynchronous
async def test_nothing_is_resumed_if_that_is_said(
    server_tls: ssl.SSLContext, trusting_one: ssl.SSLContext
) -> None:
    handler = Resumed()
    connector = TCPConnector(ssl=trusting_one, force_close=True, tls_resumption=False)
    async with (
        ScriptedServer(handler, server_tls) as server,
        ClientSession(connector=connector) as session,
    ):
        for _ in range(2):
            await ask(session, server.url())
    assert handler.seen == [False, False]


@asynchronous
async def test_a_session_is_resumed_with_the_same_wishes_only(
    server_tls: ssl.SSLContext, trusting: ssl.SSLContext
) -> None:
    handler = Resumed()
    other = ssl.create_default_context()
    other.load_verify_locations(cadata=b"".join(trusting.get_ca_certs(binary_form=True)))
    connector = TCPConnector(ssl=trusting, force_close=True)
    async with (
        ScriptedServer(handler, server_tls) as server,
        ClientSession(connector=connector) as session,
    ):
        await ask(session, server.url())
        await ask(session, server.url(), ssl=False)
        await ask(session, server.url(), ssl=other)
        await ask(session, server.url(), server_hostname="localhost")
        assert handler.seen == [False] * 4
        await ask(session, server.url())
        assert handler.seen[4:] == [True]


@asynchronous
async def test_a_pin_is_compared_when_a_session_is_resumed(server_tls: ssl.SSLContext) -> None:
    handler = Resumed()
    async with ScriptedServer(handler, server_tls) as server:
        async with ClientSession() as session:
            with pytest.raises(ServerFingerprintMismatch) as raised:
                await session.get(server.url(), ssl=Fingerprint(bytes(32)))
        await until(lambda: handler.seen)
        handler.seen.clear()
        pin = Fingerprint(raised.value.got)
        connector = TCPConnector(ssl=pin, force_close=True)
        async with ClientSession(connector=connector) as session:
            for _ in range(2):
                await ask(session, server.url())
    assert handler.seen == [False, True]
