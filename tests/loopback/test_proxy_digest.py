"""Proxies that ask for Digest: what they are answered, and how often it is tried.

Both ways: requests that the proxy forwards, and tunnels.
"""

import asyncio
import contextlib
import io
import ssl
from collections.abc import AsyncIterator
from typing import Any

import pytest
from digest_proxy import DigestProxy
from digest_site import HASHES, LOGIN
from running import asynchronous
from tls_site import TlsSite

from aioclient import ClientHttpProxyError, ClientSession, ProxyDigestAuth, TCPConnector

PROXY_KINDS = pytest.mark.parametrize("is_tls", [False, True], ids=["http proxy", "https proxy"])
#: Is the request for the proxy itself to forward, or is a tunnel needed?
WAYS = pytest.mark.parametrize("way", ["http", "https"])


class Scene:
    """A proxy, a session that knows a login, and whom it can ask."""

    def __init__(self, proxy: DigestProxy, site: TlsSite, session: ClientSession) -> None:
        self.proxy = proxy
        self.site = site
        self.session = session

    def url(self, way: str, path: str = "/") -> str:
        return self.site.url(path) if way == "https" else f"http://a.example{path}"

    async def ask(self, way: str, count: int = 1, **options: Any) -> list[int]:
        """The statuses of requests one after the other, each on a connection of its own."""
        statuses = []
        for number in range(count):
            statuses.append(await self.status(self.url(way, f"/{number}"), **options))
            assert isinstance(self.session.connector, TCPConnector)
            if way == "https":  # so that the next one needs a tunnel, too
                self.session.connector.close_idle()
        return statuses

    async def status(self, url: str, method: str = "GET", **options: Any) -> int:
        try:
            async with self.session.request(method, url, **options) as response:
                await response.read()
                return response.status
        except ClientHttpProxyError as error:
            return error.status


@pytest.fixture
def scene(server_tls: ssl.SSLContext, trusting: ssl.SSLContext) -> Any:
    """Makes a scene; options are the proxy's."""

    @contextlib.asynccontextmanager
    async def make(
        is_tls: bool = False, auth: ProxyDigestAuth | None = None, **options: Any
    ) -> AsyncIterator[Scene]:
        proxy = DigestProxy(ssl_context=server_tls if is_tls else None, **options)
        async with (
            proxy,
            TlsSite(server_tls) as site,
            ClientSession(
                proxy=proxy.url(""),
                proxy_auth=auth or ProxyDigestAuth(*LOGIN),
                proxy_ssl=trusting,
                ssl=trusting,
            ) as session,
        ):
            yield Scene(proxy, site, session)

    return make


# --- what is answered ----------------------------------------------------------------------------


@PROXY_KINDS
@asynchronous
async def test_a_request_that_is_forwarded_is_answered_for(scene: Any, is_tls: bool) -> None:
    async with scene(is_tls) as it:
        urls = ["http://a.example/b?c=%20d", "http://b.example:81/"]
        assert [await it.status(url) for url in urls] == [200, 200]
        assert it.proxy.statuses == [407, 200, 200]
        assert [came.parameters["uri"] for came in it.proxy.answered] == urls
        assert [came.parameters["nc"] for came in it.proxy.answered] == ["00000001", "00000002"]
        assert it.proxy.accepted == 1


@PROXY_KINDS
@asynchronous
async def test_a_tunnel_is_answered_for(scene: Any, is_tls: bool) -> None:
    async with scene(is_tls) as it:
        assert await it.ask("https", 2) == [200, 200]
        assert it.proxy.statuses == [407, 200, 200]
        assert {came.method for came in it.proxy.came} == {"CONNECT"}
        authority = f"127.0.0.1:{it.site.port}"
        assert [came.parameters["uri"] for came in it.proxy.answered] == [authority] * 2
        assert [came.parameters["nc"] for came in it.proxy.answered] == ["00000001", "00000002"]


@asynchronous
async def test_the_server_behind_a_tunnel_hears_nothing_of_it(scene: Any) -> None:
    async with scene() as it:
        assert await it.ask("https", 2) == [200, 200]
        assert b"GET /1 HTTP/1.1" in it.site.seen
        assert b"proxy" not in it.site.seen.lower()
        assert b"Digest" not in it.site.seen
        assert b"Digest" not in it.proxy.passed_on


@asynchronous
async def test_a_tunnel_that_is_there_needs_no_answer(scene: Any) -> None:
    async with scene() as it:
        assert [await it.status(it.site.url()) for _ in range(3)] == [200, 200, 200]
        assert it.proxy.statuses == [407, 200]


@asynchronous
async def test_tunnels_and_forwarded_requests_are_answered_for_together(scene: Any) -> None:
    async with scene() as it:
        assert await it.ask("http") + await it.ask("https") + await it.ask("http") == [200] * 3
        assert it.proxy.statuses == [407, 200, 200, 200]


