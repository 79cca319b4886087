#!/usr/bin/env python3
"""Runs all comparisons with the peers that are installed, and writes them down with charts.

    python benchmarks/report.py                      all of it, into docs/benchmarks.md: an hour
    python benchmarks/report.py --quick              few rounds: to see that it works
    python benchmarks/report.py --only startup       one part anew; the others are as they were
    python benchmarks/report.py --render             nothing is measured: write it down once more

What was measured is kept beside the page, in ``benchmarks.json``; the charts are SVG files there.
They need matplotlib (requirements.txt).
"""

import argparse
import json
import os
import platform
import subprocess
import sys
import textwrap
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import charts
import peers
from workloads import WORKLOADS

HERE = Path(__file__).resolve().parent
DOCS = HERE.parent / "docs"
OURS = "aioclient"

#: Each part: the script that measures it, its options, and those of --quick.
PARTS: dict[str, tuple[str, list[str], list[str]]] = {
    "compare": ("compare.py", [], ["--rounds", "1", "--requests", "5", "--warm-up", "1"]),
    "instructions": ("instructions.py", [], ["--lengths", "20", "40", "--warm-up", "20"]),
    "memory": ("memory.py", [], ["--first", "50", "--more", "100"]),
    "startup": ("startup.py", [], ["--rounds", "1"]),
    "scale": ("scale.py", [], ["--rounds", "1", "--most", "100"]),
    "workers": ("workers.py", [], ["--rounds", "1", "--pages", "100"]),
}

_WHAT: dict[str, str] = {
    "get_small_seq": "GET of 200 bytes of JSON, one after the other",
    "get_small_c64": "the same, 64 at a time",
    "post_json_seq": "POST of 200 bytes of JSON, and as many back",
    "headers_heavy": "a response with 40 fields, 5 of them Set-Cookie",
    "download_100mb": "100 MB with Content-Length, in pieces",
    "read_10mb": "10 MB with Content-Length, read whole",
    "download_chunked_gzip": "10 MB of JSON lines, gzip, chunked",
    "download_chunked_gzip_speedups": "the same with the extra `speedups`",
    "upload_100mb": "100 MB from an async iterator",
    "upload_file": "100 MB from a file",
    "conn_new": "GET of 200 bytes, each on a new connection",
    "tls_get_small_seq": "GET of 200 bytes over TLS",
    "tls_handshake": "the same, each on a new connection; the server lets sessions be resumed",
    "tls_handshake_full": "the same, and the server does not",
    "ws_echo_small": "WebSocket: a text of 50 bytes and its echo",
    "ws_echo_64k": "WebSocket: 64 KiB and their echo",
    "ws_echo_1mb": "WebSocket: 1 MiB and its echo",
    "ws_stream": "WebSocket: 100,000 texts of 50 bytes, for each",
}


# --- measuring ------------------------------------------------------------------------------------


def measure(python: str, part: str, quick: bool) -> dict[str, Any]:
    """Run the script of a part; what it says in its last line."""
    script, options, quick_options = PARTS[part]
    command = [python, str(HERE / script), *(quick_options if quick else options)]
    print(f"--- {script}", flush=True)
    last = ""
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        for line in process.stdout:
            if not line.startswith("{"):
                print(line, end="", flush=True)
            last = line
    if process.returncode:
        sys.exit(f"{script} failed")
    result: dict[str, Any] = json.loads(last)
    return result


def machine() -> dict[str, str]:
    """What it runs on."""
    names = [
        line.partition(":")[2].strip()
        for line in Path("/proc/cpuinfo").read_text().splitlines()
        if line.startswith("model name")
    ]
    return {
        "processor": names[0] if names else platform.processor(),
        "cores": str(len(os.sched_getaffinity(0))),
        "system": f"{platform.system()} {platform.release().split('-')[0]}",
    }


# --- writing it down ------------------------------------------------------------------------------


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> Iterator[str]:
    """Lines of a table: the first column is text, the others are numbers."""
    yield "| " + " | ".join(head) + " |"
    yield "| --- |" + " ---: |" * (len(head) - 1)
    for row in rows:
        yield "| " + " | ".join(row) + " |"


def prose(text: str) -> list[str]:
    """A paragraph in lines."""
    return textwrap.wrap(" ".join(text.split()), 100)


def number(value: float) -> str:
    """With three digits that count."""
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


