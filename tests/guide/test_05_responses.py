"""The guide, "Response Headers and Cookies" and "Redirection History".

The code is that of the guide with `aioclient` as `aiohttp`; its `http://example.com` is a server of
the tests.
"""

import asyncio
from http.cookies import SimpleCookie

import pytest
from jars import named_session
from multidict import CIMultiDict, CIMultiDictProxy
from running import asynchronous
from scripted import ScriptedServer, answers, head_of
from yarl import URL

from aioclient import ClientSession

# --- Response Headers and Cookies: headers -------------------------------------------------------


def response_bytes(fields: tuple[tuple[bytes, bytes], ...]) -> bytes:
    """A response with exactly these fields and as long a body as they say."""
    lines = b"".join(b"%b: %b\r\n" % field for field in fields)
    return b"HTTP/1.1 200 OK\r\n" + lines + b"\r\n" + b" " * int(dict(fields)[b"CONTENT-LENGTH"])


GUNICORN = (
    (b"ACCESS-CONTROL-ALLOW-ORIGIN", b"*"),
    (b"CONTENT-TYPE", b"application/json"),
    (b"DATE", b"Tue, 15 Jul 2014 16:49:51 GMT"),
    (b"SERVER", b"gunicorn/18.0"),
    (b"CONTENT-LENGTH", b"331"),
    (b"CONNECTION", b"keep-alive"),
)
NGINX = (
    (b"SERVER", b"nginx"),
    (b"DATE", b"Sat, 09 Jan 2016 20:28:40 GMT"),
    (b"CONTENT-TYPE", b"text/html; charset=utf-8"),
    (b"CONTENT-LENGTH", b"12150"),
    (b"CONNECTION", b"keep-alive"),
)


@asynchronous
async def test_response_headers_are_a_case_insensitive_multidict() -> None:
    async with ScriptedServer(answers(response_bytes(GUNICORN))) as server:
        async with ClientSession() as session, session.get(server.url()) as resp:
            assert isinstance(resp.headers, CIMultiDictProxy)
            shown = {
                "ACCESS-CONTROL-ALLOW-ORIGIN": "*",
                "CONTENT-TYPE": "application/json",
                "DATE": "Tue, 15 Jul 2014 16:49:51 GMT",
                "SERVER": "gunicorn/18.0",
                "CONTENT-LENGTH": "331",
                "CONNECTION": "keep-alive",
            }
            assert resp.headers == CIMultiDict(shown)
            # The guide compares with the plain dict, whose names have a case. Names that are well
            # known have their usual one here, as in aiohttp, however the server spells them.
            assert resp.headers == {name.title(): value for name, value in shown.items()}

            assert resp.headers["Content-Type"] == "application/json"

            assert resp.headers.get("content-type") == "application/json"


@asynchronous
async def test_a_header_may_have_several_values() -> None:
    fields = ((b"VIA", b"1.0 fred"), (b"Via", b"1.1 p.example"), (b"CONTENT-LENGTH", b"0"))
    async with ScriptedServer(answers(response_bytes(fields))) as server:
        async with ClientSession() as session, session.get(server.url()) as resp:
            assert resp.headers.getall("via") == ["1.0 fred", "1.1 p.example"]
            assert resp.headers["via"] == "1.0 fred"


@asynchronous
async def test_raw_headers_are_as_they_came() -> None:
    async with ScriptedServer(answers(response_bytes(NGINX))) as server:
        async with ClientSession() as session, session.get(server.url()) as resp:
            assert resp.raw_headers == (
                (b"SERVER", b"nginx"),
                (b"DATE", b"Sat, 09 Jan 2016 20:28:40 GMT"),
                (b"CONTENT-TYPE", b"text/html; charset=utf-8"),
                (b"CONTENT-LENGTH", b"12150"),
                (b"CONNECTION", b"keep-alive"),
            )


@asynchronous
async def test_headers_in_another_encoding_can_be_had_unconverted() -> None:
    fields = ((b"X-Utf-8", "ž".encode()), (b"X-Latin-1", b"\xe9"), (b"CONTENT-LENGTH", b"0"))
    async with ScriptedServer(answers(response_bytes(fields))) as server:
        async with ClientSession() as session, session.get(server.url()) as resp:
            assert resp.headers["X-Utf-8"] == "ž"
            assert resp.headers["X-Latin-1"] == "\udce9"
            assert dict(resp.raw_headers)[b"X-Latin-1"] == b"\xe9"


# --- Response Headers and Cookies: cookies ------------------------------------------------------


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
async def test_cookies_of_a_response_can_be_accessed(capsys: pytest.CaptureFixture[str]) -> None:
    async with ScriptedServer(setting) as server, ClientSession() as session:
        url = server.url("/some/cookie/setting/url")
        async with session.get(url) as resp:
            print(resp.cookies["example_cookie_name"])
            printed = capsys.readouterr().out
            assert printed.startswith("Set-Cookie: example_cookie_name=value;")
            assert isinstance(resp.cookies, SimpleCookie)
            cookie = resp.cookies["example_cookie_name"]
            assert cookie.value == "value"
            assert (cookie["path"], cookie["httponly"]) == ("/", True)


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


# --- Redirection History -------------------------------------------------------------------------


async def redirecting(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """A site that moved from /some/redirect/ to /some/other/url/."""
    while True:
        if b"/some/redirect/" in (await head_of(reader)).split(b"\r\n")[0]:
            writer.write(b"HTTP/1.1 301 Moved\r\nLocation: /some/other/url/\r\n")
        else:
            writer.write(b"HTTP/1.1 200 OK\r\n")
        writer.write(b"Content-Length: 0\r\n\r\n")
        await writer.drain()


@asynchronous
async def test_a_redirected_request_has_a_history() -> None:
    async with ScriptedServer(redirecting) as server, ClientSession() as session:
        resp = await session.get(server.url("/some/redirect/"))
        assert resp.status == 200
        # In the guide this has one "=", which is no Python.
        assert resp.url == URL(server.url("/some/other/url/"))
        assert len(resp.history) == 1
        assert resp.history[0].status == 301
        assert resp.history[0].url == URL(server.url("/some/redirect/"))


@asynchronous
async def test_without_redirects_the_history_is_empty() -> None:
    async with ScriptedServer(redirecting) as server, ClientSession() as session:
        resp = await session.get(server.url("/some/other/url/"))
        assert (resp.status, resp.history) == (200, ())
        resp = await session.get(server.url("/some/redirect/"), allow_redirects=False)
        assert (resp.status, resp.history) == (301, ())
