"""What can go wrong with a request, as tables: a new case is one entry."""

import asyncio
import ssl
import sys
from collections.abc import Awaitable, Callable
from typing import Final, NamedTuple

from cryptography.hazmat.primitives import serialization
from fake_resolver import FakeResolver
from misbehaving import echoes, resets, response, says
from planted import KEY, SERVER
from planted_requests import HTTP, HTTPS, Scene
from recording_proxy import RecordingProxy
from running import cancelled, closed_port, started, until
from scripted import ScriptedServer, answers, silent
from tls_site import self_signed

from aioclient import (
    AddressNotAllowedError,
    ClientConnectionError,
    ClientConnectorCertificateError,
    ClientConnectorDNSError,
    ClientConnectorError,
    ClientConnectorSSLError,
    ClientHttpProxyError,
    ClientOSError,
    ClientPayloadError,
    ClientProxyConnectionError,
    ClientResponseError,
    ClientSession,
    ClientTimeout,
    ConnectionTimeoutError,
    ContentTypeError,
    Fingerprint,
    HeadLimitError,
    InvalidUrlRedirectClientError,
    NonHttpUrlRedirectClientError,
    ServerDisconnectedError,
    ServerFingerprintMismatch,
    ServerProtocolError,
    SocketTimeoutError,
    TCPConnector,
    TooManyRedirects,
    TotalTimeoutError,
    UnixClientConnectorError,
    UnixConnector,
)

#: The Proactor loop may hear of the end of the connection and not of the reset.
_RESET: Final = (
    (ClientOSError, ServerDisconnectedError) if sys.platform == "win32" else ClientOSError
)


class Failure(NamedTuple):
    """What goes wrong, what must come of it, and how it is provoked."""

    name: str
    error: type[BaseException]
    provoke: Callable[[Scene], Awaitable[None]]
    #: Only where there are UNIX domain sockets.
    is_unix: bool = False


def _only(**limits: float) -> ClientTimeout:
    return ClientTimeout(**{"total": None} | limits)


def _refused(status: str) -> RecordingProxy:
    answer = f"HTTP/1.1 {status}\r\nProxy-Authenticate: Basic\r\nContent-Length: 4\r\n\r\nwhy?"
    return RecordingProxy(connect_answer=answer.encode())


def _forwards(status: str, *lines: str, body: str = "") -> ScriptedServer:
    return ScriptedServer(answers(response(status, *lines, body=body)))


def _resolving() -> TCPConnector:
    return TCPConnector(resolver=FakeResolver({"b.example": ["127.0.0.1"]}))


def _guarded() -> TCPConnector:
    return TCPConnector(allowed_addresses=lambda _address: False)


async def _waits_for_the_pool(scene: Scene) -> None:
    async with ScriptedServer(silent) as proxy, TCPConnector(limit=1) as connector:
        options = {"Connector": connector, "Connector_owner": False}
        first = await started(scene.ask(proxy.url(""), **options))
        await until(lambda: proxy.open == 1)
        try:
            await scene.ask(proxy.url(""), timeout=_only(pool=0.03), **options)
        finally:
            await cancelled(first)


async def _is_cancelled(scene: Scene) -> None:
    async with ScriptedServer(silent) as proxy:
        task = await started(scene.ask(proxy.url("")))
        await until(lambda: proxy.open == 1)
        scene.made.append(task)
        task.cancel()
        await task


async def _closes_while_connecting(scene: Scene) -> None:
    async with ScriptedServer(silent) as proxy, TCPConnector() as connector:
        task = await started(scene.ask(proxy.url(""), Connector=connector))
        await until(lambda: proxy.open == 1)
        await connector.close()
        await task


async def _session_is_closed(scene: Scene) -> None:
    planted = scene.plant(HTTPS, "http://127.0.0.1:1")
    session = ClientSession(**planted.session)
    await session.close()
    await session.get(planted.url, **planted.request)


async def _lacks_the_extra(scene: Scene) -> None:
    with scene.patch.context() as patch:
        patch.setitem(sys.modules, "python_socks", None)
        await scene.ask("socks5://127.0.0.1:1")


