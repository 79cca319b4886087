"""Section 16 of the reference: FormData and multipart bodies."""

import io
from collections.abc import Iterable
from typing import Any

import pytest
from multidict import CIMultiDict, CIMultiDictProxy, MultiDict
from pages import Pages, page
from reference import Call, Difference, Line, Names
from running import asynchronous

from aioclient import (
    BadContentDispositionHeader,
    BadContentDispositionParam,
    BodyLimitError,
    BodyPartReader,
    BytesPayload,
    ClientSession,
    FormData,
    MultipartError,
    MultipartReader,
    MultipartResponseWrapper,
    MultipartWriter,
    PartTooLargeError,
    Payload,
    StreamReader,
    StringPayload,
    content_disposition_filename,
    parse_content_disposition,
)

_FORM = "tests/_body/test_form.py::"
_READER = "tests/_body/test_multipart_reader.py::"
_TOO_LARGE = Difference(PartTooLargeError, "All errors are `ClientError`")

ROWS = (
    # FormData
    Call("FormData", "fields=(), quote_fields=True, charset=None, *, default_to_multipart=False"),
    Call(
        "FormData.add_field",
        "name, value, *, content_type=None, filename=None, content_transfer_encoding=None",
    ),
    Names("FormData", "is_multipart add_fields __call__"),
    Line(
        "a form is URL-encoded without files, file names, types and default_to_multipart",
        "test_form_is_url_encoded_if_it_can_be test_form_is_multipart_if_it_has_to_be",
    ),
    Line(
        "content_transfer_encoding is deprecated",
        f"{_FORM}test_transfer_encoding_of_a_field_has_no_effect_but_a_warning",
    ),
    Line(
        "bytes become a file, which is deprecated",
        f"{_FORM}test_bytes_in_a_form_are_a_file_which_is_deprecated",
    ),
    Line(
        "a multipart form that is consumed cannot be encoded again",
        "test_form_that_is_consumed_is_not_encoded_again",
    ),
    Line(
        "quote_fields percent-encodes names, and adds filename*",
        "test_names_are_quoted_as_the_form_says",
        "file names are percent-encoded, and most servers leave them so",
    ),
    Line("text has its type and charset", "test_text_of_a_form_has_its_type"),
    Line(
        "control characters in names are a ValueError",
        f"{_FORM}test_name_with_a_control_character_is_refused_in_multipart",
    ),
    # MultipartWriter
    Call("MultipartWriter", "subtype='mixed', boundary=None"),
    Call("MultipartWriter.append", "obj, headers=None"),
    Call("MultipartWriter.append_payload", "payload"),
    Call("MultipartWriter.append_json", "obj, headers=None"),
    Call("MultipartWriter.append_form", "obj, headers=None"),
    Call("MultipartWriter.as_bytes", "encoding='utf-8', errors='strict'", is_async=True),
    Call("MultipartWriter.decode", "encoding='utf-8', errors='strict'"),
    Call("MultipartWriter.write", "writer, close_boundary=True", is_async=True),
    Call("MultipartWriter.close", is_async=True),
    Names("MultipartWriter", "boundary size consumed __iter__ __len__ __bool__ __enter__ __exit__"),
    Names(
        "MultipartWriter",
        """autoclose content_type encoding filename headers set_content_disposition
        write_with_length""",
    ),
    Line("a writer is a Payload, for async with as for with", "test_writer_is_a_payload"),
    Line("parts are anything a payload is made of", "test_parts_are_appended"),
    # MultipartReader
    Call(
        "MultipartReader",
        """headers, content, *, client_max_size=sys.maxsize, max_field_size=8190, max_headers=128,
        max_size_error_cls=ValueError""",
        {"max_size_error_cls": _TOO_LARGE},
    ),
    Call("MultipartReader.from_response", "response"),
    Call("MultipartReader.next", is_async=True),
    Call("MultipartReader.fetch_next_part", is_async=True),
    Call("MultipartReader.release", is_async=True),
    Call("MultipartReader.at_eof"),
    Names(
        "MultipartReader",
        "part_reader_cls multipart_reader_cls response_wrapper_cls __aiter__ __anext__",
    ),
    Call("multipart.MultipartResponseWrapper", "resp, stream"),
    Names("multipart.MultipartResponseWrapper", "at_eof resp stream __aiter__ __anext__"),
    Call("multipart.MultipartResponseWrapper.next", is_async=True),
    Call("multipart.MultipartResponseWrapper.release", is_async=True),
    Line("a response is read part by part", "test_response_is_read_part_by_part"),
    Line("the classes of parts can be replaced", "test_classes_of_parts_can_be_replaced"),
    Line(
        "a boundary has up to 70 characters",
        "test_boundary_has_up_to_70_characters",
    ),
    Line(
        "what is too large raises max_size_error_cls",
        "test_part_that_is_too_large_raises_what_was_asked_for",
    ),
    Line(
        "limits of fields are those of HTTP heads",
        f"{_READER}test_limits_have_the_documented_values test_head_of_a_part_has_limits",
    ),
    # BodyPartReader
    Call(
        "BodyPartReader",
        """boundary, headers, content, *, subtype='mixed', default_charset=None,
        max_decompress_size=262144, client_max_size=sys.maxsize, max_size_error_cls=ValueError""",
        {"max_size_error_cls": _TOO_LARGE},
    ),
    Call("BodyPartReader.read", "*, decode=False", is_async=True),
    Call("BodyPartReader.read_chunk", "size=8192", is_async=True),
    Call("BodyPartReader.readline", is_async=True),
    Call("BodyPartReader.release", is_async=True),
    Call("BodyPartReader.next", is_async=True),
    Call("BodyPartReader.text", "*, encoding=None", is_async=True),
    Call("BodyPartReader.json", "*, encoding=None", is_async=True),
    Call("BodyPartReader.form", "*, encoding=None", is_async=True),
    Call("BodyPartReader.decode", "data"),
    Call("BodyPartReader.decode_iter", "data"),
    Call("BodyPartReader.get_charset", "default"),
    Names("BodyPartReader", "name filename headers at_eof chunk_size __aiter__ __anext__"),
    Line("chunk_size is 8192", "test_part_can_be_made_and_read"),
    Line(
        "read, read_chunk, readline, release, text, json and form read a part",
        "test_part_is_read_as_its_reader_wishes test_part_can_be_made_and_read",
    ),
    Line(
        "async for gives the part in one piece",
        "test_iteration_gives_pieces",
        "`async for` over a part gives pieces of `chunk_size`",
    ),
    # Content-Disposition
    Call("parse_content_disposition", "header"),
    Call("content_disposition_filename", "params, name='filename'"),
    Names("aioclient", "BadContentDispositionHeader BadContentDispositionParam"),
    Line(
        "a Content-Disposition is taken apart; what is wrong is a warning",
        "test_content_disposition_is_taken_apart test_bad_content_disposition_is_a_warning",
    ),
)


