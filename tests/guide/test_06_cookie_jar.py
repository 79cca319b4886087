"""The guide, "Cookie Jar" with its parts.

The code is that of the guide with `aioclient` as `aiohttp`; the sessions that it makes talk to
httpbin on loopback, which is at an address, or to a server of the tests.
"""

import pytest
from pages import OK, Pages
from running import asynchronous
from yarl import URL

import aioclient as aiohttp

# --- Cookie Jar ----------------------------------------------------------------------------------


async def shown(session: aiohttp.ClientSession, httpbin: str) -> dict[str, str]:
    """The cookies that httpbin is sent after it has set one."""
    await session.get(f"{httpbin}/cookies/set?my_cookie=my_value", allow_redirects=False)
    async with session.get(f"{httpbin}/cookies") as resp:
        cookies: dict[str, str] = (await resp.json())["cookies"]
        return cookies


@asynchronous
async def test_a_session_has_a_jar_of_its_own(site: str) -> None:
    async with aiohttp.ClientSession() as session:
        assert isinstance(session.cookie_jar, aiohttp.CookieJar)
        assert await shown(session, site) == {"my_cookie": "my_value"}
        assert [cookie.key for cookie in session.cookie_jar] == ["my_cookie"]


# --- Cookie Safety -------------------------------------------------------------------------------


@asynchronous
async def test_by_default_addresses_set_no_cookies(httpbin: str) -> None:
    async with aiohttp.ClientSession() as session:
        assert await shown(session, httpbin) == {}
        assert len(session.cookie_jar) == 0
    jar = aiohttp.CookieJar()
    jar.update_cookies_from_headers(["a=b"], URL("http://127.0.0.1:80/cookie"))
    assert len(jar) == 0


@asynchronous
async def test_cookie_safety(httpbin: str) -> None:
    jar = aiohttp.CookieJar(unsafe=True)
    session = aiohttp.ClientSession(cookie_jar=jar)
    assert session.cookie_jar is jar
    assert await shown(session, httpbin) == {"my_cookie": "my_value"}
    await session.close()


# --- Cookie Quoting Routine ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "quoted"),
    [
        ("plain", "plain"),
        ("é", r'"\351"'),
        (" a\t", r'" a\011"'),
        (",;", r'"\054\073"'),
        ('"', r'"\""'),
        ("\\", r'"\\"'),
        ('x,é"\\', r'"x\054\351\"\\"'),
    ],
)
@asynchronous
async def test_by_default_values_are_quoted(value: str, quoted: str) -> None:
    async with Pages(page=OK) as server, aiohttp.ClientSession() as session:
        await session.get(server.url("/page"), cookies={"a": value})
    assert server.last.headers["Cookie"] == f"a={quoted}"


@asynchronous
async def test_cookie_quoting_routine() -> None:
    jar = aiohttp.CookieJar(quote_cookie=False)
    session = aiohttp.ClientSession(cookie_jar=jar)
    async with Pages(page=OK) as server:
        await session.get(server.url("/page"), cookies={"a": 'x,é"\\'})
        await session.close()
    assert server.last.headers["Cookie"] == 'a=x,é"\\'


@asynchronous
async def test_quoted_cookies_are_read_by_servers_that_know_quotes(site: str) -> None:
    async with aiohttp.ClientSession(cookies={"a": "b c;d,e"}) as session:
        async with session.get(f"{site}/cookies") as resp:
            assert await resp.json() == {"cookies": {"a": "b c;d,e"}}


# --- Dummy Cookie Jar ----------------------------------------------------------------------------


@asynchronous
async def test_dummy_cookie_jar(site: str) -> None:
    jar = aiohttp.DummyCookieJar()
    session = aiohttp.ClientSession(cookie_jar=jar)
    assert await shown(session, site) == {}
    await session.close()
