"""The registry of payloads, and a user's own kinds."""

import asyncio
import base64
import binascii
import gzip
import io
import json
import random

import pytest
from multidict import CIMultiDict, CIMultiDictProxy
from running import asynchronous
from written import Collected, pieces_of, written_by

from aioclient._body.content_encoders import encoder_for
from aioclient._body.multipart_reader import BodyPartReader
from aioclient._body.payload import (
    AsyncIterablePayload,
    BytesPayload,
    Payload,
    PayloadWriter,
    body_payload,
    preferred,
)
from aioclient._body.payloads import (
    PAYLOAD_REGISTRY,
    BufferedReaderPayload,
    BytesIOPayload,
    IOBasePayload,
    JsonBytesPayload,
    JsonPayload,
    Order,
    PayloadRegistry,
    StreamReaderPayload,
    StringIOPayload,
    StringPayload,
    TextIOPayload,
    get_payload,
    payload_type,
    register_payload,
)
from aioclient._message.stream_reader import StreamReader
from aioclient.errors import ClientPayloadError


class Point:
    def __init__(self, x: int, y: int) -> None:
        self.x, self.y = x, y


class PointPayload(Payload):
    """A kind of a user's, that knows only how to write itself."""

    async def write(self, writer: PayloadWriter) -> None:
        await writer.write(b"%d," % self._value.x)
        await writer.write(b"%d" % self._value.y)


async def generate(*pieces):
    for piece in pieces:
        yield piece


@pytest.fixture
def registry():
    """A registry that forgets afterwards what was registered."""
    return PayloadRegistry()


# --- what a payload is ---------------------------------------------------------------------------


def test_payload_of_a_user_can_do_what_all_can():
    payload = PointPayload(Point(1, 2))
    assert payload.size is None
    assert payload.content_type == "application/octet-stream"
    assert not payload.consumed
    assert asyncio.run(payload.as_bytes()) == b"1,2"
    assert payload.headers == {"Content-Type": "application/octet-stream"}
    with pytest.raises(TypeError, match="PointPayload cannot be decoded"):
        payload.decode()
    asyncio.run(payload.close())


@pytest.mark.parametrize(("length", "expected"), [(0, b""), (1, b"1"), (2, b"1,"), (9, b"1,2")])
def test_so_much_of_a_payload_is_written(length, expected):
    collected = Collected()
    asyncio.run(PointPayload(Point(1, 2)).write_with_length(collected, length))
    assert b"".join(collected.pieces) == expected


def test_without_a_length_all_of_a_payload_is_written():
    collected = Collected()
    asyncio.run(PointPayload(Point(1, 2)).write_with_length(collected, None))
    assert b"".join(collected.pieces) == b"1,2"


def test_endless_body_of_which_so_much_is_wanted_ends():
    async def endless():
        while True:
            yield b"ab"

    collected = Collected()
    asyncio.run(AsyncIterablePayload(endless()).write_with_length(collected, 5))
    assert b"".join(collected.pieces) == b"ababa"


def test_file_name_decides_about_the_media_type_unless_it_is_said():
    assert BytesPayload(b"", filename="a.html").content_type == "text/html"
    assert BytesPayload(b"", filename="a.unheard").content_type == "application/octet-stream"
    assert BytesPayload(b"", None, "a/b", "a.html").content_type == "a/b"
    assert BytesPayload(b"", {"content-type": "c/d"}, "a/b").content_type == "c/d"


def test_headers_of_a_payload_may_be_changed():
    payload = BytesPayload(b"")
    assert payload.has_plain_headers
    payload.headers["Content-Type"] = "a/b"
    payload.set_content_disposition("attachment", filename='a"b')
    assert payload.content_type == "a/b"
    assert payload.headers["content-disposition"] == 'attachment; filename="a%22b"'
    payload.set_content_disposition("attachment", quote_fields=False, filename='a"b')
    assert payload.headers["content-disposition"] == r'attachment; filename="a\"b"'


def test_payload_does_not_show_its_value():
    assert "secret" not in repr(BytesPayload(b"secret"))


