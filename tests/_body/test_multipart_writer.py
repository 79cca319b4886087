"""Multipart bodies that are written, and read back by the reader."""

import asyncio
import io
import itertools
import json
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from running import asynchronous
from written import Collected, pieces_of, written_by

from aioclient._body.multipart_reader import BodyPartReader, MultipartReader
from aioclient._body.multipart_writer import MultipartWriter
from aioclient._body.payload import AsyncIterablePayload, BytesPayload, Payload, PayloadWriter
from aioclient._body.payloads import StringPayload, register_payload
from aioclient.errors import MultipartError, UnknownEncodingError

CODINGS = ["gzip", "deflate", "br", "zstd", "identity", ""]
TRANSFER_ENCODINGS = ["base64", "quoted-printable", "binary", "7bit", ""]
CONTROL = ["\r\n", "\n", "\r", "\0", "\x7f", "\x0b"]


async def generate(*pieces: bytes) -> AsyncIterator[bytes]:
    for piece in pieces:
        yield piece


def reader_of(writer: MultipartWriter, data: bytes) -> MultipartReader:
    stream = asyncio.StreamReader()
    stream.feed_data(data)
    stream.feed_eof()
    return MultipartReader(writer.headers, stream)


async def parts_of(writer: MultipartWriter) -> list[tuple[dict[str, str], bytes]]:
    """Headers and decoded bodies of the parts, as the reader finds them."""
    parts = []
    async for part in reader_of(writer, await writer.as_bytes()):
        assert isinstance(part, BodyPartReader)
        parts.append((dict(part.headers), await part.read(decode=True)))
    return parts


async def body_of(writer: MultipartWriter) -> bytes:
    """The decoded body of the only part."""
    ((_, body),) = await parts_of(writer)
    return body


# --- adding parts --------------------------------------------------------------------------------


def test_body_is_written_as_the_grammar_says():
    writer = MultipartWriter("related", boundary="b")
    writer.append("one", {"X-Own": "1"})
    writer.append(b"two")
    assert writer.content_type == "multipart/related; boundary=b"
    assert written_by(writer) == (
        b"--b\r\nContent-Type: text/plain; charset=utf-8\r\nX-Own: 1\r\nContent-Length: 3\r\n\r\n"
        b"one\r\n"
        b"--b\r\nContent-Type: application/octet-stream\r\nContent-Length: 3\r\n\r\n"
        b"two\r\n"
        b"--b--\r\n"
    )


@asynchronous
async def test_parts_are_what_was_appended() -> None:
    writer = MultipartWriter()
    writer.append(b"bytes")
    writer.append(io.BytesIO(b"file"))
    writer.append(generate(b"pie", b"ces"))
    writer.append_payload(BytesPayload(b"payload", {"X-Own": "1"}))
    writer.append_json({"a": "ü"}, {"X-Own": "2"})
    writer.append_form([("a", "ü"), ("b", "c d")], {"X-Own": "3"})
    writer.append_form({"a": ["b", "c"]})
    plain = "application/octet-stream"
    assert await parts_of(writer) == [
        ({"Content-Type": plain, "Content-Length": "5"}, b"bytes"),
        ({"Content-Type": plain, "Content-Length": "4"}, b"file"),
        ({"Content-Type": plain}, b"pieces"),
        ({"Content-Type": plain, "X-Own": "1", "Content-Length": "7"}, b"payload"),
        (
            {"Content-Type": "application/json", "X-Own": "2", "Content-Length": "15"},
            json.dumps({"a": "ü"}).encode(),
        ),
        (
            {
                "Content-Type": "application/x-www-form-urlencoded",
                "X-Own": "3",
                "Content-Length": "14",
            },
            b"a=%C3%BC&b=c+d",
        ),
        (
            {"Content-Type": "application/x-www-form-urlencoded", "Content-Length": "7"},
            b"a=b&a=c",
        ),
    ]


