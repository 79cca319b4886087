"""The guide, "Custom Cookies".

The code is that of the guide with `aioclient` as `aiohttp`; its `http://httpbin.org` is httpbin on
loopback, under a name because addresses are no hosts for cookies.
"""

from running import asynchronous
from yarl import URL

import aioclient as aiohttp
from aioclient import ClientSession

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
