#!/usr/bin/env python3
"""Keeps a client busy for hours, with all kinds of requests and faults, and looks whether it grows.

    python tools/soak.py                          for an hour
    python tools/soak.py --seconds 20 --rss-bound 6000
    python tools/soak.py --json result.json --samples samples.jsonl
    python tools/soak.py --seconds 120 --only websocket tls_resumed     to find what grows

The client is this process, the servers are another, on loopback (`soak_site.py`, which needs the
extra `dev`). `soak_traffic.py` and `soak_faults.py` have the kinds of requests; a part of all is
cancelled at random moments. Requests begin at a steady rate, which is lowered while both processes
together use more than `--cpu` of a core. Every ten seconds, after a full garbage collection, a line
tells what the process has: memory (RSS), descriptors, tasks, timers, connections, objects of
aioclient.

Exit status: 0 if all that is looked at is well, 1 if not, 2 where it cannot be run. Well means:

* memory: the line that fits its samples best, the first quarter of the time left out, rises by no
  more than `--rss-bound` MiB an hour;
* no kind of aioclient's objects becomes more and more;
* at the end, with all sessions closed, no descriptor, task or timer is left that was not there at
  the beginning, and no session, connection or response;
* no request ended in an error that its kind does not name, and none got a wrong answer;
* there was no warning (of what was not closed, or of anything else), nothing that only the event
  loop heard of, and nothing in the log from warnings up;
* the servers have no connection left.
"""

import argparse
import asyncio
import gc
import json
import os
import platform
import random
import subprocess
import sys
import tempfile
import time
import traceback
from collections import Counter
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

import soak_faults  # noqa: F401 - kinds, as the next
import soak_traffic  # noqa: F401
from soak_figures import (
    MIB,
    MORTAL,
    Findings,
    cpu_seconds,
    descriptors,
    growing,
    own_objects,
    rss_bytes,
    rss_slope,
    state,
    timers,
    verdict,
)
from soak_world import KINDS, Kind, World

import aioclient

TOOLS: Final = Path(__file__).resolve().parent
SITE: Final = TOOLS / "soak_site.py"
#: Requests at the same time; those that are due beyond are left out.
AT_ONCE: Final = 80
CANCELLED_SHARE: Final = 0.15
TICK_S: Final = 0.02
RESTART_S: Final = 8.0
GAUGES: Final = ("descriptors", "tasks", "timers", "active", "idle", "waiting", "unreachable")
#: For how long what is left at the end may take to go away.
PATIENCE_S: Final = 20.0

try:
    import trustme  # noqa: F401 - for the servers, as the next
    import websockets  # noqa: F401
except ImportError as missing:
    print(f"soak: NOT RUN: {missing} (the extra `dev` has it)")
    sys.exit(2)


# --- the load -------------------------------------------------------------------------------------


class Load:
    """Begins requests at a rate, and counts how they end."""

    def __init__(
        self, world: World, findings: Findings, rate: float, only: list[str] | None = None
    ) -> None:
        self.world = world
        self.rate = rate
        self.started = 0
        self.left_out = 0
        self.ended: Counter[str] = Counter()
        self.errors: Counter[str] = Counter()
        self._findings = findings
        self._typical_s = dict.fromkeys((each.name for each in KINDS), 0.02)
        self._weights = [
            each.weight if only is None or each.name in only else 0.0 for each in KINDS
        ]
        self._running: set[asyncio.Task[None]] = set()

    async def run(self, until: float) -> None:
        """Begin requests until then; return when all have ended."""
        loop = asyncio.get_running_loop()
        due, last = 0.0, loop.time()
        while last < until:
            await asyncio.sleep(TICK_S)
            now = loop.time()
            due += (now - last) * self.rate
            last = now
            while due >= 1:
                due -= 1
                if len(self._running) < AT_ONCE:
                    self._begin()
                else:
                    self.left_out += 1
        while self._running:
            await asyncio.wait(set(self._running))

    def _begin(self) -> None:
        (chosen,) = self.world.chance.choices(KINDS, self._weights)
        is_cancelled = self.world.chance.random() < CANCELLED_SHARE
        task = asyncio.create_task(self._one(chosen, is_cancelled))
        self._running.add(task)
        task.add_done_callback(self._running.discard)
        self.started += 1

    async def _one(self, chosen: Kind, is_cancelled: bool) -> None:
        loop = asyncio.get_running_loop()
        begun = loop.time()
        task = asyncio.ensure_future(chosen.run(self.world))
        if is_cancelled:
            moment_s = self.world.chance.uniform(0, 1.5 * self._typical_s[chosen.name])
            await asyncio.wait([task], timeout=moment_s)
            task.cancel()
        await asyncio.wait([task])
        if task.cancelled():
            self.ended["cancelled"] += 1
            if not is_cancelled:
                self._findings.add(f"{chosen.name} cancelled", "by nobody")
            return
        error = task.exception()
        if not is_cancelled:
            typical_s = self._typical_s[chosen.name]
            self._typical_s[chosen.name] += (loop.time() - begun - typical_s) / 20
        if error is None:
            self.ended["done"] += 1
        elif isinstance(error, chosen.may_raise):
            self.ended["failed as expected"] += 1
            self.errors[type(error).__name__] += 1
        else:
            self.ended["failed"] += 1
            trace = "".join(traceback.format_exception(error))
            self._findings.add(f"{chosen.name} {type(error).__name__}", trace)