def test_payload_that_is_appended_gets_the_headers_and_is_given_back():
    writer = MultipartWriter()
    payload = BytesPayload(b"a", {"X-Own": "1", "X-Kept": "2"})
    assert writer.append(payload, {"x-own": "3"}) is payload
    assert payload.headers["X-Own"] == "3"
    assert payload.headers["X-Kept"] == "2"


@pytest.mark.parametrize("wrap", [dict, lambda headers: headers], ids=["dict", "as it is"])
def test_type_of_a_part_can_be_given_and_decides_how_text_is_encoded(wrap):
    writer = MultipartWriter()
    part = writer.append("ü", wrap({"content-type": "text/html; charset=latin-1"}))
    assert part.content_type == "text/html; charset=latin-1"
    assert written_by(part) == b"\xfc"


def test_factory_of_a_user_that_knows_its_type_makes_a_part():
    class Value:
        pass

    class ValuePayload(StringPayload):
        def __init__(self, value: Value, *args: Any, **kwargs: Any) -> None:
            super().__init__("value", *args, content_type="text/value", **kwargs)

    register_payload(ValuePayload, Value)
    writer = MultipartWriter()
    assert writer.append(Value()).content_type == "text/value"
    assert writer.append(Value(), {"Content-Type": "text/other"}).content_type == "text/other"


@pytest.mark.parametrize("value", [None, 5, {"a": "secret"}, ["secret"], object()])
def test_value_without_a_payload_is_refused(value):
    with pytest.raises(TypeError, match="a part of a multipart body cannot be a") as caught:
        MultipartWriter().append(value)
    assert "secret" not in str(caught.value)


def test_error_in_the_charset_of_a_part_is_not_taken_for_one_in_its_value():
    with pytest.raises(LookupError, match="unheard-of"):
        MultipartWriter().append("a", {"Content-Type": "text/plain; charset=unheard-of"})


def test_writer_is_true_has_a_length_and_gives_its_parts():
    writer = MultipartWriter()
    assert writer
    assert len(writer) == 0
    first = writer.append("a")
    second = writer.append("b", {"Content-Encoding": "GZip"})
    third = writer.append("c", {"Content-Transfer-Encoding": "Base64"})
    assert len(writer) == 3
    assert list(writer) == [(first, "", ""), (second, "gzip", ""), (third, "", "base64")]
    # The bytes of the value are nobody's business.
    assert repr(writer) == f"<MultipartWriter {writer.content_type} 3 parts>"


def test_writer_is_a_context_manager():
    with MultipartWriter() as writer:
        writer.append("a")
    assert len(writer) == 1


# --- size and bytes ------------------------------------------------------------------------------

#: What makes a part, and whether its size is known before.
KINDS: dict[str, tuple[Callable[[MultipartWriter], object], bool]] = {
    "nothing": (lambda writer: writer.append(b""), True),
    "bytes": (lambda writer: writer.append(b"bytes"), True),
    "large bytes": (lambda writer: writer.append(bytes(70_000)), True),
    "text": (lambda writer: writer.append("ü"), True),
    "file": (lambda writer: writer.append(io.BytesIO(b"file")), True),
    "json": (lambda writer: writer.append_json([1]), True),
    "form": (lambda writer: writer.append_form({"a": "b"}), True),
    "headers": (lambda writer: writer.append("a", {"X-Own": "ü", "X-More": ""}), True),
    "identity": (lambda writer: writer.append("a", {"Content-Encoding": "identity"}), True),
    "nested": (lambda writer: nest(writer, b"a"), True),
    "unknown": (lambda writer: writer.append(generate(b"pie", b"ces")), False),
    "unknown nested": (lambda writer: nest(writer, generate(b"a")), False),
    "gzip": (lambda writer: writer.append("a", {"Content-Encoding": "gzip"}), False),
    "base64": (lambda writer: writer.append("a", {"Content-Transfer-Encoding": "base64"}), False),
}


