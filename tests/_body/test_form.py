"""Forms as request bodies."""

import enum
import io
import tempfile
from pathlib import Path
from urllib.parse import parse_qsl

import pytest
from hypothesis import given
from hypothesis import strategies as st
from multidict import MultiDict
from written import written_by

from aioclient._body.form import FormData
from aioclient._body.payload import BytesPayload, body_payload


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({}, b""),
        ({"a": "b"}, b"a=b"),
        ({"a": "b c", "d": "&="}, b"a=b+c&d=%26%3D"),
        ({"\u00e9": "\u20ac"}, b"%C3%A9=%E2%82%AC"),
        ({"a": 5, "b": -1.5}, b"a=5&b=-1.5"),
        ({"a": ["x", "y"], "b": ()}, b"a=x&a=y"),
        ([("a", "1"), ("b", "2"), ("a", "3")], b"a=1&b=2&a=3"),
        ((("a", "1"), ["b", "2"]), b"a=1&b=2"),
        (MultiDict([("a", "1"), ("a", "2")]), b"a=1&a=2"),
        ({"a": "x\r\ny\0"}, b"a=x%0D%0Ay%00"),
        ({"": ""}, b"="),
    ],
)
def test_fields_are_url_encoded(fields, expected):
    payload = body_payload(fields)
    assert payload.at_hand == expected
    assert payload.content_type == "application/x-www-form-urlencoded"
    assert payload.size == len(expected)


@given(st.lists(st.tuples(st.text(), st.text())))
def test_fields_are_read_back(fields):
    sent = bytes(body_payload(fields).at_hand).decode("ascii")
    assert parse_qsl(sent, keep_blank_values=True) == fields


@pytest.mark.parametrize(
    "fields",
    [
        {"a": None},
        {"a": {"b": "c"}},
        {5: "a"},
        ["a=b"],
        [("a",)],
        [("a", "b", "c")],
        [5],
        ["secret"],
    ],
)
def test_what_is_no_field_is_refused(fields):
    with pytest.raises(TypeError, match=r"a form must be|in a form must be") as caught:
        body_payload(fields)
    assert "secret" not in str(caught.value)


def parts_of(form):
    payload = form()
    assert payload.content_type.startswith("multipart/form-data; boundary=")
    return [part for part, _, _ in payload]


def test_form_with_a_file_is_multipart():
    file = io.BytesIO(b"content")
    form = FormData({"text": "a", "file": file})
    assert form.is_multipart
    text, sent = parts_of(form)
    assert text.headers["Content-Disposition"] == 'form-data; name="text"'
    assert text.content_type == "text/plain; charset=utf-8"
    assert sent.headers["Content-Disposition"] == 'form-data; name="file"; filename="file"'
    assert written_by(sent) == b"content"


@pytest.mark.parametrize(
    "options", [{"filename": "a.txt"}, {"content_type": "text/html"}], ids=["name", "type"]
)
def test_field_with_a_name_of_a_file_or_a_type_makes_a_form_multipart(options):
    form = FormData()
    form.add_field("a", "b")
    assert not form.is_multipart
    form.add_field("c", "d", **options)
    assert form.is_multipart


def test_form_is_multipart_if_that_is_wished():
    assert [written_by(part) for part in parts_of(FormData([("a", 5)], default_to_multipart=True))]


def test_bytes_in_a_form_are_a_file_which_is_deprecated():
    form = FormData()
    with pytest.warns(DeprecationWarning, match="BytesPayload") as warned:
        form.add_field("a", b"b")
    assert warned[0].filename == __file__
    (part,) = parts_of(form)
    assert part.headers["Content-Disposition"] == 'form-data; name="a"; filename="a"'


def test_payload_in_a_form_is_no_file():
    (part,) = parts_of(FormData({"a": BytesPayload(b"b")}))
    assert part.headers["Content-Disposition"] == 'form-data; name="a"'


def test_text_of_a_form_is_encoded_as_wished():
    form = FormData({"a": "é"}, charset="latin-1")
    assert form().at_hand == b"a=%E9"
    assert form().content_type == "application/x-www-form-urlencoded; charset=latin-1"
    form.add_field("b", "é", filename="c")
    assert [written_by(part) for part in parts_of(form)] == [b"\xe9", b"\xe9"]


CONTROL = ["a\r\nb", "a\nb", "a\rb", "a\0b", "a\x7f"]


@pytest.mark.parametrize("name", CONTROL)
def test_name_with_a_control_character_is_refused_in_multipart(name):
    form = FormData({name: "b"})
    assert form().size  # there it is percent-encoded
    form.add_field("a", "b", filename="c")
    with pytest.raises(ValueError, match="control character"):
        form()


