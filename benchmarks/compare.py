"""Client CPU time per request, against aiohttp and against the floor.

Every peer runs each workload in a process of its own which stays alive and does rounds
on command. The rounds alternate between the peers (A B C, C B A, ...), so that a change
of the machine's speed meets all of them alike. The servers (nginx, body_server.py for the
chunked download and the uploads, socket_server.py for the WebSockets) are pinned to one core,
the client processes to another one; only one client works at a time.

The CPU time is user and system time of the client process (time.process_time) over a
round, divided by its requests, of a stream by its messages; the table shows the median over
the rounds. The ratio to aiohttp is taken round by round, and the table shows the median of
these ratios and their quartiles. The latencies (p50, p99 over all rounds) are wall time from
before session.get() to after the `async with` block, of WebSockets from before sending to
after receiving; with 64 requests at a time they are mostly queueing in the client.

How many rounds of how many requests there are depends on the workload (workloads.py):
those with a large body have few.

Limits: loopback, one small server; absolute times depend on the machine. Other
work on the two cores shifts the ratios, too, those of the cheap peers most. Reading the
clock twice a request is in the figures of all peers (some 0.1 microseconds).
"""

import argparse
import contextlib
import json
import os
import statistics
import subprocess
import sys
from collections.abc import Sequence
from typing import Any

import cores
import nginx
import peers
import sites
from workloads import WORKLOADS, Server, Site

BUSY = 0.7  # the load average from which on a warning is printed


