"""The examples of the guide "Advanced Client Usage" that are about cookies, as programs.

Headings: Custom Cookies, Response Headers and Cookies (the cookies), Cookie Jar with Cookie Safety,
Cookie Quoting Routine and Dummy Cookie Jar. The code is that of the guide with `aioclient` as
`aiohttp`; its `http://httpbin.org` is httpbin on loopback, under a name because addresses are no
hosts for cookies, and its `http://example.com` a server of the tests.
"""

import asyncio
from http.cookies import SimpleCookie

import pytest
from jars import named_session
from running import asynchronous
from scripted import ScriptedServer, head_of
from yarl import URL

import aioclient as aiohttp
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


@asynchronous
async def test_a_session_shares_cookies_between_requests(site: str) -> None:
    async with aiohttp.ClientSession() as session:
        async with session.get(
            f"{site}/cookies/set?my_cookie=my_value", allow_redirects=False
        ) as resp:
            assert resp.cookies["my_cookie"].value == "my_value"
        async with session.get(f"{site}/cookies") as r:
            json_body = await r.json()
            assert json_body["cookies"]["my_cookie"] == "my_value"


@asynchronous
async def test_cookies_that_a_redirect_sets_are_sent_to_where_it_leads(site: str) -> None:
    async with aiohttp.ClientSession() as session:
        async with session.get(f"{site}/cookies/set?my_cookie=my_value&other=2") as resp:
            assert await resp.json() == {"cookies": {"my_cookie": "my_value", "other": "2"}}
        async with session.get(f"{site}/cookies/delete?other") as resp:
            assert await resp.json() == {"cookies": {"my_cookie": "my_value"}}


@asynchronous
async def test_cookies_of_a_session_are_accessed_by_its_jar(site: str) -> None:
    async with aiohttp.ClientSession() as session:
        await session.get(f"{site}/cookies/set?my_cookie=my_value")
        (cookie,) = session.cookie_jar
        assert (cookie.key, cookie.value, cookie["domain"]) == (
            "my_cookie",
            "my_value",
            "localhost",
        )
        assert session.cookie_jar.filter_cookies(URL(site))["my_cookie"].value == "my_value"


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


@asynchronous
async def test_cookies_of_all_requests_of_the_chain_are_gathered_by_the_session() -> None:
    async with ScriptedServer(setting) as server, named_session() as session:
        await session.get(server.url("/some/redirect/", host="a.example"))
        assert {cookie.key for cookie in session.cookie_jar} == {
            "name_before",
            "example_cookie_name",
        }


# --- Cookie Jar ----------------------------------------------------------------------------------


async def shown(session: aiohttp.ClientSession, httpbin: str) -> dict[str, str]:
    """The cookies that httpbin is sent after it has set one."""
    await session.get(f"{httpbin}/cookies/set?my_cookie=my_value", allow_redirects=False)
    async with session.get(f"{httpbin}/cookies") as resp:
        cookies: dict[str, str] = (await resp.json())["cookies"]
        return cookies


@asynchronous
async def test_cookie_safety(httpbin: str) -> None:
    async with aiohttp.ClientSession() as session:
        assert await shown(session, httpbin) == {}
    jar = aiohttp.CookieJar(unsafe=True)
    session = aiohttp.ClientSession(cookie_jar=jar)
    assert await shown(session, httpbin) == {"my_cookie": "my_value"}
    await session.close()


@asynchronous
async def test_cookie_quoting_routine() -> None:
    """The octal number of each character, "," and ";" among them; or all of it as it is."""
    heads: list[bytes] = []

    async def noting(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            heads.append(await head_of(reader))
            writer.write(b"HTTP/1.1 204 No Content\r\n\r\n")

    async with ScriptedServer(noting) as server:
        jar = aiohttp.CookieJar(quote_cookie=False)
        for session in aiohttp.ClientSession(), aiohttp.ClientSession(cookie_jar=jar):
            await session.get(server.url(), cookies={"a": 'x,\u00e9"\\'})
            await session.close()
    quoted, unquoted = (head.partition(b"Cookie: ")[2].split(b"\r\n")[0] for head in heads)
    assert quoted == rb'a="x\054\351\"\\"'
    assert unquoted == 'a=x,\u00e9"\\'.encode()


@asynchronous
async def test_quoted_cookies_are_read_by_servers_that_know_quotes(site: str) -> None:
    async with aiohttp.ClientSession(cookies={"a": "b c;d,e"}) as session:
        async with session.get(f"{site}/cookies") as resp:
            assert await resp.json() == {"cookies": {"a": "b c;d,e"}}


@asynchronous
async def test_dummy_cookie_jar(site: str) -> None:
    jar = aiohttp.DummyCookieJar()
    session = aiohttp.ClientSession(cookie_jar=jar)
    assert await shown(session, site) == {}
    await session.close()
