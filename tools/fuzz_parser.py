#!/usr/bin/env python3
"""Fuzzes the compiled twins of the parser, the field cutter and the head writer with atheris.

    python tools/fuzz_parser.py                    for 30 seconds
    python tools/fuzz_parser.py --seconds 600
    python tools/fuzz_parser.py --runs 1000000
    python tools/fuzz_parser.py --corpus FOLDER    keep and reuse interesting inputs

An input chooses what to fuzz, the request's method, the limits and how the rest is cut into pieces.
The Python twin gets the same, and is what guides the fuzzer: both must agree in every event, and
what must hold for any bytes is checked. A finding, or an exception that nothing documents, ends the
run with an exit status other than 0 and shows the input, which the fuzzer also saves.

It needs atheris (Python 3.11 or newer, Linux): `pip install atheris`; exit status 2 without.
"""

import argparse
import importlib
import sys
import tempfile
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "tests" / "support")]

try:
    atheris: Any = importlib.import_module("atheris")
except ImportError:
    print("fuzz_parser: NOT RUN: pip install atheris")
    sys.exit(2)

with atheris.instrument_imports(include=["aioclient._http", "aioclient._http1"]):
    from aioclient._http import fields_py
    from aioclient._http.events import END_OF_MESSAGE, FieldSection, ResponseHead
    from aioclient._http1 import head_writer_py, parser_py
    from aioclient._http1.limits import DEFAULT_LIMITS, Limits

from aioclient.errors import (  # noqa: E402 - after what is instrumented
    ClientPayloadError,
    ServerDisconnectedError,
    ServerProtocolError,
)

try:
    from aioclient._http import fields_c
    from aioclient._http1 import head_writer_c, parser_c
except ImportError as missing:
    print(f"fuzz_parser: NOT RUN: python setup.py build_ext --inplace ({missing})")
    sys.exit(2)

METHODS = ("GET", "GET", "GET", "HEAD", "CONNECT", "POST")
TINY = Limits(
    max_head_size=200,
    max_line_size=30,
    max_field_size=30,
    max_headers=4,
    max_empty_lines=2,
    max_chunk_line_size=12,
    max_trailer_size=60,
    max_informational=2,
)
STARTS = (
    b"",
    b"HTTP/1.1 200 OK\r\n",
    b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
    b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n",
)
DOCUMENTED = (ServerProtocolError, ClientPayloadError, ServerDisconnectedError)


class Violation(Exception):
    """Something does not hold that must hold for every input."""


def must(condition: bool, what: str) -> None:
    """Raise if a condition does not hold; unlike `assert`, under -O, too."""
    if not condition:
        raise Violation(what)


def plain(event: object) -> object:
    """An event as something that equals the same event of the other twin."""
    if isinstance(event, Exception):
        return type(event), str(event)
    if isinstance(event, bytes):
        return event
    if isinstance(event, ResponseHead):
        return ["ResponseHead", *(getattr(event, name) for name in ResponseHead.__slots__)]
    kind = type(event).__name__
    if kind == "Trailers":
        return [kind, event.field_section]  # type: ignore[attr-defined]
    return [kind, event.offsets] if kind == "ChunkEnds" else event  # type: ignore[attr-defined]


def pieces_of(data: bytes, cuts: bytes) -> list[bytes]:
    """The data cut at places that other bytes of the input choose; with none, byte by byte."""
    if not cuts:
        return [data[i : i + 1] for i in range(len(data))]
    places = sorted(place % (len(data) + 1) for place in cuts)
    return [data[i:j] for i, j in zip([0, *places], [*places, len(data)], strict=True)]


