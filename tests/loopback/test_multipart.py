"""Multipart bodies over real sockets, read by other implementations and by the project's own."""

import asyncio
import hashlib
import io
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from receiver import (
    RECEIVERS,
    Field,
    Received,
    Receiver,
    seen_by_own_reader,
    seen_by_python_multipart,
    seen_by_werkzeug,
)
from running import asynchronous, run
from scripted import ScriptedServer, head_of

from aioclient import (
    BodyPartReader,
    BytesPayload,
    ClientPayloadError,
    ClientSession,
    FormData,
    MultipartReader,
    MultipartWriter,
)

LONG = "long-" * 600
CONTENT = hashlib.sha256(b"seed").digest() * 10_000


async def generate(*pieces: bytes) -> AsyncIterator[bytes]:
    for piece in pieces:
        yield piece


async def sent(form: FormData | MultipartWriter) -> Received:
    """The request with this body, as a server received it."""
    receiver = Receiver()
    async with ScriptedServer(receiver) as server, ClientSession() as session:
        response = await session.post(server.url(), data=form)
        assert await response.read() == b"ok"
    return receiver.last


# --- what receivers see --------------------------------------------------------------------------

#: Names of fields. Every receiver sees them as they are, with `quote_fields` and without, except
#: that werkzeug takes "%22" for a quote, as browsers send it.
NAMES = [
    "plain",
    "",
    'quo"te',
    '"quoted"',
    "back\\slash",
    '\\"both\\"',
    "it's",
    "100%",
    "a%20b",
    "%22",
    "semi;colon",
    "a; filename=b",
    'a"; filename="b',
    "a=b&c",
    " spaces ",
    "two words",
    "gr\u00fcn",
    "\u65e5\u672c\u8a9e",
    "\U0001f389",
    "e\u0301 \u00e9",
    "utf-8''a",
    "C:\\folder\\name",
    "../name",
    LONG,
]


@pytest.mark.parametrize("quote_fields", [True, False])
@pytest.mark.parametrize("name", NAMES, ids=ascii)
@asynchronous
async def test_every_receiver_sees_the_name_of_a_field(name: str, quote_fields: bool) -> None:
    form = FormData(quote_fields=quote_fields)
    form.add_field(name, "text", content_type="text/plain")
    form.add_field(name, b"file", filename="file")
    request = await sent(form)
    for receiver, fields in RECEIVERS.items():
        seen = name.replace("%22", '"') if receiver == "werkzeug" else name
        expected = [Field(seen, None, b"text"), Field(seen, "file", b"file")]
        assert await fields(request) == expected, receiver


#: Names of files, and what receivers see with `quote_fields`, which is what is sent: nobody undoes
#: it, but werkzeug its "%22". None where it is the name itself.
QUOTED_FILE_NAMES = [
    # name, on the wire and for python-multipart and the own reader, for werkzeug
    ("plain.txt", None, None),
    ("", None, None),
    ('quo"te', "quo%22te", 'quo"te'),
    ("back\\slash", "back%5Cslash", "back%5Cslash"),
    ('\\"both\\"', "%5C%22both%5C%22", '%5C"both%5C"'),
    ("it's", "it%27s", "it%27s"),
    ("100%", "100%25", "100%25"),
    ("a%20b", "a%2520b", "a%2520b"),
    ("%22", "%2522", "%2522"),
    ("semi;colon", "semi%3Bcolon", "semi%3Bcolon"),
    ("a; name=b", "a%3B%20name%3Db", "a%3B%20name%3Db"),
    (" spaces ", "%20spaces%20", "%20spaces%20"),
    ("two words", "two%20words", "two%20words"),
    ("gr\u00fcn", "gr%C3%BCn", "gr%C3%BCn"),
    ("\u65e5\u672c", "%E6%97%A5%E6%9C%AC", "%E6%97%A5%E6%9C%AC"),
    ("\U0001f389", "%F0%9F%8E%89", "%F0%9F%8E%89"),
    ("C:\\folder\\name", "C%3A%5Cfolder%5Cname", "C%3A%5Cfolder%5Cname"),
    ("../name", "..%2Fname", "..%2Fname"),
    (LONG, None, None),
]


