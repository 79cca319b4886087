"""Section 23 of the reference: abstract classes that users implement."""

import pytest
from pages import Pages
from reference import Call, Line, Missing, Names
from running import asynchronous

from aioclient import (
    AbstractCookieJar,
    AbstractResolver,
    ClientSession,
    Payload,
    ResolveResult,
    TCPConnector,
)
from aioclient._body.payload import PayloadWriter

ROWS = (
    Line(
        "AbstractCookieJar is implemented by subclasses, all but two members of it",
        "test_jar_of_a_user_needs_ten_members",
    ),
    Call("AbstractResolver.resolve", "host, port=0, family=2", is_async=True),
    Call("AbstractResolver.close", is_async=True),
    Line(
        "AbstractResolver is implemented by subclasses, all of it",
        "test_resolver_of_a_user_is_asked test_resolver_that_lacks_a_method_cannot_be_made",
    ),
    Call("abc.AbstractStreamWriter.write", "chunk", is_async=True),
    Names("abc.AbstractStreamWriter", "drain write_eof"),
    Line(
        "a payload of a user writes by write, drain and write_eof of AbstractStreamWriter",
        "test_payload_of_a_user_writes_to_a_writer",
    ),
    Line(
        "a writer has the head, chunking, compression and sizes, too",
        "test_writer_has_only_what_a_body_needs",
        "`AbstractStreamWriter`: what payloads write to has of it `write`, `drain` and `write_eof`",
    ),
    Missing("aioclient", "AbstractAccessLogger", "Of aiohttp's server there is nothing"),
)


class Fixed(AbstractResolver):
    """Knows one address."""

    async def resolve(self, host: str, port: int = 0, family: int = 0) -> list[ResolveResult]:
        return [
            {
                "hostname": host,
                "host": "127.0.0.1",
                "port": port,
                "family": 2,
                "proto": 0,
                "flags": 0,
            }
        ]

    async def close(self) -> None:
        """There is nothing to close."""


@asynchronous
async def test_resolver_of_a_user_is_asked() -> None:
    connector = TCPConnector(resolver=Fixed())
    async with Pages() as server, ClientSession(connector=connector) as session:
        await session.get(server.url("/page", host="a.example"))
        assert server.last.headers["Host"] == f"a.example:{server.port}"


def test_resolver_that_lacks_a_method_cannot_be_made() -> None:
    class Closes(AbstractResolver):
        async def close(self) -> None:
            """There is nothing to close."""

    with pytest.raises(TypeError, match="abstract"):
        Closes()  # type: ignore[abstract]


def test_jar_of_a_user_needs_ten_members() -> None:
    assert AbstractCookieJar.__abstractmethods__ == {
        *("quote_cookie", "unsafe", "cookies", "host_only_cookies", "clear", "clear_domain"),
        *("update_cookies", "filter_cookies", "__iter__", "__len__"),
    }


class Greeting(Payload):
    """Writes as the reference's own payloads do."""

    async def write(self, writer: PayloadWriter) -> None:
        await writer.write(b"hello, ")
        await writer.drain()
        await writer.write(bytearray(b"wor"))
        await writer.write_eof(b"ld")


@asynchronous
async def test_payload_of_a_user_writes_to_a_writer() -> None:
    async with Pages() as server, ClientSession() as session:
        await session.post(server.url(), data=Greeting(None))
        assert server.last.body == b"hello, world"


def test_writer_has_only_what_a_body_needs() -> None:
    public = {name for name in dir(PayloadWriter) if not name.startswith("_")}
    assert public == {"write", "drain", "write_eof"}