async def parts_of(form: FormData) -> list[tuple[CIMultiDictProxy[str], bytes]]:
    """A multipart form, as it is read again."""
    payload = form()
    reader = MultipartReader(payload.headers, stream(await payload.as_bytes()))
    return [(part.headers, await part.read()) async for part in reader]  # type: ignore[union-attr]


def stream(data: bytes) -> StreamReader:
    content = StreamReader(None, 2**16)
    content.feed_data(data)
    content.feed_eof()
    return content


# --- forms ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fields", "body"),
    [
        ({"a": "b c", "\u017e": "&"}, b"a=b+c&%C5%BE=%26"),
        ([("a", "1"), ("a", "2")], b"a=1&a=2"),
        (MultiDict([("a", "1"), ("a", "2")]), b"a=1&a=2"),
        ((), b""),
    ],
)
@asynchronous
async def test_form_is_url_encoded_if_it_can_be(fields: Iterable[Any], body: bytes) -> None:
    form = FormData(fields)
    assert form.is_multipart is False
    assert await form().as_bytes() == body
    assert form().content_type == "application/x-www-form-urlencoded"


@pytest.mark.parametrize(
    ("value", "options"),
    [
        (io.BytesIO(b"x"), {}),
        ("x", {"filename": "x.txt"}),
        ("x", {"content_type": "text/html"}),
        (BytesPayload(b"x"), {}),
    ],
)
@asynchronous
async def test_form_is_multipart_if_it_has_to_be(value: Any, options: dict[str, str]) -> None:
    form = FormData()
    form.add_field("a", value, **options)
    assert form.is_multipart is True
    ((headers, body),) = await parts_of(form)
    assert body == b"x"
    assert headers["Content-Disposition"].startswith('form-data; name="a"')
    assert FormData(default_to_multipart=True).is_multipart


@asynchronous
async def test_form_that_is_consumed_is_not_encoded_again() -> None:
    async def pieces() -> Any:
        yield b"x"

    async with Pages() as server, ClientSession() as session:
        form = FormData()
        form.add_field("a", pieces(), filename="x")
        await session.post(server.url(), data=form)
        with pytest.raises(RuntimeError, match="second time"):
            form()