@pytest.mark.parametrize(("name", "wire", "werkzeug"), QUOTED_FILE_NAMES, ids=ascii)
@asynchronous
async def test_receivers_see_a_quoted_file_name_percent_encoded(
    name: str, wire: str | None, werkzeug: str | None
) -> None:
    form = FormData()
    form.add_field("field", b"content", filename=name)
    request = await sent(form)
    seen = name if wire is None else wire
    assert f'filename="{seen}"\r\n'.encode() in request.body
    assert await seen_by_python_multipart(request) == [Field("field", seen, b"content")]
    assert await seen_by_own_reader(request) == [Field("field", seen, b"content")]
    seen = name if werkzeug is None else werkzeug
    assert await seen_by_werkzeug(request) == [Field("field", seen, b"content")]


#: Names of files without `quote_fields`: receivers see them as they are, with two exceptions, both
#: for the sake of browsers.
PLAIN_FILE_NAMES = [
    # name, for werkzeug, for python-multipart
    *((name, None, None) for name in NAMES if name not in ("%22", "C:\\folder\\name")),
    ("%22", '"', None),  # how browsers send a quote
    ("C:\\folder\\name", None, "name"),  # how an old one sent any name
]


@pytest.mark.parametrize(("name", "werkzeug", "python_multipart"), PLAIN_FILE_NAMES, ids=ascii)
@asynchronous
async def test_receivers_see_a_plain_file_name_as_it_is(
    name: str, werkzeug: str | None, python_multipart: str | None
) -> None:
    form = FormData(quote_fields=False)
    form.add_field("field", b"content", filename=name)
    request = await sent(form)
    assert await seen_by_own_reader(request) == [Field("field", name, b"content")]
    seen = name if werkzeug is None else werkzeug
    assert await seen_by_werkzeug(request) == [Field("field", seen, b"content")]
    seen = name if python_multipart is None else python_multipart
    assert await seen_by_python_multipart(request) == [Field("field", seen, b"content")]


TEXTS = [
    "",
    " ",
    "text",
    "gr\u00fcn \u65e5\u672c \U0001f389",
    "two\r\nlines\n",
    "a=b&c;d",
    '"',
    "\0\x7f",
    LONG,
]


@pytest.mark.parametrize("value", TEXTS, ids=ascii)
@asynchronous
async def test_every_receiver_sees_the_text_of_a_field(value: str) -> None:
    form = FormData({"a": value}, default_to_multipart=True)
    form.add_field("f", value, filename="text")
    request = await sent(form)
    for receiver, fields in RECEIVERS.items():
        expected = [Field("a", None, value.encode()), Field("f", "text", value.encode())]
        assert await fields(request) == expected, receiver


#: Contents of files; {} is the boundary of the form, of which none is a whole delimiter line, not
#: even one that ends in LF or CR alone: werkzeug takes those, too.
CONTENTS = [
    b"",
    bytes(range(256)),
    b"\r\n",
    b"\r\n--",
    b"\r\n--\r\n--\r\n",
    b"--boundary\r\n\r\n--boundary--\r\n",
    b"{}",
    b" --{}",
    b"x--{}--",
    b"\r\n-{}\r\n",
    b"\r\n --{}--\r\n",
    b'Content-Disposition: form-data; name="other"\r\n\r\n',
]


@pytest.mark.parametrize("content", CONTENTS)
@asynchronous
async def test_every_receiver_sees_the_content_of_a_file(content: bytes) -> None:
    form = MultipartWriter("form-data")
    content = content.replace(b"{}", form.boundary.encode())
    # What begins with the boundary can be told from it only in a line of its own.
    for position, name in enumerate(("one", "two")):
        part = form.append(
            BytesPayload(content) if position else generate(content[:7], content[7:])
        )
        part.set_content_disposition("form-data", name=name, filename="file")
    request = await sent(form)
    for receiver, fields in RECEIVERS.items():
        expected = [Field("one", "file", content), Field("two", "file", content)]
        assert await fields(request) == expected, receiver


