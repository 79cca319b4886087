"""Cost of the pool's bookkeeping with few hosts and with many.

It should be the same: whoever gives a connection back must not pay for how many others there are.
One ledger with FEW hosts and one with MANY do the same work, host after host in a shuffled order:

* ``idle``: every host has one idle connection; it is taken, and given back;
* ``queued``: all slots are taken, and every host has a waiter. A connection is given back, the
  waiter who is first gets its slot, and another queues up;
* ``queued per host``: the same with a limit for each host that is reached everywhere, and none in
  all. Only the waiter of that very host can be served, wherever in the queue it is.

The table shows the time of one such step, the least of all rounds: what disturbs a round can only
make it longer. The rounds with FEW and with MANY hosts take turns, the garbage collector is off.
A part of the difference is the processor's: what belongs to many hosts does not fit its caches.
"""

import argparse
import gc
import json
import platform
import random
import sys
import time
from collections.abc import Callable
from functools import partial

from aioclient._net.route import Route
from aioclient._pool.ledger import Ledger

FEW, MANY = 10, 10_000
MOST_RATIO = 1.5  # for --check
_STEPS = 20_000  # of a round: each of MANY hosts has its turn twice


class _Connection:
    __slots__ = ("idle_since", "route")

    def __init__(self, route: Route) -> None:
        self.route = route
        self.idle_since = 1.0


class _Waiter:
    __slots__ = ("is_waiting", "route")

    def __init__(self, route: Route) -> None:
        self.route = route
        self.is_waiting = True


_Books = Ledger[_Connection, _Waiter]


def _routes(count: int) -> list[Route]:
    routes = [Route(f"host-{number}.example", 443, True, True) for number in range(count)]
    random.Random(1).shuffle(routes)
    return routes


def _turns(routes: list[Route]) -> list[Route]:
    return routes * (_STEPS // len(routes))


def _idle(routes: list[Route]) -> Callable[[], None]:
    books = _Books(0, 0)
    for route in routes:
        books.keep(_Connection(route))

    def do_round() -> None:
        for route in _turns(routes):
            connection = books.take_idle(route, 0.0)
            assert connection is not None
            books.free_slot(route)
            books.keep(connection)

    return do_round


def _queued(routes: list[Route], is_limited_per_host: bool) -> Callable[[], None]:
    """A round in which one connection after the other is given back to hosts with waiters."""
    books = _Books(0, 1) if is_limited_per_host else _Books(len(routes), 0)
    waiters = {route: _Waiter(route) for route in routes}
    connections = {route: _Connection(route) for route in routes}
    for route in routes:
        books.take_slot(route)
    for route in random.Random(2).sample(routes, len(routes)):
        books.wait(waiters[route])

    def do_round() -> None:
        for route in _turns(routes):
            books.free_slot(route)
            books.keep(connections[route])
            grant = books.grant(0.0)
            assert grant is not None
            if grant.connection is None:  # a slot for another host: its connection is made anew
                books.forget(connections[route])
            books.wait(grant.waiter)

    return do_round


CASES: dict[str, Callable[[list[Route]], Callable[[], None]]] = {
    "idle": _idle,
    "queued": partial(_queued, is_limited_per_host=False),
    "queued per host": partial(_queued, is_limited_per_host=True),
}


def _seconds(do_round: Callable[[], None]) -> float:
    start = time.process_time()
    do_round()
    return (time.process_time() - start) / _STEPS


def _measure(case: str, rounds: int) -> dict[str, float]:
    """The least time of a step with FEW and with MANY hosts, in nanoseconds, and their ratio."""
    make = CASES[case]
    few, many = make(_routes(FEW)), make(_routes(MANY))
    least_few = least_many = float("inf")
    for _ in range(rounds):
        least_few = min(least_few, _seconds(few))
        least_many = min(least_many, _seconds(many))
    return {
        "few_ns": least_few * 1e9,
        "many_ns": least_many * 1e9,
        "ratio": least_many / least_few,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--rounds", type=int, default=30, help="of each case and number of hosts")
    parser.add_argument("--cases", nargs="+", choices=tuple(CASES), default=tuple(CASES))
    parser.add_argument(
        "--check", action="store_true", help=f"fail if a ratio is above {MOST_RATIO}"
    )
    arguments = parser.parse_args()
    gc.disable()
    print(f"Python {platform.python_version()}")
    print(f"{'case':<15}  {FEW:>6} hosts  {MANY:>6} hosts  ratio")
    results = {}
    for case in arguments.cases:
        row = results[case] = _measure(case, arguments.rounds)
        print(
            f"{case:<15}  {row['few_ns']:>9.0f} ns  {row['many_ns']:>9.0f} ns  {row['ratio']:.2f}",
            flush=True,
        )
    print(
        json.dumps({"benchmark": "ledger", "python": platform.python_version(), "results": results})
    )
    slow = [case for case, row in results.items() if row["ratio"] > MOST_RATIO]
    if arguments.check and slow:
        sys.exit(f"more than {MOST_RATIO} times as long with {MANY} hosts: {', '.join(slow)}")


if __name__ == "__main__":
    main()