async def _has_a_key_with_a_password(scene: Scene) -> None:
    """A client certificate whose private key is encrypted."""
    leaf = self_signed("a-client.example")
    key = serialization.load_pem_private_key(leaf.private_key_pem.bytes(), None)
    encrypted = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.BestAvailableEncryption(KEY.text.encode()),
    )
    path = scene.folder / "client.pem"
    path.write_bytes(encrypted + leaf.cert_chain_pems[0].bytes())
    context = ssl.create_default_context()
    context.load_cert_chain(path, password=lambda: KEY.text)
    await scene.directly(answers(_OK), tls=True, ssl=context)


PIN: Final = Fingerprint(bytes(32))
_OK: Final = response("200 OK", body="ok")
_WANTED: Final = b"\5\2"
_ACCEPTED: Final = b"\1\0"

OF_PROXIES: Final = (
    Failure(
        "proxy is not there",
        ClientProxyConnectionError,
        lambda s: s.ask(f"http://127.0.0.1:{closed_port()}"),
    ),
    Failure(
        "proxy is not there, to forward",
        ClientProxyConnectionError,
        lambda s: s.ask(f"https://127.0.0.1:{closed_port()}", HTTP),
    ),
    Failure(
        "proxy has no address",
        ClientProxyConnectionError,
        lambda s: s.ask("http://p.example:1", Connector=_resolving()),
    ),
    Failure(
        "proxy refuses with 407", ClientHttpProxyError, lambda s: s.through(_refused("407 Who"))
    ),
    Failure(
        "proxy refuses with 403", ClientHttpProxyError, lambda s: s.through(_refused("403 No"))
    ),
    Failure(
        "proxy refuses with 502",
        ClientHttpProxyError,
        lambda s: s.through(_refused("502 Bad Gateway")),
    ),
    Failure(
        "forwarding proxy says 407",
        ClientResponseError,
        lambda s: s.through(_forwards("407 Who"), HTTP, raise_for_status=True),
    ),
    Failure(
        "proxy hangs up", ClientProxyConnectionError, lambda s: s.through(ScriptedServer(answers()))
    ),
    Failure(
        "proxy resets", ClientProxyConnectionError, lambda s: s.through(ScriptedServer(resets))
    ),
    Failure(
        "forwarding proxy hangs up",
        ServerDisconnectedError,
        lambda s: s.through(ScriptedServer(answers()), HTTP),
    ),
    Failure(
        "proxy answers garbage",
        ClientProxyConnectionError,
        lambda s: s.through(ScriptedServer(answers(b"what?\r\n\r\n"))),
    ),
    Failure(
        "proxy echoes", ClientProxyConnectionError, lambda s: s.through(ScriptedServer(echoes))
    ),
    Failure(
        "forwarding proxy echoes",
        ServerProtocolError,
        lambda s: s.through(ScriptedServer(echoes), HTTP),
    ),
    Failure(
        "proxy has a long head",
        ClientProxyConnectionError,
        lambda s: s.through(
            ScriptedServer(answers(b"HTTP/1.1 200 OK\r\n" + b"a: b\r\n" * 999 + b"\r\n"))
        ),
    ),
    Failure(
        "forwarding proxy has a long head",
        HeadLimitError,
        lambda s: s.through(
            ScriptedServer(answers(b"HTTP/1.1 200 OK\r\n" + b"a: b\r\n" * 999 + b"\r\n")), HTTP
        ),
    ),
    Failure(
        "proxy speaks no TLS",
        ClientConnectorSSLError,
        lambda s: s.through(ScriptedServer(says(b"HTTP/1.1 400 No\r\n\r\n")), scheme="https"),
    ),
    Failure(
        "proxy is not trusted",
        ClientConnectorCertificateError,
        lambda s: s.through(RecordingProxy(s.server_tls)),
    ),
    Failure(
        "proxy has another name",
        ClientConnectorCertificateError,
        lambda s: s.through(RecordingProxy(s.wrong_name_tls), proxy_ssl=s.trusting),
    ),
    Failure(
        "proxy has another pin",
        ServerFingerprintMismatch,
        lambda s: s.through(RecordingProxy(s.server_tls), proxy_ssl=PIN),
    ),
    Failure(
        "server is not trusted",
        ClientConnectorCertificateError,
        lambda s: s.behind(answers(_OK), ssl=True),
    ),
    Failure(
        "server has another name",
        ClientConnectorCertificateError,
        lambda s: s.behind(answers(_OK), s.wrong_name_tls),
    ),
    Failure(
        "server has another pin",
        ServerFingerprintMismatch,
        lambda s: s.behind(answers(_OK), ssl=PIN),
    ),
    Failure("server hangs up", ServerDisconnectedError, lambda s: s.behind(answers())),
    Failure(
        "server answers garbage", ServerProtocolError, lambda s: s.behind(answers(b"what?\r\n\r\n"))
    ),
    Failure(
        "server cuts its body off",
        ClientPayloadError,
        lambda s: s.behind(answers(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n1")),
    ),
    Failure(
        "server says 500",
        ClientResponseError,
        lambda s: s.behind(answers(response("500 No")), raise_for_status=True),
    ),
    Failure(
        "server answers no JSON",
        ContentTypeError,
        lambda s: s.behind(answers(_OK), raise_for_status=lambda answer: answer.json()),
    ),
    Failure(
        "proxy is slow: total",
        TotalTimeoutError,
        lambda s: s.through(ScriptedServer(silent), timeout=ClientTimeout(0.03)),
    ),
    Failure(
        "proxy is slow: connect",
        ConnectionTimeoutError,
        lambda s: s.through(ScriptedServer(silent), timeout=_only(connect=0.03)),
    ),
    Failure(
        "proxy is slow: sock_connect",
        ConnectionTimeoutError,
        lambda s: s.through(ScriptedServer(silent), timeout=_only(sock_connect=0.03)),
    ),
    Failure(
        "proxy is slow: tls",
        ConnectionTimeoutError,
        lambda s: s.through(ScriptedServer(silent), scheme="https", timeout=_only(tls=0.03)),
    ),
    Failure("proxy is slow: pool", ConnectionTimeoutError, _waits_for_the_pool),
    Failure(
        "forwarding proxy is slow: total",
        TotalTimeoutError,
        lambda s: s.through(ScriptedServer(silent), HTTP, timeout=ClientTimeout(0.03)),
    ),
    Failure(
        "forwarding proxy is slow: sock_read",
        SocketTimeoutError,
        lambda s: s.through(ScriptedServer(silent), HTTP, timeout=_only(sock_read=0.03)),
    ),
    Failure(
        "server is slow: sock_read",
        SocketTimeoutError,
        lambda s: s.behind(silent, timeout=_only(sock_read=0.03)),
    ),
    Failure(
        "body is slow: total",
        TotalTimeoutError,
        lambda s: s.behind(
            answers(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n1", stays_open=True),
            timeout=ClientTimeout(0.1),
        ),
    ),
    Failure(
        "redirected for ever",
        TooManyRedirects,
        lambda s: s.through(_forwards("302 Found", "Location: /again", "Set-Cookie: a=b"), HTTP),
    ),
    Failure(
        "redirected with user-info",
        TooManyRedirects,
        lambda s: s.through(
            _forwards("302 Found", f"Location: {SERVER.url('http://b.example/')}"),
            HTTP,
            max_redirects=1,
        ),
    ),
    Failure(
        "redirected to no URL",
        InvalidUrlRedirectClientError,
        lambda s: s.through(
            _forwards("302 Found", f"Location: {SERVER.url('http://b.example:x/')}"), HTTP
        ),
    ),
    Failure(
        "redirected to no HTTP",
        NonHttpUrlRedirectClientError,
        lambda s: s.through(
            _forwards("302 Found", f"Location: {SERVER.url('ftp://b.example/')}"), HTTP
        ),
    ),
    Failure("cancelled", asyncio.CancelledError, _is_cancelled),
    Failure(
        "connector is closed while it connects", ClientConnectionError, _closes_while_connecting
    ),
    Failure("session is closed", RuntimeError, _session_is_closed),
    Failure(
        "guard refuses",
        AddressNotAllowedError,
        lambda s: s.ask("http://127.0.0.1:1", Connector=_guarded()),
    ),
    Failure(
        "connector has no proxies",
        ValueError,
        lambda s: s.ask("http://127.0.0.1:1", Connector=UnixConnector("/nowhere")),
        is_unix=True,
    ),
)

OF_SOCKS: Final = (
    Failure(
        "proxy is not there",
        ClientProxyConnectionError,
        lambda s: s.ask(f"socks5://127.0.0.1:{closed_port()}", "https://127.0.0.1/"),
    ),
    Failure(
        "refuses the password",
        ClientProxyConnectionError,
        lambda s: s.through(ScriptedServer(says(_WANTED, b"\1\1")), scheme="socks5h"),
    ),
    Failure(
        "wants no password",
        ClientProxyConnectionError,
        lambda s: s.through(ScriptedServer(says(b"\5\xff")), scheme="socks5h"),
    ),
    Failure(
        "cannot connect",
        ClientConnectorError,
        lambda s: s.through(
            ScriptedServer(says(_WANTED, _ACCEPTED, b"\5\5\0\1\0\0\0\0\0\0")), scheme="socks5h"
        ),
    ),
    Failure(
        "answers garbage",
        ClientProxyConnectionError,
        lambda s: s.through(ScriptedServer(says(b"HTTP/1.1 400 No\r\n\r\n")), scheme="socks5h"),
    ),
    Failure(
        "answers garbage to the password",
        ClientProxyConnectionError,
        lambda s: s.through(ScriptedServer(says(_WANTED, b"what?")), scheme="socks5h"),
    ),
    Failure(
        "echoes",
        ClientProxyConnectionError,
        lambda s: s.through(ScriptedServer(echoes), scheme="socks5h"),
    ),
    Failure(
        "hangs up",
        ClientProxyConnectionError,
        lambda s: s.through(ScriptedServer(says()), scheme="socks5h"),
    ),
    Failure(
        "hangs up at the password",
        ClientProxyConnectionError,
        lambda s: s.through(ScriptedServer(says(_WANTED)), scheme="socks5h"),
    ),
    Failure(
        "is slow: total",
        TotalTimeoutError,
        lambda s: s.through(ScriptedServer(silent), scheme="socks5h", timeout=ClientTimeout(0.03)),
    ),
    Failure(
        "is slow: sock_connect",
        ConnectionTimeoutError,
        lambda s: s.through(
            ScriptedServer(silent), scheme="socks5h", timeout=_only(sock_connect=0.03)
        ),
    ),
    Failure(
        "host is unknown",
        ClientConnectorDNSError,
        lambda s: s.ask("socks5://127.0.0.1:1", Connector=_resolving()),
    ),
    Failure(
        "guard refuses",
        AddressNotAllowedError,
        lambda s: s.ask("socks5h://127.0.0.1:1", Connector=_guarded()),
    ),
    Failure("extra is not installed", RuntimeError, _lacks_the_extra),
    Failure("has no passwords", ValueError, lambda s: s.ask("socks4://127.0.0.1:1")),
)

DIRECT: Final = (
    Failure(
        "server is not there",
        ClientConnectorError,
        lambda s: s.ask(None, f"http://127.0.0.1:{closed_port()}/"),
    ),
    Failure(
        "server has no address", ClientConnectorDNSError, lambda s: s.ask(Connector=_resolving())
    ),
    Failure(
        "server is not trusted",
        ClientConnectorCertificateError,
        lambda s: s.directly(answers(_OK), tls=True),
    ),
    Failure(
        "server has another pin",
        ServerFingerprintMismatch,
        lambda s: s.directly(answers(_OK), tls=True, ssl=PIN),
    ),
    Failure("server resets", _RESET, lambda s: s.directly(resets)),
    Failure("server hangs up", ServerDisconnectedError, lambda s: s.directly(answers())),
    Failure("server echoes", ServerProtocolError, lambda s: s.directly(echoes)),
    Failure(
        "server says 404",
        ClientResponseError,
        lambda s: s.directly(answers(response("404 No")), raise_for_status=True),
    ),
    Failure(
        "client's key has a password", ClientConnectorCertificateError, _has_a_key_with_a_password
    ),
    Failure(
        "guard refuses",
        AddressNotAllowedError,
        lambda s: s.ask(None, "https://127.0.0.1/", Connector=_guarded()),
    ),
    Failure(
        "socket is not there",
        UnixClientConnectorError,
        lambda s: s.ask(None, HTTP, Connector=UnixConnector(str(s.folder / "nowhere"))),
        is_unix=True,
    ),
)
