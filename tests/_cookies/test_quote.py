"""Cookie values in quotes, both ways, with each twin."""

from enum import StrEnum
from http.cookies import SimpleCookie

import pytest
from hypothesis import given
from hypothesis import strategies as st
from multidict import istr

EVERY_CHARACTER = st.characters(exclude_categories=())  # surrogates, too
VALUES = st.text(EVERY_CHARACTER) | st.text(
    alphabet='"\\0123478; ,a\n\té\u20ac\U0001f600', max_size=12
)


class Enumerated(StrEnum):
    PLAIN = "plain"
    QUOTED = '"a b"'


@pytest.fixture(scope="session")
def quote(twin, kind):
    return twin("_cookies.quote", kind)


@pytest.mark.parametrize("value", ["a", "0", "!#$%&'*+-.^_`|~:", "aZ09"])
def test_a_token_needs_no_quotes(quote, value):
    assert quote.quote_value(value) == value


@pytest.mark.parametrize(
    ("value", "quoted"),
    [
        ("", '""'),
        ("a b", '"a b"'),
        ("()/<=>?@[]{}", '"()/<=>?@[]{}"'),
        ("a,b;c", r'"a\054b\073c"'),
        ('"', r'"\""'),
        ("\\", r'"\\"'),
        ("\0\t\r\n\x7f", r'"\000\011\015\012\177"'),
        ("\u00e9\u00ff", r'"\351\377"'),
        ("\u20ac\U0001f600", '"\u20ac\U0001f600"'),  # beyond what three octal digits can say
        ("a\udcff", '"a\udcff"'),  # an octet that is no UTF-8
    ],
)
def test_what_is_no_token_is_quoted_and_what_is_no_text_escaped(quote, value, quoted):
    assert quote.quote_value(value) == quoted
    assert quote.unquote_value(quoted) == value


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("", ""),
        ("a", "a"),
        ('"', '"'),
        ('""', ""),
        ('"a', '"a'),
        ('a"', 'a"'),
        (r"a\054b", r"a\054b"),
        (r'"a\bc"', "abc"),
        (r'"\0\00\08"', "00008"),  # less than three octal digits are none
        (r'"\400\0540"', "400,0"),
        (r'"\377\378"', "\u00ff378"),
        (r'"\\054"', r"\054"),  # the backslash that is escaped escapes nothing
        ('"\\\n"', "\\\n"),  # nor does one in front of a line feed
        ('"\\\u20ac\\\u00e9\\"', "\u20ac\u00e9\\"),
        ('"\u20ac\\351\\05"', "\u20ac\u00e905"),
        (r'"a\"', "a\\"),
        ('"a"b"', 'a"b'),
    ],
)
def test_what_is_not_written_by_rule_is_read_all_the_same(quote, text, value):
    assert quote.unquote_value(text) == value


@given(VALUES)
def test_what_was_quoted_is_unquoted_again(quote, value):
    assert quote.unquote_value(quote.quote_value(value)) == value


@given(VALUES)
def test_quoted_text_has_nothing_that_ends_a_value_or_a_line(quote, value):
    quoted = quote.quote_value(value)
    assert not any(character < " " or character in ";,\x7f" for character in quoted)
    assert quote.is_quoted(quoted) or quoted == value


@given(VALUES)
def test_http_cookies_writes_and_reads_the_same(quote, value):
    theirs = SimpleCookie()
    assert theirs.value_encode(value)[1] == quote.quote_value(value)
    assert theirs.value_decode(value)[0] == quote.unquote_value(value)
    assert theirs.value_decode(f'"{value}"')[0] == quote.unquote_value(f'"{value}"')


@given(VALUES)
def test_what_is_in_quotes_begins_and_ends_with_one(quote, value):
    assert quote.is_quoted(f'"{value}"')
    assert not quote.is_quoted(f'{value}"a')
    assert not quote.is_quoted(f'a"{value}')
    assert not quote.is_quoted('"')


@pytest.mark.parametrize("code", [*range(0x102), 0xFFFF, 0x10000, 0x10FFFF])
def test_every_character_comes_back_among_others_of_any_width(quote, code):
    for others in ("", "a", '"', "\u00e9", "\u20ac", "\U0001f600"):
        value = others + chr(code) + others
        assert quote.unquote_value(quote.quote_value(value)) == value


def test_a_value_that_needs_no_change_is_given_back_itself(quote):
    value = "".join(("to", "ken"))
    for text in (value, istr(value), Enumerated.PLAIN):
        assert quote.quote_value(text) is text
        assert quote.unquote_value(text) is text


@pytest.mark.parametrize("value", [istr('"a b"'), Enumerated.QUOTED])
def test_strings_of_a_subclass_become_plain_ones(quote, value):
    assert quote.is_quoted(value)
    for result, expected in (
        (quote.quote_value(value), r'"\"a b\""'),
        (quote.unquote_value(value), "a b"),
    ):
        assert type(result) is str
        assert result == expected


@pytest.mark.parametrize("value", [None, 5, b'"secret"', ['"', '"'], bytearray(b"secret")])
@pytest.mark.parametrize("name", ["quote_value", "is_quoted", "unquote_value"])
def test_what_is_no_text_is_refused_without_showing_it(quote, name, value):
    with pytest.raises(TypeError, match=f"^expected str, got {type(value).__name__}$"):
        getattr(quote, name)(value)


@pytest.mark.parametrize("length", [1_000, 100_000])
@pytest.mark.parametrize(
    "part", ["a", '"', "\\", "\\0", "\\054", "\u00e9", "\u20ac;", "\U0001f600\\"]
)
def test_long_values_come_back(quote, part, length):
    value = part * (length // len(part))
    assert quote.unquote_value(quote.quote_value(value)) == value
