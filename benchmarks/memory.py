"""Memory of an idle kept connection, and of a request in flight, against aiohttp.

Every peer runs in a process of its own against a server in another one that holds its answers
back (holding_server.py). Its connector has no limit and keeps connections for an hour. The client
process starts a number of requests, each in a task of its own, with
``async with session.get(url) as resp: await resp.read()``, and when the server has all of them,
what is allocated is read: the state *in flight*. Then the server answers, all responses are read,
the tasks end, and it is read again: the state *idle*. All that is done with FIRST requests and then
with MORE, and the differences, divided by MORE - FIRST, are the figures: imports, caches and the
session itself are in both and drop out.

What is compared is the sum of the live blocks that tracemalloc knows of, after a garbage
collection. It repeats to a few bytes, and both peers allocate by Python's allocators only. The size
of the process would not do: the memory of many requests in flight stays with the process when they
have ended and only connections are left, so an idle connection would be measured as what was there
before. How much the private memory of the process (USS) grew for each request in flight is
printed, too, from another run without tracemalloc: it has the rounding of the allocator, the blocks
of C code, and tells whether tracemalloc leaves something out.

``floor`` is a bare asyncio protocol with a future on a transport, and the task that waits for it:
what nobody on asyncio's transports can avoid.

Limits: what the kernel holds for a socket is not in it, nor is TLS; the same for all peers.
"""

import argparse
import asyncio
import gc
import json
import subprocess
import sys
import tracemalloc
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import descriptors
import holding_server
import peers
from floor import SmallConnection, request_head
from workloads import SMALL, Workload

MEASURED = ("floor", "aiohttp", "aioclient")
CHECKED = "aioclient"
MOST = {"idle": 0.6, "in flight": 0.7}  # of aiohttp's, for --check
FIRST, MORE = 1000, 4000
_AT_ONCE = 200  # connections begun before the server is asked whether they are there
_KEEP_S = 3600.0
_SETTLE_S = 0.1  # for what the loop and the clients do a turn later, as dropping cancelled timers
_SPARE_DESCRIPTORS = 100

Hold = Callable[[], Awaitable[None]]


class _Control:
    """A connection to the server that is not measured: it is there from the start."""

    def __init__(self, port: int) -> None:
        self._port = port

    async def open(self) -> None:
        self._reader, self._writer = await asyncio.open_connection("127.0.0.1", self._port)

    async def ask(self, path: str) -> None:
        self._writer.write(f"GET {path} HTTP/1.1\r\n\r\n".encode("ascii"))
        await self._reader.readuntil(b"\r\n\r\n")  # there is no body

    def close(self) -> None:
        self._writer.close()


class _SessionClient:
    def __init__(self, name: str, port: int) -> None:
        self._module = peers.load(name)
        self._url = f"http://127.0.0.1:{port}/hold"

    async def open(self) -> None:
        connector = self._module.TCPConnector(limit=0, keepalive_timeout=_KEEP_S)
        self._session = self._module.ClientSession(connector=connector)

    async def hold(self) -> None:
        async with self._session.get(self._url) as resp:
            await resp.read()

    async def close(self) -> None:
        await self._session.close()


class _FloorConnection(SmallConnection):
    async def hold(self) -> None:
        await self.get()
        del self._waiter  # it keeps the body


class _FloorClient:
    def __init__(self, port: int) -> None:
        self._port = port
        self._request = request_head(Workload("", "nginx", "/hold", "json", SMALL), port)
        self._idle: list[_FloorConnection] = []

    async def open(self) -> None:
        self._loop = asyncio.get_running_loop()

    async def hold(self) -> None:
        if self._idle:
            connection = self._idle.pop()
        else:
            _, connection = await self._loop.create_connection(
                partial(_FloorConnection, self._request), "127.0.0.1", self._port
            )
        await connection.hold()
        self._idle.append(connection)

    async def close(self) -> None:
        for connection in self._idle:
            connection.close()


def _traced_bytes() -> int:
    gc.collect()
    return tracemalloc.get_traced_memory()[0]


def _private_bytes() -> int:
    gc.collect()
    fields = dict(
        line.split()[:2] for line in Path("/proc/self/smaps_rollup").read_text().splitlines()[1:]
    )
    return 1024 * (int(fields["Private_Clean:"]) + int(fields["Private_Dirty:"]))


async def _measure(peer: str, port: int, counts: tuple[int, int], read: Callable[[], int]) -> None:
    """Print the bytes of one request in flight and of one idle connection."""
    client = _FloorClient(port) if peer == "floor" else _SessionClient(peer, port)
    control = _Control(port)
    await control.open()
    await client.open()
    states: list[tuple[int, int]] = []
    for count in counts:
        tasks: list[asyncio.Task[None]] = []
        while len(tasks) < count:
            at_once = range(min(_AT_ONCE, count - len(tasks)))
            tasks += [asyncio.create_task(client.hold()) for _ in at_once]
            await control.ask(f"/when/{len(tasks)}")
        await asyncio.sleep(_SETTLE_S)
        in_flight = read()
        await control.ask("/release")
        await asyncio.gather(*tasks)
        del tasks
        await asyncio.sleep(_SETTLE_S)
        states.append((in_flight, read()))
    more = counts[1] - counts[0]
    in_flight, idle = ((after - before) / more for before, after in zip(*states, strict=True))
    print(json.dumps({"in flight": in_flight, "idle": idle}), flush=True)
    await client.close()
    control.close()