@asynchronous
async def test_receivers_see_a_form_without_fields() -> None:
    request = await sent(FormData(default_to_multipart=True))
    for receiver, fields in RECEIVERS.items():
        assert await fields(request) == [], receiver


@asynchronous
async def test_fields_come_in_their_order_and_names_as_often_as_they_were_given() -> None:
    form = FormData([("a", "1"), ("b", "2"), ("a", "3")], default_to_multipart=True)
    form.add_field("c", ["4", 5])
    request = await sent(form)
    expected = [
        Field(name, None, value)
        for name, value in zip("abacc", (b"1", b"2", b"3", b"4", b"5"), strict=True)
    ]
    assert await seen_by_own_reader(request) == expected
    assert await seen_by_python_multipart(request) == expected
    assert sorted(await seen_by_werkzeug(request)) == sorted(expected)


# Any text that can be in a header: no control characters, nothing that UTF-8 has no bytes for. And
# no backslash at its end: python-multipart then takes the quote behind it for one of the text.
header_texts = st.text(
    st.characters(exclude_categories=("Cs",), exclude_characters=[*map(chr, range(32)), "\x7f"])
).filter(lambda text: not text.endswith("\\"))
fields_of_forms = st.lists(
    st.tuples(header_texts, st.none() | header_texts, st.text() | st.binary()), max_size=5
)


@settings(max_examples=60)
@given(fields=fields_of_forms, quote_fields=st.booleans())
def test_any_fields_come_back(
    fields: list[tuple[str, str | None, Any]], quote_fields: bool
) -> None:
    async def main() -> None:
        form = FormData(quote_fields=quote_fields, default_to_multipart=True)
        expected = []
        for name, filename, value in fields:
            content = value.encode("utf-8", "replace") if isinstance(value, str) else value
            value = content.decode() if isinstance(value, str) else BytesPayload(value)
            form.add_field(name, value, filename=filename)
            wire = quote(filename, safe="") if filename is not None and quote_fields else filename
            expected.append(Field(name, wire, content))
        request = await sent(form)
        assert await seen_by_own_reader(request) == expected
        theirs = [
            field._replace(filename=field.filename and _without_drive(field.filename))
            for field in expected
        ]
        assert await seen_by_python_multipart(request) == theirs
        theirs = [
            field._replace(
                name=field.name.replace("%22", '"'),
                filename=field.filename and field.filename.replace("%22", '"'),
                value=field.value if field.filename is not None else _as_text(field.value),
            )
            for field in expected
        ]
        assert sorted(await seen_by_werkzeug(request), key=repr) == sorted(theirs, key=repr)

    run(main())


def _without_drive(name: str) -> str:
    """What python-multipart makes of a file name."""
    return name.rpartition("\\")[2] if name[1:3] == ":\\" or name[:2] == "\\\\" else name


def _as_text(value: bytes) -> bytes:
    """What is left of bytes that werkzeug took for text."""
    return value.decode("utf-8", "replace").encode()


# --- what the request says, and again ------------------------------------------------------------


@asynchronous
async def test_form_whose_size_is_known_is_counted_and_any_other_goes_in_chunks() -> None:
    form = FormData({"a": io.BytesIO(b"content")})
    request = await sent(form)
    assert request.headers["content-length"] == str(len(request.body))
    assert "transfer-encoding" not in request.headers
    assert request.headers["content-type"].startswith("multipart/form-data; boundary=")
    form.add_field("b", generate(b"pieces"))
    request = await sent(form)
    assert request.headers["transfer-encoding"] == "chunked"
    expected = [Field("a", "a", b"content"), Field("b", None, b"pieces")]
    assert await seen_by_own_reader(request) == expected


