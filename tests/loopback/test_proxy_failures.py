"""What goes wrong at real proxies, behind them, and on the way to them."""

import asyncio
import errno
import re
import ssl
import sys
from typing import Any, Final

import pytest
import trustme
from program import Program
from proxy_names import LOGIN, NOWHERE, Login
from proxy_programs import Squid, microsocks, proxy_py
from proxy_servers import WAYS, WITH_LOGIN, Entrance, Proxies
from running import asynchronous, closed_port
from scripted import ScriptedServer, head_of
from seeing_origin import SeeingOrigin
from tls_site import site_context
from wiretap import Wiretap

from aioclient import (
    ClientConnectorCertificateError,
    ClientConnectorError,
    ClientError,
    ClientHttpProxyError,
    ClientPayloadError,
    ClientProxyConnectionError,
    ClientSession,
)

pytestmark = pytest.mark.skipif(
    sys.platform == "win32", reason="the proxies are programs of other systems"
)

EVERY_SCHEME = pytest.mark.parametrize("scheme", ["http", "https"])
HTTP_WAYS: Final = [way for way in WAYS if not way[1].startswith("socks")]
SOCKS_WAYS: Final = [way for way in WAYS if way not in HTTP_WAYS]
#: Those that say why they do not connect: there is no code for that in SOCKS4, and ssh says none.
TELLING: Final = [way for way in SOCKS_WAYS if "socks5" in way[1] and way[0] != "ssh"]
WRONG: Final = Login(LOGIN.user, "guessed-it")


def through(entrance: Entrance, trusting: ssl.SSLContext, login: Login | None) -> dict[str, Any]:
    return {"proxy": entrance.url(login), "ssl": trusting, "proxy_ssl": trusting}


async def failure(url: str, options: dict[str, Any]) -> ClientError:
    """That of a GET; it holds no password."""
    async with ClientSession() as session:
        with pytest.raises(ClientError) as caught:
            await session.get(url, **options)
    error = caught.value
    assert WRONG.password not in f"{error} {error!r} {error.args}"
    return error


# --- logins --------------------------------------------------------------------------------------

LOGINS = pytest.mark.parametrize("login", [None, WRONG], ids=["no login", "wrong login"])


@LOGINS
@pytest.mark.parametrize("host", ["127.0.0.1", "::1"])
@pytest.mark.parametrize(("program", "proxy_scheme"), [w for w in WITH_LOGIN if w in HTTP_WAYS])
@asynchronous
async def test_an_http_proxy_refuses_a_wrong_login(
    program: str,
    proxy_scheme: str,
    host: str,
    login: Login | None,
    proxies: Proxies,
    trusting: ssl.SSLContext,
    origin_certificate: trustme.LeafCert,
) -> None:
    options = through(proxies.entrance(program, proxy_scheme, host, True), trusting, login)
    async with SeeingOrigin(origin_certificate) as tls_origin, SeeingOrigin() as origin:
        error = await failure(tls_origin.url(), options)
        assert isinstance(error, ClientHttpProxyError)
        assert error.status == 407
        assert error.headers is not None
        assert error.headers["Proxy-Authenticate"].startswith("Basic")
        async with ClientSession() as session, session.get(origin.url(), **options) as response:
            assert response.status == 407
        assert not tls_origin.visits + origin.visits


@LOGINS
@EVERY_SCHEME
@pytest.mark.parametrize("host", ["127.0.0.1", "::1"])
@pytest.mark.parametrize(("program", "proxy_scheme"), [w for w in WITH_LOGIN if w in SOCKS_WAYS])
@asynchronous
async def test_a_socks_proxy_refuses_a_wrong_login(
    program: str,
    proxy_scheme: str,
    host: str,
    scheme: str,
    login: Login | None,
    proxies: Proxies,
    trusting: ssl.SSLContext,
) -> None:
    entrance = proxies.entrance(program, proxy_scheme, host, True)
    async with SeeingOrigin() as origin:
        url = f"{scheme}://127.0.0.1:{origin.port}/"
        error = await failure(url, through(entrance, trusting, login))
        assert isinstance(error, ClientProxyConnectionError)
        assert (error.host, error.port) == (entrance.host, entrance.port)
        assert not origin.visits


# --- origins that cannot be reached --------------------------------------------------------------


@pytest.mark.parametrize("host", ["127.0.0.1", NOWHERE])
@pytest.mark.parametrize(("program", "proxy_scheme"), HTTP_WAYS)
@asynchronous
async def test_an_http_proxy_says_that_it_does_not_reach_an_origin(
    program: str, proxy_scheme: str, host: str, proxies: Proxies, trusting: ssl.SSLContext
) -> None:
    options = through(proxies.entrance(program, proxy_scheme), trusting, None)
    port = closed_port()
    error = await failure(f"https://{host}:{port}/", options)
    assert isinstance(error, ClientHttpProxyError)
    assert error.status in range(500, 505)
    async with (
        ClientSession() as session,
        session.get(f"http://{host}:{port}/", **options) as response,
    ):
        assert response.status in range(500, 505)
        if program == "squid":
            assert b"squid.test" in error.body
            assert "squid.test" in await response.text()


