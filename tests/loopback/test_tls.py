"""TLS over real sockets, with a private authority."""

import asyncio
import hashlib
import ssl
from typing import Any

import pytest
import trustme
from origin import FIXED_JSON, Origin, sample_sha256
from running import asynchronous, until
from scripted import ScriptedServer, head_of, silent

from aioclient import (
    ClientConnectorCertificateError,
    ClientConnectorError,
    ClientConnectorSSLError,
    ClientError,
    ClientSession,
    ClientSSLError,
    Fingerprint,
    ServerFingerprintMismatch,
    ServerProtocolError,
    TCPConnector,
)


@asynchronous
async def test_a_certificate_of_an_unknown_authority_is_refused(server_tls: ssl.SSLContext) -> None:
    async with Origin(server_tls) as origin, ClientSession() as session:
        with pytest.raises(ClientConnectorCertificateError) as caught:
            await session.get(origin.url("/json"))
        error = caught.value
        assert isinstance(error, ssl.CertificateError)
        assert isinstance(error, ClientSSLError)
        assert isinstance(error.certificate_error, ssl.SSLCertVerificationError)
        assert (error.host, error.port) == ("127.0.0.1", origin.port)
        assert str(error).startswith(f"certificate of 127.0.0.1:{origin.port} was not accepted: ")
        assert origin.served == 0


@pytest.mark.parametrize("where", ["request", "connector"])
@asynchronous
async def test_without_verification_any_certificate_will_do(
    where: str, wrong_name_tls: ssl.SSLContext
) -> None:
    connector = TCPConnector(ssl=where != "connector")
    async with Origin(wrong_name_tls) as origin, ClientSession(connector=connector) as session:
        for _ in range(2):
            response = await session.get(origin.url("/json"), ssl=where != "request")
            assert await response.json() == FIXED_JSON
        assert origin.accepted == 1


@pytest.mark.parametrize("where", ["request", "connector"])
@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
@asynchronous
async def test_a_context_that_trusts_the_authority_is_used(
    where: str, host: str, server_tls: ssl.SSLContext, trusting: ssl.SSLContext
) -> None:
    connector = TCPConnector(ssl=trusting if where == "connector" else True)
    async with Origin(server_tls) as origin, ClientSession(connector=connector) as session:
        for _ in range(2):
            wish = trusting if where == "request" else True
            response = await session.get(origin.url("/json", host=host), ssl=wish)
            assert await response.json() == FIXED_JSON
        assert origin.accepted == 1


@asynchronous
async def test_a_certificate_for_another_host_is_refused(
    wrong_name_tls: ssl.SSLContext, trusting: ssl.SSLContext
) -> None:
    async with Origin(wrong_name_tls) as origin, ClientSession() as session:
        for host in ("127.0.0.1", "localhost"):
            with pytest.raises(ClientConnectorCertificateError, match=r"mismatch|not valid for"):
                await session.get(origin.url("/json", host=host), ssl=trusting)


@asynchronous
async def test_an_unverified_connection_is_not_used_for_a_request_that_verifies(
    server_tls: ssl.SSLContext,
) -> None:
    async with Origin(server_tls) as origin, ClientSession() as session:
        assert (await session.get(origin.url("/json"), ssl=False)).status == 200
        with pytest.raises(ClientConnectorCertificateError):
            await session.get(origin.url("/json"))


@asynchronous
async def test_plain_http_to_a_port_of_tls_is_an_error_of_ours(server_tls: ssl.SSLContext) -> None:
    async with Origin(server_tls) as origin, ClientSession() as session:
        with pytest.raises(ClientError):
            await session.get(origin.url("/json").replace("https:", "http:"))


