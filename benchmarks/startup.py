"""CPU time of importing each client, beyond what importing asyncio takes.

``python -c "import asyncio"``, and the same with a client after it, each in a process of its own,
alternating. The figure is user and system time of the whole process, the median over the rounds,
less the median of asyncio alone: how much later a program is ready, bytecode compiled before.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
from collections.abc import Sequence

import peers
from libraries import LIBRARIES
from sockets import SOCKET_LIBRARIES

CHECKED = "aioclient"
MOST_MS = 30.0  # for --check
CLIENTS = (*peers.SESSIONS, *LIBRARIES, *SOCKET_LIBRARIES)
_ALONE = "asyncio"


def _milliseconds(python: str, name: str) -> float:
    """The CPU time of one process that imports asyncio, and then this."""
    # -P: what is installed, and not a checkout in the current folder.
    process = subprocess.Popen([python, "-P", "-c", f"import asyncio, {name}"])
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        sys.exit(f"{name} could not be imported")
    return (usage.ru_utime + usage.ru_stime) * 1e3


def _measure(python: str, names: Sequence[str], rounds: int) -> dict[str, float]:
    """The medians."""
    times: dict[str, list[float]] = {name: [] for name in (_ALONE, *names)}
    for name in times:
        _milliseconds(python, name)  # which writes the bytecode
    order = list(times)
    for _ in range(rounds):
        order.reverse()
        for name in order:
            times[name].append(_milliseconds(python, name))
    return {name: statistics.median(values) for name, values in times.items()}


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--peers", nargs="+", choices=CLIENTS, default=CLIENTS, metavar="PEER")
    parser.add_argument("--rounds", type=int, default=15, help="processes of each")
    parser.add_argument("--python", default=sys.executable, help="the Python that imports")
    parser.add_argument(
        "--check", action="store_true", help=f"fail if aioclient takes more than {MOST_MS:g} ms"
    )
    arguments = parser.parse_args()
    usable, versions = peers.probe(arguments.python, arguments.peers)
    medians = _measure(arguments.python, usable, arguments.rounds)
    alone = medians.pop(_ALONE)
    print(f"Python {versions['python']}, {versions['peers']}")
    print(f"{'client':<10}  {'ms beyond asyncio':>17}")
    results = {name: median - alone for name, median in medians.items()}
    for name, more in results.items():
        print(f"{name:<10}  {more:>17.1f}")
    print(json.dumps({"benchmark": "startup", **versions, "asyncio_ms": alone, "results": results}))
    if arguments.check and results.get(CHECKED, 0.0) > MOST_MS:
        sys.exit(f"{CHECKED}: {results[CHECKED]:.1f} ms, at most {MOST_MS:g} allowed")


if __name__ == "__main__":
    main()
