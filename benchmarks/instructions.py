"""User-space instructions of the client per warm request, counted by callgrind.

The client process (peers.py) runs twice under ``valgrind --tool=callgrind``, with N1
and with N2 requests after the same warm-up; the difference of the two totals divided
by N2 - N1 is the cost of one request. Start-up, imports, connecting and warm-up are in
both runs and drop out. The server is a process of its own and is not counted.

The figure hardly depends on the machine's speed or load, which makes it the one to
compare changes with. Limits: the kernel's work (system calls) is not in it;
instructions are not time (a cache miss costs no instruction); and under valgrind the
client is some 50 times slower than the server, so with 64 requests at a time nearly all
answers are there when the event loop looks, which is the best case.
"""

import argparse
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import TypeAlias

import callgrind
import cores
import nginx
import peers
import sites
import workloads
from workloads import Server, Site

Sites: TypeAlias = Mapping[Server, Site]

# A line of callgrind_annotate: 1,234 ( 5.67%)  file.c:function'2 [/path/object.so]
_FUNCTION = re.compile(
    r" *(?P<own>[\d,]+) \( *[\d.]+%\)  .*?:(?P<name>[^:]+?)(?:'\d+)?(?: \[(?P<object>.*)\])?$"
)
_TOP_FUNCTIONS = 40


def _command(
    arguments: argparse.Namespace, by_server: Sites, peer: str, workload: str, count: int
) -> list[str]:
    """The client process that makes `count` requests after the warm-up."""
    site = by_server[workloads.WORKLOADS[workload].server]
    warm_up = arguments.warm_up
    return peers.client_command(arguments.python, "once", peer, workload, site, warm_up, count)


def _measure(arguments: argparse.Namespace, by_server: Sites, peer: str, workload: str) -> float:
    """Instructions per request."""
    first: int
    second: int
    first, second = arguments.lengths
    totals: list[int] = []
    with tempfile.TemporaryDirectory(prefix="bench-callgrind-") as directory:
        for count in (first, second):
            out = Path(directory, str(count))
            callgrind.run(_command(arguments, by_server, peer, workload, count), out)
            totals.append(callgrind.total(out))
    return (totals[1] - totals[0]) / (second - first)


def _profile(arguments: argparse.Namespace, by_server: Sites) -> None:
    """Keep the profile of the warm requests alone and print its top functions."""
    peer, workload = arguments.profile
    count = arguments.lengths[1]
    kept = Path(f"callgrind.out.{peer}.{workload}")
    with tempfile.TemporaryDirectory(prefix="bench-callgrind-") as directory:
        out = Path(directory, "out")
        command = _command(arguments, by_server, peer, workload, count)
        # The client process calls getloadavg before and after the requests; each call
        # writes what was counted up to it: out.1 the start, out.2 the requests.
        callgrind.run(command, out, "--dump-before=getloadavg")
        dump = Path(f"{out}.2")
        if not dump.exists():
            sys.exit("the marks around the requests were not found in the profile")
        # The calls that were under way at the first mark have the count 0, with which
        # callgrind_annotate takes what they called for their own cost.
        text = dump.read_text(errors="surrogateescape")
        text = re.sub(r"^calls=0 ", "calls=1 ", text, flags=re.MULTILINE)
        kept.write_text(text, errors="surrogateescape")
    total = callgrind.total(kept)
    print(f"{peer} {workload}: {total / count:,.0f} instructions per request, of these")
    print("in the functions themselves:\n")
    for function, own in _own_costs(kept)[:_TOP_FUNCTIONS]:
        print(f"{own / count:>10,.1f}  {own / total:>6.2%}  {function}")
    print(f"\nkept: {kept}  (try: callgrind_annotate --inclusive=yes {kept})")