# --- samples --------------------------------------------------------------------------------------


class Sampler:
    """Writes down every ten seconds what the process has, and keeps none of it in memory."""

    def __init__(self, path: Path, load: Load, site_pid: int, cpu: float) -> None:
        self._file = path.open("w")
        self._load = load
        self._pids = (os.getpid(), site_pid)
        self._cpu_bound = cpu
        self._wished_rate = load.rate
        self._start = self._last = time.monotonic()
        self._cpu_s = self._used_s()
        self.cpu_share = 0.0

    def _used_s(self) -> float:
        return sum(map(cpu_seconds, self._pids))

    async def run(self, every_s: float) -> None:
        """Take samples until cancelled."""
        try:
            while True:
                await asyncio.sleep(every_s)
                self.take()
        finally:
            self._file.close()

    def take(self) -> None:
        """Take one, and adapt the rate to what the machine is used for."""
        unreachable = gc.collect()
        now, used_s = time.monotonic(), self._used_s()
        self.cpu_share = (used_s - self._cpu_s) / max(now - self._last, 0.001)
        self._cpu_s, self._last = used_s, now
        if self.cpu_share > self._cpu_bound:
            self._load.rate *= max(0.5, self._cpu_bound / self.cpu_share)
        else:
            self._load.rate = min(self._wished_rate, self._load.rate * 1.05)
        connector = self._load.world.session.connector
        assert connector is not None
        stats = connector.stats()
        sample = {
            "at_s": round(now - self._start, 1),
            "started": self._load.started,
            "rss": rss_bytes(),
            "descriptors": descriptors(),
            "tasks": len(asyncio.all_tasks()),
            "timers": timers(),
            "active": stats.active,
            "connecting": stats.connecting,
            "idle": stats.idle,
            "waiting": stats.waiting,
            "gc_objects": len(gc.get_objects()),
            "unreachable": unreachable,
            "cpu": round(self.cpu_share, 2),
            "objects": dict(own_objects()),
        }
        self._file.write(json.dumps(sample) + "\n")
        self._file.flush()
        print(
            f"{sample['at_s']:7} s  {sample['started']:8} begun  rss {rss_bytes() / MIB:6.1f} MiB  "
            f"{sample['descriptors']:3} descriptors  {sample['tasks']:3} tasks  "
            f"{sample['timers']:3} timers  {stats.idle:3} idle  cpu {self.cpu_share:.2f}",
            flush=True,
        )


# --- the run --------------------------------------------------------------------------------------


class Site:
    """The process of the servers, from `with` on."""

    def __init__(self, folder: Path) -> None:
        command = [sys.executable, str(SITE), str(folder), str(RESTART_S)]
        self._process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        self.pid = self._process.pid
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise SystemExit("soak: the servers did not start")
        self.ports: dict[str, int] = json.loads(line)

    def report(self) -> dict[str, Any]:
        """End it; what it has seen."""
        said, _ = self._process.communicate(timeout=60)
        seen: dict[str, Any] = json.loads(said)
        return seen

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._process.poll() is None:
            self._process.kill()
            self._process.communicate()


async def warm_up(site: Site, folder: Path, chance: random.Random) -> None:
    """Load what is loaded at the first use, and let it go again."""
    world = World(site.ports, folder, chance)
    for path in ("small_get", "tls_get", "websocket", "through_proxy", "through_socks", "coded"):
        await next(each for each in KINDS if each.name == path).run(world)
    await world.close()
    gc.collect()


