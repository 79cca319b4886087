"""What parsing a response costs: a head, and a body in chunks of one byte.

* head: 600 bytes with 15 fields and Content-Length 0, parsed whole, then three fields
  looked up by name, in another spelling than the server's;
* chunks: 1 MB in 2**20 chunks of one byte, in pieces of 64 KiB: from the parser into the
  buffer from which a task reads the whole body. Also 0.25 MB and 0.5 MB, to see whether
  the time per byte stays the same.

Everything runs in this process, one parser after the other in rounds (A B C, C B A, ...).
The figures are medians of process time over the rounds; a ratio is taken round by round,
and the table shows the median of these ratios and their quartiles. Compiled parsers are
compared with the compiled one of aiohttp, those in Python with that in Python. parsers.py
says what exactly is done with each.

Limits: no socket, no system call, and the same input again and again, so that the caches
are warm. For a whole request see compare.py and instructions.py.
"""

import argparse
import asyncio
import gc
import importlib.metadata
import json
import platform
import statistics
import sys
import time
from collections.abc import Callable
from functools import partial
from typing import TypeVar

import parsers

HEAD_BYTES = 600
HEAD_FIELDS = 15
CHUNK_COUNTS = (2**18, 2**19, 2**20)
PIECE_BYTES = 64 * 1024  # what is fed at a time
SAMPLE_SECONDS = 0.05  # of one parser in one round, for heads

# Parser -> what it is compared with, and what makes it.
HEADS: dict[str, tuple[str, Callable[[bytes], parsers.ParseHead]]] = {
    "aiohttp compiled": ("aiohttp compiled", partial(parsers.aiohttp_head, "C", True)),
    "aiohttp compiled, new": ("aiohttp compiled", partial(parsers.aiohttp_head, "C", False)),
    "aioclient compiled": ("aiohttp compiled", partial(parsers.aioclient_head, "c")),
    "httptools": ("aiohttp compiled", parsers.httptools_head),
    "aiohttp Python": ("aiohttp Python", partial(parsers.aiohttp_head, "Py", True)),
    "aiohttp Python, new": ("aiohttp Python", partial(parsers.aiohttp_head, "Py", False)),
    "aioclient Python": ("aiohttp Python", partial(parsers.aioclient_head, "py")),
    "h11": ("aiohttp Python", parsers.h11_head),
}
BODIES: dict[str, tuple[str, Callable[[], parsers.ReadBody]]] = {
    "aiohttp compiled": ("aiohttp compiled", partial(parsers.aiohttp_body, "C")),
    "aioclient compiled": ("aiohttp compiled", partial(parsers.aioclient_body, "c")),
    "aiohttp Python": ("aiohttp Python", partial(parsers.aiohttp_body, "Py")),
    "aioclient Python": ("aiohttp Python", partial(parsers.aioclient_body, "py")),
}
REFERENCES = {name: reference for name, (reference, _) in (HEADS | BODIES).items()}
# What --check holds: (what, parser) -> largest ratio.
MOST = {
    ("head", "aioclient compiled"): 0.35,
    ("head", "aioclient Python"): 0.5,
    ("chunks", "aioclient compiled"): 0.5,
    ("chunks", "aioclient Python"): 0.5,
}
# Of the time per byte, from the smallest to the largest body, which is 4 times as large: 1 if the
# time is linear, 4 if it is quadratic; the rest is for a noisy machine.
MOST_GROWTH = 2.0

Row = dict[str, float]
_Made = TypeVar("_Made")


def head() -> bytes:
    """A head of exactly HEAD_BYTES bytes and HEAD_FIELDS fields, as APIs send them."""
    fields = [
        ("Server", "nginx"),
        ("Date", "Thu, 01 Jan 2026 00:00:00 GMT"),
        ("Content-Type", "application/json; charset=utf-8"),
        ("Content-Length", "0"),
        ("Connection", "keep-alive"),
        ("Cache-Control", "private, max-age=0, must-revalidate"),
        ("ETag", 'W/"5d8c72a5edda8d6a5f3c"'),
        ("Vary", "Accept-Encoding, Origin"),
        ("Last-Modified", "Wed, 31 Dec 2025 23:59:59 GMT"),
        ("Strict-Transport-Security", "max-age=31536000"),
        ("X-Content-Type-Options", "nosniff"),
        ("X-RateLimit-Remaining", "4987"),
        ("X-Request-Id", "6f1c2a0e-8b7d-4d53-9f3e-2b1a7c9d0e4f"),
        ("Via", "1.1 varnish"),
    ]
    start = "".join(("HTTP/1.1 200 OK\r\n", *(f"{name}: {value}\r\n" for name, value in fields)))
    rest = HEAD_BYTES - len(start) - len("X-Trace: \r\n\r\n")
    return f"{start}X-Trace: {'0' * rest}\r\n\r\n".encode("ascii")


def chunked_pieces(count: int) -> list[bytes]:
    """A response with `count` chunks of one byte, in pieces as a socket may give them."""
    message = b"".join(
        (
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
            b"1\r\nx\r\n" * count,
            b"0\r\n\r\n",
        )
    )
    return [message[at : at + PIECE_BYTES] for at in range(0, len(message), PIECE_BYTES)]


# --- measuring ------------------------------------------------------------------------------------


def _present(makers: dict[str, Callable[[], _Made]]) -> dict[str, _Made]:
    """The parsers that can be had; a line for each that cannot."""
    found = {}
    for name, make in makers.items():
        try:
            found[name] = make()
        except (ImportError, AttributeError) as exc:
            print(f"left out: {name}: {exc}")
    return found


def _seconds(parse: parsers.ParseHead, count: int) -> float:
    start = time.process_time()
    for _ in range(count):
        parse()
    return (time.process_time() - start) / count