@pytest.mark.parametrize("text", [*CONTROL, "text/plain\r\nX-Injected: 1"])
@pytest.mark.parametrize("option", ["filename", "content_type"])
def test_option_of_a_field_with_a_control_character_is_refused(option, text):
    with pytest.raises(ValueError, match=f"control character in {option}"):
        FormData().add_field("a", "b", **{option: text})


@pytest.mark.parametrize(
    ("quote_fields", "expected"),
    [
        (True, 'form-data; name="ü"; name*=utf-8\'\'%C3%BC; filename="%C3%BC.txt"'),
        (False, 'form-data; name="ü"; filename="ü.txt"'),
    ],
)
def test_names_that_are_not_ascii_are_encoded_or_sent_as_they_are(quote_fields, expected):
    form = FormData(quote_fields=quote_fields)
    form.add_field("ü", "b", filename="ü.txt")
    (part,) = parts_of(form)
    assert part.headers["Content-Disposition"] == expected


def test_form_can_be_sent_again_unless_a_field_cannot():
    async def generate():
        yield b"a"

    form = FormData({"file": io.BytesIO(b"content")})
    assert written_by(form()).count(b"content") == written_by(form()).count(b"content") == 1
    form.add_field("pieces", generate())
    written_by(form())
    with pytest.raises(RuntimeError, match="'pieces' of a form cannot be sent a second time"):
        form()


def test_files_and_multidicts_can_be_added():
    file = io.BytesIO(b"content")
    form = FormData(file)
    form.add_fields(MultiDict([("a", "1"), ("a", "2")]), ("b", "3"))
    names = [part.headers["Content-Disposition"] for part in parts_of(form)]
    assert names == [
        'form-data; name="unknown"; filename="unknown"',
        'form-data; name="a"',
        'form-data; name="a"',
        'form-data; name="b"',
    ]


@pytest.mark.parametrize("option", ["content_type", "filename"])
def test_options_of_a_field_are_text(option):
    with pytest.raises(TypeError, match=option):
        FormData().add_field("a", "b", **{option: 5})


def test_transfer_encoding_of_a_field_has_no_effect_but_a_warning():
    form = FormData()
    with pytest.warns(DeprecationWarning, match="content_transfer_encoding"):
        form.add_field("a", "b", content_transfer_encoding="base64")
    (part,) = parts_of(form)
    assert written_by(part) == b"b"


class Colour(str, enum.Enum):  # noqa: UP042 - its str() is not its value, other than there
    RED = "red"


def test_text_of_an_enumeration_is_its_value():
    assert FormData({"a": Colour.RED, Colour.RED: "b"})().at_hand == b"a=red&red=b"
    (part,) = parts_of(FormData({"a": Colour.RED}, default_to_multipart=True))
    assert written_by(part) == b"red"


@pytest.mark.parametrize("kind", [io.BytesIO, BytesPayload])
def test_file_can_be_sent_with_an_empty_name(kind):
    form = FormData()
    form.add_field("a", kind(b"content"), filename="")
    (part,) = parts_of(form)
    assert part.headers["Content-Disposition"] == 'form-data; name="a"; filename=""'


def test_bytes_with_a_transfer_encoding_are_no_file():
    form = FormData()
    with pytest.warns(DeprecationWarning, match="content_transfer_encoding") as warned:
        form.add_field("a", b"b", content_transfer_encoding="binary")
    assert len(warned) == 1
    assert warned[0].filename == __file__
    (part,) = parts_of(form)
    assert part.headers["Content-Disposition"] == 'form-data; name="a"'


def test_file_of_text_is_encoded_as_wished():
    file = io.TextIOWrapper(io.BytesIO("\u00e9".encode()), "utf-8")
    (part,) = parts_of(FormData({"a": file}, charset="latin-1"))
    assert written_by(part) == b"\xe9"
    assert part.content_type == "text/plain; charset=latin-1"


def test_temporary_file_can_be_a_field_or_all_of_a_form():
    with tempfile.NamedTemporaryFile(suffix=".txt") as file:
        file.write(b"content")
        name = Path(file.name).name
        for form in (FormData(file), FormData({name: file})):
            file.seek(0)
            (part,) = parts_of(form)
            assert part.headers["Content-Disposition"] == (
                f'form-data; name="{name}"; filename="{name}"'
            )
            assert written_by(part) == b"content"


def test_payload_is_the_value_of_one_field_only():
    payload = BytesPayload(b"a")
    form = FormData({"one": payload})
    with pytest.raises(ValueError, match="the payload of 'two' is that of another field"):
        form.add_field("two", payload)