def nest(writer: MultipartWriter, value: object) -> None:
    inner = MultipartWriter()
    writer.append(inner)
    inner.append(value)  # later: the length of the outer part has to grow


@pytest.mark.parametrize("kinds", [(), *itertools.product(KINDS, repeat=2)], ids=str)
def test_size_is_what_is_written(kinds: tuple[str, ...]):
    writer = MultipartWriter()
    for kind in kinds:
        KINDS[kind][0](writer)
    size, at_hand = writer.size, writer.at_hand
    written = written_by(writer)
    assert size == (len(written) if all(KINDS[kind][1] for kind in kinds) else None)
    assert at_hand is None or at_hand == written
    in_memory = set(kinds) <= KINDS.keys() - {"file", "large bytes"} and size is not None
    assert (at_hand is not None) == in_memory


@given(st.lists(st.binary()))
def test_small_body_is_at_hand(parts):
    writer = MultipartWriter()
    for part in parts:
        writer.append(part)
    assert writer.at_hand == written_by(writer)
    assert asyncio.run(writer.as_bytes()) == writer.at_hand


def test_end_is_left_out_if_that_is_wished():
    writer = MultipartWriter(boundary="b")
    writer.append("a")
    collected = Collected()
    asyncio.run(writer.write(collected, close_boundary=False))
    assert b"".join(collected.pieces) + b"--b--\r\n" == written_by(writer)


def test_body_is_decoded_as_text():
    writer = MultipartWriter(boundary="b")
    writer.append("ü", {"X-Own": "é"})
    writer.append("a", {"Content-Encoding": "gzip"})
    assert writer.decode() == (
        "--b\r\nContent-Type: text/plain; charset=utf-8\r\nX-Own: é\r\nContent-Length: 2\r\n\r\n"
        "ü\r\n"
        "--b\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Encoding: gzip\r\n\r\n"
        "a\r\n"
        "--b--\r\n"
    )
    writer.append(generate(b"a"))
    with pytest.raises(TypeError, match="cannot be decoded before it is written"):
        writer.decode()


def test_body_can_be_written_again_unless_a_part_cannot():
    writer = MultipartWriter()
    writer.append(io.BytesIO(b"file"))
    assert written_by(writer) == written_by(writer)
    assert not writer.consumed
    writer.append(generate(b"a"))
    assert not writer.consumed
    written_by(writer)
    assert writer.consumed
    with pytest.raises(RuntimeError, match="used up before"):
        written_by(writer)


def test_parts_are_closed_with_the_body():
    class Closing(BytesPayload):
        is_closed = False

        async def close(self) -> None:
            self.is_closed = True

    parts = [Closing(b"a"), Closing(b"b")]
    writer = MultipartWriter()
    for part in parts:
        writer.append(part)
    asyncio.run(writer.close())
    assert [part.is_closed for part in parts] == [True, True]


# --- encodings of parts --------------------------------------------------------------------------


@pytest.mark.parametrize("coding", CODINGS)
@pytest.mark.parametrize("transfer_encoding", TRANSFER_ENCODINGS)
@given(pieces=st.lists(st.binary(max_size=200), max_size=5))
def test_encoded_part_is_read_back_however_it_was_written(coding, transfer_encoding, pieces):
    writer = MultipartWriter()
    headers = {"Content-Encoding": coding, "Content-Transfer-Encoding": transfer_encoding}
    writer.append(generate(*pieces), headers)
    assert asyncio.run(body_of(writer)) == b"".join(pieces)


@pytest.mark.parametrize("coding", CODINGS)
@pytest.mark.parametrize("transfer_encoding", TRANSFER_ENCODINGS)
@asynchronous
async def test_large_encoded_part_is_read_back(coding: str, transfer_encoding: str) -> None:
    content = bytes(range(251)) * 5000  # several steps of the encoders
    writer = MultipartWriter()
    headers = {"Content-Encoding": coding, "Content-Transfer-Encoding": transfer_encoding}
    writer.append(content, headers)
    data = await writer.as_bytes()
    assert await body_of(writer) == content
    if coding not in ("", "identity"):
        assert len(data) < len(content) / 4