@pytest.mark.parametrize("status", [307, 308])
@asynchronous
async def test_form_is_sent_again_byte_for_byte_after_a_redirect(
    status: int, tmp_path: Path
) -> None:
    path = tmp_path / "file.bin"
    path.write_bytes(bytes(range(256)) * 4000)
    location = f"HTTP/1.1 {status} Moved\r\nLocation: /b\r\nContent-Length: 0\r\n\r\n"
    receiver = Receiver({"/a": location.encode()})
    async with ScriptedServer(receiver) as server, ClientSession() as session:
        with path.open("rb") as file, path.open(encoding="latin-1") as text:
            form = FormData({"a": "text", "b": file, "c": text, "d": io.BytesIO(b"memory")})
            async with session.post(server.url("/a"), data=form) as response:
                assert await response.read() == b"ok"
            assert not file.closed
            async with session.post(server.url("/c"), data=form) as response:
                assert await response.read() == b"ok"
    first, second, third = receiver.received
    assert (first.path, second.path, third.path) == ("/a", "/b", "/c")
    assert first.body == second.body
    assert len(first.body) > 2_000_000
    assert first.headers["content-type"] == second.headers["content-type"]
    # The same form, but another body.
    assert await seen_by_own_reader(third) == await seen_by_own_reader(first)


@asynchronous
async def test_form_that_cannot_be_sent_again_is_an_error_after_a_redirect() -> None:
    location = b"HTTP/1.1 307 Moved\r\nLocation: /b\r\nContent-Length: 0\r\n\r\n"
    receiver = Receiver({"/a": location})
    async with ScriptedServer(receiver) as server, ClientSession() as session:
        with pytest.raises(ClientPayloadError, match="cannot be sent again"):
            await session.post(server.url("/a"), data={"a": generate(b"once")})
        assert [request.path for request in receiver.received] == ["/a"]


@pytest.mark.parametrize("control", ["\r\n", "\n", "\r", "\0"])
@asynchronous
async def test_control_character_is_refused_before_anything_is_sent(control: str) -> None:
    receiver = Receiver()
    injected = f"a{control}X-Injected: 1"
    async with ScriptedServer(receiver) as server, ClientSession() as session:
        for quote_fields in (True, False):
            form = FormData({injected: io.BytesIO()}, quote_fields=quote_fields)
            with pytest.raises(ValueError, match="control character"):
                await session.post(server.url(), data=form)
        writer = MultipartWriter()
        writer.append("a").headers["X-Own"] = injected
        with pytest.raises(ValueError, match="control character"):
            await session.post(server.url(), data=writer)
        assert server.accepted == 0


