"""Both frame readers give the same events for the same bytes, good and bad, at the same cuts."""

import pytest
from hypothesis import Phase, find, given, settings
from hypothesis import strategies as st
from server_frames import BINARY, CLOSE, CONTINUATION, PING, PONG, TEXT, frame, received_by

from aioclient._websocket.messages import EventType, WSMsgType

# --- what a server sends, more or less --------------------------------------------------------

WORDS = [
    *(
        "",
        "a",
        "plain words",
        "é",
        "κόσμε",
        "😀" * 5,
        "\ud7ff\ue000\uffff",
        "a" * 7 + "é",
        "x" * 130,
    ),
    "x" * 31 + "é" + "y" * 40,
]
TEXTS = [words.encode() for words in WORDS] * 3 + [
    *(
        b"\x80",
        b"\xc0\xaf",
        b"\xed\xa0\x80",
        b"\xf4\x90\x80\x80",
        b"ab\xe2\x82",
        b"\xff",
        b"\xe0\x9f",
    ),
    b"x" * 40 + b"\xf0\x9f\x98" + b"x" * 10,
]
CLOSES = [b""] + [code.to_bytes(2, "big") for code in (1000, 1001, 1011, 3000, 4999)]
CLOSES += [c + r for c in CLOSES[1:] for r in (b"bye", "é".encode())]
CLOSES += [b"\3", b"\3\xe8\xff", b"\3\xed", b"\0\0", b"\xff\xff"]

texts = st.sampled_from(TEXTS)
datas = texts | st.binary(max_size=140) | st.sampled_from([b"x" * 126, b"x" * 300, b"x" * 5000])
sizes = st.sampled_from([0] * 3 + [4])


@st.composite
def messages(draw, marks):
    """A message in fragments, with control frames between them."""
    opcode = draw(st.sampled_from([TEXT, TEXT, BINARY]))
    whole = draw(texts if opcode == TEXT else datas)
    places = sorted(draw(st.lists(st.integers(0, len(whole)), max_size=draw(st.integers(0, 3)))))
    parts = [whole[i:j] for i, j in zip([0, *places], [*places, len(whole)], strict=True)]
    rsv = draw(marks)
    data = b""
    for i, part in enumerate(parts):
        first = opcode if i == 0 else CONTINUATION
        data += frame(first, part, fin=i == len(parts) - 1, rsv=0 if i else rsv)
        if i < len(parts) - 1 and draw(st.booleans()):
            data += draw(controls)
    return data


controls = st.builds(
    frame, st.sampled_from([PING, PONG]), st.sampled_from([b"", b"ping", b"\xff" * 125])
)
closes = st.builds(frame, st.just(CLOSE), st.sampled_from(CLOSES))
wrong_frames = st.builds(
    frame,
    st.integers(0, 15),
    st.sampled_from([b"", b"x", b"x" * 125, b"x" * 126]),
    fin=st.booleans(),
    rsv=st.sampled_from([0, 0, 0, 1, 2, 4, 7]),
    mask=st.sampled_from([None, None, None, b"mask"]),
    length=st.sampled_from([None] * 5 + [1, 126, 2**16, 2**31, 2**63 - 1]),
    form=st.sampled_from([None] * 3 + [8]),
)
telling = st.sampled_from(
    [b"\0", b"\x01", b"\x80", b"\x81", b"\x7e", b"\x7f", b"\xc1", b"\xff", b"\x88\x00"]
) | st.binary(min_size=1, max_size=3)


@st.composite
def streams(draw):
    marks = st.sampled_from([0, 0, 0, 4])
    parts = draw(st.lists(messages(marks) | messages(marks) | controls, max_size=4))
    parts += draw(st.lists(closes | wrong_frames | st.just(b""), max_size=1))
    data = b"".join(parts)
    for _ in range(draw(st.sampled_from([0, 0, 0, 0, 1, 2]))):
        at = draw(st.integers(0, min(len(data), 600)))
        length = draw(st.sampled_from([0, 0, 1, 2, 10]))
        data = data[:at] + draw(telling | st.just(b"")) + data[at + length :]
    return data


@st.composite
def cut_streams(draw):
    data = draw(streams())
    places = sorted(draw(st.lists(st.integers(0, len(data)), max_size=8)))
    return [data[i:j] for i, j in zip([0, *places], [*places, len(data)], strict=True)]


options = st.fixed_dictionaries(
    {},
    optional={
        "max_msg_size": st.sampled_from([0, 1, 5, 100, 125, 126, 300, 2**31, 2**63 - 1, 2**70]),
        "compressed": st.booleans(),
        "decode_text": st.booleans(),
    },
)
#: Before which pieces a message is asked for in pieces.
wishes = st.just(set()) | st.sets(st.integers(0, 8), max_size=2)


