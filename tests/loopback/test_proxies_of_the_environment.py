"""Real proxies that the environment names, and origins that it says to reach without one."""

import ssl
import sys
from typing import Any, Final

import pytest
import trustme
from fake_resolver import FakeResolver
from proxy_names import FOUR
from proxy_servers import ADDRESSES, Proxies
from running import asynchronous
from seeing_origin import SeeingOrigin
from wiretap import Wiretap

from aioclient import BasicAuth, ClientSession, TCPConnector, encode_basic_auth

pytestmark = pytest.mark.skipif(
    sys.platform == "win32", reason="the proxies are programs of other systems"
)

NAMES: Final = tuple(f"{scheme}_proxy" for scheme in ("http", "https", "ws", "wss", "all", "no"))


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """One that names no proxy yet."""
    for name in NAMES:
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)
    return monkeypatch


async def get(url: str, trusting: ssl.SSLContext, **options: Any) -> None:
    """With nothing said of proxies but what the environment says and these options of a session."""
    connector = TCPConnector(ssl=trusting, resolver=FakeResolver({FOUR: [ADDRESSES[FOUR]]}))
    async with (
        ClientSession(
            connector=connector, trust_env=True, proxy_ssl=trusting, **options
        ) as session,
        session.get(url) as response,
    ):
        assert response.status == 200


@pytest.mark.parametrize(
    ("variable", "scheme", "program", "proxy_scheme"),
    [
        ("HTTP_PROXY", "http", "squid", "http"),
        ("HTTP_PROXY", "http", "squid", "https"),
        ("HTTP_PROXY", "http", "microsocks", "socks5h"),
        ("HTTPS_PROXY", "https", "squid", "http"),
        ("HTTPS_PROXY", "https", "squid", "https"),
        ("HTTPS_PROXY", "https", "microsocks", "socks5"),
        ("ALL_PROXY", "http", "squid", "http"),
        ("ALL_PROXY", "https", "squid", "https"),
        ("ALL_PROXY", "http", "microsocks", "socks5h"),
        ("ALL_PROXY", "https", "microsocks", "socks5"),
    ],
)
@pytest.mark.parametrize("is_in_url", [True, False], ids=["login in the URL", "proxy_auth"])
@asynchronous
async def test_a_proxy_of_the_environment_is_used_with_its_login(
    is_in_url: bool,
    variable: str,
    scheme: str,
    program: str,
    proxy_scheme: str,
    proxies: Proxies,
    trusting: ssl.SSLContext,
    origin_certificate: trustme.LeafCert,
    environment: pytest.MonkeyPatch,
) -> None:
    entrance = proxies.entrance(program, proxy_scheme, login=True)
    assert entrance.login is not None
    async with (
        SeeingOrigin(origin_certificate if scheme == "https" else None) as origin,
        Wiretap(entrance) as tap,
    ):
        environment.setenv(variable, tap.entrance.url(entrance.login if is_in_url else None))
        if is_in_url:
            await get(origin.url(), trusting)
        else:
            auth = BasicAuth(entrance.login.user, entrance.login.password)
            with pytest.warns(DeprecationWarning, match="proxy_auth"):
                await get(origin.url(), trusting, proxy_auth=auth)
        assert len(tap.overheard) == 1
        secrets = (entrance.login.password, encode_basic_auth("ann", entrance.login.password))
        assert not [secret for secret in secrets if secret.encode() in origin.received]


@asynchronous
async def test_a_proxy_for_one_scheme_comes_before_that_for_all(
    proxies: Proxies,
    trusting: ssl.SSLContext,
    origin_certificate: trustme.LeafCert,
    environment: pytest.MonkeyPatch,
) -> None:
    async with (
        SeeingOrigin() as origin,
        SeeingOrigin(origin_certificate) as tls_origin,
        Wiretap(proxies.entrance("squid", "http")) as squid,
        Wiretap(proxies.entrance("microsocks", "socks5h")) as socks,
    ):
        environment.setenv("HTTPS_PROXY", squid.entrance.url())
        environment.setenv("ALL_PROXY", socks.entrance.url())
        await get(tls_origin.url(), trusting)
        assert (len(squid.overheard), len(socks.overheard)) == (1, 0)
        await get(origin.url(), trusting)
        assert (len(squid.overheard), len(socks.overheard)) == (1, 1)
        assert squid.sent.startswith(f"CONNECT 127.0.0.1:{tls_origin.port} ".encode())


@pytest.mark.parametrize("scheme", ["http", "https"])
@pytest.mark.parametrize(("program", "proxy_scheme"), [("squid", "http"), ("ssh", "socks5h")])
@pytest.mark.parametrize(
    ("no_proxy", "host", "is_direct"),
    [
        ("", FOUR, False),
        ("*", FOUR, True),
        (FOUR, FOUR, True),
        (".test", FOUR, True),
        ("other.test, only-at-proxy.test", FOUR, True),
        (f"other.{FOUR}", FOUR, False),
        (f"{FOUR}:PORT", FOUR, True),
        (f"{FOUR}:1", FOUR, False),
        ("127.0.0.1", "127.0.0.1", True),
        ("127.0.0.1:PORT", "127.0.0.1", True),
        ("127.0.0.1:1", "127.0.0.1", False),
        ("10.0.0.0/8,127.0.0.0/8", "127.0.0.1", True),
        ("10.0.0.0/8", "127.0.0.1", False),
        ("127.0.0.0/8", FOUR, False),  # what it stands for is the proxy's business
    ],
)
@asynchronous
async def test_no_proxy_says_who_is_reached_without_one(
    no_proxy: str,
    host: str,
    is_direct: bool,
    program: str,
    proxy_scheme: str,
    scheme: str,
    proxies: Proxies,
    trusting: ssl.SSLContext,
    origin_certificate: trustme.LeafCert,
    environment: pytest.MonkeyPatch,
) -> None:
    async with (
        SeeingOrigin(origin_certificate if scheme == "https" else None) as origin,
        Wiretap(proxies.entrance(program, proxy_scheme, target=host)) as tap,
    ):
        environment.setenv("ALL_PROXY", tap.entrance.url())
        environment.setenv("NO_PROXY", no_proxy.replace("PORT", str(origin.port)))
        await get(origin.url(host=host), trusting)
        assert len(origin.requests) == 1
        assert len(tap.overheard) == (0 if is_direct else 1)
