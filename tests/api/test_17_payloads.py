"""Section 17 of the reference: payloads, and what chooses them."""

import asyncio
import io
import warnings
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest
from origin import Origin
from pages import Pages
from reference import Call, Line, Names
from running import asynchronous
from written import Collected, written_by

from aioclient import (
    PAYLOAD_REGISTRY,
    AsyncIterablePayload,
    BufferedReaderPayload,
    BytesIOPayload,
    BytesPayload,
    ClientSession,
    IOBasePayload,
    JsonBytesPayload,
    JsonPayload,
    MultipartWriter,
    Payload,
    StringIOPayload,
    StringPayload,
    TextIOPayload,
    get_payload,
    payload_type,
    streamer,
)
from aioclient._body.payloads import Order, StreamReaderPayload

_FILES = "tests/_body/test_file_payload.py::"
_PAYLOADS = "tests/_body/test_payloads.py::"
_ALL = """size filename headers encoding content_type consumed autoclose set_content_disposition
    decode write write_with_length as_bytes close"""
_AS_BYTES = "encoding='utf-8', errors='strict'"

ROWS = (
    Call("Payload", "value, headers=None, content_type=SENT, filename=None, encoding=None"),
    Names("Payload", _ALL),
    Call(
        "Payload.set_content_disposition",
        "disptype, quote_fields=True, _charset='utf-8', **params",
    ),
    Call("Payload.decode", _AS_BYTES),
    Call("Payload.as_bytes", _AS_BYTES, is_async=True),
    Call("Payload.write", "writer", is_async=True),
    Call("Payload.write_with_length", "writer, content_length", is_async=True),
    Call("Payload.close", is_async=True),
    Line("a payload is an abstract class", "test_own_kind_of_payload_is_a_subclass"),
    Line(
        "content_type is application/octet-stream if nothing else is known",
        "test_own_kind_of_payload_is_a_subclass",
    ),
    Line("size is None if it is not known", "test_own_kind_of_payload_is_a_subclass"),
    Line("set_content_disposition sets the header", "test_disposition_of_a_payload_is_set"),
    Line("write_with_length writes no more", f"{_PAYLOADS}test_so_much_of_a_payload_is_written"),
    Line(
        "any other keyword is taken and kept from nobody",
        "test_unknown_keyword_is_refused",
        "Payloads refuse keywords that they do not know.",
    ),
    # The kinds.
    Call("BytesPayload", "value"),
    Call("StringPayload", "value, *, encoding=None, content_type=None"),
    Call("StringIOPayload", "value"),
    Call("IOBasePayload", "value, disposition='attachment'"),
    Call("TextIOPayload", "value, *, encoding=None, content_type=None"),
    Call("BytesIOPayload", "value"),
    Call("BufferedReaderPayload", "value, disposition='attachment'"),
    Call(
        "JsonPayload",
        "value, encoding='utf-8', content_type='application/json', dumps=json.dumps",
    ),
    Call("payload.JsonBytesPayload", "value, dumps, content_type='application/json'"),
    Call("AsyncIterablePayload", "value"),
    Call("payload.StreamReaderPayload", "value"),
    *(
        Names(name, _ALL)
        for name in (
            "BytesPayload",
            "StringPayload",
            "StringIOPayload",
            "IOBasePayload",
            "TextIOPayload",
            "BytesIOPayload",
            "BufferedReaderPayload",
            "JsonPayload",
            "JsonBytesPayload",
            "AsyncIterablePayload",
            "payload.StreamReaderPayload",
        )
    ),
    Line("each kind is a subclass of another", "test_kinds_are_what_they_were"),
    Line("each kind writes its value", "test_payload_gives_its_value"),
    Line(
        "more than 1 MiB of bytes are a ResourceWarning",
        "test_large_bytes_are_not_warned_of",
        "large `bytes` are not warned of",
    ),
    Line(
        "files are read in a thread, 256 KiB at a time",
        f"test_file_is_read_in_pieces {_FILES}test_file_is_not_read_in_the_thread_of_the_loop",
    ),
    Line("async iterables are written once", "test_async_iterable_is_written_once"),
    Line(
        "files begin again where they stood, for another request",
        f"""{_FILES}test_file_that_can_be_set_back_is_sent_again_from_where_it_stood
        tests/loopback/test_redirects.py::test_a_file_follows""",
    ),
    Line(
        "files are closed after the request",
        "tests/api/test_04_bodies.py::test_file_stays_open",
        "the caller's file is not closed",
    ),
    # The registry.
    Names("aioclient", "PAYLOAD_REGISTRY get_payload payload_type"),
    Call("payload.PayloadRegistry"),
    Call("payload.PayloadRegistry.register", "factory, type, *, order=Order.normal"),
    Call("payload.PayloadRegistry.get", "data"),
    Call("payload.register_payload", "factory, type, *, order=Order.normal"),
    Call("payload_type", "type, *, order=Order.normal"),
    Call("get_payload", "data"),
    Names("payload.Order", "normal try_first try_last"),
    Line("there is a kind for each type", "test_payload_is_of_the_kind_for_its_value"),
    Line("a value of no type is a LookupError", "test_value_without_a_kind_is_a_lookup_error"),
    Line("a mapping or a list is a form", "tests/_body/test_form.py::test_fields_are_url_encoded"),
    Line("factories are asked in their order", "test_own_kind_is_asked_in_its_order"),
    # streamer
    Call("streamer", "coro"),
    Names("streamer", "__call__"),
    Line("streamer is deprecated", "test_streamer_writes_a_body"),
)