@pytest.mark.parametrize("value", ["text", 5, None, [b"a"]])
def test_value_that_is_not_bytes_is_refused(value):
    with pytest.raises(TypeError, match="value must be bytes-like"):
        BytesPayload(value)


@pytest.mark.parametrize("value", [b"bytes", 5, None, [b"a"]])
def test_value_that_is_not_an_async_iterable_is_refused(value):
    with pytest.raises(TypeError, match="value must be an async iterable"):
        AsyncIterablePayload(value)


# --- text and JSON -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "data", "content_type"),
    [
        ({}, "é".encode(), "text/plain; charset=utf-8"),
        ({"encoding": "latin-1"}, b"\xe9", "text/plain; charset=latin-1"),
        ({"content_type": "a/b"}, "é".encode(), "a/b"),
        ({"content_type": "a/b; charset=latin-1"}, b"\xe9", "a/b; charset=latin-1"),
        ({"content_type": "a/b", "encoding": "latin-1"}, b"\xe9", "a/b"),
        ({"headers": {"content-type": "a/b;charset=latin-1"}}, b"\xe9", "a/b;charset=latin-1"),
    ],
)
def test_text_is_encoded_as_its_type_says(options, data, content_type):
    payload = StringPayload("é", **options)
    assert (payload.at_hand, payload.content_type) == (data, content_type)
    assert StringIOPayload(io.StringIO("é"), **options).at_hand == data


def test_text_is_not_sent_under_the_name_of_an_encoding_that_is_not_known():
    with pytest.raises(LookupError, match="unheard-of"):
        StringPayload("a", content_type="text/plain; charset=unheard-of")


def test_json_is_encoded():
    payload = JsonPayload({"a": "é"})
    assert payload.at_hand == b'{"a": "\\u00e9"}'
    assert payload.content_type == "application/json"
    assert JsonPayload(None).at_hand == b"null"
    payload = JsonPayload("é", "utf-16", "a/b", lambda value: f"<{value}>")
    assert (payload.at_hand, payload.content_type) == ("<é>".encode("utf-16"), "a/b")
    assert JsonPayload([1], dumps=lambda value: json.dumps(value).encode()).at_hand == b"[1]"
    payload = JsonBytesPayload([1], lambda value: json.dumps(value).encode())
    assert (payload.at_hand, payload.content_type) == (b"[1]", "application/json")


# --- the registry --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("data", "kind"),
    [
        (b"", BytesPayload),
        (bytearray(), BytesPayload),
        (memoryview(b""), BytesPayload),
        ("", StringPayload),
        (io.StringIO(), StringIOPayload),
        (io.TextIOWrapper(io.BytesIO()), TextIOPayload),
        (io.BytesIO(), BytesIOPayload),
        (io.BufferedReader(io.BytesIO()), BufferedReaderPayload),  # type: ignore[arg-type]
        (io.RawIOBase(), IOBasePayload),
        (generate(), AsyncIterablePayload),
        (PointPayload(Point(1, 2)), PointPayload),
    ],
    ids=lambda value: getattr(value, "__name__", type(value).__name__),
)
def test_payload_is_of_the_kind_for_the_value(data, kind):
    assert type(get_payload(data)) is kind


def test_value_without_a_payload_is_a_lookup_error():
    with pytest.raises(LookupError, match="Point"):
        get_payload(Point(1, 2))


def test_options_go_to_the_factory():
    payload = get_payload("é", content_type="a/b", encoding="latin-1", filename="c")
    assert (payload.at_hand, payload.content_type, payload.filename) == (b"\xe9", "a/b", "c")


def test_factory_is_asked_for_its_type_in_its_order(registry):
    registry.register(BytesPayload, (bytes,), order=Order.try_last)
    registry.register(StringPayload, object)
    registry.register(lambda value: BytesPayload(b"first"), int, order=Order.try_first)
    assert type(registry.get("a")) is StringPayload
    assert registry.get(5).at_hand == b"first"
    with pytest.raises(TypeError, match="value must be str"):
        registry.get(b"a")  # the one for all kinds was asked before the one for bytes


def test_class_that_is_decorated_is_used_for_its_type():
    class Named(Point):
        pass

    @payload_type(Named)
    class NamedPayload(PointPayload):
        pass

    assert written_by(body_payload(Named(3, 4))) == b"3,4"
    assert type(get_payload(Named(3, 4))) is NamedPayload