class Client:
    """A client process that does rounds of one workload on command."""

    def __init__(
        self, python: str, peer: str, workload: str, site: Site, warm_up: int, loop: str
    ) -> None:
        self.cpu: list[float] = []  # seconds per request, one entry per round
        self.latencies: list[float] = []
        self._name = f"{peer} {workload}"
        self._units = WORKLOADS[workload].units
        self._process = subprocess.Popen(
            peers.client_command(python, "rounds", peer, workload, site, warm_up, loop=loop),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self._answer()

    def _answer(self) -> dict[str, Any]:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            sys.exit(f"{self._name}: the client process ended")
        answer: dict[str, Any] = json.loads(line)
        return answer

    def round(self, count: int) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(f"{count}\n")
        self._process.stdin.flush()
        answer = self._answer()
        self.cpu.append(answer["cpu"] / (answer["count"] * self._units))
        self.latencies += answer["latencies"]

    def close(self) -> None:
        assert self._process.stdin is not None
        with contextlib.suppress(BrokenPipeError):
            self._process.stdin.close()
        try:
            self._process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        assert self._process.stdout is not None
        self._process.stdout.close()


def _quantile(values: Sequence[float], share: float) -> float:
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def _summary(client: Client, reference: Client | None) -> dict[str, float]:
    row = {
        "cpu_us": statistics.median(client.cpu) * 1e6,
        "p50_us": _quantile(client.latencies, 0.50) * 1e6,
        "p99_us": _quantile(client.latencies, 0.99) * 1e6,
    }
    if reference is not None:
        ratios = [own / other for own, other in zip(client.cpu, reference.cpu, strict=True)]
        row["ratio"] = statistics.median(ratios)
        row["ratio_low"] = _quantile(ratios, 0.25)
        row["ratio_high"] = _quantile(ratios, 0.75)
    return row


def _measure(
    arguments: argparse.Namespace, by_server: dict[Server, Site], usable: Sequence[str], name: str
) -> dict[str, dict[str, float]]:
    workload = WORKLOADS[name]
    effort = workload.effort
    site = by_server[workload.server]
    warm_up = effort.warm_up if arguments.warm_up is None else arguments.warm_up
    with contextlib.ExitStack() as stack:
        clients: dict[str, Client] = {}
        for peer in usable:
            if peers.takes_part(peer, workload):
                clients[peer] = Client(arguments.python, peer, name, site, warm_up, arguments.loop)
                stack.callback(clients[peer].close)
        order = list(clients.values())
        for _ in range(arguments.rounds or effort.rounds):
            order.reverse()  # no peer always follows the same other one
            for client in order:
                client.round(arguments.requests or effort.requests)
    reference = clients.get(peers.REFERENCE)
    return {peer: _summary(client, reference) for peer, client in clients.items()}


def _print_rows(workload: str, width: int, rows: dict[str, dict[str, float]]) -> None:
    for peer, row in rows.items():
        ratio = spread = "-"
        if "ratio" in row:
            ratio = f"{row['ratio']:.3f}"
            spread = f"{row['ratio_low']:.3f}-{row['ratio_high']:.3f}"
        digits = 1 if row["cpu_us"] >= 10 else 2
        print(
            f"{workload:<{width}}  {peer:<10}  {row['cpu_us']:>8.{digits}f}  {ratio:>9}"
            f"  {spread:>11}  {row['p50_us']:>8.0f}  {row['p99_us']:>8.0f}",
            flush=True,
        )


def _usable_workloads(wanted: Sequence[str], speedups: str | None) -> list[str]:
    """Leave out, with a line, what would measure nothing of its own."""
    left = []
    for name in wanted:
        if WORKLOADS[name].needs_speedups and speedups is None:
            print(f"left out: {name}: none of {', '.join(peers.SPEEDUPS)} can be imported")
        else:
            left.append(name)
    return left


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    peers.add_choice_arguments(parser, tuple(WORKLOADS))
    own = " (default: that of the workload)"
    parser.add_argument("--rounds", type=int, help="rounds of each peer" + own)
    parser.add_argument("--requests", type=int, help="requests of a round" + own)
    parser.add_argument("--warm-up", type=int, help="uncounted requests at the start" + own)
    parser.add_argument("--loop", choices=peers.LOOPS, default=peers.LOOPS[0], help="event loop")
    arguments = parser.parse_args()
    if any(number is not None and number < 1 for number in (arguments.rounds, arguments.requests)):
        parser.error("at least one round of one request")
    return arguments


def main() -> None:
    arguments = _arguments()
    usable, versions = peers.probe(arguments.python, arguments.peers)
    if not usable:
        sys.exit("no peer to measure")
    names = _usable_workloads(arguments.workloads, versions["speedups"])
    client_core, server_core = cores.choose()
    if client_core is None:
        print("one core only: client and server share it, times are not reliable")
    if (load := os.getloadavg()[0]) > BUSY:
        print(f"load average {load:.1f}: the machine is busy, the times are not reliable")
    results: dict[str, dict[str, dict[str, float]]] = {}
    with sites.serve((WORKLOADS[name] for name in names), server_core) as by_server:
        if client_core is not None:
            os.sched_setaffinity(0, {client_core})  # inherited by the clients
        print(f"Python {versions['python']}, {versions['peers']}")
        width = max(map(len, names), default=0)
        print(
            f"{'workload':<{width}}  {'peer':<10}  {'CPU us':>8}"
            f"  {'/ ' + peers.REFERENCE:>9}  {'quartiles':>11}"
            f"  {'p50 us':>8}  {'p99 us':>8}"
        )
        for name in names:
            results[name] = _measure(arguments, by_server, usable, name)
            _print_rows(name, width, results[name])
    print(
        json.dumps(
            {
                "benchmark": "compare",
                "loop": arguments.loop,
                **versions,
                "rounds_and_requests": {
                    name: (
                        arguments.rounds or WORKLOADS[name].effort.rounds,
                        arguments.requests or WORKLOADS[name].effort.requests,
                    )
                    for name in results
                },
                "results": {
                    workload: {
                        peer: {key: round(value, 4) for key, value in row.items()}
                        for peer, row in rows.items()
                    }
                    for workload, rows in results.items()
                },
            }
        )
    )


if __name__ == "__main__":
    try:
        main()
    except nginx.NginxError as exc:
        sys.exit(f"nginx: {exc}")