def converse(
    parser_type: Callable[[Limits], Any], limits: Limits, method: str, pieces: list[bytes]
) -> list[object]:
    """Everything that a parser says, checked against what must hold."""
    parser = parser_type(limits)
    parser.start(method)
    seen: list[object] = []
    taken = body = given = 0
    is_over = has_head = False
    for piece in [*pieces, None]:
        events = parser.feed_eof() if piece is None else parser.feed(piece)
        given += len(piece or b"")
        for event in events:
            must(not is_over, f"{event!r} after the end")
            if isinstance(event, ResponseHead):
                must(not has_head, "a head after the final one")
                must(100 <= event.status <= 999, "status")
                must(0 <= event.minor_version <= 9, "version")
                taken += len(event.field_section) + len("HTTP/1.1 200\n")
                has_head = event.status >= 200
            elif isinstance(event, bytes):
                must(has_head and event != b"", "a body without a head, or an empty piece")
                body += len(event)
            elif isinstance(event, Exception):
                must(type(event).__mro__[0].__module__ == "aioclient.errors", repr(event))
                must(isinstance(event, DOCUMENTED), repr(event))
                must(len(str(event)) < 700, "a long message")
                is_over = True
            elif event is END_OF_MESSAGE:
                is_over = True
        must(taken + body <= given, "more came out than went in")
        must(0 <= parser.surplus <= given - taken - body, "surplus")
        seen.append([plain(event) for event in events])
        seen.append(parser.surplus)
    return seen


def flat(seen: list[object]) -> list[object]:
    """The events of a conversation: bodies joined, errors by their type, chunk ends from its start.

    Where chunks ended is the last item.
    """
    events: list[Any] = []
    ends: list[int] = []
    size = piece_at = 0
    for batch in seen:
        for event in batch if isinstance(batch, list) else ():
            if isinstance(event, list) and event[0] == "ChunkEnds":
                ends += [piece_at + offset for offset in event[1]]
            elif isinstance(event, bytes):
                piece_at, size = size, size + len(event)
                if events and isinstance(events[-1], bytes):
                    events[-1] += event
                else:
                    events.append(event)
            else:
                events.append(event[0] if isinstance(event, tuple) else event)
    must(ends == sorted(set(ends)) and (not ends or 0 < ends[0] <= ends[-1] <= size), "chunk ends")
    return [*events, ends]


def gathered(limits: Limits, method: str, pieces: list[bytes]) -> list[object]:
    """What the compiled parser says, told again and again to put the body together."""
    parser = parser_c.ResponseParser(limits)
    parser.start(method)
    seen: list[object] = []
    for piece in pieces:
        left = piece
        while True:
            room = parser.room()
            size = len(left) if room is None else min(len(left), len(room))
            part = memoryview(left)[:size]
            if room is not None:
                room[:size] = part
                part = room[:size]
            seen.append([plain(event) for event in parser.feed(part)])
            if not parser.gathered:
                parser.gather([], 2**20)
            left = left[size:]
            if not left:
                break
        if len(piece) % 3 == 0:  # some are stopped
            seen.append([came] if (came := parser.stop_gathering()) else [])
    last = [plain(event) for event in parser.feed_eof()]
    seen.append([came, *last] if (came := parser.stop_gathering()) else last)
    return seen


def fuzz_responses(choice: int, cuts: bytes, data: bytes) -> None:
    """Both parsers say the same, however the bytes are cut."""
    method = METHODS[choice % len(METHODS)]
    limits = TINY if choice & 64 else DEFAULT_LIMITS
    data = STARTS[(choice >> 4) & 3] + data
    pieces = pieces_of(data, cuts)
    compiled = converse(parser_c.ResponseParser, limits, method, pieces)
    python = converse(parser_py.ResponseParser, limits, method, pieces)
    must(compiled == python, f"twins differ:\n{compiled}\n{python}")
    whole = converse(parser_c.ResponseParser, limits, method, [data])
    must(flat(whole) == flat(compiled), f"cuts matter:\n{whole}\n{compiled}")
    one = gathered(limits, method, pieces)
    must(flat(one) == flat(compiled), f"putting together matters:\n{one}\n{compiled}")
    for event in (event for batch in whole if isinstance(batch, list) for event in batch):
        if isinstance(event, list) and event[0] == "ResponseHead":
            section = event[1 + ResponseHead.__slots__.index("field_section")]
            compare_fields(FieldSection(section))


def compare_fields(section: FieldSection) -> None:
    """Both cut the same fields out of a section that a parser accepted."""
    pairs = fields_c.raw_pairs(section)
    must(pairs == fields_py.raw_pairs(section), "raw_pairs")
    ours, theirs = fields_c.to_multidict(section), fields_py.to_multidict(section)
    must(list(ours.items()) == list(theirs.items()), "to_multidict")
    must(len(ours) == len(pairs), "number of fields")


