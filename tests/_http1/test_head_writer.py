"""Request heads as bytes, and what must never get into one (RFC 9112 section 3)."""

from enum import Enum
from http import HTTPMethod

import pytest
from multidict import CIMultiDict, istr


@pytest.fixture(scope="session")
def writer(twin, kind):
    return twin("_http1.head_writer", kind)


class Text(str):
    """A string of a subclass, such as callers have."""

    __slots__ = ()


NOT_TOKENS = ["", " ", "a b", "a:", "a\t", "a\r\nb", "a\n", "\0", "é", "a\x7f", "(a)", "a\u212a"]
CONTROLS = [chr(code) for code in [*range(9), *range(0x0A, 0x20), 0x7F]]


def test_whole_head(writer):
    lines = writer.write_field_lines([("Accept", "*/*"), ("X-Y", "z")])
    head = writer.write_request_head("GET", "/a?b=c", "host:81", lines, b"Content-Length: 0\r\n")
    assert head == (
        b"GET /a?b=c HTTP/1.1\r\nHost: host:81\r\nAccept: */*\r\nX-Y: z\r\n"
        b"Content-Length: 0\r\n\r\n"
    )


def test_head_without_fields(writer):
    assert writer.write_request_head("GET", "*", "[::1]", b"", b"") == (
        b"GET * HTTP/1.1\r\nHost: [::1]\r\n\r\n"
    )


@pytest.mark.parametrize(
    ("more", "version"), [((), b"1.1"), ((1,), b"1.1"), ((0,), b"1.0"), ((False,), b"1.0")]
)
def test_version_is_written(more, version, writer):
    head = writer.write_request_head("GET", "/", "h", b"A: b\r\n", b"C: d\r\n", *more)
    assert head == b"GET / HTTP/" + version + b"\r\nHost: h\r\nA: b\r\nC: d\r\n\r\n"


@pytest.mark.parametrize("version", [-1, 2, 10**30, 0.5, "1", b"1", None, "1\r\nX: y"])
def test_version_that_is_neither_1_0_nor_1_1_is_refused(version, writer):
    with pytest.raises(ValueError, match="minor versions 0 and 1") as raised:
        writer.write_request_head("GET", "/", "h", b"", b"", version)
    assert str(raised.value) == f"HTTP/1 has the minor versions 0 and 1, not {version!r}"


@pytest.mark.parametrize("method", ["GET", "get", "M-SEARCH", "X.Y_Z!#$%&'*+^`|~09"])
def test_method_is_written_as_it_is(method, writer):
    assert writer.write_request_head(method, "/", "h", b"", b"").startswith(method.encode() + b" ")


@pytest.mark.parametrize("method", NOT_TOKENS)
def test_method_that_is_no_token_is_refused(method, writer):
    with pytest.raises(ValueError, match="invalid character in method") as raised:
        writer.write_request_head(method, "/", "host", b"", b"")
    assert str(raised.value) == f"invalid character in method {method!r}"


@pytest.mark.parametrize("part", ["target", "Host"])
@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "/a b",
        "/ HTTP/1.1\r\nX: y",
        "/\r",
        "/\n",
        "/\t",
        "/\0",
        "/\x7f",
        "/é",
        "/\udcff",
        "/\u010d\u010a",  # whose low bytes are CR and LF
    ],
)
def test_target_and_host_are_visible_ascii(part, text, writer):
    target, authority = (text, "host") if part == "target" else ("/", text)
    with pytest.raises(ValueError, match="invalid character in") as raised:
        writer.write_request_head("GET", target, authority, b"", b"")
    name = "request target" if part == "target" else "Host"
    assert str(raised.value) == f"invalid character in {name} {text!r}"


@pytest.mark.parametrize("name", NOT_TOKENS)
def test_field_name_that_is_no_token_is_refused(name, writer):
    with pytest.raises(ValueError, match=r"invalid character .* in a header name|is empty"):
        writer.write_field_lines([("A", "b"), (name, "value")])


@pytest.mark.parametrize("between", [": ", ":", " ", "=", "\n"])
def test_what_follows_a_field_name_is_not_shown(between, writer):
    with pytest.raises(ValueError, match="in a header name") as raised:
        writer.write_field_lines([(f"X-Token{between}a-secret", "value")])
    shown = f"invalid character {between[0]!r} in a header name, after 'X-Token'"
    assert str(raised.value) == shown


@pytest.mark.parametrize("control", CONTROLS)
@pytest.mark.parametrize("shape", ["{}", "a{}", "{}a", "a{}b", "a\r\nX: y{}", "x" * 40 + "{}"])
def test_control_character_in_a_value_is_refused(control, shape, writer):
    with pytest.raises(ValueError, match="control character") as raised:
        writer.write_field_lines([("A", "b"), ("X-Secret", shape.format(control))])
    # The value may be a credential, so it is not shown.
    assert str(raised.value) == "control character in the value of header 'X-Secret'"


