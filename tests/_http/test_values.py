"""Token lists, parameters and media types (RFC 9110 sections 5.6 and 8.3)."""

import time

import pytest

from aioclient._http.values import DEFAULT_MEDIA_TYPE, media_type, parse_parameters, tokens


@pytest.mark.parametrize(
    ("value", "members"),
    [
        (b"", []),
        (b" \t ", []),
        (b",", []),
        (b"close", [b"close"]),
        (b"Keep-Alive, Upgrade", [b"keep-alive", b"upgrade"]),
        (b"a,b\t,\tc", [b"a", b"b", b"c"]),
        (b", a,, b ,", [b"a", b"b"]),
        (b"a b", [b"a b"]),
        (b"\x0ba\xa0", [b"\x0ba\xa0"]),
        (b"a;q=1, b", [b"a;q=1", b"b"]),
    ],
)
def test_list_is_split_into_lower_case_members(value, members):
    assert tokens(value) == members


@pytest.mark.parametrize(
    ("text", "parameters"),
    [
        ("", []),
        ("a=b", [("a", "b")]),
        (" a=b", [("a", "b")]),
        ("A=B", [("a", "B")]),
        ("a=b;c=d", [("a", "b"), ("c", "d")]),
        ("a=b ; c=d ", [("a", "b"), ("c", "d")]),
        ('a="b"', [("a", "b")]),
        ('a="b;c=d, e"; f=g', [("a", "b;c=d, e"), ("f", "g")]),
        (r'a="b\"c\\d"; e=f', [("a", r'b"c\d'), ("e", "f")]),
        ('a=""; b=c', [("a", ""), ("b", "c")]),
        ("a=; b=c", [("a", ""), ("b", "c")]),
        ("a", []),
        ("a; b=c", [("b", "c")]),
        (";; a=b;;", [("a", "b")]),
        ('a="b', [("a", "b")]),
        ('a="b\\', [("a", "b\\")]),
        ("a=b=c", [("a", "b=c")]),
        ("a=b; a=c", [("a", "b"), ("a", "c")]),
    ],
)
def test_parameters_are_taken_apart(text, parameters):
    assert parse_parameters(text) == parameters


@pytest.mark.parametrize(
    ("value", "essence", "charset"),
    [
        (b"text/html", "text/html", None),
        (b"Text/HTML; Charset=UTF-8", "text/html", "UTF-8"),
        (b"text/html;charset=utf-8", "text/html", "utf-8"),
        (b'text/html; charset="utf-8"', "text/html", "utf-8"),
        (b"text/html ; x=y ; charset=latin-1", "text/html", "latin-1"),
        (b"text/html; charset=a; charset=b", "text/html", "a"),
        (b'multipart/form-data; boundary="; charset=x"', "multipart/form-data", None),
        (b"text/html;", "text/html", None),
        (b"text/html; charset", "text/html", None),
        (b"  text/html  ", "text/html", None),
        (b"application/vnd.api+json; charset=utf-8", "application/vnd.api+json", "utf-8"),
        (b"text/html; charset=\xff", "text/html", "\udcff"),
    ],
)
def test_media_type_is_read(value, essence, charset):
    assert media_type(value) == (essence, charset)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (b"text/html; charset=a, text/plain; charset=b", ("text/html", "a")),
        (b"text/html, text/plain", ("text/html", None)),
        (b"text/html, text/plain; charset=b", ("text/html", None)),
        (b'text/html; a="b", text/plain; charset=c', ("text/html", None)),
    ],
)
def test_first_of_several_media_types_counts(value, expected):
    assert media_type(value) == expected


@pytest.mark.parametrize(
    "value", [None, b"", b"text", b"; charset=utf-8", b"charset=utf-8", b",a/b"]
)
def test_missing_or_broken_media_type_is_that_of_plain_bytes(value):
    assert media_type(value) == DEFAULT_MEDIA_TYPE == ("application/octet-stream", None)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (b"application/json", True),
        (b"Application/JSON; charset=utf-8", True),
        (b"application/problem+json", True),
        (b"application/geo+json-seq", False),
        (b"application/jsonp", False),
        (b"text/json", False),
        (b"text/plain", False),
        (None, False),
    ],
)
def test_json_is_known_by_its_media_type(value, expected):
    assert media_type(value).is_json is expected


@pytest.mark.parametrize("parameter", [b"a=;", b'a="";', b'a="b"', b"a;", b'"', b"\\", b",", b"="])
def test_long_list_of_parameters_costs_linear_time(parameter):
    # As long as the fields of one name may be in a head; at quadratic cost, a second.
    value = b"a/b;" + parameter * (240_000 // len(parameter))
    started_at = time.process_time()
    media_type(value)
    assert time.process_time() - started_at < 0.5
