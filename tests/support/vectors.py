"""The corpus under tests/vectors: reads its files, runs a case through a parser, compares.

The format is described in tests/vectors/README.md. `differences` says in words what was not as
expected and raises nothing, so that the corpus can be run under ``python -O``, too:

    python -O tests/support/vectors.py
"""

import random
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

RESPONSES = Path(__file__).resolve().parent.parent / "vectors" / "responses"
#: Inputs up to this size are cut at every position.
SHORT_BYTES = 300
#: Inputs up to this size come byte by byte, too.
MODERATE_BYTES = 20_000

_ESCAPE = re.compile(r"\\(x[0-9A-Fa-f]{2}|.)|\\\Z", re.DOTALL)
_ESCAPED = {"r": b"\r", "n": b"\n", "t": b"\t", "0": b"\0", "\\": b"\\", "{": b"{", "}": b"}"}
_MACRO = re.compile(r"(?<!\\)\{(?:(\d+) \* )?((?:[^{}\\]|\\.)*)\}")
_HEAD = re.compile(rb"HTTP/1\.([0-9]) ([0-9]{3})(?: (.*))?", re.DOTALL)

END = "end"
AT_CLOSE = "end with the connection"
CUT_OFF = "cut off"
ERROR = "error"


class BadVector(Exception):
    """A file of the corpus cannot be understood; the message says where."""


@dataclass
class Head:
    """A head: version, status, reason and, unless nobody cares, all its fields in order."""

    minor_version: int
    status: int
    reason: bytes
    fields: list[tuple[bytes, bytes]] | None = None


@dataclass
class Outcome:
    """What becomes of the bytes of one case."""

    heads: list[Head] = field(default_factory=list)
    body: bytes = b""
    #: None where the parser does not tell.
    trailers: list[tuple[bytes, bytes]] | None = None
    #: One of END, AT_CLOSE, CUT_OFF and ERROR.
    ending: str = ""
    error_class: str = ""
    #: The whole message, or of what is expected a part.
    message: str = ""
    surplus: int = 0
    #: Expected: a part of the message that is there if the bytes came whole.
    whole_says: str = ""
    #: Expected: how much of the body came before an error does not matter.
    any_body: bool = False


@dataclass
class Case:
    """One case of a file."""

    name: str
    line: int
    method: str = "GET"
    read_until_eof: bool = True
    limits: dict[str, int] = field(default_factory=dict)
    data: bytes = b""
    expected: Outcome = field(default_factory=Outcome)
    #: Trailers that a caller must not see, although they were sent.
    dropped_trailers: list[tuple[bytes, bytes]] = field(default_factory=list)
    #: May the connection carry another request? None if the case does not say.
    is_kept: bool | None = None


# --- reading ----------------------------------------------------------------------------------


def load_responses(folder: Path = RESPONSES) -> list[Case]:
    """Every case of every file, in order; names are unique."""
    cases = [case for path in sorted(folder.glob("*.txt")) for case in read_file(path)]
    names = [case.name for case in cases]
    for name in names:
        if names.count(name) > 1:
            raise BadVector(f"two cases are called {name!r}")
    return cases


def read_file(path: Path) -> list[Case]:
    """The cases of one file."""
    macros: dict[str, str] = {}
    blocks: list[list[tuple[int, str]]] = []
    for number, line in enumerate(path.read_text("utf-8").splitlines(), 1):
        try:
            if line != line.rstrip():
                raise BadVector("white space at the end of a line; write \\x20 or \\t")
            if not line or line.startswith("#"):
                continue
            if line.startswith("let "):
                name, equals, value = line.removeprefix("let ").partition(" = ")
                if not equals:
                    raise BadVector("expected: let NAME = text")
                macros[name] = _expand(value, macros)
            elif line.startswith("case "):
                blocks.append([(number, line)])
            elif blocks:
                blocks[-1].append((number, line))
            else:
                raise BadVector("expected a case")
        except BadVector as error:
            raise BadVector(f"{path.name}:{number}: {error}") from None
    return [case for block in blocks for case in _read_block(path, block, macros)]


def _read_block(path: Path, block: list[tuple[int, str]], macros: dict[str, str]) -> Iterator[Case]:
    title = f"{path.stem}: {block[0][1].removeprefix('case ')}"
    each = [line.removeprefix("each ") for _, line in block if line.startswith("each ")]
    for choice in each[0].split(" | ") if each else [None]:
        case = Case(title if choice is None else f"{title} [{choice}]", block[0][0])
        scope = macros
        if choice is not None:
            size = str(len(unescape(_expand(choice, macros))))
            scope = {**macros, "each": choice, "each size": size}
        for number, line in block[1:]:
            try:
                if not line.startswith("each "):
                    _read_line(case, line, scope)
            except (BadVector, ValueError) as error:
                raise BadVector(f"{path.name}:{number}: {error}") from None
        if not case.expected.ending:
            raise BadVector(f"{path.name}:{block[0][0]}: the case does not say how it ends")
        yield case


