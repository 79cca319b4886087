"""Both parsers give the same events for the same bytes, good and bad, at the same cuts."""

import itertools

import pytest
from hypothesis import Phase, find, given, settings
from hypothesis import strategies as st

from aioclient._http.events import ChunkEnds, ResponseHead, Trailers
from aioclient._http1.limits import DEFAULT_LIMITS, Limits

# --- responses, from the grammar of RFC 9112 --------------------------------------------------

# Most parts are drawn whole from prepared lists: that is many times faster than letter by letter.

LINE_ENDS = [b"\r\n"] * 8 + [b"\n"]
VERSIONS = [b"HTTP/1.1"] * 6 + [b"HTTP/1.0", b"HTTP/1.9"]
REASONS = [b" OK"] * 4 + [b"", b" ", b" Not Found", b"  \t", b" \xfc"]
STATUSES = [b"200"] * 6 + [b"204", b"206", b"304", b"404", b"500", b"999"]
INFORMATIONAL = [b"100"] * 3 + [b"102", b"103", b"199", b"101"]
NAMES = [
    *(b"Connection", b"Content-Encoding", b"Content-Type", b"Location", b"Set-Cookie", b"X-Other"),
    *(b"content-type", b"LOCATION", b"Content-Typo", b"a", b"!#$%&'*+-.^_`|~09azAZ"),
]
VALUES = [
    *(b"", b"close", b"keep-alive", b"text/html; charset=utf-8", b"gzip", b"/", b"a:b", b"a  b\tc"),
    *("ü".encode(), b"\xff\x80", b"x" * 30),
]
LENGTHS = [
    *(b"5", b"0", b"5, 5", b"05", b"5, 6", b"+5", b"5_0", b"", b"0x5", b"1" * 18, b"1" * 19, b"5,"),
    b"5\r\nContent-Length: 5",
]
CODINGS = [b"chunked"] * 5 + [b"Chunked", b"gzip, chunked", b"identity", b""]
SHAPES = [b"%n: %v\r\n"] * 6 + [
    *(b"%n:%v\r\n", b"%n: %v\n", b"%n: \t%v \t\r\n", b"%n:\r\n %v\r\n", b"%n: %v\r\n \r\n"),
    *(b"%n: %v \r\n\t %v\r\n", b"%n: %v\n %v\n %v\r\n", b"%n: %v\r\n %n: %v\r\n"),
]


def fill(shape, name, value):
    return shape.replace(b"%n", name).replace(b"%v", value)


def any_of(*lists):
    """One choice from each list, joined."""
    return st.sampled_from([b"".join(parts) for parts in itertools.product(*lists)])


line_ends = st.sampled_from(LINE_ENDS)
methods = st.sampled_from(["GET"] * 5 + ["HEAD", "CONNECT", "POST"])
status_lines = any_of(VERSIONS, [b" "], STATUSES, REASONS, LINE_ENDS)
informational_lines = any_of(VERSIONS[-3:], [b" "], INFORMATIONAL, REASONS, LINE_ENDS)
field_lines = st.sampled_from([fill(*p) for p in itertools.product(SHAPES, NAMES, VALUES)])
framing_lines = st.sampled_from(
    [fill(*p) for p in itertools.product(SHAPES, [b"Content-Length", b"content-length"], LENGTHS)]
    + [fill(*p) for p in itertools.product(SHAPES, [b"Transfer-Encoding"], CODINGS)]
)
last_chunks = st.sampled_from([b"0\r\n"] * 5 + [b"00\r\n", b"0;a\r\n"])
SIZES = [b"%x\r\n"] * 5 + [
    *(b"%X\r\n", b"0%x\r\n", b"0000000000000000%x\r\n", b"%x;a\r\n", b"%x ;a=b\r\n"),
    *(b'%x; a="b;c"\r\n', b"%x \t\r\n"),
]
sizes = st.sampled_from(SIZES)


def some(lines, most=4):
    return st.lists(lines, max_size=most).map(b"".join)


chunk = st.builds(
    lambda size, data: size % len(data) + data + b"\r\n", sizes, st.binary(min_size=1, max_size=20)
)
chunks = st.builds(bytes.__add__, some(chunk, 6), last_chunks)