@WAYS
@pytest.mark.parametrize("qop", ["auth", "auth-int", "auth, auth-int", None])
@pytest.mark.parametrize("algorithm", [*HASHES, "MD5-sess", "SHA-256-sess", None])
@asynchronous
async def test_every_kind_of_challenge_is_answered(
    scene: Any, way: str, qop: str | None, algorithm: str | None
) -> None:
    async with scene(algorithm=algorithm, qop=qop) as it:
        assert await it.ask(way, method="POST", data=b"body") == [200]
        assert it.proxy.statuses == [407, 200]


@WAYS
@asynchronous
async def test_a_realm_that_is_not_utf_8_goes_back_as_it_came(scene: Any, way: str) -> None:
    async with scene(realm="caf\udce9", more="userhash=true") as it:
        assert await it.ask(way) == [200]


@WAYS
@asynchronous
async def test_login_and_password_may_have_any_letters(scene: Any, way: str) -> None:
    login = ("J\u00e4s\u00f8n D\u00f6e", 'p\u00e4ss "word"\\')
    async with scene(auth=ProxyDigestAuth(*login), login=login) as it:
        assert await it.ask(way) == [200]


MD5 = 'Digest realm="m", nonce="NONCE", qop="auth", algorithm=MD5'
SHA_256 = 'Digest realm="s", nonce="NONCE", qop="auth", algorithm=SHA-256'


@WAYS
@pytest.mark.parametrize(
    ("fields", "realm"),
    [
        (["Basic realm=b", MD5], "m"),
        (["Negotiate, NTLM, Basic realm=b, " + MD5], "m"),
        ([MD5, SHA_256], "s"),
        ([SHA_256 + ", " + MD5, "Basic realm=b"], "s"),
        (["Basic realm=b"], None),
        (["Digest realm=r"], None),
        ([SHA_256.replace("SHA-256", "SHA-3")], None),
        ([], None),
    ],
)
@asynchronous
async def test_of_several_challenges_only_the_best_for_digest_is_answered(
    scene: Any, way: str, fields: list[str], realm: str | None
) -> None:
    async with scene(realm=realm or "none") as it:
        it.proxy.fields = fields
        assert await it.ask(way) == [200 if realm else 407]
        assert len(it.proxy.came) == (2 if realm else 1)
        said = [came.headers.get("Proxy-Authorization", "Digest") for came in it.proxy.came]
        assert all(value.startswith("Digest") for value in said)


# --- how often -----------------------------------------------------------------------------------


@WAYS
@pytest.mark.parametrize("one_nonce", [True, False])
@asynchronous
async def test_a_wrong_password_is_tried_once_for_each_request(
    scene: Any, way: str, one_nonce: bool
) -> None:
    async with scene(auth=ProxyDigestAuth(LOGIN[0], "wrong"), one_nonce=one_nonce) as it:
        assert await it.ask(way, 2) == [407, 407]
        assert [bool(came.parameters) for came in it.proxy.came] == [False, True] * 2


@asynchronous
async def test_the_refusal_of_a_forwarded_request_is_its_response(scene: Any) -> None:
    async with (
        scene(auth=ProxyDigestAuth(LOGIN[0], "wrong")) as it,
        it.session.get("http://a.example/") as response,
    ):
        assert response.status == 407
        assert await response.text() == "407 http://a.example/"
        assert 'nonce="n2"' in response.headers["Proxy-Authenticate"]


@asynchronous
async def test_the_refusal_of_a_tunnel_is_an_error_with_the_last_answer(scene: Any) -> None:
    async with scene(auth=ProxyDigestAuth(LOGIN[0], "wrong")) as it:
        with pytest.raises(ClientHttpProxyError) as caught:
            await it.session.get(it.site.url())
        assert caught.value.status == 407
        assert caught.value.headers is not None
        assert 'nonce="n2"' in caught.value.headers["Proxy-Authenticate"]
        assert not it.site.accepted


@WAYS
@pytest.mark.parametrize("says_stale", [True, False])
@asynchronous
async def test_a_nonce_that_is_too_old_is_replaced(scene: Any, way: str, says_stale: bool) -> None:
    async with scene(uses=2, says_stale=says_stale) as it:
        assert await it.ask(way, 4) == [200] * 4
        assert it.proxy.statuses == [407, 200, 200, 407, 200, 200]


@WAYS
@asynchronous
async def test_a_proxy_to_which_every_nonce_is_too_old_is_not_asked_for_ever(
    scene: Any, way: str
) -> None:
    async with scene(uses=0) as it:
        assert await it.ask(way) == [407]
        assert it.proxy.statuses == [407, 407, 407]


@WAYS
@pytest.mark.parametrize("algorithm", ["SHA-256", "MD5-sess"])
@asynchronous
async def test_the_next_nonce_is_used_for_the_next_request(
    scene: Any, way: str, algorithm: str
) -> None:
    async with scene(algorithm=algorithm, uses=1, gives_next=True) as it:
        assert await it.ask(way, 3) == [200] * 3
        assert it.proxy.statuses == [407, 200, 200, 200]


@pytest.mark.parametrize("gives_next", [True, False])
@asynchronous
async def test_a_proxy_that_refuses_for_another_reason_has_taken_the_answer(
    scene: Any, gives_next: bool
) -> None:
    async with scene(gives_next=gives_next, uses=1 if gives_next else 9) as it:
        it.proxy.connect_status = 403
        assert await it.ask("https", 2) == [403, 403]
        it.proxy.connect_status = None
        assert await it.ask("https") == [200]
        assert it.proxy.statuses == [407, 200, 200, 200]