def _read_line(case: Case, line: str, macros: dict[str, str]) -> None:
    kind, _, rest = line.partition(" ")
    if kind == ">":
        case.data += unescape(_expand(rest, macros))
    elif kind == "=":
        _read_expectation(case, unescape(_expand(rest, macros)))
    elif kind == "method":
        case.method = rest
    elif line == "read_until_eof no":
        case.read_until_eof = False
    elif kind == "limits":
        case.limits = {k: int(v) for k, _, v in (item.partition("=") for item in rest.split())}
    else:
        raise BadVector(f"cannot understand {line!r}")


def _read_expectation(case: Case, line: bytes) -> None:
    expected = case.expected
    if _read_ending(expected, line):
        return
    if line == b"any body":
        expected.any_body = True
    elif line in (b"kept", b"closed"):
        case.is_kept = line == b"kept"
    elif expected.ending:
        raise BadVector("something after the end")
    elif line.startswith(b"dropped trailer "):
        case.dropped_trailers.append(_pair(line.removeprefix(b"dropped trailer ")))
    else:
        _read_message(expected, line)


def _read_ending(expected: Outcome, line: bytes) -> bool:
    """Take a line that says how it ends, and what is known then; False for any other."""
    if line.startswith(b"surplus "):
        expected.surplus = int(line.removeprefix(b"surplus "))
    elif line.startswith(b"whole says "):
        expected.whole_says = line.removeprefix(b"whole says ").decode()
    elif expected.ending:
        return False
    elif line in (b"end", b"end with the connection"):
        expected.ending = line.decode()
    elif line.startswith((b"cut off ", b"error ")):
        words = line.decode("utf-8", "backslashreplace")
        expected.ending = CUT_OFF if words.startswith("cut off ") else ERROR
        rest = words.removeprefix(f"{expected.ending} ")
        expected.error_class, _, expected.message = rest.partition(" ")
    else:
        return False
    return True


def _read_message(expected: Outcome, line: bytes) -> None:
    """Take a line about a head, its fields, the body or its trailers."""
    head = _HEAD.fullmatch(line)
    if head is not None:
        expected.heads.append(Head(int(head[1]), int(head[2]), head[3] or b""))
    elif line == b"no fields":
        expected.heads[-1].fields = []
    elif line.startswith(b"body "):
        expected.body += line.removeprefix(b"body ")
    elif line.startswith(b"trailer "):
        expected.trailers = [*(expected.trailers or []), _pair(line.removeprefix(b"trailer "))]
    elif b":" in line and expected.heads:
        last = expected.heads[-1]
        last.fields = [*(last.fields or []), _pair(line)]
    else:
        raise BadVector(f"cannot understand the expectation {line!r}")


def _pair(line: bytes) -> tuple[bytes, bytes]:
    name, _, value = line.partition(b":")
    return name, value.removeprefix(b" ")


def _expand(text: str, macros: dict[str, str]) -> str:
    """`text` without its macros: names and repetitions, the inner ones first."""

    def replacement(match: re.Match[str]) -> str:
        if match[1] is not None:
            return match[2] * int(match[1])
        if match[2] not in macros:
            raise BadVector(f"unknown macro {match[0]}")
        return macros[match[2]]

    while (expanded := _MACRO.sub(replacement, text)) != text:
        text = expanded
    return text


def unescape(text: str) -> bytes:
    r"""The bytes of `text`: UTF-8, with \r \n \t \0 \xHH \\ \{ \}."""
    parts = []
    position = 0
    for match in _ESCAPE.finditer(text):
        parts.append(text[position : match.start()].encode())
        code = match[1] or ""
        if len(code) == 3:
            parts.append(bytes.fromhex(code[1:]))
        elif code in _ESCAPED:
            parts.append(_ESCAPED[code])
        else:
            raise BadVector(f"unknown escape {match[0]}")
        position = match.end()
    return b"".join([*parts, text[position:].encode()])


# --- running ----------------------------------------------------------------------------------


def cuts(data: bytes) -> Iterator[tuple[str, list[bytes]]]:
    """Ways to cut the same bytes into pieces, each with its name."""
    yield "whole", [data]
    if len(data) <= MODERATE_BYTES:
        yield "byte by byte", [data[i : i + 1] for i in range(len(data))]
    if len(data) <= SHORT_BYTES:
        for i in range(1, len(data)):
            yield f"cut at {i}", [data[:i], data[i:]]
    chance = random.Random(len(data))
    for number in range(6):
        places = sorted(chance.choices(range(len(data) + 1), k=chance.randint(2, 12)))
        pieces = [data[i:j] for i, j in zip([0, *places], [*places, len(data)], strict=True)]
        yield f"random cuts {number}", pieces


