"""The Cookie header of a request, from the cookies that the caller gave."""

from collections import UserDict
from http.cookies import Morsel, SimpleCookie

import pytest
from hypothesis import given
from hypothesis import strategies as st
from multidict import MultiDict

from aioclient._cookies.header import cookie_header, cookie_pairs
from aioclient._cookies.morsels import response_cookies
from aioclient._cookies.pairs import header_pairs, joined, merged
from aioclient._cookies.quote import unquote_value

NAMES = st.text(
    st.characters(min_codepoint=0x21, exclude_categories=["Cs"], exclude_characters="=;,\x7f"),
    min_size=1,
)
VALUES = st.text() | st.text(alphabet='"\\0123; ,=a\té\r\n\0', max_size=12)


def read_by_a_server(header):
    """What a server makes of a Cookie header (RFC 6265 section 4.2) that knows quotes."""
    pairs = [pair.partition("=") for pair in header.split("; ")]
    return [(name, unquote_value(value)) for name, _, value in pairs]


def morsel(name, value, coded_value):
    made = Morsel()
    made.set(name, value, coded_value)
    return made


def simple(**cookies):
    made = SimpleCookie()
    for name, value in cookies.items():
        made[name] = value
    return made


@pytest.mark.parametrize(
    ("cookies", "header"),
    [
        ({"a": "b"}, "a=b"),
        ({"b": "1", "a": "2"}, "b=1; a=2"),  # in the caller's order
        ([("a", "b"), ("c", "d")], "a=b; c=d"),
        ([["a", "b"]], "a=b"),
        (iter([("a", "b")]), "a=b"),
        ([("a", "1"), ("b", "2"), ("a", "3")], "a=3; b=2"),  # the last counts
        (UserDict(a="b"), "a=b"),
        (MultiDict([("a", "1"), ("a", "2")]), "a=2"),
        (simple(a="b c", d="e"), 'a="b c"; d=e'),
        ({"a": ""}, 'a=""'),
        ({"a": "b;c,d"}, r'a="b\073c\054d"'),
        ({"a": '"b"'}, r'a="\"b\""'),
        ({"a": "\r\n\u00e9\u20ac"}, 'a="\\015\\012\\351\u20ac"'),
        ({"path": "/", "a[b]": "c", "\u00e9": "1"}, 'path="/"; a[b]=c; \u00e9=1'),
        ({}, None),
        ([], None),
        (SimpleCookie(), None),
        ({"a": SimpleCookie()}, None),
    ],
)
def test_cookies_are_written(cookies, header):
    assert cookie_header(cookies) == header


@pytest.mark.parametrize(
    ("given_morsel", "quoted", "raw"),
    [
        (morsel("a", "b c", r'"b\040c"'), r'a="b\040c"', "a=b c"),  # quoted as it came
        (morsel("a", "b c", "b c"), 'a="b c"', "a=b c"),
        (morsel("a", '"b', '"b'), r'a="\"b"', 'a="b'),
        (morsel("a", "b", "other"), "a=b", "a=b"),
        (morsel("a", "b,c", '"b;c"'), r'a="b\054c"', "a=b,c"),  # servers end a value at ";"
        (morsel("other", "b", "b"), "a=b", "a=b"),  # the caller's name counts
    ],
)
def test_morsels_stay_as_they_are_if_they_are_quoted(given_morsel, quoted, raw):
    assert cookie_header({"a": given_morsel}) == quoted
    assert cookie_header([("a", given_morsel)], quote=False) == raw


class OlderMorsel(Morsel):
    """As one can be made with the releases of Python that did not look."""

    value = property(lambda self: "b\r\nX: y")
    coded_value = property(lambda self: '"b\r\nX: y"')


def test_a_quoted_morsel_with_control_characters_is_quoted_anew():
    assert cookie_header({"a": OlderMorsel()}) == r'a="b\015\012X: y"'


def test_cookies_of_a_response_are_sent_as_they_came():
    fields = [r'a="b\054c"; Path=/', "d=e", 'f[0]="g h"']
    assert cookie_header(response_cookies(fields)) == r'a="b\054c"; d=e; f[0]="g h"'


def test_a_collection_of_cookies_as_a_value_stands_for_all_in_it():
    assert cookie_header({"any": simple(a="1", b="2"), "c": "3"}) == "a=1; b=2; c=3"


@pytest.mark.parametrize("value", ["a b", 'a"b', "a,b", "\\", "\u00e9", '"a"', "", '{"a": [1]}'])
def test_without_quoting_values_are_sent_raw(value):
    assert cookie_header({"a": value}, quote=False) == f"a={value}"


@pytest.mark.parametrize("character", [*map(chr, range(0x20)), "\x7f", ";"])
def test_raw_values_must_not_end_the_cookie_or_the_line(character):
    with pytest.raises(ValueError, match="cookie 'name' has a control") as raised:
        cookie_header({"name": f"secret{character}"}, quote=False)
    assert "secret" not in str(raised.value)


@pytest.mark.parametrize("character", [*map(chr, range(0x21)), "\x7f", "=", ";", ","])
@pytest.mark.parametrize("quote", [True, False])
def test_names_must_not_be_read_as_something_else(character, quote):
    with pytest.raises(ValueError, match="not the name of a cookie") as raised:
        cookie_header({f"a{character}b": "secret"}, quote=quote)
    assert repr(f"a{character}b") in str(raised.value)
    assert "secret" not in str(raised.value)


