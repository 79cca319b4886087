"""The guide, "Client Session" and "Custom Request Headers".

The code is that of the guide with `aioclient` as `aiohttp`; its `http://httpbin.org` is httpbin on
loopback, its `http://example.com` a server of the tests.
"""

from origin import Origin
from pages import OK, Pages, page
from running import asynchronous
from websocket_site import WebSocketSite, echo

import aioclient as aiohttp

# --- Client Session ------------------------------------------------------------------------------


@asynchronous
async def test_requests_of_a_session_share_its_connections() -> None:
    async with Origin() as origin:
        async with aiohttp.ClientSession() as session:
            for _ in range(3):
                async with session.get(origin.url("/json")) as resp:
                    await resp.read()
        assert (origin.served, origin.accepted) == (3, 1)


@asynchronous
async def test_requests_of_a_session_share_its_cookies() -> None:
    async with Pages(login=page(b"ok", "Set-Cookie: token=1; Path=/")) as pages:
        async with aiohttp.ClientSession() as session:
            await session.get(pages.url("/login", "localhost"))
            await session.get(pages.url("/account", "localhost"))
        async with aiohttp.ClientSession() as session:
            await session.get(pages.url("/account", "localhost"))
    assert [seen.headers.get("Cookie") for seen in pages.seen] == [None, "token=1", None]


@asynchronous
async def test_a_session_is_for_requests_and_for_websockets() -> None:
    async with Pages(page=OK) as pages, WebSocketSite(echo) as site:
        async with aiohttp.ClientSession() as session:
            async with session.get(pages.url("/page")) as resp:
                assert await resp.text() == "ok"
            async with session.ws_connect(site.url()) as ws:
                await ws.send_str("hello")
                assert await ws.receive_str() == "hello"


# --- Custom Request Headers ----------------------------------------------------------------------


@asynchronous
async def test_the_content_type_can_be_said_directly() -> None:
    async with Pages() as example_com, aiohttp.ClientSession() as session:
        url = example_com.url("/image")
        # In the guide the two lines are not joined by anything, which is no Python.
        payload = (b'GIF89a\x01\x00\x01\x00\x00\xff\x00,\x00\x00'
                   b'\x00\x00\x01\x00\x01\x00\x00\x02\x00;')  # fmt: skip
        headers = {'content-type': 'image/gif'}  # fmt: skip

        await session.post(url,
                           data=payload,
                           headers=headers)  # fmt: skip
    assert example_com.last.line == "POST /image HTTP/1.1"
    assert example_com.last.body == payload
    fields = example_com.last.headers
    assert fields.getall("Content-Type") == ["image/gif"]
    assert fields.getall("Content-Length") == [str(len(payload))]


@asynchronous
async def test_a_session_has_headers_for_all_requests(httpbin: str) -> None:
    headers = {"Authorization": "Basic bG9naW46cGFzcw=="}
    async with aiohttp.ClientSession(headers=headers) as session:
        for _ in range(2):
            async with session.get(f"{httpbin}/headers") as r:
                json_body = await r.json()
                assert json_body["headers"]["Authorization"] == \
                    "Basic bG9naW46cGFzcw=="  # fmt: skip


@asynchronous
async def test_json_is_sent_as_json(httpbin: str) -> None:
    url = f"{httpbin}/post"
    async with aiohttp.ClientSession() as session:
        resp = await session.post(url, json={"example": "text"})
        seen = await resp.json()
    assert seen["json"] == {"example": "text"}
    assert seen["headers"]["Content-Type"] == "application/json"


@asynchronous
async def test_a_str_is_sent_as_plain_text(httpbin: str) -> None:
    url = f"{httpbin}/post"
    async with aiohttp.ClientSession() as session:
        resp = await session.post(url, data="Привет, Мир!")
        seen = await resp.json()
    assert seen["data"] == "Привет, Мир!"
    assert seen["headers"]["Content-Type"] == "text/plain; charset=utf-8"
