"""The examples of the guide "Advanced Client Usage" that are about cookies, as programs.

Headings: Custom Cookies (what a request sends), Response Headers and Cookies (the cookies). The
code is that of the guide; its `http://httpbin.org` is httpbin on loopback, called localhost because
addresses are no hosts for cookies, and its `http://example.com` a server of the tests.

Left out, because it needs a cookie jar: the example with `cookies/set` and then `cookies`, where
what one response sets is sent with the next request.
"""

import asyncio
from http.cookies import SimpleCookie

import pytest
from running import asynchronous
from scripted import ScriptedServer, head_of

from aioclient import ClientSession


@pytest.fixture
def site(httpbin: str) -> str:
    return httpbin.replace("127.0.0.1", "localhost")


# --- Custom Cookies ------------------------------------------------------------------------------


@asynchronous
async def test_a_session_has_cookies_for_all_requests(site: str) -> None:
    url = f"{site}/cookies"
    cookies = {"cookies_are": "working"}
    async with ClientSession(cookies=cookies) as session:
        for _ in range(2):
            async with session.get(url) as resp:
                assert await resp.json() == {"cookies": {"cookies_are": "working"}}


@asynchronous
async def test_a_request_has_cookies_of_its_own(site: str) -> None:
    url = f"{site}/cookies"
    cookies = {"cookies_are": "working"}
    async with ClientSession() as session:
        async with session.get(url, cookies=cookies) as resp:
            assert await resp.json() == {"cookies": {"cookies_are": "working"}}
        async with session.get(url) as resp:
            assert await resp.json() == {"cookies": {}}


@asynchronous
async def test_cookies_of_a_request_are_merged_over_those_of_the_session(site: str) -> None:
    url = f"{site}/cookies"
    async with ClientSession(cookies={"a": "session", "b": "session"}) as session:
        async with session.get(url, cookies={"b": "request", "c": "request"}) as resp:
            seen = (await resp.json())["cookies"]
    assert seen == {"a": "session", "b": "request", "c": "request"}


# --- Response Headers and Cookies ----------------------------------------------------------------


async def setting(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """A site that sets one cookie when it redirects and another when it does not."""
    while True:
        if b"/some/redirect/" in (await head_of(reader)).split(b"\r\n")[0]:
            writer.write(b"HTTP/1.1 302 Found\r\nLocation: /some/cookie/setting/url\r\n")
            writer.write(b"Set-Cookie: name_before=before\r\n")
        else:
            writer.write(b"HTTP/1.1 200 OK\r\n")
            writer.write(b"Set-Cookie: example_cookie_name=value; Path=/; HttpOnly\r\n")
        writer.write(b"Content-Length: 0\r\n\r\n")
        await writer.drain()


@asynchronous
async def test_cookies_of_a_response_can_be_accessed() -> None:
    async with ScriptedServer(setting) as server, ClientSession() as session:
        url = server.url("/some/cookie/setting/url")
        async with session.get(url) as resp:
            assert isinstance(resp.cookies, SimpleCookie)
            cookie = resp.cookies["example_cookie_name"]
            assert cookie.value == "value"
            assert (cookie["path"], cookie["httponly"]) == ("/", True)
            assert str(cookie).startswith("Set-Cookie: example_cookie_name=value;")


@asynchronous
async def test_cookies_of_a_response_are_those_of_the_last_in_the_chain() -> None:
    async with ScriptedServer(setting) as server, ClientSession() as session:
        async with session.get(server.url("/some/redirect/")) as resp:
            assert list(resp.cookies) == ["example_cookie_name"]
            assert list(resp.history[0].cookies) == ["name_before"]
