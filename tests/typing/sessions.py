"""What a type checker knows of sessions, their requests and options: read by it, and never run."""

import asyncio
import json
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from http.cookies import SimpleCookie
from typing import Any, Self, assert_type

from multidict import CIMultiDict, CIMultiDictProxy, istr
from yarl import URL

import aioclient
from aioclient import (
    AbstractCookieJar,
    BaseConnector,
    BasicAuth,
    ClientResponse,
    ClientSession,
    ClientTimeout,
    FormData,
    HttpVersion,
    NextRequest,
    ProxyDigestAuth,
    TCPConnector,
    TraceConfig,
    UploadTracker,
)


async def a_session_is_made_of_options_and_closed() -> None:
    async with ClientSession() as session:
        assert_type(session, ClientSession)
    session = ClientSession(
        "https://example.com/api/",
        base_url_origin_only=True,
        connector=TCPConnector(limit=10),
        cookies={"a": "b"},
        headers={"Accept": "text/plain"},
        auth=BasicAuth("me", "secret"),
        json_serialize=json.dumps,
        raise_for_status=True,
        timeout=ClientTimeout(total=5),
        trust_env=True,
        version=HttpVersion(1, 0),
        max_body_size=2**20,
        cross_origin_headers=("X-Trace",),
    )
    assert_type(await session.close(), None)
    await session.close(drain=5)


class OwnSession(ClientSession):
    """With something of its own."""


async def one_of_a_subclass_stays_that() -> None:
    async with OwnSession() as session:
        assert_type(session, OwnSession)


def its_settings_are_known(session: ClientSession) -> None:
    assert_type(session.headers, CIMultiDict[str])
    assert_type(session.headers["Accept"], str)
    session.headers["X-Own"] = "1"
    assert_type(session.skip_auto_headers, frozenset[istr])
    assert_type(session.cookie_jar, AbstractCookieJar)
    assert_type(session.auth, BasicAuth | None)
    assert_type(session.auto_decompress, bool)
    assert_type(session.version, HttpVersion)
    assert_type(session.trust_env, bool)
    assert_type(session.trace_configs, list[TraceConfig[Any]])
    assert_type(session.timeout, ClientTimeout)
    assert_type(session.json_serialize, Callable[[Any], str | bytes])
    assert_type(session.raise_for_status, bool | Callable[[ClientResponse], Awaitable[None]])
    assert_type(session.connector, BaseConnector | None)
    assert_type(session.connector_owner, bool)
    assert_type(session.closed, bool)
    assert_type(session.requote_redirect_url, bool)
    assert_type(session.loop, asyncio.AbstractEventLoop)


async def each_verb_gives_a_response_both_ways(session: ClientSession) -> None:
    url = URL("https://a/")
    assert_type(await session.request("GET", url), ClientResponse)
    assert_type(await session.get(url), ClientResponse)
    assert_type(await session.options(url), ClientResponse)
    assert_type(await session.head("https://a/"), ClientResponse)
    assert_type(await session.post(url), ClientResponse)
    assert_type(await session.put(url), ClientResponse)
    assert_type(await session.patch(url), ClientResponse)
    assert_type(await session.delete(url), ClientResponse)
    async with session.get(url) as response:
        assert_type(response, ClientResponse)
    async with aioclient.request("GET", url, connector=TCPConnector()) as response:
        assert_type(response, ClientResponse)
    assert_type(await aioclient.request("GET", url, headers={"A": "b"}), ClientResponse)


async def a_request_may_become_a_task(session: ClientSession) -> None:
    task = asyncio.create_task(session.get("https://a/"))
    assert_type(await task, ClientResponse)
    first, second = await asyncio.gather(session.get("https://a/"), session.get("https://b/"))
    assert_type(first, ClientResponse)
    assert_type(second, ClientResponse)
    assert_type(await asyncio.wait_for(session.get("https://a/"), 1), ClientResponse)


async def pieces() -> AsyncIterator[bytes]:
    yield b"a"


async def judge(response: ClientResponse) -> None:
    response.raise_for_status()


def follow(response: ClientResponse, request: NextRequest) -> NextRequest | None:
    assert_type(request.method, str)
    assert_type(request.url, URL)
    assert_type(request.headers, CIMultiDict[str])
    assert_type(request.keeps_body, bool)
    assert_type(request.crosses_origin, bool)
    assert_type(request.dropped, tuple[str, ...])
    return request.with_url(request.url / "b") if response.status == 301 else None


def hear(status: int, headers: CIMultiDictProxy[str]) -> None:
    assert_type(headers["Link"], str)


