"""Requests through HTTP proxies, over real sockets."""

import asyncio
import hashlib
import socket
import ssl
from collections.abc import AsyncIterator

import pytest
from origin import FIXED_JSON, Origin
from recording_proxy import RecordingProxy
from running import asynchronous, closed_port, until
from scripted import ScriptedServer, head_of, silent
from tls_site import TlsSite
from yarl import URL

from aioclient import (
    AddressNotAllowedError,
    ClientConnectorCertificateError,
    ClientHttpProxyError,
    ClientProxyConnectionError,
    ClientSession,
    ClientTimeout,
    ClientTimeoutError,
    Fingerprint,
    ServerFingerprintMismatch,
    TCPConnector,
    UnixConnector,
    encode_basic_auth,
)

BOTH = pytest.mark.parametrize("is_tls", [False, True], ids=["http proxy", "https proxy"])


def fields(head: str) -> list[str]:
    return head.split("\r\n")[1:-2]


@BOTH
@asynchronous
async def test_an_http_request_goes_to_the_proxy_with_its_whole_url(
    is_tls: bool, server_tls: ssl.SSLContext, trusting: ssl.SSLContext
) -> None:
    async with RecordingProxy(server_tls if is_tls else None) as proxy, ClientSession() as session:
        for _ in range(2):
            response = await session.get(
                "http://example.com/a?b=c#d", proxy=proxy.url(), proxy_ssl=trusting
            )
            assert await response.read() == b"forwarded"
        assert proxy.accepted == 1
        assert proxy.heads[0].startswith("GET http://example.com/a?b=c HTTP/1.1\r\n")
        assert "Host: example.com" in fields(proxy.heads[0])


@BOTH
@asynchronous
async def test_an_https_request_goes_through_a_tunnel(
    is_tls: bool, server_tls: ssl.SSLContext, trusting: ssl.SSLContext
) -> None:
    async with (
        Origin(server_tls) as origin,
        RecordingProxy(server_tls if is_tls else None) as proxy,
        ClientSession() as session,
    ):
        for _ in range(2):
            response = await session.get(
                origin.url("/json"), proxy=proxy.url(), proxy_ssl=trusting, ssl=trusting
            )
            assert await response.json() == FIXED_JSON
        assert (proxy.accepted, origin.accepted) == (1, 1)
        (head,) = proxy.heads
        assert head.startswith(f"CONNECT 127.0.0.1:{origin.port} HTTP/1.1\r\n")
        assert fields(head)[0] == f"Host: 127.0.0.1:{origin.port}"
        assert b"GET" not in proxy.passed_on


# --- who sees what -------------------------------------------------------------------------------

SECRET = "xyzzy"


@BOTH
@asynchronous
async def test_what_is_for_the_proxy_stops_there(
    is_tls: bool, server_tls: ssl.SSLContext, trusting: ssl.SSLContext
) -> None:
    async with (
        TlsSite(server_tls) as site,
        RecordingProxy(server_tls if is_tls else None) as proxy,
        ClientSession() as session,
    ):
        own = URL(proxy.url()).with_user("me").with_password(SECRET)
        response = await session.get(
            site.url(),
            proxy=own,
            proxy_headers={"X-Proxy": SECRET},
            headers={"Authorization": "Bearer abc", "Cookie": "a=b"},
            proxy_ssl=trusting,
            ssl=trusting,
        )
        assert await response.read() == b"ok"
        (head,) = proxy.heads
        assert f"Proxy-Authorization: {encode_basic_auth('me', SECRET)}" in fields(head)
        assert f"X-Proxy: {SECRET}" in fields(head)
        assert "Authorization: Bearer abc" not in fields(head)
        assert "Cookie" not in head
        assert b"Authorization: Bearer abc" in site.seen
        assert b"Proxy" not in site.seen
        assert SECRET.encode() not in site.seen


@BOTH
@asynchronous
async def test_a_proxy_that_forwards_is_told_with_each_request(
    is_tls: bool, server_tls: ssl.SSLContext, trusting: ssl.SSLContext
) -> None:
    async with RecordingProxy(server_tls if is_tls else None) as proxy, ClientSession() as session:
        own = URL(proxy.url()).with_user("me").with_password(SECRET)
        for host in ("a.example", "b.example"):
            response = await session.post(
                f"http://{host}/",
                proxy=own,
                proxy_headers={"X-Proxy": "b"},
                proxy_ssl=trusting,
                allow_redirects=False,
            )
            assert await response.read() == b"forwarded"
            assert SECRET not in str(response.request_info.headers)
        assert proxy.accepted == 1
        for head, host in zip(proxy.heads, ("a.example", "b.example"), strict=True):
            assert head.startswith(f"POST http://{host}/ HTTP/1.1\r\nHost: {host}\r\n")
            assert f"Proxy-Authorization: {encode_basic_auth('me', SECRET)}" in fields(head)
            assert "X-Proxy: b" in fields(head)