@asynchronous
async def test_part_that_must_not_be_sent_breaks_a_body_of_unknown_size_off() -> None:
    received = bytearray()

    async def keep(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while piece := await reader.read(65536):
            received.extend(piece)

    async with ScriptedServer(keep) as server, ClientSession() as session:
        writer = MultipartWriter()
        writer.append(generate(b"first"))
        writer.append("second").headers["X-Own"] = "a\r\nX-Injected: 1"
        with pytest.raises(ClientPayloadError, match="control character"):
            await session.post(server.url(), data=writer)
    assert b"X-Injected" not in received
    assert not received.endswith(b"0\r\n\r\n")


@pytest.mark.parametrize("is_counted", [True, False], ids=["counted", "in chunks"])
@asynchronous
async def test_file_that_becomes_shorter_is_not_sent_as_a_whole_one(
    is_counted: bool, tmp_path: Path
) -> None:
    path = tmp_path / "shrinks"
    path.write_bytes(CONTENT)
    received = bytearray()

    async def keep(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while piece := await reader.read(65536):
            received.extend(piece)

    async with ScriptedServer(keep) as server, ClientSession() as session:
        with path.open("rb") as file:
            form = FormData({"file": file, "more": "text" if is_counted else generate(b"pieces")})
            payload = form()
            path.write_bytes(CONTENT[:-1])
            with pytest.raises(ClientPayloadError, match="file became shorter"):
                await session.post(server.url(), data=payload)
    assert b"more" not in received


# --- multipart that is received, and sent on -----------------------------------------------------


def answering(writer: MultipartWriter) -> ScriptedServer:
    """Answers with this body, in pieces as they are written."""

    class Chunks:
        def __init__(self, stream: asyncio.StreamWriter) -> None:
            self._stream = stream

        async def write(self, chunk: bytes) -> None:
            if chunk:
                self._stream.write(b"%x\r\n%b\r\n" % (len(chunk), bytes(chunk)))
                await self._stream.drain()

    async def answer(reader: asyncio.StreamReader, stream: asyncio.StreamWriter) -> None:
        await head_of(reader)
        stream.write(
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Type: %b\r\n\r\n"
            % writer.content_type.encode()
        )
        await writer.write(Chunks(stream))
        stream.write(b"0\r\n\r\n")
        await stream.drain()

    return ScriptedServer(answer)


@asynchronous
async def test_response_gives_what_a_writer_wrote() -> None:
    writer = MultipartWriter("mixed")
    writer.append("text", {"X-Own": "1"})
    writer.append(CONTENT, {"Content-Encoding": "gzip"})
    writer.append(CONTENT, {"Content-Encoding": "br", "Content-Transfer-Encoding": "base64"})
    inner = MultipartWriter("related")
    inner.append_json({"a": 1})
    inner.append_form({"b": "c"})
    writer.append(inner)
    writer.append(generate(CONTENT), {"Content-Transfer-Encoding": "quoted-printable"})
    async with answering(writer) as server, ClientSession() as session:
        response = await session.get(server.url())
        reader = MultipartReader.from_response(response)
        part = await reader.next()
        assert part.headers["X-Own"] == "1"
        assert await part.text() == "text"
        assert await (await reader.next()).read(decode=True) == CONTENT
        assert await (await reader.next()).read(decode=True) == CONTENT
        nested = await reader.next()
        assert isinstance(nested, MultipartReader)
        assert await (await nested.next()).json() == {"a": 1}
        assert await (await nested.next()).form() == [("b", "c")]
        assert await nested.next() is None
        assert await (await reader.next()).read(decode=True) == CONTENT
        assert await reader.next() is None
        assert reader.at_eof()


@asynchronous
async def test_parts_that_are_received_are_sent_on() -> None:
    writer = MultipartWriter("form-data")
    for position, name in enumerate(("gr\u00fcn", "two")):
        part = writer.append(generate(CONTENT), {"Content-Type": f"image/{position}"})
        part.set_content_disposition("form-data", name=name, filename="a b.png")
    receiver = Receiver()
    async with (
        answering(writer) as source,
        ScriptedServer(receiver) as sink,
        ClientSession() as session,
    ):
        response = await session.get(source.url())
        reader = MultipartReader.from_response(response)
        first = await reader.next()
        assert isinstance(first, BodyPartReader)
        async with session.post(sink.url("/body"), data=first) as answer:
            assert await answer.read() == b"ok"
        second = await reader.next()
        form = FormData(quote_fields=False)
        form.add_field("part", second)
        async with session.post(sink.url("/field"), data=form) as answer:
            assert await answer.read() == b"ok"
        assert await reader.next() is None
    body, field = receiver.received
    assert (body.headers["content-type"], body.body) == ("image/0", CONTENT)
    assert body.headers["content-disposition"].startswith("attachment; name*=utf-8''gr%C3%BCn;")
    assert b"Content-Type: image/1\r\n" in field.body
    assert await seen_by_werkzeug(field) == [Field("part", "a%20b.png", CONTENT)]


@asynchronous
async def test_content_of_a_response_is_sent_on() -> None:
    writer = MultipartWriter("mixed")
    writer.append(CONTENT)
    receiver = Receiver()
    async with (
        answering(writer) as source,
        ScriptedServer(receiver) as sink,
        ClientSession() as session,
    ):
        async with session.get(source.url()) as response:
            headers = {"Content-Type": response.headers["Content-Type"]}
            async with session.post(sink.url(), data=response.content, headers=headers) as answer:
                assert await answer.read() == b"ok"
        async with session.get(source.url()) as response:
            form = FormData()
            form.add_field("copy", response.content, filename="copy.bin")
            async with session.post(sink.url(), data=form) as answer:
                assert await answer.read() == b"ok"
    whole, field = receiver.received
    assert [body for _, _, body in await seen_by_own_reader(whole)] == [CONTENT]
    assert await seen_by_python_multipart(field) == [Field("copy", "copy.bin", whole.body)]
