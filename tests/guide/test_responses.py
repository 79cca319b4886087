"""The examples of the guide "Advanced Client Usage" that are about responses, as programs.

Headings: Response Headers and Cookies (the headers), Redirection History, Disabling content type
validation for JSON responses, Character Set Detection. The code is that of the guide with
`aioclient` as `aiohttp`; its `http://example.com` is a server of the tests.
"""

import asyncio

import pytest
from multidict import CIMultiDict, CIMultiDictProxy
from running import asynchronous
from scripted import ScriptedServer, answers, head_of
from yarl import URL

import aioclient as aiohttp
from aioclient import ClientResponse, ClientSession

# --- Response Headers and Cookies ----------------------------------------------------------------


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
            # The guide has a plain dict here, which compares names with their case, and so is equal
            # only if the client spells all of them as the server did.
            assert resp.headers == CIMultiDict(
                {
                    "ACCESS-CONTROL-ALLOW-ORIGIN": "*",
                    "CONTENT-TYPE": "application/json",
                    "DATE": "Tue, 15 Jul 2014 16:49:51 GMT",
                    "SERVER": "gunicorn/18.0",
                    "CONTENT-LENGTH": "331",
                    "CONNECTION": "keep-alive",
                }
            )

            assert resp.headers["Content-Type"] == "application/json"

            assert resp.headers.get("content-type") == "application/json"


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
        assert resp.url == URL(server.url("/some/other/url/"))
        assert len(resp.history) == 1
        assert resp.history[0].status == 301
        assert resp.history[0].url == URL(server.url("/some/redirect/"))


@asynchronous
async def test_without_redirects_the_history_is_empty() -> None:
    async with ScriptedServer(redirecting) as server, ClientSession() as session:
        resp = await session.get(server.url("/some/other/url/"))
        assert (resp.status, len(resp.history)) == (200, 0)
        resp = await session.get(server.url("/some/redirect/"), allow_redirects=False)
        assert (resp.status, len(resp.history)) == (301, 0)


# --- Disabling content type validation for JSON responses ----------------------------------------


def json_server(media_type: str) -> ScriptedServer:
    """A server that sends JSON, and says that it is of this type."""
    head = f"HTTP/1.1 200 OK\r\nContent-Type: {media_type}\r\nContent-Length: 8\r\n\r\n"
    return ScriptedServer(answers(f"{head}[1, 2.5]".encode()))


@pytest.mark.parametrize("media_type", ["application/json", "application/vnd.custom-type+json"])
@asynchronous
async def test_json_types_are_accepted_by_default(media_type: str) -> None:
    async with json_server(media_type) as server, ClientSession() as session:
        async with session.get(server.url()) as resp:
            assert await resp.json() == [1, 2.5]


@pytest.mark.parametrize("media_type", ["text/html", "custom/type"])
@asynchronous
async def test_other_types_are_not_accepted_by_default(media_type: str) -> None:
    async with json_server(media_type) as server, ClientSession() as session:
        async with session.get(server.url()) as resp:
            with pytest.raises(aiohttp.ContentTypeError):
                await resp.json()


@asynchronous
async def test_the_expected_type_can_be_said_and_then_is_strict() -> None:
    async with json_server("custom/type") as server, ClientSession() as session:
        async with session.get(server.url()) as resp:
            assert await resp.json(content_type="custom/type") == [1, 2.5]
    async with json_server("custom/xxx+type") as server, ClientSession() as session:
        async with session.get(server.url()) as resp:
            with pytest.raises(aiohttp.ContentTypeError):
                await resp.json(content_type="custom/type")


@pytest.mark.parametrize("media_type", ["text/html", "custom/xxx+type"])
@asynchronous
async def test_the_check_can_be_disabled(media_type: str) -> None:
    async with json_server(media_type) as server, ClientSession() as session:
        async with session.get(server.url()) as resp:
            assert await resp.json(content_type=None) == [1, 2.5]


# --- Character Set Detection ---------------------------------------------------------------------

TEXT = (
    "Za poslední tři roky se v Příbrami sešlo přes 120 žáků a žákyň; „kůň“ úpěl ďábelské ódy. " * 3
)
CODEC = "windows-1250"


def text_server(charset: str = "") -> ScriptedServer:
    """A server whose page is in windows-1250, whatever it says of it."""
    body = TEXT.encode(CODEC)
    head = f"HTTP/1.1 200 OK\r\nContent-Type: text/html{charset}\r\nContent-Length: {len(body)}"
    return ScriptedServer(answers(head.encode() + b"\r\n\r\n" + body))


@asynchronous
async def test_the_encoding_can_be_said() -> None:
    async with text_server() as server, ClientSession() as session:
        async with session.get(server.url()) as resp:
            with pytest.raises(UnicodeDecodeError):
                await resp.text()
            assert await resp.text("windows-1250") == TEXT
            assert await resp.text("windows-1252") == TEXT.encode(CODEC).decode("windows-1252")


@asynchronous
async def test_chardetng_can_guess_the_encoding() -> None:
    from chardetng_py import detect

    def charset_resolver(resp: ClientResponse, body: bytes) -> str:
        assert resp.url.host is not None
        tld = resp.url.host.rsplit(".", maxsplit=1)[-1]
        return detect(body, allow_utf8=True, tld=tld.encode())

    async with text_server() as server:
        async with ClientSession(fallback_charset_resolver=charset_resolver) as session:
            async with session.get(server.url(host="localhost")) as resp:
                assert await resp.text() == TEXT


@asynchronous
async def test_charset_normalizer_can_guess_the_encoding() -> None:
    from charset_normalizer import detect

    async with text_server() as server:
        async with ClientSession(
            fallback_charset_resolver=lambda r, b: detect(b)["encoding"] or "utf-8"
        ) as session:
            async with session.get(server.url()) as resp:
                assert await resp.text() == TEXT


@asynchronous
async def test_nobody_guesses_where_a_charset_is_said() -> None:
    def charset_resolver(resp: ClientResponse, body: bytes) -> str:
        raise AssertionError("asked, although the server said it")

    async with text_server(f"; charset={CODEC}") as server:
        async with ClientSession(fallback_charset_resolver=charset_resolver) as session:
            async with session.get(server.url()) as resp:
                assert await resp.text() == TEXT
