"""How many pages a second one and two workers read: processes, and threads, of the example.

``examples/all_cores.py`` reads pages of 100 KB and counts the words in them, which takes a core
some milliseconds for each; the server (sized_server.py), which shares the cores with the workers,
takes a small part of that. The kinds alternate; the figures are medians over the rounds, wall time
with the start of the workers. Threads gain on a free-threaded build of Python; elsewhere they
take turns.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
from pathlib import Path

import peers
import sized_server

EXAMPLE = Path(__file__).resolve().parent.parent / "examples" / "all_cores.py"
PAGE_BYTES = 100_000
KINDS = ("processes", "threads")
COUNTS = (1, 2)


def _pages_a_second(python: str, kind: str, count: int, url: str, pages: int) -> float:
    """What the example says in its last line."""
    # -P: what is installed, and not a checkout in the current folder.
    command = [python, "-P", str(EXAMPLE), kind, str(count), url, str(pages)]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    return float(done.stdout.splitlines()[-1].split()[0])


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--pages", type=int, default=4000, help="of a round")
    parser.add_argument("--python", default=sys.executable, help="the Python of the workers")
    arguments = parser.parse_args()
    _, versions = peers.probe(arguments.python, ["aioclient"])
    speeds: dict[tuple[str, int], list[float]] = {(k, c): [] for k in KINDS for c in COUNTS}
    with sized_server.serve() as port:
        url = f"http://127.0.0.1:{port}/{PAGE_BYTES}"
        for _ in range(arguments.rounds):
            for (kind, count), found in speeds.items():
                found.append(_pages_a_second(arguments.python, kind, count, url, arguments.pages))
    results = {
        kind: {str(count): statistics.median(speeds[kind, count]) for count in COUNTS}
        for kind in KINDS
    }
    print(f"{'workers':<12}" + "".join(f"{count:>8}" for count in COUNTS) + "    gain")
    for kind, row in results.items():
        figures = "".join(f"{speed:>8.0f}" for speed in row.values())
        print(f"{kind:<12}{figures}{row['2'] / row['1']:>8.2f}")
    cores = os.cpu_count()
    print(json.dumps({"benchmark": "workers", **versions, "cores": cores, "results": results}))


if __name__ == "__main__":
    main()