def compare_section(result: dict[str, Any]) -> Iterator[str]:
    """A table for each workload, the cheapest first."""
    yield "## CPU time of the client"
    yield ""
    yield from prose("""
        Microseconds of user and system time for each request, or message; the ratio to aiohttp is
        the median of those of the single rounds, between its quartiles. *p50* and *p99* are
        latencies in microseconds, of `ws_stream` those of the whole stream.
    """)
    yield ""
    yield "![CPU time relative to aiohttp](benchmarks/compare.svg)"
    for name, rows in result["results"].items():
        yield ""
        yield f"### `{name}`"
        yield ""
        yield f"{_WHAT[name][0].upper()}{_WHAT[name][1:]}."
        yield ""
        ordered = sorted(rows.items(), key=lambda item: float(item[1]["cpu_us"]))
        yield from table(
            ("client", "CPU us", "/ aiohttp", "quartiles", "p50", "p99"),
            [
                (
                    f"**{peer}**" if peer == OURS else peer,
                    number(row["cpu_us"]),
                    f"{row['ratio']:.2f}",
                    f"{row['ratio_low']:.2f} to {row['ratio_high']:.2f}",
                    number(row["p50_us"]),
                    number(row["p99_us"]),
                )
                for peer, row in ordered
            ],
        )


def losses(result: dict[str, Any]) -> Iterator[str]:
    """Where another client takes less."""
    yield "## Where aioclient loses"
    yield ""
    lost = []
    for name, rows in result["results"].items():
        ours = rows[OURS]
        for peer, row in rows.items():
            if peer in peers.FLOORS or peer == OURS:
                continue
            worse = [
                f"{what} {number(ours[key])} against {number(row[key])}"
                for key, what in (("cpu_us", "CPU us"), ("p99_us", "p99 us"))
                if row[key] < ours[key]
            ]
            if worse:
                lost.append((f"`{name}`", peer, "; ".join(worse)))
    if not lost:
        yield "In none of the workloads above."
        return
    yield "| workload | to | by |"
    yield "| --- | --- | --- |"
    for row_of_three in lost:
        yield "| " + " | ".join(row_of_three) + " |"


def instructions_section(result: dict[str, Any]) -> Iterator[str]:
    """Instructions of all peers in one table."""
    results: Mapping[str, Mapping[str, float]] = result["instructions_per_request"]
    names = [peer for peer in result["peers"] if any(peer in rows for rows in results.values())]
    yield "## Instructions"
    yield ""
    yield from prose("""
        Thousands of user-space instructions for each request, counted by callgrind; they repeat to
        within 1 %. The kernel's are not among them.
    """)
    yield ""
    yield from table(
        ("workload", *names),
        [
            (f"`{name}`", *(number(rows[peer] / 1e3) if peer in rows else "" for peer in names))
            for name, rows in results.items()
        ],
    )


def memory_section(result: dict[str, Any]) -> Iterator[str]:
    """Bytes of connections and of requests."""
    yield "## Memory"
    yield ""
    yield from prose("""
        Bytes that Python's allocators have given out for one more kept connection, and for one more
        request in flight, with its connection and its task.
    """)
    yield ""
    yield from table(
        ("client", "idle", "/ aiohttp", "in flight", "/ aiohttp"),
        [
            (
                f"**{peer}**" if peer == OURS else peer,
                number(row["bytes"]["idle"]),
                f"{row['ratio']['idle']:.2f}",
                number(row["bytes"]["in flight"]),
                f"{row['ratio']['in flight']:.2f}",
            )
            for peer, row in result["results"].items()
        ],
    )


def startup_section(result: dict[str, Any]) -> Iterator[str]:
    """What an import takes."""
    yield "## Import"
    yield ""
    yield from prose(f"""
        Milliseconds of CPU time beyond those of `import asyncio`, which are
        {result["asyncio_ms"]:.0f} with those of the interpreter itself.
    """)
    yield ""
    ordered = sorted(result["results"].items(), key=lambda item: float(item[1]))
    yield from table(
        ("client", "ms"),
        [(f"**{peer}**" if peer == OURS else peer, f"{ms:.0f}") for peer, ms in ordered],
    )


_AXES: dict[str, str] = {
    "concurrency": "requests at a time, each on a kept connection",
    "hosts": "hosts asked in turn, each with a kept connection",
    "cookies": "cookies in the jar, of which three are sent",
    "body": "bytes of body, read in pieces",
}


#: Why it grows, or does not.
_GROWTH: dict[str, str] = {
    "concurrency": """
        Up to a hundred at a time a request becomes cheaper, because one turn of the event loop, and
        one look at the sockets, serve several answers. With many thousands it rises again for
        every client. Most likely what requests and sockets occupy does not fit into the
        processor's caches any more; that was not measured apart.
    """,
    "hosts": """
        The pool finds a kept connection by its host at the same cost however many there are
        (`ledger.py` counts it). What is left of growth is most likely that of memory: ten thousand
        connections are in no cache when they are used again.
    """,
    "cookies": """
        A jar is asked by the domains that the host may have cookies of, and remembers the Cookie
        line that it gave a URL, so it does not matter how many cookies there are for others.
    """,
    "body": """
        Up to some ten thousand bytes an answer arrives at once and costs what a small one does.
        Then it grows with the bytes, of which the kernel copies each: that part is the same for
        all clients, so the larger the body the smaller the difference.
    """,
}


