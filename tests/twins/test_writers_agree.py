"""Both frame writers write the same bytes, and refuse the same in the same words."""

import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from server_frames import parse

from aioclient._websocket.messages import WSMsgType

opcodes = st.sampled_from([0, 1, 1, 2, 2, 8, 9, 10, *WSMsgType]) | st.integers(-1, 300)
payloads = (
    st.binary(max_size=200)
    | st.text(max_size=200)
    | st.sampled_from(
        [b"x" * size for size in (125, 126, 383, 384, 65535, 65536)] + ["x" * 126, "\ud800"]
    )
)
frames = st.tuples(opcodes, payloads, st.booleans(), st.booleans())


def numbered():
    """Keys that are easy to tell apart, the same for each writer."""
    blocks = itertools.count(1)

    def random(size):
        block = next(blocks)
        return bytes((block * 7 + i) % 256 for i in range(size))

    return random


@pytest.fixture(scope="module")
def writer_types(twin):
    return [twin("_websocket.writer", kind).FrameWriter for kind in ("compiled", "python")]


def outcome(writer, arguments):
    try:
        return writer.frame(*arguments)
    except ValueError as error:
        return type(error), str(error)


@settings(max_examples=1000)
@given(written=st.lists(frames, max_size=5))
def test_both_writers_write_the_same(writer_types, written):
    compiled, python = (make(numbered()) for make in writer_types)
    for arguments in written:
        ours = outcome(compiled, arguments)
        assert ours == outcome(python, arguments)
        if isinstance(ours, bytes):
            payload = arguments[1]
            expected = payload.encode() if isinstance(payload, str) else payload
            assert parse(ours)[0][2] == expected


def test_both_writers_use_the_same_keys(writer_types):
    written = []
    for make in writer_types:
        writer = make(numbered())
        written.append([writer.frame(2, b"x" * (i % 9)) for i in range(300)])
    assert written[0] == written[1]
