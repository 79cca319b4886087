"""Digest with a proxy that others wrote: squid."""

import asyncio
import contextlib
import re
import ssl
import sys
from collections.abc import AsyncIterator
from typing import Any

import pytest
import trustme
from proxy_names import LOGIN
from proxy_programs import NONCE_USES, Asked
from proxy_servers import Proxies
from running import asynchronous, until
from seeing_origin import SeeingOrigin

from aioclient import ClientHttpProxyError, ClientSession, ProxyDigestAuth, TCPConnector

pytestmark = pytest.mark.skipif(
    sys.platform == "win32", reason="the proxies are programs of other systems"
)

PROXY_SCHEMES = pytest.mark.parametrize("proxy_scheme", ["http", "https"])
WAYS = pytest.mark.parametrize("way", ["http", "https"])


class Scene:
    """An origin, and a session that asks it through squid."""

    def __init__(self, origin: SeeingOrigin, session: ClientSession) -> None:
        self.origin = origin
        self.session = session

    async def ask(self, count: int = 1) -> None:
        """Requests, each on a connection of its own, that are answered by the origin."""
        for number in range(count):
            url = self.origin.url(f"/{number}?a=b%20c")
            async with self.session.post(url, data=b"body") as response:
                assert response.status == 200, await response.text()
                assert (await response.json())["body"] == "body"


@pytest.fixture
def scene(proxies: Proxies, trusting: ssl.SSLContext, origin_certificate: trustme.LeafCert) -> Any:
    """Makes a scene."""

    @contextlib.asynccontextmanager
    async def make(
        way: str, proxy_scheme: str = "http", password: str = LOGIN.password
    ) -> AsyncIterator[Scene]:
        async with (
            SeeingOrigin(origin_certificate if way == "https" else None) as origin,
            ClientSession(
                proxy=proxies.digest_entrance(proxy_scheme).url(),
                proxy_auth=ProxyDigestAuth(LOGIN.user, password),
                proxy_ssl=trusting,
                connector=TCPConnector(ssl=trusting, force_close=True),
            ) as session,
        ):
            yield Scene(origin, session)

    return make


@PROXY_SCHEMES
@WAYS
@asynchronous
async def test_squid_is_answered(scene: Any, way: str, proxy_scheme: str) -> None:
    async with scene(way, proxy_scheme) as it:
        await it.ask(3)
        assert len(it.origin.requests) == 3
        assert b"proxy-auth" not in it.origin.received.lower()


@pytest.mark.parametrize(("way", "challenges"), [("http", 1), ("https", 3)])
@asynchronous
async def test_squid_is_given_another_answer_when_its_nonce_is_used_up(
    scene: Any, way: str, challenges: int, proxies: Proxies
) -> None:
    """To whose requests it forwards it names the next one in time, with a tunnel it does not."""
    async with scene(way) as it:

        def asked() -> list[Asked]:
            own = f":{it.origin.port}"
            return [each for each in proxies.digest_squid.asked if own in each.target]

        await it.ask(3 * NONCE_USES)
        await until(lambda: len(asked()) == 3 * NONCE_USES + challenges)
        assert sum(each.status == 407 for each in asked()) == challenges
        said = "".join(dict(each.fields).get("Proxy-Authorization", "") for each in asked())
        assert len(set(re.findall(r'nonce="([^"]+)"', said))) >= 3


@PROXY_SCHEMES
@asynchronous
async def test_squid_refuses_to_forward_with_a_wrong_password(
    scene: Any, proxy_scheme: str
) -> None:
    async with (
        scene("http", proxy_scheme, "wrong") as it,
        it.session.get(it.origin.url()) as response,
    ):
        assert response.status == 407
        assert not it.origin.visits


@PROXY_SCHEMES
@asynchronous
async def test_squid_refuses_a_tunnel_with_a_wrong_password(scene: Any, proxy_scheme: str) -> None:
    async with scene("https", proxy_scheme, "wrong") as it:
        with pytest.raises(ClientHttpProxyError) as caught:
            await it.session.get(it.origin.url())
        assert caught.value.status == 407
        assert not it.origin.visits


@WAYS
@asynchronous
async def test_squid_is_answered_by_many_at_a_time(scene: Any, way: str) -> None:
    async with scene(way) as it:
        await asyncio.gather(*(it.ask() for _ in range(30)))
        assert len(it.origin.requests) == 30