@pytest.mark.parametrize("encoding", ["base64", "quoted-printable"])
@given(pieces=st.lists(st.binary(max_size=200), max_size=5))
def test_lines_of_a_transfer_encoding_are_short_and_plain(encoding, pieces):
    writer = MultipartWriter(boundary="b")
    writer.append(generate(*pieces), {"Content-Transfer-Encoding": encoding})
    body = written_by(writer).partition(b"\r\n\r\n")[2].removesuffix(b"\r\n--b--\r\n")
    lines = body.split(b"\r\n")
    # RFC 2045 sections 6.7 and 6.8
    assert max(map(len, lines)) <= 76
    assert all(0x20 <= byte < 0x7F or byte == 0x09 for line in lines for byte in line)
    assert not any(line.endswith((b" ", b"\t")) for line in lines)
    whole = MultipartWriter(boundary="b")
    whole.append(generate(b"".join(pieces)), {"Content-Transfer-Encoding": encoding})
    assert body in written_by(whole)


@pytest.mark.parametrize("transfer_encoding", TRANSFER_ENCODINGS)
@pytest.mark.parametrize("coding", CODINGS)
@asynchronous
async def test_any_memoryview_is_encoded_as_its_bytes(coding: str, transfer_encoding: str) -> None:
    headers = {"Content-Encoding": coding, "Content-Transfer-Encoding": transfer_encoding}
    data = bytes(range(256))
    for view in (memoryview(data).cast("b"), memoryview(data).cast("c"), memoryview(data)[::-1]):
        writer = MultipartWriter()
        writer.append(generate(view), headers)
        assert await body_of(writer) == view.tobytes()


@given(length=st.integers(60, 90), last=st.sampled_from([b"a", b" ", b"\t", b"=", b"\n", b"a\n"]))
def test_line_of_quoted_printable_is_as_long_as_it_may_be(length, last):
    writer = MultipartWriter(boundary="b")
    writer.append(b"a" * length + last, {"Content-Transfer-Encoding": "quoted-printable"})
    body = written_by(writer).partition(b"\r\n\r\n")[2].removesuffix(b"\r\n--b--\r\n")
    first, *others = body.split(b"\r\n")
    # An escape is not torn apart, so a line may be shorter by two.
    assert 74 <= len(first) <= 76 if others else len(first) == len(body) <= 76
    assert asyncio.run(body_of(writer)) == b"a" * length + last


def test_transfer_encoding_does_what_other_readers_undo():
    writer = MultipartWriter(boundary="b")
    writer.append(b"a b\r\nc=\xff ", {"Content-Transfer-Encoding": "quoted-printable"})
    assert b"\r\n\r\na b=0D=0Ac=3D=FF=20\r\n--b--" in written_by(writer)


def test_part_with_an_encoding_has_no_length():
    writer = MultipartWriter()
    own = {"Content-Length": "1"}
    for name, value in (("Content-Encoding", "gzip"), ("Content-Transfer-Encoding", "base64")):
        part = writer.append("a", {name: value, **own})
        assert "Content-Length" not in part.headers
    assert b"content-length" not in written_by(writer).lower()


def test_length_of_a_part_is_the_truth_whatever_was_said_before():
    writer = MultipartWriter()
    writer.append("abc", {"content-length": "1"})
    assert b"ontent-Length: 3\r\n" in written_by(writer)
    assert written_by(writer).lower().count(b"content-length") == 1


def test_length_that_only_the_caller_knows_is_sent():
    writer = MultipartWriter()
    writer.append(generate(b"abc"), {"Content-Length": "3"})
    assert b"Content-Length: 3\r\n" in written_by(writer)