@pytest.mark.parametrize(("quote_fields", "shown"), [(True, "caf%C3%A9"), (False, "caf\u00e9")])
@asynchronous
async def test_names_are_quoted_as_the_form_says(quote_fields: bool, shown: str) -> None:
    form = FormData(quote_fields=quote_fields)
    form.add_field("a", "x", filename="caf\u00e9")
    ((headers, _),) = await parts_of(form)
    assert headers["Content-Disposition"] == f'form-data; name="a"; filename="{shown}"'


@asynchronous
async def test_text_of_a_form_has_its_type() -> None:
    ((headers, body),) = await parts_of(FormData({"a": "\u00e9"}, default_to_multipart=True))
    assert (headers["Content-Type"], body) == ("text/plain; charset=utf-8", "\u00e9".encode())
    form = FormData({"a": "\u00e9"}, charset="latin-1", default_to_multipart=True)
    ((headers, body),) = await parts_of(form)
    assert (headers["Content-Type"], body) == ("text/plain; charset=latin-1", b"\xe9")


# --- the writer ----------------------------------------------------------------------------------


@asynchronous
async def test_writer_is_a_payload() -> None:
    with MultipartWriter("related", boundary="limit") as writer:
        assert isinstance(writer, Payload)
        assert writer
        assert len(writer) == 0
        writer.append("x")
    assert writer.boundary == "limit"
    assert writer.content_type == "multipart/related; boundary=limit"
    assert writer.consumed is False
    body = await writer.as_bytes()
    assert writer.size == len(body)
    assert writer.decode() == body.decode()
    assert body.endswith(b"\r\n--limit--\r\n")
    await writer.close()


@asynchronous
async def test_parts_are_appended() -> None:
    writer = MultipartWriter()
    added = [
        writer.append(b"bytes"),
        writer.append("text", CIMultiDict({"X-A": "b"})),
        writer.append_payload(StringPayload("payload")),
        writer.append_json({"a": 1}),
        writer.append_form([("a", "b c")]),
    ]
    assert [payload for payload, _, _ in writer] == added
    assert len(writer) == 5
    reader = MultipartReader(writer.headers, stream(await writer.as_bytes()))
    parts = [(part.headers, await part.read()) async for part in reader]  # type: ignore[union-attr]
    assert [body for _, body in parts] == [b"bytes", b"text", b"payload", b'{"a": 1}', b"a=b+c"]
    assert parts[1][0]["X-A"] == "b"
    assert parts[3][0]["Content-Type"] == "application/json"
    assert parts[4][0]["Content-Type"] == "application/x-www-form-urlencoded"


# --- readers -------------------------------------------------------------------------------------

BODY = (
    b'--x\r\nContent-Type: application/json\r\nContent-Disposition: form-data; name="a"\r\n'
    b'\r\n{"b": "c"}\r\n'
    b"--x\r\nContent-Type: multipart/mixed; boundary=y\r\n"
    b"\r\n--y\r\n\r\nin\r\n--y--\r\n\r\n--x--\r\n"
)
HEADERS = CIMultiDict({"Content-Type": "multipart/mixed; boundary=x"})


@asynchronous
async def test_response_is_read_part_by_part() -> None:
    answer = page(BODY, "Content-Type: multipart/mixed; boundary=x")
    async with Pages(a=answer) as server, ClientSession() as session:
        response = await session.get(server.url("/a"))
        wrapper = MultipartReader.from_response(response)
        assert isinstance(wrapper, MultipartResponseWrapper)
        assert wrapper.resp is response
        assert isinstance(wrapper.stream, MultipartReader)
        first = await wrapper.next()
        assert isinstance(first, BodyPartReader)
        assert (first.name, first.filename) == ("a", None)
        assert await first.json() == {"b": "c"}
        second = await wrapper.next()
        assert isinstance(second, MultipartReader)
        assert [await part.text() async for part in second] == ["in"]  # type: ignore[union-attr]
        assert not wrapper.at_eof()
        assert await wrapper.next() is None
        assert wrapper.at_eof()
        assert response.closed
        response = await session.get(server.url("/a"))
        kinds = [type(part) async for part in MultipartReader.from_response(response)]
        assert kinds == [BodyPartReader, MultipartReader]


@asynchronous
async def test_classes_of_parts_can_be_replaced() -> None:
    class OwnPart(BodyPartReader):
        pass

    class OwnReader(MultipartReader):
        part_reader_cls = OwnPart

    class Outer(MultipartReader):
        part_reader_cls = OwnPart
        multipart_reader_cls = OwnReader

    kinds = [type(part) async for part in Outer(HEADERS, stream(BODY))]
    assert kinds == [OwnPart, OwnReader]
    assert MultipartReader.response_wrapper_cls is MultipartResponseWrapper