# --- what a reader makes of it ----------------------------------------------------------------


def plain(event):
    """An event as something that equals the same event of the other twin, types included."""
    if event.type is WSMsgType.ERROR:
        return (type(event), event.type, event.data.code, str(event.data))
    return (type(event), *event, *map(type, event))


def conversation(reader, pieces, wishes=()):
    """Everything that can be seen from outside, piece by piece.

    Each piece goes into the reader's room, which one of the twins does not have.
    """
    seen = []
    for i, piece in enumerate([*pieces, b"\x81\x01x"]):
        if i in wishes:
            seen.append([plain(event) for event in reader.stream_next()])
        seen.append([plain(event) for event in received_by(reader, piece)])
        seen.append((reader.missing, reader.is_over))
    return seen


def merged(reader, pieces, in_pieces=False):
    """The events, with the pieces of a message as one.

    How much of a text was given before a byte that is none depends on the cuts, and is left out.
    """
    found = []
    for _ in range(in_pieces):
        found += reader.stream_next()
    for piece in pieces:
        found += reader.feed(piece)
    short = []
    for event in found:
        if event.type is WSMsgType.ERROR:
            if event.data.code == 1007 and short and short[-1][0] == "pieces":
                del short[-1]
            short.append(plain(event))
        elif event.type is not EventType.FRAGMENT:
            short.append(event)
        elif short and short[-1][0] == "pieces":
            short[-1] = ("pieces", short[-1][1] + event.data, *event[2:])
        else:
            short.append(("pieces", *event[1:]))
    return short


@pytest.fixture(scope="module")
def reader_types(twin):
    return [twin("_websocket.reader", kind).FrameReader for kind in ("compiled", "python")]


@settings(max_examples=1000)
@given(pieces=cut_streams(), options=options, wishes=wishes)
def test_both_readers_say_the_same_of_the_same_pieces(reader_types, pieces, options, wishes):
    compiled, python = (conversation(make(**options), pieces, wishes) for make in reader_types)
    assert compiled == python


@settings(max_examples=500)
@given(data=st.binary(max_size=60), options=options, wishes=wishes)
def test_both_readers_say_the_same_of_any_bytes(reader_types, data, options, wishes):
    for start in (b"", frame(TEXT, b"\xe2", fin=False), frame(BINARY, b"", fin=False)):
        pieces = [start, data[:30], data[30:]]
        compiled, python = (conversation(make(**options), pieces, wishes) for make in reader_types)
        assert compiled == python


@settings(max_examples=500)
@given(pieces=cut_streams(), options=options, in_pieces=st.booleans())
def test_events_do_not_depend_on_the_cuts(reader_types, pieces, options, in_pieces):
    data = b"".join(pieces)
    bytewise = [data[i : i + 1] for i in range(len(data))] if len(data) < 2000 else [data]
    for make in reader_types:
        whole, one_by_one, cut = (
            merged(make(**options), cuts, in_pieces) for cuts in ([data], bytewise, pieces)
        )
        assert whole == one_by_one == cut


@pytest.mark.parametrize("bad_at", range(70))
def test_both_readers_find_the_same_byte_that_is_no_text(bad_at, reader_types):
    for bad in (b"\xff", b"\xe2\x82", b"\xe2\x82(", b"\xed\xa0\x80", b"\xf0\x9f"):
        words = b"x" * bad_at + bad
        for data in (frame(TEXT, words), frame(TEXT, words + b"y" * 9)):
            for pieces in ([data], [data[: bad_at + 3], data[bad_at + 3 :]]):
                for options in ({}, {"decode_text": False}):
                    compiled, python = (conversation(t(**options), pieces) for t in reader_types)
                    assert compiled == python
                    assert f"at byte {bad_at}'" in repr(compiled)


@pytest.mark.parametrize(
    "outcome",
    [
        *(WSMsgType.TEXT, WSMsgType.BINARY, WSMsgType.PING, WSMsgType.PONG, WSMsgType.CLOSE),
        *(EventType.COMPRESSED, 1002, 1007, 1009),
    ],
)
def test_generated_streams_are_good_and_bad(outcome, reader_types):
    """A generator that made nothing but errors would show little."""
    patient = settings(max_examples=5000, database=None, derandomize=True, phases=[Phase.generate])
    find(
        st.tuples(cut_streams(), options),
        lambda found: outcome in outcomes_of(reader_types[1](**found[1]), found[0]),
        settings=patient,
    )


def outcomes_of(reader, pieces):
    for piece in pieces:
        for event in reader.feed(piece):
            yield event.data.code if event.type is WSMsgType.ERROR else event.type