def test_an_empty_name_is_refused():
    with pytest.raises(ValueError, match="not the name of a cookie: ''"):
        cookie_header({"": "secret"})


def test_a_message_shows_no_more_than_the_beginning_of_a_name():
    with pytest.raises(ValueError, match="not the name") as raised:
        cookie_header({"\n" * 10_000: "b"})
    assert len(str(raised.value)) < 300


@pytest.mark.parametrize("value", [5, None, b"secret", True, ["secret"], Morsel()])
def test_values_that_are_no_str_are_refused_and_not_shown(value):
    with pytest.raises(TypeError, match="cookie 'name' must be str, not ") as raised:
        cookie_header({"name": value})
    assert "secret" not in str(raised.value)


@pytest.mark.parametrize(
    ("cookies", "message"),
    [
        ("a=b", "cookies must be a mapping or pairs, not str"),
        (5, "cookies must be a mapping or pairs, not int"),
        (["ab"], "pairs of a name and a value"),
        ([("a", "b", "c")], "pairs of a name and a value"),
        ([("a",)], "pairs of a name and a value"),
        ({5: "a"}, "name of a cookie must be str, not int"),
        (b"ab", "pairs of a name and a value"),
    ],
)
def test_other_shapes_are_refused(cookies, message):
    with pytest.raises(TypeError, match=message):
        cookie_header(cookies)


@pytest.mark.parametrize("cookies", [{"name": "\udc0a"}, {"name\ud800": "b"}])
def test_what_cannot_be_encoded_is_refused(cookies):
    with pytest.raises(ValueError, match=r"cookie 'name.* is not Unicode text") as raised:
        cookie_header(cookies)
    assert raised.value.__context__ is None  # Python's own error has the value


def test_octets_that_are_no_utf_8_can_be_sent_back():
    assert cookie_header({"a": "\udcff"}, quote=False) == "a=\udcff"


@pytest.mark.parametrize(
    ("header", "pairs"),
    [
        ("", []),
        (" ; ;; ", []),
        ("a=b", [("a", "b")]),
        ("a=b; c=d", [("a", "b"), ("c", "d")]),
        (" a = b ;c=d;;", [("a", "b"), ("c", "d")]),
        ("a=1; a=2", [("a", "1"), ("a", "2")]),
        ("a=b=c; d=", [("a", "b=c"), ("d", "")]),
        ("a; =b; =", [("", "a"), ("", "b")]),
        ("=a=b", [("", "=a=b")]),
        ('a="b;c" ; d=e', [("a", '"b;c"'), ("d", "e")]),
        (r'a="b\";c"; d=e', [("a", r'"b\";c"'), ("d", "e")]),
        ('a="b; c="d', [("a", '"b'), ("c", '"d')]),
        ('a="b"c; d="e', [("a", '"b"c'), ("d", '"e')]),
        ('a=b"c; d"=e', [("a", 'b"c'), ('d"', "e")]),
        ("a[0]=\u00e9; path=/", [("a[0]", "\u00e9"), ("path", "/")]),
        ("a=b\tc", [("a", "b\tc")]),
    ],
)
def test_a_header_of_the_callers_is_taken_apart(header, pairs):
    assert header_pairs(header) == pairs


@pytest.mark.parametrize("character", ["\0", "\r", "\n", "\x1f", "\x7f"])
def test_a_header_with_control_characters_is_refused_and_not_shown(character):
    with pytest.raises(ValueError, match="has a control character") as raised:
        header_pairs(f"a=secret{character}")
    assert "secret" not in str(raised.value)


def test_cookies_replace_those_of_the_same_name_and_the_others_stay():
    first = header_pairs("a=1; b=2; a=3; nameless; c=4")
    second = cookie_pairs({"d": "5", "a": "6 7"})
    assert joined(merged(first, second)) == 'b=2; nameless; c=4; d=5; a="6 7"'


def test_names_differ_in_case():
    assert merged([("a", "1")], [("A", "2")]) == [("a", "1"), ("A", "2")]


@pytest.mark.parametrize(
    "header", ["a=b", "a", "=a=b; c=", 'a="b;c"; d=e', "a=1; a=2", '"', "a=\u00e9\udcff"]
)
def test_a_header_that_is_taken_apart_and_joined_is_the_same(header):
    assert joined(header_pairs(header)) == header


def test_a_header_of_no_cookies_is_none():
    assert joined([]) is None
    assert joined(header_pairs(" ; ")) is None


@given(st.dictionaries(NAMES, VALUES, min_size=1))
def test_a_server_reads_what_was_given(cookies):
    header = cookie_header(cookies)
    assert not set(header) & set("\r\n\0")
    assert read_by_a_server(header) == list(cookies.items())
    assert joined(header_pairs(header)) == header


@given(st.text() | st.text(alphabet='a=; \t"\\', max_size=30))
def test_any_header_is_taken_apart_or_refused(header):
    try:
        pairs = header_pairs(header)
    except ValueError:
        assert any(c < " " or c == "\x7f" for c in header)
        return
    assert header_pairs(joined(pairs) or "") == pairs


# Quadratic time would take minutes.
@pytest.mark.parametrize("unit", ['"', 'a="', 'a="\\";', ";", "=", " ", '="b', 'a="b" c;', "\\"])
def test_time_is_linear(unit):
    text = unit * (300_000 // len(unit))
    assert len(header_pairs(text)) <= 300_000
    assert len(header_pairs(f'a="{text}')) <= 300_000
    assert cookie_pairs({"a": text})
