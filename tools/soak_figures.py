"""What the soak test looks at in its own process, and what it makes of that."""

import asyncio
import gc
import logging
import os
import sys
import traceback
import warnings
from collections import Counter
from pathlib import Path
from typing import Any, Final

MIB: Final = 2**20
#: How many findings are kept with all they say; the others are counted.
KEPT: Final = 20
#: What must be gone at the end.
MORTAL: Final = (
    *("ClientSession", "TCPConnector", "Http1Connection", "Exchange", "BodyStream"),
    *("TransportLink", "TlsLink", "ClientResponse", "StreamReader", "ClientWebSocketResponse"),
    *("Tunnel", "WebSocketConnection", "LeaseWaiter", "Lease"),
)

# --- what is looked at ----------------------------------------------------------------------------


def rss_bytes() -> int:
    """The memory of this process that is in use."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def descriptors() -> int:
    """How many files and sockets are open; the one that lists them is not counted."""
    return len(os.listdir("/proc/self/fd")) - 1  # noqa: PTH208


def cpu_seconds(pid: int) -> float:
    """What a process has used of a core."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def timers() -> int:
    """How many timers of the loop have neither fired nor been cancelled."""
    handles = getattr(asyncio.get_running_loop(), "_scheduled", ())
    return sum(not handle.cancelled() for handle in handles)


def own_objects() -> Counter[str]:
    """Objects of aioclient that the garbage collector knows of, by the names of their types."""
    found: Counter[str] = Counter()
    for each in gc.get_objects():
        kind = type(each)
        if str(kind.__module__).startswith("aioclient"):  # of a few types it is no text
            found[kind.__name__] += 1
    return found


class Findings:
    """What must not happen, and did: counted by what it is, the first few with all they say."""

    def __init__(self) -> None:
        self.counts: Counter[str] = Counter()
        self.kept: list[str] = []

    def add(self, what: str, more: str) -> None:
        self.counts[what] += 1
        if len(self.kept) < KEPT:
            self.kept.append(f"{what}: {more}")
            print(f"soak: FOUND {self.kept[-1]}", flush=True)

    def listen(self) -> None:
        """Hear of warnings, of what the loop and the interpreter could tell nobody, of the log."""
        warnings.simplefilter("always")

        def warned(message: Warning | str, category: type[Warning], *rest: Any) -> None:
            self.add(f"warning {category.__name__}", f"{message} {rest[:2]}")

        warnings.showwarning = warned  # type: ignore[assignment]  # called by position
        asyncio.get_running_loop().set_exception_handler(
            lambda loop, context: self.add("loop", shown_context(context))
        )
        sys.unraisablehook = lambda failed: self.add("unraisable", repr(failed.exc_value))
        handler = logging.Handler(logging.WARNING)
        handler.emit = lambda record: self.add(  # type: ignore[method-assign]
            f"log {record.name}", record.getMessage()
        )
        logging.getLogger().addHandler(handler)


def shown_context(context: dict[str, Any]) -> str:
    """What the loop says, with the traceback if there is one."""
    error = context.get("exception")
    trace = "".join(traceback.format_exception(error)) if error else ""
    return f"{context.get('message')} {trace}"


def state() -> dict[str, int]:
    """What must be the same at both ends."""
    return {
        "descriptors": descriptors(),
        "tasks": len(asyncio.all_tasks()),
        "timers": timers(),
    }


# --- the verdict ----------------------------------------------------------------------------------


def slope(points: list[tuple[float, float]]) -> float:
    """By how much the line that fits best rises for each unit (least squares)."""
    if len(points) < 2:
        return 0.0
    mean_x, mean_y = (sum(column) / len(points) for column in zip(*points, strict=True))
    square = sum((x - mean_x) ** 2 for x, _ in points)
    return sum((x - mean_x) * (y - mean_y) for x, y in points) / square if square else 0.0


def growing(samples: list[dict[str, Any]]) -> dict[str, list[float]]:
    """Types with clearly more objects in the last quarter than in the second; those two numbers."""
    quarter = len(samples) // 4
    if quarter < 3:
        return {}
    grown = {}
    for name in {name for sample in samples for name in sample["objects"]}:
        counts = [sample["objects"].get(name, 0) for sample in samples]
        before = sum(counts[quarter : 2 * quarter]) / quarter
        after = sum(counts[-quarter:]) / quarter
        if after > 1.3 * before + 50:
            grown[name] = [before, after]
    return grown


def rss_slope(samples: list[dict[str, Any]]) -> float:
    """MiB an hour, over the last three quarters."""
    used = samples[len(samples) // 4 :]
    return slope([(sample["at_s"] / 3600, sample["rss"] / MIB) for sample in used])


def verdict(result: dict[str, Any], rss_bound: float) -> list[str]:
    """What is not well; nothing if all is."""
    reasons = [f"{what}: {count} times" for what, count in result["findings"].items()]
    rises = result["rss_slope_mib_per_hour"]
    if rises > rss_bound:
        reasons.append(f"memory grows by {rises} MiB an hour, the bound is {rss_bound:g}")
    for name, count in result["end"].items():
        if count > result["base"][name]:
            reasons.append(f"{count} {name} at the end, {result['base'][name]} at the beginning")
    reasons += [f"{count} {name} left" for name, count in result["left"].items()]
    reasons += [f"more and more {name}: {numbers}" for name, numbers in result["growing"].items()]
    still_open = result["servers"]["open"]
    if still_open:
        reasons.append(f"connections that servers still have: {still_open}")
    if not result["ended"].get("done"):
        reasons.append("no request was done")
    return reasons
