"""Both head writers give the same bytes, or the same exception with the same words."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from multidict import istr

every_character = st.characters(exclude_categories=())
telling = st.sampled_from("\r\n\0\t :\x7f\x80\xa0é\u010a\u010d\u2028\ud800\udc0a\udc80\udcff")
ascii_text = st.text(st.characters(max_codepoint=127), max_size=20)
texts = st.one_of(
    st.text(every_character, max_size=20),
    st.text(telling | st.characters(max_codepoint=127), max_size=20),
    st.text("abcXYZ-_", min_size=1, max_size=30),
    ascii_text,
)
names = st.text("abcXYZ019-_", min_size=1, max_size=20) | texts
anything = texts | texts.map(istr) | st.none() | st.integers() | st.binary(max_size=5)
targets = st.text(st.characters(min_codepoint=0x21, max_codepoint=0x7E), min_size=1) | texts


def outcome(function, *arguments):
    try:
        return function(*arguments)
    except (TypeError, ValueError) as error:
        return type(error), str(error)


@pytest.fixture(scope="module")
def writers(twin):
    return [twin("_http1.head_writer", kind) for kind in ("compiled", "python")]


@settings(max_examples=600)
@given(fields=st.lists(st.tuples(names, texts), max_size=4))
def test_field_lines_of_any_text(writers, fields):
    compiled, python = (outcome(writer.write_field_lines, fields) for writer in writers)
    assert compiled == python


@settings(max_examples=300)
@given(fields=st.lists(st.tuples(anything, anything), max_size=3))
def test_field_lines_of_anything(writers, fields):
    compiled, python = (outcome(writer.write_field_lines, fields) for writer in writers)
    assert compiled == python


@settings(max_examples=600)
@given(
    method=names,
    target=targets,
    authority=targets,
    lines=st.sampled_from([b"", b"A: b\r\n"]),
    version=st.lists(st.sampled_from([0, 1, 1, True, 2]) | anything, max_size=1),
)
def test_heads_of_any_text(writers, method, target, authority, lines, version):
    arguments = (method, target, authority, lines, lines, *version)
    compiled, python = (outcome(writer.write_request_head, *arguments) for writer in writers)
    assert compiled == python


@settings(max_examples=600)
@given(fields=st.lists(st.tuples(texts, texts), max_size=4))
def test_accepted_field_lines_are_as_many_lines_as_fields(writers, fields):
    for writer in writers:
        lines = outcome(writer.write_field_lines, fields)
        if isinstance(lines, bytes):
            assert lines.count(b"\r\n") == lines.count(b"\n") == lines.count(b"\r") == len(fields)
            assert b"\0" not in lines
            for line, (name, value) in zip(lines.split(b"\r\n"), fields, strict=False):
                written = value.strip(" \t").encode("utf-8", "surrogateescape")
                assert line == name.encode("ascii") + b": " + written


@settings(max_examples=600)
@given(method=texts, target=texts, authority=texts, minor_version=st.integers(0, 1))
def test_accepted_head_is_two_lines(writers, method, target, authority, minor_version):
    for writer in writers:
        arguments = (method, target, authority, b"", b"", minor_version)
        head = outcome(writer.write_request_head, *arguments)
        if isinstance(head, bytes):
            start = f"{method} {target} HTTP/1.{minor_version}\r\nHost: {authority}\r\n\r\n"
            assert head == start.encode("ascii")
            assert head.count(b"\n") == head.count(b"\r") == 3
            assert head.split(b"\r\n")[0].count(b" ") == 2


@pytest.mark.parametrize(
    "fields",
    [
        [("A", "\ud800")],
        [("A", "\ud800"), ("not a token", "b")],
        [("A", "\ud800"), ("B", "\n")],
        [("A", "b"), ("B", "c\udc0a")],
        [("A", "\n\ud800")],
        [("A\ud800", "b")],
    ],
)
def test_surrogates_that_stand_for_no_byte_are_refused_alike(writers, fields):
    compiled, python = (outcome(writer.write_field_lines, fields) for writer in writers)
    assert isinstance(python, tuple)
    assert compiled == python


@pytest.mark.parametrize("fields", [None, 5, [5], [None], ["abc"], [("A",)], [("A", "b", "c")]])
def test_what_are_no_fields_is_refused_with_the_same_type(writers, fields):
    compiled, python = (outcome(writer.write_field_lines, fields) for writer in writers)
    assert isinstance(python, tuple)
    assert compiled[0] is python[0]