# --- what goes wrong -----------------------------------------------------------------------------


@BOTH
@asynchronous
async def test_a_refusal_of_the_proxy_is_an_error_with_its_answer(
    is_tls: bool, server_tls: ssl.SSLContext, trusting: ssl.SSLContext
) -> None:
    refusal = b"HTTP/1.1 407 Who\r\nProxy-Authenticate: Basic\r\nContent-Length: 4\r\n\r\nwho?"
    async with (
        RecordingProxy(server_tls if is_tls else None, connect_answer=refusal) as proxy,
        ClientSession() as session,
    ):
        own = URL(proxy.url()).with_user("me").with_password(SECRET)
        with pytest.raises(ClientHttpProxyError) as caught:
            await session.get("https://a.example/", proxy=own, proxy_ssl=trusting)
        error = caught.value
        assert (error.status, error.message, error.body) == (407, "Who", b"who?")
        assert error.request_info.real_url == URL(proxy.url()).origin()
        assert SECRET not in str(error) + repr(error)
        await until(lambda: proxy.open == 0)


@pytest.mark.parametrize("url", ["http://a.example/", "https://a.example/"])
@pytest.mark.parametrize("scheme", ["http", "https"])
@asynchronous
async def test_a_proxy_that_cannot_be_reached_is_an_error_of_its_own(url: str, scheme: str) -> None:
    async with ClientSession() as session:
        proxy = f"{scheme}://me:{SECRET}@127.0.0.1:{closed_port()}"
        with pytest.raises(ClientProxyConnectionError) as caught:
            await session.get(url, proxy=proxy)
        error = caught.value
        assert (error.host, error.port) == ("127.0.0.1", URL(proxy).port)
        assert str(error).startswith("cannot connect to proxy 127.0.0.1:")
        assert SECRET not in str(error) + repr(error) + repr(error.args)


@asynchronous
async def test_a_proxy_whose_name_does_not_resolve_is_an_error_of_its_own() -> None:
    async with ClientSession() as session:
        with pytest.raises(ClientProxyConnectionError, match="cannot connect to proxy nowhere"):
            await session.get("http://a.example/", proxy="http://nowhere.invalid:1")


@pytest.mark.parametrize("url", ["http://a.example/", "https://a.example/"])
@asynchronous
async def test_an_https_proxy_is_verified_as_usual(url: str, server_tls: ssl.SSLContext) -> None:
    async with TlsSite(server_tls) as proxy, ClientSession() as session:
        # Neither what is said for the server counts, nor is a byte sent.
        with pytest.raises(
            ClientConnectorCertificateError, match=r"certificate of proxy 127\..*\(proxy_ssl= takes"
        ):
            await session.get(url, proxy=proxy.url(), ssl=False)
        assert proxy.seen == b""


@pytest.mark.parametrize("url", ["http://a.example/", "https://a.example/"])
@asynchronous
async def test_an_https_proxy_must_have_its_own_name_in_its_certificate(
    url: str, wrong_name_tls: ssl.SSLContext, trusting: ssl.SSLContext
) -> None:
    async with TlsSite(wrong_name_tls) as proxy, ClientSession() as session:
        for host in ("127.0.0.1", "localhost"):
            with pytest.raises(ClientConnectorCertificateError, match=r"mismatch|not valid for"):
                await session.get(
                    url,
                    proxy=proxy.url(host=host),
                    proxy_ssl=trusting,
                    server_hostname="example.org",
                )
        assert proxy.seen == b""


@asynchronous
async def test_the_servers_certificate_is_verified_behind_the_proxy(
    server_tls: ssl.SSLContext, trusting: ssl.SSLContext
) -> None:
    async with (
        TlsSite(server_tls) as site,
        RecordingProxy(server_tls) as proxy,
        ClientSession() as session,
    ):
        with pytest.raises(ClientConnectorCertificateError, match=r"certificate of 127\."):
            await session.get(site.url(), proxy=proxy.url(), proxy_ssl=trusting)
        assert site.seen == b""
        assert len(proxy.heads) == 1


@pytest.mark.parametrize("is_of_proxy", [False, True])
@asynchronous
async def test_a_pin_is_for_the_server_or_for_the_proxy(
    is_of_proxy: bool, server_tls: ssl.SSLContext, trusting: ssl.SSLContext
) -> None:
    wrong = Fingerprint(bytes(32))
    async with (
        TlsSite(server_tls) as site,
        RecordingProxy(server_tls) as proxy,
        ClientSession() as session,
    ):
        with pytest.raises(ServerFingerprintMismatch) as caught:
            await session.get(
                site.url(),
                proxy=proxy.url(),
                proxy_ssl=wrong if is_of_proxy else trusting,
                ssl=trusting if is_of_proxy else wrong,
            )
        assert caught.value.port == (proxy.port if is_of_proxy else site.port)
        assert len(proxy.heads) == (0 if is_of_proxy else 1)
        assert site.seen == b""


