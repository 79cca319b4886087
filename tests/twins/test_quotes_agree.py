"""Both twins quote and unquote every text in the same way."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from multidict import istr

FUNCTIONS = ("quote_value", "is_quoted", "unquote_value")


class Text(str):
    """A string of a subclass, such as callers have."""

    __slots__ = ()


every_character = st.characters(exclude_categories=())
octets = st.integers(0, 0o1000).map(lambda n: f"\\{n:03o}")
telling = st.sampled_from(
    [*'"\\01347889;, \n\0\x7f\x80\xff', "\u0100", "\u20ac", "\ud800", "\U0001f600"]
)
pieces = octets | telling | st.text(every_character, max_size=5) | st.text("abcXYZ019-_.:")
texts = st.lists(pieces, max_size=8).map("".join) | st.text(every_character)
values = texts | texts.map('"{}"'.format)
kinds = st.sampled_from([str, istr, Text])
anything = st.none() | st.integers() | st.binary(max_size=5) | st.lists(texts, max_size=3)


def outcome(function, value):
    try:
        return function(value)
    except (TypeError, ValueError) as error:
        return type(error), str(error)


@pytest.fixture(scope="module")
def both(twin):
    return [twin("_cookies.quote", kind) for kind in ("compiled", "python")]


@settings(max_examples=1500)
@given(value=values, made=kinds)
def test_of_any_text(both, value, made):
    value = made(value)
    for name in FUNCTIONS:
        compiled, python = (getattr(quote, name)(value) for quote in both)
        assert compiled == python
        assert type(compiled) is type(python)
        assert (compiled is value) is (python is value)


@settings(max_examples=500)
@given(value=values)
def test_texts_that_they_make_are_like_any_other(both, value):
    """CPython keeps a text in the narrowest form that it fits, and compares by that."""
    for quote in both:
        for made in (quote.quote_value(value), quote.unquote_value(value)):
            again = "".join([*made])
            assert made == again
            assert hash(made) == hash(again)
            assert made.isascii() is all(character < "\x80" for character in made)


@settings(max_examples=300)
@given(value=anything)
def test_what_is_no_text_is_refused_alike(both, value):
    for name in FUNCTIONS:
        compiled, python = (outcome(getattr(quote, name), value) for quote in both)
        assert isinstance(python, tuple)
        assert compiled == python


@settings(max_examples=500)
@given(value=values)
def test_each_reads_what_the_other_wrote(both, value):
    compiled, python = both
    assert compiled.unquote_value(python.quote_value(value)) == value
    assert python.unquote_value(compiled.quote_value(value)) == value