@pytest.mark.parametrize("name", ["Content-Encoding", "Content-Transfer-Encoding"])
@pytest.mark.parametrize("value", ["unheard-of", "gzip, br", "x-gzip", "x" * 1000])
def test_encoding_that_is_not_known_is_refused(name, value):
    writer = MultipartWriter()
    # As users of this API expect, it is a RuntimeError; as a wrong value, a ValueError.
    with pytest.raises(UnknownEncodingError, match=name) as caught:
        writer.append("a", {name: value})
    assert isinstance(caught.value, ValueError)
    assert isinstance(caught.value, RuntimeError)
    assert len(str(caught.value)) < 300
    assert len(writer) == 0


@asynchronous
async def test_encoding_that_is_set_after_a_part_was_appended_is_done() -> None:
    writer = MultipartWriter()
    part = writer.append("abc" * 1000)
    assert part.headers["Content-Length"] == "3000"
    part.headers["Content-Encoding"] = "gzip"
    assert (writer.size, writer.at_hand) == (None, None)
    ((headers, body),) = await parts_of(writer)
    assert body == b"abc" * 1000
    assert "Content-Length" not in headers
    del part.headers["Content-Encoding"]
    assert writer.size == len(await writer.as_bytes())


# --- forms ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("subtype", ["form-data", "Form-Data"])
def test_part_of_a_form_has_a_name_and_no_length(subtype):
    writer = MultipartWriter(subtype, boundary="b")
    writer.append("one")
    named = writer.append(b"two")
    named.set_content_disposition("form-data", name="a")
    writer.append_json(3)
    writer.append_form({"a": "b"})
    assert written_by(writer) == (
        b'--b\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Disposition: form-data; name="s'
        b'ection-0"\r\n\r\none\r\n'
        b'--b\r\nContent-Type: application/octet-stream\r\nContent-Disposition: form-data; name="a"'
        b"\r\n\r\ntwo\r\n"
        b"--b\r\nContent-Type: application/json\r\nContent-Disposition: form-data; name="
        b'"section-2"\r\n\r\n3\r\n'
        b"--b\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Disposition: form-data;"
        b' name="section-3"\r\n\r\na=b\r\n'
        b"--b--\r\n"
    )
    assert writer.size == len(written_by(writer))


def test_file_in_a_form_gets_a_name_beside_that_of_the_file(tmp_path):
    path = tmp_path / "a b.txt"
    path.write_text("content")
    writer = MultipartWriter("form-data")
    with path.open("rb") as file:
        part = writer.append(file)
        assert part.headers["Content-Disposition"] == (
            'form-data; name="section-0"; filename="a%20b.txt"'
        )
        own = {"Content-Disposition": 'form-data; name="own"'}
        part = writer.append(file, own)
        assert part.headers["Content-Disposition"] == own["Content-Disposition"]
    with path.open("rb") as file:
        part = MultipartWriter("mixed").append(file)
        assert part.headers["Content-Disposition"] == 'attachment; filename="a%20b.txt"'


@asynchronous
async def test_part_of_a_form_that_is_handed_on_keeps_its_name() -> None:
    received = MultipartWriter("form-data")
    received.append("text").set_content_disposition("form-data", name="a", filename="b c.txt")
    async for part in reader_of(received, await received.as_bytes()):
        writer = MultipartWriter("form-data")
        writer.append(part)
        ((headers, body),) = await parts_of(writer)
        assert headers["Content-Disposition"] == 'form-data; name="a"; filename="b%20c.txt"'
        assert body == b"text"


@pytest.mark.parametrize(
    "name", ["Content-Encoding", "Content-Length", "content-transfer-encoding"]
)
def test_part_of_a_form_must_not_have_encodings_or_a_length(name):
    writer = MultipartWriter("form-data")
    with pytest.raises(ValueError, match="must not be a header of a form's part"):
        writer.append("a", {name: "1"})
    assert len(writer) == 0
    part = writer.append("a")
    part.headers[name] = "1"
    with pytest.raises(ValueError, match="must not be a header of a form's part"):
        written_by(writer)