def new_parser(case: Case, parser_type: Any) -> Any:
    """A parser that expects the response of a case."""
    from aioclient._http1.limits import Limits

    parser = parser_type(Limits(**case.limits)) if case.limits else parser_type()
    parser.start(case.method, None, case.read_until_eof)
    return parser


def outcome_of(parser: Any, pieces: list[bytes]) -> Outcome:
    """What a started parser makes of pieces, and then of the end of the connection."""
    events = []
    for piece in pieces:
        events += parser.feed(piece)
    outcome = Outcome(surplus=parser.surplus)
    for event in events:
        _record(outcome, event, at_close=False)
    for event in parser.feed_eof():
        _record(outcome, event, at_close=True)
    return outcome


def _record(outcome: Outcome, event: Any, *, at_close: bool) -> None:
    from aioclient._http.events import END_OF_MESSAGE, ResponseHead
    from aioclient._http.fields_py import raw_pairs

    kind = type(event).__name__
    if kind == "ChunkEnds":
        return
    if outcome.ending:
        outcome.ending += f", then {kind}"
    elif isinstance(event, ResponseHead):
        if outcome.heads and outcome.heads[-1].status >= 200:
            outcome.ending = "a head after the final one"
        reason = event.reason.encode("utf-8", "surrogateescape")
        fields = list(raw_pairs(event.field_section))
        outcome.heads.append(Head(event.minor_version, event.status, reason, fields))
    elif isinstance(event, bytes):
        if not event or not outcome.heads or outcome.heads[-1].status < 200:
            outcome.ending = "an empty piece of body, or one without a head"
        outcome.body += event
    elif kind == "Trailers":
        outcome.trailers = list(raw_pairs(event.field_section))
    elif event is END_OF_MESSAGE:
        outcome.ending = AT_CLOSE if at_close else END
    elif isinstance(event, Exception):
        outcome.ending = CUT_OFF if at_close else ERROR
        outcome.error_class = kind
        outcome.message = str(event)
    else:
        outcome.ending = f"an unknown event {event!r}"


def differences(case: Case, got: Outcome) -> list[str]:
    """In words, where an outcome is not as expected; empty if all is well."""
    expected = case.expected
    found = []

    def compare(what: str, ours: object, theirs: object) -> None:
        if ours != theirs:
            found.append(f"{what}: expected {_short(theirs)}, got {_short(ours)}")

    compare("ending", got.ending, expected.ending)
    compare("error", got.error_class, expected.error_class)
    if expected.message not in got.message:
        compare("message", got.message, expected.message)
    compare("surplus", got.surplus, expected.surplus)
    if not expected.any_body:
        compare("body", got.body, expected.body)
    shown = [(h.minor_version, h.status, h.reason) for h in got.heads]
    compare("heads", shown, [(h.minor_version, h.status, h.reason) for h in expected.heads])
    for ours, theirs in zip(got.heads, expected.heads, strict=False):
        if theirs.fields is not None:
            compare("fields", ours.fields, theirs.fields)
    if got.trailers is not None:
        # What must not reach the caller may be dropped here or later.
        wanted = expected.trailers or []
        dropped = case.dropped_trailers
        compare("trailers", [t for t in got.trailers if t not in dropped], wanted)
    return found


def _short(value: object) -> str:
    text = repr(value)
    return text if len(text) < 300 else f"{text[:200]}...{text[-90:]}"


def complaints(case: Case, parser_type: Any) -> list[str]:
    """Run a case in every way of cutting; what was not as expected, for the first bad way."""
    for way, pieces in cuts(case.data):
        outcome = outcome_of(new_parser(case, parser_type), pieces)
        found = differences(case, outcome)
        if way == "whole" and case.expected.whole_says not in outcome.message:
            found.append(f"message: expected {case.expected.whole_says}, got {outcome.message}")
        if found:
            return [f"{case.name} (line {case.line}), {way}:", *found]
    return []


def main() -> int:
    """Run the whole corpus on the twins that are there, without any `assert`."""
    import importlib

    sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
    cases = load_responses()
    bad = ran = 0
    for name in ("aioclient._http1.parser_py", "aioclient._http1.parser_c"):
        try:
            parser_type = importlib.import_module(name).ResponseParser
        except ImportError as error:
            if not name.endswith("_c"):
                raise
            print(f"NOT RUN: {name}: {error}")
            continue
        for case in cases:
            ran += 1
            found = complaints(case, parser_type)
            bad += bool(found)
            if found:
                print(f"{name}: " + "\n  ".join(found))
    print(f"{ran} runs of {len(cases)} cases, {bad} bad; optimized: {not __debug__}")
    return 1 if bad or not ran else 0


if __name__ == "__main__":
    sys.exit(main())