@EVERY_SCHEME
@pytest.mark.parametrize(("program", "proxy_scheme"), TELLING)
@asynchronous
async def test_an_origin_that_refuses_a_socks_proxy_is_at_fault_itself(
    program: str, proxy_scheme: str, scheme: str, proxies: Proxies, trusting: ssl.SSLContext
) -> None:
    entrance = proxies.entrance(program, proxy_scheme)
    port = closed_port()
    error = await failure(f"{scheme}://127.0.0.1:{port}/", through(entrance, trusting, None))
    assert isinstance(error, ClientConnectorError)
    assert not isinstance(error, ClientProxyConnectionError)
    assert (error.host, error.port) == ("127.0.0.1", port)
    assert error.os_error.errno == errno.ECONNREFUSED
    assert "the SOCKS proxy 127.0.0.1:" in str(error)


@EVERY_SCHEME
@pytest.mark.parametrize(
    ("program", "proxy_scheme"), [way for way in SOCKS_WAYS if way not in TELLING]
)
@asynchronous
async def test_a_socks_proxy_that_does_not_say_why_is_at_fault_itself(
    program: str, proxy_scheme: str, scheme: str, proxies: Proxies, trusting: ssl.SSLContext
) -> None:
    options = through(proxies.entrance(program, proxy_scheme), trusting, None)
    error = await failure(f"{scheme}://127.0.0.1:{closed_port()}/", options)
    assert isinstance(error, ClientProxyConnectionError)


@EVERY_SCHEME
@pytest.mark.parametrize(
    ("program", "proxy_scheme"), [way for way in TELLING if way[1] == "socks5h"]
)
@asynchronous
async def test_a_name_that_a_socks_proxy_does_not_know_is_an_error_that_has_it(
    program: str, proxy_scheme: str, scheme: str, proxies: Proxies, trusting: ssl.SSLContext
) -> None:
    options = through(proxies.entrance(program, proxy_scheme), trusting, None)
    port = closed_port()
    error = await failure(f"{scheme}://{NOWHERE}:{port}/", options)
    assert isinstance(error, ClientConnectorError)
    assert f"{NOWHERE}:{port}: " in str(error)


# --- the proxy itself ----------------------------------------------------------------------------


@EVERY_SCHEME
@asynchronous
async def test_a_proxy_with_an_untrusted_certificate_hears_nothing(
    scheme: str, proxies: Proxies, server_tls: ssl.SSLContext
) -> None:
    async with (
        SeeingOrigin() as origin,
        Wiretap(proxies.entrance("squid", "http"), server_tls) as tap,
    ):
        url = f"{scheme}://127.0.0.1:{origin.port}/"
        options = {"proxy": tap.entrance.url(LOGIN), "ssl": False}
        error = await failure(url, options)
        assert isinstance(error, ClientConnectorCertificateError)
        assert re.search(r"certificate of proxy 127\.0\.0\.1", str(error))
        assert tap.sent == b""
        assert not origin.visits


def start(program: str, certificate: trustme.LeafCert) -> tuple[Program, str]:
    """One that nobody else uses, and the URL of a door without a login."""
    running: Program
    match program:
        case "squid":
            running, scheme = Squid(certificate), "http"
        case "proxy.py":
            running, scheme = proxy_py(certificate, is_tls=True, wants_login=False), "https"
        case _:
            running, scheme = microsocks("127.0.0.1", wants_login=False), "socks5"
    return running, f"{scheme}://127.0.0.1:{running.ports[0]}"


@pytest.mark.parametrize(
    ("program", "scheme"),
    [("squid", "http"), ("squid", "https"), ("proxy.py", "https"), ("microsocks", "http")],
)
@asynchronous
async def test_a_proxy_that_dies_breaks_off_the_download(
    program: str, scheme: str, trusting: ssl.SSLContext, origin_certificate: trustme.LeafCert
) -> None:
    async def send_half(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await head_of(reader)
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 20000\r\n\r\n" + bytes(10_000))
        await reader.read()

    origin_tls = site_context(origin_certificate) if scheme == "https" else None
    running, proxy = start(program, origin_certificate)
    with running:
        async with (
            ScriptedServer(send_half, origin_tls) as origin,
            ClientSession() as session,
            session.get(origin.url(), proxy=proxy, ssl=trusting, proxy_ssl=trusting) as response,
        ):
            assert await response.content.readexactly(10_000) == bytes(10_000)
            running.end()
            with pytest.raises(ClientPayloadError):
                await response.read()