def test_part_of_a_form_that_lost_its_name_is_refused():
    writer = MultipartWriter("form-data")
    del writer.append("a").headers["Content-Disposition"]
    with pytest.raises(ValueError, match="no Content-Disposition"):
        written_by(writer)


# --- boundaries and types ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("boundary", "written"),
    [
        ("b", "b"),
        ("x" * 70, "x" * 70),
        ("a-b_c.d+e'f", "a-b_c.d+e'f"),
        ("a b", '"a b"'),
        ("a(b)c,d/e:f=g?h", '"a(b)c,d/e:f=g?h"'),
        ('a"b', r'"a\"b"'),
        ("a\\", r'"a\\"'),
        ('x"; boundary="y', r'"x\"; boundary=\"y"'),
    ],
)
@asynchronous
async def test_boundary_is_quoted_if_it_must_be(boundary: str, written: str) -> None:
    writer = MultipartWriter(boundary=boundary)
    writer.append("text")
    assert writer.boundary == boundary
    assert writer.content_type == f"multipart/mixed; boundary={written}"
    assert (await writer.as_bytes()).startswith(b"--" + boundary.encode() + b"\r\n")
    assert await body_of(writer) == b"text"


@pytest.mark.parametrize(
    "boundary", ["", " ", "a ", "x" * 71, "a\nb", "a\r\n", "\0", "a\tb", "ü", "\x7f"]
)
def test_boundary_that_cannot_be_one_is_refused(boundary):
    with pytest.raises(ValueError, match="boundary") as caught:
        MultipartWriter(boundary=boundary)
    assert isinstance(caught.value, MultipartError)


def test_boundary_is_another_one_each_time():
    boundaries = {MultipartWriter().boundary for _ in range(100)}
    assert len(boundaries) == 100
    assert {len(boundary) for boundary in boundaries} == {32}


@pytest.mark.parametrize("subtype", ["", "a b", "a/b", "a;b", "a\r\nb", "ü", 'a"'])
def test_subtype_that_cannot_be_one_is_refused(subtype):
    with pytest.raises(ValueError, match="not a subtype of multipart"):
        MultipartWriter(subtype)


# --- nested --------------------------------------------------------------------------------------


@asynchronous
async def test_multipart_in_multipart_is_read_back() -> None:
    writer = MultipartWriter("mixed")
    writer.append("before")
    inner = MultipartWriter("related")
    inner.append("one", {"Content-Encoding": "gzip"})
    innermost = MultipartWriter("alternative")
    innermost.append(generate(b"two"))
    inner.append(innermost)
    writer.append(inner, {"X-Own": "1"})
    writer.append("behind")

    async def tree(reader: MultipartReader) -> list[object]:
        return [
            await part.read(decode=True) if isinstance(part, BodyPartReader) else await tree(part)
            async for part in reader
        ]

    reader = reader_of(writer, await writer.as_bytes())
    assert await tree(reader) == [b"before", [b"one", [b"two"]], b"behind"]
    assert inner.headers["X-Own"] == "1"


def test_multipart_may_have_content_but_no_transfer_encoding():
    inner = MultipartWriter()
    with pytest.raises(ValueError, match="multipart must not have the Content-Transfer-Encoding"):
        MultipartWriter().append(inner, {"Content-Transfer-Encoding": "base64"})
    MultipartWriter().append(MultipartWriter(), {"Content-Transfer-Encoding": "binary"})


def test_multipart_in_multipart_needs_a_boundary_of_its_own():
    writer = MultipartWriter(boundary="b")
    for inner in (writer, MultipartWriter(boundary="b")):
        with pytest.raises(ValueError, match="a boundary of its own"):
            writer.append(inner)


# --- what could split a part ---------------------------------------------------------------------