@BOTH
@asynchronous
async def test_a_host_that_a_proxy_cannot_be_asked_for_is_an_error_at_once(
    is_tls: bool, server_tls: ssl.SSLContext, trusting: ssl.SSLContext
) -> None:
    url = URL("https://a b.example/", encoded=True)
    async with RecordingProxy(server_tls if is_tls else None) as proxy, ClientSession() as session:
        with pytest.raises(ValueError, match="the host has a character that no host can have"):
            await session.get(url, proxy=proxy.url(), proxy_ssl=trusting)
        assert proxy.heads == []


# --- TLS in TLS ----------------------------------------------------------------------------------

_PIECE = bytes(range(256)) * 4096
_PIECES = 100


async def _send_much(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await head_of(reader)
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % (len(_PIECE) * _PIECES))
    for _ in range(_PIECES):
        writer.write(_PIECE)
        await writer.drain()


@asynchronous
async def test_a_hundred_megabytes_come_through_tls_in_tls(
    server_tls: ssl.SSLContext, trusting: ssl.SSLContext
) -> None:
    async with (
        ScriptedServer(_send_much, server_tls) as origin,
        RecordingProxy(server_tls) as proxy,
        ClientSession() as session,
    ):
        response = await session.get(
            origin.url(), proxy=proxy.url(), proxy_ssl=trusting, ssl=trusting
        )
        expected = memoryview(_PIECE * 2)
        size = 0
        async for piece in response.content.iter_any():
            start = size % len(_PIECE)
            assert len(piece) <= len(_PIECE)
            assert expected[start : start + len(piece)] == piece
            size += len(piece)
        assert size == len(_PIECE) * _PIECES


async def _digest(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Answer with the digest of a body of so many pieces."""
    await head_of(reader)
    digest = hashlib.sha256()
    for _ in range(_PIECES):
        digest.update(await reader.readexactly(len(_PIECE)))
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 64\r\n\r\n" + digest.hexdigest().encode())


@asynchronous
async def test_a_hundred_megabytes_go_through_tls_in_tls(
    server_tls: ssl.SSLContext, trusting: ssl.SSLContext
) -> None:
    async def pieces() -> AsyncIterator[bytes]:
        for _ in range(_PIECES):
            yield _PIECE

    async with (
        ScriptedServer(_digest, server_tls) as origin,
        RecordingProxy(server_tls) as proxy,
        ClientSession() as session,
    ):
        response = await session.post(
            origin.url(),
            data=pieces(),
            headers={"Content-Length": str(len(_PIECE) * _PIECES)},
            proxy=proxy.url(),
            proxy_ssl=trusting,
            ssl=trusting,
        )
        assert await response.text() == hashlib.sha256(_PIECE * _PIECES).hexdigest()


# --- time ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("limit", ["total", "connect", "sock_connect"])
@asynchronous
async def test_a_proxy_that_does_not_answer_is_waited_for_within_the_limits(limit: str) -> None:
    async with ScriptedServer(silent) as proxy, ClientSession() as session:
        timeout = ClientTimeout(**{"total": None, limit: 0.05})
        words = f"{limit} limit .* connecting to a.example:443 through proxy 127.0.0.1:{proxy.port}"
        with pytest.raises(ClientTimeoutError, match=words):
            await session.get("https://a.example/", proxy=proxy.url(), timeout=timeout)
        await until(lambda: proxy.open == 0)


@asynchronous
async def test_cancelling_while_a_tunnel_is_made_leaves_nothing_open() -> None:
    async with ScriptedServer(silent) as proxy, ClientSession() as session:
        task = asyncio.ensure_future(
            session.request("GET", "https://a.example/", proxy=proxy.url())
        )
        await until(lambda: proxy.open == 1)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await until(lambda: proxy.open == 0)


# --- other connectors ----------------------------------------------------------------------------


@pytest.mark.skipif(not hasattr(socket, "AF_UNIX"), reason="there are no UNIX domain sockets")
@asynchronous
async def test_a_connector_for_a_socket_of_this_machine_has_no_proxies() -> None:
    connector = UnixConnector("/nowhere/socket")
    with pytest.raises(ValueError, match="a UnixConnector does not connect through proxies"):
        ClientSession(connector=connector, proxy="http://127.0.0.1:1")
    async with ClientSession(connector=connector) as session:
        with pytest.raises(ValueError, match="does not connect through proxies"):
            await session.get("http://a.example/", proxy="http://127.0.0.1:1")


@asynchronous
async def test_a_guard_of_addresses_refuses_what_only_a_proxy_can_check() -> None:
    connector = TCPConnector(allowed_addresses=lambda _address: True)
    async with RecordingProxy() as proxy, ClientSession(connector=connector) as session:
        for url in ("http://127.0.0.1/", "https://127.0.0.1/"):
            with pytest.raises(AddressNotAllowedError, match="cannot"):
                await session.get(url, proxy=proxy.url())
        assert proxy.accepted == 0