def test_factory_that_is_tried_first_is_asked_even_for_bytes_and_text():
    before = preferred.copy()
    try:
        register_payload(lambda value: BytesPayload(b"own"), str, order=Order.try_first)
        assert body_payload("text").at_hand == b"own"
        assert body_payload(b"bytes").at_hand == b"bytes"
    finally:
        preferred[:] = before


def test_registry_is_the_one_that_requests_ask():
    class Other:
        pass

    PAYLOAD_REGISTRY.register(lambda value: BytesPayload(b"other"), Other)
    assert body_payload(Other()).at_hand == b"other"


def test_error_of_a_factory_is_not_taken_for_a_value_without_a_payload():
    class Broken:
        pass

    def make(value):
        raise KeyError("missing")

    PAYLOAD_REGISTRY.register(make, Broken)
    with pytest.raises(KeyError, match="missing"):
        body_payload(Broken())


# --- what is received, sent on -------------------------------------------------------------------


class Flow:
    def pause_reading(self) -> None: ...
    def resume_reading(self) -> None: ...


@asynchronous
async def test_stream_is_sent_on_in_pieces_and_not_in_lines() -> None:
    reader = StreamReader(Flow(), 2**16)
    payload = body_payload(reader)
    assert type(payload) is StreamReaderPayload
    reader.feed_data(b"a\nb\nc")
    reader.feed_eof()
    collected = Collected()
    await payload.write(collected)
    assert collected.pieces == [b"a\nb\nc"]


def part_reader(data: bytes, **headers: str) -> BodyPartReader:
    """A part whose body is `data`, arriving in small pieces."""
    reader = asyncio.StreamReader()
    reader.feed_data(data + b"\r\n--b--\r\n")
    reader.feed_eof()
    fields = {name.replace("_", "-"): value for name, value in headers.items()}
    return BodyPartReader(b"--b", CIMultiDictProxy(CIMultiDict(fields)), reader)


@pytest.mark.parametrize("coding", ["gzip", "deflate", "br", "zstd", ""])
@pytest.mark.parametrize("transfer_encoding", ["base64", "quoted-printable", "binary"])
@asynchronous
async def test_part_that_is_received_is_sent_on_decoded(
    coding: str, transfer_encoding: str
) -> None:
    content = random.Random(1).randbytes(300_000)
    data = content
    if coding:
        encoder = encoder_for(coding)
        data = encoder.encode(data) + encoder.finish()
    if transfer_encoding == "base64":
        data = base64.encodebytes(data).replace(b"\n", b"\r\n")
    elif transfer_encoding == "quoted-printable":
        data = binascii.b2a_qp(data, istext=False).replace(b"=\n", b"=\r\n")
    encodings = {"Content_Encoding": coding, "Content_Transfer_Encoding": transfer_encoding}
    payload = body_payload(part_reader(data, Content_Type="a/b", **encodings))
    assert (payload.size, payload.consumed) == (None, False)
    assert payload.headers == {"Content-Type": "a/b"}
    assert await payload.as_bytes() == content
    assert payload.consumed
    with pytest.raises(RuntimeError, match="used up before"):
        await payload.as_bytes()


@asynchronous
async def test_part_that_is_sent_on_keeps_its_names() -> None:
    payload = body_payload(part_reader(b"", Content_Disposition='x; name="a"; filename="b c"'))
    assert payload.filename == "b c"
    assert payload.headers["Content-Disposition"] == 'attachment; name="a"; filename="b%20c"'


@asynchronous
async def test_part_whose_coding_is_cut_off_is_not_sent_on_as_a_whole_one() -> None:
    payload = body_payload(part_reader(gzip.compress(bytes(1000))[:-4], Content_Encoding="gzip"))
    with pytest.raises(ClientPayloadError):
        await payload.as_bytes()


@pytest.mark.parametrize("piece", ["text", 5, None])
def test_piece_of_another_kind_is_refused(piece):
    with pytest.raises(TypeError, match="a piece of a body must be bytes-like"):
        pieces_of(AsyncIterablePayload(generate(piece)))