@pytest.mark.parametrize("subtype", ["mixed", "form-data"])
@pytest.mark.parametrize("control", CONTROL)
@pytest.mark.parametrize(
    "headers",
    [
        {"X-Own": "a{}b"},
        {"X-Own{}": "a"},
        {"Content-Type": "text/plain{}X-Injected: 1"},
        {"Content-Disposition": 'form-data; name="a{}b"'},
    ],
    ids=["value", "name", "type", "disposition"],
)
def test_control_character_in_a_header_of_a_part_is_refused(subtype, control, headers):
    headers = {key.format(control): value.format(control) for key, value in headers.items()}
    writer = MultipartWriter(subtype)
    with pytest.raises(ValueError, match=r"control character|invalid character"):
        writer.append("a", headers)
    assert len(writer) == 0


@pytest.mark.parametrize("control", CONTROL)
def test_control_character_in_a_type_or_name_of_a_payload_is_refused(control):
    writer = MultipartWriter("form-data")
    with pytest.raises(ValueError, match="control character"):
        writer.append(BytesPayload(b"a", content_type=f"text/plain{control}X-Injected: 1"))
    with pytest.raises(ValueError, match="control character"):
        writer.append(BytesPayload(b"a", filename=f"a{control}b"))
    part = writer.append("a")
    for options in ({"name": f"a{control}"}, {"name": "a", "filename": f"a{control}"}):
        for quote_fields in (True, False):
            with pytest.raises(ValueError, match="control character"):
                part.set_content_disposition("form-data", quote_fields, **options)


@pytest.mark.parametrize("control", CONTROL)
@pytest.mark.parametrize("first", [b"one", generate], ids=["size known", "size unknown"])
def test_header_that_is_changed_afterwards_is_refused_before_its_part_is_sent(control, first):
    writer = MultipartWriter(boundary="b")
    writer.append(b"one" if first == b"one" else generate(b"one"))
    part = writer.append("two")
    part.headers["X-Own"] = f"a{control}X-Injected: 1"
    collected = Collected()
    with pytest.raises(ValueError, match="control character"):
        asyncio.run(writer.write(collected))
    assert b"".join(collected.pieces).endswith(b"\r\n\r\none\r\n")


def test_header_that_is_changed_afterwards_is_refused_before_anything_is_sent_if_sizes_are_known():
    writer = MultipartWriter()
    part = writer.append("a")
    part.headers["X-Own"] = "a\r\nX-Injected: 1"
    for ask in (lambda: writer.size, lambda: writer.at_hand, writer.decode):
        with pytest.raises(ValueError, match="control character"):
            ask()
    assert repr(writer).endswith("1 parts>")  # what shows an error does not make another


@pytest.mark.parametrize("value", [5, None, b"a"])
def test_header_that_is_no_text_is_refused(value):
    with pytest.raises(TypeError, match="header names and values must be str"):
        MultipartWriter().append("a", {"X-Own": value})


# --- payloads that fail --------------------------------------------------------------------------


def test_error_of_a_part_is_that_of_the_body():
    class Failing(Payload):
        async def write(self, writer: PayloadWriter) -> None:
            await writer.write(b"a")
            raise ZeroDivisionError

    for headers in ({}, {"Content-Encoding": "gzip", "Content-Transfer-Encoding": "base64"}):
        writer = MultipartWriter()
        writer.append(Failing(None, headers))
        with pytest.raises(ZeroDivisionError):
            pieces_of(writer)


def test_so_much_of_a_body_is_written_as_is_wanted():
    writer = MultipartWriter()
    writer.append(AsyncIterablePayload(generate(b"one", b"two")))
    whole = MultipartWriter(boundary=writer.boundary)
    whole.append(AsyncIterablePayload(generate(b"one", b"two")))
    collected = Collected()
    asyncio.run(writer.write_with_length(collected, 80))
    assert b"".join(collected.pieces) == written_by(whole)[:80]