async def options_are_taken_in_all_their_kinds(session: ClientSession, form: FormData) -> None:
    url = "https://a/"
    await session.get(url, params={"a": 1, "b": ["c", "d"], "e": 1.5})
    await session.get(url, params=[("a", "b"), ("a", 2)])
    await session.get(url, params="a=b")
    await session.get(url, params=None)
    await session.get(url, headers={"A": "b"})
    await session.get(url, headers=[("A", "b"), (istr("A"), "c")])
    await session.get(url, headers=CIMultiDict({"A": "b"}))
    await session.get(url, headers={aioclient.hdrs.ACCEPT: "*/*"})
    await session.get(url, headers=None, skip_auto_headers=["User-Agent"])
    await session.get(url, cookies={"a": "b"})
    await session.get(url, cookies=SimpleCookie("a=b"))
    await session.get(url, cookies=[("a", "b")])
    await session.get(url, auth=BasicAuth("me"))
    await session.get(url, timeout=5)
    await session.get(url, timeout=1.5)
    await session.get(url, timeout=None)
    await session.get(url, timeout=ClientTimeout(total=5))
    await session.get(url, ssl=False)
    await session.get(url, ssl=ssl.create_default_context())
    await session.get(url, ssl=aioclient.Fingerprint(b"0" * 32), server_hostname="b")
    await session.get(url, raise_for_status=True)
    await session.get(url, raise_for_status=judge)
    await session.get(url, allow_redirects=False, max_redirects=3, redirect_policy=follow)
    await session.get(url, proxy="http://proxy", proxy_auth=BasicAuth("me", "secret"))
    await session.get(url, proxy=URL("http://proxy"), proxy_auth=ProxyDigestAuth("me", "secret"))
    await session.get(url, proxy=False)
    await session.get(url, proxy_headers={"A": "b"}, proxy_ssl=False)
    await session.get(url, middlewares=())
    await session.get(url, on_informational=hear, retry_on_stale=False, read_until_eof=False)
    await session.get(url, trace_request_ctx={"any": "object"})
    await session.get(url, read_bufsize=2**16, auto_decompress=False, max_line_size=2**16)
    await session.get(url, max_body_size=0, max_decode_ratio=10.5, max_error_body_size=0)
    for data in (b"a", bytearray(b"a"), memoryview(b"a"), "text", pieces(), form, {"a": "b"}, None):
        await session.post(url, data=data)
    await session.post(url, json={"a": [1, None, "b"]}, compress="gzip", chunked=True)
    await session.post(url, expect100=True, expect100_timeout=1, upload_tracker=UploadTracker())


async def wrong(session: ClientSession) -> None:
    url = "https://a/"
    await session.get(url, nonsense=1)  # type: ignore[call-arg]
    await session.get(url, headers=1)  # type: ignore[arg-type]
    await session.get(url, headers={"A": 1})  # type: ignore[arg-type]
    await session.get(url, params=object())  # type: ignore[arg-type]
    await session.get(url, timeout="5")  # type: ignore[arg-type]
    await session.get(url, ssl="no")  # type: ignore[arg-type]
    await session.get(url, auth=("me", "secret"))  # type: ignore[arg-type]
    await session.get(url, allow_redirects="no")  # type: ignore[arg-type]
    await session.get(url, max_redirects=None)  # type: ignore[arg-type]
    await session.get(url, proxy=True)  # type: ignore[arg-type]
    await session.get(url, redirect_policy=hear)  # type: ignore[arg-type]
    await session.get(url, raise_for_status=hear)  # type: ignore[arg-type]
    await session.get(url, middlewares=[judge])  # type: ignore[list-item]
    await session.get(1)  # type: ignore[arg-type]
    await session.request("GET")  # type: ignore[call-arg]
    ClientSession(nonsense=1)  # type: ignore[call-arg]
    ClientSession(connector="tcp")  # type: ignore[arg-type]
    ClientSession(timeout="5")  # type: ignore[arg-type]
    session.timeout = ClientTimeout()  # type: ignore[misc]
    session.headers = CIMultiDict({"A": "b"})  # type: ignore[misc]


class WithClient:
    """A class that keeps a session, as programs do."""

    def __init__(self, session: ClientSession) -> None:
        self._session = session

    async def __aenter__(self) -> Self:
        await self._session.__aenter__()
        return self

    async def __aexit__(self, *error: object) -> None:
        await self._session.close()

    async def fetch(self, path: str, **params: str) -> Any:
        async with self._session.get(path, params=params) as response:
            return await response.json()
