"""Request bodies on the wire (RFC 9112 sections 6.2 and 7.1)."""

import pytest

from aioclient._http.events import CHUNKED, NO_BODY
from aioclient._http1.body_writer import BodyWriter


def written(writer, *pieces):
    parts = [part for piece in pieces for part in writer.piece(piece)]
    return b"".join([*parts, writer.end()])


@pytest.mark.parametrize(
    ("length", "pieces", "expected"),
    [
        (5, [b"hello"], b"hello"),
        (5, [b"he", b"", b"llo"], b"hello"),
        (0, [], b""),
        (0, [b""], b""),
        (NO_BODY, [], b""),
        (CHUNKED, [], b"0\r\n\r\n"),
        (CHUNKED, [b"hello"], b"5\r\nhello\r\n0\r\n\r\n"),
        (CHUNKED, [b"he", b"llo"], b"2\r\nhe\r\n3\r\nllo\r\n0\r\n\r\n"),
        (CHUNKED, [b"x" * 26], b"1a\r\n" + b"x" * 26 + b"\r\n0\r\n\r\n"),
        (CHUNKED, [b"0\r\n\r\n"], b"5\r\n0\r\n\r\n\r\n0\r\n\r\n"),
    ],
)
def test_body_is_framed(length, pieces, expected):
    assert written(BodyWriter(length), *pieces) == expected


def test_empty_piece_does_not_end_a_chunked_body():
    writer = BodyWriter(CHUNKED)
    assert writer.piece(b"") == ()
    assert written(writer, b"x") == b"1\r\nx\r\n0\r\n\r\n"


def test_piece_is_not_copied():
    data = memoryview(bytearray(b"hello"))
    assert any(part is data for part in BodyWriter(5).piece(data))
    assert any(part is data for part in BodyWriter(CHUNKED).piece(data))


@pytest.mark.parametrize("pieces", [[b"hello!"], [b"hello", b"!"], [b"hel", b"lo", b"", b"!"]])
def test_body_longer_than_announced_is_refused_before_its_surplus_is_written(pieces):
    writer = BodyWriter(5)
    for piece in pieces[:-1]:
        writer.piece(piece)
    with pytest.raises(ValueError, match="longer than announced: 5 bytes, got 6"):
        writer.piece(pieces[-1])


def test_body_whose_surplus_was_refused_cannot_end_as_if_it_were_whole():
    writer = BodyWriter(5)
    writer.piece(b"hel")
    with pytest.raises(ValueError, match="longer than announced"):
        writer.piece(b"lo!")
    with pytest.raises(ValueError, match="longer than announced: 5 bytes, got 6"):
        writer.end()


@pytest.mark.parametrize("length", [5, CHUNKED])
def test_piece_that_comes_after_the_end_is_refused(length):
    writer = BodyWriter(length)
    assert written(writer, b"hello")
    with pytest.raises(ValueError, match="after its end"):
        writer.piece(b"x")


@pytest.mark.parametrize("length", [0, NO_BODY])
def test_body_that_was_not_announced_is_refused(length):
    with pytest.raises(ValueError, match="longer than announced"):
        BodyWriter(length).piece(b"x")


@pytest.mark.parametrize("pieces", [[], [b"hell"], [b"he", b"ll"]])
def test_body_shorter_than_announced_is_refused(pieces):
    writer = BodyWriter(5)
    for piece in pieces:
        writer.piece(piece)
    got = sum(map(len, pieces))
    with pytest.raises(ValueError, match=f"shorter than announced: 5 bytes, got {got}"):
        writer.end()