@pytest.mark.parametrize(
    ("value", "written"),
    [
        ("", b""),
        ("a", b"a"),
        ("a b\tc", b"a b\tc"),
        (" \ta \t", b"a"),
        (" \t ", b""),
        ("ü€", "ü€".encode()),
        ("\xa0a\xa0", "\xa0a\xa0".encode()),
        ("\x80\x85", "\x80\x85".encode()),
        ("\udcff\udc80", b"\xff\x80"),
        ('"quoted", list; a=b', b'"quoted", list; a=b'),
    ],
)
def test_value_is_written_in_utf_8_without_blanks_around_it(value, written, writer):
    assert writer.write_field_lines([("X", value)]) == b"X: " + written + b"\r\n"


@pytest.mark.parametrize("value", [chr(0xD800), chr(0xDFFF), "a\udc0a", "a\udc0d\udc0aX: y"])
def test_surrogate_that_stands_for_no_byte_is_refused(value, writer):
    with pytest.raises(ValueError, match="character that cannot be encoded") as raised:
        writer.write_field_lines([("X", value)])
    # The value may be a credential, and Python's own error has it.
    assert raised.value.__context__ is None
    assert raised.value.args == ("character that cannot be encoded in the value of header 'X'",)


def test_text_that_stands_in_for_another_after_decoding_is_kept_as_it_was(writer):
    received = b"caf\xe9".decode("utf-8", "surrogateescape")
    assert writer.write_field_lines([("X", received)]) == b"X: caf\xe9\r\n"


@pytest.mark.parametrize(
    "wrap", [tuple, list, iter, lambda pairs: CIMultiDict(pairs).items(), lambda p: map(list, p)]
)
def test_fields_may_come_in_any_iterable_and_keep_their_order(wrap, writer):
    fields = wrap([("B", "c"), ("a", "b"), ("B", "d")])
    assert writer.write_field_lines(fields) == b"B: c\r\na: b\r\nB: d\r\n"


@pytest.mark.parametrize("kind_of_str", [istr, Text])
def test_names_and_values_may_be_of_a_subclass_of_str(kind_of_str, writer):
    fields = [(kind_of_str("A"), kind_of_str("\u00fc "))]
    assert writer.write_field_lines(fields) == b"A: \xc3\xbc\r\n"


def test_no_fields_are_no_lines(writer):
    assert writer.write_field_lines(()) == b""


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        (b"A", "b", "got bytes and str for b'A'"),
        ("A", b"b", "got str and bytes for 'A'"),
        ("A", 5, "got str and int for 'A'"),
        ("A", None, "got str and NoneType for 'A'"),
        (None, "b", "got NoneType and str for None"),
    ],
)
def test_names_and_values_are_text(name, value, words, writer):
    with pytest.raises(TypeError) as raised:
        writer.write_field_lines([(name, value)])
    assert str(raised.value) == f"header names and values must be str, {words}"


@pytest.mark.parametrize(
    "arguments",
    [
        (b"GET", "/", "host", b"", b""),
        (None, "/", "host", b"", b""),
        ("GET", b"/", "host", b"", b""),
        ("GET", None, "host", b"", b""),
        ("GET", "/", b"host", b"", b""),
        ("GET", "/", None, b"", b""),
        ("GET", "/", "host", None, b""),
        ("GET", "/", "host", "", b""),
        ("GET", "/", "host", b"", None),
    ],
)
def test_parts_of_a_head_have_their_types(arguments, writer):
    with pytest.raises(TypeError):
        writer.write_request_head(*arguments)


@pytest.mark.parametrize(
    ("method", "target", "authority"),
    [
        (HTTPMethod.GET, "/", "host"),
        (Text("GET"), "/", "host"),
        ("GET", Text("/"), "host"),
        ("GET", "/", istr("host")),
        ("GET", "/", Text("host")),
    ],
    ids=["HTTPMethod", "method", "target", "istr", "host"],
)
def test_parts_of_a_head_may_be_of_a_subclass_of_str(method, target, authority, writer):
    head = writer.write_request_head(method, target, authority, b"", b"")
    assert head == b"GET / HTTP/1.1\r\nHost: host\r\n\r\n"


def test_text_is_written_as_it_is_and_not_as_it_would_be_formatted(writer):
    # str(name.A) is "name.A": the same holds for every enumeration made of strings like this.
    name = Enum("name", {"A": "x-name"}, type=str)
    lines = writer.write_field_lines([(name.A, name.A)])
    assert lines == b"x-name: x-name\r\n"
    head = writer.write_request_head("GET", "/", "host", lines, b"")
    assert head.endswith(b"\r\nx-name: x-name\r\n\r\n")


def test_text_that_formats_itself_cannot_get_past_the_check(writer):
    class Liar(str):
        __slots__ = ()

        def __format__(self, spec):
            return "a\r\nX: y"

        def __str__(self):
            return "a\r\nX: y"

    for name, value in [(Liar("A"), "b"), ("A", Liar("b"))]:
        assert writer.write_field_lines([(name, value)]) == b"A: b\r\n"