@st.composite
def responses(draw):
    data = draw(st.sampled_from([b""] * 5 + [b"\r\n", b"\n", b"\r\n" * 4, b"\r\n" * 5]))
    for _ in range(draw(st.sampled_from([0] * 5 + [1, 2, 3]))):
        data += draw(informational_lines) + draw(some(field_lines, 2)) + draw(line_ends)
    data += draw(status_lines) + draw(some(field_lines))
    end = draw(line_ends)
    framing = draw(st.sampled_from(["length", "chunked", "none", "any"]))
    if framing == "length":
        body = draw(st.binary(max_size=30))
        return data + b"Content-Length: %d\r\n" % len(body) + draw(some(field_lines)) + end + body
    if framing == "chunked":
        data += b"Transfer-Encoding: chunked\r\n" + end + draw(chunks)
        return data + draw(some(field_lines)) + b"\r\n"
    if framing == "none":
        return data + end + draw(st.binary(max_size=30))
    return data + draw(some(field_lines | framing_lines)) + end + draw(chunks) + draw(line_ends)


telling = st.sampled_from(
    [b"\r", b"\n", b"\r\n", b"\0", b" ", b"\t", b":", b";", b",", b"0", b"\x7f", b"\xff", b"HTTP/"]
) | st.binary(min_size=1, max_size=3)


@st.composite
def mutations(draw, data):
    """The same bytes with up to three places changed; most responses stay as they are."""
    for _ in range(draw(st.sampled_from([0, 0, 0, 1, 1, 2, 3]))):
        at = draw(st.integers(0, len(data)))
        length = draw(st.sampled_from([0, 0, 1, 2, 10]))
        data = data[:at] + draw(telling | st.just(b"")) + data[at + length :]
    return data


@st.composite
def streams(draw):
    """What one server sends on a connection: one response after another, more or less."""
    data = b"".join(draw(st.lists(responses(), min_size=1, max_size=2)))
    return draw(mutations(data))


@st.composite
def cut_streams(draw):
    data = draw(streams())
    places = sorted(draw(st.lists(st.integers(0, len(data)), max_size=8)))
    return [data[i:j] for i, j in zip([0, *places], [*places, len(data)], strict=True)]


limits = st.just(DEFAULT_LIMITS) | st.builds(
    Limits,
    max_head_size=st.integers(10, 300),
    max_line_size=st.integers(10, 40),
    max_field_size=st.integers(1, 40),
    max_headers=st.integers(0, 8),
    max_empty_lines=st.integers(0, 5),
    max_chunk_line_size=st.integers(2, 12),
    max_chunk_ext_size=st.integers(0, 12),
    max_trailer_size=st.integers(2, 60),
    max_informational=st.integers(0, 3),
)


# --- what a parser makes of them --------------------------------------------------------------


def plain(event):
    """An event as something that equals the same event of the other twin."""
    if isinstance(event, ResponseHead):
        return {name: getattr(event, name) for name in ResponseHead.__slots__}
    if isinstance(event, Exception):
        return (type(event), str(event))
    if isinstance(event, ChunkEnds | Trailers):
        return {type(event).__name__: event[0]}
    return event


def conversation(parser, pieces, method):
    """Everything that can be seen from outside, piece by piece; a new request after each end."""
    seen = []
    parser.start(method)
    for piece in pieces:
        events = [plain(event) for event in parser.feed(piece)]
        seen.append((events, parser.surplus))
        if parser.surplus:
            parser.start(method)
    seen.append([plain(event) for event in parser.feed_eof()])
    seen.append((parser.feed(b"more"), parser.feed_eof(), parser.surplus))
    return seen


def merged(seen):
    """The events of a conversation with bodies in one piece and errors by their type."""
    events = []
    for event in [event for batch, _ in seen[:-2] for event in batch] + seen[-2]:
        if isinstance(event, dict) and "ChunkEnds" in event:
            continue  # they count from the start of a piece
        if isinstance(event, bytes) and events and isinstance(events[-1], bytes):
            events[-1] += event
        elif isinstance(event, tuple):
            events.append(event[0])
        else:
            events.append(event)
    return events