async def client(options: argparse.Namespace, site: Site, folder: Path) -> dict[str, Any]:
    """Make the load, and tell how it went."""
    findings = Findings()
    findings.listen()
    chance = random.Random(options.seed)
    await warm_up(site, folder, chance)
    base = state()
    world = World(site.ports, folder, chance)
    load = Load(world, findings, options.rate, options.only)
    path = options.samples or folder / "samples.jsonl"
    sampler = Sampler(path, load, site.pid, options.cpu)
    every_s = min(10.0, options.seconds / 12)
    sampling = asyncio.create_task(sampler.run(every_s))
    loop = asyncio.get_running_loop()
    begun = loop.time()
    await load.run(begun + options.seconds)
    took_s = loop.time() - begun
    sampling.cancel()
    await asyncio.wait([sampling])
    await world.close()
    end = await settled(base)
    left = {name: count for name, count in own_objects().items() if name in MORTAL}
    samples = [json.loads(line) for line in path.read_text().splitlines()]
    return {
        "seconds": round(took_s, 1),
        "requests": load.started,
        "left_out": load.left_out,
        "ended": dict(load.ended),
        "expected_errors": dict(load.errors),
        "sessions_renewed": world.renewed,
        "rate": round(load.started / took_s, 1),
        "base": base,
        "end": end,
        "left": left,
        "samples": len(samples),
        "rss_mib": {
            "first": round(samples[0]["rss"] / MIB, 1),
            "a quarter in": round(samples[len(samples) // 4]["rss"] / MIB, 1),
            "last": round(samples[-1]["rss"] / MIB, 1),
            "largest": round(max(sample["rss"] for sample in samples) / MIB, 1),
        },
        "rss_slope_mib_per_hour": round(rss_slope(samples), 2),
        "most": {
            name: max(sample[name] for sample in samples)
            for name in (
                "descriptors",
                "tasks",
                "timers",
                "active",
                "idle",
                "waiting",
                "unreachable",
            )
        },
        "growing": growing(samples),
        "cpu_share": round(sum(sample["cpu"] for sample in samples) / len(samples), 2),
        "findings": dict(findings.counts),
        "details": findings.kept,
    }


async def settled(base: dict[str, int]) -> dict[str, int]:
    """What there is when it does not become less any more."""
    loop = asyncio.get_running_loop()
    until = loop.time() + PATIENCE_S
    # There is no event for what is gone from the process.
    while any(state()[n] > base[n] for n in base) and loop.time() < until:  # noqa: ASYNC110
        await asyncio.sleep(0.1)
    gc.collect()
    return state()


def main() -> int:
    """Read the options, run, judge."""
    parser = argparse.ArgumentParser(
        description="Keep a client busy, and look whether it grows.",
        epilog="See the beginning of this file for what is looked at.",
    )
    parser.add_argument("--seconds", type=float, default=3600, help="for how long (3600)")
    parser.add_argument("--rate", type=float, default=300, help="requests begun a second (300)")
    parser.add_argument("--cpu", type=float, default=0.9, help="cores that may be used (0.9)")
    parser.add_argument("--seed", type=int, default=1, help="other chances")
    parser.add_argument("--rss-bound", type=float, default=8, help="MiB an hour (8)")
    names = sorted(each.name for each in KINDS)
    parser.add_argument("--only", nargs="+", choices=names, metavar="KIND", help=", ".join(names))
    parser.add_argument("--json", type=Path, help="write the result here, too")
    parser.add_argument("--samples", type=Path, help="keep the samples here, a line of JSON each")
    options = parser.parse_args()
    if not Path("/proc/self/statm").exists():
        print("soak: NOT RUN: it asks Linux how large the process is")
        return 2
    with tempfile.TemporaryDirectory(prefix="soak-") as name, Site(Path(name)) as site:
        result = asyncio.run(client(options, site, Path(name)))
        result["servers"] = site.report()
    reasons = verdict(result, options.rss_bound)
    result |= {
        "python": platform.python_version(),
        "system": f"{platform.system()} {platform.machine()}",
        "aioclient": aioclient.__version__,
        "compiled_twins": aioclient.extensions_active(),
        "rss_bound_mib_per_hour": options.rss_bound,
        "verdict": reasons or "well",
    }
    text = json.dumps(result, indent=2)
    print(text)
    if options.json:
        options.json.write_text(text + "\n")
    for reason in reasons:
        print(f"soak: FAILED: {reason[:500]}")
    if not reasons:
        print(f"soak: {result['requests']} requests in {result['seconds']} s, all is well")
    return 1 if reasons else 0


if __name__ == "__main__":
    sys.exit(main())