@WAYS
@asynchronous
async def test_a_password_that_was_changed_is_a_407(scene: Any, way: str) -> None:
    async with scene() as it:
        assert await it.ask(way) == [200]
        it.proxy.login = (LOGIN[0], "changed")
        assert await it.ask(way, 2) == [407, 407]
        had_answers = [bool(came.parameters) for came in it.proxy.came]
        assert had_answers == [False, True, True, True, False, True]


# --- many at a time ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "options",
    [{}, {"one_nonce": True}, {"uses": 60}, {"gives_next": True}, {"uses": 1, "gives_next": True}],
    ids=str,
)
@pytest.mark.parametrize("is_known", [True, False])
@pytest.mark.parametrize(("way", "count"), [("http", 200), ("https", 50)])
@asynchronous
async def test_no_two_of_many_at_a_time_have_nonce_and_count_in_common(
    scene: Any, way: str, count: int, is_known: bool, options: dict[str, Any]
) -> None:
    async with scene(**options) as it:
        if is_known:
            await it.ask(way)
        url = it.url(way)
        found = await asyncio.gather(*(it.status(url) for _ in range(count)))
        uses = [came.use for came in it.proxy.answered]
        assert found == [200] * count
        assert len(set(uses)) == len(uses)
        if is_known and not {"uses", "gives_next"} & options.keys():
            assert it.proxy.statuses.count(407) == 1


# --- bodies --------------------------------------------------------------------------------------


async def pieces() -> AsyncIterator[bytes]:
    for piece in b"st", b"ream":
        yield piece


@pytest.mark.parametrize(
    "options",
    [
        {"json": {"a": 1}},
        {"data": {"a": "1"}},
        {"data": b"body" * 1000, "compress": "gzip"},
        {"data": b"body", "chunked": True},
    ],
    ids=["json", "form", "compressed", "chunked"],
)
@pytest.mark.parametrize("qop", ["auth", "auth-int"])
@asynchronous
async def test_a_body_is_sent_again_as_it_was(
    scene: Any, qop: str, options: dict[str, Any]
) -> None:
    async with scene(qop=qop) as it:
        assert await it.ask("http", 2, method="POST", **options) == [200, 200]
        assert it.proxy.statuses == [407, 200, 200]
        bodies = {came.body for came in it.proxy.came}
        assert len(bodies) == 1
        assert bodies != {b""}


@pytest.mark.parametrize("qop", ["auth", "auth-int", "auth,auth-int"])
@asynchronous
async def test_a_file_is_sent_again(scene: Any, qop: str) -> None:
    async with scene(qop=qop) as it:
        assert await it.ask("http", method="POST", data=io.BytesIO(b"body")) == [200]
        assert [came.body for came in it.proxy.came] == [b"body"] * 2


class NotedFile(io.BytesIO):
    """Counts how often it was read from its beginning."""

    reads = 0

    def read(self, size: int | None = -1, /) -> bytes:
        self.reads += not self.tell()
        return super().read(size)


@asynchronous
async def test_a_file_is_read_only_to_be_sent_if_the_proxy_does_not_ask_for_it(scene: Any) -> None:
    async with scene(qop="auth") as it:
        file = NotedFile(b"body")
        assert await it.ask("http", method="POST", data=file) == [200]
        assert file.reads == 2


@asynchronous
async def test_a_streamed_body_that_was_challenged_is_not_sent_again_but_the_next_one_is_answered(
    scene: Any,
) -> None:
    async with scene() as it:
        assert await it.ask("http", method="POST", data=pieces()) == [407]
        assert await it.ask("http", method="POST", data=pieces()) == [200]
        assert it.proxy.statuses == [407, 200]
        assert it.proxy.came[1].body == b"stream"


@asynchronous
async def test_a_streamed_body_goes_through_a_tunnel_whatever_the_proxy_asks(scene: Any) -> None:
    async with scene(qop="auth-int") as it:
        assert await it.ask("https", method="POST", data=pieces()) == [200]
        assert it.proxy.statuses == [407, 200]
        assert b"stream" not in it.proxy.passed_on


@asynchronous
async def test_a_streamed_body_is_not_what_auth_int_is_about(scene: Any) -> None:
    async with scene(qop="auth-int,auth") as it:
        await it.ask("http")
        assert await it.ask("http", method="POST", data=pieces()) == [200]
        assert [came.parameters["qop"] for came in it.proxy.answered] == ["auth-int", "auth"]


@asynchronous
async def test_without_the_body_a_challenge_for_auth_int_alone_cannot_be_answered(
    scene: Any,
) -> None:
    async with scene(qop="auth-int") as it:
        await it.ask("http")
        assert await it.ask("http", method="POST", data=pieces()) == [407]
        assert it.proxy.statuses == [407, 200, 407]
        assert not it.proxy.came[2].parameters
        assert await it.ask("http") == [200]