async def pieces() -> AsyncIterator[bytes]:
    yield b"hel"
    yield b"lo"


class Own(Payload):
    async def write(self, writer: Any) -> None:
        await writer.write(self._value)


@asynchronous
async def test_own_kind_of_payload_is_a_subclass() -> None:
    with pytest.raises(TypeError, match="abstract"):
        Payload(b"x")  # type: ignore[abstract]
    payload = Own(b"hello")
    assert payload.content_type == "application/octet-stream"
    assert payload.headers == {"Content-Type": "application/octet-stream"}
    assert (payload.size, payload.filename, payload.encoding) == (None, None, None)
    assert payload.consumed is False
    assert await payload.as_bytes() == b"hello"
    async with Pages() as server, ClientSession() as session:
        await session.post(server.url(), data=payload)
        assert server.last.body == b"hello"
        assert server.last.headers["Transfer-Encoding"] == "chunked"
    own = Own(b"", {"X-A": "b"}, "image/png", "x.png", "ascii")
    assert own.headers == {"X-A": "b", "Content-Type": "image/png"}
    assert (own.content_type, own.filename, own.encoding) == ("image/png", "x.png", "ascii")


def test_disposition_of_a_payload_is_set() -> None:
    payload = BytesPayload(b"")
    payload.set_content_disposition("form-data", name="a", filename="\u00e9")
    expected = 'form-data; name="a"; filename="%C3%A9"'
    assert payload.headers["Content-Disposition"] == expected


def test_unknown_keyword_is_refused() -> None:
    with pytest.raises(TypeError, match="nonsense"):
        BytesPayload(b"", nonsense=1)  # type: ignore[call-arg]


# --- the kinds -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "base"),
    [
        (BytesPayload, Payload),
        (StringPayload, BytesPayload),
        (StringIOPayload, StringPayload),
        (JsonPayload, BytesPayload),
        (JsonBytesPayload, BytesPayload),
        (IOBasePayload, Payload),
        (TextIOPayload, IOBasePayload),
        (BytesIOPayload, IOBasePayload),
        (BufferedReaderPayload, IOBasePayload),
        (AsyncIterablePayload, Payload),
        (StreamReaderPayload, AsyncIterablePayload),
        (MultipartWriter, Payload),
    ],
)
def test_kinds_are_what_they_were(kind: type, base: type) -> None:
    assert issubclass(kind, base)