def _client(arguments: argparse.Namespace) -> None:
    descriptors.raise_limit()
    if arguments.how == "traced":
        tracemalloc.start()
    read = _traced_bytes if arguments.how == "traced" else _private_bytes
    counts = (arguments.first, arguments.more)
    asyncio.run(_measure(arguments.peer, arguments.port, counts, read))


def _run_client(arguments: argparse.Namespace, peer: str, port: int, how: str) -> dict[str, float]:
    command = [
        arguments.python, str(Path(__file__).resolve()),
        "--first", str(arguments.first), "--more", str(arguments.more),
        "client", peer, str(port), how,
    ]  # fmt: skip
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=False)
    if done.returncode:
        sys.exit(f"{peer}: the client process failed")
    answer: dict[str, float] = json.loads(done.stdout)
    return answer


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--peers", nargs="+", choices=MEASURED, default=MEASURED, metavar="PEER")
    parser.add_argument("--first", type=int, default=FIRST, help="requests at a time, first")
    parser.add_argument("--more", type=int, default=MORE, help="requests at a time, then")
    parser.add_argument(
        "--python", default=sys.executable, help="the Python of the client processes"
    )
    limits = ", ".join(f"{most} ({state})" for state, most in MOST.items())
    parser.add_argument(
        "--check", action="store_true", help=f"fail if aioclient's ratio is above {limits}"
    )
    modes = parser.add_subparsers(dest="mode", help="the client process, started by this script")
    client = modes.add_parser("client")
    client.add_argument("peer", choices=MEASURED)
    client.add_argument("port", type=int)
    client.add_argument("how", choices=("traced", "private"))
    arguments = parser.parse_args()
    if not 0 < arguments.first < arguments.more:
        parser.error("0 < FIRST < MORE")
    return arguments


def _failures(results: dict[str, dict[str, Any]]) -> list[str]:
    """What --check has to complain about."""
    if not {CHECKED, peers.REFERENCE} <= results.keys():
        return [f"{CHECKED} and {peers.REFERENCE} were not both measured"]
    return [
        f"{state}: {ratio:.3f} of {peers.REFERENCE}, at most {MOST[state]} allowed"
        for state, ratio in results[CHECKED]["ratio"].items()
        if ratio > MOST[state]
    ]


def _measure_all(arguments: argparse.Namespace, usable: Sequence[str]) -> dict[str, dict[str, Any]]:
    results: dict[str, dict[str, Any]] = {}
    for peer in usable:
        with holding_server.serve() as port:  # a new one each: it keeps connections, too
            traced = _run_client(arguments, peer, port, "traced")
        with holding_server.serve() as port:
            private = _run_client(arguments, peer, port, "private")
        results[peer] = {"bytes": traced, "private in flight": private["in flight"]}
    reference = results.get(peers.REFERENCE)
    if reference is not None:
        for row in results.values():
            row["ratio"] = {
                state: row["bytes"][state] / reference["bytes"][state] for state in MOST
            }
    return results


def _print_rows(results: dict[str, dict[str, Any]]) -> None:
    print(
        f"{'state':<10}  {'peer':<10}  {'bytes':>8}  {'/ ' + peers.REFERENCE:>9}  {'USS grew':>8}"
    )
    for state in MOST:
        for peer, row in results.items():
            ratio = f"{row['ratio'][state]:.3f}" if "ratio" in row else "-"
            grew = f"{row['private in flight']:,.0f}" if state == "in flight" else "-"
            print(f"{state:<10}  {peer:<10}  {row['bytes'][state]:>8,.0f}  {ratio:>9}  {grew:>8}")


def main() -> None:
    arguments = _arguments()
    if arguments.mode == "client":
        _client(arguments)
        return
    allowed = descriptors.raise_limit()
    if allowed < arguments.more + _SPARE_DESCRIPTORS:
        sys.exit(f"{arguments.more} connections need more than the {allowed} descriptors allowed")
    usable, versions = peers.probe(arguments.python, arguments.peers)
    print(f"Python {versions['python']}, {versions['peers']}")
    results = _measure_all(arguments, usable)
    _print_rows(results)
    print(
        json.dumps(
            {
                "benchmark": "memory",
                **versions,
                "requests": [arguments.first, arguments.more],
                "results": results,
            }
        )
    )
    if arguments.check and (failures := _failures(results)):
        sys.exit("\n".join(failures))


if __name__ == "__main__":
    main()
