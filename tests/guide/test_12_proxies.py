"""The guide, "Proxy support".

The code is that of the guide with `aioclient` as `aiohttp`; its hosts are on loopback, whatever the
port: a resolver of the tests says where. Proxies are asked for python.org by name, and that is
nowhere, so a request that does not go through them fails.

Where the guide does not hold, on purpose (docs/differences.md): TLS in TLS always works, and a TLS
context for the server is not used for the proxy.
"""

import os
import socket
import ssl
from collections.abc import Sequence
from pathlib import Path

import pytest
import trustme
from fake_resolver import FakeResolver
from recording_proxy import RecordingProxy
from running import asynchronous, until
from scripted import ScriptedServer
from tls_site import TlsSite, site_context, trusting
from websocket_site import WebSocketSite, echo

import aioclient as aiohttp
from aioclient import ResolveResult

#: What "user" and "pass" are in Basic authentication.
USER_PASS = "Basic dXNlcjpwYXNz"

BOTH = pytest.mark.parametrize("scheme", ["http", "https"])


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA(organization_name="Tests")


@pytest.fixture(scope="module")
def site_tls(authority: trustme.CA) -> ssl.SSLContext:
    """For the server."""
    return site_context(authority.issue_cert("python.org"))


@pytest.fixture(scope="module")
def proxy_tls(authority: trustme.CA) -> ssl.SSLContext:
    """For an https proxy."""
    return site_context(authority.issue_cert("proxy.com"))


@pytest.fixture(scope="module")
def ssl_context(authority: trustme.CA) -> ssl.SSLContext:
    """For a client that trusts the authority."""
    return trusting(authority)


@pytest.fixture(autouse=True)
def without_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """What the machine says of proxies, and its user's netrc file, are no part of a test."""
    for variable in os.environ:
        if variable.lower().endswith("_proxy"):
            monkeypatch.delenv(variable)
    monkeypatch.delenv("NETRC", raising=False)
    for home in ("HOME", "USERPROFILE"):
        monkeypatch.setenv(home, str(tmp_path))


class Elsewhere(FakeResolver):
    """Knows servers by name, and sends all ports of the name to the one that they have."""

    def __init__(self, **servers: ScriptedServer) -> None:
        self.servers = {name.replace("_", "."): server for name, server in servers.items()}
        super().__init__({name: ["127.0.0.1"] for name in self.servers})

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        results = await super().resolve(host, port, family)
        return [ResolveResult(**{**result, "port": self.servers[host].port}) for result in results]


def connector(**servers: ScriptedServer) -> aiohttp.TCPConnector:
    return aiohttp.TCPConnector(resolver=Elsewhere(**servers))


def assert_forwards(proxy: RecordingProxy, *fields: str) -> None:
    """The proxy was asked for http://python.org/, and told these of itself."""
    (head,) = proxy.heads
    line, *told = head.split("\r\n")[:-2]
    assert line == "GET http://python.org/ HTTP/1.1"
    assert "Host: python.org" in told
    assert of_proxies(told) == list(fields)


def assert_tunnels(proxy: RecordingProxy, site: TlsSite, *fields: str) -> None:
    """The proxy was asked for a tunnel to python.org, and told these; the site was told nothing."""
    (head,) = proxy.heads
    line, *told = head.split("\r\n")[:-2]
    assert line == "CONNECT python.org:443 HTTP/1.1"
    assert "Host: python.org:443" in told
    assert of_proxies(told) == list(fields)
    assert b"GET / " not in proxy.passed_on
    assert site.seen.startswith(b"GET / HTTP/1.1\r\nHost: python.org\r\n")
    assert of_proxies(site.seen.decode().split("\r\n")) == []


def of_proxies(fields: Sequence[str]) -> list[str]:
    return [field for field in fields if field.lower().startswith("proxy-")]


def tunnels_to(site: ScriptedServer, tls: ssl.SSLContext | None = None) -> RecordingProxy:
    return RecordingProxy(tls, destination=("127.0.0.1", site.port))


# --- Proxy support: plain HTTP proxies, and HTTPS via the CONNECT method -------------------------


@asynchronous
async def test_a_request_goes_through_the_proxy_of_its_parameter(
    capsys: pytest.CaptureFixture[str],
) -> None:
    async with RecordingProxy() as proxy:
        async with aiohttp.ClientSession(connector=connector(proxy_com=proxy)) as session:
            async with session.get("http://python.org",
                                   proxy="http://proxy.com") as resp:  # fmt: skip
                print(resp.status)
                assert await resp.text() == "forwarded"
        assert_forwards(proxy)
    assert capsys.readouterr().out == "200\n"