@asynchronous
async def test_tls_to_a_port_of_plain_http_is_a_tls_error() -> None:
    async def refuses(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(10)
        writer.write(b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n")
        await writer.drain()

    async with ScriptedServer(refuses) as server, ClientSession() as session:
        with pytest.raises(ClientConnectorSSLError, match=r"TLS handshake with 127\.0\.0\.1:"):
            await session.get(server.url().replace("http:", "https:"), ssl=False)


@asynchronous
async def test_a_server_that_hangs_up_in_the_handshake_is_a_connector_error() -> None:
    async def leaves(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(10)

    async with ScriptedServer(leaves) as server, ClientSession() as session:
        with pytest.raises(ClientConnectorError, match=r"127\.0\.0\.1"):
            await session.get(server.url().replace("http:", "https:"), ssl=False)


@asynchronous
async def test_a_banner_under_tls_is_a_protocol_error(
    server_tls: ssl.SSLContext, trusting: ssl.SSLContext
) -> None:
    async def banner(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 mail.example ESMTP\r\n")
        await writer.drain()
        await reader.read()

    async with ScriptedServer(banner, server_tls) as server, ClientSession() as session:
        for _ in range(3):
            with pytest.raises(ServerProtocolError, match="220 mail"):
                await session.get(server.url(), ssl=trusting)


@asynchronous
async def test_a_large_body_arrives_over_tls(
    server_tls: ssl.SSLContext, trusting: ssl.SSLContext
) -> None:
    async with Origin(server_tls) as origin, ClientSession() as session:
        for path in ("/bytes/3000000", "/chunked/3000000"):
            response = await session.get(origin.url(path), ssl=trusting)
            digest = hashlib.sha256()
            async for piece in response.content.iter_any():
                digest.update(piece)
            assert digest.hexdigest() == sample_sha256(3_000_000)
        response = await session.post(origin.url("/echo"), data=b"x" * 1_000_000, ssl=trusting)
        assert (await response.json())["body"] == "x" * 1_000_000
        assert origin.accepted == 1


@asynchronous
async def test_a_slow_reader_slows_a_server_over_tls(
    server_tls: ssl.SSLContext, trusting: ssl.SSLContext
) -> None:
    async with (
        Origin(server_tls) as origin,
        ClientSession() as session,
        session.get(origin.url("/bytes/20000000"), ssl=trusting) as response,
    ):
        await asyncio.sleep(0.2)
        assert response.content.total_bytes < 2_000_000
        assert len(await response.content.read(1000)) == 1000


@asynchronous
async def test_a_large_body_that_is_released_over_tls_gives_its_slot_back(
    server_tls: ssl.SSLContext, trusting: ssl.SSLContext
) -> None:
    async with (
        Origin(server_tls) as origin,
        ClientSession(connector=TCPConnector(ssl=trusting, limit=1)) as session,
    ):
        for wait_s in (0.0, 0.05):
            response = await session.get(origin.url("/bytes/20000000"))
            await asyncio.sleep(wait_s)
            waiting = asyncio.ensure_future(session.get(origin.url("/json")))
            await asyncio.sleep(0)
            response.release()
            assert (await asyncio.wait_for(waiting, 2)).status == 200


@asynchronous
async def test_surplus_bytes_over_tls_do_not_spoil_the_response(
    server_tls: ssl.SSLContext, trusting: ssl.SSLContext
) -> None:
    async def talks(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await head_of(reader)
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
        for _ in range(20):
            writer.write(b"surplus " * 50_000)
        await writer.drain()
        await reader.read()

    async with (
        ScriptedServer(talks, server_tls) as server,
        ClientSession(connector=TCPConnector(ssl=trusting, limit=1)) as session,
    ):
        for _ in range(5):
            response = await asyncio.wait_for(session.get(server.url()), 2)
            assert await response.text() == "ok"


@asynchronous
async def test_many_requests_at_once_over_tls(
    server_tls: ssl.SSLContext, trusting: ssl.SSLContext
) -> None:
    async with Origin(server_tls) as origin:
        async with ClientSession(connector=TCPConnector(ssl=trusting, limit=8)) as session:

            async def one(number: int) -> None:
                response = await session.get(origin.url(f"/echo?id={number}"))
                assert (await response.json())["query"] == f"id={number}"

            await asyncio.gather(*(one(number) for number in range(100)))
        assert origin.accepted == 8


@asynchronous
async def test_a_server_that_says_no_goodbye_does_not_hold_up_close(
    server_tls: ssl.SSLContext, trusting: ssl.SSLContext
) -> None:
    async def deaf(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await head_of(reader)
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
        await writer.drain()
        writer.transport.pause_reading()  # type: ignore[attr-defined]
        await asyncio.sleep(30)

    async with ScriptedServer(deaf, server_tls) as server:
        session = ClientSession()
        await session.get(server.url(), ssl=trusting)
        await asyncio.wait_for(session.close(), 4)


@asynchronous
async def test_closing_the_session_in_the_handshake_ends_it() -> None:
    async with ScriptedServer(silent) as server:
        session = ClientSession()
        url = server.url().replace("http:", "https:")
        request = asyncio.ensure_future(session.get(url, ssl=False))
        await until(lambda: server.open == 1)
        await session.close()
        with pytest.raises(ClientError, match="closed"):
            await request


@asynchronous
async def test_a_request_s_wish_comes_before_the_session_s_and_that_before_the_connector_s(
    server_tls: ssl.SSLContext, trusting: ssl.SSLContext
) -> None:
    async with Origin(server_tls) as origin, TCPConnector(ssl=trusting) as connector:
        url = origin.url("/json")
        strict = ssl.create_default_context()  # which does not know the authority
        async with ClientSession(connector=connector, connector_owner=False) as session:
            assert (await session.get(url)).status == 200
        async with ClientSession(connector=connector, connector_owner=False, ssl=strict) as session:
            with pytest.raises(ClientConnectorCertificateError):
                await session.get(url)
            with pytest.raises(ClientConnectorCertificateError):
                await session.get(url, server_hostname="localhost")
            assert (await session.get(url, ssl=trusting)).status == 200
        async with ClientSession(connector=connector, connector_owner=False, ssl=False) as session:
            assert (await session.get(url)).status == 200
            with pytest.raises(ClientConnectorCertificateError):
                await session.get(url, ssl=strict)


@pytest.mark.parametrize("wish", [None, "yes", 1])
def test_a_session_s_wish_is_checked(wish: Any) -> None:
    with pytest.raises(TypeError, match="ssl must be"):
        ClientSession(ssl=wish)


@asynchronous
async def test_any_of_several_fingerprints_will_do(server_tls: ssl.SSLContext) -> None:
    async with Origin(server_tls) as origin, ClientSession() as session:
        with pytest.raises(ServerFingerprintMismatch) as raised:
            await session.get(origin.url("/json"), ssl=Fingerprint(b"1" * 32, b"2" * 32))
        got = raised.value.got
        assert raised.value.expected == b"1" * 32
        assert f"expected {'31' * 32} or {'32' * 32}" in str(raised.value)
        response = await session.get(origin.url("/json"), ssl=Fingerprint(b"1" * 32, got))
        assert response.status == 200


@asynchronous
async def test_a_fingerprint_can_be_asked_for_besides_verification(
    server_tls: ssl.SSLContext,
) -> None:
    async with Origin(server_tls) as origin, ClientSession() as session:
        with pytest.raises(ServerFingerprintMismatch) as raised:
            await session.get(origin.url("/json"), ssl=Fingerprint(b"1" * 32))
        pin = Fingerprint(raised.value.got, verify=True)
        # The right certificate, but nobody whom this client trusts vouches for it.
        with pytest.raises(ClientConnectorCertificateError):
            await session.get(origin.url("/json"), ssl=pin)


@asynchronous
async def test_another_name_can_be_asked_for_and_verified(
    wrong_name_tls: ssl.SSLContext, trusting: ssl.SSLContext
) -> None:
    async with Origin(wrong_name_tls) as origin, ClientSession() as session:
        url = origin.url("/json")
        with pytest.raises(ClientConnectorCertificateError):
            await session.get(url, ssl=trusting)
        response = await session.get(url, ssl=trusting, server_hostname="other.example")
        assert await response.json() == FIXED_JSON
        # A connection that was verified for another name is none for this one.
        with pytest.raises(ClientConnectorCertificateError):
            await session.get(url, ssl=trusting)
        with pytest.raises(ClientConnectorCertificateError):
            await session.get(url, ssl=trusting, server_hostname="third.example")


@pytest.mark.parametrize("name", ["", 5, b"other.example"])
@asynchronous
async def test_a_server_hostname_is_a_name(name: object) -> None:
    async with ClientSession() as session:
        with pytest.raises(TypeError, match="server_hostname"):
            await session.get("https://127.0.0.1:9/", server_hostname=name)


# --- fingerprints --------------------------------------------------------------------------------


@asynchronous
async def test_a_certificate_with_the_digest_is_accepted_whoever_signed_it(
    wrong_name_tls: ssl.SSLContext,
) -> None:
    async with Origin(wrong_name_tls) as origin, ClientSession() as session:
        with pytest.raises(ServerFingerprintMismatch) as raised:
            await session.get(origin.url("/json"), ssl=Fingerprint(b"\0" * 32))
        error = raised.value
        assert (error.expected, error.host, error.port) == (b"\0" * 32, "127.0.0.1", origin.port)
        assert error.got.hex() in str(error)
        await until(lambda: origin.open == 0)
        response = await session.get(origin.url("/json"), ssl=Fingerprint(error.got))
        assert response.status == 200
        with pytest.warns(DeprecationWarning, match="fingerprint is deprecated, use ssl"):
            response = await session.get(origin.url("/json"), fingerprint=error.got)
        assert response.status == 200
        assert origin.accepted == 2  # equal fingerprints share connections


@asynchronous
async def test_a_connection_of_one_fingerprint_is_not_used_for_another_wish(
    server_tls: ssl.SSLContext,
) -> None:
    async with Origin(server_tls) as origin, ClientSession() as session:
        with pytest.raises(ServerFingerprintMismatch) as raised:
            await session.get(origin.url("/json"), ssl=Fingerprint(b"\0" * 32))
        await session.get(origin.url("/json"), ssl=Fingerprint(raised.value.got))
        with pytest.raises(ClientConnectorCertificateError):
            await session.get(origin.url("/json"))


@asynchronous
async def test_authorities_of_a_context_are_not_joined_by_those_of_the_system(
    server_tls: ssl.SSLContext, authority: trustme.CA, monkeypatch: pytest.MonkeyPatch
) -> None:
    with authority.cert_pem.tempfile() as path:
        monkeypatch.setenv("SSL_CERT_FILE", path)  # where the system has its authorities
        der = ssl.PEM_cert_to_DER_cert(authority.cert_pem.bytes().decode())
        assert der in ssl.create_default_context().get_ca_certs(binary_form=True)
        theirs = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        trustme.CA().configure_trust(theirs)
        before = theirs.cert_store_stats()
        async with Origin(server_tls) as origin, ClientSession() as session:
            with pytest.raises(ClientConnectorCertificateError):
                await session.get(origin.url("/json"), ssl=theirs)
        assert theirs.cert_store_stats() == before
