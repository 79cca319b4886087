"""The grammar of Sec-WebSocket-Extensions (RFC 6455 section 9.1)."""

import time

import pytest

from aioclient._websocket.extensions import parse_extensions


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([], []),
        (["foo"], [("foo", ())]),
        (["foo, bar; baz=2"], [("foo", ()), ("bar", (("baz", "2"),))]),
        (["foo", "bar"], [("foo", ()), ("bar", ())]),
        (["foo; a; b=1; a"], [("foo", (("a", None), ("b", "1"), ("a", None)))]),
        (['foo; a="1"'], [("foo", (("a", "1"),))]),
        (['foo; a="\\1\\0", bar'], [("foo", (("a", "10"),)), ("bar", ())]),
        (["Foo; A=B"], [("Foo", (("A", "B"),))]),
        ([" \tfoo\t; a\t=\t1 ;b , bar "], [("foo", (("a", "1"), ("b", None))), ("bar", ())]),
        (["", " ", ",", " , ,\t"], []),
        ([",foo,,bar,", ",", "baz"], [("foo", ()), ("bar", ()), ("baz", ())]),
    ],
)
def test_extensions_are_taken_apart(values, expected):
    assert parse_extensions(values) == expected


@pytest.mark.parametrize(
    "value",
    [
        "foo bar",
        "foo;",
        "foo; ;a",
        "; a",
        "foo; =1",
        "foo; a=",
        "foo; a=1 2",
        "foo; a=1=2",
        'foo; a="1',
        'foo; a=""',  # what is in the quotes has to be a token
        'foo; a="1 2"',
        'foo; a="1,2"',
        'foo; a="1"2',
        'foo; a="\\"',
        'foo; "a"=1',
        '"foo"',
        "foo/bar",
        "foo\x00",
        "foo; a=\xe9",
        "foo\udcff",
        "foo, bar baz",
    ],
)
def test_what_is_not_in_the_grammar_is_refused(value):
    with pytest.raises(ValueError, match="Sec-WebSocket-Extensions is malformed"):
        parse_extensions(["good", value])


def test_a_refusal_shows_the_beginning_of_the_field_only():
    with pytest.raises(ValueError, match="malformed") as caught:
        parse_extensions(["=" + "x" * 100_000])
    assert len(str(caught.value)) < 200


@pytest.mark.parametrize("part", ["a", "a;", "a; b=", 'a; b="', "a; b; ", "\\", '"', " ", ",", "="])
def test_no_value_takes_long(part):
    began = time.perf_counter()
    for value in (part * 50_000, "a; b=" + part * 50_000 + "\x00"):
        try:
            parse_extensions([value])
        except ValueError:
            pass
    assert time.perf_counter() - began < 2