@asynchronous
async def test_an_https_request_goes_through_it_by_connect(
    site_tls: ssl.SSLContext, ssl_context: ssl.SSLContext
) -> None:
    async with TlsSite(site_tls) as site, tunnels_to(site) as proxy:
        async with aiohttp.ClientSession(connector=connector(proxy_com=proxy)) as session:
            async with session.get("https://python.org",
                                   proxy="http://proxy.com",
                                   ssl=ssl_context) as resp:  # fmt: skip
                assert resp.status == 200
                assert await resp.text() == "ok"
        assert_tunnels(proxy, site)


# --- Proxy support: proxy authorization ----------------------------------------------------------


@BOTH
@asynchronous
async def test_credentials_are_given_by_proxy_auth_which_is_deprecated(
    scheme: str,
    site_tls: ssl.SSLContext,
    ssl_context: ssl.SSLContext,
    capsys: pytest.CaptureFixture[str],
) -> None:
    async with TlsSite(site_tls) as site, tunnels_to(site) as proxy:
        async with aiohttp.ClientSession(connector=connector(proxy_com=proxy)) as session:
            proxy_auth = aiohttp.BasicAuth("user", "pass")
            with pytest.warns(DeprecationWarning, match="proxy_auth is deprecated"):
                async with session.get(f"{scheme}://python.org",
                                       proxy="http://proxy.com",
                                       proxy_auth=proxy_auth,
                                       ssl=ssl_context) as resp:  # fmt: skip
                    print(resp.status)
        assert capsys.readouterr().out == "200\n"
        if scheme == "http":
            assert_forwards(proxy, f"Proxy-Authorization: {USER_PASS}")
        else:
            assert_tunnels(proxy, site, f"Proxy-Authorization: {USER_PASS}")


@BOTH
@asynchronous
async def test_credentials_can_be_passed_in_the_url_of_the_proxy(
    scheme: str, site_tls: ssl.SSLContext, ssl_context: ssl.SSLContext
) -> None:
    async with TlsSite(site_tls) as site, tunnels_to(site) as proxy:
        async with aiohttp.ClientSession(connector=connector(some_proxy_com=proxy)) as session:
            resp = await session.get(f"{scheme}://python.org",
                                     proxy="http://user:pass@some.proxy.com",
                                     ssl=ssl_context)  # fmt: skip
            assert resp.status == 200
            assert "Proxy-Authorization" not in resp.request_info.headers
        if scheme == "http":
            assert_forwards(proxy, f"Proxy-Authorization: {USER_PASS}")
        else:
            assert_tunnels(proxy, site, f"Proxy-Authorization: {USER_PASS}")


@BOTH
@asynchronous
async def test_a_session_may_have_a_default_proxy(
    scheme: str,
    site_tls: ssl.SSLContext,
    ssl_context: ssl.SSLContext,
    capsys: pytest.CaptureFixture[str],
) -> None:
    async with TlsSite(site_tls) as site, tunnels_to(site) as proxy:
        proxy_auth = aiohttp.BasicAuth("user", "pass")
        with pytest.warns(DeprecationWarning, match="proxy_auth is deprecated"):
            session_of_its_own = aiohttp.ClientSession(
                proxy="http://proxy.com",
                proxy_auth=proxy_auth,
                connector=connector(proxy_com=proxy),
            )
        async with session_of_its_own as session:
            async with session.get(f"{scheme}://python.org", ssl=ssl_context) as resp:
                print(resp.status)
        assert capsys.readouterr().out == "200\n"
        if scheme == "http":
            assert_forwards(proxy, f"Proxy-Authorization: {USER_PASS}")
        else:
            assert_tunnels(proxy, site, f"Proxy-Authorization: {USER_PASS}")


# --- Proxy support: the environment --------------------------------------------------------------


