"""Cost of the pool's bookkeeping with few hosts and with many.

It should be the same: whoever gives a connection back must not pay for how many others there are.
One ledger with FEW hosts and one with MANY do the same work, host after host in a shuffled order:

* ``idle``: every host has one idle connection; it is taken, and given back;
* ``queued``: all slots are taken, and every host has a waiter. A connection is given back, the
  waiter who is first gets its slot, and another queues up;
* ``queued per host``: the same with a limit for each host that is reached everywhere, and none in
  all. Only the waiter of that very host can be served, wherever in the queue it is;
* ``queued, both limits``: with a limit in all that is reached, and for each host one that is not.

The table shows the time of one such step, the least of all rounds: what disturbs a round can only
make it longer. The rounds with FEW and with MANY hosts take turns, the garbage collector is off.
With ``--instructions`` it shows what callgrind counts instead, which no other work on the machine
changes. The times differ more than the instructions do, because what belongs to many hosts does not
fit the processor's caches.
"""

import argparse
import gc
import itertools
import json
import os
import platform
import random
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import TypeAlias

import callgrind

from aioclient._net.route import Route
from aioclient._pool.ledger import Ledger

FEW, MANY = 10, 10_000
MOST_RATIO = 1.5  # for --check
_STEPS = 20_000  # of a round: each of MANY hosts has its turn twice
_COUNTED_STEPS = 2_000  # enough: they are all alike


class _Connection:
    __slots__ = ("expires_at", "route")

    def __init__(self, route: Route) -> None:
        self.route = route
        self.expires_at = 1.0


class _Waiter:
    __slots__ = ("is_waiting", "route")

    def __init__(self, route: Route) -> None:
        self.route = route
        self.is_waiting = True


_Books = Ledger[_Connection, _Waiter]

Steps: TypeAlias = Callable[[int], None]  # does so many


def _routes(count: int) -> list[Route]:
    routes = [Route(f"host-{number}.example", 443, True, True) for number in range(count)]
    random.Random(1).shuffle(routes)
    return routes


def _turns(routes: list[Route], steps: int) -> Iterator[Route]:
    """So many, one after the other, and again."""
    return itertools.islice(itertools.cycle(routes), steps)


def _idle(routes: list[Route]) -> Steps:
    books = _Books(0, 0)
    for route in routes:
        books.keep(_Connection(route))

    def do_steps(steps: int) -> None:
        for route in _turns(routes, steps):
            connection = books.take_idle(route, 0.0)
            assert connection is not None
            books.free_slot(route)
            books.keep(connection)

    return do_steps


def _queued(routes: list[Route], is_limited: bool, limit_per_host: int) -> Steps:
    """One connection after the other is given back to hosts with waiters."""
    books = _Books(len(routes) if is_limited else 0, limit_per_host)
    waiters = {route: _Waiter(route) for route in routes}
    connections = {route: _Connection(route) for route in routes}
    for route in routes:
        books.take_slot(route)
    for route in random.Random(2).sample(routes, len(routes)):
        books.wait(waiters[route])

    def do_steps(steps: int) -> None:
        for route in _turns(routes, steps):
            books.free_slot(route)
            books.keep(connections[route])
            grant = books.grant(0.0)
            assert grant is not None
            if grant.connection is None:  # a slot for another host: its connection is made anew
                books.forget(connections[route])
            books.wait(grant.waiter)

    return do_steps


CASES: dict[str, Callable[[list[Route]], Steps]] = {
    "idle": _idle,
    "queued": partial(_queued, is_limited=True, limit_per_host=0),
    "queued per host": partial(_queued, is_limited=False, limit_per_host=1),
    "queued, both limits": partial(_queued, is_limited=True, limit_per_host=2),
}


def _seconds(do_steps: Steps) -> float:
    start = time.process_time()
    do_steps(_STEPS)
    return (time.process_time() - start) / _STEPS


def _times(case: str, rounds: int) -> tuple[float, float]:
    """The least time of a step with FEW and with MANY hosts, in nanoseconds."""
    make = CASES[case]
    few, many = make(_routes(FEW)), make(_routes(MANY))
    least_few = least_many = float("inf")
    for _ in range(rounds):
        least_few = min(least_few, _seconds(few))
        least_many = min(least_many, _seconds(many))
    return least_few * 1e9, least_many * 1e9


def _instructions(case: str, hosts: int) -> float:
    """The instructions of a step."""
    with tempfile.TemporaryDirectory(prefix="bench-callgrind-") as directory:
        out = Path(directory, "out")
        command = [sys.executable, str(Path(__file__).resolve())]
        command += ["--cases", case, "--hosts", str(hosts)]
        # Each call of getloadavg writes what was counted up to it: the start, then the steps.
        callgrind.run(command, out, "--dump-before=getloadavg")
        return callgrind.total(Path(f"{out}.2")) / _COUNTED_STEPS


def _do_counted_steps(case: str, hosts: int) -> None:
    do_steps = CASES[case](_routes(hosts))
    os.getloadavg()
    do_steps(_COUNTED_STEPS)
    os.getloadavg()


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--rounds", type=int, default=30, help="of each case and number of hosts")
    parser.add_argument("--cases", nargs="+", choices=tuple(CASES), default=tuple(CASES))
    parser.add_argument(
        "--instructions", action="store_true", help="count with callgrind, do not take the time"
    )
    parser.add_argument("--hosts", type=int, help="only do the steps that callgrind counts")
    parser.add_argument(
        "--check", action="store_true", help=f"fail if a ratio is above {MOST_RATIO}"
    )
    return parser.parse_args()


def main() -> None:
    arguments = _arguments()
    gc.disable()
    if arguments.hosts is not None:
        for case in arguments.cases:
            _do_counted_steps(case, arguments.hosts)
        return
    unit = "instructions" if arguments.instructions else "ns"
    print(f"Python {platform.python_version()}, {unit} of a step")
    print(f"{'case':<19}  {FEW:>6} hosts  {MANY:>6} hosts  ratio")
    ratios = {}
    for case in arguments.cases:
        if arguments.instructions:
            few, many = _instructions(case, FEW), _instructions(case, MANY)
        else:
            few, many = _times(case, arguments.rounds)
        ratios[case] = many / few
        print(f"{case:<19}  {few:>12,.0f}  {many:>12,.0f}  {many / few:>5.2f}", flush=True)
    print(
        json.dumps(
            {
                "benchmark": "ledger",
                "python": platform.python_version(),
                "unit": unit,
                "ratios": ratios,
            }
        )
    )
    slow = [case for case, ratio in ratios.items() if ratio > MOST_RATIO]
    if arguments.check and slow:
        sys.exit(f"more than {MOST_RATIO} times as much with {MANY} hosts: {', '.join(slow)}")


if __name__ == "__main__":
    main()