def test_boundary_has_up_to_70_characters() -> None:
    assert MultipartWriter(boundary="x" * 70).boundary == "x" * 70
    headers = {"Content-Type": f"multipart/mixed; boundary={'x' * 71}"}
    with pytest.raises(ValueError, match="boundary"):
        MultipartWriter(boundary="x" * 71)
    with pytest.raises(ValueError, match="boundary"):
        MultipartReader(headers, stream(b""))


@asynchronous
async def test_part_that_is_too_large_raises_what_was_asked_for() -> None:
    reader = MultipartReader(HEADERS, stream(BODY), client_max_size=5)
    part = await reader.next()
    assert isinstance(part, BodyPartReader)
    with pytest.raises(PartTooLargeError, match="client_max_size") as caught:
        await part.read()
    assert isinstance(caught.value, ValueError)
    other = MultipartReader(
        HEADERS, stream(BODY), client_max_size=5, max_size_error_cls=LookupError
    )
    part = await other.next()
    assert isinstance(part, BodyPartReader)
    with pytest.raises(LookupError):
        await part.read()


@pytest.mark.parametrize("limits", [{"max_field_size": 20}, {"max_headers": 1}])
@asynchronous
async def test_head_of_a_part_has_limits(limits: dict[str, int]) -> None:
    with pytest.raises(BodyLimitError, match=next(iter(limits))):
        await MultipartReader(HEADERS, stream(BODY), **limits).next()  # type: ignore[arg-type]


def part_of(body: bytes, **headers: str) -> BodyPartReader:
    fields = CIMultiDict({name.replace("_", "-"): value for name, value in headers.items()})
    return BodyPartReader(b"--x", CIMultiDictProxy(fields), stream(body + b"\r\n--x--\r\n"))


@asynchronous
async def test_part_can_be_made_and_read() -> None:
    part = part_of(b"one\r\ntwo", Content_Disposition='attachment; name="a"; filename="b"')
    assert (part.name, part.filename, part.chunk_size) == ("a", "b", 8192)
    assert not part.at_eof()
    assert await part.readline() == b"one\r\n"
    assert await part.read_chunk(1) == b"t"
    await part.release()
    assert part.at_eof()
    assert await part.read() == b""
    assert await part_of(b"").next() is None


@asynchronous
async def test_part_is_read_as_its_reader_wishes() -> None:
    assert await part_of(b"aGk=", Content_Transfer_Encoding="base64").read(decode=True) == b"hi"
    assert await part_of(b"\xe9", Content_Type="text/plain; charset=latin-1").text() == "\u00e9"
    assert await part_of(b"\xe9").text(encoding="latin-1") == "\u00e9"
    assert await part_of(b'{"a": [1]}').json() == {"a": [1]}
    assert await part_of(b"a=b+c&d=").form() == [("a", "b c"), ("d", "")]
    assert part_of(b"").get_charset("koi8-r") == "koi8-r"
    part = part_of(b"", Content_Transfer_Encoding="quoted-printable")
    assert part.decode(b"a=3Db") == b"a=b"
    assert [piece async for piece in part.decode_iter(b"a=3Db")] == [b"a=b"]
    with pytest.raises(MultipartError):
        part_of(b"", Content_Transfer_Encoding="base64").decode(b"a")


@asynchronous
async def test_iteration_gives_pieces() -> None:
    part = part_of(b"x" * 10_000)
    assert [len(piece) async for piece in part] == [8192, 1808]


# --- Content-Disposition -------------------------------------------------------------------------


def test_content_disposition_is_taken_apart() -> None:
    kind, params = parse_content_disposition("attachment; filename*=utf-8''%C3%A9; a=b")
    assert kind == "attachment"
    assert params["a"] == "b"
    assert content_disposition_filename(params) == "\u00e9"
    assert content_disposition_filename({"name": "x"}, "name") == "x"
    assert content_disposition_filename({}) is None
    assert parse_content_disposition(None) == (None, {})


def test_bad_content_disposition_is_a_warning() -> None:
    assert issubclass(BadContentDispositionHeader, RuntimeWarning)
    assert issubclass(BadContentDispositionParam, RuntimeWarning)
    with pytest.warns(BadContentDispositionHeader):
        assert parse_content_disposition("=") == (None, {})
    with pytest.warns(BadContentDispositionParam):
        parse_content_disposition("attachment; filename*=nonsense'x")