@pytest.mark.parametrize("variable", ["HTTP_PROXY", "http_proxy", "ALL_PROXY"])
def test_the_environment_is_read_with_trust_env(
    variable: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv(variable, "http://proxy.com")
    asks_by_environment()
    assert capsys.readouterr().out == "200\n"


@asynchronous
async def asks_by_environment() -> None:
    async with RecordingProxy() as proxy:
        conn = connector(proxy_com=proxy)
        async with aiohttp.ClientSession(trust_env=True, connector=conn) as session:
            async with session.get("http://python.org") as resp:
                print(resp.status)
        assert_forwards(proxy)


@asynchronous
async def asks_by_environment_for_https(
    site_tls: ssl.SSLContext, ssl_context: ssl.SSLContext
) -> None:
    async with TlsSite(site_tls) as site, tunnels_to(site) as proxy:
        conn = connector(proxy_com=proxy)
        async with aiohttp.ClientSession(trust_env=True, connector=conn) as session:
            async with session.get("https://python.org", ssl=ssl_context) as resp:
                assert resp.status == 200
        assert_tunnels(proxy, site)


@pytest.mark.parametrize("variable", ["HTTPS_PROXY", "https_proxy", "ALL_PROXY"])
def test_https_urls_have_a_variable_of_their_own(
    variable: str,
    monkeypatch: pytest.MonkeyPatch,
    site_tls: ssl.SSLContext,
    ssl_context: ssl.SSLContext,
) -> None:
    monkeypatch.setenv(variable, "http://proxy.com")
    asks_by_environment_for_https(site_tls, ssl_context)


@pytest.mark.parametrize("variable", ["WS_PROXY", "ws_proxy"])
def test_websockets_have_a_variable_of_their_own(
    variable: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(variable, "http://proxy.com")
    monkeypatch.setenv("HTTP_PROXY", "http://nobody.example")
    opens_a_websocket(None, {})


@pytest.mark.parametrize("variable", ["WSS_PROXY", "wss_proxy"])
def test_websockets_with_tls_have_another(
    variable: str,
    monkeypatch: pytest.MonkeyPatch,
    site_tls: ssl.SSLContext,
    ssl_context: ssl.SSLContext,
) -> None:
    monkeypatch.setenv(variable, "http://proxy.com")
    monkeypatch.setenv("HTTPS_PROXY", "http://nobody.example")
    opens_a_websocket(site_tls, {"ssl": ssl_context})


@asynchronous
async def opens_a_websocket(tls: ssl.SSLContext | None, options: dict[str, object]) -> None:
    scheme, port = ("ws", 80) if tls is None else ("wss", 443)
    site = WebSocketSite(echo, ssl_context=tls)
    async with site, tunnels_to(site) as proxy:
        conn = connector(proxy_com=proxy)
        async with aiohttp.ClientSession(trust_env=True, connector=conn) as session:
            async with session.ws_connect(f"{scheme}://python.org", **options) as ws:
                await ws.send_str("hello")
                assert await ws.receive_str() == "hello"
        assert [head.split("\r\n")[0] for head in proxy.heads] == [
            f"CONNECT python.org:{port} HTTP/1.1"
        ]


@asynchronous
async def asks_directly(options: dict[str, object]) -> None:
    async with RecordingProxy() as proxy, RecordingProxy() as server:
        conn = connector(proxy_com=proxy, python_org=server)
        async with aiohttp.ClientSession(connector=conn, **options) as session:
            async with session.get("http://python.org") as resp:
                assert resp.status == 200
        assert proxy.accepted == 0
        assert server.heads[0].startswith("GET / HTTP/1.1\r\nHost: python.org\r\n")


@pytest.mark.parametrize("options", [{}, {"proxy_headers": {"X-Proxy": "yes"}}], ids=str)
def test_the_environment_is_not_read_by_default(
    options: dict[str, object], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://proxy.com")
    asks_directly(options)


@pytest.mark.parametrize("hosts", ["python.org", "example.com,.org", "*"])
@pytest.mark.parametrize("variable", ["no_proxy", "NO_PROXY"])
def test_hosts_in_no_proxy_bypass_the_proxy(
    variable: str, hosts: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://proxy.com")
    monkeypatch.setenv(variable, hosts)
    asks_directly({"trust_env": True})


# --- Proxy support: netrc ------------------------------------------------------------------------


@pytest.fixture
def netrc(tmp_path: Path) -> None:
    """The file of the user, in the home that tests have."""
    path = tmp_path / ".netrc"
    path.touch(0o600)
    path.write_text(
        "machine proxy.com login user password pass\nmachine python.org login py password thon\n"
    )


@asynchronous
async def asks_with_netrc(
    scheme: str,
    session_options: dict[str, str],
    site_tls: ssl.SSLContext,
    ssl_context: ssl.SSLContext,
) -> None:
    async with TlsSite(site_tls) as site, tunnels_to(site) as proxy:
        conn = connector(proxy_com=proxy)
        async with aiohttp.ClientSession(
            trust_env=True,
            connector=conn,
            **session_options,
        ) as session:
            async with session.get(f"{scheme}://python.org", ssl=ssl_context) as resp:
                assert resp.status == 200
        own = f"Authorization: {aiohttp.encode_basic_auth('py', 'thon')}"
        if scheme == "http":
            assert_forwards(proxy, f"Proxy-Authorization: {USER_PASS}")
            assert f"\r\n{own}\r\n" in proxy.heads[0]
        else:
            assert_tunnels(proxy, site, f"Proxy-Authorization: {USER_PASS}")
            assert own not in proxy.heads[0]
            assert f"\r\n{own}\r\n".encode() in site.seen


@pytest.mark.usefixtures("netrc")
@pytest.mark.parametrize("where", ["environment", "session"])
@BOTH
def test_proxy_credentials_are_given_from_netrc(
    scheme: str,
    where: str,
    monkeypatch: pytest.MonkeyPatch,
    site_tls: ssl.SSLContext,
    ssl_context: ssl.SSLContext,
) -> None:
    if where == "environment":
        monkeypatch.setenv(f"{scheme}_proxy", "http://proxy.com")
        asks_with_netrc(scheme, {}, site_tls, ssl_context)
    else:
        asks_with_netrc(scheme, {"proxy": "http://proxy.com"}, site_tls, ssl_context)


@pytest.mark.usefixtures("netrc")
@asynchronous
async def test_without_trust_env_netrc_is_not_read() -> None:
    async with RecordingProxy() as proxy:
        async with aiohttp.ClientSession(connector=connector(proxy_com=proxy)) as session:
            async with session.get("http://python.org", proxy="http://proxy.com") as resp:
                assert resp.status == 200
        assert_forwards(proxy)
        assert "Authorization" not in proxy.heads[0]


# --- Proxy support: proxies that must be connected to via https:// -------------------------------


@asynchronous
async def test_an_https_proxy_forwards_http_requests(
    proxy_tls: ssl.SSLContext, ssl_context: ssl.SSLContext
) -> None:
    async with RecordingProxy(proxy_tls) as proxy:
        async with aiohttp.ClientSession(connector=connector(proxy_com=proxy)) as session:
            async with session.get("http://python.org",
                                   proxy="https://proxy.com",
                                   proxy_ssl=ssl_context) as resp:  # fmt: skip
                assert resp.status == 200
                assert await resp.text() == "forwarded"
        assert_forwards(proxy)


@asynchronous
async def test_tls_in_tls_just_works(
    site_tls: ssl.SSLContext, proxy_tls: ssl.SSLContext, ssl_context: ssl.SSLContext
) -> None:
    async with TlsSite(site_tls) as site, tunnels_to(site, proxy_tls) as proxy:
        async with aiohttp.ClientSession(connector=connector(proxy_com=proxy)) as session:
            for _ in range(2):
                async with session.get("https://python.org",
                                       proxy="https://user:pass@proxy.com",
                                       proxy_ssl=ssl_context,
                                       ssl=ssl_context) as resp:  # fmt: skip
                    assert resp.status == 200
                    assert await resp.text() == "ok"
        assert_tunnels(proxy, site, f"Proxy-Authorization: {USER_PASS}")
        # Inside the tunnel is TLS, of which the proxy sees the records (RFC 8446 section 5.1).
        assert proxy.passed_on[:2] == b"\x16\x03"
        assert (proxy.accepted, site.accepted) == (1, 1)


@pytest.mark.parametrize("where", ["request", "session", "connector"])
@asynchronous
async def test_a_context_for_the_endpoint_is_not_used_for_the_proxy(
    where: str, site_tls: ssl.SSLContext, proxy_tls: ssl.SSLContext, ssl_context: ssl.SSLContext
) -> None:
    # It may be a pin, or trust an authority that has nothing to say about the proxy.
    given = {where: {"ssl": ssl_context}}
    async with TlsSite(site_tls) as site, tunnels_to(site, proxy_tls) as proxy:
        conn = aiohttp.TCPConnector(
            resolver=Elsewhere(proxy_com=proxy),
            **given.get("connector", {}),
        )
        async with aiohttp.ClientSession(connector=conn, **given.get("session", {})) as session:
            options = given.get("request", {})
            with pytest.raises(
                aiohttp.ClientConnectorCertificateError, match=r"certificate of proxy proxy\.com"
            ):
                await session.get("https://python.org", proxy="https://proxy.com", **options)
            assert proxy.heads == []
            async with session.get(
                "https://python.org",
                proxy="https://proxy.com",
                proxy_ssl=ssl_context,
                **options,
            ) as resp:
                assert resp.status == 200
        await until(lambda: proxy.open == 0)
        assert_tunnels(proxy, site)


@pytest.mark.parametrize("is_right", [False, True])
@asynchronous
async def test_the_endpoint_is_verified_behind_an_https_proxy(
    is_right: bool,
    authority: trustme.CA,
    proxy_tls: ssl.SSLContext,
    ssl_context: ssl.SSLContext,
) -> None:
    name = "python.org" if is_right else "proxy.com"
    context = site_context(authority.issue_cert(name))
    async with TlsSite(context) as site, tunnels_to(site, proxy_tls) as proxy:
        async with aiohttp.ClientSession(
            proxy="https://proxy.com",
            proxy_ssl=ssl_context,
            ssl=ssl_context,
            connector=connector(proxy_com=proxy),
        ) as session:
            if is_right:
                async with session.get("https://python.org") as resp:
                    assert resp.status == 200
            else:
                with pytest.raises(
                    aiohttp.ClientConnectorCertificateError, match=r"certificate of python\.org:443"
                ):
                    await session.get("https://python.org")
                assert site.seen == b""