def outcome(function: Callable[..., bytes], *arguments: object) -> object:
    """What a function gives, or its documented exception."""
    try:
        return function(*arguments)
    except (ValueError, TypeError) as error:
        return type(error), str(error)


def fuzz_requests(choice: int, cuts: bytes, data: bytes) -> None:
    """Both head writers write the same, and nothing that could split a request."""
    text = data.decode("utf-8" if choice & 16 else "latin-1", "surrogateescape")
    places = sorted(place % (len(text) + 1) for place in cuts[:3])
    a, b, c, d = (
        (text[i:j] for i, j in zip([0, *places], [*places, None], strict=True))
        if (len(places) == 3)
        else (text, text[::2], text[1::2], "")
    )
    lines = outcome(head_writer_c.write_field_lines, [(a, b), (c, d)])
    must(lines == outcome(head_writer_py.write_field_lines, [(a, b), (c, d)]), "field lines")
    if isinstance(lines, bytes):
        must(lines.count(b"\r") == lines.count(b"\n") == lines.count(b"\r\n") == 2, "line ends")
    arguments = (a, b, c, b"", b"", choice & 3)
    head = outcome(head_writer_c.write_request_head, *arguments)
    must(head == outcome(head_writer_py.write_request_head, *arguments), "head")
    if isinstance(head, bytes):
        must(head.count(b"\r") == head.count(b"\n") == head.count(b"\r\n") == 3, "line ends")
        must(head.split(b"\r\n")[0].count(b" ") == 2, "spaces")


class Target:
    """What the fuzzer calls; counts, so that the run can say how much was done."""

    def __init__(self) -> None:
        self.executions = 0

    def __call__(self, data: bytes) -> None:
        self.executions += 1
        if len(data) < 3:
            return
        choice, number = data[0], data[1] % 12
        cuts, rest = data[2 : 2 + number], data[2 + number :]
        (fuzz_requests if choice >= 224 else fuzz_responses)(choice, cuts, rest)


def seeds() -> list[bytes]:
    """The corpus of tests/vectors as inputs, with a first byte that fits the method."""
    vectors = importlib.import_module("vectors")  # of the tests, next to the corpus
    found = []
    for number, case in enumerate(vectors.load_responses()):
        choice = METHODS.index(case.method) if case.method in METHODS else 0
        choice |= 64 if case.limits else 0
        if len(case.data) < 1000:
            found.append(bytes([choice, number % 4]) + bytes(range(number % 4)) + case.data)
    return found


def main() -> int:
    """Read the options and fuzz."""
    parser = argparse.ArgumentParser(description="Fuzz the compiled twins.")
    parser.add_argument("--seconds", type=int, default=30, help="stop after this time (default 30)")
    parser.add_argument("--runs", type=int, help="stop after this many inputs instead")
    parser.add_argument("--corpus", type=Path, help="a folder of inputs, kept")
    parser.add_argument("--seed", type=int, default=0, help="0 for another one each time")
    options = parser.parse_args()
    target = Target()
    with tempfile.TemporaryDirectory(prefix="fuzz-parser-") as folder:
        first = Path(folder, "seeds")
        first.mkdir()
        for number, seed in enumerate(seeds()):
            (first / str(number)).write_bytes(seed)
        kept = options.corpus or Path(folder, "corpus")
        kept.mkdir(parents=True, exist_ok=True)
        stop = f"-max_total_time={options.seconds}"
        if options.runs is not None:
            stop = f"-atheris_runs={options.runs}"
        arguments = [
            sys.argv[0],
            stop,
            "-max_len=800",
            "-timeout=10",
            "-rss_limit_mb=4096",
            f"-seed={options.seed}",
            "-print_final_stats=1",
            f"-artifact_prefix={tempfile.gettempdir()}/fuzz-parser-",
            f"-dict={ROOT / 'vendor' / 'h1scan' / 'fuzz' / 'h1scan.dict'}",
            str(kept),
            str(first),
        ]

        def shown(data: bytes) -> None:
            try:
                target(data)
            except BaseException:
                traceback.print_exc()
                print(f"fuzz_parser: FAILED after {target.executions} inputs by {data!r}")
                raise

        atheris.Setup(arguments, shown)
        atheris.Fuzz()
    return 0


if __name__ == "__main__":
    sys.exit(main())