def measure_heads(rounds: int) -> dict[str, list[float]]:
    """Seconds for one head: parser -> one figure a round."""
    data = head()
    if (len(data), data.count(b"\r\n") - 2) != (HEAD_BYTES, HEAD_FIELDS):
        raise RuntimeError(f"not the head that was meant: {data!r}")
    chosen = _present({name: partial(make, data) for name, (_, make) in HEADS.items()})
    expected = None
    counts = {}
    for name, parse in chosen.items():
        found = parse()
        expected = expected or found
        if found != expected:
            raise RuntimeError(f"{name} finds {found}, not {expected}")
        counts[name] = max(1, int(SAMPLE_SECONDS / _seconds(parse, 200)))
    times: dict[str, list[float]] = {name: [] for name in chosen}
    order = list(chosen)
    for _ in range(rounds):
        order.reverse()
        for name in order:
            gc.collect()
            times[name].append(_seconds(chosen[name], counts[name]))
    return times


async def measure_bodies(count: int, rounds: int, with_python: bool) -> dict[str, list[float]]:
    """Seconds for one byte, which is one chunk: parser -> one figure a round."""
    pieces = chunked_pieces(count)
    chosen = _present(
        {
            name: make
            for name, (_, make) in BODIES.items()
            if with_python or not name.endswith("Python")
        }
    )
    times: dict[str, list[float]] = {name: [] for name in chosen}
    order = list(chosen)
    for _ in range(rounds):
        order.reverse()
        for name in order:
            gc.collect()
            start = time.process_time()
            body = await chosen[name](pieces)
            times[name].append((time.process_time() - start) / count)
            if body != b"x" * count:
                raise RuntimeError(f"{name} gives another body: {len(body)} bytes")
    return times


# --- showing --------------------------------------------------------------------------------------


def _summary(times: dict[str, list[float]]) -> dict[str, Row]:
    rows = {}
    for name, own in times.items():
        row = {"us": statistics.median(own) * 1e6}
        if (reference := times.get(REFERENCES[name])) is not None:
            ratios = sorted(a / b for a, b in zip(own, reference, strict=True))
            row["ratio"] = statistics.median(ratios)
            row["ratio_low"] = ratios[len(ratios) // 4]
            row["ratio_high"] = ratios[len(ratios) * 3 // 4]
        rows[name] = row
    return rows


def _print_rows(what: str, rows: dict[str, Row]) -> None:
    for name, row in rows.items():
        ratio = ""
        if "ratio" in row:
            spread = f"{row['ratio_low']:.3f}-{row['ratio_high']:.3f}"
            ratio = f"{row['ratio']:>7.3f}  {spread:>13}  of {REFERENCES[name]}"
        print(f"{what:<14}  {name:<21}  {row['us']:>8.3f}  {ratio}", flush=True)


def _failures(results: dict[str, dict[str, Row]], compiled_only: bool) -> list[str]:
    """What --check has to complain about."""
    failures = []
    for (what, name), most in MOST.items():
        if compiled_only and (what, name) == ("chunks", "aioclient Python"):
            continue  # left out as it was wished
        row = results[what].get(name, {})
        if "ratio" not in row:
            failures.append(f"{what}: {name} was not compared")
        elif row["ratio"] > most:
            failures.append(f"{what}: {name} takes {row['ratio']:.3f}, at most {most} allowed")
    small, large = results[f"chunks {CHUNK_COUNTS[0]}"], results["chunks"]
    for name in large:
        growth = large[name]["us"] / small[name]["us"]
        if name.startswith("aioclient") and growth > MOST_GROWTH:
            failures.append(f"chunks: {name} takes {growth:.2f} times as long per byte of 1 MB")
    return failures


def _version(name: str) -> str:
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return "-"


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--rounds", type=int, default=15, help="for the head (default 15)")
    parser.add_argument("--body-rounds", type=int, default=3, help="for the chunks (default 3)")
    parser.add_argument(
        "--compiled-only",
        action="store_true",
        help="leave the parsers in Python out of the chunks, where they take minutes",
    )
    parser.add_argument(
        "--check", action="store_true", help="fail if aioclient misses what MOST asks for"
    )
    arguments = parser.parse_args()
    if arguments.rounds < 1 or arguments.body_rounds < 1:
        parser.error("at least one round")
    return arguments


async def main() -> None:
    arguments = _arguments()
    names = ("aioclient-http", "aiohttp", "httptools", "h11")
    versions = {name: _version(name) for name in names}
    print(f"Python {platform.python_version()}, {versions}")
    print(f"{'what':<14}  {'parser':<21}  {'us':>8}  {'ratio':>7}  {'quartiles':>13}")
    results = {"head": _summary(measure_heads(arguments.rounds))}
    _print_rows("head", results["head"])
    for count in CHUNK_COUNTS:
        what = "chunks" if count == CHUNK_COUNTS[-1] else f"chunks {count}"
        times = await measure_bodies(count, arguments.body_rounds, not arguments.compiled_only)
        results[what] = _summary(times)
        _print_rows(what, results[what])
    print("(chunks: per byte, which is one chunk; chunks 262144 and 524288: smaller bodies)")
    print(
        json.dumps(
            {
                "benchmark": "parse",
                "python": platform.python_version(),
                "versions": versions,
                "rounds": arguments.rounds,
                "body_rounds": arguments.body_rounds,
                "results": {
                    what: {
                        name: {key: round(value, 4) for key, value in row.items()}
                        for name, row in rows.items()
                    }
                    for what, rows in results.items()
                },
            }
        )
    )
    if arguments.check and (failures := _failures(results, arguments.compiled_only)):
        sys.exit("\n".join(failures))


if __name__ == "__main__":
    asyncio.run(main())