def _own_costs(profile: Path) -> list[tuple[str, int]]:
    """The functions of a profile with their own instructions, highest first.

    callgrind_annotate has a line for every source file of which code is inlined into a
    function, and for recursive calls; they are one function here.
    """
    annotated = subprocess.run(
        ["callgrind_annotate", "--auto=no", "--threshold=100", str(profile)],
        check=True,
        capture_output=True,
        text=True,
        errors="replace",
    )
    costs: dict[str, int] = {}
    objects: dict[str, str] = {}
    for line in annotated.stdout.splitlines():
        if match := _FUNCTION.match(line):
            name = match["name"]
            costs[name] = costs.get(name, 0) + int(match["own"].replace(",", ""))
            if match["object"]:
                objects.setdefault(name, Path(match["object"]).name)
    ordered = sorted(costs.items(), key=lambda item: -item[1])
    return [(f"{name}  [{objects.get(name, '?')}]", own) for name, own in ordered]


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    peers.add_choice_arguments(parser, workloads.SMALL_WORKLOADS)
    parser.add_argument(
        "--lengths",
        nargs=2,
        type=int,
        default=(300, 1300),
        metavar=("N1", "N2"),
        help="requests of the two runs (default: 300 1300)",
    )
    parser.add_argument("--warm-up", type=int, default=200, help="uncounted requests in both runs")
    parser.add_argument(
        "--profile",
        nargs=2,
        metavar=("PEER", "WORKLOAD"),
        help="write callgrind.out.PEER.WORKLOAD and print its top functions instead",
    )
    arguments = parser.parse_args()
    if not 0 < arguments.lengths[0] < arguments.lengths[1]:
        parser.error("--lengths: 0 < N1 < N2")
    if arguments.profile:
        peer, workload = arguments.profile
        if peer not in peers.PEERS or workload not in workloads.SMALL_WORKLOADS:
            parser.error(f"--profile: {peers.PEERS} and {workloads.SMALL_WORKLOADS}")
        arguments.peers = (peer,)
    return arguments


def main() -> None:
    arguments = _arguments()
    if shutil.which("valgrind") is None:
        sys.exit("valgrind not found; on Debian: apt-get install valgrind")
    usable, versions = peers.probe(arguments.python, arguments.peers)
    if not usable:
        sys.exit("no peer to measure")
    client_core, server_core = cores.choose()
    results: dict[str, dict[str, float]] = {}
    chosen = [arguments.profile[1]] if arguments.profile else arguments.workloads
    needed = [workloads.WORKLOADS[name] for name in chosen]
    with sites.serve(needed, server_core) as by_server:
        if client_core is not None:
            os.sched_setaffinity(0, {client_core})  # inherited by the clients
        if arguments.profile:
            _profile(arguments, by_server)
            return
        print(f"Python {versions['python']}, {versions['peers']}")
        print(f"{'workload':<17}  {'peer':<10}  {'instructions':>12}  {'/ ' + peers.REFERENCE:>9}")
        # The reference first, so that every line can show its ratio at once.
        usable.sort(key=lambda peer: peer != peers.REFERENCE)
        for workload in arguments.workloads:
            row = results[workload] = {}
            for peer in usable:
                if not peers.takes_part(peer, workloads.WORKLOADS[workload]):
                    continue
                row[peer] = _measure(arguments, by_server, peer, workload)
                ratio = "-"
                if peers.REFERENCE in row:
                    ratio = f"{row[peer] / row[peers.REFERENCE]:.3f}"
                print(
                    f"{workload:<17}  {peer:<10}  {row[peer]:>12,.0f}  {ratio:>9}",
                    flush=True,
                )
    print(
        json.dumps(
            {
                "benchmark": "instructions",
                **versions,
                "lengths": list(arguments.lengths),
                "instructions_per_request": {
                    workload: {peer: round(value) for peer, value in row.items()}
                    for workload, row in results.items()
                },
            }
        )
    )


if __name__ == "__main__":
    try:
        main()
    except nginx.NginxError as exc:
        sys.exit(f"nginx: {exc}")
