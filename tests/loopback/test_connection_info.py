"""What a response knows of its connection, over real sockets."""

import asyncio
import ssl

import trustme
from running import asynchronous, until
from scripted import ScriptedServer, answers, head_of

from aioclient import ClientSession, ConnectionInfo

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
HALF = b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhello"


async def ok(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while await head_of(reader):
        writer.write(OK)


async def moves_once(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await head_of(reader)
    writer.write(b"HTTP/1.1 302 Found\r\nLocation: /next\r\nContent-Length: 0\r\n\r\n")
    await ok(reader, writer)


@asynchronous
async def test_a_plain_connection() -> None:
    async with ScriptedServer(ok) as server, ClientSession() as session:
        connection = (await session.get(server.url())).connection
        assert isinstance(connection, ConnectionInfo)
        assert connection.peername == ("127.0.0.1", server.port)
        assert connection.sockname is not None
        assert connection.sockname[0] == "127.0.0.1"
        assert connection.sockname != connection.peername
        assert not connection.is_tls
        assert connection.tls_version is None
        assert connection.cipher is None
        assert connection.alpn_protocol is None
        assert connection.peer_certificate is None
        assert repr(connection) == f"<ConnectionInfo to ('127.0.0.1', {server.port})>"


@asynchronous
async def test_a_connection_has_a_number_of_its_own(
    server_tls: ssl.SSLContext, trusting: ssl.SSLContext
) -> None:
    async with (
        ScriptedServer(ok) as plain,
        ScriptedServer(ok, server_tls) as secure,
        ClientSession() as session,
    ):
        numbers = []
        for server in (plain, plain, secure, secure):
            response = await session.get(server.url(), ssl=trusting)
            await response.read()
            numbers.append(response.connection.id)
        assert numbers[0] == numbers[1] > 0
        assert numbers[2] == numbers[3] > numbers[0]


@asynchronous
async def test_a_connection_with_tls(server_tls: ssl.SSLContext, trusting: ssl.SSLContext) -> None:
    async with ScriptedServer(ok, server_tls) as server, ClientSession() as session:
        connection = (await session.get(server.url(), ssl=trusting)).connection
        assert connection.peername == ("127.0.0.1", server.port)
        assert connection.is_tls
        assert connection.tls_version == "TLSv1.3"
        assert connection.cipher is not None
        assert connection.cipher.startswith("TLS_")
        assert connection.alpn_protocol is None
        assert connection.peer_certificate is not None
        assert ("DNS", "localhost") in connection.peer_certificate["subjectAltName"]  # type: ignore[operator]
        assert "TLSv1.3" in repr(connection)


@asynchronous
async def test_a_certificate_that_is_not_verified_is_not_shown(server_tls: ssl.SSLContext) -> None:
    async with ScriptedServer(ok, server_tls) as server, ClientSession() as session:
        connection = (await session.get(server.url(), ssl=False)).connection
        assert connection.is_tls
        assert not connection.peer_certificate


@asynchronous
async def test_the_protocol_that_was_agreed_on(authority: trustme.CA) -> None:
    offers = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert("127.0.0.1").configure_cert(offers)
    offers.set_alpn_protocols(["http/1.1"])
    wants = ssl.create_default_context()
    authority.configure_trust(wants)
    wants.set_alpn_protocols(["http/1.1"])
    async with ScriptedServer(ok, offers) as server, ClientSession() as session:
        connection = (await session.get(server.url(), ssl=wants)).connection
        assert connection.alpn_protocol == "http/1.1"


@asynchronous
async def test_whether_it_was_used_before() -> None:
    async with ScriptedServer(ok) as server, ClientSession() as session:
        told = [(await session.get(server.url())).connection for _ in range(3)]
        assert [connection.is_reused for connection in told] == [False, True, True]
        assert len({connection.sockname for connection in told}) == 1
        assert "reused" in repr(told[1])


@asynchronous
async def test_a_redirect_and_its_answer_know_theirs() -> None:
    async with ScriptedServer(ok) as target:

        async def moves(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await head_of(reader)
            location = target.url("/next").encode()
            writer.write(b"HTTP/1.1 302 Found\r\nLocation: %s\r\n" % location)
            writer.write(b"Content-Length: 0\r\n\r\n")

        async with ScriptedServer(moves) as server, ClientSession() as session:
            response = await session.get(server.url())
            assert response.connection.peername == ("127.0.0.1", target.port)
            assert response.history[0].connection.peername == ("127.0.0.1", server.port)
            assert not response.connection.is_reused

    async with ScriptedServer(moves_once) as server, ClientSession() as session:
        response = await session.get(server.url())
        assert not response.history[0].connection.is_reused
        assert response.connection.is_reused


@asynchronous
async def test_it_is_known_when_the_connection_is_gone() -> None:
    async with ScriptedServer(answers(HALF, stays_open=True)) as server:
        async with ClientSession() as session:
            response = await session.get(server.url())
            transport = response.connection.transport
            assert transport is not None
            assert transport.get_extra_info("peername") == ("127.0.0.1", server.port)
            response.close()
        await until(lambda: server.open == 0)
        assert response.connection.transport is None
        assert response.connection.peername == ("127.0.0.1", server.port)


@asynchronous
async def test_a_request_that_was_sent_again_came_on_a_new_connection() -> None:
    turns = 0

    async def leaves(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal turns
        turns += 1
        await head_of(reader)
        writer.write(OK)
        if turns == 1:
            await head_of(reader)
            return
        await ok(reader, writer)

    async with ScriptedServer(leaves) as server, ClientSession() as session:
        await session.get(server.url())
        response = await session.get(server.url())
        assert response.attempts == 2
        assert not response.connection.is_reused