def scale_section(result: dict[str, Any]) -> Iterator[str]:
    """A chart and a table for each axis."""
    yield "## As things grow"
    yield ""
    yield "Microseconds of CPU time for each request."
    for axis, points in result["results"].items():
        names = list(next(iter(points.values())))
        yield ""
        yield f"### {_AXES[axis][0].upper()}{_AXES[axis][1:]}"
        yield ""
        yield f"![{_AXES[axis]}](benchmarks/scale_{axis}.svg)"
        yield ""
        yield from table(
            (axis, *names),
            [
                (f"{int(value):,}", *(number(row[peer]) for peer in names))
                for value, row in points.items()
            ],
        )
        yield ""
        yield from prose(_GROWTH[axis])


def workers_section(result: dict[str, Any]) -> Iterator[str]:
    """What a second core brings."""
    yield "## On two cores"
    yield ""
    yield from prose(f"""
        Pages of 100 KB a second, their words counted, by `examples/all_cores.py`: a session for
        each worker, on {result["cores"]} cores that the server shares. Threads take turns, unless
        the build of Python is free-threaded.
    """)
    yield ""
    yield from table(
        ("workers", "one", "two", "gain"),
        [
            (kind, number(row["1"]), number(row["2"]), f"{row['2'] / row['1']:.2f}")
            for kind, row in result["results"].items()
        ],
    )


def page(measured: dict[str, Any]) -> Iterator[str]:
    """The whole page."""
    any_part = next(iter(measured["parts"].values()))
    where = any_part["machine"]
    versions: dict[str, str] = {}
    for part in measured["parts"].values():
        versions |= part["peers"]
    yield "# Benchmarks"
    yield ""
    yield from prose("""
        Written by `benchmarks/report.py`; what each workload is, how it is measured and what the
        figures cannot tell is in [benchmarks/README.md](../benchmarks/README.md).
    """)
    yield ""
    yield from prose(f"""
        Measured with Python {any_part["python"]} on {where["processor"]}, {where["cores"]} cores,
        {where["system"]}: loopback only, the client on one core and the server on another one.
        Compare the ratios of a table, not microseconds with those of another machine.
    """)
    yield ""
    listed = ", ".join(
        f"{name} {version}" for name, version in versions.items() if name not in peers.FLOORS
    )
    yield from prose(f"Versions: {listed}.")
    yield ""
    yield from prose("""
        `floor` is a bare asyncio protocol that writes prebuilt bytes and only finds the end of the
        answer: what any client on asyncio's transports has to spend. `floor_json` adds the
        decoding.
    """)
    sections = {
        "compare": (compare_section, losses),
        "instructions": (instructions_section,),
        "memory": (memory_section,),
        "startup": (startup_section,),
        "scale": (scale_section,),
        "workers": (workers_section,),
    }
    for part, writers in sections.items():
        if part in measured["parts"]:
            for writer in writers:
                yield ""
                yield from writer(measured["parts"][part])
            other = measured["parts"][part]["machine"]
            if other != where:
                yield ""
                yield from prose(f"""
                    This was measured at another time than the rest, on {other["processor"]},
                    {other["cores"]} cores, {other["system"]}.
                """)


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--only", nargs="+", choices=tuple(PARTS), default=tuple(PARTS))
    parser.add_argument("--quick", action="store_true", help="few rounds, no use as figures")
    parser.add_argument("--render", action="store_true", help="measure nothing")
    parser.add_argument("--to", type=Path, default=DOCS, help="the folder of the page")
    parser.add_argument("--python", default=sys.executable, help="the Python that measures")
    arguments = parser.parse_args()
    if set(_WHAT) != set(WORKLOADS):
        sys.exit("a workload has no description here")
    kept = arguments.to / "benchmarks" / "results.json"
    kept.parent.mkdir(parents=True, exist_ok=True)
    measured: dict[str, Any] = {"parts": {}}
    if kept.exists():
        measured["parts"] = json.loads(kept.read_text())["parts"]
    if not arguments.render:
        for part in arguments.only:
            figures = measure(arguments.python, part, arguments.quick)
            measured["parts"][part] = {"machine": machine(), **figures}
            kept.write_text(json.dumps(measured, indent=1) + "\n")
    charts.draw(measured["parts"], kept.parent)
    (arguments.to / "benchmarks.md").write_text("\n".join(page(measured)) + "\n")
    print(f"written: {arguments.to / 'benchmarks.md'}")


if __name__ == "__main__":
    main()