@pytest.fixture(scope="module")
def parser_types(twin):
    return [twin("_http1.parser", kind).ResponseParser for kind in ("compiled", "python")]


@settings(max_examples=1000)
@given(pieces=cut_streams(), method=methods, limits=limits)
def test_both_parsers_say_the_same_of_the_same_pieces(parser_types, pieces, method, limits):
    compiled, python = (conversation(make(limits), pieces, method) for make in parser_types)
    assert compiled == python


FRAMINGS = [None, b"", b"0", b"5", b"05", b"+5", b"5 5", b"5, 5", b"5,6", b"-1", b"\xb2", b"5x"]
FRAMINGS += [b"9" * 18, b"9" * 19, b"0" * 18 + b"5", b"0" * 19 + b"5"]
FRAMED_METHODS = ["GET", "HEAD", "CONNECT", "POST", "get", "head", "connect", "X"]


@pytest.mark.parametrize("method", FRAMED_METHODS)
@pytest.mark.parametrize("coding", [None, b"", b"chunked", b"Chunked", b"gzip, chunked", b"chunke"])
def test_both_parsers_find_the_same_length_of_body(method, coding, parser_types):
    statuses = [100, 101, 199, 200, 203, 204, 205, 299, 300, 303, 304, 305, 400, 999]
    for status, length in itertools.product(statuses, FRAMINGS):
        ask_for_length(parser_types, method, status, length, coding)


def ask_for_length(parser_types, method, status, length, coding):
    head = b"HTTP/1.1 %d OK\r\n" % status
    if length is not None:
        head += b"Content-Length: " + length + b"\r\n"
    if coding is not None:
        head += b"Transfer-Encoding: " + coding + b"\r\n"
    pieces = [head + b"\r\n", b"5\r\n12345\r\n0\r\n\r\n"]
    compiled, python = (conversation(make(), pieces, method) for make in parser_types)
    assert compiled == python, (status, length)


@settings(max_examples=300)
@given(data=st.binary(max_size=60), method=methods)
def test_both_parsers_say_the_same_of_any_bytes(parser_types, data, method):
    starts = [b"", b"HTTP/1.1 200 OK\r\n", b"HTTP/1.1 200 \r\nTransfer-Encoding: chunked\r\n\r\n"]
    for start in starts:
        compiled, python = (conversation(make(), [start, data], method) for make in parser_types)
        assert compiled == python


@settings(max_examples=300)
@given(pieces=cut_streams(), method=methods, limits=limits)
def test_events_do_not_depend_on_the_cuts(parser_types, pieces, method, limits):
    data = b"".join(pieces)
    for make in parser_types:
        whole, bytewise, cut = (
            merged(conversation_until_end(make(limits), cuts, method))
            for cuts in ([data], [data[i : i + 1] for i in range(len(data))], pieces)
        )
        assert whole == bytewise == cut


def conversation_until_end(parser, pieces, method):
    """Like `conversation`, for one response: what follows it counts for nothing."""
    parser.start(method)
    seen = [([plain(event) for event in parser.feed(piece)], 0) for piece in pieces]
    return [*seen, [plain(event) for event in parser.feed_eof()], ()]


def outcomes_of(parser, pieces, method):
    for event in merged(conversation_until_end(parser, pieces, method)):
        if isinstance(event, dict) and "Trailers" in event:
            yield "Trailers"
        elif isinstance(event, dict):
            yield "chunked" if event["transfer_encoding"] else "head"
            yield event["status"] // 100
        else:
            yield getattr(event, "__name__", type(event).__name__)


@pytest.mark.parametrize(
    "outcome",
    [
        "head",
        "chunked",
        "bytes",
        "Trailers",
        "EndOfMessage",
        "ServerProtocolError",
        "ClientPayloadError",
        1,
        2,
    ],
)
def test_generated_responses_are_good_bad_and_cut_off(outcome, parser_types):
    """A generator that made nothing but errors would show little."""
    # How many it takes depends on the version of the generator, and on what was imported before.
    patient = settings(max_examples=5000, database=None, derandomize=True, phases=[Phase.generate])
    find(
        st.tuples(cut_streams(), methods),
        lambda found: outcome in outcomes_of(parser_types[1](), *found),
        settings=patient,
    )
