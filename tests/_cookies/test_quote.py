"""Cookie values in quotes, both ways."""

from http.cookies import SimpleCookie

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aioclient._cookies.quote import is_quoted, quote_value, unquote_value

VALUES = st.text() | st.text(alphabet='"\\0123478; ,a\té', max_size=12)


@pytest.mark.parametrize("value", ["a", "0", "!#$%&'*+-.^_`|~:", "aZ09"])
def test_a_token_needs_no_quotes(value):
    assert quote_value(value) == value


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
def test_what_is_no_token_is_quoted_and_what_is_no_text_escaped(value, quoted):
    assert quote_value(value) == quoted
    assert unquote_value(quoted) == value


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
        (r'"a\"', "a\\"),
        ('"a"b"', 'a"b'),
    ],
)
def test_what_is_not_written_by_rule_is_read_all_the_same(text, value):
    assert unquote_value(text) == value


@given(VALUES)
def test_what_was_quoted_is_unquoted_again(value):
    assert unquote_value(quote_value(value)) == value


@given(VALUES)
def test_quoted_text_has_nothing_that_ends_a_value_or_a_line(value):
    quoted = quote_value(value)
    assert not any(character < " " or character in ";,\x7f" for character in quoted)
    assert is_quoted(quoted) or quoted == value


@given(VALUES)
def test_http_cookies_writes_and_reads_the_same(value):
    theirs = SimpleCookie()
    assert theirs.value_encode(value)[1] == quote_value(value)
    assert theirs.value_decode(value)[0] == unquote_value(value)
    assert theirs.value_decode(f'"{value}"')[0] == unquote_value(f'"{value}"')