@pytest.mark.parametrize(
    ("make", "body", "size", "content_type"),
    [
        (lambda: BytesPayload(b"hello"), b"hello", 5, "application/octet-stream"),
        (lambda: BytesPayload(bytearray(b"hello")), b"hello", 5, "application/octet-stream"),
        (lambda: BytesPayload(memoryview(b"hello")), b"hello", 5, "application/octet-stream"),
        (lambda: StringPayload("\u00e9"), b"\xc3\xa9", 2, "text/plain; charset=utf-8"),
        (
            lambda: StringPayload("\u00e9", encoding="latin-1"),
            b"\xe9",
            1,
            "text/plain; charset=latin-1",
        ),
        (
            lambda: StringPayload("\u00e9", content_type="text/x; charset=latin-1"),
            b"\xe9",
            1,
            "text/x; charset=latin-1",
        ),
        (lambda: StringIOPayload(io.StringIO("hi")), b"hi", 2, "text/plain; charset=utf-8"),
        (lambda: JsonPayload({"a": 1}), b'{"a": 1}', 8, "application/json"),
        (lambda: JsonPayload([], dumps=lambda value: "x"), b"x", 1, "application/json"),
        (lambda: JsonBytesPayload([], dumps=lambda value: b"x"), b"x", 1, "application/json"),
        (lambda: BytesIOPayload(io.BytesIO(b"hello")), b"hello", 5, "application/octet-stream"),
        (lambda: AsyncIterablePayload(pieces()), b"hello", None, "application/octet-stream"),
    ],
)
def test_payload_gives_its_value(
    make: Callable[[], Payload], body: bytes, size: int | None, content_type: str
) -> None:
    payload = make()
    assert (payload.size, payload.content_type) == (size, content_type)
    assert written_by(payload) == body
    again = make()
    assert asyncio.run(again.as_bytes()) == body
    if size is not None:
        encoding = payload.encoding or "utf-8"
        assert make().decode(encoding) == body.decode(encoding)


@asynchronous
async def test_large_bytes_are_not_warned_of() -> None:
    large = b"x" * 3_000_000
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        async with Pages() as server, ClientSession() as session:
            await session.post(server.url(), data=large)
            assert server.last.body == large


@asynchronous
async def test_file_is_read_in_pieces(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"x" * 300_000)
    with path.open("rb") as file:
        collected = Collected()
        await BufferedReaderPayload(file).write(collected)
        assert [len(piece) for piece in collected.pieces] == [256 * 1024, 300_000 - 256 * 1024]


@asynchronous
async def test_async_iterable_is_written_once() -> None:
    payload = AsyncIterablePayload(pieces())
    assert payload.consumed is False
    assert await payload.as_bytes() == b"hello"
    assert payload.consumed is True
    with pytest.raises(RuntimeError):
        await payload.as_bytes()


# --- the registry --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        (b"x", BytesPayload),
        (bytearray(), BytesPayload),
        (memoryview(b""), BytesPayload),
        ("x", StringPayload),
        (io.StringIO(), StringIOPayload),
        (io.BytesIO(), BytesIOPayload),
        (io.TextIOWrapper(io.BytesIO()), TextIOPayload),
        (io.BufferedReader(io.BytesIO()), BufferedReaderPayload),
        (io.RawIOBase(), IOBasePayload),
        (pieces(), AsyncIterablePayload),
    ],
)
def test_payload_is_of_the_kind_for_its_value(value: Any, kind: type[Payload]) -> None:
    payload = get_payload(value)
    assert type(payload) is kind
    assert type(PAYLOAD_REGISTRY.get(value)) is kind
    assert get_payload(payload) is payload


@asynchronous
async def test_value_without_a_kind_is_a_lookup_error() -> None:
    with pytest.raises(LookupError):
        get_payload(5)
    async with Origin() as origin, ClientSession() as session:
        with pytest.raises(TypeError, match="data must be"):
            await session.post(origin.url("/echo"), data=5)


def test_own_kind_is_asked_in_its_order() -> None:
    class Text(str):
        pass

    class Number(int):
        pass

    @payload_type(Text, order=Order.try_first)
    class TextPayload(Own):
        pass

    @payload_type(Number)
    class NumberPayload(Own):
        pass

    assert type(get_payload(Text("x"))) is TextPayload
    assert type(get_payload(Number(5))) is NumberPayload
    assert type(get_payload("x")) is StringPayload


# --- streamer ------------------------------------------------------------------------------------


@asynchronous
async def test_streamer_writes_a_body() -> None:
    with pytest.warns(DeprecationWarning, match="streamer is deprecated") as caught:

        @streamer
        async def writes(writer: Any, text: str = "hello") -> None:
            for letter in text:
                await writer.write(letter.encode())

    assert caught[0].filename == __file__
    async with Pages().redirect("a", "/b", 307) as server, ClientSession() as session:
        for data, body in ((writes, b"hello"), (writes(text="bye"), b"bye")):
            await session.post(server.url("/a"), data=data)
            assert [seen.body for seen in server.seen[-2:]] == [body, body]
