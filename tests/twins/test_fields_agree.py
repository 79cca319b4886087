"""Both field twins cut every section that a parser lets pass in the same way."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aioclient._http.header_names import SHARED_NAMES

letters = bytes([9, *range(32, 127), *range(128, 256)])
texts = st.text(letters.decode("latin-1"), max_size=8).map(lambda text: text.encode("latin-1"))
line_ends = st.sampled_from([b"\r\n"] * 3 + [b"\n"])
blanks = st.sampled_from([b"", b" ", b"\t", b"  ", b" \t "])
folds = st.sampled_from([b"\r\n ", b" \r\n\t", b"\n ", b"\t \n\t ", b"\r\n \r\n ", b"\n \n\t\r\n "])
values = st.lists(texts | folds | st.just("ü€".encode()), max_size=4).map(b"".join)
token = "!#$%&'*+-.^_`|~09azAZ"
names = st.sampled_from([*SHARED_NAMES]) | st.text(token, min_size=1, max_size=9).map(str.encode)
lines = st.tuples(names, st.just(b":"), blanks, values, line_ends).map(b"".join)
sections = st.tuples(st.lists(lines, max_size=5).map(b"".join), line_ends).map(b"".join)


@pytest.fixture(scope="module")
def both(twin):
    return [twin("_http.fields", kind) for kind in ("compiled", "python")]


@settings(max_examples=500)
@given(section=sections)
def test_pairs_of_any_section(both, section):
    compiled, python = (fields.raw_pairs(section) for fields in both)
    assert compiled == python
    assert all(type(part) is bytes for pair in compiled for part in pair)


@settings(max_examples=200)
@given(section=sections)
def test_multidicts_of_any_section(both, section):
    compiled, python = ([*fields.to_multidict(section).items()] for fields in both)
    assert compiled == python
    assert [type(name) for name, _ in compiled] == [type(name) for name, _ in python]


@settings(max_examples=200)
@given(section=sections)
def test_multidict_and_pairs_say_the_same(both, section):
    for fields in both:
        pairs = fields.raw_pairs(section)
        items = [*fields.to_multidict(section).items()]
        assert [value.encode("utf-8", "surrogateescape") for _, value in items] == [
            value for _, value in pairs
        ]
        assert [name.lower().encode() for name, _ in items] == [name.lower() for name, _ in pairs]


@settings(max_examples=200)
@given(section=sections)
def test_section_is_what_the_parsers_let_pass(both, twin, section):
    """So that the sections of these tests are those that the twins will meet."""
    for kind in ("compiled", "python"):
        parser = twin("_http1.parser", kind).ResponseParser()
        parser.start("HEAD")
        head = parser.feed(b"HTTP/1.1 200 OK\r\n" + section)[0]
        assert head.field_section == section
