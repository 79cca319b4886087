"""The guide, "Character Set Detection".

The code is that of the guide with `aioclient` as `aiohttp`; the pages come from a server of the
tests.
"""

import pytest
from running import asynchronous
from scripted import ScriptedServer, answers

from aioclient import ClientResponse, ClientSession

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
